"""What a model answers: the form that is asked for, and turns made of it whose evidence the toolkit resolves."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from toolkit.records import Evidence, Forum, Speaker, Turn
from toolkit.synthesizers.llm.calls import Form
from toolkit.synthesizers.llm.passages import Passage, index_passages
from toolkit.text import Sources, clean_text, collect_sources, make_evidence

SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)
MOST_TURNS = 60
SHORTEST_QUOTE = 12
"""Characters of a quotation that names its place by itself; shorter words stand in many places."""

_SENTENCE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "evidence": {"type": "array", "items": {"type": "string"}}},
    "required": ["text", "evidence"],
    "additionalProperties": False,
}


_WORDS: Mapping[str, Any] = {
    "answerable": {"type": "boolean"},
    "sentences": {"type": "array", "items": _SENTENCE},
}
_TURN: Mapping[str, Any] = {
    "speaker": {"type": "string", "enum": list(SPEAKERS)},
    "act": {"type": "string"},
    **_WORDS,
}


def _describe_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _describe_turns(properties: Mapping[str, Any]) -> dict[str, Any]:
    return _describe_object({"turns": {"type": "array", "items": _describe_object(properties)}})


ANSWER_SCHEMAS: Mapping[Form, Mapping[str, Any]] = {
    "dialogue": _describe_turns(_TURN),
    "turn": _describe_object(_WORDS),
    "refinement": _describe_turns({"index": {"type": "integer"}, **_TURN}),
}
"""Form -> the JSON Schema of its answer."""


class InvalidAnswerError(ValueError):
    """An answer that is not of the form asked for; the text says what is wrong, and quotes nothing."""


class SaidSentence(NamedTuple):
    """One sentence of an answer."""

    text: str
    evidence: tuple[str, ...]


class SaidTurn(NamedTuple):
    """One turn of an answer."""

    place: int
    """Which turn of the dialogue it is."""
    speaker: Speaker
    act: str
    answerable: bool
    sentences: tuple[SaidSentence, ...]


def parse_answer(text: str, form: Form) -> tuple[SaidTurn, ...]:
    """Read an answer that holds several turns.

    Raises:
        InvalidAnswerError: it is not JSON, or not of the form asked for.

    >>> parse_answer('{"turns": []}', "dialogue")
    Traceback (most recent call last):
    ...
    toolkit.synthesizers.llm.answers.InvalidAnswerError: it has no turns
    """
    turns = _read_object(text).get("turns")
    if not isinstance(turns, list) or not turns:
        raise InvalidAnswerError("it has no turns")
    if len(turns) > MOST_TURNS:
        raise InvalidAnswerError(f"it has more than {MOST_TURNS} turns")
    return tuple(_read_turn(turn, position, indexed=form == "refinement") for position, turn in enumerate(turns))


def parse_turn(text: str, place: int, speaker: Speaker, act: str) -> SaidTurn:
    """Read an answer that is one turn, whose place, speaker and act were set when it was asked for.

    Raises:
        InvalidAnswerError: it is not JSON, or not of the form asked for.
    """
    value = _read_object(text)
    return SaidTurn(place, speaker, act, value.get("answerable") is not False, _read_sentences(value, "the turn"))


def _read_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(_find_object(text))
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError("it is not JSON") from error
    if not isinstance(value, dict):
        raise InvalidAnswerError("it is no JSON object")
    return value


def _find_object(text: str) -> str:
    """Return the JSON object in an answer: models put fences and a word of greeting around it."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _read_turn(turn: Any, position: int, *, indexed: bool) -> SaidTurn:
    where = f"turn {position}"
    if not isinstance(turn, dict) or turn.get("speaker") not in SPEAKERS:
        raise InvalidAnswerError(f"{where} has no speaker")
    index = turn.get("index") if indexed else position
    if not isinstance(index, int) or isinstance(index, bool):
        raise InvalidAnswerError(f"{where} has no index")
    act = turn.get("act")
    return SaidTurn(
        index,
        turn["speaker"],
        act if isinstance(act, str) and act else "say",
        turn.get("answerable") is not False,
        _read_sentences(turn, where),
    )


def _read_sentences(turn: Mapping[str, Any], where: str) -> tuple[SaidSentence, ...]:
    sentences = turn.get("sentences")
    if not isinstance(sentences, list) or not sentences:
        raise InvalidAnswerError(f"{where} has no sentences")
    said = []
    for sentence in sentences:
        words = sentence.get("text") if isinstance(sentence, dict) else None
        evidence = sentence.get("evidence", []) if isinstance(sentence, dict) else None
        if not isinstance(words, str) or not isinstance(evidence, list):
            raise InvalidAnswerError(f"a sentence of {where} has no text or no list of evidence")
        cleaned = " ".join(clean_text(words).text.split())
        if cleaned:
            said.append(SaidSentence(cleaned, tuple(item for item in evidence if isinstance(item, str))))
    if not said:
        raise InvalidAnswerError(f"{where} says nothing")
    return tuple(said)


def build_turns(said: Iterable[SaidTurn], forum: Forum, passages: Sequence[Passage]) -> tuple[Turn, ...]:
    """Turn an answer into turns with evidence.

    Evidence is the id of a passage, or words of one, character by character; what is neither is left out, which the
    auditors then find.
    """
    sources, by_id = collect_sources(forum), index_passages(passages)
    return tuple(_build_turn(turn, sources, by_id) for turn in said)


def _build_turn(said: SaidTurn, sources: Sources, by_id: Mapping[str, Passage]) -> Turn:
    text = ""
    evidence: list[Evidence] = []
    for sentence in said.sentences:
        start = len(text) + 1 if text else 0
        text = f"{text} {sentence.text}" if text else sentence.text
        for note_id, field, begin, end in _resolve_evidence(sentence.evidence, sources, by_id):
            quote = sources[note_id, field][begin:end] in sentence.text
            evidence.append(
                make_evidence(sources, note_id, field, begin, end, turn_start=start, turn_end=len(text), quote=quote)
            )
    return Turn(said.place, said.speaker, text, said.act, said.answerable, tuple(evidence))


def _resolve_evidence(
    named: Sequence[str], sources: Sources, by_id: Mapping[str, Passage]
) -> dict[tuple[str, str, int, int], None]:
    """Return the places that are named, each once, in their order."""
    places: dict[tuple[str, str, int, int], None] = {}
    for name in named:
        if (passage := by_id.get(name.strip("[] "))) is not None:
            places[passage.note_id, passage.field, passage.start, passage.end] = None
        elif len(words := name.strip("\"'“”‘’ ")) >= SHORTEST_QUOTE:
            for passage in by_id.values():
                shown = sources[passage.note_id, passage.field][passage.start : passage.end]
                if (offset := shown.find(words)) >= 0:
                    start = passage.start + offset
                    places[passage.note_id, passage.field, start, start + len(words)] = None
                    break
    return places

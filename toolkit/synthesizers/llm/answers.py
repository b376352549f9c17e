"""What a model answers: the form that is asked for, and turns made of it whose evidence the toolkit resolves."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from toolkit.records import Evidence, Forum, Speaker, Turn
from toolkit.synthesizers.llm.passages import Passage, index_passages
from toolkit.text import Sources, clean_text, collect_sources, make_evidence

SPEAKERS: tuple[Speaker, ...] = get_args(Speaker)
MOST_TURNS = 60

_SENTENCE: Mapping[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string"}, "evidence": {"type": "array", "items": {"type": "string"}}},
    "required": ["text", "evidence"],
    "additionalProperties": False,
}


def build_answer_schema(*, indexed: bool) -> dict[str, Any]:
    """Return the JSON Schema of an answer; ``indexed`` turns say which turn they replace."""
    properties: dict[str, Any] = {
        "speaker": {"type": "string", "enum": list(SPEAKERS)},
        "act": {"type": "string"},
        "answerable": {"type": "boolean"},
        "sentences": {"type": "array", "items": _SENTENCE},
    }
    if indexed:
        properties = {"index": {"type": "integer"}, **properties}
    turn = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {
        "type": "object",
        "properties": {"turns": {"type": "array", "items": turn}},
        "required": ["turns"],
        "additionalProperties": False,
    }


class InvalidAnswerError(ValueError):
    """An answer that is not of the form asked for; the text says what is wrong, and quotes nothing."""


class SaidSentence(NamedTuple):
    """One sentence of an answer."""

    text: str
    evidence: tuple[str, ...]


class SaidTurn(NamedTuple):
    """One turn of an answer."""

    place: int | None
    """The turn that it replaces; null in a whole dialogue."""
    speaker: Speaker
    act: str
    answerable: bool
    sentences: tuple[SaidSentence, ...]


def parse_answer(text: str, *, indexed: bool) -> tuple[SaidTurn, ...]:
    """Read an answer.

    Raises:
        InvalidAnswerError: it is not JSON, or not of the form asked for.

    >>> parse_answer('{"turns": []}', indexed=False)
    Traceback (most recent call last):
    ...
    toolkit.synthesizers.llm.answers.InvalidAnswerError: it has no turns
    """
    try:
        value = json.loads(_find_object(text))
    except (ValueError, RecursionError) as error:
        raise InvalidAnswerError("it is not JSON") from error
    turns = value.get("turns") if isinstance(value, dict) else None
    if not isinstance(turns, list) or not turns:
        raise InvalidAnswerError("it has no turns")
    if len(turns) > MOST_TURNS:
        raise InvalidAnswerError(f"it has more than {MOST_TURNS} turns")
    return tuple(_read_turn(turn, position, indexed=indexed) for position, turn in enumerate(turns))


def _find_object(text: str) -> str:
    """Return the JSON object in an answer: models put fences and a word of greeting around it."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _read_turn(turn: Any, position: int, *, indexed: bool) -> SaidTurn:
    where = f"turn {position}"
    if not isinstance(turn, dict) or turn.get("speaker") not in SPEAKERS:
        raise InvalidAnswerError(f"{where} has no speaker")
    index = turn.get("index")
    if indexed and (not isinstance(index, int) or isinstance(index, bool)):
        raise InvalidAnswerError(f"{where} has no index")
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
    act = turn.get("act")
    return SaidTurn(
        index if indexed else None,
        turn["speaker"],
        act if isinstance(act, str) and act else "say",
        turn.get("answerable") is not False,
        tuple(said),
    )


def build_turns(said: Sequence[SaidTurn], forum: Forum, passages: Sequence[Passage]) -> tuple[Turn, ...]:
    """Turn an answer into turns with evidence; ids that no passage has are left out, which the auditors then find."""
    sources, by_id = collect_sources(forum), index_passages(passages)
    return tuple(build_turn(turn, index, sources, by_id) for index, turn in enumerate(said))


def build_turn(said: SaidTurn, index: int, sources: Sources, by_id: Mapping[str, Passage]) -> Turn:
    """Join the sentences of one turn, and resolve what they point to."""
    text = ""
    evidence: list[Evidence] = []
    for sentence in said.sentences:
        start = len(text) + 1 if text else 0
        text = f"{text} {sentence.text}" if text else sentence.text
        for name in dict.fromkeys(sentence.evidence):
            passage = by_id.get(name.strip("[] "))
            if passage is None:
                continue
            words = sources[passage.note_id, passage.field][passage.start : passage.end]
            evidence.append(
                make_evidence(
                    sources,
                    passage.note_id,
                    passage.field,
                    passage.start,
                    passage.end,
                    turn_start=start,
                    turn_end=len(text),
                    quote=words in sentence.text,
                )
            )
    return Turn(index, said.speaker, text, said.act, said.answerable, tuple(evidence))

"""A dialogue prepared for the rules: read once, looked at by many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolkit.auditors.labels import find_labelled_numbers, list_venue_numbers, stands_in_record
from toolkit.auditors.quotations import find_cited_words, find_quotations
from toolkit.auditors.statements import (
    Mention,
    blank_quotations,
    find_decisions,
    find_mentions,
    find_statements,
)
from toolkit.auditors.verdicts import Ruling, rule_on_statement
from toolkit.auditors.voices import Voices, read_voices
from toolkit.records import Claim, Dialogue, Evidence, Forum, RecordReference, Turn, Verdict
from toolkit.text import Sources, Span, collect_sources, split_sentences, verify_evidence

USUAL_REVIEWS = 3
"""How many reviews "both" and "the others" are read with when there is no record."""


class CheckedClaim(NamedTuple):
    """A claim, and the field of the record that settles it."""

    claim: Claim
    reference: RecordReference | None


@dataclass(frozen=True, slots=True)
class TurnReading:
    """One turn taken apart."""

    turn: Turn
    sentences: tuple[Span, ...]
    quotations: tuple[Span, ...]
    plain: str
    """The text with quoted words blanked; as long as the text, so offsets hold in both."""
    faults: tuple[str | None, ...]
    """What is wrong with each evidence span of the turn; null where it holds."""
    cited: tuple[tuple[Evidence, str], ...]
    """The evidence spans that hold, each with its characters."""
    mentions: tuple[Mention, ...]
    """The reviewers mentioned, with offsets into the turn's text."""
    claims: tuple[CheckedClaim, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at."""

    dialogue: Dialogue
    forum: Forum | None
    sources: Sources
    turns: tuple[TurnReading, ...]
    voices: Voices | None
    """Null without a record."""


def read_subject(dialogue: Dialogue, forum: Forum | None) -> Subject:
    """Prepare a dialogue for the rules."""
    sources = collect_sources(forum) if forum is not None else {}
    turns = tuple(_read_turn(position, dialogue, forum, sources) for position in range(len(dialogue.turns)))
    return Subject(dialogue, forum, sources, turns, read_voices(forum) if forum is not None else None)


def _read_turn(position: int, dialogue: Dialogue, forum: Forum | None, sources: Sources) -> TurnReading:
    turn = dialogue.turns[position]
    faults = tuple(verify_evidence(sources, item) if forum is not None else None for item in turn.evidence)
    cited = tuple(
        (item, sources[item.note_id, item.field][item.start : item.end])
        for item, fault in zip(turn.evidence, faults, strict=True)
        if fault is None and forum is not None
    )
    quotations = tuple(find_quotations(turn.text, find_cited_words(turn.text, cited)))
    plain = blank_quotations(turn.text, quotations)
    sentences = tuple(split_sentences(turn.text))
    reviews = len(forum.reviews) if forum is not None else USUAL_REVIEWS
    by_sentence = [find_mentions(plain[start:end], reviews=reviews) for start, end in sentences]
    mentions = tuple(
        mention._replace(start=start + mention.start, end=start + mention.end)
        for (start, _), found in zip(sentences, by_sentence, strict=True)
        for mention in found
    )
    claims = _find_claims(dialogue, turn, forum, plain, sentences, by_sentence)
    return TurnReading(turn, sentences, quotations, plain, faults, cited, mentions, tuple(claims))


def _find_claims(
    dialogue: Dialogue,
    turn: Turn,
    forum: Forum | None,
    plain: str,
    sentences: Sequence[Span],
    by_sentence: Sequence[Sequence[Mention]],
) -> list[CheckedClaim]:
    def make_claim(start: int, end: int, ruling: Ruling) -> CheckedClaim:
        claim = Claim(
            dialogue_id=dialogue.dialogue_id,
            turn=turn.index,
            start=start,
            end=end,
            kind=ruling.kind,
            speaker=turn.speaker,
            about=ruling.about,
            stated=ruling.stated,
            recorded=ruling.recorded,
            verdict=ruling.verdict,
        )
        return CheckedClaim(claim, ruling.reference)

    found = []
    reviews = len(forum.reviews) if forum is not None else USUAL_REVIEWS
    before: Sequence[Mention] = ()
    for (start, end), mentions in zip(sentences, by_sentence, strict=True):
        statements = find_statements(plain[start:end], mentions, reviews=reviews, before=before)
        statements += find_decisions(plain[start:end], speaker=turn.speaker)
        for statement in statements:
            for ruling in rule_on_statement(statement, forum):
                found.append(make_claim(start + statement.start, start + statement.end, ruling))
        before = mentions
    venue = forum.venue if forum is not None else dialogue.venue
    for item in find_labelled_numbers(turn.text, venue):
        stated, recorded = f"{item.label} ({item.number:g})", list_venue_numbers(item.possible)
        verdict: Verdict = "supported" if item.number in item.possible else "contradicted"
        if verdict == "contradicted" and stands_in_record(item, forum):
            verdict = "not_checkable"
        found.append(make_claim(item.start, item.end, Ruling("label_number", None, stated, recorded, verdict)))
    return sorted(found, key=lambda item: (item.claim.start, item.claim.end, item.claim.kind, item.claim.about or ""))

"""A dialogue prepared for the rules: read once, looked at by many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from toolkit.auditors.labels import (
    find_labelled_numbers,
    find_spoken_labels,
    list_venue_numbers,
    stands_in_record,
)
from toolkit.auditors.numbering import Attribution, Numbering, StatedScore, find_numberings, keep_numbering
from toolkit.auditors.quotations import find_cited_words, find_quotations
from toolkit.auditors.statements import (
    Mention,
    Statement,
    blank_quotations,
    find_decisions,
    find_mentions,
    find_own_sides,
    find_statements,
)
from toolkit.auditors.verdicts import Ruling, rule_by_numbering
from toolkit.auditors.voices import Voices, read_voices
from toolkit.records import TRANSCRIBED, Claim, Dialogue, Evidence, Forum, RecordReference, Turn, Verdict
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
    numberings: tuple[Numbering, ...]
    """Which review the dialogue means by "Review 1", the likeliest first; none without a record."""


def read_subject(dialogue: Dialogue, forum: Forum | None) -> Subject:
    """Prepare a dialogue for the rules."""
    sources = collect_sources(forum) if forum is not None else {}
    drafts = [_read_draft(position, dialogue, forum, sources) for position in range(len(dialogue.turns))]
    numberings = _find_numberings(dialogue, forum, drafts)
    turns = tuple(_finish_turn(draft, dialogue, forum, numberings) for draft in drafts)
    return Subject(dialogue, forum, sources, turns, read_voices(forum) if forum is not None else None, numberings)


class _Draft(NamedTuple):
    """One turn before its statements are compared with the record."""

    turn: Turn
    sentences: tuple[Span, ...]
    quotations: tuple[Span, ...]
    plain: str
    faults: tuple[str | None, ...]
    cited: tuple[tuple[Evidence, str], ...]
    mentions: tuple[tuple[Mention, ...], ...]
    """Of each sentence, with offsets into it."""
    statements: tuple[tuple[Statement, ...], ...]
    """Of each sentence, with offsets into it."""


def _read_draft(position: int, dialogue: Dialogue, forum: Forum | None, sources: Sources) -> _Draft:
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
    mentions = tuple(tuple(find_mentions(plain[start:end], reviews=reviews)) for start, end in sentences)
    venue = forum.venue if forum is not None else dialogue.venue
    numbered = [(item.start, item.end) for item in find_labelled_numbers(turn.text, venue)]
    spoken = find_spoken_labels(turn.text, venue) if is_transcribed(dialogue) else []
    # Words beside a number are claims of their own.
    spoken = [label for label in spoken if not any(label.start < high and low < label.end for low, high in numbered)]
    statements: list[tuple[Statement, ...]] = []
    before: Sequence[Mention] = ()
    for (start, end), found in zip(sentences, mentions, strict=True):
        labels = [
            label._replace(start=label.start - start, end=label.end - start)
            for label in spoken
            if start <= label.start and label.end <= end
        ]
        sentence = plain[start:end]
        decisions = find_decisions(sentence, speaker=turn.speaker)
        if is_transcribed(dialogue) and not decisions:
            decisions = [
                side
                for side in find_own_sides(sentence, found)
                if not any(low < start + side.end and start + side.start < high for low, high in numbered)
            ]
        stated = find_statements(sentence, found, reviews=reviews, before=before, labels=labels)
        statements.append((*stated, *decisions))
        before = found or before
    return _Draft(turn, sentences, quotations, plain, faults, cited, mentions, tuple(statements))


def _find_numberings(dialogue: Dialogue, forum: Forum | None, drafts: Sequence[_Draft]) -> tuple[Numbering, ...]:
    if forum is None:
        return ()
    if not is_transcribed(dialogue):
        return keep_numbering(forum)
    attributions = [Attribution(number, text) for draft in drafts for number, text in _attribute_words(draft)]
    scores = [
        StatedScore(statement.reviewers[0], statement.kind, statement.values[0])
        for draft in drafts
        for found in draft.statements
        for statement in found
        if statement.kind in ("rating", "confidence") and statement.check == "each" and len(statement.reviewers) == 1
    ]
    return find_numberings(forum, attributions, scores)


def is_transcribed(dialogue: Dialogue) -> bool:
    """Whether a dialogue was read from a transcript: it has no evidence and its own way to number the reviews."""
    return dialogue.generator.name == TRANSCRIBED


def _attribute_words(draft: _Draft) -> Iterator[tuple[int, str]]:
    """Yield the stretches of a turn that are about one numbered reviewer, from its mention to the next one."""
    last: int | None = None
    line = -1
    for (start, end), mentions in zip(draft.sentences, draft.mentions, strict=True):
        numbered = [mention for mention in mentions if mention.kind in ("numbered", "ordinal")]
        if not mentions:
            if last is not None and "\n" not in draft.plain[line:start]:
                yield last, draft.plain[start:end]
                line = end
            continue
        stops = [*(mention.start for mention in mentions[1:]), end - start]
        for mention, stop in zip(mentions, stops, strict=True):
            if mention in numbered and len(mention.reviewers) == 1:
                yield mention.reviewers[0], draft.plain[start + mention.end : start + stop]
        final = mentions[-1]
        last = final.reviewers[0] if final in numbered and len(final.reviewers) == 1 else None
        line = end


def _finish_turn(
    draft: _Draft, dialogue: Dialogue, forum: Forum | None, numberings: Sequence[Numbering]
) -> TurnReading:
    mentions = tuple(
        mention._replace(start=start + mention.start, end=start + mention.end)
        for (start, _), found in zip(draft.sentences, draft.mentions, strict=True)
        for mention in found
    )
    claims = _find_claims(draft, dialogue, forum, numberings)
    return TurnReading(
        draft.turn,
        draft.sentences,
        draft.quotations,
        draft.plain,
        draft.faults,
        draft.cited,
        mentions,
        tuple(claims),
    )


def _find_claims(
    draft: _Draft, dialogue: Dialogue, forum: Forum | None, numberings: Sequence[Numbering]
) -> list[CheckedClaim]:
    turn = draft.turn

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
    venue = forum.venue if forum is not None else dialogue.venue
    labelled = list(find_labelled_numbers(turn.text, venue))
    for (start, _), statements in zip(draft.sentences, draft.statements, strict=True):
        for statement in statements:
            span = Span(start + statement.start, start + statement.end)
            if statement.check == "label_number" and any(
                span.start < item.end and item.start < span.end for item in labelled
            ):
                continue
            found += [make_claim(*span, ruling) for ruling in rule_by_numbering(statement, numberings)]
    for item in labelled:
        stated, recorded = f"{item.label} ({item.number:g})", list_venue_numbers(item.possible)
        verdict: Verdict = "supported" if item.number in item.possible else "contradicted"
        if verdict == "contradicted" and stands_in_record(item, forum):
            verdict = "not_checkable"
        found.append(make_claim(item.start, item.end, Ruling("label_number", None, stated, recorded, verdict)))
    return sorted(found, key=lambda item: (item.claim.start, item.claim.end, item.claim.kind, item.claim.about or ""))

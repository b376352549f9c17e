"""Rules on where sentences come from: evidence that holds, and quotations that stand in the record."""

import dataclasses
import re
from collections.abc import Iterator
from typing import NamedTuple

from toolkit.auditors.marks import Mark
from toolkit.auditors.phrases import load_phrases
from toolkit.auditors.quotations import is_verbatim
from toolkit.auditors.subject import Subject, TurnReading, is_transcribed
from toolkit.records import Evidence, RecordReference
from toolkit.text import Sources, Span
from toolkit.text.terms import list_terms, weigh_term

SUBSTANCE_WORDS = 6
"""Sentences with fewer words ("They disagree here too.") join others and carry no fact of their own."""
COVERED = 0.5
"""The share of a sentence's characters that evidence must cover."""
CHANCE = 0.41
"""The share of a sentence's telling words that half of the sentences reach with the record of a wrong paper
(``benchmarks/calibrate_grounding.py`` over published transcripts)."""
LEAST_STEMS = 4
_NAME = re.compile(r"(?<![\w.])(?:[A-Z]+[a-z]+[A-Z][\w-]*|[A-Z]{2,}[\w-]*\d[\w-]*|[A-Z][a-z]+-\d+|\d+(?:\.\d+)?\s?%)")
"""Names with inner capitals, acronyms with a number, percentages: ImageNet, CIFAR-10, 0.5 %."""
_ABOUT_ITSELF = re.compile(
    r"\b(?:I|I['’]m|my|you|your|dialogue agent|meta-?reviewer|confiden\w+|ratings?|recommend\w*)\b", re.IGNORECASE
)
"""Sentences about the talk, the scores and the decision, which other rules look at."""


def find_ungrounded_sentences(subject: Subject) -> Iterator[Mark]:
    """A sentence of substance by the agent has no evidence under it.

    Questions, sentences of fewer than six words and sentences that say what the record does not hold need none. A
    transcript has no evidence at all; there the telling words of a sentence are looked for in the record, and it is
    ungrounded where fewer of them stand there than in the record of another paper by chance (``CHANCE``), or where it
    names something of which nothing on record speaks.

    Example: "Reviewer 1 doubts the baseline." without evidence whose ``turn_start..turn_end`` covers it.
    Counter-example: "The reviews do not discuss energy."
    """
    if is_transcribed(subject.dialogue):
        yield from _find_unsupported_sentences(subject)
        return
    for reading in subject.turns:
        for sentence in list_substantial_sentences(reading):
            if not is_grounded(reading, sentence):
                yield Mark("no evidence under this sentence of the agent", reading.turn.index, *sentence)


class Support(NamedTuple):
    """How far the words of a text stand in a record."""

    share: float
    """Of the weight of its telling stems, 0 to 1."""
    stems: int
    """How many there are."""
    names: tuple[str, ...]
    """Names and numbers that the record does not hold."""


def measure_support(text: str, terms: frozenset[str], words: str) -> Support:
    """Weigh a text against a record, given as its stems and as its text in lower case.

    >>> measure_support("An ablation of CIFAR-99.", frozenset({"ablati", "cifar-"}), "an ablation of cifar-10")
    Support(share=1.0, stems=2, names=('CIFAR-99',))
    """
    found = sorted(list_terms(text) - load_phrases().reporting_stems)
    whole = sum(map(weigh_term, found))
    held = sum(weigh_term(term) for term in found if term in terms)
    names = tuple(name for name in dict.fromkeys(_NAME.findall(text)) if name.lower() not in words)
    return Support(round(held / whole, 4) if whole else 1.0, len(found), names)


def _find_unsupported_sentences(subject: Subject) -> Iterator[Mark]:
    if subject.forum is None:
        return
    words = " ".join(subject.sources.values()).lower()
    terms = list_terms(words)
    for reading in subject.turns:
        for start, end in list_substantial_sentences(reading):
            sentence = reading.turn.text[start:end]
            if _ABOUT_ITSELF.search(sentence):
                continue
            support = measure_support(sentence, terms, words)
            if support.names:
                message = f"nothing on record speaks of {', '.join(support.names)}"
                yield Mark(message, reading.turn.index, start, end)
            elif support.stems >= LEAST_STEMS and support.share < CHANCE:
                message = f"{support.share:.0%} of its telling words stand in the record, less than chance"
                yield Mark(message, reading.turn.index, start, end)


def list_substantial_sentences(reading: TurnReading) -> list[Span]:
    """Return the sentences of an agent's turn that state something the record must bear out."""
    if reading.turn.speaker != "dialogue_agent":
        return []
    abstains = load_phrases().abstains
    found = []
    for start, end in reading.sentences:
        sentence = reading.turn.text[start:end]
        states = len(sentence.split()) >= SUBSTANCE_WORDS and not sentence.endswith("?")
        if states and not abstains.search(reading.plain[start:end]):
            found.append(Span(start, end))
    return found


def is_grounded(reading: TurnReading, sentence: Span) -> bool:
    """Say whether evidence of the turn covers at least half of a sentence."""
    covered: set[int] = set()
    for item in reading.turn.evidence:
        covered.update(range(max(item.turn_start, sentence.start), min(item.turn_end, sentence.end)))
    return len(covered) >= COVERED * (sentence.end - sentence.start)


def find_broken_evidence(subject: Subject) -> Iterator[Mark]:
    """An evidence span does not hold: another text stands there, or the turn does not hold the words it quotes.

    Example: a span whose sha256 is that of other characters; ``quote`` on a span whose words the turn rewords.
    Counter-example: a span that is the note's text, character by character.
    """
    for reading in subject.turns:
        for item, fault in zip(reading.turn.evidence, reading.faults, strict=True):
            reference = RecordReference(item.note_id, item.field)
            if not 0 <= item.turn_start < item.turn_end <= len(reading.turn.text):
                fault = fault or f"it supports {item.turn_start}..{item.turn_end}, which is no stretch of this turn"
            if fault is not None:
                yield Mark(f"evidence does not hold: {fault}", reading.turn.index, evidence=reference)
        for item, words in reading.cited:
            if item.quote and words not in reading.turn.text[max(0, item.turn_start) : max(0, item.turn_end)]:
                yield Mark(
                    "evidence is marked as a quote, but the turn does not hold its words there",
                    reading.turn.index,
                    min(max(item.turn_start, 0), len(reading.turn.text)),
                    min(max(item.turn_end, 0), len(reading.turn.text)),
                    evidence=RecordReference(item.note_id, item.field),
                )


def find_inexact_quotations(subject: Subject) -> Iterator[Mark]:
    """Words stand in quotation marks that no evidence span of the turn holds.

    The paper's title and what was said in earlier turns may be quoted too. ``[...]``, ``[words]`` and an ellipsis mark
    departures from the source.

    Example: 'Reviewer 2 calls it "unsurprising"' where the review says "not very surprising".
    Counter-example: 'Reviewer 3 calls the claim "a know[n] fact"' where the review says "a know fact".
    """
    if subject.forum is None:
        return
    earlier = [subject.forum.title or ""]
    for reading in subject.turns:
        sources = join_cited_words(reading, subject.sources)
        for start, end in reading.quotations:
            quotation = reading.turn.text[start:end]
            if quotation.strip() and not any(is_verbatim(quotation, source) for source in (*sources, *earlier)):
                yield Mark("no evidence of this turn holds the quoted words", reading.turn.index, start, end, quotation)
        earlier += [reading.turn.text, *sources]


def join_cited_words(reading: TurnReading, sources: Sources) -> list[str]:
    """Return the words of a turn's evidence; spans with only white space between them are read as one.

    A quotation that runs over a line break of the review rests on a span for each line.
    """
    joined: list[Evidence] = []
    for item, _ in sorted(reading.cited, key=lambda pair: (pair[0].note_id, pair[0].field, pair[0].start)):
        last = joined[-1] if joined else None
        if last is not None and (last.note_id, last.field) == (item.note_id, item.field):
            gap = sources[item.note_id, item.field][last.end : item.start]
            if item.start <= last.end or not gap.strip():
                joined[-1] = dataclasses.replace(last, end=max(last.end, item.end))
                continue
        joined.append(item)
    return [sources[item.note_id, item.field][item.start : item.end] for item in joined]

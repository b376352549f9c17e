"""Rules on whose words they are: statements given to another reviewer, to the authors, or to nobody on record."""

import re
from collections.abc import Iterable, Iterator, Sequence

from toolkit.auditors.marks import Mark
from toolkit.auditors.phrases import load_phrases
from toolkit.auditors.quotations import is_verbatim
from toolkit.auditors.subject import Subject, TurnReading, is_transcribed
from toolkit.auditors.voices import Voices
from toolkit.records import Evidence
from toolkit.text import Span
from toolkit.text.terms import list_terms, weigh_term

SHORTEST_QUOTATION = 4
"""Words; a shorter one may stand in two texts by chance."""
TELLING = 6.0
"""How telling a stem is that names something special: at most one in 400 sentences of reviews holds it."""
MOST_ABSENT = 1
"""Telling stems that a sentence may hold and nothing on record does: people word things in their own way."""


LEAST_GRANTED = 2
"""Telling stems that what the authors are made to grant must have."""
GRANTED_SHARE = 0.8
"""The share of its weight that the reviews must hold, ..."""
GRANTED_MARGIN = 0.3
"""... and how much more that must be than what the authors wrote holds."""
_AUTHORS = re.compile(
    r"\b(?:authors?|abstract|paper|answer\w*|told|repl(?:y|ies|ied)|respon\w+|rebuttal)\b", re.IGNORECASE
)
_REVIEWS = re.compile(r"\breview", re.IGNORECASE)


def find_misattributed_statements(subject: Subject) -> Iterator[Mark]:
    """Words of one reviewer are given to another one.

    The sentence names one reviewer, and the words it quotes stand in another review only, or all its evidence does.

    Example: 'Reviewer 2 calls it "too small to tell"' where those are words of Reviewer 1.
    Counter-example: "Reviewer 2 agrees with Reviewer 1 that it is small", which names both.
    """
    voices = subject.voices
    if voices is None:
        return
    for reading, sentence in _list_sentences(subject):
        named = _find_named(reading, sentence)
        if len(named) != 1:
            continue
        (number,) = named
        text = reading.turn.text[sentence.start : sentence.end]
        owners = {voices.owner_of.get(item.note_id) for item in _list_texts(reading, sentence, voices)}
        if owners and owners.isdisjoint((number, None)):
            yield Mark("the evidence is another reviewer's text", reading.turn.index, *sentence, text)
            continue
        for quotation in _list_quotations(reading, sentence):
            holders = {name for name, texts in voices.reviewers.items() if _holds(texts, quotation)}
            if holders and number not in holders and not _holds((*voices.authors, *voices.others), quotation):
                yield Mark("the quoted words stand in another review only", reading.turn.index, *sentence, quotation)
                break


def find_criticism_as_authors(subject: Subject) -> Iterator[Mark]:
    """A reviewer's words are put in the authors' mouths.

    The sentence lets the authors say something and names no reviewer, but what it quotes or rests on is a review. In a
    transcript, which rests on nothing, the authors are made to grant something, and its telling words stand in the
    reviews and not in what the authors wrote.

    Example: "The authors acknowledge that the novelty is limited" where a reviewer said so.
    Counter-example: "The authors answer that the novelty lies in the proof", with their comment under it.
    """
    voices = subject.voices
    if voices is None:
        return
    if is_transcribed(subject.dialogue):
        yield from _find_granted_criticism(subject, voices)
        return
    for reading, sentence in _list_sentences(subject):
        plain = reading.plain[sentence.start : sentence.end]
        if not load_phrases().authors_say.search(plain) or _REVIEWS.search(plain) or _find_named(reading, sentence):
            continue
        cited = _list_texts(reading, sentence, voices)
        reviews_only = bool(cited) and all(item.note_id in voices.owner_of for item in cited)
        copied = any(
            any(_holds(texts, quotation) for texts in voices.reviewers.values())
            and not _holds((*voices.authors, *voices.others), quotation)
            for quotation in _list_quotations(reading, sentence)
        )
        if reviews_only or copied:
            text = reading.turn.text[sentence.start : sentence.end]
            yield Mark("the authors are given a reviewer's words", reading.turn.index, *sentence, text)


def _find_granted_criticism(subject: Subject, voices: Voices) -> Iterator[Mark]:
    phrases = load_phrases()
    paper = (subject.forum.title or "", subject.forum.abstract or "") if subject.forum is not None else ()
    authors = list_terms(" ".join((*voices.authors, *paper)))
    reviewers = list_terms(" ".join(text for texts in voices.reviewers.values() for text in texts))
    for reading, sentence in _list_sentences(subject):
        plain = reading.plain[sentence.start : sentence.end]
        match = phrases.admits.search(plain)
        if match is None or _REVIEWS.search(plain):
            continue
        terms = sorted(list_terms(plain[match.end() :]) - phrases.reporting_stems)
        whole = sum(map(weigh_term, terms))
        if len(terms) < LEAST_GRANTED:
            continue
        by_reviewers = sum(weigh_term(term) for term in terms if term in reviewers) / whole
        by_authors = sum(weigh_term(term) for term in terms if term in authors) / whole
        if by_reviewers >= GRANTED_SHARE and by_authors <= by_reviewers - GRANTED_MARGIN:
            text = reading.turn.text[sentence.start : sentence.end]
            yield Mark("the authors are made to grant what the reviews say", reading.turn.index, *sentence, text)


def find_author_words_as_reviews(subject: Subject) -> Iterator[Mark]:
    """The authors' words are put in a reviewer's mouth.

    The sentence names a reviewer and not the authors, and the words it quotes stand only in what the authors wrote.

    Example: 'Reviewer 2 finds it "three times faster than before"', which is the abstract's claim.
    Counter-example: 'Reviewer 2 doubts that it is "three times faster than before", as the authors claim'.
    """
    voices, forum = subject.voices, subject.forum
    if voices is None or forum is None:
        return
    authors = (*voices.authors, forum.abstract or "")
    reviews = [text for texts in voices.reviewers.values() for text in texts]
    for reading, sentence in _list_sentences(subject):
        plain = reading.plain[sentence.start : sentence.end]
        if not _find_named(reading, sentence) or _AUTHORS.search(plain):
            continue
        for quotation in _list_quotations(reading, sentence):
            if _holds(authors, quotation) and not _holds(reviews, quotation):
                yield Mark("the quoted words are the authors'", reading.turn.index, *sentence, quotation)
                break


def find_claims_not_on_record(subject: Subject) -> Iterator[Mark]:
    """A sentence of the agent names things of which nothing on record speaks.

    More than one telling word (by its share of review sentences) stands in no review, comment, abstract or title, and
    is no word that people report with.

    Example: "Reviewer 2 doubts the Bonferroni correction of the questionnaire", where no text mentions either.
    Counter-example: "Reviewer 2 is sceptical about the gains".
    """
    if subject.forum is None:
        return
    record = " ".join(subject.sources.values()).lower()
    reporting = load_phrases().reporting_stems
    for reading, sentence in _list_sentences(subject):
        plain = reading.plain[sentence.start : sentence.end]
        if load_phrases().abstains.search(plain):
            continue
        absent = sorted(
            stem
            for stem in list_terms(plain)
            if stem not in reporting and weigh_term(stem) >= TELLING and stem not in record
        )
        if len(absent) > MOST_ABSENT:
            words = [word for word in re.findall(r"[a-z-]+", plain.lower()) if word[:6] in absent]
            message = f"nothing on record speaks of {', '.join(dict.fromkeys(words))}"
            yield Mark(message, reading.turn.index, *sentence)


def _list_sentences(subject: Subject) -> Iterator[tuple[TurnReading, Span]]:
    for reading in subject.turns:
        if reading.turn.speaker == "dialogue_agent":
            for sentence in reading.sentences:
                yield reading, sentence


def _find_named(reading: TurnReading, sentence: Span) -> set[int]:
    """Return the reviewers that a sentence mentions in any way."""
    return {
        number
        for mention in reading.mentions
        if sentence.start <= mention.start < sentence.end
        for number in mention.reviewers
    }


def _list_texts(reading: TurnReading, sentence: Span, voices: Voices) -> Sequence[Evidence]:
    """Return the evidence under a sentence that is what somebody wrote, not a score."""
    return [
        item
        for item, _ in reading.cited
        if item.turn_start < sentence.end
        and sentence.start < item.turn_end
        and (item.note_id, item.field) not in voices.scored
    ]


def _list_quotations(reading: TurnReading, sentence: Span) -> Iterator[str]:
    for start, end in reading.quotations:
        words = reading.turn.text[start:end]
        if sentence.start <= start < sentence.end and len(words.split()) >= SHORTEST_QUOTATION:
            yield words


def _holds(texts: Iterable[str], quotation: str) -> bool:
    return any(is_verbatim(quotation, text) for text in texts)

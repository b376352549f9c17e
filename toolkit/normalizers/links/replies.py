"""Which points of the reviews the authors answered, and where.

Authors answer in one of three ways, and they are looked for in this order of belief: they quote the point and write
below it; they name its number or heading ("W2.", "**Novelty**") and write after it; or they just write about the same
thing, often after naming it in the sentence before.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from toolkit.normalizers.links.reading import (
    CRITICAL,
    UNITS,
    Holders,
    ReadPoint,
    ReadPoints,
    index_terms,
    load_table,
    sum_shared,
)
from toolkit.records import Comment, LinkBasis, PointLink, Review
from toolkit.text import split_sentences
from toolkit.text.quotes import WORDS
from toolkit.text.sentences import is_reference
from toolkit.text.terms import list_stems, list_terms

_ACTING = re.compile(WORDS["authors_act"])
_RUN = 5
"""So many words in a row that a reply and a review share were copied from it."""
_STEP = 3
_QUOTATION = 0.5
"""A sentence with a larger share of copied runs is nothing but a quotation."""
_NOTHING_COPIED: Mapping[int, int] = {}
Run = tuple[str, ...]
Runs = Mapping[Run, Sequence[int]]
"""Runs of words -> the places of the points that hold them."""
_PLAIN_WORD = re.compile(r"[a-z0-9]+")
_POINT_LABEL = re.compile(
    r"^[ \t>*_#(\[-]*(?:[WQCSP]|Weakness|Question|Comment|Point|Concern)?[ #-]?(?P<number>\d{1,2})[)\].:-]"
    r"|^\s*\*\*(?P<heading>[A-Za-z][\w ,/-]{2,40}?)[.:]?\*\*",
    re.MULTILINE,
)
_REPLY_LABEL = re.compile(
    r"[\s*_#(\[]*(?:(?:Re|RE|Response|Reply|Answer|Ans|A)[ :.-]*(?:to )?)?[*_(\[]*"
    r"(?P<kind>W|Q|C|P|Weakness(?:es)?|Questions?|Comments?|Points?|Concerns?|Issues?)?[ #.-]*"
    r"(?P<number>\d{1,2})[)\].:*-]",
    re.IGNORECASE,
)
_OPENS_PART = ("**", "#")
_NAMED_REVIEWER = re.compile(r"\b(?:anon\w*|reviewers?|rev\.?|r)[ _#*-]*(\w{4}|\d)\b", re.IGNORECASE)
_OPENING = 60
"""Characters of a sentence within which the authors say whom they answer."""
_FIELD_LETTERS = {"weaknesses": "w", "questions": "q"}


class _Sentence(NamedTuple):
    """A sentence of the authors."""

    start: int
    end: int
    terms: frozenset[str]
    before: frozenset[str]
    """Stems of the sentence before it: authors name a point first and answer it next."""
    copied: Mapping[int, int]
    """Place of a point -> how many runs of words stand in both."""
    closed: bool
    """Whether it is a question or a quotation: nothing that the authors state."""


class _Letter(NamedTuple):
    """A comment of the authors, read."""

    comment: Comment
    sentences: Sequence[_Sentence]
    addressees: Sequence[str | None]
    """Of each sentence the reviewer it is written to; null where it is written to everybody."""


class _Answer(NamedTuple):
    """Where a point may be answered."""

    place: int
    basis: LinkBasis
    comment: Comment
    start: int
    end: int
    strength: float


def link_replies(
    read: ReadPoints, reviews: Sequence[Review], discussion: Sequence[Comment], handles: Mapping[str, str]
) -> Iterator[PointLink]:
    """Link each point with the passages that plainly answer it: the block below a quotation or label, or sentences.

    Args:
        read: the points of the forum.
        reviews: the reviews.
        discussion: the discussion in thread order.
        handles: what the venue calls reviewers -> reviewer; a comment to everybody may say whom it answers.
    """
    comments = [comment for comment in discussion if comment.role == "author"]
    answerable = [item for item in read.points if item.point.kind in CRITICAL]
    if not comments or not answerable:
        return
    runs, labels = _index_runs(answerable), _index_labels(answerable)
    known = frozenset[str]().union(*(item.terms for item in answerable))
    owners = _trace_threads(reviews, discussion)
    letters = []
    for comment in comments:
        sentences = _read_comment(comment, known, runs)
        owner = owners.get(comment.note_id)
        addressees = [owner] * len(sentences) if owner else _find_addressees(comment, sentences, handles)
        letters.append(_Letter(comment, sentences, addressees))
    answers: dict[int, list[_Answer]] = {}
    for letter in letters:
        for answer in _find_named(read, letter, labels):
            answers.setdefault(answer.place, []).append(answer)
    # Where the authors quote or name a point, no mere likeness is needed beside it.
    holders = index_terms((item for item in answerable if item.place not in answers), read.weights)
    for letter in letters:
        for answer in _find_alike(read, letter, holders):
            answers.setdefault(answer.place, []).append(answer)
    for place in sorted(answers):
        for answer in _choose(answers[place]):
            point = read.points[place]
            yield PointLink(
                "reply",
                answer.basis,
                point.review.note_id,
                point.point.field,
                point.point.start,
                point.point.end,
                answer.comment.note_id,
                answer.comment.field,
                answer.start,
                answer.end,
                round(answer.strength, 2),
            )


def _find_named(
    read: ReadPoints, letter: _Letter, labels: Mapping[tuple[str, str], Sequence[int]]
) -> Iterator[_Answer]:
    """Yield the answers below quotations of points, and after their numbers or headings."""
    table = load_table()["reply"]
    comment, sentences, addressees = letter
    for position, sentence in enumerate(sentences):
        addressee = addressees[position]
        for place, runs in sentence.copied.items():
            is_quoted = sentence.closed or runs >= table["least_runs"]
            if is_quoted and addressee in (None, read.points[place].review.reviewer):
                yield from _answer_below(comment, sentences, position, place, "quotation", table["quoted"])
        for place in _find_labelled(comment, sentence, addressee, labels, read) if addressee else ():
            for answer in _answer_below(comment, sentences, position, place, "label", table["labelled"]):
                shared = read.points[place].terms & list_terms(comment.text[answer.start : answer.end])
                if sum(map(read.weights.__getitem__, shared)) >= UNITS * table["labelled_weight"]:
                    yield answer


def _find_alike(read: ReadPoints, letter: _Letter, holders: Holders) -> Iterator[_Answer]:
    """Yield the sentences of the authors whose wording is that of a point."""
    for sentence, addressee in zip(letter.sentences, letter.addressees, strict=True):
        if not sentence.closed:
            yield from _answer_here(read, letter.comment, sentence, addressee, holders)


def _answer_below(
    comment: Comment, sentences: Sequence[_Sentence], position: int, place: int, basis: LinkBasis, strength: float
) -> Iterator[_Answer]:
    """Yield the block of the authors' own sentences from a quotation or label on, up to the next one."""
    block: list[_Sentence] = []
    for at in range(position, min(position + load_table()["reply"]["longest_block"] + 1, len(sentences))):
        sentence = sentences[at]
        if sentence.closed:
            if block:
                break
            continue
        opens_part = comment.text.startswith(_OPENS_PART, sentence.start) or _REPLY_LABEL.match(
            comment.text, sentence.start, sentence.end
        )
        if at > position and opens_part:
            break
        if at > position or not sentence.copied:
            block.append(sentence)
    if block:
        yield _Answer(place, basis, comment, block[0].start, block[-1].end, strength)


def _answer_here(
    read: ReadPoints,
    comment: Comment,
    sentence: _Sentence,
    addressee: str | None,
    holders: Holders,
) -> Iterator[_Answer]:
    """Yield the points whose telling stems a sentence holds, its own or, where it refers back, of the one before."""
    table = load_table()["reply"]
    shared = sum_shared(sentence.terms, holders)
    named = sum_shared(sentence.before - sentence.terms, holders)
    least, before_share = UNITS * table["least_weight"], table["before_share"]
    plain = ""
    for place in shared.keys() | named.keys():
        weight = shared.get(place, 0) + before_share * named.get(place, 0)
        if weight < least:
            continue
        point = read.points[place]
        if addressee not in (None, point.review.reviewer):
            continue
        plain = plain or comment.text[sentence.start : sentence.end].lower()
        if place not in shared and not _load_pattern("referring").search(plain):
            continue
        strength = weight / point.weight * (table["acting"] if _ACTING.search(plain) else 1.0)
        strength *= 1.0 if addressee else table["to_everybody"]
        if strength >= table["least_strength"]:
            strength = min(strength, table["most_by_wording"])
            yield _Answer(place, "wording", comment, sentence.start, sentence.end, strength)


def _choose(answers: Sequence[_Answer]) -> list[_Answer]:
    """Return the surest answers to a point."""
    table = load_table()["reply"]
    ordered = sorted(answers, key=lambda item: (-item.strength, item.comment.created, item.comment.note_id, item.start))
    best = ordered[0]
    kept: list[_Answer] = []
    for answer in ordered:
        if answer.basis != best.basis or answer.strength < table["beside_best"] * best.strength:
            continue
        if len(kept) < table["most_answers"] and not any(_overlap(answer, other) for other in kept):
            kept.append(answer)
    return kept


def _overlap(one: _Answer, other: _Answer) -> bool:
    return one.comment is other.comment and one.start < other.end and other.start < one.end


def _read_comment(comment: Comment, known: frozenset[str], runs: Runs) -> list[_Sentence]:
    found: list[_Sentence] = []
    following: frozenset[str] = frozenset()
    for start, end in split_sentences(comment.text):
        text = comment.text[start:end]
        before, following = following, known.intersection(list_stems(text))
        copied, share = _find_copied(_PLAIN_WORD.findall(text.lower()), runs)
        closed = share > _QUOTATION or text.startswith(">") or text.rstrip("\"'”’ )*").endswith("?")
        found.append(_Sentence(start, end, following, before, copied, closed))
    return found


def _find_copied(words: Sequence[str], runs: Runs) -> tuple[Mapping[int, int], float]:
    """Return how many runs of words each point shares with a sentence, and the share of its runs that any point has."""
    count = len(words) - _RUN + 1
    # What is copied is a stretch: of three runs in a row at least one is looked at, and only then all of them.
    step = 1 if count < 2 * _STEP else _STEP
    if runs.keys().isdisjoint(_list_runs(words, step)):
        return _NOTHING_COPIED, 0.0
    copied: dict[int, int] = {}
    matched = 0
    for run in _list_runs(words):
        places = runs.get(run, ())
        matched += bool(places)
        for place in places:
            copied[place] = copied.get(place, 0) + 1
    return copied, matched / count


def _list_runs(words: Sequence[str], step: int = 1) -> Iterable[Run]:
    return zip(*(words[start::step] for start in range(_RUN)), strict=False)


def _index_runs(points: Iterable[ReadPoint]) -> Runs:
    found: dict[Run, tuple[int, ...]] = {}
    for item in points:
        here: tuple[int, ...] = (item.place,)
        own = dict.fromkeys(_list_runs(_PLAIN_WORD.findall(item.text.lower())), here)
        for run in found.keys() & own.keys():
            own[run] = found[run] + own[run]
        found.update(own)
    return found


def _index_labels(points: Iterable[ReadPoint]) -> Mapping[tuple[str, str], Sequence[int]]:
    """Return (reviewer, number of the list item or heading in lower case) -> the points that stand under it."""
    found: dict[tuple[str, str], list[int]] = {}
    for review, field, items in _group_by_section(points):
        text = next(section.text for section in review.sections if section.field == field)
        marks = [
            (mark.start(), mark["number"], (mark["heading"] or "").lower()) for mark in _POINT_LABEL.finditer(text)
        ]
        number = heading = None
        at = 0
        for item in items:
            while at < len(marks) and marks[at][0] <= item.point.start:
                _, new_number, new_heading = marks[at]
                number, heading = (None, new_heading) if new_heading else (new_number, heading)
                at += 1
            for label in (number, heading):
                if label:
                    found.setdefault((review.reviewer, label), []).append(item.place)
    return found


def _group_by_section(points: Iterable[ReadPoint]) -> Iterator[tuple[Review, str, list[ReadPoint]]]:
    ordered = sorted(points, key=lambda item: item.place)
    for _, items in groupby(ordered, key=lambda item: (item.review.note_id, item.point.field)):
        group = list(items)
        yield group[0].review, group[0].point.field, group


def _find_labelled(
    comment: Comment,
    sentence: _Sentence,
    reviewer: str,
    labels: Mapping[tuple[str, str], Sequence[int]],
    read: ReadPoints,
) -> Sequence[int]:
    """Return the points whose number or heading opens a sentence of the authors."""
    heading = _POINT_LABEL.match(comment.text, sentence.start, min(len(comment.text), sentence.end + 3))
    if heading is not None and heading["heading"]:
        return labels.get((reviewer, heading["heading"].lower()), ())
    found = _REPLY_LABEL.match(comment.text, sentence.start, min(len(comment.text), sentence.end + 1))
    if found is None or is_reference(comment.text[sentence.start : sentence.end]):
        return ()
    letter = (found["kind"] or "").lower()[:1]
    return [
        place
        for place in labels.get((reviewer, found["number"]), ())
        if letter not in ("w", "q") or _FIELD_LETTERS.get(read.points[place].point.field, letter) == letter
    ]


def _find_addressees(comment: Comment, sentences: Sequence[_Sentence], handles: Mapping[str, str]) -> list[str | None]:
    """Return for each sentence of a comment to everybody the reviewer it is written to; null where it does not say."""
    found: list[str | None] = []
    current = _read_addressee(comment.title or "", handles)
    for sentence in sentences:
        current = _read_addressee(comment.text[sentence.start : sentence.start + _OPENING], handles) or current
        found.append(current)
    return found


def _read_addressee(opening: str, handles: Mapping[str, str]) -> str | None:
    """Return the one reviewer that an opening names; of several it is written to none alone."""
    named = {handles.get(found[1].lower()) for found in _NAMED_REVIEWER.finditer(opening)}
    return next(iter(named)) if len(named) == 1 else None


def _trace_threads(reviews: Sequence[Review], discussion: Sequence[Comment]) -> Mapping[str, str]:
    """Return for each note of the discussion the reviewer of the review that its thread hangs from."""
    owners = {review.note_id: review.reviewer for review in reviews}
    for comment in discussion:  # in thread order, so what it replies to has been met
        owner = owners.get(comment.replyto or "")
        if owner is not None:
            owners.setdefault(comment.note_id, owner)
    return owners


@functools.cache
def _load_pattern(name: str) -> re.Pattern[str]:
    return re.compile(load_table()["patterns"][name])

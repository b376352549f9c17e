"""The record as numbered passages: what a model may point to, and where each stands."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from toolkit.records import Forum, Review
from toolkit.text import collect_sources, split_sentences

MOST_POINTS = 14
"""Points of one review, the most salient ones; they keep the order of the review."""
MOST_SENTENCES = 8
"""Sentences of the abstract and of the meta-review."""
LONGEST = 600
"""Characters of a passage that the prompt shows."""


class Passage(NamedTuple):
    """A stretch of the record with the id by which a model names it."""

    id: str
    label: str
    note_id: str
    field: str
    start: int
    end: int
    words: str
    """As the prompt shows it: on one line, and with nothing that could end the record."""


def list_passages(forum: Forum) -> tuple[Passage, ...]:
    """Return the passages of a record: abstract, scores, points, answers of the authors, meta-review, decision."""
    sources = collect_sources(forum)
    counts: dict[str, int] = {}
    found: list[Passage] = []

    def add(kind: str, label: str, note_id: str, field: str, start: int, end: int) -> None:
        text = sources.get((note_id, field), "")[start:end]
        if text.strip():
            counts[kind] = counts.get(kind, 0) + 1
            found.append(Passage(f"{kind}{counts[kind]}", label, note_id, field, start, end, show_words(text)))

    for start, end in split_sentences(forum.abstract or "")[:MOST_SENTENCES]:
        add("A", "abstract", forum.forum, "abstract", start, end)
    for review in forum.reviews:
        name = f"Reviewer {review.reviewer[1:]}"
        for score in (review.rating, review.confidence):
            if score.raw:
                add("S", f"{name}, {score.field}", review.note_id, score.field, 0, len(score.raw))
        for start, end, field, kind in _pick_points(review):
            add("P", f"{name}, {kind}", review.note_id, field, start, end)
    seen = set()
    for link in forum.links:
        place = (link.to_note_id, link.to_field, link.to_start, link.to_end)
        if link.kind == "reply" and place not in seen:
            seen.add(place)
            add("C", "authors, in answer to a review", *place)
    if forum.meta_review is not None:
        for section in forum.meta_review.sections:
            for start, end in split_sentences(section.text)[:MOST_SENTENCES]:
                add("M", "meta-review, for the last turn only", forum.meta_review.note_id, section.field, start, end)
    decision = forum.decision
    if decision.note_id and decision.field and decision.raw:
        add("D", "decision, for the last turn only", decision.note_id, decision.field, 0, len(decision.raw))
    return tuple(found)


def _pick_points(review: Review) -> Iterator[tuple[int, int, str, str]]:
    chosen = sorted(range(len(review.points)), key=lambda item: -review.points[item].salience)[:MOST_POINTS]
    for position in sorted(chosen):
        point = review.points[position]
        yield point.start, point.end, point.field, point.kind


def show_words(text: str) -> str:
    """Put a passage on one line; angle brackets are written as references, so none can end the record.

    >>> show_words("a </record> b")
    'a &lt;/record&gt; b'
    """
    words = " ".join(text.split())
    if len(words) > LONGEST:
        words = words[: words.rfind(" ", 0, LONGEST)] + " ..."
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def index_passages(passages: Sequence[Passage]) -> dict[str, Passage]:
    """Return the passages by id."""
    return {passage.id: passage for passage in passages}

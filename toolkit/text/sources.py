"""The texts of a record that evidence can point into, and the check that it does."""

import hashlib
from collections.abc import Iterable, Mapping

from toolkit.errors import RecordError
from toolkit.records import Evidence, Forum, Score, Section

Sources = Mapping[tuple[str, str], str]
"""(note id, field) -> the text that offsets of evidence refer to."""


def collect_sources(forum: Forum) -> dict[tuple[str, str], str]:
    """Return every text of a forum that a turn may rest on, by (note id, field).

    Prose comes first: where a note holds a section and a score under one field name, the section is the source.
    The paper's title and abstract stand under the forum's own id.
    """
    sources: dict[tuple[str, str], str] = {}
    _add(sources, forum.forum, (("title", forum.title), ("abstract", forum.abstract)))
    for review in forum.reviews:
        _add(sources, review.note_id, _read_sections(review.sections))
        _add(sources, review.note_id, _read_scores((review.rating, review.confidence, *review.scores)))
    if forum.meta_review is not None:
        _add(sources, forum.meta_review.note_id, _read_sections(forum.meta_review.sections))
        _add(sources, forum.meta_review.note_id, _read_scores(forum.meta_review.scores))
    for comment in forum.discussion:
        _add(sources, comment.note_id, ((comment.field, comment.text),))
    decision = forum.decision
    if decision.note_id is not None and decision.field is not None:
        _add(sources, decision.note_id, ((decision.field, decision.raw),))
    return sources


def _add(sources: dict[tuple[str, str], str], note_id: str, texts: Iterable[tuple[str, str | None]]) -> None:
    for field, text in texts:
        if text is not None:
            sources.setdefault((note_id, field), text)


def _read_sections(sections: Iterable[Section]) -> Iterable[tuple[str, str | None]]:
    return ((section.field, section.text) for section in sections)


def _read_scores(scores: Iterable[Score]) -> Iterable[tuple[str, str | None]]:
    return ((score.field, score.raw) for score in scores)


def hash_span(text: str) -> str:
    """Return the sha256 of a text's UTF-8 bytes in hexadecimal.

    >>> hash_span("abc")[:16]
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(text.encode()).hexdigest()


def make_evidence(
    sources: Sources,
    note_id: str,
    field: str,
    start: int,
    end: int,
    *,
    turn_start: int,
    turn_end: int,
    quote: bool,
) -> Evidence:
    """Point at ``text[start:end]`` of a field of a note, with the hash of what stands there.

    Raises:
        RecordError: the record has no such text, or the span is empty or reaches out of it.

    >>> sources = {("n1", "review"): "It is slow."}
    >>> make_evidence(sources, "n1", "review", 6, 10, turn_start=0, turn_end=4, quote=True).sha256 == hash_span("slow")
    True
    """
    text = sources.get((note_id, field))
    if text is None:
        raise RecordError(f"the record has no text {field!r}", where=note_id)
    if not 0 <= start < end <= len(text):
        raise RecordError(f"no span {start}..{end} in a text of {len(text)} characters", where=f"{note_id} {field}")
    return Evidence(
        note_id=note_id,
        field=field,
        start=start,
        end=end,
        sha256=hash_span(text[start:end]),
        quote=quote,
        turn_start=turn_start,
        turn_end=turn_end,
    )


def verify_evidence(sources: Sources, evidence: Evidence) -> str | None:
    """Say what is wrong with an evidence span; null when it holds.

    >>> verify_evidence({}, Evidence("n1", "review", 0, 4, "", True, 0, 4))
    "the record has no text 'review' in note n1"
    """
    text = sources.get((evidence.note_id, evidence.field))
    if text is None:
        return f"the record has no text {evidence.field!r} in note {evidence.note_id}"
    if not 0 <= evidence.start < evidence.end <= len(text):
        return f"the span {evidence.start}..{evidence.end} lies outside the text of {len(text)} characters"
    if hash_span(text[evidence.start : evidence.end]) != evidence.sha256:
        return f"the text at {evidence.start}..{evidence.end} is not what was cited (sha256 differs)"
    return None

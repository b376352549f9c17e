"""Who wrote what in a forum: the texts by which a statement is given to its speaker."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from toolkit.records import Forum


class Voices(NamedTuple):
    """Who wrote what: the texts of each reviewer, of the authors, and of everybody else."""

    reviewers: Mapping[int, Sequence[str]]
    authors: Sequence[str]
    others: Sequence[str]
    owner_of: Mapping[str, int]
    """Note of a review -> number of its reviewer."""
    scored: frozenset[tuple[str, str]]
    """Notes and fields that hold a score."""


def read_voices(forum: Forum) -> Voices:
    """Sort the texts of a forum by who wrote them."""
    reviews = {int(review.reviewer[1:]): review for review in forum.reviews}
    meta = forum.meta_review
    return Voices(
        reviewers={
            number: [
                *(section.text for section in review.sections),
                *(comment.text for comment in forum.discussion if comment.reviewer == review.reviewer),
                *(score.raw for score in (review.rating, review.confidence, *review.scores) if score.raw),
            ]
            for number, review in reviews.items()
        },
        authors=[comment.text for comment in forum.discussion if comment.role == "author"],
        others=[
            *(comment.text for comment in forum.discussion if comment.role not in ("author", "reviewer")),
            *([meta.text] if meta is not None else []),
            forum.title or "",
            forum.abstract or "",
        ],
        owner_of={review.note_id: number for number, review in reviews.items()},
        scored=frozenset(
            (review.note_id, score.field)
            for review in forum.reviews
            for score in (review.rating, review.confidence, *review.scores)
        ),
    )

"""Where a score stands among all reviews of its venue in the build, where the catalogue does not know."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from toolkit import venues
from toolkit.records import Forum, Review, Score

MIN_REVIEWS = 30
"""Below so many answers a percentile says more about the sample than about the venue."""


class _Field(NamedTuple):
    venue: str
    field: str
    scale_id: str | None


def fill_build_percentiles(read_forums: Callable[[], Iterable[Forum]]) -> Iterator[Forum]:
    """Yield the forums of a whole build with the percentiles that the catalogue could not give.

    A value's percentile is its mid-rank among all answers to that field at that venue in this build, from 30 on. The
    forums are read twice, so that a build need not fit into memory.
    """
    found = _measure(read_forums())
    for forum in read_forums():
        reviews = tuple(_fill_review(review, forum.venue, found) for review in forum.reviews)
        yield forum if reviews == forum.reviews else replace(forum, reviews=reviews)


def _measure(forums: Iterable[Forum]) -> Mapping[_Field, Mapping[float, float]]:
    answers: dict[_Field, Counter[float]] = {}
    for forum in forums:
        for review in forum.reviews:
            for score in (review.rating, review.confidence, *review.scores):
                if score.value is not None:
                    key = _Field(forum.venue, score.field, score.scale_id)
                    answers.setdefault(key, Counter())[score.value] += 1
    return {
        key: {value: venues.measure_percentile(values, value) for value in counts}
        for key, counts in answers.items()
        if len(values := sorted(counts.elements())) >= MIN_REVIEWS
    }


def _fill_review(review: Review, venue: str, found: Mapping[_Field, Mapping[float, float]]) -> Review:
    rating = _fill_score(review.rating, venue, found)
    confidence = _fill_score(review.confidence, venue, found)
    scores = tuple(_fill_score(score, venue, found) for score in review.scores)
    if rating is review.rating and confidence is review.confidence and all(map(_is, scores, review.scores)):
        return review
    return replace(review, rating=rating, confidence=confidence, scores=scores)


def _is(one: Score, other: Score) -> bool:
    return one is other


def _fill_score(score: Score, venue: str, found: Mapping[_Field, Mapping[float, float]]) -> Score:
    if score.value is None or score.percentile is not None:
        return score
    percentile = found.get(_Field(venue, score.field, score.scale_id), {}).get(score.value)
    if percentile is None:
        return score
    return replace(score, percentile=percentile, percentile_source="build")

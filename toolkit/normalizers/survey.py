"""What only the whole build can tell of a score: observed scales, percentiles, and which scales nobody knows.

Nothing here touches an aligned value: an observed scale has none, because levels that nobody chose are not seen. So a
forum's aligned values never depend on which other forums are in the build.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from toolkit import venues
from toolkit.records import Forum, MetaReview, Review, Score

MIN_REVIEWS = 30
"""Below so many answers a percentile says more about the sample than about the venue."""


class UnknownScale(NamedTuple):
    """A scored field whose scale neither an invitation nor the catalogue tells."""

    venue: str
    kind: str
    field: str
    answers: int
    """How many answers were given to it in this build."""
    entry: str
    """What to add to a file of the catalogue: YAML, with the levels that were seen."""


class Survey(NamedTuple):
    """What the answers of a whole build show together."""

    observed: Mapping["_Field", venues.Observed]
    percentiles: Mapping["_Form", Mapping[float, float]]
    unknown_scales: tuple[UnknownScale, ...]
    """By venue, kind and field; those whose scale could be observed are among them."""


class _Field(NamedTuple):
    venue: str
    kind: str
    field: str


class _Form(NamedTuple):
    field: _Field
    scale_id: str | None


def survey_build(forums: Iterable[Forum]) -> Survey:
    """Read all forums of a build once, one in memory at a time."""
    answers: dict[_Form, Counter[float]] = {}
    unread: dict[_Field, Counter[str]] = {}
    for forum in forums:
        for field, score in _list_scores(forum):
            if score.value is not None and field.kind == "review":
                answers.setdefault(_Form(field, score.scale_id), Counter())[score.value] += 1
            elif _has_no_scale(score) and score.raw is not None:
                unread.setdefault(field, Counter())[score.raw] += 1
    observed = {}
    for field, given in sorted(unread.items()):
        if (scale := venues.observe_scores(given.elements())) is not None:
            observed[field] = scale
            if field.kind == "review":
                for raw, count in given.items():
                    score = venues.resolve_score(*field, raw, observed=scale)
                    if score.value is not None:
                        answers.setdefault(_Form(field, score.scale_id), Counter())[score.value] += count
    return Survey(
        observed,
        {
            form: {value: venues.measure_percentile(values, value) for value in counts}
            for form, counts in answers.items()
            if len(values := sorted(counts.elements())) >= MIN_REVIEWS
        },
        tuple(
            UnknownScale(*field, given.total(), venues.draft_form_entry(*field, sorted(given.elements())))
            for field, given in sorted(unread.items())
        ),
    )


def complete_forum(forum: Forum, survey: Survey) -> Forum:
    """Fill in what a forum alone could not tell: values on observed scales, and percentiles within the build.

    A value's percentile is its mid-rank among all answers to that field at that venue in this build, from 30 on; where
    the catalogue gave one, that stays.
    """
    reviews = tuple(_complete_review(review, forum.venue, survey) for review in forum.reviews)
    meta_review = forum.meta_review
    if meta_review is not None:
        kind = _find_chair_kind(forum)
        scores = tuple(_observe(score, _Field(forum.venue, kind, score.field), survey) for score in meta_review.scores)
        meta_review = meta_review if scores == meta_review.scores else replace(meta_review, scores=scores)
    if reviews == forum.reviews and meta_review is forum.meta_review:
        return forum
    return replace(forum, reviews=reviews, meta_review=meta_review)


def _list_scores(forum: Forum) -> Iterator[tuple[_Field, Score]]:
    for review in forum.reviews:
        for score in (review.rating, review.confidence, *review.scores):
            yield _Field(forum.venue, "review", score.field), score
    meta_review: MetaReview | None = forum.meta_review
    if meta_review is not None:
        for score in meta_review.scores:
            yield _Field(forum.venue, _find_chair_kind(forum), score.field), score


def _find_chair_kind(forum: Forum) -> str:
    """Say what the note of the meta-review is: where there is none, the decision stands for it."""
    decides = forum.meta_review is not None and forum.meta_review.note_id == forum.decision.note_id
    return "decision" if decides and not venues.find_decision_field(forum.venue, "meta_review") else "meta_review"


def _has_no_scale(score: Score) -> bool:
    return score.status == "unknown" and score.scale_id is None


def _complete_review(review: Review, venue: str, survey: Survey) -> Review:
    def complete(score: Score) -> Score:
        field = _Field(venue, "review", score.field)
        return _rank(_observe(score, field, survey), field, survey)

    rating, confidence = complete(review.rating), complete(review.confidence)
    scores = tuple(complete(score) for score in review.scores)
    revisions = tuple(
        replace(revision, rating=complete(revision.rating), confidence=complete(revision.confidence))
        for revision in review.revisions
    )
    if (rating, confidence, scores, revisions) == (
        review.rating,
        review.confidence,
        review.scores,
        review.revisions,
    ):
        return review
    return replace(review, rating=rating, confidence=confidence, scores=scores, revisions=revisions)


def _observe(score: Score, field: _Field, survey: Survey) -> Score:
    scale = survey.observed.get(field) if _has_no_scale(score) else None
    return score if scale is None else venues.resolve_score(*field, score.raw, observed=scale)


def _rank(score: Score, field: _Field, survey: Survey) -> Score:
    if score.value is None or score.percentile is not None:
        return score
    percentile = survey.percentiles.get(_Form(field, score.scale_id), {}).get(score.value)
    return score if percentile is None else replace(score, percentile=percentile, percentile_source="build")

"""Points of two reviewers that say the same of the paper, or the opposite."""

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from toolkit.normalizers.links.reading import UNITS, ReadPoint, ReadPoints, index_terms, load_table, sum_shared
from toolkit.normalizers.points.lexicon import PhraseTable, find_words, holds_phrase, index_phrases
from toolkit.records import Aspect, LinkBasis, LinkKind, PointLink

_SIDES = {"strength": "praise", "weakness": "blame", "question": "blame", "suggestion": "blame"}
"""Kinds of points that may meet; what a reviewer asks for is on the side of what is found wanting."""


def link_reviewers(read: ReadPoints) -> Iterator[PointLink]:
    """Link points of different reviewers by their wording, then those that judge one aspect of the paper as a whole."""
    table = load_table()
    least = UNITS * table["likeness"]["least_weight"]
    holders = index_terms(read.points, read.weights)
    met: set[tuple[int, int]] = set()
    for one in read.points:
        for place, shared in sum_shared(one.terms, holders).items():
            other = read.points[place]
            if place <= one.place or shared < least or other.review.note_id == one.review.note_id:
                continue
            kind = _find_kind(one, other)
            strength = _measure_likeness(shared, one, other)
            if kind and strength >= table["least_likeness"][kind]:
                met.add((one.place, place))
                yield _link(one, other, kind, "wording", strength)
    yield from _link_overall(read.points, met)


def _find_kind(one: ReadPoint, other: ReadPoint) -> LinkKind | None:
    """Say what two points would be to one another if they were about the same thing."""
    if _SIDES[one.point.kind] == _SIDES[other.point.kind]:
        return "agreement"
    opposed = {one.point.polarity, other.point.polarity} == {"positive", "negative"}
    same = one.point.aspect == other.point.aspect != "other"
    return "disagreement" if opposed and same else None


def _measure_likeness(shared: int, one: ReadPoint, other: ReadPoint) -> float:
    """Return how alike two points are, 0 to 1: the cosine of their telling stems, and what the same aspect adds."""
    table = load_table()["likeness"]
    aspects = {one.point.aspect, other.point.aspect}
    adds = table["no_aspect"] if "other" in aspects else table["same_aspect"] if len(aspects) == 1 else 0.0
    return min(1.0, max(0.0, round(shared / math.sqrt(one.weight * other.weight) + adds, 4)))


def _link_overall(points: Sequence[ReadPoint], met: set[tuple[int, int]]) -> Iterator[PointLink]:
    """Link the most salient overall judgement of each reviewer on an aspect with those of the others."""
    best: dict[tuple[Aspect, str], ReadPoint] = {}
    for item in points:
        if item.point.kind not in ("strength", "weakness") or not _judges_whole(item):
            continue
        key = (item.point.aspect, item.review.note_id)
        if key not in best or item.point.salience > best[key].point.salience:
            best[key] = item
    for one, other in combinations(sorted(best.values(), key=lambda item: item.place), 2):
        if one.point.aspect != other.point.aspect or one.review.note_id == other.review.note_id:
            continue
        if (one.place, other.place) not in met:
            kind: LinkKind = "agreement" if one.point.polarity == other.point.polarity else "disagreement"
            yield _link(one, other, kind, "overall", load_table()["overall_strength"])


def _judges_whole(item: ReadPoint) -> bool:
    overall = _load_overall()
    phrases = overall.phrases.get(item.point.aspect)
    if phrases is None:
        return False
    words = find_words(item.text)
    return holds_phrase(words, phrases) and (len(words) <= overall.few_words or holds_phrase(words, overall.subjects))


class _Overall(NamedTuple):
    subjects: PhraseTable
    few_words: int
    phrases: Mapping[str, PhraseTable]
    """By aspect."""


@functools.cache
def _load_overall() -> _Overall:
    table = load_table()["overall"]
    phrases = {aspect: index_phrases(phrases) for aspect, phrases in table["phrases"].items()}
    return _Overall(index_phrases(table["subjects"]), table["few_words"], phrases)


def _link(one: ReadPoint, other: ReadPoint, kind: LinkKind, basis: LinkBasis, strength: float) -> PointLink:
    return PointLink(
        kind,
        basis,
        one.review.note_id,
        one.point.field,
        one.point.start,
        one.point.end,
        other.review.note_id,
        other.point.field,
        other.point.start,
        other.point.end,
        round(strength, 2),
    )

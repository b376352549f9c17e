"""Points as links see them: the stems that say what they are about."""

import functools
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.records import Point, Review
from toolkit.text.terms import list_terms, weigh_term

CRITICAL = ("weakness", "question", "suggestion")
"""Kinds of points that ask something of the authors."""
UNITS = 100
"""Weights of stems are whole numbers of hundredths: sums of them do not depend on the order, and are fast."""


class Holding(NamedTuple):
    """Who holds a stem."""

    weight: int
    places: Sequence[int]
    """Of the points that hold it."""


Holders = Mapping[str, Holding]
"""By stem."""


class ReadPoint(NamedTuple):
    """A point with its words."""

    place: int
    """Its number among these points of the forum."""
    review: Review
    point: Point
    text: str
    terms: frozenset[str]
    weight: int
    """How telling its stems are together."""


class ReadPoints(NamedTuple):
    """The points of a forum that judge or ask, in order."""

    points: Sequence[ReadPoint]
    weights: Mapping[str, int]
    """Stem of any point -> how telling it is in this forum."""


@functools.cache
def load_table() -> Mapping[str, Any]:
    """Return ``links.toml``."""
    return tomllib.loads(Path(__file__).with_name("links.toml").read_text(encoding="utf-8"))


def read_points(reviews: Sequence[Review], subject: str) -> ReadPoints:
    """Return the points that judge or ask, with their stems; those of the paper's subject weigh less."""
    placed: list[tuple[Review, Point, str, frozenset[str]]] = []
    for review in reviews:
        texts = {section.field: section.text for section in review.sections}
        for point in review.points:
            if point.kind not in (*CRITICAL, "strength"):
                continue
            text = texts[point.field][point.start : point.end]
            placed.append((review, point, text, list_terms(text)))
    own, share = list_terms(subject), load_table()["subject_share"]
    known = frozenset[str]().union(*(item[-1] for item in placed))
    weights = {term: round(UNITS * weigh_term(term) * (share if term in own else 1.0)) for term in known}
    points = [ReadPoint(place, *item, sum(map(weights.__getitem__, item[-1]))) for place, item in enumerate(placed)]
    return ReadPoints(points, weights)


def index_terms(points: Iterable[ReadPoint], weights: Mapping[str, int]) -> Holders:
    """Return which points hold each stem; stems that many points hold are left out, because they tell nothing.

    That also keeps the work in proportion to the number of points.
    """
    holders: dict[str, list[int]] = {}
    for item in points:
        for term in item.terms:
            if term in holders:
                holders[term].append(item.place)
            else:
                holders[term] = [item.place]
    most = load_table()["most_holders"]
    return {term: Holding(weights[term], places) for term, places in holders.items() if len(places) <= most}


def sum_shared(terms: frozenset[str], holders: Holders) -> dict[int, int]:
    """Return for each point that shares stems with some others how telling these are together, by its place."""
    sums: dict[int, int] = {}
    for term in holders.keys() & terms:
        weight, places = holders[term]
        for place in places:
            sums[place] = sums.get(place, 0) + weight
    return sums

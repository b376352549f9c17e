"""Which review a dialogue means by "Review 1".

Dialogues that others wrote number the reviews in their own way: newest first, in the order in which they were
written, by the AnonReviewer number, or in no order at all. Every order of the reviews is weighed by what the dialogue
says: the words of sentences that name one reviewer, compared with the words that set the reviews apart, and the scores
stated. A claim is called contradicted only where the orders that contradict it carry nearly all of the weight.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from toolkit.auditors.voices import read_voices
from toolkit.records import Forum
from toolkit.text.terms import list_terms, weigh_term

MOST_REVIEWS = 6
"""With more reviews only the named orders are weighed: seven make 5,040."""
PRIOR: Mapping[str, float] = {"newest-first": 0.60, "creation": 0.20, "anonymous": 0.10}
"""How likely each named order is before anything is read. In 27 of 27 published transcripts that could be matched by
content the newest review came first; of 138 score claims 132 fit that, 83 the order of writing, 76 the AnonReviewer
number. All other orders share the rest."""
WORDS_FIT = 0.75
"""How often a telling word in a sentence about a reviewer stands in that reviewer's review, where it stands in one."""
WORD_WEIGHT = 0.5
"""Words of one sentence are no independent witnesses."""
SCORE_FITS = 0.85
"""How often a stated score is the reviewer's."""
LEAST_WEIGHT = 0.01
"""Orders with a smaller share are left out."""
SURE = 0.9
"""The share of the weight from which a numbering is said to be found."""


class Numbering(NamedTuple):
    """One order of the reviews and how likely the dialogue means it."""

    name: str
    """``newest-first``, ``creation``, ``anonymous`` or ``other``."""
    weight: float
    forum: Forum
    """The record with its reviewers named as the dialogue numbers them."""
    reviewers: Mapping[str, str]
    """The dialogue's "R1" -> the record's, by time of writing."""


class Attribution(NamedTuple):
    """What a dialogue says of one numbered reviewer."""

    number: int
    text: str


class StatedScore(NamedTuple):
    """A score that a dialogue gives to one numbered reviewer."""

    number: int
    kind: str
    value: float


def keep_numbering(forum: Forum) -> tuple[Numbering, ...]:
    """Return the order of the record itself, for dialogues that are known to use it."""
    return (Numbering("creation", 1.0, forum, {review.reviewer: review.reviewer for review in forum.reviews}),)


def find_numberings(
    forum: Forum, attributions: Iterable[Attribution], scores: Iterable[StatedScore]
) -> tuple[Numbering, ...]:
    """Return the orders that a dialogue may mean, the likeliest first; their weights add up to one."""
    named = _list_named_orders(forum)
    count = len(forum.reviews)
    if count == 0:
        return keep_numbering(forum)
    orders = (
        list(itertools.permutations(range(count))) if count <= MOST_REVIEWS else list(dict.fromkeys(named.values()))
    )
    others = sum(order not in named.values() for order in orders)
    words = _weigh_words(forum, attributions)
    stated = list(scores)
    logs = []
    for order in orders:
        prior = sum(PRIOR[name] for name, other in named.items() if other == order) or _share_rest(others)
        logs.append(math.log(prior) + _sum_words(words, order) + _sum_scores(forum, stated, order))
    top = max(logs)
    weights = [math.exp(value - top) for value in logs]
    total = sum(weights)
    kept = [
        (weight / total, order) for weight, order in zip(weights, orders, strict=True) if weight / total >= LEAST_WEIGHT
    ]
    kept.sort(key=lambda item: (-round(item[0], 9), item[1]))
    share = sum(weight for weight, _ in kept)
    return tuple(_make_numbering(forum, order, weight / share, named) for weight, order in kept)


def name_numbering(numberings: Sequence[Numbering]) -> str:
    """Return the name of the numbering that a dialogue uses; ``undecided`` where no name has nearly all the weight."""
    names = {numbering.name for numbering in numberings}
    weights = {name: sum(item.weight for item in numberings if item.name == name) for name in names}
    return next((name for name, weight in sorted(weights.items()) if weight >= SURE), "undecided")


def _list_named_orders(forum: Forum) -> dict[str, tuple[int, ...]]:
    """Return the named orders: for each, the position in the record of "Review 1", "Review 2", ..."""
    count = len(forum.reviews)
    signed = [int(found[1]) for review in forum.reviews if (found := re.search(r"(\d+)$", review.signature or ""))]
    orders = {"newest-first": tuple(reversed(range(count))), "creation": tuple(range(count))}
    if len(signed) == count:
        orders["anonymous"] = tuple(sorted(range(count), key=lambda position: signed[position]))
    return orders


def _share_rest(others: int) -> float:
    return (1.0 - sum(PRIOR.values())) / max(others, 1)


def _weigh_words(forum: Forum, attributions: Iterable[Attribution]) -> dict[int, list[float]]:
    """Return for each number, and each review, the logarithm of how well the review explains the words."""
    voices = read_voices(forum)
    reviews = [list_terms(" ".join(voices.reviewers[int(review.reviewer[1:])])) for review in forum.reviews]
    held = Counter(term for terms in reviews for term in terms)
    said: dict[int, set[str]] = {}
    for attribution in attributions:
        said.setdefault(attribution.number, set()).update(list_terms(attribution.text))
    found: dict[int, list[float]] = {}
    for number, terms in said.items():
        sums = [0.0] * len(reviews)
        for term in sorted(terms):
            if not 0 < held[term] < len(reviews):
                continue
            for position, words in enumerate(reviews):
                fit = (WORDS_FIT / held[term] if term in words else 0.0) + (1 - WORDS_FIT) / len(reviews)
                sums[position] += WORD_WEIGHT * math.log(fit) * min(weigh_term(term) / 4.0, 1.0)
        found[number] = sums
    return found


def _sum_words(words: Mapping[int, Sequence[float]], order: Sequence[int]) -> float:
    return sum(sums[order[number - 1]] for number, sums in words.items() if 1 <= number <= len(order))


def _sum_scores(forum: Forum, scores: Iterable[StatedScore], order: Sequence[int]) -> float:
    total = 0.0
    for stated in scores:
        if not 1 <= stated.number <= len(order):
            continue
        review = forum.reviews[order[stated.number - 1]]
        recorded = (review.confidence if stated.kind == "confidence" else review.rating).value
        if recorded is not None:
            total += math.log(SCORE_FITS if recorded == stated.value else 1 - SCORE_FITS)
    return total


def _make_numbering(
    forum: Forum, order: tuple[int, ...], weight: float, named: Mapping[str, tuple[int, ...]]
) -> Numbering:
    name = next((name for name in PRIOR if named.get(name) == order), "other")
    reviewers = {f"R{number}": forum.reviews[position].reviewer for number, position in enumerate(order, start=1)}
    reviews = tuple(
        replace(forum.reviews[position], reviewer=f"R{number}") for number, position in enumerate(order, start=1)
    )
    return Numbering(name, weight, replace(forum, reviews=reviews), reviewers)

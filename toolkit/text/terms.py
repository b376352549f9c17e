"""The words of a passage that say what it is about, as stems, and how telling each is."""

import functools
import math
import re
from collections.abc import Mapping
from pathlib import Path

from toolkit.text.quotes import WORDS

COUNTS = Path(__file__).with_name("stem_counts.tsv")
"""Stem and how many of 100,000 sentences of reviews hold it. Counted by
``toolkit.normalizers.points.training.count_stems`` in the reviews the wording model is taught by (see its card)."""
PER_SENTENCES = 100_000
LEAST_COUNT = 100
"""Stems that fewer sentences hold are not in the table: they weigh what this count weighs."""

_STEM = re.compile(r"([a-z][a-z-]{3,5})[a-z-]*+")
_COMMON_STEMS = frozenset(_STEM.findall(WORDS["common_words"]))


def list_stems(words: str) -> frozenset[str]:
    """Return the first six letters of each longer word of a passage.

    >>> sorted(list_stems("The baselines were tuned"))
    ['baseli', 'tuned', 'were']
    """
    return frozenset(_STEM.findall(words.lower()))


def list_terms(words: str) -> frozenset[str]:
    """Return the stems of a passage that say what it is about.

    >>> sorted(list_terms("The baselines were tuned"))
    ['baseli', 'tuned']
    """
    return list_stems(words) - _COMMON_STEMS


def weigh_term(term: str) -> float:
    """Return how telling a stem is: the logarithm of one over the share of review sentences that hold it.

    >>> weigh_term("experi") < weigh_term("ablati") < weigh_term("lipsch") == round(math.log(1000), 4)
    True
    """
    return _load_weights().get(term, _MOST)


_MOST = round(math.log(PER_SENTENCES / LEAST_COUNT), 4)


@functools.cache
def _load_weights() -> Mapping[str, float]:
    rows = (line.split("\t") for line in COUNTS.read_text(encoding="utf-8").splitlines()[1:])
    return {stem: round(math.log(PER_SENTENCES / int(count)), 4) for stem, count in rows}

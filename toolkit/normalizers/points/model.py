"""The wording model: how likely each kind and aspect of a sentence is, from its words alone. See MODEL_CARD.md.

Two layers. A table of whole numbers, one row a hashed word or part of one, says how much it belongs to each field of a
structured form (summary, strengths, weaknesses, questions) and to each aspect. A small layer over those sums, the cues
of ``cues.toml``, the outward form of the sentence and the sentence before gives the probabilities.

Sums over the table are sums of whole numbers, so they do not depend on the order in which a machine adds.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import RecordError
from toolkit.normalizers.points.features import (
    BUCKETS,
    FORM_SIZE,
    describe_form,
    find_tokens,
    hash_pairs,
    hash_token,
    hash_tokens,
)
from toolkit.normalizers.points.lexicon import ASPECTS, KINDS, CueCount

WEIGHTS = Path(__file__).with_name("weights.npz")
FIELDS = ("summary", "strengths", "weaknesses", "questions")
"""What the columns of the table speak for; after them come the aspects but for ``other``."""
COLUMNS = len(FIELDS) + len(ASPECTS) - 1
LAYER_INPUTS = COLUMNS + len(KINDS) + len(ASPECTS) - 1 + FORM_SIZE + len(FIELDS)
_MOST_CUES = 5
"""More weight of cues than this says no more."""
_NOTHING_BEFORE = -1.5
"""What a field measures, about, where it does not speak: stands for the sentence before the first one."""
_FIRST_CAPACITY, _MOST_REMEMBERED = 1024, 100_000
"""Words kept with their sums; real words repeat, and made-up ones must not fill the memory."""

Numbers = NDArray[np.float64]


class Wording(NamedTuple):
    """One sentence as the model takes it."""

    text: str
    cues: CueCount
    follows: bool
    """Whether the sentence before it in the list is the one before it in the same text."""


class Reading(NamedTuple):
    """What the model says of some sentences, a row each."""

    kinds: Numbers
    """Logarithms of probabilities, in the order of ``KINDS``."""
    aspects: Numbers
    """The same in the order of ``ASPECTS``."""
    faults: Numbers
    """Logarithm of the odds that a question or suggestion says that something is wrong, one number a sentence."""


@dataclass(frozen=True, eq=False)
class WordingModel:
    """The numbers of ``weights.npz``."""

    table: NDArray[np.int8]
    """One row a bucket, one column a field or aspect."""
    scales: Numbers
    """What one unit of each column is worth."""
    intercepts: Numbers
    kind_layer: Numbers
    """One row an input and a last one for the intercept; one column a kind."""
    aspect_layer: Numbers
    fault_layer: Numbers

    def read(self, sentences: Sequence[Wording]) -> Reading:
        """Return what the wording of sentences says; sentences of one text stand in their order."""
        if not sentences:
            return Reading(np.empty((0, len(KINDS))), np.empty((0, len(ASPECTS))), np.empty(0))
        inputs = self.build_inputs(sentences)
        return Reading(
            _normalize(_apply(inputs, self.kind_layer)),
            _normalize(_apply(inputs, self.aspect_layer)),
            _apply(inputs, self.fault_layer)[:, 0],
        )

    def build_inputs(self, sentences: Sequence[Wording]) -> Numbers:
        """Return what the second layer sees, one row a sentence."""
        tokens = [find_tokens(sentence.text) for sentence in sentences]
        measured = self._measure(tokens)
        cues = [(*sentence.cues.kinds, *sentence.cues.aspects) for sentence in sentences]
        form = [describe_form(sentence.text, found) for sentence, found in zip(sentences, tokens, strict=True)]
        before = np.full((len(sentences), len(FIELDS)), _NOTHING_BEFORE)
        follows = np.array([sentence.follows for sentence in sentences])
        follows[0] = False
        before[follows] = measured[:-1, : len(FIELDS)][follows[1:]]
        return np.hstack([measured / 2, np.minimum(np.array(cues), _MOST_CUES) / 2, np.array(form), before / 3])

    def _measure(self, tokens: Sequence[Sequence[str]]) -> Numbers:
        """Return the sums over the table, one row a sentence: each bucket counts 1 / sqrt(number of buckets)."""
        memory = _remember(self)
        places = memory.find_rows([token for found in tokens for token in found])  # may replace memory.sums
        sizes = np.array([len(found) for found in tokens])
        starts = np.cumsum(sizes) - sizes
        sums = np.add.reduceat(memory.sums[places], starts, axis=0)
        pairs = self.table[hash_pairs(memory.hashes[places])].astype(np.int64)
        pairs[starts[1:] - 1] = 0  # none across sentences
        sums[:, 1:] += np.add.reduceat(pairs, starts, axis=0)
        count = sums[:, :1] + (sizes - 1)[:, None]
        measured: Numbers = sums[:, 1:] * self.scales / np.sqrt(count) + self.intercepts
        return measured


class _Memory:
    """The sums of the words that were met: how many buckets, then the columns of the table."""

    def __init__(self, table: NDArray[np.int8]) -> None:
        self.table = table
        self.rows: dict[str, int] = {}
        self.sums = np.zeros((_FIRST_CAPACITY, COLUMNS + 1), dtype=np.int64)
        self.hashes = np.zeros(_FIRST_CAPACITY, dtype=np.uint64)

    def find_rows(self, words: Sequence[str]) -> list[int]:
        if len(self.rows) > _MOST_REMEMBERED:
            self.rows.clear()
        for word in words:
            if word not in self.rows:
                self._add(word)
        return [self.rows[word] for word in words]

    def _add(self, word: str) -> None:
        row = len(self.rows)
        if row == len(self.sums):
            self.sums = np.concatenate([self.sums, np.zeros_like(self.sums)])
            self.hashes = np.concatenate([self.hashes, np.zeros_like(self.hashes)])
        buckets = hash_token(word)
        self.hashes[row] = hash_tokens([word])[0]
        self.sums[row, 0] = len(buckets)
        self.sums[row, 1:] = self.table[buckets].sum(axis=0, dtype=np.int64)
        self.rows[word] = row


@functools.lru_cache(maxsize=2)
def _remember(model: WordingModel) -> _Memory:
    return _Memory(model.table)


def _apply(inputs: Numbers, layer: Numbers) -> Numbers:
    scores: Numbers = inputs @ layer[:-1] + layer[-1]
    return scores


def _normalize(scores: Numbers) -> Numbers:
    """Turn scores into logarithms of probabilities."""
    top = scores - scores.max(axis=1, keepdims=True)
    result: Numbers = top - np.log(np.exp(top).sum(axis=1, keepdims=True))
    return result


SHAPES = {
    "table": (BUCKETS, COLUMNS),
    "scales": (COLUMNS,),
    "intercepts": (COLUMNS,),
    "kind_layer": (LAYER_INPUTS + 1, len(KINDS)),
    "aspect_layer": (LAYER_INPUTS + 1, len(ASPECTS)),
    "fault_layer": (LAYER_INPUTS + 1, 1),
}
"""The arrays of a file of weights."""


def load_model(path: Path = WEIGHTS) -> WordingModel:
    """Read a file of weights.

    Raises:
        RecordError: where the file is missing, damaged or of another make.
    """
    mend = "install ReviewDial anew, or train the model again (see MODEL_CARD.md beside the file)"
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays: dict[str, NDArray[Any]] = {name: stored[name] for name in SHAPES}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise RecordError(
            f"the weights of the wording model cannot be read ({error})", where=str(path), mend=mend
        ) from error
    for name, shape in SHAPES.items():
        if arrays[name].shape != shape:
            raise RecordError(f"the wording model has {name} of another shape", where=str(path), mend=mend)
    return WordingModel(**arrays)


@functools.cache
def load_shipped_model() -> WordingModel:
    """Read the weights of the package once."""
    return load_model()

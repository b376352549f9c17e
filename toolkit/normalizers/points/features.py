"""What the wording model sees of a sentence: hashed words, parts of words and pairs of words, and its outward form.

Hashes are CRC-32, which is the same on every machine and in every version of Python.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 15
"""Rows of the table; a power of two."""
LONGEST = 80
"""Tokens of a sentence that are looked at; what comes after them changes little and costs time."""
_PART_SIZES = (4, 5)
_FIRST_FACTOR, _SECOND_FACTOR, _WORD_MASK = np.uint64(2654435761), np.uint64(2246822519), np.uint64(0xFFFFFFFF)
"""Odd 32-bit numbers that spread what is multiplied by them over all bits (those of xxHash)."""
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[?!]")
_BEGIN, _END = "^", "$"

_ASKING = frozenset(
    ("what", "why", "how", "is", "are", "do", "does", "can", "could", "which", "did", "have", "where", "when")
)
_WISHING = frozenset(("should", "could", "would", "please", "suggest", "recommend", "must"))
_LEADING = frozenset(("for", "this", "these", "in", "since", "because", "e", "given", "when", "if", "as"))
_DENYING = frozenset(("not", "no", "lack", "unclear", "limited", "only", "without", "however", "but"))
_PLACES = frozenset(("typo", "typos", "page", "line", "fig", "figure", "eq", "sec"))
_SHORT, _LONG = 8, 30
"""Tokens: fewer are a remark, more are an explanation."""
FORM_SIZE = 11
"""How many numbers ``describe_form`` gives."""


def find_tokens(text: str) -> list[str]:
    """Return the tokens of a sentence: words, ``#`` for numbers, ``?`` and ``!``, between a begin and an end.

    >>> find_tokens("Why isn't Table 12 in bold?")
    ['^', 'why', 'is', 'not', 'table', '#', 'in', 'bold', '?', '$']
    """
    lowered = text.lower().replace("n’t", " not").replace("n't", " not").replace("cannot", "can not")
    tokens = ["#" if token[0].isdigit() else token for token in _TOKEN.findall(lowered)[:LONGEST]]
    return [_BEGIN, *tokens, _END]


def hash_token(token: str) -> list[int]:
    """Return the buckets of a token: itself and, of a longer word, its parts of four and five characters.

    >>> len(hash_token("why")), len(hash_token("novel"))
    (1, 8)
    """
    buckets = [_hash(token)]
    if len(token) > min(_PART_SIZES) - 1:
        dressed = f"<{token}>"
        buckets += [
            _hash(dressed[start : start + size]) for size in _PART_SIZES for start in range(len(dressed) - size + 1)
        ]
    return buckets


def hash_tokens(tokens: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hash of each token, from which those of pairs are made."""
    return np.array([_hash_whole(token) for token in tokens], dtype=np.uint64)


def hash_pairs(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the buckets of neighbouring tokens, one fewer than tokens.

    Made from the hashes of the tokens by multiplication, because most pairs are met only once.
    """
    mixed = (hashes[:-1] * _FIRST_FACTOR + hashes[1:]) & _WORD_MASK
    result: NDArray[np.uint64] = (mixed * _SECOND_FACTOR & _WORD_MASK) >> np.uint64(32 - BUCKETS.bit_length() + 1)
    return result


def _hash(text: str) -> int:
    return _hash_whole(text) & (BUCKETS - 1)


def _hash_whole(text: str) -> int:
    return zlib.crc32(text.encode())


def describe_form(text: str, tokens: Sequence[str]) -> list[float]:
    """Return how a sentence looks from outside, as ones and zeros: it asks, wishes, is short, denies, names a place."""
    words = tokens[1:-1]
    known = frozenset(words)
    first = words[0] if words else ""
    return [
        float(flag)
        for flag in (
            text.rstrip("\"' )").endswith("?"),
            "?" in text,
            first in _ASKING,
            not _WISHING.isdisjoint(known),
            len(words) < _SHORT,
            len(words) > _LONG,
            first in _LEADING,
            not _DENYING.isdisjoint(known),
            "i" in known,
            not _PLACES.isdisjoint(known),
            '"' in text or "“" in text,
        )
    ]

"""Where the text of a language model falls apart into loops or soup.

Every sentence-like piece of a text counts for it or against it, by its words: fresh prose for, loops, fragments and
words that are none against. The text is cut where the pieces from there to the end count most against it, so a single
odd line between sound ones cuts nothing.
"""

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from toolkit.text.doubtful import load_doubtful_words
from toolkit.text.terms import list_stems, weigh_term

LEAST_BAD_WORDS = 12
"""Words against the text that a cut needs; a repeated "You're welcome." is none."""
OFTEN = 3
"""From this occurrence on a piece is a loop."""
LONG_WORD = 32
"""Letters; longer words of reviews are formulas or addresses."""
_LOOP_WORDS = 8
_PIECE = re.compile(r"[^\n.!?]*(?:[.!?]+(?=\s|$)|[.!?]+|\n|$)[ \t]*")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TOKEN = re.compile(r"\w+")
_LABEL = re.compile(r"^\s*[^\n:]{1,40}:\s*")


class _Piece(NamedTuple):
    start: int
    folded: str
    """Its words in lower case."""
    weight: int
    """Words for the text (negative) or against it (positive)."""


def find_degeneration(text: str) -> int | None:
    """Return the offset from which a text is loops or soup to its end; null where it is sound.

    >>> sound = "Meta-Reviewer: What do the reviewers say about the experiments? "
    >>> find_degeneration(sound)
    >>> find_degeneration(sound + "oint loyloy " * 40) == len(sound)
    True
    """
    pieces = _weigh_pieces(text)
    total, best, cut = 0, LEAST_BAD_WORDS - 1, None
    for position in range(len(pieces) - 1, -1, -1):
        total += pieces[position].weight
        if total > best and pieces[position].weight > 0:
            best, cut = total, position
    if cut is None:
        return None
    often = Counter(piece.folded for piece in pieces)
    while cut and often[pieces[cut - 1].folded] >= OFTEN:  # the loop begins where it is first said
        cut -= 1
    return pieces[cut].start


def _weigh_pieces(text: str) -> list[_Piece]:
    seen: Counter[str] = Counter()
    found = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if not piece.strip():
            continue
        body = _LABEL.sub("", piece) or piece
        words = _WORD.findall(body)
        tokens = _TOKEN.findall(body.lower())
        folded = " ".join(tokens)
        seen[folded] += 1
        against = (seen[folded] >= OFTEN and len(words) > 0) or _is_soup(body, words) or _is_loop(tokens)
        size = max(len(words), len(body.strip()) // 12, 1)
        found.append(_Piece(match.start(), folded, size if against else -size))
    return found


def _is_soup(body: str, words: list[str]) -> bool:
    """Words that are none: endless ones, syllables repeated, or hardly one that reviews use."""
    if any(len(word) > LONG_WORD and "-" not in word for word in words) or re.search(r"\S[ \t]{40,}\S", body):
        return True
    if not words:
        return False
    repetitive = [word for word in words if _repeats_syllables(word)]
    if sum(map(len, repetitive)) * 3 >= sum(map(len, words)):
        return True
    known = sum(_is_known(word) for word in words)
    stripped = body.strip()
    if len(words) <= 3:
        closed = stripped[-1] in '.!?:"”)' and stripped[:1].isupper()
        return not closed and not known
    return len(words) >= _LOOP_WORDS and known * 10 < len(words) * 3


def _repeats_syllables(word: str) -> bool:
    """Tell whether a word is made of a few syllables over and over, as "ointointloyoint" is."""
    lowered = word.lower()
    grams = [lowered[position : position + 3] for position in range(len(lowered) - 2)]
    return len(grams) >= 7 and len(set(grams)) * 10 <= len(grams) * 7


def _is_known(word: str) -> bool:
    lowered = word.lower()
    if lowered in load_doubtful_words().function_words:
        return True
    return any(weigh_term(stem) < _UNKNOWN for stem in list_stems(lowered))


_UNKNOWN = weigh_term("")


def _is_loop(tokens: list[str]) -> bool:
    """Tell whether a piece says the same few words over and over."""
    if len(tokens) < _LOOP_WORDS:
        return False
    pairs = list(pairwise(tokens))
    return len(set(pairs)) * 2 < len(pairs)

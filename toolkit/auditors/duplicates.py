"""Dialogues that say nearly the same as another one of the set."""

import zlib
from collections import defaultdict

from toolkit.auditors.surface import list_words
from toolkit.records import Dialogue

SHINGLE = 5
"""Words of a shingle."""
SKETCH = 128
"""Smallest shingle hashes that are kept of a dialogue; two sketches estimate the overlap of the whole sets."""
LEAST_SHINGLES = 40
"""A shorter dialogue shares half of its words with others by its greetings alone."""
SIMILAR = 0.5
"""The estimated Jaccard similarity of the shingles from which two dialogues are near duplicates."""


class DuplicateFinder:
    """Compares each dialogue with all before it."""

    def __init__(self) -> None:
        """Start with nothing to compare with."""
        self._sketches: dict[str, frozenset[int]] = {}
        self._holders: dict[int, list[str]] = defaultdict(list)

    def add(self, dialogue: Dialogue) -> tuple[str, float] | None:
        """Return the earlier dialogue that is most like this one, with the similarity; null where none is near."""
        sketch = _sketch(dialogue)
        if len(sketch) < LEAST_SHINGLES:
            return None
        shared: dict[str, int] = defaultdict(int)
        for value in sketch:
            for other in self._holders[value]:
                shared[other] += 1
        best: tuple[str, float] | None = None
        for other in sorted(shared):
            if shared[other] * 4 < SKETCH * SIMILAR:
                continue
            similarity = _estimate(sketch, self._sketches[other])
            if similarity >= SIMILAR and (best is None or similarity > best[1]):
                best = (other, similarity)
        self._sketches[dialogue.dialogue_id] = sketch
        for value in sketch:
            self._holders[value].append(dialogue.dialogue_id)
        return best


def _sketch(dialogue: Dialogue) -> frozenset[int]:
    words = list_words("\n".join(turn.text for turn in dialogue.turns))
    shingles = {
        zlib.crc32(" ".join(words[position : position + SHINGLE]).encode())
        for position in range(len(words) - SHINGLE + 1)
    }
    return frozenset(sorted(shingles)[:SKETCH])


def _estimate(one: frozenset[int], other: frozenset[int]) -> float:
    """Estimate the Jaccard similarity of two sets from their smallest hashes (Broder 1997, bottom-k sketches)."""
    smallest = sorted(one | other)[: min(SKETCH, max(len(one), len(other)))]
    return sum(value in one and value in other for value in smallest) / max(1, len(smallest))

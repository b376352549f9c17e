"""How much a point matters, so that the few that do come first. See ``salience.toml``."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.normalizers.points.lexicon import PhraseTable, holds_phrase, index_phrases
from toolkit.records import PointKind


def weigh(words: Sequence[str], kind: PointKind, *, first: bool) -> float:
    """Return the salience of a point, 0 to 1 with two decimals.

    Args:
        words: the words of the point, as ``find_words`` gives them.
        kind: what it does.
        first: whether it is the first point of its section or below its heading.

    >>> weigh("my main concern is that the proof of the second theorem has a gap".split(), "weakness", first=True)
    0.95
    >>> weigh("there is a typo in the third line of the proof".split(), "suggestion", first=False)
    0.05
    """
    table = _load_table()
    score: float = table["kind"][kind]
    wording, size = table["wording"], table["size"]
    if holds_phrase(words, _index("minor_phrases")):
        score += wording["minor"]
    elif holds_phrase(words, _index("major_phrases")):
        score += wording["major"]
    if first:
        score += table["place"]["first"]
    if len(words) < size["few"]:
        score += size["few_adds"]
    elif len(words) > size["many"]:
        score += size["many_adds"]
    return round(min(1.0, max(0.0, score)), 2)


@functools.cache
def _load_table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("salience.toml").read_text(encoding="utf-8"))


@functools.cache
def _index(name: str) -> PhraseTable:
    return index_phrases(_load_table()["wording"][name])

"""The phrases of ``cues.toml``: how much the wording of a sentence speaks for each kind and aspect."""

import functools
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar, cast, get_args

from toolkit.records import Aspect, PointKind

KINDS: tuple[PointKind, ...] = get_args(PointKind)
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
_CATEGORIES: tuple[str, ...] = (*KINDS, *ASPECTS[:-1])
_STRENGTH, _WEAKNESS = KINDS.index("strength"), KINDS.index("weakness")
_STRONG, _FAIR = 2, 1
_WORD = re.compile(r"[a-z]+")
_MOST_REMEMBERED = 65_536
Item = TypeVar("Item")


class Remembered(dict[str, Item]):
    """What a function says of words, kept for the words that were met.

    Most words of a text begin no phrase at all. Looking them up here is a single step that needs no Python code, which
    is what makes reading phrases fast. Real words repeat; made-up ones must not fill the memory.
    """

    def __init__(self, find: Callable[[str], Item]) -> None:
        """Remember what this function says."""
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> Item:
        """Ask the function, once a word."""
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[word] = self._find(word)
        return found


Phrase = tuple[str, ...]
PhraseTable = Remembered[Sequence[Phrase]]
"""Any word -> the phrases that may begin with it; of most words there are none."""


class _Cue(NamedTuple):
    words: tuple[str, ...]
    category: int
    weight: int


class Lexicon(NamedTuple):
    """The tables of ``cues.toml``, made ready for looking up."""

    cues: Remembered[Sequence[_Cue]]
    """Any word -> the cues that may begin with it, longest first."""
    negators: frozenset[str]
    headings: Mapping[str, str]
    heading_aspects: Mapping[str, Aspect]
    skipped_starts: PhraseTable


class CueCount(NamedTuple):
    """How much wording speaks for each kind (in the order of ``KINDS``) and aspect (``ASPECTS`` without ``other``)."""

    kinds: Sequence[int]
    aspects: Sequence[int]


def find_words(text: str) -> tuple[str, ...]:
    """Return the words of a sentence as cues are written.

    >>> find_words("It isn't well-written.")
    ('it', 'is', 'not', 'well', 'written')
    """
    lowered = text.lower().replace("n’t", " not").replace("n't", " not").replace("cannot", "can not")
    return tuple(_WORD.findall(lowered))


def count_cues(words: Sequence[str], lexicon: Lexicon) -> CueCount:
    """Add up the weights of the phrases that a sentence holds; a longer phrase hides the shorter ones in it."""
    counts = [0] * len(_CATEGORIES)
    hidden_until = 0
    for position, candidates in [item for item in enumerate(map(lexicon.cues.__getitem__, words)) if item[1]]:
        if len(candidates[0].words) > 1:
            following = words[position + 1] if position + 1 < len(words) else ""
            candidates = _find_candidates(words[position], following)
        longest = 0
        for cue in candidates:
            size = len(cue.words)
            if size > 2 and not fits_phrase(cue.words, words, position):
                continue
            category = cue.category
            if category < len(KINDS):
                if (position < hidden_until and position + size <= hidden_until) or size < longest:
                    continue
                longest = size
                if category == _STRENGTH and not lexicon.negators.isdisjoint(words[max(0, position - 3) : position]):
                    category = _WEAKNESS
            counts[category] += cue.weight
        if longest:
            hidden_until = max(hidden_until, position + longest)
    return CueCount(counts[: len(KINDS)], counts[len(KINDS) :])


def fits_phrase(pattern: Sequence[str], words: Sequence[str], position: int) -> bool:
    """Whether words hold a phrase at a position; ``*`` at the end of a word of the phrase stands for any ending."""
    if position + len(pattern) > len(words):
        return False
    for offset, expected in enumerate(pattern):
        word = words[position + offset]
        if word != expected and not (expected[-1] == "*" and word.startswith(expected[:-1])):
            return False
    return True


def index_phrases(phrases: str) -> PhraseTable:
    """Read phrases that ``|`` parts."""
    return _index_by_first((words[0], words) for words in _split_phrases(phrases))


def _index_by_first(items: Iterable[tuple[str, Item]]) -> Remembered[Sequence[Item]]:
    """Return for any word the items whose first word it fits, in their order."""
    places: dict[str, list[int]] = {}
    kept: list[Item] = []
    for first, item in items:
        places.setdefault(first, []).append(len(kept))
        kept.append(item)
    sizes = sorted({len(first) - 1 for first in places if first.endswith("*")})

    def find(word: str) -> Sequence[Item]:
        fitting = (word, *(f"{word[:size]}*" for size in sizes if size <= len(word)))
        return tuple(kept[place] for place in sorted(place for first in fitting for place in places.get(first, ())))

    return Remembered(find)


def holds_phrase(words: Sequence[str], table: PhraseTable) -> bool:
    """Whether words hold any phrase of a table.

    >>> holds_phrase(["my", "main", "concerns"], index_phrases("main concern* | typo"))
    True
    """
    begun = [item for item in enumerate(map(table.__getitem__, words)) if item[1]]
    return any(fits_phrase(phrase, words, position) for position, found in begun for phrase in found)


@functools.lru_cache(maxsize=65536)
def _find_candidates(word: str, following: str) -> tuple[_Cue, ...]:
    """Return the cues that may begin with two words, longest first; cues of one or two words do fit."""
    return tuple(
        cue for cue in load_lexicon().cues[word] if len(cue.words) == 1 or fits_phrase(cue.words[1:2], (following,), 0)
    )


@functools.cache
def load_lexicon() -> Lexicon:
    """Read ``cues.toml`` once."""
    raw = tomllib.loads((Path(__file__).parent / "cues.toml").read_text(encoding="utf-8"))
    cues = [
        _Cue(words, _CATEGORIES.index(category), weight)
        for category, table in (*raw["kind"].items(), *raw["aspect"].items())
        for phrases, weight in ((table["strong"], _STRONG), (table["fair"], _FAIR))
        for words in _split_phrases(phrases)
    ]
    cues.sort(key=lambda cue: (-len(cue.words), cue))
    return Lexicon(
        cues=_index_by_first((cue.words[0], cue) for cue in cues),
        negators=frozenset(raw["negators"].split()),
        headings=_index_phrases(raw["heading"]),
        heading_aspects=cast("Mapping[str, Aspect]", _index_phrases(raw["heading_aspect"])),
        skipped_starts=index_phrases(raw["skip"]["starts"]),
    )


def _split_phrases(phrases: str) -> Iterator[tuple[str, ...]]:
    for phrase in phrases.split("|"):
        if words := tuple(phrase.split()):
            yield words


def _index_phrases(tables: Mapping[str, str]) -> dict[str, str]:
    return {" ".join(words): name for name, phrases in tables.items() for words in _split_phrases(phrases)}

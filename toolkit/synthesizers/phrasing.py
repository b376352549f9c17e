"""Sentences composed from parts: the phrasings of phrasings.toml, and a speaker who does not repeat itself.

A phrasing is text with ``[one|another|]`` for a choice (an empty part says nothing; choices nest) and ``{slot}`` for
what the record fills in. A wording whose slots are not all filled is no choice, and a phrasing without a choice left
cannot be used.
"""

import random
import re
import tomllib
from collections.abc import Mapping, Set
from functools import cache
from pathlib import Path
from typing import NamedTuple

from toolkit.text.rewording import capitalise

_SLOT = re.compile(r"\{(\w+)\}")


class Choice(NamedTuple):
    """One place of a phrasing where one of several wordings stands."""

    parts: tuple["Sequence", ...]


Sequence = tuple[str | Choice, ...]


class Phrasing(NamedTuple):
    """A compiled line of phrasings.toml."""

    text: str
    tree: Sequence
    slots: frozenset[str]


def compile_phrasing(text: str) -> Phrasing:
    """Compile one line.

    Raises:
        ValueError: brackets do not match.

    >>> sorted(compile_phrasing("[What|And what] of {topic}?").slots)
    ['topic']
    """
    tree, position = _parse_parts(text, 0, nested=False)
    if position != len(text):
        raise ValueError(f"unmatched bracket in the phrasing {text!r}")
    return Phrasing(text, tree[0], frozenset(_SLOT.findall(text)))


def _parse_parts(text: str, position: int, *, nested: bool) -> tuple[tuple[Sequence, ...], int]:
    parts: list[Sequence] = []
    current: list[str | Choice] = []
    while position < len(text):
        found = re.compile(r"[^\[\]|]+").match(text, position)
        if found:
            current.append(found[0])
            position = found.end()
            continue
        mark = text[position]
        if mark == "[":
            inner, position = _parse_parts(text, position + 1, nested=True)
            if position >= len(text) or text[position] != "]":
                raise ValueError(f"unmatched bracket in the phrasing {text!r}")
            current.append(Choice(inner))
            position += 1
        elif mark == "|" and nested:
            parts.append(tuple(current))
            current = []
            position += 1
        else:
            break
    parts.append(tuple(current))
    return tuple(parts), position


@cache
def read_phrasings() -> Mapping[str, Mapping[str, tuple[Phrasing, ...]]]:
    """Return the compiled phrasings by section and persona; ``any`` holds those that fit everyone."""
    table = tomllib.loads((Path(__file__).parent / "phrasings.toml").read_text(encoding="utf-8"))
    return {
        section: {persona: tuple(compile_phrasing(line) for line in lines) for persona, lines in groups.items()}
        for section, groups in table.items()
    }


class Speech:
    """Picks phrasings for one dialogue, and prefers those it has not used in it."""

    def __init__(self, rng: random.Random, persona: str) -> None:
        """Speak with the choices of ``rng`` in the manner of ``persona``."""
        self.rng = rng
        self.persona = persona
        self._used: dict[str, int] = {}

    def say(self, section: str, /, **slots: str | None) -> str:
        """Return a wording of a section with its slots filled.

        Raises:
            LookupError: no phrasing of the section does with these slots.
        """
        filled = {name: value for name, value in slots.items() if value is not None}
        groups = read_phrasings()[section]
        lines = [
            line for group in (self.persona, "any") for line in groups.get(group, ()) if _fits(line, filled.keys())
        ]
        if not lines:
            raise LookupError(f"no phrasing of {section!r} does with {sorted(filled)}")
        fewest = min(self._used.get(line.text, 0) for line in lines)
        fresh = [line for line in lines if self._used.get(line.text, 0) == fewest]
        line = fresh[self.rng.randrange(len(fresh))]
        self._used[line.text] = fewest + 1
        text = self._expand(line.tree, filled.keys())
        # Slots are filled last, so that brackets of quoted text are never read as choices.
        return tidy(_SLOT.sub(lambda found: filled[found[1]], text))

    def can_say(self, section: str, /, **slots: str | None) -> bool:
        """Whether a section has a phrasing for these slots."""
        filled = {name for name, value in slots.items() if value is not None}
        groups = read_phrasings().get(section, {})
        return any(_fits(line, filled) for group in (self.persona, "any") for line in groups.get(group, ()))

    def _expand(self, tree: Sequence, filled: Set[str]) -> str:
        pieces: list[str] = []
        for part in tree:
            if isinstance(part, str):
                pieces.append(part)
            else:
                usable = [wording for wording in part.parts if _can_fill(wording, filled)]
                # What takes something up from the record says more than a stock wording.
                usable.extend(
                    [wording for wording in usable if any(isinstance(text, str) and "{" in text for text in wording)]
                    * 2
                )
                pieces.append(self._expand(usable[self.rng.randrange(len(usable))], filled))
        return "".join(pieces)


def _fits(line: Phrasing, filled: Set[str]) -> bool:
    return line.slots <= filled or _can_fill(line.tree, filled)


def _can_fill(tree: Sequence, filled: Set[str]) -> bool:
    """Whether a wording can be said with these slots: its own, and those of one wording at each choice."""
    return all(
        filled >= set(_SLOT.findall(part))
        if isinstance(part, str)
        else any(_can_fill(wording, filled) for wording in part.parts)
        for part in tree
    )


def tidy(text: str) -> str:
    """Close the gaps that an unsaid part leaves and begin with a capital letter.

    >>> tidy("so  what does it show ?")
    'So what does it show?'
    """
    text = re.sub(r" {2,}", " ", text).strip()
    return capitalise(re.sub(r" ([,.;:?])(?=\s|$)", r"\1", text))

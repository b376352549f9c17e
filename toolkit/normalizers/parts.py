"""One text in several notes: OpenReview limits how long a note may be, so long replies come as "(1/3)", "(2/3)", ...

Every part stays a note of its own, so that evidence points to the note that holds it; what is found here is only which
notes belong together, and in which order.
"""

import functools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from toolkit.normalizers.roles import load_tables
from toolkit.records import Note

WINDOW = 60 * 60 * 1000
"""Milliseconds between two parts. In real forums most follow within two minutes, the slowest after forty."""

MAX_PARTS = 20
"""A larger number in a title counts something else."""

_LINE = 120
"""A longer first line is a sentence, not a heading."""

_NUMERALS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8}


class _Mark(NamedTuple):
    """What a note says about being a part."""

    number: int | None
    """Null where it only says that it goes on."""
    total: int | None
    stem: str
    """The words of the title without the mark."""


class _Part(NamedTuple):
    note: Note
    number: int | None


class _Series:
    def __init__(self, first: _Part, mark: _Mark | None) -> None:
        self.parts = [first]
        self.total = mark.total if mark else None
        self.stem = mark.stem if mark else None


def find_series(notes: Sequence[Note]) -> tuple[tuple[str, ...], ...]:
    """Return the note ids of every text that was posted in several notes, parts in reading order.

    Parts have one signer and stand within an hour of one another, either below the same note or one below the other
    (a "(2/2)" below its "(1/2)" may come later). They say so in their title, or in the first line of the text where
    there is none. A second part without a marked first one follows what the same signer said there last.
    """
    by_signer: dict[tuple[str, ...], list[Note]] = {}
    for note in sorted(notes, key=lambda note: (note.created, note.id)):
        by_signer.setdefault(note.signatures, []).append(note)
    found = [series for signed in by_signer.values() if len(signed) > 1 for series in _find_of_signer(signed)]
    return tuple(sorted(_order(series) for series in found))


def _find_of_signer(notes: Sequence[Note]) -> Iterable[_Series]:
    marks = {note.id: mark for note in notes if (mark := _read_mark(note))}
    if not marks:
        return []
    found: list[_Series] = []
    seen: list[Note] = []
    for note in notes:
        if mark := marks.get(note.id):
            part = _Part(note, mark.number)
            fitting = [series for series in found if _fits(series, part, mark)]
            if fitting:
                # Several texts below one note may be in parts; the same heading tells best, then the nearest one.
                best = max(fitting, key=lambda series: (series.stem == mark.stem, found.index(series)))
                best.parts.append(part)
                best.total = best.total or mark.total
            elif (head := _find_unmarked_head(seen, note, mark, marks)) is not None:
                series = _Series(_Part(head, None), None)
                series.parts.append(part)
                found.append(series)
            else:
                found.append(_Series(part, mark))
        seen.append(note)
    return [series for series in found if len(series.parts) > 1]


def _fits(series: _Series, part: _Part, mark: _Mark) -> bool:
    if mark.number is not None:
        if series.total and mark.total and series.total != mark.total:
            return False
        if any(other.number == mark.number for other in series.parts):
            return False
    is_near = part.note.created - max(other.note.created for other in series.parts) <= WINDOW
    ids = {other.note.id: other for other in series.parts}
    if (parent := ids.get(part.note.replyto or "")) is not None:
        if part.number is None or parent.number is None:
            return is_near
        # What replies to a later part is no earlier part: a reply stands behind what it replies to.
        return part.number > parent.number and (is_near or mark.total is not None)
    return is_near and any(other.note.replyto == part.note.replyto for other in series.parts)


def _find_unmarked_head(seen: Sequence[Note], note: Note, mark: _Mark, marks: dict[str, _Mark]) -> Note | None:
    if mark.number == 1 or (mark.number or 2) > 2:
        return None
    for other in reversed(seen):
        if note.created - other.created > WINDOW:
            return None
        if other.id == note.replyto or other.replyto == note.replyto:
            return other if other.id not in marks else None
    return None


def _order(series: _Series) -> tuple[str, ...]:
    """Put parts in the order of their numbers; what only goes on stands behind what was said before it."""
    position: list[tuple[int, int, str]] = []
    last = 0
    for part in series.parts:  # by time
        last = max(last, part.number or 0)
        position.append((part.number or last, part.note.created, part.note.id))
    return tuple(note_id for _, _, note_id in sorted(position))


def _read_mark(note: Note) -> _Mark | None:
    title = note.content.get("title")
    if isinstance(title, str) and (mark := _parse_mark(title)):
        return mark
    for name in sorted(note.content):
        text = note.content[name]
        if name != "title" and isinstance(text, str):
            line = text.lstrip()[: _LINE + 1].split("\n", 1)[0]
            if len(line) <= _LINE and (mark := _parse_mark(line)):
                return mark
    return None


@functools.lru_cache(maxsize=8192)
def _parse_mark(line: str) -> _Mark | None:
    """Read the mark of a heading.

    >>> _parse_mark("Response to Reviewer 2 (1/3)")
    _Mark(number=1, total=3, stem='response to reviewer 2')
    >>> _parse_mark("Reply (continued)").number is None, _parse_mark("Summary of changes of 12/18/2017") is None
    (True, True)
    """
    for pattern in _load_patterns():
        match = pattern.search(line)
        if match is None:
            continue
        named = match.groupdict()
        number, total = _read_number(named.get("number")), _read_number(named.get("total"))
        stem = " ".join(re.findall(r"\w+", (line[: match.start()] + " " + line[match.end() :]).lower()))
        if named.get("number") is None:
            return _Mark(None, None, stem)
        if number is not None and 1 <= number <= (total or MAX_PARTS) <= MAX_PARTS:
            return _Mark(number, total, stem)
    return None


def _read_number(text: str | None) -> int | None:
    if text is None:
        return None
    word = text.lower()
    return int(word) if word.isdecimal() else _NUMERALS.get(word) or _ROMAN.get(word)


@functools.cache
def _load_patterns() -> tuple[re.Pattern[str], ...]:
    patterns: Sequence[str] = load_tables()["parts"]["marks"]
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)

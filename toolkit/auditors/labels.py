"""The words of a form beside its numbers: "marginally above the acceptance threshold (7)" names a 6.

Which number a label has is a matter of the venue and year, so it is never resolved globally: "weak accept" is a 6 here
and a 4 there.
"""

import functools
import re
from collections.abc import Iterator
from typing import NamedTuple

from toolkit.auditors.phrases import load_phrases
from toolkit.records import Forum
from toolkit.venues import find_form, list_scales

_FIRST_PART = re.compile(r"[.,;:(\n]|\s[-–—]\s")
SHORTEST_LABEL = 6
"""Characters below which a label is an everyday word ("fair", "good") that also stands beside other numbers."""


class LabelledNumber(NamedTuple):
    """A label of a form and a number in one breath. Offsets refer to the text."""

    start: int
    end: int
    label: str
    number: float
    possible: tuple[float, ...]
    """The numbers that the venue's forms give this label."""


class _LabelIndex(NamedTuple):
    pattern: re.Pattern[str]
    numbers: dict[str, tuple[float, ...]]


def find_labelled_numbers(text: str, venue: str) -> Iterator[LabelledNumber]:
    """Yield every label of the venue's rating and confidence scales that has a number beside it.

    >>> for found in find_labelled_numbers("A clear rejection (4).", "ICLR.cc/2017/conference"):
    ...     print(found)
    LabelledNumber(start=2, end=20, label='clear rejection', number=4.0, possible=(3.0,))
    """
    index = _index_labels(venue)
    if index is None:
        return
    for match in index.pattern.finditer(text):
        name = "first" if match["first"] else "second"
        label, number = match[name], float(match[f"{name}_number"])
        yield LabelledNumber(*match.span(), " ".join(label.split()), number, index.numbers[_fold(label)])


@functools.cache
def _index_labels(venue: str) -> _LabelIndex | None:
    numbers: dict[str, set[float]] = {}
    for row in list_scales(venue):
        if row.kind != "review":
            continue
        for level in row.entry.scale.levels:
            if level.value is None or not level.label or not row.entry.scale.numbered:
                continue
            for words in {level.label, _FIRST_PART.split(level.label)[0]}:
                if len(words.strip()) >= SHORTEST_LABEL:
                    numbers.setdefault(_fold(words), set()).add(level.value)
    if not numbers:
        return None
    longest_first = sorted(numbers, key=lambda words: (-len(words), words))
    label = "|".join(_loosen(words) for words in longest_first)
    number = r"(?<![\w.])\d{1,2}(?:\.5)?(?![\w%]|\.\d)"
    label = rf"(?:the\s+)?(?:{label})"
    pattern = re.compile(
        rf"""(?P<first>\b{label})["”'’.]?\s*(?:\(|\[|:|,?\s+(?:rating|score|confidence)\s+(?:of\s+)?)\s*"""
        rf"""(?:(?:rating|score|confidence)\s*(?:of|:)?\s*)?(?P<first_number>{number})"""
        rf"""|(?P<second_number>{number})(?:\s*(?:[:(–—]|\s-\s)\s*|,\s+(?:i\.e\.,?\s+|that\s+is,?\s+|meaning\s+)?|\s+)"""
        rf"""["“'‘]?(?P<second>{label})(?!\w)""",
        re.IGNORECASE,
    )
    return _LabelIndex(pattern, {words: tuple(sorted(values)) for words, values in numbers.items()})


class SpokenLabel(NamedTuple):
    """Words of a form, or words that people use for them. Offsets refer to the text."""

    start: int
    end: int
    kind: str
    """``rating`` or ``confidence``."""
    words: str
    possible: tuple[float, ...]
    """The numbers that the venue's forms give these words."""
    weak: bool
    """The words have other uses, so a score that does not fit is not held against them."""


def find_spoken_labels(text: str, venue: str) -> list[SpokenLabel]:
    """Return every label of the venue's rating and confidence scales, numbered or not, in the order of the text.

    >>> text = "Both are fairly confident; one calls it a clear rejection."
    >>> for found in find_spoken_labels(text, "ICLR.cc/2019/Conference"):
    ...     print(found.kind, found.words, found.possible)
    confidence fairly confident (3.0,)
    rating clear rejection (3.0,)
    """
    found: list[SpokenLabel] = []
    for kind, pattern, possible, weak in _index_spoken(venue):
        for match in pattern.finditer(text):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(SpokenLabel(*match.span(), kind, " ".join(match[0].split()), possible, weak))
    return sorted(found)


@functools.cache
def _index_spoken(venue: str) -> tuple[tuple[str, re.Pattern[str], tuple[float, ...], bool], ...]:
    """Patterns with the numbers they may mean: whole labels first, longer before shorter ones, then paraphrases."""
    form = find_form(venue, "review")
    if form is None:
        return ()
    fields = {form.rating_field: "rating", form.confidence_field: "confidence"}
    labels: dict[tuple[str, str], set[float]] = {}
    for row in list_scales(venue):
        kind = fields.get(row.field) if row.kind == "review" else None
        for level in row.entry.scale.levels if kind is not None and row.entry.scale.numbered else ():
            if kind is not None and level.value is not None and level.label:
                labels.setdefault((kind, _fold(level.label)), set()).add(level.value)
    rows: list[tuple[str, re.Pattern[str], tuple[float, ...], bool]] = []
    for (kind, label), values in sorted(labels.items(), key=lambda item: (-len(item[0][1]), item[0])):
        if len(label) >= SHORTEST_LABEL and " " in label:
            pattern = re.compile(rf"\b(?:the\s+)?{_loosen(label)}(?!\w)", re.IGNORECASE)
            rows.append((kind, pattern, tuple(sorted(values)), False))
    for phrase in load_phrases().labels:
        meant = {
            value
            for (kind, label), values in labels.items()
            if kind == phrase.kind and phrase.words in label
            for value in values
        }
        if meant:
            rows.append((phrase.kind, phrase.pattern, tuple(sorted(meant)), phrase.weak))
    return tuple(rows)


def stands_in_record(found: LabelledNumber, forum: Forum | None) -> bool:
    """Whether a reviewer answered with just this number and these words; then the record errs, not who repeats it."""
    if forum is None:
        return False
    answers = (score.raw for review in forum.reviews for score in (review.rating, review.confidence) if score.raw)
    label, number = _fold(found.label), f"{found.number:g}"
    return any(answer.lstrip(" (").startswith(number) and label in _fold(answer) for answer in answers)


def _fold(words: str) -> str:
    """Make spellings of one label equal: case, spaces, "the", a final full stop.

    >>> _fold("Marginally above the  acceptance threshold.")
    'marginally above acceptance threshold'
    """
    kept = [word for word in words.lower().replace("’", "'").split() if word != "the"]
    return " ".join(kept).rstrip(" .,;:")


def _loosen(words: str) -> str:
    return r"\s+(?:the\s+)?".join(re.escape(word).replace("'", "['’]") for word in words.split())


def list_venue_numbers(possible: tuple[float, ...]) -> str:
    """Write the numbers a label may have: ``6``, or ``6 or 7``."""
    return " or ".join(f"{value:g}" for value in possible)

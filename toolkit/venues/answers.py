"""Reading an answer as it stands in a record: which level of a scale it names, or why it names none.

Forms of different years send the same answer as ``6``, ``6.0``, ``"6"``, ``"6: Weak Accept"``, ``"6 = Weak Accept"``,
``"6 - Weak Accept"``, ``"(6) Weak Accept"``, ``"6. Weak Accept"``, ``"6 good"`` or ``"Weak Accept"``.
"""

import functools
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from toolkit.venues.catalogue import Level, Scale
from toolkit.venues.scales import format_number

# A number, and then the end, a separator or white space; so "4.5" is not 4 with the label "5", nor "2nd" a 2.
_NUMBER_FIRST = re.compile(
    r"(?P<open>\()?\s*(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)\s*(?(open)\))(?:\s*[:=.–—]|\s+-|\s|-\s|$|(?<=\)))\s*(?P<label>.*)",
    re.DOTALL,
)
_NUMBER_LAST = re.compile(r"(?P<label>.*\S)\s*\(\s*(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?)\s*\)", re.DOTALL)
_LARGEST = 1e9
_SCORE_SHAPE = re.compile(r"\(?[+-]?[0-9]{1,3}(?:\.[0-9]+)?\)?(?:\s*[:=][^\n]{0,200}|\s+[^\W\d]+)?")
_APOSTROPHES = re.compile(r"['’‘`]")
_NOT_WORDS = re.compile(r"[\W_]+")
_ARTICLES = re.compile(r"\b(?:the|an|a) ")

MISSING_ANSWERS = frozenset({"", "n a", "na", "not applicable"})
"""Normalised answers that give no score on any form."""


class Answer(NamedTuple):
    """An answer taken apart."""

    number: float | None
    label: str | None


class Reading(NamedTuple):
    """What an answer means on a scale; exactly one of ``level`` and ``reason`` is set."""

    level: Level | None
    reason: str | None
    missing: bool = False
    label: str | None = None
    """The words of the answer itself."""


class ScaleIndex(NamedTuple):
    """A scale prepared for looking answers up."""

    by_value: Mapping[float, Level]
    labels: Mapping[float | None, tuple[str, ...]]
    """Value of a level -> the normalised forms of its label."""
    exact: Mapping[str, tuple[Level, ...]]
    """Normalised label or part of a label -> the levels that bear it."""
    cut_off: frozenset[str]
    """Normalised labels of which the catalogue knows only the beginning."""
    missing: frozenset[str]


def render_raw(raw: Any) -> str | None:
    """Write an answer as text, as it was given; null when none was given.

    >>> render_raw(4), render_raw("4.5 "), render_raw(None)
    ('4', '4.5 ', None)
    """
    if raw is None or isinstance(raw, str):
        return raw
    return json.dumps(raw, ensure_ascii=False, sort_keys=True)


def split_answer(text: str) -> Answer:
    """Take an answer apart into its number and its words.

    >>> split_answer("6: Weak Accept: Technically solid")
    Answer(number=6.0, label='Weak Accept: Technically solid')
    >>> split_answer("marginally above acceptance threshold (7)")
    Answer(number=7.0, label='marginally above acceptance threshold')
    >>> split_answer("Top 50% of accepted papers, clear accept")
    Answer(number=None, label='Top 50% of accepted papers, clear accept')
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    match = _NUMBER_FIRST.fullmatch(text) or _NUMBER_LAST.fullmatch(text)
    if not match:
        return Answer(None, text or None)
    return Answer(float(match["number"]), match["label"].strip(" -:=.") or None)


def looks_like_score(raw: Any) -> bool:
    """Whether an answer to a field that no form is known to have is written as scores are.

    >>> looks_like_score(4), looks_like_score("3 good"), looks_like_score("3: fair"), looks_like_score("3 of 4 hold")
    (True, True, True, False)
    """
    if isinstance(raw, str):
        return _SCORE_SHAPE.fullmatch(raw.strip()) is not None
    return isinstance(raw, int | float) and not isinstance(raw, bool) and -1000 < raw < 1000


@functools.lru_cache(maxsize=4096)
def normalize_label(label: str) -> str:
    """Reduce a label to what must agree: its words, without case, punctuation and articles.

    >>> normalize_label("Marginally above the acceptance  threshold.")
    'marginally above acceptance threshold'
    """
    words = _NOT_WORDS.sub(" ", _APOSTROPHES.sub("", label.casefold())).strip()
    return _ARTICLES.sub("", words)


@functools.cache
def index_scale(scale: Scale) -> ScaleIndex:
    """Prepare a scale for looking answers up."""
    labels: dict[float | None, tuple[str, ...]] = {}
    exact: dict[str, tuple[Level, ...]] = {}
    cut_off: set[str] = set()
    for level in scale.levels:
        parts = _list_label_parts(level.label) if level.label else ()
        labels[level.value] = parts
        for part in parts:
            exact[part] = (*exact.get(part, ()), level)
        if level.label and level.label.endswith("..."):
            cut_off.update(parts)
    return ScaleIndex(
        by_value={level.value: level for level in scale.levels if level.value is not None},
        labels=labels,
        exact=exact,
        cut_off=frozenset(cut_off),
        missing=MISSING_ANSWERS | {normalize_label(answer) for answer in scale.missing},
    )


def read_answer(scale: Scale, raw: Any) -> Reading:
    """Find the level that an answer names.

    A number that the scale does not have, and a label that contradicts its number, name no level: the reading then
    says why. So does a label that the form is not known to have, because a changed form may have a changed scale.
    """
    if isinstance(raw, Mapping):
        if "value" not in raw:
            return Reading(None, "the record withholds the answer", missing=True)
        raw = raw["value"]
    if isinstance(raw, list | tuple) and len(raw) == 1:
        raw = raw[0]
    if raw is None:
        return Reading(None, "not answered", missing=True)
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return Reading(None, f"an answer is a number or a text, not {type(raw).__name__}")
    index = index_scale(scale)
    if isinstance(raw, str):
        if normalize_label(raw) in index.missing:
            reason = f'answered "{raw.strip()}"' if raw.strip() else "not answered"
            return Reading(None, reason, missing=True)
        answer = split_answer(raw)
    elif not -_LARGEST <= raw <= _LARGEST:
        return Reading(None, "no number of a form is that large")
    else:
        answer = Answer(float(raw), None)
    if answer.number is None:
        return _read_label(scale, index, answer.label or "")
    return _read_number(scale, index, answer.number, answer.label)


def _read_number(scale: Scale, index: ScaleIndex, number: float, label: str | None) -> Reading:
    level = index.by_value.get(number)
    if level is None:
        return Reading(None, f"{scale.scale_id} has no {format_number(number)}")
    if label is None:
        if not scale.numbered:
            return Reading(None, f"the answers of {scale.scale_id} carry no numbers")
        return Reading(level, None)
    words = normalize_label(label)
    own = index.labels[number]
    if not words or any(_names(words, part, index) for part in own):
        return Reading(level, None, label=label)
    if others := index.exact.get(words):
        named = " or ".join(format_number(other.value) for other in others if other.value is not None)
        return Reading(None, f"the label is that of {named}, not of {format_number(number)}")
    if own and scale.labels_verified:
        return Reading(None, f"{scale.scale_id} has other words for {format_number(number)}")
    if _find_levels(index, words):
        return Reading(None, f"the label is not that of {format_number(number)}")
    return Reading(level, None, label=label)


def _read_label(scale: Scale, index: ScaleIndex, label: str) -> Reading:
    words = normalize_label(label)
    levels = index.exact.get(words) or _find_levels(index, words)
    if len(levels) == 1:
        return Reading(levels[0], None, label=label)
    if levels:
        return Reading(None, f"the words fit more than one level of {scale.scale_id}")
    return Reading(None, f"{scale.scale_id} has no such answer")


def _find_levels(index: ScaleIndex, words: str) -> tuple[Level, ...]:
    found = {level for part, levels in index.exact.items() if _names(words, part, index) for level in levels}
    return tuple(sorted(found, key=lambda level: (level.value is None, level.value or 0.0, level.label or "")))


def _names(words: str, part: str, index: ScaleIndex) -> bool:
    """Whether words are a known label or its beginning; forms and people cut long labels short."""
    return words == part or part.startswith(f"{words} ") or (part in index.cut_off and words.startswith(f"{part} "))


def _list_label_parts(label: str) -> tuple[str, ...]:
    """Return a label, its head ("Weak Accept") and its explanation, normalised."""
    head, colon, explanation = label.partition(":")
    parts = (label, head, explanation) if colon else (label,)
    return tuple(dict.fromkeys(words for part in parts if (words := normalize_label(part))))

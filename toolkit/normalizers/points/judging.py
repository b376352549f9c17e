"""Kind, aspect and polarity of a sentence, from what its wording says and where it stands. See ``judging.toml``."""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.normalizers.points.lexicon import ASPECTS, KINDS
from toolkit.records import Aspect, PointKind, Polarity

_ASKED: tuple[PointKind, ...] = ("question", "suggestion")


class Place(NamedTuple):
    """Where a sentence stands."""

    field_kind: PointKind | None
    """What the form says its field holds; null in free text."""
    under: str
    """The kind that the heading above or the sign of its list item names; any other word adds nothing."""
    heading_aspect: Aspect | None
    opening: bool
    """Whether it belongs to the beginning of free text, where nothing has been judged yet."""
    asks: bool
    """Whether it ends in a question mark."""


class Likely(NamedTuple):
    """What the wording says: see ``model.Reading``."""

    kinds: Sequence[float]
    aspects: Sequence[float]
    fault: float


def judge(likely: Likely, place: Place) -> tuple[PointKind, Aspect, Polarity]:
    """Return kind, aspect and polarity of a sentence."""
    kind = _judge_in_field(likely.kinds, place) if place.field_kind else _judge_in_free_text(likely.kinds, place)
    return kind, _judge_aspect(likely.aspects, place, kind), _judge_polarity(likely.fault, kind)


def _judge_in_field(kinds: Sequence[float], place: Place) -> PointKind:
    """The form's word stands; only what ends in a question mark is asked, and what is asked may be a suggestion."""
    assert place.field_kind is not None
    if place.field_kind == "question" or (place.asks and place.field_kind != "summary"):
        return max(_ASKED, key=lambda kind: kinds[KINDS.index(kind)])
    return place.field_kind


def _judge_in_free_text(kinds: Sequence[float], place: Place) -> PointKind:
    scores = dict(zip(KINDS, kinds, strict=True))
    for kind, bonus in _list_bonuses(place.under, place.opening):
        scores[kind] += bonus
    return max(KINDS, key=lambda kind: scores[kind])


@functools.lru_cache(maxsize=256)
def _list_bonuses(under: str, opening: bool) -> tuple[tuple[PointKind, float], ...]:
    table = _load_table()
    bonuses: list[tuple[PointKind, float]] = []
    if under in table["under_heading"]:
        bonuses.append((under, table["under_heading"][under]))  # type: ignore[arg-type]
    bonuses.extend(table["opposed"].get(under, {}).items())
    bonuses.append(("summary", table["opening"]["inside" if opening else "after"]))
    return tuple(bonuses)


def _judge_aspect(aspects: Sequence[float], place: Place, kind: PointKind) -> Aspect:
    if kind in ("summary", "other"):
        return "other"  # nothing is judged or asked, so it is about no aspect of the paper's quality
    scores = dict(zip(ASPECTS, aspects, strict=True))
    if place.heading_aspect is not None:
        scores[place.heading_aspect] += _load_table()["aspect"]["heading"]
    return max(ASPECTS, key=lambda aspect: scores[aspect])


def _judge_polarity(fault: float, kind: PointKind) -> Polarity:
    if kind == "strength":
        return "positive"
    if kind == "weakness" or (kind in _ASKED and fault > 0):
        return "negative"
    return "neutral"


@functools.cache
def _load_table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("judging.toml").read_text(encoding="utf-8"))

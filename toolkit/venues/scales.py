"""What a scale means: aligned values, percentiles, and the answer a level is written as."""

from collections.abc import Sequence

from toolkit.venues.catalogue import Level, Scale


def align_value(scale: Scale, value: float) -> float | None:
    """Return the value of a level in the form that is comparable between scales.

    With an accept line, the k-th of m levels on the accept side, counted from the line, is ``(2k-1)/(2m)``; the reject
    side is mirrored to negative values, so the sign is the form's own verdict. Without one, the k-th of n levels is
    ``(2k-1)/(2n)``, in 0..1. Scales on which lower is better are mirrored first: higher aligned is always better.
    Null where the scale has no good end, or has an accept line that is not known.

    >>> from toolkit.venues.catalogue import Level, Scale
    >>> iclr_2020 = Scale("x", (Level(1.0, None), Level(3.0, None), Level(6.0, None), Level(8.0, None)), accept=6.0)
    >>> align_value(iclr_2020, 6.0), align_value(iclr_2020, 1.0)
    (0.25, -0.75)
    """
    if scale.direction == "none" or not scale.accept_known:
        return None
    values = [level.value for level in scale.levels if level.value is not None]
    if value not in values:
        return None
    accept = scale.accept
    if scale.direction == "lower":
        values, value = [-level for level in reversed(values)], -value
        accept = None if accept is None else -accept
    if accept is None:
        return (2 * values.index(value) + 1) / (2 * len(values))
    accepted = [level for level in values if level >= accept]
    if value >= accept:
        return (2 * accepted.index(value) + 1) / (2 * len(accepted))
    rejected = [level for level in reversed(values) if level < accept]
    return -(2 * rejected.index(value) + 1) / (2 * len(rejected))


def measure_percentile(values: Sequence[float], value: float) -> float:
    """Return the mid-rank of a value among all values: the share below it plus half the share equal to it.

    Raises:
        ValueError: there are no values.

    >>> measure_percentile([3.0, 5.0, 5.0, 8.0], 5.0)
    0.5
    """
    if not values:
        raise ValueError("a percentile needs values")
    below = sum(1 for other in values if other < value)
    equal = sum(1 for other in values if other == value)
    return (below + equal / 2) / len(values)


def render_level(scale: Scale, level: Level) -> str:
    """Write a level the way forms send it: ``"6: Weak Accept"``, ``"4.5"``, or the label of an unnumbered one."""
    if level.value is None or not scale.numbered:
        return level.label or ""
    number = format_number(level.value)
    return f"{number}: {level.label}" if level.label else number


def format_number(value: float) -> str:
    """Write a number of a form without a needless fraction: ``4``, ``4.5``."""
    return str(int(value)) if value.is_integer() else str(value)

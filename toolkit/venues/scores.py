"""From an answer to a ``Score``: the invitation's own options first, then the catalogue, then observed answers."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from toolkit.records import Score, ScoreStatus
from toolkit.venues.answers import MISSING_ANSWERS, normalize_label, read_answer, render_raw, split_answer
from toolkit.venues.catalogue import FieldEntry, Level, Scale, find_form_entry, load_catalogue
from toolkit.venues.scales import align_value, format_number

MAX_REMEMBERED = 200_000
"""How many distinct answers are remembered; forms offer few, so only junk comes near."""

MAX_OBSERVED = 101
"""More different numbers than 0 to 100 are no scale: they count something."""

_LONGEST_ANSWER = 200
"""What is longer is a text that somebody wrote, not an answer that a form offers."""

_remembered: dict[Any, Score] = {}


class Observed(NamedTuple):
    """The answers seen at one venue for one field whose scale nobody has written down."""

    levels: tuple[Level, ...]
    answers: int
    """How many answers the levels were read from."""


def resolve_score(
    venue: str,
    kind: str,
    field: str,
    raw: Any,
    *,
    options: Sequence[Any] | None = None,
    observed: Observed | None = None,
) -> Score:
    """Say what one answer means.

    Args:
        venue: the group id of the venue, which holds its year or cycle ("ICLR.cc/2019/Conference").
        kind: what the note is ("review", "meta_review", "decision", ...).
        field: the name of the field as the form spells it.
        raw: the answer as the record holds it.
        options: what the invitation of this note offers, where it was fetched; believed before the catalogue.
        observed: the answers of this venue to this field (see ``observe_scores``); used where nothing else is known.

    Nothing is guessed: the status is ``known``, ``inferred`` (a recalled or observed scale, with the reason),
    ``unknown`` (kept raw, no value, with the reason) or ``missing``.

    >>> score = resolve_score("ICLR.cc/2019/Conference", "review", "rating", "6: Marginally above acceptance threshold")
    >>> score.value, score.aligned, score.status, score.scale_id
    (6.0, 0.1, 'known', 'rating-1-10')
    >>> resolve_score("ICLR.cc/2019/Conference", "review", "rating", "marginally above acceptance threshold (7)").reason
    'the label is that of 6, not of 7'
    """
    key: Any = (venue, kind, field, raw, raw.__class__, options, observed)
    try:
        found = _remembered.get(key)
    except TypeError:
        # A list or an object as the answer or among the options; rare, so it is worked out each time.
        return _work_out(venue, kind, field, raw, options, observed)
    if found is None:
        found = _work_out(venue, kind, field, raw, options, observed)
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        _remembered[key] = found
    return found


def observe_scores(answers: Iterable[Any]) -> Observed | None:
    """Collect the levels that answers to one field of one venue show; null when they are no numbers of a scale.

    >>> observe_scores(["3: fair", "4: good", "4: good"]).levels
    (Level(value=3.0, label='fair'), Level(value=4.0, label='good'))
    """
    labels: dict[float, Counter[str]] = {}
    count = 0
    for raw in answers:
        text = render_raw(raw)
        if text is None or isinstance(raw, bool) or normalize_label(text) in MISSING_ANSWERS:
            continue
        answer = split_answer(text)
        if answer.number is None:
            return None
        count += 1
        labels.setdefault(answer.number, Counter())[answer.label or ""] += 1
    if not labels or len(labels) > MAX_OBSERVED:
        return None
    # Two wordings for one number mean that the answers do not come from one form.
    levels = tuple(
        Level(value, next(iter(words)) if len(words) == 1 and "" not in words else None)
        for value, words in sorted(labels.items())
    )
    return Observed(levels, count)


def read_options(options: Sequence[Any], known: Scale | None = None) -> Scale | None:
    """Read the options of an invitation into a scale; null when they are no scale.

    Options are strings ("6: Weak Accept"), numbers, or objects with ``value`` and ``description``. An invitation does
    not say where its accept line is: that comes from ``known``, or another scale of the catalogue, with the same
    levels; else from the options' own words, when they are unanimous ("... below ...", "... above ...").

    >>> read_options(["1: Reject", "2: Weak reject", "3: Weak accept", "4: Accept"]).accept
    3.0
    """
    levels: list[Level] = []
    missing: list[str] = []
    categories: list[Level] = []
    for option in options:
        value = option.get("value") if isinstance(option, Mapping) else option
        description = option.get("description") if isinstance(option, Mapping) else None
        text = render_raw(value)
        if text is None or isinstance(value, bool):
            return None
        answer = split_answer(text)
        if answer.number is not None:
            levels.append(Level(answer.number, _cut_number(description, answer.number) or answer.label))
        elif normalize_label(text) in MISSING_ANSWERS:
            missing.append(text)
        else:
            categories.append(Level(None, text.strip()))
    if categories:
        return _match_categories(tuple(categories), known) if not levels else None
    if len({level.value for level in levels}) < max(len(levels), 1):
        return None
    return _place_accept_line(Scale("invitation", tuple(sorted(levels)), missing=tuple(missing)), known)


def draft_form_entry(venue: str, kind: str, field: str, answers: Iterable[Any]) -> str:
    """Write the catalogue entry that a field without a known scale would need, from the answers seen.

    What answers cannot tell, the accept line and the levels that nobody chose, is left to whoever adds it. Answers that
    are texts of their own are left out.
    """
    answers = list(answers)
    observed = observe_scores(answers)
    scale_id = normalize_label(f"{field} {venue}").replace(" ", "-")
    lines = ["scales:", f"  {scale_id}:"]
    if observed:
        lines.append("    levels:")
        for level in observed.levels:
            lines.append(f"      {format_number(level.value or 0.0)}: {_quote(level.label) if level.label else '~'}")
        lines += ["    accept: unknown"] if field in _list_rating_names() else []
    else:
        given = {render_raw(raw) or "" for raw in answers}
        words = sorted(text for text in given if normalize_label(text) not in MISSING_ANSWERS)
        offered = [text for text in words if len(text) <= _LONGEST_ANSWER][:MAX_OBSERVED]
        lines += ["    categories:", *(f"      - {_quote(text)}" for text in offered)]
    lines += ["forms:", f"  - venues: [{_quote(venue)}]", f"    kind: {kind}", "    fields:"]
    lines += [f"      {_quote(field)}: {scale_id}"]
    names: Mapping[str, Sequence[str]] = load_catalogue().tables["field_names"]
    if field in names["ratings"]:
        lines.append(f"    rating: {_quote(field)}")
    elif field in names["confidences"]:
        lines.append(f"    confidence: {_quote(field)}")
    lines += ["    evidence: observed-data", "    verified: false"]
    return "\n".join(lines) + "\n"


def join_form_entries(entries: Iterable[str]) -> str:
    """Put drafts of ``draft_form_entry`` into one catalogue file, in which no key may stand twice."""
    halves = [entry.removeprefix("scales:\n").split("forms:\n", 1) for entry in entries]
    return "".join(["scales:\n", *(scale for scale, _ in halves), "forms:\n", *(form for _, form in halves)])


def _work_out(
    venue: str, kind: str, field: str, raw: Any, options: Sequence[Any] | None, observed: Observed | None
) -> Score:
    form = find_form_entry(venue, kind)
    entry = form.fields.get(field) if form else None
    if options and (scale := read_options(options, entry.scale if entry else None)):
        overall = form is not None and form.rating == field
        if scale.scale_id == "invitation" and scale.accept is None and (overall or field in _list_rating_names()):
            scale = scale._replace(accept_known=False)
        return _score(venue, kind, field, raw, scale, "known", None)
    if entry:
        doubt = None if entry.verified else "the scale is recalled, not verified"
        return _score(venue, kind, field, raw, entry.scale, _status_of(entry), doubt)
    if observed:
        # An observed scale may lack levels that nobody chose yet, so nothing that depends on all levels is derived.
        scale = Scale("observed", observed.levels, accept_known=False)
        doubt = f"no form is known; the scale is read from {observed.answers} answers"
        return _score(venue, kind, field, raw, scale, "inferred", doubt)
    text = render_raw(raw.get("value") if isinstance(raw, Mapping) else raw)
    if text is None or normalize_label(text) in MISSING_ANSWERS:
        return _empty_score(field, text, None, "missing", "not answered")
    return _empty_score(field, text, None, "unknown", f"no scale is known for {field} of a {kind} at {venue}")


def _status_of(entry: FieldEntry) -> ScoreStatus:
    return "known" if entry.verified else "inferred"


def _score(venue: str, kind: str, field: str, raw: Any, scale: Scale, status: ScoreStatus, doubt: str | None) -> Score:
    text = render_raw(raw.get("value") if isinstance(raw, Mapping) else raw)
    reading = read_answer(scale, raw)
    if reading.level is None:
        return _empty_score(field, text, scale.scale_id, "missing" if reading.missing else "unknown", reading.reason)
    value, label = reading.level
    if not scale.labels_verified or label is None:
        label = reading.label
    percentile = None if value is None else _find_percentile(venue, kind, field, value)
    return Score(
        field=field,
        raw=text,
        value=value,
        label=label,
        scale_id=scale.scale_id,
        aligned=None if value is None else align_value(scale, value),
        percentile=percentile,
        percentile_source=None if percentile is None else "catalogue",
        status=status,
        reason=doubt,
    )


def _empty_score(field: str, text: str | None, scale_id: str | None, status: ScoreStatus, reason: str | None) -> Score:
    return Score(field, text, None, None, scale_id, None, None, None, status, reason)


def _find_percentile(venue: str, kind: str, field: str, value: float) -> float | None:
    distribution = load_catalogue().distributions.get((venue, field)) if kind == "review" else None
    if distribution is None or not distribution.whole:
        return None
    below = sum(count for level, count in distribution.counts if level < value)
    equal = sum(count for level, count in distribution.counts if level == value)
    return (below + equal / 2) / sum(count for _, count in distribution.counts)


def _list_rating_names() -> Sequence[str]:
    names: Sequence[str] = load_catalogue().tables["field_names"]["ratings"]
    return names


def _cut_number(description: Any, number: float) -> str | None:
    if not isinstance(description, str):
        return None
    answer = split_answer(description)
    return answer.label if answer.number == number else description.strip() or None


def _match_categories(categories: tuple[Level, ...], known: Scale | None) -> Scale:
    if known is not None and not known.numbered:
        words = {normalize_label(level.label or "") for level in categories}
        if words == {normalize_label(level.label or "") for level in known.levels}:
            return known
    return Scale("invitation", categories, numbered=False, direction="none")


def _place_accept_line(scale: Scale, known: Scale | None) -> Scale:
    candidates = ([known] if known else []) + list(load_catalogue().scales.values())
    for other in candidates:
        if [level.value for level in other.levels] != [level.value for level in scale.levels]:
            continue
        if all(
            mine.label and theirs.label and normalize_label(mine.label) == normalize_label(theirs.label)
            for mine, theirs in zip(scale.levels, other.levels, strict=True)
        ):
            return other._replace(missing=(*other.missing, *scale.missing))
        if other is known and not any(level.label for level in scale.levels):
            return other
    return scale._replace(accept=_read_accept_line(scale.levels))


def _read_accept_line(levels: Sequence[Level]) -> float | None:
    """Find where the words of a scale turn from rejecting to accepting; null unless they turn once."""
    words: Mapping[str, Sequence[str]] = load_catalogue().tables["accept_line_words"]
    sides = []
    for level in levels:
        # What follows the verdict may name the other side: "... above the threshold. But would not mind if rejected".
        head = normalize_label(re.split(r"[:;(.]", level.label or "")[0])
        rejects = any(f" {word} " in f" {head} " for word in words["reject"])
        accepts = any(f" {word} " in f" {head} " for word in words["accept"])
        sides.append("reject" if rejects else "accept" if accepts else None)
    if "accept" not in sides:
        return None
    first = sides.index("accept")
    turns_once = first > 0 and sides[first - 1] == "reject" and "reject" not in sides[first:]
    return levels[first].value if turns_once else None


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

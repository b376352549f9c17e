"""``reviewdial scales``."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli import terminal
from toolkit.errors import UsageError

if TYPE_CHECKING:
    from toolkit.venues import FieldEntry, ScaleRow

WIDTH = 80


@click.command(
    "scales",
    epilog='Example: reviewdial scales ICLR.cc/2019/Conference --explain "6: Marginally above acceptance threshold"',
)
@click.argument("venue", required=False)
@click.option("--explain", metavar="RAW", help="Say what one answer means there, and why.")
@click.option("--field", default=None, metavar="FIELD", help="The field of the answer; by default the overall rating.")
@click.option("--kind", default="review", show_default=True, metavar="KIND", help="What kind of note it stands in.")
@click.option(
    "--stdin",
    "from_stdin",
    is_flag=True,
    help='Read lines {"venue", "kind", "field", "raw"} and answer each with one line; with --json, one Score.',
)
@terminal.add_common_options
def command(
    venue: str | None, explain: str | None, field: str | None, kind: str, from_stdin: bool, as_json: bool
) -> None:
    """Explain the rating and confidence scales of VENUE; without VENUE, list the venues that are known."""
    if from_stdin and (venue is not None or explain is not None):
        raise UsageError("--stdin reads the venue and the answer from its lines", mend="leave VENUE and --explain out")
    if explain is not None and venue is None:
        raise UsageError("--explain needs a venue", mend='say which: reviewdial scales VENUE --explain "..."')
    if from_stdin:
        _answer_lines(sys.stdin, as_json)
    elif venue is None:
        _list_venues(as_json)
    elif explain is not None:
        _explain(venue, kind, field, explain, as_json)
    else:
        _show_venue(venue, as_json)


def _answer_lines(lines: Iterable[str], as_json: bool) -> None:
    from toolkit.tables import to_row
    from toolkit.venues import format_number, resolve_score

    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        score = resolve_score(*_read_question(line, number))
        if as_json:
            click.echo(json.dumps(to_row(score), ensure_ascii=False))
        else:
            said = "" if score.value is None else f" {format_number(score.value)}"
            click.echo(f"{score.status}{said}{f' ({score.reason})' if score.reason else ''}")


def _read_question(line: str, number: int) -> tuple[str, str, str, Any]:
    where = f"line {number} of the input"
    mend = 'write {"venue": ..., "kind": "review", "field": "rating", "raw": ...}'
    try:
        question = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError("not a line of JSON", where=where, mend=mend) from error
    if not isinstance(question, dict) or "raw" not in question:
        raise UsageError("a question is an object with a raw answer", where=where, mend=mend)
    names = [question.get("venue"), question.get("kind", "review"), question.get("field")]
    if not all(isinstance(name, str) for name in names):
        raise UsageError("venue, kind and field are texts", where=where, mend=mend)
    return (*names, question["raw"])


def _list_venues(as_json: bool) -> None:
    from toolkit.venues import list_known_venues

    venues = list_known_venues()
    text = "\n".join([*venues, f"\n{len(venues)} venues; reviewdial scales VENUE shows the scales of one."])
    terminal.print_result(as_json, {"venues": list(venues)}, text)


def _check_venue(venue: str) -> None:
    from difflib import get_close_matches

    from toolkit.venues import list_known_venues, list_scales

    if list_scales(venue):
        return
    by_folded_name = {known.casefold(): known for known in list_known_venues()}
    near = [by_folded_name[name] for name in get_close_matches(venue.casefold(), by_folded_name, n=3, cutoff=0.5)]
    mend = f"did you mean {' or '.join(near)}?" if near else "reviewdial scales lists the venues that are known"
    raise UsageError(f"no scale is known for the venue {venue!r}", mend=mend)


def _explain(venue: str, kind: str, field: str | None, raw: str, as_json: bool) -> None:
    from toolkit.tables import to_row
    from toolkit.venues import find_form, format_number, list_scales, resolve_score

    _check_venue(venue)
    rows = {row.field: row.entry for row in list_scales(venue) if row.kind == kind}
    if field is None:
        form = find_form(venue, kind)
        field = form.rating_field if form else None
        if field is None:
            raise UsageError(
                f"a {kind} at {venue} has no overall rating", mend=f"say --field: {', '.join(rows) or 'none is known'}"
            )
    score = resolve_score(venue, kind, field, raw)
    lines = [f"{field} of a {kind} at {venue}", ""]
    facts: list[tuple[str, str | None]] = [
        ("answer", raw),
        ("status", score.status),
        ("why", score.reason),
        ("value", None if score.value is None else format_number(score.value)),
        ("label", score.label),
        ("aligned", None if score.aligned is None else f"{score.aligned:+.3f}"),
        ("percentile", None if score.percentile is None else f"{score.percentile:.3f} (of all reviews there)"),
        ("scale", score.scale_id),
    ]
    if entry := rows.get(field):
        scale = entry.scale
        numbers = [format_number(level.value) for level in scale.levels if level.value is not None]
        facts.append(("levels", ", ".join(numbers)))
        if scale.accept is not None:
            side = "up to" if scale.direction == "lower" else "from"
            facts.append(("accept", f"{side} {format_number(scale.accept)}"))
        facts.append(("evidence", _describe_evidence(entry.evidence, entry.verified)))
        facts += [("source", source) for source in entry.sources]
    elif rows:
        facts.append(("known fields", ", ".join(rows)))
    for name, fact in facts:
        if fact:
            lines += _wrap(f"{name:<13}", fact)
    terminal.print_result(as_json, {"venue": venue, "kind": kind, **to_row(score)}, "\n".join(lines))


def _show_venue(venue: str, as_json: bool) -> None:
    from itertools import groupby

    from toolkit.venues import list_scales

    _check_venue(venue)
    rows = list_scales(venue)
    lines: list[str] = []
    # Fields that come from one source stand together, and the source is named once.
    for _, group in groupby(rows, key=lambda row: (row.kind, row.entry.evidence, row.entry.sources, row.entry.note)):
        shown = list(group)
        for row in shown:
            lines += [*_draw_scale(row), ""]
        lines += [*_list_sources(shown[0].entry), ""]
    found = {"venue": venue, "scales": [_describe_scale(row) for row in rows]}
    terminal.print_result(as_json, found, "\n".join(lines).rstrip())


def _draw_scale(row: "ScaleRow") -> Iterator[str]:
    from toolkit.venues import align_value, format_number

    scale = row.entry.scale
    yield from _wrap("", f"{row.kind.replace('_', ' ')}: {row.field} [{scale.scale_id}]")
    yield f"{'value':>7}  {'aligned':>7}  label"
    for level in scale.levels:
        aligned = None if level.value is None else align_value(scale, level.value)
        number = "" if level.value is None else format_number(level.value)
        lead = f"{number:>7}  {'' if aligned is None else format(aligned, '+.3f'):>7}  "
        yield from _wrap(lead, (level.label if scale.labels_verified else None) or "-")
    if scale.direction == "lower":
        yield "  Lower is better; aligned is mirrored, so that higher is better."
    if not scale.numbered and scale.levels[0].value is not None:
        yield "  The form shows no numbers; they follow its order."
    if not scale.accept_known:
        yield "  The accept line is not known, so nothing is aligned."
    if not scale.labels_verified:
        yield "  The words of the form are not verified."


def _describe_scale(row: "ScaleRow") -> dict[str, Any]:
    from toolkit.venues import align_value

    scale, entry = row.entry.scale, row.entry
    return {
        "kind": row.kind,
        "field": row.field,
        "scale_id": scale.scale_id,
        "direction": scale.direction,
        "accept": scale.accept,
        "levels": [
            {
                "value": level.value,
                "label": level.label if scale.labels_verified else None,
                "aligned": None if level.value is None else align_value(scale, level.value),
            }
            for level in scale.levels
        ],
        "evidence": entry.evidence,
        "verified": entry.verified,
        "sources": list(entry.sources),
    }


def _list_sources(entry: "FieldEntry") -> Iterator[str]:
    yield from _wrap("  ", f"Evidence: {_describe_evidence(entry.evidence, entry.verified)}.")
    for source in entry.sources:
        yield from _wrap("  Source: ", source)
    if entry.note:
        yield from _wrap("  ", entry.note)


def _describe_evidence(evidence: str, verified: bool) -> str:
    return evidence if verified else f"{evidence}, not verified: scores are inferred"


def _wrap(lead: str, text: str) -> list[str]:
    """Set text behind a lead, in lines no wider than a terminal; paths break behind a slash."""
    lines = [lead]
    for piece in re.findall(r"[^\s/]*/+|[^\s/]+\s*|\s+", text):
        if len(lines[-1]) + len(piece.rstrip()) > WIDTH and lines[-1].strip():
            lines.append(" " * len(lead))
        lines[-1] += piece
    return [line.rstrip() for line in lines]

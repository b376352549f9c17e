"""What commands share: options, where output goes, and progress on a terminal or as plain lines."""

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from toolkit.progress import Progress, format_seconds

if TYPE_CHECKING:
    from toolkit.pipeline import StageReport

Function = TypeVar("Function", bound=Callable[..., Any])

FOLDER = click.Path(file_okay=True, path_type=Path)
"""A folder argument; whether it exists is checked by the workspace, which words the error better."""

PLAIN_SECONDS = 10.0
"""How often a run without a terminal says how far it is."""


def add_common_options(function: Function) -> Function:
    """Add the options that every command has. ``--debug`` is read by ``toolkit.cli.main`` and never passed on."""
    function = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(function)
    return click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")(function)


def name_command(line: str) -> str:
    """Return a command line to type next, as this shell would find it: with a path where it is not on the PATH."""
    if shutil.which("reviewdial") or not sys.argv[0].endswith("/reviewdial"):
        return line
    return f"{sys.argv[0]}{line.removeprefix('reviewdial')}"


def print_result(as_json: bool, value: Mapping[str, Any], text: str) -> None:
    """Print a command's result on stdout: for machines or for people."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def say(message: str) -> None:
    """Tell the user something that is not the result; it goes to stderr, and nothing stops when nobody reads that."""
    with contextlib.suppress(OSError):
        click.echo(message, err=True)


def pick_progress(as_json: bool = False) -> Progress:
    """Return events for machines where asked for; else a bar when stderr is a terminal, and plain lines elsewhere."""
    if as_json:
        return EventProgress()
    return BarProgress() if sys.stderr.isatty() else PlainProgress()


class BarProgress:
    """A progress bar."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Open the bar."""
        from tqdm import tqdm

        self._bar = tqdm(total=total, desc=label, unit=f" {unit}", file=sys.stderr, dynamic_ncols=True, leave=True)

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        self._bar.update(count)

    def show(self, facts: Mapping[str, float], total: int | None) -> None:
        """Put it at the end of the bar."""
        self._bar.total = total
        # What matters first, since a terminal that is 80 wide cuts the end off.
        self._bar.bar_format = "{desc}: {n_fmt}/{total_fmt}{postfix}, {remaining} to go, {rate_fmt}"
        self._bar.set_postfix_str(_join_facts(facts))

    def tell(self, message: str) -> None:
        """Say it above the bar."""
        self._bar.write(message, file=sys.stderr)

    def finish(self) -> None:
        """Close the bar, leaving its last state on the screen."""
        self._bar.close()


class EventProgress:
    """One JSON object a line on stderr for every step."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Tell what begins."""
        self._facts: dict[str, Any] = {"work": label, "done": 0, "total": total, "unit": unit}
        self._tell("start")

    def advance(self, count: int = 1) -> None:
        """Tell how far it is."""
        self._facts["done"] += count
        self._tell("progress")

    def show(self, facts: Mapping[str, float], total: int | None) -> None:
        """Keep it for the next event."""
        self._facts |= {**facts, "total": total}

    def tell(self, message: str) -> None:
        """Pass a message on."""
        self._tell("message", message=message)

    def finish(self) -> None:
        """Tell that it is over."""
        self._tell("finish")

    def _tell(self, event: str, **more: str) -> None:
        say(json.dumps({"event": event, **self._facts, **more}, ensure_ascii=False))


class PlainProgress:
    """A line at the end of each piece of work, and one every few seconds on the way."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Remember what is being done."""
        self._label, self._total, self._unit, self._done, self._facts = label, total, unit, 0, ""
        self._begin = time.monotonic()
        self._next_line = time.monotonic() + PLAIN_SECONDS

    def advance(self, count: int = 1) -> None:
        """Count, and speak when it is time."""
        self._done += count
        if time.monotonic() >= self._next_line:
            say(self._line())
            self._next_line = time.monotonic() + PLAIN_SECONDS

    def show(self, facts: Mapping[str, float], total: int | None) -> None:
        """Keep it for the next line."""
        self._facts, self._total = _join_facts(facts), total

    def tell(self, message: str) -> None:
        """Say it."""
        say(f"{self._label}: {message}")

    def finish(self) -> None:
        """Say how much was done."""
        say(self._line())

    def _line(self) -> str:
        of_total = f" of {self._total:,}" if self._total is not None and self._total != self._done else ""
        line = f"{self._label}: {self._done:,}{of_total} {self._unit}"
        return f"{line}; {self._facts}{self._estimate()}" if self._facts else line

    def _estimate(self) -> str:
        """Return the rate and the time to go, where the total is known and not reached."""
        if not self._total or not 0 < self._done < self._total:
            return ""
        rate = self._done / (time.monotonic() - self._begin)
        return f", {rate:.0f} {self._unit}/s, {format_seconds((self._total - self._done) / rate)} to go"


def _join_facts(facts: Mapping[str, float]) -> str:
    """Return facts in words: ``12 requests, 86 left`` of requests and requests_left."""
    return ", ".join(f"{value:,} {name.rpartition('_')[2]}" for name, value in facts.items())


def describe_stage(report: "StageReport") -> dict[str, Any]:
    """Return what a stage did, for ``--json``."""
    found = {"counts": dict(report.counts), "quarantined": dict(report.quarantined), "up_to_date": not report.fresh}
    if report.stage == "normalize":
        found["unknown_scales"] = [dict(scale) for scale in report.unknown_scales]
    return found


def format_stage(report: "StageReport") -> str:
    """Return what a stage did in one line for people.

    >>> from toolkit.pipeline import StageReport
    >>> format_stage(StageReport("normalize", {"forums": 18, "reviews": 54}, {"no-review": 1}, fresh=True))
    'normalize   18 forums, 54 reviews; quarantined: 1 no-review'
    """
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in report.counts.items() if count)
    aside = ", ".join(f"{count:,} {reason}" for reason, count in report.quarantined.items())
    return (
        f"{report.stage:<11} {counts or 'nothing'}"
        + (f"; quarantined: {aside}" if aside else "")
        + ("" if report.fresh else " (up to date)")
    )


def say_unknown_scales(report: "StageReport") -> None:
    """Say which scored fields have a scale that nobody knows, and what to add to the catalogue; on stderr."""
    for scale in report.unknown_scales:
        answers = f"{scale['answers']:,} answer{'s' if scale['answers'] > 1 else ''}"
        say(f"unknown scale: {scale['field']} of a {scale['kind']} at {scale['venue']} ({answers})")
    if report.unknown_scales:
        from toolkit.venues import join_form_entries

        say("To add what is unknown, complete this from the venue's form and save it as a file in schemas/venues/:")
        say("\n" + join_form_entries(scale["entry"] for scale in report.unknown_scales))


def print_stage(report: "StageReport", folder: Path, as_json: bool, next_command: str) -> None:
    """Print what one stage did, where it lies and what to do next."""
    say_unknown_scales(report)
    aside = [f"Set aside: {folder.parent / 'quarantine' / report.stage}.jsonl"] if report.quarantined else []
    print_result(
        as_json,
        {"stage": report.stage, "folder": str(folder), **describe_stage(report)},
        "\n".join([format_stage(report), *aside, f"Written:  {folder}", f"Next:     {name_command(next_command)}"]),
    )

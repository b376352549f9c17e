"""``reviewdial show``."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit.cli import terminal
from toolkit.errors import ExitCode, WorkspaceError

if TYPE_CHECKING:
    from toolkit.cli.lookup import RecordFiles

PIPED_WIDTH = 80
WIDEST = 100
"""Columns beyond which prose is hard to read; a wider terminal is not filled."""


@click.command("show", epilog="Example: reviewdial show hNxlPoCtCW --in output/demo --dialogue")
@click.argument("identifier", metavar="ID")
@click.option(
    "--in",
    "folder",
    type=terminal.FOLDER,
    metavar="DIR",
    help="A build or dataset folder. Default: this folder, else the newest build under output/.",
)
@click.option("--dialogue", "as_dialogue", is_flag=True, help="With a paper's id: print its first dialogue instead.")
@click.option(
    "--points",
    is_flag=True,
    help="Cut the reviews into points: kind, aspect, weight, who agrees.",
)
@click.option("--width", type=click.IntRange(60, 400), metavar="N", help="Columns; default: the terminal's, or 80.")
@terminal.add_common_options
def command(
    identifier: str, folder: Path | None, as_dialogue: bool, points: bool, width: int | None, as_json: bool
) -> ExitCode:
    """Print a paper's record, or a dialogue with its evidence.

    ID is the id of a paper (its OpenReview forum) or of a dialogue. Under each turn of a dialogue stands the evidence:
    the note, the field, the offsets and the exact characters that the turn rests on.
    """
    from toolkit.cli import lookup, reading
    from toolkit.tables import to_row

    files = lookup.find_record_files(folder or lookup.find_default_folder())
    forum = None if as_dialogue else lookup.load_forum(files, identifier)
    dialogue = None
    if forum is None:
        dialogue = lookup.load_dialogue(files, identifier) or (
            lookup.load_first_dialogue(files, identifier) if as_dialogue else None
        )
    width = width or _measure_width()
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    if forum is not None:
        page = "" if as_json else reading.render_forum(forum, width, colour, points)
        terminal.print_result(as_json, to_row(forum), page.rstrip("\n"))
    elif dialogue is not None:
        record = None if as_json else lookup.load_forum(files, dialogue.forum)
        page = "" if as_json else reading.render_dialogue(dialogue, record, width, colour)
        terminal.print_result(as_json, to_row(dialogue), page.rstrip("\n"))
    else:
        raise _report_unknown(files, identifier, as_dialogue)
    return ExitCode.DONE


def _measure_width() -> int:
    if not sys.stdout.isatty():
        return PIPED_WIDTH
    return min(shutil.get_terminal_size((PIPED_WIDTH, 24)).columns, WIDEST)


def _report_unknown(files: "RecordFiles", identifier: str, as_dialogue: bool) -> WorkspaceError:
    from toolkit.cli import lookup

    what = "dialogue" if as_dialogue else "forum or dialogue"
    near = lookup.suggest_ids(files, identifier)
    mend = f"did you mean {' or '.join(near)}?" if near else "ids are the `forum` and `dialogue_id` columns there"
    shown = identifier if len(identifier) <= 60 else identifier[:60] + "…"
    return WorkspaceError(f"no {what} {shown!r}", where=str(files.folder), mend=mend)

"""``reviewdial synthesize``."""

from pathlib import Path

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("synthesize", epilog="Example: reviewdial synthesize output/demo --per-forum 2 --seed 7")
@click.argument("folder", metavar="DIR", type=terminal.FOLDER)
@click.option(
    "--generator",
    type=click.Choice(["grounded"]),
    default="grounded",
    show_default=True,
    help="grounded: offline and extractive, every claim with its evidence.",
)
@click.option(
    "--per-forum", type=click.IntRange(1, 20), default=1, show_default=True, metavar="N", help="Dialogues a paper."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    metavar="S",
    help="Same seed, same dialogues.",
)
@terminal.add_common_options
def command(folder: Path, generator: str, per_forum: int, seed: int, as_json: bool) -> ExitCode:
    """Turn DIR/forums/ into DIR/dialogues/: a meta-reviewer asks, an agent that has read the reviews answers.

    A paper that no dialogue can be written about (no review, for example) is listed with its reason in
    DIR/quarantine/synthesize.jsonl.
    """
    from toolkit.pipeline import run_synthesize

    workspace = places.open_workspace(folder)
    with places.lock_workspace(workspace):
        report = run_synthesize(workspace, per_forum=per_forum, seed=seed, progress=terminal.pick_progress())
    terminal.print_stage(report, workspace.dialogues, as_json, next_command=f"reviewdial audit {folder}")
    return report.exit_code

"""``reviewdial synthesize``."""

from pathlib import Path
from typing import get_args

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode
from toolkit.records import Length, OptionalAct, Persona


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
@click.option(
    "--persona",
    "personas",
    type=click.Choice(get_args(Persona)),
    multiple=True,
    help="How the meta-reviewer asks; may be given more than once. Default: all, one is drawn for each dialogue.",
)
@click.option(
    "--length",
    type=click.Choice(get_args(Length)),
    default="medium",
    show_default=True,
    help="How many questions: short 3-5, medium 5-8, long 8-12.",
)
@click.option(
    "--leave-out",
    type=click.Choice(get_args(OptionalAct)),
    multiple=True,
    metavar="ACT",
    help=f"Never ask this; may be given more than once: {', '.join(get_args(OptionalAct))}.",
)
@terminal.add_common_options
def command(
    folder: Path,
    generator: str,
    per_forum: int,
    seed: int,
    personas: tuple[Persona, ...],
    length: Length,
    leave_out: tuple[OptionalAct, ...],
    as_json: bool,
) -> ExitCode:
    """Turn DIR/forums/ into DIR/dialogues/: a meta-reviewer asks, an agent that has read the reviews answers.

    A paper that no dialogue can be written about (no review, for example) is listed with its reason in
    DIR/quarantine/synthesize.jsonl.
    """
    from toolkit.pipeline import run_synthesize

    workspace = places.open_workspace(folder)
    with places.lock_workspace(workspace):
        report = run_synthesize(
            workspace,
            per_forum=per_forum,
            seed=seed,
            personas=personas,
            length=length,
            leave_out=leave_out,
            progress=terminal.pick_progress(),
        )
    terminal.print_stage(report, workspace.dialogues, as_json, next_command=f"reviewdial audit {folder}")
    return report.exit_code

"""``reviewdial normalize``."""

from pathlib import Path

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("normalize", epilog="Example: reviewdial normalize output/demo")
@click.argument("folder", metavar="DIR", type=terminal.FOLDER)
@terminal.add_common_options
def command(folder: Path, as_json: bool) -> ExitCode:
    """Turn DIR/store.sqlite into DIR/forums/: one record a paper.

    Every review gets its rating and confidence on the scale of its form, its text in sections and points, the
    discussion its order and roles, the paper its decision. A paper that cannot be read goes to
    DIR/quarantine/normalize.jsonl with the reason.
    """
    from toolkit.pipeline import run_normalize

    workspace = places.open_workspace(folder)
    with places.lock_workspace(workspace):
        report = run_normalize(workspace, terminal.pick_progress())
    terminal.print_stage(report, workspace.forums, as_json, next_command=f"reviewdial synthesize {folder}")
    return report.exit_code

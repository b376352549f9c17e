"""``reviewdial report``."""

from pathlib import Path

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("report", epilog="Example: reviewdial report output/demo")
@click.argument("folder", metavar="DIR", type=terminal.FOLDER)
@terminal.add_common_options
def command(folder: Path, as_json: bool) -> ExitCode:
    """Write DIR/audit/report.html once more from the audit that lies there.

    One file for a browser that loads nothing from anywhere: every dialogue beside its record, findings and evidence
    highlighted both ways. `reviewdial audit` writes it too; this command is for a newer version of the page.
    """
    from toolkit.pipeline import run_report

    workspace = places.open_workspace(folder)
    with places.lock_workspace(workspace):
        path = run_report(workspace)
    terminal.print_result(as_json, {"report": str(path)}, f"Written:  {path}")
    return ExitCode.DONE

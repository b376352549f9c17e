"""``reviewdial build``."""

from pathlib import Path

import click

from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("build", epilog="Example: reviewdial build examples/first_dataset.toml")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--out", type=terminal.FOLDER, metavar="DIR", help="The build folder, instead of the recipe's.")
@terminal.add_common_options
def command(recipe: Path, out: Path | None, as_json: bool) -> ExitCode:
    """Build a dataset from RECIPE, a TOML file: import or fetch, normalize, synthesize, audit, export.

    Stages whose result already lies in the build folder are not run again. Nothing is exported when the audit finds
    something that the recipe does not let through.
    """
    from toolkit.pipeline import build

    report = build(recipe, out, terminal.pick_progress())
    workspace = report.workspace
    for stage in report.stages:
        terminal.say_unknown_scales(stage)
    terminal.print_result(
        as_json,
        {
            "folder": str(workspace.root),
            "dataset": str(workspace.dataset),
            "stages": {stage.stage: terminal.describe_stage(stage) for stage in report.stages},
        },
        "\n".join(
            [
                *(terminal.format_stage(stage) for stage in report.stages),
                f"Dataset:  {workspace.dataset}",
                *([f"Set aside: {workspace.quarantine}/"] if report.exit_code is ExitCode.PARTIAL else []),
                f"Next:     {terminal.name_command(f'reviewdial verify {workspace.dataset}')}",
            ]
        ),
    )
    return report.exit_code

"""``reviewdial export``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit import tables
from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode

if TYPE_CHECKING:
    from toolkit.exporters import ExportReport


@click.command("export", epilog="Example: reviewdial export output/demo --out output/demo/dataset --shares 0.7 0.1 0.2")
@click.argument("folder", metavar="DIR", type=terminal.FOLDER)
@click.option("--out", type=terminal.FOLDER, required=True, metavar="DATASET_DIR", help="The dataset folder to write.")
@click.option("--title", metavar="TEXT", default="ReviewDial dialogues", show_default=True, help="Name on the card.")
@click.option(
    "--shares",
    type=float,
    nargs=3,
    default=(0.8, 0.1, 0.1),
    show_default=True,
    metavar="TRAIN VALIDATION TEST",
    help="How much of the papers each split gets; the three add up to 1.",
)
@click.option(
    "--salt", default="reviewdial", show_default=True, metavar="TEXT", help="Another salt gives other splits."
)
@click.option(
    "--first-version",
    default="1.0.0",
    show_default=True,
    metavar="X.Y.Z",
    help="The version under which papers that are new to the ledger enter it.",
)
@click.option(
    "--preferences/--no-preferences",
    default=True,
    show_default=True,
    help="Whether to add the config dpo: answers with and without one controlled fault.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="splits.parquet of an earlier version, whose papers keep their splits. That of DATASET_DIR always counts.",
)
@terminal.add_common_options
def command(
    folder: Path,
    out: Path,
    title: str,
    shares: tuple[float, float, float],
    salt: str,
    first_version: str,
    preferences: bool,
    ledger: Path | None,
    as_json: bool,
) -> ExitCode:
    """Write DIR/forums/ and DIR/dialogues/ as a dataset folder: Parquet, JSONL, card, Croissant, ledger, manifest.

    A paper and everything made from it is in one split, and stays there when the folder is written again with more
    papers. What its licence does not allow to publish is set aside. A dataset that lies in DATASET_DIR is replaced as
    a whole; a folder with other files is left alone.
    """
    from toolkit.exporters import ExportOptions
    from toolkit.pipeline import run_export

    options = ExportOptions(
        title=title,
        shares=dict(zip(("train", "validation", "test"), shares, strict=True)),
        salt=salt,
        first_version=first_version,
        preferences=preferences,
        ledger=ledger,
    )
    workspace = places.open_workspace(folder)
    with places.lock_workspace(workspace):
        report = run_export(workspace, out, options, terminal.pick_progress())
    terminal.print_result(
        as_json,
        {
            "folder": str(out),
            "rows": report.rows,
            "empty_splits": report.empty_splits,
            "splits_kept": report.kept,
            "license": report.license,
            "counts": report.counts,
            "quarantined": [tables.to_row(item) for item in report.quarantined],
        },
        "\n".join(
            [
                *_format_rows(report),
                *([f"Set aside: {workspace.quarantine / 'export.jsonl'}"] if report.quarantined else []),
                f"Dataset:  {out}",
                f"Next:     {terminal.name_command(f'reviewdial verify {out}')}",
            ]
        ),
    )
    return ExitCode.PARTIAL if report.quarantined else ExitCode.DONE


def _format_rows(report: "ExportReport") -> list[str]:
    lines = [
        f"{config:<11} " + ", ".join(f"{split} {count:,}" for split, count in splits.items())
        for config, splits in report.rows.items()
    ]
    empty = sorted({split for splits in report.empty_splits.values() for split in splits})
    if empty:
        lines.append(f"Left out: {', '.join(empty)} where no row fell into it")
    if report.kept:
        lines.append(f"Kept:     the splits of {report.kept:,} papers of the earlier ledger")
    return lines

"""``reviewdial verify``."""

from pathlib import Path

import click

from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("verify", epilog="Example: reviewdial verify output/demo/dataset")
@click.argument("folder", metavar="DATASET_DIR", type=terminal.FOLDER)
@terminal.add_common_options
def command(folder: Path, as_json: bool) -> ExitCode:
    """Check a dataset folder against itself and say which row, span or line does not hold.

    Compared are: every file with the manifest, Parquet with JSONL, every row with its declared table, every evidence
    span with the text it points to, messages with turns, the training rows with the dialogues, splits with the ledger,
    and the figures of the manifest with the rows. Ends with 1 when anything does not hold.
    """
    from toolkit.exporters import verify_dataset

    report = verify_dataset(folder, terminal.pick_progress())
    lines = [f"fault: {fault}" for fault in report.faults]
    if report.fault_count > len(report.faults):
        lines.append(f"... and {report.fault_count - len(report.faults):,} more")
    rows = sum(count for splits in report.rows.values() for count in splits.values())
    lines.append(
        f"{'DAMAGED' if report.fault_count else 'OK'}: {report.files:,} files, {rows:,} rows, {report.turns:,} turns, "
        f"{report.spans:,} evidence spans checked; {report.fault_count:,} fault{'' if report.fault_count == 1 else 's'}"
    )
    terminal.print_result(as_json, {"folder": str(folder), **report._asdict()}, "\n".join(lines))
    return ExitCode.FAILED if report.fault_count else ExitCode.DONE

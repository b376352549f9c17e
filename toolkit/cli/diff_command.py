"""``reviewdial diff``."""

from typing import TYPE_CHECKING, Any

import click

from toolkit.cli import terminal
from toolkit.errors import ExitCode

if TYPE_CHECKING:
    from toolkit.exporters import DiffReport

FIGURES_SHOWN = 40


@click.command("diff", epilog="Example: reviewdial diff output/v1/dataset output/v2/dataset")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--endpoint", metavar="URL", help="Another Hub than huggingface.co; HF_ENDPOINT says the same.")
@terminal.add_common_options
def command(before: str, after: str, endpoint: str | None, as_json: bool) -> ExitCode:
    """Say what two versions of a dataset have otherwise: rows, columns, splits, figures.

    A and B are dataset folders, or versions on the Hub written as NAMESPACE/NAME@v1.0.0. Ends with 1 when a paper is in
    another split than before, which must never happen; other differences are no failure.
    """
    from toolkit.exporters import diff_datasets

    report = diff_datasets(before, after, endpoint=endpoint)
    value: dict[str, Any] = {
        **report._asdict(),
        "configs": {name: diff._asdict() for name, diff in report.configs.items()},
        "same": report.is_same,
    }
    terminal.print_result(as_json, value, _render(report))
    return ExitCode.FAILED if report.moved else ExitCode.DONE


def _render(report: "DiffReport") -> str:
    lines = [f"A  {report.before}", f"B  {report.after}", ""]
    if report.is_same:
        lines.append("Every row is in both, the same.")
    else:
        lines.append(f"{'config':<12}{'A':>9}{'B':>9}{'added':>9}{'removed':>9}{'changed':>9}")
        for name, diff in report.configs.items():
            figures = (diff.before, diff.after, diff.added, diff.removed, diff.changed)
            lines.append(f"{name:<12}" + "".join(f"{figure:>9,}" for figure in figures))
            if diff.changed_columns:
                columns = ", ".join(f"{column} {count:,}" for column, count in diff.changed_columns.items())
                lines.append(f"  changed: {columns}")
            lines += [f"  {kind}: {', '.join(keys)}" for kind, keys in diff.examples.items() if keys]
    lines += ["", f"Papers: {report.papers_added:,} added, {report.papers_removed:,} removed"]
    moved = f"{len(report.moved):,} moved: {', '.join(report.moved[:10])}" if report.moved else "none moved"
    lines.append(f"Splits: {moved}")
    if report.figures:
        lines += ["", f"{'figure':<48}{'A':>14}{'B':>14}"]
        shown = list(report.figures.items())[:FIGURES_SHOWN]
        lines += [f"{name:<48}{_write(first):>14}{_write(second):>14}" for name, (first, second) in shown]
        if len(report.figures) > len(shown):
            lines.append(f"... and {len(report.figures) - len(shown)} more; --json has all")
    return "\n".join(lines)


def _write(value: Any) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)

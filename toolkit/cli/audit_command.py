"""``reviewdial audit``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode, UsageError
from toolkit.records import RuleName

if TYPE_CHECKING:
    from toolkit.cli.foreign_dialogues import ForeignAudit


@click.command(
    "audit",
    epilog="Example: reviewdial audit output/demo"
    "\n\nreviewdial audit --dialogues transcripts/ --records output/demo --out audits/theirs",
)
@click.argument("folder", metavar="[DIR]", type=terminal.FOLDER, required=False)
@click.option(
    "--dialogues",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Somebody else's dialogues: a folder of raw transcripts, what `reviewdial parse` wrote, or rows of a dataset.",
)
@click.option("--records", type=terminal.FOLDER, metavar="DIR", help="The build or dataset folder with their records.")
@click.option("--out", type=terminal.FOLDER, metavar="AUDIT_DIR", help="Where that audit is written.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The mildest severity of a finding that makes the command exit with 1.",
)
@click.option(
    "--leave-out",
    multiple=True,
    type=click.Choice(get_args(RuleName)),
    metavar="RULE",
    help="A rule that is not applied; may be given more than once. docs/auditing.md lists the rules.",
)
@terminal.add_common_options
def command(
    folder: Path | None,
    dialogues: Path | None,
    records: Path | None,
    out: Path | None,
    fail_on: str,
    leave_out: tuple[str, ...],
    as_json: bool,
) -> ExitCode:
    """Check every dialogue against the record.

    Reads DIR/forums and DIR/dialogues and writes DIR/audit: findings.parquet, claims.parquet, summary.json and
    report.html, a page for a browser. With --dialogues, --records and --out it audits dialogues of others instead: a
    folder of raw transcripts, a file that `reviewdial parse` has written, or rows in the shape of
    schemas/dialogue.schema.json. What does not fit is set aside.
    """
    from toolkit.cli.score_card import read_examples, render_score_card
    from toolkit.pipeline import count_failing, run_audit

    if (folder is None) == (dialogues is None):
        raise UsageError("name either a build folder or --dialogues FILE", mend="see `reviewdial audit --help`")
    progress = terminal.pick_progress()
    foreign: ForeignAudit | None = None
    if folder is not None:
        if records is not None or out is not None:
            raise UsageError("--records and --out go with --dialogues", mend="leave them out")
        workspace = places.open_workspace(folder)
        with places.lock_workspace(workspace):
            summary = run_audit(workspace, progress, leave_out=leave_out).summary
        subject, written = str(folder), workspace.audit
    else:
        from toolkit.cli.foreign_dialogues import audit_foreign_dialogues

        if dialogues is None or records is None or out is None:
            raise UsageError("--dialogues needs --records DIR and --out AUDIT_DIR", mend="name both")
        foreign = audit_foreign_dialogues(dialogues, records, out, progress, leave_out=leave_out)
        summary, subject, written = foreign.summary, str(dialogues), out
    failing = count_failing(summary, fail_on)
    result: dict[str, Any] = {"folder": str(written), "failing": failing, "summary": dict(summary)}
    lines = [render_score_card(summary, subject, read_examples(written))]
    if foreign is not None:
        result["quarantined"] = dict(foreign.quarantined)
        if foreign.quarantined:
            aside = ", ".join(f"{count:,} {reason}" for reason, count in foreign.quarantined.items())
            lines.append(f"Set aside: {written / 'quarantine.jsonl'} ({aside})")
    lines.append(f"Written:  {written}; {written / 'report.html'} opens in a browser")
    terminal.print_result(as_json, result, "\n".join(lines))
    if failing:
        return ExitCode.FAILED
    return ExitCode.PARTIAL if foreign is not None and foreign.quarantined else ExitCode.DONE

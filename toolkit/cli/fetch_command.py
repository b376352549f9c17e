"""``reviewdial fetch``."""

from datetime import UTC, datetime
from pathlib import Path

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode


@click.command("fetch", epilog="Example: reviewdial fetch ICLR.cc/2019/Conference --out output/iclr-2019 --limit 50")
@click.argument("venues", metavar="VENUE...", nargs=-1, required=True)
@click.option("--out", required=True, type=terminal.FOLDER, metavar="DIR", help="The build folder; made if missing.")
@click.option("--api", type=click.Choice(["auto", "v1", "v2"]), default="auto", help="Which API has the venues.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Skip notes last modified before.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many submissions a venue.")
@terminal.add_common_options
def command(
    venues: tuple[str, ...],
    out: Path,
    api: str,
    since: datetime | None,
    limit: int | None,
    as_json: bool,
) -> ExitCode:
    """Pull the public review record of venues from OpenReview into DIR/store.sqlite.

    A VENUE is a group id such as ICLR.cc/2019/Conference. OpenReview wants a login: OPENREVIEW_USERNAME and
    OPENREVIEW_PASSWORD, or OPENREVIEW_TOKEN, are read from the environment. Only what everyone may read is stored. A
    run that was cut short goes on where it stopped when the same command is run again.

    DATE is a day (2026-03-01, midnight UTC).
    """
    from toolkit.pipeline import run_fetch

    workspace = places.open_workspace(out, create=True)
    with places.lock_workspace(workspace):
        report = run_fetch(
            workspace,
            venues,
            api=api,
            since=int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else None,
            limit=limit,
            progress=terminal.pick_progress(),
        )
    terminal.print_stage(report, workspace.store, as_json, next_command=f"reviewdial normalize {out}")
    return report.exit_code

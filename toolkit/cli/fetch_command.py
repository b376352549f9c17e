"""``reviewdial fetch``."""

import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from toolkit import workspace as places
from toolkit.cli import terminal
from toolkit.errors import ExitCode, StoppedError

if TYPE_CHECKING:
    from toolkit.fetchers import Credentials, FetchPlan, Manners
    from toolkit.progress import Progress


@click.command("fetch", epilog="Example: reviewdial fetch ICLR.cc/2019/Conference --out output/iclr-2019 --limit 50")
@click.argument("venues", metavar="[VENUE...]", nargs=-1)
@click.option("--out", type=terminal.FOLDER, metavar="DIR", help="The build folder; made if missing.")
@click.option("--api", type=click.Choice(["auto", "v1", "v2"]), default="auto", help="Which API has the venues.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Skip notes last modified before.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many submissions a venue.")
@click.option("--max-requests", type=click.IntRange(min=1), metavar="N", help="Stop before request N + 1.")
@click.option(
    "--max-minutes", type=click.FloatRange(min=0, min_open=True), metavar="M", help="Stop after so many minutes."
)
@click.option(
    "--max-wait",
    type=click.FloatRange(min=0),
    default=65.0,
    show_default=True,
    metavar="M",
    help="Stop rather than wait longer than this for OpenReview's request limit.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be asked for and how long it takes; send nothing.")
@click.option("--check", is_flag=True, help="Log in, say what works, and fetch nothing; at most two requests.")
@click.option("--venues", "word", metavar="WORD", help="List the venues whose id holds WORD, and fetch nothing.")
@click.option("--repair", is_flag=True, help="Make a damaged DIR/store.sqlite sound again.")
@terminal.add_common_options
def command(
    venues: tuple[str, ...],
    out: Path | None,
    api: str,
    since: datetime | None,
    limit: int | None,
    max_requests: int | None,
    max_minutes: float | None,
    max_wait: float,
    dry_run: bool,
    check: bool,
    word: str | None,
    repair: bool,
    as_json: bool,
) -> ExitCode:
    """Pull the public review record of venues from OpenReview into DIR/store.sqlite.

    A VENUE is a group id such as ICLR.cc/2019/Conference. OpenReview wants a login: OPENREVIEW_USERNAME and
    OPENREVIEW_PASSWORD (with OPENREVIEW_TOTP where the account has a second factor), or OPENREVIEW_TOKEN, are read from
    the environment; on a terminal you are asked. Only what everyone may read is stored. A run that was cut short goes
    on where it stopped when the same command is run again; one that finished finds what changed and what is gone.

    DATE is a day (2026-03-01, midnight UTC).
    """
    _require_one_task(venues, out, dry_run=dry_run, check=check, searches=word is not None, repair=repair)
    progress = terminal.pick_progress(as_json)
    manners = _set_manners(max_requests, max_minutes, max_wait, progress)
    if check:
        return _check(as_json)
    if word is not None:
        return _search_venues(word, api, manners, as_json)
    assert out is not None
    if dry_run:
        _print_plans(_plan(out, venues, limit), max_requests, as_json)
        return ExitCode.DONE
    try:
        if repair:
            return _repair(out, manners, as_json)
        moment = int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else None
        return _fetch(out, venues, api, moment, limit, manners, progress, as_json)
    except StoppedError as error:
        raise _add_resume(error, as_json) from None


def _require_one_task(
    venues: Sequence[str], out: Path | None, *, dry_run: bool, check: bool, searches: bool, repair: bool
) -> None:
    tasks = {"--check": check, "--venues": searches, "--repair": repair, "--dry-run": dry_run}
    chosen = [name for name, wanted in tasks.items() if wanted]
    if len(chosen) > 1:
        raise click.UsageError(f"{chosen[0]} and {chosen[1]} do not go together.")
    fetches = chosen in ([], ["--dry-run"])
    if fetches and not venues:
        raise click.UsageError("Missing argument 'VENUE...'.")
    if not fetches and venues:
        raise click.UsageError(f"{chosen[0]} takes no VENUE.")
    if out is None and (fetches or repair):
        raise click.UsageError("Missing option '--out'.")


def _fetch(
    out: Path,
    venues: Sequence[str],
    api: str,
    since: int | None,
    limit: int | None,
    manners: "Manners",
    progress: "Progress",
    as_json: bool,
) -> ExitCode:
    from toolkit.pipeline import run_fetch

    workspace = places.open_workspace(out, create=True)
    with places.lock_workspace(workspace):
        report = run_fetch(workspace, venues, api=api, since=since, limit=limit, progress=progress, manners=manners)
    terminal.print_stage(report, workspace.store, as_json, next_command=f"reviewdial normalize {out}")
    return report.exit_code


def _repair(out: Path, manners: "Manners", as_json: bool) -> ExitCode:
    from toolkit.pipeline import run_repair

    workspace = places.open_workspace(out)
    with places.lock_workspace(workspace):
        report, repair = run_repair(workspace, manners=manners)
    done = [
        (repair.pages_written, "page", "written anew from its notes"),
        (repair.notes_restored, "note", "restored from its page"),
        (repair.pages_fetched, "page", "fetched again"),
        (repair.notes_dropped, "note", "of an imported file dropped: import it again"),
    ]
    lines = [f"{count:,} {what}{'s' if count > 1 else ''} {became}" for count, what, became in done if count]
    terminal.print_result(as_json, repair._asdict(), "\n".join(lines or [f"{workspace.store} is sound"]))
    return ExitCode.PARTIAL if repair.notes_dropped else report.exit_code


_LOGINS = {
    "account": "accepted, with OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD",
    "token": "OPENREVIEW_TOKEN is sent",
    "visitor": "none: OpenReview sees a visitor",
    "refused": "not accepted",
}


def _check(as_json: bool) -> ExitCode:
    from toolkit.fetchers import check_access

    access = check_access()
    lines = [f"Login   {_LOGINS[access.login]}"]
    lines += [f"API {found.api}  {found.host}: {found.says}" for found in access.apis]
    states = {found.state for found in access.apis}
    if "limited" not in states and "answers" in states:
        lines.append("Limit   not reached; OpenReview says how large it is only when it is")
    lines.append(f"Sent    {access.requests} requests; nothing was stored")
    facts = {**access._asdict(), "apis": [found._asdict() for found in access.apis]}
    terminal.print_result(as_json, facts, "\n".join(lines))
    if "limited" in states:
        return ExitCode.STOPPED
    return ExitCode.FAILED if "refused" in states else ExitCode.DONE


def _search_venues(word: str, api: str, manners: "Manners", as_json: bool) -> ExitCode:
    from toolkit.fetchers import Services, list_venues

    found = list_venues(Services(manners), word, api)
    facts = {"venues": [entry._asdict() for entry in found]}
    terminal.print_result(as_json, facts, "\n".join(f"{entry.api}  {entry.venue}" for entry in found))
    return ExitCode.DONE


def _set_manners(
    max_requests: int | None, max_minutes: float | None, max_wait: float, progress: "Progress"
) -> "Manners":
    from toolkit.fetchers import Budget, Manners, Patience

    budget = Budget(max_requests, max_minutes)
    on_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    return Manners(
        budget=budget,
        patience=Patience(budget, max_wait=60 * max_wait, tell=progress.tell),
        ask_login=_ask_login if on_terminal else None,
    )


def _ask_login() -> "Credentials | None":
    """Ask the person at the terminal; an empty name means that they have no account."""
    from toolkit.fetchers import Credentials

    terminal.say("OpenReview lets no visitors in without a login.")
    username = click.prompt("OpenReview user name (empty to give up)", default="", show_default=False, err=True)
    return Credentials(username, click.prompt("Password", hide_input=True, err=True)) if username else None


def _add_resume(error: StoppedError, as_json: bool) -> StoppedError:
    """Say with which command to go on, and from when."""
    line = terminal.name_command(shlex.join(["reviewdial", *sys.argv[1:]]))
    when = f"after {error.resume_at:%Y-%m-%d %H:%M} UTC" if error.resume_at else "later"
    if as_json:
        resume_at = error.resume_at.isoformat(timespec="seconds") if error.resume_at else None
        terminal.print_result(True, {"stopped": error.what, "resume": line, "resume_at": resume_at}, "")
    return StoppedError(
        error.what, where=error.where, mend=f"what came is stored; go on {when} with: {line}", resume_at=error.resume_at
    )


def _plan(out: Path, venues: Sequence[str], limit: int | None) -> "list[FetchPlan]":
    from toolkit.fetchers import open_store, plan_fetch

    path = out / "store.sqlite"
    if not path.exists():
        return [plan_fetch(None, venue, limit=limit) for venue in venues]
    with open_store(path) as store:
        return [plan_fetch(store, venue, limit=limit) for venue in venues]


def _print_plans(plans: "Sequence[FetchPlan]", max_requests: int | None, as_json: bool) -> None:
    requests, minutes = sum(plan.requests for plan in plans), sum(plan.minutes for plan in plans)
    lines = []
    for plan in plans:
        known = f"{plan.submissions:,} submissions" if plan.submissions else "size not known yet; for 1,000 submissions"
        resumed = ", goes on where it stopped" if plan.is_resumed else ""
        lines.append(f"{plan.venue}: {known}: at most {plan.requests} requests, about {plan.minutes:.0f} min{resumed}")
    lines.append("Each venue: login, venue, forms, one request per 1,000 submissions with all replies, and the ends.")
    lines.append("Every further 1,000 submissions cost one request more.")
    if max_requests is not None and requests > max_requests:
        lines.append(f"--max-requests {max_requests} may stop it before the end; the same command goes on then.")
    lines.append(f"In all: at most {requests} requests, about {minutes:.0f} minutes. Nothing was sent.")
    facts = {"plans": [plan._asdict() for plan in plans], "requests": requests, "minutes": minutes, "sent": 0}
    terminal.print_result(as_json, facts, "\n".join(lines))

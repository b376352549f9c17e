"""How many requests a venue costs: one for a thousand submissions with all their replies, and six for all else."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fetchers.raw_notes import (
    VENUE_V1,
    VENUE_V2,
    Raw,
    make_review,
    make_review_v1,
    make_submission,
    make_submission_v1,
)
from tests.fetchers.rig import Rig, set_up
from toolkit.cli import main as shell
from toolkit.errors import ExitCode

TAKEN_OUT = {"Withdrawn_Submission": 120, "Desk_Rejected_Submission": 17}


def make_older(lists: Mapping[str, int]) -> list[Raw]:
    return [
        note
        for invitation, count in lists.items()
        for forum in (f"{invitation[0]}{number:05d}" for number in range(count))
        for note in (make_submission_v1(forum, invitation), make_review_v1(f"r{forum}", forum))
    ]


def make_blind(total: int) -> list[Raw]:
    return make_older({"Blind_Submission": total - 137, **TAKEN_OUT})


def make_open(total: int) -> list[Raw]:
    return make_older({"Submission": total - 137, **TAKEN_OUT})


def make_oldest(total: int) -> list[Raw]:
    return make_older({"submission": total})


def make_newer(total: int) -> list[Raw]:
    """Every twentieth has a reply: notes cost time, and requests are counted here."""
    forums = [f"s{number:05d}" for number in range(total)]
    return [make_submission(forum) for forum in forums] + [make_review(f"r{forum}", forum) for forum in forums[::20]]


VENUES = [
    pytest.param(VENUE_V1, make_blind, 1419, id="double blind"),
    pytest.param(VENUE_V1, make_open, 1419, id="open"),
    pytest.param(VENUE_V1, make_oldest, 1419, id="until 2017"),
    pytest.param(VENUE_V1, make_blind, 1137, id="a list ends with a full page"),
    pytest.param(VENUE_V2, make_newer, 2000, id="newer API, ends with a full page"),
]
LARGE = pytest.param(VENUE_V2, make_newer, 19_630, id="newer API, large")

Make = Callable[[int], list[Raw]]


@contextmanager
def serve_members(folder: Path, notes: Sequence[Raw], monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """Serve full pages to a member of the service: logging in is a request too."""
    with set_up(folder, notes, page_limit=1000, accounts={"u": "p"}) as rig:
        monkeypatch.setenv("OPENREVIEW_USERNAME", "u")
        monkeypatch.setenv("OPENREVIEW_PASSWORD", "p")
        yield rig


def list_kept(rig: Rig) -> set[str]:
    return {note.id for _, notes in rig.store.read_forums() for note in notes}


def plan(rig: Rig, venue: str, capsys: pytest.CaptureFixture[str], *options: str) -> int:
    capsys.readouterr()
    arguments = ["fetch", venue, "--out", str(rig.folder), "--dry-run", "--json", *options]
    assert shell.run(arguments) == ExitCode.DONE
    return int(json.loads(capsys.readouterr().out)["requests"])


@pytest.mark.parametrize(("venue", "make", "total"), [*VENUES, LARGE])
def test_a_fetch_costs_a_request_for_a_thousand_submissions_and_six_more(
    venue: str, make: Make, total: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = make(total)
    with serve_members(tmp_path, notes, monkeypatch) as rig:
        report = rig.fetch(venue)
        assert report.submissions == total
        assert report.requests == len(rig.loopback.requests) <= math.ceil(total / 1000) + 6
        assert list_kept(rig) == {note["id"] for note in notes}


@pytest.mark.parametrize(("venue", "make", "total"), VENUES)
def test_the_number_of_a_dry_run_is_not_exceeded_by_the_next_round(
    venue: str,
    make: Make,
    total: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It finds that a reply is gone, and asks for it."""
    notes = make(total)
    with serve_members(tmp_path, notes, monkeypatch) as rig:
        rig.fetch(venue)
        rig.loopback.remove(notes[-1]["id"])
        rig.loopback.requests.clear()
        planned = plan(rig, venue, capsys)
        assert rig.loopback.requests == []
        rig.fetch(venue)
        assert rig.loopback.requests[-1].endswith(" POST /notes/search")
        assert len(rig.loopback.requests) <= planned
        assert list_kept(rig) == {note["id"] for note in notes[:-1]}


@pytest.mark.parametrize(("venue", "make", "limit"), [(VENUE_V1, make_open, 1200), (VENUE_V2, make_newer, 2500)])
def test_the_number_of_a_dry_run_with_a_limit_is_not_exceeded_by_the_first_round(
    venue: str,
    make: Make,
    limit: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serve_members(tmp_path, make(3000), monkeypatch) as rig:
        planned = plan(rig, venue, capsys, "--limit", str(limit))
        assert rig.fetch(venue, limit=limit).submissions == limit
        assert len(rig.loopback.requests) <= planned

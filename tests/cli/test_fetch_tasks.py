"""What ``reviewdial fetch`` does besides fetching: check, search, plan, repair; each of them alone."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fetchers.raw_notes import VENUE_V2
from tests.fetchers.rig import GROUPS, make_venue
from tests.loopback.openreview import Loopback, serve_openreview
from toolkit.cli import main as shell
from toolkit.errors import ExitCode

LISTS = [{"id": "venues", "domain": "venues", "members": [VENUE_V2]}, {"id": "host", "members": ["Old.cc/2013"]}]


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    for name in ("USERNAME", "PASSWORD", "TOKEN", "TOTP"):
        monkeypatch.delenv(f"OPENREVIEW_{name}", raising=False)
    with serve_openreview(make_venue(), [*GROUPS, *LISTS]) as started:
        for name, value in started.environment.items():
            monkeypatch.setenv(name, value)
        yield started


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--check", "--venues", "x"], "--check and --venues do not go together"),
        (["--repair", "--dry-run", "--out", "b"], "--repair and --dry-run do not go together"),
        (["--check", VENUE_V2], "--check takes no VENUE"),
        (["--repair"], "Missing option '--out'"),
        ([VENUE_V2], "Missing option '--out'"),
        (["--out", "b"], "Missing argument 'VENUE...'"),
        ([VENUE_V2, "--out", "b", "--max-requests", "0"], "--max-requests"),
        ([VENUE_V2, "--out", "b", "--max-wait", "-1"], "--max-wait"),
    ],
)
def test_tasks_that_do_not_go_together_are_wrong_usage(
    arguments: list[str], words: str, loopback: Loopback, capfd: pytest.CaptureFixture[str]
) -> None:
    assert shell.run(["fetch", *arguments]) == ExitCode.USAGE
    assert words in capfd.readouterr().err
    assert loopback.requests == []


def test_a_check_says_what_works_and_writes_nothing(loopback: Loopback, capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["fetch", "--check"]) == ExitCode.DONE
    out = capfd.readouterr().out
    assert "Login   none: OpenReview sees a visitor" in out
    assert out.count(": answers") == 2
    assert "Sent    2 requests; nothing was stored" in out


@pytest.mark.parametrize(("behaviour", "status"), [({"limit": 0}, 3), ({"challenges_guests": True}, 1)])
def test_a_check_that_does_not_get_through_says_so_by_its_status(
    behaviour: dict[str, object], status: int, loopback: Loopback, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in behaviour.items():
        setattr(loopback, name, value)
    assert shell.run(["fetch", "--check", "--json"]) == status
    answer = json.loads(capfd.readouterr().out)
    assert answer["requests"] == len(loopback.requests) == 2
    assert {found["state"] for found in answer["apis"]} <= {"limited", "refused"}


def test_venues_are_listed_one_a_line(loopback: Loopback, capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["fetch", "--venues", "loop"]) == ExitCode.DONE
    assert capfd.readouterr().out == f"v2  {VENUE_V2}\n"
    assert shell.run(["fetch", "--venues", "nowhere"]) == ExitCode.FAILED
    assert "'nowhere': no venue has that in its id (there are 2)" in capfd.readouterr().err


def test_a_dry_run_sends_and_writes_nothing(
    loopback: Loopback, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fetch", VENUE_V2, "--out", str(tmp_path / "build"), "--dry-run"]
    assert shell.run(arguments) == ExitCode.DONE
    out = capfd.readouterr().out
    assert "size not known yet; for 1,000 submissions: at most 7 requests" in out
    assert "Nothing was sent." in out
    assert loopback.requests == []
    assert not (tmp_path / "build").exists()


def test_a_dry_run_knows_how_large_the_venue_was(
    loopback: Loopback, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "build")]
    assert shell.run(["fetch", VENUE_V2, *out]) == ExitCode.DONE
    capfd.readouterr()
    assert shell.run(["fetch", VENUE_V2, *out, "--dry-run", "--json", "--max-requests", "3"]) == ExitCode.DONE
    plan = json.loads(capfd.readouterr().out)
    assert (plan["plans"][0]["submissions"], plan["requests"], plan["sent"]) == (4, 7, 0)


def test_a_budget_that_is_used_up_stops_with_the_command_to_go_on(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    loopback.page_limit = 1
    arguments = ["fetch", VENUE_V2, "--out", str(tmp_path / "build"), "--max-requests", "3"]
    monkeypatch.setattr("sys.argv", ["reviewdial", *arguments])
    runs = 0
    while (status := shell.run(arguments)) == ExitCode.STOPPED:
        runs += 1
        err = capfd.readouterr().err
        assert "the 3 requests of --max-requests are used up" in err
        assert f"go on later with: reviewdial {' '.join(arguments)}" in err
        assert runs < 6
    assert status == ExitCode.DONE
    pages = [line for line in loopback.requests if "/notes" in line]
    assert len(pages) == len(set(pages)) == 5


def test_a_repair_says_what_it_did(loopback: Loopback, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build = tmp_path / "build"
    assert shell.run(["fetch", VENUE_V2, "--out", str(build)]) == ExitCode.DONE
    with sqlite3.connect(build / "store.sqlite") as connection:
        connection.execute("UPDATE notes SET body = replace(body, 'Sound', 'Wrong') WHERE id = 'r0000'")
    capfd.readouterr()
    assert shell.run(["normalize", str(build)]) == ExitCode.FAILED
    assert f"reviewdial fetch --repair --out {build}" in capfd.readouterr().err
    assert shell.run(["fetch", "--repair", "--out", str(build)]) == ExitCode.DONE
    assert "1 note restored" in capfd.readouterr().out
    assert shell.run(["fetch", "--repair", "--out", str(build)]) == ExitCode.DONE
    assert "is sound" in capfd.readouterr().out


def test_nothing_is_repaired_where_there_is_nothing(
    loopback: Loopback, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert shell.run(["fetch", "--repair", "--out", str(tmp_path / "none")]) == ExitCode.FAILED
    assert "no such build folder" in capfd.readouterr().err


def test_events_are_one_json_object_a_line(
    loopback: Loopback, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["fetch", VENUE_V2, "--out", str(tmp_path / "build"), "--json", "--max-requests", "50"]
    assert shell.run(arguments) == ExitCode.DONE
    events = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["start", "finish"]
    assert {"done": 4, "total": 4, "notes": 8, "requests": 2, "requests_left": 48}.items() <= events[-2].items()

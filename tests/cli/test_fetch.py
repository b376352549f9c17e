"""``reviewdial fetch``: what it prints, what it writes, how it ends, and that no secret gets out."""

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fetchers.raw_notes import VENUE_V2, make_review, make_submission
from tests.loopback.openreview import answer_error, serve_openreview
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.fetchers import open_store

GROUP = {"id": VENUE_V2, "domain": VENUE_V2}
NOTES = [
    make_submission("s1"),
    make_review("r1", "s1"),
    make_submission("s2"),
    make_review("r2", "s2", modified=10**12),
]
CANARIES = ("CANARY-password", "canary-user@example.org", "CANARY.token")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "TOTP", "TOKEN", "API_BASEURL", "API_BASEURL_V2"):
        monkeypatch.delenv(f"OPENREVIEW_{name}", raising=False)


def point_at(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_wrong_arguments_are_wrong_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "build")]
    for arguments in (
        out,
        ["V", *out, "--limit", "0"],
        ["V", *out, "--api", "v3"],
        ["V", *out, "--since", "May"],
        ["V"],
    ):
        assert shell.run(["fetch", *arguments]) == ExitCode.USAGE
        assert capfd.readouterr().err.count("\n") == 1
    assert not (tmp_path / "build").exists()


def test_a_challenge_is_one_line_that_says_how_to_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve_openreview(NOTES, [GROUP], challenges_guests=True) as loopback:
        point_at(loopback.environment, monkeypatch)
        assert shell.run(["fetch", VENUE_V2, "--out", str(tmp_path / "build")]) == ExitCode.FAILED
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "OPENREVIEW_USERNAME" in err
    assert len(loopback.requests) == 1


def test_a_request_limit_that_is_not_waited_for_says_how_to_go_on_and_from_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    limited = answer_error("RateLimitError", "Too many requests", 429, {"Retry-After": "60"})
    arguments = ["fetch", VENUE_V2, "--out", str(tmp_path / "build of today"), "--max-wait", "0", "--json"]
    monkeypatch.setattr("sys.argv", ["reviewdial", *arguments])
    began = datetime.now(UTC)
    with serve_openreview(NOTES, [GROUP], failures={"/notes": [limited]}) as loopback:
        point_at(loopback.environment, monkeypatch)
        assert shell.run(arguments) == ExitCode.STOPPED
        out, err = capfd.readouterr()
        stopped = json.loads(out)
        assert stopped["stopped"] == "its limit is reached (free again in 60 seconds)"
        resume_at = datetime.fromisoformat(stopped["resume_at"])
        assert resume_at > began + timedelta(seconds=58)
        assert f"go on after {resume_at:%Y-%m-%d %H:%M} UTC with: {stopped['resume']}\n" in err
        assert shell.run(shlex.split(stopped["resume"])[1:]) == ExitCode.DONE
    assert json.loads(capfd.readouterr().out)["counts"]["submissions"] == 2


def test_a_fetch_writes_the_store_and_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    build = tmp_path / "build"
    with serve_openreview(NOTES, [GROUP]) as loopback:
        point_at(loopback.environment, monkeypatch)
        assert shell.run(["fetch", VENUE_V2, "--out", str(build), "--json"]) == ExitCode.DONE
    counts = json.loads(capfd.readouterr().out)["counts"]
    assert (counts["forums"], counts["submissions"], counts["stored"]) == (2, 2, 4)
    assert counts["requests"] == len(loopback.requests) == 3
    with open_store(build / "store.sqlite") as store:
        manifest = json.loads((build / "manifest.json").read_bytes())
        assert manifest["stages"]["import"]["outputs"]["store"] == store.compute_digest()


def test_since_is_a_day_and_limit_a_number_of_submissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve_openreview(NOTES, [GROUP]) as loopback:
        point_at(loopback.environment, monkeypatch)
        options = ["--since", "2001-09-09", "--limit", "2", "--api", "v2", "--json"]
        assert shell.run(["fetch", VENUE_V2, "--out", str(tmp_path / "build"), *options]) == ExitCode.DONE
    counts = json.loads(capfd.readouterr().out)["counts"]
    assert (counts["notes"], counts["unchanged"]) == (1, 3)


@pytest.mark.parametrize("succeeds", [True, False])
@pytest.mark.parametrize("uses_token", [True, False])
def test_no_secret_is_printed_or_written(
    succeeds: bool, uses_token: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    user, password = "canary-user@example.org", "CANARY-password"
    if uses_token:
        monkeypatch.setenv("OPENREVIEW_TOKEN", f"token-of-{user}" if succeeds else "CANARY.token")
    else:
        monkeypatch.setenv("OPENREVIEW_USERNAME", user)
        monkeypatch.setenv("OPENREVIEW_PASSWORD", password if succeeds else "CANARY-password-that-is-wrong")
    with serve_openreview(NOTES, [GROUP], accounts={user: password}, challenges_guests=True) as loopback:
        point_at(loopback.environment, monkeypatch)
        status = shell.run(["fetch", VENUE_V2, "--out", str(tmp_path / "build"), "--debug"])
    assert status == (ExitCode.DONE if succeeds else ExitCode.FAILED)
    out, err = capfd.readouterr()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for canary in CANARIES:
        assert canary not in out + err
        assert canary.encode() not in written


def test_help_shows_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["fetch", "--help"]) == ExitCode.DONE
    assert "Example: reviewdial fetch" in capfd.readouterr().out

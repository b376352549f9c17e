"""On a terminal, and only there, a person is asked for the login that OpenReview wants."""

import fcntl
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

from tests.fetchers.raw_notes import VENUE_V2
from tests.fetchers.rig import GROUPS, make_venue
from tests.loopback.openreview import Loopback, serve_openreview
from toolkit.errors import ExitCode

ROOT = Path(__file__).parents[2]
PASSWORD = "CANARY-password"


def talk(loopback: Loopback, folder: Path, *answers: str) -> tuple[int, str]:
    """Fetch on a terminal of its own and type these answers, each after a prompt; return what the screen shows."""
    keyboard, screen = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENREVIEW_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "toolkit", "fetch", VENUE_V2, "--out", str(folder / "build")],
        cwd=ROOT,
        env={**inherited, **loopback.environment, "COLUMNS": "80"},
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(screen)
    shown, left = b"", list(answers)
    try:
        while piece := os.read(keyboard, 4096):
            shown += piece
            if left and shown.rstrip(b" ").endswith(b":"):
                os.write(keyboard, left.pop(0).encode() + b"\n")
    except OSError:  # the other side is closed: that is how a terminal of Linux says so
        pass
    os.close(keyboard)
    assert left == [], shown
    return process.wait(timeout=60), shown.decode()


def test_a_person_who_logs_in_gets_the_venue_and_the_password_is_not_shown(tmp_path: Path) -> None:
    with serve_openreview(make_venue(), GROUPS, accounts={"ada": PASSWORD}, challenges_guests=True) as loopback:
        status, shown = talk(loopback, tmp_path, "ada", PASSWORD)
    assert status == ExitCode.DONE
    assert "OpenReview lets no visitors in without a login." in shown
    assert "4 forums" in shown
    assert PASSWORD not in shown
    assert "v2 POST /login" in loopback.requests


def test_a_person_who_gives_up_is_told_how_to_log_in(tmp_path: Path) -> None:
    with serve_openreview(make_venue(), GROUPS, challenges_guests=True) as loopback:
        status, shown = talk(loopback, tmp_path, "")
    assert status == ExitCode.FAILED
    assert "OPENREVIEW_TOKEN" in shown
    assert len(loopback.requests) == 1


def test_a_person_with_a_wrong_password_is_told_so_and_not_asked_in_a_circle(tmp_path: Path) -> None:
    with serve_openreview(make_venue(), GROUPS, accounts={"ada": "other"}, challenges_guests=True) as loopback:
        status, shown = talk(loopback, tmp_path, "ada", PASSWORD)
    assert status == ExitCode.FAILED
    assert "the login was refused" in shown
    assert PASSWORD not in shown
    assert len(loopback.requests) == 2

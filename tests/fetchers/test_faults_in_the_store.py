"""Runs told to end, full disks, files that were tampered with: the store stays sound, and the run goes on.

Numbers are those of ``docs/faults.md``.
"""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import VENUE_V2, Raw, make_review, make_submission, read_ids
from tests.fetchers.rig import SECOND_PAGE, make_venue, set_up
from tests.loopback.openreview import Answer, Loopback
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.fetchers.store import SCHEMA_VERSION

ROOT = Path(__file__).parents[2]


def list_arguments(folder: Path) -> list[str]:
    return ["fetch", VENUE_V2, "--out", str(folder)]


def start_fetch(folder: Path, **options: Any) -> subprocess.Popen[str]:
    """Run the command line in a process of its own, which finds the stand-in through its environment."""
    command = [sys.executable, "-m", "toolkit", *list_arguments(folder)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes, **options)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(signal.SIGTERM, ExitCode.TERMINATED, id="row-53-sigterm"),
        pytest.param(signal.SIGINT, ExitCode.INTERRUPTED, id="row-53-ctrl-c"),
    ],
)
def test_a_fetch_that_is_told_to_end_keeps_its_whole_pages_and_goes_on_behind_them(
    number: signal.Signals, status: ExitCode, tmp_path: Path
) -> None:
    waits = threading.Event()

    def watch(loopback: Loopback, line: str) -> None:
        if SECOND_PAGE in line:
            waits.set()

    with set_up(tmp_path, make_venue(), on_request=watch) as rig:
        rig.loopback.fail_when = [(SECOND_PAGE, Answer(200, b"", hang=300))]
        process = start_fetch(tmp_path)
        assert waits.wait(120)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out) == (status, "")
        assert err.splitlines()[-1].endswith("run the same command again to go on")
        assert "Traceback" not in err
        assert sorted(read_ids(rig.store)) == ["s0000", "s0001"]
        rig.loopback.requests.clear()
        process = start_fetch(tmp_path)
        process.communicate(timeout=120)
        assert process.returncode == ExitCode.DONE
        assert rig.count_requests("/notes?") == rig.count_requests("after=")
        assert sorted(rig.read_versions()) == sorted(str(note["id"]) for note in make_venue())


def make_long_venue() -> list[Raw]:
    noise = random.Random(7)
    return [
        note
        for number in range(12)
        for note in (
            make_submission(f"s{number:04d}"),
            # Nothing that compresses well, so that pages and notes fill the disk alike.
            make_review(f"r{number:04d}", f"s{number:04d}", text=noise.randbytes(60_000).hex()),
        )
    ]


def test_a_full_disk_is_one_error_and_keeps_the_pages_that_were_written(tmp_path: Path) -> None:  # row 54
    def fill_up() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))

    notes = make_long_venue()
    with set_up(tmp_path, notes) as rig:
        process = start_fetch(tmp_path, preexec_fn=fill_up)
        _, err = process.communicate(timeout=120)
        assert process.returncode == ExitCode.FAILED
        assert "store.sqlite: SQLite says" in err.splitlines()[-1]
        assert "free space" in err.splitlines()[-1]
        assert "Traceback" not in err
        kept = read_ids(rig.store)
        assert 0 < len(kept) < 12
        assert all(len(ids) == 2 for ids in kept.values()), "every page that is there is whole"
        rig.store.check_pages()
        rig.loopback.requests.clear()
        rig.fetch()
        assert rig.count_requests("/notes?") == rig.count_requests("after="), "nothing that was kept is asked for again"
        assert sorted(rig.read_versions()) == sorted(str(note["id"]) for note in notes)


FLIPPED = {
    "page": "UPDATE pages SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE id = 1",
    "note": "UPDATE notes SET body = replace(body, 'Sound', 'Bound') WHERE id = 'r0000'",
}


@pytest.mark.parametrize("where", FLIPPED)
def test_a_flipped_byte_is_refused_with_the_command_that_mends_it(
    where: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:  # row 56
    with set_up(tmp_path, make_venue()) as rig:
        assert shell.run(list_arguments(tmp_path)) == ExitCode.DONE
        digest = rig.store.compute_digest()
        with sqlite3.connect(tmp_path / "store.sqlite") as connection:
            connection.execute(FLIPPED[where])
        connection.close()
        capfd.readouterr()
        refused = list_arguments(tmp_path) if where == "page" else ["normalize", str(tmp_path)]
        rig.loopback.requests.clear()
        assert shell.run(refused) == ExitCode.FAILED
        assert f"reviewdial fetch --repair --out {tmp_path}" in capfd.readouterr().err
        assert shell.run(["fetch", "--repair", "--out", str(tmp_path)]) == ExitCode.DONE
        assert rig.loopback.requests == [], "what is damaged once can be read from the other copy"
        assert rig.store.compute_digest() == digest
        assert shell.run(refused) == ExitCode.DONE


def test_what_a_crash_left_half_written_is_not_read_and_goes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:  # row 58
    (tmp_path / ".forums.new").mkdir()
    (tmp_path / ".forums.new" / "part-00000.parquet").write_bytes(b"PAR1 half")
    (tmp_path / ".manifest.json.tmp").write_bytes(b'{"stages": {')
    with set_up(tmp_path, make_venue()):
        assert shell.run(list_arguments(tmp_path)) == ExitCode.DONE
    assert shell.run(["normalize", str(tmp_path)]) == ExitCode.DONE
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {".lock", "forums", "manifest.json", "store.sqlite"}


def below_a_file(folder: Path) -> Path:
    (folder / "file").write_text("x")
    return folder / "file" / "build"


def without_permission(folder: Path) -> Path:
    if os.geteuid() == 0:
        pytest.skip("permissions do not bind root")
    (folder / "locked").mkdir(mode=0o500)
    return folder / "locked" / "build"


def on_a_folder(folder: Path) -> Path:
    (folder / "build" / "store.sqlite").mkdir(parents=True)
    return folder / "build"


def of_a_newer_schema(folder: Path) -> Path:
    with set_up(folder / "build", make_venue()):
        pass
    with sqlite3.connect(folder / "build" / "store.sqlite") as newer:
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    newer.close()
    return folder / "build"


@pytest.mark.parametrize(
    "make_place",
    [
        pytest.param(below_a_file, id="row-60-below-a-file"),
        pytest.param(without_permission, id="row-60-without-permission"),
        pytest.param(on_a_folder, id="row-60-a-folder-in-its-place"),
        pytest.param(of_a_newer_schema, id="row-61-newer-schema"),
    ],
)
def test_a_place_that_cannot_be_written_is_found_out_before_anything_is_asked(
    make_place: Callable[[Path], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "other").mkdir()
    place = make_place(tmp_path)
    with set_up(tmp_path / "other", make_venue()) as rig:
        assert shell.run(list_arguments(place)) == ExitCode.FAILED
        assert rig.loopback.requests == []
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "; " in err, "says the mend"

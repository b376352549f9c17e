"""``reviewdial import``: what it prints, what it writes, how it ends."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import make_review, make_submission
from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.fetchers import open_store


@pytest.fixture
def notes_file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.jsonl.gz"
    notes = [make_submission("f1"), make_review("a"), make_review("a"), make_review("x", readers=["V/Chairs"])]
    path.write_bytes(gzip.compress(b"".join(json.dumps(note).encode() + b"\n" for note in notes)))
    return path


def run_json(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    status = shell.run([*arguments, "--json"])
    return status, json.loads(capfd.readouterr().out)


def test_neither_files_nor_sample_is_wrong_usage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["import", "--out", str(tmp_path / "b")],
        ["import", "x.json", "--sample", "--out", str(tmp_path)],
    ):
        assert shell.run(arguments) == ExitCode.USAGE
        out, err = capfd.readouterr()
        assert out == ""
        assert "Give files or folders to read, or --sample; not both, not neither." in err
    assert not (tmp_path / "b").exists()


def test_a_folder_to_write_to_must_be_named(capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["import", "--sample"]) == ExitCode.USAGE
    assert "--out" in capfd.readouterr().err


def test_a_newer_store_is_refused_and_kept(notes_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    out = tmp_path / "build"
    assert shell.run(["import", str(notes_file), "--out", str(out)]) == ExitCode.DONE
    with sqlite3.connect(out / "store.sqlite") as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    before = places.digest_folder(out)
    capfd.readouterr()
    assert shell.run(["import", str(notes_file), "--out", str(out)]) == ExitCode.FAILED
    err = capfd.readouterr().err
    assert "newer ReviewDial" in err
    assert "upgrade reviewdial" in err
    assert places.digest_folder(out) == before


def test_a_damaged_note_is_partial_and_named_in_the_quarantine(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.json"
    path.write_text(json.dumps({"notes": [make_review("a"), make_review("broken", content="CANARY")]}))
    status, result = run_json(["import", str(path), "--out", str(tmp_path / "build")], capfd)
    assert status == ExitCode.PARTIAL
    assert result["quarantined"] == {"malformed-note": 1}
    (line,) = (tmp_path / "build" / "quarantine" / "import.jsonl").read_text().splitlines()
    assert json.loads(line)["item"] == "broken"
    assert "CANARY" not in line


def test_an_import_says_what_became_of_every_note(
    notes_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status, result = run_json(["import", str(notes_file), "--out", str(tmp_path / "build")], capfd)
    assert status == ExitCode.DONE
    assert result["counts"] == {
        "forums": 1,
        "form_options": 0,
        "files": 1,
        "notes": 4,
        "stored": 2,
        "duplicates": 1,
        "not_public": 1,
        "deleted": 0,
        "withheld_values": 0,
    }


def test_the_summary_ends_with_the_next_command(
    notes_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "build"
    assert shell.run(["import", str(notes_file), "--out", str(out)]) == ExitCode.DONE
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith("import ")
    for words in ("1 forums", "4 notes", "2 stored", "1 duplicates", "1 not public"):
        assert words in lines[0]
    assert lines[-2].split() == ["Written:", str(out / "store.sqlite")]
    assert lines[-1].split() == ["Next:", "reviewdial", "normalize", str(out)]


def test_the_manifest_holds_counts_and_a_digest_and_neither_paths_nor_times(notes_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "renamed.jsonl.gz"
    other.parent.mkdir()
    shutil.copy(notes_file, other)
    assert shell.run(["import", str(notes_file), "--out", str(tmp_path / "one")]) == ExitCode.DONE
    assert shell.run(["import", str(other), "--out", str(tmp_path / "two")]) == ExitCode.DONE
    manifest = (tmp_path / "one" / "manifest.json").read_bytes()
    assert manifest == (tmp_path / "two" / "manifest.json").read_bytes()
    entry = json.loads(manifest)["stages"]["import"]
    with open_store(tmp_path / "one" / "store.sqlite") as store:
        assert entry["outputs"] == {"store": store.compute_digest()}


def test_files_are_added_to_what_is_there(tmp_path: Path, notes_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "build"
    assert shell.run(["import", "--sample", "--out", str(out)]) == ExitCode.DONE
    with open_store(out / "store.sqlite") as store:
        before = store.count_forums()
    assert shell.run(["import", str(notes_file), "--out", str(out)]) == ExitCode.DONE
    with open_store(out / "store.sqlite") as store:
        assert store.count_forums() == before + 1
    capfd.readouterr()


def test_importing_the_same_again_changes_nothing(
    notes_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["import", str(notes_file), "--out", str(tmp_path / "build")]
    assert shell.run(arguments) == ExitCode.DONE
    before = (tmp_path / "build" / "store.sqlite").read_bytes()
    capfd.readouterr()
    status, result = run_json(arguments, capfd)
    assert status == ExitCode.DONE
    assert (result["counts"]["stored"], result["counts"]["duplicates"]) == (0, 3)
    assert (tmp_path / "build" / "store.sqlite").read_bytes() == before


def test_help_shows_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["import", "--help"]) == ExitCode.DONE
    assert "Example: reviewdial import" in capfd.readouterr().out

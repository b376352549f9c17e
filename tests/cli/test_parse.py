"""``reviewdial parse``: what it prints, what it writes, how it ends."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.tables import build_json_schema

RAW = "Sure!\n\nMeta-Reviewer: What is it about?\n\nDialogue Agent: Batch size.\n\nNote: simulated.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "transcripts"
    path.mkdir()
    (path / "meta_reviews_B1xsqj09Fm.txt").write_text(RAW, encoding="utf-8")
    (path / "notes.csv").write_text("not a transcript", encoding="utf-8")
    return path


def test_each_line_is_a_transcript_of_the_schema(folder: Path, tmp_path: Path) -> None:
    out, repairs = tmp_path / "out.jsonl", tmp_path / "repairs.jsonl"
    assert shell.run(["parse", str(folder), "--out", str(out), "--repairs", str(repairs)]) == ExitCode.DONE
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        Draft202012Validator(build_json_schema("transcript")).validate(row)
    assert [row["source"] for row in rows] == ["meta_reviews_B1xsqj09Fm.txt"]
    assert rows[0]["trailing"] == "Note: simulated."
    listed = [json.loads(line) for line in repairs.read_text(encoding="utf-8").splitlines()]
    assert [(row["source"], row["kind"]) for row in listed] == [("meta_reviews_B1xsqj09Fm.txt", "trailing-split")]


def test_the_same_files_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        shell.run(["parse", str(folder), "--out", str(tmp_path / name)])
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_json_on_stdout_counts_what_was_read(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shell.run(["parse", str(folder), "--out", str(tmp_path / "out.jsonl"), "--json"])
    found = json.loads(capfd.readouterr().out)
    assert (found["files"], found["dialogues"], found["usable"], found["turns"]) == (1, 1, 1, 2)


def test_an_unreadable_file_is_named_and_the_rest_is_written(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.txt").write_bytes(b"\xff\xff")
    assert shell.run(["parse", str(folder), "--out", str(tmp_path / "out.jsonl")]) == ExitCode.PARTIAL
    out, err = capfd.readouterr()
    assert "Set aside: bad.txt: is not UTF-8 text" in err
    assert "unreadable" in out
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_missing_path_writes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["parse", str(tmp_path / "absent"), "--out", str(tmp_path / "out.jsonl")]) == ExitCode.FAILED
    assert "absent: no such file or folder; name transcripts" in capfd.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_is_never_read_and_written_at_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = folder / "meta_reviews_B1xsqj09Fm.txt"
    assert shell.run(["parse", str(folder), "--out", str(source)]) == ExitCode.USAGE
    assert source.read_text(encoding="utf-8") == RAW
    assert "is both read and written" in capfd.readouterr().err


def test_out_and_repairs_are_two_files(folder: Path, tmp_path: Path) -> None:
    same = str(tmp_path / "x.jsonl")
    assert shell.run(["parse", str(folder), "--out", same, "--repairs", same]) == ExitCode.USAGE

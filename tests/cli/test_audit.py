"""``reviewdial audit``: a build, or somebody else's dialogues against our records."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

import toolkit
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.records import Claim, Finding
from toolkit.tables import build_arrow_schema

Output = pytest.CaptureFixture[str]

AUDIT_FILES = ["claims.parquet", "findings.parquet", "report.html", "summary.json"]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample, built."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "recipe.toml").write_text('name = "t"\n[source]\nsample = true\n[audit]\nfail_on = "never"\n')
    toolkit.build(folder / "recipe.toml", folder / "build")
    return folder / "build"


@pytest.fixture
def rows(build: Path) -> list[dict[str, Any]]:
    """The build's dialogues as its dataset publishes them."""
    files = sorted((build / "dataset" / "jsonl" / "dialogues").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def audit_rows(path: Path, build: Path, out: Path, *options: str) -> int:
    arguments = ["audit", "--dialogues", str(path), "--records", str(build), "--out", str(out), *options]
    return shell.run(arguments)


def break_decision(row: dict[str, Any]) -> dict[str, Any]:
    """The same dialogue with a last word that decides otherwise than the record."""
    text = "I accept it." if row["decision"] == "reject" else "I reject it."
    row["turns"][-1].update(text=text, evidence=[])
    row["messages"][-1]["content"] = text
    return row


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], ExitCode.USAGE, "name either a build folder or --dialogues FILE"),
        (["DIR", "--dialogues", "f.jsonl"], ExitCode.USAGE, "name either a build folder or --dialogues FILE"),
        (["DIR", "--out", "x"], ExitCode.USAGE, "--records and --out go with --dialogues"),
        (["--dialogues", "f.jsonl"], ExitCode.USAGE, "--dialogues needs --records DIR and --out AUDIT_DIR"),
        (["DIR", "--fail-on", "info"], ExitCode.USAGE, "'info' is not one of"),
        (["nowhere"], ExitCode.FAILED, "no such build folder"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str], status: ExitCode, words: str, build: Path, tmp_path: Path, capfd: Output
) -> None:
    named = [str(build) if name == "DIR" else str(tmp_path / name) if name == "nowhere" else name for name in arguments]
    assert shell.run(["audit", *named]) == status
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err


def test_a_build_is_audited_into_its_audit_folder(build: Path, capfd: Output) -> None:
    capfd.readouterr()
    assert shell.run(["audit", str(build), "--fail-on", "never"]) == ExitCode.DONE
    card = capfd.readouterr().out
    assert card.startswith("Audit of ")
    assert max(len(line) for line in card.splitlines()[1:-1]) <= 80
    assert sorted(path.name for path in (build / "audit").iterdir()) == AUDIT_FILES
    assert parquet.read_schema(build / "audit" / "claims.parquet") == build_arrow_schema(Claim)
    assert parquet.read_schema(build / "audit" / "findings.parquet") == build_arrow_schema(Finding)
    assert shell.run(["audit", str(build), "--fail-on", "never", "--json"]) == ExitCode.DONE
    result = json.loads(capfd.readouterr().out)
    assert result["summary"] == json.loads((build / "audit" / "summary.json").read_bytes())
    assert result["summary"]["evidence_checked"] == result["summary"]["evidence_verified"] > 0


def test_our_own_dialogues_from_jsonl_give_the_same_audit(
    build: Path, rows: list[dict[str, Any]], tmp_path: Path, capfd: Output
) -> None:
    shell.run(["audit", str(build), "--fail-on", "never"])
    path = write_rows(tmp_path / "rows.jsonl", sorted(rows, key=lambda row: row["forum"]))
    assert audit_rows(path, build, tmp_path / "out", "--fail-on", "never") == ExitCode.DONE
    assert sorted(item.name for item in (tmp_path / "out").iterdir()) == AUDIT_FILES
    for name in AUDIT_FILES:
        assert (tmp_path / "out" / name).read_bytes() == (build / "audit" / name).read_bytes()


def test_a_dataset_folder_serves_as_the_records(
    build: Path, rows: list[dict[str, Any]], tmp_path: Path, capfd: Output
) -> None:
    path = write_rows(tmp_path / "rows.jsonl", rows)
    assert audit_rows(path, build / "dataset", tmp_path / "out", "--fail-on", "never", "--json") == ExitCode.DONE
    summary = json.loads(capfd.readouterr().out)["summary"]
    assert summary["dialogues"] == len(rows)
    assert summary["dialogues_without_record"] == 0


def test_findings_reach_the_exit_status_and_the_card(
    build: Path, rows: list[dict[str, Any]], tmp_path: Path, capfd: Output
) -> None:
    decided = next(row for row in rows if row["decision"] in ("accept", "reject"))
    path = write_rows(tmp_path / "rows.jsonl", [break_decision(decided)])
    assert audit_rows(path, build, tmp_path / "out") == ExitCode.FAILED
    card = capfd.readouterr().out
    assert "decision-contradicted" in card
    assert f"{decided['dialogue_id']} turn {len(decided['turns']) - 1}: the decision is stated as" in " ".join(
        card.split()
    )
    assert audit_rows(path, build, tmp_path / "out", "--fail-on", "never") == ExitCode.DONE


def test_a_row_that_does_not_fit_is_set_aside_with_its_reason(
    build: Path, rows: list[dict[str, Any]], tmp_path: Path, capfd: Output
) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [rows[0]])
    huge = {**rows[1], "turns": [{**rows[1]["turns"][0], "index": 10**30}]}
    with path.open("a", encoding="utf-8") as handle:
        handle.write('{"dialogue_id": \n[]\n{"dialogue_id": "x", "speaker": "someone@example.org"}\n')
        handle.write(json.dumps({**rows[1], "title": "\ud800"}) + "\n\n")
        handle.write(json.dumps(huge) + "\n" + json.dumps(rows[0]) + "\n")
    assert audit_rows(path, build, tmp_path / "out", "--fail-on", "never", "--json") == ExitCode.PARTIAL
    result = json.loads(capfd.readouterr().out)
    assert result["summary"]["dialogues"] == 1
    assert result["quarantined"] == {"not-a-dialogue": 3, "not-json": 1, "not-unicode": 1, "repeated-dialogue-id": 1}
    text = (tmp_path / "out" / "quarantine.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["item"] for line in text.splitlines()] == [f"line {n}" for n in (2, 3, 4, 5, 7, 8)]
    assert "example" not in text


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("missing", None, "no such file"),
        ("empty", b"\n\n", "the file is empty"),
        ("binary", bytes(range(256)), "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_jsonl_is_refused_in_one_line(
    name: str, data: bytes | None, words: str, build: Path, tmp_path: Path, capfd: Output
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    assert audit_rows(path, build, tmp_path / "out") == ExitCode.FAILED
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err
    assert not (tmp_path / "out").exists()


def test_an_audit_replaces_only_an_audit(
    build: Path, rows: list[dict[str, Any]], tmp_path: Path, capfd: Output
) -> None:
    path = write_rows(tmp_path / "rows.jsonl", rows[:1])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    assert audit_rows(path, build, tmp_path / "mine") == ExitCode.FAILED
    assert "holds other things than an audit ('thesis.tex')" in capfd.readouterr().err
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "precious"
    for _ in range(2):
        assert audit_rows(path, build, tmp_path / "again", "--fail-on", "never") == ExitCode.DONE


def test_records_that_are_none_are_refused(rows: list[dict[str, Any]], tmp_path: Path, capfd: Output) -> None:
    path = write_rows(tmp_path / "rows.jsonl", rows[:1])
    (tmp_path / "empty").mkdir()
    assert audit_rows(path, tmp_path / "empty", tmp_path / "out") == ExitCode.FAILED
    assert "holds no forums and no dialogues" in capfd.readouterr().err


def test_a_folder_of_raw_transcripts_is_parsed_and_audited(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    build = tmp_path / "build"
    for arguments in (["import", "--sample", "--out", str(build)], ["normalize", str(build)]):
        assert shell.run(arguments) == ExitCode.DONE
    transcripts = tmp_path / "transcripts"
    transcripts.mkdir()
    (transcripts / "meta_reviews_hNxlPoCtCW.txt").write_text(
        "Meta-Reviewer: What do they say?\n\nDialogue Agent: I would recommend accepting it.\n", encoding="utf-8"
    )
    (transcripts / "silent.txt").write_text("Nobody speaks here.", encoding="utf-8")
    capfd.readouterr()
    out = tmp_path / "audit"
    arguments = ["audit", "--dialogues", str(transcripts), "--records", str(build), "--out", str(out)]
    assert shell.run(arguments) == ExitCode.FAILED
    shown = capfd.readouterr().out
    assert "1 of 1 dialogues never decide" in shown
    assert "1 of 1 dialogues break a role rule" in shown
    assert "1 no-turns" in shown
    assert shell.run([*arguments, "--fail-on", "never", "--leave-out", "no-decision"]) == ExitCode.PARTIAL
    assert "never decide" not in capfd.readouterr().out

"""``reviewdial verify``: exit 0 for a whole dataset; else exit 1 and the place of every fault."""

import json
from pathlib import Path

import pytest

from toolkit.cli import main as shell
from toolkit.errors import ExitCode

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample, exported."""
    folder = tmp_path_factory.mktemp("verify") / "build"
    shell.run(["import", "--sample", "--out", str(folder)])
    shell.run(["normalize", str(folder)])
    shell.run(["synthesize", str(folder)])
    assert shell.run(["export", str(folder), "--out", str(folder / "dataset")]) == ExitCode.DONE
    return folder / "dataset"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere", "no such dataset folder; name a folder that `reviewdial export` wrote"),
        ("file", "is a file, not a dataset folder"),
        ("empty", "no MANIFEST.json here, so this is not a dataset folder"),
    ],
)
def test_what_is_no_dataset_folder_is_refused_in_one_line(tmp_path: Path, capfd: Output, name: str, words: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    assert shell.run(["verify", str(tmp_path / name)]) == ExitCode.FAILED
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert words in err


def test_a_whole_dataset_passes(dataset: Path, capfd: Output) -> None:
    capfd.readouterr()
    assert shell.run(["verify", str(dataset)]) == ExitCode.DONE
    out = capfd.readouterr().out
    assert out.startswith("OK: ")
    assert out.endswith(" evidence spans checked; 0 faults\n")
    assert shell.run(["verify", str(dataset), "--json"]) == ExitCode.DONE
    result = json.loads(capfd.readouterr().out)
    assert result["faults"] == []
    assert result["spans"] > result["turns"] > sum(result["rows"]["dialogues"].values()) > 0


def test_one_changed_character_is_located_and_ends_with_1(dataset: Path, capfd: Output) -> None:
    path = dataset / "jsonl/dialogues/train.jsonl"
    whole = path.read_bytes()
    try:
        path.write_bytes(whole.replace(b'?","act"', b'!","act"', 1))
        capfd.readouterr()
        assert shell.run(["verify", str(dataset)]) == ExitCode.FAILED
        out = capfd.readouterr().out
        assert "fault: jsonl/dialogues/train.jsonl: was changed after the export" in out
        assert "fault: jsonl/dialogues/train.jsonl line 1 (" in out
        assert ".text differs from data/dialogues/train-00000-of-00001.parquet row 1" in out
        assert out.splitlines()[-1].startswith("DAMAGED: ")
        assert shell.run(["verify", str(dataset), "--json"]) == ExitCode.FAILED
        assert json.loads(capfd.readouterr().out)["fault_count"] == 2
    finally:
        path.write_bytes(whole)

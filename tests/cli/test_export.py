"""``reviewdial export``: one line for what is wrong, a summary for what was written."""

import json
import os
import shutil
from pathlib import Path

import pytest

from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample as far as an export needs it."""
    folder = tmp_path_factory.mktemp("export") / "build"
    assert shell.run(["import", "--sample", "--out", str(folder)]) == ExitCode.DONE
    assert shell.run(["normalize", str(folder)]) in (ExitCode.DONE, ExitCode.PARTIAL)
    assert shell.run(["synthesize", str(folder)]) in (ExitCode.DONE, ExitCode.PARTIAL)
    return folder


def expect_error(arguments: list[str], status: ExitCode, words: str, output: Output) -> None:
    output.readouterr()
    assert shell.run(arguments) == status
    out, err = output.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith("reviewdial: ")]
    assert len(lines) == 1, err
    assert words in lines[0]
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shares", "0.9", "0.9", "0.9"], "the shares 0.9, 0.9, 0.9 are not parts of 1; give three numbers"),
        (["--shares", "a", "b", "c"], "'a' is not a valid float"),
        (["--first-version", "two"], "'two' is not a version; write it as 1.0.0"),
    ],
)
def test_options_that_mean_nothing_are_wrong_usage(
    build: Path, tmp_path: Path, capfd: Output, arguments: list[str], words: str
) -> None:
    expect_error(["export", str(build), "--out", str(tmp_path / "d"), *arguments], ExitCode.USAGE, words, capfd)
    assert list(tmp_path.iterdir()) == []


def test_the_target_must_be_named(build: Path, capfd: Output) -> None:
    expect_error(["export", str(build)], ExitCode.USAGE, "Missing option '--out'", capfd)


def test_a_build_without_dialogues_says_what_to_run(build: Path, tmp_path: Path, capfd: Output) -> None:
    copy = Path(shutil.copytree(build, tmp_path / "copy"))
    shutil.rmtree(copy / "dialogues")
    words = "no dialogues/ here yet; run `reviewdial synthesize` first"
    expect_error(["export", str(copy), "--out", str(tmp_path / "d")], ExitCode.FAILED, words, capfd)
    assert not (tmp_path / "d").exists()


def test_the_build_folder_itself_is_never_overwritten(build: Path, capfd: Output) -> None:
    before = places.digest_folder(build)
    for target in (build, build / "forums", build / "dialogues"):
        words = "holds other files than a dataset of ours"
        expect_error(["export", str(build), "--out", str(target)], ExitCode.FAILED, words, capfd)
    assert places.digest_folder(build) == before


def test_a_folder_that_cannot_be_made_is_refused(build: Path, tmp_path: Path, capfd: Output) -> None:
    (tmp_path / "file").write_text("mine")
    target = tmp_path / "file" / "dataset"
    expect_error(["export", str(build), "--out", str(target)], ExitCode.FAILED, "cannot be written: ", capfd)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_refused(build: Path, tmp_path: Path, capfd: Output) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    target = tmp_path / "locked" / "dataset"
    expect_error(["export", str(build), "--out", str(target)], ExitCode.FAILED, "permission denied; check", capfd)


def test_an_export_says_what_it_wrote_and_what_to_do_next(build: Path, tmp_path: Path, capfd: Output) -> None:
    target = tmp_path / "dataset"
    capfd.readouterr()
    assert shell.run(["export", str(build), "--out", str(target), "--shares", "0.5", "0.5", "0"]) == ExitCode.DONE
    out = capfd.readouterr().out
    assert out.splitlines()[0].startswith("dialogues   train ")
    assert "Left out: test where no row fell into it" in out
    assert out.endswith(f"Next:     reviewdial verify {target}\n")
    assert shell.run(["export", str(build), "--out", str(target), "--json"]) == ExitCode.DONE
    result = json.loads(capfd.readouterr().out)
    rows = result["rows"]
    assert set(rows) == {"dialogues", "forums", "sft", "dpo"}
    assert sum(rows["dialogues"].values()) == result["counts"]["dialogues"] > 0
    assert result["splits_kept"] == result["counts"]["forums"], "the second export kept the ledger of the first"
    assert "test" not in rows["forums"]
    assert result["license"] == "other", "the sample holds a paper under CC BY-NC-SA"

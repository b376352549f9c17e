"""``reviewdial diff``: what it prints and how it ends."""

import json
from pathlib import Path

import pytest

from toolkit.cli import main as shell
from toolkit.errors import ExitCode


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A dataset, the same with other dialogues, and one with other splits."""
    build = tmp_path_factory.mktemp("diff") / "build"
    folders = tuple(build.with_name(name) for name in ("one", "two", "three"))
    shell.run(["import", "--sample", "--out", str(build)])
    shell.run(["normalize", str(build)])
    for folder, seed, salt in zip(folders, ("0", "1", "1"), ("reviewdial", "reviewdial", "other"), strict=True):
        shell.run(["synthesize", str(build), "--seed", seed])
        assert shell.run(["export", str(build), "--out", str(folder), "--salt", salt]) in (0, 4)
    return folders  # type: ignore[return-value]


def test_the_same_version_has_no_difference(
    versions: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert shell.run(["diff", str(versions[0]), str(versions[0])]) == ExitCode.DONE
    assert "Every row is in both, the same." in capfd.readouterr().out


def test_what_changed_is_told_by_config_and_column(
    versions: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert shell.run(["diff", str(versions[0]), str(versions[1])]) == ExitCode.DONE
    out = capfd.readouterr().out
    assert "Splits: none moved" in out
    assert "  changed: " in out
    assert max(map(len, out.splitlines()[3:10])) < 400
    assert shell.run(["diff", str(versions[0]), str(versions[1]), "--json"]) == ExitCode.DONE
    report = json.loads(capfd.readouterr().out)
    assert report["configs"]["forums"]["changed"] == 0
    assert report["configs"]["dialogues"]["changed_columns"]["turns"] > 0
    assert report["same"] is False


def test_a_paper_in_another_split_fails(versions: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(["diff", str(versions[1]), str(versions[2])]) == ExitCode.FAILED
    assert "moved: " in capfd.readouterr().out


def test_a_folder_that_is_none_is_one_line(
    versions: tuple[Path, Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    assert shell.run(["diff", str(versions[0]), "absent"]) == ExitCode.FAILED
    assert "reviewdial: absent: is no dataset folder" in capfd.readouterr().err

"""A fetch that fails before anything came leaves no empty store behind; what came before stays."""

from pathlib import Path

import pytest

from tests.loopback.openreview import serve_openreview
from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode


def test_a_first_fetch_that_fails_leaves_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve_openreview([], []) as loopback:
        for name, value in loopback.environment.items():
            monkeypatch.setenv(name, value)
        assert shell.run(["fetch", "Nowhere.cc/2019/Conference", "--out", str(tmp_path / "build")]) == ExitCode.FAILED
    assert not list((tmp_path / "build").glob("*store*"))
    assert "Nowhere.cc/2019/Conference" in capfd.readouterr().err


def test_a_fetch_that_fails_keeps_the_notes_that_were_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    build = tmp_path / "build"
    assert shell.run(["import", "--sample", "--out", str(build)]) == ExitCode.DONE
    before = places.digest_folder(build)
    with serve_openreview([], []) as loopback:
        for name, value in loopback.environment.items():
            monkeypatch.setenv(name, value)
        assert shell.run(["fetch", "Nowhere.cc/2019/Conference", "--out", str(build)]) == ExitCode.FAILED
    assert places.digest_folder(build) == before


def test_a_store_without_a_public_note_is_not_normalized_to_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "closed.json").write_text('[{"id": "n1", "readers": ["V/Program_Chairs"], "tmdate": 7}]')
    build = str(tmp_path / "build")
    assert shell.run(["import", str(tmp_path / "closed.json"), "--out", build]) == ExitCode.DONE
    assert shell.run(["normalize", build]) == ExitCode.FAILED
    assert "holds not one public note; import or fetch some" in capfd.readouterr().err

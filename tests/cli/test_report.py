"""``reviewdial report``: the page is written once more, and only for the audit that lies there."""

from pathlib import Path

import pytest

from toolkit.cli import main as shell
from toolkit.errors import ExitCode


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    for arguments in (
        ["import", "--sample", "--out", str(folder)],
        ["normalize", str(folder)],
        ["synthesize", str(folder)],
        ["audit", str(folder)],
    ):
        assert shell.run(arguments) == ExitCode.DONE
    return folder


def test_the_page_comes_out_as_the_audit_wrote_it(build: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = build / "audit" / "report.html"
    before = page.read_bytes()
    page.unlink()
    capfd.readouterr()
    assert shell.run(["report", str(build)]) == ExitCode.DONE
    assert capfd.readouterr().out == f"Written:  {page}\n"
    assert page.read_bytes() == before


def test_dialogues_that_were_not_audited_have_no_report(build: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (build / "audit" / "report.html").read_bytes()
    assert shell.run(["synthesize", str(build), "--seed", "9"]) == ExitCode.DONE
    assert shell.run(["report", str(build)]) == ExitCode.FAILED
    assert "there is no audit of the dialogues that lie here; run `reviewdial audit" in capfd.readouterr().err
    assert (build / "audit" / "report.html").read_bytes() == before


def test_without_an_audit_the_mend_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "build"
    for arguments in (
        ["import", "--sample", "--out", str(folder)],
        ["normalize", str(folder)],
        ["synthesize", str(folder)],
    ):
        assert shell.run(arguments) == ExitCode.DONE
    assert shell.run(["report", str(folder)]) == ExitCode.FAILED
    assert "there is no audit of the dialogues that lie here; run `reviewdial audit" in capfd.readouterr().err

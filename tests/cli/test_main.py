"""The command line's shell: help, exit statuses, one line for every way to fail."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from toolkit.cli import main as shell
from toolkit.errors import ExitCode, StoppedError


def run_command(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "toolkit", *arguments], capture_output=True, text=True, check=False, **options
    )  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    "arguments", [["frob"], ["--frob"], ["build"], ["build", "a", "b"], ["synthesize", "x", "--seed", "-1"]]
)
def test_wrong_usage_is_one_line_and_two(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(arguments) == ExitCode.USAGE
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("reviewdial: ")
    assert err.count("\n") == 1
    assert "--help`" in err


def test_no_command_prints_the_help_on_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run([]) == ExitCode.USAGE
    out, err = capfd.readouterr()
    assert out == ""
    assert "Commands:" in err


@pytest.mark.parametrize("name", shell.COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run([name, "--help"]) == ExitCode.DONE
    out, _ = capfd.readouterr()
    assert f"Example: reviewdial {name}" in " ".join(out.split())
    assert "--json" in out
    assert "--debug" in out


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (StoppedError("3 of 9 pages", mend="run again"), ExitCode.STOPPED, "reviewdial: 3 of 9 pages; run again\n"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "reviewdial: interrupted; run the same command again to go on\n"),
        (click.Abort(), ExitCode.INTERRUPTED, "reviewdial: interrupted; run the same command again to go on\n"),
        (
            ValueError("somebody@example.org"),
            ExitCode.FAILED,
            "reviewdial: unexpected ValueError; run again with --debug and report what it prints\n",
        ),
    ],
)
def test_every_way_to_fail_is_one_line(
    error: BaseException,
    status: ExitCode,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(shell.commands, "main", fail)
    assert shell.run(["build", "x"]) == status
    assert capfd.readouterr() == ("", line)


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = run_command("build", str(tmp_path / "nowhere.toml"), "--debug")
    assert result.returncode == ExitCode.USAGE
    assert "Traceback" in result.stderr
    assert "Traceback" not in run_command("build", str(tmp_path / "nowhere.toml")).stderr


def test_a_reader_that_goes_away_is_no_failure() -> None:
    command = f"{sys.executable} -m toolkit scales | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    for redirection, words in ((">/dev/full", "no space left"), (">&-", "")):
        command = f"{sys.executable} -m toolkit scales {redirection}"
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
        assert "Traceback" not in result.stderr
        assert words in result.stderr
        assert result.stderr.count("\n") <= 1
        assert result.returncode == (ExitCode.FAILED if words else ExitCode.DONE)


def test_an_error_shows_no_address_and_no_profile(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoppedError("somebody@example.org wrote as ~Some_Body1")

    monkeypatch.setattr(shell.commands, "main", fail)
    for arguments in (["build", "x"], ["build", "x", "--debug"]):
        shell.run(arguments)
        assert "example.org" not in (err := capfd.readouterr().err)
        assert "Some_Body1" not in err


def test_help_fits_a_terminal_of_eighty_columns() -> None:
    for arguments in ([], *([name] for name in shell.COMMANDS)):
        out = run_command(*arguments, "--help", env={**os.environ, "COLUMNS": "80"}).stdout
        assert max(len(line) for line in out.splitlines()) <= 80, arguments


def test_ctrl_c_in_the_middle_of_a_build_ends_with_one_line_and_130(tmp_path: Path) -> None:
    """The signal comes while the first stage works; what was there before is what is there after."""
    (tmp_path / "recipe.toml").write_text('name = "t"\n[source]\nsample = true\n')
    code = f"""
import os, signal, sys
from toolkit import pipeline
from toolkit.cli import main
def interrupt(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
pipeline.run_normalize = interrupt
sys.exit(main.run(["build", {str(tmp_path / "recipe.toml")!r}, "--out", {str(tmp_path / "build")!r}]))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == ExitCode.INTERRUPTED
    assert result.stderr.splitlines()[-1] == "reviewdial: interrupted; run the same command again to go on"
    assert result.stdout == ""

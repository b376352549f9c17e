"""What the documents name exists: commands, options, files, recipes. Figures are checked where they are made."""

import re
import shlex
from pathlib import Path

import click
import pytest

from toolkit.cli.main import COMMANDS, commands, run

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
COMMAND_LINE = re.compile(r"(?:^|`|\$ )(reviewdial [a-z][^`\n]*)", re.MULTILINE)


def find_command_lines(text: str) -> list[str]:
    """Command lines in code blocks and in back-ticks; `[...]` in them marks usage, not a command to type."""
    return [line.split(" #")[0].strip() for line in COMMAND_LINE.findall(text) if "[" not in line and "..." not in line]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_is_one_that_reviewdial_knows(path: Path) -> None:
    for line in find_command_lines(path.read_text(encoding="utf-8")):
        name, *rest = shlex.split(line)[1:]
        assert name in COMMANDS, line
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for argument in rest:
            if argument.startswith("--"):
                assert argument.split("=")[0] in known, line


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_of_the_repository_that_a_document_names_exists(path: Path) -> None:
    pattern = r"`((?:toolkit|schemas|tests|examples|benchmarks|docs|notebooks)/[\w./-]*\w)`"
    for name in re.findall(pattern, path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


def test_the_readme_lists_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`{name}`" in readme, name


def test_the_readme_names_the_two_commands_a_newcomer_needs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_the_exchange_in_the_readme_is_what_the_demo_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["build", str(ROOT / "examples/first_dataset.toml"), "--out", str(tmp_path / "demo")]) == 0
    capfd.readouterr()
    assert run(["show", "hNxlPoCtCW-grounded-0", "--in", str(tmp_path / "demo")]) == 0
    shown = capfd.readouterr().out
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"as `reviewdial show [^`]*` prints it[^\n]*\n\n((?: {4}[^\n]*\n|\n)+)", readme)
    assert block is not None
    exchange = "\n".join(line.removeprefix("    ") for line in block[1].strip("\n").split("\n"))
    assert exchange in shown


def test_no_document_names_a_path_of_one_machine() -> None:
    for path in DOCUMENTS:
        assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work|Users)/", path.read_text(encoding="utf-8")), path

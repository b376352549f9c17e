"""Bad input: one line that says what, where and the mend, the right exit status, and nothing harmed."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import toolkit
from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode

RECIPE = 'name = "t"\n[source]\nsample = true\n'

BODIES: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "no such file"),
    "empty": (b"", "empty"),
    "truncated line": (b'{"notes": []}\n{"notes": [{"id": "a"\n', "line 2"),
    "binary": (bytes(range(256)) * 4, "notes.jsonl"),
    "no API body": (b'{"papers": 3}\n', "notes"),
    "null notes": (b'{"notes": null}\n', "notes"),
    "an API error": (b'{"name": "NotFoundError", "message": "gone", "status": 404}\n', "notes.jsonl"),
    "a web page": (b"<!DOCTYPE html><title>Just a moment...</title>", "notes.jsonl"),
    "a JSON string": (b'"notes"\n', "notes.jsonl"),
    "duplicate keys": (b'{"notes": [], "notes": []}\n', "notes.jsonl"),
    "not a number": (b'{"notes": [{"id": NaN}]}\n', "notes.jsonl"),
    "invalid UTF-8": (b'{"notes": ["\xff"]}\n', "notes.jsonl"),
    "cut gzip": (gzip.compress(b'{"notes": []}\n' * 1000)[:40], "notes.jsonl"),
    "deep nesting": (b'{"notes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "notes.jsonl"),
}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad_input")
    (folder / "good.toml").write_text(RECIPE)
    toolkit.build(folder / "good.toml", folder / "build")
    return folder / "build"


def expect_one_line(arguments: list[str], status: ExitCode, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert shell.run(arguments) == status
    out, err = capfd.readouterr()
    assert out == ""
    line = err.splitlines()[-1]
    assert err.count("reviewdial: ") == 1, err
    assert line.startswith("reviewdial: ")
    assert words in line
    assert "; " in line, "says the mend"
    assert "Traceback" not in err
    assert "unexpected" not in err


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_file_is_refused_and_the_store_is_what_it_was(
    name: str, build: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, words = BODIES[name]
    path = tmp_path / "notes.jsonl"
    if data is not None:
        path.write_bytes(data)
    before = places.digest_folder(build)
    expect_one_line(["import", str(path), "--out", str(build)], ExitCode.FAILED, words, capfd)
    assert places.digest_folder(build) == before


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_file_leaves_no_new_store_behind(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data, words = BODIES[name]
    if data is not None:
        (tmp_path / "notes.jsonl").write_bytes(data)
    arguments = ["import", str(tmp_path / "notes.jsonl"), "--out", str(tmp_path / "build")]
    expect_one_line(arguments, ExitCode.FAILED, words, capfd)
    assert not list((tmp_path / "build").glob("*store*"))


def test_an_unknown_venue_is_refused_with_the_nearest_names(capfd: pytest.CaptureFixture[str]) -> None:
    expect_one_line(["scales", "ICLR.cc/2019/Conferense"], ExitCode.USAGE, "ICLR.cc/2019/Conference", capfd)


def test_a_misspelt_key_of_a_recipe_is_named_with_its_line(
    build: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE + "[synthesize]\nsead = 3\n")
    before = places.digest_folder(build)
    arguments = ["build", str(tmp_path / "recipe.toml"), "--out", str(build)]
    expect_one_line(arguments, ExitCode.USAGE, "line 5: unknown key `synthesize.sead`; did you mean `seed`?", capfd)
    assert places.digest_folder(build) == before


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may not write to; root gives up its rights for the test."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    parents = [parent for parent in tmp_path.parents if parent.stat().st_uid == os.getuid() and parent != Path("/")]
    modes = {parent: parent.stat().st_mode for parent in parents}
    if os.geteuid() == 0:
        for parent in (tmp_path, *parents):
            parent.chmod(parent.stat().st_mode | 0o111)
        os.seteuid(65534)
    yield folder
    if os.getuid() == 0:
        os.seteuid(0)
        for parent, mode in modes.items():
            parent.chmod(mode)


@pytest.mark.parametrize("inside", ["", "build"])
def test_a_folder_without_write_permission_is_one_line(
    inside: str, unwritable: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["import", "--sample", "--out", str(unwritable / inside)]
    expect_one_line(arguments, ExitCode.FAILED, "cannot be written: permission denied; check permissions", capfd)
    assert not list(unwritable.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["normalize"], "no such build folder; make one with"),
        (["synthesize"], "no such build folder; make one with"),
        (["audit"], "no such build folder; make one with"),
        (["export", "--out", "nowhere-else"], "no such build folder; make one with"),
        (["verify"], "nowhere"),
    ],
)
def test_a_stage_without_its_folder_says_what_to_run_first(
    arguments: list[str], words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expect_one_line([arguments[0], "nowhere", *arguments[1:]], ExitCode.FAILED, words, capfd)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["normalize"], "run `reviewdial import"),
        (["synthesize"], "no forums/ here yet; run `reviewdial normalize` first"),
        (["audit"], "/ here yet; run `reviewdial"),
        (["export", "--out", "dataset"], "/ here yet; run `reviewdial"),
    ],
)
def test_a_stage_before_its_turn_says_which_one_comes_first(
    arguments: list[str], words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    expect_one_line([arguments[0], "build", *arguments[1:]], ExitCode.FAILED, words, capfd)


def test_a_dataset_folder_that_holds_other_files_is_not_overwritten(
    build: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    expect_one_line(["export", str(build), "--out", str(tmp_path)], ExitCode.FAILED, "other files", capfd)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

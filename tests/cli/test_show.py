"""``reviewdial show``: a paper's record or a dialogue, for reading."""

import dataclasses
import io
import json
import os
import re
import time
from pathlib import Path

import pytest

import toolkit
from tests.auditors.records import ANSWER_FOR_READING, OPENING, REJECTING, cite, make_dialogue, make_forum
from toolkit.cli import lookup, reading
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.records import Dialogue, Forum
from toolkit.tables import find_row_faults
from toolkit.workspace import write_bytes

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample, built."""
    folder = tmp_path_factory.mktemp("shown")
    (folder / "recipe.toml").write_text('name = "t"\n[source]\nsample = true\n[audit]\nfail_on = "never"\n')
    toolkit.build(folder / "recipe.toml", folder / "build")
    return folder / "build"


@pytest.fixture(scope="module")
def forum_id(build: Path) -> str:
    return lookup.read_column(lookup.find_record_files(build).dialogues, "forum")[0]


def list_widths(page: str) -> int:
    return max(len(line) for line in page.splitlines())


def test_an_unknown_id_is_one_line_with_the_nearest_ones(build: Path, forum_id: str, capfd: Output) -> None:
    assert shell.run(["show", forum_id[:-1] + "_", "--in", str(build)]) == ExitCode.FAILED
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "no forum or dialogue" in err
    assert f"did you mean {forum_id}" in err


def test_an_id_like_no_other_is_explained(build: Path, capfd: Output) -> None:
    assert shell.run(["show", "?" * 500, "--in", str(build)]) == ExitCode.FAILED
    err = capfd.readouterr().err
    assert "ids are the `forum` and `dialogue_id` columns there" in err
    assert len(err) < 300


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_records_is_refused(name: str, tmp_path: Path, capfd: Output) -> None:
    (tmp_path / "empty").mkdir()
    assert shell.run(["show", "x", "--in", str(tmp_path / name)]) == ExitCode.FAILED
    assert capfd.readouterr().err.count("\n") == 1


def test_a_damaged_file_is_named(build: Path, forum_id: str, tmp_path: Path, capfd: Output) -> None:
    write_bytes(tmp_path / "forums" / "part-00000.parquet", b"not parquet")
    assert shell.run(["show", forum_id, "--in", str(tmp_path)]) == ExitCode.FAILED
    err = capfd.readouterr().err
    assert "part-00000.parquet: cannot be read as Parquet" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("part", ["", "dataset"])
def test_a_paper_shows_its_reviewers_and_texts(part: str, build: Path, forum_id: str, capfd: Output) -> None:
    assert shell.run(["show", forum_id, "--in", str(build / part)]) == ExitCode.DONE
    page = capfd.readouterr().out
    forum = lookup.load_forum(lookup.find_record_files(build), forum_id)
    assert forum is not None
    assert forum.title is not None
    assert list_widths(page) <= 80
    assert "\x1b" not in page
    assert re.search(r"Reviewer +rating +aligned +percentile +confidence", page)
    for review in forum.reviews:
        assert review.note_id in page
        for section in review.sections:
            assert " ".join(section.text.split()) in " ".join(page.split())


@pytest.mark.parametrize("part", ["", "dataset"])
def test_a_dialogue_shows_the_exact_characters_of_its_evidence(
    part: str, build: Path, forum_id: str, capfd: Output
) -> None:
    assert shell.run(["show", forum_id, "--dialogue", "--in", str(build / part)]) == ExitCode.DONE
    page = capfd.readouterr().out
    files = lookup.find_record_files(build)
    dialogue, forum = lookup.load_first_dialogue(files, forum_id), lookup.load_forum(files, forum_id)
    assert dialogue is not None
    assert forum is not None
    assert list_widths(page) <= 80
    sources = toolkit_sources(forum)
    folded = " ".join(page.split())
    for turn in dialogue.turns:
        for item in turn.evidence:
            words = " ".join(sources[item.note_id, item.field][item.start : item.end].split())
            assert f"{item.field}, {item.start}-{item.end} of note {item.note_id} “{words}”" in folded
    assert "DOES NOT HOLD" not in page
    assert shell.run(["show", dialogue.dialogue_id, "--in", str(build)]) == ExitCode.DONE
    assert capfd.readouterr().out == page


def toolkit_sources(forum: Forum) -> dict[tuple[str, str], str]:
    from toolkit.text import collect_sources

    return collect_sources(forum)


def test_json_is_the_record(build: Path, forum_id: str, capfd: Output) -> None:
    assert shell.run(["show", forum_id, "--in", str(build), "--json"]) == ExitCode.DONE
    assert list(find_row_faults(Forum, json.loads(capfd.readouterr().out))) == []
    assert shell.run(["show", forum_id, "--dialogue", "--in", str(build), "--json"]) == ExitCode.DONE
    assert list(find_row_faults(Dialogue, json.loads(capfd.readouterr().out))) == []


def test_points_are_named_with_their_kind_and_aspect(build: Path, forum_id: str, capfd: Output) -> None:
    assert shell.run(["show", forum_id, "--points", "--in", str(build), "--width", "60"]) == ExitCode.DONE
    page = capfd.readouterr().out
    forum = lookup.load_forum(lookup.find_record_files(build), forum_id)
    assert forum is not None
    point = forum.reviews[0].points[0]
    assert f"[{point.kind}" in page
    assert list_widths(page) <= 60


def test_the_default_folder_is_this_one_or_the_newest_build(
    build: Path, forum_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shell.run(["show", forum_id]) == ExitCode.FAILED
    assert "no build here or under output/" in capfd.readouterr().err
    monkeypatch.chdir(build)
    assert shell.run(["show", forum_id]) == ExitCode.DONE
    (tmp_path / "output" / "old").mkdir(parents=True)
    (tmp_path / "output" / "old" / "manifest.json").write_text("{}")
    (tmp_path / "output" / "new").symlink_to(build)
    os.utime(tmp_path / "output" / "old" / "manifest.json", (1, time.time() - 10_000))
    os.utime(build / "manifest.json")
    monkeypatch.chdir(tmp_path)
    assert shell.run(["show", forum_id]) == ExitCode.DONE


class Terminal(io.StringIO):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_colour", "coloured"), [(False, True), (True, False)])
def test_colour_is_for_terminals_and_can_be_declined(
    no_colour: bool, coloured: bool, build: Path, forum_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", "1")
    assert shell.run(["show", forum_id, "--in", str(build)]) == ExitCode.DONE
    assert ("\x1b[" in terminal.getvalue()) is coloured


class TestPages:
    """What a page does with records that are not what they should be."""

    def make_pair(self) -> tuple[Dialogue, Forum]:
        forum = make_forum()
        evidence = cite(forum, "rev1", "not very surprising", ANSWER_FOR_READING, quote=False)
        dialogue = make_dialogue(
            OPENING, ANSWER_FOR_READING, REJECTING, forum=forum, evidence=[(1, evidence), (2, evidence)]
        )
        return dialogue, forum

    def test_evidence_is_numbered_once_and_named_again_where_it_serves_again(self) -> None:
        dialogue, forum = self.make_pair()
        page = reading.render_dialogue(dialogue, forum)
        assert page.count("“not very surprising”") == 1
        assert f"{ANSWER_FOR_READING} [1]" in page
        assert "[1] stands above" in page

    def test_evidence_that_does_not_hold_is_called_out(self) -> None:
        dialogue, forum = self.make_pair()
        section = dataclasses.replace(forum.reviews[0].sections[0], text="Something else altogether, I fear.")
        reviews = (dataclasses.replace(forum.reviews[0], sections=(section,)), *forum.reviews[1:])
        page = reading.render_dialogue(dialogue, dataclasses.replace(forum, reviews=reviews))
        assert "DOES NOT HOLD" in page

    def test_without_the_record_the_evidence_is_named(self) -> None:
        dialogue, _ = self.make_pair()
        page = reading.render_dialogue(dialogue, None)
        assert "[1] review, " in page
        assert "The record of this paper is not at hand" in page

    def test_nothing_in_a_record_steers_the_terminal_or_names_a_person(self) -> None:
        dialogue, forum = self.make_pair()
        hostile = "\x1b]0;owned\x07\x1b[2J\u202egnorw ~Given_Family1 someone@example.org"
        forum = dataclasses.replace(forum, title=hostile, abstract=hostile)
        turn = dataclasses.replace(dialogue.turns[0], text=hostile, evidence=())
        dialogue = dataclasses.replace(dialogue, title=hostile, turns=(turn,))
        for page in (reading.render_forum(forum), reading.render_dialogue(dialogue, forum)):
            assert not set("\x1b\x07\u202e") & set(page)
            assert "Family" not in page
            assert "example" not in page

    @pytest.mark.parametrize("width", [1, 60, 80, 200])
    def test_no_line_is_wider_than_the_page(self, width: int) -> None:
        dialogue, forum = self.make_pair()
        forum = dataclasses.replace(forum, abstract="x" * 500)
        for page in (reading.render_forum(forum, width), reading.render_dialogue(dialogue, forum, width)):
            assert list_widths(page) <= max(width, reading.NARROWEST)

    def test_a_paper_without_reviews_or_title_says_so(self) -> None:
        page = reading.render_forum(make_forum((), (), title=None, abstract=None, meta_review=None, discussion=()))
        assert "(no title on record)" in page
        assert "No reviews on record." in page

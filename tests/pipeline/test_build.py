"""One command from a recipe to a dataset: the same bytes every time, and nothing harmed when it goes wrong."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import toolkit
from toolkit import workspace as places
from toolkit.errors import ExitCode, ReviewDialError, WorkspaceError
from toolkit.records import Dialogue, Forum, StageResult

RECIPE = 'name = "t"\n[source]\nsample = true\n[synthesize]\nper_forum = 2\nseed = 7\n'


def write_recipe(folder: Path, text: str = RECIPE) -> Path:
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def digest_build(folder: Path) -> dict[str, str]:
    """Everything a build promises to repeat byte for byte."""
    files = places.digest_folder(folder)
    return {name: digest for name, digest in files.items() if not name.startswith(("store.sqlite", ".lock"))}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    toolkit.build(write_recipe(folder), folder / "build")
    return folder / "build"


def test_a_build_holds_every_folder_of_the_contract(built: Path) -> None:
    for name in (
        "store.sqlite",
        "forums/part-00000.parquet",
        "dialogues/part-00000.parquet",
        "audit/findings.parquet",
        "audit/claims.parquet",
        "audit/summary.json",
        "dataset/README.md",
        "dataset/MANIFEST.json",
        "dataset/LICENSE",
        "dataset/croissant.json",
        "dataset/splits.parquet",
        "manifest.json",
    ):
        assert (built / name).is_file(), name


def test_every_paper_of_the_sample_becomes_a_forum_and_dialogues(built: Path) -> None:
    forums = list(places.read_records(built / "forums", Forum))
    dialogues = list(places.read_records(built / "dialogues", Dialogue))
    assert len(forums) == 18
    assert {dialogue.forum for dialogue in dialogues} == {forum.forum for forum in forums}
    assert not (built / "quarantine").exists()


def test_two_builds_in_different_folders_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    toolkit.build(write_recipe(tmp_path), tmp_path / "elsewhere" / "deep")
    assert digest_build(tmp_path / "elsewhere" / "deep") == digest_build(built)


def test_another_seed_gives_other_dialogues_and_the_same_forums(built: Path, tmp_path: Path) -> None:
    toolkit.build(write_recipe(tmp_path, RECIPE.replace("seed = 7", "seed = 8")), tmp_path / "build")
    ours, theirs = digest_build(built), digest_build(tmp_path / "build")
    assert ours["forums/part-00000.parquet"] == theirs["forums/part-00000.parquet"]
    assert ours["dialogues/part-00000.parquet"] != theirs["dialogues/part-00000.parquet"]


def test_a_second_build_does_nothing_again_and_changes_nothing(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "build")
    before = digest_build(tmp_path / "build")
    report = toolkit.build(write_recipe(tmp_path), tmp_path / "build")
    assert [stage.stage for stage in report.stages if not stage.fresh] == ["normalize", "synthesize", "audit"]
    assert digest_build(tmp_path / "build") == before


def test_a_damaged_part_is_built_again(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "build")
    (tmp_path / "build/dialogues/part-00000.parquet").write_bytes(b"torn")
    toolkit.build(write_recipe(tmp_path), tmp_path / "build")
    assert digest_build(tmp_path / "build") == digest_build(built)


def make_paper(name: str) -> dict[str, Any]:
    """A paper with one short review, as an API body."""
    venue, forum = "ICLR.cc/2019/Conference", f"{name}bcdefghij"
    shared = {"forum": forum, "tmdate": 2, "readers": ["everyone"]}
    root = {"id": forum, "replyto": None, "tcdate": 1, "invitation": f"{venue}/-/Blind_Submission",
            "signatures": [venue], "content": {"title": f"Paper {name}", "abstract": "A method."}}  # fmt: skip
    review = {"id": f"{name}-review", "replyto": forum, "tcdate": 2, "invitation": f"{venue}/-/Paper1/Official_Review",
              "signatures": [f"{venue}/Paper1/AnonReviewer1"],
              "content": {"rating": "4: Ok but not good enough - rejection",
                          "confidence": "3: The reviewer is fairly confident that the evaluation is correct",
                          "review": "The experiments are too small to support the claim."}}  # fmt: skip
    return {"notes": [root | shared, review | shared]}


def test_a_smaller_recipe_in_the_same_folder_leaves_nothing_of_the_larger_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(make_paper(name)))
    for files in ('"a.json", "b.json"', '"a.json"'):
        recipe = write_recipe(tmp_path, f'name = "t"\n[source]\nfiles = [{files}]\n')
        toolkit.build(recipe, tmp_path / "build")
    assert [forum.title for forum in places.read_records(tmp_path / "build/forums", Forum)] == ["Paper a"]


def test_a_failing_import_keeps_the_build_that_was_there(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "build")
    before = places.digest_folder(tmp_path / "build")
    (tmp_path / "bad.jsonl").write_text('{"notes": [\n')
    recipe = write_recipe(tmp_path, 'name = "t"\n[source]\nfiles = ["bad.jsonl"]\n')
    with pytest.raises(ReviewDialError, match=r"bad\.jsonl"):
        toolkit.build(recipe, tmp_path / "build")
    assert places.digest_folder(tmp_path / "build") == before


def test_a_store_that_was_imported_by_hand_is_not_replaced_by_a_build(tmp_path: Path) -> None:
    from toolkit.pipeline import run_import

    workspace = places.open_workspace(tmp_path / "build", create=True)
    (tmp_path / "a.json").write_text(json.dumps(make_paper("a")))
    run_import(workspace, [tmp_path / "a.json"])
    before = places.digest_folder(workspace.root)
    with pytest.raises(WorkspaceError, match="holds a store that was imported or fetched by hand"):
        toolkit.build(write_recipe(tmp_path), workspace.root)
    assert {name: digest for name, digest in places.digest_folder(workspace.root).items() if name != ".lock"} == before


def test_a_store_of_another_program_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/store.sqlite").write_text("hi")
    with pytest.raises(ReviewDialError, match=r"store\.sqlite"):
        toolkit.build(write_recipe(tmp_path), tmp_path / "build")
    assert (tmp_path / "build/store.sqlite").read_text() == "hi"


def test_a_store_that_could_not_be_written_whole_does_not_replace_the_old_one(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLite leaves beside a store when the disk is full; here because somebody else still has it open."""
    import sqlite3

    from toolkit import fetchers

    shutil.copytree(built, tmp_path / "build")
    before = places.digest_folder(tmp_path / "build")
    others: list[sqlite3.Connection] = []
    real = fetchers.import_sample

    def import_beside_a_reader(store: Any, progress: Any) -> Any:
        report = real(store, progress)
        others.append(sqlite3.connect(tmp_path / "build/.store.sqlite.new"))
        others[0].execute("SELECT count(*) FROM notes").fetchone()
        return report

    monkeypatch.setattr(fetchers, "import_sample", import_beside_a_reader)
    with pytest.raises(ReviewDialError, match="could not be written whole; free some space, then run again"):
        toolkit.build(write_recipe(tmp_path), tmp_path / "build")
    others[0].close()
    assert places.digest_folder(tmp_path / "build") == before


def test_a_dataset_with_invented_papers_says_so_however_it_was_made(built: Path, tmp_path: Path) -> None:
    from toolkit.exporters import ExportOptions
    from toolkit.pipeline import run_export

    run_export(places.open_workspace(built), tmp_path / "dataset", ExportOptions())
    for name in ("README.md", "LICENSE"):
        assert "invented" in (tmp_path / "dataset" / name).read_text()


def test_a_failing_first_build_leaves_nothing_behind(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, 'name = "t"\n[source]\nfiles = ["nowhere.jsonl"]\n')
    with pytest.raises(ReviewDialError, match=r"nowhere\.jsonl"):
        toolkit.build(recipe, tmp_path / "build")
    assert not (tmp_path / "build").exists()


def test_dialogues_of_other_forums_are_not_exported(built: Path, tmp_path: Path) -> None:
    from toolkit.exporters import ExportOptions
    from toolkit.pipeline import run_export

    shutil.copytree(built, tmp_path / "build")
    workspace = places.open_workspace(tmp_path / "build")
    forums = list(places.read_records(workspace.forums, Forum))
    with places.replace_folder(workspace.forums) as folder:
        places.write_shards(folder, Forum, forums[1:])
    with pytest.raises(WorkspaceError, match="was not written from the forums/ that lie here; run `reviewdial synth"):
        run_export(workspace, tmp_path / "dataset", ExportOptions())


def test_findings_that_the_recipe_does_not_let_through_stop_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolkit import synthesizers

    real = synthesizers.synthesize_shard

    def drop_last_words(*arguments: Any, **options: Any) -> StageResult:
        result = real(*arguments, **options)
        first, *rest = result.records
        silenced = replace(first, turns=(*first.turns[:-1], replace(first.turns[-1], text="")))
        return replace(result, records=(silenced, *rest))

    monkeypatch.setattr(synthesizers, "synthesize_shard", drop_last_words)
    with pytest.raises(ReviewDialError, match=r"the audit has \d+ findings? of severity error or worse"):
        toolkit.build(write_recipe(tmp_path), tmp_path / "build")
    assert (tmp_path / "build/audit/findings.parquet").is_file()
    assert not (tmp_path / "build/dataset").exists()


@pytest.mark.parametrize("stage", ["import", "normalize", "synthesize", "audit", "export"])
def test_a_build_killed_after_any_stage_ends_with_the_same_bytes(built: Path, tmp_path: Path, stage: str) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from toolkit import pipeline, workspace
real = workspace.update_manifest
def record(place, name, entry):
    if name == {stage!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    real(place, name, entry)
workspace.update_manifest = record
pipeline.build(Path(sys.argv[1]), Path(sys.argv[2]))
"""
    recipe = write_recipe(tmp_path)
    arguments = [sys.executable, "-c", code, str(recipe), str(tmp_path / "build")]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    toolkit.build(recipe, tmp_path / "build")
    assert digest_build(tmp_path / "build") == digest_build(built)


def test_every_forum_of_the_real_records_is_there_or_in_quarantine(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "openreview").glob("*.jsonl"))
    # Not splitlines(): real text holds U+2028.
    wanted = {json.loads(line)["forum"] for file in files for line in file.read_bytes().split(b"\n") if line}
    recipe = write_recipe(tmp_path, f'name = "t"\n[source]\nfiles = ["{shared_data / "openreview"}"]\n')
    report = toolkit.build(recipe, tmp_path / "build")
    assert report.exit_code in (ExitCode.DONE, ExitCode.PARTIAL)
    forums = {forum.forum for forum in places.read_records(tmp_path / "build/forums", Forum)}
    aside = {
        json.loads(line)["item"]
        for path in (tmp_path / "build/quarantine").glob("*.jsonl")
        if path.stem in ("import", "normalize")
        for line in path.read_bytes().split(b"\n")
        if line
    }
    assert forums | aside == wanted
    assert not forums & aside

"""Files and folders survive crashes, full disks and other processes."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from toolkit import workspace as places
from toolkit.errors import RecordError, WorkspaceError
from toolkit.records import Quarantined, Section, SplitAssignment


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], capture_output=True, text=True, check=False
    )


def test_a_missing_build_folder_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"nowhere: no such build folder; make one with `reviewdial build`"):
        places.open_workspace(tmp_path / "nowhere")


def test_a_file_is_no_build_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(WorkspaceError, match="is a file, not a build folder"):
        places.open_workspace(tmp_path / "a", create=True)


def test_a_folder_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(WorkspaceError, match="cannot be written: not a directory"):
        places.open_workspace(tmp_path / "a" / "b", create=True)


def test_a_second_process_is_kept_out_and_the_lock_dies_with_its_holder(tmp_path: Path) -> None:
    workspace = places.open_workspace(tmp_path / "build", create=True)
    code = """
        import sys, os, signal; from pathlib import Path
        from toolkit import workspace as places
        try:
            with places.lock_workspace(places.open_workspace(Path(sys.argv[1]))):
                os.kill(os.getpid(), signal.SIGKILL)
        except places.WorkspaceError as error:
            print(error)
    """
    with places.lock_workspace(workspace):
        assert "another reviewdial process is working in this folder" in run_python(code, str(workspace.root)).stdout
    assert run_python(code, str(workspace.root)).returncode == -signal.SIGKILL
    with places.lock_workspace(workspace):
        pass


def test_a_failed_replacement_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "forums"
    target.mkdir()
    (target / "part-00000.parquet").write_bytes(b"old")

    def fill_half() -> None:
        with places.replace_folder(target) as fresh:
            (fresh / "part-00000.parquet").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_half()
    assert places.digest_folder(tmp_path) == {
        "forums/part-00000.parquet": places.compute_sha256(target / "part-00000.parquet")
    }
    assert (target / "part-00000.parquet").read_bytes() == b"old"


KILLED_WHILE_REPLACING = """
    import os, signal, sys; from pathlib import Path
    from toolkit import workspace as places
    real, calls, limit = os.replace, 0, int(sys.argv[2])
    def replace(*paths):
        global calls
        if calls == limit:
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1
        real(*paths)
    os.replace = replace
    with places.replace_folder(Path(sys.argv[1])) as fresh:
        (fresh / "a").write_text("new")
        if limit < 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("kill_before", "content"), [(-1, "old"), (0, "old"), (1, "old"), (2, "new")])
def test_a_kill_at_any_moment_leaves_the_old_folder_or_the_new_one(
    tmp_path: Path, kill_before: int, content: str
) -> None:
    target = tmp_path / "dialogues"
    target.mkdir()
    (target / "a").write_text("old")
    run_python(KILLED_WHILE_REPLACING, str(target), str(kill_before))
    places.recover_folder(target)
    assert [path.name for path in tmp_path.iterdir()] == ["dialogues"]
    assert (target / "a").read_text() == content


def test_a_full_disk_is_one_error_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "manifest.json"
    target.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(WorkspaceError, match="cannot be written: file too large; check permissions and free space"):
            places.write_bytes(target, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["manifest.json"]


def test_shards_are_cut_by_rows_and_read_back_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SHARD_ROWS", 3)
    sections = [Section("review", f"text {number}") for number in range(7)]
    assert places.write_shards(tmp_path, Section, sections) == 7
    assert [path.name for path in places.list_shards(tmp_path)] == [f"part-{shard:05d}.parquet" for shard in range(3)]
    assert list(places.read_records(tmp_path, Section)) == sections


def test_a_folder_of_no_records_still_carries_its_schema(tmp_path: Path) -> None:
    from pyarrow import parquet

    assert places.write_shards(tmp_path, Section, []) == 0
    assert parquet.read_schema(tmp_path / "part-00000.parquet").names == ["field", "text"]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    rows = [{"forum": f"f{number}", "group": "g", "split": "train", "first_version": "1.0.0"} for number in range(50)]
    for name in ("a", "b"):
        places.write_parquet(tmp_path / name, SplitAssignment, rows)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_value_of_the_wrong_type_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="a value does not fit its column"):
        places.write_parquet(tmp_path / "x.parquet", Section, [{"field": 3, "text": "a"}])
    assert not (tmp_path / "x.parquet").exists()


def test_a_stage_that_has_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no dialogues/ here yet; run `reviewdial synthesize` first"):
        places.list_shards(tmp_path / "dialogues")


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not parquet at all"])
def test_a_damaged_shard_is_one_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "part-00000.parquet").write_bytes(data)
    with pytest.raises(WorkspaceError, match="cannot be read as Parquet"):
        list(places.read_records(tmp_path, Section))


def test_the_quarantine_counts_by_reason_and_goes_when_nothing_is_left_in_it(tmp_path: Path) -> None:
    workspace = places.open_workspace(tmp_path)
    items = [Quarantined("normalize", name, reason, "why") for name, reason in (("a", "x"), ("b", "y"), ("c", "x"))]
    assert places.write_quarantine(workspace, "normalize", items) == {"x": 2, "y": 1}
    assert len((workspace.quarantine / "normalize.jsonl").read_text().splitlines()) == 3
    assert places.write_quarantine(workspace, "normalize", []) == {}
    assert not workspace.quarantine.exists()


def test_a_stage_whose_outputs_changed_voids_what_later_stages_recorded(tmp_path: Path) -> None:
    workspace = places.open_workspace(tmp_path)
    for stage in ("import", "normalize", "synthesize"):
        places.update_manifest(workspace, stage, {"outputs": {"a": "1"}})
    places.update_manifest(workspace, "import", {"outputs": {"a": "1"}, "counts": {"duplicates": 3}})
    assert list(places.read_manifest(workspace)["stages"]) == ["import", "normalize", "synthesize"]
    assert places.read_manifest(workspace)["stages"]["import"]["counts"] == {"duplicates": 3}
    places.update_manifest(workspace, "normalize", {"outputs": {"a": "2"}})
    assert list(places.read_manifest(workspace)["stages"]) == ["import", "normalize"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stages": 3}'])
def test_a_damaged_manifest_is_one_error(tmp_path: Path, text: str) -> None:
    workspace = places.open_workspace(tmp_path)
    workspace.manifest.write_text(text)
    with pytest.raises(WorkspaceError, match="is not a ReviewDial manifest; delete it and build again"):
        places.read_manifest(workspace)


def test_a_folder_that_another_process_is_filling_is_left_to_it(tmp_path: Path) -> None:
    target = tmp_path / "dataset"
    code = """
        import sys; from pathlib import Path
        from toolkit import workspace as places
        try:
            with places.replace_folder(Path(sys.argv[1])):
                print("filled")
        except places.WorkspaceError as error:
            print(error)
    """
    with places.replace_folder(target) as fresh:
        (fresh / "a").write_text("mine")
        assert "another reviewdial process is writing this folder" in run_python(code, str(target)).stdout
    assert (target / "a").read_text() == "mine"
    assert run_python(code, str(target)).stdout == "filled\n"


def test_files_that_are_not_ours_are_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "forums"
    target.mkdir()
    (target / "mine.txt").write_text("mine")

    def replace() -> None:
        with places.replace_folder(target, ours=("part-*.parquet",)):
            pass

    with pytest.raises(WorkspaceError, match=r"a file that is not ReviewDial's \('mine.txt'\); move it elsewhere"):
        replace()
    assert (target / "mine.txt").read_text() == "mine"


def test_a_linked_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "forums").symlink_to(tmp_path / "elsewhere")

    def replace() -> None:
        with places.replace_folder(tmp_path / "forums"):
            pass

    with pytest.raises(WorkspaceError, match="is a symbolic link, which cannot be replaced"):
        replace()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "forums"]


def test_a_new_folder_goes_again_when_nothing_came_into_it(tmp_path: Path) -> None:
    def fail(root: Path) -> None:
        with places.lock_workspace(places.open_workspace(root, create=True)):
            raise KeyboardInterrupt

    (tmp_path / "before").mkdir()
    for name in ("before", "new"):
        with pytest.raises(KeyboardInterrupt):
            fail(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["before"]


def test_rows_are_counted_without_being_read(tmp_path: Path) -> None:
    places.write_shards(tmp_path, Section, [Section("review", "a")] * 7)
    assert places.count_rows(tmp_path) == 7
    (tmp_path / "part-00001.parquet").write_bytes(b"torn")
    with pytest.raises(WorkspaceError, match="cannot be read as Parquet"):
        places.count_rows(tmp_path)

"""Publishing with the real client against a stand-in for the Hub: never a half version, and a second run finishes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.hub import READER, WRITER, Blob, Fault, Hub, serve_hub
from toolkit.errors import ExportError, StoppedError
from toolkit.exporters import ExportOptions, PublishOptions, PublishReport, publish_dataset
from toolkit.exporters import hub as publishing

NAME = "tester/dialogues"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", WRITER)
    monkeypatch.setattr(publishing, "_list_waits", lambda: iter([0.01] * 3))
    with serve_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.endpoint)
        yield served


@pytest.fixture
def folder(dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dataset, tmp_path / "dataset"))


@pytest.fixture
def other_dataset(records: Any, tmp_path: Path) -> Path:
    """A version with fewer papers and without the config dpo."""
    path = tmp_path / "other"
    records.export(path, records.papers(12), ExportOptions(preferences=False))
    return path


def publish(folder: Path, hub: Hub, **options: Any) -> PublishReport:
    return publish_dataset(folder, NAME, PublishOptions(endpoint=hub.endpoint, **options))


def read_folder(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What is refused before a byte is sent


def test_a_damaged_folder_is_refused(folder: Path, hub: Hub) -> None:
    with (folder / "README.md").open("a", encoding="utf-8") as handle:
        handle.write("more")
    with pytest.raises(ExportError, match=r"does not hold: README\.md"):
        publish(folder, hub)
    assert hub.requests == []


@pytest.mark.parametrize("name", ["dialogues", "a/b/c", "/x", "tester/", "tester/na me"])
def test_what_is_no_repository_is_refused(folder: Path, hub: Hub, name: str) -> None:
    with pytest.raises(ExportError, match="is no repository; write NAMESPACE/NAME"):
        publish_dataset(folder, name, PublishOptions(endpoint=hub.endpoint))
    assert hub.requests == []


def test_what_reads_like_a_secret_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * (1 << 20) + b' "' + WRITER.encode() + b'"')
    assert publishing.find_secret(path) == (1 << 20) + 2
    path.write_bytes(b"hf_short and sk-learn and -----BEGIN CERTIFICATE-----")
    assert publishing.find_secret(path) is None


def test_too_many_files_are_refused(folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "MOST_FILES", 3)
    with pytest.raises(ExportError, match="the Hub takes 3 in one commit; export with fewer shards"):
        publish(folder, hub)


@pytest.mark.parametrize(("token", "status"), [(READER, 403), ("hf_" + "x" * 20, 403)])
def test_a_token_that_may_not_write_is_named_and_nothing_is_made(
    folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, token: str, status: int
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(ExportError, match=f"the Hub answered {status}; use a token that may write") as caught:
        publish(folder, hub)
    assert token not in str(caught.value)
    assert hub.repositories == {}


def test_a_public_repository_is_not_taken_for_a_private_one(folder: Path, hub: Hub) -> None:
    publish(folder, hub)
    with pytest.raises(ExportError, match="exists and is public"):
        publish(folder, hub, private=True, tag="v2.0.0")


# What is published


def test_the_tree_at_the_tag_is_the_folder(folder: Path, hub: Hub) -> None:
    report = publish(folder, hub)
    assert report.done == "published"
    assert hub.read_tree(NAME, "v1.0.0") == read_folder(folder)
    assert set(report.added) == set(read_folder(folder))
    assert len(hub.repositories[NAME].commits) == 2, "the Hub's own first commit, and ours"


def test_no_token_goes_to_the_storage(folder: Path, hub: Hub) -> None:
    publish(folder, hub)
    assert set(hub.tokens_at_storage) == {None}


def test_publishing_again_changes_nothing(folder: Path, hub: Hub) -> None:
    first = publish(folder, hub)
    before = len(hub.requests)
    again = publish(folder, hub)
    assert (again.done, again.commit, again.added) == ("already-published", first.commit, ())
    assert not any(request.startswith(("commit", "lfs", "tag")) for request in hub.requests[before:])


def test_a_tag_is_never_moved(folder: Path, hub: Hub, other_dataset: Path) -> None:
    publish(folder, hub)
    before = hub.read_tree(NAME)
    with pytest.raises(ExportError, match=r"has the tag v1\.0\.0 already, with other content .*tags are never moved"):
        publish(other_dataset, hub)
    assert hub.read_tree(NAME) == before


def test_a_new_version_removes_our_stale_files_and_no_others(folder: Path, hub: Hub, other_dataset: Path) -> None:
    publish(folder, hub)
    repository = hub.repositories[NAME]
    repository.add({**repository.commits[repository.head], "notes.txt": Blob(b"theirs", False)})
    report = publish(other_dataset, hub, tag="v2.0.0")
    gone = set(read_folder(folder)) - set(read_folder(other_dataset))
    assert gone, "the second version must lack a file of the first"
    assert set(report.deleted) == gone
    assert hub.read_tree(NAME, "v2.0.0") == {**read_folder(other_dataset), "notes.txt": b"theirs"}
    assert hub.read_tree(NAME, "v1.0.0") == read_folder(folder)


def test_only_what_changed_is_sent(folder: Path, hub: Hub, records: Any, papers: list[Any], tmp_path: Path) -> None:
    publish(folder, hub)
    renamed = tmp_path / "renamed"
    records.export(renamed, papers, ExportOptions(title="Another title"))
    before = len(hub.requests)
    report = publish(renamed, hub, tag="v1.0.1")
    assert set(report.added) == {"LICENSE", "MANIFEST.json", "README.md", "croissant.json"}
    assert report.unchanged == len(read_folder(renamed)) - 4
    assert not any(request.startswith("lfs") for request in hub.requests[before:])


def test_a_dry_run_only_reads(folder: Path, hub: Hub) -> None:
    report = publish(folder, hub, dry_run=True)
    assert report.done == "dry-run"
    assert set(report.added) == set(read_folder(folder))
    assert hub.repositories == {}


def test_private_and_gated_are_passed_on(folder: Path, hub: Hub) -> None:
    publish(folder, hub, private=True, gated="manual")
    assert hub.repositories[NAME].private
    assert hub.repositories[NAME].gated == "manual"


def test_a_pull_request_is_opened_once_and_nothing_is_tagged(folder: Path, hub: Hub) -> None:
    report = publish(folder, hub, pull_request=True)
    assert report.done == "pull-request"
    assert hub.repositories[NAME].pull_requests == 1
    assert hub.repositories[NAME].tags == {}


def test_a_pull_request_whose_answer_is_lost_is_not_tried_again(folder: Path, hub: Hub) -> None:
    hub.fail("commit", Fault(lost=True))
    with pytest.raises(ExportError, match="look at the pull requests there before trying again"):
        publish(folder, hub, pull_request=True)
    assert hub.repositories[NAME].pull_requests == 1


# Faults

ROUTES = ("info", "create_repo", "refs", "tree", "validate_yaml", "preupload", "lfs_batch", "commit", "tag")
FAULTS = {
    "409": Fault(status=409),
    "412": Fault(status=412),
    "429": Fault(status=429, headers={"Retry-After": "0"}),
    "500": Fault(status=500),
    "503": Fault(status=503),
    "lost": Fault(lost=True),
    "cut": Fault(cut=True),
}


def is_whole(hub: Hub, folder: Path) -> bool:
    """Nothing of the version is to be seen, or all of it."""
    if NAME not in hub.repositories:
        return True
    tree = hub.read_tree(NAME)
    return tree in ({}, read_folder(folder))


STEPS = [("commit", fault) for fault in FAULTS] + [
    (route, fault) for route in ROUTES if route != "commit" for fault in ("429", "503", "lost", "cut")
]
"""Every fault at the one step that changes what readers see, and the kinds of fault at all others."""


@pytest.mark.parametrize(("route", "fault"), STEPS)
def test_whatever_goes_wrong_once_a_run_or_its_second_one_finishes(
    folder: Path, hub: Hub, route: str, fault: str
) -> None:
    hub.fail(route, FAULTS[fault])
    try:
        publish(folder, hub)
    except (StoppedError, ExportError):
        assert is_whole(hub, folder)
        assert not hub.repositories.get(NAME) or hub.repositories[NAME].tags == {}
        publish(folder, hub)
    assert hub.read_tree(NAME, "v1.0.0") == read_folder(folder)
    assert len(hub.repositories[NAME].commits) == 2, "a commit was made twice"


@pytest.mark.parametrize("fault", ["500", "cut", "lost"])
def test_an_upload_that_fails_once_is_sent_again(folder: Path, hub: Hub, fault: str) -> None:
    hub.fail("lfs_upload", FAULTS[fault])
    publish(folder, hub)
    assert hub.read_tree(NAME, "v1.0.0") == read_folder(folder)


def test_a_hub_that_stays_away_stops_the_run_and_the_old_version_is_whole(
    folder: Path, hub: Hub, other_dataset: Path
) -> None:
    publish(folder, hub)
    hub.fail("commit", *[Fault(status=503)] * 4)
    with pytest.raises(
        StoppedError, match="the Hub answered 503; the version there is whole; run the same command again"
    ):
        publish(other_dataset, hub, tag="v2.0.0")
    assert hub.read_tree(NAME) == read_folder(folder)
    publish(other_dataset, hub, tag="v2.0.0")
    assert hub.read_tree(NAME, "v2.0.0") == read_folder(other_dataset)


def test_a_wait_of_hours_stops_the_run(folder: Path, hub: Hub) -> None:
    hub.fail("commit", Fault(status=429, headers={"RateLimit": '"api";r=0;t=3600'}))
    with pytest.raises(StoppedError, match="the Hub answered 429"):
        publish(folder, hub)


def test_a_run_that_was_stopped_before_the_tag_only_tags(folder: Path, hub: Hub) -> None:
    hub.fail("tag", *[Fault(status=503)] * 4)
    with pytest.raises(StoppedError, match="could not tag the version"):
        publish(folder, hub)
    before = len(hub.requests)
    publish(folder, hub)
    assert hub.repositories[NAME].tags == {"v1.0.0": hub.repositories[NAME].head}
    assert not any(request.startswith(("commit", "lfs")) for request in hub.requests[before:])


# What is loaded back

LOAD = """
import json, sys
import datasets
name, tag = sys.argv[1:3]
found = {}
for config in datasets.get_dataset_config_names(name, revision=tag):
    for split, rows in datasets.load_dataset(name, config, revision=tag).items():
        streamed = list(datasets.load_dataset(name, config, split=split, revision=tag, streaming=True))
        path = f"hf://datasets/{name}@{tag}/jsonl/{config}/{split}.jsonl"
        lines = datasets.load_dataset("json", data_files=path, features=rows.features, split="train")
        found[f"{config}/{split}"] = {
            "rows": rows.to_list() if config in ("sft", "dpo") else len(rows),
            "streamed": streamed == rows.to_list(),
            "jsonl": lines.to_list() == rows.to_list(),
            "features": str(rows.features) == str(lines.features),
        }
json.dump(found, sys.stdout)
"""


def test_every_config_loads_at_the_tag_from_an_empty_cache(folder: Path, hub: Hub, tmp_path: Path) -> None:
    publish(folder, hub)
    environment = {
        **os.environ,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_ENDPOINT": hub.endpoint,
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD, NAME, "v1.0.0"], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    manifest = json.loads((folder / "MANIFEST.json").read_bytes())
    expected = {
        f"{config}/{split}": entry["rows"]
        for config, row in manifest["configs"].items()
        for split, entry in row["splits"].items()
    }
    assert set(found) == set(expected)
    for name, entry in found.items():
        assert (entry["streamed"], entry["jsonl"], entry["features"]) == (True, True, True), name
        if isinstance(entry["rows"], list):
            lines = (folder / "jsonl" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
            assert entry["rows"] == [json.loads(line) for line in lines]
        else:
            assert entry["rows"] == expected[name]

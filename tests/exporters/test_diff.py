"""Two versions of a dataset side by side."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loopback.hub import WRITER, Hub, serve_hub
from toolkit.errors import ExportError
from toolkit.exporters import ExportOptions, PublishOptions, diff_datasets, publish_dataset


def test_a_folder_that_is_no_dataset_is_refused(dataset: Path, tmp_path: Path) -> None:
    for name in (str(tmp_path / "absent"), str(tmp_path)):
        with pytest.raises(ExportError, match=r"is no dataset folder: it has no MANIFEST\.json; name a folder"):
            diff_datasets(str(dataset), name)


def test_a_version_has_no_difference_from_itself(dataset: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(dataset, tmp_path / "copy")
    report = diff_datasets(str(dataset), str(copy))
    assert report.is_same
    assert report.figures == {}
    assert all(diff.before == diff.after for diff in report.configs.values())


def test_rows_that_came_and_went_are_counted_and_named(dataset: Path, records: Any, tmp_path: Path) -> None:
    fewer = tmp_path / "fewer"
    records.export(fewer, records.papers(38))
    report = diff_datasets(str(dataset), str(fewer))
    assert (report.papers_added, report.papers_removed, report.moved) == (0, 2, ())
    assert report.configs["forums"].removed == 2
    assert report.configs["forums"].examples["removed"] == ("paper0038", "paper0039")
    back = diff_datasets(str(fewer), str(dataset))
    assert back.configs["dialogues"].examples["added"] == ("paper0038-grounded-0", "paper0039-grounded-0")
    assert back.figures["counts.forums"] == (38, 40)
    assert not back.is_same


def test_a_changed_row_names_its_columns(dataset: Path, records: Any, papers: list[Any], tmp_path: Path) -> None:
    other = tmp_path / "other"
    changed = [dataclasses.replace(paper, title="Renamed") if paper.forum == "paper0003" else paper for paper in papers]
    records.export(other, changed)
    report = diff_datasets(str(dataset), str(other))
    assert report.configs["forums"].changed_columns == {"title": 1}
    assert report.configs["forums"].examples["changed"] == ("paper0003",)
    assert report.configs["dialogues"].changed_columns["title"] == 1


def test_a_paper_that_moved_is_named(dataset: Path, records: Any, papers: list[Any], tmp_path: Path) -> None:
    other = tmp_path / "other"
    records.export(other, papers, ExportOptions(salt="another"))
    report = diff_datasets(str(dataset), str(other))
    assert report.moved
    assert not report.is_same


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", WRITER)
    with serve_hub() as served:
        yield served


def test_a_version_on_the_hub_is_compared_with_a_folder(dataset: Path, records: Any, hub: Hub, tmp_path: Path) -> None:
    publish_dataset(dataset, "tester/dialogues", PublishOptions(endpoint=hub.endpoint))
    at_tag = "tester/dialogues@v1.0.0"
    assert diff_datasets(at_tag, str(dataset), endpoint=hub.endpoint).is_same
    fewer = tmp_path / "fewer"
    records.export(fewer, records.papers(38))
    assert diff_datasets(at_tag, str(fewer), endpoint=hub.endpoint).papers_removed == 2


def test_a_version_that_is_not_there_is_one_error(dataset: Path, hub: Hub) -> None:
    publish_dataset(dataset, "tester/dialogues", PublishOptions(endpoint=hub.endpoint))
    for name in ("tester/dialogues@v9.0.0", "tester/absent@v1.0.0"):
        with pytest.raises(ExportError, match="could not read the version: the Hub answered 404"):
            diff_datasets(name, str(dataset), endpoint=hub.endpoint)

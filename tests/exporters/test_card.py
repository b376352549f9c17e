"""The card, LICENSE and croissant.json say what the files hold, and what they tell readers to do works."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import pytest
import yaml

from toolkit import tables
from toolkit.exporters import ExportOptions
from toolkit.exporters import tables as room
from toolkit.exporters.card import render_card, render_licence
from toolkit.exporters.croissant import read_column_descriptions
from toolkit.records import Forum

PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def read_front_matter(folder: Path) -> dict[str, Any]:
    text = (folder / "README.md").read_text()
    return dict(yaml.safe_load(text.split("---\n")[1]))


def test_the_features_are_those_that_datasets_would_write(loading: ModuleType) -> None:
    """``_to_yaml_list`` is private, so it is used here and not in the exporter: a change in it fails this test."""
    for config in room.CONFIGS:
        features = loading.Features.from_arrow_schema(tables.build_arrow_schema(config.record))
        assert room.build_features(config.record) == features._to_yaml_list()


def test_the_front_matter_is_what_the_hub_asks_for(dataset: Path) -> None:
    meta = read_front_matter(dataset)
    assert meta["license"] == "cc-by-4.0"
    assert meta["language"] == ["en"]
    assert meta["size_categories"] == ["n<1K"]
    assert {"synthetic", "peer-review", "openreview"} <= set(meta["tags"])
    assert [config["config_name"] for config in meta["configs"]] == ["dialogues", "forums", "sft", "dpo"]
    assert [config.get("default") for config in meta["configs"]] == [True, None, None, None]
    assert meta["configs"][0]["data_files"][0] == {"split": "train", "path": "data/dialogues/train-*.parquet"}


def test_the_front_matter_round_trips_through_the_hubs_own_reader(dataset: Path) -> None:
    from huggingface_hub import DatasetCard

    card = DatasetCard.load(dataset / "README.md")
    assert card.data.to_dict()["dataset_info"] == read_front_matter(dataset)["dataset_info"]
    assert card.data.pretty_name == "ReviewDial dialogues"


def test_the_figures_are_those_of_the_files(dataset: Path, papers: list[Forum]) -> None:
    info = {entry["config_name"]: entry for entry in read_front_matter(dataset)["dataset_info"]}
    for config in room.CONFIGS:
        entry = info[config.name]
        shards = sorted((dataset / "data" / config.name).iterdir())
        assert entry["download_size"] == sum(shard.stat().st_size for shard in shards)
        assert entry["dataset_size"] == sum(split["num_bytes"] for split in entry["splits"])
        for split in entry["splits"]:
            lines = (dataset / f"jsonl/{config.name}/{split['name']}.jsonl").read_bytes().count(b"\n")
            assert split["num_examples"] == lines
    body = (dataset / "README.md").read_text()
    reviews = sum(len(paper.reviews) for paper in papers)
    assert f"{len(papers)} dialogues about {len(papers)} papers, {reviews} reviews, " in body
    assert f"| Invented.cc/2019/Conference | {len(papers)} | {reviews} | {len(papers)} |" in body
    assert "| accept | 28 | 2 | 2 |" in body
    assert "64 e-mail addresses and 0 profile ids were replaced" in body


def test_the_headings_are_those_of_the_hubs_template(dataset: Path) -> None:
    from importlib import resources

    template = resources.files("huggingface_hub").joinpath("templates/datasetcard_template.md").read_text()
    card = (dataset / "README.md").read_text()
    wanted = re.findall(r"^#{2,4} ([^\[{\n]+?)(?: \[optional\])?$", template, re.MULTILINE)
    left_out = {"Glossary", "Dataset Card Authors", "Dataset Card Contact", "Who are the annotators?"}
    found = re.findall(r"^#{2,4} (.+)$", card, re.MULTILINE)
    assert [heading for heading in wanted if heading not in found and heading not in left_out] == []


def test_the_examples_of_the_card_run(
    dataset: Path, loading: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = PYTHON.findall((dataset / "README.md").read_text())
    assert len(examples) == 3
    for example in examples:
        assert "path/to/this/folder" in example
        names: dict[str, Any] = {}
        exec(example.replace("path/to/this/folder", str(dataset)), names)
        assert names.get("rows") is None or names["rows"].num_rows == 35


def test_the_example_notices_evidence_that_does_not_hold(
    dataset: Path, loading: ModuleType, papers: list[Forum], records: Any, tmp_path: Path
) -> None:
    def spoil(dialogue: Any) -> Any:
        turn = dialogue.turns[1]
        evidence = tuple(replace(found, start=found.start + 1) for found in turn.evidence)
        return replace(dialogue, turns=(dialogue.turns[0], replace(turn, evidence=evidence), *dialogue.turns[2:]))

    records.export(tmp_path / "dataset", papers[:1], ExportOptions(), spoil)
    example = PYTHON.findall((tmp_path / "dataset/README.md").read_text())[2]
    with pytest.raises(AssertionError):
        exec(example.replace("path/to/this/folder", str(tmp_path / "dataset")), {})


def test_names_from_the_record_cannot_break_the_card(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    venue = "Odd|Venue <img src=x>\n# heading"
    records.export(tmp_path / "dataset", [replace(papers[0], venue=venue)], ExportOptions(title='A "title": yes'))
    card = (tmp_path / "dataset/README.md").read_text()
    assert "| Odd\\|Venue &lt;img src=x> # heading | 1 |" in card
    assert read_front_matter(tmp_path / "dataset")["pretty_name"] == 'A "title": yes'


def test_a_notice_heads_the_card_and_the_licence(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    records.export(tmp_path / "dataset", papers[:1], ExportOptions(notice="All papers here are invented."))
    assert "\n> **All papers here are invented.**\n" in (tmp_path / "dataset/README.md").read_text()
    assert "\nAll papers here are invented.\n" in (tmp_path / "dataset/LICENSE").read_text()


def test_a_figure_that_is_missing_is_an_error_and_not_a_blank(dataset: Path) -> None:
    body = json.loads((dataset / "MANIFEST.json").read_bytes())
    del body["salt"]
    with pytest.raises(jinja2.UndefinedError):
        render_card(body)
    del body["title"]
    with pytest.raises(jinja2.UndefinedError):
        render_licence(body)


def test_every_column_has_a_meaning_and_every_meaning_a_column() -> None:
    def list_paths(columns: list[dict[str, Any]], parent: str = "") -> list[str]:
        paths = []
        for column in columns:
            inner = column.get("list", column.get("struct"))
            paths.append(parent + column["name"])
            paths += list_paths(inner, f"{parent}{column['name']}.") if isinstance(inner, list) else []
        return paths

    descriptions = read_column_descriptions()
    assert set(descriptions) == {config.name for config in room.CONFIGS}
    for config in room.CONFIGS:
        columns = room.build_features(config.record)
        assert set(descriptions[config.name]) <= set(list_paths(columns))
        assert {column["name"] for column in columns} <= set(descriptions[config.name])


def test_croissant_names_every_parquet_file_and_column(dataset: Path) -> None:
    """The structure that mlcroissant reads records by; it is too heavy to be a dependency of the tests."""
    croissant = json.loads((dataset / "croissant.json").read_bytes())
    manifest = json.loads((dataset / "MANIFEST.json").read_bytes())
    assert croissant["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert croissant["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    files = {entry["@id"]: entry for entry in croissant["distribution"] if entry["@type"] == "cr:FileObject"}
    assert sorted(files) == sorted(name for name in manifest["files"] if name.startswith("data/"))
    for name, entry in files.items():
        assert entry["sha256"] == manifest["files"][name]["sha256"]
        assert entry["encodingFormat"] == "application/x-parquet", "any other form validates, and fails on reading"
    sets = {entry["@id"]: entry for entry in croissant["distribution"] if entry["@type"] == "cr:FileSet"}
    for config, record_set in zip(room.CONFIGS, croissant["recordSet"], strict=True):
        assert record_set["@id"] == config.name
        assert list(dataset.glob(sets[f"{config.name}-files"]["includes"]))
        assert [field["name"] for field in record_set["field"]] == list(tables.describe_record(config.record))
        check_fields(record_set["field"], config.name, lists=0)


def check_fields(fields: list[dict[str, Any]], parent: str, lists: int) -> None:
    for field in fields:
        assert field["@id"] == f"{parent}/{field['name']}"
        assert ("dataType" in field) != ("subField" in field)
        path = field["@id"].split("/")[1:]
        assert field["source"]["extract"] == {"column": path[0]}
        assert [step["jsonPath"] for step in field["source"].get("transform", [])] == path[1:]
        depth = lists + field.get("repeated", False)
        assert depth <= 1, "readers follow a path through one list only"
        check_fields(field.get("subField", []), field["@id"], depth)

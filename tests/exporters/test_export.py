"""What an export refuses, and what it writes: rows that any reader of the Hub's libraries loads as they are."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from toolkit import tables
from toolkit import workspace as places
from toolkit.errors import ExportError, WorkspaceError
from toolkit.exporters import ExportOptions, export, verify_dataset
from toolkit.exporters import tables as room
from toolkit.records import Dialogue, Forum, Message, Score
from toolkit.text import clean_text

CONFIGS = ("dialogues", "forums", "sft", "dpo")
SPLITS = ("train", "validation", "test")
ALL_TRAIN = ExportOptions(shares={"train": 1.0, "validation": 0.0, "test": 0.0})


def read_config(folder: Path, config: str) -> list[dict[str, Any]]:
    return [row for shard in sorted((folder / "data" / config).iterdir()) for row in places.read_rows(shard)]


# What is refused


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"license": None}, "there is not one dialogue to export; no licence on record allows it"),
        ({"title": None, "venue": None}, "dialogues paper0000-grounded-0: venue: null where a value is needed"),
        ({"title": 7}, "dialogues paper0000-grounded-0: title: int where str is needed"),
        ({"title": "half a \ud83d pair"}, "title: holds a lone surrogate"),
        ({"title": "by ~Jane_Q_Doe1"}, "title: holds a profile id"),
        ({"messages": (Message("user", "ask jane@example.org"),)}, r"messages\[0\].content: holds an e-mail address"),
        ({"messages": (Message("system", "x"),)}, r"messages\[\].role: 'system' is not one of user, assistant"),
        ({"forum": "paper9999"}, "its forum paper9999 is not among the forums"),
    ],
)
def test_a_dialogue_that_cannot_be_published_stops_the_export(
    tmp_path: Path, papers: list[Forum], records: Any, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ExportError, match=words) as raised:
        records.export(tmp_path / "dataset", papers[:1], change=lambda dialogue: replace(dialogue, **change))
    assert not list(tmp_path.iterdir()), "nothing is left behind"
    assert "jane" not in str(raised.value).lower(), "private text is never quoted"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"api": "v3"}, "forums paper0000: api: 'v3' is not one of v1, v2"),
        ({"year": 2**70}, "forums paper0000"),
        ({"rating_summary": None}, "forums paper0000: rating_summary: null where a value is needed"),
    ],
)
def test_a_forum_that_does_not_fit_stops_the_export(
    tmp_path: Path, papers: list[Forum], records: Any, change: dict[str, Any], words: str
) -> None:
    bad = replace(papers[0], **change)
    with pytest.raises(ExportError, match=words):
        export(lambda: [bad], lambda: [records.dialogue(papers[0])], tmp_path / "dataset")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused_rather_than_written_as_null(
    tmp_path: Path, papers: list[Forum], records: Any, value: float
) -> None:
    review = papers[0].reviews[0]
    bad = replace(papers[0], reviews=(replace(review, rating=replace(review.rating, value=value)),))
    with pytest.raises(ExportError, match=r"forums paper0000: reviews\[\].rating.value: not a finite number"):
        export(lambda: [bad], lambda: [records.dialogue(papers[0])], tmp_path / "dataset")


def test_rows_out_of_order_or_twice_are_refused(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    first, second = papers[:2]
    dialogue = records.dialogue(first)
    for forums, dialogues, words in (
        ([second, first], [], "forum paper0000: stands after paper0001"),
        ([first, first], [], "forum paper0000: stands after paper0000"),
        ([first], [dialogue, dialogue], "dialogue paper0000-grounded-0: stands twice"),
        ([first, second], [records.dialogue(second), dialogue], "dialogues are not in order"),
        ([first], [], "not one dialogue to export; quarantine"),
    ):
        with pytest.raises(ExportError, match=words):
            export(lambda forums=forums: forums, lambda dialogues=dialogues: dialogues, tmp_path / "dataset")
        assert not (tmp_path / "dataset").exists()


@pytest.mark.parametrize("names", [("notes.txt",), (".git/config",), ("MANIFEST.json",)])
def test_a_folder_with_other_files_is_left_alone(
    tmp_path: Path, papers: list[Forum], records: Any, names: tuple[str, ...]
) -> None:
    for name in names:
        (tmp_path / "dataset" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dataset" / name).write_text('{"files": {}}')
    with pytest.raises(ExportError, match="holds other files"):
        records.export(tmp_path / "dataset", papers[:1])
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {Path(name).name for name in names}


def test_a_dataset_with_a_file_of_the_user_is_left_alone(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    folder = tmp_path / "dataset"
    records.export(folder, papers[:3])
    (folder / "my-notes.md").write_text("mine")
    before = places.digest_folder(folder)
    with pytest.raises(ExportError, match=r"holds other files than a dataset of ours \(my-notes.md\)"):
        records.export(folder, papers[:2])
    assert places.digest_folder(folder) == before


def test_a_file_or_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, papers: list[Forum], records: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="file: is a file"):
        records.export(tmp_path / "file", papers[:1])

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".dataset.new"))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(WorkspaceError, match="cannot be written: permission denied"):
        records.export(tmp_path / "dataset", papers[:1])


# What is written


def test_the_folder_is_that_of_the_contract(dataset: Path) -> None:
    tables_ = [f"data/{config}/{split}-00000-of-00001.parquet" for config in CONFIGS for split in SPLITS]
    lines = [f"jsonl/{config}/{split}.jsonl" for config in CONFIGS for split in SPLITS]
    texts = ["LICENSE", "MANIFEST.json", "README.md", "croissant.json", "splits.parquet"]
    assert sorted(places.digest_folder(dataset)) == sorted([*tables_, *lines, *texts])


def test_two_exports_in_different_folders_have_the_same_bytes(
    tmp_path: Path, dataset: Path, papers: list[Forum], records: Any
) -> None:
    records.export(tmp_path / "elsewhere" / "twin", papers)
    assert places.digest_folder(tmp_path / "elsewhere" / "twin") == places.digest_folder(dataset)
    records.export(tmp_path / "elsewhere" / "twin", papers)
    assert places.digest_folder(tmp_path / "elsewhere" / "twin") == places.digest_folder(dataset), "over itself, too"


def test_an_empty_folder_is_filled(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    (tmp_path / "dataset").mkdir()
    records.export(tmp_path / "dataset", papers[:2])
    assert (tmp_path / "dataset/README.md").is_file()


def test_rows_are_the_records_and_stand_in_order_of_id(dataset: Path, papers: list[Forum], records: Any) -> None:
    forums = {row["forum"]: tables.from_row(Forum, row) for row in read_config(dataset, "forums")}
    assert [forums[paper.forum] for paper in papers] == papers
    for row in read_config(dataset, "dialogues"):
        dialogue = tables.from_row(Dialogue, row)
        assert replace(dialogue, split=None) == records.dialogue(forums[dialogue.forum])
    for shard in dataset.glob("data/*/*.parquet"):
        ids = [row.get("dialogue_id", row["forum"]) for row in places.read_rows(shard)]
        assert ids == sorted(ids)


def test_a_training_row_holds_what_the_agent_has_read_and_nothing_of_the_decision(dataset: Path) -> None:
    row = next(row for row in read_config(dataset, "sft") if row["forum"] == "paper0000")
    system, *spoken = row["messages"]
    assert [message["role"] for message in spoken] == ["user", "assistant", "user", "assistant"]
    assert system["role"] == "system"
    for words in (
        "On paper0000",
        "We study it.",
        "Reviewer 1 (rating: 6: as it says",
        "Only two data sets",
        "three data",
    ):
        assert words in system["content"]
    assert "Fine." not in system["content"], "the meta-review is not for the agent"
    assert "Accept" not in system["content"]


def test_uncited_discussion_stays_out_of_the_system_message(papers: list[Forum], records: Any) -> None:
    dialogue = records.dialogue(papers[0])
    silent = replace(dialogue, turns=tuple(replace(turn, evidence=()) for turn in dialogue.turns))
    assert "three data sets" in room.write_system_message(dialogue, papers[0])
    assert "three data sets" not in room.write_system_message(silent, papers[0])


def test_jsonl_is_plain(dataset: Path) -> None:
    for path in dataset.glob("jsonl/*/*.jsonl"):
        data = path.read_bytes()
        assert data.endswith(b"\n")
        assert b"\r" not in data
        assert b"\\u" not in data, "non-ASCII is kept"
        record = room.CONFIG_OF_NAME[path.parent.name].record
        for line in data.splitlines():
            assert list(json.loads(line)) == list(tables.describe_record(record)), "every key, in column order"


def test_parquet_is_written_as_the_hub_likes_it(dataset: Path) -> None:
    for path in dataset.glob("data/*/*.parquet"):
        footer = parquet.read_metadata(path)
        assert footer.row_group(0).column(0).compression == "ZSTD"
        assert footer.row_group(0).column(0).has_column_index
        assert set(footer.metadata or {}) <= {b"ARROW:schema"}, "no footer of a library that older ones cannot read"


def test_large_splits_become_row_groups_and_shards_within_limits(
    tmp_path: Path, records: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "BATCH_BYTES", 10_000)
    monkeypatch.setattr(room, "ROW_GROUP_BYTES", 40_000)
    monkeypatch.setattr(room, "SHARD_BYTES", 100_000)
    papers = records.papers(120)
    records.export(tmp_path / "dataset", papers, ALL_TRAIN)
    shards = sorted((tmp_path / "dataset/data/forums").iterdir())
    assert len(shards) > 2
    assert [shard.name for shard in shards] == [
        f"train-{number:05d}-of-{len(shards):05d}.parquet" for number in range(len(shards))
    ]
    footers = [parquet.read_metadata(shard) for shard in shards]
    assert all(footer.num_row_groups > 1 for footer in footers[:-1])
    assert [row["forum"] for row in read_config(tmp_path / "dataset", "forums")] == [paper.forum for paper in papers]
    assert verify_dataset(tmp_path / "dataset").faults == ()


def test_an_empty_split_is_left_out_and_named(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    report = records.export(tmp_path / "dataset", papers[:3], ALL_TRAIN)
    assert report.rows["dialogues"] == {"train": 3}
    assert report.empty_splits["dialogues"] == ["validation", "test"]
    manifest = json.loads((tmp_path / "dataset/MANIFEST.json").read_bytes())
    assert manifest["configs"]["forums"]["empty_splits"] == ["validation", "test"]
    assert not list((tmp_path / "dataset").rglob("test*")), "no file of no rows"


def test_a_paper_without_dialogue_is_still_in_forums(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    dialogues = [records.dialogue(papers[1])]
    report = export(lambda: papers[:3], lambda: dialogues, tmp_path / "dataset", ALL_TRAIN)
    assert report.counts == {"forums": 3, "dialogues": 1, "evidence_spans": 2}
    assert verify_dataset(tmp_path / "dataset").faults == ()


def test_the_manifest_names_neither_times_nor_paths(dataset: Path) -> None:
    text = (dataset / "MANIFEST.json").read_text()
    assert str(dataset.parent) not in text
    assert "2026" not in text.replace(pa.__version__, "")


@pytest.mark.parametrize(
    ("licence", "message", "forums"),
    [
        (None, "no licence on record; neither the paper nor its dialogues", 0),
        ("mine", "'mine' is not a licence that is known to allow publishing; neither the paper nor its dialogues", 0),
        ("CC BY-ND 4.0", "CC BY-ND 4.0 does not allow to publish text made from the record", 1),
    ],
)
def test_what_may_not_be_published_is_set_aside_and_the_rest_exported(
    tmp_path: Path, papers: list[Forum], records: Any, licence: str | None, message: str, forums: int
) -> None:
    closed = replace(papers[0], license=licence)
    report = records.export(tmp_path / "dataset", [closed, *papers[1:3]])
    assert {item.message for item in report.quarantined} == {message}
    assert {item.reason for item in report.quarantined} == {"licence"}
    names = [row["forum"] for row in read_config(tmp_path / "dataset", "forums")]
    assert names.count(closed.forum) == forums
    assert closed.forum not in [row["forum"] for row in read_config(tmp_path / "dataset", "dialogues")]
    assert verify_dataset(tmp_path / "dataset").faults == ()


@pytest.mark.parametrize("licences", [("CC BY 4.0", "CC0 1.0"), ("CC BY 4.0", "CC BY-NC-SA 4.0")])
def test_the_dataset_is_cc_by_only_when_every_row_allows_it(
    tmp_path: Path, papers: list[Forum], records: Any, licences: tuple[str, str]
) -> None:
    licensed = [replace(paper, license=licence) for paper, licence in zip(papers, licences, strict=False)]
    report = records.export(tmp_path / "dataset", licensed)
    card = (tmp_path / "dataset/README.md").read_text()
    rights = (tmp_path / "dataset/LICENSE").read_text()
    if "NC" in licences[1]:
        assert report.license == "other"
        assert "\nlicense: other\nlicense_name: by-row\nlicense_link: LICENSE\n" in card
        assert "licenses/by-nc-sa/4.0" in rights
    else:
        assert report.license == "cc-by-4.0"
        assert "\nlicense: cc-by-4.0\n" in card


# What the real library makes of it


def test_every_config_and_split_loads_with_the_declared_features(dataset: Path, loading: ModuleType) -> None:
    for config in CONFIGS:
        loaded = loading.load_dataset(str(dataset), config)
        assert set(loaded) == set(SPLITS)
        record = room.CONFIG_OF_NAME[config].record
        wanted = loading.Features.from_arrow_schema(tables.build_arrow_schema(record))
        for split in SPLITS:
            assert loaded[split].features == wanted
            assert loaded[split].to_list() == list(
                places.read_rows(dataset / f"data/{config}/{split}-00000-of-00001.parquet")
            )
    assert loading.get_dataset_config_names(str(dataset)) == list(CONFIGS)
    assert loading.load_dataset(str(dataset), split="test").column_names[0] == "dialogue_id", (
        "dialogues are the default"
    )


def test_jsonl_loads_to_the_same_rows(dataset: Path, loading: ModuleType) -> None:
    for config in CONFIGS:
        features = loading.load_dataset_builder(str(dataset), config).info.features
        for split in SPLITS:
            path = str(dataset / f"jsonl/{config}/{split}.jsonl")
            lines = loading.load_dataset("json", data_files=path, features=features, split="train")
            assert lines.features == features
            assert lines.to_list() == loading.load_dataset(str(dataset), config, split=split).to_list()


@pytest.mark.parametrize(
    "words",
    ["2019-01-01", "2019-01-01T00:00:00", "a\u2028b\x85c", "null", "3", "", "🙂 naïve — “quoted”", "=1+1", "a\tb\\n"],
)
def test_texts_that_careless_readers_take_for_something_else_come_back_as_they_were(
    tmp_path: Path, papers: list[Forum], records: Any, loading: ModuleType, words: str
) -> None:
    def change(dialogue: Dialogue) -> Dialogue:
        if dialogue.forum != "paper0000":
            return dialogue
        return replace(dialogue, title=words, messages=(Message("user", words), *dialogue.messages[1:]))

    records.export(tmp_path / "dataset", papers[:2], ALL_TRAIN, change)
    folder = str(tmp_path / "dataset")
    features = loading.load_dataset_builder(folder, "dialogues").info.features
    path = f"{folder}/jsonl/dialogues/train.jsonl"
    for rows in (
        loading.load_dataset(folder, "dialogues", split="train"),
        loading.load_dataset("json", data_files=path, features=features, split="train"),
    ):
        assert [row["title"] for row in rows] == [words, "On paper0001"]
        assert rows[0]["messages"][0]["content"] == words


def test_only_parquet_is_safe_for_a_column_of_nothing_but_dates(
    tmp_path: Path, papers: list[Forum], records: Any, loading: ModuleType
) -> None:
    """``datasets`` lets Arrow guess JSON columns before it applies the features; docs/dataset.md tells readers so."""
    records.export(tmp_path / "dataset", papers[:2], ALL_TRAIN, lambda dialogue: replace(dialogue, title="2019-01-01"))
    folder = str(tmp_path / "dataset")
    assert loading.load_dataset(folder, "dialogues", split="train")["title"][0] == "2019-01-01"
    features = loading.load_dataset_builder(folder, "dialogues").info.features
    path = f"{folder}/jsonl/dialogues/train.jsonl"
    lines = loading.load_dataset("json", data_files=path, features=features, split="train")
    assert lines["title"][0] == "2019-01-01 00:00:00", "when this fails, datasets has been mended: drop the warning"


def test_columns_that_are_empty_in_one_split_load_in_all(tmp_path: Path, records: Any, loading: ModuleType) -> None:
    """Nothing but nulls and empty lists in train, values in test: the hazard that kills inferred types."""
    forums = [records.forum(f"paper{number:04d}", full=False) for number in range(40)]
    records.export(tmp_path / "dataset", forums)
    ledger = {row["forum"]: row["split"] for row in places.read_rows(tmp_path / "dataset/splits.parquet")}
    mixed = [records.forum(forum, full=split == "test") for forum, split in ledger.items()]
    records.export(tmp_path / "dataset", mixed)
    loaded = loading.load_dataset(str(tmp_path / "dataset"), "forums")
    assert loaded["train"].features == loaded["test"].features
    assert not any(row["reviews"] for row in loaded["train"])
    assert all(row["reviews"] for row in loaded["test"])


def test_whole_numbers_in_float_columns_are_floats_in_both_forms(
    tmp_path: Path, papers: list[Forum], records: Any
) -> None:
    score = Score("rating", "6", 6, None, "scale", 1, None, None, "known")
    review = replace(papers[0].reviews[0], rating=score)
    export(
        lambda: [replace(papers[0], reviews=(review, *papers[0].reviews[1:]))],
        lambda: [records.dialogue(papers[0])],
        tmp_path / "dataset",
        ALL_TRAIN,
    )
    assert '"value":6.0' in (tmp_path / "dataset/jsonl/forums/train.jsonl").read_text()
    assert verify_dataset(tmp_path / "dataset").faults == ()


def test_no_table_looks_like_an_agent_trace() -> None:
    """``datasets`` 5 takes rows with these columns for traces of coding agents and cannot load them."""
    traces = ({"type", "message"}, {"type", "payload"}, {"type", "id", "version", "cwd"})
    hermes = {"id", "source", "model", "system_prompt", "messages"}
    for config in room.CONFIGS:
        columns = set(tables.describe_record(config.record))
        assert not any(trace <= columns for trace in (*traces, hermes))


def test_no_column_has_a_type_that_readers_guess_or_lack() -> None:
    def walk(type_: pa.DataType) -> list[pa.DataType]:
        if pa.types.is_list(type_):
            return walk(type_.value_type)
        if pa.types.is_struct(type_):
            return [inner for field in type_ for inner in walk(field.type)]
        return [type_]

    for config in room.CONFIGS:
        schema = tables.build_arrow_schema(config.record)
        leaves = {leaf for field in schema for leaf in walk(field.type)}
        assert leaves <= {pa.string(), pa.int64(), pa.float64(), pa.bool_()}


# A crash


KILLED = """
import os, signal, sys
from pathlib import Path
from toolkit.exporters import export
from toolkit.records import Dialogue, Forum
from toolkit.workspace import read_records
import toolkit.workspace as places

class Killer:
    def start(self, *_): pass
    def finish(self): pass
    def advance(self, count=1):
        if sys.argv[2] == "writing":
            os.kill(os.getpid(), signal.SIGKILL)

replace_path = os.replace
def swap(source, target):
    replace_path(source, target)
    if sys.argv[2] == "swapping" and str(target).endswith(".old"):
        os.kill(os.getpid(), signal.SIGKILL)
os.replace = swap

root = Path(sys.argv[1])
export(lambda: read_records(root / "forums", Forum), lambda: read_records(root / "dialogues", Dialogue),
       root / "dataset", progress=Killer())
"""


@pytest.mark.parametrize("moment", ["writing", "swapping"])
def test_a_killed_export_leaves_the_old_dataset_whole(
    tmp_path: Path, papers: list[Forum], records: Any, moment: str
) -> None:
    folder = tmp_path / "dataset"
    records.export(folder, papers[:5], ExportOptions(salt="old"))
    before = places.digest_folder(folder)
    places.write_shards(tmp_path / "forums", Forum, papers[:9])
    places.write_shards(tmp_path / "dialogues", Dialogue, [records.dialogue(paper) for paper in papers[:9]])
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), moment], cwd=Path(__file__).parents[2])
    assert ended.returncode == -signal.SIGKILL
    places.recover_folder(folder)
    assert places.digest_folder(folder) == before
    # The next export finds the old ledger wherever the crash left it, so no paper moves.
    assert records.export(folder, papers[:9]).kept == 5
    assert verify_dataset(folder).faults == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "dialogues", "forums"]


FRAGMENTS = [
    *(
        "jane",
        "@",
        "example.org",
        "Example.ORG",
        " (at) ",
        "[at]",
        "(\nat)",
        " dot ",
        "(dot)",
        "com",
        "~",
        "%7E",
        "_",
        "1",
    ),
    *(
        "Jane_Doe1",
        "~Zoë_Müller12",
        "’",
        "-",
        ".",
        " ",
        "\n",
        "\\",
        "{a, b}",
        "é",
        '"',
        "R@10.",
        "a~\\cite{b_2}",
        "]",
        ")",
    ),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_the_quick_look_for_private_text_misses_nothing_that_cleaning_finds(words: str) -> None:
    row = {"text": words}
    found = clean_text(words).changes.keys() & {"email", "profile"}
    assert (room.find_private_text(room.encode_row(row), row) is not None) == bool(found)

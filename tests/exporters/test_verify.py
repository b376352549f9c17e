"""One changed character anywhere in a dataset folder is found, and said where."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from toolkit import workspace as places
from toolkit.errors import ExportError
from toolkit.exporters import tables as room
from toolkit.exporters import verify_dataset
from toolkit.exporters.manifest import MANIFEST, seal_manifest
from toolkit.exporters.verify import LISTED_FAULTS
from toolkit.records import Forum, SplitAssignment

Row = dict[str, Any]
TRAIN = "train-00000-of-00001.parquet"


@pytest.fixture
def copy(dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(dataset, tmp_path / "copy"))


def check(folder: Path) -> str:
    report = verify_dataset(folder)
    assert report.fault_count >= len(report.faults) > 0
    return "\n".join(report.faults)


def rewrite_rows(path: Path, change: Callable[[list[Row]], None]) -> None:
    """Change rows of a Parquet file and write it again as the exporter would."""
    names = {config.name: config.record for config in room.CONFIGS}
    rows = list(places.read_rows(path))
    change(rows)
    places.write_parquet(path, names.get(path.parent.name, SplitAssignment), rows)


def rewrite_everywhere(folder: Path, config: str, split: str, change: Callable[[list[Row]], None]) -> None:
    """Change rows in Parquet and JSONL alike, and forge the manifest, as someone would who wants not to be caught."""
    rewrite_rows(folder / f"data/{config}/{split}-00000-of-00001.parquet", change)
    rows = list(places.read_rows(folder / f"data/{config}/{split}-00000-of-00001.parquet"))
    (folder / f"jsonl/{config}/{split}.jsonl").write_bytes(b"".join(map(room.encode_row, rows)))
    forge_manifest(folder)


def forge_manifest(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    del manifest["digest"]
    for name, entry in manifest["files"].items():
        data = (folder / name).read_bytes()
        entry |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (folder / MANIFEST).write_bytes(seal_manifest(manifest))


def change_character(path: Path, words: str, change: str) -> None:
    text = path.read_text()
    assert words in text
    path.write_text(text.replace(words, change, 1))


def test_a_whole_dataset_has_no_fault(dataset: Path, papers: list[Forum]) -> None:
    report = verify_dataset(dataset)
    assert report.faults == ()
    assert report.fault_count == 0
    assert report.files == 29
    assert sum(report.rows["dialogues"].values()) == len(papers)
    spans = [
        evidence
        for shard in dataset.glob("data/dialogues/*")
        for row in places.read_rows(shard)
        for turn in row["turns"]
        for evidence in turn["evidence"]
    ]
    assert report.spans == len(spans) > 0


def test_a_copy_from_the_hub_verifies(copy: Path) -> None:
    (copy / ".gitattributes").write_text("*.parquet filter=lfs")
    (copy / ".cache/huggingface").mkdir(parents=True)
    (copy / ".cache/huggingface/data.lock").write_text("")
    assert verify_dataset(copy).faults == ()


@pytest.mark.parametrize("name", ["missing", "file", "empty"])
def test_what_is_no_dataset_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportError, match="dataset folder"):
        verify_dataset(tmp_path / name)


def test_a_manifest_of_a_newer_format_is_refused(copy: Path) -> None:
    change_character(copy / MANIFEST, '"format": 1', '"format": 2')
    with pytest.raises(ExportError, match="format 2"):
        verify_dataset(copy)


# Files


@pytest.mark.parametrize(
    ("name", "words", "change", "found"),
    [
        ("README.md", "never recommends", "never recommend", "README.md line 6"),
        ("LICENSE", "wins over", "wins under", "LICENSE line 3: is not what was exported"),
        ("croissant.json", '"cr:Field"', '"cr:Fields"', "croissant.json line "),
        (MANIFEST, '"rows": 35', '"rows": 36', "MANIFEST.json: configs.dialogues.splits.train.rows is 36 where"),
        (MANIFEST, '"salt": "reviewdial"', '"salt": "reviewdials"', "MANIFEST.json: was changed after it was written"),
        (MANIFEST, '"format": 1,\n', '"format": 1, \n', "MANIFEST.json line 3: was changed"),
        (MANIFEST, '"forums": 40', '"papers": 40', "MANIFEST.json: ledger.forums is absent where the files give 40"),
        (MANIFEST, '"files": {', '"files": [', "MANIFEST.json: is not JSON"),
        (MANIFEST, '"files": {', '"fales": {', "MANIFEST.json: is not a manifest"),
        (MANIFEST, '"shares": {', '"shared": {', "MANIFEST.json: was changed after it was written"),
        (MANIFEST, '"pyarrow": "', '"pyarrow": "0', "MANIFEST.json: was changed after it was written"),
    ],
)
def test_a_changed_character_in_a_text_is_found(copy: Path, name: str, words: str, change: str, found: str) -> None:
    change_character(copy / name, words, change)
    faults = check(copy)
    assert found in faults
    if name != MANIFEST:
        assert f"{name}: was changed after the export" in faults


def test_a_changed_manifest_beside_a_changed_card_is_no_crash(copy: Path) -> None:
    change_character(copy / MANIFEST, '"shares": {', '"shared": {')
    change_character(copy / "README.md", "never recommends", "never recommend")
    assert "README.md: was changed after the export" in check(copy)


def test_a_forged_manifest_is_compared_with_the_rows(copy: Path) -> None:
    change_character(copy / MANIFEST, '"accept": 28', '"accept": 29')
    forge_manifest(copy)
    assert "MANIFEST.json: counts.decisions_by_split.train.accept is 29 where the files give 28" in check(copy)


def test_missing_and_extra_files_are_named(copy: Path) -> None:
    (copy / "data/dialogues/notes.txt").write_text("x")
    (copy / "jsonl/forums/test.jsonl").unlink()
    (copy / f"data/sft/{TRAIN}").unlink()
    faults = check(copy)
    assert "data/dialogues/notes.txt: is not named in MANIFEST.json" in faults
    assert "jsonl/forums/test.jsonl: is missing" in faults
    assert f"data/sft/{TRAIN}: is missing" in faults
    assert "sft/train: its table ends where dialogue paper0000-grounded-0 belongs" in faults


@pytest.mark.parametrize("place", [4, 2_000, -4])
def test_a_flipped_byte_in_parquet_is_found(copy: Path, place: int) -> None:
    path = copy / f"data/dialogues/{TRAIN}"
    data = bytearray(path.read_bytes())
    data[place] ^= 0x20
    path.write_bytes(data)
    assert f"data/dialogues/{TRAIN}: was changed after the export" in check(copy)


def test_a_truncated_parquet_file_is_found(copy: Path) -> None:
    path = copy / f"data/forums/{TRAIN}"
    path.write_bytes(path.read_bytes()[:-100])
    assert f"data/forums/{TRAIN} after row 0: cannot be read as Parquet" in check(copy)


# Rows


def first_turn_with_evidence(row: Row) -> Row:
    return next(turn for turn in row["turns"] if turn["evidence"])


def test_a_changed_parquet_cell_is_located(copy: Path) -> None:
    def change(rows: list[Row]) -> None:
        rows[2]["turns"][1]["text"] += "."

    rewrite_rows(copy / f"data/dialogues/{TRAIN}", change)
    faults = check(copy)
    row = f"data/dialogues/{TRAIN} row 3 (paper0003-grounded-0)"
    assert f"{row}: messages[1] does not mirror turn 1" in faults
    assert f"jsonl/dialogues/train.jsonl line 3 (paper0003-grounded-0): turns[1].text differs from {row}" in faults


def test_a_changed_source_text_is_located_by_the_evidence_that_points_to_it(copy: Path) -> None:
    def change(rows: list[Row]) -> None:
        section = rows[2]["reviews"][0]["sections"][1]
        section["text"] = section["text"].replace("two data", "ten data")

    rewrite_everywhere(copy, "forums", "train", change)
    faults = check(copy)
    assert (
        f"data/dialogues/{TRAIN} row 3 (paper0003-grounded-0), turn 1, evidence 0: "
        "the text at 0..18 is not what was cited (sha256 differs)" in faults
    )


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"start": 1}, "the text at 1..18 is not what was cited"),
        ({"end": 999}, "the span 0..999 lies outside the text of"),
        ({"note_id": "elsewhere"}, "the record has no text 'weaknesses' in note elsewhere"),
        ({"sha256": "0" * 64}, "is not what was cited"),
        ({"turn_end": 999}, "the stretch of the turn that it supports lies outside the turn"),
        ({"start": 0, "end": 29, "sha256": None}, "is marked as a quote, but its words do not stand in the turn"),
    ],
)
def test_evidence_that_does_not_hold_is_located_even_when_everything_is_forged(
    copy: Path, change: Row, found: str
) -> None:
    def forge(rows: list[Row]) -> None:
        turn = rows[0]["turns"][1]
        evidence = turn["evidence"][0]
        evidence |= change
        if change.get("sha256", "") is None:
            words = "Only two data sets were used."
            evidence["sha256"] = hashlib.sha256(words.encode()).hexdigest()
            turn["text"] = turn["text"].replace("used.", "used!")
            rows[0]["messages"][1]["content"] = turn["text"]

    rewrite_everywhere(copy, "dialogues", "train", forge)
    assert f"data/dialogues/{TRAIN} row 1 (paper0000-grounded-0), turn 1, evidence 0: " in check(copy)
    assert found in check(copy)


@pytest.mark.parametrize(
    ("config", "change", "found"),
    [
        ("dialogues", {"venue": "Other.cc/2019"}, "its venue or year is not that of its forum"),
        ("dialogues", {"decision": "reject"}, "its decision is not the outcome on record (accept)"),
        ("dialogues", {"license": "mine"}, "license: 'mine' is not a licence that is known"),
        ("dialogues", {"title": "see ~Jane_Doe1"}, "title: holds a profile id"),
        ("dialogues", {"title": "jane@example.org"}, "title: holds an e-mail address"),
        ("dialogues", {"split": "test"}, "split: 'test' in a file of train"),
        ("dialogues", {"forum": "paper9999"}, "its forum paper9999 is not in splits.parquet"),
        ("dialogues", {"metrics": None}, "metrics: null where a value is needed"),
        ("forums", {"api": "v9"}, "api: 'v9' is not one of v1, v2"),
        ("sft", {"source_url": "https://example.org"}, "source_url differs from the dialogue it was made from"),
        ("sft", {"messages": []}, "messages do not begin with a system message"),
        ("dpo", {"dialogue_id": "paper9999-grounded-0"}, "its dialogue is not in the config dialogues"),
        ("dpo", {"fault": "too-good"}, "fault: 'too-good' is not one of wrong-score"),
        ("dpo", {"chosen": [{"role": "assistant", "content": "Yes."}]}, "prompt or chosen answer differ"),
        ("dpo", {"prompt": []}, "prompt or chosen answer differ"),
        ("dpo", {"rejected": [{"role": "assistant", "content": "Is that still so?"}]}, "stands in the dialogue too"),
        ("dpo", {"rejected_end": 9_999}, "lies outside the rejected answer"),
        ("dpo", {"year": 1999}, "year differs from the dialogue it was made from"),
    ],
)
def test_a_row_that_is_not_what_it_should_be_is_located_even_when_everything_is_forged(
    copy: Path, config: str, change: Row, found: str
) -> None:
    rewrite_everywhere(copy, config, "train", lambda rows: rows[1].update(change))
    faults = check(copy)
    assert any(f"data/{config}/{TRAIN} row 2 (paper0001" in line and found in line for line in faults.splitlines())
    assert "jane" not in faults.lower(), "private text is never quoted"


def test_rows_out_of_order_and_rows_that_stand_twice_are_found(copy: Path) -> None:
    rewrite_everywhere(copy, "dialogues", "train", lambda rows: rows.insert(3, rows[2]))
    assert f"data/dialogues/{TRAIN} row 4 (paper0003-grounded-0): is out of order or stands twice" in check(copy)


def test_columns_of_another_version_are_found(copy: Path) -> None:
    path = copy / f"data/sft/{TRAIN}"
    parquet.write_table(parquet.read_table(path).drop_columns(["license"]), path)
    assert f"data/sft/{TRAIN}: its columns are not those of the config sft" in check(copy)


# Splits


def test_a_paper_in_two_splits_is_found(copy: Path) -> None:
    stray = next(places.read_rows(copy / "data/forums/test-00000-of-00001.parquet"))
    rewrite_everywhere(copy, "forums", "train", lambda rows: rows.append(stray))
    assert f"its forum {stray['forum']} belongs to the split test by splits.parquet" in check(copy)


def test_a_changed_ledger_is_found(copy: Path) -> None:
    rewrite_rows(copy / "splits.parquet", lambda rows: rows[0].update(split="test"))
    forge_manifest(copy)
    assert "(paper0000): its forum paper0000 belongs to the split test by splits.parquet" in check(copy)
    rewrite_rows(copy / "splits.parquet", lambda rows: rows.append({**rows[0], "forum": "paper9999"}))
    assert "splits.parquet: names forum paper9999, which is not in the config forums" in check(copy)
    (copy / "splits.parquet").write_bytes(b"no ledger")
    assert "splits.parquet: cannot be read as a split ledger" in check(copy)


# JSONL


@pytest.mark.parametrize(
    ("words", "change", "found"),
    [
        ("Is that still so?", "Is that still so!", "line 1 (paper0000-grounded-0): turns[2].text differs from"),
        ("Is that still so?", "Is that still so!", "at character 16"),
        ('"year":2019', '"year":2018', "year differs from"),
        ('"year":2019', '"year": 2019', "not its form (spacing, key order or escapes)"),
        ("—", "\\u2014", "not its form"),
        ('"year":2019', '"year":', "is not JSON"),
        ('"year":2019', '"yaer":2019', "yaer differs from"),
        ('"paper0000-grounded-0"', '"paper0000-grounded-1"', "holds another row than"),
    ],
)
def test_a_changed_character_in_jsonl_is_located(copy: Path, words: str, change: str, found: str) -> None:
    path = copy / ("jsonl/sft/train.jsonl" if words == "—" else "jsonl/dialogues/train.jsonl")
    change_character(path, words, change)
    assert any(
        line.startswith(f"jsonl/{path.parent.name}/train.jsonl line 1") and found in line
        for line in check(copy).splitlines()
    )


def test_lost_and_added_lines_are_found(copy: Path) -> None:
    path = copy / "jsonl/dialogues/train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert "jsonl/dialogues/train.jsonl line 35 (" in check(copy)
    assert "the file ends here" in check(copy)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    assert "jsonl/dialogues/train.jsonl line 36: there is no such row in Parquet" in check(copy)
    path.write_bytes(b"".join(lines[1:]))
    assert "jsonl/dialogues/train.jsonl line 1 (paper0000-grounded-0): holds another row" in check(copy)


def test_faults_beyond_the_first_ones_are_counted(copy: Path) -> None:
    rewrite_everywhere(copy, "dialogues", "train", lambda rows: [row.update(license="mine") for row in rows] and None)
    report = verify_dataset(copy)
    assert len(report.faults) == LISTED_FAULTS
    assert report.fault_count >= 2 * 35


def test_any_flipped_byte_is_found_and_its_file_named(copy: Path) -> None:
    chance = random.Random(20)
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    for path in chance.choices(files, k=60):
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= chance.randrange(1, 256)
        path.write_bytes(damaged)
        assert path.relative_to(copy).as_posix() in check(copy)
        path.write_bytes(whole)
    assert verify_dataset(copy).faults == ()

"""A paper's split depends on its id alone, and the ledger keeps it for ever."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import tables
from toolkit import workspace as places
from toolkit.errors import ExportError, UsageError
from toolkit.exporters import ExportOptions, assign_split
from toolkit.exporters.splits import DEFAULT_SHARES, check_split_options, read_ledger
from toolkit.records import Forum, SplitAssignment

ALL_TEST = {"train": 0.0, "validation": 0.0, "test": 1.0}


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"train": 0.5, "validation": 0.1, "test": 0.1}, "not parts of 1"),
        ({"train": 1.2, "validation": -0.1, "test": -0.1}, "not parts of 1"),
        ({"train": float("nan"), "validation": 0.5, "test": 0.5}, "not parts of 1"),
        ({"train": 1.0}, "train, validation, test"),
    ],
)
def test_shares_that_are_no_parts_of_one_are_refused(shares: dict[str, float], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_split_options(shares, "1.0.0")


@pytest.mark.parametrize("version", ["1", "v1.0.0", "1.0.0-rc", ""])
def test_a_version_has_three_numbers(version: str) -> None:
    with pytest.raises(UsageError, match="not a version"):
        check_split_options(DEFAULT_SHARES, version)


def test_splits_never_change_between_releases() -> None:
    """The pinned values: were the rule to change, papers would move from train to test."""
    pinned = {"BklMjsRqY7": "train", "S1en0sRqKm": "validation", "rJgfjjC9Ym": "train", "paper0009": "test"}
    assert {forum: assign_split(forum, "reviewdial", DEFAULT_SHARES) for forum in pinned} == pinned


@given(st.text(max_size=20), st.text(max_size=8), st.sampled_from(["train", "validation", "test"]))
def test_a_split_without_a_share_gets_nothing(forum: str, salt: str, only: str) -> None:
    shares = {split: float(split == only) for split in DEFAULT_SHARES}
    assert assign_split(forum, salt, shares) == only


def test_shares_are_met_and_another_salt_gives_other_splits() -> None:
    forums = [f"forum{number}" for number in range(4_000)]
    first = [assign_split(forum, "one", DEFAULT_SHARES) for forum in forums]
    counts = Counter(first)
    assert counts["train"] == pytest.approx(3_200, abs=100)
    assert counts["test"] == pytest.approx(400, abs=70)
    assert first != [assign_split(forum, "two", DEFAULT_SHARES) for forum in forums]


def test_a_growing_dataset_moves_no_paper(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    folder = tmp_path / "dataset"
    records.export(folder, papers[:20])
    before = read_ledger(folder / "splits.parquet")
    # Other shares and another salt would put almost every paper elsewhere; the old ones must not care.
    report = records.export(folder, papers, ExportOptions(shares=ALL_TEST, salt="other", first_version="1.1.0"))
    after = read_ledger(folder / "splits.parquet")
    assert report.kept == 20
    assert {forum: after[forum] for forum in before} == before
    assert {line.split for forum, line in after.items() if forum not in before} == {"test"}
    assert Counter(line.first_version for line in after.values()) == {"1.0.0": 20, "1.1.0": 20}


def test_a_ledger_of_an_earlier_version_can_be_given(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    records.export(tmp_path / "one", papers[:20], ExportOptions(shares=ALL_TEST))
    options = ExportOptions(ledger=tmp_path / "one/splits.parquet")
    assert records.export(tmp_path / "two", papers, options).kept == 20
    assert {read_ledger(tmp_path / "two/splits.parquet")[paper.forum].split for paper in papers[:20]} == {"test"}


def test_two_ledgers_that_disagree_stop_the_export(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    records.export(tmp_path / "one", papers[:9], ExportOptions(shares=ALL_TEST))
    records.export(tmp_path / "two", papers[:9], ExportOptions(salt="s"))
    before = places.digest_folder(tmp_path / "two")
    with pytest.raises(ExportError, match="in the other ledger; export to a new folder"):
        records.export(tmp_path / "two", papers[:9], ExportOptions(ledger=tmp_path / "one/splits.parquet"))
    assert places.digest_folder(tmp_path / "two") == before


def test_a_missing_ledger_is_not_taken_for_an_empty_one(tmp_path: Path, papers: list[Forum], records: Any) -> None:
    with pytest.raises(ExportError, match="no such ledger"):
        records.export(tmp_path / "one", papers[:2], ExportOptions(ledger=tmp_path / "splits.parquet"))


LINE = SplitAssignment("a", "a", "train", "1.0.0")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([LINE, LINE], "forum a stands in it twice"),
        ([replace(LINE, split="dev")], "unknown split 'dev'"),
        ([Forum], "not a split ledger"),
        (b"PAR1 but not for long", "cannot be read as a split ledger"),
        (b"\xff", "cannot be read as a split ledger"),
    ],
)
def test_a_damaged_ledger_is_refused(tmp_path: Path, lines: Any, words: str, papers: list[Forum]) -> None:
    path = tmp_path / "splits.parquet"
    if lines == b"\xff":
        places.write_parquet(path, SplitAssignment, [tables.to_row(replace(LINE, forum="unmistakable"))])
        path.write_bytes(path.read_bytes().replace(b"unmistakable", b"unmistak\xffble"))
    elif isinstance(lines, bytes):
        path.write_bytes(lines)
    elif lines == [Forum]:
        places.write_parquet(path, Forum, [tables.to_row(papers[0])])
    else:
        places.write_parquet(path, SplitAssignment, [tables.to_row(line) for line in lines])
    with pytest.raises(ExportError, match=words):
        read_ledger(path)

"""Records become rows, rows become records, and every schema follows from the record classes."""

import dataclasses
import json
import typing
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit import records, tables
from toolkit.errors import RecordError
from toolkit.schema_files import build_schema_files


def build_strategy(record_type: type) -> st.SearchStrategy[Any]:
    """Any record of a type, with nulls wherever its table allows them."""
    values = {}
    for name, field in tables.describe_record(record_type).items():
        scalars = {
            str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
            int: st.integers(-(2**63), 2**63 - 1),
            float: st.floats(allow_nan=False, allow_infinity=False),
            bool: st.booleans(),
        }
        value = st.sampled_from(field.choices) if field.choices else scalars.get(field.base)
        if value is None:
            value = build_strategy(field.base)
        if field.many:
            value = st.lists(value, max_size=2).map(tuple)
        values[name] = st.none() | value if field.nullable else value
    return st.builds(record_type, **values)


@pytest.mark.parametrize("name", sorted(tables.PUBLISHED))
@given(data=st.data())
def test_a_record_survives_the_way_through_its_table(name: str, data: st.DataObject) -> None:
    import pyarrow as pa

    record_type = tables.PUBLISHED[name]
    record = data.draw(build_strategy(record_type))
    table = pa.Table.from_pylist([tables.to_row(record)], schema=tables.build_arrow_schema(record_type))
    assert tables.from_row(record_type, table.to_pylist()[0]) == record


@pytest.mark.parametrize("name", sorted(tables.PUBLISHED))
@given(data=st.data())
def test_every_row_fits_its_own_schemas(name: str, data: st.DataObject) -> None:
    row = tables.to_row(data.draw(build_strategy(tables.PUBLISHED[name])))
    assert list(tables.find_row_faults(tables.PUBLISHED[name], row)) == []
    jsonschema.validate(json.loads(json.dumps(row)), tables.build_json_schema(name))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"field": "review"}, "text: missing"),
        ({"field": "review", "text": "a", "lang": "en"}, "lang: not a column of this table"),
        ({"field": "review", "text": None}, "text: null where a value is needed"),
        ({"field": "review", "text": 3}, "text: int where str is needed"),
        ("review", "row: str where an object is needed"),
    ],
)
def test_a_row_that_does_not_fit_is_told_where(row: Any, fault: str) -> None:
    assert list(tables.find_row_faults(records.Section, row)) == [fault]


def test_faults_are_found_deep_inside_a_row() -> None:
    point = {"field": "review", "start": True, "end": 2, "kind": "praise", "aspect": "other", "polarity": "neutral"}
    point["salience"] = 0.5
    meta_review = {"note_id": "n", "text": "t", "sections": [{"field": "f"}], "scores": {}, "recommendation": None}
    assert list(tables.find_row_faults(records.Point, point)) == [
        "start: bool where int is needed",
        "kind: 'praise' is not one of summary, strength, weakness, question, suggestion, other",
    ]
    assert list(tables.find_row_faults(records.MetaReview, meta_review)) == [
        "sections[0].text: missing",
        "scores: dict where a list is needed",
    ]


def test_a_number_that_is_not_finite_is_a_fault() -> None:
    summary = records.RatingSummary(1, float("nan"), None, None, None)
    assert list(tables.find_row_faults(records.RatingSummary, tables.to_row(summary))) == ["mean: not a finite number"]


def test_a_row_with_a_missing_column_cannot_be_read() -> None:
    with pytest.raises(RecordError, match="the column 'text' is missing from a section row; rebuild"):
        tables.from_row(records.Section, {"field": "review"})


def test_a_column_of_a_newer_version_is_ignored() -> None:
    row = {"field": "review", "text": "a", "language": "en"}
    assert tables.from_row(records.Section, row) == records.Section("review", "a")


def test_an_annotation_without_a_column_type_is_refused() -> None:
    for annotation in (dict[str, int], int | str, bytes):
        with pytest.raises(TypeError):
            tables.describe_annotation(annotation)


def test_no_column_is_ever_of_type_null() -> None:
    for record_type in tables.PUBLISHED.values():
        assert "null" not in str(tables.build_arrow_schema(record_type).types)


def test_the_contract_columns_are_there() -> None:
    """Other tools read these columns by name; they may be added to and never renamed."""
    contract = {
        "forum": "forum venue year title abstract keywords decision reviews meta_review discussion license url api "
        "score_stage fetched_at",
        "dialogue": "dialogue_id forum venue year title decision generator agenda turns messages metrics license "
        "source_url synthetic split",
        "claim": "dialogue_id turn start end kind speaker about stated recorded verdict",
        "finding": "dialogue_id turn rule severity start end message stated recorded evidence",
        "split-assignment": "forum group split first_version",
    }
    for name, columns in contract.items():
        assert set(columns.split()) <= set(tables.build_arrow_schema(tables.PUBLISHED[name]).names), name


def test_every_field_of_every_record_has_a_column_type() -> None:
    for name, record_type in vars(records).items():
        if dataclasses.is_dataclass(record_type) and name not in ("Note", "StageResult"):
            assert set(tables.describe_record(typing.cast("type", record_type)))


def test_the_committed_schema_files_are_those_of_the_code() -> None:
    folder = tables.find_schemas_folder()
    for name, text in build_schema_files().items():
        assert (folder / name).read_text(encoding="utf-8") == text, f"run `make schemas`: {name} is out of date"
        jsonschema.Draft202012Validator.check_schema(json.loads(text))

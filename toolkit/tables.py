"""Records as rows, and the schemas of every published table, derived from ``toolkit.records``.

The record classes are the one source of truth: column order, Arrow types and JSON Schema all follow from their
annotations, so a table cannot drift from the code that fills it. Types are always declared, never inferred from
values, because a column that is empty in one shard must have the same type as in the next.
"""

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit import records
from toolkit.errors import RecordError

if TYPE_CHECKING:
    import pyarrow as pa

RecordType = TypeVar("RecordType")
Converter = Callable[[Any], Any]

PUBLISHED: Mapping[str, type] = types.MappingProxyType(
    {
        "forum": records.Forum,
        "dialogue": records.Dialogue,
        "sft": records.SftRow,
        "dpo": records.PreferenceRow,
        "claim": records.Claim,
        "finding": records.Finding,
        "quarantined": records.Quarantined,
        "split-assignment": records.SplitAssignment,
        "transcript": records.Transcript,
        "turn-grounding": records.TurnGrounding,
    }
)
"""Name of the file under ``schemas/`` -> the record it describes."""


class FieldType(typing.NamedTuple):
    """An annotation taken apart: what a value may be."""

    base: type
    """``str``, ``int``, ``float``, ``bool`` or a record class; of the items where ``many``."""
    many: bool
    nullable: bool
    choices: tuple[str, ...]


def describe_annotation(annotation: Any) -> FieldType:
    """Take one annotation of a record apart.

    >>> describe_annotation(str | None)
    FieldType(base=<class 'str'>, many=False, nullable=True, choices=())
    """
    nullable = False
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        options = [option for option in typing.get_args(annotation) if option is not types.NoneType]
        nullable = len(options) < len(typing.get_args(annotation))
        if len(options) != 1:
            raise TypeError(f"a column has one type, not {annotation!r}")
        annotation = options[0]
    if typing.get_origin(annotation) is typing.Literal:
        return FieldType(str, False, nullable, typing.get_args(annotation))
    if typing.get_origin(annotation) is tuple:
        item = describe_annotation(typing.get_args(annotation)[0])
        return FieldType(item.base, True, nullable, item.choices)
    if annotation in (str, int, float, bool) or dataclasses.is_dataclass(annotation):
        return FieldType(annotation, False, nullable, ())
    raise TypeError(f"no column type for {annotation!r}")


@functools.cache
def describe_record(record_type: type) -> Mapping[str, FieldType]:
    """Return the fields of a record class in column order."""
    hints = typing.get_type_hints(record_type)
    return {field.name: describe_annotation(hints[field.name]) for field in dataclasses.fields(record_type)}


def build_arrow_schema(record_type: type) -> "pa.Schema":
    """Return the Arrow schema of a record's table."""
    import pyarrow as pa

    return pa.schema([(name, _arrow_type(field)) for name, field in describe_record(record_type).items()])


def _arrow_type(field: FieldType) -> "pa.DataType":
    import pyarrow as pa

    primitives: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    item: pa.DataType
    if field.base in primitives:
        item = primitives[field.base]
    else:
        item = pa.struct([(name, _arrow_type(inner)) for name, inner in describe_record(field.base).items()])
    return pa.list_(item) if field.many else item


def to_row(record: Any) -> dict[str, Any]:
    """Turn a record into a plain row: dicts, lists and scalars, every key present, in column order."""
    return typing.cast("dict[str, Any]", _row_writer(typing.cast("Hashable", type(record)))(record))


@functools.cache
def _row_writer(record_type: type) -> Converter:
    scalars, nested = [], []
    for name, field in describe_record(record_type).items():
        if dataclasses.is_dataclass(field.base):
            nested.append((name, _row_writer(field.base), field.many))
        elif field.many:
            nested.append((name, _keep, True))
        else:
            scalars.append(name)
    names = tuple(describe_record(record_type))

    def write(record: Any) -> dict[str, Any]:
        row = {name: getattr(record, name) for name in names}
        for name, convert, many in nested:
            value = row[name]
            if value is not None:
                row[name] = [convert(item) for item in value] if many else convert(value)
        return row

    return write


def _keep(value: Any) -> Any:
    return value


def from_row(record_type: type[RecordType], row: Mapping[str, Any]) -> RecordType:
    """Turn a row back into a record.

    Columns that the record does not have are ignored, so that a table of a newer version can still be read.

    Raises:
        RecordError: a column is missing.
    """
    try:
        return typing.cast("RecordType", _row_reader(typing.cast("Hashable", record_type))(row))
    except KeyError as error:
        raise RecordError(
            f"the column {error.args[0]!r} is missing from a {record_type.__name__.lower()} row",
            mend="rebuild the table with this version",
        ) from error


@functools.cache
def _row_reader(record_type: type) -> Converter:
    fields = describe_record(record_type)
    plain = tuple(name for name, field in fields.items() if not field.many and field.base not in _RECORD_TYPES)
    nested = tuple(
        (name, _row_reader(field.base) if field.base in _RECORD_TYPES else _keep, field.many)
        for name, field in fields.items()
        if field.many or field.base in _RECORD_TYPES
    )

    def read(row: Mapping[str, Any]) -> Any:
        values = {name: row[name] for name in plain}
        for name, convert, many in nested:
            value = row[name]
            if value is None:
                values[name] = None
            else:
                values[name] = tuple(convert(item) for item in value) if many else convert(value)
        return record_type(**values)

    return read


_RECORD_TYPES = frozenset(value for value in vars(records).values() if dataclasses.is_dataclass(value))


def find_row_faults(record_type: type, row: Any, path: str = "") -> Iterable[str]:
    """Say what in a row does not fit its table: missing and extra keys, nulls, wrong types, unknown choices.

    >>> list(find_row_faults(records.Section, {"field": "review", "text": None}))
    ['text: null where a value is needed']
    """
    if not isinstance(row, Mapping):
        yield f"{path or 'row'}: {type(row).__name__} where an object is needed"
        return
    fields = describe_record(record_type)
    for name in row:
        if name not in fields:
            yield f"{path}{name}: not a column of this table"
    for name, field in fields.items():
        if name not in row:
            yield f"{path}{name}: missing"
            continue
        value = row[name]
        if value is None:
            if not field.nullable:
                yield f"{path}{name}: null where a value is needed"
        elif field.many:
            if not isinstance(value, (list, tuple)):
                yield f"{path}{name}: {type(value).__name__} where a list is needed"
                continue
            for position, item in enumerate(value):
                yield from _find_value_faults(field, item, f"{path}{name}[{position}]")
        else:
            yield from _find_value_faults(field, value, f"{path}{name}")


def _find_value_faults(field: FieldType, value: Any, path: str) -> Iterable[str]:
    if field.base in _RECORD_TYPES:
        yield from find_row_faults(field.base, value, f"{path}.")
        return
    fits = isinstance(value, field.base) and not (field.base is int and isinstance(value, bool))
    if field.base is float and isinstance(value, int) and not isinstance(value, bool):
        fits = True
    if not fits:
        yield f"{path}: {type(value).__name__} where {field.base.__name__} is needed"
    elif field.base is float and not math.isfinite(value):
        yield f"{path}: not a finite number"
    elif field.choices and value not in field.choices:
        yield f"{path}: {value!r} is not one of {', '.join(field.choices)}"


_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def build_json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a published table's rows."""
    descriptions = _read_field_descriptions()
    schema = _json_object(PUBLISHED[name], descriptions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"reviewdial:{name}",
        "title": PUBLISHED[name].__name__,
        **schema,
    }


def _json_object(record_type: type, descriptions: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    properties = {}
    for name, field in describe_record(record_type).items():
        value = _json_value(field, descriptions)
        text = descriptions.get((record_type.__name__, name))
        properties[name] = {"description": text, **value} if text else value
    return {
        "description": " ".join((record_type.__doc__ or "").split()),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _json_value(field: FieldType, descriptions: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    value: dict[str, Any]
    if field.base in _RECORD_TYPES:
        value = _json_object(field.base, descriptions)
    elif field.choices:
        value = {"type": "string", "enum": list(field.choices)}
    else:
        value = {"type": _JSON_TYPES[field.base]}
    if field.many:
        value = {"type": "array", "items": value}
    if field.nullable:
        value = {"anyOf": [value, {"type": "null"}]}
    return value


def _read_field_descriptions() -> dict[tuple[str, str], str]:
    """Read the docstrings that stand under the fields in records.py; Python itself does not keep them."""
    import ast
    import inspect

    found = {}
    for node in ast.parse(inspect.getsource(records)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for target, text in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(target, ast.AnnAssign)
                and isinstance(target.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                found[node.name, target.target.id] = " ".join(str(text.value.value).split())
    return found


def find_schemas_folder() -> Path:
    """Return the folder of the shipped schemas: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"

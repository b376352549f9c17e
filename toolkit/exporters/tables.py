"""The configs of a dataset: their rows, their declared schemas, and the writer that streams them to disk."""

import dataclasses
import functools
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from toolkit import tables
from toolkit.errors import ExportError
from toolkit.records import (
    ChatMessage,
    Comment,
    Dialogue,
    Forum,
    PreferenceRow,
    Review,
    Score,
    SftRow,
    SpoiltAnswer,
)
from toolkit.text import clean_text

ROW_GROUP_BYTES = 16_000_000
"""Of rows as JSON, which is an upper estimate of their size in Arrow. The Hub's viewer scans row groups under 300 MB,
``datasets`` writes 100 MB; twelve groups (four configs, three splits) are in memory at once, so ours are smaller."""

SHARD_BYTES = 500_000_000
"""Of rows as JSON; the compressed file is several times smaller."""

BATCH_ROWS = 256
BATCH_BYTES = 4_000_000


class Config(NamedTuple):
    """One table of a dataset."""

    name: str
    record: type
    key: str
    """The column that names a row."""
    derived: bool
    """Whether its rows are text made from the record, rather than the record."""


CONFIGS = (
    Config("dialogues", Dialogue, "dialogue_id", derived=True),
    Config("forums", Forum, "forum", derived=False),
    Config("sft", SftRow, "dialogue_id", derived=True),
    Config("dpo", PreferenceRow, "preference_id", derived=True),
)
"""The first one is the default."""

CONFIG_OF_NAME: Mapping[str, Config] = {config.name: config for config in CONFIGS}


def build_features(record_type: type) -> list[dict[str, Any]]:
    """Return the columns of a table as a dataset card declares them.

    It is what ``datasets.Features.from_arrow_schema(schema)._to_yaml_list()`` gives; a test holds the two together.

    >>> build_features(ChatMessage)
    [{'name': 'role', 'dtype': 'string'}, {'name': 'content', 'dtype': 'string'}]
    """
    return [{"name": field.name, **_describe_type(field.type)} for field in tables.build_arrow_schema(record_type)]


def _describe_type(type_: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(type_):
        item = _describe_type(type_.value_type)
        return {"list": item.get("dtype", item.get("struct"))}
    if pa.types.is_struct(type_):
        return {"struct": [{"name": field.name, **_describe_type(field.type)} for field in type_]}
    return {"dtype": {"double": "float64"}.get(str(type_), str(type_))}


def digest_schema(record_type: type) -> str:
    """Return the sha256 of a table's columns and types, independent of any library's own form."""
    return hashlib.sha256(orjson.dumps(build_features(record_type))).hexdigest()


SHARED = tuple(field.name for field in dataclasses.fields(SftRow) if field.name != "messages")
"""Columns that a training row, and a pair made from it, have of their dialogue."""


def make_sft_row(dialogue: Dialogue, forum: Forum) -> SftRow:
    """Turn a dialogue into a training row."""
    system = ChatMessage("system", write_system_message(dialogue, forum))
    messages = (system, *(ChatMessage(message.role, message.content) for message in dialogue.messages))
    return SftRow(messages=messages, **{name: getattr(dialogue, name) for name in SHARED})


def make_preference_row(sft: SftRow, answer: SpoiltAnswer) -> PreferenceRow:
    """Turn an answer with a fault into a pair; the prompt is what a trainer sees of the dialogue before it."""
    said = answer.turn + 1  # the system message stands before the turns
    return PreferenceRow(
        preference_id=f"{sft.dialogue_id}-{answer.turn:02d}",
        turn=answer.turn,
        prompt=sft.messages[:said],
        chosen=sft.messages[said : said + 1],
        rejected=(ChatMessage("assistant", answer.text),),
        fault=answer.fault,
        rejected_start=answer.start,
        rejected_end=answer.end,
        **{name: getattr(sft, name) for name in SHARED},
    )


@functools.cache
def _read_instructions() -> str:
    return resources.files("toolkit.exporters").joinpath("system_message.txt").read_text(encoding="utf-8").strip()


def write_system_message(dialogue: Dialogue, forum: Forum) -> str:
    """Write what the agent is to do and what it has read: title, abstract, all reviews, and the notes it cites.

    The meta-review and the decision are left out: the meta-reviewer has yet to decide. Of the discussion only the
    texts that the dialogue cites are given, because whole threads do not fit into a trainer's context.
    """
    cited = {(evidence.note_id, evidence.field) for turn in dialogue.turns for evidence in turn.evidence}
    parts = [_read_instructions(), f"# Submission\n{forum.title or '(no title on record)'}"]
    if forum.abstract:
        parts.append(f"## Abstract\n{forum.abstract}")
    for review in forum.reviews:
        parts.append(f"# {_name_reviewer(review.reviewer)}{_format_scores(review)}")
        parts += [f"## {section.field}\n{section.text}" for section in review.sections]
    parts += [
        f"# {_name_commenter(comment)}: {comment.kind}\n{comment.text}"
        for comment in forum.discussion
        if (comment.note_id, comment.field) in cited
    ]
    return "\n\n".join(parts)


_COMMENTERS = {
    "author": "Authors",
    "reviewer": "A reviewer",
    "area_chair": "Area chair",
    "public": "Public",
    "program_chair": "Program chair",
}


def _name_reviewer(reviewer: str) -> str:
    return f"Reviewer {reviewer.removeprefix('R')}"


def _name_commenter(comment: Comment) -> str:
    return _name_reviewer(comment.reviewer) if comment.reviewer else _COMMENTERS[comment.role]


def _format_scores(review: Review) -> str:
    scores: tuple[Score, ...] = (review.rating, review.confidence, *review.scores)
    given = [f"{score.field}: {score.raw}" for score in scores if score.raw is not None]
    return f" ({'; '.join(given)})" if given else ""


class ColumnFault(NamedTuple):
    """A value that does not fit its column."""

    row: int
    """Position in the batch, from 0."""
    message: str


def find_column_faults(record_type: type, batch: pa.RecordBatch) -> Iterator[ColumnFault]:
    """Say what in a batch does not fit its table: nulls, unknown choices, numbers that are not finite.

    Columns are looked at as a whole, which is some thirty times faster than looking at rows one by one; types and
    column names are held by the batch's schema already. At most one fault is given for each column.
    """
    rows = pa.array(range(batch.num_rows), pa.int64())
    for name, field in tables.describe_record(record_type).items():
        yield from _find_faults(batch.column(name), field, name, rows)


def _find_faults(array: Any, field: tables.FieldType, path: str, rows: Any) -> Iterator[ColumnFault]:
    if array.null_count:
        present = pc.is_valid(array)
        if not field.nullable:
            yield ColumnFault(_first(rows, pc.invert(present)), f"{path}: null where a value is needed")
        array, rows = array.filter(present), rows.filter(present)
    if field.many:
        rows = rows.take(pc.list_parent_indices(array))
        yield from _find_faults(array.flatten(), field._replace(many=False, nullable=False), f"{path}[]", rows)
    elif dataclasses.is_dataclass(field.base):
        for name, inner in tables.describe_record(field.base).items():
            yield from _find_faults(array.field(name), inner, f"{path}.{name}", rows)
    elif field.base is float:
        bad = pc.invert(pc.is_finite(array))
        if pc.any(bad).as_py():
            yield ColumnFault(_first(rows, bad), f"{path}: not a finite number")
    elif field.choices:
        bad = pc.invert(pc.is_in(array, pa.array(field.choices)))
        if pc.any(bad).as_py():
            value = array.filter(bad)[0].as_py()
            yield ColumnFault(_first(rows, bad), f"{path}: {value!r} is not one of {', '.join(field.choices)}")


def _first(rows: Any, mask: Any) -> int:
    return int(rows.filter(mask)[0].as_py())


_PRIVATE_MARKS = (
    (b"@", re.compile(rb'@[^\s"]{1,400}\.[A-Za-z]')),
    (b"~", re.compile(rb'~[^\s"]{1,300}_[^\s"]{0,300}\d')),
    (b"%7E", re.compile(rb'%7E[^\s"]{1,300}_[^\s"]{0,300}\d')),
    *((mark, re.compile(rb"[\[(].{0,3}at.{0,3}[\])]")) for mark in (b"at)", b"at]", b"at )")),
)
"""What a line of JSON must hold before its texts are looked at one by one: LaTeX is full of ``~``, recall of ``@``."""


def find_private_text(line: bytes, row: Mapping[str, Any]) -> str | None:
    """Name the first column of a row that holds an e-mail address or a profile id; the text itself is never quoted.

    ``line`` is the row as JSON.

    >>> row = {"a": ["Figure~2", "~Jane_Doe1"]}
    >>> find_private_text(encode_row(row), row)
    'a[1]: holds a profile id'
    """
    if not any(mark in line and pattern.search(line) for mark, pattern in _PRIVATE_MARKS):
        return None
    for path, text in _walk_texts(row, ""):
        changes = clean_text(text).changes
        for kind, words in (("email", "an e-mail address"), ("profile", "a profile id")):
            if changes.get(kind):
                return f"{path}: holds {words}"
    return None


def _walk_texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _walk_texts(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, (list, tuple)):
        for position, inner in enumerate(value):
            yield from _walk_texts(inner, f"{path}[{position}]")


def encode_row(row: Mapping[str, Any]) -> bytes:
    r"""Return a row as one line of JSONL: every key, column order, UTF-8, line feed. It is the row's canonical form.

    >>> encode_row({"text": "naïve", "value": None})
    b'{"text":"na\xc3\xafve","value":null}\n'
    """
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _explain_encoding(row: Mapping[str, Any]) -> str | None:
    for path, text in _walk_texts(row, ""):
        try:
            text.encode()
        except UnicodeEncodeError:
            return f"{path}: holds a lone surrogate, which no UTF-8 file can hold"
    return None


@functools.cache
def _pick_float_writer(record_type: type) -> Callable[[dict[str, Any]], None] | None:
    """Return a function that makes whole numbers in float columns floats, as Parquet does; null if there are none."""
    floats: list[str] = []
    nested: list[tuple[str, bool, Callable[[dict[str, Any]], None]]] = []
    for name, field in tables.describe_record(record_type).items():
        if field.base is float and not field.many:
            floats.append(name)
        elif dataclasses.is_dataclass(field.base) and (inner := _pick_float_writer(field.base)):
            nested.append((name, field.many, inner))
    if not floats and not nested:
        return None

    def write(row: dict[str, Any]) -> None:
        for name in floats:
            if type(row[name]) is int:
                row[name] = float(row[name])
        for name, many, inner in nested:
            value = row[name]
            if value is not None:
                for item in value if many else (value,):
                    inner(item)

    return write


class SplitFiles(NamedTuple):
    """What was written for one split of one config."""

    rows: int
    rows_sha256: str
    """Of all rows in canonical form, which is the JSONL file."""


class SplitWriter:
    """Streams the rows of one split of one config to Parquet shards and to JSONL.

    Memory is bounded by one row group. Use it as a context manager and call ``finish`` after the last row.
    """

    def __init__(self, folder: Path, config: Config, split: str) -> None:
        """Start with no row; nothing is written before the first one."""
        self._config, self._split = config, split
        self._data = folder / "data" / config.name
        self._schema = tables.build_arrow_schema(config.record)
        self._float_writer = _pick_float_writer(config.record)
        self._rows: list[dict[str, Any]] = []
        self._batches: list[pa.RecordBatch] = []
        self._batch_bytes = self._group_bytes = self._shard_bytes = 0
        self._shards: list[Path] = []
        self._parquet: parquet.ParquetWriter | None = None
        self._digest = hashlib.sha256()
        self._count = 0
        jsonl = folder / "jsonl" / config.name / f"{split}.jsonl"
        jsonl.parent.mkdir(parents=True, exist_ok=True)
        self._data.mkdir(parents=True, exist_ok=True)
        self._jsonl = jsonl.open("wb")

    def __enter__(self) -> "SplitWriter":
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Let go of the files; what was not finished is not a dataset."""
        self._jsonl.close()
        if self._parquet is not None:
            self._parquet.close()

    def write(self, record: Any) -> dict[str, Any]:
        """Write one record and return its row.

        Raises:
            ExportError: a value does not fit its column, or holds what must not be published.
        """
        row = tables.to_row(record)
        if self._float_writer is not None:
            self._float_writer(row)
        try:
            line = encode_row(row)
        except orjson.JSONEncodeError as error:
            raise self._refuse(row, _explain_encoding(row) or str(error).lower()) from error
        if fault := find_private_text(line, row):
            raise self._refuse(row, fault)
        self._jsonl.write(line)
        self._digest.update(line)
        self._count += 1
        self._rows.append(row)
        self._batch_bytes += len(line)
        if len(self._rows) >= BATCH_ROWS or self._batch_bytes >= BATCH_BYTES:
            self._convert_rows()
        return row

    def _refuse(self, row: Mapping[str, Any], fault: str) -> ExportError:
        return ExportError(
            fault, where=f"{self._config.name} {row[self._config.key]}", mend="mend the record and export again"
        )

    def _convert_rows(self) -> None:
        try:
            batch = pa.RecordBatch.from_pylist(self._rows, schema=self._schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError) as error:
            for row in self._rows:
                for fault in tables.find_row_faults(self._config.record, row):
                    raise self._refuse(row, fault) from error
            raise self._refuse(self._rows[0], f"a value here or in the rows after it does not fit: {error}") from error
        for found in find_column_faults(self._config.record, batch):
            raise self._refuse(self._rows[found.row], found.message)
        self._batches.append(batch)
        self._group_bytes += self._batch_bytes
        self._rows, self._batch_bytes = [], 0
        if self._group_bytes >= ROW_GROUP_BYTES:
            self._write_row_group()

    def _write_row_group(self) -> None:
        if self._parquet is not None and self._shard_bytes + self._group_bytes > SHARD_BYTES:
            self._parquet.close()
            self._parquet, self._shard_bytes = None, 0
        if self._parquet is None:
            self._shards.append(self._data / f"{self._split}-{len(self._shards):05d}.parquet")
            # The settings are those of toolkit.workspace.write_parquet.
            self._parquet = parquet.ParquetWriter(
                self._shards[-1],
                self._schema,
                compression="zstd",
                compression_level=3,
                use_content_defined_chunking=True,
                write_page_index=True,
            )
        table = pa.Table.from_batches(self._batches, schema=self._schema)
        self._parquet.write_table(table, row_group_size=table.num_rows)
        self._shard_bytes += self._group_bytes
        self._batches, self._group_bytes = [], 0

    def finish(self) -> SplitFiles:
        """Write what is left, name the shards ``<split>-NNNNN-of-NNNNN.parquet`` and say what was written."""
        self._jsonl.close()
        if self._rows:
            self._convert_rows()
        if self._batches:
            self._write_row_group()
        if self._parquet is not None:
            self._parquet.close()
            self._parquet = None
        for shard in self._shards:
            shard.rename(shard.with_name(f"{shard.stem}-of-{len(self._shards):05d}.parquet"))
        return SplitFiles(self._count, self._digest.hexdigest())


def list_shards(folder: Path, config: str, split: str) -> list[Path]:
    """Return the Parquet files of one split of one config in order."""
    return sorted((folder / "data" / config).glob(f"{split}-*.parquet"))

"""Checks a dataset folder against itself: every byte, row, span and split. It needs nothing but the folder.

What is compared: files with the manifest, Parquet with JSONL, rows with their declared tables, evidence with the texts
of the config ``forums``, messages with turns, ``sft`` with ``dialogues``, splits with the ledger, and the manifest's
own figures with the rows. Rows and lines are counted from 1.
"""

import contextlib
import hashlib
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson
import pyarrow as pa
from pyarrow import parquet

from toolkit import __version__, tables
from toolkit import workspace as places
from toolkit.errors import ExportError
from toolkit.exporters.dataset import render_texts
from toolkit.exporters.facts import Tally
from toolkit.exporters.manifest import (
    CHOSEN,
    FORMAT,
    MANIFEST,
    TEXTS,
    Contents,
    describe_dataset,
    list_files,
    seal_manifest,
)
from toolkit.exporters.rights import explain_licence_fault
from toolkit.exporters.splits import LEDGER, SPLITS, Ledger, read_ledger
from toolkit.exporters.tables import (
    CONFIG_OF_NAME,
    SHARED,
    Config,
    SplitFiles,
    encode_row,
    find_column_faults,
    find_private_text,
    list_shards,
)
from toolkit.progress import NoProgress, Progress
from toolkit.records import Dialogue, Forum
from toolkit.text import Sources, collect_sources, verify_evidence

LISTED_FAULTS = 20
"""Faults beyond these are counted only: a file that is cut in two would otherwise name every row after the cut."""


class VerifyReport(NamedTuple):
    """What was checked and what does not hold."""

    files: int
    rows: Mapping[str, Mapping[str, int]]
    """Config -> split -> rows."""
    turns: int
    spans: int
    """Evidence spans that were compared with the text they point to."""
    fault_count: int
    faults: tuple[str, ...]
    """The first ones, each a sentence that says where."""


class Faults:
    """Collects what does not hold, in the order in which it is found."""

    def __init__(self) -> None:
        """Start with none."""
        self.listed: list[str] = []
        self.total = 0

    def add(self, where: str, what: str) -> None:
        """Note one fault."""
        self.total += 1
        if len(self.listed) < LISTED_FAULTS:
            self.listed.append(" ".join(f"{where}: {what}".split()))


class Row(NamedTuple):
    """One row and where it stands."""

    where: str
    key: tuple[str, ...]
    """Ids in the order of which rows stand: forum, then dialogue."""
    values: Mapping[str, Any]
    fits: bool
    """Whether it fits its table, so that it can be read as a record."""


def verify_dataset(folder: Path, progress: Progress | None = None) -> VerifyReport:
    """Check a dataset folder and report every fault with its place; nothing is written.

    Memory does not grow with the number of rows, but for the ledger (one line a paper).

    Raises:
        ExportError: the folder is missing, cannot be read, is not a dataset folder, or is of a newer format.
    """
    try:
        return _verify(folder, progress or NoProgress())
    except OSError as error:
        raise ExportError(
            f"cannot be read: {(error.strerror or str(error)).lower()}",
            where=str(error.filename or folder),
            mend="check its permissions",
        ) from error


def _verify(folder: Path, progress: Progress) -> VerifyReport:
    data = _read_manifest_bytes(folder)
    faults = Faults()
    progress.start("verify", None, "rows")
    stated = _parse_manifest(data, faults)
    intact = not faults.total
    changed = _check_files(folder, stated, faults)
    known = faults.total
    checker = _RowChecker(folder, _read_ledger(folder, faults), faults, progress)
    contents = checker.check_all()
    if changed <= set(TEXTS) and faults.total == known:
        body = describe_dataset(folder, contents, {name: stated.get(name) for name in CHOSEN})
        if stated:
            _compare_manifest(stated, body, faults)
        if changed and intact:
            _locate_changes(folder, changed & set(TEXTS), stated, body, faults)
    progress.finish()
    rows: dict[str, dict[str, int]] = {}
    for (config, split), files in sorted(contents.splits.items()):
        rows.setdefault(config, {})[split] = files.rows
    return VerifyReport(
        files=len(list_files(folder)),
        rows=rows,
        turns=checker.turns,
        spans=checker.spans,
        fault_count=faults.total,
        faults=tuple(faults.listed),
    )


def _read_manifest_bytes(folder: Path) -> bytes:
    if not folder.is_dir():
        what = "is a file, not a dataset folder" if folder.exists() else "no such dataset folder"
        raise ExportError(what, where=str(folder), mend="name a folder that `reviewdial export` wrote")
    try:
        return (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise ExportError(
            f"no {MANIFEST} here, so this is not a dataset folder",
            where=str(folder),
            mend="name a folder that `reviewdial export` wrote",
        ) from None


def _parse_manifest(data: bytes, faults: Faults) -> dict[str, Any]:
    """Return the manifest as it stands, or an empty one when it cannot be read as one."""
    try:
        manifest = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        faults.add(MANIFEST, f"is not JSON: {error}")
        return {}
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        faults.add(MANIFEST, "is not a manifest of a dataset")
        return {}
    if isinstance(manifest.get("format"), int) and manifest["format"] > FORMAT:
        raise ExportError(
            f"is of format {manifest['format']}, and this version reads {FORMAT}",
            where=MANIFEST,
            mend="use a newer ReviewDial",
        )
    sealed = seal_manifest({name: value for name, value in manifest.items() if name != "digest"})
    if orjson.loads(sealed)["digest"] != manifest.get("digest"):
        faults.add(MANIFEST, "was changed after it was written (its digest does not hold)")
    elif sealed != data:
        faults.add(
            f"{MANIFEST} line {_find_line(data, sealed)}", "was changed after it was written (its layout differs)"
        )
    return manifest


def _find_line(data: bytes, wanted: bytes) -> int:
    """Return the first line (from 1) in which two texts differ."""
    lines = itertools.zip_longest(data.split(b"\n"), wanted.split(b"\n"))
    return next(number for number, (one, other) in enumerate(lines, start=1) if one != other)


def _check_files(folder: Path, stated: Mapping[str, Any], faults: Faults) -> set[str]:
    """Compare the files with the manifest and return the names of those that are not what it says."""
    if not stated:
        return set()
    entries = stated["files"]
    present = [name for name in list_files(folder) if name != MANIFEST]
    changed = set()
    for name in sorted({*entries, *present}):
        if name not in present:
            what = "is missing, MANIFEST.json names it"
        elif name not in entries:
            what = "is not named in MANIFEST.json"
        elif not isinstance(entries[name], dict) or places.compute_sha256(folder / name) != entries[name].get("sha256"):
            what = "was changed after the export (its sha256 is not that of MANIFEST.json)"
        else:
            continue
        changed.add(name)
        faults.add(name, what)
    return changed


def _read_ledger(folder: Path, faults: Faults) -> Ledger | None:
    try:
        return read_ledger(folder / LEDGER)
    except ExportError as error:
        faults.add(LEDGER, error.what)
        return None


def _compare_manifest(stated: Mapping[str, Any], body: Mapping[str, Any], faults: Faults) -> None:
    """Compare what the manifest says with what the files give, where it must follow from them."""
    if stated.get("reviewdial") != body["reviewdial"]:
        return  # another version may count other things; the digest has been checked
    free = {"digest", "tools", *CHOSEN}
    wanted = {name: value for name, value in body.items() if name not in free}
    said = {name: value for name, value in stated.items() if name not in free}
    said["files"] = {name: entry for name, entry in stated["files"].items() if name not in TEXTS}
    for path, one, other in _find_differences(said, wanted, ""):
        faults.add(MANIFEST, f"{path} is {_show(one)} where the files give {_show(other)}")


def _show(value: Any) -> str:
    return "absent" if value is _ABSENT else orjson.dumps(value).decode()[:80]


_ABSENT = object()


def _find_differences(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the innermost places in which two JSON values differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in dict.fromkeys((*one, *other)):
            inner = f"{path}.{name}" if path else str(name)
            yield from _find_differences(one.get(name, _ABSENT), other.get(name, _ABSENT), inner)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _find_differences(first, second, f"{path}[{position}]")
    elif type(one) is not type(other) or one != other:
        yield path, one, other


def _locate_changes(
    folder: Path, names: set[str], stated: Mapping[str, Any], body: Mapping[str, Any], faults: Faults
) -> None:
    """Say in which line a text that is written from the manifest was changed."""
    if stated.get("reviewdial") != __version__:
        return  # another version words its texts differently
    texts = render_texts(body)
    for name in sorted(names):
        path = folder / name
        if path.is_file() and (data := path.read_bytes()) != texts[name].encode():
            faults.add(f"{name} line {_find_line(data, texts[name].encode())}", "is not what was exported")


class _RowChecker:
    """Reads the tables of a dataset side by side, split by split."""

    def __init__(self, folder: Path, ledger: Ledger | None, faults: Faults, progress: Progress) -> None:
        self._folder, self._ledger, self._faults, self._progress = folder, ledger, faults, progress
        self._tally = Tally()
        self._files: dict[tuple[str, str], SplitFiles] = {}
        self._seen: set[str] = set()
        self.turns = self.spans = 0

    def check_all(self) -> Contents:
        """Check all splits and the ledger, and return what was read."""
        for split in SPLITS:
            self._check_split(split)
        ledger = self._ledger or {}
        for forum in sorted(ledger.keys() - self._seen):
            self._faults.add(LEDGER, f"names forum {forum}, which is not in the config forums")
        return Contents(self._files, ledger, self._tally)

    def _check_split(self, split: str) -> None:
        forums = self._read_forums(split)
        sft = self._read_rows(CONFIG_OF_NAME["sft"], split)
        pairs = self._read_rows(CONFIG_OF_NAME["dpo"], split)
        pair = next(pairs, None)
        forum = next(forums, None)
        sources: tuple[str, Sources] = ("", {})
        aligned = True
        for row in self._read_rows(CONFIG_OF_NAME["dialogues"], split):
            while forum is not None and forum.key[0] < row.key[0]:
                forum = next(forums, None)
            if forum is None or forum.key[0] != row.key[0]:
                self._faults.add(row.where, f"its forum {row.key[0]} is not in the split {split} of the config forums")
            elif row.fits and forum.fits:
                record = tables.from_row(Forum, forum.values)
                if sources[0] != record.forum:
                    sources = (record.forum, collect_sources(record))
                self._check_dialogue(row, tables.from_row(Dialogue, row.values), record, sources[1])
            chat = next(sft, None) if aligned else None
            if aligned:
                aligned = self._check_sft(row, chat, split)
            while pair is not None and pair.values["dialogue_id"] == row.key[-1]:
                if chat is not None and aligned:
                    self._check_pair(pair, chat)
                pair = next(pairs, None)
        for _ in forums:
            pass  # reading a row checks it
        while pair is not None:
            self._faults.add(pair.where, "its dialogue is not in the config dialogues, or it is out of order")
            pair = next(pairs, None)
        for extra in sft:
            if aligned:
                self._faults.add(extra.where, "there is no such dialogue in the config dialogues")

    def _read_forums(self, split: str) -> Iterator[Row]:
        for row in self._read_rows(CONFIG_OF_NAME["forums"], split):
            self._seen.add(row.key[0])
            yield row

    def _check_dialogue(self, row: Row, dialogue: Dialogue, forum: Forum, sources: Sources) -> None:
        if (dialogue.venue, dialogue.year) != (forum.venue, forum.year):
            self._faults.add(row.where, "its venue or year is not that of its forum")
        if dialogue.decision not in (None, forum.decision.outcome):
            self._faults.add(row.where, f"its decision is not the outcome on record ({forum.decision.outcome})")
        roles = {"meta_reviewer": "user", "dialogue_agent": "assistant"}
        spoken = [(roles[turn.speaker], turn.text) for turn in dialogue.turns]
        written = [(message.role, message.content) for message in dialogue.messages]
        if spoken != written:
            pairs = enumerate(itertools.zip_longest(spoken, written))
            number = next(position for position, (one, other) in pairs if one != other)
            self._faults.add(row.where, f"messages[{number}] does not mirror turn {number}")
        for position, turn in enumerate(dialogue.turns):
            self.turns += 1
            if turn.index != position:
                self._faults.add(f"{row.where}, turn {position}", f"its index is {turn.index}")
            for number, evidence in enumerate(turn.evidence):
                self.spans += 1
                where = f"{row.where}, turn {position}, evidence {number}"
                if fault := verify_evidence(sources, evidence):
                    self._faults.add(where, fault)
                elif not 0 <= evidence.turn_start <= evidence.turn_end <= len(turn.text):
                    self._faults.add(where, "the stretch of the turn that it supports lies outside the turn")
                elif evidence.quote:
                    span = sources[evidence.note_id, evidence.field][evidence.start : evidence.end]
                    if span not in turn.text:
                        self._faults.add(where, "is marked as a quote, but its words do not stand in the turn")

    def _check_sft(self, dialogue: Row, row: Row | None, split: str) -> bool:
        """Compare a training row with its dialogue; false when the two tables no longer run side by side."""
        if row is None or row.key != dialogue.key:
            found = "its table ends" if row is None else f"{row.where} stands"
            self._faults.add(f"sft/{split}", f"{found} where dialogue {dialogue.key[-1]} belongs")
            return False
        self._compare_shared(row, dialogue)
        messages = row.values["messages"] or []
        if [message["role"] for message in messages[:1]] != ["system"]:
            self._faults.add(row.where, "messages do not begin with a system message")
        if messages[1:] != (dialogue.values["messages"] or []):
            self._faults.add(row.where, "messages differ from those of the dialogue it was made from")
        return True

    def _compare_shared(self, row: Row, source: Row) -> None:
        """Compare the columns that a row has of its dialogue."""
        for name in SHARED:
            if row.values[name] != source.values[name]:
                self._faults.add(row.where, f"{name} differs from the dialogue it was made from")

    def _check_pair(self, pair: Row, chat: Row) -> None:
        """Compare a preference pair with the training row of its dialogue."""
        self._compare_shared(pair, chat)
        messages, said = chat.values["messages"] or [], pair.values["turn"] + 1
        if pair.values["prompt"] != messages[:said] or pair.values["chosen"] != messages[said : said + 1]:
            self._faults.add(pair.where, "prompt or chosen answer differ from the dialogue it was made from")
        rejected = [message["content"] for message in pair.values["rejected"] or []]
        if len(rejected) != 1 or any(message["content"] in rejected for message in messages):
            self._faults.add(pair.where, "the rejected answer is not one of its own, or stands in the dialogue too")
        elif not 0 <= pair.values["rejected_start"] < pair.values["rejected_end"] <= len(rejected[0]):
            self._faults.add(pair.where, "the stretch that was changed lies outside the rejected answer")

    def _read_rows(self, config: Config, split: str) -> Iterator[Row]:
        """Yield the rows of a split, each compared with its line of JSONL, its table, its place and the ledger."""
        name = f"jsonl/{config.name}/{split}.jsonl"
        path = self._folder / name
        digest, count = hashlib.sha256(), 0
        previous: tuple[str, ...] = ()
        with path.open("rb") if path.is_file() else contextlib.nullcontext() as handle:
            lines = _JsonLines(name, handle, self._faults) if handle else None
            for row, line in self._read_parquet(config, split):
                count += 1
                digest.update(line)
                if lines is not None:
                    lines.compare(row, line)
                if row.key <= previous:
                    self._faults.add(row.where, "is out of order or stands twice")
                previous = row.key
                self._check_row(config, split, row, line)
                if row.fits:
                    self._tally.add(config.name, split, row.values)
                self._progress.advance()
                yield row
            if lines is not None:
                lines.finish()
        if count:
            self._files[config.name, split] = SplitFiles(count, digest.hexdigest())

    def _check_row(self, config: Config, split: str, row: Row, line: bytes) -> None:
        if fault := find_private_text(line, row.values):
            self._faults.add(row.where, fault)
        if fault := explain_licence_fault(row.values["license"], derived=config.derived):
            self._faults.add(row.where, f"license: {fault}")
        if row.values.get("split", split) != split:
            self._faults.add(row.where, f"split: {row.values['split']!r} in a file of {split}")
        if self._ledger is None:
            return
        known = self._ledger.get(row.key[0])
        if known is None:
            self._faults.add(row.where, f"its forum {row.key[0]} is not in {LEDGER}")
        elif known.split != split:
            self._faults.add(row.where, f"its forum {row.key[0]} belongs to the split {known.split} by {LEDGER}")

    def _read_parquet(self, config: Config, split: str) -> Iterator[tuple[Row, bytes]]:
        schema = tables.build_arrow_schema(config.record)
        for shard in list_shards(self._folder, config.name, split):
            name, number = shard.relative_to(self._folder).as_posix(), 0
            try:
                with parquet.ParquetFile(shard) as file:
                    if not file.schema_arrow.equals(schema):
                        self._faults.add(name, f"its columns are not those of the config {config.name}")
                        continue
                    for batch in file.iter_batches(batch_size=256):
                        unfit = {fault.row: fault.message for fault in find_column_faults(config.record, batch)}
                        for position, values in enumerate(batch.to_pylist()):
                            number += 1
                            where = f"{name} row {number} ({values[config.key]})"
                            if position in unfit:
                                self._faults.add(where, unfit[position])
                            ids = dict.fromkeys(("forum", config.key))
                            key = tuple(str(values[column]) for column in ids)
                            yield Row(where, key, values, position not in unfit), encode_row(values)
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                reason = str(error).splitlines()[0][:120]
                self._faults.add(f"{name} after row {number}", f"cannot be read as Parquet: {reason}")


class _JsonLines:
    """The JSONL file of a split, read beside its Parquet files."""

    def __init__(self, name: str, handle: BinaryIO, faults: Faults) -> None:
        self._name, self._handle, self._faults = name, handle, faults
        self._number = 0
        self._aligned = True

    def compare(self, row: Row, expected: bytes) -> None:
        """Compare the next line with a row in canonical form."""
        if not self._aligned:
            return
        line = self._handle.readline()
        self._number += 1
        if line != expected:
            where = f"{self._name} line {self._number} ({row.key[-1]})"
            self._faults.add(where, self._explain(line, row))

    def _explain(self, line: bytes, row: Row) -> str:
        if not line:
            self._aligned = False
            return f"the file ends here, but {row.where} and what follows it are still to come"
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            return f"is not JSON: {error}"
        difference = next(_find_differences(values, row.values, ""), None)
        if difference is None:
            return f"has the values of {row.where}, but not its form (spacing, key order or escapes)"
        path, one, other = difference
        if path in ("forum", "dialogue_id"):
            self._aligned = False
            return f"holds another row than {row.where}; the lines after it were not compared"
        at = ""
        if isinstance(one, str) and isinstance(other, str):
            at = f" at character {next(i for i, (a, b) in enumerate(itertools.zip_longest(one, other)) if a != b)}"
        return f"{path} differs from {row.where}{at}"

    def finish(self) -> None:
        """Complain about lines that no row stands behind."""
        if self._aligned and self._handle.readline():
            self._faults.add(f"{self._name} line {self._number + 1}", "there is no such row in Parquet")

"""Files of API bodies: JSON or JSONL, plain, gzip or zstd, read line by line in flat memory, all or nothing."""

import io
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from toolkit.errors import SourceError
from toolkit.fetchers.admission import admit_hint, find_empty_forum
from toolkit.fetchers.bodies import MAX_BODY_BYTES, Body, decode_body, decode_json, read_body
from toolkit.fetchers.store import NoteReport, Store, UpsertCounts, sum_batches
from toolkit.fetchers.unpacking import CHUNK, inflate
from toolkit.progress import Progress
from toolkit.records import Quarantined
from toolkit.venues import read_invitation

LINES_ENDINGS = (".jsonl", ".ndjson")
ENDINGS = (".json", *LINES_ENDINGS)
COMPRESSED_ENDINGS = (".gz", ".zst")

MAX_RATIO = 300
"""A file that grows more than this when unpacked, and beyond 64 MB, is a bomb; files of notes grow up to tenfold."""

_ZSTD_CHUNK = 1024
"""A zstd block of a few bytes may unpack to 128 KB, so small sips keep what one sip gives below 40 MB."""

_MAX_WINDOW = 2**27


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport(NoteReport):
    """What an import read, and what became of it."""

    files: int

    def count(self) -> Mapping[str, int]:
        """Return the counts by name, as the manifest keeps them."""
        return {"files": self.files, **self.count_notes()}


def import_files(store: Store, paths: Sequence[Path], progress: Progress) -> ImportReport:
    """Read files and folders of API bodies into a store, in one transaction.

    Notes that cannot be read are set aside, and the others kept. A file that cannot be read stops the import, and the
    store is what it was.

    Args:
        store: Where notes go.
        paths: Files of any name, and folders: in those every file with a known ending, in order.
        progress: Told about every note.

    Raises:
        SourceError: a file is missing, empty, damaged, not what it should be; says the file, the line and the mend.
        StoreError: the store cannot be written.
    """
    files = find_files(paths)
    batches: list[UpsertCounts] = []
    empty_forums: set[Quarantined] = set()
    forms = 0
    progress.start("import", None, "notes")
    with store.transaction():
        for path in files:
            for body in read_bodies(path):
                batches.append(store.upsert_notes(body.notes))
                offered = [options for invitation in body.invitations for options in read_invitation(invitation)]
                store.write_form_options(offered)
                forms += len(offered)
                if hint := admit_hint(body):
                    store.write_hint(hint)
                if empty := find_empty_forum(body):
                    store.set_aside(empty)
                    empty_forums.add(empty)
                progress.advance(batches[-1].read)
        report = ImportReport(files=len(files), **sum_batches(batches, store, empty_forums))
        if not report.notes_read and not forms:
            raise SourceError(
                "there is not one note in these files", where=str(paths[0]), mend="name files with API notes"
            )
    progress.finish()
    return report


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that paths name: files as given, folders by what they hold, each file once.

    Raises:
        SourceError: a path is missing, or a folder holds no file with a known ending.
    """
    found: dict[str, Path] = {}
    for path in paths:
        try:
            found.update((os.path.realpath(file), file) for file in _expand(path))
        except OSError as error:
            raise _explain_os_error(error, str(path)) from error
    return list(found.values())


def _expand(path: Path) -> list[Path]:
    if path.is_dir():
        if inside := _list_folder(path):
            return inside
        endings = ", ".join(ENDINGS)
        raise SourceError(
            f"holds no file of API bodies (none ends in {endings}, plain or with .gz or .zst)",
            where=str(path),
            mend="name the files themselves",
        )
    if path.is_file():
        return [path]
    if path.exists():
        raise SourceError("is neither a file nor a folder", where=str(path), mend="save it to a file first")
    raise SourceError("no such file or folder", where=str(path), mend="check the spelling")


def _list_folder(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_raise_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(
            Path(parent, name)
            for name in names
            if not name.startswith(".") and _strip_compression(name).endswith(ENDINGS) and Path(parent, name).is_file()
        )
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _raise_unreadable(error: OSError) -> None:
    """Tell of a folder inside that cannot be listed; ``os.walk`` alone would skip it."""
    raise _explain_os_error(error, str(error.filename)) from error


def _explain_os_error(error: OSError, where: str) -> SourceError:
    reason = (error.strerror or str(error)).lower()
    return SourceError(f"cannot be read: {reason}", where=where, mend="check its permissions and the disk")


def _strip_compression(name: str) -> str:
    lowered = name.lower()
    for ending in COMPRESSED_ENDINGS:
        lowered = lowered.removesuffix(ending)
    return lowered


def read_bodies(path: Path) -> Iterator[Body]:
    """Yield the API bodies of one file, one in memory at a time.

    A file is one JSON value, or one JSON value a line: lines where the name says so (``.jsonl``, ``.ndjson``) or where
    the first line is a whole value. gzip and zstd are recognised by content.

    Raises:
        SourceError: the file is damaged or holds something else; names the line.
    """
    lines = _number_lines(path)
    first = next(lines, None)
    if first is None:
        raise SourceError("is empty", where=str(path), mend="get it again or leave it out")
    number, data = first
    if not _strip_compression(path.name).endswith(LINES_ENDINGS) and not _is_whole(data):
        data = _join_lines(data, lines, number, path)
        yield read_body(decode_body(data, str(path), number), str(path))
        return
    while True:
        where = f"{path}:{number}"
        yield read_body(decode_body(data, where, number), where)
        following = next(lines, None)
        if following is None:
            return
        number, data = following


def _is_whole(line: bytes) -> bool:
    """Whether a line is JSON on its own; what is wrong with it otherwise is said when it is decoded."""
    try:
        decode_json(line)
    except json.JSONDecodeError:
        return False
    except ValueError:
        return True
    return True


def _join_lines(first: bytes, lines: Iterator[tuple[int, bytes]], number: int, path: Path) -> bytes:
    """Return the file from its first line that is not blank; blank lines count, so that positions are right."""
    parts, size = [first], len(first)
    for following, line in lines:
        parts.append(b"\n" * (following - number) + line)
        number = following
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise _refuse_size(str(path))
    return b"".join(parts)


def _number_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not blank, with their numbers from 1."""
    pending = io.BytesIO()
    number = 1
    for chunk in _unpack(path):
        if not pending.tell() and chunk.isspace():  # a file can unpack to gigabytes of blank lines
            number += chunk.count(b"\n")
            continue
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            pending.write(part)
            if not _is_blank(line := pending.getvalue()):
                yield number, line
            pending = io.BytesIO()
            number += 1
        pending.write(rest)
        if pending.tell() > MAX_BODY_BYTES:
            raise _refuse_size(f"{path}:{number}")
    if not _is_blank(line := pending.getvalue()):
        yield number, line


def _is_blank(line: bytes) -> bool:
    return not line.removeprefix(b"\xef\xbb\xbf").strip()


def _refuse_size(where: str) -> SourceError:
    return SourceError(
        f"one body is larger than {MAX_BODY_BYTES // 2**20} MB", where=where, mend="split it, one body a line"
    )


def _unpack(path: Path) -> Iterator[bytes]:
    """Yield the content of a file in pieces, unpacked; refuses what is not text."""
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
            handle.seek(0)
            if magic.startswith(b"\x1f\x8b"):
                pieces = _guard_ratio(handle, _inflate(handle, path), path)
            elif magic == b"\x28\xb5\x2f\xfd":
                pieces = _guard_ratio(handle, _decompress_zstd(handle, path), path)
            else:
                pieces = iter(lambda: handle.read(CHUNK), b"")
            for index, piece in enumerate(pieces):
                if index == 0:
                    _refuse_binary(piece[:1024], path)
                yield piece
    except OSError as error:
        raise _explain_os_error(error, str(path)) from error


def _refuse_binary(start: bytes, path: Path) -> None:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError("is UTF-16, not UTF-8", where=str(path), mend="save it as UTF-8")
    if b"\0" in start:
        raise SourceError("is a binary file, not JSON", where=str(path), mend="name JSON or JSONL files")


def _guard_ratio(handle: BinaryIO, pieces: Iterator[bytes], path: Path) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max(2**26, handle.tell() * MAX_RATIO):
            raise SourceError(
                f"grows more than {MAX_RATIO} times when unpacked", where=str(path), mend="do not use this file"
            )
        yield piece


def _inflate(handle: BinaryIO, path: Path) -> Iterator[bytes]:
    try:
        yield from inflate(iter(lambda: handle.read(CHUNK), b""))
    except (zlib.error, EOFError) as error:
        raise _refuse_damage("gzip", path) from error


def _decompress_zstd(handle: BinaryIO, path: Path) -> Iterator[bytes]:
    import zstandard

    start: Callable[[], Any] = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj
    decoder = start()
    data = b""
    try:
        while data := data or handle.read(_ZSTD_CHUNK):
            if decoder.eof:
                decoder = start()
            if piece := decoder.decompress(data):
                yield piece
            data = decoder.unused_data
    except zstandard.ZstdError as error:
        raise _refuse_damage("zstd", path) from error
    if not decoder.eof:
        raise _refuse_damage("zstd", path)


def _refuse_damage(kind: str, path: Path) -> SourceError:
    return SourceError(f"is a damaged or incomplete {kind} file", where=str(path), mend="get it again")

"""Where things lie in a build folder, and how they are written so that no crash can harm them.

A stage never writes over its folder: it fills a new one beside it and swaps the two at the end, so a reader sees the
old result or the new one. The manifest is written last and names the sha256 of every file.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from toolkit import __version__, tables
from toolkit.errors import RecordError, WorkspaceError
from toolkit.records import Quarantined

RecordType = TypeVar("RecordType")

STAGES = ("import", "normalize", "synthesize", "audit", "export")
"""The stages whose results a build folder holds, in order; ``fetch`` fills the same store as ``import``."""

SHARD_ROWS = 200
"""Forums or dialogues a part file of a build folder; some 100 MB of memory where discussions are long."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A build folder. Make one with ``open_workspace``."""

    root: Path
    is_new: bool = False
    """Whether this run made the folder; it goes again when the run fails before anything is in it."""

    @property
    def store(self) -> Path:
        """The raw notes as received."""
        return self.root / "store.sqlite"

    @property
    def forums(self) -> Path:
        """Part files of forum records."""
        return self.root / "forums"

    @property
    def dialogues(self) -> Path:
        """Part files of dialogue records."""
        return self.root / "dialogues"

    @property
    def audit(self) -> Path:
        """Findings, claims and the summary."""
        return self.root / "audit"

    @property
    def dataset(self) -> Path:
        """The dataset folder that ``build`` exports to."""
        return self.root / "dataset"

    @property
    def quarantine(self) -> Path:
        """One JSONL file a stage, with every item it could not use and the reason."""
        return self.root / "quarantine"

    @property
    def manifest(self) -> Path:
        """What each stage read, wrote, counted and set aside."""
        return self.root / "manifest.json"


def open_workspace(root: Path, *, create: bool = False) -> Workspace:
    """Open a build folder, finishing or undoing a folder swap that a crash cut short.

    Raises:
        WorkspaceError: the folder is missing (and ``create`` is false), is a file, or cannot be written.
    """
    if root.exists() and not root.is_dir():
        raise WorkspaceError("is a file, not a build folder", where=str(root), mend="name another folder")
    if not root.exists() and not create:
        raise WorkspaceError(
            "no such build folder", where=str(root), mend="make one with `reviewdial build` or `reviewdial import`"
        )
    is_new = not root.exists()
    with _wrap_os_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    return Workspace(root, is_new)


@contextlib.contextmanager
def lock_workspace(workspace: Workspace) -> Iterator[None]:
    """Keep other ReviewDial processes out of a build folder; the lock dies with the process.

    Raises:
        WorkspaceError: another process holds the lock.
    """
    import fcntl

    path = workspace.root / ".lock"
    with _wrap_os_errors(path), path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceError(
                "another reviewdial process is working in this folder",
                where=str(workspace.root),
                mend="wait for it to end, or name another folder",
            ) from None
        for folder in (workspace.forums, workspace.dialogues, workspace.audit, workspace.dataset):
            recover_folder(folder)
        try:
            yield
        except BaseException:
            if workspace.is_new and os.listdir(workspace.root) == [path.name]:
                path.unlink()
                workspace.root.rmdir()
            raise


@contextlib.contextmanager
def _wrap_os_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WorkspaceError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(error.filename or path),
            mend="check permissions and free space, or name another folder",
        ) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    with _wrap_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            with temporary.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and machines: indented, keys in the order given, one final newline."""
    write_bytes(path, (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def replace_folder(folder: Path, *, ours: Sequence[str] = ("*",)) -> Iterator[Path]:
    """Fill a new folder, then put it in the place of ``folder``; on any error the old one stays as it was.

    Yields the empty folder to fill, which lies beside ``folder``. The new folder is locked while it is filled, so two
    processes cannot fill one place.

    Args:
        folder: The place to fill.
        ours: Patterns of the names that may stand there now; a folder with anything else in it is left alone.

    Raises:
        WorkspaceError: another process is filling this place, it is a link or holds other files, or cannot be written.
    """
    fresh, stale = _sibling(folder, "new"), _sibling(folder, "old")
    with _wrap_os_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        recover_folder(folder)
        _refuse_foreign(folder, ours)
        fresh.mkdir()
        with _lock_folder(fresh, folder):
            try:
                yield fresh
                for path in sorted(fresh.rglob("*")):
                    if path.is_file():
                        with path.open("rb") as handle:
                            os.fsync(handle.fileno())
                    else:
                        _sync_folder(path)
                _sync_folder(fresh)
                if folder.exists():
                    os.replace(folder, stale)
                os.replace(fresh, folder)
                _sync_folder(folder.parent)
            except BaseException:
                if stale.exists() and not folder.exists():
                    os.replace(stale, folder)
                shutil.rmtree(fresh, ignore_errors=True)
                raise
        shutil.rmtree(stale, ignore_errors=True)


def recover_folder(folder: Path) -> None:
    """Undo what a crash inside ``replace_folder`` left behind.

    Raises:
        WorkspaceError: it is no leftover: another process is filling the folder now.
    """
    fresh, stale = _sibling(folder, "new"), _sibling(folder, "old")
    if fresh.is_dir():
        with _lock_folder(fresh, folder):
            shutil.rmtree(fresh)
    if stale.exists():
        if folder.exists():
            shutil.rmtree(stale)
        else:
            os.replace(stale, folder)


@contextlib.contextmanager
def _lock_folder(fresh: Path, folder: Path) -> Iterator[None]:
    import fcntl

    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise WorkspaceError(
            "another reviewdial process is writing this folder",
            where=str(folder),
            mend="wait for it to end, or name another folder",
        ) from None
    finally:
        os.close(descriptor)


def _refuse_foreign(folder: Path, ours: Sequence[str]) -> None:
    if folder.is_symlink():
        raise WorkspaceError(
            "is a symbolic link, which cannot be replaced", where=str(folder), mend="name the folder it points to"
        )
    if not folder.exists():
        return
    for path in sorted(folder.iterdir()):
        if not any(path.match(pattern) for pattern in ours):
            raise WorkspaceError(
                f"holds a file that is not ReviewDial's ({path.name!r})", where=str(folder), mend="move it elsewhere"
            )


def _sibling(folder: Path, suffix: str) -> Path:
    return folder.with_name(f".{folder.name}.{suffix}")


def write_parquet(path: Path, record_type: type, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as one Parquet file with the declared schema of their record.

    Settings follow the Hub's advice: zstd, a page index, content-defined chunks (so that two versions of a dataset
    share most bytes), no library-specific footer. The same rows give the same bytes for one pyarrow version.

    Raises:
        RecordError: a value does not fit its column.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = tables.build_arrow_schema(record_type)
    try:
        table = pa.Table.from_pylist(list(rows), schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
        raise RecordError(f"a value does not fit its column: {error}", where=path.name) from error
    with _wrap_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(
            table,
            path,
            compression="zstd",
            compression_level=3,
            use_content_defined_chunking=True,
            write_page_index=True,
        )


def write_shards(folder: Path, record_type: type, records: Iterable[Any]) -> int:
    """Write records to ``part-NNNNN.parquet`` files in an empty folder and return how many there were.

    At least one part is written, so that a folder of zero records still carries its schema.
    """
    count = shard = 0
    rows: list[dict[str, Any]] = []
    for record in records:
        rows.append(tables.to_row(record))
        count += 1
        if len(rows) == SHARD_ROWS:
            write_parquet(folder / f"part-{shard:05d}.parquet", record_type, rows)
            rows, shard = [], shard + 1
    if rows or not shard:
        write_parquet(folder / f"part-{shard:05d}.parquet", record_type, rows)
    return count


def count_rows(folder: Path) -> int:
    """Return how many records the part files of a folder hold, without reading them.

    Raises:
        WorkspaceError: there are no part files, or one is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    total = 0
    for shard in list_shards(folder):
        try:
            total += parquet.read_metadata(shard).num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise WorkspaceError(
                f"cannot be read as Parquet: {error}", where=str(shard), mend="build this folder again"
            ) from error
    return total


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read one Parquet file row by row, a few hundred rows in memory at a time.

    Raises:
        WorkspaceError: the file is not whole Parquet.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"cannot be read as Parquet: {error}", where=str(path), mend="build this folder again"
        ) from error


def list_shards(folder: Path) -> list[Path]:
    """Return the part files of a stage's folder in order.

    Raises:
        WorkspaceError: there are none.
    """
    shards = sorted(folder.glob("part-*.parquet"))
    if not shards:
        raise WorkspaceError(
            f"no {folder.name}/ here yet",
            where=str(folder.parent),
            mend=f"run `reviewdial {_STAGE_OF_FOLDER.get(folder.name, 'build')}` first",
        )
    return shards


_STAGE_OF_FOLDER = {"forums": "normalize", "dialogues": "synthesize", "audit": "audit", "dataset": "export"}


def read_records(folder: Path, record_type: type[RecordType]) -> Iterator[RecordType]:
    """Read all records of a stage's folder in order."""
    for shard in list_shards(folder):
        for row in read_rows(shard):
            yield tables.from_row(record_type, row)


def write_quarantine(workspace: Workspace, stage: str, items: Sequence[Quarantined]) -> dict[str, int]:
    """Write what a stage could not use to ``quarantine/<stage>.jsonl`` and return how many by reason."""
    path = workspace.quarantine / f"{stage}.jsonl"
    if items:
        lines = (json.dumps(tables.to_row(item), ensure_ascii=False) + "\n" for item in items)
        write_bytes(path, "".join(lines).encode())
    else:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # other stages' files may still be in it
            workspace.quarantine.rmdir()
    return dict(sorted(Counter(item.reason for item in items).items()))


def compute_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_folder(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder by its relative POSIX path, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): compute_sha256(path) for path in files}


def read_manifest(workspace: Workspace) -> dict[str, Any]:
    """Return the manifest of a build folder; an empty one where nothing was built yet.

    Raises:
        WorkspaceError: the manifest is damaged.
    """
    if not workspace.manifest.exists():
        return {"stages": {}}
    try:
        manifest = json.loads(workspace.manifest.read_bytes())
        if not isinstance(manifest["stages"], dict):
            raise TypeError
    except (ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            "is not a ReviewDial manifest", where=str(workspace.manifest), mend="delete it and build again"
        ) from error
    return dict(manifest)


def read_json(path: Path) -> Any:
    """Read a JSON file that ReviewDial wrote.

    Raises:
        WorkspaceError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise WorkspaceError("is missing or damaged", where=str(path), mend="build this folder again") from error


def update_manifest(workspace: Workspace, stage: str, entry: Mapping[str, Any]) -> None:
    """Record what a stage did; unless its outputs are what they were, later stages' entries no longer hold and go."""
    recorded = read_manifest(workspace)["stages"]
    is_same = stage in recorded and recorded[stage].get("outputs") == entry["outputs"]
    position = STAGES.index(stage)
    before = {name: recorded[name] for name in STAGES[:position] if name in recorded}
    after = {name: recorded[name] for name in STAGES[position + 1 :] if name in recorded and is_same}
    write_json(workspace.manifest, {"reviewdial": __version__, "stages": {**before, stage: dict(entry), **after}})

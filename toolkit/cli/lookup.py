"""Where the records of a build folder or a dataset folder lie, and how one of them is found by its id."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from toolkit import tables
from toolkit.errors import WorkspaceError
from toolkit.records import Dialogue, Forum

RecordType = TypeVar("RecordType")

BUILDS = Path("output")
"""Where recipes put their builds."""


class RecordFiles(NamedTuple):
    """The Parquet files of a folder, in order."""

    folder: Path
    forums: tuple[Path, ...]
    dialogues: tuple[Path, ...]


def find_record_files(folder: Path) -> RecordFiles:
    """Return the record files of a build folder or a dataset folder.

    Raises:
        WorkspaceError: the folder is missing, or neither a build nor a dataset.
    """
    if not folder.is_dir():
        raise WorkspaceError("no such folder", where=str(folder), mend="name a build folder or a dataset folder")
    files = _list_record_files(folder)
    if not files.forums and not files.dialogues:
        raise WorkspaceError(
            "holds no forums and no dialogues",
            where=str(folder),
            mend="name a build folder or a dataset folder, or make one with `reviewdial build`",
        )
    return files


def _list_record_files(folder: Path) -> RecordFiles:
    def find(name: str) -> tuple[Path, ...]:
        build = sorted((folder / name).glob("part-*.parquet"))
        return tuple(build or sorted((folder / "data" / name).glob("*.parquet")))

    return RecordFiles(folder, find("forums"), find("dialogues"))


def find_default_folder() -> Path:
    """Return the folder to look in when none is named: this one if it is a build or a dataset, else the newest build.

    Raises:
        WorkspaceError: there is no build here.
    """
    here = _list_record_files(Path())
    if here.forums or here.dialogues:
        return Path()
    builds = [path.parent for path in BUILDS.glob("*/manifest.json")]
    if not builds:
        raise WorkspaceError(
            f"no build here or under {BUILDS}/", mend="name a folder with --in, or make one with `reviewdial build`"
        )
    return max(builds, key=lambda path: ((path / "manifest.json").stat().st_mtime, path.name))


def find_row(paths: Sequence[Path], column: str, value: str) -> dict[str, Any] | None:
    """Return the first row whose column has a value, reading only that column and then that row.

    Raises:
        WorkspaceError: a file is not whole Parquet.
    """
    import pyarrow as pa
    from pyarrow import parquet

    for path in paths:
        try:
            with parquet.ParquetFile(path) as file:
                if column not in file.schema_arrow.names:
                    raise WorkspaceError(
                        f"has no column {column!r}", where=str(path), mend="name a build folder or a dataset folder"
                    )
                for group in range(file.num_row_groups):
                    values = file.read_row_group(group, columns=[column]).column(0).to_pylist()
                    if value in values:
                        rows = file.read_row_group(group).slice(values.index(value), 1).to_pylist()
                        return dict(rows[0])
        except (pa.ArrowInvalid, OSError) as error:
            raise _wrap_parquet_error(path, error) from error
    return None


def read_column(paths: Sequence[Path], column: str) -> list[str]:
    """Return one column of all files, as text."""
    return list(map(str, _read_values(paths, column)))


def _read_values(paths: Sequence[Path], column: str) -> list[Any]:
    import pyarrow as pa
    from pyarrow import parquet

    values: list[Any] = []
    for path in paths:
        try:
            with parquet.ParquetFile(path) as file:
                values += file.read(columns=[column]).column(0).to_pylist()
        except (pa.ArrowInvalid, OSError) as error:
            raise _wrap_parquet_error(path, error) from error
    return values


def read_titles(files: RecordFiles) -> dict[str, str | None]:
    """Return the title of every paper on record, by forum."""
    return dict(zip(_read_values(files.forums, "forum"), _read_values(files.forums, "title"), strict=True))


def _wrap_parquet_error(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(f"cannot be read as Parquet: {error}", where=str(path), mend="build this folder again")


def load_forum(files: RecordFiles, forum: str) -> Forum | None:
    """Return the record of a paper; null where the folder has none."""
    row = find_row(files.forums, "forum", forum)
    return tables.from_row(Forum, row) if row is not None else None


def load_dialogue(files: RecordFiles, dialogue: str) -> Dialogue | None:
    """Return a dialogue by its id; null where the folder has none."""
    row = find_row(files.dialogues, "dialogue_id", dialogue)
    return tables.from_row(Dialogue, row) if row is not None else None


def load_first_dialogue(files: RecordFiles, forum: str) -> Dialogue | None:
    """Return the first dialogue about a paper; null where the folder has none."""
    row = find_row(files.dialogues, "forum", forum)
    return tables.from_row(Dialogue, row) if row is not None else None


def read_forums(files: RecordFiles) -> Iterator[Forum]:
    """Read all records of a folder, one at a time."""
    from toolkit.workspace import read_rows

    for path in files.forums:
        for row in read_rows(path):
            yield tables.from_row(Forum, row)


def suggest_ids(files: RecordFiles, wanted: str) -> list[str]:
    """Return up to three ids of the folder that look like one that is not there."""
    ids = [*read_column(files.forums, "forum"), *read_column(files.dialogues, "dialogue_id")]
    folded = {value.lower(): value for value in reversed(ids)}
    return [folded[name] for name in difflib.get_close_matches(wanted.lower(), list(folded), n=3, cutoff=0.5)]

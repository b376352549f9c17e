"""``MANIFEST.json``: what a dataset folder holds, to the byte. It names no times and no paths of the machine."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
from pyarrow import parquet

from toolkit import __version__
from toolkit import workspace as places
from toolkit.exporters.facts import Tally
from toolkit.exporters.rights import pick_dataset_licence
from toolkit.exporters.splits import SPLITS, Ledger
from toolkit.exporters.tables import CONFIGS, Config, SplitFiles, digest_schema, list_shards
from toolkit.records import SplitAssignment

MANIFEST = "MANIFEST.json"
FORMAT = 1
"""Counts up when an older ReviewDial can no longer read the manifest."""

TEXTS = ("LICENSE", "README.md", "croissant.json")
"""The files that are written from the manifest."""

CHOSEN = ("title", "notice", "salt", "shares", "first_version")
"""What the one who exports decides; all else in a manifest follows from the rows and the files."""

HUB_FILES = (".gitattributes", ".git", ".cache")
"""What the Hub and its client add to a copy of a dataset."""


class Contents(NamedTuple):
    """The rows of a dataset folder, as they were written or as they were read back."""

    splits: Mapping[tuple[str, str], SplitFiles]
    """(config, split) -> its rows; only where there are any."""
    ledger: Ledger
    tally: Tally


def list_files(folder: Path) -> list[str]:
    """Return the relative POSIX paths of a dataset folder's files, the Hub's own ones left out."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(path.as_posix() for path in paths if path.parts[0] not in HUB_FILES)


def describe_dataset(folder: Path, contents: Contents, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the manifest of the tables in a folder: the part from which the card and the other texts are written."""
    counts = contents.tally.summarize()
    licences = {name for by_licence in counts["licenses"].values() for name in by_licence}
    versions = Counter(line.first_version for line in contents.ledger.values())
    tables_only = [name for name in list_files(folder) if name not in (*TEXTS, MANIFEST)]
    return {
        "reviewdial": __version__,
        "format": FORMAT,
        **{name: chosen[name] for name in CHOSEN},
        "license": pick_dataset_licence(licences),
        "configs": {config.name: _describe_config(folder, config, contents) for config in CONFIGS},
        "ledger": {
            "schema_sha256": digest_schema(SplitAssignment),
            "forums": len(contents.ledger),
            "first_versions": dict(sorted(versions.items())),
        },
        "counts": counts,
        "tools": {"pyarrow": pa.__version__},
        "files": {name: describe_file(folder / name, contents) for name in tables_only},
    }


def _describe_config(folder: Path, config: Config, contents: Contents) -> dict[str, Any]:
    splits = {
        split: _describe_split(list_shards(folder, config.name, split), contents.splits[config.name, split])
        for split in SPLITS
        if (config.name, split) in contents.splits
    }
    return {
        "schema_sha256": digest_schema(config.record),
        "splits": splits,
        "empty_splits": [split for split in SPLITS if split not in splits],
    }


def _describe_split(shards: list[Path], files: SplitFiles) -> dict[str, Any]:
    footers = [parquet.read_metadata(shard) for shard in shards]
    unpacked = (
        footer.row_group(number).total_byte_size for footer in footers for number in range(footer.num_row_groups)
    )
    return {
        "rows": files.rows,
        "rows_sha256": files.rows_sha256,
        "unpacked_bytes": sum(unpacked),
        "parquet_bytes": sum(shard.stat().st_size for shard in shards),
        "shards": len(shards),
    }


def describe_file(path: Path, contents: Contents | None = None) -> dict[str, Any]:
    """Return a file's entry: sha256, bytes, and rows where it holds rows."""
    entry: dict[str, Any] = {"sha256": places.compute_sha256(path), "bytes": path.stat().st_size}
    if path.suffix == ".parquet":
        entry["rows"] = parquet.read_metadata(path).num_rows
    elif path.suffix == ".jsonl" and contents is not None:
        entry["rows"] = contents.splits[path.parent.name, path.stem].rows
    return entry


def seal_manifest(body: Mapping[str, Any]) -> bytes:
    """Return the bytes of a manifest: its body, and last a digest of that body."""
    digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return orjson.dumps({**body, "digest": digest}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

"""``MANIFEST.json``: what a dataset folder holds, to the byte. It has no times and no paths of the machine."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from toolkit import __version__, tables
from toolkit import workspace as places
from toolkit.exporters.facts import Tally
from toolkit.exporters.rights import pick_dataset_licence
from toolkit.exporters.splits import LEDGER, SPLITS
from toolkit.exporters.tables import CONFIGS, SplitFiles, digest_schema, list_shards, measure_arrow_bytes
from toolkit.records import SplitAssignment

MANIFEST = "MANIFEST.json"
FORMAT = 1
"""Counts up when a manifest can no longer be read as before."""

TEXTS = ("LICENSE", "README.md", "croissant.json")
"""The files that are written from the manifest itself."""

CHOSEN = ("title", "salt", "shares", "first_version")
"""What the one who exports decides; all else in a manifest follows from the rows and the files."""

HUB_FILES = (".gitattributes", ".git", ".cache")
"""What the Hub and its client add to a copy of a dataset."""


def list_files(folder: Path) -> list[str]:
    """Return the relative POSIX paths of a dataset folder's files, the Hub's own ones left out."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if path.parts[0] not in HUB_FILES)


def describe_dataset(
    folder: Path,
    chosen: Mapping[str, Any],
    written: Mapping[tuple[str, str], SplitFiles],
    tally: Tally,
    ledger: Iterable[SplitAssignment],
    *,
    pyarrow_version: str = pa.__version__,
) -> dict[str, Any]:
    """Return the manifest of the tables in a folder, without the files that are written from it and without digest.

    ``written`` has an entry for every (config, split) that holds rows.
    """
    counts = tally.summarize()
    configs = {}
    rows_of_file = {LEDGER: 0}
    for config in CONFIGS:
        splits = {}
        for split in SPLITS:
            if (config.name, split) not in written:
                continue
            files = written[config.name, split]
            shards = list_shards(folder, config.name, split)
            splits[split] = {
                "rows": files.rows,
                "rows_sha256": files.rows_sha256,
                "arrow_bytes": measure_arrow_bytes(shards),
                "parquet_bytes": sum(shard.stat().st_size for shard in shards),
                "shards": len(shards),
            }
            rows_of_file[f"jsonl/{config.name}/{split}.jsonl"] = files.rows
            rows_of_file |= {shard.relative_to(folder).as_posix(): places.count_rows(shard) for shard in shards}
        configs[config.name] = {
            "schema_sha256": digest_schema(config.record),
            "splits": splits,
            "empty_splits": [split for split in SPLITS if split not in splits],
        }
    versions: dict[str, int] = {}
    for line in ledger:
        rows_of_file[LEDGER] += 1
        versions[line.first_version] = versions.get(line.first_version, 0) + 1
    licences = {name for by_licence in counts["licenses"].values() for name in by_licence}
    return {
        "reviewdial": __version__,
        "format": FORMAT,
        **{name: chosen[name] for name in CHOSEN},
        "license": pick_dataset_licence(licences),
        "configs": configs,
        "ledger": {"schema_sha256": digest_schema(SplitAssignment), "forums_by_first_version": dict(sorted(versions.items()))},
        "counts": counts,
        "tools": {"pyarrow": pyarrow_version},
        "files": {
            name: {**describe_file(folder / name), **({"rows": rows_of_file[name]} if name in rows_of_file else {})}
            for name in list_files(folder)
            if name not in (*TEXTS, MANIFEST)
        },
    }

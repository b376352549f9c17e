"""Two versions of a dataset side by side: rows, columns, splits, figures.

A row is known by its key, and compared column by column through digests, so memory grows with the number of rows and
not with their size. A version is a folder, or a tag on the Hub (``NAMESPACE/NAME@v1.0.0``).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from toolkit import workspace as places
from toolkit.errors import ExportError
from toolkit.exporters.hub import download_version
from toolkit.exporters.manifest import MANIFEST
from toolkit.exporters.splits import LEDGER, SPLITS, read_ledger
from toolkit.exporters.tables import CONFIGS, Config, list_shards

EXAMPLES = 5
"""Keys that a report names of each kind."""
_ON_HUB = re.compile(r"(?P<repository>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@(?P<revision>[A-Za-z0-9][\w.-]*)")


class ConfigDiff(NamedTuple):
    """What became of the rows of one config."""

    before: int
    after: int
    added: int
    removed: int
    changed: int
    changed_columns: Mapping[str, int]
    """Column -> rows in which it changed."""
    examples: Mapping[str, tuple[str, ...]]
    """``added``, ``removed`` and ``changed`` -> the first keys."""


class DiffReport(NamedTuple):
    """What two versions of a dataset have otherwise."""

    before: str
    after: str
    configs: Mapping[str, ConfigDiff]
    moved: tuple[str, ...]
    """Papers that are in another split: there must be none."""
    papers_added: int
    papers_removed: int
    figures: Mapping[str, tuple[Any, Any]]
    """Figures of the two manifests that differ, by their place: before, after."""

    @property
    def is_same(self) -> bool:
        """Whether every row is in both versions, the same, in the same split."""
        rows = all(not (diff.added or diff.removed or diff.changed) for diff in self.configs.values())
        return rows and not self.moved


class _Row(NamedTuple):
    split: str
    columns: tuple[bytes, ...]


def diff_datasets(before: str, after: str, *, endpoint: str | None = None) -> DiffReport:
    """Compare two versions of a dataset.

    Args:
        before: A dataset folder, or ``NAMESPACE/NAME@REVISION`` on the Hub.
        after: The same.
        endpoint: Another Hub than the usual one.

    Raises:
        ExportError: one of them is no dataset folder, or cannot be read.
        StoppedError: the Hub does not answer.
    """
    first, second = (_find_folder(name, endpoint) for name in (before, after))
    ledgers = [read_ledger(folder / LEDGER) for folder in (first, second)]
    known = ledgers[0].keys() & ledgers[1].keys()
    moved = sorted(forum for forum in known if ledgers[0][forum].split != ledgers[1][forum].split)
    return DiffReport(
        before,
        after,
        {config.name: _diff_config(config, first, second) for config in CONFIGS},
        tuple(moved),
        len(ledgers[1].keys() - known),
        len(ledgers[0].keys() - known),
        _diff_figures(_read_figures(first), _read_figures(second)),
    )


def _find_folder(name: str, endpoint: str | None) -> Path:
    folder = Path(name)
    match = _ON_HUB.fullmatch(name)
    if match and not folder.exists():
        folder = download_version(match["repository"], match["revision"], endpoint)
    if not (folder / MANIFEST).is_file():
        raise ExportError(
            f"is no dataset folder: it has no {MANIFEST}",
            where=name,
            mend="name a folder that `reviewdial export` wrote, or NAMESPACE/NAME@TAG",
        )
    return folder


def _diff_config(config: Config, before: Path, after: Path) -> ConfigDiff:
    columns = _list_columns(config, before) or _list_columns(config, after)
    old, new = (_read_rows(config, folder, columns) for folder in (before, after))
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    changed: list[str] = []
    by_column: Counter[str] = Counter()
    for key in sorted(old.keys() & new.keys()):
        one, other = old[key], new[key]
        names = [
            name for name, first, second in zip(columns, one.columns, other.columns, strict=True) if first != second
        ]
        if names:
            changed.append(key)
            by_column.update(names)
    examples = {"added": added, "removed": removed, "changed": changed}
    return ConfigDiff(
        len(old),
        len(new),
        len(added),
        len(removed),
        len(changed),
        dict(sorted(by_column.items(), key=lambda item: (-item[1], item[0]))),
        {kind: tuple(keys[:EXAMPLES]) for kind, keys in examples.items()},
    )


def _list_columns(config: Config, folder: Path) -> tuple[str, ...]:
    row = next(_iterate_rows(config, folder), None)
    return tuple(sorted(row[1])) if row is not None else ()


def _read_rows(config: Config, folder: Path, columns: tuple[str, ...]) -> dict[str, _Row]:
    return {
        str(row[config.key]): _Row(split, tuple(_digest(row.get(name)) for name in columns))
        for split, row in _iterate_rows(config, folder)
    }


def _iterate_rows(config: Config, folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for split in SPLITS:
        for shard in list_shards(folder, config.name, split):
            for row in places.read_rows(shard):
                yield split, row


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=8).digest()


def _read_figures(folder: Path) -> dict[str, Any]:
    """Return what the manifest counts, flat: ``counts.venues.ICLR.cc/2019/Conference`` -> 12."""
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
        figures = {name: manifest[name] for name in ("first_version", "license", "reviewdial", "counts")}
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError("has a manifest that cannot be read", where=str(folder), mend="export it again") from error
    return dict(_flatten("", figures))


def _flatten(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flatten(f"{place}.{name}" if place else str(name), part)
    elif not isinstance(value, list):
        yield place, value


def _diff_figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [*before, *(name for name in after if name not in before)]
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}

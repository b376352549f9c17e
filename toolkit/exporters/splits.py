"""Which split a paper belongs to, and the ledger that keeps it there in every later version of a dataset."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from toolkit import tables
from toolkit import workspace as places
from toolkit.errors import ExportError, UsageError, WorkspaceError
from toolkit.records import SplitAssignment

SPLITS = ("train", "validation", "test")
DEFAULT_SHARES: Mapping[str, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
DEFAULT_SALT = "reviewdial"
LEDGER = "splits.parquet"

Ledger = dict[str, SplitAssignment]
"""Forum id -> its line of the ledger."""


def assign_split(group: str, salt: str, shares: Mapping[str, float]) -> str:
    """Return the split of a group of papers: ``blake2b(salt|group) / 2^64`` against the cumulated shares.

    The answer depends on nothing else, so it is the same in any order, process, version or larger dataset.

    >>> assign_split("BklMjsRqY7", "reviewdial", {"train": 0.0, "validation": 0.0, "test": 1.0})
    'test'
    """
    digest = hashlib.blake2b(f"{salt}|{group}".encode(), digest_size=8).digest()
    position = int.from_bytes(digest, "big") / 2**64
    reached = 0.0
    for split in SPLITS:
        reached += shares[split]
        if position < reached:
            return split
    # Rounding can leave the sum a hair under 1: what lies above it belongs to the last split that has a share.
    return [split for split in SPLITS if shares[split] > 0][-1]


def check_split_options(shares: Mapping[str, float], first_version: str) -> None:
    """Refuse shares and versions that mean nothing.

    Raises:
        UsageError: says which value and why.
    """
    if set(shares) != set(SPLITS):
        raise UsageError(f"shares are needed for {', '.join(SPLITS)}, not for {', '.join(sorted(shares)) or 'nothing'}")
    if any(not 0 <= share <= 1 for share in shares.values()) or abs(sum(shares.values()) - 1) > 1e-9:
        raise UsageError(
            f"the shares {', '.join(f'{shares[split]:g}' for split in SPLITS)} are not parts of 1",
            mend="give three numbers from 0 to 1 that add up to 1, such as 0.8 0.1 0.1",
        )
    if not re.fullmatch(r"\d+\.\d+\.\d+", first_version):
        raise UsageError(f"{first_version!r} is not a version", mend="write it as 1.0.0")


def read_ledger(path: Path) -> Ledger:
    """Read the split ledger of a dataset.

    Raises:
        ExportError: it is not a split ledger, or it names a paper twice or an unknown split.
    """
    ledger: Ledger = {}
    try:
        for row in places.read_rows(path):
            if fault := next(iter(tables.find_row_faults(SplitAssignment, row)), None):
                raise ExportError(f"is not a split ledger: {fault}", where=str(path), mend="name another ledger")
            line = tables.from_row(SplitAssignment, row)
            if line.split not in SPLITS or line.forum in ledger:
                what = "stands in it twice" if line.forum in ledger else f"has the unknown split {line.split!r}"
                raise ExportError(f"forum {line.forum} {what}", where=str(path), mend="restore the ledger as released")
            ledger[line.forum] = line
    except (WorkspaceError, UnicodeDecodeError) as error:
        raise ExportError(
            "cannot be read as a split ledger (Parquet)", where=str(path), mend="restore the ledger as released"
        ) from error
    return ledger


def collect_ledger(paths: Iterable[Path]) -> Ledger:
    """Read several ledgers as one.

    Raises:
        ExportError: two of them put a paper into different splits.
    """
    merged: Ledger = {}
    for path in paths:
        for forum, line in read_ledger(path).items():
            known = merged.setdefault(forum, line)
            if known.split != line.split:
                raise ExportError(
                    f"forum {forum} is in {line.split} here and in {known.split} in the other ledger",
                    where=str(path),
                    mend="export to a new folder, or leave out --ledger",
                )
    return merged

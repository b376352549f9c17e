"""Run ``reviewdial`` in a process that ends as ``kill -9`` ends it when it comes to a named moment the n-th time.

    python -m tests.pipeline.killed_command before "sql COMMIT" 3 fetch VENUE --out DIR

Moments are where the process meets the world: a request, an SQL statement, rows that go into a shard, a file that is
written or put in its place. They are named by how their description begins; ``before`` or ``after`` says on which side.
"""

import os
import pathlib
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from toolkit.cli import main as shell
from toolkit.fetchers.wire import WireAdapter


class Fate:
    """Which moment is the last."""

    def __init__(self, when: str, moment: str, passing: str) -> None:
        self.when, self.moment, self.left = when, moment, int(passing)

    def meet(self, moment: str, act: Callable[[], Any]) -> Any:
        is_last = False
        if moment.startswith(self.moment):
            self.left -= 1
            is_last = not self.left
        if is_last and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        value = act()
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return value


def watch(fate: Fate) -> None:
    """Put the fate in the way of what the process does to the world."""
    connect, replace, write_bytes = sqlite3.connect, os.replace, pathlib.Path.write_bytes
    send = WireAdapter.send

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            return fate.meet(f"sql {sql}", lambda: super(Connection, self).execute(sql, *values))

        def executescript(self, sql: str) -> sqlite3.Cursor:
            return fate.meet(f"sql {sql}", lambda: super(Connection, self).executescript(sql))

    def send_watched(adapter: WireAdapter, request: Any, *arguments: Any, **options: Any) -> Any:
        moment = f"request {request.method} {request.path_url}"
        return fate.meet(moment, lambda: send(adapter, request, *arguments, **options))

    def write_bytes_watched(path: pathlib.Path, data: bytes) -> int:
        return int(fate.meet(f"write {path.name}", lambda: write_bytes(path, data)))

    def replace_watched(source: Any, target: Any) -> None:
        fate.meet(f"replace {pathlib.Path(target).name}", lambda: replace(source, target))

    sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Connection, **options)
    WireAdapter.send = send_watched
    pathlib.Path.write_bytes = write_bytes_watched
    os.replace = replace_watched


def watch_shards(fate: Fate) -> None:
    """Put the fate in the way of rows that go into a shard, whose file has no end yet."""
    from pyarrow import parquet

    write_rows = parquet.ParquetWriter.write_table

    def write_rows_watched(writer: Any, *arguments: Any, **options: Any) -> None:
        fate.meet("rows", lambda: write_rows(writer, *arguments, **options))

    parquet.ParquetWriter.write_table = write_rows_watched


if __name__ == "__main__":
    fate = Fate(*sys.argv[1:4])
    watch(fate)
    if fate.moment == "rows":
        watch_shards(fate)
    sys.exit(shell.run(sys.argv[4:]))

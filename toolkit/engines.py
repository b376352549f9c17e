"""Where heavy functions run: in this process, or in processes of their own. It never shows in what they return."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")
Run = Callable[..., Awaitable[Any]]
"""``await run(function, *arguments)`` gives what ``function(*arguments)`` gives."""


async def run_here(function: Callable[..., Result], *arguments: Any) -> Result:
    """Run a function in this process."""
    return function(*arguments)


def count_processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@contextmanager
def open_engine(processes: int) -> Iterator[Run]:
    """Give a way to run functions in so many processes; with one, they run here.

    Functions and arguments must be picklable: functions of a module, records, plain values. The processes end with
    this one, also when it is killed.
    """
    if processes <= 1:
        yield run_here
        return
    # Not forked: a fork copies locks that other threads hold at that moment.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_follow_parent) as pool:

        async def run(function: Callable[..., Result], *arguments: Any) -> Result:
            return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)

        yield run


def _follow_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it ends: its pool cannot tell the workers once it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)

"""How often to ask again, how long to wait, and when a run has had enough: clocks, budgets and retries.

Nothing here knows what is asked. A run that is stopped here can be resumed, because pages are stored one by one.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from toolkit.errors import SourceError, StoppedError
from toolkit.progress import format_seconds

if TYPE_CHECKING:
    from toolkit.fetchers.wire import FaultError

Value = TypeVar("Value")

RETRIES = 6
"""How often a broken answer is asked for again; with the pauses between them about a minute in all."""

DEFAULT_WAIT = 30.0
"""Seconds to wait at a limit that does not say how long; doubled each time it comes again."""

MAX_WAIT = 3900.0
"""Longest wait at a limit unless the user says otherwise; windows of 30 to 60 minutes have been seen."""

MAX_LIMITS = 12
"""How often one request may meet a limit before it is given up."""


GO_ON = "what came is stored; run the same command again to go on"


class Clock:
    """Time as the run sees it; waiting goes by the monotonic clock, which nobody sets."""

    def read(self) -> float:
        """Return seconds on a clock that only goes forward."""
        return time.monotonic()

    def read_wall(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass(slots=True)
class Budget:
    """What a run may spend; every request on the wire counts, also one that is asked again."""

    max_requests: int | None = None
    max_minutes: float | None = None
    clock: Clock = field(default_factory=Clock)
    requests: int = 0
    _begin: float | None = None

    def spend_request(self) -> None:
        """Count one request that is about to be sent.

        Raises:
            StoppedError: it may not be sent any more.
        """
        if self.max_requests is not None and self.requests >= self.max_requests:
            raise StoppedError(f"the {self.max_requests:,} requests of --max-requests are used up", mend=GO_ON)
        if self.measure_time_left() <= 0:
            raise StoppedError(f"the {self.max_minutes:g} minutes of --max-minutes are over", mend=GO_ON)
        self.requests += 1

    def count_requests(self) -> Mapping[str, int]:
        """Return how many requests are used, and how many are left where that is bounded.

        >>> Budget(max_requests=98, requests=12).count_requests()
        {'requests': 12, 'requests_left': 86}
        """
        left = {} if self.max_requests is None else {"requests_left": self.max_requests - self.requests}
        return {"requests": self.requests, **left}

    def measure_time_left(self) -> float:
        """Return the seconds that are left; the time runs from the first call."""
        if self._begin is None:
            self._begin = self.clock.read()
        if self.max_minutes is None:
            return float("inf")
        return self._begin + 60 * self.max_minutes - self.clock.read()


@dataclass(slots=True)
class Patience:
    """Asks again what may come right, and waits where the service asks for it."""

    budget: Budget
    max_wait: float = MAX_WAIT
    retries: int = RETRIES
    clock: Clock = field(default_factory=Clock)
    tell: Callable[[str], None] = lambda message: None
    """Told before every wait that a user would notice."""

    def persist(self, ask: Callable[[], Value], where: str) -> Value:
        """Return what ``ask`` returns, asking again after a ``FaultError``.

        Raises:
            SourceError: it did not come right.
            StoppedError: the service wants a longer wait than the run has.
        """
        from toolkit.fetchers.wire import FaultError

        broken = limited = 0
        while True:
            try:
                return ask()
            except FaultError as fault:
                if fault.kind == "limit":
                    self._wait_for_limit(fault, limited, where)
                    limited += 1
                    continue
                if broken >= min(self.retries, 1 if fault.what == "cannot be reached" else RETRIES):
                    asked = f" (asked {broken + 1} times)" if broken else ""
                    raise SourceError(
                        f"{fault.what}{asked}", where=where, mend="check the connection, try later"
                    ) from None
                self.clock.sleep(2**broken * random.uniform(0.5, 1.0))
                broken += 1

    def _wait_for_limit(self, fault: "FaultError", limited: int, where: str) -> None:
        wait = max(1.0, fault.wait if fault.wait is not None else DEFAULT_WAIT * 2**limited)
        moment = datetime.fromtimestamp(min(self.clock.read_wall() + wait, 253402300799), UTC)
        left = self.budget.measure_time_left()
        if wait > min(self.max_wait, left) or limited >= MAX_LIMITS:
            what = f"{fault.what} (free again in {format_seconds(wait)})"
            raise StoppedError(what, where=where, mend=GO_ON, resume_at=moment)
        self.tell(f"{fault.what}; waiting {format_seconds(wait)}, until {moment:%H:%M:%S} UTC")
        self.clock.sleep(wait)

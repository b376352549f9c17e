"""How many questions may be under way at once: fewer when the endpoint says "later" or slows down, more when it copes.

Additive increase, multiplicative decrease, as in TCP (Chiu and Jain, 1989): an endpoint that is shared with others has
no other way to say what it can bear.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SLOWER = 3.0
"""An endpoint that needs so many times as long for a token as at its best has too much to do."""
SMOOTHING = 0.1
"""Weight of the newest answer in the pace."""


class Throttle:
    """Lets so many in at once."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with as many as are allowed."""
        self.most, self.limit = most, float(most)
        self.under_way = 0
        self._clock = clock
        self._changed = asyncio.Condition()
        self._cut_at = float("-inf")
        self._closed_until = float("-inf")
        self._pace: float | None = None
        self._best = float("inf")

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[float]:
        """Wait for room, and give the time at which it was found."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.under_way < int(self.limit))
            self.under_way += 1
        try:
            while (wait := self._closed_until - self._clock()) > 0:
                await asyncio.sleep(wait)
            yield self._clock()
        finally:
            self.under_way -= 1
            async with self._changed:
                self._changed.notify_all()

    def report_refusal(self, began: float, wait: float) -> None:
        """The endpoint said "later" to a question sent at ``began``: halve the number, and let nobody in for a while.

        Of all the questions that were under way together only the first counts.
        """
        self._closed_until = max(self._closed_until, self._clock() + wait)
        self._cut(began, 0.5)

    def report_answer(self, began: float, tokens: int) -> None:
        """An answer of so many tokens came: one more at once for every round of answers, unless they come slower."""
        pace = (self._clock() - began) / max(tokens, 1)
        self._pace = pace if self._pace is None else (1 - SMOOTHING) * self._pace + SMOOTHING * pace
        self._best = min(self._best, self._pace)
        if self._pace > SLOWER * self._best:
            self._cut(began, 0.8)
        else:
            self.limit = min(self.most, self.limit + 1 / self.limit)

    def _cut(self, began: float, share: float) -> None:
        if began > self._cut_at:
            self.limit = max(1.0, self.limit * share)
            self._cut_at = self._clock()

"""What a run may use, counted before each question: tokens, money, time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from toolkit.errors import StoppedError
from toolkit.synthesizers.llm.calls import Answer, Call

CHARACTERS_A_TOKEN = 4.0
"""Of English prose under the usual tokenizers, about; once answers say how many there were, theirs count."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; what was answered before costs nothing."""

    max_tokens: int | None = None
    """In and out together."""
    max_cost: float | None = None
    """In the currency of the prices."""
    max_minutes: float | None = None
    price_in: float = 0.0
    """Of a million tokens that go in."""
    price_out: float = 0.0
    """Of a million tokens that come out."""

    def count_cost(self, tokens_in: float, tokens_out: float) -> float:
        """Return what so many tokens cost.

        >>> Limits(price_in=1.0, price_out=4.0).count_cost(500_000, 250_000)
        1.5
        """
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1_000_000


@dataclass(slots=True)
class Usage:
    """What a run has used."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    """Questions that had to be sent again, by what went wrong."""

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.tokens_in + self.tokens_out


class Budget:
    """Lets a question through as long as it fits, whatever it may cost at most."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """The time begins now."""
        self.limits, self.usage = limits, Usage()
        self._clock, self._began = clock, clock()
        self._reserved: Counter[str] = Counter()
        self._settled = asyncio.Condition()
        self._tokens_a_character = 1 / CHARACTERS_A_TOKEN

    async def reserve(self, call: Call) -> tuple[int, int]:
        """Wait until a question fits beside those under way; give what it may use at most, tokens in and out.

        Questions under way hold as much as they may use at most, which is more than they mostly do; so one that does
        not fit waits for theirs, and the budget is used up only when it does not fit alone.

        Raises:
            StoppedError: the budget is used up; what was answered is kept.
        """
        while True:
            tokens_in = int(count_characters(call) * self._tokens_a_character) + 1
            tokens_out = call.max_output_tokens
            if (what := self._find_excess(tokens_in, tokens_out)) is None:
                self._reserved.update({"in": tokens_in, "out": tokens_out, "calls": 1})
                return tokens_in, tokens_out
            if self._reserved["calls"] == 0:
                raise StoppedError(
                    f"the budget is used up: {what}",
                    mend="run the same command with a larger budget to go on; no answer is asked for twice",
                )
            async with self._settled:
                await self._settled.wait()

    async def settle(self, call: Call, reserved: tuple[int, int], answer: Answer | None) -> None:
        """Count what a question used in place of what it might have; ``answer`` is null where none came."""
        self._reserved.subtract({"in": reserved[0], "out": reserved[1], "calls": 1})
        if answer is not None:
            self.usage.calls += 1
            self.usage.tokens_in += answer.tokens_in
            self.usage.tokens_out += answer.tokens_out
            # The densest prompt so far: a promise to stay below a limit must not rest on an average.
            density = answer.tokens_in / max(count_characters(call), 1)
            self._tokens_a_character = max(self._tokens_a_character, density)
        async with self._settled:
            self._settled.notify_all()

    def _find_excess(self, tokens_in: int, tokens_out: int) -> str | None:
        limits, usage, held = self.limits, self.usage, self._reserved
        after_in, after_out = usage.tokens_in + held["in"] + tokens_in, usage.tokens_out + held["out"] + tokens_out
        if limits.max_tokens is not None and after_in + after_out > limits.max_tokens:
            used = f"{usage.tokens:,} of {limits.max_tokens:,} tokens"
            return f"{used}, and the next answer may need {tokens_in + tokens_out:,}"
        if limits.max_cost is not None and limits.count_cost(after_in, after_out) > limits.max_cost:
            used = f"{limits.count_cost(usage.tokens_in, usage.tokens_out):.4f} of {limits.max_cost:g} in money"
            return f"{used}, and the next answer may cost {limits.count_cost(tokens_in, tokens_out):.4f}"
        minutes = (self._clock() - self._began) / 60
        if limits.max_minutes is not None and minutes >= limits.max_minutes:
            return f"{limits.max_minutes:g} minutes are over"
        return None


def count_characters(call: Call) -> int:
    """Return the characters of a question with all that goes before it."""
    return sum(len(content) for _, content in call.messages)

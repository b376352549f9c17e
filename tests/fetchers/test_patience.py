"""How often a request is repeated, how long a limit is waited for, and when a run has had enough."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fetchers.rig import FakeClock
from toolkit.errors import SourceError, StoppedError
from toolkit.fetchers import Budget, Patience
from toolkit.fetchers.patience import DEFAULT_WAIT, MAX_LIMITS, MAX_WAIT, RETRIES
from toolkit.fetchers.wire import FaultError

TROUBLE = FaultError("has trouble (status 503)", "trouble")
NOBODY = FaultError("cannot be reached", "transport")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def limit(wait: float | None) -> FaultError:
    return FaultError("its limit is reached", "limit", wait)


class Asked:
    """Something to ask that goes wrong in given ways, and then gives an answer."""

    def __init__(self, *faults: Exception) -> None:
        self.faults, self.times = list(faults), 0

    def __call__(self) -> str:
        self.times += 1
        if self.faults:
            raise self.faults.pop(0)
        return "the answer"


def persist(clock: FakeClock, asked: Asked, *, max_minutes: float | None = None, **options: Any) -> str:
    return Patience(Budget(max_minutes=max_minutes, clock=clock), clock=clock, **options).persist(asked, "host/notes")


def expect_stop(clock: FakeClock, asked: Asked, wait: float, **options: Any) -> None:
    """It stops at a limit before it waits, and says when to go on: after ``wait`` seconds from now."""
    with pytest.raises(StoppedError) as caught:
        persist(clock, asked, **options)
    assert caught.value.resume_at == datetime.fromtimestamp(clock.wall + wait, UTC)
    assert str(caught.value).startswith("host/notes: its limit is reached (free again in ")


# What a run may spend


def test_a_request_over_the_budget_is_not_sent_and_not_counted() -> None:
    budget = Budget(max_requests=2)
    budget.spend_request()
    budget.spend_request()
    for _ in range(2):
        with pytest.raises(StoppedError, match="the 2 requests of --max-requests are used up"):
            budget.spend_request()
    assert budget.requests == 2


def test_no_request_is_sent_after_the_last_minute(clock: FakeClock) -> None:
    budget = Budget(max_minutes=1.5, clock=clock)
    budget.spend_request()
    clock.now += 89
    budget.spend_request()
    clock.now += 1
    with pytest.raises(StoppedError, match=r"the 1.5 minutes of --max-minutes are over"):
        budget.spend_request()
    assert budget.requests == 2


def test_minutes_run_from_the_first_request_and_by_a_clock_that_nobody_sets(clock: FakeClock) -> None:
    budget = Budget(max_minutes=1, clock=clock)
    clock.now += 3600
    budget.spend_request()
    for wall in (0.0, 9e9):
        clock.wall = wall
        assert budget.measure_time_left() == 60


def test_a_run_without_bounds_never_stops_by_itself(clock: FakeClock) -> None:
    budget = Budget(clock=clock)
    budget.spend_request()
    clock.now += 1e9
    budget.spend_request()
    assert (budget.requests, budget.measure_time_left()) == (2, float("inf"))


# What is asked again


def test_a_fault_that_stays_is_asked_again_for_about_a_minute(clock: FakeClock) -> None:
    asked = Asked(*[TROUBLE] * 20)
    words = rf"^host/notes: has trouble \(status 503\) \(asked {RETRIES + 1} times\); check the connection, try later$"
    with pytest.raises(SourceError, match=words):
        persist(clock, asked)
    assert asked.times == RETRIES + 1
    assert [2**number / 2 <= pause <= 2**number for number, pause in enumerate(clock.sleeps)] == [True] * RETRIES


def test_nobody_there_is_asked_only_twice(clock: FakeClock) -> None:
    asked = Asked(*[NOBODY] * 20)
    with pytest.raises(SourceError, match=r"cannot be reached \(asked 2 times\)"):
        persist(clock, asked)
    assert asked.times == 2


@pytest.mark.parametrize("fault", [TROUBLE, NOBODY])
def test_without_retries_every_fault_is_the_end(fault: FaultError, clock: FakeClock) -> None:
    asked = Asked(fault)
    with pytest.raises(SourceError) as caught:
        persist(clock, asked, retries=0)
    assert "asked" not in str(caught.value)
    assert (asked.times, clock.sleeps) == (1, [])


def test_what_no_second_try_mends_is_not_asked_again(clock: FakeClock) -> None:
    asked = Asked(SourceError("is a web page"))
    with pytest.raises(SourceError, match=r"^is a web page$"):
        persist(clock, asked)
    assert (asked.times, clock.sleeps) == (1, [])


def test_limits_on_the_way_use_up_no_retry(clock: FakeClock) -> None:
    asked = Asked(*[TROUBLE, limit(5.0)] * RETRIES)
    assert persist(clock, asked) == "the answer"
    assert (asked.times, clock.sleeps.count(5.0)) == (2 * RETRIES + 1, RETRIES)


# What is waited for


def test_a_limit_is_waited_for_as_long_as_it_says_and_not_in_silence(clock: FakeClock) -> None:
    told: list[str] = []
    clock.wall = 1_800_000_000.0  # 08:00:00
    assert persist(clock, Asked(limit(3000.0)), tell=told.append) == "the answer"
    assert clock.sleeps == [3000.0]
    assert told == ["its limit is reached; waiting 50 minutes, until 08:50:00 UTC"]


def test_a_limit_that_says_nothing_is_waited_for_twice_as_long_each_time(clock: FakeClock) -> None:
    waits = [DEFAULT_WAIT * 2**number for number in range(8)]
    assert waits[-1] <= MAX_WAIT < 2 * waits[-1]
    expect_stop(clock, Asked(*[limit(None)] * 20), 2 * waits[-1])
    assert clock.sleeps == waits


def test_a_limit_that_is_over_now_is_still_given_a_second(clock: FakeClock) -> None:
    persist(clock, Asked(limit(0.0)))
    assert clock.sleeps == [1.0]


@pytest.mark.parametrize(("max_wait", "is_waited_for"), [(60.0, True), (59.9, False), (0.0, False)])
def test_a_longer_wait_than_is_allowed_stops_the_run(max_wait: float, is_waited_for: bool, clock: FakeClock) -> None:
    asked = Asked(limit(60.0))
    if is_waited_for:
        persist(clock, asked, max_wait=max_wait)
    else:
        expect_stop(clock, asked, 60.0, max_wait=max_wait)
    assert clock.sleeps == [60.0] * is_waited_for


def test_a_wait_that_would_outlast_the_run_stops_it_at_once(clock: FakeClock) -> None:
    expect_stop(clock, Asked(limit(61.0)), 61.0, max_minutes=1)
    assert clock.sleeps == []


def test_a_wait_beyond_every_calendar_stops_the_run_and_breaks_nothing(clock: FakeClock) -> None:
    expect_stop(clock, Asked(limit(1e15)), 253402300799 - clock.wall)


def test_a_limit_that_is_never_lifted_is_given_up(clock: FakeClock) -> None:
    asked = Asked(*[limit(1.0)] * 50)
    expect_stop(clock, asked, 1.0)
    assert (asked.times, len(clock.sleeps)) == (MAX_LIMITS + 1, MAX_LIMITS)


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_wall_clock_that_is_set_while_waiting_changes_no_wait(jump: float, clock: FakeClock) -> None:
    clock.wall_jump = jump
    expect_stop(clock, Asked(*[limit(20.0)] * 9), 20.0, max_minutes=1.2)
    assert clock.sleeps == [20.0] * 3

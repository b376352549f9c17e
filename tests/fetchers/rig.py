"""A fetch against the stand-in on this machine, with a store on disk and a clock for which nobody has to wait."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import VENUE_V1, VENUE_V2, Raw, make_review, make_submission
from tests.loopback.openreview import Answer, Loopback, serve_openreview
from toolkit.errors import StoppedError
from toolkit.fetchers import Budget, FetchReport, Manners, Patience, Services, Store, fetch_venue, open_store
from toolkit.fetchers.patience import MAX_WAIT, RETRIES, Clock
from toolkit.fetchers.wire import Limits
from toolkit.progress import NoProgress

GROUPS = ({"id": VENUE_V1}, {"id": VENUE_V2, "domain": VENUE_V2})
SECOND_PAGE = "after=s0001"
"""Part of the request for the second page of ``make_venue``, where a page holds two submissions."""


class FakeClock(Clock):
    """Sleeping takes no time and is written down; the wall clock may be set while somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.wall, self.wall_jump = 0.0, 1.8e9, 0.0
        self.sleeps: list[float] = []

    def read(self) -> float:
        return self.now

    def read_wall(self) -> float:
        return self.wall

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        self.wall += seconds + self.wall_jump


@dataclass
class Rig:
    """The stand-in, an open store, and a fetch from the one into the other."""

    loopback: Loopback
    store: Store
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)

    def fetch(
        self,
        venue: str = VENUE_V2,
        *,
        limits: Limits | None = None,
        retries: int = RETRIES,
        max_wait: float = MAX_WAIT,
        max_minutes: float | None = None,
        **options: Any,
    ) -> FetchReport:
        budget = Budget(max_minutes=max_minutes, clock=self.clock)
        patience = Patience(budget, max_wait=max_wait, retries=retries, clock=self.clock)
        services = Services(Manners(budget=budget, patience=patience, limits=limits or Limits()))
        return fetch_venue(self.store, venue, progress=NoProgress(), services=services, clock=self.clock, **options)

    def count_requests(self, part: str) -> int:
        """How many requests so far hold this in their line."""
        return sum(part in line for line in self.loopback.requests)

    def expect_stop(self, words: str, **options: Any) -> StoppedError:
        """The fetch stops at the second page and can be resumed: the first page is kept, nothing of the other."""
        with pytest.raises(StoppedError) as caught:
            self.fetch(**options)
        assert words in str(caught.value)
        assert [forum for forum, _ in self.store.read_forums()] == ["s0000", "s0001"]
        return caught.value

    def expect_rest(self, digest: str) -> None:
        """The next run asks for what is missing only, and ends with the bytes of a fetch that nothing disturbed."""
        self.loopback.requests.clear()
        self.fetch()
        assert self.count_requests("/notes?") == self.count_requests("after=") > 0
        assert self.store.compute_digest() == digest

    def read_bytes(self) -> bytes:
        """All that lies on the disk now, SQLite's log included."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())

    def read_versions(self) -> dict[str, list[Any]]:
        """Note id -> the ratings of its kept versions, oldest first; null for what has none."""
        found: dict[str, list[Any]] = {}
        for _, notes in self.store.read_forums():
            for note in notes:
                found.setdefault(note.id, []).append(note.content.get("rating"))
        return found


@contextmanager
def serve_here(notes: Sequence[Raw], groups: Sequence[Raw], **behaviour: Any) -> Iterator[Loopback]:
    """Serve notes, and point the clients of this process and its children there and nowhere else."""
    with pytest.MonkeyPatch.context() as patch, serve_openreview(notes, groups, **behaviour) as loopback:
        for name in [name for name in os.environ if name.startswith("OPENREVIEW_")]:
            patch.delenv(name)
        for name, value in loopback.environment.items():
            patch.setenv(name, value)
        yield loopback


@contextmanager
def set_up(folder: Path, notes: Sequence[Raw], **behaviour: Any) -> Iterator[Rig]:
    """Serve notes, two submissions a page, and open a store for them."""
    with (
        serve_here(notes, GROUPS, **{"page_limit": 2, **behaviour}) as loopback,
        open_store(folder / "store.sqlite", create=True) as store,
    ):
        yield Rig(loopback, store, folder)


def digest_undisturbed(folder: Path) -> str:
    """Digest of the store after a fetch of ``make_venue`` that nothing disturbs."""
    with set_up(folder, make_venue()) as rig:
        rig.fetch()
        return rig.store.compute_digest()


def make_venue(submissions: int = 4) -> list[Raw]:
    """``s0000`` with its review ``r0000`` rated 0, ``s0001`` with ``r0001`` rated 1, and so on."""
    return [
        note
        for number in range(submissions)
        for note in (
            make_submission(f"s{number:04d}"),
            make_review(f"r{number:04d}", f"s{number:04d}", rating=number),
        )
    ]


def make_answer(notes: Sequence[Raw], after: str | None = None) -> Answer:
    """The answer that the stand-in would give to the request for one page, to be damaged."""
    target = f"/notes?invitation={VENUE_V2}/-/Submission&details=replies&sort=id&limit=2"
    target += f"&after={after}" if after else "&count=true"
    return Loopback(list(notes), list(GROUPS)).answer("v2", "GET", target, b"", None)


def alter(answer: Answer, old: bytes, new: bytes) -> Answer:
    """The same answer with some bytes of its body replaced, once."""
    assert old in answer.body
    return replace(answer, body=answer.body.replace(old, new, 1))

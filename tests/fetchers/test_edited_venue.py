"""A venue that is edited while it is paged: nothing that stands is missed, and the next round mends the rest."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fetchers.raw_notes import (
    VENUE_V1,
    VENUE_V2,
    Raw,
    make_review,
    make_review_v1,
    make_submission,
    make_submission_v1,
    read_ids,
)
from tests.fetchers.rig import Rig, make_venue, set_up
from tests.loopback.openreview import Answer, Loopback
from toolkit.errors import ReviewDialError
from toolkit.fetchers import Store, open_store
from toolkit.fetchers import openreview as fetching

Edit = Callable[[Loopback], None]

PAGE = 2
CLOSED = ["Loop.cc/2026/Conference/Program_Chairs"]


@pytest.fixture(autouse=True, scope="module")
def _ask_for_small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "PAGE_SIZE", PAGE)
        yield


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Six submissions with a review each, on three pages: s0000 s0001, s0002 s0003, s0004 s0005."""
    with set_up(tmp_path, make_venue(6)) as ready:
        yield ready


def edit_at(rig: Rig, part: str, *edits: Edit) -> None:
    """Edit the venue just before the first request that holds ``part`` is answered."""
    waiting = list(edits)

    def on_request(loopback: Loopback, line: str) -> None:
        if part in line:
            while waiting:
                waiting.pop(0)(loopback)

    rig.loopback.on_request = on_request


def read_roots(store: Store) -> list[str]:
    return sorted(forum for forum, ids in read_ids(store).items() if forum in ids)


# What is taken away

PLACES = {"s0000": "fetched already", "s0003": "the last that was fetched", "s0004": "still to come"}


def delete(loopback: Loopback, forum: str) -> None:
    for note in [note for note in loopback.notes if note["forum"] == forum]:
        loopback.remove(note["id"])


def mark_deleted(loopback: Loopback, forum: str) -> None:
    change_forum(loopback, forum, tmdate=99, ddate=99)


def close(loopback: Loopback, forum: str) -> None:
    change_forum(loopback, forum, tmdate=99, readers=CLOSED)


def close_but_not_for_us(loopback: Loopback, forum: str) -> None:
    loopback.reveals_everything = True
    close(loopback, forum)


def delete_reply(loopback: Loopback) -> None:
    loopback.remove("r0000")


def close_reply(loopback: Loopback) -> None:
    loopback.change("r0000", tmdate=99, readers=CLOSED)


def change_forum(loopback: Loopback, forum: str, **fields: Any) -> None:
    for note in [note for note in loopback.notes if note["forum"] == forum]:
        loopback.change(note["id"], **fields)


@pytest.mark.parametrize("forum", PLACES)
@pytest.mark.parametrize("take_away", [delete, mark_deleted, close, close_but_not_for_us])
def test_a_submission_that_is_taken_away_during_a_round_is_gone_after_the_next_with_its_replies(
    take_away: Callable[[Loopback, str], None], forum: str, rig: Rig
) -> None:
    edit_at(rig, "after=s0003", lambda loopback: take_away(loopback, forum))
    rig.fetch()
    others = sorted({f"s{number:04d}" for number in range(6)} - {forum})
    assert set(others) <= set(read_roots(rig.store))
    assert (forum in read_ids(rig.store)) == (forum != "s0004"), "what was taken away before its page never came"
    rig.fetch()
    assert sorted(read_ids(rig.store)) == others
    assert set(rig.store.list_removals()) <= {forum, forum.replace("s", "r")}
    assert rig.store.read_quarantine() == ()


def test_a_reply_that_everyone_may_still_read_stays_when_its_submission_is_closed(rig: Rig) -> None:
    edit_at(rig, "after=s0003", lambda loopback: loopback.change("s0000", tmdate=99, readers=CLOSED))
    rig.fetch()
    rig.fetch()
    assert read_ids(rig.store)["s0000"] == ["r0000"]


@pytest.mark.parametrize("take_away", [delete_reply, close_reply])
def test_a_reply_that_is_taken_away_after_its_page_is_gone_after_the_next_round(take_away: Edit, rig: Rig) -> None:
    edit_at(rig, "after=s0003", take_away)
    rig.fetch()
    rig.fetch()
    assert read_ids(rig.store)["s0000"] == ["s0000"]
    assert rig.store.list_removals() == ("r0000",)


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_short_pages_do_not_hide_a_submission_when_as_many_come_as_go(
    api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count is what it was and as many notes have come, but one of those that stood is still to come."""
    monkeypatch.setattr(fetching, "PAGE_SIZE", 1000)
    make, venue = (make_submission_v1, VENUE_V1) if api == "v1" else (make_submission, VENUE_V2)
    with set_up(tmp_path, [make(name) for name in "abcdef"], page_limit=2) as rig:
        edit_at(rig, "after=b", lambda loopback: loopback.remove("a"), lambda loopback: loopback.add(make("bb")))
        rig.fetch(venue)
        assert {*"bcdef"} <= set(read_roots(rig.store))


# What comes and what changes


@pytest.mark.parametrize(
    ("name", "comes_at_once"), [("a0000", False), ("s0002x", False), ("s0003x", True), ("z", True)]
)
def test_a_submission_that_comes_during_a_round_is_in_this_round_or_in_the_next(
    name: str, comes_at_once: bool, rig: Rig
) -> None:
    edit_at(rig, "after=s0003", lambda loopback: loopback.add(make_submission(name)))
    rig.fetch()
    stood = [f"s{number:04d}" for number in range(6)]
    assert read_roots(rig.store) == sorted([*stood, name] if comes_at_once else stood)
    rig.fetch()
    assert read_roots(rig.store) == sorted([*stood, name])


def test_a_review_that_is_changed_after_its_page_is_found_by_the_next_round(rig: Rig) -> None:
    edit_at(rig, "after=s0003", lambda loopback: loopback.change("r0001", tmdate=99, content={"rating": {"value": 9}}))
    rig.fetch()
    assert rig.read_versions()["r0001"] == [1]
    assert rig.fetch().notes_stored == 1
    assert rig.read_versions()["r0001"] == [1, 9]


def test_a_reply_to_a_submission_that_was_fetched_already_is_found_by_the_next_round(rig: Rig) -> None:
    edit_at(rig, "after=s0003", lambda loopback: loopback.add(make_review("late", "s0000")))
    rig.fetch()
    assert "late" not in read_ids(rig.store)["s0000"]
    rig.fetch()
    assert read_ids(rig.store)["s0000"] == ["late", "r0000", "s0000"]


def test_a_paper_that_is_withdrawn_during_a_round_is_in_the_other_list_and_kept_once_a_version(tmp_path: Path) -> None:
    withdrawn = f"{VENUE_V1}/-/Withdrawn_Submission"
    with set_up(tmp_path, [make_submission_v1(name) for name in ("b1", "b2", "b3", "b4", "b5")]) as rig:
        edit_at(
            rig,
            "after=b2",
            lambda loopback: loopback.change("b1", invitation=withdrawn, tmdate=99),
            lambda loopback: loopback.change("b4", invitation=withdrawn, tmdate=99),
        )
        rig.fetch(VENUE_V1)
        counted = {name: len(versions) for name, versions in rig.read_versions().items()}
        assert counted == {"b1": 2, "b2": 1, "b3": 1, "b4": 1, "b5": 1}


# Whatever happens, in any order


class Editor:
    """Edits of one venue; it remembers which notes were ever taken away."""

    def __init__(self, loopback: Loopback, api: str) -> None:
        self.loopback, self.api = loopback, api
        self.touched: set[str] = set()
        self._moment, self._names = itertools.count(100), itertools.count()
        self._deleted: list[Mapping[str, Any]] = []

    def edit(self, kind: str, pick: int) -> None:
        getattr(self, kind)(pick)

    def insert(self, pick: int) -> None:
        name = f"s{pick % 10:04d}n{next(self._names)}"
        notes = [self._make_submission(name), self._make_review(name)]
        for note in notes:
            self.loopback.add(note)
            self.touched.add(str(note["id"]))

    def reply(self, pick: int) -> None:
        note = self._make_review(self._pick_forum(pick))
        self.loopback.add(note)
        self.touched.add(note["id"])

    def change(self, pick: int) -> None:
        note = self.loopback.notes[pick % len(self.loopback.notes)]
        content = {**note["content"], "edit": next(self._names) if self.api == "v1" else {"value": next(self._names)}}
        self.loopback.change(note["id"], content=content, tmdate=next(self._moment))

    def delete_submission(self, pick: int) -> None:
        self._delete(self._list_forum(self._pick_forum(pick)))

    def delete_reply(self, pick: int) -> None:
        self._delete(self._pick_reply(pick))

    def restore(self, pick: int) -> None:
        """Put back what was deleted last, as it was."""
        if self._deleted:
            self.loopback.add(self._deleted.pop())

    def close_submission(self, pick: int) -> None:
        self._change_all(self._list_forum(self._pick_forum(pick)), readers=CLOSED)

    def close_reply(self, pick: int) -> None:
        self._change_all(self._pick_reply(pick), readers=CLOSED)

    def open_again(self, pick: int) -> None:
        self._change_all([note for note in self.loopback.notes if note["readers"] == CLOSED], readers=["everyone"])

    def withdraw(self, pick: int) -> None:
        if self.api == "v1":
            roots = [note for note in self._list_forum(self._pick_forum(pick)) if note["id"] == note["forum"]]
            self._change_all(roots, invitation=f"{VENUE_V1}/-/Withdrawn_Submission")

    def _make_submission(self, name: str) -> Raw:
        return make_submission_v1(name) if self.api == "v1" else make_submission(name)

    def _make_review(self, forum: str) -> Raw:
        name = f"r{forum}n{next(self._names)}"
        return make_review_v1(name, forum) if self.api == "v1" else make_review(name, forum)

    def _pick_forum(self, pick: int) -> str:
        """Any but the first, since a venue without submissions is an error."""
        forums = sorted({str(note["forum"]) for note in self.loopback.notes} - {"s0000"})
        return forums[pick % len(forums)] if forums else "s0000"

    def _list_forum(self, forum: str) -> list[Mapping[str, Any]]:
        return [note for note in self.loopback.notes if note["forum"] == forum != "s0000"]

    def _pick_reply(self, pick: int) -> list[Mapping[str, Any]]:
        replies = [note for note in self.loopback.notes if note["id"] != note["forum"]]
        return [replies[pick % len(replies)]] if replies else []

    def _delete(self, notes: list[Mapping[str, Any]]) -> None:
        for note in notes:
            self.touched.add(note["id"])
            self._deleted.append(note)
            self.loopback.remove(note["id"])

    def _change_all(self, notes: list[Mapping[str, Any]], **fields: Any) -> None:
        moment = next(self._moment)
        for note in notes:
            self.touched.add(note["id"])
            self.loopback.change(note["id"], tmdate=moment, **fields)


KINDS = sorted(name for name in vars(Editor) if not name.startswith("_") and name != "edit")
EDITS = st.lists(st.tuples(st.integers(1, 6), st.sampled_from(KINDS), st.integers(0, 99)), max_size=12)
"""(Before which answer of a page, what, which note)."""


def make_venue_of(api: str) -> list[Raw]:
    if api == "v2":
        return make_venue(5)
    return [
        note
        for number in range(5)
        for note in (make_submission_v1(f"s{number:04d}"), make_review_v1(f"r{number:04d}", f"s{number:04d}"))
    ]


def read_newest(store: Store) -> dict[str, Raw]:
    """Note id -> its newest version as received; expects every version only once."""
    versions = [raw for forum, _ in store.read_forums() for raw in store.read_raw_notes(forum)]
    assert max(Counter((raw["id"], raw["tmdate"]) for raw in versions).values()) == 1
    return {raw["id"]: raw for raw in sorted(versions, key=lambda raw: raw["tmdate"])}


@pytest.mark.parametrize("api", ["v1", "v2"])
@settings(max_examples=15)
@given(
    edits=EDITS,
    stops_at=st.none() | st.integers(1, 4),
    page_limit=st.integers(1, PAGE),
    is_known=st.booleans(),
    is_insider=st.booleans(),
)
def test_no_edit_hides_what_stands_and_the_next_round_gives_what_a_fresh_fetch_gives(
    api: str,
    edits: list[tuple[int, str, int]],
    stops_at: int | None,
    page_limit: int,
    is_known: bool,
    is_insider: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("edited")
    notes, venue = make_venue_of(api), VENUE_V1 if api == "v1" else VENUE_V2
    with set_up(folder, notes, page_limit=page_limit, reveals_everything=is_insider) as rig:
        if is_known:
            rig.fetch(venue)
        editor, pages = Editor(rig.loopback, api), itertools.count(1)

        def disturb(loopback: Loopback, line: str) -> None:
            if " /notes?" in line:
                page = next(pages)
                for _, kind, pick in (edit for edit in edits if edit[0] == page):
                    editor.edit(kind, pick)
                if page == stops_at:
                    loopback.failures["/notes"] = [Answer(400, b"")]

        rig.loopback.on_request = disturb
        if stops_at is not None:
            with pytest.raises(ReviewDialError):
                rig.fetch(venue)
        rig.fetch(venue)
        rig.loopback.on_request = None
        stood = {note["id"] for note in notes} - editor.touched
        assert stood <= set(read_newest(rig.store))

        rig.fetch(venue)
        found = read_newest(rig.store)
        with open_store(folder / "fresh.sqlite", create=True) as other:
            fresh = replace(rig, store=other)
            fresh.fetch(venue)
            expected = read_newest(other)
        # What everyone may still read by its id is kept, although its submission is in no list any more.
        kept = {note_id: raw for note_id, raw in found.items() if note_id not in expected}
        there = {note["id"]: note for note in rig.loopback.notes if note["readers"] != CLOSED}
        assert {note_id: raw["tmdate"] for note_id, raw in kept.items()} == {
            note_id: there[note_id]["tmdate"] for note_id in kept if there[note_id]["forum"] not in there
        }
        assert {note_id: found[note_id] for note_id in expected} == expected
        assert rig.store.read_quarantine() == ()

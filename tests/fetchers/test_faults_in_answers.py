"""Answers that come whole and are not what they should be, and records that change while they are fetched.

Numbers are those of ``docs/faults.md``.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import (
    VENUE_V1,
    Raw,
    make_review,
    make_review_v1,
    make_submission,
    make_submission_v1,
    read_ids,
)
from tests.fetchers.rig import SECOND_PAGE, Rig, alter, digest_undisturbed, make_answer, make_venue, set_up
from tests.loopback.openreview import Answer, Loopback, answer_error
from toolkit import workspace as places
from toolkit.errors import SourceError
from toolkit.fetchers.patience import RETRIES
from toolkit.pipeline import run_normalize
from toolkit.records import Forum

NESTED = b"[" * 100_000 + b"]" * 100_000
FORBIDDEN = answer_error("ForbiddenError", "User canary-user@example.org may not read it", 403)
NOT_FOUND = answer_error("NotFoundError", "The Note was not found", 404)
CLOSED = ["Loop.cc/2026/Conference/Program_Chairs"]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A venue of two pages."""
    with set_up(tmp_path, make_venue()) as ready:
        yield ready


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Digest of the store after a fetch that nothing disturbs."""
    return digest_undisturbed(tmp_path_factory.mktemp("undisturbed"))


def list_aside(rig: Rig) -> list[tuple[str, str]]:
    return [(item.item, item.reason) for item in rig.store.read_quarantine()]


def normalize(rig: Rig) -> Mapping[str, Forum]:
    workspace = places.open_workspace(rig.folder)
    run_normalize(workspace)
    return {forum.forum: forum for forum in places.read_records(workspace.forums, Forum)}


def change_once(part: str, change: Callable[[Loopback], None]) -> Callable[[Loopback, str], None]:
    """Change the venue just before the first request that holds ``part`` is answered."""
    done: list[str] = []

    def on_request(loopback: Loopback, line: str) -> None:
        if part in line and not done:
            done.append(line)
            change(loopback)

    return on_request


# What may not be read


def test_a_list_that_is_forbidden_is_set_aside_and_the_rest_comes(tmp_path: Path) -> None:  # row 16
    notes = [
        make_submission_v1("b1"),
        make_review_v1("q1", "b1"),
        make_submission_v1("d1", "Desk_Rejected_Submission"),
        make_submission_v1("w1", "Withdrawn_Submission"),
    ]
    with set_up(tmp_path, notes) as rig:
        rig.loopback.fail_when = [("Withdrawn_Submission", FORBIDDEN)]
        report = rig.fetch(VENUE_V1)
        assert [(item.item, item.reason) for item in report.quarantined] == [
            (f"{VENUE_V1}/-/Withdrawn_Submission", "forbidden")
        ]
        assert read_ids(rig.store) == {"b1": ["b1", "q1"], "d1": ["d1"]}
        assert "canary" not in report.quarantined[0].message
        rig.fetch(VENUE_V1)
        assert "w1" in read_ids(rig.store)
        assert list_aside(rig) == []


@pytest.mark.parametrize(
    "by_id",
    [
        pytest.param([], id="row-17-not-among-those-asked-for"),
        pytest.param([("/notes/search", NOT_FOUND), ("id=r0001", NOT_FOUND)], id="row-17-not-found"),
        pytest.param([("/notes/search", FORBIDDEN), ("id=r0001", FORBIDDEN)], id="row-16-forbidden"),
    ],
)
def test_a_known_note_that_is_gone_is_asked_for_by_its_id_and_then_taken_out(
    by_id: list[tuple[str, Answer]], rig: Rig
) -> None:
    rig.fetch()
    rig.loopback.remove("r0001")
    rig.loopback.fail_when = list(by_id)
    assert rig.fetch().vanished == 1
    assert rig.loopback.fail_when == [], "these answers were given"
    assert rig.store.list_removals() == ("r0001",)
    assert read_ids(rig.store)["s0001"] == ["s0001"]


# What is no page


@pytest.mark.parametrize("body", [b"{}", b'{"notes": null}', b"", b"null", b"[]", b'{"notes": {}}'])
def test_an_answer_without_notes_is_an_error_and_never_no_notes(body: bytes, rig: Rig, undisturbed: str) -> None:
    answer = Answer(200, body)  # row 28
    rig.loopback.fail_when = [("/notes?", answer)] * (RETRIES + 1)
    with pytest.raises(SourceError, match=r"is empty|something else than the API's JSON"):
        rig.fetch()
    assert rig.store.count_forums() == 0
    rig.loopback.fail_when = []
    rig.fetch(limit=2)
    rig.loopback.fail_when = [(SECOND_PAGE, answer)] * (RETRIES + 1)
    rig.expect_stop("")
    rig.loopback.fail_when = []
    rig.expect_rest(undisturbed)


AROUND_THE_NOTES = {
    "row-29-not-a-number": b'{"x": NaN, "notes"',
    "row-29-infinity": b'{"x": -Infinity, "notes"',
    "row-29-key-twice": b'{"notes": [], "notes"',
    "row-30-nested": b'{"x": ' + NESTED + b', "notes"',
    "row-31-no-utf-8": b'{"x": "\xff", "notes"',
}
IN_A_NOTE = {
    "row-29-not-a-number": b"NaN",
    "row-29-infinity": b"1e999",
    "row-29-key-twice": b'"On s0002", "value": "On s0009"',
    "row-30-nested": NESTED,
    "row-31-no-utf-8": b'"On \xff"',
}


@pytest.mark.parametrize("name", AROUND_THE_NOTES)
def test_a_page_that_is_no_strict_json_is_set_aside_until_it_comes_right(name: str, rig: Rig, undisturbed: str) -> None:
    page = alter(make_answer(make_venue(), "s0001"), b'{"notes"', AROUND_THE_NOTES[name])
    rig.loopback.fail_when = [(SECOND_PAGE, page)] * (RETRIES + 1)
    report = rig.fetch()
    assert rig.count_requests(SECOND_PAGE) == RETRIES + 1
    assert [item.reason for item in report.quarantined] == ["unreadable-page"]
    assert sorted(read_ids(rig.store)) == ["s0000", "s0001"]
    rig.expect_rest(undisturbed)
    assert list_aside(rig) == []


@pytest.mark.parametrize("name", AROUND_THE_NOTES)
def test_a_page_that_comes_right_at_another_try_leaves_no_trace(name: str, rig: Rig, undisturbed: str) -> None:
    page = alter(make_answer(make_venue(), "s0001"), b'{"notes"', AROUND_THE_NOTES[name])
    rig.loopback.fail_when = [(SECOND_PAGE, page)]
    assert rig.fetch().quarantined == ()
    assert rig.store.compute_digest() == undisturbed


@pytest.mark.parametrize("note", ["s0002", "s0003"])  # the first of its page and the last, behind which it goes on
@pytest.mark.parametrize("name", IN_A_NOTE)
def test_a_damaged_note_on_a_whole_page_is_set_aside_alone(name: str, note: str, rig: Rig, undisturbed: str) -> None:
    page = alter(make_answer(make_venue(), "s0001"), f'"On {note}"'.encode(), IN_A_NOTE[name])
    rig.loopback.fail_when = [(SECOND_PAGE, page)] * 3
    report = rig.fetch()
    assert rig.count_requests(SECOND_PAGE) == 3, "it was asked for again, since another try may bring it whole"
    assert [(item.item, item.reason) for item in report.quarantined] == [(note, "unreadable-note")]
    assert sorted(read_ids(rig.store)) == [name for name in ("s0000", "s0001", "s0002", "s0003") if name != note]
    assert b"\\ufffd" not in json.dumps([rig.store.read_raw_notes(forum) for forum in read_ids(rig.store)]).encode()
    rig.fetch()
    assert rig.store.compute_digest() == undisturbed


def test_a_damaged_note_that_comes_whole_in_a_later_round_is_not_set_aside_any_more(rig: Rig) -> None:  # row 29
    page = alter(make_answer(make_venue(), "s0001"), b'"On s0002"', b"NaN")
    rig.loopback.fail_when = [(SECOND_PAGE, page)] * 3
    rig.fetch()
    assert list_aside(rig) == [("s0002", "unreadable-note")]
    rig.fetch()
    assert list_aside(rig) == []


@pytest.mark.parametrize("name", IN_A_NOTE)
def test_a_note_that_comes_right_at_another_try_leaves_no_trace(name: str, rig: Rig, undisturbed: str) -> None:
    page = alter(make_answer(make_venue(), "s0001"), b'"On s0002"', IN_A_NOTE[name])
    rig.loopback.fail_when = [(SECOND_PAGE, page)]
    assert rig.fetch().quarantined == ()
    assert rig.store.compute_digest() == undisturbed


# What changes while it is fetched


def test_a_note_that_is_edited_between_two_pages_is_stored_once_and_its_newest_version_wins(rig: Rig) -> None:
    def edit(loopback: Loopback) -> None:  # row 34
        for name, rating in (("r0000", 7), ("r0003", 8)):
            loopback.change(name, tmdate=50, content={"rating": {"value": rating}})

    rig.loopback.on_request = change_once(SECOND_PAGE, edit)
    rig.fetch()
    versions = rig.read_versions()
    assert (versions["r0000"], versions["r0003"]) == ([0], [8]), "what the service showed when it was asked"
    rig.fetch()
    versions = rig.read_versions()
    assert (versions["r0000"], versions["r0003"]) == ([0, 7], [8])


def test_no_note_is_missed_while_others_come_and_go_between_pages(tmp_path: Path) -> None:  # row 35
    notes = make_venue(12)
    removed = ["s0001", "s0005", "s0009"]

    def edit(loopback: Loopback, line: str) -> None:
        for name in removed:
            if line.endswith(f"after={name}") and name in {note["id"] for note in loopback.notes}:
                loopback.remove(name)  # the very note behind which this page begins
                loopback.add(make_submission(f"n{name}"))  # before all that came so far
                loopback.add(make_submission(f"z{name}"))

    with set_up(tmp_path, notes, on_request=edit) as rig:
        report = rig.fetch()
        assert {note["id"] for note in notes if note["id"] == note["forum"]} <= set(read_ids(rig.store))
        assert report.quarantined == ()
        rig.fetch()
        assert rig.store.list_removals() == tuple(removed)
        there = {note["id"] for note in rig.loopback.notes if note["id"] == note["forum"]}
        assert {forum for forum, ids in read_ids(rig.store).items() if forum in ids} == there


@pytest.mark.parametrize("limit", [None, 4])
def test_a_page_behind_a_note_that_the_service_does_not_know_any_more_is_not_the_end(
    limit: int | None, rig: Rig
) -> None:  # row 35
    rig.loopback.fail_when = [(SECOND_PAGE, NOT_FOUND)]
    report = rig.fetch(limit=limit)
    assert sorted(read_ids(rig.store)) == ["s0000", "s0001", "s0002", "s0003"]
    assert (report.submissions, report.quarantined) == (4, ())


def test_a_list_that_gives_less_than_it_counts_is_gone_through_once_more_and_then_called_incomplete(rig: Rig) -> None:
    counted = alter(make_answer(make_venue()), b'"count": 4', b'"count": 5')  # row 38
    rig.loopback.fail_when = [("count=true", counted)] * 2
    report = rig.fetch()
    assert rig.count_requests("count=true") == 2
    assert [(item.reason, item.message) for item in report.quarantined] == [
        ("incomplete", "the service gives 4 of the 5 notes it counts")
    ]
    assert rig.store.count_forums() == 4
    rig.loopback.fail_when = [("count=true", counted)]
    rig.fetch()
    assert list_aside(rig) == [], "the second count was right"


def test_a_list_that_gives_what_it_counts_in_a_later_round_is_not_called_incomplete_any_more(rig: Rig) -> None:
    counted = alter(make_answer(make_venue()), b'"count": 4', b'"count": 5')  # row 38
    rig.loopback.fail_when = [("count=true", counted)] * 2
    rig.fetch()
    assert [reason for _, reason in list_aside(rig)] == ["incomplete"]
    rig.fetch()
    assert list_aside(rig) == []


def test_a_page_that_broke_while_a_list_was_gone_through_once_more_is_taken_back_too(rig: Rig) -> None:  # row 38
    counted = alter(make_answer(make_venue()), b'"count": 4', b'"count": 5')
    broken = alter(make_answer(make_venue(), "s0001"), b'{"notes"', b'{"x": NaN, "notes"')

    def break_second_sweep(loopback: Loopback, line: str) -> None:
        if "count=true" in line and sum("count=true" in other for other in loopback.requests) == 2:
            loopback.fail_when = [(SECOND_PAGE, broken)] * (RETRIES + 1)

    rig.loopback.fail_when = [("count=true", counted)]
    rig.loopback.on_request = break_second_sweep
    rig.fetch()
    assert [reason for _, reason in list_aside(rig)] == ["unreadable-page"]
    rig.fetch()
    assert list_aside(rig) == []


def test_two_contents_of_one_note_in_one_run_are_both_kept_and_the_later_one_wins(tmp_path: Path) -> None:  # row 39
    notes = [
        make_submission("s0000"),
        make_review("r1", "s0000", rating=8, modified=20),
        make_review("r1", "s0000", rating=3, modified=10),
    ]
    with set_up(tmp_path, notes) as rig:
        rig.fetch()
        assert rig.read_versions()["r1"] == [3, 8]


def test_one_id_in_two_forums_is_set_aside_and_belongs_to_neither(tmp_path: Path) -> None:  # row 40
    with set_up(tmp_path, [*make_venue(2), make_review("r0000", "s0001")]) as rig:
        report = rig.fetch()
        assert [(item.item, item.reason) for item in report.quarantined] == [("r0000", "collision")]
        assert read_ids(rig.store) == {"s0000": ["s0000"], "s0001": ["r0001", "s0001"]}


@pytest.mark.parametrize("page_limit", [1, 2, 3])
def test_notes_of_one_moment_are_not_lost_at_the_edge_of_a_page(page_limit: int, tmp_path: Path) -> None:  # row 41
    notes = make_venue(7)
    assert {note["tmdate"] for note in notes if note["id"] == note["forum"]} == {9}
    with set_up(tmp_path, notes, page_limit=page_limit) as rig:
        assert rig.fetch().submissions == 7
        assert rig.store.count_forums() == 7


def test_a_note_from_the_future_hides_no_later_change(rig: Rig) -> None:  # row 42
    rig.loopback.change("r0000", tmdate=2**52)
    rig.fetch()
    rig.loopback.change("r0001", tmdate=11, content={"rating": {"value": 7}})
    report = rig.fetch()
    assert (report.notes_stored, report.duplicates) == (1, 7)
    assert rig.read_versions()["r0001"] == [1, 7]


def test_a_reply_that_is_edited_is_found_although_its_submission_was_not_touched(rig: Rig) -> None:  # row 43
    rig.fetch()
    rig.loopback.change("r0002", tmdate=11, content={"rating": {"value": 9}})
    assert rig.fetch().notes_stored == 1
    assert rig.read_versions()["r0002"] == [2, 9]


def close(loopback: Loopback, insider: bool) -> None:
    loopback.reveals_everything = insider
    loopback.change("r0001", tmdate=11, readers=CLOSED)


@pytest.mark.parametrize(
    "take_away",
    [
        pytest.param(lambda loopback: loopback.change("r0001", tmdate=11, ddate=11), id="row-44-marked-deleted"),
        pytest.param(lambda loopback: loopback.remove("r0001"), id="row-45-vanished"),
        pytest.param(lambda loopback: close(loopback, insider=False), id="row-46-closed-for-us-too"),
        pytest.param(lambda loopback: close(loopback, insider=True), id="row-46-closed-but-not-for-us"),
    ],
)
def test_a_note_that_is_taken_away_is_purged_from_the_store_and_gone_from_what_is_made_of_it(
    take_away: Callable[[Loopback], None], tmp_path: Path
) -> None:
    text = {"rating": {"value": 4}, "review": {"value": "CANARY: the proof of Lemma 2 has a gap."}}
    notes = [*make_venue(1), make_submission("s0001"), make_review("r0001", "s0001", content=text)]
    with set_up(tmp_path, notes) as rig:
        rig.fetch()
        assert [review.note_id for review in normalize(rig)["s0001"].reviews] == ["r0001"]
        take_away(rig.loopback)
        rig.fetch()
        assert rig.store.list_removals() == ("r0001",)
        assert normalize(rig)["s0001"].reviews == ()
    with set_up(tmp_path, []) as rig:  # closed and opened again: SQLite's log is folded in
        assert b"CANARY" not in rig.read_bytes()
        rig.store.check_pages()


@pytest.mark.parametrize("fields", [{"readers": CLOSED}, {"readers": None}, {"nonreaders": ["everyone"]}])
def test_what_only_an_insider_may_read_never_touches_the_disk(fields: Raw, tmp_path: Path) -> None:  # row 47
    closed = [
        make_submission("s0002", content={"title": {"value": "CANARY title"}}, **fields),
        make_review("CANARYreview", "s0001", content={"rating": {"value": 1}, "review": {"value": "CANARY"}}, **fields),
    ]
    seen: list[bool] = []
    with set_up(tmp_path, [*make_venue(2), *closed, make_submission("s0003")], reveals_everything=True) as rig:
        rig.loopback.on_request = lambda loopback, line: seen.append(b"CANARY" in rig.read_bytes())
        report = rig.fetch()
        assert report.not_public == 2
        assert sorted(read_ids(rig.store)) == ["s0000", "s0001", "s0003"]
        seen.append(b"CANARY" in rig.read_bytes())
    assert set(seen) == {False}


def test_a_review_that_was_put_back_to_its_older_text_counts_as_it_stands_now(rig: Rig) -> None:  # row 48
    early, late = ({"rating": {"value": value}, "review": {"value": "Sound."}} for value in (3, 8))
    rig.loopback.change("r0000", content=early)
    rig.fetch()
    rig.loopback.change("r0000", tmdate=20, content=late)
    rig.fetch()
    rig.loopback.change("r0000", tmdate=30, content=early)
    rig.fetch()
    assert rig.read_versions()["r0000"] == [3, 8, 3]
    (review,) = normalize(rig)["s0000"].reviews
    assert (review.rating.raw, review.modified) == ("3", 30)
    assert [revision.rating.raw for revision in review.revisions] == ["3", "8"]


def test_text_that_breaks_careless_programs_is_kept_as_it_came(tmp_path: Path) -> None:  # row 32
    content: Any = {"review": {"value": "a\ud800b\x00c\x1bd\u202ee"}, "large": {"value": 2**63 + 1}}
    with set_up(tmp_path, [make_submission("s0000"), make_review("r1", "s0000", content=content)]) as rig:
        rig.fetch()
        (review,) = (raw for raw in rig.store.read_raw_notes("s0000") if raw["id"] == "r1")
        assert review["content"] == content
        assert normalize(rig)["s0000"].forum == "s0000"


def test_a_page_in_another_encoding_is_not_guessed_at(rig: Rig) -> None:  # row 31
    page = make_answer(make_venue(), "s0001")
    rig.loopback.fail_when = [(SECOND_PAGE, replace(page, body=page.body.decode().encode("utf-16")))] * (RETRIES + 1)
    report = rig.fetch()
    assert [item.reason for item in report.quarantined] == ["unreadable-page"]

"""The raw store: what it holds depends on what was put in, never on the order, and nothing closed is ever in it."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fetchers.raw_notes import Raw, make_review, make_submission, read_ids
from toolkit.errors import StoreError
from toolkit.fetchers import Store, open_store
from toolkit.fetchers.bodies import Hint
from toolkit.fetchers.store import SCHEMA_VERSION, CursorState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


def see_everything(store: Store) -> tuple[Any, ...]:
    forums = list(store.read_forums())
    raw = [store.read_raw_notes(forum) for forum, _ in forums]
    hints = [dict(store.read_hints(forum)) for forum in ("f1", "f2")]
    order = json.dumps(raw)  # the order of keys too
    return forums, order, hints, store.list_removals(), store.read_quarantine(), store.compute_digest()


def read_all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


# What cannot be opened


def test_a_missing_store_says_what_to_run_first(path: Path) -> None:
    with pytest.raises(StoreError, match="no notes here yet; run `reviewdial import`"):
        open_store(path)
    assert not path.exists()


def test_an_empty_file_is_a_new_store_only_for_who_may_create_one(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match="is an empty store"):
        open_store(path)
    with open_store(path, create=True) as store:
        assert store.count_forums() == 0


@pytest.mark.parametrize("create", [False, True])
def test_a_file_that_is_no_database_is_refused_and_kept(path: Path, create: bool) -> None:
    path.write_bytes(b"my thesis, the only copy" * 100)
    with pytest.raises(StoreError, match="is not a sound store"):
        open_store(path, create=create)
    assert path.read_bytes() == b"my thesis, the only copy" * 100


def test_the_database_of_another_program_is_refused_and_kept(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        open_store(path, create=True)
    assert path.read_bytes() == before


def test_a_store_of_a_newer_schema_is_refused_without_a_write(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review()])
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    newer.close()
    before = path.read_bytes()
    for create in (False, True):
        with pytest.raises(StoreError, match=f"newer ReviewDial .store schema {SCHEMA_VERSION + 1}"):
            open_store(path, create=create)
    assert path.read_bytes() == before


def test_a_folder_in_the_place_of_the_store_is_one_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError):
        open_store(path, create=True)


def test_a_damaged_store_is_an_error_and_not_fewer_notes(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review(f"n{number}", more="x" * 3000) for number in range(50)])
    data = bytearray(path.read_bytes())
    data[8192:60000] = os.urandom(60000 - 8192)
    path.write_bytes(data)
    with pytest.raises(StoreError), open_store(path) as store:
        list(store.read_forums())


def test_a_second_writer_is_told_to_wait(path: Path) -> None:
    with open_store(path, create=True) as store, store.transaction():
        other = sqlite3.connect(path, timeout=0)
        second = Store(other, path)
        with pytest.raises(StoreError, match="another process is writing"):
            second.upsert_notes([make_review()])
        other.close()


def test_a_full_disk_leaves_the_store_as_it_was(tmp_path: Path, path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("kept")])
        before = see_everything(store)
    code = (
        "import resource, signal, sys; from pathlib import Path; from toolkit.fetchers import open_store\n"
        "from toolkit.errors import StoreError; from tests.fetchers.raw_notes import make_review\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\n"
        "try:\n"
        "    with open_store(Path(sys.argv[1])) as store:\n"
        "        store.upsert_notes([make_review(f'n{i}', note='y' * 2000) for i in range(3000)])\n"
        "except StoreError as error: print(error)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=root, check=True)
    assert "store.sqlite: SQLite says" in done.stdout
    assert "free space" in done.stdout
    with open_store(path) as store:
        assert see_everything(store) == before


# What is kept


def test_notes_come_back_as_they_were_received(path: Path) -> None:
    raw = make_review(externalId="x", content={"z": {"value": [1, 1.5, None, "é\ud800"]}, "a": {"value": {}}})
    with open_store(path, create=True) as store:
        counts = store.upsert_notes([raw])
    assert (counts.read, counts.stored) == (1, 1)
    with open_store(path) as store:
        (kept,) = store.read_raw_notes("f1")
    assert json.dumps(kept) == json.dumps(raw)


def test_replies_in_details_become_notes_of_their_own(path: Path) -> None:
    reply = make_review("r1")
    page = [make_submission("f1", details={"replies": [reply, make_review("r2")], "directReplies": [reply]})]
    with open_store(path, create=True) as store:
        counts = store.upsert_notes(page)
        assert (counts.read, counts.stored, counts.duplicates) == (4, 3, 1)
        assert read_ids(store) == {"f1": ["f1", "r1", "r2"]}
        assert all("details" not in raw for raw in store.read_raw_notes("f1"))


def test_the_same_notes_again_change_nothing(path: Path) -> None:
    notes = [make_review("a"), make_review("b", forum="f2")]
    with open_store(path, create=True) as store:
        store.upsert_notes(notes)
        before = see_everything(store)
        counts = store.upsert_notes(notes)
        assert (counts.stored, counts.duplicates) == (0, 2)
        assert see_everything(store) == before


def test_details_make_no_new_version(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review(details={"replyCount": 1})])
        assert store.upsert_notes([make_review(details={"replyCount": 2})]).duplicates == 1


def test_older_versions_are_history_and_the_newest_is_last(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review(rating=7, modified=20), make_review(rating=5, modified=10)])
        ((forum, versions),) = store.read_forums()
    assert forum == "f1"
    assert [note.content["rating"] for note in versions] == [5, 7]


def test_forums_are_read_in_order_and_from_where_one_stopped(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review(f"n{name}", forum=name) for name in ("b", "a", "C", "_d")])
        assert [forum for forum, _ in store.read_forums()] == ["C", "_d", "a", "b"]
        assert [forum for forum, _ in store.read_forums(after="_d")] == ["a", "b"]
        assert store.count_forums() == 4


def test_the_earlier_time_of_two_fetches_is_kept(path: Path) -> None:
    for times in ([None, 7, 5], [5, None, 7]):
        path.unlink(missing_ok=True)
        with open_store(path, create=True) as store:
            for time in times:
                store.upsert_notes([make_review()], fetched_at=time)
            ((_, (note,)),) = store.read_forums()
        assert note.fetched_at == 5


def test_one_id_in_two_forums_is_read_in_neither_and_set_aside(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes(
            [make_review("n1", forum="f1"), make_review("n1", forum="f2"), make_review("n2", forum="f2")]
        )
        assert read_ids(store) == {"f2": ["n2"]}
        assert store.count_forums() == 1
        (item,) = store.read_quarantine()
    assert (item.item, item.reason) == ("n1", "collision")
    assert "f1, f2" in item.message


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("kept")])
        before = see_everything(store)

        def write_and_fail() -> None:
            with store.transaction():
                store.upsert_notes([make_review("lost"), "broken"])
                store.write_hint(Hint("f1", "title", "lost"))
                store.write_cursor("plan", "step", CursorState("lost", 1))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            write_and_fail()
        assert see_everything(store) == before
        assert store.read_cursor("plan", "step") is None


def test_every_note_is_counted_once(path: Path) -> None:
    notes: list[Any] = [
        make_review("a"),
        make_review("a"),
        make_review("b", readers=["V/Chairs"]),
        make_review("c", ddate=11),
        make_review("c", modified=9),
        "broken",
    ]
    with open_store(path, create=True) as store:
        counts = store.upsert_notes(notes)
    assert (counts.stored, counts.duplicates, counts.not_public, counts.deleted) == (1, 1, 1, 2)
    assert [item.reason for item in counts.quarantined] == ["not-a-note"]
    accounted = counts.stored + counts.duplicates + counts.not_public + counts.deleted + len(counts.quarantined)
    assert accounted == counts.read


# What is taken back


def test_a_deleted_note_is_not_read_back_and_its_text_is_gone_from_the_file(path: Path, tmp_path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a", text="CANARY-OLD"), make_review("a", modified=11, text="CANARY-NEW")])
        store.upsert_notes([make_review("a", modified=12, ddate=12, text="CANARY-DEAD"), make_review("b")])
        assert read_ids(store) == {"f1": ["b"]}
        assert store.list_removals() == ("a",)
    assert b"CANARY" not in read_all_bytes(tmp_path)


def test_an_older_version_of_a_deleted_note_stays_out(path: Path, tmp_path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a", modified=12, ddate=12)])
        counts = store.upsert_notes([make_review("a", modified=12, text="CANARY")])
        assert counts.deleted == 1
        assert read_ids(store) == {}
    assert b"CANARY" not in read_all_bytes(tmp_path)


def test_an_older_notice_of_a_deletion_does_not_shorten_it(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a", modified=12, ddate=12), make_review("a", modified=10, ddate=10)])
        assert store.upsert_notes([make_review("a", modified=11)]).deleted == 1


def test_the_id_of_a_closed_note_is_listed_only_if_it_was_public_once(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a", modified=12, readers=["V/Chairs"])])
        assert store.list_removals() == ()
        store.upsert_notes([make_review("a", modified=11)])
        assert store.list_removals() == ("a",)
        assert read_ids(store) == {}


def test_the_order_of_keys_that_is_kept_does_not_depend_on_which_came_first(path: Path) -> None:
    one, two = make_review(), dict(reversed(make_review().items()))
    kept = set()
    for notes in ([one, two], [two, one]):
        path.unlink(missing_ok=True)
        with open_store(path, create=True) as store:
            store.upsert_notes(notes)
            kept.add(json.dumps(store.read_raw_notes("f1")))
    assert len(kept) == 1


def test_a_note_restored_after_its_deletion_is_read_back(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a", modified=13), make_review("a", modified=12, ddate=12)])
        assert read_ids(store) == {"f1": ["a"]}


def test_a_note_whose_readers_were_closed_is_purged(path: Path, tmp_path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a", text="CANARY")])
        store.upsert_notes([make_review("a", modified=11, readers=["V/Chairs"])])
        assert read_ids(store) == {}
        assert store.list_removals() == ("a",)
    assert b"CANARY" not in read_all_bytes(tmp_path)


def test_a_crawl_that_dropped_readers_harms_no_note(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review("a"), {**make_review("a", modified=99), "readers": None}])
        assert read_ids(store) == {"f1": ["a"]}


def test_nothing_of_a_closed_note_reaches_the_disk_at_any_time(path: Path, tmp_path: Path) -> None:
    closed = make_review("CANARYid", forum="CANARYforum", readers=["V/CANARYreaders"], text="CANARY-text")
    reply = make_review("CANARYreply", readers=["~CANARY_Reader1"])
    field = {"rating": {"value": 6}, "note": {"value": "CANARY-field", "readers": ["V/Chairs"]}}
    with open_store(path, create=True) as store, store.transaction():
        for number in range(300):  # enough for SQLite to spill the unfinished transaction into its log
            open_notes = [make_review(f"n{number}", content=field, filler="x" * 20_000)]
            store.upsert_notes([*open_notes, {**closed, "details": {"replies": [reply]}}])
        assert b"filler" in read_all_bytes(tmp_path)
        assert b"CANARY" not in read_all_bytes(tmp_path)
    assert b"CANARY" not in read_all_bytes(tmp_path)


def test_a_hint_is_kept_until_the_root_note_is_removed(path: Path) -> None:
    with open_store(path, create=True) as store:
        store.write_hint(Hint("f1", "title", "On Rain \ud800"))
        assert store.read_hints("f1") == {"title": "On Rain \ud800"}
        assert store.read_hints("f2") == {}
        store.upsert_notes([make_submission("f1", ddate=12)])
        assert store.read_hints("f1") == {}
        store.write_hint(Hint("f1", "title", "On Rain"))
        assert store.read_hints("f1") == {}


# Order does not matter


@st.composite
def draw_note(draw: st.DrawFn) -> Raw:
    forum = draw(st.sampled_from(["f1", "f1", "f1", "f2"]))
    note_id = draw(st.sampled_from([forum, "a", "b"]))
    raw = make_review(note_id, forum, rating=draw(st.integers(0, 1)), modified=draw(st.integers(5, 8)))
    kind = draw(st.sampled_from(["open", "open", "reordered", "closed", "deleted", "broken"]))
    if kind == "closed":
        raw["readers"] = ["V/Chairs"]
    elif kind == "deleted":
        raw["ddate"] = raw["tmdate"]
    elif kind == "broken":
        raw["content"] = "text"
    elif kind == "reordered":
        raw = dict(reversed(raw.items()))
    return raw


Action = tuple[str, Any, int | None]


def draw_actions() -> st.SearchStrategy[list[Action]]:
    times = st.none() | st.integers(1, 3)
    upserts = st.tuples(st.just("upsert"), st.lists(draw_note(), max_size=4), times)
    forums, titles = st.sampled_from(["f1", "f2"]), st.sampled_from(["A", "B"])
    hints = st.tuples(st.just("hint"), st.builds(Hint, forums, st.just("title"), titles), st.none())
    return st.lists(upserts | hints, max_size=8)


def fill(path: Path, actions: Sequence[Action]) -> tuple[Any, ...]:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with open_store(path, create=True) as store:
        for kind, what, time in actions:
            if kind == "upsert":
                store.upsert_notes(what, fetched_at=time)
            else:
                store.write_hint(what)
        return see_everything(store)


@settings(max_examples=100)
@given(actions=draw_actions(), data=st.data())
def test_any_order_any_repetition_the_same_store(
    tmp_path_factory: pytest.TempPathFactory, actions: list[Action], data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "order.sqlite"
    shuffled = data.draw(st.permutations(actions + actions[: len(actions) // 2]))
    assert fill(path, actions) == fill(path, shuffled)

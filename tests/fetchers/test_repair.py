"""A damaged store is refused, and made sound again from itself; only what is damaged twice is asked for again."""

import sqlite3
from pathlib import Path

import pytest

from tests.fetchers.raw_notes import make_review
from tests.fetchers.rig import make_venue, set_up
from toolkit.errors import SourceError, StoreError
from toolkit.fetchers import Manners, Patience, Services, Store, repair_store
from toolkit.fetchers.repair import RepairReport

PAGE = "UPDATE pages SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE id = 1"
NOTE = "UPDATE notes SET body = replace(body, 'Sound', 'Wrong') WHERE id = 'r0000'"
GARBAGE = "UPDATE notes SET body = CAST(x'ff' || substr(body, 2) AS TEXT) WHERE id = 'r0000'"
WRONG_FORUM = "UPDATE notes SET forum = 's0001' WHERE id = 'r0000'"
WRONG_HASH = "UPDATE notes SET sha256 = x'00' WHERE id = 'r0000'"


def damage(folder: Path, *statements: str) -> None:
    with sqlite3.connect(folder / "store.sqlite") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount == 1


def repair(store: Store) -> RepairReport:
    manners = Manners()
    manners.patience = Patience(manners.budget, retries=0)
    return repair_store(store, Services(manners))


def read_pages(folder: Path) -> list[bytes]:
    with sqlite3.connect(folder / "store.sqlite") as connection:
        return [body for (body,) in connection.execute("SELECT body FROM pages ORDER BY id")]


@pytest.mark.parametrize("statement", [NOTE, GARBAGE, WRONG_HASH])
def test_a_damaged_note_is_not_read(statement: str, tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        damage(tmp_path, statement)
        with pytest.raises(StoreError, match=r"damaged.*reviewdial fetch --repair --out"):
            list(rig.store.read_forums())


def test_a_damaged_page_is_found_before_anything_is_fetched(tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        damage(tmp_path, PAGE)
        with pytest.raises(StoreError, match=r"page 1 is damaged.*reviewdial fetch --repair --out"):
            rig.store.check_pages()


def test_a_sound_store_is_left_as_it_is(tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        digest, pages = rig.store.compute_digest(), read_pages(tmp_path)
        assert repair(rig.store) == RepairReport(0, 0, 0, 0, requests=0)
        assert (rig.store.compute_digest(), read_pages(tmp_path)) == (digest, pages)


@pytest.mark.parametrize("statement", [NOTE, GARBAGE, WRONG_FORUM, WRONG_HASH])
def test_a_damaged_note_is_read_again_from_its_page_without_a_request(statement: str, tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        digest = rig.store.compute_digest()
        damage(tmp_path, statement)
        assert repair(rig.store) == RepairReport(0, 1, 0, 0, requests=0)
        assert rig.store.compute_digest() == digest


def test_a_damaged_page_is_written_anew_from_its_notes_without_a_request(tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        pages = read_pages(tmp_path)
        damage(tmp_path, PAGE)
        assert repair(rig.store) == RepairReport(1, 0, 0, 0, requests=0)
        assert read_pages(tmp_path) == pages
        rig.store.check_pages()


def test_a_page_that_is_damaged_with_its_note_is_the_only_one_asked_for_again(tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        damage(tmp_path, PAGE, NOTE)
        rig.loopback.requests.clear()
        assert repair(rig.store) == RepairReport(0, 0, 1, 0, requests=1)
        assert len(rig.loopback.requests) == 1
        assert "after" not in rig.loopback.requests[0]
        rig.store.check_pages()
        assert len(rig.read_versions()) == 8
        assert rig.read_versions()["r0000"] == [0]


def test_what_is_sound_stays_when_the_page_does_not_come_and_the_next_round_brings_the_rest(tmp_path: Path) -> None:
    with set_up(tmp_path, make_venue()) as rig:
        rig.fetch()
        digest = rig.store.compute_digest()
        damage(tmp_path, PAGE, NOTE)
        rig.loopback.challenges_guests = True
        with pytest.raises(SourceError):
            repair(rig.store)
        assert len(rig.read_versions()) == 7
        rig.loopback.challenges_guests = False
        rig.fetch()
        assert rig.store.compute_digest() == digest


def test_a_damaged_note_of_an_imported_file_is_dropped_and_counted(tmp_path: Path) -> None:
    with set_up(tmp_path, []) as rig:
        rig.store.upsert_notes([make_review("r0000"), make_review("r0001")])
        damage(tmp_path, NOTE)
        assert repair(rig.store) == RepairReport(0, 0, 0, 1, requests=0)
        assert list(rig.read_versions()) == ["r0001"]

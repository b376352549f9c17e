"""Forms that come with the notes: their options are kept beside them, and nothing else of an invitation is."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import VENUE_V2, make_review, make_submission
from toolkit.errors import SourceError
from toolkit.fetchers import import_files, open_store
from toolkit.fetchers.store import SCHEMA_VERSION
from toolkit.progress import NoProgress
from toolkit.venues import FieldOptions

LEVELS = ("1: bad", "2: good")
RATING = FieldOptions(VENUE_V2, "review", "rating", LEVELS)


def make_form(*levels: str, name: str = "Submission1/-/Official_Review", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{VENUE_V2}/{name}",
        "domain": VENUE_V2,
        "readers": ["everyone"],
        "invitees": ["~Secret_Person1", f"{VENUE_V2}/Submission1/Reviewers"],
        "edit": {
            "signatures": {"param": {"items": [{"value": "~Secret_Person1"}]}},
            "note": {
                "content": {
                    "rating": {"value": {"param": {"enum": list(levels or LEVELS)}}},
                    "editor": {"value": {"param": {"enum": ["~Secret_Person1", "secret@example.org"]}}},
                }
            },
        },
        **more,
    }


def fill(path: Path, *bodies: Any) -> tuple[FieldOptions, ...]:
    files = []
    for number, body in enumerate(bodies):
        files.append(path.with_name(f"{path.stem}{number}.json"))
        files[-1].write_text(json.dumps(body))
    with open_store(path, create=True) as store:
        import_files(store, files, NoProgress())
        return store.read_form_options()


def with_form(form: Any, **more: Any) -> dict[str, Any]:
    return make_review(details={"invitation": form, "replyCount": 0}, **more)


def test_the_form_in_the_details_of_a_note_is_kept_once(tmp_path: Path) -> None:
    notes = [with_form(make_form()), with_form(make_form(), note_id="n2"), make_submission()]
    assert fill(tmp_path / "store.sqlite", {"notes": notes}) == (RATING,)


def test_a_body_of_invitations_is_read_and_needs_no_notes(tmp_path: Path) -> None:
    assert fill(tmp_path / "store.sqlite", {"invitations": [make_form(), 7, {"id": "x"}], "count": 3}) == (RATING,)


def test_invitations_without_a_scored_field_are_no_input(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not one note"):
        fill(tmp_path / "store.sqlite", {"invitations": [{"id": f"{VENUE_V2}/-/Submission", "readers": ["everyone"]}]})
    with pytest.raises(SourceError, match='"invitations" is an object, not a list'):
        fill(tmp_path / "store.sqlite", {"invitations": {}})


def test_the_form_of_a_closed_note_and_a_closed_form_are_not_kept(tmp_path: Path) -> None:
    closed_note = with_form(make_form(), readers=[f"{VENUE_V2}/Program_Chairs"])
    closed_form = with_form(make_form(readers=[f"{VENUE_V2}/Program_Chairs"]), note_id="n2")
    assert fill(tmp_path / "store.sqlite", {"notes": [closed_note, closed_form]}) == ()


def test_who_is_invited_never_reaches_the_disk(tmp_path: Path) -> None:
    store = tmp_path / "build" / "store.sqlite"
    store.parent.mkdir()
    bodies = {"notes": [with_form(make_form())], "invitations": [make_form()]}
    (tmp_path / "in.json").write_text(json.dumps(bodies))
    with open_store(store, create=True) as opened:
        import_files(opened, [tmp_path / "in.json"], NoProgress())
        for path in store.parent.iterdir():
            data = path.read_bytes()
            assert b"Secret_Person" not in data
            assert b"secret@" not in data


def test_options_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    bodies = [
        {"notes": [with_form(make_form())]},
        {"notes": [with_form(make_form("1: bad", "2: fair", "3: good"), note_id="n2")]},
        {"invitations": [make_form(name="-/Official_Review")]},
    ]
    fill(tmp_path / "one.sqlite", *bodies)
    fill(tmp_path / "other.sqlite", *reversed(bodies), bodies[0])
    with open_store(tmp_path / "one.sqlite") as one, open_store(tmp_path / "other.sqlite") as other:
        assert one.read_form_options() == other.read_form_options()
        assert len(one.read_form_options()) == 2
        assert one.compute_digest() == other.compute_digest()


def test_a_store_of_the_first_schema_is_brought_up_to_date_and_keeps_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with open_store(path, create=True) as store:
        store.upsert_notes([make_review()])
        digest = store.compute_digest()
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "DROP TABLE form_options; DROP TABLE pages; DROP TABLE venues; DROP TABLE listed; DROP INDEX notes_by_page;"
            "ALTER TABLE notes DROP COLUMN page; ALTER TABLE cursors DROP COLUMN expected; PRAGMA user_version=1;"
        )
    with open_store(path) as store:
        assert store.compute_digest() == digest
        store.upsert_notes([with_form(make_form())])
        assert store.read_form_options() == (RATING,)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_submissions_that_name_the_forum_where_they_were_reviewed_are_found(tmp_path: Path) -> None:
    link = {"value": "https://openreview.net/forum?id=reviewed01&noteId=x"}
    committed = make_submission("c1", content={"paper_link": link})
    quoting = make_submission("c2", content={"_bibtex": {"value": "url={https://openreview.net/forum?id=c2}"}})
    reply = make_review("n9", "c2", content={"paper_link": link})
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        store.upsert_notes([committed, quoting, reply, make_submission("c3", content={"paper_link": link})])
        assert store.read_commitments() == {"reviewed01": ("c1", "c3")}
        assert [note.id for note in store.read_forum("c2")] == ["c2", "n9"]
        assert store.read_forum("nowhere") == []

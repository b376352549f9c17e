"""Persons are pseudonyms before a note is stored: what the record needs of them is kept, who they are is not."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fetchers.raw_notes import (
    VENUE_V1,
    VENUE_V2,
    make_review,
    make_review_v1,
    make_submission,
    make_submission_v1,
)
from toolkit.fetchers import open_store
from toolkit.fetchers.people import hide_people
from toolkit.normalizers import normalize_forum
from toolkit.text import hide_name, is_same_person, read_name

PEOPLE = ("Ada", "Lovelace", "ada@example.org", "Zoë", "Müller")


def hide(forum: str = "f1", **fields: Any) -> dict[str, Any]:
    return hide_people({"invitations": [f"{VENUE_V2}/-/Submission"], **fields}, forum)


@pytest.mark.parametrize("field", ["signatures", "writers", "readers", "nonreaders"])
def test_persons_among_groups_are_hidden_and_groups_stay(field: str) -> None:
    groups = ["everyone", "(anonymous)", "anonymous reviewer 1ab2", "Loop.cc", f"{VENUE_V2}/Submission1/Authors", ""]
    persons = ["~Ada_Lovelace1", "Ada Lovelace", "ada@example.org", f"{VENUE_V2}/reviewers/~Ada_Lovelace1"]
    hidden = hide(**{field: [*groups, *persons]})[field]
    assert hidden[: len(groups)] == groups
    assert hidden[-1].startswith(f"{VENUE_V2}/reviewers/~Person_")
    assert not any(name in json.dumps(hidden) for name in PEOPLE)


@pytest.mark.parametrize(
    "content",
    [
        {"authors": ["Ada Lovelace", "Zoë Müller"], "authorids": ["~Ada_Lovelace1", "ada@example.org"]},
        {"authors": {"value": ["Ada Lovelace"]}, "authorids": {"value": ["~Zoë_Müller1"], "readers": ["everyone"]}},
        {"authors": {"value": [{"fullname": "Ada Lovelace", "username": "~Ada_Lovelace1", "institution": "Müller"}]}},
        {"authors": "Ada Lovelace, Zoë Müller"},
        {"_bibtex": {"value": "@misc{lovelace, author={Ada Lovelace}}"}, "paperhash": "Lovelace|on_engines"},
        {"assigned_action_editor": {"value": "~Ada_Lovelace1"}},
        {"contact": ["ada@example.org"], "title": {"value": "x", "readers": ["everyone", "~Ada_Lovelace1"]}},
    ],
)
def test_content_that_names_people_is_hidden(content: dict[str, Any]) -> None:
    assert not any(name.lower() in json.dumps(hide(content=content)).lower() for name in PEOPLE)


def test_texts_and_other_fields_stay_as_they_were() -> None:
    content = {"review": {"value": "As Ada Lovelace (~Ada_Lovelace1) says, it is sound."}, "rating": {"value": 6}}
    assert hide(content=content)["content"] == content


def test_as_many_authors_stand_there_as_before() -> None:
    hidden = hide(content={"authors": ["Ada Lovelace", "Zoë Müller", "Ada Lovelace"]})["content"]["authors"]
    assert len(hidden) == 3
    assert len(set(hidden)) == 2


@given(st.sampled_from(["Ada Lovelace", "~Ada_Lovelace2", "王小明", "a@b.cc", "Person_0a1b2c3d", "~Author_0a1b2c3d1"]))
def test_what_is_hidden_already_stays(text: str) -> None:
    hidden = hide_name(text, "f1")
    assert hide_name(hidden, "f2") == hidden


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_pseudonym_says_of_two_names_what_the_names_say(one: str, other: str) -> None:
    names, hidden = [read_name(one), read_name(other)], [read_name(hide_name(text, "f1")) for text in (one, other)]
    assert hidden[0] is not None
    assert hidden[1] is not None
    if names[0] is not None and names[1] is not None and is_same_person(names[0], names[1]):
        assert is_same_person(hidden[0], hidden[1])


def test_people_cannot_be_followed_from_paper_to_paper() -> None:
    assert hide_name("~Ada_Lovelace1", "f1") != hide_name("~Ada_Lovelace1", "f2")


def test_an_author_who_signs_a_comment_is_still_known_as_one(tmp_path: Path) -> None:
    content = {"title": "On f1", "authors": ["Ada B. Lovelace"], "authorids": ["ada@example.org"]}
    root = make_submission_v1("f1", "submission", signatures=["~Ada_Lovelace1"], content=content)
    comment = make_review_v1("c1", "f1", signatures=["~Ada_Lovelace1"])
    comment |= {"invitation": f"{VENUE_V1}/-/paper1/public/comment", "content": {"comment": "We agree with you."}}
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        store.upsert_notes([root, make_review_v1("r1", "f1", signatures=[f"{VENUE_V1}/Paper1/AnonReviewer1"]), comment])
        forum = normalize_forum(store.read_forum("f1"))
    assert [message.role for message in forum.discussion] == ["author"]
    assert not any(name.encode() in (tmp_path / "store.sqlite").read_bytes() for name in PEOPLE)


def test_names_in_a_store_of_an_older_version_are_hidden_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    named = make_submission(content={"title": {"value": "x"}, "authors": {"value": ["Ada Lovelace"]}})
    with open_store(path, create=True) as store:
        store.upsert_notes([named, make_review()])
        digest = store.compute_digest()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE notes SET body = ?, sha256 = x'00' WHERE id = 'f1'", (json.dumps(named),))
        connection.executescript(
            "DROP TABLE pages; DROP TABLE venues; DROP TABLE listed; DROP INDEX notes_by_page;"
            "ALTER TABLE notes DROP COLUMN page; ALTER TABLE cursors DROP COLUMN expected; PRAGMA user_version=2;"
        )
    with open_store(path) as store:
        assert store.compute_digest() == digest
    assert b"Lovelace" not in path.read_bytes()

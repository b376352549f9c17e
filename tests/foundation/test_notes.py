"""Notes of both API versions come out in one shape."""

from typing import Any

import pytest

from toolkit.errors import RecordError
from toolkit.notes import is_public, parse_note


def make_raw(**changes: Any) -> dict[str, Any]:
    raw = {"id": "n", "forum": "f", "replyto": "f", "invitation": "V/-/Review", "tcdate": 7, "content": {"title": "t"}}
    return {name: value for name, value in (raw | changes).items() if value is not ...}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": ...}, "a note without an id"),
        ({"id": 3}, "a note without an id"),
        ({"content": "text"}, "n: a note whose content is not an object"),
        ({"content": ...}, "n: a note whose content is not an object"),
        ({"invitation": ...}, "n: a note without an invitation"),
        ({"tcdate": "2019"}, "n: a note without a creation time"),
        ({"tcdate": True}, "n: a note without a creation time"),
        ({"forum": 3}, "n: a note whose forum is not an id"),
    ],
)
def test_a_note_that_cannot_be_placed_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        parse_note(make_raw(**changes))


def test_a_root_may_lack_replyto_and_forum() -> None:
    note = parse_note(make_raw(forum=..., replyto=...))
    assert (note.forum, note.replyto) == ("n", None)


def test_cdate_stands_before_tcdate_and_tmdate_before_mdate() -> None:
    note = parse_note(make_raw(cdate=5, tmdate=9, mdate=8))
    assert (note.created, note.modified) == (5, 9)
    assert parse_note(make_raw(cdate=None)).modified == 7


def test_v2_values_are_unwrapped_and_withheld_ones_left_out() -> None:
    note = parse_note(
        make_raw(
            invitation=...,
            invitations=["V/Submission1/-/Official_Review", "V/-/Edit"],
            content={
                "rating": {"value": 0},
                "first_time_reviewer": {"readers": ["V/Program_Chairs"]},
                "keywords": {"value": ["a"]},
                "bare": "text",
            },
        )
    )
    assert note.api == "v2"
    assert dict(note.content) == {"rating": 0, "keywords": ["a"], "bare": "text"}


def test_v1_content_is_left_as_it_is() -> None:
    note = parse_note(make_raw(content={"value": {"value": 3}}))
    assert (note.api, dict(note.content)) == ("v1", {"value": {"value": 3}})


@pytest.mark.parametrize(
    ("readers", "public"),
    [
        (["everyone"], True),
        (["V/Program_Chairs", "V/Reviewers", "everyone"], True),
        (["V/Reviewers"], False),
        ([], False),
        (None, False),
        ("everyone", True),
    ],
)
def test_a_note_is_public_when_everyone_may_read_it(readers: Any, public: bool) -> None:
    assert is_public(make_raw(readers=readers)) is public

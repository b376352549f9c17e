"""Answers of the API: refused unless they are strict JSON and notes; then unfolded."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import SourceError
from toolkit.fetchers.bodies import decode_body, decode_json, read_body, unfold_notes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": 1, "b": 2, "a": 1}', "the key 'a' stands twice"),
        (b'{"notes": [{"content": {"rating": 6, "rating": 3}}]}', "the key 'rating' stands twice"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[1e999]", "a number is too large"),
        (b"[" + b"9" * 5000 + b"]", "too many digits"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"a": "\xff"}', "not UTF-8 (byte 0xff at offset 7)"),
        (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a": "x', "breaks off: the JSON is not complete (line 7, column 7)"),
        (b'{"a": [1, 2', "breaks off"),
        (b'{\n"a": 1\n,}', "is not JSON"),
        (b'{"a": "tab\there"}', "is not JSON (Invalid control character at"),
        (b"<!DOCTYPE html>", "is a web page"),
        (b"  <html>", "is a web page"),
        (b"", "is empty"),
    ],
)
def test_json_that_is_not_whole_and_strict_is_refused_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        decode_body(data, "crawl.jsonl:7", line=7)
    assert str(caught.value).startswith("crawl.jsonl:7: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_never_repeats_the_text_of_a_review() -> None:
    with pytest.raises(SourceError) as caught:
        decode_body(b'{"review": "this paper is secretly dreadful', "f")
    assert "dreadful" not in str(caught.value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_strict_decoding_reads_what_json_wrote(value: object) -> None:
    assert decode_json(json.dumps(value).encode()) == value


def test_a_byte_order_mark_is_skipped() -> None:
    assert decode_json(b'\xef\xbb\xbf{"notes": []}') == {"notes": []}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "it has no notes"),
        ({"papers": []}, "it has no notes"),
        ({"groups": [{"id": "V"}]}, "it has no notes"),
        ({"notes": None}, '"notes" is null, not a list'),
        ({"notes": {"id": "a"}}, '"notes" is an object, not a list'),
        ("notes", "is a text, not an API body"),
        (None, "is null"),
        (True, "is true or false"),
        (3, "is a number"),
        ({"name": "ForbiddenError", "message": "User u@x.org may not", "status": 403}, "'ForbiddenError', status 403"),
    ],
)
def test_what_is_no_api_body_is_refused(value: object, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_body(value, "page.json")
    assert words in str(caught.value)
    assert "u@x.org" not in str(caught.value)


def test_the_three_shapes_of_a_body_are_read() -> None:
    note = {"id": "n1", "forum": "f1"}
    assert read_body({"notes": [note], "count": 1}, "f").notes == [note]
    assert read_body([note], "f").notes == [note]
    assert read_body(note, "f").notes == [note]


def test_a_damaged_note_alone_on_a_line_is_still_a_note() -> None:
    assert read_body({"forum": "f1", "content": "?"}, "f").notes == [{"forum": "f1", "content": "?"}]


def test_a_crawls_title_is_a_hint_of_its_forum() -> None:
    body = read_body({"forum": "f1", "title": "On Rain", "root_missing": True, "notes": []}, "f")
    assert body.hint == ("f1", "title", "On Rain")
    assert body.forum == "f1"


@pytest.mark.parametrize("title", [None, 3, "  ", ["On Rain"]])
def test_a_title_that_is_no_text_is_no_hint(title: object) -> None:
    assert read_body({"forum": "f1", "title": title, "notes": []}, "f").hint is None


def test_replies_of_replies_are_unfolded_in_order() -> None:
    deep = {"id": "c", "details": {"directReplies": [{"id": "d"}]}}
    notes = [{"id": "a", "details": {"replies": [{"id": "b"}, deep], "replyCount": 3}}, {"id": "e"}]
    assert [note["id"] for note in unfold_notes(notes)] == ["a", "b", "c", "d", "e"]


def test_what_is_no_note_passes_through_to_be_set_aside() -> None:
    assert list(unfold_notes([3, None, {"details": "x"}, {"details": {"replies": 3}}])) == [
        3,
        None,
        {"details": "x"},
        {"details": {"replies": 3}},
    ]

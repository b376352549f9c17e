"""What may be stored: public, alive, readable; decided before anything is written."""

import json
from typing import Any

import pytest

from tests.fetchers.raw_notes import drop, make_review
from toolkit.fetchers.admission import PublicNote, RemovedNote, admit_note, strip_note
from toolkit.records import Quarantined


def deepen(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("text", "not-a-note"),
        (None, "not-a-note"),
        ([], "not-a-note"),
        (drop(make_review(), "id"), "unusable-id"),
        (make_review(""), "unusable-id"),
        (make_review("two words"), "unusable-id"),
        (make_review("\ud800"), "unusable-id"),
        (make_review("n" * 201), "unusable-id"),
        ({**make_review(), "id": 7}, "unusable-id"),
        (make_review(forum="f\x00"), "unusable-id"),
        ({**make_review(), "forum": 7}, "malformed-note"),
        (drop(make_review(), "content"), "malformed-note"),
        ({**make_review(), "content": "text"}, "malformed-note"),
        (drop(make_review(), "invitations"), "malformed-note"),
        (drop(make_review(), "tcdate"), "malformed-note"),
        (make_review(modified=2**70), "impossible-time"),
        (make_review(modified=-1), "impossible-time"),
        ({**make_review(), "content": {"review": deepen(80)}}, "nested-too-deep"),
        ({**drop(make_review(), "id"), "content": {"review": deepen(900)}}, "unusable-id"),
        ({**make_review(), "content": {"rating": {"value": float("nan")}}}, "malformed-note"),
    ],
)
def test_a_note_that_cannot_be_read_is_set_aside_with_a_reason(raw: Any, reason: str) -> None:
    admitted = admit_note(raw)
    assert isinstance(admitted, Quarantined)
    assert admitted.reason == reason
    assert admitted.stage == "import"
    assert admitted.item.isascii()


@pytest.mark.parametrize(
    "changes",
    [
        {"content": {"review by jane@example.org": "It is sound."}},
        {"content": {"half a \ud83d pair": "It is sound."}},
        {"invitations": ["Conf.org/2031/~Jane_Q_Doe1/-/Review"]},
        {"license": "All rights reserved, jane@example.org"},
    ],
)
def test_a_name_that_no_output_may_show_keeps_its_note_out(changes: dict[str, Any]) -> None:
    admitted = admit_note(make_review() | changes)
    assert isinstance(admitted, Quarantined)
    assert admitted.reason == "unusable-name"
    assert "jane" not in admitted.message.lower()


@pytest.mark.parametrize("note_id", ["../../etc", "a@b.org", "~Jane_Q_Doe1", "a b", "a/b", "é", "x" * 201])
def test_an_id_goes_into_every_output_so_nothing_else_passes_for_one(note_id: str) -> None:
    admitted = admit_note(make_review() | {"id": note_id})
    assert isinstance(admitted, Quarantined)
    assert admitted.reason == "unusable-id"
    assert note_id not in admitted.item


def test_a_note_without_an_id_is_named_by_its_content_and_not_by_its_text() -> None:
    first, second = drop(make_review(rating=1), "id"), drop(make_review(rating=2), "id")
    names = [admit_note(raw).item for raw in (first, first, second)]  # type: ignore[union-attr]
    assert names[0] == names[1] != names[2]
    assert "Sound" not in str(admit_note(first))


@pytest.mark.parametrize(
    "readers",
    [None, [], ["Loop.cc/2026/Conference/Program_Chairs"], ["~Ada_Example1"], ["everyone1"], 3, {"everyone": True}],
)
def test_a_note_that_not_everyone_may_read_is_not_stored(readers: Any) -> None:
    admitted = admit_note({**make_review(), "readers": readers})
    assert isinstance(admitted, RemovedNote)
    assert not admitted.is_public


def test_a_note_without_readers_takes_no_other_version_back() -> None:
    assert admit_note(drop(make_review(), "readers")) == RemovedNote(None, 10, is_public=False)


@pytest.mark.parametrize("readers", [["everyone"], ["Loop.cc/2026/Conference", "everyone"]])
def test_everyone_may_stand_anywhere_among_the_readers(readers: list[str]) -> None:
    assert isinstance(admit_note({**make_review(), "readers": readers}), PublicNote)


def test_a_review_hidden_from_colleagues_only_is_public() -> None:
    spared = {**make_review(), "nonreaders": ["Loop.cc/2026/Conference/Submission1/Reviewers/Unsubmitted"]}
    assert isinstance(admit_note(spared), PublicNote)


def test_everyone_among_the_nonreaders_closes_a_note() -> None:
    assert isinstance(admit_note({**make_review(), "nonreaders": ["everyone"]}), RemovedNote)


def test_a_deleted_note_says_up_to_when_its_versions_are_taken_back() -> None:
    assert admit_note({**make_review(modified=10), "ddate": 12}) == RemovedNote("n1", 10, is_public=True)
    gone = {"id": "n1", "readers": ["everyone"], "ddate": 12}
    assert admit_note(gone) == RemovedNote("n1", 12, is_public=True)


def test_a_field_that_not_everyone_may_read_loses_its_value_and_keeps_its_name() -> None:
    content = {
        "rating": {"value": 6},
        "confidential": {"value": "for the chairs", "readers": ["Loop.cc/2026/Conference/Program_Chairs"]},
        "nobody": {"value": "x", "readers": []},
        "open": {"value": "y", "readers": ["everyone"]},
        "unlimited": {"value": "z", "readers": None},
        "withheld": {"readers": ["Loop.cc/2026/Conference/Program_Chairs"]},
    }
    admitted = admit_note({**make_review(), "content": content})
    assert isinstance(admitted, PublicNote)
    assert admitted.withheld_values == 2
    assert json.loads(admitted.body)["content"] == {
        "rating": {"value": 6},
        "confidential": {"readers": ["Loop.cc/2026/Conference/Program_Chairs"]},
        "nobody": {"readers": []},
        "open": {"value": "y", "readers": ["everyone"]},
        "unlimited": {"value": "z", "readers": None},
        "withheld": {"readers": ["Loop.cc/2026/Conference/Program_Chairs"]},
    }


def test_an_insider_and_a_guest_hold_the_same_version() -> None:
    seen_by_guest = {**make_review(), "content": {"x": {"readers": ["V/Chairs"]}}}
    seen_by_chair = {**make_review(), "content": {"x": {"value": 3, "readers": ["V/Chairs"]}}}
    first, second = admit_note(seen_by_guest), admit_note(seen_by_chair)
    assert isinstance(first, PublicNote)
    assert isinstance(second, PublicNote)
    assert (first.sha256, first.body) == (second.sha256, second.body)


def test_a_note_is_kept_as_received_but_for_its_details() -> None:
    raw = {**make_review(), "externalId": "kept", "zz": None, "details": {"writable": True, "replies": []}}
    admitted = admit_note(raw)
    assert isinstance(admitted, PublicNote)
    kept = json.loads(admitted.body)
    assert kept == drop(raw, "details")
    assert list(kept) == [name for name in raw if name != "details"]
    assert list(kept["content"]) == list(raw["content"])


def test_stripping_leaves_the_note_that_was_given_alone() -> None:
    raw = {**make_review(), "content": {"x": {"value": 3, "readers": ["V/Chairs"]}}, "details": {}}
    copy = json.loads(json.dumps(raw))
    strip_note(raw)
    assert raw == copy


def test_lone_surrogates_and_control_characters_are_kept() -> None:
    text = "a\ud83db\x00\x02\u202e"
    admitted = admit_note({**make_review(), "content": {"review": {"value": text}}})
    assert isinstance(admitted, PublicNote)
    assert admitted.body.isascii()
    assert json.loads(admitted.body)["content"]["review"]["value"] == text

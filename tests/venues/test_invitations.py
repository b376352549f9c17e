"""What an invitation offers: its scored fields' options, and nothing else of it."""

from typing import Any

import pytest

from toolkit.venues import FieldOptions, join_options, read_invitation

VENUE = "Loop.cc/2030/Conference"
LEVELS = ["2: good", "1: bad"]


def make_v1(field: str = "rating", **spec: Any) -> dict[str, Any]:
    return {
        "id": f"{VENUE}/Paper7/-/Official_Review",
        "readers": ["everyone"],
        "invitees": ["~Ada_Lane1"],
        "reply": {"readers": {"values": ["everyone"]}, "content": {field: spec or {"value-radio": LEVELS}}},
    }


def make_v2(param: Any, field: str = "rating", **spec: Any) -> dict[str, Any]:
    return {
        "id": f"{VENUE}/Submission7/-/Official_Review",
        "readers": ["everyone"],
        "domain": VENUE,
        "edit": {"note": {"content": {field: {"value": {"param": param}, **spec}}}},
    }


@pytest.mark.parametrize(
    "invitation",
    [
        None,
        "text",
        {},
        {"id": "no layout", "readers": ["everyone"]},
        {**make_v1(), "readers": [f"{VENUE}/Program_Chairs"]},
        {**make_v1(), "readers": None},
        {**make_v1(), "id": f"{VENUE}/-/Blind_Submission"},
        {**make_v1(), "reply": {"content": ["rating"]}},
        make_v1(**{"value-radio": []}),
        make_v1(**{"value-radio": "1: bad"}),
        make_v1(**{"value-radio": [None, "1: bad"]}),
        make_v1(**{"value-radio": [str(number) for number in range(200)]}),
        make_v2({"enum": LEVELS}, readers=[f"{VENUE}/Program_Chairs"]),
        make_v2({"regex": ".*"}),
        make_v2({"enum": ["${3/signatures}"]}),
    ],
)
def test_what_is_no_open_form_with_scores_offers_nothing(invitation: Any) -> None:
    assert read_invitation(invitation) == ()


@pytest.mark.parametrize("options", [["~Ada_Lane1", "~Bo_Reed2"], ["a.lane@example.org"], ["Theory", "Vision"]])
def test_people_addresses_and_areas_are_no_scores(options: list[str]) -> None:
    assert read_invitation(make_v1("assigned", **{"value-dropdown": options})) == ()


@pytest.mark.parametrize("name", ["value-radio", "value-dropdown", "value-dropdown-hierarchy"])
def test_lists_of_the_older_api_are_read_in_the_order_of_the_form(name: str) -> None:
    assert read_invitation(make_v1(**{name: LEVELS})) == (FieldOptions(VENUE, "review", "rating", tuple(LEVELS)),)


def test_a_form_of_the_newer_api_gives_numbers_or_numbers_with_their_words() -> None:
    assert read_invitation(make_v2({"type": "integer", "enum": [1, 2]}))[0].options == (1, 2)
    items = [{"value": 1, "description": "1: bad"}, {"value": 2, "description": "good"}, {"value": 3}]
    assert read_invitation(make_v2({"items": items}))[0].options == ("1: bad", "2: good", 3)


def test_the_form_of_a_whole_venue_lies_deeper() -> None:
    note = {"note": {"content": {"rating": {"value": {"param": {"enum": [1, 2]}}}}}}
    whole = {"id": f"{VENUE}/-/Official_Review", "readers": ["everyone"], "edit": {"invitation": {"edit": note}}}
    assert read_invitation(whole) == (FieldOptions(VENUE, "review", "rating", (1, 2)),)


def test_sentences_of_a_field_that_is_known_to_be_scored_are_options_too() -> None:
    words = ["I know the field.", "I do not know the field."]
    assert read_invitation(make_v1("experience_assessment", **{"value-radio": words}))[0].options == tuple(words)


def test_forms_of_many_papers_are_joined_and_contradictions_are_not_believed() -> None:
    one, turned = tuple(LEVELS), tuple(reversed(LEVELS))
    found = [
        FieldOptions(VENUE, "review", "rating", one),
        FieldOptions(VENUE, "review", "rating", turned),
        FieldOptions(VENUE, "review", "confidence", one),
        FieldOptions(VENUE, "review", "confidence", (1, 2, 3)),
    ]
    assert join_options(found) == join_options(reversed(found)) == {(VENUE, "review"): {"rating": turned}}

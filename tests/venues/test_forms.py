"""A form says which field is the rating, the confidence, another score, or a text and of what kind."""

import pytest

from toolkit.venues import TextField, find_form, list_unfamiliar_fields, score_stage_of


@pytest.mark.parametrize(
    ("venue", "rating", "confidence"),
    [
        ("ICLR.cc/2019/Conference", "rating", "confidence"),
        ("ICLR.cc/2020/Conference", "rating", None),
        ("ICLR.cc/2023/Conference", "recommendation", "confidence"),
        ("ICML.cc/2025/Conference", "overall_recommendation", None),
        ("aclweb.org/ACL/ARR/2024/June", "overall_assessment", "confidence"),
        ("EMNLP/2023/Conference", None, "Reviewer_Confidence"),
        ("TMLR", None, None),
    ],
)
def test_the_overall_rating_and_the_confidence_have_a_name_of_their_own_at_each_venue(
    venue: str, rating: str | None, confidence: str | None
) -> None:
    form = find_form(venue, "review")
    assert form is not None
    assert (form.rating_field, form.confidence_field, form.known) == (rating, confidence, True)


def test_a_form_narrowed_to_a_note_holds_only_what_the_note_has() -> None:
    form = find_form("ICLR.cc/2024/Conference", "review", ["rating", "weaknesses", "summary", "code_of_conduct"])
    assert form is not None
    assert (form.rating_field, form.confidence_field, form.score_fields) == ("rating", None, ())
    assert form.text_fields == (TextField("summary", "summary"), TextField("weaknesses", "weakness"))


def test_a_text_that_the_form_does_not_describe_reads_as_nothing_in_particular() -> None:
    form = find_form("ICLR.cc/2019/Conference", "review", ["review"])
    assert form is not None
    assert form.text_fields == (TextField("review", None),)


def test_a_field_that_is_scored_at_one_venue_and_prose_at_another_is_each_in_its_place() -> None:
    journal, conference = find_form("TMLR", "review"), find_form("ICML.cc/2025/Conference", "review")
    assert journal is not None
    assert conference is not None
    assert "claims_and_evidence" in journal.score_fields
    assert "claims_and_evidence" not in [text.field for text in journal.text_fields]
    assert "claims_and_evidence" in [text.field for text in conference.text_fields]


def test_the_deciding_field_of_a_decision_is_no_score() -> None:
    form = find_form("ICLR.cc/2018/Conference", "decision")
    assert form is not None
    assert "decision" not in form.score_fields


def test_an_unknown_venue_goes_by_the_names_of_the_fields() -> None:
    form = find_form("Nobody.org/2031", "review", ["overall_rating", "reviewer_confidence", "clarity", "strengths"])
    assert form is not None
    assert (form.rating_field, form.confidence_field, form.score_fields, form.known) == (
        "overall_rating",
        "reviewer_confidence",
        ("clarity",),
        False,
    )


def test_a_note_that_has_neither_scores_nor_texts_has_no_form() -> None:
    assert find_form("ICLR.cc/2019/Conference", "other") is None


def test_a_field_that_no_form_has_is_reported() -> None:
    fields = ["title", "rating", "confidence", "review", "mood_of_the_reviewer"]
    assert list_unfamiliar_fields("ICLR.cc/2019/Conference", "review", fields) == ("mood_of_the_reviewer",)


def test_only_venues_with_a_known_history_have_a_score_stage() -> None:
    assert [score_stage_of(f"ICLR.cc/{year}/Conference") for year in (2025, 2026)] == [None, "initial"]

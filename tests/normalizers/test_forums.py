"""One record a paper from its notes: what is refused, what goes where, and nothing lost."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from toolkit.normalizers import (
    ForumInput,
    RefusedForumError,
    complete_forum,
    normalize_forum,
    normalize_notes,
    normalize_shard,
    survey_build,
)
from toolkit.notes import parse_note
from toolkit.records import Forum
from toolkit.tables import find_row_faults, to_row

V19 = "ICLR.cc/2019/Conference"
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def notes_2019(make_v1: Make) -> list[dict[str, Any]]:
    review = f"{V19}/-/Paper7/Official_Review"
    return [
        make_v1(
            "f1", f"{V19}/-/Blind_Submission", V19,
            title="Pruning  Small\nNets", abstract="We prune.", keywords=["nets; pruning", "nets"],
            authors=["Jane Doe"], authorids=["jane@example.org"],
        ),
        make_v1(
            "r2", review, f"{V19}/Paper7/AnonReviewer1", time=20,
            title="Neat idea, few tests", review="The idea is neat. But the tests are too few.",
            rating="5: Marginally below acceptance threshold",
            confidence="3: The reviewer is fairly confident that the evaluation is correct",
        ),
        make_v1(
            "r1", review, f"{V19}/Paper7/AnonReviewer3", time=10,
            title="Review", review="Well motivated and clearly written.",
            rating="8: Top 50% of accepted papers, clear accept",
            confidence="4: The reviewer is confident but not absolutely certain that the evaluation is correct",
        ),
        make_v1("c2", f"{V19}/-/Paper7/Official_Comment", f"{V19}/Paper7/AnonReviewer1", time=40, to="c1",
                title="Thanks", comment="I keep my score."),
        make_v1("c1", f"{V19}/-/Paper7/Official_Comment", f"{V19}/Paper7/Authors", time=30, to="r2",
                title="Reply", comment="We added tests."),
        make_v1("p1", f"{V19}/-/Paper7/Public_Comment", "~Rita_Reader1", time=35,
                title="Code?", comment="Is there code?"),
        make_v1("m1", f"{V19}/-/Paper7/Meta_Review", f"{V19}/Paper7/Area_Chair1", time=50,
                title="Borderline", metareview="The reviewers disagree.", recommendation="Accept (Poster)",
                confidence="4: The area chair is confident but not absolutely certain"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "forums"),
    [("no-public-notes", []), ("no-root-and-no-review", ["c1"]), ("several-forums", ["r1", "other"])],
)
def test_notes_that_are_no_forum_are_refused_with_a_reason(
    reason: str, forums: list[str], notes_2019: list[dict[str, Any]]
) -> None:
    by_id = {note["id"]: note for note in notes_2019}
    by_id["other"] = {**by_id["r2"], "forum": "f2"}
    with pytest.raises(RefusedForumError) as caught:
        normalize_forum([by_id[name] for name in forums])
    assert caught.value.reason == reason


def test_several_submissions_without_the_forums_own_are_refused(make_v1: Make) -> None:
    notes = [make_v1(name, f"{V19}/-/Blind_Submission", V19, title=name) for name in ("a", "b")]
    with pytest.raises(RefusedForumError, match="2 submissions"):
        normalize_forum(notes)


def test_a_shard_sets_aside_what_it_cannot_use_and_goes_on(notes_2019: list[dict[str, Any]]) -> None:
    good = [parse_note(note) for note in notes_2019]
    result = normalize_shard([ForumInput("empty", [], {}), ForumInput("f1", good, {})])
    assert [forum.forum for forum in result.records] == ["f1"]
    assert [(item.item, item.reason) for item in result.quarantined] == [("empty", "no-public-notes")]


def test_notes_that_are_not_public_or_not_readable_are_left_out(notes_2019: list[dict[str, Any]]) -> None:
    hidden = {**notes_2019[1], "id": "r9", "readers": [V19]}
    broken = {**notes_2019[1], "id": "r8", "invitation": None}
    result = normalize_notes([*notes_2019, hidden, broken])
    assert [item.reason for item in result.quarantined] == ["not-public", "malformed-note"]
    assert [review.note_id for review in result.forum.reviews] == ["r1", "r2"]


def test_a_note_that_no_venue_claims_is_left_out_and_a_forum_of_such_notes_is_refused(
    notes_2019: list[dict[str, Any]],
) -> None:
    stray = {**notes_2019[1], "id": "r9", "invitation": "nowhere"}
    result = normalize_notes([*notes_2019, stray])
    assert [(item.item, item.reason) for item in result.quarantined] == [("r9", "venue-unknown")]
    with pytest.raises(RefusedForumError) as caught:
        normalize_forum([stray])
    assert caught.value.reason == "venue-unknown"


def test_a_forum_without_its_submission_takes_the_title_that_the_crawl_kept(notes_2019: list[dict[str, Any]]) -> None:
    forum = normalize_forum(notes_2019[1:], hints={"title": "Pruning Small Nets"})
    assert (forum.title, forum.abstract, forum.venue, forum.year) == ("Pruning Small Nets", None, V19, 2019)


def test_a_submission_without_reviews_is_still_a_forum(notes_2019: list[dict[str, Any]]) -> None:
    forum = normalize_forum(notes_2019[:1])
    assert (forum.reviews, forum.rating_summary.reviews, forum.rating_summary.mean) == ((), 0, None)


def test_the_record_of_one_paper(notes_2019: list[dict[str, Any]]) -> None:
    forum = normalize_forum(notes_2019)
    assert not list(find_row_faults(Forum, to_row(forum)))
    assert (forum.title, forum.keywords, forum.url) == (
        "Pruning Small Nets", ("nets", "pruning"), "https://openreview.net/forum?id=f1",
    )  # fmt: skip
    first, second = forum.reviews
    assert (first.note_id, first.reviewer, first.signature) == ("r1", "R1", "Reviewer_1")
    assert (first.rating.value, first.confidence.value, second.rating.value) == (8.0, 4.0, 5.0)
    assert [section.field for section in first.sections] == ["review"]
    assert [section.field for section in second.sections] == ["review", "title"]
    assert forum.meta_review is not None
    assert (forum.meta_review.text, forum.meta_review.recommendation) == ("The reviewers disagree.", "Accept (Poster)")
    assert [(score.field, score.value) for score in forum.meta_review.scores] == [("confidence", 4.0)]
    decision = forum.decision
    assert (decision.outcome, decision.tier, decision.note_id, decision.field) == (
        "accept", "poster", "m1", "recommendation",
    )  # fmt: skip
    assert [(comment.note_id, comment.role, comment.reviewer) for comment in forum.discussion] == [
        ("c1", "author", None),
        ("c2", "reviewer", "R2"),
        ("p1", "public", None),
    ]
    assert (forum.license, forum.license_source, forum.score_stage) == ("CC BY 4.0", "terms-2024-09-24", "final")
    assert forum.rating_summary.reviews == 2
    assert forum.rating_summary.mean == pytest.approx((0.5 - 0.1) / 2)
    assert forum.rating_summary.disagreement == pytest.approx(0.6)


def test_no_order_of_the_notes_changes_the_record(notes_2019: list[dict[str, Any]]) -> None:
    expected = normalize_forum(notes_2019)
    for seed in range(5):
        shuffled = random.Random(seed).sample(notes_2019, len(notes_2019))
        assert normalize_forum(shuffled) == expected


def test_no_name_signature_or_address_is_in_the_record(notes_2019: list[dict[str, Any]]) -> None:
    row = repr(to_row(normalize_forum(notes_2019)))
    for secret in ("Jane", "jane@", "Rita", "AnonReviewer", "Area_Chair1"):
        assert secret not in row


def test_a_review_that_names_its_reviewer_is_set_aside(notes_2019: list[dict[str, Any]]) -> None:
    signed = {**notes_2019[1], "id": "r9", "signatures": ["~Rita_Reader1"]}
    result = normalize_notes([*notes_2019, signed])
    assert [(item.item, item.reason) for item in result.quarantined] == [("r9", "review-signed-by-profile")]
    assert "Rita" not in result.quarantined[0].message
    assert result.forum == normalize_forum(notes_2019)


def test_a_review_signed_with_name_and_number_is_kept_under_its_number(notes_2019: list[dict[str, Any]]) -> None:
    notes_2019[1]["signatures"].insert(0, "~Rita_Reader1")
    result = normalize_notes(notes_2019)
    assert len(result.forum.reviews) == 2
    assert "Rita" not in repr(result)


def test_the_newest_version_counts_and_earlier_scores_are_kept(make_v2: Make) -> None:
    content = {
        "summary": "Prunes.",
        "strengths": "Neat.",
        "weaknesses": "Few tests.",
        "questions": "Why?",
        "soundness": "3 good",
        "confidence": "4: You are confident in your assessment",
    }

    def version(rating: str, modified: int, **changes: Any) -> dict[str, Any]:
        note = make_v2("r1", "Submission7/-/Official_Review", "Submission7/Reviewer_abcd", **{**content, **changes},
                       rating=rating)  # fmt: skip
        return {**note, "tmdate": modified}

    low, high = "5: marginally below the acceptance threshold", "6: marginally above the acceptance threshold"
    notes = [version(high, 300), version(low, 100), version(low, 200, questions="Why so?")]
    (review,) = normalize_forum(notes).reviews
    assert (review.rating.value, review.modified) == (6.0, 300)
    assert [(revision.modified, revision.rating.value) for revision in review.revisions] == [(100, 5.0)]
    assert [section.field for section in review.sections] == ["summary", "strengths", "weaknesses", "questions"]
    assert [(score.field, score.value) for score in review.scores] == [("soundness", 3.0)]


def test_prose_in_a_field_that_no_form_has_is_kept_and_flags_are_not(make_v2: Make) -> None:
    note = make_v2("r1", "Submission7/-/Official_Review", "Submission7/Reviewer_abcd",
                   summary="Prunes.", z_remarks="One more thing that the form did not ask.", lead="Yes",
                   code_of_conduct="Yes, I read it in full and agree to it.", flag_for_ethics_review=["No."],
                   rating="6: marginally above the acceptance threshold")  # fmt: skip
    (review,) = normalize_forum([note]).reviews
    assert [section.field for section in review.sections] == ["summary", "z_remarks"]


def test_a_decision_notes_text_stands_for_a_missing_meta_review(make_v1: Make) -> None:
    venue = "ICLR.cc/2020/Conference"
    root = make_v1("f1", f"{venue}/-/Blind_Submission", venue, title="Small Nets")
    decision = make_v1("d1", f"{venue}/Paper7/-/Decision", f"{venue}/Program_Chairs",
                       title="Paper Decision", decision="Reject", comment="Too few tests.")  # fmt: skip
    forum = normalize_forum([root, decision])
    assert forum.meta_review is not None
    assert [section.field for section in forum.meta_review.sections] == ["comment"]
    assert (forum.decision.outcome, forum.decision.note_id) == ("reject", "d1")
    bare = normalize_forum([root, {**decision, "content": {"decision": "Reject"}}])
    assert (bare.meta_review, bare.decision.outcome) == (None, "reject")


def test_a_withdrawn_paper_is_withdrawn_whatever_was_recommended(
    notes_2019: list[dict[str, Any]], make_v1: Make
) -> None:
    act = make_v1(
        "w1", f"{V19}/-/Paper7/Withdraw_Submission", f"{V19}/Paper7/Authors", **{"withdrawal confirmation": "We agree."}
    )
    decision = normalize_forum([*notes_2019, act]).decision
    assert (decision.outcome, decision.raw, decision.note_id, decision.field) == (
        "withdrawn", "We agree.", "w1", "withdrawal confirmation",
    )  # fmt: skip


def test_what_a_program_wrote_is_no_review(make_v2: Make) -> None:
    review = make_v2("r1", "Submission7/-/Official_Review", "Submission7/Reviewer_abcd", summary="Prunes.")
    program = make_v2("a1", "Submission7/-/AI_Review", "AI_Reviewer", review="As a language model, I like it.")
    result = normalize_notes([review, program])
    assert [review.note_id for review in result.forum.reviews] == ["r1"]
    assert result.forum.discussion == ()
    assert [item.reason for item in result.quarantined] == ["ai-review"]


def test_cleaned_text_is_counted(make_v2: Make) -> None:
    forum = normalize_forum(
        [make_v2("r1", "Submission7/-/Official_Review", "Submission7/Reviewer_abcd", summary="One\r\ntwo\u200b.")]
    )
    assert forum.reviews[0].sections[0].text == "One\ntwo."
    assert {change.kind: change.count for change in forum.text_changes} == {"line-end": 1, "invisible": 1}


def test_a_title_is_on_one_line_and_the_change_is_counted(make_v2: Make) -> None:
    root = make_v2("f1", "-/Submission", "Submission1/Authors", title="Pain from\n   faces", abstract="Two  spaces.")
    forum = normalize_forum([root])
    assert forum.title == "Pain from faces"
    assert forum.abstract == "Two  spaces."
    assert {change.kind: change.count for change in forum.text_changes} == {"title-space": 1}


def test_build_percentiles_need_thirty_reviews_and_never_replace_the_catalogues(make_v2: Make) -> None:
    base = normalize_forum([make_v2("r1", "Submission7/-/Official_Review", "Submission7/Reviewer_abcd", summary="x")])

    def build(count: int) -> list[Forum]:
        review = base.reviews[0]
        ratings = [
            replace(review.rating, value=float(number % 3), scale_id="s", percentile=None, percentile_source=None)
            for number in range(count)
        ]
        catalogued = replace(review.rating, value=1.0, scale_id="s", percentile=0.9, percentile_source="catalogue")
        forums = [replace(base, reviews=(replace(review, rating=rating),)) for rating in (*ratings[1:], catalogued)]
        survey = survey_build(forums)
        return [complete_forum(forum, survey) for forum in forums]

    assert all(forum.reviews[0].rating.percentile is None for forum in build(29)[:-1])
    filled = build(30)
    assert filled[-1].reviews[0].rating.percentile == 0.9
    ratings = [forum.reviews[0].rating for forum in filled[:-1]]
    assert {rating.percentile_source for rating in ratings} == {"build"}
    by_value = {rating.value: rating.percentile for rating in ratings}
    assert by_value[0.0] is not None
    assert by_value[2.0] is not None
    assert by_value[0.0] < by_value[2.0]

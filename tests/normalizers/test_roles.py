"""Who speaks, also where authors, readers and reviewers signed alike."""

from collections.abc import Callable
from typing import Any

import pytest

from toolkit.normalizers import normalize_forum
from toolkit.records import Comment

Make = Callable[..., dict[str, Any]]
V13, R13, A13 = (
    "ICLR.cc/2013/conference/-/submission",
    "ICLR.cc/2013/-/submission/review",
    "ICLR.cc/2013/-/submission/reply",
)
V17 = "ICLR.cc/2017/conference"


def by_note(comments: tuple[Comment, ...]) -> dict[str, Comment]:
    return {comment.note_id: comment for comment in comments}


@pytest.fixture
def notes_2013(make_v1: Make) -> list[dict[str, Any]]:
    return [
        make_v1("f1", V13, "Jane Doe", title="Small Nets", authors=["Jane Doe", "Bo Q. Lee"],
                authorids=["~Jane_Doe1", "bo@example.org"], decision="reject"),
        make_v1("a", R13, "anonymous reviewer 4f2a", time=10, title="review of Small Nets", review="Well done."),
        make_v1("b", R13, "anonymous reviewer 4f2a", time=20, title="", review="One more remark."),
        make_v1("c", R13, "Bo Lee", time=30, title="", review="We thank you."),
        make_v1("d", R13, "Rita Reader", time=40, title="", review="I read this paper too."),
        make_v1("e", A13, "Jane Doe", time=50, to="d", title="", reply="Glad to hear."),
    ]  # fmt: skip


def test_2013_names_are_told_apart_by_the_author_list(notes_2013: list[dict[str, Any]]) -> None:
    forum = normalize_forum(notes_2013)
    assert [(review.note_id, review.reviewer) for review in forum.reviews] == [("a", "R1")]
    found = {
        note: (comment.role, comment.kind, comment.reviewer) for note, comment in by_note(forum.discussion).items()
    }
    assert found == {
        "b": ("reviewer", "comment", "R1"),
        "c": ("author", "comment", None),
        "d": ("public", "public_review", None),
        "e": ("author", "comment", None),
    }
    assert forum.reviews[0].rating.status == "missing"


def test_2013_review_is_the_one_titled_so_even_when_another_came_first(notes_2013: list[dict[str, Any]]) -> None:
    notes_2013[1]["tcdate"] = 25
    forum = normalize_forum(notes_2013)
    assert [review.note_id for review in forum.reviews] == ["a"]


def test_a_namesake_of_an_author_with_another_first_name_is_the_public(notes_2013: list[dict[str, Any]]) -> None:
    notes_2013[4]["signatures"] = ["Kim Lee"]
    assert by_note(normalize_forum(notes_2013).discussion)["d"].role == "public"


@pytest.fixture
def notes_2017(make_v1: Make) -> list[dict[str, Any]]:
    def reviewer(number: int) -> str:
        return f"{V17}/paper7/AnonReviewer{number}"

    comment = f"{V17}/-/paper7/public/comment"
    return [
        make_v1("f1", f"{V17}/-/submission", "~Jane_Doe1", title="Small Nets", authors=["Jane Doe", "Bo Lee"]),
        make_v1("q", f"{V17}/-/paper7/pre-review/question", reviewer(1), time=5, title="q", question="Why prune?"),
        make_v1("a", f"{V17}/-/paper7/official/review", reviewer(1), time=10, review="Fine.", rating="6: x"),
        make_v1("b", f"{V17}/-/paper7/official/review", reviewer(2), time=11, review="Bad.", rating="3: x"),
        make_v1("c", comment, "~Bo_Lee1", time=20, title="", comment="It is ours."),
        make_v1("d", comment, "~Cy_Colleague1", time=21, to="a", title="", comment="See the appendix."),
        make_v1("e", comment, "~Cy_Colleague1", time=22, to="b", title="", comment="See the appendix."),
        make_v1("g", comment, "~Rita_Reader1", time=23, title="", comment="Did you try more data?"),
        make_v1("h", comment, "(anonymous)", time=24, title="", comment="Nice."),
        make_v1("i", comment, "~Di_Deputy1", time=25, to="b", title="", comment="Thank you for your review."),
    ]  # fmt: skip


def test_2017_authors_are_known_by_name_or_by_answering_for_the_paper(notes_2017: list[dict[str, Any]]) -> None:
    roles = {note: comment.role for note, comment in by_note(normalize_forum(notes_2017).discussion).items()}
    assert roles == {
        "q": "reviewer", "c": "author", "d": "author", "e": "author", "g": "public", "h": "public", "i": "author",
    }  # fmt: skip


def test_where_authors_have_a_group_a_named_reader_stays_the_public(notes_2017: list[dict[str, Any]]) -> None:
    notes_2017[0]["signatures"] = [V17]
    roles = {note: comment.role for note, comment in by_note(normalize_forum(notes_2017).discussion).items()}
    assert (roles["d"], roles["i"], roles["c"]) == ("public", "public", "author")


def test_two_rated_reviews_of_one_signer_share_a_pseudonym(make_v1: Make) -> None:
    venue = "ICLR.cc/2019/Conference"
    notes = [
        make_v1(name, f"{venue}/-/Paper7/Official_Review", f"{venue}/Paper7/AnonReviewer{number}", time=time,
                review="Fine.", rating="6: Marginally above acceptance threshold")
        for name, number, time in (("a", 1, 10), ("b", 2, 20), ("c", 1, 30))
    ]  # fmt: skip
    reviews = normalize_forum(notes).reviews
    assert [(review.reviewer, review.signature) for review in reviews] == [
        ("R1", "Reviewer_1"),
        ("R2", "Reviewer_2"),
        ("R3", "Reviewer_1"),
    ]

"""How the points of a forum meet: what is linked, and above all what is not."""

import dataclasses
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.synthesizers.invented import CONFIDENCES, RATINGS, make_comment, make_forum, make_review
from toolkit.normalizers.links import find_follow_ups, link_points
from toolkit.normalizers.links.follow_ups import read_outcome
from toolkit.normalizers.points import find_points
from toolkit.normalizers.roles import read_handle
from toolkit.records import Comment, Forum, PointLink, Review, Section
from toolkit.text import collect_sources


def write_forum(
    reviews: Sequence[str], discussion: Sequence[Comment] = (), handles: dict[str, str] | None = None
) -> Forum:
    """Make a forum of reviews in free text, with points as they are really found."""
    written = []
    for number, text in enumerate(reviews, start=1):
        section = Section("review", text)
        review = make_review(number, RATINGS["5"], CONFIDENCES["4"], ())
        written.append(dataclasses.replace(review, sections=(section,), points=find_points([section])))
    forum = make_forum(written, discussion=tuple(discussion))
    if handles:
        links = link_points(forum.reviews, forum.discussion, subject="Gates for Messages", handles=handles)
        forum = dataclasses.replace(forum, links=links)
    return forum


def read_links(forum: Forum, kind: str) -> list[tuple[str, str, str]]:
    """Return basis and the two passages of each link."""
    sources = collect_sources(forum)

    def read(link: PointLink) -> tuple[str, str, str]:
        one = sources[link.note_id, link.field][link.start : link.end]
        other = sources[link.to_note_id, link.to_field][link.to_start : link.to_end]
        return link.basis, one, other

    return [read(link) for link in forum.links if link.kind == kind]


def test_two_reviewers_who_miss_the_same_thing_agree() -> None:
    forum = write_forum(
        (
            "The paper lacks an ablation of the entropy penalty.",
            "Cons: there is no ablation for the entropy penalty. The tables have no captions.",
        )
    )
    assert [(one, other) for _, one, other in read_links(forum, "agreement")] == [
        ("The paper lacks an ablation of the entropy penalty.", "there is no ablation for the entropy penalty.")
    ]


def test_one_common_word_makes_no_agreement() -> None:
    forum = write_forum(
        ("The paper lacks an ablation of the entropy penalty.", "The ablation of the tokenizer is missing seeds.")
    )
    assert read_links(forum, "agreement") == []


def test_points_of_one_review_do_not_agree_with_one_another() -> None:
    forum = write_forum(
        ("The paper lacks an ablation of the entropy penalty. Again, there is no ablation of the entropy penalty.",)
    )
    assert forum.links == ()


def test_praise_and_criticism_of_the_writing_as_a_whole_disagree() -> None:
    forum = write_forum(("The paper is well written and easy to follow.", "Cons: the paper is hard to follow."))
    assert read_links(forum, "disagreement") == [
        ("overall", "The paper is well written and easy to follow.", "the paper is hard to follow.")
    ]


def edit_review(text: str) -> Review:
    return dataclasses.replace(make_review(1, RATINGS["5"], CONFIDENCES["4"], ()), sections=(Section("review", text),))


BLAME = "The paper does not report how the temperature of the sampler was chosen."


def test_what_stands_below_a_quotation_is_the_answer() -> None:
    reply = f"> {BLAME}\nWe chose it on held-out data. A table was added.\n\n> Something else that was asked here?\nNo."
    forum = write_forum((BLAME,), (make_comment(1, "review1", "author", None, (reply,)),))
    assert read_links(forum, "reply") == [("quotation", BLAME, "We chose it on held-out data. A table was added.")]


def test_an_answer_by_number_counts_only_where_it_speaks_of_the_point() -> None:
    review = "Weaknesses:\n1. The temperature of the sampler is not reported.\n2. The proof of the lemma lacks a step."
    fitting = "1. We now report the temperature of the sampler in the appendix."
    elsewhere = "1. The number of machines was increased to nine."
    for text, expected in ((fitting, ["label"]), (elsewhere, [])):
        forum = write_forum((review,), (make_comment(1, "review1", "author", None, (text,)),))
        assert [basis for basis, _, _ in read_links(forum, "reply")] == expected


def test_an_answer_to_everybody_reaches_the_reviewer_it_names() -> None:
    text = "Response to Reviewer 7: the temperature of the sampler was chosen on held-out data."
    comments = (make_comment(1, "invented1", "author", None, (text,)),)
    for handle, expected in (("7", 1), ("8", 0)):
        handles = {handle: "R1", "7" if handle == "8" else "9": "R2"}
        forum = write_forum((BLAME, "The paper is well written."), comments, handles)
        assert len(read_links(forum, "reply")) == expected


def test_thanks_answer_nothing() -> None:
    thanks = make_comment(1, "review1", "author", None, ("We thank the reviewer for the careful reading.",))
    assert write_forum((BLAME,), (thanks,)).links == ()


@pytest.mark.parametrize(
    ("sentence", "outcome"),
    [
        ("i have raised my score from 5 to 6.", "raised"),
        ("thus i am increasing my rating.", "raised"),
        ("i changed my rating from 6 to 3.", "lowered"),
        ("i have updated my score accordingly.", "changed"),
        ("i will keep my score.", "kept"),
        ("i decided not to raise my score.", "kept"),
        ("i would be willing to raise my score if this is added.", "promised"),
        ("if clarified, i'd happily increase my score.", "promised"),
        ("the response addressed my concerns.", "settled"),
        ("the response addressed some of my concerns.", "partly_settled"),
        ("my concern about the baselines remains.", "unsettled"),
        ("i am still not convinced by the proof.", "unsettled"),
        ("the score function is estimated by sampling.", None),
        ("the paper addresses an important problem.", None),
    ],
)
def test_what_a_sentence_says_of_score_or_concern(sentence: str, outcome: str | None) -> None:
    assert read_outcome(sentence) == outcome


def test_what_was_written_before_any_reply_is_no_follow_up() -> None:
    early = make_comment(1, "review1", "reviewer", "R1", ("I have raised my score.",))
    reply = make_comment(2, "review1", "author", None, ("We ran it again.",))
    late = make_comment(3, "comment2", "reviewer", "R1", ("I will keep my score.",))
    review = edit_review("The gains are small.")
    assert find_follow_ups(review, (early,)) == ()
    found = find_follow_ups(review, (early, reply, late))
    assert [(item.note_id, item.outcome) for item in found] == [("comment3", "kept")]


def test_a_promise_in_the_first_review_is_no_follow_up() -> None:
    reply = make_comment(1, "review1", "author", None, ("We ran it again.",))
    promise = edit_review("I would raise my score if the authors report this. Please answer in your rebuttal.")
    edited = edit_review("The gains are small.\nUpdate after rebuttal: I have read the response.")
    assert find_follow_ups(promise, (reply,)) == ()
    assert [item.outcome for item in find_follow_ups(edited, (reply,))] == ["noted"]


def test_what_authors_wrote_before_the_review_is_no_reply_to_it() -> None:
    reply = make_comment(1, "review1", "author", None, ("We answer a question that was asked before the reviews.",))
    late = dataclasses.replace(
        edit_review("After reading the authors' response I keep my rating."), created=reply.created + 1
    )
    assert find_follow_ups(late, (reply,)) == ()


def test_a_concern_that_remains_is_linked_with_the_point_it_names() -> None:
    late = make_comment(
        2, "comment1", "reviewer", "R1", ("I still do not see how the temperature of the sampler was chosen.",)
    )
    reply = make_comment(1, "review1", "author", None, ("We thank the reviewer.",))
    forum = write_forum((BLAME,), (reply, late))
    assert [one for _, one, _ in read_links(forum, "follow_up")] == [BLAME]


def test_a_handle_is_what_authors_call_a_reviewer() -> None:
    assert read_handle("V/2019/Conference/Paper5/AnonReviewer12") == "12"
    assert read_handle("~Some_Person1") is None


WORDS = (
    "proof",
    "lemma",
    "gate",
    "score",
    "is",
    "missing",
    "good",
    "We",
    "added",
    "1.",
    ">",
    "\n",
    "Reviewer 2:",
    "?",
    ".",
)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join), min_size=2, max_size=4))
def test_links_join_points_with_stretches_of_the_record(texts: list[str]) -> None:
    comment = make_comment(1, "review1", "author", None, (texts[-1] or "We did.",))
    forum = write_forum([text or "Fine work." for text in texts[:-1]], (comment,), {"2": "R1"})
    sources = collect_sources(forum)
    for link in forum.links:
        assert 0 <= link.start < link.end <= len(sources[link.note_id, link.field])
        assert 0 <= link.to_start < link.to_end <= len(sources[link.to_note_id, link.to_field])
        assert 0.0 < link.strength <= 1.0
    points = {(review.note_id, point.field, point.start) for review in forum.reviews for point in review.points}
    assert {(link.note_id, link.field, link.start) for link in forum.links} <= points

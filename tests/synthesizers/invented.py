"""Invented forums: one that is written out, and many that hypothesis puts together from review-like sentences."""

import dataclasses
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from toolkit.normalizers import normalize_forum
from toolkit.normalizers.links import find_follow_ups, link_points
from toolkit.records import Comment, Decision, Forum, MetaReview, Point, RatingSummary, Review, Score, Section
from toolkit.text.sentences import split_sentences
from toolkit.venues import resolve_score

VENUE = "ICLR.cc/2019/Conference"
RATINGS = {
    "3": "3: Clear rejection",
    "5": "5: Marginally below acceptance threshold",
    "6": "6: Marginally above acceptance threshold",
    "8": "8: Top 50% of accepted papers, clear accept",
}
CONFIDENCES = {
    "2": "2: The reviewer is willing to defend the evaluation, but it is quite likely that the reviewer did not "
    "understand central parts of the paper",
    "4": "4: The reviewer is confident but not absolutely certain that the evaluation is correct",
}
PRAISE = (
    "The evaluation over six corpora is thorough and convincing.",
    "The paper is well written and easy to follow.",
    "I like the idea of sending fewer messages between machines.",
    "The method is novel and the motivation is clear.",
    "- The ablation of the gate is careful.",
)
BLAME = (
    "The only baseline with fewer messages is random dropping at a matched rate.",
    "There are no error bars in any of the tables, and the gains are small.",
    "I am not convinced that the speed-up survives on real hardware.",
    "The proof of the second lemma is hard to follow and lacks a step.",
    "2) Novelty: However, the gate is not new, since it was proposed for language models before.",
    "The idea is interesting, but the experiments cover only one small data set.",
)
OTHER = (
    "How stable are the gates between two seeds?",
    "Please add the learning rate to the appendix.",
    "This paper proposes a gate that decides which messages a node sends.",
    'We set $x_i = \\max(0, b)$ and "quote" things -- see http://example.org.',
    "See below.",
    "Thanks to Reviewer 2 and AnonReviewer3 for the hint.",
    "I recommend acceptance of this paper.",
    "Ok.",
)
REPLY = (
    "We thank the reviewer.",
    "We ran the random dropping baseline again with a tuned rate.",
    "The gains in the tables are averages over five seeds, and we have added error bars to all of them.",
    "The proof of the second lemma now has the missing step.",
)
AFTERWARDS = ("The error bars answer my question, so I raise my rating.", "I am still not convinced by the hardware.")


def make_score(field: str, raw: str | None) -> Score:
    if raw is None:
        return Score(field, None, None, None, None, None, None, None, "missing", "the review does not give it")
    return resolve_score(VENUE, "review", field, raw)


def make_points(field: str, text: str) -> tuple[Point, ...]:
    """Give every sentence a point whose kind follows from the list it was drawn from."""
    points = []
    for start, end in split_sentences(text):
        sentence = text[start:end]
        if sentence in PRAISE:
            points.append(Point(field, start, end, "strength", "other", "positive", 0.5))
        elif sentence in BLAME:
            points.append(Point(field, start, end, "weakness", "experiments", "negative", 0.5))
        else:
            points.append(Point(field, start, end, "question" if "?" in sentence else "other", "other", "neutral", 0.1))
    return tuple(points)


def make_review(number: int, rating: str | None, confidence: str | None, sentences: Sequence[str]) -> Review:
    text = "\n".join(sentences)
    return Review(
        note_id=f"review{number}",
        reviewer=f"R{number}",
        signature=f"Reviewer_{number}",
        created=1_000 + number,
        modified=1_000 + number,
        license=None,
        rating=make_score("rating", rating),
        confidence=make_score("confidence", confidence),
        scores=(),
        sections=(Section("review", text),),
        points=make_points("review", text),
    )


def make_comment(number: int, replyto: str, role: Any, reviewer: str | None, sentences: Sequence[str]) -> Comment:
    return Comment(
        note_id=f"comment{number}",
        replyto=replyto,
        role=role,
        reviewer=reviewer,
        kind="comment",
        text=" ".join(sentences),
        created=2_000 + number,
        field="comment",
        title=None,
    )


def make_forum(reviews: Sequence[Review], **changes: Any) -> Forum:
    forum = Forum(
        forum="invented1",
        venue=VENUE,
        year=2019,
        title="Gates for Messages",
        abstract="Most messages change nothing. We propose a gate that decides which messages a node sends. "
        "We show that a third of the messages is enough on six corpora. The algorithm outperforms dense sending.",
        keywords=(),
        decision=Decision("Reject", "reject", None, "meta1", "recommendation"),
        reviews=tuple(reviews),
        meta_review=MetaReview(
            note_id="meta1",
            text="The evaluation is convincing. The comparison with random dropping is not enough to show the gain.",
            sections=(
                Section(
                    "metareview",
                    "The evaluation is convincing. The comparison with random dropping is not enough to show the gain.",
                ),
            ),
            scores=(),
            recommendation="Reject",
        ),
        discussion=(),
        rating_summary=RatingSummary(len(reviews), None, None, None, None),
        license=None,
        license_source=None,
        url="https://openreview.net/forum?id=invented1",
        api="v1",
        score_stage="final",
        text_changes=(),
        fetched_at=None,
    )
    return link_forum(dataclasses.replace(forum, **changes))


def link_forum(forum: Forum) -> Forum:
    """Add what reviewers said afterwards and how points meet, as normalizing does."""
    reviews = tuple(
        dataclasses.replace(
            review,
            follow_ups=find_follow_ups(review, forum.discussion),
        )
        for review in forum.reviews
    )
    links = link_points(reviews, forum.discussion, subject=f"{forum.title} {forum.abstract}", handles={})
    return dataclasses.replace(forum, reviews=reviews, links=links)


def make_usual_forum(**changes: Any) -> Forum:
    """Three reviews that disagree, a reply, and a reviewer who comes back."""
    reviews = (
        make_review(1, RATINGS["8"], CONFIDENCES["4"], (OTHER[2], PRAISE[0], PRAISE[2], BLAME[1])),
        make_review(2, RATINGS["3"], CONFIDENCES["4"], (BLAME[0], BLAME[2], BLAME[4], OTHER[0])),
        make_review(3, RATINGS["5"], CONFIDENCES["2"], (PRAISE[1], BLAME[3], BLAME[5], OTHER[1])),
    )
    discussion = (
        make_comment(1, "review2", "author", None, REPLY),
        make_comment(2, "comment1", "reviewer", "R2", AFTERWARDS),
    )
    return make_forum(reviews, **{"discussion": discussion, **changes})


@st.composite
def forums(draw: st.DrawFn) -> Forum:
    """Forums of every shape that matters: no scores, odd scores, no text, no title, no decision, no discussion."""
    sentences = st.lists(st.sampled_from((*PRAISE, *BLAME, *OTHER)), min_size=0, max_size=8)
    ratings = st.sampled_from((*RATINGS.values(), None, "a strong maybe"))
    confidences = st.sampled_from((*CONFIDENCES.values(), None))
    reviews = tuple(
        make_review(number, draw(ratings), draw(confidences), draw(sentences))
        for number in range(1, draw(st.integers(0, 4)) + 1)
    )
    discussion: list[Comment] = []
    for review in reviews:
        if draw(st.booleans()):
            said = draw(st.lists(st.sampled_from((*REPLY, *BLAME)), min_size=1, max_size=4))
            discussion.append(make_comment(len(discussion), review.note_id, "author", None, said))
            if draw(st.booleans()):
                said = draw(st.lists(st.sampled_from(AFTERWARDS), min_size=1))
                discussion.append(
                    make_comment(len(discussion), discussion[-1].note_id, "reviewer", review.reviewer, said)
                )
    if draw(st.booleans()):
        discussion.append(make_comment(len(discussion), "invented1", "public", None, (BLAME[0],)))
    decision = draw(
        st.sampled_from(
            (
                Decision("Reject", "reject", None, "meta1", "recommendation"),
                Decision("Accept (Poster)", "accept", "poster", "decision1", "decision"),
                Decision(None, "unknown", None),
                Decision(None, "withdrawn", None),
                Decision(None, "desk_rejected", None),
                Decision("Invite to Workshop Track", "workshop", "invitation", "decision1", "decision"),
            )
        )
    )
    usual = make_forum(reviews)
    return dataclasses.replace(
        usual,
        title=draw(st.sampled_from((usual.title, None, 'On "Gates" and\n Messages.'))),
        abstract=draw(st.sampled_from((usual.abstract, None))),
        meta_review=draw(st.sampled_from((usual.meta_review, None))),
        discussion=tuple(discussion),
        decision=decision,
    )


@cache
def read_sample_forums() -> tuple[Forum, ...]:
    """All forums of the bundled sample."""
    import toolkit.fetchers

    folder = Path(toolkit.fetchers.__file__).parent / "sample_notes"
    found = []
    for path in sorted(folder.glob("*.json")):
        body = json.loads(path.read_text(encoding="utf-8"))
        by_forum: dict[str, list[Any]] = {}
        for note in body["notes"]:
            readers = note.get("readers")
            readers = readers.get("value") if isinstance(readers, dict) else readers
            if readers is None or "everyone" in readers:
                by_forum.setdefault(note["forum"], []).append(note)
        found.extend(normalize_forum(notes) for notes in by_forum.values())
    return tuple(found)

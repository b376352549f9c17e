"""An invented paper, and dialogues about it made from plain sentences."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal

from toolkit.auditors import audit_dialogue
from toolkit.auditors.structure import measure_dialogue
from toolkit.records import (
    Claim,
    Comment,
    Decision,
    Dialogue,
    DialogueMetrics,
    Evidence,
    Finding,
    Forum,
    Generator,
    Message,
    MetaReview,
    RatingSummary,
    Review,
    Revision,
    Score,
    Section,
    Turn,
)
from toolkit.text import collect_sources, make_evidence
from toolkit.venues import resolve_score

VENUE = "ICLR.cc/2019/Conference"
OPENING = "I have it on my list and have not opened the reviews. What is it about?"
REJECTING = "I am rejecting it, for want of a larger study."

ANSWER_FOR_READING = "Reviewer 1 doubts that it is surprising."

TEXTS = (
    "The claim that attention is sparse is not very surprising.",
    "Measuring it over six corpora is worth having. The baseline is tuned, which I like.",
    "The main claim was a know fact. Error bars are missing from all tables.",
)


def make_score(field: str, raw: str | None) -> Score:
    if raw is None:
        return Score(field, None, None, None, None, None, None, None, "missing", "not given")
    return resolve_score(VENUE, "review", field, raw)


def make_review(number: int, rating: str | None, confidence: str | None, text: str, **changes: Any) -> Review:
    review = Review(
        note_id=f"rev{number}",
        reviewer=f"R{number}",
        signature=f"Reviewer_{number}",
        created=1541116800000 + number,
        modified=1541116800000 + number,
        license=None,
        rating=make_score("rating", rating),
        confidence=make_score("confidence", confidence),
        scores=(),
        sections=(Section("review", text),),
        points=(),
    )
    return dataclasses.replace(review, **changes)


def make_forum(
    ratings: Sequence[str | None] = ("5", "8", "5"),
    confidences: Sequence[str | None] = ("3", "4", "3"),
    decision: Decision | None = None,
    **changes: Any,
) -> Forum:
    """The paper: R1 5 with confidence 3, R2 8 with confidence 4, R3 5 with confidence 3, rejected."""
    reviews = tuple(
        make_review(number, rating, confidence, TEXTS[(number - 1) % len(TEXTS)])
        for number, (rating, confidence) in enumerate(zip(ratings, confidences, strict=True), start=1)
    )
    forum = Forum(
        forum="f1",
        venue=VENUE,
        year=2019,
        title='Attention Is "Sparse" Enough',
        abstract="We measure how sparse attention is.",
        keywords=("attention",),
        decision=decision or Decision("Reject", "reject", None, "meta1", "recommendation"),
        reviews=reviews,
        meta_review=MetaReview(
            "meta1", "The study is too small.", (Section("metareview", "The study is too small."),), (), "Reject"
        ),
        discussion=(
            Comment("c1", "rev3", "author", None, "comment", "We added error bars.", 1541116800009, "comment", None),
        ),
        rating_summary=RatingSummary(0, None, None, None, None),
        license=None,
        license_source=None,
        url="https://openreview.net/forum?id=f1",
        api="v1",
        score_stage="final",
        text_changes=(),
        fetched_at=None,
    )
    return dataclasses.replace(forum, **changes)


def make_revised_forum() -> Forum:
    """The same paper, where Reviewer 2 gave a 6 before."""
    forum = make_forum()
    earlier = Revision(1, make_score("rating", "6"), make_score("confidence", "4"))
    reviews = tuple(
        dataclasses.replace(review, revisions=(earlier,)) if review.reviewer == "R2" else review
        for review in forum.reviews
    )
    return dataclasses.replace(forum, reviews=reviews)


UNDECIDED = Decision(None, "unknown", None)


def make_dialogue(
    *texts: str,
    forum: Forum | None = None,
    evidence: Sequence[tuple[int, Evidence]] = (),
    speakers: Sequence[Literal["meta_reviewer", "dialogue_agent"]] | None = None,
) -> Dialogue:
    """A dialogue of these turns, the meta-reviewer first, with columns that fit the forum."""
    forum = forum or make_forum()
    speakers = speakers or [("meta_reviewer", "dialogue_agent")[position % 2] for position in range(len(texts))]
    turns = tuple(
        Turn(position, speaker, text, "say", True, tuple(item for turn, item in evidence if turn == position))
        for position, (speaker, text) in enumerate(zip(speakers, texts, strict=True))
    )
    roles: dict[str, Literal["user", "assistant"]] = {"meta_reviewer": "user", "dialogue_agent": "assistant"}
    dialogue = Dialogue(
        dialogue_id="f1-test-0",
        forum=forum.forum,
        venue=forum.venue,
        year=forum.year,
        title=forum.title,
        decision=None if forum.decision.outcome == "unknown" else forum.decision.outcome,
        generator=Generator("test", "1", None, None, 0),
        agenda=(),
        turns=turns,
        messages=tuple(Message(roles[turn.speaker], turn.text) for turn in turns),
        metrics=DialogueMetrics(0, 0, 0, 0, 0, 0, 0),
        license=None,
        source_url=forum.url,
        synthetic=True,
    )
    return dataclasses.replace(dialogue, metrics=measure_dialogue(dialogue, forum))


def make_talk(answer: str, *, closing: str = REJECTING, forum: Forum | None = None) -> Dialogue:
    """Opening, one answer of the agent, closing word."""
    return make_dialogue(OPENING, answer, closing, forum=forum)


def cite(forum: Forum, note_id: str, words: str, turn: str, *, field: str = "review", quote: bool = True) -> Evidence:
    """Evidence for a whole turn: these words of that note."""
    sources = collect_sources(forum)
    start = sources[note_id, field].index(words)
    return make_evidence(
        sources, note_id, field, start, start + len(words), turn_start=0, turn_end=len(turn), quote=quote
    )


def list_findings(dialogue: Dialogue, forum: Forum | None, rule: str) -> list[Finding]:
    return [finding for finding in audit_dialogue(dialogue, forum).findings if finding.rule == rule]


def list_claims(answer: str, forum: Forum | None = None, *, turn: int = 1, **options: Any) -> list[Claim]:
    """The claims of the agent's answer."""
    forum = forum or make_forum()
    return [
        claim for claim in audit_dialogue(make_talk(answer, forum=forum, **options), forum).claims if claim.turn == turn
    ]


def write_verdicts(claims: Sequence[Claim]) -> list[str]:
    """Claims in a line each: kind, about, stated, verdict."""
    return [f"{claim.kind} {claim.about}: {claim.stated} {claim.verdict}" for claim in claims]

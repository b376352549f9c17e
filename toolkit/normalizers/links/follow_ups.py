"""What a reviewer said after the authors' reply: of the score, and of the concerns."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from toolkit.normalizers.links.reading import CRITICAL, UNITS, ReadPoints, index_terms, load_table, sum_shared
from toolkit.records import Comment, FollowUp, FollowUpOutcome, PointLink, Review
from toolkit.text import split_sentences
from toolkit.text.terms import list_terms

_ABOUT_CONCERNS = ("settled", "partly_settled", "unsettled")
_FROM_TO = re.compile(r"\bfrom (?:an? )?(\d{1,2}(?:\.\d)?)\b.{0,30}?\bto (?:an? )?(\d{1,2}(?:\.\d)?)\b")


def find_follow_ups(review: Review, discussion: Sequence[Comment]) -> tuple[FollowUp, ...]:
    """Return the sentences in which a reviewer says what became of the score or of a concern.

    They stand in the review, where it was edited, or in a comment; only what follows something that the authors wrote
    after the review counts. A sentence that makes a promise ("I will raise my score if ...") says nothing of what
    became of it and is left out.

    Args:
        review: the review; its follow-ups are not looked at.
        discussion: the discussion of the forum.
    """
    answered = [item.created for item in discussion if item.role == "author" and item.created > review.created]
    if not answered:
        return ()
    found = [
        FollowUp(review.note_id, section.field, start, end, outcome)
        for section in review.sections
        if _mentions_reply(section.text.lower())
        for start, end, outcome in _read_sentences(section.text, in_review=True)
    ]
    later = [
        comment
        for comment in discussion
        if comment.role == "reviewer" and comment.reviewer == review.reviewer and comment.created > min(answered)
    ]
    for comment in sorted(later, key=lambda comment: comment.created):
        found.extend(
            FollowUp(comment.note_id, comment.field, start, end, outcome)
            for start, end, outcome in _read_sentences(comment.text, in_review=False)
        )
    return tuple(found)


def _read_sentences(text: str, *, in_review: bool) -> Iterator[tuple[int, int, FollowUpOutcome]]:
    for start, end in split_sentences(text):
        sentence = text[start:end].lower()
        patterns = _load_patterns()
        mentioned = in_review and patterns["mentioned"].search(sentence) is not None
        if in_review and not mentioned and not patterns["rescored"].search(sentence):
            continue
        outcome = read_outcome(sentence)
        if outcome == "promised":
            continue
        if outcome is not None or (mentioned and not patterns["ahead"].search(sentence)):
            yield start, end, outcome or "noted"


def read_outcome(sentence: str) -> FollowUpOutcome | Literal["promised"] | None:
    """Say what a sentence, in lower case, tells of the score or of a concern.

    >>> read_outcome("i have raised my score from 5 to 6."), read_outcome("i would raise my score if this is fixed.")
    ('raised', 'promised')
    >>> read_outcome("i decided not to change my rating."), read_outcome("my main concern remains.")
    ('kept', 'unsettled')
    """
    about = {name for name, words in load_table()["outcome_about"].items() if any(word in sentence for word in words)}
    for outcome, matter, pattern in _load_outcomes():
        if matter not in about or not pattern.search(sentence):
            continue
        numbers = _FROM_TO.search(sentence) if outcome in ("raised", "changed") else None
        if numbers is not None and numbers[1] != numbers[2]:
            return "raised" if float(numbers[2]) > float(numbers[1]) else "lowered"
        return outcome
    return None


def link_follow_ups(read: ReadPoints, reviews: Sequence[Review], discussion: Sequence[Comment]) -> Iterator[PointLink]:
    """Link what a reviewer calls settled or unsettled with the points of the same review that it names."""
    comments = {(comment.note_id, comment.field): comment.text for comment in discussion}
    table = load_table()["follow_up"]
    for review in reviews:
        spans = [
            item
            for item in review.follow_ups
            if item.outcome in _ABOUT_CONCERNS and (item.note_id, item.field) in comments
        ]
        if not spans:
            continue
        own = [item for item in read.points if item.review is review and item.point.kind in CRITICAL]
        holders = index_terms(own, read.weights)
        for item in spans:
            terms = list_terms(comments[item.note_id, item.field][item.start : item.end])
            for place, shared in sum_shared(terms, holders).items():
                point = read.points[place]
                strength = shared / point.weight
                if shared >= UNITS * table["least_weight"] and strength >= table["least_strength"]:
                    yield PointLink(
                        "follow_up",
                        "wording",
                        review.note_id,
                        point.point.field,
                        point.point.start,
                        point.point.end,
                        item.note_id,
                        item.field,
                        item.start,
                        item.end,
                        round(strength, 2),
                    )


def _mentions_reply(text: str) -> bool:
    """Whether a review, in lower case, speaks of what came after it; asked of a whole text, which is cheaper."""
    return any(word in text for word in load_table()["afterwards_words"]) and any(
        _load_patterns()[name].search(text) for name in ("mentioned", "rescored")
    )


@functools.cache
def _load_patterns() -> Mapping[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in load_table()["patterns"].items()}


@functools.cache
def _load_outcomes() -> Sequence[tuple[FollowUpOutcome | Literal["promised"], str, re.Pattern[str]]]:
    names = load_table()["outcome_words"]
    return [
        (
            row["outcome"],
            row["about"],
            re.compile(re.sub(r"<(\w+)>", lambda found: f"(?:{names[found[1]]})", row["pattern"])),
        )
        for row in load_table()["outcomes"]
    ]

"""Rules on who may say what: the agent informs, the meta-reviewer asks and decides."""

from collections.abc import Iterator
from itertools import takewhile

from toolkit.auditors.marks import Mark
from toolkit.auditors.phrases import load_phrases
from toolkit.auditors.subject import Subject, TurnReading, is_transcribed


def find_recommending_agent(subject: Subject) -> Iterator[Mark]:
    """The agent recommends, rates, decides or advises on its own account.

    Example: "I would recommend accepting the paper with a rating of 7"; "The authors could address this by ...".
    Counter-example: "Reviewer 2 thinks the paper should be accepted"; "I cannot recommend anything"; "Reviewer 1 asks
    that the authors provide error bars".
    """
    for reading in subject.turns:
        if reading.turn.speaker != "dialogue_agent":
            continue
        for start, end in reading.sentences:
            found = find_recommendation(reading.plain[start:end])
            if found is None and is_transcribed(subject.dialogue):
                found = _find_advice(reading.plain[start:end])
            if found:
                yield Mark(
                    "the agent gives a judgement of its own",
                    reading.turn.index,
                    start + found[0],
                    start + found[1],
                    reading.turn.text[start + found[0] : start + found[1]],
                )


def find_recommendation(sentence: str) -> tuple[int, int] | None:
    """Return where a sentence gives the speaker's own judgement of the paper; null where it gives none.

    >>> find_recommendation("My rating is 7.")
    (0, 9)
    >>> find_recommendation("Reviewer 2 says the paper should be accepted.") is None
    True
    """
    phrases = load_phrases()
    for match in phrases.recommends.finditer(sentence):
        own = match[0].lower().startswith(("i ", "i'", "i’", "my "))
        if phrases.denied.search(sentence, 0, match.end()) or (
            not own and phrases.denied.search(sentence, match.end())
        ):
            continue
        if not own and phrases.reporting.search(sentence, 0, match.start()):
            continue
        return match.span()
    return None


def _find_advice(sentence: str) -> tuple[int, int] | None:
    """Return where a sentence tells the authors what to do, in nobody's name but the speaker's."""
    phrases = load_phrases()
    match = phrases.advises.search(sentence)
    if match is None or phrases.reporting.search(sentence, 0, match.start()) or phrases.credited.search(sentence):
        return None
    return match.span()


def find_missing_decision(subject: Subject) -> Iterator[Mark]:
    """The record has a decision, or is not at hand, and the meta-reviewer never states one.

    Example: a last word such as "I will take this into account" or "I am inclined to reject".
    Counter-example: "I am rejecting, and would want to see it on larger data."
    """
    if subject.forum is None and not is_transcribed(subject.dialogue):
        return
    if subject.forum is not None and subject.forum.decision.outcome == "unknown":
        return
    for reading in subject.turns:
        if reading.turn.speaker == "meta_reviewer" and any(
            checked.claim.kind == "decision" for checked in reading.claims
        ):
            return
    recorded = subject.forum.decision.raw or subject.forum.decision.outcome if subject.forum is not None else None
    rated = any(
        checked.claim.about == "speaker" and checked.claim.kind == "rating"
        for reading in subject.turns
        if reading.turn.speaker == "meta_reviewer"
        for checked in reading.claims
    )
    message = (
        "the meta-reviewer gives a rating and never says accept or reject"
        if rated
        else "the meta-reviewer never decides"
    )
    yield Mark(message, recorded=recorded)


def find_wrong_last_speaker(subject: Subject) -> Iterator[Mark]:
    """The last turn is not the meta-reviewer's.

    Example: the agent ends with "You're welcome!".
    Counter-example: the meta-reviewer ends with the decision.
    """
    if subject.dialogue.turns and subject.dialogue.turns[-1].speaker != "meta_reviewer":
        yield Mark("the agent has the last word", subject.dialogue.turns[-1].index)


def find_knowing_opening(subject: Subject) -> Iterator[Mark]:
    """Before the agent has said anything, the meta-reviewer speaks of what only the reviews tell.

    Example: "I have read the reviews, and Reviewer 2 worries about novelty. Is that fair?"
    Counter-example: "I have it on my list and have not opened the reviews yet. Where do the three stand?"
    """
    phrases = load_phrases()
    # In a transcript somebody else may have spoken in between; then the indexes have a gap.
    opening = takewhile(
        lambda item: (
            item[1].turn.speaker == "meta_reviewer" and item[1].turn.index == subject.turns[0].turn.index + item[0]
        ),
        enumerate(subject.turns),
    )
    for _, reading in opening:
        for start, end in _find_review_knowledge(reading):
            yield Mark(
                "the meta-reviewer knows the reviews before the agent has spoken",
                reading.turn.index,
                start,
                end,
                reading.turn.text[start:end],
            )
        for start, end in reading.sentences:
            sentence = reading.plain[start:end]
            match = phrases.knows_reviews.search(sentence)
            if match and not sentence.endswith("?") and not phrases.not_known.search(sentence, 0, match.end()):
                yield Mark(
                    "the meta-reviewer knows the reviews before the agent has spoken",
                    reading.turn.index,
                    start + match.start(),
                    start + match.end(),
                    match[0],
                )


def _find_review_knowledge(reading: TurnReading) -> Iterator[tuple[int, int]]:
    for mention in reading.mentions:
        if mention.kind in ("numbered", "ordinal"):
            yield mention.start, mention.end
    for checked in reading.claims:
        if checked.claim.kind in ("rating", "confidence"):
            yield checked.claim.start, checked.claim.end

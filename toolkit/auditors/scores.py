"""Rules on what a dialogue states about scores, reviewers, their number and the decision."""

import re
from collections.abc import Iterator

from toolkit.auditors.marks import Mark, mark_claim
from toolkit.auditors.numbering import name_numbering
from toolkit.auditors.subject import CheckedClaim, Subject, is_transcribed
from toolkit.auditors.verdicts import list_unknown_reviewers
from toolkit.records import Verdict

_ONE_OF_THEM = re.compile(
    r"\b(?:one|another|an?|the|that|which|positive|negative|first|second|third)\s+review(?:er)?\b", re.IGNORECASE
)
_SCORE_KINDS = ("rating", "confidence", "recommendation")


def _pick_claims(subject: Subject, kinds: tuple[str, ...], verdicts: tuple[Verdict, ...]) -> Iterator[CheckedClaim]:
    for reading in subject.turns:
        for checked in reading.claims:
            if checked.claim.kind in kinds and checked.claim.verdict in verdicts:
                yield checked


def find_contradicted_scores(subject: Subject) -> Iterator[Mark]:
    """A rating or confidence is not the record's.

    Example: "Reviewer 2 (rating 7, confidence 4)" where the record has a 6 for Reviewer 2.
    Counter-example: "Reviewer 2 (rating 6, confidence 4)".
    """
    for checked in _pick_claims(subject, _SCORE_KINDS, ("contradicted",)):
        claim = checked.claim
        what = "side of the accept line" if claim.kind == "recommendation" else claim.kind
        yield mark_claim(checked, f"the {what} of {claim.about} is stated as {claim.stated}, not {claim.recorded}")


def find_unsupported_scores(subject: Subject) -> Iterator[Mark]:
    """A rating or confidence is stated that the record does not have.

    Example: "Reviewer 1 (confidence 3)" where the form asked for no confidence.
    Counter-example: "Reviewer 1 gave no confidence".
    """
    for checked in _pick_claims(subject, _SCORE_KINDS, ("unsupported",)):
        claim = checked.claim
        yield mark_claim(checked, f"a {claim.kind} of {claim.stated} is stated for {claim.about}; the record has none")


def find_mismatched_labels(subject: Subject) -> Iterator[Mark]:
    """The words of the form stand beside a number that they do not name on that venue's form.

    Example: "marginally above acceptance threshold (7)" at ICLR 2019, where the words name a 6.
    Counter-example: "marginally above acceptance threshold (6)".
    """
    for checked in _pick_claims(subject, ("label_number",), ("contradicted",)):
        claim = checked.claim
        message = f"on this venue's form the words name {claim.recorded}"
        ratings = [review.rating.raw for review in subject.forum.reviews if review.rating.raw] if subject.forum else []
        if ratings:
            numbers = ", ".join(rating.split(":")[0] for rating in ratings)
            message += f"; the ratings on record are {numbers}"
        yield mark_claim(checked, message)


def find_contradicted_counts(subject: Subject) -> Iterator[Mark]:
    """The number of reviews is not the record's.

    Example: "all three reviewers" of a paper with four reviews.
    Counter-example: "three reviewers praise it" of a paper with four: three of them may.
    """
    for checked in _pick_claims(subject, ("count",), ("contradicted",)):
        claim = checked.claim
        yield mark_claim(checked, f"{claim.stated} reviews are stated, the record has {claim.recorded}")


def find_contradicted_decisions(subject: Subject) -> Iterator[Mark]:
    """The decision is not the record's, or one is stated where the record has none.

    Example: "I am accepting it" of a paper that was rejected, or of one that is not decided yet.
    Counter-example: "Reviewer 2 recommends acceptance": a reviewer decides nothing.
    """
    for checked in _pick_claims(subject, ("decision",), ("contradicted", "unsupported")):
        claim = checked.claim
        recorded = f"the record says {claim.recorded}" if claim.recorded else "the record has no decision"
        yield mark_claim(checked, f"the decision is stated as {claim.stated}; {recorded}")


def find_unknown_reviewers(subject: Subject) -> Iterator[Mark]:
    """A reviewer is named whom the record does not have.

    Example: "Reviewer 5 asks for error bars" of a paper with three reviews.
    Counter-example: "Reviewer 3 asks for error bars".
    """
    if subject.forum is None:
        return
    for reading in subject.turns:
        for mention in reading.mentions:
            text = reading.turn.text[mention.start : mention.end]
            if mention.kind not in ("numbered", "ordinal") or "review" not in text.lower():
                continue
            for reviewer in list_unknown_reviewers(mention.reviewers, subject.forum):
                yield Mark(
                    f"Reviewer {reviewer} is named; the record has {len(subject.forum.reviews)} reviews",
                    reading.turn.index,
                    mention.start,
                    mention.end,
                    f"Reviewer {reviewer}",
                    ", ".join(review.reviewer for review in subject.forum.reviews) or None,
                )


def find_one_as_all(subject: Subject) -> Iterator[Mark]:
    """One reviewer's score is given as that of the paper, although the reviewers differ.

    Example: "The paper receives a rating of 7 with a confidence of 4" where the confidences are 5, 2 and 4.
    Counter-example: "Reviewer 1 gives a 7"; "the rating is 6" where all of them are.
    """
    if subject.forum is None or not is_transcribed(subject.dialogue):
        return
    for reading in subject.turns:
        for checked in reading.claims:
            claim = checked.claim
            if claim.about != "a review" or claim.verdict != "supported" or claim.kind not in ("rating", "confidence"):
                continue
            scores = [
                review.confidence if claim.kind == "confidence" else review.rating for review in subject.forum.reviews
            ]
            values = {score.value for score in scores if score.value is not None}
            sentence = next(span for span in reading.sentences if span.start <= claim.start < span.end)
            if len(values) < 2 or any(sentence.start <= mention.start < sentence.end for mention in reading.mentions):
                continue
            words = reading.turn.text[sentence.start : claim.start]
            if _ONE_OF_THEM.search(words):
                continue
            recorded = ", ".join(score.raw or "none" for score in scores)
            yield Mark(
                f"the {claim.kind} of one reviewer is given as that of the paper",
                claim.turn,
                claim.start,
                claim.end,
                claim.stated,
                recorded,
            )


def find_self_contradictions(subject: Subject) -> Iterator[Mark]:
    """The same speaker gives one reviewer two different scores.

    Example: "Reviewer 2 gives a 6" and, later, "Reviewer 2, with a rating of 8".
    Counter-example: "Reviewer 2 raised the score from 6 to 8".
    """
    first: dict[tuple[str, str, str], CheckedClaim] = {}
    for reading in subject.turns:
        for checked in reading.claims:
            claim = checked.claim
            if claim.kind not in ("rating", "confidence") or not re.fullmatch(r"R\d+", claim.about or ""):
                continue
            if not re.fullmatch(r"\d+(?:\.\d+)?", claim.stated):
                continue
            before = first.setdefault((claim.speaker, claim.kind, claim.about or ""), checked).claim
            if before.stated != claim.stated:
                yield mark_claim(
                    checked,
                    f"turn {before.turn} gives {claim.about} the {claim.kind} {before.stated}, this one {claim.stated}",
                )


def find_numbering(subject: Subject) -> Iterator[Mark]:
    """How a dialogue of others numbers the reviews, where it numbers them.

    Example: "Review 1" is the newest review in most published transcripts.
    Counter-example: our own dialogues, which count from the first one written.
    """
    if subject.forum is None or not is_transcribed(subject.dialogue):
        return
    if not any(mention.kind in ("numbered", "ordinal") for reading in subject.turns for mention in reading.mentions):
        return
    name = name_numbering(subject.numberings)
    likeliest = subject.numberings[0]
    order = ", ".join(f"{number} is {review}" for number, review in likeliest.reviewers.items())
    message = {
        "newest-first": "reviews are numbered newest first",
        "creation": "reviews are numbered in the order of writing",
        "anonymous": "reviews are numbered by their AnonReviewer numbers",
        "other": "reviews are numbered in an order of the dialogue's own",
    }.get(name, "the words and scores leave open how the reviews are numbered")
    yield Mark(message, stated=name, recorded=order if name != "undecided" else None)

"""Rules on what a dialogue states about scores, reviewers, their number and the decision."""

from collections.abc import Iterator

from toolkit.auditors.marks import Mark, mark_claim
from toolkit.auditors.subject import CheckedClaim, Subject
from toolkit.auditors.verdicts import list_unknown_reviewers
from toolkit.records import Verdict

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
        yield mark_claim(checked, f"on this venue's form the words name {claim.recorded}")


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

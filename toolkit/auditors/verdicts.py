"""Statements compared with the record: each becomes a claim with its verdict and the note that settles it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from toolkit.auditors.numbering import SURE, Numbering
from toolkit.auditors.statements import Statement
from toolkit.records import Forum, RecordReference, Review, Score, Verdict

ClaimKind = Literal["rating", "confidence", "count", "decision", "label_number", "recommendation"]


MOST = 0.6
"""The share of the weight that a verdict other than ``contradicted`` needs."""


class Ruling(NamedTuple):
    """What the record says to one statement about one thing."""

    kind: ClaimKind
    about: str | None
    stated: str
    recorded: str | None
    verdict: Verdict
    reference: RecordReference | None = None


def rule_on_statement(statement: Statement, forum: Forum | None) -> list[Ruling]:
    """Compare a statement with the record; one about several reviewers gives a ruling for each.

    Without a record nothing can be checked. Reviewers that the record does not have give no ruling here: that they are
    named at all is another rule's finding.
    """
    if statement.kind == "count":
        return [_rule_on_count(statement, forum)]
    if statement.kind == "decision":
        return [_rule_on_decision(statement, forum)]
    return list(_RULES[statement.check](statement, forum))


def rule_by_numbering(statement: Statement, numberings: Sequence[Numbering]) -> list[Ruling]:
    """Compare a statement with the record under every order of the reviews that the dialogue may mean.

    A verdict about a numbered reviewer stands where the orders that give it carry enough of the weight: nearly all for
    ``contradicted``, most for the others. Where they differ, the claim is ``not_checkable``. ``about`` names the
    reviewer of the record.
    """
    if not numberings:
        return rule_on_statement(statement, None)
    likeliest = numberings[0]
    everybody = len(set(statement.reviewers)) == len(likeliest.forum.reviews) and statement.check != "pairwise"
    if not statement.reviewers or len(numberings) == 1 or everybody:
        return [_name_recorded(ruling, likeliest) for ruling in rule_on_statement(statement, likeliest.forum)]
    rulings = [(numbering, rule_on_statement(statement, numbering.forum)) for numbering in numberings]
    settled = []
    for ruling in rulings[0][1]:
        weight = sum(
            numbering.weight
            for numbering, others in rulings
            if any(other.about == ruling.about and other.verdict == ruling.verdict for other in others)
        )
        enough = SURE if ruling.verdict == "contradicted" else MOST
        verdict: Verdict = ruling.verdict if weight >= enough else "not_checkable"
        settled.append(_name_recorded(ruling._replace(verdict=verdict), likeliest))
    return settled


def _name_recorded(ruling: Ruling, numbering: Numbering) -> Ruling:
    if ruling.about is None:
        return ruling
    name, _, rest = ruling.about.partition(" ")
    named = numbering.reviewers.get(name, name)
    return ruling._replace(about=f"{named} {rest}" if rest else named)


def format_number(value: float) -> str:
    """Write a score as forms do: ``6``, ``5.67``."""
    return f"{value:g}"


def read_value(score: Score) -> float | None:
    """The number of a score: on the form, else the one that the answer begins with.

    A scale that is unknown has no value, but a dialogue that repeats the raw answer is right all the same.
    """
    if score.value is not None or score.raw is None:
        return score.value
    head = score.raw.split(":")[0].strip()
    try:
        return float(head)
    except ValueError:
        return None


def _pick_score(review: Review, statement: Statement) -> Score | None:
    if statement.kind == "rating":
        return review.rating
    if statement.kind == "confidence":
        return review.confidence
    wanted = (statement.word or "").replace(" ", "_")
    return next((score for score in review.scores if wanted in score.field.lower()), None)


def _list_scores(statement: Statement, forum: Forum) -> list[tuple[Review, Score]]:
    found = ((review, _pick_score(review, statement)) for review in forum.reviews)
    return [(review, score) for review, score in found if score is not None and read_value(score) is not None]


def _list_values(statement: Statement, forum: Forum) -> list[float]:
    values = (read_value(score) for _, score in _list_scores(statement, forum))
    return [value for value in values if value is not None]


def _name_kind(statement: Statement) -> ClaimKind:
    return "confidence" if statement.kind == "confidence" else "rating"


def _find_review(forum: Forum, reviewer: int) -> Review | None:
    return next((review for review in forum.reviews if review.reviewer == f"R{reviewer}"), None)


def _name_subject(statement: Statement, subject: str) -> str:
    return f"{subject} {statement.word}" if statement.word else subject


def _compare(stated: float, recorded: float) -> Verdict:
    """Equal as far as the stated number is written out: 5.67 states 5.6667."""
    digits = len(format_number(stated).partition(".")[2])
    tolerance = 0.5 * 10**-digits if digits else 0.0
    return "supported" if abs(stated - recorded) <= tolerance + 1e-9 else "contradicted"


def _rule_on_each(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    values = statement.values if statement.check == "pairwise" else statement.values * len(statement.reviewers)
    for reviewer, value in zip(statement.reviewers, values, strict=True):
        about, stated = _name_subject(statement, f"R{reviewer}"), format_number(value)
        if forum is None:
            yield Ruling(_name_kind(statement), about, stated, None, "not_checkable")
            continue
        review = _find_review(forum, reviewer)
        score = _pick_score(review, statement) if review is not None else None
        if review is None or score is None:
            continue  # no such reviewer, or a word such as "clarity" that is no field of this form
        recorded = read_value(score)
        reference = RecordReference(review.note_id, score.field)
        if recorded is None:
            yield Ruling(_name_kind(statement), about, stated, score.raw, "unsupported", reference)
        elif recorded == value:
            yield Ruling(_name_kind(statement), about, stated, format_number(recorded), "supported", reference)
        elif not (statement.weak and not _could_be_score(value, statement, forum)):
            yield Ruling(_name_kind(statement), about, stated, format_number(recorded), "contradicted", reference)


def _could_be_score(value: float, statement: Statement, forum: Forum) -> bool:
    """Whether a number beside words that have other uses looks like a level of the scale."""
    values = _list_values(statement, forum)
    return value in values or (value.is_integer() and 1 <= value <= max([10.0 if max(values, default=0) > 5 else 6.0]))


def _rule_on_opinion(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    """What a speaker thinks is no statement about the record."""
    stated = statement.word or format_number(statement.values[0])
    yield Ruling(_name_kind(statement), "speaker", stated, None, "not_checkable")


def _rule_on_own_side(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    yield Ruling("recommendation", "speaker", statement.word or "", None, "not_checkable")


def _rule_on_label(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    stated = statement.word or ""
    for reviewer in statement.reviewers:
        review = _find_review(forum, reviewer) if forum is not None else None
        score = _pick_score(review, statement) if review is not None else None
        if review is None or score is None:
            if forum is None:
                yield Ruling(_name_kind(statement), f"R{reviewer}", stated, None, "not_checkable")
            continue
        value = read_value(score)
        verdict: Verdict = "unsupported"
        if value is not None:
            verdict = "supported" if value in statement.values else _refuse_label(statement)
        reference = RecordReference(review.note_id, score.field)
        yield Ruling(_name_kind(statement), f"R{reviewer}", stated, score.raw, verdict, reference)


def _refuse_label(statement: Statement) -> Verdict:
    return "not_checkable" if statement.weak else "contradicted"


def _rule_on_label_existence(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    values = _list_values(statement, forum) if forum is not None else []
    verdict: Verdict = "not_checkable" if forum is None else "unsupported"
    if values:
        verdict = "supported" if set(values) & set(statement.values) else _refuse_label(statement)
    recorded = ", ".join(map(format_number, values)) or None
    yield Ruling(_name_kind(statement), "a review", statement.word or "", recorded, verdict)


def _rule_on_label_number(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    number, *possible = statement.values
    recorded = " or ".join(map(format_number, possible))
    verdict: Verdict = "supported" if number in possible else "contradicted"
    yield Ruling("label_number", None, f"{statement.word} ({format_number(number)})", recorded, verdict)


def _rule_on_existence(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    if forum is None:
        if not statement.weak:
            yield Ruling(_name_kind(statement), "a review", format_number(statement.values[0]), None, "not_checkable")
        return
    for review, score in _list_scores(statement, forum):
        if read_value(score) == statement.values[0]:
            stated = format_number(statement.values[0])
            reference = RecordReference(review.note_id, score.field)
            yield Ruling(_name_kind(statement), "a review", stated, stated, "supported", reference)
            return
    if not statement.weak:
        yield _refuse(statement, forum, "a review", format_number(statement.values[0]))


def _refuse(statement: Statement, forum: Forum, about: str, stated: str) -> Ruling:
    """The record holds other numbers, or none."""
    values = _list_values(statement, forum)
    recorded = ", ".join(map(format_number, values)) or None
    return Ruling(_name_kind(statement), about, stated, recorded, "contradicted" if values else "unsupported")


def _rule_on_all(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    stated = ", ".join(map(format_number, statement.values))
    if forum is None:
        yield Ruling(_name_kind(statement), "all", stated, None, "not_checkable")
        return
    left = Counter(statement.values) - Counter(_list_values(statement, forum))
    if left:
        yield _refuse(statement, forum, "all", stated)
    else:
        recorded = ", ".join(map(format_number, _list_values(statement, forum)))
        yield Ruling(_name_kind(statement), "all", stated, recorded, "supported")


def _rule_on_figure(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    """Mean, extremes and range of the recorded scores."""
    about, stated = statement.check, " to ".join(map(format_number, statement.values))
    values = _list_values(statement, forum) if forum is not None else []
    if forum is None or not values:
        verdict: Verdict = "not_checkable" if forum is None else "unsupported"
        yield Ruling(_name_kind(statement), about, stated, None, verdict)
        return
    figures: Mapping[str, tuple[float, ...]] = {
        "mean": (sum(values) / len(values),),
        "highest": (max(values),),
        "lowest": (min(values),),
        "range": (min(values), max(values)),
    }
    recorded = figures[about]
    given = tuple(sorted(statement.values))
    fits = len(given) == len(recorded) and all(
        _compare(one, other) == "supported" for one, other in zip(given, recorded, strict=True)
    )
    written = " to ".join(format_number(round(value, 4)) for value in recorded)
    yield Ruling(_name_kind(statement), about, stated, written, "supported" if fits else "contradicted")


def _rule_on_how_many(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    count, value = int(statement.values[0]), statement.values[1]
    about, stated = f"{count} reviews", format_number(value)
    if forum is None:
        yield Ruling(_name_kind(statement), about, stated, None, "not_checkable")
    elif _list_values(statement, forum).count(value) >= count:
        recorded = f"{_list_values(statement, forum).count(value)} reviews with {stated}"
        yield Ruling(_name_kind(statement), about, stated, recorded, "supported")
    else:
        yield _refuse(statement, forum, about, stated)


def _rule_on_earlier(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    """A score before a change can be checked only where the record kept the earlier version."""
    for reviewer in statement.reviewers:
        review = _find_review(forum, reviewer) if forum is not None else None
        kept = [
            revision.confidence if statement.kind == "confidence" else revision.rating
            for revision in (review.revisions if review is not None else ())
        ]
        values = [value for score in kept if (value := read_value(score)) is not None]
        verdict: Verdict = "not_checkable"
        if values:
            verdict = "supported" if statement.values[0] in values else "contradicted"
        recorded = ", ".join(map(format_number, values)) or None
        stated = format_number(statement.values[0])
        yield Ruling(_name_kind(statement), f"R{reviewer} earlier", stated, recorded, verdict)


def _rule_on_absence(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    for reviewer in statement.reviewers:
        review = _find_review(forum, reviewer) if forum is not None else None
        score = _pick_score(review, statement) if review is not None else None
        if review is None or score is None:
            if forum is None:
                yield Ruling(_name_kind(statement), f"R{reviewer}", "none", None, "not_checkable")
            continue
        recorded = read_value(score)
        yield Ruling(
            _name_kind(statement),
            f"R{reviewer}",
            "none",
            format_number(recorded) if recorded is not None else None,
            "supported" if recorded is None else "contradicted",
            RecordReference(review.note_id, score.field),
        )


def _rule_on_sides(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    for reviewer in statement.reviewers:
        review = _find_review(forum, reviewer) if forum is not None else None
        if review is None and forum is not None:
            continue
        aligned = review.rating.aligned if review is not None else None
        verdict: Verdict = "not_checkable"
        if aligned is not None:
            agrees = (aligned > 0) == (statement.word == "accept")
            # What a reviewer recommends in words may differ from the number, so only agreement says something.
            verdict = "supported" if agrees else ("not_checkable" if statement.weak else "contradicted")
        recorded = None
        if review is not None and aligned is not None:
            recorded = f"{review.rating.raw} ({'above' if aligned > 0 else 'below'} the accept line)"
        reference = RecordReference(review.note_id, review.rating.field) if review is not None else None
        yield Ruling("recommendation", f"R{reviewer}", statement.word or "", recorded, verdict, reference)


def _rule_on_side_count(statement: Statement, forum: Forum | None) -> Iterator[Ruling]:
    count, side = int(statement.values[0]), statement.word or ""
    ratings = [review.rating.aligned for review in forum.reviews] if forum is not None else []
    aligned = [value for value in ratings if value is not None]
    recorded = sum((value > 0) == (side == "accept") for value in aligned)
    # Reviews without an aligned rating are on no side, so the statement may be about the others alone.
    verdict: Verdict = "not_checkable"
    if aligned:
        fits = recorded >= count if statement.weak else recorded == count
        verdict = "supported" if fits else "contradicted"
    written = f"{recorded} reviews" if aligned else None
    yield Ruling("recommendation", f"{count} reviews", side, written, verdict)


def _rule_on_count(statement: Statement, forum: Forum | None) -> Ruling:
    stated = format_number(statement.values[0])
    if forum is None:
        return Ruling("count", "reviews", stated, None, "not_checkable")
    reviews, count = len(forum.reviews), int(statement.values[0])
    verdict: Verdict = "supported"
    if count != reviews:
        # A smaller number without "all" or "of the" may mean some of the reviewers.
        verdict = "contradicted" if statement.check == "total" or count > reviews else "not_checkable"
    return Ruling("count", "reviews", stated, str(reviews), verdict)


def _rule_on_decision(statement: Statement, forum: Forum | None) -> Ruling:
    word = (statement.word or "").replace("_", " ")
    stated = f"{word} ({statement.tier})" if statement.tier else word
    if forum is None:
        return Ruling("decision", "decision", stated, None, "not_checkable")
    decision = forum.decision
    reference = RecordReference(decision.note_id, decision.field) if decision.note_id and decision.field else None
    recorded = decision.raw or decision.outcome
    if decision.outcome == "unknown":
        return Ruling("decision", "decision", stated, None, "unsupported", reference)
    possible = {statement.word}
    if statement.tier == "workshop":
        possible.add("workshop")
    fits = decision.outcome in possible
    if fits and statement.tier and statement.tier != "workshop":
        known = f"{decision.raw or ''} {decision.tier or ''}".lower()
        fits = not decision.tier or statement.tier in known
    return Ruling("decision", "decision", stated, recorded, "supported" if fits else "contradicted", reference)


_RULES: Mapping[str, Callable[[Statement, Forum | None], Iterator[Ruling]]] = {
    "each": _rule_on_each,
    "pairwise": _rule_on_each,
    "own": _rule_on_opinion,
    "own_side": _rule_on_own_side,
    "label": _rule_on_label,
    "label_exists": _rule_on_label_existence,
    "label_number": _rule_on_label_number,
    "exists": _rule_on_existence,
    "together": _rule_on_all,
    "mean": _rule_on_figure,
    "highest": _rule_on_figure,
    "lowest": _rule_on_figure,
    "range": _rule_on_figure,
    "how_many": _rule_on_how_many,
    "earlier": _rule_on_earlier,
    "absent": _rule_on_absence,
    "side": _rule_on_sides,
    "side_count": _rule_on_side_count,
}


def list_unknown_reviewers(reviewers: Sequence[int], forum: Forum) -> list[int]:
    """Return the reviewer numbers that the record does not have."""
    return [reviewer for reviewer in reviewers if _find_review(forum, reviewer) is None]

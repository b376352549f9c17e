"""What the agent says about ratings and confidences: every number is the record's, formatted and cited."""

from collections.abc import Sequence

from toolkit.records import Review, Score
from toolkit.synthesizers.agenda import EXPERIENCE, WIDE
from toolkit.synthesizers.telling import (
    Answer,
    Sentence,
    Teller,
    close,
    find_side,
    format_score,
    join_clauses,
    lower_first,
    lower_unless_name,
    quote_words,
)
from toolkit.text.quotes import count_words
from toolkit.text.rewording import add_article, capitalise, join_words, name_reviewer, name_reviewers, spell_number

COMPACT = 0.5
"""How often ratings are given as numbers in the order of the reviews; who gave which is told where it matters."""


class ScoreTeller:
    """Words the scores of one forum."""

    def __init__(self, teller: Teller) -> None:
        """Word scores in the manner of a teller."""
        self.teller = teller
        self.forum = teller.forum
        self.speech = teller.speech
        self.rng = teller.rng

    def score_answer(self, *, briefly: bool = False) -> Answer:
        """Give every rating and confidence, and say which are not on record; ``briefly`` may leave out experience."""
        reviews = self.forum.reviews
        self.teller.scored = True
        rated = [review for review in reviews if review.rating.value is not None]
        unrated = [review for review in reviews if review.rating.value is None]
        sentences: list[Sentence] = []
        if rated:
            text = self.list_scores(rated)
            line = self.tell_line(rated)
            lead = (
                self.lead_scores(rated, line) if text.startswith(("Reviewer 1 ", "Reviewer 2 ", "Reviewers")) else None
            )
            if lead is not None:
                text = f"{lead}: {text}"
                line = None if lead.startswith(("All", "Both", "The accept", "The reject")) else line
            text = capitalise(text)
            silent = [review.reviewer for review in rated if review.confidence.value is None]
            blank = [review.reviewer for review in unrated if not review.rating.raw]
            missing = self.speech.say("no_rating_from", who=name_reviewers(blank)) if blank else None
            stage = self.speech.say("scores_initial") if self.forum.score_stage == "initial" else None
            left_out = briefly and len(reviews) > 1 and self.rng.random() < 0.7
            experience = [] if left_out else self.tell_experience(rated)
            asked = any(score.field == EXPERIENCE and score.raw for review in rated for score in review.scores)
            tails = [line, None if asked else self.tell_silent(silent, len(rated)), missing, stage]
            text = "; ".join([text, *(lower_unless_name(tail) for tail in tails if tail)])
            sentences.append(Sentence(close(text), self.teller.cite_scores(rated)))
            sentences.extend(experience)
        if unrated:
            sentences.extend(self.tell_unrated(unrated, alone=not rated))
        mood, slots = self.judge_scores(rated)
        return Answer(tuple(sentences), mood, slots)

    def lead_scores(self, rated: Sequence[Review], line: str | None) -> str | None:
        """Return what the ratings have in common, or between which numbers they lie, to stand before the list."""
        values = [review.rating.value or 0.0 for review in rated]
        if len(values) < 2 or self.rng.random() < 0.6:
            return None
        if line is not None and len({find_side(review.rating) for review in rated}) == 1:
            side = find_side(rated[0].rating)
            said = self.speech.say("line_lead", n=spell_number(len(rated)), side=side)
            return said.replace("All two of them", "Both").replace("All two", "Both").replace("all two of them", "both")
        if min(values) == max(values):
            return None
        return self.speech.say(
            "score_lead", low=format_score(min(values)), high=format_score(max(values)), name=self.teller.name_paper()
        )

    def tell_experience(self, rated: Sequence[Review]) -> list[Sentence]:
        """Give the experience that reviewers state, on forms that ask for it in place of a confidence."""
        groups: dict[str, list[Review]] = {}
        for review in rated:
            for score in review.scores:
                if score.field == EXPERIENCE and score.raw and review.confidence.value is None:
                    groups.setdefault(score.raw, []).append(review)
        if not groups:
            return []
        parts = [
            f"{name_reviewers([review.reviewer for review in reviews])} {quote_words(raw.rstrip('.'))}"
            for raw, reviews in groups.items()
        ]
        places = tuple(
            (review.note_id, EXPERIENCE, 0, len(raw)) for raw, reviews in groups.items() for review in reviews
        )
        return [
            Sentence(
                close(self.speech.say("experience", stated="; ".join(parts), name=self.teller.name_paper())), places
            )
        ]

    def tell_silent(self, silent: Sequence[str], rated: int) -> str | None:
        """Say whose confidence is not on record."""
        if not silent:
            return None
        if len(silent) == rated:
            return self.speech.say("no_confidence")
        return self.speech.say("confidence_left_out", who=name_reviewers(silent))

    def list_scores(self, reviews: Sequence[Review]) -> str:
        """Group reviewers with the same rating and confidence, and give each group's numbers."""
        ordered = (
            sorted(reviews, key=lambda review: -(review.rating.value or 0)) if self.rng.random() < 0.5 else reviews
        )
        if 1 < len(reviews) == len(self.forum.reviews) and self.rng.random() < COMPACT:
            return self._list_in_order(reviews)
        groups: dict[tuple[str, str | None], list[str]] = {}
        for review in ordered:
            confidence = format_score(review.confidence.value) if review.confidence.value is not None else None
            key = (format_score(review.rating.value or 0), confidence)
            groups.setdefault(key, []).append(review.reviewer)
        labels = {format_score(review.rating.value or 0): _find_label(review.rating) for review in reviews}
        manner = self.rng.randrange(4)
        with_labels = self.rng.random() < 0.12 and len(groups) <= 3
        parts: list[str] = []
        said: set[str] = set()
        for (rating, confidence), names in groups.items():
            who = name_reviewers(sorted(names, key=lambda name: int(name[1:])))
            label = labels[rating] if with_labels and rating not in said else None
            said.add(rating)
            quoted = f' ("{label}")' if label else ""
            several = len(names) > 1
            if manner == 0:
                text = f"{who} {'rate' if several else 'rates'} it {rating}{quoted}"
                text += f" with confidence {confidence}" if confidence else ""
            elif manner == 1:
                text = f"{who} {'give' if several else 'gives'} it {add_article(rating)}{quoted}"
                text += f" with confidence {confidence}" if confidence else ""
            elif manner == 2:
                text = f"{add_article(rating)}{quoted} {'each ' if several else ''}from {who}"
                text += f" (confidence {confidence})" if confidence else ""
            else:
                text = f"{who} {'stand' if several else 'stands'} at {rating}{quoted}"
                text += f", confidence {confidence}" if confidence else ""
            parts.append(text)
        if manner == 2:
            opening = self.speech.say("scores_opening", name=self.teller.name_paper())
            return f"{opening} {join_clauses(parts)}"
        if manner == 3:
            return "; ".join(parts)
        return join_clauses(parts)

    def _list_in_order(self, reviews: Sequence[Review]) -> str:
        """Give the numbers alone, in the order of the reviews."""
        ratings = [format_score(review.rating.value or 0.0) for review in reviews]
        stated = [format_score(review.confidence.value) for review in reviews if review.confidence.value is not None]
        complete = len(stated) == len(reviews)
        return self.speech.say(
            "scores_in_order",
            name=self.teller.name_paper(),
            ratings=join_words(ratings),
            confidences=join_words(stated) if complete else None,
            none=None if complete else "",
        ).rstrip(".")

    def tell_unrated(self, reviews: Sequence[Review], *, alone: bool) -> list[Sentence]:
        """Say honestly which reviews carry no number that can be read."""
        sentences = []
        odd = [review for review in reviews if review.rating.raw]
        for review in odd[:2]:
            raw = review.rating.raw or ""
            sentences.append(
                Sentence(
                    f'{name_reviewer(review.reviewer)} left "{raw}" as the rating, which is on no scale known here.',
                    ((review.note_id, review.rating.field, 0, len(raw)),),
                )
            )
        blank = [review for review in reviews if not review.rating.raw]
        if alone and blank and not odd:
            sentences.append(self.tell_no_ratings(blank))
        elif alone and blank:
            names = name_reviewers([review.reviewer for review in blank])
            last = sentences[-1]
            sentences[-1] = Sentence(f"{last.text[:-1]}; {names} gave none.", last.places)
        return sentences

    def tell_no_ratings(self, blank: Sequence[Review]) -> Sentence:
        """Say that no review has a rating, and which confidences there are; each review as a whole bears it out."""
        places = tuple(place for review in blank for place in self.teller.cite_whole(review))
        count = len(blank)
        if count == 1:
            text = "The one review carries no rating on record"
        else:
            none = "Neither of the two" if count == 2 else f"None of the {spell_number(count)}"
            text = f"{none} reviews carries a rating on record"
        confident = [review for review in blank if review.confidence.value is not None]
        if not confident:
            return Sentence(close(self.speech.say("no_ratings", none=text, name=self.teller.name_paper())), places)
        listed = [f"{format_score(r.confidence.value or 0)} for {name_reviewer(r.reviewer)}" for r in confident]
        return Sentence(
            f"{text}, only a confidence: {join_words(listed)}.", (*places, *self.teller.cite_scores(confident))
        )

    def tell_line(self, rated: Sequence[Review]) -> str | None:
        """Say on which side of the form's accept line the ratings lie, where it has one."""
        sides = {review.reviewer: find_side(review.rating) for review in rated}
        above = [name for name, side in sides.items() if side == "accept"]
        below = [name for name, side in sides.items() if side == "reject"]
        if len(above) + len(below) != len(rated) or self.rng.random() < 0.5:
            return None
        if above and below:
            return lower_unless_name(
                self.speech.say("line_split", above=name_reviewers(above), below=name_reviewers(below))
            )
        side = "accept" if above else "reject"
        if len(rated) == 1:
            return lower_first(self.speech.say("line_one", side=side))
        number = spell_number(len(rated))
        return lower_first(self.speech.say("line_all", n=number, side=side)).replace("all two", "both")

    def judge_scores(self, rated: Sequence[Review]) -> tuple[str | None, dict[str, str]]:
        """Return what a chair may make of the ratings: a section of phrasings, and its slots."""
        if not rated:
            return "react_unrated", {}
        if len(self.forum.reviews) == 1:
            return "react_one", {}
        values = [review.rating.value or 0.0 for review in rated]
        sides = [find_side(review.rating) for review in rated]
        high, low = add_article(format_score(max(values))), add_article(format_score(min(values)))
        slots = {"high": high, "low": low, "High": capitalise(high)}
        aligned = [review.rating.aligned for review in rated if review.rating.aligned is not None]
        if len(aligned) > 1 and max(aligned) - min(aligned) >= WIDE and "accept" in sides and "reject" in sides:
            return "react_split", slots
        if all(side == "accept" for side in sides):
            return "react_agree_high", slots
        if all(side == "reject" for side in sides):
            return "react_agree_low", slots
        if "accept" in sides and "reject" in sides:
            return "react_mixed", slots
        return None, slots


def _find_label(score: Score) -> str | None:
    """Return the form's words for a rating when they are short and stand in the answer itself."""
    label, raw = score.label, score.raw or ""
    if not label or label not in raw or count_words(label) > 8 or '"' in label:
        return None
    return label

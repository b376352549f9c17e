"""What the meta-reviewer says: questions that follow from the last answer, and the decision on record."""

import re
from collections.abc import Sequence

from toolkit.synthesizers.agenda import Exchange, Place, Plan
from toolkit.synthesizers.phrasing import tidy
from toolkit.synthesizers.statements import TOPICS, Statement
from toolkit.synthesizers.telling import (
    Answer,
    Sentence,
    Teller,
    close,
    find_side,
    format_score,
    lower_first,
    place_of,
    quote_words,
)
from toolkit.text.rewording import capitalise, name_reviewer, name_reviewers, spell_number

FOLLOWING_UP = ("ask_author_reply", "ask_resolved", "ask_evidence", "ask_shared")
"""Questions about what was just said."""


class Chair:
    """Words what the meta-reviewer says in one dialogue."""

    def __init__(self, teller: Teller, plan: Plan) -> None:
        """Speak in the manner of the plan's persona, through a teller."""
        self.teller = teller
        self.material = teller.material
        self.forum = teller.forum
        self.plan = plan
        self.speech = teller.speech
        self.rng = teller.rng
        self.asked: set[str] = set()
        self.phrases: set[str] = set()

    def open(self, exchange: Exchange) -> str:
        """Word the first question, which knows the title alone."""
        section = "open_about"
        if exchange.with_scores:
            section = "open_both" if exchange.statements else "open_scores"
        title = self.forum.title
        if title is None:
            return self.speech.say(f"{section}_untitled")
        return self.speech.say(section, title=" ".join(title.replace('"', "'").split()).rstrip("."))

    def ask(self, exchange: Exchange, said: Sequence[Statement], last: Answer | None) -> str:
        """Word a question, now and then after a reaction to the last answer.

        Args:
            exchange: what is asked.
            said: the statements of the last answer.
            last: the last answer.
        """
        again = exchange.act == "ask_weaknesses" and exchange.act in self.asked
        self.asked.add(exchange.act)
        question = self.speech.say("ask_more" if again else exchange.act, **self._fill_question(exchange))
        opening = self._react(last) or self._lead_on(exchange, said, question)
        if opening is None:
            return question
        return tidy(f"{opening} {self._lower_question(capitalise(question.removeprefix('And ')))}")

    def _react(self, last: Answer | None) -> str | None:
        """Return a reaction to the last answer, or nothing."""
        mood, slots = (last.mood, last.slots or {}) if last else (None, {})
        if mood is not None and self.speech.can_say(mood, **slots) and self.rng.random() < 0.45:
            return self.speech.say(mood, **slots).rstrip(".") + ";"
        return None

    def _lead_on(self, exchange: Exchange, said: Sequence[Statement], question: str) -> str | None:
        """Return words that lead from what was said to another question, or nothing."""
        if exchange.act in FOLLOWING_UP or self.rng.random() < 0.2:
            return None
        heard = [item for item in said if item.speaker.startswith("R") and item.kind != "summary"]
        phrase = self._pick_phrase(heard[-1]) if heard and "Reviewer" not in question else None
        if phrase is not None and phrase.count(" ") > 1:
            self.phrases.add(phrase)
            return self.speech.say("opener_phrase", phrase=phrase, last=name_reviewer(heard[-1].speaker))
        names = [name for name in self.teller.names if name in question]
        if names or not self.teller.names or self.rng.random() < 0.3:
            return None
        return self.speech.say("opener", name=self.teller.name_paper())

    def _pick_phrase(self, statement: Statement | None) -> str | None:
        """Return what a statement is about as the chair would name it, each at most once in a dialogue."""
        phrase = self.material.find_own_phrase(statement) if statement is not None else None
        if phrase is None:
            return None
        named = f"the {phrase}" if phrase[0].islower() else phrase
        return None if named in self.phrases else named

    def _lower_question(self, question: str) -> str:
        """Lower the first letter of a question that follows other words."""
        keeps = ("I ", '"', "Reviewer", *((self.teller.own_name,) if self.teller.own_name else ()))
        return question if question.startswith(keeps) else lower_first(question)

    def _fill_question(self, exchange: Exchange) -> dict[str, str | None]:
        lead = exchange.reviewers[0] if exchange.reviewers else None
        lead = exchange.about.speaker if exchange.about is not None else lead
        judged = any(item.leaning != "neutral" for item in exchange.statements)
        rating = self.material.review_of[lead].rating.value if lead and self.teller.scored and judged else None
        phrase = self._pick_phrase(exchange.about)
        if exchange.act in ("ask_author_reply", "ask_resolved") and len(exchange.reviewers) > 1:
            phrase = None
        if phrase is not None:
            self.phrases.add(phrase)
        return {
            "topic": TOPICS[exchange.topic].said_as if exchange.topic else None,
            "who": name_reviewer(lead) if lead else None,
            "name": self.teller.name_paper(),
            "rating": format_score(rating) if rating is not None else None,
            "grounds": "" if judged else None,
            "ask": self.rng.choice(exchange.gap.asks) if exchange.gap else None,
            "silent": f"the {exchange.phrase}" if exchange.place and exchange.phrase else None,
            "other": name_reviewer(exchange.reviewers[1]) if len(exchange.reviewers) > 1 else None,
            "phrase": phrase,
            # Slots that stand for nothing: a line with one is used only where the answer has several voices, or one,
            # or holds more than neutral remarks ("grounds").
            "several": "" if len(exchange.reviewers) > 1 else None,
            "single": "" if len(exchange.reviewers) == 1 else None,
            **self._fill_sides(exchange),
        }

    def _fill_sides(self, exchange: Exchange) -> dict[str, str | None]:
        """Return the numbers that a question about divided reviewers may name, once they were told."""
        if exchange.act != "ask_disagreement" or not self.teller.scored or len(exchange.statements) < 2:
            return {}
        praise, blame = (self.material.review_of[item.speaker] for item in exchange.statements[:2])
        high, low = praise.rating.value, blame.rating.value
        if high is None or low is None or high <= low:
            return {}
        return {"high": format_score(high), "low": format_score(low)}

    # The decision

    def decide(self) -> list[Sentence]:
        """Word the decision on record, with reasons that are on record, and how the reviewers stand to it."""
        record = self.forum.decision
        open_slots = {"read": self._pick_reading(), "topic": self._pick_topic()} if not self.plan.reasons else {}
        decision = self.speech.say(
            f"decide_{record.outcome}", tier=_say_tier(record.tier), name=self.teller.name_paper(), **open_slots
        )
        places: tuple[Place, ...] = ()
        if record.raw and record.note_id and record.field and (record.note_id, record.field) in self.material.sources:
            places = ((record.note_id, record.field, 0, len(record.raw)),)
        plain = decision.removeprefix("So ")
        slots = {"decision": decision, "decision_lower": self._lower_question(plain)}
        if record.outcome not in ("accept", "reject", "workshop"):
            return self._leave_open(slots, places)
        if not self.plan.reasons:
            return self._decide_without_reason(slots, places, record.outcome)
        return [*self._give_reasons(slots, places), *self._weigh(record.outcome)]

    def _give_reasons(self, slots: dict[str, str], places: tuple[Place, ...]) -> list[Sentence]:
        first, *others = self.plan.reasons
        clause = self._report_reason(first)
        slots = {
            **slots,
            **({"lower": clause, "Clause": capitalise(clause)} if clause else {"quote": quote_words(first.text)}),
        }
        section = "decide_because" if clause else "decide_quote"
        sentences = [Sentence(close(self.speech.say(section, **slots)), (*places, *place_of(first)))]
        for reason in others:
            clause = self._report_reason(reason)
            if clause is not None:
                text = self.speech.say("reason_more", lower=clause)
            else:
                text = self.speech.say("reason_more_quote", quote=quote_words(reason.text))
            sentences.append(Sentence(close(text), place_of(reason)))
        return sentences

    def _report_reason(self, reason: Statement) -> str | None:
        """Return a reason as a clause; null where it has to be quoted."""
        reported = self.material.report(reason)
        if reported is None or not reported.needs_that or (_SUBORDINATE.match(reported.text) and reason.quotable):
            return None
        return reported.text

    def _weigh(self, outcome: str) -> list[Sentence]:
        """Say where the surest reviewers stand to the decision, or who is on its side; nothing where all are."""
        reviews = [review for review in self.forum.reviews if find_side(review.rating) is not None]
        if len(reviews) < 2 or len(reviews) < len(self.forum.reviews) or outcome == "workshop":
            return []
        with_it = [review for review in reviews if find_side(review.rating) == outcome]
        against = [review for review in reviews if review not in with_it]
        if not against or not with_it or self.rng.random() < 0.15:
            return []
        stated = [review.confidence.value for review in reviews if review.confidence.value is not None]
        surest = [review for review in reviews if review.confidence.value == max(stated)] if stated else []
        slots = {
            "with_it": name_reviewers([review.reviewer for review in with_it]),
            "against": name_reviewers([review.reviewer for review in against]),
            "surest": name_reviewers([review.reviewer for review in surest]) if surest else None,
            "several": "" if len(surest) > 1 else None,
            "single": "" if len(surest) == 1 else None,
            "do": "do" if len(against) > 1 else "does",
            "are": "are" if len(with_it) > 1 else "is",
            "see": "see" if len(against) > 1 else "sees",
            "rate": "rate" if len(with_it) > 1 else "rates",
            "stand": "stand" if len(against) > 1 else "stands",
            "not_are": "are" if len(against) > 1 else "is",
        }
        section = "weigh_split"
        if len(stated) == len(reviews) and min(stated) != max(stated) and surest:
            if all(review in with_it for review in surest):
                section = "weigh_surest_with"
            elif all(review in against for review in surest):
                section = "weigh_surest_against"
        return [Sentence(close(self.speech.say(section, **slots)), self.teller.cite_scores(reviews))]

    def _pick_reading(self) -> str | None:
        """Name a review for the chair to read: of those who were heard with an objection, the last."""
        heard = [
            item.speaker
            for exchange in self.plan.exchanges
            for item in exchange.statements
            if item.leaning == "negative" and item.speaker in self.material.review_of
        ]
        return f"the review of {name_reviewer(heard[-1])}" if heard else None

    def _pick_topic(self) -> str | None:
        """Name the last topic that was talked about."""
        topics = [exchange.topic for exchange in self.plan.exchanges if exchange.topic]
        return TOPICS[topics[-1]].said_as if topics else None

    def _leave_open(self, slots: dict[str, str], places: tuple[Place, ...]) -> list[Sentence]:
        """Close without a verdict where none is on record, perhaps with the point that the authors left unanswered."""
        if not self.plan.reasons:
            return [Sentence(close(self.speech.say("decide_bare", **slots)), places)]
        point = self.plan.reasons[0]
        text = self.speech.say("decide_open", **slots, who=name_reviewer(point.speaker), quote=quote_words(point.text))
        return [Sentence(close(text), (*places, *place_of(point)))]

    def _decide_without_reason(self, slots: dict[str, str], places: tuple[Place, ...], outcome: str) -> list[Sentence]:
        """Decide as the record does, and say plainly that no reason of it can be given."""
        meta = self.forum.meta_review
        weighed = self._weigh(outcome)
        if meta is not None and meta.text.strip():
            section = next(item for item in meta.sections if item.text.strip())
            if self.plan.quoted is not None:
                text = self.speech.say("decide_says", **slots, quote=quote_words(self.plan.quoted.text))
                places = (*places, *place_of(self.plan.quoted))
            else:
                text = self.speech.say("decide_long", **slots)
                places = (*places, (meta.note_id, section.field, 0, len(section.text)))
            return [Sentence(close(text), places), *weighed]
        sentences = [Sentence(close(self.speech.say("decide_bare", **slots)), places)]
        scores = self._reason_from_scores(outcome)
        if scores is not None:
            sentences.append(Sentence(close(self.speech.say("reason_scores", scores=scores.text)), scores.places))
        else:
            sentences.append(Sentence(close(self.speech.say("reason_none"))))
        return [*sentences, *weighed]

    def _reason_from_scores(self, outcome: str) -> Sentence | None:
        """Give the ratings as the reason where most of them lie on the side of the decision."""
        sides = [(review, find_side(review.rating)) for review in self.forum.reviews]
        fitting = [review for review, side in sides if side == outcome]
        if len(fitting) * 2 <= len(sides):
            return None
        line = "above" if outcome == "accept" else "below"
        count = "all" if len(fitting) == len(sides) else f"{spell_number(len(fitting))} of"
        many = f"{count} {spell_number(len(sides))}".replace("all two", "both")
        scores = f"{many} are {line} the line" if len(sides) > 1 else f"the one review is {line} the line"
        return Sentence(scores, self.teller.cite_scores(fitting))


_SUBORDINATE = re.compile(
    r"(?:while|although|though|given|since|as|if|when|because|despite|even|overall|in|on|for|with|based|and|also|there)\b",
    re.IGNORECASE,
)
"""Sentences of a meta-review that begin so are quoted: they do not go behind "because" or "that"."""


def _say_tier(tier: str | None) -> str:
    return f", as {'an' if tier == 'oral' else 'a'} {tier}" if tier in ("oral", "spotlight", "poster") else ""

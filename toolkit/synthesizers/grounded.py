"""The offline generator: dialogues made of quotations and light rewording, with the place of every statement.

Every sentence of the agent is a ``Sentence``: its text and the spans of the record it rests on. Scores, counts and
decisions are formatted from the record's values; opinions are quoted or reported from a review and carry its name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from toolkit.records import (
    Dialogue,
    DialogueMetrics,
    Evidence,
    Forum,
    Generator,
    Message,
    Review,
    Score,
    Turn,
)
from toolkit.synthesizers.agenda import Exchange, Plan, draw_plan, find_earlier, seed_random
from toolkit.synthesizers.material import TOPICS, Material, Reply, Statement, gather_material, read_declared_polarity
from toolkit.synthesizers.phrasing import Speech, tidy
from toolkit.text.quotes import count_words, find_noun_phrases, split_lines
from toolkit.text.rewording import (
    add_article,
    capitalise,
    join_words,
    name_reviewer,
    name_reviewers,
    report_authors,
    spell_number,
)
from toolkit.text.sources import make_evidence
from toolkit.venues.catalogue import load_catalogue

VERSION = "2"
SAME_POINT = 0.8
"""Kinship from which a second reviewer is said to be on the same point; to be told side by side takes less."""

LONGEST_FRONTED = 26
"""Words of a quotation that may stand before the name of who is quoted."""

MOST_ECHOES = 2
"""How often the chair takes up words of an answer in one dialogue."""

LONGEST_ANSWER = 125
"""Words; an answer stops before the sentence that would carry it beyond."""

ANSWER_ACTS: Mapping[str, str] = {
    "open": "summarize",
    "ask_summary": "summarize",
    "ask_scores": "report_scores",
    "ask_strengths": "report_strengths",
    "ask_weaknesses": "report_weaknesses",
    "ask_aspect": "report_aspect",
    "ask_reviewer": "report_reviewer",
    "ask_disagreement": "contrast",
    "ask_author_reply": "report_reply",
    "ask_score_change": "report_outcome",
    "ask_public": "report_public",
    "ask_questions": "report_questions",
    "ask_unanswerable": "abstain",
    "weigh": "report_confidence",
}
"""Act of a question -> act of its answer."""

Value = TypeVar("Value")
Place = tuple[str, str, int, int]
"""Note id, field, start, end."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the places of the record it rests on."""

    text: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent says in one turn, and what the meta-reviewer may react to."""

    sentences: tuple[Sentence, ...]
    mood: str | None = None
    """Section of phrasings for the reaction."""
    slots: Mapping[str, str] | None = None
    answerable: bool = True


def compose_dialogue(forum: Forum, *, seed: int = 0, index: int = 0) -> Dialogue:
    """Write dialogue number ``index`` about a forum from its record alone, without a model.

    The same forum, seed and index give the same dialogue. Every choice comes from blake2b(seed, forum id, index).

    Raises:
        SynthesisError: the forum has no review, or no passage of it can be quoted; ``reason`` names which.
    """
    return compose_from_material(gather_material(forum), seed=seed, index=index)


def compose_from_material(material: Material, *, seed: int, index: int) -> Dialogue:
    """Write a dialogue about a forum that was read before; see ``compose_dialogue``."""
    forum = material.forum
    rng = seed_random(seed, forum.forum, index)
    plan = draw_plan(material, rng, index)
    turns = _Writer(material, plan, Speech(rng, plan.persona)).write()
    return Dialogue(
        dialogue_id=f"{forum.forum}-grounded-{index}",
        forum=forum.forum,
        venue=forum.venue,
        year=forum.year,
        title=forum.title,
        decision=None if forum.decision.outcome == "unknown" else forum.decision.outcome,
        generator=Generator("grounded", VERSION, None, None, seed),
        agenda=plan.items,
        turns=turns,
        messages=build_messages(turns),
        metrics=measure_dialogue(forum, turns),
        license=forum.license,
        source_url=forum.url,
        synthetic=True,
    )


def build_messages(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """Return the turns as chat messages: the meta-reviewer is the user, the agent the assistant."""
    return tuple(Message("user" if turn.speaker == "meta_reviewer" else "assistant", turn.text) for turn in turns)


def measure_dialogue(forum: Forum, turns: Sequence[Turn]) -> DialogueMetrics:
    """Count the sizes of a dialogue."""
    cited = {evidence.note_id for turn in turns for evidence in turn.evidence}
    return DialogueMetrics(
        turns=len(turns),
        agent_words=sum(count_words(turn.text) for turn in turns if turn.speaker == "dialogue_agent"),
        meta_reviewer_words=sum(count_words(turn.text) for turn in turns if turn.speaker == "meta_reviewer"),
        evidence_spans=sum(len(turn.evidence) for turn in turns),
        notes_cited=len(cited),
        reviewers_cited=sum(review.note_id in cited for review in forum.reviews),
        unanswerable_turns=sum(turn.speaker == "dialogue_agent" and not turn.answerable for turn in turns),
    )


def format_score(value: float) -> str:
    """Return a score as it is written on a form.

    >>> format_score(6.0), format_score(5.5)
    ('6', '5.5')
    """
    return str(int(value)) if value == int(value) else str(value)


class _Writer:
    def __init__(self, material: Material, plan: Plan, speech: Speech) -> None:
        self.material = material
        self.forum = material.forum
        self.plan = plan
        self.speech = speech
        self.rng = speech.rng
        self.turns: list[Turn] = []
        self.last: Answer | None = None
        self.scored = False
        self.said: list[Statement] = []
        self.introduced: set[str] = set()
        self.echoes: list[str] = []
        found = _NAME.match(self.forum.title or "")
        self.own_name = found[1] if found else None
        subjects = [phrase for phrase in find_noun_phrases(self.forum.title or "") if '"' not in phrase]
        self.rng.shuffle(subjects)
        self.subjects = [_quote(phrase) for phrase in subjects[:3]]

    def write(self) -> tuple[Turn, ...]:
        for exchange in self.plan.exchanges:
            question = self.ask(exchange) if self.turns else self.ask_first(exchange)
            answer = getattr(self, f"answer_{exchange.act}")(exchange)
            self.add("meta_reviewer", exchange.act, [Sentence(question)], answer.answerable)
            self.add("dialogue_agent", ANSWER_ACTS[exchange.act], _fit(answer.sentences), answer.answerable)
            self.last = answer
            self.said = list(exchange.statements)
        self.add("meta_reviewer", "decide", self.decide(), True)
        return tuple(self.turns)

    def add(self, speaker: str, act: str, sentences: Sequence[Sentence], answerable: bool) -> None:
        text, evidence = _lay_out(self.material, sentences)
        self.turns.append(Turn(len(self.turns), speaker, text, act, answerable, evidence))  # type: ignore[arg-type]

    # The meta-reviewer

    @property
    def name(self) -> str | None:
        """What the chair calls the paper: by its own name, or by words of the title that it has not used yet."""
        if self.own_name is not None or self.subject is None:
            return self.own_name
        return f"the {self.subject} paper"

    @property
    def subject(self) -> str | None:
        """Words of the title that were not taken up yet."""
        return self.subjects[0] if self.subjects else None

    def spend_subject(self, text: str) -> None:
        """Do without words of the title once they were said."""
        self.subjects = [subject for subject in self.subjects if subject not in text]

    def ask(self, exchange: Exchange) -> str:
        """Word a question; it may follow from the last answer by a reaction to it, or by words taken up from it."""
        slots = self.question_slots(exchange)
        echo = self.find_echo()
        again = exchange.act == "ask_weaknesses" and any(turn.act == exchange.act for turn in self.turns)
        in_question = echo if exchange.act == "ask_author_reply" and self.can_echo(exchange.about, echo) else None
        question = self.speech.say("ask_more" if again else exchange.act, **slots, echo=in_question)
        self.spend_subject(question)
        opening = None if echo and in_question is None and self.rng.random() < 0.65 else self.lead_in()
        takes_up = exchange.act not in ("ask_scores", "ask_summary") and in_question is None
        if opening is None and takes_up and (echo or self.subject) and self.rng.random() < (0.9 if echo else 0.8):
            section, slot = ("opener_echo", echo) if echo else ("opener_title", self.subject)
            opening = self.speech.say(section, echo=slot, subject=slot)
            self.echoes.extend([echo] if echo else [])
            self.spend_subject(opening)
        elif opening is None and self.rng.random() < 0.65:
            opening = self.speech.say(
                "opener", name=self.find_fresh_name(question), last=self.find_last(question) if takes_up else None
            )
            self.spend_subject(opening)
        if in_question is not None and in_question in question:
            self.echoes.append(in_question)
        if opening is None:
            return question
        return tidy(f"{opening} {self.lower_question(capitalise(question.removeprefix('And ')))}")

    def find_fresh_name(self, question: str) -> str | None:
        """Return what to call the paper before a question that does not name it itself."""
        return self.name if self.name is not None and self.name not in question else None

    def find_last(self, question: str) -> str | None:
        """Return the reviewer whose words the last answer gave, unless the question is about reviewers by name."""
        heard = [item.speaker for item in self.said if item.speaker.startswith("R")]
        return name_reviewer(heard[-1]) if heard and "Reviewer" not in question else None

    def can_echo(self, about: Statement | None, echo: str | None) -> bool:
        """Whether words in quotation marks are words of a statement."""
        return about is not None and echo is not None and echo.strip('"') in about.text

    def lead_in(self) -> str | None:
        """Return a reaction to the last answer, or nothing."""
        mood, slots = (self.last.mood, self.last.slots or {}) if self.last else (None, {})
        if mood is not None and self.speech.can_say(mood, **slots) and self.rng.random() < 0.4:
            return self.speech.say(mood, **slots).rstrip(".") + ";"
        return None

    def lower_question(self, question: str) -> str:
        """Lower the first letter of a question that follows other words."""
        keeps = ("I ", '"', "Reviewer", *((self.own_name,) if self.own_name else ()))
        return question if question.startswith(keeps) else _lower(question)

    def find_echo(self) -> str | None:
        """Return a name for something of what was just said, in quotation marks; one dialogue holds two at most."""
        if len(self.echoes) == MOST_ECHOES or self.turns[-1].act not in (
            "report_weaknesses",
            "report_reviewer",
            "report_aspect",
            "contrast",
        ):
            return None
        phrases = [
            phrase
            for statement in self.said
            for phrase in find_noun_phrases(statement.text)
            if phrase in self.turns[-1].text and len(phrase) > 10 and _quote(phrase) not in self.echoes
        ]
        return _quote(self.rng.choice(phrases)) if phrases else None

    def ask_first(self, exchange: Exchange) -> str:
        section = "open_about"
        if exchange.with_scores:
            section = "open_both" if exchange.statements else "open_scores"
        title = self.forum.title
        if title is None:
            return self.speech.say(f"{section}_untitled")
        return self.speech.say(section, title=" ".join(title.replace('"', "'").split()).rstrip("."))

    def question_slots(self, exchange: Exchange) -> dict[str, str | None]:
        lead = exchange.reviewers[0] if exchange.reviewers else None
        judged = any(item.polarity != "neutral" for item in exchange.statements)
        rating = self.material.review_of[lead].rating.value if lead and self.scored and judged else None
        return {
            "topic": TOPICS[exchange.topic].said_as if exchange.topic else None,
            "who": name_reviewer(lead) if lead else None,
            "name": self.name,
            "rating": format_score(rating) if rating is not None else None,
            "grounds": "" if judged else None,
            "ask": self.rng.choice(exchange.gap.asks) if exchange.gap else None,
            "other": name_reviewer(exchange.reviewers[1]) if len(exchange.reviewers) > 1 else None,
            # Slots that stand for nothing: a line with one is used only where the answer has several voices, or one,
            # or holds more than neutral remarks ("grounds").
            "several": "" if len(exchange.reviewers) > 1 else None,
            "single": "" if len(exchange.reviewers) == 1 else None,
        }

    # Statements as sentences

    def predicate(self, statement: Statement, *, quote: bool = False) -> str:
        """Return what follows a reviewer's name: "objects that ..." or "asks: ..."."""
        reported = self.material.report(statement)
        if statement.text.endswith("?") and reported is None:
            return _lower(self.speech.say("quote_question", quote=_quote(statement.text)))
        if reported is not None and not quote:
            if not reported.needs_that:
                return reported.text
            verb = _lower(self.speech.say(f"verb_{statement.polarity}"))
            return f"{verb} {reported.text}"
        section = f"quote_{statement.polarity}"
        if read_declared_polarity(statement.field) == statement.polarity:
            section = "quote_strength" if statement.polarity == "positive" else "quote_weakness"
        return _lower(self.speech.say(section, quote=_quote(statement.text)))

    def say(self, frame: str, statement: Statement, topic: str | None = None) -> Sentence:
        """Return one sentence that attributes a statement to its reviewer."""
        name, places = self.name_speaker(statement)
        fits = frame in ("frame_next", "frame_first", "frame_topic") and not statement.text[0].islower()
        if fits and count_words(statement.text) <= LONGEST_FRONTED and self.rng.random() < 0.45:
            text = self.front(statement, name)
        else:
            says = self.predicate(statement)
            text = self.speech.say(frame, who=name, says=says, topic=TOPICS[topic].said_as if topic else None)
        return Sentence(_close(text), places)

    def front(self, statement: Statement, name: str) -> str:
        """Put what is said before who says it."""
        reported = self.material.report(statement)
        if statement.text.endswith("?"):
            return self.speech.say("front_question", who=name, quote=_quote(statement.text))
        if reported is not None and reported.needs_that:
            return self.speech.say(f"front_{statement.polarity}", who=name, Clause=capitalise(reported.text))
        return self.speech.say("frame_quote", who=name, quote=_quote(statement.text))

    def name_speaker(self, statement: Statement) -> tuple[str, tuple[Place, ...]]:
        """Name a reviewer, once in a while with the scores, so that one knows whose word it is."""
        name, places = name_reviewer(statement.speaker), _places(statement)
        review = self.material.review_of[statement.speaker]
        if statement.speaker in self.introduced or review.rating.value is None or self.rng.random() < 0.55:
            return name, places
        self.introduced.add(statement.speaker)
        scores = f"rating {format_score(review.rating.value)}"
        if review.confidence.value is not None:
            scores += f", confidence {format_score(review.confidence.value)}"
        return f"{name} ({scores})", (*places, *self.cite_scores([review]))

    def cite_scores(self, reviews: Iterable[Review]) -> tuple[Place, ...]:
        places: list[Place] = []
        for review in reviews:
            for score in (review.rating, review.confidence):
                if score.raw:
                    places.append((review.note_id, score.field, 0, len(score.raw)))
        return tuple(places)

    # Answers

    def answer_open(self, exchange: Exchange) -> Answer:
        sentences: list[Sentence] = []
        if exchange.statements:
            sentences.extend(self.summarize(exchange.statements))
        if exchange.with_scores or not sentences:
            scores = self.score_answer()
            return Answer((*sentences, *scores.sentences), scores.mood, scores.slots)
        return Answer(tuple(sentences))

    def answer_ask_summary(self, exchange: Exchange) -> Answer:
        return Answer(tuple(self.summarize(exchange.statements)))

    def answer_ask_scores(self, exchange: Exchange) -> Answer:
        scores = self.score_answer()
        voices: list[Sentence] = []
        for position, voice in enumerate(exchange.statements):
            voices.append(self.say("frame_first" if position == 0 else "frame_next", voice))
        return replace(scores, sentences=(*scores.sentences, *voices))

    def summarize(self, statements: Sequence[Statement]) -> list[Sentence]:
        """Say what the paper does, in a reviewer's words or the abstract's, and always whose words they are."""
        sentences = []
        before: str | None = None
        for statement in statements:
            if statement.speaker == "abstract":
                text = self.cite_abstract(statement, again=before == "abstract")
            elif (reported := self.material.report(statement)) is not None and reported.needs_that:
                text = self.speech.say(
                    "summary_reviewer",
                    who=name_reviewer(statement.speaker),
                    clause=reported.text,
                    Clause=capitalise(reported.text),
                )
            else:
                text = self.speech.say(
                    "summary_quote", who=name_reviewer(statement.speaker), quote=_quote(statement.text)
                )
            before = statement.speaker
            sentences.append(Sentence(_close(text), _places(statement)))
        return sentences

    def cite_abstract(self, statement: Statement, *, again: bool) -> str:
        """Report the abstract, which is named every time."""
        clause = report_authors(_drop_paper_opening(statement.text), self.forum.abstract or "")
        if clause is None:
            return self.speech.say("abstract_quote_more" if again else "abstract_quote", quote=_quote(statement.text))
        shorter = _name_authors(_drop_showing(clause))
        if shorter != _name_authors(clause):
            return self.speech.say("abstract_result", lower=shorter, Clause=capitalise(shorter))
        section = "abstract_more" if again else "abstract_first"
        return self.speech.say(section, lower=shorter, Clause=capitalise(shorter))

    def score_answer(self) -> Answer:
        """Give every rating and confidence, and say which are not on record."""
        reviews = self.forum.reviews
        self.scored = True
        rated = [review for review in reviews if review.rating.value is not None]
        unrated = [review for review in reviews if review.rating.value is None]
        sentences: list[Sentence] = []
        if rated:
            text = self.list_scores(rated)
            line = self.tell_line(rated)
            lead = self.lead_scores(rated, line) if text.startswith("Reviewer") else None
            if lead is not None:
                text = f"{lead}: {text}"
                line = None if lead.startswith(("All", "Both", "The accept", "The reject")) else line
            text = capitalise(text)
            silent = [review.reviewer for review in rated if review.confidence.value is None]
            blank = [review.reviewer for review in unrated if not review.rating.raw]
            missing = self.speech.say("no_rating_from", who=name_reviewers(blank)) if blank else None
            stage = self.speech.say("scores_initial") if self.forum.score_stage == "initial" else None
            experience = self.tell_experience(rated)
            tails = [line, None if experience else self.tell_silent(silent, len(rated)), missing, stage]
            text = "; ".join([text, *(_lower_unless_name(tail) for tail in tails if tail)])
            sentences.append(Sentence(_close(text), self.cite_scores(rated)))
            sentences.extend(experience)
        if unrated:
            sentences.extend(self.tell_unrated(unrated, alone=not rated))
        mood, slots = self.judge_scores(rated)
        return Answer(tuple(sentences), mood, slots)

    def lead_scores(self, rated: Sequence[Review], line: str | None) -> str | None:
        """Return what the ratings have in common, or between which numbers they lie, to stand before the list."""
        values = [review.rating.value or 0.0 for review in rated]
        if len(values) < 2 or self.rng.random() < 0.5:
            return None
        if line is not None and len({find_side(review.rating) for review in rated}) == 1:
            side = find_side(rated[0].rating)
            said = self.speech.say("line_lead", n=spell_number(len(rated)), side=side)
            return said.replace("All two of them", "Both").replace("All two", "Both").replace("all two of them", "both")
        if min(values) == max(values):
            return None
        return self.speech.say("score_lead", low=format_score(min(values)), high=format_score(max(values)))

    def tell_experience(self, rated: Sequence[Review]) -> list[Sentence]:
        """Give the experience that reviewers state, on forms that ask for it in place of a confidence."""
        groups: dict[str, list[Review]] = {}
        for review in rated:
            for score in review.scores:
                if score.field == "experience_assessment" and score.raw and review.confidence.value is None:
                    groups.setdefault(score.raw, []).append(review)
        if not groups:
            return []
        parts = [
            f"{name_reviewers([review.reviewer for review in reviews])} {_quote(raw.rstrip('.'))}"
            for raw, reviews in groups.items()
        ]
        places = tuple(
            (review.note_id, "experience_assessment", 0, len(raw))
            for raw, reviews in groups.items()
            for review in reviews
        )
        return [Sentence(_close(self.speech.say("experience", stated="; ".join(parts))), places)]

    def tell_silent(self, silent: Sequence[str], rated: int) -> str | None:
        """Say whose confidence is not on record."""
        if not silent:
            return None
        if len(silent) == rated:
            return self.speech.say("no_confidence")
        return self.speech.say("confidence_left_out", who=name_reviewers(silent))

    def list_scores(self, reviews: Sequence[Review]) -> str:
        """Group reviewers with the same rating and confidence, and give each group's numbers."""
        groups: dict[tuple[str, str | None], list[str]] = {}
        ordered = (
            sorted(reviews, key=lambda review: -(review.rating.value or 0)) if self.rng.random() < 0.5 else reviews
        )
        for review in ordered:
            confidence = format_score(review.confidence.value) if review.confidence.value is not None else None
            key = (format_score(review.rating.value or 0), confidence)
            groups.setdefault(key, []).append(review.reviewer)
        labels = {format_score(review.rating.value or 0): _find_label(review.rating) for review in reviews}
        manner = self.rng.randrange(4)
        with_labels = self.rng.random() < 0.35 and len(groups) <= 3
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
            opening = self.rng.choice(("There is", "It drew", "The ratings are", "It got"))
            return f"{opening} {_join_clauses(parts)}"
        if manner == 3:
            return "; ".join(parts)
        return _join_clauses(parts)

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
        places = tuple(place for review in blank for place in self.cite_whole(review))
        count = len(blank)
        if count == 1:
            text = "The one review carries no rating on record"
        else:
            none = "Neither of the two" if count == 2 else f"None of the {spell_number(count)}"
            text = f"{none} reviews carries a rating on record"
        confident = [review for review in blank if review.confidence.value is not None]
        if not confident:
            return Sentence(_close(self.speech.say("no_ratings", none=text)), places)
        listed = [f"{format_score(r.confidence.value or 0)} for {name_reviewer(r.reviewer)}" for r in confident]
        return Sentence(f"{text}, only a confidence: {join_words(listed)}.", (*places, *self.cite_scores(confident)))

    def cite_whole(self, review: Review) -> tuple[Place, ...]:
        """Point to the longest text of a review as a whole, where it has any."""
        section = max(review.sections, key=lambda item: len(item.text), default=None)
        return ((review.note_id, section.field, 0, len(section.text)),) if section and section.text else ()

    def tell_line(self, rated: Sequence[Review]) -> str | None:
        """Say on which side of the form's accept line the ratings lie, where it has one."""
        sides = {review.reviewer: find_side(review.rating) for review in rated}
        above = [name for name, side in sides.items() if side == "accept"]
        below = [name for name, side in sides.items() if side == "reject"]
        if len(above) + len(below) != len(rated) or self.rng.random() < 0.25:
            return None
        if above and below:
            return _lower_unless_name(
                self.speech.say("line_split", above=name_reviewers(above), below=name_reviewers(below))
            )
        side = "accept" if above else "reject"
        if len(rated) == 1:
            return _lower(self.speech.say("line_one", side=side))
        number = spell_number(len(rated))
        return _lower(self.speech.say("line_all", n=number, side=side)).replace("all two", "both")

    def judge_scores(self, rated: Sequence[Review]) -> tuple[str | None, dict[str, str]]:
        if not rated:
            return "react_unrated", {}
        if len(self.forum.reviews) == 1:
            return "react_one", {}
        values = [review.rating.value or 0.0 for review in rated]
        sides = [find_side(review.rating) for review in rated]
        high, low = add_article(format_score(max(values))), add_article(format_score(min(values)))
        slots = {"high": high, "low": low, "High": capitalise(high)}
        aligned = [review.rating.aligned for review in rated if review.rating.aligned is not None]
        if len(aligned) > 1 and max(aligned) - min(aligned) >= 0.35 and "accept" in sides and "reject" in sides:
            return "react_split", slots
        if all(side == "accept" for side in sides):
            return "react_agree_high", slots
        if all(side == "reject" for side in sides):
            return "react_agree_low", slots
        if "accept" in sides and "reject" in sides:
            return "react_mixed", slots
        return None, slots

    def answer_ask_disagreement(self, exchange: Exchange) -> Answer:
        one, other = exchange.statements
        if self.rng.random() < 0.5:
            one, other = other, one
        sentences = [self.say("frame_topic" if exchange.topic else "frame_first", one, exchange.topic)]
        sentences.append(self.say("frame_contrast", other))
        sure = self.compare_confidence(one.speaker, other.speaker)
        if sure is not None and self.rng.random() < 0.7:
            sentences.append(sure)
        slots = {"who": name_reviewer(one.speaker), "other": name_reviewer(other.speaker)}
        if exchange.topic:
            slots["topic"] = TOPICS[exchange.topic].said_as
        return Answer(tuple(sentences), "react_contrast", slots)

    def compare_confidence(self, one: str, other: str) -> Sentence | None:
        """Say which of two reviewers is the surer, by the confidence each stated."""
        reviews = [self.material.review_of[one], self.material.review_of[other]]
        first, second = (review.confidence.value for review in reviews)
        if first is None or second is None or first == second:
            return None
        if first < second:
            reviews.reverse()
            first, second = second, first
        text = self.speech.say(
            "contrast_sure",
            who=name_reviewer(reviews[0].reviewer),
            other=name_reviewer(reviews[1].reviewer),
            high=format_score(first),
            low=format_score(second),
        )
        return Sentence(
            _close(text),
            tuple((r.note_id, r.confidence.field, 0, len(r.confidence.raw or "")) for r in reviews if r.confidence.raw),
        )

    def answer_ask_weaknesses(self, exchange: Exchange) -> Answer:
        return self.list_statements(exchange, "react_critical")

    def answer_ask_aspect(self, exchange: Exchange) -> Answer:
        return self.list_statements(exchange, "react_critical")

    def answer_ask_strengths(self, exchange: Exchange) -> Answer:
        return self.list_statements(exchange, "react_praise")

    def list_statements(self, exchange: Exchange, mood: str) -> Answer:
        """Give statements one after the other; two are called one only where they share what is rare."""
        first, *others = exchange.statements
        sentences = [self.say("frame_topic" if exchange.topic else "frame_first", first, exchange.topic)]
        shared = 1
        previous = first
        for item in others:
            frame = "frame_next"
            if item.speaker == previous.speaker:
                frame = "frame_later" if _stands_after(item, previous) else "frame_again"
            elif self.material.measure_kinship(first, item) >= SAME_POINT:
                frame = "frame_same"
                shared += 1
            sentences.append(self.say(frame, item))
            previous = item
        slots = {"who": name_reviewer(first.speaker), "n": spell_number(shared)}
        return Answer(tuple(sentences), "react_shared" if shared > 1 and mood == "react_critical" else mood, slots)

    def answer_ask_reviewer(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        sentences = [self.say("frame_first", first)]
        for item in others:
            sentences.append(self.say("frame_later" if _stands_after(item, first) else "frame_again", item))
        mood = {"positive": "react_praise", "negative": "react_critical"}.get(first.polarity)
        return Answer(tuple(sentences), mood, {"who": name_reviewer(first.speaker)})

    def answer_ask_author_reply(self, exchange: Exchange) -> Answer:
        about = _require(exchange.about)
        name = name_reviewer(about.speaker)
        if not exchange.replies:
            text = self.speech.say("reply_none", who=name)
            return Answer((Sentence(_close(text), _places(about)),), "react_no_reply", {"who": name})
        several = len(exchange.replies) > 1
        sentences: list[Sentence] = []
        for position, reply in enumerate(exchange.replies):
            sentences.append(self.tell_reply(reply, position, named=several))
        if not several:
            reply = exchange.replies[0]
            if not self.material.came_back(about.speaker, reply.comment.created) and self.rng.random() < 0.5:
                last = sentences[-1]
                tail = _lower_unless_name(self.speech.say("reply_general", who=name))
                sentences[-1] = Sentence(f"{last.text.rstrip('.')}; {tail}.", last.places)
        return Answer(tuple(sentences), "react_reply", {"who": name})

    def tell_reply(self, reply: Reply, position: int, *, named: bool) -> Sentence:
        """Give the authors' answer to one statement, and say to whose where there are several."""
        answer = reply.answers[0]
        who = name_reviewer(reply.about.speaker)
        reported = self.material.report(answer)
        own = _DIRECT_REPLY.match(reported.text) if reported is not None else None
        if own and reported and len(_OF_AUTHORS.findall(reported.text)) == 1:
            section = "reply_direct_to" if named else "reply_direct"
            text = self.speech.say(section, rest=reported.text[own.start(1) :], who=who)
        else:
            section = "reply_quote_to" if named else "reply_quote"
            text = self.speech.say(section, quote=_quote(answer.text), who=who)
        return Sentence(_close(text), (*_places(answer), *_places(reply.about)) if named else _places(answer))

    def answer_ask_score_change(self, exchange: Exchange) -> Answer:
        sentences = []
        told: set[str] = set()
        for reaction in exchange.reactions:
            statement = reaction.statement
            name = name_reviewer(statement.speaker)
            section = "reaction_more" if statement.speaker in told else "reaction"
            text = self.speech.say(section, who=name, quote=_quote(statement.text))
            sentence = Sentence(_close(text), _places(statement))
            if statement.speaker not in told and reaction.outcome in ("raised", "kept"):
                sentence = self.add_rating(sentence, statement.speaker)
            sentences.append(sentence)
            told.add(statement.speaker)
        for review in self.forum.reviews:
            earlier = find_earlier(review)
            if earlier is not None and review.rating.value is not None:
                text = self.speech.say(
                    "score_moved",
                    who=name_reviewer(review.reviewer),
                    earlier=format_score(earlier),
                    rating=format_score(review.rating.value),
                )
                sentences.append(Sentence(_close(text), self.cite_scores([review])[:1]))
        return Answer(tuple(sentences), None, {})

    def add_rating(self, sentence: Sentence, reviewer: str) -> Sentence:
        """Add what the record holds as the rating of someone who spoke of it."""
        review = self.material.review_of[reviewer]
        if review.rating.value is None or find_earlier(review) is not None:
            return sentence
        tail = self.speech.say("reaction_score", who=name_reviewer(reviewer), rating=format_score(review.rating.value))
        text = f"{sentence.text.rstrip('.')}; {_lower_unless_name(tail)}."
        return Sentence(text, (*sentence.places, *self.cite_scores([review])[:1]))

    def answer_ask_public(self, exchange: Exchange) -> Answer:
        (remark,) = exchange.statements
        text = self.speech.say("public_said", quote=_quote(remark.text))
        return Answer((Sentence(_close(text), _places(remark)),), None, {})

    def answer_ask_questions(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        sentences = [self.say("frame_first", first)]
        sentences.extend(
            self.say("frame_again" if item.speaker == first.speaker else "frame_next", item) for item in others
        )
        return Answer(tuple(sentences), None, {"who": name_reviewer(first.speaker)})

    def answer_ask_unanswerable(self, exchange: Exchange) -> Answer:
        gap = _require(exchange.gap)
        discussion = "the discussion" if self.forum.discussion else None
        note_id, field_name, start, end = _require(exchange.place)
        matched = self.material.sources[note_id, field_name][start:end]
        text = self.speech.say(
            "abstain",
            gap=gap.said_as,
            discussion=discussion,
            field=field_name,
            matched=None if '"' in matched or "\n" in matched else _quote(matched),
        )
        sentences = [Sentence(_close(text), (_require(exchange.place),))]
        for near in exchange.statements:
            text = self.speech.say("abstain_near", who=name_reviewer(near.speaker), says=self.predicate(near))
            sentences.append(Sentence(_close(text), _places(near)))
        return Answer(tuple(sentences), "react_gap", {}, answerable=False)

    def answer_weigh(self, exchange: Exchange) -> Answer:
        reviews = [self.material.review_of[name] for name in exchange.reviewers]
        groups: dict[str, list[str]] = {}
        for review in sorted(reviews, key=lambda review: -(review.confidence.value or 0)):
            groups.setdefault(format_score(review.confidence.value or 0), []).append(review.reviewer)
        parts = [
            f"{name_reviewers(names)} {'state' if len(names) > 1 else 'states'} confidence {number}"
            for number, names in groups.items()
        ]
        sentences = [
            Sentence(
                _close(capitalise(_join_clauses(parts))),
                tuple(
                    (r.note_id, r.confidence.field, 0, len(r.confidence.raw or "")) for r in reviews if r.confidence.raw
                ),
            )
        ]
        sizes = sorted(
            (sum(len(section.text) for section in review.sections), review.reviewer) for review in self.forum.reviews
        )
        if len(sizes) > 1 and sizes[-1][0] > 1.4 * max(1, sizes[0][0]):
            long, short = sizes[-1][1], sizes[0][1]
            text = self.speech.say("weigh_length", long=name_reviewer(long), short=name_reviewer(short))
            places = tuple(place for name in (long, short) for place in self.cite_whole(self.material.review_of[name]))
            sentences.append(Sentence(_close(text), places))
        for item in exchange.statements:
            sentences.append(self.say("frame_surest", item))
        return Answer(tuple(sentences), "react_weigh" if len(groups) > 1 else None, {})

    # The decision

    def decide(self) -> list[Sentence]:
        """Word the decision on record, with reasons that are on record."""
        record = self.forum.decision
        open_slots = {"read": self.pick_reading(), "topic": self.pick_topic()} if not self.plan.reasons else {}
        decision = self.speech.say(
            f"decide_{record.outcome}", tier=_say_tier(record.tier), name=self.name, **open_slots
        )
        places: tuple[Place, ...] = ()
        if record.raw and record.note_id and record.field and (record.note_id, record.field) in self.material.sources:
            places = ((record.note_id, record.field, 0, len(record.raw)),)
        plain = decision.removeprefix("So ")
        slots = {"decision": decision, "decision_lower": self.lower_question(plain)}
        if record.outcome not in ("accept", "reject", "workshop"):
            return self.leave_open(slots, places)
        if not self.plan.reasons:
            return self.decide_without_reason(slots, places, record.outcome)
        first, *others = self.plan.reasons
        reported = self.material.report(first)
        clause = reported.text if reported is not None and reported.needs_that else None
        clause = None if clause and _SUBORDINATE.match(clause) else clause
        slots.update({"lower": clause, "Clause": capitalise(clause)} if clause else {"quote": _quote(first.text)})
        section = "decide_because" if clause else "decide_quote"
        sentences = [Sentence(_close(self.speech.say(section, **slots)), (*places, *_places(first)))]
        for reason in others:
            reported = self.material.report(reason)
            if reported is not None and reported.needs_that and not _SUBORDINATE.match(reported.text):
                text = self.speech.say("reason_more", lower=reported.text)
            else:
                text = self.speech.say("reason_more_quote", quote=_quote(reason.text))
            sentences.append(Sentence(_close(text), _places(reason)))
        return sentences

    def pick_reading(self) -> str | None:
        """Name a review for the chair to read: of those who were heard with an objection, the last."""
        heard = [
            item.speaker
            for exchange in self.plan.exchanges
            for item in exchange.statements
            if item.polarity == "negative" and item.speaker in self.material.review_of
        ]
        return f"the review of {name_reviewer(heard[-1])}" if heard else None

    def pick_topic(self) -> str | None:
        """Name the last topic that was talked about."""
        topics = [exchange.topic for exchange in self.plan.exchanges if exchange.topic]
        return TOPICS[topics[-1]].said_as if topics else None

    def leave_open(self, slots: dict[str, str], places: tuple[Place, ...]) -> list[Sentence]:
        """Close without a verdict where none is on record, perhaps with the point that the authors left unanswered."""
        if not self.plan.reasons:
            return [Sentence(_close(self.speech.say("decide_bare", **slots)), places)]
        point = self.plan.reasons[0]
        text = self.speech.say("decide_open", **slots, who=name_reviewer(point.speaker), quote=_quote(point.text))
        return [Sentence(_close(text), (*places, *_places(point)))]

    def decide_without_reason(self, slots: dict[str, str], places: tuple[Place, ...], outcome: str) -> list[Sentence]:
        """Decide as the record does, and say plainly that no reason of it can be given."""
        meta = self.forum.meta_review
        if meta is not None and meta.text.strip():
            section = next(item for item in meta.sections if item.text.strip())
            text = self.speech.say("decide_long", **slots)
            return [Sentence(_close(text), (*places, (meta.note_id, section.field, 0, len(section.text))))]
        sentences = [Sentence(_close(self.speech.say("decide_bare", **slots)), places)]
        scores = self.reason_from_scores(outcome)
        if scores is None:
            return [*sentences, Sentence(_close(self.speech.say("reason_none")))]
        return [*sentences, Sentence(_close(self.speech.say("reason_scores", scores=scores.text)), scores.places)]

    def reason_from_scores(self, outcome: str) -> Sentence | None:
        """Give the ratings as the reason where most of them lie on the side of the decision."""
        sides = [(review, find_side(review.rating)) for review in self.forum.reviews]
        fitting = [review for review, side in sides if side == outcome]
        if len(fitting) * 2 <= len(sides):
            return None
        line = "above" if outcome == "accept" else "below"
        count = "all" if len(fitting) == len(sides) else f"{spell_number(len(fitting))} of"
        many = f"{count} {spell_number(len(sides))}".replace("all two", "both")
        scores = f"{many} are {line} the line" if len(sides) > 1 else f"the one review is {line} the line"
        return Sentence(scores, self.cite_scores(fitting))


_DIRECT_REPLY = re.compile(
    r"they ((?:also |respectfully |fully |strongly |do not |now )*"
    r"(?:believe|think|argue|agree|disagree|note|emphasi[sz]e|acknowledge|feel|hope|plan|apologi[sz]e|thank|would like"
    r"|have|added|ran|did|will|are|were|use|used|include|included|compare|compared))\b"
)
_SUBORDINATE = re.compile(
    r"(?:while|although|though|given|since|as|if|when|because|despite|even|overall|in|on|for|with|based|and|also|there)\b",
    re.IGNORECASE,
)
"""Sentences of a meta-review that begin so are quoted: they do not go behind "because" or "that"."""
_OF_AUTHORS = re.compile(r"\b(?:they|their|them|theirs|themselves)\b")
_NAME = re.compile(
    r"([A-Z][\w+-]*(?: (?:[A-Z][\w+-]*|of|the|for|with|in|and|to)){0,3})"
    r"(?<! of)(?<! the)(?<! for)(?<! with)(?<! in)(?<! and)(?<! to):\s"
)
"""The name that a title gives the work before its colon: "Ledger Networks: One Slot per Entity"."""


def _stands_after(one: Statement, other: Statement) -> bool:
    """Whether a statement comes later than another in the same text."""
    return (one.note_id, one.field) == (other.note_id, other.field) and one.start > other.start


def find_side(score: Score) -> str | None:
    """Return ``accept`` or ``reject``: the side of the form's accept line; null where there is none that is known."""
    if score.aligned is None or score.scale_id is None:
        return None
    if score.aligned < 0:
        return "reject"
    scale = load_catalogue().scales.get(score.scale_id)
    return "accept" if scale is not None and scale.accept is not None else None


def _find_label(score: Score) -> str | None:
    """Return the form's words for a rating when they are short and stand in the answer itself."""
    label, raw = score.label, score.raw or ""
    if not label or label not in raw or count_words(label) > 8 or '"' in label:
        return None
    return label


def _require(value: Value | None) -> Value:
    """Return what an exchange of this act always holds."""
    if value is None:
        raise AssertionError("the agenda drew an exchange without what its act needs")
    return value


def _say_tier(tier: str | None) -> str:
    return f", as {'an' if tier == 'oral' else 'a'} {tier}" if tier in ("oral", "spotlight", "poster") else ""


def _quote(text: str) -> str:
    return f'"{text}"'


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _lower_unless_name(text: str) -> str:
    return text if text.startswith("Reviewer") else _lower(text)


def _close(text: str) -> str:
    """End a sentence with one mark: a question that is quoted at the end has its own."""
    text = tidy(text)
    for doubled in ('?".', '?" .'):
        if text.endswith(doubled):
            return text[: -len(doubled)] + '?"'
    if text.endswith('?"'):
        return text
    return text if text.endswith((".", "?")) else f"{text}."


def _join_clauses(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _name_authors(clause: str) -> str:
    return re.sub(r"\bthey\b", "the authors", clause, count=1)


def _drop_showing(clause: str) -> str:
    """Leave out "they show that" where the sentence around it says as much."""
    return re.sub(
        r"^(?:finally, )?they (?:\w+ly |also |further )?(?:show|demonstrate|find|prove|observe|establish|report) that ",
        "",
        clause,
    )


_PURPOSE = re.compile(
    r"To (?:address|tackle|solve|overcome|explore|fill|bridge|remedy|mitigate|alleviate|resolve) "
    r"(?:this|these|such|both)\b[^,]*, "
)


def _drop_paper_opening(text: str) -> str:
    text = capitalise(_PURPOSE.sub("", text, count=1))
    for opening in ("In this paper, ", "In this work, ", "In this paper ", "In this work ", "Here, ", "Here "):
        if text.startswith(opening):
            return text[len(opening) :]
    return text


def _places(statement: Statement) -> tuple[Place, ...]:
    return ((statement.note_id, statement.field, statement.start, statement.end),)


def _fit(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Keep the sentences from the first on that fit one spoken turn."""
    kept: list[Sentence] = []
    words = 0
    for sentence in sentences:
        words += count_words(sentence.text)
        if kept and words > LONGEST_ANSWER:
            break
        kept.append(sentence)
    return kept


def _lay_out(material: Material, sentences: Sequence[Sentence]) -> tuple[str, tuple[Evidence, ...]]:
    """Join sentences to a turn, and turn their places into evidence at the sentence's offsets."""
    text = ""
    evidence: list[Evidence] = []
    for sentence in sentences:
        start = len(text) + 1 if text else 0
        text = f"{text} {sentence.text}" if text else sentence.text
        seen: set[Place] = set()
        for place in sentence.places:
            for piece in _cut_pieces(material, place, sentence.text):
                if piece in seen:
                    continue
                seen.add(piece)
                note_id, field, left, right = piece
                words = material.sources[note_id, field][left:right]
                evidence.append(
                    make_evidence(
                        material.sources,
                        note_id,
                        field,
                        left,
                        right,
                        turn_start=start,
                        turn_end=len(text),
                        quote=words in sentence.text,
                    )
                )
    return text, tuple(evidence)


def _cut_pieces(material: Material, place: Place, text: str) -> Iterable[Place]:
    """Cite a wrapped passage line by line where its words stand in the sentence, else as one span."""
    note_id, field, start, end = place
    source = material.sources[note_id, field]
    if "\n" not in source[start:end]:
        return [place]
    lines = split_lines(source, start, end)
    if all(source[left:right] in text for left, right in lines):
        return [(note_id, field, left, right) for left, right in lines]
    return [place]

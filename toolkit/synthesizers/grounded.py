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
from toolkit.synthesizers.agenda import Exchange, Plan, draw_plan, seed_random
from toolkit.synthesizers.material import KINSHIP, TOPICS, Material, Statement, gather_material, read_declared_polarity
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

VERSION = "1"
LONGEST_ANSWER = 92
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
    "ask_resolved": "report_outcome",
    "ask_score_change": "report_outcome",
    "ask_evidence": "cite",
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
        self.heard: set[str] = set()
        self.echoed: set[str] = set()

    def write(self) -> tuple[Turn, ...]:
        for _position, exchange in enumerate(self.plan.exchanges):
            answer = getattr(self, f"answer_{exchange.act}")(exchange)
            question = self.ask(exchange, first=not self.turns)
            self.add("meta_reviewer", exchange.act, [Sentence(question)], answer.answerable)
            self.add("dialogue_agent", ANSWER_ACTS[exchange.act], _fit(answer.sentences), answer.answerable)
            self.last = answer
            self.said = list(exchange.statements)
            self.heard.update(item.speaker for item in exchange.statements)
        self.add("meta_reviewer", "decide", self.decide(), True)
        return tuple(self.turns)

    def add(self, speaker: str, act: str, sentences: Sequence[Sentence], answerable: bool) -> None:
        text, evidence = _lay_out(self.material, sentences)
        self.turns.append(Turn(len(self.turns), speaker, text, act, answerable, evidence))  # type: ignore[arg-type]

    # The meta-reviewer

    def ask(self, exchange: Exchange, *, first: bool) -> str:
        """Word a question so that it follows from the last answer: a reaction to it, or words taken up from it."""
        if first:
            return self.ask_first(exchange)
        slots = self.question_slots(exchange)
        about = [exchange.about] if exchange.act in ("ask_author_reply", "ask_evidence") and exchange.about else ()
        echo = self.find_echo(about or self.said)
        question = self.speech.say(exchange.act, **slots, echo=echo)
        lead = self.lead_in(exchange, None if echo and echo in question else echo)
        if lead is None:
            return question
        return f"{lead} {self.lower_question(question)}"

    def lead_in(self, exchange: Exchange, echo: str | None) -> str | None:
        """Return what comes before a question, or nothing."""
        mood, slots = (self.last.mood, self.last.slots or {}) if self.last else (None, {})
        can_react = mood is not None and self.speech.can_say(mood, **slots)
        if echo is not None and (not can_react or self.rng.random() < 0.6):
            section = "link_paper" if len(self.turns) == 2 and not self.scored else "link"
            return self.speech.say(section, echo=echo)
        if can_react and mood is not None and self.rng.random() < 0.85:
            return f"{self.speech.say(mood, **slots).rstrip('.')};"
        return None

    def lower_question(self, question: str) -> str:
        """Lower the first letter of a question that follows a lead-in."""
        return question if question.startswith(("I ", '"', "Reviewer", "An ")) else _lower(question)

    def find_echo(self, statements: Sequence[Statement]) -> str | None:
        """Return a phrase of what was just said, in quotation marks, that was not taken up before."""
        phrases = [
            phrase
            for statement in statements
            for phrase in find_noun_phrases(statement.text)
            if phrase.lower() not in self.echoed and any(phrase in turn.text for turn in self.turns[-3:])
        ]
        if not phrases:
            return None
        phrase = self.rng.choice(phrases[:4])
        self.echoed.add(phrase.lower())
        return _quote(phrase)

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
        if exchange.act == "ask_evidence" and exchange.about is not None:
            lead = exchange.about.speaker
        rating = self.material.review_of[lead].rating.value if lead else None
        return {
            "topic": TOPICS[exchange.topic].said_as if exchange.topic else None,
            "who": name_reviewer(lead) if lead else None,
            "rating": format_score(rating) if rating is not None else None,
            "quiet": name_reviewer(lead) if lead and lead not in self.heard else None,
            "ask": self.rng.choice(exchange.gap.asks) if exchange.gap else None,
            "is": ("are" if TOPICS[exchange.topic].plural else "is") if exchange.topic else None,
            "other": name_reviewer(exchange.reviewers[1]) if len(exchange.reviewers) > 1 else None,
        }

    # Statements as sentences

    def predicate(self, statement: Statement, *, quote: bool = False) -> str:
        """Return what follows a reviewer's name: "objects that ..." or "asks: ..."."""
        reported = statement.reported
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
        """Return one sentence that attributes a statement to its reviewer, who is named first or last."""
        name = name_reviewer(statement.speaker)
        text = self.front(frame, statement, name) if self.rng.random() < 0.5 else None
        if text is None:
            says = self.predicate(statement)
            text = self.speech.say(frame, who=name, says=says, topic=TOPICS[topic].said_as if topic else None)
        return Sentence(_close(text), _places(statement))

    def front(self, frame: str, statement: Statement, name: str) -> str | None:
        """Put what is said before who says it, where the words allow and the frame says nothing of its own."""
        if (
            frame in ("frame_same", "frame_again")
            or frame.startswith("frame_other")
            or count_words(statement.text) > 22
        ):
            return None
        reported = statement.reported
        if reported is None:
            if frame == "frame_contrast":
                return None
            section = "front_question" if statement.text.endswith("?") else "front_quote"
            return self.speech.say(section, who=name, quote=_quote(statement.text))
        if not reported.needs_that or ";" in reported.text or ":" in reported.text:
            return None
        section = "front_contrast" if frame == "frame_contrast" else f"front_{statement.polarity}"
        return self.speech.say(section, who=name, Clause=capitalise(reported.text))

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
        """Say what the paper does: in a reviewer's words, or the abstract's, and whose words they are."""
        sentences = []
        before: str | None = None
        for statement in statements:
            if statement.speaker == "abstract":
                text = self.cite_abstract(statement, before)
            elif statement.reported is not None and statement.reported.needs_that:
                text = self.speech.say(
                    "summary_reviewer", who=name_reviewer(statement.speaker), clause=statement.reported.text
                )
            else:
                text = self.speech.say(
                    "summary_quote", who=name_reviewer(statement.speaker), quote=_quote(statement.text)
                )
            before = statement.speaker
            sentences.append(Sentence(_close(text), _places(statement)))
        return sentences

    def cite_abstract(self, statement: Statement, before: str | None) -> str:
        """Report the abstract; after the abstract "it" is enough, after a reviewer it has to be named."""
        clause = report_authors(_drop_paper_opening(statement.text), self.forum.abstract or "")
        if clause is None:
            section = {None: "abstract_quote", "abstract": "abstract_quote_more"}.get(before, "abstract_quote_after")
            return self.speech.say(section, quote=_quote(statement.text))
        if before is None:
            clause = _name_authors(clause)
            return self.speech.say("abstract_first", clause=capitalise(clause), lower=clause)
        shorter = _name_authors(_drop_showing(clause))
        if shorter != _name_authors(clause):
            return self.speech.say("abstract_result", lower=shorter)
        return self.speech.say("abstract_more" if before == "abstract" else "abstract_after", lower=shorter)

    def score_answer(self) -> Answer:
        """Give every rating and confidence, and say which are not on record."""
        reviews = self.forum.reviews
        self.scored = True
        rated = [review for review in reviews if review.rating.value is not None]
        unrated = [review for review in reviews if review.rating.value is None]
        sentences: list[Sentence] = []
        if rated:
            text = capitalise(self.list_scores(rated))
            line = self.tell_line(rated)
            silent = [review.reviewer for review in rated if review.confidence.value is None]
            blank = [review.reviewer for review in unrated if not review.rating.raw]
            missing = self.speech.say("no_rating_from", who=name_reviewers(blank)) if blank else None
            tails = [line, self.tell_silent(silent, len(rated)), missing]
            text = "; ".join([text, *(_lower_unless_name(tail) for tail in tails if tail)])
            sentences.append(Sentence(_close(text), self.cite_scores(rated)))
        if unrated:
            sentences.extend(self.tell_unrated(unrated, alone=not rated))
        mood, slots = self.judge_scores(rated)
        return Answer(tuple(sentences), mood, slots)

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
        """Say that no review has a rating on record, and which confidences there are."""
        voices = [self.first_statement(review.reviewer) for review in blank]
        places = tuple(place for voice in voices if voice for place in _places(voice))
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

    def first_statement(self, reviewer: str) -> Statement | None:
        said = self.material.statements[reviewer]
        telling = [item for item in said if item.polarity != "neutral" and not item.pointing and item.value > 1]
        pool = telling or list(said)
        return max(pool, key=lambda item: item.value) if pool else None

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
        statements = list(exchange.statements)
        if self.rng.random() < 0.5:
            statements[0], statements[1] = statements[1], statements[0]
        sentences = [
            self.say("frame_topic", statements[0], exchange.topic),
            self.say(self.pick_contrast(statements[0], statements[1]), statements[1]),
        ]
        sure = self.compare_confidence(statements[0].speaker, statements[1].speaker)
        if sure is not None and self.rng.random() < 0.5:
            sentences.append(sure)
        for third in statements[2:]:
            sentences.append(self.say("frame_same" if self.meets(statements[1], third) else "frame_next", third))
        slots = {
            "topic": TOPICS[exchange.topic or "results"].said_as,
            "who": name_reviewer(statements[0].speaker),
            "other": name_reviewer(statements[1].speaker),
        }
        return Answer(tuple(sentences), "react_contrast", slots)

    def pick_contrast(self, one: Statement, other: Statement) -> str:
        """Call it a contrast only where both speak of the same thing, by the rare words they share."""
        if self.material.measure_kinship(one, other) >= KINSHIP:
            return "frame_contrast"
        return f"frame_other_{other.polarity}"

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
        """Give statements one after the other, saying where they meet."""
        first, *others = exchange.statements
        topic = exchange.topic if exchange.topic in first.topics else None
        sentences = [self.say("frame_topic" if topic else "frame_first", first, topic)]
        shared = 1
        previous = first
        for item in others:
            meets = self.meets(first, item)
            if item.speaker == previous.speaker:
                sentences.append(self.say("frame_again", item))
            else:
                sentences.append(self.say("frame_same" if meets else "frame_next", item))
            shared += meets
            previous = item
        slots = {"who": name_reviewer(first.speaker), "n": spell_number(shared)}
        slots.update(_find_token(first))
        return Answer(tuple(sentences), "react_shared" if shared > 1 and mood == "react_critical" else mood, slots)

    def meets(self, one: Statement, other: Statement) -> bool:
        """Whether two reviewers plainly say the same kind of thing about the same thing."""
        if one.speaker == other.speaker or one.polarity != other.polarity or one.polarity == "neutral":
            return False
        common = [topic for topic in one.topics if topic in other.topics]
        if not common:
            return False
        return self.material.measure_kinship(one, other) >= KINSHIP or any(not TOPICS[topic].broad for topic in common)

    def answer_ask_reviewer(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        review = self.material.review_of[first.speaker]
        name = name_reviewer(first.speaker)
        places = _places(first)
        if review.rating.value is not None and self.rng.random() < 0.6:
            number = format_score(review.rating.value)
            confidence = review.confidence.value
            tail = f" with confidence {format_score(confidence)}" if confidence is not None else ""
            name = f"{name}, who rates it {number}{tail},"
            places = (*places, *self.cite_scores([review]))
        lead = Sentence(_close(f"{name} {self.predicate(first)}"), places)
        sentences = [lead]
        for item in others:
            frame = "frame_again" if item.speaker == first.speaker else "frame_contrast"
            if item.speaker != first.speaker and {item.polarity, first.polarity} != {"positive", "negative"}:
                frame = "frame_next"
            elif frame == "frame_contrast":
                frame = self.pick_contrast(first, item)
            sentences.append(self.say(frame, item))
        mood = {"positive": "react_praise", "negative": "react_critical"}.get(first.polarity)
        return Answer(tuple(sentences), mood, {"who": name_reviewer(first.speaker), **_find_token(first)})

    def answer_ask_author_reply(self, exchange: Exchange) -> Answer:
        about = _require(exchange.about)
        reviewer = exchange.reviewers[0]
        name = name_reviewer(reviewer)
        if not exchange.statements:
            text = self.speech.say("reply_none", who=name, quote=_quote(about.text))
            return Answer((Sentence(_close(text), _places(about)),), "react_no_reply", {"who": name})
        sentences = []
        for position, statement in enumerate(exchange.statements):
            section = "reply_first" if position == 0 else "reply_more"
            if statement.reported is not None and (own := _DIRECT_REPLY.match(statement.reported.text)):
                text = self.speech.say("reply_direct", rest=statement.reported.text[own.start(1) :])
            elif statement.reported is not None and position == 0 and self.can_front_reply(statement):
                text = self.speech.say("front_reply", Clause=capitalise(statement.reported.text), who=name)
            elif statement.reported is not None:
                text = self.speech.say(section, lower=statement.reported.text, who=name)
            else:
                quoted = "reply_quote" if position == 0 else "reply_more_quote"
                text = self.speech.say(quoted, quote=_quote(statement.text), who=name)
            sentences.append(Sentence(_close(text), _places(statement)))
        comment = exchange.comment
        if comment is not None and not self.material.came_back(reviewer, comment.created):
            last = sentences[-1]
            tail = _lower_unless_name(self.speech.say("reply_general", who=name))
            sentences[-1] = Sentence(f"{last.text.rstrip('.')}; {tail}.", last.places)
        return Answer(tuple(sentences), "react_reply", {"who": name})

    def can_front_reply(self, statement: Statement) -> bool:
        """Whether a reply may stand before "the authors answer": not where it begins with a pronoun for them."""
        text = statement.text
        return (
            not re.search(r"\b(?:we|our|us)\b", text, re.IGNORECASE)
            and count_words(text) <= 22
            and self.rng.random() < 0.5
        )

    def answer_ask_resolved(self, exchange: Exchange) -> Answer:
        return self.tell_reactions(exchange)

    def answer_ask_score_change(self, exchange: Exchange) -> Answer:
        return self.tell_reactions(exchange)

    def tell_reactions(self, exchange: Exchange) -> Answer:
        sentences = []
        told: set[str] = set()
        for reaction in exchange.reactions:
            statement = reaction.statement
            name = name_reviewer(statement.speaker)
            section = {"raised": "reaction_raised", "kept": "reaction_kept"}.get(reaction.outcome, "reaction")
            if statement.speaker in told:
                text = self.speech.say("reaction_more", who=name, quote=_quote(statement.text))
            else:
                text = self.speech.say(section, who=name, quote=_quote(statement.text))
            sentences.append(Sentence(_close(text), _places(statement)))
            if statement.speaker not in told:
                review = self.material.review_of[statement.speaker]
                if review.rating.value is not None and reaction.outcome in ("raised", "kept"):
                    text = self.speech.say("reaction_score", who=name, rating=format_score(review.rating.value))
                    sentences.append(Sentence(_close(text), self.cite_scores([review])[:1]))
            told.add(statement.speaker)
        return Answer(tuple(sentences), None, {})

    def answer_ask_evidence(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        name = name_reviewer(first.speaker)
        section = _name_section(first.field)
        text = self.speech.say("evidence_where", who=name, section=section, quote=_quote(first.text))
        sentences = [Sentence(_close(text), _places(first))]
        for item in others:
            text = self.speech.say("evidence_near", quote=_quote(item.text))
            sentences.append(Sentence(_close(text), _places(item)))
        return Answer(tuple(sentences), None, {})

    def answer_ask_public(self, exchange: Exchange) -> Answer:
        first, *answers = exchange.statements
        text = self.speech.say("public_said", says=self.predicate(first))
        sentences = [Sentence(_close(text), _places(first))]
        for answer in answers:
            if answer.reported is not None:
                text = self.speech.say("public_reply", lower=answer.reported.text)
            else:
                text = self.speech.say("public_reply_quote", quote=_quote(answer.text))
            sentences.append(Sentence(_close(text), _places(answer)))
        return Answer(tuple(sentences), None, {})

    def answer_ask_questions(self, exchange: Exchange) -> Answer:
        first, *others = exchange.statements
        sentences = [self.say("frame_first", first)]
        sentences.extend(
            self.say("frame_again" if item.speaker == first.speaker else "frame_next", item) for item in others
        )
        return Answer(tuple(sentences), None, {"who": name_reviewer(first.speaker)})

    def answer_ask_unanswerable(self, exchange: Exchange) -> Answer:
        gap = _require(exchange.gap)
        names = list(dict.fromkeys(TOPICS[item.topics[0]].said_as for item in exchange.statements if item.topics))
        near = exchange.statements[0]
        text = self.speech.say(
            "abstain_first",
            gap=gap.said_as,
            covered=join_words(names),
            Covered=capitalise(join_words(names)),
            discussion="the discussion" if self.forum.discussion else None,
            who=name_reviewer(near.speaker),
            says=self.predicate(near),
            verb="are" if len(names) > 1 or TOPICS[near.topics[0]].plural else "is",
        )
        places = tuple(place for item in exchange.statements for place in _places(item))
        return Answer((Sentence(_close(text), places),), "react_gap", {}, answerable=False)

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
            chosen = [item for item in (self.first_statement(long), self.first_statement(short)) if item is not None]
            sentences.append(Sentence(_close(text), tuple(place for item in chosen for place in _places(item))))
        for item in exchange.statements:
            sentences.append(self.say("frame_surest", item))
        return Answer(tuple(sentences), "react_weigh" if len(groups) > 1 else None, {})

    # The decision

    def decide(self) -> list[Sentence]:
        """Word the decision on record, with reasons that are on record."""
        record = self.forum.decision
        decision = self.speech.say(f"decide_{record.outcome}", tier=_say_tier(record.tier))
        places: tuple[Place, ...] = ()
        if record.raw and record.note_id and record.field and (record.note_id, record.field) in self.material.sources:
            places = ((record.note_id, record.field, 0, len(record.raw)),)
        leaning = {"accept": "positive", "reject": "negative", "workshop": "negative"}.get(record.outcome)
        plain = decision.removeprefix("So ")
        slots = {"decision": decision, "decision_lower": plain if plain.startswith("I ") else _lower(plain)}
        if not self.plan.reasons:
            scores = self.reason_from_scores(record.outcome)
            if scores is not None:
                text = self.speech.say("decide_scores", **slots, scores=scores.text)
                return [Sentence(_close(text), (*places, *scores.places))]
            bare = [Sentence(_close(self.speech.say("decide_bare", **slots)), places)]
            return [*bare, Sentence(_close(self.speech.say("reason_none")))] if leaning else bare
        first, *others = self.plan.reasons
        clause = first.reported.text if first.reported else _quote(first.text)
        slots.update(lower=clause, Clause=capitalise(clause), who=name_reviewer(first.speaker))
        if record.outcome in ("withdrawn", "desk_rejected", "unknown"):
            section = "decide_open" if first.speaker.startswith("R") else "decide_bare"
            if section == "decide_open" and (first.reported is None or not first.reported.needs_that):
                section, slots["quote"] = "decide_open_quote", _quote(first.text)
        elif first.speaker.startswith("R"):
            section = "decide_reviewer"
        else:
            section = "decide_because" if first.polarity in (leaning, "neutral") else "decide_despite"
        sentences = [Sentence(_close(self.speech.say(section, **slots)), (*places, *_places(first)))]
        if section == "decide_bare":
            others = [first, *others]
        for reason in others:
            if reason.reported is None or reason.speaker.startswith("R"):
                continue
            against = leaning and reason.polarity not in (leaning, "neutral")
            kind = "reason_against" if against and section != "decide_despite" else "reason_more"
            sentences.append(Sentence(_close(self.speech.say(kind, lower=reason.reported.text)), _places(reason)))
        return sentences

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
_TOKEN = re.compile(
    r"\b(?:(?:Table|Figure|Fig\.|Section|Sec\.|Theorem|Proposition|Lemma|Appendix|Equation|Eq\.|Algorithm) "
    r"[A-Z0-9][0-9.]*\d?"
    r"|(?!I\b)[A-Z][a-z]*[A-Z][A-Za-z]*(?:-\d+)?|[A-Z]{2,}\d*)\b"
)


def _find_token(statement: Statement) -> dict[str, str]:
    """Return the name or place of the paper that a statement mentions, for a reaction to take up."""
    found = _TOKEN.search(statement.text)
    return {"token": found[0]} if found and not found[0].isupper() | (len(found[0]) < 3) else {}


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


def _name_section(field: str) -> str:
    return {"review": "text", "main_review": "text", "comment": "text"}.get(field, f"{field.replace('_', ' ')}")


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

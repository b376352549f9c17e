"""What is talked about, in which order, and on which statements of the record it rests.

The agenda is drawn before a word is written. An exchange is one question of the meta-reviewer and one answer; threads
of exchanges follow one another up (a criticism, what the authors answered, what the reviewer said then). Which
threads there can be is decided by the record, which ones and in what order by the seed and the persona.
"""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from toolkit.errors import SynthesisError
from toolkit.records import AgendaItem, Aspect, Comment, Forum
from toolkit.synthesizers.material import (
    GAPS,
    KINSHIP,
    TOPICS,
    Gap,
    Material,
    Reaction,
    Reply,
    Statement,
    gather_material,
    leans,
    read_cues,
)

Persona = Literal["brisk", "sceptical", "thorough"]
PERSONAS: tuple[Persona, ...] = ("brisk", "sceptical", "thorough")
EXCHANGES: dict[Persona, tuple[int, ...]] = {"brisk": (5, 5, 6), "sceptical": (5, 6, 6), "thorough": (6, 6, 6)}
"""How many questions a meta-reviewer asks before it decides; each is two turns, the decision one."""


FAVOUR = 1.6
"""What a passage of its own third is worth more to a dialogue; a generic remark never wins by it alone."""

SHORTEST_ANSWER = 24
"""Words of the record that an answer should carry; the phrasing around them adds the rest."""


class UnusableForumError(SynthesisError):
    """No honest dialogue can be written about a forum."""

    def __init__(self, reason: str, what: str, *, where: str) -> None:
        """``reason`` is the kebab-case name that the quarantine counts by."""
        super().__init__(what, where=where)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer."""

    act: str
    topic: str | None = None
    statements: tuple[Statement, ...] = ()
    reviewers: tuple[str, ...] = ()
    aspect: Aspect | None = None
    reactions: tuple[Reaction, ...] = ()
    comment: Comment | None = None
    """The comment of the authors that an answer rests on, to know what was said after it."""
    gap: Gap | None = None
    with_scores: bool = False
    about: Statement | None = None
    """The statement of a review that a follow-up goes back to."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the dialogue is worded."""

    persona: Persona
    exchanges: tuple[Exchange, ...]
    reasons: tuple[Statement, ...]
    """What the decision rests on, from the meta-review where there is one."""

    @property
    def items(self) -> tuple[AgendaItem, ...]:
        """The plan as the dialogue record publishes it."""
        asked = tuple(AgendaItem(item.act, item.aspect, item.reviewers) for item in self.exchanges)
        return (*asked, AgendaItem("decide", None, ()))


def seed_random(seed: int, forum: str, index: int) -> random.Random:
    """Return the generator of all choices of one dialogue."""
    digest = blake2b(f"{seed}|{forum}|{index}".encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))


def draw_agenda(forum: Forum, *, seed: int = 0, index: int = 0) -> tuple[AgendaItem, ...]:
    """Return what dialogue number ``index`` about a forum talks about, in order.

    Raises:
        SynthesisError: the forum holds nothing to talk about.
    """
    return draw_plan(gather_material(forum), seed_random(seed, forum.forum, index), index).items


def draw_plan(material: Material, rng: random.Random, index: int = 0) -> Plan:
    """Draw persona, exchanges and reasons for one dialogue.

    Raises:
        UnusableForumError: there is no review (``no-review``) or no passage that can be quoted (``no-passage``).
    """
    forum = material.forum
    if not forum.reviews:
        raise UnusableForumError("no-review", "the record holds no review to talk about", where=forum.forum)
    if not any(material.statements.values()):
        raise UnusableForumError("no-passage", "no passage of the reviews can be quoted", where=forum.forum)
    persona = PERSONAS[rng.randrange(len(PERSONAS))]
    planner = _Planner(material, rng, persona, index)
    return Plan(persona, planner.draw_exchanges(), planner.pick_reasons())


class _Planner:
    def __init__(self, material: Material, rng: random.Random, persona: Persona, index: int) -> None:
        self.material = material
        self.rng = rng
        self.persona = persona
        self.used: set[tuple[str, str, int]] = set()
        self.said: set[str] = set()
        self.spoken: set[tuple[str, str, int]] = set()
        self.topics_used: set[str] = set()
        self.meta_terms = frozenset(term for statement in material.meta for term in statement.terms)
        # Several dialogues about one paper should not quote the same passages: each prefers its own third of them.
        self.noise = {
            statement.key: rng.random() * 0.9 + (FAVOUR if (statement.place + index) % 3 == 0 else 0.0)
            for reviewer in material.reviewers
            for statement in material.statements[reviewer]
        }

    # Weighing statements

    def worth(self, statement: Statement) -> float:
        """How much a statement is worth saying in this dialogue."""
        shared = min(3, len(statement.terms & self.meta_terms))
        return statement.value + 0.3 * shared + self.noise.get(statement.key, 0.0)

    def best(self, statements: Iterable[Statement], count: int = 1) -> list[Statement]:
        """Return the worthiest unused statements, best first, at most one a sentence."""
        fresh = [
            item for item in statements if item.value > 0.9 and item.key not in self.used and item.text not in self.said
        ]
        fresh.sort(key=lambda item: (-self.worth(item), item.note_id, item.start))
        chosen: list[Statement] = []
        for item in fresh:
            if all((item.note_id, item.place) != (other.note_id, other.place) for other in chosen):
                chosen.append(item)
            if len(chosen) == count:
                break
        return chosen

    def fill(self, statements: list[Statement], polarity: str | None, others: bool = True) -> list[Statement]:
        """Add statements of the same reviewers, then of others, until there is enough to say; mark all as said."""
        self.take(statements)
        own = _list_speakers(statements)
        tries = [(speaker, polarity) for speaker in dict.fromkeys((*own, *(self.material.reviewers if others else ())))]
        tries.extend((speaker, "neutral") for speaker in own)
        for speaker, leaning in tries:
            if sum(len(item.text.split()) for item in statements) >= SHORTEST_ANSWER:
                break
            more = self.best(self.of(speaker, leaning))
            self.take(more)
            statements = [*statements, *more]
        return statements

    def take(self, statements: Iterable[Statement]) -> None:
        """Mark statements as said."""
        for statement in statements:
            self.used.add(statement.key)
            self.said.add(statement.text)

    def of(self, reviewer: str, polarity: str | None = None, topic: str | None = None) -> list[Statement]:
        """Return a reviewer's statements of one polarity on one topic."""
        return [
            item
            for item in self.material.statements[reviewer]
            if (polarity is None or item.polarity == polarity)
            and (topic is None or topic in item.topics)
            and item.kind != "summary"
        ]

    # Threads

    def draw_exchanges(self) -> tuple[Exchange, ...]:
        """Draw the exchanges of the dialogue in order."""
        budget = self.rng.choice(EXCHANGES[self.persona])
        exchanges = self.open()
        gap = self.find_gap() if self.covered_topics() else None
        room = budget - len(exchanges) - (1 if gap else 0)
        body: list[list[Exchange]] = []
        for draw in self.order_threads():
            if room <= 0:
                break
            thread = draw()[:room]
            if thread:
                body.append(thread)
                room -= len(thread)
                for exchange in thread:
                    self.take(exchange.statements)
                    if exchange.topic:
                        self.topics_used.add(exchange.topic)
        flat = [exchange for thread in body for exchange in thread]
        if gap:
            breaks = [0]
            for thread in body:
                breaks.append(breaks[-1] + len(thread))
            places = [place for place in breaks if place > 0] or [0]
            flat.insert(self.rng.choice(places), self.ask_gap(gap))
        self.spoken = {item.key for exchange in flat for item in exchange.statements if exchange.gap is None}
        return (*exchanges, *flat)

    def order_threads(self) -> list[Callable[[], list[Exchange]]]:
        """Return the ways to go on, in the order in which this dialogue tries them."""
        early = [self.disagreement, self.criticism, self.outlier]
        self.rng.shuffle(early)
        if self.rng.random() < 0.5:
            early.insert(0, self.disagreement)
        middle = [self.strengths, self.change, self.public, self.criticism, self.weigh, self.disagreement]
        weights = {"brisk": 0.4, "sceptical": 0.7, "thorough": 1.0}
        if self.rng.random() < weights[self.persona]:
            middle.append(self.open_questions)
        self.rng.shuffle(middle)
        if self.rng.random() < 0.6:
            early.insert(2, self.change)
        first = [self.strengths] if self.rng.random() < 0.25 else []
        return [*first, *early, *middle, self.open_questions, self.criticism, self.any_reviewer, self.strengths]

    def open(self) -> list[Exchange]:
        """Open on the paper, on the scores, or on both."""
        summary = self.pick_summary()
        self.take(summary)
        reviewers = self.material.reviewers
        if not summary:
            return [Exchange("open", reviewers=reviewers, with_scores=True)]
        if all(review.rating.value is None for review in self.material.forum.reviews):
            # Without numbers, what each reviewer thinks has to be told in words.
            voices = self.best(
                [item for reviewer in reviewers for item in self.of(reviewer) if item.polarity != "neutral"]
                or [item for reviewer in reviewers for item in self.of(reviewer)],
                3,
            )
            self.take(voices)
            return [
                Exchange("open", statements=summary),
                Exchange("ask_scores", statements=tuple(voices), reviewers=reviewers),
            ]
        manner = self.rng.random()
        if manner < 0.35:
            return [Exchange("open", statements=summary, reviewers=reviewers, with_scores=True)]
        if manner < 0.75:
            return [Exchange("open", statements=summary), Exchange("ask_scores", reviewers=reviewers)]
        return [Exchange("open", reviewers=reviewers, with_scores=True), Exchange("ask_summary", statements=summary)]

    def pick_summary(self) -> tuple[Statement, ...]:
        """Return up to two passages that say what the paper does."""
        told = [item for item in self.material.abstract if item.value > 0.6 and not item.pointing]
        from_abstract: list[Statement] = []
        doing = [item for item in told if _says_what_is_done(item.text)]
        doing = doing or [item for item in told if _OWN_WORK.search(item.text)]
        if doing:
            first = doing[0] if self.rng.random() < 0.7 else self.rng.choice(doing)
            from_abstract.append(first)
            finding = [item for item in told if _says_what_is_found(item.text) and item.place > first.place]
            if finding:
                from_abstract.append(self.rng.choice(finding))
        from_reviews = [
            item
            for reviewer in self.material.reviewers
            for item in self.material.statements[reviewer]
            if (item.kind == "summary" or item.place < 2) and _SUMMARY_OPENING.match(item.text) and not item.pointing
        ]
        if from_reviews and (not from_abstract or self.rng.random() < 0.4):
            first = self.rng.choice(from_reviews)
            found = [item for item in told if _says_what_is_found(item.text)]
            second = [item for item in from_reviews if item.speaker != first.speaker]
            rest = found or second or from_abstract
            return (first, *([self.rng.choice(rest)] if rest else []))
        if len(from_abstract) == 1 and from_reviews:
            from_abstract.append(self.rng.choice(from_reviews))
        return tuple(from_abstract[:2] or told[:2])

    def disagreement(self) -> list[Exchange]:
        """Two reviewers who lean opposite ways on one topic."""
        best: tuple[float, str, Statement, Statement] | None = None
        for topic in TOPICS:
            if topic in self.topics_used:
                continue
            praise = self.best([s for r in self.material.reviewers for s in self.of(r, "positive", topic)], 3)
            blame = self.best([s for r in self.material.reviewers for s in self.of(r, "negative", topic)], 4)
            for one in praise:
                for other in blame:
                    if one.speaker == other.speaker:
                        continue
                    kinship = self.material.measure_kinship(one, other)
                    if TOPICS[topic].broad and kinship < KINSHIP:
                        continue
                    score = self.worth(one) + self.worth(other) + 2.4 * kinship
                    if best is None or score > best[0]:
                        best = (score, topic, one, other)
        if best is None:
            return []
        _, topic, one, other = best
        statements = [one, other]
        third = self.best(
            s
            for r in self.material.reviewers
            if r not in (one.speaker, other.speaker)
            for s in self.of(r, None, topic)
            if s.polarity != "neutral"
        )
        statements.extend(third)
        self.take(statements)
        head = Exchange(
            "ask_disagreement",
            topic,
            tuple(statements),
            _list_speakers(statements),
            TOPICS[topic].aspect,
        )
        return [head, *self.follow_up(other, *(item for item in third if item.polarity == "negative"))]

    def criticism(self) -> list[Exchange]:
        """The criticism that most reviewers share, or else the weightiest one."""
        best: tuple[float, str, list[Statement]] | None = None
        for topic in TOPICS:
            if topic in self.topics_used:
                continue
            group = []
            for reviewer in self.material.reviewers:
                group.extend(self.best(self.of(reviewer, "negative", topic)))
            if not group:
                continue
            group.sort(key=lambda item: -self.worth(item))
            score = self.worth(group[0]) + 1.2 * (len(group) - 1)
            if best is None or score > best[0]:
                best = (score, topic, group[:3])
        if best is None:
            return []
        _, topic, group = best
        self.take(group)
        if len(group) == 1:
            others = self.best(
                s for r in self.material.reviewers if r != group[0].speaker for s in self.of(r, "negative")
            )
            group = [*group, *others]
        group = self.fill(group, "negative")
        shared = len({item.speaker for item in group if topic in item.topics}) > 1
        act = "ask_aspect" if shared and self.rng.random() < 0.4 else "ask_weaknesses"
        head = Exchange(act, topic, tuple(group), _list_speakers(group), TOPICS[topic].aspect)
        return [head, *self.follow_up(*group)]

    def follow_up(self, *statements: Statement) -> list[Exchange]:
        """What came of a criticism: the authors' answer and the reviewer's word on it; or where it stands."""
        for statement in statements:
            reply = self.material.find_reply(statement)
            if reply is not None and reply.answer.key not in self.used:
                return self.follow_reply(statement, reply)
        statement = statements[0]
        roll = self.rng.random()
        if not self.material.author_comments and roll < 0.25 and "no-reply" not in self.topics_used:
            self.topics_used.add("no-reply")
            return [Exchange("ask_author_reply", reviewers=(statement.speaker,), about=statement)]
        if roll > 0.8 and not statement.wrapped:
            near = [
                item
                for item in self.material.statements[statement.speaker]
                if item.field == statement.field
                and abs(item.place - statement.place) == 1
                and item.key not in self.used
            ]
            # Reading out once more what was just reported is worth a turn only with what stands beside it.
            if near:
                return [Exchange("ask_evidence", None, (statement, near[0]), (statement.speaker,), about=statement)]
        return []

    def follow_reply(self, statement: Statement, reply: Reply) -> list[Exchange]:
        """Ask for a reply that is there, and then for what the reviewer made of it."""
        more = [
            item
            for sentence in self.material.split_comment(reply.comment)
            if sentence.place == reply.answer.place + 1
            for item in self.material.read_comment_sentence(reply.comment, sentence, "authors")
            if not item.pointing and item.value > 1.0
        ]
        answers = (reply.answer, *more[:1])
        self.take(answers)
        topic = statement.topics[0] if statement.topics else None
        asked = Exchange(
            "ask_author_reply", topic, answers, (statement.speaker,), comment=reply.comment, about=statement
        )
        reactions = tuple(
            item
            for item in self.material.find_reactions(statement.speaker, reply.comment.created)
            if item.statement.key not in self.used
        )[:2]
        if not reactions:
            return [asked]
        said = tuple(item.statement for item in reactions)
        self.take(said)
        resolved = Exchange("ask_resolved", None, said, (statement.speaker,), reactions=reactions, about=statement)
        return [asked, resolved]

    def outlier(self) -> list[Exchange]:
        """The reviewer whose rating stands apart, and what the others say to the same."""
        rated = [
            (review.rating.aligned, review.reviewer)
            for review in self.material.forum.reviews
            if review.rating.aligned is not None
        ]
        if len(rated) < 2:
            return []
        mean = sum(value for value, _ in rated) / len(rated)
        distance, reviewer, value = max((abs(value - mean), reviewer, value) for value, reviewer in rated)
        if distance < 0.15 or reviewer in self.topics_used:
            return []
        leaning = "positive" if value > mean else "negative"
        chosen = self.best(self.of(reviewer, leaning), 2)
        if not chosen:
            return []
        self.topics_used.add(reviewer)
        against = self.best(
            s
            for r in self.material.reviewers
            if r != reviewer
            for s in self.of(r, "negative" if leaning == "positive" else "positive")
            if set(s.topics) & set(chosen[0].topics)
        )
        statements = [*chosen, *against]
        topic = chosen[0].topics[0] if chosen[0].topics else None
        statements = self.fill(statements, leaning, others=False) if not against else statements
        self.take(statements)
        head = Exchange("ask_reviewer", topic, tuple(statements), (reviewer, *_list_speakers(against)))
        return [head, *(self.follow_up(*chosen) if leaning == "negative" else [])]

    def strengths(self) -> list[Exchange]:
        """What speaks for the paper, and who says so."""
        chosen: list[Statement] = []
        for reviewer in self.material.reviewers:
            chosen.extend(self.best(self.of(reviewer, "positive")))
        if not chosen:
            return []
        chosen.sort(key=lambda item: -self.worth(item))
        # The praise of two reviewers for one thing says more than two unrelated remarks.
        lead = chosen[0]
        chosen[1:] = sorted(chosen[1:], key=lambda item: -len(set(item.topics) & set(lead.topics)))
        chosen = self.fill(chosen[:3], "positive")
        return [Exchange("ask_strengths", None, tuple(chosen), _list_speakers(chosen))]

    def weigh(self) -> list[Exchange]:
        """How sure the reviewers are, and whose review is the more detailed."""
        if "weigh" in self.topics_used or len(self.material.reviewers) < 2:
            return []
        confident = [review for review in self.material.forum.reviews if review.confidence.value is not None]
        if len(confident) < 2:
            return []
        self.topics_used.add("weigh")
        surest = max(
            confident, key=lambda review: (review.confidence.value or 0, sum(len(s.text) for s in review.sections))
        )
        words = self.best(item for item in self.of(surest.reviewer) if item.polarity != "neutral")
        self.take(words)
        return [Exchange("weigh", None, tuple(words), tuple(review.reviewer for review in confident))]

    def change(self) -> list[Exchange]:
        """What reviewers said of their scores after the authors' reply."""
        reactions = [
            reaction
            for reviewer in self.material.reviewers
            for reaction in self.material.find_reactions(reviewer)[:2]
            if reaction.statement.key not in self.used
        ][:3]
        if not reactions or "change" in self.topics_used:
            return []
        self.topics_used.add("change")
        self.take(item.statement for item in reactions)
        statements = tuple(item.statement for item in reactions)
        return [Exchange("ask_score_change", None, statements, _list_speakers(statements), reactions=tuple(reactions))]

    def public(self) -> list[Exchange]:
        """What someone outside the committee remarked."""
        chosen = self.best((item for item in self.material.public if not item.pointing), 1)
        if not chosen or "public" in self.topics_used:
            return []
        self.topics_used.add("public")
        answers: list[Statement] = []
        comment = None
        for candidate in self.material.author_comments:
            if candidate.replyto == chosen[0].note_id:
                comment = candidate
                answers = self.best(
                    (item for item in self.material.read_comment(candidate, "authors") if not item.pointing), 1
                )
                break
        return [Exchange("ask_public", None, (*chosen, *answers), (), comment=comment)]

    def open_questions(self) -> list[Exchange]:
        """What reviewers asked the authors, and were or were not told."""
        chosen: list[Statement] = []
        for reviewer in self.material.reviewers:
            asked = [
                item
                for item in self.material.statements[reviewer]
                if item.text.endswith("?") or (item.reported and item.reported.text.startswith("asks the authors"))
            ]
            chosen.extend(self.best(asked))
        if not chosen or "questions" in self.topics_used:
            return []
        self.topics_used.add("questions")
        chosen.sort(key=lambda item: -self.worth(item))
        chosen = self.fill(chosen[:2], "negative")
        return [Exchange("ask_questions", None, tuple(chosen), _list_speakers(chosen)), *self.follow_up(*chosen)]

    def any_reviewer(self) -> list[Exchange]:
        """What a reviewer of whom little was heard has to say."""
        quiet = sorted(
            self.material.reviewers,
            key=lambda reviewer: sum(item.key in self.used for item in self.material.statements[reviewer]),
        )
        for reviewer in quiet:
            chosen = self.best(self.of(reviewer), 2)
            if chosen:
                topic = chosen[0].topics[0] if chosen[0].topics else None
                chosen = self.fill(chosen, None)
                return [Exchange("ask_reviewer", topic, tuple(chosen), (reviewer,))]
        return []

    def find_gap(self) -> Gap | None:
        """Find a question that nothing on record answers."""
        gaps = list(GAPS)
        self.rng.shuffle(gaps)
        said = self.material.everything_said
        paper = f"{self.material.forum.title or ''}\n{self.material.forum.abstract or ''}".lower()
        for gap in gaps:
            makes_sense = gap.only_if is None or gap.only_if.search(paper)
            if makes_sense and not gap.pattern.search(said):
                return gap
        return None

    def covered_topics(self) -> dict[str, list[Statement]]:
        """Return the statements of the reviews by the first topic of each."""
        covered: dict[str, list[Statement]] = {}
        for reviewer in self.material.reviewers:
            for statement in self.material.statements[reviewer]:
                for topic in statement.topics[:1]:
                    covered.setdefault(topic, []).append(statement)
        return covered

    def ask_gap(self, gap: Gap) -> Exchange:
        """Ask that question; the answer names what the reviews do cover."""
        covered = self.covered_topics()
        names = [name for name in TOPICS if name in covered]
        names.sort(key=lambda name: TOPICS[name].broad - 0.4 * len(covered[name]) + self.rng.random())
        chosen = names[: self.rng.choice((2, 2, 3))]
        statements = tuple(self.pick_example(covered[name]) for name in chosen)
        return Exchange("ask_unanswerable", None, statements, _list_speakers(statements), gap=gap)

    def pick_example(self, statements: list[Statement]) -> Statement:
        """Return the middle one of the statements that stand well alone, if possible one that was not said before."""
        good = [item for item in statements if item.value >= 1.4 and not item.pointing] or statements
        good = [item for item in good if item.key not in self.used] or good
        good.sort(key=lambda item: (-self.worth(item), item.note_id, item.start))
        return good[len(good) // 2]

    # The decision

    def pick_reasons(self) -> tuple[Statement, ...]:
        """Return what the decision rests on: passages of the meta-review, else what was said in the dialogue."""
        outcome = self.material.forum.decision.outcome
        leaning = {"accept": "positive", "reject": "negative", "workshop": "negative"}.get(outcome)
        candidates = (
            []
            if outcome == "unknown"
            else [
                item
                for item in self.material.meta
                if item.value > 0.7
                and not item.pointing
                and item.reported
                and item.reported.needs_that
                and not _PROCEDURE.search(item.text)
                and not _SUMMARY_OPENING.match(item.text)
                and not _CLAIMING.match(item.text)
                and not (outcome == "accept" and _REQUIRING.search(item.text))
            ]
        )
        heard = [
            item
            for reviewer in self.material.reviewers
            for item in self.material.statements[reviewer]
            if item.key in self.spoken and not item.pointing and item.kind != "summary"
        ]
        if outcome == "unknown":
            open_points = [item for item in heard if item.polarity == "negative"]
            open_points.sort(
                key=lambda item: (item.reported is None or not item.reported.needs_that, -self.worth(item))
            )
            return tuple(open_points[:1])
        said = candidates or [item for item in heard if item.reported is not None and item.reported.needs_that]
        fitting = [item for item in said if item.polarity == leaning] if leaning else []
        if not candidates:
            # That a paper reads well or badly decides nothing by itself; then the ratings are the better reason.
            fitting = [item for item in fitting if any(TOPICS[name].aspect != "clarity" for name in item.topics)]
            fitting.sort(key=lambda item: -self.worth(item))
            return tuple(fitting[:2])
        if not fitting and leaning:
            fitting = [item for item in said if item.polarity == "neutral" and leans(item.text, leaning)]
        if not fitting and leaning:
            # The meta-review only names what speaks against its own decision; what was heard has to carry it.
            fitting = [
                item
                for item in heard
                if item.polarity == leaning and item.reported is not None and item.reported.needs_that
            ][:1]
        fitting.sort(key=lambda item: -(item.value + self.rng.random()))
        other = [item for item in said if item.polarity not in (leaning, "neutral")]
        other.sort(key=lambda item: -(item.value + self.rng.random()))
        reasons = fitting[:2] if len(fitting) > 1 and self.rng.random() < 0.6 else fitting[:1]
        if other and (not reasons or self.rng.random() < 0.4) and leaning:
            reasons = [*reasons, other[0]]
        return tuple(reasons[:2])


_CUES = read_cues()
_DOING = re.compile(_CUES["doing"], re.IGNORECASE)
_OWN_WORK = re.compile(_CUES["own_work"], re.IGNORECASE)
_FINDING = re.compile(_CUES["finding"], re.IGNORECASE)
_SUMMARY_OPENING = re.compile(_CUES["summary_opening"], re.IGNORECASE)
_CLAIMING = re.compile(_CUES["claiming"], re.IGNORECASE)
_PROCEDURE = re.compile(_CUES["procedure"], re.IGNORECASE)
_REQUIRING = re.compile(_CUES["requiring"], re.IGNORECASE)


def _says_what_is_done(text: str) -> bool:
    return _DOING.search(text) is not None


def _says_what_is_found(text: str) -> bool:
    return _FINDING.search(text) is not None


def _list_speakers(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Return the reviewers among the speakers, each once, in order of appearance."""
    return tuple(dict.fromkeys(item.speaker for item in statements if item.speaker.startswith("R")))

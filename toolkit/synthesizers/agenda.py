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
from toolkit.records import AgendaItem, Aspect, Forum, Review
from toolkit.synthesizers.material import (
    GAPS,
    TOPICS,
    Gap,
    Key,
    Material,
    Reaction,
    Reply,
    Statement,
    gather_material,
    read_cues,
    read_leaning,
)

Persona = Literal["brisk", "sceptical", "thorough"]
PERSONAS: tuple[Persona, ...] = ("brisk", "sceptical", "thorough")
EXCHANGES: dict[Persona, tuple[int, ...]] = {"brisk": (5, 6, 6), "sceptical": (6, 6, 7), "thorough": (6, 7, 7)}
"""How many questions a meta-reviewer asks before it decides; each is two turns, the decision one."""


FAVOUR = 0.9
"""What a passage of its own third is worth more to a further dialogue; never enough to put a remark before a reason."""

LONGEST_LIST = 84
"""Words of the record that one answer may carry."""

TELLING = 2.3
"""What a remark that leans no way must be worth to be told for itself."""

GAP_SHARE = 0.67
"""How many dialogues ask something that the record does not answer."""


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
    replies: tuple[Reply, ...] = ()
    """What the authors answered, each to one statement that was told before."""
    gap: Gap | None = None
    place: tuple[str, str, int, int] | None = None
    """Where title or abstract make the question about a gap a sensible one."""
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
        self.used: set[Key] = set()
        self.said: set[str] = set()
        self.told: dict[str, list[frozenset[str]]] = {}
        self.spoken: tuple[Statement, ...] = ()
        self.topics_used: set[str] = set()
        self.drawn: set[str] = set()
        # Several dialogues about one paper should not quote the same passages: each further one prefers its own third.
        self.noise = {
            statement.key: rng.random() * 0.5 + (FAVOUR if index and (statement.place + index) % 3 == 0 else 0.0)
            for reviewer in material.reviewers
            for statement in material.statements[reviewer]
        }

    # Weighing statements

    def worth(self, statement: Statement) -> float:
        """How much a statement is worth saying in this dialogue."""
        return self.material.weights.get(statement.key, statement.value) + self.noise.get(statement.key, 0.0)

    def best(self, statements: Iterable[Statement], count: int = 1) -> list[Statement]:
        """Return the worthiest unused statements, best first."""
        fresh = [
            item
            for item in statements
            if item.key not in self.used and item.text not in self.said and not self.is_repeated(item)
        ]
        fresh.sort(key=lambda item: (-self.worth(item), item.note_id, item.start))
        return fresh[:count]

    def is_repeated(self, statement: Statement) -> bool:
        """Whether its reviewer was reported with most of the same words already: summaries repeat the text below."""
        return any(
            len(terms & statement.terms) >= 0.6 * len(statement.terms) for terms in self.told.get(statement.speaker, ())
        )

    def take(self, statements: Iterable[Statement]) -> None:
        """Mark statements as said."""
        for statement in statements:
            self.used.add(statement.key)
            self.said.add(statement.text)
            self.told.setdefault(statement.speaker, []).append(statement.terms)

    def of(self, reviewer: str, polarity: str | None = None) -> list[Statement]:
        """Return a reviewer's statements of one polarity, but not what only sums up the paper."""
        return [
            item
            for item in self.material.statements[reviewer]
            if (polarity is None or item.polarity == polarity)
            and item.kind != "summary"
            and item.value > (1.0 if item.polarity == "neutral" else 0.0)
        ]

    def gather(self, lead: Statement, polarity: str) -> list[Statement]:
        """Add to a statement what others say to the same, and then the weightiest of the other reviewers."""
        self.take([lead])
        chosen = [lead]
        others = [
            item
            for reviewer in self.material.reviewers
            if reviewer != lead.speaker
            for item in self.best(self.of(reviewer, polarity), 12)
        ]
        others.sort(key=lambda item: (-(self.worth(item) + 3.0 * self.material.measure_kinship(lead, item)), item.key))
        # Once everyone was heard, a second point of the one who leads is better than none.
        others.extend(self.best(self.of(lead.speaker, polarity)))
        heard = {lead.speaker}
        for item in others:
            again = item.speaker == lead.speaker and len(chosen) == 1
            if len(chosen) == 3 or (item.speaker in heard and not again):
                continue
            if sum(len(other.text.split()) for other in (*chosen, item)) <= LONGEST_LIST:
                chosen.append(item)
                heard.add(item.speaker)
        self.take(chosen)
        return chosen

    # Threads

    def draw_exchanges(self) -> tuple[Exchange, ...]:
        """Draw the exchanges of the dialogue in order."""
        budget = self.rng.choice(EXCHANGES[self.persona])
        exchanges = self.open()
        last_word = self.change()
        question = self.find_gap() if self.rng.random() < GAP_SHARE else None
        room = budget - len(exchanges) - len(last_word) - (1 if question else 0)
        body: list[list[Exchange]] = []
        for draw in self.order_threads():
            if room <= 0:
                break
            thread = draw()[:room]
            if thread:
                body.append(thread)
                room -= len(thread)
        body.insert(min(2, len(body)), last_word)
        flat = [exchange for thread in body for exchange in thread]
        if question:
            breaks = [0]
            for thread in body:
                breaks.append(breaks[-1] + len(thread))
            places = [place for place in breaks if place > 0] or [0]
            flat.insert(self.rng.choice(places), self.ask_gap(*question))
        self.spoken = tuple(item for exchange in flat for item in exchange.statements if exchange.gap is None)
        return (*exchanges, *flat)

    def order_threads(self) -> list[Callable[[], list[Exchange]]]:
        """Return the ways to go on, in the order in which this dialogue tries them."""
        first = [self.criticism, self.disagreement, self.outlier]
        self.rng.shuffle(first)
        later = [self.strengths, self.criticism, self.outlier, self.disagreement]
        self.rng.shuffle(later)
        odd = [self.public, self.open_questions]
        self.rng.shuffle(odd)
        later.insert(self.rng.choice((0, 1, 1, 2)), self.weigh if self.rng.random() < 0.25 else odd[0])
        # Whatever leads, both sides are heard before the rest.
        both = [self.strengths] if first[0] == self.criticism else [self.criticism, self.strengths]
        return [first[0], *both, first[1], *later, *odd, self.any_reviewer, self.any_reviewer, self.weigh]

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
                [item for reviewer in reviewers for item in self.best(item for item in self.of(reviewer))], 3
            )
            self.take(voices)
            if voices:
                return [
                    Exchange("open", statements=summary),
                    Exchange("ask_scores", statements=tuple(voices), reviewers=reviewers),
                ]
        manner = self.rng.random()
        if manner < 0.35:
            return [Exchange("open", statements=summary[:1], reviewers=reviewers, with_scores=True)]
        if manner < 0.75:
            return [Exchange("open", statements=summary), Exchange("ask_scores", reviewers=reviewers)]
        return [Exchange("open", reviewers=reviewers, with_scores=True), Exchange("ask_summary", statements=summary)]

    def pick_summary(self) -> tuple[Statement, ...]:
        """Return a passage that says what the paper does, and perhaps one that says what is claimed of it."""
        told = [item for item in self.material.abstract if item.value > 0.6]
        finding = [item for item in told if _FINDING.search(item.text)]
        doing = [item for item in told if _DOING.search(item.text)]
        doing = [item for item in doing if item not in finding] or doing
        from_reviews = [
            item
            for reviewer in self.material.reviewers
            for item in self.material.statements[reviewer]
            if (item.kind == "summary" or item.place < 2) and _SUMMARY_OPENING.match(item.text)
        ]
        if from_reviews and (not doing or self.rng.random() < 0.45):
            first = self.rng.choice(from_reviews)
            later = finding
        else:
            # Some abstracts neither propose nor study in so many words; results come last even then.
            own = [item for item in told if _OWN_WORK.search(item.text)]
            plain = [item for item in (*own, *told) if item not in finding]
            usable = doing[:1] or plain[:1] or told[:1]
            if not usable:
                return ()
            first = usable[0]
            later = [item for item in finding if item.place > first.place]
        return (first, self.rng.choice(later)) if later else (first,)

    def disagreement(self) -> list[Exchange]:
        """Two reviewers who lean opposite ways about the same thing."""
        best: tuple[float, Key, Statement, Statement] | None = None
        for one, other, kinship in self.material.clashes:
            if one.text in self.said or other.text in self.said:
                continue
            score = self.worth(one) + self.worth(other) + 2.0 * kinship
            if best is None or (-score, one.key) < (-best[0], best[1]):
                best = (score, one.key, one, other)
        if best is None:
            return []
        _, _, one, other = best
        self.take((one, other))
        shared = [topic for topic in one.topics if topic in other.topics]
        topic = shared[0] if shared else None
        aspect = TOPICS[topic].aspect if topic else None
        head = Exchange("ask_disagreement", topic, (one, other), _list_speakers((one, other)), aspect)
        return [head, *self.follow_up([other])]

    def criticism(self) -> list[Exchange]:
        """The weightiest criticism, who shares it, and what else weighs."""
        leads = self.best(item for reviewer in self.material.reviewers for item in self.of(reviewer, "negative"))
        if not leads:
            return []
        group = self.gather(leads[0], "negative")
        topic = self.find_topic(group)
        act = "ask_aspect" if topic and self.rng.random() < 0.6 else "ask_weaknesses"
        aspect = TOPICS[topic].aspect if topic else None
        head = Exchange(act, topic, tuple(group), _list_speakers(group), aspect)
        return [head, *self.follow_up(group)]

    def find_topic(self, group: list[Statement]) -> str | None:
        """Return a topic that every statement of a group is about, and that was not yet talked about."""
        shared = [
            topic
            for topic in group[0].topics
            if topic not in self.topics_used and all(topic in item.topics for item in group)
        ]
        self.topics_used.update(shared[:1])
        return shared[0] if shared else None

    def follow_up(self, statements: list[Statement]) -> list[Exchange]:
        """What the authors answered to the objections that were told; silence where the record holds no answer."""
        if not self.material.author_comments:
            if self.rng.random() < 0.3 and "no-reply" not in self.drawn:
                self.drawn.add("no-reply")
                return [Exchange("ask_author_reply", reviewers=(statements[0].speaker,), about=statements[0])]
            return []
        replies: list[Reply] = []
        for statement in statements:
            reply = self.material.find_reply(statement)
            if reply is not None and all(item.key not in self.used for item in reply.answers):
                replies.append(reply)
                self.take(reply.answers)
        if not replies:
            return []
        answers = tuple(item for reply in replies for item in reply.answers)
        speakers = _list_speakers(reply.about for reply in replies)
        return [Exchange("ask_author_reply", None, answers, speakers, replies=tuple(replies), about=replies[0].about)]

    def outlier(self) -> list[Exchange]:
        """The reviewer whose rating stands apart, and what is behind it."""
        rated = [
            (review.rating.aligned, review.reviewer)
            for review in self.material.forum.reviews
            if review.rating.aligned is not None
        ]
        if len(rated) < 2:
            return []
        mean = sum(value for value, _ in rated) / len(rated)
        distance, reviewer, value = max((abs(value - mean), reviewer, value) for value, reviewer in rated)
        if distance < 0.15 or "outlier" in self.drawn:
            return []
        leaning = "positive" if value > mean else "negative"
        chosen = self.best(self.of(reviewer, leaning), 2)
        if not chosen:
            return []
        self.drawn.add("outlier")
        self.take(chosen)
        head = Exchange("ask_reviewer", None, tuple(chosen), (reviewer,))
        return [head, *(self.follow_up(chosen) if leaning == "negative" else [])]

    def strengths(self) -> list[Exchange]:
        """What speaks for the paper, and who says so."""
        leads = self.best(item for reviewer in self.material.reviewers for item in self.of(reviewer, "positive"))
        if not leads or "strengths" in self.drawn:
            return []
        self.drawn.add("strengths")
        group = self.gather(leads[0], "positive")
        return [Exchange("ask_strengths", self.find_topic(group), tuple(group), _list_speakers(group))]

    def weigh(self) -> list[Exchange]:
        """How sure the reviewers are, and whose review is the more detailed."""
        if "weigh" in self.drawn or len(self.material.reviewers) < 2:
            return []
        confident = [review for review in self.material.forum.reviews if review.confidence.value is not None]
        if len(confident) < 2:
            return []
        self.drawn.add("weigh")
        stated = [review.confidence.value or 0 for review in confident]
        surest = [review for review in confident if review.confidence.value == max(stated)]
        words = self.best(item for item in self.of(surest[0].reviewer) if item.polarity != "neutral")
        # "The most confident one" can only be one.
        words = words if len(surest) == 1 else []
        self.take(words)
        return [Exchange("weigh", None, tuple(words), tuple(review.reviewer for review in confident))]

    def change(self) -> list[Exchange]:
        """What reviewers wrote after the authors' reply, and which ratings moved."""
        told = [
            reaction for reviewer in self.material.reviewers for reaction in self.material.find_reactions(reviewer)[:1]
        ]
        more = [
            reaction for reviewer in self.material.reviewers for reaction in self.material.find_reactions(reviewer)[1:2]
        ]
        # Everyone who came back is heard once before anyone is heard twice.
        reactions = (*told, *more)[: max(2, min(3, len(told)))]
        moved = tuple(review.reviewer for review in self.material.forum.reviews if find_earlier(review) is not None)
        if not reactions and not moved:
            return []
        statements = tuple(item.statement for item in reactions)
        self.take(statements)
        speakers = tuple(dict.fromkeys((*_list_speakers(statements), *moved)))
        return [Exchange("ask_score_change", None, statements, speakers, reactions=reactions)]

    def public(self) -> list[Exchange]:
        """What someone outside the committee remarked."""
        chosen = [item for item in self.material.public if item.text not in self.said and item.value > 1.6][:12]
        if not chosen or "public" in self.drawn:
            return []
        self.drawn.add("public")
        chosen.sort(key=lambda item: (-item.value, item.note_id, item.start))
        self.take(chosen[:1])
        return [Exchange("ask_public", None, (chosen[0],), ())]

    def open_questions(self) -> list[Exchange]:
        """What reviewers asked the authors, and what they were told."""
        asked = [item for reviewer in self.material.reviewers for item in self.best(self.material.questions[reviewer])]
        chosen = self.best(asked, 2)
        if not chosen or "questions" in self.drawn:
            return []
        self.drawn.add("questions")
        self.take(chosen)
        return [Exchange("ask_questions", None, tuple(chosen), _list_speakers(chosen)), *self.follow_up(chosen)]

    def any_reviewer(self) -> list[Exchange]:
        """What a reviewer of whom little was heard has to say."""
        quiet = sorted(
            self.material.reviewers,
            key=lambda reviewer: sum(item.key in self.used for item in self.material.statements[reviewer]),
        )
        for reviewer in quiet:
            telling = [item for item in self.of(reviewer) if item.polarity != "neutral" or item.value > TELLING]
            chosen = self.best([item for item in telling if not item.text.endswith("?")], 2)
            if chosen:
                self.take(chosen)
                return [Exchange("ask_reviewer", None, tuple(chosen), (reviewer,))]
        return []

    def find_gap(self) -> tuple[Gap, tuple[str, str, int, int]] | None:
        """Find a question that this paper raises and nothing on record answers, and where the paper raises it."""
        gaps = list(GAPS)
        self.rng.shuffle(gaps)
        forum = self.material.forum
        for gap in gaps:
            for field_name, text in (("title", forum.title), ("abstract", forum.abstract)):
                found = gap.only_if.search(text or "")
                if found and self.material.is_nowhere(gap):
                    return gap, (forum.forum, field_name, found.start(), found.end())
        return None

    def ask_gap(self, gap: Gap, place: tuple[str, str, int, int]) -> Exchange:
        """Ask that question; the answer may name what comes closest."""
        near = [
            item
            for reviewer in self.material.reviewers
            for item in self.of(reviewer)
            if gap.near and gap.near.search(item.text.lower()) and not item.text.endswith("?")
        ]
        chosen = self.best(near) if self.rng.random() < 0.6 else []
        self.take(chosen)
        return Exchange("ask_unanswerable", None, tuple(chosen), _list_speakers(chosen), gap=gap, place=place)

    # The decision

    def pick_reasons(self) -> tuple[Statement, ...]:
        """Return what the decision rests on, in the words of the meta-review; nothing where it has none to repeat."""
        outcome = self.material.forum.decision.outcome
        leaning = {"accept": "positive", "reject": "negative", "workshop": "negative"}.get(outcome)
        if outcome == "unknown":
            return self.pick_open_point()
        if leaning is None:
            return ()
        heard = frozenset(term for statement in self.spoken for term in statement.terms)
        scored: list[tuple[float, int, Statement]] = []
        last = max((item.place for item in self.material.meta), default=0)
        for item in self.material.meta:
            plain = item.text
            if _PROCEDURE.search(plain) or _SUMMARY_OPENING.match(plain) or _CLAIMING.match(plain):
                continue
            if outcome == "accept" and _REQUIRING.search(plain):
                continue
            side = read_leaning(plain)
            # A sentence that weighs without taking a side may stand for want of one that does; never one of the other.
            if side != leaning and (side != "neutral" or not _WEIGHING.search(plain)):
                continue
            score = (
                item.value
                + (3.0 if side == leaning else 0.0)
                + (0.6 if _WEIGHING.search(plain) else 0.0)
                + 0.15 * min(4, len(item.terms & heard))
            )
            score += 0.5 * item.place / last if last else 0.0
            scored.append((score + 0.4 * self.rng.random(), item.place, item))
        scored.sort(key=lambda entry: (-entry[0], entry[1]))
        reasons = [item for _, _, item in scored[: self.rng.choice((1, 2, 2, 3))]]
        return tuple(item for item in reasons if read_leaning(item.text) == read_leaning(reasons[0].text))

    def pick_open_point(self) -> tuple[Statement, ...]:
        """Return what is left open where no decision is on record: only what the authors cannot have answered."""
        if self.material.author_comments:
            return ()
        if "no-reply" in self.drawn:
            return ()
        open_points = [item for item in self.spoken if item.polarity == "negative" and item.key in self.noise]
        open_points.sort(key=lambda item: (-self.worth(item), item.key))
        return tuple(open_points[:1])


def find_earlier(review: Review) -> float | None:
    """Return the first rating that the record holds of a review, where the rating was another one then."""
    for revision in review.revisions:
        if revision.rating.value is not None and review.rating.value is not None:
            return revision.rating.value if revision.rating.value != review.rating.value else None
    return None


_CUES = read_cues()
_DOING = re.compile(_CUES["doing"], re.IGNORECASE)
_OWN_WORK = re.compile(_CUES["own_work"], re.IGNORECASE)
_FINDING = re.compile(_CUES["finding"], re.IGNORECASE)
_SUMMARY_OPENING = re.compile(_CUES["summary_opening"], re.IGNORECASE)
_CLAIMING = re.compile(_CUES["claiming"], re.IGNORECASE)
_PROCEDURE = re.compile(_CUES["procedure"], re.IGNORECASE)
_REQUIRING = re.compile(_CUES["requiring"], re.IGNORECASE)
_WEIGHING = re.compile(_CUES["weighing"], re.IGNORECASE)


def _list_speakers(statements: Iterable[Statement]) -> tuple[str, ...]:
    """Return the reviewers among the speakers, each once, in order of appearance."""
    return tuple(dict.fromkeys(item.speaker for item in statements if item.speaker.startswith("R")))

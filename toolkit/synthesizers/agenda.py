"""What is talked about, in which order, and on which statements of the record it rests.

The agenda is drawn before a word is written. An exchange is one question of the meta-reviewer and one answer; threads
of exchanges follow one another up (an objection, what the authors answered, whether that settled it). Which threads
there can be is decided by the record, which ones and in what order by the seed, the persona and the policy.
"""

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from toolkit.errors import SynthesisError
from toolkit.records import AgendaItem, Aspect, Forum, Persona, Review
from toolkit.synthesizers.material import Material, Reaction, Reply, gather_material
from toolkit.synthesizers.policy import EXCHANGES, Policy
from toolkit.synthesizers.statements import GAPS, TOPICS, Gap, Key, Statement, read_cues, read_leaning
from toolkit.text.quotes import count_words

TOLD_BEFORE = 6.0
"""What a passage of an earlier dialogue about the same paper loses in a further one."""

LONGEST_LIST = 84
"""Words of the record that one answer may carry."""

EXPERIENCE = "experience_assessment"
"""The field of forms that ask for experience in place of a confidence."""

LEAST_BODY = 2
"""How many exchanges about the paper itself a dialogue has at least, where the record holds as much."""

TELLING = 2.3
"""What a remark that leans no way must be worth to be told for itself."""

WIDE = 0.35
"""Distance of aligned ratings from which reviewers count as divided although all lie on one side of the line."""

GAP_SHARE = 0.5
"""How many dialogues ask something that the record does not answer."""

PRESSING: dict[Persona, float] = {"brisk": 0.2, "sceptical": 0.75, "thorough": 0.5}
"""How often a meta-reviewer goes on asking where an answer was given already."""

GOES_ON = 0.6
"""How often a reviewer is let go on to the next sentence, where it says more on the same side."""
GOING_ON = ("ask_weaknesses", "ask_aspect", "ask_strengths", "ask_reviewer", "ask_disagreement", "ask_shared", "weigh")

Place = tuple[str, str, int, int]
"""Note id, field, start, end."""


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
    place: Place | None = None
    """Where title or abstract make the question about a gap a sensible one."""
    with_scores: bool = False
    about: Statement | None = None
    """The statement of a review that a follow-up goes back to."""
    phrase: str | None = None
    """What that statement is about, in its own words."""
    silent: tuple[Review, ...] = ()
    """The reviews that say nothing about it."""
    following: Mapping[Key, Statement] = field(default_factory=dict)
    """Statement -> the sentence of the review that goes on from it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before the dialogue is worded."""

    persona: Persona
    exchanges: tuple[Exchange, ...]
    reasons: tuple[Statement, ...]
    """What the decision rests on, from the meta-review where there is one."""
    quoted: Statement | None
    """What the meta-review says where no sentence of it takes the decision's side."""
    closing: str
    """``decide``, or ``close`` where the record has no decision to give."""

    @property
    def items(self) -> tuple[AgendaItem, ...]:
        """The plan as the dialogue record publishes it."""
        asked = tuple(AgendaItem(item.act, item.aspect, item.reviewers) for item in self.exchanges)
        return (*asked, AgendaItem(self.closing, None, ()))

    @property
    def told(self) -> frozenset[Key]:
        """The passages of reviews, discussion and abstract that it tells."""
        return frozenset(
            item.key for exchange in self.exchanges for item in (*exchange.statements, *exchange.following.values())
        )


def seed_random(*parts: int | str) -> random.Random:
    """Return the generator of all choices that belong to a seed and what names its use: a forum and a number."""
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=16).digest()
    return random.Random(int.from_bytes(digest, "big"))


def draw_agenda(forum: Forum, *, seed: int = 0, index: int = 0, policy: Policy | None = None) -> tuple[AgendaItem, ...]:
    """Return what dialogue number ``index`` about a forum talks about, in order.

    Raises:
        SynthesisError: the forum holds nothing to talk about.
    """
    return draw_plans(gather_material(forum), seed=seed, count=index + 1, policy=policy or Policy())[-1][1].items


def draw_plans(material: Material, *, seed: int, count: int, policy: Policy) -> list[tuple[random.Random, Plan]]:
    """Draw the plans of the first dialogues about a forum, each with the generator that goes on to word it.

    A further dialogue prefers what the ones before it have not told, so a plan depends on those before it alone.

    Raises:
        UnusableForumError: there is no review (``no-review``) or no passage that can be told (``no-passage``).
    """
    forum = material.forum
    if not forum.reviews:
        raise UnusableForumError("no-review", "the record holds no review to talk about", where=forum.forum)
    if not any(material.statements.values()):
        raise UnusableForumError("no-passage", "no passage of the reviews can be quoted", where=forum.forum)
    plans: list[tuple[random.Random, Plan]] = []
    told: frozenset[Key] = frozenset()
    for index in range(count):
        rng = seed_random(seed, forum.forum, index)
        persona = policy.personas[rng.randrange(len(policy.personas))]
        planner = _Planner(material, rng, persona, policy, told)
        exchanges = planner.draw_exchanges()
        closing = "decide" if forum.decision.outcome in ("accept", "reject", "workshop") else "close"
        reasons = planner.pick_reasons()
        plan = Plan(persona, exchanges, reasons, None if reasons else planner.pick_words(), closing)
        told |= plan.told
        plans.append((rng, plan))
    return plans


class _Planner:
    def __init__(
        self, material: Material, rng: random.Random, persona: Persona, policy: Policy, told_before: AbstractSet[Key]
    ) -> None:
        self.material = material
        self.rng = rng
        self.persona = persona
        self.policy = policy
        self.told_before = told_before
        self.used: set[Key] = set()
        self.said: set[str] = set()
        self.told: dict[str, list[frozenset[str]]] = {}
        self.spoken: tuple[Statement, ...] = ()
        self.unanswered: set[Key] = set()
        self.topics_used: set[str] = set()
        self.drawn: set[str] = set()
        self.noise = {
            statement.key: rng.random() * 0.6 - (TOLD_BEFORE if statement.key in told_before else 0.0)
            for reviewer in material.reviewers
            for statement in (*material.statements[reviewer], *material.questions[reviewer])
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
        fresh.sort(key=lambda item: (-self.worth(item), item.note_id, item.field, item.start))
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

    def of(self, reviewer: str, leaning: str | None = None) -> list[Statement]:
        """Return a reviewer's statements of one leaning, but not what only sums up the paper."""
        return [
            item
            for item in self.material.statements[reviewer]
            if (leaning is None or item.leaning == leaning)
            and item.kind != "summary"
            and item.value > (1.0 if item.leaning == "neutral" else 0.0)
        ]

    def heard(self, reviewer: str) -> int:
        """How many statements of a reviewer were told."""
        return sum(item.key in self.used for item in self.material.statements[reviewer])

    def gather(self, lead: Statement, leaning: str) -> list[Statement]:
        """Add to a statement what others say to the same, and then the weightiest of those who were heard least."""
        self.take([lead])
        chosen = [lead]
        allies = {ally.statement.key for ally in self.material.find_allies(lead)}
        others = [
            item
            for reviewer in self.material.reviewers
            if reviewer != lead.speaker
            for item in self.best(self.of(reviewer, leaning), 12)
        ]
        others.sort(
            key=lambda item: (
                -(self.worth(item) + (3.0 if item.key in allies else 0.0) - 0.8 * self.heard(item.speaker)),
                item.key,
            )
        )
        # Once everyone was heard, a second point of the one who leads is better than none.
        others.extend(self.best(self.of(lead.speaker, leaning)))
        speakers = {lead.speaker}
        for item in others:
            again = item.speaker == lead.speaker and len(chosen) == 1
            if len(chosen) == 3 or (item.speaker in speakers and not again):
                continue
            if sum(count_words(other.text) for other in (*chosen, item)) <= LONGEST_LIST:
                chosen.append(item)
                speakers.add(item.speaker)
        self.take(chosen)
        return chosen

    def allows(self, act: str) -> bool:
        """Whether the policy lets the meta-reviewer ask this."""
        return act not in self.policy.leave_out

    def presses(self) -> bool:
        """Whether this meta-reviewer goes on asking."""
        return self.rng.random() < PRESSING[self.persona]

    # Threads

    def draw_exchanges(self) -> tuple[Exchange, ...]:
        """Draw the exchanges of the dialogue in order."""
        budget = self.rng.choice(EXCHANGES[self.policy.length][self.persona])
        exchanges = self.open()[:budget]
        last_word = self.change() if self.allows("ask_score_change") else []
        question = self.find_silence(exchanges) if self.allows("ask_unanswerable") else None
        weighing = self.weigh() if self.rng.random() < (0.65 if self.is_divided() else 0.15) else []
        room = budget - len(exchanges) - len(last_word)
        # What the reviewers say about the paper comes before what is asked about them, or in vain.
        weighing = weighing[: max(0, room - LEAST_BODY)]
        question = question if room - len(weighing) > LEAST_BODY else None
        room = max(LEAST_BODY, room - len(weighing) - (1 if question else 0))
        body: list[list[Exchange]] = []
        for draw in self.order_threads():
            if room <= 0:
                break
            thread = draw()[:room]
            if thread:
                body.append(thread)
                room -= len(thread)
        if last_word:
            body.insert(min(len(body), self.rng.choice((1, 2, 2, 3))), last_word)
        if question:
            body.insert(self.rng.randint(min(1, len(body)), len(body)), [question])
        if weighing:
            body.insert(len(body) if self.rng.random() < 0.75 else min(1, len(body)), weighing)
        flat = [exchange for thread in body for exchange in thread]
        flat = [self.go_on(exchange) for exchange in flat]
        self.spoken = tuple(item for exchange in flat for item in exchange.statements if exchange.gap is None)
        return (*exchanges, *flat)

    def go_on(self, exchange: Exchange) -> Exchange:
        """Let reviewers finish their thought where there is room: what the sentence after a statement adds."""
        if exchange.act not in GOING_ON:
            return exchange
        words = sum(count_words(item.text) for item in exchange.statements)
        found: dict[Key, Statement] = {}
        for statement in exchange.statements:
            item = self.material.find_following(statement)
            if item is None or item.key in self.used or item.text in self.said or self.rng.random() > GOES_ON:
                continue
            if words + count_words(item.text) <= LONGEST_LIST:
                words += count_words(item.text)
                found[statement.key] = item
                self.take([item])
        return replace(exchange, following=found) if found else exchange

    def order_threads(self) -> list[Callable[[], list[Exchange]]]:
        """Return the ways to go on, in the order in which this dialogue tries them."""
        sides = [self.criticism, self.strengths]
        if self.rng.random() < 0.25:
            sides.reverse()
        later = [self.criticism, self.open_questions, self.public, self.unheard]
        self.rng.shuffle(later)
        lead = [self.divide, *sides] if self.is_divided() else [*sides, self.divide]
        return [*lead, self.unheard, *later, self.unheard, self.criticism, self.unheard]

    def is_divided(self) -> bool:
        """Whether ratings lie on both sides of the form's line, or far apart."""
        aligned = [review.rating.aligned for review in self.material.forum.reviews if review.rating.aligned is not None]
        return len(aligned) > 1 and (min(aligned) < 0 <= max(aligned) or max(aligned) - min(aligned) >= WIDE)

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
        if manner < 0.4:
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
        fresh = [item for item in from_reviews if item.key not in self.told_before]
        doing_was_told = bool(doing) and doing[0].key in self.told_before
        if from_reviews and (not doing or (doing_was_told and fresh) or self.rng.random() < 0.45):
            first = self.rng.choice(fresh or from_reviews)
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
        later = [item for item in later if item.key not in self.told_before] or later
        return (first, self.rng.choice(later)) if later else (first,)

    def divide(self) -> list[Exchange]:
        """Set the reviewer who thinks most of the paper against the one who thinks least of it.

        Where they speak of the same thing, that is what they are set against one another on.
        """
        if "divide" in self.drawn:
            return []
        self.drawn.add("divide")
        best: tuple[float, Key, Key, Statement, Statement] | None = None
        for praise in self.find_voices("positive"):
            opposed = {ally.statement.key: ally.strength for ally in self.material.find_opponents(praise)}
            for blame in self.find_voices("negative"):
                if praise.speaker == blame.speaker:
                    continue
                score = self.worth(praise) + self.worth(blame) + 2.5 * opposed.get(blame.key, 0.0)
                score += 1.0 if praise.aspect == blame.aspect != "other" else 0.0
                score += 1.0 if find_shared_topic(praise, blame) else 0.0
                if best is None or (-score, praise.key, blame.key) < (-best[0], best[1], best[2]):
                    best = (score, praise.key, blame.key, praise, blame)
        if best is None:
            return []
        _, _, _, praise, blame = best
        self.take((praise, blame))
        topic = find_shared_topic(praise, blame)
        self.topics_used.update([topic] if topic else [])
        told = [praise, blame]
        between = [name for name in self.material.reviewers if name not in (praise.speaker, blame.speaker)]
        for name in sorted(between, key=self.heard)[:1]:
            third = [item for item in self.of(name) if item.leaning != "neutral" and count_words(item.text) <= 26]
            if sum(count_words(item.text) for item in told) < 45 and (chosen := self.best(third)):
                told.extend(chosen)
                self.take(chosen)
        aspect = TOPICS[topic].aspect if topic else None
        head = Exchange("ask_disagreement", topic, tuple(told), _list_speakers(told), aspect)
        return [head, *self.press([blame])]

    def find_voices(self, leaning: str) -> list[Statement]:
        """Return what the reviewers at one end of the ratings say on that side; of everyone where ratings agree."""
        rated = [
            (review.rating.aligned, review.reviewer)
            for review in self.material.forum.reviews
            if review.rating.aligned is not None
        ]
        names: Sequence[str] = self.material.reviewers
        if rated and min(rated)[0] != max(rated)[0]:
            edge = max(rated)[0] if leaning == "positive" else min(rated)[0]
            names = [name for value, name in rated if value == edge]
        return [item for name in names for item in self.best(self.of(name, leaning), 6)]

    def criticism(self) -> list[Exchange]:
        """The weightiest criticism, who shares it, and what else weighs."""
        candidates = (item for reviewer in self.material.reviewers for item in self.of(reviewer, "negative"))
        leads = self.best(candidates, 4)
        if not leads:
            return []
        # Of two objections that weigh about the same, the one of whom less was heard.
        leads.sort(key=lambda item: (-(self.worth(item) - 0.9 * self.heard(item.speaker)), item.key))
        group = self.gather(leads[0], "negative")
        topic = self.find_topic(group)
        act = "ask_aspect" if topic and self.rng.random() < 0.6 else "ask_weaknesses"
        aspect = TOPICS[topic].aspect if topic else None
        head = Exchange(act, topic, tuple(group), _list_speakers(group), aspect)
        return [head, *self.press(group)]

    def find_topic(self, group: list[Statement]) -> str | None:
        """Return a topic that every statement of a group is about, and that was not yet talked about."""
        shared = [
            topic
            for topic in group[0].topics
            if topic not in self.topics_used and all(topic in item.topics for item in group)
        ]
        self.topics_used.update(shared[:1])
        return shared[0] if shared else None

    # Following an objection up

    def press(self, statements: Sequence[Statement]) -> list[Exchange]:
        """Ask on about objections: where it says so, who else thinks so, what the authors answered, what came of it."""
        followed: list[Exchange] = []
        if self.presses() and self.allows("ask_evidence"):
            followed.extend(self.ask_evidence(statements))
        if not followed and self.presses() and self.allows("ask_shared"):
            followed.extend(self.ask_shared(statements))
        if self.allows("ask_author_reply"):
            followed.extend(self.ask_reply(statements))
        return followed

    def ask_evidence(self, statements: Sequence[Statement]) -> list[Exchange]:
        """Where it says so: the exact words, and the sentence that goes on from them."""
        if "evidence" in self.drawn:
            return []
        for statement in statements:
            following = self.material.find_following(statement)
            if following is not None and following.key in self.used:
                continue
            # Words that were quoted already need no second reading.
            if statement.quotable and following is not None and self.material.report(statement) is not None:
                self.drawn.add("evidence")
                self.take([following])
                speakers = (statement.speaker,)
                return [Exchange("ask_evidence", None, (following,), speakers, about=statement)]
        return []

    def ask_shared(self, statements: Sequence[Statement]) -> list[Exchange]:
        """Whether anyone else says so: the others who do, or that none of the other reviews mentions it."""
        if "shared" in self.drawn or len(self.material.reviewers) < 2:
            return []
        for statement in statements:
            told = {item.key for item in statements}
            allies = [
                ally.statement
                for ally in self.material.find_allies(statement)
                if ally.statement.key not in self.used | told
            ][:2]
            phrase = self.material.find_own_phrase(statement)
            if allies:
                self.drawn.add("shared")
                self.take(allies)
                return [
                    Exchange("ask_shared", None, tuple(allies), _list_speakers(allies), about=statement, phrase=phrase)
                ]
            # That nobody else speaks of one word says little; of a thing with a name of its own it says something.
            named = phrase is not None and " " in phrase and statement.leaning == "negative"
            silent = self.material.list_silent_reviews(statement, phrase) if phrase and named else ()
            if silent:
                self.drawn.add("shared")
                speakers = (statement.speaker,)
                return [Exchange("ask_shared", None, (), speakers, about=statement, phrase=phrase, silent=silent)]
        return []

    def ask_reply(self, statements: Sequence[Statement]) -> list[Exchange]:
        """What the authors answered to objections, or that they did not; then whether it settled the matter."""
        if not self.material.author_comments:
            if self.rng.random() < 0.4 and "no-reply" not in self.drawn:
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
            untouched = [item for item in statements if self.material.is_untouched(item)]
            if not untouched or "untouched" in self.drawn:
                return []
            self.drawn.add("untouched")
            self.unanswered.add(untouched[0].key)
            speakers: tuple[str, ...] = (untouched[0].speaker,)
            return [Exchange("ask_author_reply", reviewers=speakers, about=untouched[0])]
        answers = tuple(item for reply in replies for item in reply.answers)
        speakers = _list_speakers(reply.about for reply in replies)
        about = replies[0].about
        head = Exchange("ask_author_reply", None, answers, speakers, replies=tuple(replies), about=about)
        settled = self.ask_resolved(replies) if self.allows("ask_resolved") and self.presses() else []
        return [head, *settled]

    def ask_resolved(self, replies: Sequence[Reply]) -> list[Exchange]:
        """Whether a reply settled the matter for the one who had raised it, where the record tells."""
        for reply in replies:
            about = reply.about
            verdict = self.material.find_verdict(about)
            if verdict is not None and verdict.statement.key not in self.used:
                self.take([verdict.statement])
                return [
                    Exchange(
                        "ask_resolved", None, (verdict.statement,), (about.speaker,), about=about, reactions=(verdict,)
                    )
                ]
            if "silence" not in self.drawn and not self.material.came_back(about.speaker, reply.comment.created):
                self.drawn.add("silence")
                return [Exchange("ask_resolved", None, (), (about.speaker,), about=about)]
        return []

    # Other threads

    def strengths(self) -> list[Exchange]:
        """What speaks for the paper, and who says so."""
        leads = self.best((item for reviewer in self.material.reviewers for item in self.of(reviewer, "positive")), 4)
        if not leads or "strengths" in self.drawn:
            return []
        self.drawn.add("strengths")
        leads.sort(key=lambda item: (-(self.worth(item) - 0.9 * self.heard(item.speaker)), item.key))
        group = self.gather(leads[0], "positive")
        return [Exchange("ask_strengths", self.find_topic(group), tuple(group), _list_speakers(group))]

    def unheard(self) -> list[Exchange]:
        """What the reviewer has to say of whom least was heard, with what is good about the paper and what is not."""
        quiet = sorted(self.material.reviewers, key=lambda name: (self.heard(name), int(name[1:])))
        for reviewer in quiet:
            telling = [item for item in self.of(reviewer) if item.leaning != "neutral" or item.value > TELLING]
            first = self.best(telling)
            if not first:
                continue
            other_side = [item for item in telling if item.leaning != first[0].leaning and item.leaning != "neutral"]
            self.take(first)
            chosen = [*first, *(self.best(other_side) or self.best(telling))]
            self.take(chosen)
            head = Exchange("ask_reviewer", None, tuple(chosen), (reviewer,))
            objections = [item for item in chosen if item.leaning == "negative"]
            return [head, *(self.press(objections) if objections else []), *self.ask_confidence(reviewer)]
        return []

    def ask_confidence(self, reviewer: str) -> list[Exchange]:
        """How sure one reviewer is, next to the others."""
        review = self.material.review_of[reviewer]
        if not self.allows("ask_confidence") or {"confidence", "weigh"} & self.drawn or not self.presses():
            return []
        if review.confidence.value is None:
            return []
        self.drawn.add("confidence")
        return [Exchange("ask_confidence", None, (), (reviewer,))]

    def weigh(self) -> list[Exchange]:
        """Who is the surest, where that one stands, and what that one holds; whose review is the more detailed."""
        reviews = self.material.forum.reviews
        if not self.allows("weigh") or "weigh" in self.drawn or len(reviews) < 2:
            return []
        stated = [review.confidence.value for review in reviews if review.confidence.value is not None]
        experienced = sum(any(score.field == EXPERIENCE and score.raw for score in review.scores) for review in reviews)
        if len(stated) < 2 and experienced < 2:
            return []
        self.drawn.add("weigh")
        surest = [review.reviewer for review in reviews if stated and review.confidence.value == max(stated)]
        words = []
        if len(stated) == len(reviews) and len(surest) == 1:
            words = self.best(item for item in self.of(surest[0]) if item.leaning != "neutral")
            self.take(words)
        return [Exchange("weigh", None, tuple(words), self.material.reviewers)]

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
        if not self.allows("ask_public"):
            return []
        chosen = [item for item in self.material.public if item.text not in self.said and item.value > 1.6][:12]
        if not chosen or "public" in self.drawn:
            return []
        self.drawn.add("public")
        chosen.sort(key=lambda item: (item.key in self.told_before, -item.value, item.note_id, item.start))
        self.take(chosen[:1])
        return [Exchange("ask_public", None, (chosen[0],), ())]

    def open_questions(self) -> list[Exchange]:
        """What reviewers asked the authors, and what they were told."""
        if not self.allows("ask_questions") or "questions" in self.drawn:
            return []
        asked = [item for reviewer in self.material.reviewers for item in self.best(self.material.questions[reviewer])]
        chosen = self.best(asked, self.rng.choice((2, 3)))
        if not chosen:
            return []
        self.drawn.add("questions")
        self.take(chosen)
        head = Exchange("ask_questions", None, tuple(chosen), _list_speakers(chosen))
        return [head, *(self.ask_reply(chosen) if self.allows("ask_author_reply") else [])]

    # What nobody answers

    def find_silence(self, opened: Sequence[Exchange]) -> Exchange | None:
        """Find a question that this paper raises and nothing on record answers.

        What the summary named and no review takes up comes before what a chair may always ask.
        """
        if self.rng.random() >= GAP_SHARE:
            return None
        for exchange in opened:
            for statement in exchange.statements:
                span = self.material.find_silent_phrase(statement) if statement.speaker == "abstract" else None
                if span is not None:
                    place = (statement.note_id, statement.field, span.start, span.end)
                    phrase = self.material.sources[statement.note_id, statement.field][span.start : span.end]
                    return Exchange("ask_unanswerable", place=place, phrase=phrase)
        found = self.find_gap()
        return self.ask_gap(*found) if found else None

    def find_gap(self) -> tuple[Gap, Place] | None:
        """Find a gap that title or abstract make worth asking about, and where they do."""
        gaps = list(GAPS)
        self.rng.shuffle(gaps)
        forum = self.material.forum
        for gap in gaps:
            for field_name, text in (("title", forum.title), ("abstract", forum.abstract)):
                found = gap.only_if.search(text or "")
                if found and self.material.is_nowhere(gap):
                    return gap, (forum.forum, field_name, found.start(), found.end())
        return None

    def ask_gap(self, gap: Gap, place: Place) -> Exchange:
        """Ask that question; the answer may name what comes closest."""
        near = [
            item
            for reviewer in self.material.reviewers
            for item in self.of(reviewer)
            if gap.near and gap.near.search(item.text.lower())
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
            if _PROCEDURE.search(plain) or _SUMMARY_OPENING.match(plain) or _CLAIMING.search(plain):
                continue
            if (outcome == "accept" and _REQUIRING.search(plain)) or read_leaning(plain) != leaning:
                continue
            score = item.value + (0.6 if _WEIGHING.search(plain) else 0.0) + 0.15 * min(4, len(item.terms & heard))
            score += 0.5 * item.place / last if last else 0.0
            scored.append((score + 0.4 * self.rng.random(), item.place, item))
        scored.sort(key=lambda entry: (-entry[0], entry[1]))
        return tuple(item for _, _, item in scored[: self.rng.choice((1, 2, 2, 3))])

    def pick_words(self) -> Statement | None:
        """Return a sentence of the meta-review that weighs and does not speak against the decision, to be quoted."""
        other_side = "negative" if self.material.forum.decision.outcome == "accept" else "positive"
        fitting = [
            item
            for item in self.material.meta
            if item.quotable
            and not (_PROCEDURE.search(item.text) or _SUMMARY_OPENING.match(item.text) or _CLAIMING.search(item.text))
            and read_leaning(item.text) != other_side
        ]
        weighing = [item for item in fitting if _WEIGHING.search(item.text)]
        best = sorted(weighing or fitting, key=lambda item: (-item.value, item.place))
        return best[0] if best else None

    def pick_open_point(self) -> tuple[Statement, ...]:
        """Return what is left open where no decision is on record: only what the authors have not answered."""
        objections = [item for item in self.spoken if item.leaning == "negative" and item.key in self.noise]
        if self.material.author_comments:
            objections = [item for item in objections if item.key in self.unanswered]
        objections.sort(key=lambda item: (-self.worth(item), item.key))
        return tuple(item for item in objections[:1] if item.quotable)


def find_shared_topic(one: Statement, other: Statement) -> str | None:
    """Return a topic that both statements are about, where people who touch on it mean the same thing."""
    return next((name for name in one.topics if name in other.topics and not TOPICS[name].broad), None)


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

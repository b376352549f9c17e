"""What a forum's record offers a dialogue: its statements, how they meet, what was answered, and what came after."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from toolkit.records import Comment, FollowUpOutcome, Forum, LinkKind, PointLink, Review
from toolkit.synthesizers.statements import (
    SMALL_TALK,
    Gap,
    Key,
    Statement,
    find_topics,
    read_declared_polarity,
    read_review,
    read_sentence,
    read_text,
    report_words,
)
from toolkit.text.quotes import WORDS, find_noun_phrases, strip_asides
from toolkit.text.rewording import Reported, has_finite_verb
from toolkit.text.sentences import Span, split_sentences
from toolkit.text.sources import Sources, collect_sources
from toolkit.text.terms import list_terms, weigh_term

SHORTEST_ANSWER = 3
"""Telling stems of a passage of the authors that says something of its own."""

PLAIN_VALUE = 1.6
"""From here on a remark that takes no side on the reply is worth repeating."""

TELLING_WEIGHT = 4.6
"""How telling a stem is that says what a statement is about: one in a hundred sentences of reviews holds it."""

REACTION_ORDER: tuple[FollowUpOutcome, ...] = (
    "raised",
    "lowered",
    "changed",
    "kept",
    "unsettled",
    "partly_settled",
    "settled",
    "noted",
)
"""What a chair wants to hear first."""

PHRASE_WEIGHT = 4.2
"""How telling the words must be by which a statement is called."""

ABOUT_SCORE = REACTION_ORDER[:4]
_ACTION = re.compile(WORDS["authors_act"])
_RIGHT_AFTER = re.compile(r"[.,;:!*_]* ?\n?")
_DIGIT = re.compile(r"\d")
_PLAIN_PHRASE = re.compile(r"[A-Za-z][A-Za-z-]*(?: [A-Za-z][\w-]*)*")


class Reply(NamedTuple):
    """What the authors answered to a statement."""

    about: Statement
    answers: tuple[Statement, ...]
    comment: Comment


class Reaction(NamedTuple):
    """What a reviewer said after the authors' reply."""

    statement: Statement
    outcome: FollowUpOutcome


class Ally(NamedTuple):
    """Another reviewer's statement that meets one, and how surely."""

    statement: Statement
    strength: float


@dataclass(frozen=True)
class Material:
    """A forum, read for what can be said about it. Make one with ``gather_material``."""

    forum: Forum
    sources: Sources
    statements: Mapping[str, tuple[Statement, ...]]
    """By reviewer (``R1``, ...), in the order of the review; questions stand apart."""
    questions: Mapping[str, tuple[Statement, ...]]
    by_place: Mapping[Key, Statement]
    """Note, field and number of a sentence -> what can be quoted of it, also where it leans on the one before it."""
    meta: tuple[Statement, ...]
    abstract: tuple[Statement, ...]
    replies: dict[Key, Reply | None] = field(default_factory=dict)
    reactions: dict[str, tuple[Reaction, ...]] = field(default_factory=dict)
    missing: dict[str, bool] = field(default_factory=dict)

    @property
    def reviewers(self) -> tuple[str, ...]:
        """All reviewers in order."""
        return tuple(review.reviewer for review in self.forum.reviews)

    @cached_property
    def review_of(self) -> Mapping[str, Review]:
        """Reviewer -> review."""
        return {review.reviewer: review for review in self.forum.reviews}

    @cached_property
    def public(self) -> tuple[Statement, ...]:
        """What people outside the committee wrote."""
        return tuple(
            statement
            for comment in self.forum.discussion
            if comment.role == "public"
            for statement in read_text(comment.note_id, comment.field, comment.text, "public")
            if statement.quotable
        )

    def report(self, statement: Statement) -> Reported | None:
        """Return a passage in indirect speech; null where it has to be quoted."""
        return report_words(statement.text, statement.speaker, self.sources[statement.note_id, statement.field])

    def find_following(self, statement: Statement) -> Statement | None:
        """Return the sentence of a review right after a statement, where it goes on from it on the same side."""
        item = self.by_place.get((statement.note_id, statement.field, statement.place + 1))
        if item is None or item.kind == "summary" or item.leaning not in (statement.leaning, "neutral"):
            return None
        between = self.sources[item.note_id, item.field][statement.end : item.start]
        return item if _RIGHT_AFTER.fullmatch(between) else None

    # How statements meet

    @cached_property
    def links(self) -> Mapping[tuple[LinkKind, Key], Sequence[PointLink]]:
        """Kind of a link and point -> where it leads, the surest first."""
        found: dict[tuple[LinkKind, Key], list[PointLink]] = {}
        for link in self.forum.links:
            found.setdefault((link.kind, (link.note_id, link.field, link.start)), []).append(link)
        return found

    @cached_property
    def by_point(self) -> Mapping[Key, Statement]:
        """Point -> the statement that was read from it."""
        return {
            (item.note_id, item.field, item.point_start): item
            for statements in self.statements.values()
            for item in statements
        }

    @cached_property
    def _met(self) -> Mapping[tuple[LinkKind, Key], Sequence[Ally]]:
        found: dict[tuple[LinkKind, Key], list[Ally]] = {}
        for link in self.forum.links:
            if link.kind not in ("agreement", "disagreement"):
                continue
            one = self.by_point.get((link.note_id, link.field, link.start))
            other = self.by_point.get((link.to_note_id, link.to_field, link.to_start))
            if one is not None and other is not None:
                found.setdefault((link.kind, one.key), []).append(Ally(other, link.strength))
                found.setdefault((link.kind, other.key), []).append(Ally(one, link.strength))
        return found

    def find_allies(self, statement: Statement) -> Sequence[Ally]:
        """Return what other reviewers say to the same effect, by the record's links."""
        met = self._met.get(("agreement", statement.key), ())
        return [ally for ally in met if ally.statement.leaning == statement.leaning]

    def find_opponents(self, statement: Statement) -> Sequence[Ally]:
        """Return what other reviewers say against a statement, by the record's links."""
        return self._met.get(("disagreement", statement.key), ())

    def are_alike(self, one: Statement, other: Statement) -> bool:
        """Whether two reviewers make the same point, by the record's links."""
        return any(ally.statement.key == other.key for ally in self.find_allies(one))

    def are_opposed(self, one: Statement, other: Statement) -> bool:
        """Whether two reviewers contradict one another, by the record's links."""
        return any(ally.statement.key == other.key for ally in self.find_opponents(one))

    @cached_property
    def weights(self) -> Mapping[Key, float]:
        """Statement -> how much a chair needs to hear it.

        The reviewer says that it weighs, it opens the list, the meta-review takes it up, another reviewer says the
        same, or the reviewer is the one farthest out on that side, and sure of it.
        """
        meta = frozenset(term for statement in self.meta for term in statement.terms) - self.subject
        low = sorted(self.reviewers, key=lambda name: _rank_review(self.review_of[name], 1))
        high = sorted(self.reviewers, key=lambda name: _rank_review(self.review_of[name], -1))
        most = max(1, len(self.reviewers) - 1)
        found: dict[Key, float] = {}
        for name, statements in self.statements.items():
            opened: set[str] = set()
            for item in statements:
                weight = item.value + 0.3 * min(4, len(item.terms & meta)) + 1.5 * (item.salience - 0.5)
                if item.leaning != "neutral":
                    order = low if item.leaning == "negative" else high
                    weight += 1.0 - order.index(name) / most
                    weight -= 0.7 if item.polarity == "neutral" else 0.0
                    if read_declared_polarity(item.field) and item.field not in opened:
                        opened.add(item.field)
                        weight += 0.8
                    if self.find_allies(item):
                        weight += 1.0
                found[item.key] = weight
        return found

    @cached_property
    def subject(self) -> frozenset[str]:
        """Stems of title and abstract: what the paper is about anyway."""
        return list_terms(f"{self.forum.title or ''} {self.forum.abstract or ''}")

    # What is nowhere said

    @cached_property
    def everything_said(self) -> str:
        """Reviews, discussion and meta-review as one text in lower case, to verify that something is nowhere in it."""
        parts = [section.text for review in self.forum.reviews for section in review.sections]
        parts.extend(comment.text for comment in self.forum.discussion)
        if self.forum.meta_review is not None:
            parts.append(self.forum.meta_review.text)
            parts.extend(section.text for section in self.forum.meta_review.sections)
        return "\n".join(parts).lower()

    def is_nowhere(self, gap: Gap) -> bool:
        """Whether nothing on record touches on a thing."""
        if gap.name not in self.missing:
            self.missing[gap.name] = gap.pattern.search(self.everything_said) is None
        return self.missing[gap.name]

    def find_silent_phrase(self, statement: Statement) -> Span | None:
        """Return where a passage of the abstract names something of which nothing on record speaks, not even in part.

        The span lies in the passage's own source.
        """
        for phrase in find_noun_phrases(statement.text):
            stems = list_terms(phrase)
            if len(stems) < 2 or min(map(weigh_term, stems)) < TELLING_WEIGHT or not phrase.islower():
                continue
            if any(stem in self.everything_said for stem in stems):
                continue
            source = self.sources[statement.note_id, statement.field]
            start = source.find(phrase, statement.start, statement.end)
            if start >= 0:
                return Span(start, start + len(phrase))
        return None

    def find_own_phrase(self, statement: Statement) -> str | None:
        """Return the words of a statement that best name what it is about, as the source has them."""
        best: tuple[float, str] | None = None
        for phrase in find_noun_phrases(strip_asides(statement.text), shortest=1):
            stems = list_terms(phrase)
            if not stems or (len(stems) < 2 and not phrase.islower()) or not _PLAIN_PHRASE.fullmatch(phrase):
                continue
            weight = sum(map(weigh_term, stems)) / len(stems) + 0.6 * (len(stems) > 1)
            if weight >= PHRASE_WEIGHT and (best is None or weight > best[0]):
                best = (weight, phrase)
        return best[1] if best else None

    def list_silent_reviews(self, statement: Statement, phrase: str) -> tuple[Review, ...]:
        """Return the other reviews where none of them holds any stem of a phrase; none at all otherwise."""
        others = [review for review in self.forum.reviews if review.reviewer != statement.speaker]
        stems = [stem for stem in list_terms(phrase) if weigh_term(stem) >= TELLING_WEIGHT]
        texts = " ".join(section.text for review in others for section in review.sections).lower()
        silent = stems and not any(stem in texts for stem in stems)
        return tuple(others) if silent and all(review.sections for review in others) else ()

    # What the authors answered, and what came of it

    @cached_property
    def author_comments(self) -> tuple[Comment, ...]:
        """Everything the authors wrote in the discussion."""
        return tuple(comment for comment in self.forum.discussion if comment.role == "author")

    def is_untouched(self, statement: Statement) -> bool:
        """Whether no reply of the authors takes up a statement: none holds any stem that says what it is about."""
        stems = [stem for stem in statement.terms - self.subject if weigh_term(stem) >= TELLING_WEIGHT]
        return len(stems) > 1 and not any(stem in self._answered for stem in stems)

    def find_unanswered_phrase(self, statement: Statement) -> str | None:
        """Return the words that best name a statement, where no comment of the authors holds any stem of them."""
        phrase = self.find_own_phrase(statement)
        return phrase if phrase and not any(stem in self._answered for stem in list_terms(phrase)) else None

    @cached_property
    def _answered(self) -> str:
        return "\n".join(comment.text for comment in self.author_comments).lower()

    def find_reply(self, statement: Statement) -> Reply | None:
        """Return what the authors answered to a statement of a review, where one plainly answers it."""
        if statement.key not in self.replies:
            self.replies[statement.key] = self._find_reply(statement)
        return self.replies[statement.key]

    def _find_reply(self, statement: Statement) -> Reply | None:
        """Return the passage that says most of what the record links with the point as the authors' answer."""
        best: tuple[float, Reply] | None = None
        for link in self.links.get(("reply", (statement.note_id, statement.field, statement.point_start)), ()):
            comment = self.comments[link.to_note_id, link.to_field]
            for place, (start, end) in enumerate(split_sentences(comment.text[link.to_start : link.to_end])):
                start, end = start + link.to_start, end + link.to_start
                for answer in read_sentence(
                    comment.note_id, comment.field, comment.text, start, end, speaker="authors", place=place
                ):
                    if not answer.quotable:
                        continue
                    shared = len(answer.terms & statement.terms)
                    if len(answer.terms) < SHORTEST_ANSWER or (link.basis != "quotation" and not shared):
                        continue
                    if link.basis == "wording" and (answer.pointing or not has_finite_verb(answer.text)):
                        continue
                    score = 2.0 * link.strength + 0.4 * min(shared, 3) - 0.08 * place
                    score += 0.8 if _ACTION.search(answer.text.lower()) else 0.0
                    score += (0.3 if _DIGIT.search(answer.text) else 0.0) - (0.4 if answer.pointing else 0.0)
                    if best is None or score > best[0]:
                        best = (score, Reply(statement, (answer,), comment))
        return best[1] if best else None

    @cached_property
    def comments(self) -> Mapping[tuple[str, str], Comment]:
        """Note and field -> the text of the discussion."""
        return {(comment.note_id, comment.field): comment for comment in self.forum.discussion}

    def find_verdict(self, statement: Statement) -> Reaction | None:
        """Return what the reviewer said afterwards of this very point, where the record links the two."""
        for link in self.links.get(("follow_up", (statement.note_id, statement.field, statement.point_start)), ()):
            for reaction in self.find_reactions(statement.speaker):
                said = reaction.statement
                if said.note_id == link.to_note_id and link.to_start <= said.start < link.to_end:
                    return reaction
        return None

    def find_reactions(self, reviewer: str) -> tuple[Reaction, ...]:
        """Return what a reviewer wrote after the authors' reply, the most telling first."""
        if reviewer not in self.reactions:
            self.reactions[reviewer] = self._find_reactions(reviewer)
        return self.reactions[reviewer]

    def _find_reactions(self, reviewer: str) -> tuple[Reaction, ...]:
        review = self.review_of[reviewer]
        texts = {(review.note_id, section.field): section.text for section in review.sections}
        found: list[tuple[float, Reaction]] = []
        for place, item in enumerate(review.follow_ups):
            key = (item.note_id, item.field)
            text = texts[key] if key in texts else self.comments[key].text
            if is_overtaken(text[item.start : item.end], item.outcome, review.rating.value):
                continue
            for statement in read_sentence(
                item.note_id, item.field, text, item.start, item.end, speaker=reviewer, place=place
            ):
                if not statement.quotable or SMALL_TALK.search(statement.text.lower()):
                    continue
                if item.outcome == "noted" and (statement.value < PLAIN_VALUE or statement.pointing):
                    continue
                rank = REACTION_ORDER.index(item.outcome) + 0.5 * statement.pointing - 0.05 * statement.value
                found.append((rank, Reaction(statement, item.outcome)))
        found.sort(key=lambda ranked: ranked[0])
        return tuple(reaction for _, reaction in found)

    def came_back(self, reviewer: str, after: int) -> bool:
        """Whether a reviewer wrote anything after a time, in the discussion or into the review itself."""
        review = self.review_of[reviewer]
        return any(item.note_id == review.note_id for item in review.follow_ups) or any(
            comment.reviewer == reviewer and comment.role == "reviewer" and comment.created > after
            for comment in self.forum.discussion
        )


def is_overtaken(text: str, outcome: FollowUpOutcome, recorded: float | None) -> bool:
    """Whether a sentence speaks of another score than the record holds, because a later edit overtook it.

    >>> is_overtaken("I raise my score to 5.", "raised", 6.0), is_overtaken("From 5 to 6 now.", "raised", 6.0)
    (True, False)
    """
    numbers = [float(number) for number in re.findall(r"\b\d{1,2}(?:\.\d)?\b", text)]
    return outcome in ABOUT_SCORE and bool(numbers) and recorded not in numbers


def _rank_review(review: Review, direction: int) -> tuple[float, float, int]:
    """Order reviews from the lowest rating up (or, backwards, from the highest down), the surer one first."""
    rating = review.rating.aligned if review.rating.aligned is not None else 0.0
    return direction * rating, -(review.confidence.value or 0.0), int(review.reviewer[1:])


def gather_material(forum: Forum) -> Material:
    """Read a forum: every passage of every review that can be told, the meta-review and the abstract."""
    sources = collect_sources(forum)
    # A word of the title is this paper's subject: "novelty" in a paper on novelty search is no verdict on novelty.
    subject = frozenset(find_topics(" ".join((forum.title or "", *forum.keywords))))
    told: dict[str, list[Statement]] = {}
    asked: dict[str, list[Statement]] = {}
    following: dict[Key, Statement] = {}
    for review in forum.reviews:
        told[review.reviewer], asked[review.reviewer] = [], []
        for item in read_review(review, subject):
            asks = item.text.endswith("?")
            if not item.pointing:
                (asked if asks else told)[review.reviewer].append(item)
            if item.quotable and not asks:
                following[item.note_id, item.field, item.place] = item
    meta: list[Statement] = []
    if forum.meta_review is not None:
        for section in forum.meta_review.sections:
            meta.extend(read_text(forum.meta_review.note_id, section.field, section.text, "chair"))
    abstract = tuple(
        item for item in read_text(forum.forum, "abstract", forum.abstract or "", "abstract") if item.quotable
    )
    return Material(
        forum,
        sources,
        {name: tuple(items) for name, items in told.items()},
        {name: tuple(items) for name, items in asked.items()},
        following,
        tuple(meta),
        abstract,
    )

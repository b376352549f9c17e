"""What a forum's record offers a dialogue: statements at exact offsets, who made them, and how they meet."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.records import (
    Aspect,
    Comment,
    FollowUpOutcome,
    Forum,
    Point,
    PointKind,
    PointLink,
    Polarity,
    Review,
    Section,
)
from toolkit.text.quotes import LONGEST_PASSAGE, WORDS, count_words, find_passage, join_lines
from toolkit.text.rewording import Reported, has_finite_verb, points_back, report_authors, report_reviewer
from toolkit.text.sentences import Span, split_sentences
from toolkit.text.sources import Sources, collect_sources
from toolkit.text.terms import list_terms

LONGEST_SUMMARY = 40
"""Words of a passage that says what the paper is about, or why it was decided so; it is nearly alone in its turn."""

SHORTEST_ANSWER = 3
"""Telling stems of a passage of the authors that says something of its own."""

PLAIN_VALUE = 1.6
"""From here on a remark that takes no side on the reply is worth repeating."""

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

ABOUT_SCORE = REACTION_ORDER[:4]

KINSHIP = 0.5
"""From here on two statements are about the same thing: two words that each only four statements hold make it."""

RAREST = 7
"""A word that more statements of a forum's reviews hold says nothing about which of them belong together."""

LONGEST_SENTENCE = 400
"""Characters; a longer sentence is not read at all, because no passage of it would be short enough."""

ENOUGH_POINTS = 6
"""How many points that lean a way make it needless to read a review's other remarks, but for its opening."""

OPENING_POINTS = 3
"""How many points of a review may say what the paper is about."""

_FOLDER = Path(__file__).parent


@cache
def read_cues() -> Mapping[str, Any]:
    """Return the patterns of cues.toml by name."""
    return _read_table("cues.toml")


def _read_table(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _join_patterns(patterns: Iterable[str]) -> re.Pattern[str]:
    """Compile alternatives that all begin at a word's edge, for text in lower case.

    One shared edge and no IGNORECASE make the search several times faster than the plain alternation.
    """
    return re.compile(r"\b(?:" + "|".join(pattern.removeprefix(r"\b").lower() for pattern in patterns) + ")")


def _lower_pattern(pattern: str) -> str:
    """Lower the letters of a pattern, but not its escapes: ``\\S`` is not ``\\s``."""
    return re.sub(r"\\.|[A-Z]", lambda found: found[0] if found[0].startswith("\\") else found[0].lower(), pattern)


class Topic(NamedTuple):
    """A thing that reviews talk about; see topics.toml."""

    name: str
    said_as: str
    plural: bool
    aspect: Aspect
    broad: bool
    """Two reviewers may both touch on it and yet mean different things."""


class Gap(NamedTuple):
    """A thing that a chair may ask about and that reviews often leave out; see topics.toml."""

    name: str
    said_as: str
    asks: tuple[str, ...]
    pattern: re.Pattern[str]
    only_if: re.Pattern[str]
    """What in the title or the abstract makes the question a sensible one; the answer points there."""
    near: re.Pattern[str] | None
    """What comes closest to it in a review."""


_TABLE = _read_table("topics.toml")
TOPICS: Mapping[str, Topic] = {
    name: Topic(name, row["said_as"], row.get("plural", False), row["aspect"], row.get("broad", False))
    for name, row in _TABLE["topics"].items()
}
GAPS: tuple[Gap, ...] = tuple(
    Gap(
        name,
        row["said_as"],
        tuple(row["asks"]),
        re.compile(_lower_pattern(row["pattern"])),
        re.compile(row["only_if"], re.IGNORECASE),
        re.compile(_lower_pattern(row["near"])) if "near" in row else None,
    )
    for name, row in _TABLE["gaps"].items()
)


_TOPIC = re.compile(
    r"\b(?:"
    + "|".join(
        "(?P<" + name + ">" + _lower_pattern(row["pattern"]).replace("|\\b", "|").removeprefix("\\b") + ")"
        for name, row in _TABLE["topics"].items()
    )
    + ")"
)

_CUES = read_cues()
_POSITIVE = _join_patterns(_CUES["positive"])
_NEGATIVE = _join_patterns(_CUES["negative"])
_RESERVED = _join_patterns(_CUES["reserved"])
_AVOWED = re.compile(_CUES["avowed"])
_KINDLY = _join_patterns(_CUES["kindly"])
_TURNING = _join_patterns(_CUES["turning"])
_BLOCKED = re.compile(_CUES["blocked"])
_WEIGHTY = re.compile(_CUES["weighty"])
_ANNOUNCING = re.compile(_CUES["announcing"])
_REVERSING = re.compile(_CUES["reversing"], re.IGNORECASE)
_REVERSING_MILDLY = re.compile(_CUES["reversing_mildly"], re.IGNORECASE)
_ORPHAN = re.compile(_CUES["orphans"])
_NAMED = re.compile(_CUES["named_before"])
_HEDGE = re.compile("|".join(_CUES["hedges"]))
_VERDICT = re.compile(_CUES["verdict"].lower())
_CHATTER = re.compile(_CUES["chatter"].lower())
_ACTION = re.compile(WORDS["authors_act"])
_REVIEWER_CODE = re.compile(r"\b(?!\d+[A-Za-z]\b)(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{4}\b")
"""Venues on API v2 call reviewers by four characters, which a meta-review uses and a dialogue does not."""
_LEANING = re.compile(_CUES["leaning_on_context"])


Key = tuple[str, str, int]
"""Note id, field and start: where a passage begins."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One passage of the record that a dialogue can quote or report."""

    note_id: str
    field: str
    start: int
    end: int
    text: str
    """The passage on one line."""
    speaker: str
    """``R1``, ... or ``authors``, ``public``, ``chair``, ``abstract``."""
    kind: PointKind
    aspect: Aspect
    polarity: Polarity
    topics: tuple[str, ...]
    terms: frozenset[str]
    pointing: bool
    """Whether it leans on the sentence before it; of comments only, elsewhere such sentences are left out."""
    weighty: bool
    """Whether its own words say that it weighs: "my main concern"."""
    value: float
    """How much it is worth saying: specific, of a good length, with a point to it."""
    place: int
    """Order of the sentence it comes from within its note."""

    @property
    def key(self) -> Key:
        """Where the passage begins; passages of one place are one statement."""
        return (self.note_id, self.field, self.start)


class Reply(NamedTuple):
    """What the authors answered to a statement."""

    about: Statement
    answers: tuple[Statement, ...]
    comment: Comment


class Reaction(NamedTuple):
    """What a reviewer said after the authors' reply."""

    statement: Statement
    outcome: FollowUpOutcome


@dataclass(frozen=True)
class Material:
    """A forum, read for what can be said about it. Make one with ``gather_material``."""

    forum: Forum
    sources: Sources
    statements: Mapping[str, tuple[Statement, ...]]
    """By reviewer (``R1``, ...), in the order of the review."""
    meta: tuple[Statement, ...]
    abstract: tuple[Statement, ...]
    comment_statements: dict[Key, tuple[Statement, ...]] = field(default_factory=dict)
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
            for statement in _read_text(comment.note_id, comment.field, comment.text, "public")
        )

    @cached_property
    def questions(self) -> Mapping[str, tuple[Statement, ...]]:
        """What each reviewer asks, in the order of the review."""
        return {
            review.reviewer: tuple(
                item for item in _read_review(review, frozenset(), _is_question) if item.text.endswith("?")
            )
            for review in self.forum.reviews
        }

    def report(self, statement: Statement) -> Reported | None:
        """Return a passage in indirect speech; null where it has to be quoted."""
        source = self.sources[statement.note_id, statement.field]
        if statement.speaker != "authors":
            return report_reviewer(statement.text, source)
        clause = report_authors(statement.text, source)
        return Reported(clause, True) if clause else None

    @cached_property
    def everything_said(self) -> str:
        """Reviews, discussion and meta-review as one text in lower case, to verify that something is nowhere in it."""
        parts = [section.text for review in self.forum.reviews for section in review.sections]
        parts.extend(comment.text for comment in self.forum.discussion)
        if self.forum.meta_review is not None:
            parts.append(self.forum.meta_review.text)
            parts.extend(section.text for section in self.forum.meta_review.sections)
        return "\n".join(parts).lower()

    @cached_property
    def holders(self) -> Mapping[str, tuple[Statement, ...]]:
        """Stem -> the review statements that hold it."""
        found: dict[str, list[Statement]] = {}
        for statements in self.statements.values():
            for statement in statements:
                for term in statement.terms:
                    found.setdefault(term, []).append(statement)
        return {term: tuple(statements) for term, statements in found.items()}

    @cached_property
    def kin(self) -> Mapping[Key, Mapping[Key, float]]:
        """Statement -> other reviewers' statements about the same thing, and how surely: by the rare words of both."""
        shared: dict[tuple[Key, Key], tuple[int, float]] = {}
        for statements in self.holders.values():
            if not 1 < len(statements) <= RAREST:
                continue
            for one in statements:
                for other in statements:
                    if one.speaker != other.speaker:
                        count, sum_so_far = shared.get((one.key, other.key), (0, 0.0))
                        shared[one.key, other.key] = (count + 1, sum_so_far + 1.0 / len(statements))
        found: dict[Key, dict[Key, float]] = {}
        for (one_key, other_key), (count, kinship) in shared.items():
            if count > 1 and round(kinship, 6) >= KINSHIP:
                found.setdefault(one_key, {})[other_key] = round(kinship, 6)
        return found

    def measure_kinship(self, one: Statement, other: Statement) -> float:
        """How surely two reviewers speak about the same thing; 0 where they do not plainly do so."""
        return self.kin.get(one.key, {}).get(other.key, 0.0)

    @cached_property
    def clashes(self) -> tuple[tuple[Statement, Statement, float], ...]:
        """Praise and criticism of two reviewers about the same thing, with how surely it is the same."""
        told = [item for statements in self.statements.values() for item in statements if item.kind != "summary"]
        blame = [item for item in told if item.polarity == "negative"]
        found = []
        for one in told:
            if one.polarity != "positive":
                continue
            for other in blame:
                if one.speaker == other.speaker:
                    continue
                kinship = self.measure_kinship(one, other)
                if not kinship and any(name in other.topics and not TOPICS[name].broad for name in one.topics):
                    kinship = KINSHIP
                if kinship:
                    found.append((one, other, kinship))
        return tuple(found)

    @cached_property
    def weights(self) -> Mapping[Key, float]:
        """Statement -> how much a chair needs to hear it.

        The reviewer says that it weighs, it opens the list, the meta-review takes it up, another reviewer says the
        same, or the reviewer is the one farthest out on that side, and sure of it.
        """
        meta = frozenset(term for statement in self.meta for term in statement.terms)
        by_key = {item.key: item for statements in self.statements.values() for item in statements}
        low = sorted(self.reviewers, key=lambda name: _rank_review(self.review_of[name], 1))
        high = sorted(self.reviewers, key=lambda name: _rank_review(self.review_of[name], -1))
        most = max(1, len(self.reviewers) - 1)
        found: dict[Key, float] = {}
        for name, statements in self.statements.items():
            opened: set[str] = set()
            for item in statements:
                weight = item.value + 0.3 * min(4, len(item.terms & meta))
                if item.polarity != "neutral":
                    order = low if item.polarity == "negative" else high
                    weight += 1.0 - order.index(name) / most
                    if read_declared_polarity(item.field) and item.field not in opened:
                        opened.add(item.field)
                        weight += 0.8
                    if any(by_key[key].polarity == item.polarity for key in self.kin.get(item.key, ())):
                        weight += 1.0
                found[item.key] = weight
        return found

    def is_nowhere(self, gap: Gap) -> bool:
        """Whether nothing on record touches on a thing."""
        if gap.name not in self.missing:
            self.missing[gap.name] = gap.pattern.search(self.everything_said) is None
        return self.missing[gap.name]

    @cached_property
    def author_comments(self) -> tuple[Comment, ...]:
        """Everything the authors wrote in the discussion."""
        return tuple(comment for comment in self.forum.discussion if comment.role == "author")

    def find_reply(self, statement: Statement) -> Reply | None:
        """Return what the authors answered to a statement of a review, where one plainly answers it."""
        if statement.key not in self.replies:
            self.replies[statement.key] = self._find_reply(statement)
        return self.replies[statement.key]

    def _find_reply(self, statement: Statement) -> Reply | None:
        """Return the passage that says most of what the record links with the point as the authors' answer."""
        point = self.review_of[statement.speaker].points[statement.place]
        best: tuple[float, Reply] | None = None
        for link in self.links.get((statement.note_id, point.field, point.start), ()):
            comment = self.comments[link.to_note_id, link.to_field]
            for place, (start, end) in enumerate(split_sentences(comment.text[link.to_start : link.to_end])):
                span = Span(link.to_start + start, link.to_start + end)
                for answer in self.read_comment_sentence(comment, span, "authors"):
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

    @cached_property
    def links(self) -> Mapping[Key, Sequence[PointLink]]:
        """Point -> what the authors answered to it, the surest first."""
        found: dict[Key, list[PointLink]] = {}
        for link in self.forum.links:
            if link.kind == "reply":
                found.setdefault((link.note_id, link.field, link.start), []).append(link)
        return found

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
            for statement in _read_sentence(
                item.note_id, item.field, text, item.start, item.end, speaker=reviewer, place=place
            ):
                if _SMALL_TALK.search(statement.text.lower()):
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

    def read_comment_sentence(self, comment: Comment, span: Span, speaker: str) -> tuple[Statement, ...]:
        """Return the statements of one sentence of a comment."""
        key = (comment.note_id, comment.field, span.start)
        if key not in self.comment_statements:
            self.comment_statements[key] = tuple(
                _read_sentence(
                    comment.note_id, comment.field, comment.text, span.start, span.end, speaker=speaker, place=0
                )
            )
        return self.comment_statements[key]


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
    """Read a forum: every quotable passage of every review, the meta-review, the abstract and public comments."""
    sources = collect_sources(forum)
    # A word of the title is this paper's subject: "novelty" in a paper on novelty search is no verdict on novelty.
    subject = frozenset(find_topics(" ".join((forum.title or "", *forum.keywords))))
    statements = {
        review.reviewer: tuple(_read_review(review, subject, _is_told_plainly(review))) for review in forum.reviews
    }
    meta: list[Statement] = []
    if forum.meta_review is not None:
        for section in forum.meta_review.sections:
            meta.extend(_read_text(forum.meta_review.note_id, section.field, section.text, "chair"))
    abstract = tuple(_read_text(forum.forum, "abstract", forum.abstract or "", "abstract"))
    return Material(forum, sources, statements, tuple(meta), abstract)


def _is_told_plainly(review: Review) -> Callable[[int, Point, bool], bool]:
    """Return what says which points of a review are worth reading for what they tell.

    Of a review that says plainly what it likes and dislikes, the rest need not be read, but for its opening.
    """
    pointed = sum(point.polarity != "neutral" for point in review.points) >= ENOUGH_POINTS

    def is_worth(place: int, point: Point, asks: bool) -> bool:
        if asks:
            return False
        if point.polarity != "neutral" or place < OPENING_POINTS:
            return True
        return point.kind != "summary" and not pointed

    return is_worth


def _is_question(_place: int, _point: Point, asks: bool) -> bool:
    return asks


def _read_review(
    review: Review, subject: frozenset[str], is_worth: Callable[[int, Point, bool], bool]
) -> Iterator[Statement]:
    texts = {section.field: section.text for section in review.sections}
    headings = {section.field: _find_headings(section) for section in review.sections}
    for place, point in enumerate(review.points):
        text = texts.get(point.field)
        if text is None or not is_worth(place, point, text[point.start : point.end].rstrip("\"'”’ )*").endswith("?")):
            continue
        yield from _read_sentence(
            review.note_id,
            point.field,
            text,
            point.start,
            point.end,
            speaker=review.reviewer,
            place=place,
            point=point,
            subject=subject,
            declared=_read_heading(headings[point.field], point.start),
        )


def _read_text(note_id: str, field_name: str, text: str, speaker: str) -> Iterator[Statement]:
    for place, (start, end) in enumerate(split_sentences(text)):
        yield from _read_sentence(note_id, field_name, text, start, end, speaker=speaker, place=place)


def _read_sentence(
    note_id: str,
    field_name: str,
    text: str,
    start: int,
    end: int,
    *,
    speaker: str,
    place: int,
    point: Point | None = None,
    subject: frozenset[str] = frozenset(),
    declared: Polarity | None = None,
) -> Iterator[Statement]:
    """Yield the statement of a sentence; nothing where it cannot be repeated alone without harm to its sense."""
    if end - start > LONGEST_SENTENCE:
        return
    roomy = speaker in ("abstract", "chair", "authors") or (point is not None and point.kind == "summary")
    span = find_passage(text, start, end, LONGEST_SUMMARY if roomy else LONGEST_PASSAGE)
    if span is None:
        return
    words = join_lines(text[span.start : span.end])
    plain = words.lower()
    in_comment = point is None and (speaker == "authors" or speaker.startswith("R"))
    if _is_unfit(plain, words, speaker, point, in_comment=in_comment):
        return
    if speaker == "chair":
        # In a meta-review "this" is the paper.
        plain = plain.replace("this is", "the paper is").replace("this was", "the paper was")
    pointing = points_back(words) or _LEANING.search(plain) is not None or _is_orphaned(plain)
    if pointing and not in_comment:
        return
    if text[start:end].rstrip("* _").endswith(":") or (
        speaker != "authors"
        and (_REVERSING.match(text, span.end) or (speaker != "chair" and _REVERSING_MILDLY.match(text, span.end)))
    ):
        return
    terms = list_terms(words)
    polarity = judge_polarity(words, point, declared)
    weighty = _WEIGHTY.search(plain) is not None
    yield Statement(
        note_id=note_id,
        field=field_name,
        start=span.start,
        end=span.end,
        text=words,
        speaker=speaker,
        kind=point.kind if point else "other",
        aspect=point.aspect if point else "other",
        polarity=polarity,
        topics=tuple(name for name in find_topics(words, point.aspect) if name not in subject)
        if point and polarity != "neutral"
        else (),
        terms=terms,
        pointing=pointing,
        weighty=weighty,
        value=_estimate_value(words, terms, polarity, weighty),
        place=place,
    )


_DIGIT = re.compile(r"\d")


def _is_unfit(plain: str, words: str, speaker: str, point: Point | None, *, in_comment: bool) -> bool:
    """Whether a sentence is small talk, a verdict of the wrong speaker, or announces what does not follow."""
    if speaker.startswith("R"):
        if in_comment:
            return False
        if point is not None and _VERDICT.search(plain):
            return True
    if speaker == "chair":
        return _SMALL_TALK.search(plain) is not None or _REVIEWER_CODE.search(words) is not None
    return _CHATTER.search(plain) is not None or _ANNOUNCING.search(plain) is not None


def _is_orphaned(plain: str) -> bool:
    """Whether "they" or "their" stands in a sentence that names nobody before it."""
    found = _ORPHAN.search(plain)
    return found is not None and _NAMED.search(plain, 0, found.start()) is None


def find_topics(words: str, aspect: Aspect | None = None) -> tuple[str, ...]:
    """Return the names of the topics that a passage is about, in the order in which it comes to them.

    One word alone may be there by chance, so a topic needs two, or the aspect that the review's point was given.

    >>> find_topics("The baselines are weak and no other baseline is compared")
    ('baselines',)
    >>> find_topics("The notation is odd"), find_topics("The notation is odd", "clarity")
    ((), ('notation',))
    """
    counts: dict[str, int] = {}
    for match in _TOPIC.finditer(words.lower()):
        name = match.lastgroup or ""
        counts[name] = counts.get(name, 0) + 1
    return tuple(name for name, count in counts.items() if count > 1 or TOPICS[name].aspect == aspect)


def judge_polarity(words: str, point: Point | None, declared: Polarity | None = None) -> Polarity:
    """Return which way a passage leans: only where a word that judges and the point it comes from say the same.

    ``declared`` is what the field of the form or the heading above says; in a field for weaknesses a weaker word does.
    Texts without points (a meta-review, a comment) have their words alone.

    >>> judge_polarity("the evaluation is thorough", None), judge_polarity("the evaluation lacks a baseline", None)
    ('positive', 'negative')
    >>> judge_polarity("it is only trained once", None), judge_polarity("the cost is all right with me", None)
    ('neutral', 'neutral')
    """
    if words.endswith("?"):
        return "neutral"
    plain = words.lower()
    if point is not None and declared is None and point.polarity == "neutral":
        if _AVOWED.search(plain) is None:
            return "neutral"
        point = None
    negative = _NEGATIVE.search(plain) is not None
    positive = _POSITIVE.search(_NEGATIVE.sub(" ", plain) if negative else plain) is not None
    expected = declared or (point.polarity if point else None)
    in_form = point is not None and read_declared_polarity(point.field) is not None
    if expected != "positive" and not positive and (negative or (in_form and _RESERVED.search(plain))):
        found: Polarity = "negative"
    elif expected != "negative" and not negative and (positive or (declared and _KINDLY.search(plain))):
        found = "neutral" if _TURNING.search(plain) or _HEDGE.search(plain) else "positive"
    else:
        found = "neutral"
    return "neutral" if found != "neutral" and _BLOCKED.search(plain) else found


def read_leaning(words: str) -> Polarity:
    """Return which way a sentence of a decision comes down: of "good, but unclear" the second half decides.

    >>> read_leaning("The idea is novel, but the evaluation is not convincing")
    'negative'
    >>> read_leaning("Although the gains are limited, the analysis is insightful and solid")
    'positive'
    """
    plain = words.lower()
    conceded = _CONCEDING.match(plain)
    plain = plain[conceded.end() :] if conceded else _TURN.split(plain)[-1]
    if _MENDED.search(plain):
        return "positive"
    negative = _NEGATIVE.search(plain) or _CHAIR_NEGATIVE.search(plain)
    plain = _CHAIR_NEGATIVE.sub(" ", _NEGATIVE.sub(" ", plain)) if negative else plain
    positive = _POSITIVE.search(plain) or _CHAIR_POSITIVE.search(plain)
    if negative and positive:
        return "neutral"
    return "negative" if negative else "positive" if positive else "neutral"


_TURN = re.compile(r"\b(?:but|however|(?<!not )yet)\b")
_CHAIR_NEGATIVE = re.compile(_CUES["chair_negative"])
_CHAIR_POSITIVE = re.compile(_CUES["chair_positive"])
_MENDED = re.compile(_CUES["mended"])
_CONCEDING = re.compile(r"(?:although|though|while|even though|despite|whereas)\b[^,]*,")
_SMALL_TALK = re.compile(_CUES["small_talk"])


def read_declared_polarity(field_name: str) -> Polarity | None:
    """Return what the form itself says about the texts of a field.

    >>> read_declared_polarity("summary_of_weaknesses"), read_declared_polarity("strengths_and_weaknesses")
    ('negative', None)
    """
    strong, weak = "strength" in field_name, "weakness" in field_name
    if strong == weak:
        return None
    return "positive" if strong else "negative"


_HEADING = re.compile(
    r"^[\W_]*(?:(?P<negative>cons|weak(?:ness(?:es)?| points?)|negatives?|drawbacks|minuses|disadvantages)"
    r"|(?P<positive>pros|strengths?|strong points?|positives?|advantages)"
    r"|(?:questions?|minor|detailed|specific|summary|comments?|suggestions?|typos|other|overall|rating|references))\b"
    r"[^\n:]{0,25}(?::|\W*$)",
    re.IGNORECASE | re.MULTILINE,
)


def _find_headings(section: Section) -> list[tuple[int, Polarity | None]]:
    """Return where the form's field or the reviewer's own headings say what follows, and what they say."""
    declared = read_declared_polarity(section.field)
    if declared is not None:
        return [(0, declared)]
    return [
        (found.end(), "negative" if found["negative"] else "positive" if found["positive"] else None)
        for found in _HEADING.finditer(section.text)
    ]


def _read_heading(headings: list[tuple[int, Polarity | None]], start: int) -> Polarity | None:
    above = [polarity for place, polarity in headings if place <= start + 12]
    return above[-1] if above else None


def _estimate_value(words: str, terms: frozenset[str], polarity: Polarity, weighty: bool) -> float:
    length = count_words(words)
    value = min(len(terms), 8) * 0.25
    value += 0.6 if 8 <= length <= 26 else (-0.8 if length < 6 else 0.0)
    value += 0.5 if polarity != "neutral" else 0.0
    value += 1.5 if weighty else 0.0
    value -= 0.5 if not has_finite_verb(words) and length < 7 else 0.0
    return value - (1.0 if len(terms) < 3 else 0.0)

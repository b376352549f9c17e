"""What a forum's record offers a dialogue: statements at exact offsets, who made them, and how they meet."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.records import Aspect, Comment, Forum, Point, PointKind, Polarity, Review
from toolkit.text.quotes import (
    LONGEST_PASSAGE,
    Passage,
    count_words,
    find_clauses,
    find_whole_passage,
    join_lines,
)
from toolkit.text.rewording import Reported, has_finite_verb, points_back, report_authors, report_reviewer
from toolkit.text.sentences import split_sentences
from toolkit.text.sources import Sources, collect_sources

LONGEST_SUMMARY = 38
"""Words of a passage that says what the paper is about; it is the only one of its turn, or nearly."""

LONGEST_OF_ONE_MIND = 24
"""Words; a longer sentence is cut into its clauses where it can be."""

KINSHIP = 0.4
"""From here on two statements are taken to be about the same thing; one word that two of five share makes it."""

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
    only_if: re.Pattern[str] | None


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
        re.compile(_lower_pattern(row["only_if"])) if "only_if" in row else None,
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
_HEDGE = re.compile("|".join(_CUES["hedges"]))
_VERDICT = re.compile(_CUES["verdict"].lower())
_CHATTER = re.compile(_CUES["chatter"].lower())
_RAISED = re.compile(_CUES["score_raised"], re.IGNORECASE)
_KEPT = re.compile(_CUES["score_kept"], re.IGNORECASE)
_SETTLED = re.compile(_CUES["settled"], re.IGNORECASE)
_UNSETTLED = re.compile(_CUES["unsettled"], re.IGNORECASE)
_ACTION = re.compile(_CUES["reply_action"], re.IGNORECASE)
_REVIEWER_CODE = re.compile(r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{4}\b")
"""Venues on API v2 call reviewers by four characters, which a meta-review uses and a dialogue does not."""
_REFERRING = re.compile(_CUES["referring"], re.IGNORECASE)
_LEANING = re.compile(_CUES["leaning_on_context"])
_TERM = re.compile(r"[a-z][a-z-]{3,}")
_STEM_LENGTH = 6
_COMMON_STEMS = frozenset(word[:_STEM_LENGTH] for word in _CUES["common_words"].split())


Reading = tuple[Passage, str, Polarity]
"""A passage, its words on one line, and which way it leans."""


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
    reported: Reported | None
    """The passage in indirect speech; null where it has to be quoted."""
    wrapped: bool
    """Whether the source breaks it over several lines."""
    pointing: bool
    """Whether it leans on the sentence before it."""
    value: float
    """How much it is worth saying: specific, of a good length, understandable by itself."""
    place: int
    """Order of the sentence it comes from within its note."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Where the passage begins; passages of one place are one statement."""
        return (self.note_id, self.field, self.start)


class CommentSentence(NamedTuple):
    """One sentence of a comment."""

    place: int
    start: int
    end: int
    terms: frozenset[str]
    context: frozenset[str]
    """The stems of the sentence before it: authors name a point first and answer it next."""


class Reply(NamedTuple):
    """What the authors answered to a statement, and what was said after that."""

    answer: Statement
    comment: Comment


class Reaction(NamedTuple):
    """What a reviewer said after the authors' reply."""

    statement: Statement
    outcome: str
    """``raised``, ``kept``, ``settled``, ``unsettled``."""


@dataclass(frozen=True)
class Material:
    """A forum, read for what can be said about it. Make one with ``gather_material``."""

    forum: Forum
    sources: Sources
    statements: Mapping[str, tuple[Statement, ...]]
    """By reviewer (``R1``, ...), in the order of the review."""
    meta: tuple[Statement, ...]
    abstract: tuple[Statement, ...]
    public: tuple[Statement, ...]
    root_of: Mapping[str, str]
    """Note of the discussion -> the review (or the forum) its thread hangs from."""
    sentences: dict[tuple[str, str], tuple[CommentSentence, ...]] = field(default_factory=dict)
    """What was read of the discussion so far: most dialogues need little of it."""
    comment_statements: dict[tuple[str, str, int], tuple[Statement, ...]] = field(default_factory=dict)

    @property
    def reviewers(self) -> tuple[str, ...]:
        """All reviewers in order."""
        return tuple(review.reviewer for review in self.forum.reviews)

    @cached_property
    def review_of(self) -> Mapping[str, Review]:
        """Reviewer -> review."""
        return {review.reviewer: review for review in self.forum.reviews}

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
    def rarity(self) -> Mapping[str, float]:
        """Stem -> one over the number of review statements that hold it."""
        counts: dict[str, int] = {}
        for statements in self.statements.values():
            for statement in statements:
                for term in statement.terms:
                    counts[term] = counts.get(term, 0) + 1
        return {term: 1.0 / count for term, count in counts.items()}

    def measure_kinship(self, one: Statement, other: Statement) -> float:
        """How surely two statements are about the same thing: the words they share, rare ones counting more."""
        rarity = self.rarity
        return sum(rarity.get(term, 0.0) for term in sorted(one.terms & other.terms))

    @cached_property
    def author_comments(self) -> tuple[Comment, ...]:
        """Everything the authors wrote in the discussion."""
        return tuple(comment for comment in self.forum.discussion if comment.role == "author")

    def find_reply(self, statement: Statement) -> Reply | None:
        """Return the authors' passage that best answers a statement of a review, if one plainly does."""
        review = self.review_of[statement.speaker]
        best: tuple[float, Reply] | None = None
        for comment in self.author_comments:
            root = self.root_of.get(comment.note_id)
            if root != review.note_id and root != self.forum.forum:
                continue
            for sentence in self.split_comment(comment):
                if len(statement.terms & (sentence.terms | sentence.context)) < 2:
                    continue
                for answer in self.read_comment_sentence(comment, sentence, "authors"):
                    if answer.reported is None and not has_finite_verb(answer.text):
                        continue
                    score = self.match_reply(statement, answer, sentence.context)
                    score *= 1.0 if root == review.note_id else 0.6
                    if score >= 1.0 and (best is None or score > best[0]):
                        best = (score, Reply(answer, comment))
        return best[1] if best else None

    def match_reply(self, statement: Statement, answer: Statement, context: frozenset[str]) -> float:
        """How surely a passage of the authors answers a statement: 1 and more is plain.

        Authors name the point first and answer it in the next sentence, so the sentence before counts as well.
        """
        rarity = self.rarity
        shared = statement.terms & answer.terms
        named = (statement.terms & context) - shared
        if len(shared) + len(named) < 2 or (not shared and not _REFERRING.search(answer.text)):
            return 0.0
        score = sum(0.35 + 0.65 * rarity.get(term, 0.0) for term in sorted(shared))
        score += 0.6 * sum(0.35 + 0.65 * rarity.get(term, 0.0) for term in sorted(named))
        score += 0.3 * len(set(statement.topics) & set(answer.topics))
        return score * (1.25 if _ACTION.search(answer.text) else 0.8) * (0.5 if answer.pointing else 1.0)

    def find_reactions(self, reviewer: str, after: int | None = None) -> tuple[Reaction, ...]:
        """Return what a reviewer said about the authors' reply, the most telling first."""
        found: list[tuple[int, Reaction]] = []
        if not self.author_comments:
            return ()
        since = self.author_comments[0].created if after is None else after
        recorded = self.review_of[reviewer].rating.value
        for comment in self.forum.discussion:
            if comment.role != "reviewer" or comment.reviewer != reviewer or comment.created <= since:
                continue
            for statement in self.read_comment(comment, reviewer):
                outcome = _read_outcome(statement.text, recorded)
                if outcome is not None and not _CHATTER.search(statement.text.lower().replace("my ", "")):
                    rank = ("raised", "kept", "unsettled", "settled").index(outcome)
                    found.append((rank, Reaction(statement, outcome)))
        found.sort(key=lambda item: item[0])
        return tuple(reaction for _, reaction in found)

    def came_back(self, reviewer: str, after: int) -> bool:
        """Whether a reviewer wrote anything in the discussion after a time."""
        return any(
            comment.reviewer == reviewer and comment.role == "reviewer" and comment.created > after
            for comment in self.forum.discussion
        )

    def read_comment(self, comment: Comment, speaker: str) -> tuple[Statement, ...]:
        """Return the statements of a comment; what authors copied from a review is left out."""
        return tuple(
            statement
            for sentence in self.split_comment(comment)
            for statement in self.read_comment_sentence(comment, sentence, speaker)
        )

    def split_comment(self, comment: Comment) -> tuple[CommentSentence, ...]:
        """Return the sentences of a comment that its author wrote, with what each and the one before it is about."""
        key = (comment.note_id, comment.field)
        if key not in self.sentences:
            self.sentences[key] = tuple(self._split_comment(comment))
        return self.sentences[key]

    def _split_comment(self, comment: Comment) -> Iterator[CommentSentence]:
        copied = self._review_shingles if comment.role == "author" else frozenset()
        following: frozenset[str] = frozenset()
        for place, (start, end) in enumerate(split_sentences(comment.text)):
            sentence = comment.text[start:end]
            context, following = following, list_terms(sentence)
            if comment.role == "author" and (
                sentence.startswith(">") or sentence.rstrip("\"'”’ )*").endswith("?") or _is_copied(sentence, copied)
            ):
                continue
            yield CommentSentence(place, start, end, following, context)

    def read_comment_sentence(self, comment: Comment, sentence: CommentSentence, speaker: str) -> tuple[Statement, ...]:
        """Return the statements of one sentence of a comment."""
        key = (comment.note_id, comment.field, sentence.start)
        if key not in self.comment_statements:
            self.comment_statements[key] = tuple(
                _read_sentence(
                    comment.note_id,
                    comment.field,
                    comment.text,
                    sentence.start,
                    sentence.end,
                    speaker=speaker,
                    place=sentence.place,
                )
            )
        return self.comment_statements[key]

    @cached_property
    def _review_shingles(self) -> frozenset[tuple[str, ...]]:
        shingles: set[tuple[str, ...]] = set()
        for review in self.forum.reviews:
            for section in review.sections:
                shingles.update(_list_shingles(section.text))
        return frozenset(shingles)


_SHINGLE = 5
_PLAIN_WORD = re.compile(r"[a-z0-9]+")


def _list_shingles(text: str) -> Iterable[tuple[str, ...]]:
    words = _PLAIN_WORD.findall(text.lower())
    return zip(*(words[offset:] for offset in range(_SHINGLE)), strict=False)


def _is_copied(sentence: str, shingles: frozenset[tuple[str, ...]]) -> bool:
    return any(shingle in shingles for shingle in _list_shingles(sentence))


def _read_outcome(text: str, recorded: float | None) -> str | None:
    numbers = [float(number) for number in re.findall(r"\b\d{1,2}(?:\.\d)?\b", text)]
    if _KEPT.search(text):
        outcome = "kept"
    elif _RAISED.search(text):
        outcome = "raised"
    elif _UNSETTLED.search(text):
        return "unsettled"
    elif _SETTLED.search(text):
        return "settled"
    else:
        return None
    # A comment that speaks of another score than the record holds was overtaken by a later edit.
    return outcome if not numbers or recorded in numbers else None


def gather_material(forum: Forum) -> Material:
    """Read a forum: every quotable passage of every review, the meta-review, the abstract and public comments."""
    sources = collect_sources(forum)
    # A word of the title is this paper's subject: "novelty" in a paper on novelty search is no verdict on novelty.
    subject = frozenset(find_topics(" ".join((forum.title or "", *forum.keywords))))
    statements = {review.reviewer: tuple(_read_review(review, subject)) for review in forum.reviews}
    meta: list[Statement] = []
    if forum.meta_review is not None:
        for section in forum.meta_review.sections:
            meta.extend(_read_text(forum.meta_review.note_id, section.field, section.text, "chair"))
    abstract = tuple(_read_text(forum.forum, "abstract", forum.abstract or "", "abstract"))
    public: list[Statement] = []
    for comment in forum.discussion:
        if comment.role == "public":
            public.extend(statement for statement in _read_text(comment.note_id, comment.field, comment.text, "public"))
    return Material(forum, sources, statements, tuple(meta), abstract, tuple(public), _trace_threads(forum))


def _trace_threads(forum: Forum) -> dict[str, str]:
    parents = {comment.note_id: comment.replyto for comment in forum.discussion}
    reviews = {review.note_id for review in forum.reviews}
    roots: dict[str, str] = {}
    for note_id in parents:
        at, seen = note_id, {note_id}
        while at in parents:
            above = parents[at]
            if above is None or above in seen:
                break
            at = above
            seen.add(at)
        roots[note_id] = at if at in reviews else forum.forum
    return roots


def _read_review(review: Review, subject: frozenset[str]) -> Iterator[Statement]:
    texts = {section.field: section.text for section in review.sections}
    for place, point in enumerate(review.points):
        text = texts.get(point.field)
        if text is None:
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
) -> Iterator[Statement]:
    longest = LONGEST_SUMMARY if speaker == "abstract" or (point and point.kind == "summary") else LONGEST_PASSAGE
    chosen = _choose_passages(text, start, end, longest, speaker, point)
    for passage, words, polarity in chosen:
        reported: Reported | None
        if speaker == "authors":
            clause = report_authors(words, text)
            reported = Reported(clause, True) if clause else None
        else:
            reported = report_reviewer(words, text)
        topics = tuple(topic for topic in find_topics(words) if topic not in subject)
        pointing = points_back(words)
        terms = list_terms(words)
        yield Statement(
            note_id=note_id,
            field=field_name,
            start=passage.start,
            end=passage.end,
            text=words,
            speaker=speaker,
            kind=point.kind if point else "other",
            aspect=point.aspect if point else "other",
            polarity=polarity,
            topics=topics,
            terms=terms,
            reported=reported,
            wrapped="\n" in text[passage.start : passage.end],
            pointing=pointing,
            value=_estimate_value(words, terms, reported, pointing, polarity, topics)
            - _measure_doubt(words, field_name),
            place=place,
        )


def find_topics(words: str) -> tuple[str, ...]:
    """Return the names of the topics that a passage is about, in the order in which it comes to them.

    >>> find_topics("The baselines are weak and the notation is odd")
    ('baselines', 'notation')
    """
    found = (match.lastgroup for match in _TOPIC.finditer(words.lower()))
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _choose_passages(text: str, start: int, end: int, longest: int, speaker: str, point: Point | None) -> list[Reading]:
    """Take a short sentence of one mind whole; of a long one, or one of two minds, each clause that stands alone."""
    whole = find_whole_passage(text, start, end, longest)
    reading = _judge_passage(text, whole, speaker, point) if whole else None
    short = reading is not None and count_words(reading[1]) <= LONGEST_OF_ONE_MIND
    if reading is not None and short and not _is_mixed(reading[1]):
        return [reading]
    judged = (_judge_passage(text, clause, speaker, point) for clause in find_clauses(text, start, end, longest))
    clauses = [item for item in judged if item is not None]
    leanings = {polarity for _, _, polarity in clauses}
    if reading is not None and (not clauses or (short and not {"positive", "negative"} <= leanings)):
        return [reading]
    return _pick_clauses(clauses)


def _judge_passage(text: str, passage: Passage, speaker: str, point: Point | None) -> Reading | None:
    """Return a passage with its words and leaning, or nothing where it is not for a dialogue to repeat."""
    words = join_lines(text[passage.start : passage.end])
    plain = words.lower()
    is_comment = point is None and speaker.startswith("R")
    if not is_comment and _CHATTER.search(plain):
        return None
    if speaker == "chair" and _REVIEWER_CODE.search(words):
        return None
    if point is not None and speaker.startswith("R") and _VERDICT.search(plain):
        return None
    return passage, words, judge_polarity(words, point, passage.whole)


def _is_mixed(words: str) -> bool:
    plain = words.lower()
    return _NEGATIVE.search(plain) is not None and _POSITIVE.search(_NEGATIVE.sub(" ", plain)) is not None


def _pick_clauses(clauses: list[Reading]) -> list[Reading]:
    """Return the longest clauses that do not overlap, in order."""
    chosen: list[Reading] = []
    for reading in sorted(clauses, key=lambda item: (-count_words(item[1]), item[0].start)):
        passage = reading[0]
        if all(passage.end <= other.start or other.end <= passage.start for other, _, _ in chosen):
            chosen.append(reading)
    return sorted(chosen, key=lambda item: item[0].start)


def judge_polarity(words: str, point: Point | None, whole: bool) -> Polarity:
    """Return which way a passage leans: only where its words and the point it comes from say the same.

    A field of the form that is called strengths or weaknesses speaks for itself, unless the words are plainly of the
    other kind. Of a clause that was cut out, and of texts without points, the words alone decide.

    >>> judge_polarity("the evaluation is thorough", None, True), judge_polarity("no baseline is run", None, True)
    ('positive', 'negative')
    """
    plain = words.lower()
    negative = _NEGATIVE.search(plain) is not None
    positive = _POSITIVE.search(_NEGATIVE.sub(" ", plain) if negative else plain) is not None
    if positive and not negative and _HEDGE.search(plain):
        return "neutral"
    if point is None:
        return "neutral" if negative == positive else "negative" if negative else "positive"
    declared = read_declared_polarity(point.field)
    if declared is not None:
        against = positive and not negative if declared == "negative" else negative and not positive
        return "neutral" if against or (negative and positive and not whole) else declared
    if negative == positive or " but " in plain:
        return "neutral"
    if negative:
        return "negative" if point.polarity == "negative" or (not whole and point.polarity == "neutral") else "neutral"
    return "positive" if point.polarity == "positive" or not whole else "neutral"


def leans(words: str, polarity: Polarity | str) -> bool:
    """Whether a passage has words that lean a way, whatever else it has.

    >>> leans("not large but well supported", "positive")
    True
    """
    return (_POSITIVE if polarity == "positive" else _NEGATIVE).search(words.lower()) is not None


def read_declared_polarity(field_name: str) -> Polarity | None:
    """Return what the form itself says about the texts of a field.

    >>> read_declared_polarity("summary_of_weaknesses"), read_declared_polarity("strengths_and_weaknesses")
    ('negative', None)
    """
    strong, weak = "strength" in field_name, "weakness" in field_name
    if strong == weak:
        return None
    return "positive" if strong else "negative"


def list_terms(words: str) -> frozenset[str]:
    """Return the stems of a passage that say what it is about.

    >>> sorted(list_terms("The baselines were tuned"))
    ['baseli', 'tuned']
    """
    stems = {word[:_STEM_LENGTH] for word in _TERM.findall(words.lower())}
    return frozenset(stems - _COMMON_STEMS)


def _measure_doubt(words: str, field_name: str) -> float:
    """How little a passage of a field for strengths or weaknesses sounds like one: it may only lead up to it."""
    declared = read_declared_polarity(field_name)
    if declared is None:
        return 0.0
    cues = _NEGATIVE if declared == "negative" else _POSITIVE
    return 0.0 if cues.search(words.lower()) else 0.9


def _estimate_value(
    words: str,
    terms: frozenset[str],
    reported: Reported | None,
    pointing: bool,
    polarity: Polarity,
    topics: tuple[str, ...],
) -> float:
    length = count_words(words)
    value = min(len(terms), 8) * 0.25
    value += 0.6 if 8 <= length <= 24 else (-0.8 if length < 6 else 0.0)
    value += 0.4 if reported is not None else 0.0
    value += 0.5 if polarity != "neutral" else 0.0
    value += 0.3 if topics else 0.0
    value -= 1.5 if pointing else 0.0
    value -= 1.6 if _LEANING.search(words.lower()) else 0.0
    value -= 0.5 if not has_finite_verb(words) and length < 7 else 0.0
    return value

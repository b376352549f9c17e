"""What a forum's record offers a dialogue: statements at exact offsets, who made them, and how they meet."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.records import Aspect, Comment, Forum, Point, PointKind, Polarity, Review, Section
from toolkit.text.quotes import LONGEST_PASSAGE, count_words, find_passage, join_lines
from toolkit.text.rewording import Reported, has_finite_verb, points_back, report_authors, report_reviewer
from toolkit.text.sentences import split_sentences
from toolkit.text.sources import Sources, collect_sources

LONGEST_SUMMARY = 40
"""Words of a passage that says what the paper is about, or why it was decided so; it is nearly alone in its turn."""

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

REPLY_WINDOW = 6
"""How many sentences after a quoted or numbered point an answer to it is looked for."""

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
_AFTERWARDS = re.compile(_CUES["afterwards"], re.IGNORECASE)
_HEDGE = re.compile("|".join(_CUES["hedges"]))
_VERDICT = re.compile(_CUES["verdict"].lower())
_CHATTER = re.compile(_CUES["chatter"].lower())
_RAISED = re.compile(_CUES["score_raised"], re.IGNORECASE)
_KEPT = re.compile(_CUES["score_kept"], re.IGNORECASE)
_SETTLED = re.compile(_CUES["settled"], re.IGNORECASE)
_UNSETTLED = re.compile(_CUES["unsettled"], re.IGNORECASE)
_ACTION = re.compile(_CUES["reply_action"], re.IGNORECASE)
_REVIEWER_CODE = re.compile(r"\b(?!\d+[A-Za-z]\b)(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{4}\b")
"""Venues on API v2 call reviewers by four characters, which a meta-review uses and a dialogue does not."""
_AFTERWARDS_WORDS = (
    "rebuttal",
    "respons",
    "repl",
    "discussion",
    "revision",
    "my score",
    "my rating",
    "my recom",
    "my eval",
)
_REFERRING = re.compile(_CUES["referring"], re.IGNORECASE)
_LEANING = re.compile(_CUES["leaning_on_context"])
_TERM = re.compile(r"[a-z][a-z-]{3,}")
_STEM_LENGTH = 6
_COMMON_STEMS = frozenset(word[:_STEM_LENGTH] for word in _CUES["common_words"].split())


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


class CommentSentence(NamedTuple):
    """One sentence of a comment."""

    place: int
    start: int
    end: int
    terms: frozenset[str]
    context: frozenset[str]
    """The stems of the sentence before it: authors name a point first and answer it next."""
    copied: frozenset[tuple[str, ...]]
    """Runs of words that the reviews hold too: the sentence, or a part of it, is quoted from one."""
    closed: bool
    """Whether it is a question or a quotation: nothing that its writer states."""


class Reply(NamedTuple):
    """What the authors answered to a statement."""

    about: Statement
    answers: tuple[Statement, ...]
    comment: Comment


class Reaction(NamedTuple):
    """What a reviewer said after the authors' reply."""

    statement: Statement
    outcome: str
    """``raised``, ``kept``, ``settled``, ``unsettled``, or ``said`` where it is none of them."""


@dataclass(frozen=True)
class Material:
    """A forum, read for what can be said about it. Make one with ``gather_material``."""

    forum: Forum
    sources: Sources
    statements: Mapping[str, tuple[Statement, ...]]
    """By reviewer (``R1``, ...), in the order of the review."""
    meta: tuple[Statement, ...]
    abstract: tuple[Statement, ...]
    root_of: Mapping[str, str]
    """Note of the discussion -> the review (or the forum) its thread hangs from."""
    sentences: dict[tuple[str, str], tuple[CommentSentence, ...]] = field(default_factory=dict)
    """What was read of the discussion so far: most dialogues need little of it."""
    comment_statements: dict[Key, tuple[Statement, ...]] = field(default_factory=dict)
    replies: dict[Key, Reply | None] = field(default_factory=dict)
    reactions: dict[str, tuple[Reaction, ...]] = field(default_factory=dict)
    edited: dict[str, tuple[str, ...]] = field(default_factory=dict)
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
        review = self.review_of[statement.speaker]
        shingles = frozenset(_list_shingles(statement.text))
        labels = self._find_labels(statement)
        best: tuple[float, Reply] | None = None
        nearest = sorted(self.author_comments, key=lambda comment: self.root_of.get(comment.note_id) != review.note_id)
        for comment in nearest:
            root = self.root_of.get(comment.note_id)
            own = root == review.note_id
            # What was posted to everybody is looked at where the answer to this review has nothing.
            if not own and (root != self.forum.forum or (best is not None and best[0] >= 1.0)):
                continue
            sentences = self.split_comment(comment)
            for position, sentence in enumerate(sentences):
                if not sentence.copied.isdisjoint(shingles):
                    found = self._answer_after(statement, comment, sentences, position, 2.0)
                elif own and labels and self._is_labelled(labels, statement.field, comment, sentence):
                    found = self._answer_after(statement, comment, sentences, position, 1.5)
                else:
                    found = self._answer_here(statement, comment, sentence, 1.0 if own else 0.6)
                if found is not None and (best is None or found[0] > best[0]):
                    best = found
        return best[1] if best else None

    def _find_labels(self, statement: Statement) -> tuple[str, ...]:
        """Return the number of the list item and the heading that a statement stands under in its review."""
        text = self.sources[statement.note_id, statement.field]
        number = heading = None
        for found in _POINT_LABEL.finditer(text, 0, statement.start):
            number = found["number"] or (None if found["heading"] else number)
            heading = found["heading"].lower() if found["heading"] else heading
        return tuple(label for label in (number, heading) if label)

    def _is_labelled(
        self, labels: tuple[str, ...], field_name: str, comment: Comment, sentence: CommentSentence
    ) -> bool:
        """Whether a sentence of a reply opens the answer to a point, by the point's number or heading."""
        heading = _POINT_LABEL.match(comment.text, sentence.start, min(len(comment.text), sentence.end + 3))
        if heading is not None and heading["heading"] and heading["heading"].lower() in labels:
            return True
        found = _REPLY_LABEL.match(comment.text, sentence.start, min(len(comment.text), sentence.end + 1))
        if found is None or found["number"] not in labels:
            return False
        letter = (found["kind"] or "").lower()[:1]
        field_letter = {"weaknesses": "w", "questions": "q"}.get(field_name, "")
        return not (letter and letter in "wq" and field_letter and letter != field_letter)

    def _answer_after(
        self,
        statement: Statement,
        comment: Comment,
        sentences: tuple[CommentSentence, ...],
        position: int,
        base: float,
    ) -> tuple[float, Reply] | None:
        """Return the most telling sentence after the place where the authors quote or number the point."""
        best: tuple[float, Reply] | None = None
        open_point = False
        for place in range(position, min(position + REPLY_WINDOW, len(sentences))):
            sentence = sentences[place]
            if sentence.closed:
                if open_point:
                    break
                continue
            opens = comment.text.startswith(("**", "#"), sentence.start) or _REPLY_LABEL.match(
                comment.text, sentence.start, sentence.end
            )
            if place > position and opens:
                break
            open_point = True
            for answer in self.read_comment_sentence(comment, sentence, "authors"):
                if len(answer.terms) < 3:
                    continue
                shared = len(answer.terms & statement.terms)
                acts = _ACTION.search(answer.text) is not None
                if base < 2.0 and not shared:
                    continue
                score = (
                    base + 0.4 * min(shared, 3) + (0.8 if acts else 0.0) + (0.3 if _DIGIT.search(answer.text) else 0.0)
                )
                score -= 0.08 * (place - position) + (0.4 if answer.pointing else 0.0)
                if best is None or score > best[0]:
                    best = (score, Reply(statement, (answer,), comment))
        return best

    def _answer_here(
        self, statement: Statement, comment: Comment, sentence: CommentSentence, weight: float
    ) -> tuple[float, Reply] | None:
        if sentence.closed or len(statement.terms & (sentence.terms | sentence.context)) < 2:
            return None
        for answer in self.read_comment_sentence(comment, sentence, "authors"):
            if len(answer.terms) < 3 or not has_finite_verb(answer.text):
                continue
            score = weight * self.match_reply(statement, answer, sentence.context)
            if score >= 1.0:
                return min(score, 1.4), Reply(statement, (answer,), comment)
        return None

    def match_reply(self, statement: Statement, answer: Statement, context: frozenset[str]) -> float:
        """How surely a passage of the authors answers a statement: 1 and more is plain.

        Authors name the point first and answer it in the next sentence, so the sentence before counts as well.
        """
        shared = statement.terms & answer.terms
        named = (statement.terms & context) - shared
        if len(shared) + len(named) < 2 or (not shared and not _REFERRING.search(answer.text)):
            return 0.0
        score = sum(0.35 + 0.65 / max(1, len(self.holders.get(term, ()))) for term in sorted(shared))
        score += 0.6 * sum(0.35 + 0.65 / max(1, len(self.holders.get(term, ()))) for term in sorted(named))
        return score * (1.25 if _ACTION.search(answer.text) else 0.8) * (0.5 if answer.pointing else 1.0)

    def find_reactions(self, reviewer: str) -> tuple[Reaction, ...]:
        """Return what a reviewer wrote after the authors' reply, the most telling first."""
        if reviewer not in self.reactions:
            self.reactions[reviewer] = self._find_reactions(reviewer)
        return self.reactions[reviewer]

    def _find_reactions(self, reviewer: str) -> tuple[Reaction, ...]:
        if not self.author_comments:
            return ()
        since = min(comment.created for comment in self.author_comments)
        review = self.review_of[reviewer]
        recorded = review.rating.value
        later = [
            comment
            for comment in self.forum.discussion
            if comment.role == "reviewer" and comment.reviewer == reviewer and comment.created > since
        ]
        said = [
            statement
            for comment in later
            for sentence in self.split_comment(comment)
            if _read_outcome(comment.text[sentence.start : sentence.end], recorded) not in (None, "said")
            for statement in self.read_comment_sentence(comment, sentence, reviewer)
        ]
        for section in review.sections:
            if section.field in self.edited_fields(reviewer):
                said.extend(
                    item
                    for place, (start, end) in enumerate(split_sentences(section.text))
                    if _AFTERWARDS.search(section.text, start, end)
                    for item in _read_sentence(
                        review.note_id, section.field, section.text, start, end, speaker=reviewer, place=place
                    )
                )
        # What takes no side on the reply is read only of those who left nothing else.
        said = said or [statement for comment in later[:2] for statement in self.read_comment(comment, reviewer)]
        found: list[tuple[float, Reaction]] = []
        for statement in said:
            plain = statement.text.lower()
            outcome = _read_outcome(statement.text, recorded)
            if outcome is None or _SMALL_TALK.search(plain):
                continue
            if outcome == "said" and (statement.value < 1.6 or statement.pointing or plain.endswith("?")):
                continue
            rank = ("raised", "kept", "unsettled", "settled", "said").index(outcome) + 0.5 * statement.pointing
            found.append((rank - 0.05 * statement.value, Reaction(statement, outcome)))
        found.sort(key=lambda item: item[0])
        return tuple(reaction for _, reaction in found)

    def edited_fields(self, reviewer: str) -> tuple[str, ...]:
        """Return the fields of a review that speak of what came after it."""
        if reviewer not in self.edited:
            self.edited[reviewer] = tuple(
                section.field
                for section in self.review_of[reviewer].sections
                # Few reviews hold any of these words, and looking for them is much cheaper than the pattern.
                if _mentions(section.text.lower(), _AFTERWARDS_WORDS) and _AFTERWARDS.search(section.text)
            )
        return self.edited[reviewer]

    def came_back(self, reviewer: str, after: int) -> bool:
        """Whether a reviewer wrote anything after a time, in the discussion or into the review itself."""
        return bool(self.edited_fields(reviewer)) or any(
            comment.reviewer == reviewer and comment.role == "reviewer" and comment.created > after
            for comment in self.forum.discussion
        )

    def read_comment(self, comment: Comment, speaker: str) -> tuple[Statement, ...]:
        """Return the statements of a comment; what authors copied from a review is left out."""
        return tuple(
            statement
            for sentence in self.split_comment(comment)
            if not (comment.role == "author" and sentence.closed)
            for statement in self.read_comment_sentence(comment, sentence, speaker)
        )

    def split_comment(self, comment: Comment) -> tuple[CommentSentence, ...]:
        """Return the sentences of a comment that its author wrote, with what each and the one before it is about."""
        key = (comment.note_id, comment.field)
        if key not in self.sentences:
            self.sentences[key] = tuple(self._split_comment(comment))
        return self.sentences[key]

    def _split_comment(self, comment: Comment) -> Iterator[CommentSentence]:
        shingles = self._review_shingles if comment.role == "author" else frozenset()
        following: frozenset[str] = frozenset()
        for place, (start, end) in enumerate(split_sentences(comment.text)):
            sentence = comment.text[start:end]
            context, following = following, list_terms(sentence)
            runs = list(_list_shingles(sentence)) if shingles else []
            copied = frozenset(item for item in runs if item in shingles)
            closed = (
                len(copied) > 0.5 * len(runs) or sentence.startswith(">") or sentence.rstrip("\"'”’ )*").endswith("?")
            )
            yield CommentSentence(place, start, end, following, context, copied, closed)

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
        return "said"
    # A comment that speaks of another score than the record holds was overtaken by a later edit.
    return outcome if not numbers or recorded in numbers else None


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
    return Material(forum, sources, statements, tuple(meta), abstract, _trace_threads(forum))


def _mentions(plain: str, words: Iterable[str]) -> bool:
    return any(word in plain for word in words)


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


_POINT_LABEL = re.compile(
    r"^[ \t>*_#(\[-]*(?:[WQCSP]|Weakness|Question|Comment|Point|Concern)?[ #-]?(?P<number>\d{1,2})[)\].:-]"
    r"|^\s*\*\*(?P<heading>[A-Za-z][\w ,/-]{2,40}?)[.:]?\*\*",
    re.MULTILINE,
)
_REPLY_LABEL = re.compile(
    r"[\s*_#(\[]*(?:(?:Re|RE|Response|Reply|Answer|Ans|A)[ :.-]*(?:to )?)?[*_(\[]*"
    r"(?P<kind>W|Q|C|P|Weakness(?:es)?|Questions?|Comments?|Points?|Concerns?|Issues?)?[ #.-]*"
    r"(?P<number>\d{1,2})[)\].:*-]",
    re.IGNORECASE,
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


def list_terms(words: str) -> frozenset[str]:
    """Return the stems of a passage that say what it is about.

    >>> sorted(list_terms("The baselines were tuned"))
    ['baseli', 'tuned']
    """
    stems = {word[:_STEM_LENGTH] for word in _TERM.findall(words.lower())}
    return frozenset(stems - _COMMON_STEMS)


def _estimate_value(words: str, terms: frozenset[str], polarity: Polarity, weighty: bool) -> float:
    length = count_words(words)
    value = min(len(terms), 8) * 0.25
    value += 0.6 if 8 <= length <= 26 else (-0.8 if length < 6 else 0.0)
    value += 0.5 if polarity != "neutral" else 0.0
    value += 1.5 if weighty else 0.0
    value -= 0.5 if not has_finite_verb(words) and length < 7 else 0.0
    return value - (1.0 if len(terms) < 3 else 0.0)

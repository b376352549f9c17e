"""Statements: passages of the record that a dialogue can quote or report, with what they say about the paper.

A sentence that cannot be repeated alone without harm to its sense gives no statement. What counts as praise, criticism
or a topic stands in ``cues.toml`` and ``topics.toml``.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.records import Aspect, Point, PointKind, Polarity, Review, Section
from toolkit.text.quotes import LONGEST_PASSAGE, count_words, find_passage, join_lines, strip_asides
from toolkit.text.rewording import Reported, has_finite_verb, points_back, report_authors, report_reviewer
from toolkit.text.sentences import is_reference, split_sentences
from toolkit.text.terms import list_terms

LONGEST_SUMMARY = 40
"""Words of a passage that says what the paper is about, or why it was decided so; it is nearly alone in its turn."""

LONGEST_SENTENCE = 600
"""Characters; a longer sentence is not read at all, because no passage of it would be short enough."""

ENOUGH_POINTS = 8
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
_DOUBTING = _join_patterns(_CUES["doubting"])
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
    quotable: bool
    """Whether its words may stand in quotation marks; others are only reported."""
    kind: PointKind
    aspect: Aspect
    polarity: Polarity
    """Which way its own words lean."""
    leaning: Polarity
    """Its polarity, or where its words are neutral what the form's field or the heading above says it is."""
    salience: float
    """Of the point it comes from; 0 in texts without points."""
    point_start: int
    """Where that point begins."""
    topics: tuple[str, ...]
    terms: frozenset[str]
    pointing: bool
    """Whether it leans on the sentence before it, so that it can be told after that one alone."""
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


def read_review(review: Review, subject: frozenset[str]) -> Iterator[Statement]:
    """Yield what a review tells and asks, in order; ``subject`` are topics that are the paper's own.

    Of a review that says plainly what it likes and dislikes, the rest is not read, but for its opening.
    """
    texts = {section.field: section.text for section in review.sections}
    headings = {section.field: _find_headings(section) for section in review.sections}
    pointed = sum(point.polarity != "neutral" for point in review.points) >= ENOUGH_POINTS
    for place, point in enumerate(review.points):
        text = texts.get(point.field)
        if text is None or (pointed and place >= OPENING_POINTS and point.kind in ("summary", "other")):
            continue
        yield from read_sentence(
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


def read_text(note_id: str, field_name: str, text: str, speaker: str) -> Iterator[Statement]:
    """Yield the statements of a text without points: an abstract, a meta-review, a public comment."""
    for place, (start, end) in enumerate(split_sentences(text)):
        yield from read_sentence(note_id, field_name, text, start, end, speaker=speaker, place=place)


def read_sentence(
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
    if _is_unfit(plain, words, speaker, point, in_comment=in_comment) or is_reference(text[start:end]):
        return
    if speaker == "chair":
        # In a meta-review "this" is the paper.
        plain = plain.replace("this is", "the paper is").replace("this was", "the paper was")
    pointing = points_back(words) or _LEANING.search(plain) is not None or _is_orphaned(plain)
    if pointing and not in_comment and point is None:
        return
    if text[start:end].rstrip("* _").endswith(":") or (
        speaker != "authors"
        and (_REVERSING.match(text, span.end) or (speaker != "chair" and _REVERSING_MILDLY.match(text, span.end)))
    ):
        return
    quotable = strip_asides(words) == words and '"' not in words
    if not quotable and report_words(words, speaker, text) is None:
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
        quotable=quotable,
        kind=point.kind if point else "other",
        aspect=point.aspect if point else "other",
        polarity=polarity,
        leaning=_find_leaning(polarity, point, declared, words),
        salience=point.salience if point else 0.0,
        point_start=point.start if point else start,
        topics=tuple(name for name in find_topics(words, point.aspect) if name not in subject)
        if point and polarity != "neutral"
        else (),
        terms=terms,
        pointing=pointing,
        weighty=weighty,
        value=_estimate_value(words, terms, polarity, weighty),
        place=place,
    )


def report_words(words: str, speaker: str, source: str) -> Reported | None:
    """Return what someone wrote in indirect speech; null where it has to be quoted."""
    if speaker != "authors":
        return report_reviewer(words, source)
    clause = report_authors(strip_asides(words), source)
    return Reported(clause, True) if clause else None


def _find_leaning(polarity: Polarity, point: Point | None, declared: Polarity | None, words: str) -> Polarity:
    """Return which side a statement may be told for.

    Words that take none stand where the form's field or a heading put them, or where the point was put for a weaker
    word: a "should" in a weakness, a "simple" in a strength.
    """
    if polarity != "neutral" or point is None or words.endswith("?") or not has_finite_verb(words):
        return polarity
    expected = _SIDE_OF_KIND.get(point.kind)
    if expected is None or point.polarity != expected.polarity:
        return "neutral"
    plain = words.lower()
    if expected.polarity == "positive" and _TURNING.search(plain):
        return "neutral"
    fits = declared == expected.polarity or expected.weaker_words.search(plain)
    return expected.polarity if fits else "neutral"


class _Side(NamedTuple):
    polarity: Polarity
    weaker_words: re.Pattern[str]


_SIDE_OF_KIND: Mapping[PointKind, _Side] = {
    "strength": _Side("positive", _KINDLY),
    "weakness": _Side("negative", _DOUBTING),
}


def _is_unfit(plain: str, words: str, speaker: str, point: Point | None, *, in_comment: bool) -> bool:
    """Whether a sentence is small talk, a verdict of the wrong speaker, or announces what does not follow."""
    if speaker.startswith("R"):
        if in_comment:
            return False
        if point is not None and _VERDICT.search(plain):
            return True
    if speaker == "chair":
        return SMALL_TALK.search(plain) is not None or _REVIEWER_CODE.search(words) is not None
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
SMALL_TALK = re.compile(_CUES["small_talk"])


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

"""Points of a review: what each sentence does, and about what.

What decides, in this order: the field of the form that holds the text, the heading above it (``Pros:``,
``**Weaknesses**``), the list it stands in (``+`` and ``-`` items), and its wording. The wording lives in ``cues.toml``,
where anyone who knows reviews can read and extend it.

Sentences of a field that the form calls strengths or weaknesses keep that kind, with one exception: a sentence that
ends in a question mark is a question.

Not every sentence is a point. Headings, greetings, pointers ("see weaknesses"), reference lists, formulas on a line of
their own and stretches of fewer than four words are left out, because nobody could quote them on their own.
"""

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast, get_args

from toolkit.records import Aspect, Point, PointKind, Polarity, Section
from toolkit.text import Span, split_sentences
from toolkit.text.sentences import is_reference

MIN_WORDS = 4
"""Fewer words than this cannot stand alone."""
_STRONG, _FAIR = 2, 1
_KINDS: tuple[PointKind, ...] = get_args(PointKind)
_ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
_CATEGORIES: tuple[str, ...] = (*_KINDS, *_ASPECTS[:-1])


class _Cue(NamedTuple):
    words: tuple[str, ...]
    category: int
    weight: int


class _Cues(NamedTuple):
    by_first_word: Mapping[str, tuple[_Cue, ...]]
    by_first_stem: Mapping[str, tuple[_Cue, ...]]
    stem_sizes: tuple[int, ...]
    negators: frozenset[str]
    headings: Mapping[str, str]
    heading_aspects: Mapping[str, Aspect]
    skipped_starts: tuple[tuple[str, ...], ...]


class _Reading(NamedTuple):
    """How much wording speaks for each kind and aspect."""

    kinds: Mapping[PointKind, int]
    aspects: Mapping[Aspect, int]


class _Sentence(NamedTuple):
    start: int
    end: int
    text: str
    words: tuple[str, ...]
    sign: str
    """``+`` or ``-`` where the sentence begins such a list item."""
    opens_paragraph: bool


class _Heading(NamedTuple):
    kind: str
    """A point kind, ``other`` for known headings of any content, ``references``, or nothing for unknown ones."""
    aspect: Aspect | None


_NO_HEADING = _Heading("", None)
_SIGNED_ITEMS = {"+": "strength", "-": "weakness"}
"""What list items mean in a review that uses both signs."""


def find_points(
    sections: Sequence[Section], reads_as: Mapping[str, PointKind | None] | None = None
) -> tuple[Point, ...]:
    """Find the points of a review's sections, in order.

    Args:
        sections: the review's texts; a section named ``title`` holds no points.
        reads_as: what the form says its fields hold (``strengths`` -> ``strength``); other fields are free text.

    >>> find_points([Section("review", "The paper is well written. But the baselines are too weak.")])
    (Point(field='review', start=0, end=26, kind='strength', aspect='clarity', polarity='positive'), \
Point(field='review', start=27, end=58, kind='weakness', aspect='comparison', polarity='negative'))
    """
    expected = reads_as or {}
    points: list[Point] = []
    for position, section in enumerate(sections):
        if section.field != "title":
            points.extend(_find_section_points(section, expected.get(section.field), opening=position == 0))
    return tuple(points)


def _find_section_points(section: Section, field_kind: PointKind | None, *, opening: bool) -> Iterator[Point]:
    cues = _load_cues()
    sentences = list(_read_sentences(section.text, cues))
    signs = {sentence.sign for sentence in sentences if isinstance(sentence, _Sentence)}
    signed = {"+", "-"} <= signs
    heading, sign = _NO_HEADING, ""
    opening = opening and field_kind is None  # free text begins by saying what the paper does
    previous: PointKind = "other"
    for sentence in sentences:
        if isinstance(sentence, _Heading):
            if not sentence.kind:
                continue
            heading, sign = sentence, ""
            opening = opening and heading.kind == "summary"
            continue
        sign = sentence.sign or ("" if sentence.opens_paragraph else sign)
        if heading.kind == "references" or not _is_point(sentence, cues):
            continue
        reading = _read_wording(sentence.words, cues)
        if field_kind is not None:
            kind = _judge_in_field(sentence, reading, field_kind)
        else:
            under = _SIGNED_ITEMS.get(sign, heading.kind) if signed else heading.kind
            kind = _judge_free_text(sentence, reading, under, opening=opening, previous=previous)
        opening = opening and kind == "summary"
        previous = kind
        yield Point(
            field=section.field,
            start=sentence.start,
            end=sentence.end,
            kind=kind,
            aspect=_judge_aspect(reading, heading),
            polarity=_judge_polarity(reading, kind),
        )


def _judge_in_field(sentence: _Sentence, reading: _Reading, field_kind: PointKind) -> PointKind:
    if _asks(sentence) and field_kind != "summary":
        return _judge_question(reading)
    if field_kind == "question" and reading.kinds["suggestion"] > reading.kinds["question"]:
        return "suggestion"
    return field_kind


def _asks(sentence: _Sentence) -> bool:
    return "?" in sentence.text[-3:]


def _judge_question(reading: _Reading) -> PointKind:
    """A question that asks for something to be added is a suggestion in polite form."""
    return "suggestion" if reading.kinds["suggestion"] >= _STRONG + reading.kinds["question"] else "question"


def _judge_free_text(
    sentence: _Sentence, reading: _Reading, under: str, *, opening: bool, previous: PointKind
) -> PointKind:
    scores = reading.kinds
    if _asks(sentence):
        return _judge_question(reading)
    if under in ("strength", "weakness"):
        return _judge_under_verdict(scores, cast("PointKind", under))
    if under == "summary":
        opposed = max(scores["strength"], scores["weakness"])
        if not sentence.opens_paragraph or opposed <= max(_STRONG, scores["summary"]):
            return "summary"
    if under in ("question", "suggestion"):
        return "suggestion" if scores["suggestion"] > scores["question"] or under == "suggestion" else "question"
    return _judge_wording(scores, opening=opening, previous=previous)


def _judge_under_verdict(scores: Mapping[PointKind, int], under: PointKind) -> PointKind:
    """Under "Cons" a plain request stays a request; everything else is what the heading says."""
    if under == "weakness" and scores["suggestion"] > scores["weakness"] + _FAIR:
        return "suggestion"
    if under == "weakness" and scores["question"] > scores["weakness"] + _STRONG:
        return "question"
    return under


def _judge_wording(scores: Mapping[PointKind, int], *, opening: bool, previous: PointKind) -> PointKind:
    strength, weakness = scores["strength"], scores["weakness"]
    judged = max(strength, weakness)
    if (
        opening
        and scores["summary"] + _FAIR >= max(scores["question"], scores["suggestion"], scores["other"])
        and (judged < _STRONG or scores["summary"] >= judged)
    ):
        return "summary"
    if scores["other"] >= max(_STRONG, strength, weakness, scores["suggestion"]):
        return "other"
    if scores["suggestion"] >= _STRONG and scores["suggestion"] >= max(weakness, scores["question"]):
        return "suggestion"
    if scores["question"] >= _STRONG and scores["question"] > max(weakness, strength):
        return "question"
    if weakness >= _STRONG and weakness >= strength:
        return "weakness"
    if strength >= _STRONG and strength > weakness:
        return "strength"
    if scores["summary"] >= _STRONG and scores["summary"] > max(strength, weakness):
        return "summary"
    if weakness and previous == "weakness":
        return "weakness"
    return "other"


def _judge_aspect(reading: _Reading, heading: _Heading) -> Aspect:
    best = max(reading.aspects.values(), default=0)
    if best < _STRONG and heading.aspect is not None:
        return heading.aspect
    if not best:
        return "other"
    return next(aspect for aspect in _ASPECTS if reading.aspects.get(aspect) == best)


def _judge_polarity(reading: _Reading, kind: PointKind) -> Polarity:
    if kind == "strength":
        return "positive"
    if kind == "weakness":
        return "negative"
    if kind in ("suggestion", "question", "other"):
        balance = reading.kinds["weakness"] - reading.kinds["strength"]
        if balance >= _STRONG:
            return "negative"
        if balance <= -_STRONG - _FAIR and kind == "other":
            return "positive"
    return "neutral"


# ---------------------------------------------------------------------------------------------------------- sentences

_MARKER = re.compile(
    r"(?P<sign>[+\-–−](?![\d.]))?"
    r"(?:[-+•◦▪●·‣–—>#|\s−]|\*(?!\*)|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[).](?!\w)|\(\d{1,2}\)|\d{1,2}[-:/](?=\s)"
    r"|[QWSC]\d{1,2}[.:)]?(?=\s)|\[\d{1,2}\](?=\s))*"
)
_WORD = re.compile(r"[a-z]+")
_LABEL = re.compile(
    r"(?P<strong>\*\*|__)(?P<bold>[^*_\n]{2,80})(?P=strong)\s*[:.\-–—]?\s*"
    r"|(?P<plain>[A-Za-z][A-Za-z/&,() ]{1,60}?)\s*(?::|\s[-–—]+\s)\s*"
)
_HEADING_DRESS = re.compile(r"[\s*_#=:\-–—.~`>|+()\[\]\d/&,]+")


def _read_sentences(text: str, cues: _Cues) -> Iterator[_Sentence | _Heading]:
    """Yield sentences without list markers and labels, and the headings between them."""
    line_end, reference_line = -1, False
    for span in split_sentences(text):
        if span.start > line_end:
            line_end = text.find("\n", span.start)
            line_end = len(text) if line_end < 0 else line_end
            line_start = text.rfind("\n", 0, span.start) + 1
            reference_line = is_reference(text[line_start:line_end].strip())
        opens_line = not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip()
        marker = _MARKER.match(text, span.start, span.end) if opens_line else None
        start = marker.end() if marker else span.start
        sign = (marker["sign"] or "") if marker else ""
        opens_paragraph = opens_line and _follows_blank_line(text, span.start)
        if opens_line and (heading := _read_heading_line(text[span.start : span.end], cues)):
            yield heading
            continue
        if opens_line and (label := _read_label(text, start, span.end, cues)):
            heading, body = label
            if heading is not None:
                yield heading
            start, sign = body, sign if heading is None else ""
        if reference_line:
            continue
        yield _make_sentence(text, Span(start, span.end), sign.replace("–", "-").replace("−", "-"), opens_paragraph)


def _follows_blank_line(text: str, start: int) -> bool:
    before = text[max(0, start - 80) : start].rstrip(" \t")
    return not before.strip() or before.endswith(("\n\n", "\n \n", "\n\t\n"))


def _read_heading_line(line: str, cues: _Cues) -> _Heading | None:
    """Read a whole line as a heading: known words, or short and dressed as one."""
    if len(line) > 90:
        return None
    words = _HEADING_DRESS.sub(" ", line.lower()).strip()
    if not words:
        return None
    if words in cues.headings:
        return _Heading(cues.headings[words], cues.heading_aspects.get(words))
    count = len(words.split())
    if line.startswith("**") and line.endswith("**"):
        return _find_heading_inside(words, cues) if count <= _MAX_BOLD_HEADING else None
    if line.endswith((":", ":**")) or line.startswith("#"):
        return _find_heading_inside(words, cues) if count <= _MAX_HEADING else None
    return None


def _find_heading_inside(words: str, cues: _Cues) -> _Heading:
    """``Here are my main concerns:`` is a heading of weaknesses; one that says nothing known changes nothing."""
    for word in words.split():
        if word in _TELLING_HEADING_WORDS:
            return _Heading(cues.headings[word], cues.heading_aspects.get(word))
    return _NO_HEADING


_MAX_HEADING, _MAX_BOLD_HEADING = 7, 14
"""How many words a line may have to be a heading because it ends in a colon, or is all bold."""
_TELLING_HEADING_WORDS = frozenset(
    (
        "pros",
        "strengths",
        "positives",
        "cons",
        "weaknesses",
        "negatives",
        "concerns",
        "questions",
        "suggestions",
        "typos",
        "references",
        "minor",
        "summary",
    )
)


def _read_label(text: str, start: int, end: int, cues: _Cues) -> tuple[_Heading | None, int] | None:
    """Read ``Pros: ...`` or ``**Novelty**: ...`` at the head of a line: what it says, and where the sentence begins.

    A known label is a heading for what follows; a bold label that is not known names the item only.
    """
    label = _LABEL.match(text, start, end)
    if label is None or end - label.end() < 12:
        return None
    words = _HEADING_DRESS.sub(" ", (label["bold"] or label["plain"]).lower()).strip()
    if words in cues.headings:
        heading = _Heading(cues.headings[words], cues.heading_aspects.get(words))
        return heading, label.end()
    if label["bold"] and text[label.end() : label.end() + 1].isupper():
        return None, label.end()
    return None


def _make_sentence(text: str, span: Span, sign: str, opens_paragraph: bool) -> _Sentence:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    body = text[start:end]
    for dress in ("**", "__", "*"):
        if body.endswith(dress) and body.count(dress) % 2:
            body = body[: -len(dress)].rstrip()
    lowered = body.lower().replace("n’t", " not").replace("n't", " not").replace("cannot", "can not")
    return _Sentence(start, start + len(body), body, tuple(_WORD.findall(lowered)), sign, opens_paragraph)


def _is_point(sentence: _Sentence, cues: _Cues) -> bool:
    """Whether a sentence could be quoted on its own."""
    if len(sentence.words) < MIN_WORDS or len(sentence.text.split()) < MIN_WORDS:
        return False
    letters = sum(len(word) for word in sentence.words if len(word) > 1)
    if letters * 2 < len(sentence.text) - sentence.text.count(" "):
        return False  # a formula, a table row, a ruler
    if sentence.text.endswith(":") and len(sentence.words) < 12:
        return False
    return not any(_fits(pattern, sentence.words, 0) for pattern in cues.skipped_starts)


# ------------------------------------------------------------------------------------------------------------ wording


def _read_wording(words: Sequence[str], cues: _Cues) -> _Reading:
    kinds = dict.fromkeys(_KINDS, 0)
    aspects: dict[Aspect, int] = {}
    hidden_until = 0
    for position, word in enumerate(words):
        longest = 0
        for cue in _find_candidates(word, words[position + 1] if position + 1 < len(words) else ""):
            size = len(cue.words)
            if size > 2 and not _fits(cue.words, words, position):
                continue
            if cue.category >= len(_KINDS):
                aspect = _ASPECTS[cue.category - len(_KINDS)]
                aspects[aspect] = aspects.get(aspect, 0) + cue.weight
                continue
            if position < hidden_until and position + size <= hidden_until:
                continue
            if size < longest:
                continue
            longest = size
            kind = _KINDS[cue.category]
            if kind == "strength" and not cues.negators.isdisjoint(words[max(0, position - 3) : position]):
                kind = "weakness"
            kinds[kind] += cue.weight
        if longest:
            hidden_until = max(hidden_until, position + longest)
    return _Reading(kinds, aspects)


def _fits(pattern: Sequence[str], words: Sequence[str], position: int) -> bool:
    if position + len(pattern) > len(words):
        return False
    for offset, expected in enumerate(pattern):
        word = words[position + offset]
        if word != expected and not (expected[-1] == "*" and word.startswith(expected[:-1])):
            return False
    return True


@functools.lru_cache(maxsize=65536)
def _find_candidates(word: str, following: str) -> tuple[_Cue, ...]:
    """Return the cues that may begin with two words, longest first; cues of one or two words do fit."""
    return tuple(
        cue for cue in _find_first_candidates(word) if len(cue.words) == 1 or _fits(cue.words[1:2], (following,), 0)
    )


@functools.lru_cache(maxsize=65536)
def _find_first_candidates(word: str) -> tuple[_Cue, ...]:
    cues = _load_cues()
    found = list(cues.by_first_word.get(word, ()))
    for size in cues.stem_sizes:
        if size <= len(word):
            found.extend(cues.by_first_stem.get(word[:size], ()))
    return tuple(sorted(found, key=lambda cue: (-len(cue.words), cue)))


@functools.cache
def _load_cues() -> _Cues:
    raw = tomllib.loads((Path(__file__).parent / "cues.toml").read_text(encoding="utf-8"))
    by_first_word: dict[str, list[_Cue]] = {}
    by_first_stem: dict[str, list[_Cue]] = {}
    for category, table in (*raw["kind"].items(), *raw["aspect"].items()):
        for phrases, weight in ((table["strong"], _STRONG), (table["fair"], _FAIR)):
            for words in _split_phrases(phrases):
                cue = _Cue(words, _CATEGORIES.index(category), weight)
                first = words[0]
                if first.endswith("*"):
                    by_first_stem.setdefault(first[:-1], []).append(cue)
                else:
                    by_first_word.setdefault(first, []).append(cue)
    return _Cues(
        by_first_word={word: tuple(found) for word, found in by_first_word.items()},
        by_first_stem={stem: tuple(found) for stem, found in by_first_stem.items()},
        stem_sizes=tuple(sorted({len(stem) for stem in by_first_stem})),
        negators=frozenset(raw["negators"].split()),
        headings=_index_phrases(raw["heading"]),
        heading_aspects=cast("Mapping[str, Aspect]", _index_phrases(raw["heading_aspect"])),
        skipped_starts=tuple(_split_phrases(raw["skip"]["starts"])),
    )


def _split_phrases(phrases: str) -> Iterator[tuple[str, ...]]:
    for phrase in phrases.split("|"):
        if words := tuple(phrase.split()):
            yield words


def _index_phrases(tables: Mapping[str, str]) -> dict[str, str]:
    return {" ".join(words): name for name, phrases in tables.items() for words in _split_phrases(phrases)}

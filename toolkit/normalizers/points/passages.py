"""Passages of a review: its sentences without list markers and labels, and the headings between them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from toolkit.normalizers.points.lexicon import Lexicon, find_words, fits_phrase
from toolkit.records import Aspect
from toolkit.text import Span, split_sentences
from toolkit.text.sentences import is_reference

MIN_WORDS = 4
"""Fewer words than this cannot stand alone."""


class Passage(NamedTuple):
    """One sentence; offsets refer to the text it was read from."""

    start: int
    end: int
    text: str
    words: tuple[str, ...]
    sign: str
    """``+`` or ``-`` where the sentence begins such a list item."""
    opens_paragraph: bool


class Heading(NamedTuple):
    """What a heading says about the passages below it."""

    kind: str
    """A point kind, ``other`` for known headings of any content, ``references``, or nothing for unknown ones."""
    aspect: Aspect | None


NO_HEADING = Heading("", None)


_MARKER = re.compile(
    r"(?P<sign>[+\-–−](?![\d.]))?"
    r"(?:[-+•◦▪●·‣–—>#|\s−]|\*(?!\*)|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[).](?!\w)|\(\d{1,2}\)|\d{1,2}[-:/](?=\s)"
    r"|[QWSC]\d{1,2}[.:)]?(?=\s)|\[\d{1,2}\](?=\s))*"
)
_LABEL = re.compile(
    r"(?P<strong>\*\*|__)(?P<bold>[^*_\n]{2,80})(?P=strong)\s*[:.\-–—]?\s*"
    r"|(?P<plain>[A-Za-z][A-Za-z/&,() ]{1,60}?)\s*(?::|\s[-–—]+\s)\s*"
)
_HEADING_DRESS = re.compile(r"[\s*_#=:\-–—.~`>|+()\[\]\d/&,]+")


def read_passages(text: str, lexicon: Lexicon) -> Iterator[Passage | Heading]:
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
        if opens_line and (heading := _read_heading_line(text[span.start : span.end], lexicon)):
            yield heading
            continue
        if opens_line and (label := _read_label(text, start, span.end, lexicon)):
            heading, body = label
            if heading is not None:
                yield heading
            start, sign = body, sign if heading is None else ""
        if reference_line:
            continue
        yield _make_passage(text, Span(start, span.end), sign.replace("–", "-").replace("−", "-"), opens_paragraph)


def _follows_blank_line(text: str, start: int) -> bool:
    before = text[max(0, start - 80) : start].rstrip(" \t")
    return not before.strip() or before.endswith(("\n\n", "\n \n", "\n\t\n"))


def _read_heading_line(line: str, lexicon: Lexicon) -> Heading | None:
    """Read a whole line as a heading: known words, or short and dressed as one."""
    if len(line) > 90:
        return None
    words = _HEADING_DRESS.sub(" ", line.lower()).strip()
    if not words:
        return None
    if words in lexicon.headings:
        return Heading(lexicon.headings[words], lexicon.heading_aspects.get(words))
    count = len(words.split())
    if line.startswith("**") and line.endswith("**"):
        return _find_heading_inside(words, lexicon) if count <= _MAX_BOLD_HEADING else None
    if line.endswith((":", ":**")) or line.startswith("#"):
        return _find_heading_inside(words, lexicon) if count <= _MAX_HEADING else None
    return None


def _find_heading_inside(words: str, lexicon: Lexicon) -> Heading:
    """``Here are my main concerns:`` is a heading of weaknesses; one that says nothing known changes nothing."""
    for word in words.split():
        if word in _TELLING_HEADING_WORDS:
            return Heading(lexicon.headings[word], lexicon.heading_aspects.get(word))
    return NO_HEADING


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


def _read_label(text: str, start: int, end: int, lexicon: Lexicon) -> tuple[Heading | None, int] | None:
    """Read ``Pros: ...`` or ``**Novelty**: ...`` at the head of a line: what it says, and where the sentence begins.

    A known label is a heading for what follows; a bold label that is not known names the item only.
    """
    label = _LABEL.match(text, start, end)
    if label is None or end - label.end() < 12:
        return None
    words = _HEADING_DRESS.sub(" ", (label["bold"] or label["plain"]).lower()).strip()
    if words in lexicon.headings:
        heading = Heading(lexicon.headings[words], lexicon.heading_aspects.get(words))
        return heading, label.end()
    if label["bold"] and text[label.end() : label.end() + 1].isupper():
        return None, label.end()
    return None


def _make_passage(text: str, span: Span, sign: str, opens_paragraph: bool) -> Passage:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    body = text[start:end]
    for dress in ("**", "__", "*"):
        if body.endswith(dress) and body.count(dress) % 2:
            body = body[: -len(dress)].rstrip()
    return Passage(start, start + len(body), body, find_words(body), sign, opens_paragraph)


def is_point(passage: Passage, lexicon: Lexicon) -> bool:
    """Return whether a passage could be quoted on its own."""
    if len(passage.words) < MIN_WORDS or len(passage.text.split()) < MIN_WORDS:
        return False
    letters = sum(len(word) for word in passage.words if len(word) > 1)
    if letters * 2 < len(passage.text) - passage.text.count(" "):
        return False  # a formula, a table row, a ruler
    if passage.text.endswith(":") and len(passage.words) < 12:
        return False
    return not any(fits_phrase(pattern, passage.words, 0) for pattern in lexicon.skipped_starts[passage.words[0]])

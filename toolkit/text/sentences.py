"""Sentences of review prose, as offsets into the text.

Reviews are not newswire: they hold bullets without full stops, headings, LaTeX, citations, hard-wrapped e-mail text
and sloppy punctuation. A text is first cut into blocks (paragraphs, list items, headings; a line that merely wraps
joins the one before it), then each block into sentences at ``.``, ``?`` and ``!``. Abbreviations, initials, decimals,
ellipses and formulas do not end a sentence.
"""

import re
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open stretch of a text in Unicode code points."""

    start: int
    end: int


_WORDS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        (Path(__file__).parent / "sentence_words.toml").read_text(encoding="utf-8")
    ).items()
}
_NEVER_LAST, _SELDOM_LAST, _NUMBERED = _WORDS["never_last"], _WORDS["seldom_last"], _WORDS["numbered"]
_LABEL_NOUNS, _STARTERS = _WORDS["label_nouns"], _WORDS["starters"]
_MID_SENTENCE = _STARTERS & frozenset(("and", "or", "in", "for", "with", "to", "by", "on", "as", "at", "from"))
"""Words that begin sentences, but in lower case after a full stop more often go on with one."""

_LIST_ITEM = re.compile(
    r"[ \t>]*(?:[-*+•◦▪●·‣–—]{1,2}(?=[ \t])|[-•◦▪●·‣–—]+(?=\w)|[-+*](?=[A-Z(\"'`$])"
    r"|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,4})[).](?=[ \t]|[A-Z])|\[\d{1,3}\]|[QWSCRA]\d{1,2}\b"
    r"|#{1,6}[ \t]*|\d{1,2}[-:/][ \t]|>|\|)"
)
_RULER = re.compile(r"[ \t]*[-=_*#~+.]{3,}[ \t]*$")
_SENTENCE_END = re.compile(
    r"(?P<mark>[.!?…](?<![.!?…].)[.!?…]*+)(?P<closers>[\"'”’»)\]*_]*(?:\[\d{1,3}(?:, ?\d{1,3})*\])?)"
    r"(?=\s|(?P<glued>[A-Z][a-z]*\b))"
)
"""Begins with a set of characters, and holds no alternative to it: the search for such a pattern is several times
faster. So texts with wide marks, which need no space behind them, have a pattern of their own. Only the first mark of a
run is tried (``(?<!...)``), or a page of full stops would be gone over from each of them."""
_WIDE_MARKS = "。！？"
_ANY_SENTENCE_END = re.compile(rf"{_SENTENCE_END.pattern}|[{_WIDE_MARKS}]+[”’」』）]*")
_LAST_WORD = re.compile(r"[^\s(\[{\"'“‘/,;]*$")
_FIRST_WORD = re.compile(r"[\"'“‘«(\[{*_`]*([A-Za-z]+)")
_ITEM_NUMBER = re.compile(r"[(\[]?(?:\d{1,2}|[A-Za-z]|[ivxIVX]+)")
_OPENERS = "\"'“‘«([{*_`"
_MATH = re.compile(
    r"\$\$.{1,3000}?\$\$|\\\[.{1,3000}?\\\]|\\\(.{1,3000}?\\\)"
    r"|(?<![\\$])\$(?=\S)[^$\n]{1,300}?(?<=\S)\$(?!\d)|`[^`\n]{1,300}`",
    re.DOTALL,
)
_REFERENCE = re.compile(
    r"[ \t>*•-]*"
    r"(?:\[(?:\d{1,3}|[A-Z][A-Za-z+]{0,12}\d{0,4})\]:?\s*(?:[\"“]|https?:|(?-i:[A-Z])).{0,400}?"
    r"(?:\b(?:19|20)\d\d\b|arxiv|https?:|et al|proceedings|conference|journal)"
    r"|https?://\S+$|(?:arxiv preprint|arxiv:\d|in proceedings))",
    re.IGNORECASE,
)
_ENDS_LINE = re.compile(r"[.!?…:;。！？][\"'”’)\]*_]*$")
_HEADING_LINE = re.compile(r"[ \t]*(?:#{1,6}\s|\*\*|__)")
WRAPPED_LINE = 55
"""A line at least this long, without an end mark, may have been wrapped by a mail program before a capital letter."""


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order: trimmed, disjoint, and together all of it but white space.

    A sentence never crosses a paragraph or a list item. A heading, a list marker with its text, and a ruler line each
    belong to some span too, so nothing of the text is lost.

    >>> text = "See Fig. 3 of Doe et al. (2017). It helps, i.e. it is faster.\\n- Not clear"
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['See Fig. 3 of Doe et al. (2017).', 'It helps, i.e. it is faster.', '- Not clear']
    """
    has_formulas = any(mark in text for mark in "$\\`")
    ends = _ANY_SENTENCE_END if any(mark in text for mark in _WIDE_MARKS) else _SENTENCE_END
    spans: list[Span] = []
    for start, end in _find_blocks(text):
        formulas = _find_formulas(text, start, end) if has_formulas else deque[Span]()
        spans.extend(_split_block(text, start, end, ends, formulas))
    return spans


def _find_blocks(text: str) -> Iterator[Span]:
    """Yield paragraphs and list items, with lines that merely wrap joined to the line they go on from."""
    block_start = block_end = -1
    position = 0
    previous = ""
    for line in text.split("\n"):
        stripped = line.strip()
        start = position + (len(line) - len(line.lstrip()) if stripped else 0)
        position += len(line) + 1
        if stripped and block_end >= 0 and _goes_on(previous, line, stripped):
            block_end = start + len(stripped)
        else:
            if block_end >= 0:
                yield Span(block_start, block_end)
            block_start, block_end = (start, start + len(stripped)) if stripped else (-1, -1)
        previous = stripped
    if block_end >= 0:
        yield Span(block_start, block_end)


def _goes_on(previous: str, line: str, stripped: str) -> bool:
    """Whether a line is the rest of the one before it, broken by a mail program or an editor."""
    if _ENDS_LINE.search(previous) or _LIST_ITEM.match(line) or _HEADING_LINE.match(line):
        return False
    if _RULER.match(stripped) or _RULER.match(previous) or _HEADING_LINE.match(previous):
        return False
    first = stripped.lstrip(_OPENERS)[:1]
    if first.islower() or first.isdigit() or not first.isalnum():
        return len(previous) >= WRAPPED_LINE // 2 or previous.endswith((",", "-"))
    return len(previous) >= WRAPPED_LINE and not _LIST_ITEM.match(previous)


def is_reference(line: str) -> bool:
    """Whether a line is an entry of a list of references, or nothing but an address.

    >>> is_reference("[3] Doe, J. and Roe, R. Pruning small nets. ICLR 2018."), is_reference("[3] does not cover this.")
    (True, False)
    """
    return _REFERENCE.match(line) is not None


def _split_block(text: str, start: int, end: int, ends: re.Pattern[str], formulas: deque[Span]) -> Iterator[Span]:
    if is_reference(text[start:end]):
        yield Span(start, end)
        return
    begin = start
    for match in ends.finditer(text, start, end):
        stop = match.end()
        if stop >= end:
            break
        while formulas and formulas[0].end <= match.start():
            formulas.popleft()
        if stop <= begin or (formulas and formulas[0].start < match.start() and stop < formulas[0].end):
            continue
        if _ends_sentence(text, begin, end, match):
            yield Span(begin, stop)
            begin = stop
            while begin < end and text[begin].isspace():
                begin += 1
    if begin < end:
        yield Span(begin, end)


def _find_formulas(text: str, start: int, end: int) -> deque[Span]:
    return deque(Span(*match.span()) for match in _MATH.finditer(text, start, end))


def _ends_sentence(text: str, begin: int, end: int, match: re.Match[str]) -> bool:
    """Decide whether an end mark is one."""
    if match[0][0] in _WIDE_MARKS:
        return True
    following = text[match.end() : min(end, match.end() + 60)].lstrip()
    first = following.lstrip(_OPENERS)[:1]
    word = _first_word(following)
    if match["glued"]:
        return _ends_before_glued(text, match)
    if not first or first.islower() or following[0] in ",;:)":
        return _ends_before_lower(text, begin, match, word)
    if match["mark"] != ".":
        return True
    last = _read_last_word(text, begin, match.start())
    if begin + len(last) == match.start() and _ITEM_NUMBER.fullmatch(last):
        return False  # "1. The first item"
    bare = last.lower()
    if bare in _NEVER_LAST:
        return False
    if bare in _NUMBERED and first.isdigit():
        return False
    if bare in _SELDOM_LAST:
        return word.lower() in _STARTERS and first.isupper()
    if len(last) == 1 and last.isupper():
        before = text[begin : match.start() - 1].split()[-1:]
        return (bool(before) and before[0].lower() in _LABEL_NOUNS) or word.lower() in _STARTERS
    return True


def _ends_before_glued(text: str, match: re.Match[str]) -> bool:
    """``network.The`` has lost its space; ``torch.Tensor`` and ``i.e.The`` never had one."""
    before = text[max(0, match.start() - 2) : match.start()]
    return (
        match["mark"] in (".", "?", "!")
        and len(before) == 2
        and before.islower()
        and len(match["glued"]) > 1
        and match["glued"].lower() in _STARTERS
    )


def _ends_before_lower(text: str, begin: int, match: re.Match[str], word: str) -> bool:
    """Before a lower-case word: a question mark ends, a full stop only where a sentence plainly begins."""
    if "?" in match["mark"] or match["mark"] in ("!", "!!"):
        return not match["closers"] and word.lower() in _STARTERS
    if match["mark"] != "." or match["closers"]:
        return False
    last = _read_last_word(text, begin, match.start())
    bare = last.lower()
    return (
        word in _STARTERS
        and len(last) > 3
        and last.isalpha()
        and bare not in _NEVER_LAST
        and bare not in _SELDOM_LAST
        and word not in _MID_SENTENCE
    )


def _read_last_word(text: str, begin: int, end: int) -> str:
    found = _LAST_WORD.search(text, max(begin, end - 30), end)
    return found[0] if found else ""


def _first_word(following: str) -> str:
    found = _FIRST_WORD.match(following)
    return found[1] if found else ""

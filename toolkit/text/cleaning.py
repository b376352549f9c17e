"""Text that people typed, made safe to count characters in; most texts pass through untouched.

What is changed, and why:

- line ends: CR, CRLF, vertical tabs, form feeds, NEL and the two Unicode separators become a line feed, since browsers,
  Python and Parquet readers disagree on which of them end a line;
- control characters go: they come from PDF pastes and mean nothing in prose;
- invisible characters go: zero width, bidirectional marks, Unicode tags and the supplementary variation selectors show
  nothing and can carry hidden text. Joiners between non-ASCII letters (Persian, Indic scripts, emoji) and the tags of
  flag emoji stay, because there they change what is read;
- lone surrogates become U+FFFD: no UTF-8 file can hold them;
- HTML remnants: ``<br>`` becomes a line feed, a character reference such as ``&nbsp;`` its character, a comment goes
  (readers of the page never saw it). Other tags stay, because reviews use them on purpose (``<sup>``, ``</s>``);
- e-mail addresses and OpenReview profile ids (``~First_Last1``) become ``[email]`` and ``[profile]``.

Offsets everywhere in ReviewDial refer to the cleaned text. The text as received stays in the raw store.
"""

import html
import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


class CleanedText(NamedTuple):
    """A text that offsets can refer to, and how often it was changed, by kind of change."""

    text: str
    changes: Mapping[str, int]


_UNCHANGED: Mapping[str, int] = {}

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff\ud800-\udfff@~&<]"
)
_SUSPECT_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f@~&<]")

_MARKUP = re.compile(
    r"<!--(?P<comment>.*?)-->|(?P<line_break><br\s*/?>)"
    r"|(?P<reference>&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});)",
    re.DOTALL | re.IGNORECASE,
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_FLAG_EMOJI = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
_INVISIBLE = re.compile(
    f"(?P<flag>{_FLAG_EMOJI})|(?P<joiner>[\u200c\u200d])"
    "|[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_EMAIL = re.compile(
    r"(?<![\w.%+-])(?:\{[\w.%+\-, ]{1,200}\}|[\w%+-](?:[\w.%+-]{0,63}[\w%+-])?)"
    r"(?:"
    r"@(?=(?:[\w-]+\.)*[\w-]*[A-Za-z][\w-]*\.[A-Za-z])(?:[\w-]{1,63}\.){1,6}(?:[a-z]{2,24}|[A-Z]{2,24})(?![\w-])"
    r"|\s?[\[(]\s?at\s?[\])]\s?(?:[\w-]{1,63}(?:\.|\s?[\[(]\s?dot\s?[\])]\s?)){1,6}[a-z]{2,24}(?![\w-])"
    r"|[\[(]at[\])][\w-]{2,63}"
    r")"
)
_PROFILE = re.compile(r"(?:(?<![\w\\])~|%7E)[^\W\d_][\w.'’-]{0,80}_[\w.'’-]{0,80}?[^\W\d_][.'’]?\d{1,4}(?!\w)")


def clean_text(raw: str) -> CleanedText:
    r"""Make a text safe to count characters in, and say how often it had to be changed.

    Cleaning a cleaned text changes nothing.

    >>> clean_text("Ordinary text, with a~b and R@10, passes as it is.").changes
    {}
    >>> clean_text("Two\r\nlines, see ~Jane_Q_Doe1 or jane@example.org")
    CleanedText(text='Two\nlines, see [profile] or [email]', changes={'line-end': 1, 'email': 1, 'profile': 1})
    """
    if (_SUSPECT_ASCII if raw.isascii() else _SUSPECT).search(raw) is None and not _holds_written_at(raw):
        return CleanedText(raw, _UNCHANGED)
    counts: Counter[str] = Counter()
    text, before = raw, None
    while text != before:  # what one change uncovers, such as an address split by invisible characters, the next sees
        before, text = text, _clean_once(text, counts)
    return CleanedText(text, {kind: count for kind, count in counts.items() if count})


def mask_addresses(text: str) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """Replace e-mail addresses and OpenReview profile ids by asterisks, so that every offset stays what it is.

    Returns the text and what was masked: kind (``email``, ``profile``), start, end.

    >>> mask_addresses("Write to jane@example.org.")
    ('Write to ****************.', (('email', 9, 25),))
    """
    found = [("email", *match.span()) for match in _EMAIL.finditer(text)] if _may_hold_email(text) else []
    found += [("profile", *match.span()) for match in _PROFILE.finditer(text)] if "~" in text or "%7E" in text else []
    for _, start, end in found:
        text = text[:start] + "*" * (end - start) + text[end:]
    return text, tuple(sorted(found, key=lambda item: item[1]))


def _may_hold_email(text: str) -> bool:
    return "@" in text or _holds_written_at(text)


def _holds_written_at(text: str) -> bool:
    return "%7E" in text or "at)" in text or "at]" in text or "at )" in text


def _clean_once(text: str, counts: "Counter[str]") -> str:
    if "&" in text or "<" in text:
        text = _replace_markup(text, counts)
    for kind, pattern, replacement in (
        ("line-end", _LINE_ENDS, "\n"),
        ("control", _CONTROLS, ""),
        ("surrogate", _SURROGATES, "\ufffd"),
    ):
        text, count = pattern.subn(replacement, text)
        counts[kind] += count
    if not text.isascii():
        text = _drop_invisible(text, counts)
    text, count = _EMAIL.subn("[email]", text) if _may_hold_email(text) else (text, 0)
    counts["email"] += count
    text, count = _PROFILE.subn("[profile]", text) if "~" in text or "%7E" in text else (text, 0)
    counts["profile"] += count
    return text


def _replace_markup(text: str, counts: "Counter[str]") -> str:
    def replace(match: re.Match[str]) -> str:
        counts["html"] += 1
        if match["reference"]:
            return html.unescape(match["reference"]).replace("\xa0", " ")
        return "\n" if match["line_break"] else ""

    return _MARKUP.sub(replace, text)


def _drop_invisible(text: str, counts: "Counter[str]") -> str:
    def replace(match: re.Match[str]) -> str:
        if match["flag"]:
            return match[0]
        if match["joiner"]:
            before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
            if before and after and not before.isascii() and not after.isascii():
                return match[0]
        counts["invisible"] += 1
        return ""

    return _INVISIBLE.sub(replace, text)

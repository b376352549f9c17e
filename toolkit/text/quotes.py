"""Sentences of review prose that can stand alone: free of markup and of what binds them to their place in a list.

A passage is what a dialogue may put in quotation marks: a whole sentence, without list markers, headings and leading
connectives, because a sentence that is cut at a comma may come to say the opposite. Nothing is ever changed here: a
passage is a pair of offsets, and its words are those of the source.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from toolkit.text.sentences import Span

WORDS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "prose_words.toml").read_text(encoding="utf-8"))
"""The word lists of prose_words.toml, as written."""

LONGEST_PASSAGE = 34
"""Words. A longer quotation is read as a wall of text in a spoken turn."""
SHORTEST_PASSAGE = 4

_CONNECTIVES = "|".join(
    [*(re.escape(phrase) for phrase in WORDS["leading_phrases"]), *WORDS["leading_connectives"].split()]
)
_LEADING_MARKER = re.compile(
    r"\s*(?:[-–—*+•◦▪●·>#]+(?=\s|[A-Z\"(])|\d{1,2}\.\d{1,2}\s(?=[A-Z])|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[).]\s|\d{1,2}[.)](?=[A-Z])|\d{1,2},\s(?=[A-Z])"
    r"|\[\d{1,2}\]\s|[QWSCRA]\d{1,2}\s?[:.)-]|\(\s?[+-]\s?\)|\d{1,2}\s?[-:]\s|\d{1,2}[-:](?=[A-Z][a-z]*\s))\s*"
)
_LEADING_LABEL = re.compile(
    r"\s*\*{0,2}_{0,2}[A-Z][A-Za-z/&'’ -]{2,38}(?:\s?\([^()]{1,20}\))?\*{0,2}_{0,2}"
    r"\s?(?::\*{0,2}\s*(?=\S)|\s[-–]\s\*{0,2}(?=[A-Z]))"
)
_LEADING_CONNECTIVE = re.compile(
    rf"\s*(?:{_CONNECTIVES}),\s+|\s*(?:but|and|also|so)\s+(?=\w)"
    r"|\s*(?:however|unfortunately|additionally|in addition|furthermore|moreover|overall|besides"
    r"|on the (?:positive|negative|plus|other) (?:side|hand))\s+"
    r"(?=(?:the|this|it|there|i|they|we|a|an|some|no|many|most)\b)",
    re.IGNORECASE,
)
FINITE_VERBS = frozenset(WORDS["finite_verbs"].split())
_NEVER_FIRST_IN_LABEL = frozenset(WORDS["never_first_in_label"].split())
_MOST_LABEL_WORDS = 5
_CONNECTIVE_STARTS = frozenset(
    [phrase.split()[0] for phrase in WORDS["leading_phrases"]]
    + WORDS["leading_connectives"].split()
    + ["but", "and", "also", "so", "on", "in"]
)
_FIRST_WORD = re.compile(r"\s*([A-Za-z]+)")
_TRAILING = re.compile(r"[\s.,;:!*_–—-]+$")
_UNCLEAN = re.compile(
    r"[\\$^_{}|`~<>=#*@\[\]\"“”„«»•�…]|''|\n\s*\n|https?:|www\.|\.\.|--|\?\S|\?.*\?|[a-z]{4}[.!]\s|^\W|\betc\b$|\(\s|\s\)|\s[,;:]|[‘]"
    r"|[^\x00-\x7f’–—éèêöüäßçñáíóúâîôïøåæćčšžğıśłńőğ‐‑éÉÖÜ−×-]"
)
_REVIEWER_NUMBER = re.compile(
    r"(?i:anon\w*reviewer|\breviewers?[ _#-]*\d|\brev\.? ?\d)|\bR\d\b|\bAC\b"
    r"|\b[Rr]eviewers? (?=[a-z]*[A-Z0-9])[A-Za-z0-9]{1,6}\b"
)
_BROKEN_QUESTION = re.compile(
    r"(?:^|, )(?:is|are|was|were|do|does|did|can|could|would|should|has|have|why|how|what|when|where)\s"
    r"(?:is|are|it|the|this|that|these|there|they|you|we|one|do|does|did|can|could|would|should)\b.*[^?]$",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z0-9'’-]+")
_UNFINISHED = frozenset(WORDS["unfinished_endings"].split())


def trim_passage(text: str, start: int, end: int) -> Span:
    """Shrink a span past list markers, headings, connectives and closing punctuation; a question mark stays.

    >>> text = "2) Novelty: However, the idea is known."
    >>> start, end = trim_passage(text, 0, len(text))
    >>> text[start:end]
    'the idea is known'
    """
    moved = True
    while moved and start < end:
        moved = False
        for pattern in (_LEADING_MARKER, _LEADING_LABEL, _LEADING_CONNECTIVE):
            # Few sentences begin with a connective, and looking at one word is much cheaper than the pattern.
            if pattern is _LEADING_CONNECTIVE and not _opens_with_connective(text, start, end):
                continue
            found = pattern.match(text, start, end)
            if found and pattern is _LEADING_LABEL and not _is_label(found[0]):
                continue
            if found and found.end() > start:
                start, moved = found.end(), True
    while start < end and (text[start].isspace() or text[start] in "*_"):
        start += 1
    found = _TRAILING.search(text, start, end)
    return Span(start, found.start() if found else end)


def _is_label(opening: str) -> bool:
    """Whether what stands before a colon or dash is a heading, and not the clause that the rest explains.

    >>> _is_label("**Novelty**: "), _is_label("It asks an interesting question: ")
    (True, False)
    """
    words = [word.lower() for word in _WORD.findall(opening) if word.strip("-")]
    return (
        len(words) <= _MOST_LABEL_WORDS
        and words[0] not in _NEVER_FIRST_IN_LABEL
        and (FINITE_VERBS.isdisjoint(words) or opening.lstrip().startswith("*"))
    )


def _opens_with_connective(text: str, start: int, end: int) -> bool:
    found = _FIRST_WORD.match(text, start, end)
    return found is not None and found[1].lower() in _CONNECTIVE_STARTS


def is_clean(text: str) -> bool:
    """Whether a passage reads as prose: no markup, formulas, links, nested quotation marks, or cut-off ends.

    A mention of a reviewer by number is not clean either, because numbers differ between the record and the text.

    >>> is_clean("the gain over the tuned baseline is small"), is_clean("we set $x_i$ to zero")
    (True, False)
    """
    if not text[:1].isalnum() or text.count("(") != text.count(")") or _UNCLEAN.search(text):
        return False
    words = _WORD.findall(text)
    if len(words) < SHORTEST_PASSAGE or words[-1].lower().rstrip(".") in _UNFINISHED:
        return False
    # Few passages hold any of these letters, and looking for them is much cheaper than the pattern.
    if any(mark in text for mark in ("eview", "R", "AC", "rev", "anon")) and _REVIEWER_NUMBER.search(text):
        return False
    if _BROKEN_QUESTION.search(text):
        return False
    letters = sum(map(str.isalpha, text))
    capitals = sum(map(str.isupper, text))
    return letters > 0.72 * len(text) and capitals < 0.25 * letters


def count_words(text: str) -> int:
    """Return how many runs of characters between white space a text holds."""
    return len(text.split())


def find_passage(text: str, start: int, end: int, longest: int = LONGEST_PASSAGE) -> Span | None:
    """Return a sentence as a passage, if it is clean and of at most ``longest`` words.

    Of a longer sentence the part before an addition (", which ...", ", because ...") is a passage.

    >>> text = "- However, the gain is small on both corpora."
    >>> span = find_passage(text, 0, len(text))
    >>> text[span.start:span.end]
    'the gain is small on both corpora'
    """
    start, end = trim_passage(text, start, end)
    words = text[start:end]
    if words and count_words(words) > longest:
        end = start + _find_addition(words, longest)
        words = text[start:end]
    return Span(start, end) if words and is_clean(strip_asides(words).replace('"', "")) else None


_ASIDE = re.compile(
    r"(?<! of)(?<! in)(?<! to)(?<! by)(?<! see)(?<! from)(?<! with)(?<! and)(?<! as)(?<! for)(?<! like)(?<! than)"
    r"(?:(?<=\w)|\s)\[\d{1,3}(?:[,;–-] ?\d{1,3})*\]"
    r"|\s?\((?=[^()]*(?:\bet al\b|\b(?:19|20)\d\d\b|\b(?:see|e\.g|i\.e|cf|[Ff]ig|[Ff]igures?|[Tt]ables?|[Tt]ab|[Ss]ec"
    r"|[Ss]ections?|[Ee]q|[Ee]quations?|[Pp]age|[Ll]ines?|[Aa]ppendix)\b))[^()]{1,80}\)"
)
_EMPHASIS = re.compile(r"(?<!\w)[*_`]{1,3}(?=\w)|(?<=[\w.,])[*_`]{1,3}(?!\w)")
_QUOTATION_MARKS = str.maketrans("“”„«»", '"' * 5)


def strip_asides(text: str) -> str:
    """Leave out references and pointers in brackets, and marks of emphasis; what is claimed stays.

    Such a passage can be reported, no longer quoted.

    >>> strip_asides("the *order* is known [3] (see Table 2), as in [4]")
    'the order is known, as in [4]'
    >>> strip_asides("the so-called “order-matters” claim (Doe et al., 2017) is vague")
    'the so-called "order-matters" claim is vague'
    """
    # Most passages hold no such mark, and looking for marks is much cheaper than the patterns.
    if not text.isascii():
        text = text.translate(_QUOTATION_MARKS)
    if "(" in text or "[" in text:
        text = _ASIDE.sub("", text)
    return _EMPHASIS.sub("", text) if any(mark in text for mark in "*_`") else text


_TAIL = re.compile(
    r",\s(?:" + "|".join(re.escape(tail.replace("-", " ")) for tail in WORDS["adding_tails"].split()) + r")\s"
)
_BINDING_OPENINGS = frozenset(WORDS["binding_openings"].split())
_SHORTEST_HEAD = 8


def _find_addition(words: str, longest: int) -> int:
    """Return where a long sentence may end: before its last addition that leaves few enough words; 0 where nowhere."""
    first = _FIRST_WORD.match(words)
    if first is None or first[1].lower() in _BINDING_OPENINGS:
        return 0
    best = 0
    for found in _TAIL.finditer(words):
        head = words[: found.start()]
        if head.count("(") != head.count(")") or head.count('"') % 2 or re.search(r"\b(?:not only|but|if)\b", head):
            continue
        if _SHORTEST_HEAD <= count_words(head) <= longest and not FINITE_VERBS.isdisjoint(head.lower().split()):
            best = found.start()
    return best


def split_lines(text: str, start: int, end: int) -> list[Span]:
    """Return a span as one piece a line, so that each stands verbatim in prose that is set on one line.

    >>> split_lines("one two\\nthree", 0, 13)
    [Span(start=0, end=7), Span(start=8, end=13)]
    """
    pieces = []
    for match in re.finditer(r"\S(?:[^\n\r\t]*\S)?", text[start:end]):
        pieces.append(Span(start + match.start(), start + match.end()))
    return pieces


def join_lines(text: str) -> str:
    """Return a passage on one line.

    >>> join_lines("one\\n  two")
    'one two'
    """
    return re.sub(r"\s*[\n\r\t]+\s*", " ", text)


_BEFORE_PHRASE = frozenset(WORDS["before_phrase"].split())
_NEVER_IN_PHRASE = frozenset([*WORDS["never_in_phrase"].split(), *WORDS["finite_verbs"].split(), *_BEFORE_PHRASE])
_NEVER_LAST_IN_PHRASE = re.compile(
    r"(?:ly|ed|ive|ous|ful|able|ible|al|ic|ary|est|ant|less|wise|near)$"
    r"|^(?:more|most|well|good|new|other|same|different|first|second|large|small|clear|better|best|high|low|simple|hard|easy"
    r"|fair|true|own|whole|entire|current|several|few|many|main|various|similar|certain|specific|real|existing|using|being)$",
    re.IGNORECASE,
)
_LONGEST_PHRASE = 3
_GAP = re.compile(r"\s+")


def find_noun_phrases(text: str, shortest: int = 2) -> list[str]:
    """Return short phrases of a passage that name something, in order: what a listener would take up from it.

    Found by the function words around them, so some are missed; what is returned begins and ends where a phrase does.

    >>> find_noun_phrases("The only baseline with fewer messages is random dropping at a matched rate")
    ['fewer messages', 'matched rate']
    >>> find_noun_phrases("The proof is short", shortest=1)
    ['proof']
    """
    found = []
    words = list(_WORD.finditer(text))
    position = 0
    while position < len(words):
        if position and words[position - 1][0].lower() not in _BEFORE_PHRASE:
            position += 1
            continue
        end = position
        while (
            end < len(words)
            and words[end][0].lower() not in _NEVER_IN_PHRASE
            and (end == position or _GAP.fullmatch(text, words[end - 1].end(), words[end].start()))
        ):
            end += 1
        phrase = words[position:end]
        determined = position > 0 and words[position - 1][0].lower() in _DETERMINERS
        if shortest <= len(phrase) <= _LONGEST_PHRASE and _names_something(phrase[0][0], phrase[-1][0], determined):
            found.append(text[phrase[0].start() : phrase[-1].end()])
        position = max(end, position + 1)
    return found


_DETERMINERS = ("the", "a", "an", "its", "their", "this")


def _names_something(first: str, last: str, determined: bool) -> bool:
    alphabetic = first[0].isalpha() and last[-1].isalpha() and len(last) > 2
    acts = first.endswith("ly") or (first.endswith("ing") and not determined)  # "by using masks" names no masks
    return alphabetic and not acts and not _NEVER_LAST_IN_PHRASE.search(last)

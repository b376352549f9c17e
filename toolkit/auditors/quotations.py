"""Words in quotation marks: where they stand in a turn, and whether a source holds them."""

import bisect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from toolkit.records import Evidence
from toolkit.text import Span

_CLOSING = {'"': '"', "“": "”", "„": "“", "«": "»"}
_OPENER = re.compile('["“„«]')
_CHANGED = re.compile(r"\[[^\]\n]{0,60}\]|\.\s?\.\s?\.|…")
"""Where a quotation says that it departs from its source: an insertion in square brackets, or an ellipsis."""
_SPACE_BEFORE_MARK = re.compile(r" ([,.;:!?])")
_ONE_QUOTE = {ord(mark): "'" for mark in '"“”„«»‘’`´'}
_END_MARKS = ".,;:!?…"
INSERTION = 60
"""How many characters of the source an insertion in square brackets may stand for."""


def find_quotations(text: str, solid: Sequence[Span] = ()) -> list[Span]:
    """Return the stretches between quotation marks, without the marks.

    A quotation ends at its closing mark or not at all: an unpaired mark (inches, a cut-off quote) and one whose partner
    stands in another paragraph open nothing. Marks inside a ``solid`` stretch belong to the words quoted there.

    >>> text = 'It is "not clear", says Reviewer 2, and “slow”.'
    >>> [text[start:end] for start, end in find_quotations(text)]
    ['not clear', 'slow']
    """
    spans = []
    position = 0
    while (opener := _OPENER.search(text, position)) is not None:
        position = opener.end()
        if _is_inside(opener.start(), solid):
            continue
        limit = text.find("\n", position)
        end = _find_closing(text, position, len(text) if limit < 0 else limit, _CLOSING[opener[0]], solid)
        if end is not None:
            spans.append(Span(position, end))
            position = end + 1
    return spans


def _find_closing(text: str, start: int, limit: int, mark: str, solid: Sequence[Span]) -> int | None:
    position = text.find(mark, start, limit)
    while position >= 0 and _is_inside(position, solid):
        position = text.find(mark, position + 1, limit)
    return position if position >= 0 else None


def _is_inside(position: int, spans: Sequence[Span]) -> bool:
    return any(start <= position < end for start, end in spans)


def find_cited_words(text: str, evidence: Iterable[tuple[Evidence, str]]) -> list[Span]:
    """Return where the words of evidence spans stand in a turn, each within the stretch its evidence supports.

    Args:
        text: The turn.
        evidence: Each span with the characters of the record that it points to.
    """
    found = []
    for item, words in evidence:
        position = text.find(words, max(0, item.turn_start), max(0, item.turn_end)) if words else -1
        if position >= 0:
            found.append(Span(position, position + len(words)))
    return found


def is_verbatim(quotation: str, source: str) -> bool:
    """Say whether a source holds the words of a quotation, as they stand.

    What a typesetter changes (spaces, the shape of inner quotation marks) may differ, and a mark that ends the
    quotation may belong to the sentence around it. ``[...]``, ``[words]`` and an ellipsis mark a departure: what is
    left must stand in the source in that order, and an insertion replaces at most ``INSERTION`` characters.

    >>> is_verbatim("was a know[n] fact,", "The main claim was a know fact.")
    True
    >>> is_verbatim("too slow … to use", "It is too slow and too large to use.")
    True
    >>> is_verbatim("very slow", "It is too slow.")
    False
    """
    source = _fold_typography(source)
    quotation = _fold_typography(quotation)
    if quotation in source or quotation.rstrip(_END_MARKS).rstrip() in source:
        return True
    pieces = _CHANGED.split(quotation)
    if len(pieces) == 1:
        return False
    gaps = [INSERTION if mark.startswith("[") and mark.strip("[]. …") else None for mark in _CHANGED.findall(quotation)]
    return _stand_in_order([piece.strip() for piece in pieces], gaps, source)


def _stand_in_order(pieces: Sequence[str], gaps: Sequence[int | None], source: str) -> bool:
    """Whether the pieces follow one another in the source, no farther apart than the gaps allow."""
    pieces = [*pieces[:-1], pieces[-1].rstrip(_END_MARKS).rstrip()]
    if not any(pieces):
        return False
    reach = [(0, len(source))]  # where the next piece may begin: ranges in order, both ends included
    for piece, gap in zip(pieces, (*gaps, None), strict=True):
        ends = [start + len(piece) for start in _find_all(piece, source) if _lies_in(start, reach)] if piece else None
        if ends is None:  # an insertion or ellipsis at the edge, or two in a row
            reach = [(start, len(source) if gap is None else stop + gap) for start, stop in reach]
        elif not ends:
            return False
        else:
            reach = [(ends[0], len(source))] if gap is None else [(end, end + gap) for end in ends]
    return True


def _find_all(piece: str, source: str) -> Iterator[int]:
    position = source.find(piece)
    while position >= 0:
        yield position
        position = source.find(piece, position + 1)


def _lies_in(position: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether a position lies in one of the ranges, which are in order of their starts and equally long or one."""
    index = bisect.bisect_right(ranges, (position, sys.maxsize)) - 1
    return index >= 0 and position <= ranges[index][1]


def _fold_typography(text: str) -> str:
    """What a typesetter may change in a quotation: runs of spaces, spaces before a mark, the shape of inner quotes.

    >>> _fold_typography("On the  “so-called” case : a note")
    "On the 'so-called' case: a note"
    """
    return _SPACE_BEFORE_MARK.sub(r"\1", " ".join(text.translate(_ONE_QUOTE).split()))

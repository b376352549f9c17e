"""Where in the record a sentence without evidence may come from: the sentences that hold most of its telling words."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

from toolkit.auditors.phrases import load_phrases
from toolkit.records import Forum, SupportingSpan
from toolkit.text import Span, collect_sources, split_sentences
from toolkit.text.terms import list_terms, weigh_term

LEAST_SCORE = 0.34
"""Below a third of its telling words, a sentence of the record is no support."""
LEAST_STEMS = 3


class RecordSentence(NamedTuple):
    """One sentence of the record, and the stems that it holds."""

    note_id: str
    field: str
    start: int
    end: int
    stems: frozenset[str]


@functools.lru_cache(maxsize=4)
def _list_sentences(forum: Forum) -> tuple[RecordSentence, ...]:
    return tuple(
        RecordSentence(note_id, field, start, end, list_terms(text[start:end]))
        for (note_id, field), text in collect_sources(forum).items()
        for start, end in split_sentences(text)
    )


def find_support(text: str, sentences: Sequence[Span], forum: Forum) -> tuple[SupportingSpan, ...]:
    """Return, for each sentence of a turn, the sentence of the record that bears it out best; none for most greetings.

    Of equals the first in the record counts: reviews come before the discussion.
    """
    reporting = load_phrases().reporting_stems
    found = []
    for start, end in sentences:
        stems = list_terms(text[start:end]) - reporting
        if len(stems) < LEAST_STEMS:
            continue
        whole = sum(map(weigh_term, sorted(stems)))
        best, score = None, 0.0
        for candidate in _list_sentences(forum):
            shared = stems & candidate.stems
            if shared and (held := sum(map(weigh_term, sorted(shared)))) > score:
                best, score = candidate, held
        share = round(score / whole, 4)
        if best is not None and share >= LEAST_SCORE:
            found.append(SupportingSpan(start, end, best.note_id, best.field, best.start, best.end, share))
    return tuple(found)

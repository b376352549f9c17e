"""Surface figures of a set of dialogues: how varied they are, and how far their words rest on their papers' records."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from toolkit.records import Dialogue, Forum
from toolkit.text import split_sentences
from toolkit.text.terms import list_stems, weigh_term

OPENING_WORDS = 5
SHORTEST_SENTENCE = 3
"""Words of a sentence that can recur."""
_WORD = re.compile(r"[a-z0-9]+(?:['’.-][a-z0-9]+)*")


def list_words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def measure_distinct(texts: Iterable[str], size: int) -> float:
    """Return the share of different n-grams among all n-grams of all texts together.

    >>> measure_distinct(["a b a b"], 2)
    0.6666666666666666
    """
    total, seen = 0, set()
    for text in texts:
        words = list_words(text)
        for gram in zip(*(words[offset:] for offset in range(size)), strict=False):
            total += 1
            seen.add(gram)
    return len(seen) / max(1, total)


def measure_repeated(groups: Sequence[Sequence[str]]) -> float:
    """Return the share of items that occur in another group too.

    >>> measure_repeated([["a", "b"], ["a"]])
    0.6666666666666666
    """
    holders = defaultdict(set)
    for number, group in enumerate(groups):
        for item in group:
            holders[item].add(number)
    items = [item for group in groups for item in group]
    return sum(len(holders[item]) > 1 for item in items) / max(1, len(items))


def list_sentences(text: str) -> list[str]:
    """Return the sentences of a turn, in lower case and without punctuation, those of three words or more."""
    found = (" ".join(list_words(text[start:end])) for start, end in split_sentences(text))
    return [sentence for sentence in found if sentence.count(" ") >= SHORTEST_SENTENCE - 1]


def measure_variety(dialogues: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return the figures of one speaker: words a turn, distinct-2, distinct-3, repeated sentences, recurring openings.

    ``dialogues`` holds the texts of the speaker's turns, dialogue by dialogue.
    """
    turns = [text for dialogue in dialogues for text in dialogue]
    sentences = [[sentence for text in dialogue for sentence in list_sentences(text)] for dialogue in dialogues]
    openings = [
        [opening for text in dialogue if (opening := " ".join(list_words(text)[:OPENING_WORDS]))]
        for dialogue in dialogues
    ]
    return {
        "turns": len(turns),
        "words_per_turn": sum(len(text.split()) for text in turns) / max(1, len(turns)),
        "distinct_2": measure_distinct(turns, 2),
        "distinct_3": measure_distinct(turns, 3),
        "repeated_sentences": measure_repeated(sentences),
        "recurring_openings": measure_repeated(openings),
    }


class Knowledge(NamedTuple):
    """What can be known of a paper from its record."""

    words: frozenset[str]
    stems: frozenset[str]
    pairs: frozenset[tuple[str, str]]


class Precision(NamedTuple):
    """Shares of a text that stand in a record, 0 to 1."""

    k_precision: float
    """Of its words (Adlakha et al. 2024, arXiv:2307.16877)."""
    idf_k_precision: float
    """Of the weight of its stems, each as telling as it is rare in reviews."""
    bigram_precision: float
    """Of its pairs of neighbouring words."""


def read_knowledge(forum: Forum) -> Knowledge:
    """Return the words, stems and pairs of words of the reviews and the discussion."""
    texts = [section.text for review in forum.reviews for section in review.sections]
    texts += [comment.text for comment in forum.discussion]
    read = [list_words(text) for text in texts]
    return Knowledge(
        frozenset(word for words in read for word in words),
        frozenset(stem for text in texts for stem in list_stems(text)),
        frozenset(pair for words in read for pair in pairwise(words)),
    )


def measure_precision(text: str, known: Knowledge) -> Precision:
    """Measure a text against a record.

    >>> known = Knowledge(frozenset({"it", "is"}), frozenset({"noisy"}), frozenset({("it", "is")}))
    >>> measure_precision("It is noisy", known)
    Precision(k_precision=0.6667, idf_k_precision=1.0, bigram_precision=0.5)
    """
    words, stems = list_words(text), sorted(list_stems(text))
    pairs = list(pairwise(words))
    whole = sum(map(weigh_term, stems))
    return Precision(
        round(sum(word in known.words for word in words) / max(1, len(words)), 4),
        round(sum(weigh_term(stem) for stem in stems if stem in known.stems) / whole, 4) if whole else 0.0,
        round(sum(pair in known.pairs for pair in pairs) / max(1, len(pairs)), 4),
    )


def measure_auc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return the chance that a figure of the first kind is the higher one; ties count half.

    >>> measure_auc([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    below, equal = 0, 0
    counts = Counter(wrong)
    ordered = sorted(counts)
    passed = position = 0
    for value in sorted(right):
        while position < len(ordered) and ordered[position] < value:
            passed += counts[ordered[position]]
            position += 1
        below += passed
        equal += counts[value]
    return (below + equal / 2) / max(1, len(right) * len(wrong))


class PointKey(NamedTuple):
    """One point of a review."""

    forum: str
    note_id: str
    position: int


REACHED_SHARE = 0.6
"""The share of a point's telling words that an agent without evidence must say to have told it."""
LEAST_STEMS = 3


def find_reached_points(dialogue: Dialogue, forum: Forum) -> set[PointKey]:
    """Return the points of a paper's reviews that a dialogue tells.

    By its evidence where it has some; a transcript has told a point when it says most of its telling words.
    """
    cited: Mapping[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for turn in dialogue.turns:
        for item in turn.evidence:
            cited[item.note_id, item.field].append((item.start, item.end))
    said: set[str] = set()
    if not cited:
        said.update(*(list_stems(turn.text) for turn in dialogue.turns if turn.speaker == "dialogue_agent"))
    reached = set()
    for review in forum.reviews:
        texts = {section.field: section.text for section in review.sections}
        for index, point in enumerate(review.points):
            if cited:
                spans = cited.get((review.note_id, point.field), ())
                told = any(start < point.end and point.start < end for start, end in spans)
            else:
                stems = list_stems(texts.get(point.field, "")[point.start : point.end])
                whole = sum(map(weigh_term, sorted(stems)))
                held = sum(weigh_term(stem) for stem in sorted(stems & said))
                told = len(stems) >= LEAST_STEMS and held >= REACHED_SHARE * whole
            if told:
                reached.add(PointKey(forum.forum, review.note_id, index))
    return reached

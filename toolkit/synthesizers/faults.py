"""Preference pairs: an answer of the agent, and the same answer with one controlled fault.

A fault is put into one sentence of the answer, so that the two differ in nothing else. Which fault an answer gets is
drawn by blake2b from the seed of the dialogue; what cannot be made plainly false of the record is not made at all.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

from toolkit.records import Dialogue, Evidence, Fault, Forum, Review, SpoiltAnswer, Turn
from toolkit.synthesizers.agenda import seed_random
from toolkit.synthesizers.telling import format_score, lower_first
from toolkit.text import Span, collect_sources, split_sentences
from toolkit.text.rewording import capitalise, name_reviewer
from toolkit.text.sources import Sources
from toolkit.text.terms import list_terms
from toolkit.venues.catalogue import load_catalogue

FAULTS: tuple[Fault, ...] = get_args(Fault)
SPOILT = 2
"""How many answers of a dialogue become a pair, at most."""


class _Sentence(NamedTuple):
    """A sentence of an answer that gives one reviewer's words."""

    start: int
    end: int
    text: str
    name: Span
    """Where the reviewer is named, with the scores that follow the name; offsets into the answer."""
    review: Review
    evidence: Sequence[Evidence]


class _Case(NamedTuple):
    """What a fault is made from."""

    forum: Forum
    sources: Sources
    turn: Turn
    sentences: Sequence[_Sentence]
    rng: random.Random


class _Change(NamedTuple):
    """What stands in the answer, and what takes its place."""

    start: int
    end: int
    text: str


def spoil_dialogue(dialogue: Dialogue, forum: Forum) -> tuple[SpoiltAnswer, ...]:
    """Return some answers of a dialogue with one fault each, in the order of the turns.

    Args:
        dialogue: a dialogue with evidence, about this forum.
        forum: its record.
    """
    rng = seed_random(dialogue.generator.seed, dialogue.dialogue_id, "faults")
    sources = collect_sources(forum)
    made: list[SpoiltAnswer] = []
    turns = [turn for turn in dialogue.turns if turn.speaker == "dialogue_agent"]
    order = list(FAULTS)
    rng.shuffle(order)
    for turn in sorted(rng.sample(turns, len(turns)), key=lambda turn: not turn.evidence):
        if len(made) == SPOILT:
            break
        case = _Case(forum, sources, turn, list(_find_sentences(turn, forum)), rng)
        for fault in [item for item in order if item not in {spoilt.fault for spoilt in made}]:
            change = _MAKERS[fault](case)
            if change is not None:
                text = turn.text[: change.start] + change.text + turn.text[change.end :]
                end = change.start + len(change.text)
                made.append(SpoiltAnswer(turn.index, fault, text, change.start, end))
                break
    return tuple(sorted(made, key=lambda spoilt: spoilt.turn))


_NAME = re.compile(r"\bReviewer (\d+)\b(?: \([^()]*\)|, (?:who (?:gives|gave|rates|rated) it|with) [^,]*,?)?")
_NUMBERS = re.compile(r"\bReviewers \d")


def _find_sentences(turn: Turn, forum: Forum) -> Iterator[_Sentence]:
    """Yield the sentences that name one reviewer and rest on a text of that reviewer's."""
    reviews = {review.reviewer: review for review in forum.reviews}
    for start, end in split_sentences(turn.text):
        text = turn.text[start:end]
        bare = _blank_quotations(text)
        named = list(_NAME.finditer(bare))
        if len({found[1] for found in named}) != 1 or _NUMBERS.search(bare):
            continue
        review = reviews.get(f"R{named[0][1]}")
        cited = [item for item in turn.evidence if item.turn_start < end and start < item.turn_end]
        if review is None or any(item.note_id != review.note_id for item in cited):
            continue
        if not {section.field for section in review.sections}.isdisjoint(item.field for item in cited):
            name = Span(start + named[0].start(), start + named[0].end())
            yield _Sentence(start, end, text, name, review, cited)


def _blank_quotations(text: str) -> str:
    return re.sub(r'"[^"]*"', lambda found: " " * len(found[0]), text)


# ---- One fault each ----


def _state_wrong_score(case: _Case) -> _Change | None:
    """Name a reviewer with a rating of the form that no reviewer gave."""
    given = {review.rating.value for review in case.forum.reviews}
    for sentence in _shuffle(case):
        rating = sentence.review.rating
        scale = load_catalogue().scales.get(rating.scale_id or "")
        if rating.value is None or scale is None:
            continue
        levels = [level.value for level in scale.levels if level.value is not None and level.value not in given]
        if not levels:
            continue
        wrong = max(levels, key=lambda value: (abs(value - (rating.value or 0.0)), value))
        name, rated = name_reviewer(sentence.review.reviewer), format_score(wrong)
        tagged = f"{name} (rating {rated})"
        after = case.turn.text[sentence.name.end : min(sentence.name.end + 2, sentence.end)]
        if after.strip()[:1].isalpha() and case.rng.random() < 0.5:
            tagged = f"{name}, who rates it {rated},"
        return _Change(*sentence.name, tagged)
    return None


def _name_wrong_reviewer(case: _Case) -> _Change | None:
    """Give a reviewer's words to another one, whose review does not hold them."""
    for sentence in _shuffle(case):
        others = [review for review in case.forum.reviews if review is not sentence.review]
        words = [case.sources[item.note_id, item.field][item.start : item.end] for item in sentence.evidence]
        texts = {review.reviewer: " ".join(section.text for section in review.sections).lower() for review in others}
        silent = [
            review
            for review in others
            if not any(word.lower() in texts[review.reviewer] for word in words if len(word) > 9)
        ]
        if not silent or "rating" in sentence.text or "confidence" in sentence.text:
            continue
        wrong = name_reviewer(case.rng.choice(silent).reviewer)
        start = sentence.name.start
        return _Change(start, start + len(name_reviewer(sentence.review.reviewer)), wrong)
    return None


def _let_authors_concede(case: _Case) -> _Change | None:
    """Put a reviewer's criticism in the authors' mouths."""
    table = _read_table()["concedes"]
    for sentence in _shuffle(case):
        item = next((item for item in sentence.evidence if _blames(sentence.review, item)), None)
        if item is None:
            continue
        words = case.sources[item.note_id, item.field][item.start : item.end]
        if f'"{words}"' in sentence.text:
            said = case.rng.choice(table["quote"]).format(said=f'"{words}"')
        elif (clause := _find_clause(sentence.text, words)) is not None:
            said = case.rng.choice(table["clause"]).format(said=clause)
        else:
            continue
        return _Change(sentence.start, sentence.end, said)
    return None


def _blames(review: Review, cited: Evidence) -> bool:
    """Whether what is cited of a review is criticism."""
    return any(
        point.field == cited.field and point.start < cited.end and cited.start < point.end
        for point in review.points
        if point.kind == "weakness" and point.polarity == "negative"
    )


def _find_clause(text: str, words: str) -> str | None:
    """Return the reported words as they stand in a sentence, with a small first letter."""
    stands = any(form in text for form in (words, lower_first(words), capitalise(words)))
    return lower_first(words) if stands else None


def _invent_claim(case: _Case) -> _Change | None:
    """Put a claim in the place of a reviewer's words of which nothing stands on record."""
    everything = " ".join(case.sources.values()).lower()
    table = _read_table()["invented"]
    things = [thing for thing in table["things"] if not any(stem in everything for stem in list_terms(thing))]
    sentences = _shuffle(case)
    if not things or not sentences:
        return None
    text = case.rng.choice(table["frames"]).format(
        who=name_reviewer(sentences[0].review.reviewer),
        thing=case.rng.choice(things),
        fault=case.rng.choice(table["faults"]),
    )
    return _Change(sentences[0].start, sentences[0].end, text)


def _recommend(case: _Case) -> _Change | None:
    """Let the agent advise, against the decision on record where there is one."""
    side = "reject" if case.forum.decision.outcome == "accept" else "accept"
    text = case.rng.choice(_read_table()["recommends"][side])
    return _Change(len(case.turn.text), len(case.turn.text), f" {text}")


def _shuffle(case: _Case) -> list[_Sentence]:
    return case.rng.sample(case.sentences, len(case.sentences))


_MAKERS: Mapping[Fault, Callable[[_Case], _Change | None]] = {
    "wrong-score": _state_wrong_score,
    "wrong-reviewer": _name_wrong_reviewer,
    "criticism-as-authors": _let_authors_concede,
    "invented-claim": _invent_claim,
    "agent-recommends": _recommend,
}


@cache
def _read_table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("faults.toml").read_text(encoding="utf-8"))

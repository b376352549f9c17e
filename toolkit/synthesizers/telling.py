"""Statements as sentences: who says it, in which words, and on which characters of the record it rests."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from toolkit.records import Review, Score
from toolkit.synthesizers.agenda import Place
from toolkit.synthesizers.material import Material
from toolkit.synthesizers.phrasing import Speech, tidy
from toolkit.synthesizers.statements import TOPICS, Statement, read_declared_polarity
from toolkit.text.quotes import count_words
from toolkit.text.rewording import add_article, capitalise, name_reviewer
from toolkit.text.terms import list_terms, weigh_term
from toolkit.venues.catalogue import load_catalogue

LONGEST_FRONTED = 26
"""Words of a quotation that may stand before the name of who is quoted."""

FRONTED = 0.65
"""How often what is said comes before who says it."""

LONGEST_PAIR = 44
"""Words of two statements that one sentence may set against one another."""

TELLING_NAME = 4.4
"""How telling the words of a title must be that a paper is called by."""

TAGGED = 0.35
"""How often a reviewer is named with the scores, so that one knows whose word it is."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the places of the record it rests on."""

    text: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent says in one turn, and what the meta-reviewer may react to."""

    sentences: tuple[Sentence, ...]
    mood: str | None = None
    """Section of phrasings for the reaction."""
    slots: Mapping[str, str] | None = None
    answerable: bool = True


def format_score(value: float) -> str:
    """Return a score as it is written on a form.

    >>> format_score(6.0), format_score(5.5)
    ('6', '5.5')
    """
    return str(int(value)) if value == int(value) else str(value)


class Teller:
    """Words statements for one dialogue."""

    def __init__(self, material: Material, speech: Speech) -> None:
        """Word statements of a forum with the choices of a speaker."""
        self.material = material
        self.forum = material.forum
        self.speech = speech
        self.rng = speech.rng
        self.scored = False
        """Whether the ratings were told, so that the chair may name one."""
        self.introduced: set[str] = set()
        self.own_name = find_own_name(self.forum.title or "")
        self.names = list_paper_names(self.forum.title or "")
        self.rng.shuffle(self.names)

    def name_paper(self) -> str | None:
        """Return what the paper may be called: by its own name or by words of its title, another one each time."""
        if not self.names:
            return None
        self.names.append(self.names.pop(0))
        return self.names[-1]

    def predicate(self, statement: Statement) -> str:
        """Return what follows a reviewer's name: "objects that ..." or "asks: ..."."""
        reported = self.material.report(statement)
        if statement.text.endswith("?") and reported is None:
            return lower_first(self.speech.say("quote_question", quote=quote_words(statement.text)))
        if reported is not None:
            if not reported.needs_that:
                return reported.text
            verb = lower_first(self.speech.say(f"verb_{statement.polarity}"))
            return f"{verb} {reported.text}"
        section = f"quote_{statement.polarity}"
        if statement.leaning != "neutral" and read_declared_polarity(statement.field) == statement.leaning:
            section = "quote_strength" if statement.leaning == "positive" else "quote_weakness"
        return lower_first(self.speech.say(section, quote=quote_words(statement.text)))

    def say(self, frame: str, statement: Statement, topic: str | None = None) -> Sentence:
        """Return one sentence that attributes a statement to its reviewer."""
        name, places = self.name_speaker(statement)
        fits = frame in ("frame_next", "frame_first", "frame_topic") and not statement.text[0].islower()
        if fits and count_words(statement.text) <= LONGEST_FRONTED and self.rng.random() < FRONTED:
            text = self.front(statement, name)
        else:
            says = self.predicate(statement)
            text = self.speech.say(frame, who=name, says=says, topic=TOPICS[topic].said_as if topic else None)
        return Sentence(close(text), places)

    def follow(self, sentence: Sentence, following: Statement) -> Sentence:
        """Let the next sentence of the review go on from one that was told."""
        text = self.speech.say("goes_on", quote=quote_words(following.text))
        told = sentence.text.removesuffix(".")
        return Sentence(close(f"{told}{text}"), (*sentence.places, *place_of(following)))

    def front(self, statement: Statement, name: str) -> str:
        """Put what is said before who says it."""
        reported = self.material.report(statement)
        if statement.text.endswith("?"):
            return self.speech.say("front_question", who=name, quote=quote_words(statement.text))
        if reported is not None and reported.needs_that:
            return self.speech.say(f"front_{statement.polarity}", who=name, Clause=capitalise(reported.text))
        return self.speech.say("frame_quote", who=name, quote=quote_words(statement.text))

    def set_against(self, one: Statement, other: Statement, topic: str | None) -> list[Sentence]:
        """Set two statements against one another: in one sentence where both can be reported and are short."""
        reports = [self.material.report(item) for item in (one, other)]
        if all(reports) and count_words(one.text) + count_words(other.text) <= LONGEST_PAIR and self.rng.random() < 0.6:
            (name, places), (other_name, other_places) = self.name_speaker(one), self.name_speaker(other)
            text = self.speech.say(
                "pair_contrast",
                who=name,
                other=other_name,
                says=self.predicate(one),
                other_says=self.predicate(other),
                topic=TOPICS[topic].said_as if topic else None,
            )
            return [Sentence(close(text), (*places, *other_places))]
        first = self.say("frame_topic" if topic else "frame_first", one, topic)
        return [first, self.say("frame_contrast", other)]

    def name_speaker(self, statement: Statement) -> tuple[str, tuple[Place, ...]]:
        """Name a reviewer, once in a while with the scores, so that one knows whose word it is."""
        name, places = name_reviewer(statement.speaker), place_of(statement)
        review = self.material.review_of[statement.speaker]
        if statement.speaker in self.introduced or review.rating.value is None or self.rng.random() > TAGGED:
            return name, places
        self.introduced.add(statement.speaker)
        rating = format_score(review.rating.value)
        confidence = format_score(review.confidence.value) if review.confidence.value is not None else None
        tag = lower_first(self.speech.say("tag", rating=rating, a_rating=add_article(rating), confidence=confidence))
        cited = self.cite_scores([review]) if "confidence" in tag else self.cite_ratings([review])
        return f"{name}{'' if tag.startswith(',') else ' '}{tag}", (*places, *cited)

    def cite_scores(self, reviews: Iterable[Review]) -> tuple[Place, ...]:
        """Point to the rating and the confidence of each review."""
        return tuple(place for review in reviews for place in _cite(review, (review.rating, review.confidence)))

    def cite_ratings(self, reviews: Iterable[Review]) -> tuple[Place, ...]:
        """Point to the rating of each review."""
        return tuple(place for review in reviews for place in _cite(review, (review.rating,)))

    def cite_confidences(self, reviews: Iterable[Review]) -> tuple[Place, ...]:
        """Point to the confidence of each review."""
        return tuple(place for review in reviews for place in _cite(review, (review.confidence,)))

    def cite_whole(self, review: Review) -> tuple[Place, ...]:
        """Point to the longest text of a review as a whole, where it has any."""
        section = max(review.sections, key=lambda item: len(item.text), default=None)
        return ((review.note_id, section.field, 0, len(section.text)),) if section and section.text else ()


def _cite(review: Review, scores: Iterable[Score]) -> Iterator[Place]:
    """Yield where the answers of a review stand that were given."""
    for score in scores:
        if score.raw:
            yield review.note_id, score.field, 0, len(score.raw)


def stands_after(one: Statement, other: Statement) -> bool:
    """Whether a statement comes later than another in the same text."""
    return (one.note_id, one.field) == (other.note_id, other.field) and one.start > other.start


def find_side(score: Score) -> str | None:
    """Return ``accept`` or ``reject``: the side of the form's accept line; null where there is none that is known."""
    if score.aligned is None or score.scale_id is None:
        return None
    if score.aligned < 0:
        return "reject"
    scale = load_catalogue().scales.get(score.scale_id)
    return "accept" if scale is not None and scale.accept is not None else None


def require(value: Value | None) -> Value:
    """Return what an exchange of this act always holds."""
    if value is None:
        raise AssertionError("the agenda drew an exchange without what its act needs")
    return value


def quote_words(text: str) -> str:
    """Return words in quotation marks."""
    return f'"{text}"'


def lower_first(text: str) -> str:
    """Return a text with its first letter in lower case."""
    return text[:1].lower() + text[1:]


def lower_unless_name(text: str) -> str:
    """Return a text with its first letter in lower case, unless it begins with a reviewer."""
    return text if text.startswith("Reviewer") else lower_first(text)


def close(text: str) -> str:
    """End a sentence with one mark: a question that is quoted at the end has its own."""
    text = re.sub(r",(?=[.,;:])", "", tidy(text))  # "Reviewer 2, who gives it a 3,." in front of an end
    for doubled in ('?".', '?" .'):
        if text.endswith(doubled):
            return text[: -len(doubled)] + '?"'
    if text.endswith('?"'):
        return text
    return text if text.endswith((".", "?")) else f"{text}."


def place_of(statement: Statement) -> tuple[Place, ...]:
    """Return where a statement stands, as the places of a sentence."""
    return ((statement.note_id, statement.field, statement.start, statement.end),)


def join_clauses(parts: Sequence[str]) -> str:
    """Join clauses the way prose does."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


_NAME = re.compile(
    r"([A-Z][\w+-]*(?: (?:[A-Z][\w+-]*|of|the|for|with|in|and|to)){0,3})"
    r"(?<! of)(?<! the)(?<! for)(?<! with)(?<! in)(?<! and)(?<! to):\s"
)
"""A name before a colon: "Ledger Networks: One Slot per Entity"."""


def find_own_name(title: str) -> str | None:
    """Return the name that a title gives the work before its colon; null where it gives none."""
    found = _NAME.match(title)
    return found[1] if found else None


def list_paper_names(title: str) -> list[str]:
    """Return how a paper with this title may be called in a sentence.

    >>> list_paper_names("Ledger Networks: One Slot per Entity")
    ['Ledger Networks']
    >>> list_paper_names("Improved Adversarial Image Captioning for Children")
    ['the Image Captioning paper']
    """
    own = find_own_name(title)
    if own is not None:
        return [own]
    named: list[tuple[float, str]] = []
    for part in _PARTS.split(title):
        words = part.split()[-2:]
        stems = list_terms(" ".join(words))
        if len(words) == 2 and stems and all(_NAMING.fullmatch(word) for word in words):
            named.append((sum(map(weigh_term, stems)) / len(stems), f"the {' '.join(words)} paper"))
    return [name for weight, name in sorted(named, reverse=True) if weight >= TELLING_NAME][:3]


_PARTS = re.compile(
    r"[:?!,.;()]|\s(?:[-–—]|an?|the|of|on|for|with|in|via|by|from|to|and|or|as|is|are|using|under|without|through|towards?"
    r"|between|beyond|per|over|into|against|at|when|how|why|what|can|do|does|not|vs\.?)(?=\s)",
    re.IGNORECASE,
)
_NAMING = re.compile(
    r"(?!(?:Faster|Better|More|Less|Well|Learning|Using|Towards?|The|An?|Is|Are|Do|How|Why|What|Deep|Novel|New)$)[A-Z][\w-]{2,}s?"
)

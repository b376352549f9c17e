"""The table of phrases by which dialogues state facts of the record (``phrases.toml``), compiled once."""

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.text.terms import list_stems

TABLE = Path(__file__).with_name("phrases.toml")


class ReviewerPhrase(NamedTuple):
    """Words that say which reviewers are meant."""

    kind: str
    """``numbered``, ``ordinal``, ``others``, ``all``, ``both``, ``some``, ``exactly``, ``unnamed`` or ``nobody``."""
    pattern: re.Pattern[str]


class ScorePhrase(NamedTuple):
    """Words that state a score."""

    kind: str
    """``rating``, ``confidence`` or ``field`` (another scored field of the form)."""
    check: str
    """What is said of the numbers: ``each``, ``mean``, ``range``, ``highest``, ``lowest``, ``earlier``, ``absent``,
    ``how_many``."""
    pattern: re.Pattern[str]
    plural: re.Pattern[str] | None
    """Where the match of the pattern also matches this, a list of numbers is a list of scores."""
    weak: bool
    adjacent: bool
    bare: bool
    spelled: bool
    """Its number is a word: "a confidence level of three"."""


class SidePhrase(NamedTuple):
    """Words that put a reviewer on one side of the accept line."""

    side: str
    firm: bool
    pattern: re.Pattern[str]


class LabelPhrase(NamedTuple):
    """Words that people use for a label of a form."""

    kind: str
    words: str
    """What the label says, in lower case and without "the"."""
    weak: bool
    """The words are also said by people who do not mean the form."""
    pattern: re.Pattern[str]


class CountPhrase(NamedTuple):
    """Words that state a number of reviews."""

    firm: bool
    pattern: re.Pattern[str]


class DecisionPhrases(NamedTuple):
    """Words of a decision, what must stand beside them, and their other uses."""

    outcomes: Mapping[str, re.Pattern[str]]
    impersonal: frozenset[str]
    """Outcomes that are stated without a speaker deciding."""
    mentions_workshop: re.Pattern[str]
    tier: re.Pattern[str]
    cue: re.Pattern[str]
    excluded: re.Pattern[str]
    condition: re.Pattern[str]
    reported: re.Pattern[str]
    negation: re.Pattern[str]


class Phrases(NamedTuple):
    """The whole table."""

    numbers: Mapping[str, int]
    reviewers: tuple[ReviewerPhrase, ...]
    scores: tuple[ScorePhrase, ...]
    sides: tuple[SidePhrase, ...]
    labels: tuple[LabelPhrase, ...]
    counts: tuple[CountPhrase, ...]
    decision: DecisionPhrases
    own_sides: Mapping[str, re.Pattern[str]]
    own_side_denied: re.Pattern[str]
    own_side_open: re.Pattern[str]
    own: re.Pattern[str]
    """Words that begin what the speaker says on their own account."""
    recommends: re.Pattern[str]
    reporting: re.Pattern[str]
    denied: re.Pattern[str]
    advises: re.Pattern[str]
    credited: re.Pattern[str]
    admits: re.Pattern[str]
    knows_reviews: re.Pattern[str]
    not_known: re.Pattern[str]
    abstains: re.Pattern[str]
    authors_say: re.Pattern[str]
    reporting_stems: frozenset[str]
    """Stems of words by which people report; they need not stand in the record."""


def read_phrase_table() -> dict[str, Any]:
    """Return the table as it stands in the file, with its examples."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


@functools.cache
def load_phrases() -> Phrases:
    """Return the compiled table."""
    table = read_phrase_table()
    macros: dict[str, str] = {}
    for name, pattern in table["macros"].items():
        macros[name] = _expand(pattern, macros)

    def compile_pattern(pattern: str) -> re.Pattern[str]:
        return re.compile(_expand(pattern, macros), re.IGNORECASE)

    decision = table["decision"]
    return Phrases(
        numbers=table["numbers"],
        reviewers=tuple(ReviewerPhrase(row["kind"], compile_pattern(row["pattern"])) for row in table["reviewers"]),
        scores=tuple(
            ScorePhrase(
                kind=row["kind"],
                check=row["check"],
                pattern=compile_pattern(row["pattern"]),
                plural=compile_pattern(row["plural"]) if "plural" in row else None,
                weak=row.get("weak", False),
                adjacent=row.get("adjacent", False),
                bare=row.get("bare", False),
                spelled=row.get("spelled", False),
            )
            for row in table["scores"]
        ),
        sides=tuple(
            SidePhrase(row["side"], row.get("firm", False), compile_pattern(row["pattern"])) for row in table["sides"]
        ),
        labels=tuple(
            LabelPhrase(row["kind"], row["words"], row.get("weak", False), compile_pattern(row["pattern"]))
            for row in table["labels"]
        ),
        counts=tuple(CountPhrase(row["firm"], compile_pattern(row["pattern"])) for row in table["counts"]),
        decision=DecisionPhrases(
            outcomes={
                outcome: compile_pattern(decision[outcome])
                for outcome in ("desk_rejected", "withdrawn", "workshop", "accept", "reject")
            },
            impersonal=frozenset(decision["impersonal"]),
            mentions_workshop=compile_pattern(decision["mentions_workshop"]),
            tier=compile_pattern(decision["tier"]),
            cue=compile_pattern(decision["cue"]),
            excluded=compile_pattern(decision["excluded"]),
            condition=compile_pattern(decision["condition"]),
            reported=compile_pattern(decision["reported"]),
            negation=compile_pattern(decision["negation"]),
        ),
        own_sides={side: compile_pattern(table["own_side"][side]) for side in ("accept", "reject")},
        own_side_denied=compile_pattern(table["own_side"]["denied"]),
        own_side_open=compile_pattern(table["own_side"]["open"]),
        own=compile_pattern(table["own"]["pattern"]),
        recommends=compile_pattern(table["recommends"]["pattern"]),
        reporting=compile_pattern(table["recommends"]["reporting"]),
        denied=compile_pattern(table["recommends"]["denied"]),
        advises=compile_pattern(table["advises"]["pattern"]),
        credited=compile_pattern(table["advises"]["credited"]),
        admits=compile_pattern(table["admits"]["pattern"]),
        knows_reviews=compile_pattern(table["knows_reviews"]["pattern"]),
        not_known=compile_pattern(table["knows_reviews"]["negated"]),
        abstains=compile_pattern(table["abstains"]["pattern"]),
        authors_say=compile_pattern(table["authors_say"]["pattern"]),
        reporting_stems=list_stems(table["reporting"]["words"]),
    )


def _expand(pattern: str, macros: Mapping[str, str]) -> str:
    for name, replacement in macros.items():
        pattern = pattern.replace("{" + name + "}", replacement)
    return pattern

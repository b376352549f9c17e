"""Verified self-editing: which turns go back, which new turns are kept, and what each round was worth."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from toolkit.records import Dialogue, Finding, Forum, Turn
from toolkit.synthesizers.grounded import build_messages, measure_dialogue

LAST_WORD = frozenset(("no-decision", "last-word-not-meta-reviewer"))
"""Rules about what the last turn lacks."""
FAILING = ("error", "warning")
"""Severities that send a turn back."""

Verify = Callable[[Dialogue, Forum], Sequence[Finding]]
"""The auditors' judgement; the pipeline hands it in. Must be picklable where it runs in processes of its own."""


class Score(NamedTuple):
    """How good a version is; the smaller the better, errors before warnings."""

    errors: int
    warnings: int


class Round(NamedTuple):
    """What one version of a dialogue scored."""

    score: Score
    kept: bool
    rules: Mapping[str, int]
    """Rule -> how many findings of it the version has."""


class Version(NamedTuple):
    """A dialogue with what the auditors say of it."""

    dialogue: Dialogue
    findings: tuple[Finding, ...]

    @property
    def score(self) -> Score:
        """Errors and warnings."""
        return count_score(self.findings)

    @property
    def failing(self) -> tuple[Finding, ...]:
        """What sends a turn back."""
        return tuple(found for found in self.findings if found.severity in FAILING and found.turn is not None)

    def describe(self, *, kept: bool) -> Round:
        """Return what it scored."""
        rules = Counter(finding.rule for finding in self.findings if finding.severity in FAILING)
        return Round(self.score, kept, dict(sorted(rules.items())))


def count_score(findings: Sequence[Finding]) -> Score:
    """Count the errors and warnings."""
    return Score(
        sum(finding.severity == "error" for finding in findings),
        sum(finding.severity == "warning" for finding in findings),
    )


def check_version(verify: Verify, dialogue: Dialogue, forum: Forum) -> Version:
    """Verify a dialogue; what it lacks as a whole is the last turn's to mend."""
    last = len(dialogue.turns) - 1
    return Version(
        dialogue,
        tuple(
            replace(finding, turn=last) if finding.turn is None and finding.rule in LAST_WORD else finding
            for finding in verify(dialogue, forum)
        ),
    )


def replace_turns(dialogue: Dialogue, forum: Forum, turns: Mapping[int, Turn]) -> Dialogue:
    """Put new turns in the places of old ones, and let messages and metrics follow."""
    kept = tuple(turns.get(turn.index, turn) for turn in dialogue.turns)
    return set_turns(dialogue, forum, kept)


def set_turns(dialogue: Dialogue, forum: Forum, turns: tuple[Turn, ...]) -> Dialogue:
    """Give a dialogue its turns, with messages and metrics."""
    return replace(dialogue, turns=turns, messages=build_messages(turns), metrics=measure_dialogue(forum, turns))


def pick_better(verify: Verify, current: Version, proposed: Mapping[int, Turn], forum: Forum) -> tuple[Version, bool]:
    """Take over those new turns that are better than the old ones, if the whole becomes better by it.

    Returns the better version and whether it is a new one; the worse is never kept, so no round can do harm.
    """
    tried = check_version(verify, replace_turns(current.dialogue, forum, proposed), forum)
    if tried.score == (0, 0):
        return tried, True
    better = {
        index: turn for index, turn in proposed.items() if _score_turn(tried, index) < _score_turn(current, index)
    }
    if better and len(better) < len(proposed):
        mixed = check_version(verify, replace_turns(current.dialogue, forum, better), forum)
        tried = min(tried, mixed, key=lambda version: version.score)
    return (tried, True) if tried.score < current.score else (current, False)


def _score_turn(version: Version, index: int) -> Score:
    return count_score([finding for finding in version.findings if finding.turn == index])

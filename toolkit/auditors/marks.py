"""What a rule hands back: a finding before it knows its rule's name and severity."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from toolkit.auditors.subject import CheckedClaim, Subject
from toolkit.records import RecordReference


class Mark(NamedTuple):
    """One thing a rule has found."""

    message: str
    turn: int | None = None
    """The turn's index; null when the dialogue as a whole is meant."""
    start: int | None = None
    end: int | None = None
    stated: str | None = None
    recorded: str | None = None
    evidence: RecordReference | None = None


Check = Callable[[Subject], Iterable[Mark]]


def mark_claim(checked: CheckedClaim, message: str) -> Mark:
    """Make a mark of a claim."""
    claim = checked.claim
    return Mark(message, claim.turn, claim.start, claim.end, claim.stated, claim.recorded, checked.reference)

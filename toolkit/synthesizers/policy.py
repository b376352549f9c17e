"""What a user may set about dialogues: who asks, for how long, and about what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from toolkit.records import Length, OptionalAct, Persona

PERSONAS: tuple[Persona, ...] = get_args(Persona)

EXCHANGES: Mapping[Length, Mapping[Persona, tuple[int, ...]]] = {
    "short": {"brisk": (3, 4), "sceptical": (4,), "thorough": (4, 5)},
    "medium": {"brisk": (5, 6, 6), "sceptical": (6, 7, 7), "thorough": (7, 7, 8)},
    "long": {"brisk": (8, 9), "sceptical": (9, 10), "thorough": (10, 11, 12)},
}
"""How many questions a meta-reviewer asks before it decides, at most; each is two turns, the decision one."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a recipe sets about dialogues."""

    personas: tuple[Persona, ...] = PERSONAS
    """One is drawn for each dialogue."""
    length: Length = "medium"
    leave_out: frozenset[OptionalAct] = frozenset()
    """Questions that are never asked."""

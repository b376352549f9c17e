"""How stages tell whoever is watching how far they are. They never print; the command line does."""

from collections.abc import Mapping
from typing import Protocol


class Progress(Protocol):
    """Someone who wants to know how far a stage is."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """A piece of work begins; ``total`` is null when its size is not known."""

    def advance(self, count: int = 1) -> None:
        """So many more units are done."""

    def show(self, facts: Mapping[str, float], total: int | None) -> None:
        """What goes with it as it stands now, such as ``{"requests": 12}``, and the total as far as known."""

    def tell(self, message: str) -> None:
        """Something that a watcher wants to know now: a long wait, and until when."""

    def finish(self) -> None:
        """The piece of work is over."""


class NoProgress:
    """Nobody is watching."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Do nothing."""

    def advance(self, count: int = 1) -> None:
        """Do nothing."""

    def show(self, facts: Mapping[str, float], total: int | None) -> None:
        """Do nothing."""

    def tell(self, message: str) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


def format_seconds(seconds: float) -> str:
    """Return a span of time in words.

    >>> format_seconds(2), format_seconds(3613), format_seconds(864000)
    ('2 seconds', '60 minutes', '10 days')
    """
    for size, unit in ((172800, "days"), (7200, "hours"), (120, "minutes")):
        if seconds >= size:
            return f"{seconds / {'days': 86400, 'hours': 3600, 'minutes': 60}[unit]:.0f} {unit}"
    return f"{seconds:.0f} seconds"

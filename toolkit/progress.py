"""How stages tell whoever is watching how far they are. They never print; the command line does."""

from typing import Protocol


class Progress(Protocol):
    """Someone who wants to know how far a stage is."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """A piece of work begins; ``total`` is null when its size is not known."""

    def advance(self, count: int = 1) -> None:
        """So many more units are done."""

    def finish(self) -> None:
        """The piece of work is over."""


class NoProgress:
    """Nobody is watching."""

    def start(self, label: str, total: int | None, unit: str) -> None:
        """Do nothing."""

    def advance(self, count: int = 1) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""

"""Errors a user can act on: what happened, where, and the mend, in one line.

Each room raises its own subclass; third-party exceptions are wrapped where they surface. The command line prints
``str(error)`` and exits with ``exit_code``.
"""

from datetime import datetime
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means; part of the public contract."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    STOPPED = 3
    """Stopped in a state that can be resumed; the message says how."""
    PARTIAL = 4
    """Finished, but some items are in quarantine."""
    INTERRUPTED = 130
    TERMINATED = 143
    """Asked to end by SIGTERM; as with Ctrl-C, the same command goes on."""


class ReviewDialError(Exception):
    """Base of all errors that ReviewDial raises on purpose.

    >>> str(ReviewDialError("the file is empty", where="notes.json", mend="download it again"))
    'notes.json: the file is empty; download it again'
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        """Say ``what`` went wrong, ``where`` (a file, a line, a record) and how to ``mend`` it."""
        self.what, self.where, self.mend = what, where, mend
        prefix = f"{where}: " if where else ""
        suffix = f"; {mend}" if mend else ""
        super().__init__(" ".join(f"{prefix}{what}{suffix}".split()))


class RecipeError(ReviewDialError):
    """A recipe that cannot be read or means nothing."""

    exit_code = ExitCode.USAGE


class UsageError(ReviewDialError):
    """A command was called with arguments that do not fit together."""

    exit_code = ExitCode.USAGE


class WorkspaceError(ReviewDialError):
    """A build folder that cannot be used: missing, locked, read-only, damaged."""


class StoreError(ReviewDialError):
    """The raw store cannot be opened, read or written."""


class SourceError(ReviewDialError):
    """A file or service that should give API bodies does not."""


class StoppedError(ReviewDialError):
    """A run that stopped on purpose in a resumable state."""

    exit_code = ExitCode.STOPPED

    def __init__(
        self, what: str, *, where: str | None = None, mend: str | None = None, resume_at: datetime | None = None
    ) -> None:
        """Say also from which moment on it can go on, where that is known."""
        self.resume_at = resume_at
        super().__init__(what, where=where, mend=mend)


class CatalogueError(ReviewDialError):
    """The catalogue of venues and scales is damaged, or does not know what was asked."""


class RecordError(ReviewDialError):
    """A record that does not hold what its table declares."""


class SynthesisError(ReviewDialError):
    """A dialogue could not be written for a forum."""


class ExportError(ReviewDialError):
    """A dataset folder cannot be written or is not what it says it is."""

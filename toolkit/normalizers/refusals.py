"""What cannot become a forum record, and why."""

from toolkit.errors import RecordError
from toolkit.records import Quarantined

STAGE = "normalize"


class RefusedForumError(RecordError):
    """Notes that cannot be normalized; ``reason`` is the kebab-case name they are counted by."""

    def __init__(self, reason: str, what: str, *, where: str | None = None) -> None:
        """Keep the reason beside the message."""
        self.reason = reason
        super().__init__(what, where=where)


def quarantine_note(note_id: str, reason: str, message: str) -> Quarantined:
    """Return the quarantine entry of one note; the forum it belongs to is kept without it."""
    return Quarantined(stage=STAGE, item=note_id, reason=reason, message=message)


def quarantine_forum(forum: str, error: RecordError) -> Quarantined:
    """Return the quarantine entry of a forum that was refused."""
    reason = error.reason if isinstance(error, RefusedForumError) else "malformed-record"
    return Quarantined(stage=STAGE, item=forum, reason=reason, message=str(error))

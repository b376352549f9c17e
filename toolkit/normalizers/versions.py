"""Several versions of one note: the newest one counts, the older ones are its history."""

from collections.abc import Iterable
from typing import NamedTuple

from toolkit.records import Note


class VersionedNote(NamedTuple):
    """A note as it stands, and what it was before, oldest first."""

    note: Note
    earlier: tuple[Note, ...]


def settle_versions(notes: Iterable[Note]) -> list[VersionedNote]:
    """Group notes by id and pick the newest version of each; the result is in order of creation, then id.

    The one saved last wins, also where it brings back an older text: the record says what it says now.
    """
    versions: dict[str, list[Note]] = {}
    for note in notes:
        versions.setdefault(note.id, []).append(note)
    settled = [_settle(found) for found in versions.values()]
    return sorted(settled, key=lambda versioned: (versioned.note.created, versioned.note.id))


def _settle(found: list[Note]) -> VersionedNote:
    if len(found) == 1:
        return VersionedNote(found[0], ())
    # Equal times are ordered by content, so that the order of the input does not show in the result.
    ordered = sorted(found, key=lambda note: (note.modified, note.fetched_at or 0, repr(sorted(note.content.items()))))
    return VersionedNote(ordered[-1], tuple(ordered[:-1]))

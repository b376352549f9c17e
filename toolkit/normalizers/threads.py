"""The discussion in thread order."""

from collections.abc import Iterable, Sequence

from toolkit.records import Note


def order_threads(notes: Sequence[Note], root: str) -> list[Note]:
    """Return notes so that a reply stands after what it replies to, siblings by time, then by id.

    A note whose parent is not at hand (deleted, hidden, or never crawled) stands at the top level, by its time.
    """
    known = {note.id for note in notes if note.id != root}
    replies: dict[str | None, list[Note]] = {}
    for note in notes:
        if note.id != root:
            parent = note.replyto if note.replyto in known and note.replyto != note.id else None
            replies.setdefault(parent, []).append(note)
    for siblings in replies.values():
        siblings.sort(key=lambda note: (note.created, note.id))
    ordered = _walk(replies.get(None, ()), replies)
    if len(ordered) < len(known):  # notes that reply to each other in a ring
        reached = {note.id for note in ordered}
        rest = [note for note in notes if note.id in known and note.id not in reached]
        ordered.extend(sorted(rest, key=lambda note: (note.created, note.id)))
    return ordered


def _walk(tops: Iterable[Note], replies: dict[str | None, list[Note]]) -> list[Note]:
    ordered: list[Note] = []
    waiting = list(reversed(list(tops)))
    while waiting:
        note = waiting.pop()
        ordered.append(note)
        waiting.extend(reversed(replies.get(note.id, ())))
    return ordered

"""The discussion in thread order."""

from collections.abc import Iterable, Mapping, Sequence

from toolkit.records import Note


def order_threads(notes: Sequence[Note], root: str, series: Sequence[Sequence[str]] = ()) -> list[Note]:
    """Return notes so that a reply stands after what it replies to, siblings by time, then by id.

    A note whose parent is not at hand (deleted, hidden, or never crawled) stands at the top level, by its time. The
    parts of one text (``series``, ids in reading order) stand next to one another in place of the first of them, and
    behind them what replies to any of them.
    """
    by_id = {note.id: note for note in notes if note.id != root}
    parts: dict[str, list[Note]] = {
        ids[0]: [by_id[part] for part in ids] for ids in series if all(part in by_id for part in ids)
    }
    head_of = {part.id: head for head, members in parts.items() for part in members}
    replies: dict[str | None, list[Note]] = {}
    for note in by_id.values():
        if head_of.get(note.id, note.id) == note.id:
            replies.setdefault(_find_place(note, parts, head_of, by_id), []).append(note)
    for siblings in replies.values():
        siblings.sort(key=lambda note: (_find_time(note, parts), note.id))
    ordered = _walk(replies.get(None, ()), replies, parts)
    if len(ordered) < len(by_id):  # notes that reply to each other in a ring
        reached = {note.id for note in ordered}
        rest = [note for note in by_id.values() if note.id not in reached]
        ordered.extend(sorted(rest, key=lambda note: (note.created, note.id)))
    return ordered


def _find_place(
    note: Note, parts: Mapping[str, Sequence[Note]], head_of: Mapping[str, str], by_id: Mapping[str, Note]
) -> str | None:
    """Return below what a note, or the text that begins with it, stands; null for the top level."""
    own = {part.id for part in parts.get(note.id, (note,))}
    if note.replyto is None or note.replyto not in by_id or note.replyto in own:
        return None
    return head_of.get(note.replyto, note.replyto)


def _find_time(note: Note, parts: Mapping[str, Sequence[Note]]) -> int:
    return min(part.created for part in parts.get(note.id, (note,)))


def _walk(
    tops: Iterable[Note], replies: Mapping[str | None, Sequence[Note]], parts: Mapping[str, Sequence[Note]]
) -> list[Note]:
    ordered: list[Note] = []
    waiting = list(reversed(list(tops)))
    while waiting:
        note = waiting.pop()
        ordered.extend(parts.get(note.id, (note,)))
        waiting.extend(reversed(replies.get(note.id, ())))
    return ordered

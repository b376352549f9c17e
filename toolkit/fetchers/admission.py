"""Which notes may be stored, and in which form; decided in memory, before anything touches the disk.

Public means that ``readers`` holds ``everyone``: anyone on the web can read the note without an account. ``nonreaders``
does not change that, unless it takes ``everyone`` out again. OpenReview used it to spare reviewers who had not yet
handed in their own review the reviews of others; a thousand notes of ICLR 2019, open to every visitor to this day,
carry ``nonreaders: [".../Reviewers/Unsubmitted"]``. To refuse those would lose a third of that year's public record
and protect nobody.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from toolkit.errors import RecordError
from toolkit.fetchers.bodies import Body, Hint, decode_json
from toolkit.fetchers.people import hide_people
from toolkit.notes import EVERYONE, is_public, parse_note
from toolkit.records import Note, Quarantined
from toolkit.text import clean_text
from toolkit.venues import FieldOptions, read_invitation

STAGE = "import"

COLLISION = "collision"
"""Reason of a note id that occurs in several forums."""

NO_NOTES = "no-notes"
"""Reason of a forum that was named without notes; it stands until notes of that forum come."""

MAX_DEPTH = 64
"""Deepest nesting of a note that is stored; forms of the API need six."""

MAX_TIME = 2**53
"""Largest time that every JSON reader reads exactly."""

_USABLE_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
"""Ids are made of these in both APIs; old ones are longer than the ten characters of today. An id goes into every
output, so nothing else may pass for one: no path, no address, no profile."""


class PublicNote(NamedTuple):
    """A note to store; the first four are its columns beside the body."""

    id: str
    forum: str
    modified: int
    sha256: bytes
    """Of the note's canonical JSON: what makes two versions two."""
    body: str
    """The note as received (key order kept) with pseudonyms for persons, and without ``details`` and withheld values:
    JSON in ASCII."""
    withheld_values: int


class RemovedNote(NamedTuple):
    """A note that was deleted or is not public: no version of it up to ``moment`` may be kept."""

    id: str | None
    """Null where the note does not say which versions it takes back."""
    moment: int
    is_public: bool
    """Whether everyone may know that this note was there: it is marked deleted, and was public."""


def admit_note(raw: Any) -> PublicNote | RemovedNote | Quarantined:
    """Decide what to do with one raw note.

    >>> admit_note({"id": "n1", "readers": ["V/Program_Chairs"], "tmdate": 7})
    RemovedNote(id='n1', moment=7, is_public=False)
    >>> admit_note({"id": "n1", "readers": ["everyone"], "content": "text"}).reason
    'malformed-note'
    """
    if not isinstance(raw, Mapping):
        return _set_aside(raw, "not-a-note", "stands among notes but is not an object")
    if not _reads_everyone(raw):
        # A crawl that dropped `readers` says nothing about the versions that we may hold.
        says_closed = isinstance(raw.get("readers"), list)
        return RemovedNote(_get_id(raw) if says_closed else None, find_moment(raw), is_public=False)
    note_id = _get_id(raw)
    if note_id is None:
        return _set_aside(raw, "unusable-id", "a note without a usable id")
    if raw.get("ddate") is not None:
        return RemovedNote(note_id, find_moment(raw), is_public=True)
    return _admit_public(raw)


def _admit_public(raw: Mapping[str, Any]) -> PublicNote | Quarantined:
    if _measure_depth(raw) > MAX_DEPTH:
        return _set_aside(raw, "nested-too-deep", f"values are nested deeper than {MAX_DEPTH} levels")
    try:
        note = parse_note(raw)
    except RecordError as error:
        return _set_aside(raw, "malformed-note", error.what)
    if not _is_usable(note.forum):
        return _set_aside(raw, "unusable-id", "a note whose forum is not a usable id")
    if any(clean_text(name).text != name for name in _list_names(note)):
        return _set_aside(raw, "unusable-name", "a field, invitation or licence whose name no output may show")
    if not 0 <= note.created <= MAX_TIME or not 0 <= note.modified <= MAX_TIME:
        return _set_aside(raw, "impossible-time", "a note whose times lie outside of what a clock can show")
    stripped, withheld = strip_note(raw)
    stripped = hide_people(stripped, note.forum)
    try:
        return _write_note(note, stripped, withheld)
    except (TypeError, ValueError):
        return _set_aside(raw, "malformed-note", "a note that JSON cannot hold")


def _write_note(note: Note, stripped: Mapping[str, Any], withheld: int) -> PublicNote:
    digest = hashlib.sha256(write_canonical(stripped).encode()).digest()
    body = json.dumps(stripped, separators=(",", ":"), allow_nan=False)
    return PublicNote(note.id, note.forum, note.modified, digest, body, withheld)


def read_stored(body: bytes) -> PublicNote:
    """Return what the store says of a note, from the body that it keeps.

    Raises:
        ValueError, RecordError: the body is damaged.
    """
    raw = decode_json(body)
    if not isinstance(raw, Mapping):
        raise RecordError("a note that is no object")
    return _write_note(parse_note(raw), raw, 0)


def admit_options(raw: Any, admitted: PublicNote | RemovedNote | Quarantined) -> tuple[FieldOptions, ...]:
    """Return what the form of a public note offers, where the answer brought the form along.

    Of an invitation only the options of scored fields are kept, and only if everyone may read it.
    """
    details = raw.get("details") if isinstance(admitted, PublicNote) else None
    return read_invitation(details.get("invitation")) if isinstance(details, Mapping) else ()


def _list_names(note: Note) -> Iterator[str]:
    """Yield what a record repeats word for word beside the texts, which are cleaned: it must be clean already."""
    yield from note.invitations
    yield from note.content
    yield note.domain or ""
    yield note.license or ""


def admit_hint(body: Body) -> Hint | None:
    """Return the hint of a body if it may be stored: public notes of its forum stand beside it."""
    is_open = any(
        isinstance(raw, Mapping) and raw.get("forum") == body.forum and _reads_everyone(raw) for raw in body.notes
    )
    return body.hint if is_open and _is_usable(body.forum) else None


def find_empty_forum(body: Body) -> Quarantined | None:
    """Return what to say of a body that names a forum and holds nothing of it.

    >>> find_empty_forum(Body([], "f1")).reason
    'no-notes'
    """
    if body.forum is None or body.notes or not _is_usable(body.forum):
        return None
    return Quarantined(STAGE, body.forum, NO_NOTES, "the file names this forum and holds no note of it")


def strip_note(raw: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a note without ``details`` and without values that not everyone may read, and how many those were.

    ``details`` belongs to the answer, not to the note: it says what the asker may do, counts replies, holds other
    notes. A v2 field with ``readers`` of its own keeps them and loses its value, which is what a guest gets.

    >>> strip_note({"id": "n1", "content": {"score": {"value": 3, "readers": ["V/Chairs"]}}, "details": {}})
    ({'id': 'n1', 'content': {'score': {'readers': ['V/Chairs']}}}, 1)
    """
    stripped = {name: value for name, value in raw.items() if name != "details"}
    content = stripped.get("content")
    withheld = 0
    if isinstance(content, Mapping):
        kept = dict(content)
        for name, value in content.items():
            if isinstance(value, Mapping) and "value" in value and not _field_is_public(value):
                kept[name] = {key: part for key, part in value.items() if key != "value"}
                withheld += 1
        stripped["content"] = kept
    return stripped, withheld


def write_canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: keys sorted, no spaces, ASCII.

    Raises:
        TypeError, ValueError: the value is not JSON.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def find_moment(raw: Mapping[str, Any]) -> int:
    """Return when a note was last changed, deletion included; 0 where it does not say."""
    times = (raw.get(name) for name in ("tmdate", "mdate", "ddate", "cdate", "tcdate"))
    return next((time for time in times if type(time) is int and 0 <= time <= MAX_TIME), 0)


def hash_id(note_id: str) -> bytes:
    """Return the key under which a removed note is remembered without writing its id."""
    return hashlib.sha256(b"note\0" + note_id.encode()).digest()


def _reads_everyone(raw: Mapping[str, Any]) -> bool:
    nonreaders = raw.get("nonreaders")
    return is_public(raw) and not (isinstance(nonreaders, list) and EVERYONE in nonreaders)


def _field_is_public(field: Mapping[str, Any]) -> bool:
    readers = field.get("readers")
    return readers is None or (isinstance(readers, list) and EVERYONE in readers)


def _get_id(raw: Mapping[str, Any]) -> str | None:
    note_id = raw.get("id")
    return note_id if _is_usable(note_id) else None


def _is_usable(note_id: Any) -> TypeGuard[str]:
    return isinstance(note_id, str) and _USABLE_ID.fullmatch(note_id) is not None


def _measure_depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, Mapping) else node)
            if isinstance(child, (Mapping, list))
        ]
    return depth


def _set_aside(raw: Any, reason: str, message: str) -> Quarantined:
    """Name the note by its id, or where it has none by its content's hash; its content is not repeated."""
    note_id = _get_id(raw) if isinstance(raw, Mapping) else None
    if note_id is None:
        note_id = f"note-{_fingerprint(raw)}"
    return Quarantined(STAGE, note_id, reason, message)


def _fingerprint(raw: Any) -> str:
    try:
        text = write_canonical(raw)
    except (TypeError, ValueError, RecursionError):
        text = type(raw).__name__
    return hashlib.sha256(text.encode()).hexdigest()[:12]

"""From a note as the API sends it to a ``Note`` record; both API versions come out in one shape.

Facts about the two shapes: API v1 has one ``invitation`` and flat content, API v2 a list ``invitations`` and content
values wrapped as ``{"value": ...}``. A v2 field may carry ``readers`` instead of a value: then the value is withheld
from us and the field is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.errors import RecordError
from toolkit.records import Api, Note

EVERYONE = "everyone"


def parse_note(raw: Mapping[str, Any], fetched_at: int | None = None) -> Note:
    """Read one API note.

    Raises:
        RecordError: something without which a note cannot be placed is missing: id, content, invitation, time.

    >>> note = parse_note({"id": "r1", "forum": "f1", "replyto": "f1", "tcdate": 5, "signatures": ["(anonymous)"],
    ...     "invitations": ["V/Submission1/-/Official_Review", "V/-/Edit"], "content": {"rating": {"value": 4},
    ...     "first_time_reviewer": {"readers": ["V/Program_Chairs"]}}})
    >>> note.api, note.created, dict(note.content)
    ('v2', 5, {'rating': 4})
    """
    note_id = raw.get("id")
    if not isinstance(note_id, str) or not note_id:
        raise RecordError("a note without an id")
    content = raw.get("content")
    if not isinstance(content, Mapping):
        raise RecordError("a note whose content is not an object", where=note_id)
    api, invitations = _read_invitations(raw, note_id)
    created = _first_time(raw, "cdate", "tcdate")
    if created is None:
        raise RecordError("a note without a creation time (cdate or tcdate)", where=note_id)
    forum = raw.get("forum") or note_id
    if not isinstance(forum, str):
        raise RecordError("a note whose forum is not an id", where=note_id)
    return Note(
        id=note_id,
        forum=forum,
        replyto=_text_or_none(raw.get("replyto")),
        api=api,
        invitations=invitations,
        signatures=_texts(raw.get("signatures")),
        created=created,
        modified=_first_time(raw, "tmdate", "mdate") or created,
        number=raw["number"] if isinstance(raw.get("number"), int) else None,
        domain=_text_or_none(raw.get("domain")),
        license=_text_or_none(raw.get("license")),
        content=_unwrap(content) if api == "v2" else dict(content),
        fetched_at=fetched_at,
    )


def is_public(raw: Mapping[str, Any]) -> bool:
    """Whether a raw note may be read by everyone; ``everyone`` may stand anywhere in a long list of readers."""
    return EVERYONE in _texts(raw.get("readers"))


def _read_invitations(raw: Mapping[str, Any], note_id: str) -> tuple[Api, tuple[str, ...]]:
    if invitations := _texts(raw.get("invitations")):
        return "v2", invitations
    if invitation := _text_or_none(raw.get("invitation")):
        return "v1", (invitation,)
    raise RecordError("a note without an invitation", where=note_id)


def _unwrap(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value["value"] if isinstance(value, Mapping) else value
        for name, value in content.items()
        if not isinstance(value, Mapping) or "value" in value
    }


def _first_time(raw: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(item for item in value if isinstance(item, str))
    return ()

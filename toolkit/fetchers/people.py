"""Persons in a raw note, replaced by pseudonyms of its forum: what is stored tells authors from others, not names.

Which fields name people stands in ``people.toml``.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.text import hide_name

_PROFILE = re.compile(r"~\w[^\s/@~]*[0-9]")
_ADDRESS = re.compile(r"[^\s/@<>]+@[^\s/@<>]+\.[^\s/@<>]+")


class _Rules(NamedTuple):
    note_fields: frozenset[str]
    left_out_of_notes: frozenset[str]
    content_fields: frozenset[str]
    left_out_of_content: frozenset[str]
    nobody: frozenset[str]
    nobody_beginnings: tuple[str, ...]


@functools.cache
def _load_rules() -> _Rules:
    table = tomllib.loads((Path(__file__).parent / "people.toml").read_text(encoding="utf-8"))
    beginnings = tuple(table.pop("nobody_beginnings"))
    return _Rules(**{name: frozenset(values) for name, values in table.items()}, nobody_beginnings=beginnings)


def hide_people(raw: Mapping[str, Any], forum: str) -> dict[str, Any]:
    """Return a note with pseudonyms in the place of persons, and without what repeats their names.

    A note that has been through it comes out as it is.

    >>> note = hide_people({"signatures": ["~Jane_Doe1", "V/Paper1/Authors"], "content": {"paperhash": "doe|x"}}, "f1")
    >>> note["signatures"][0].startswith("~Person_"), note["signatures"][1], note["content"]
    (True, 'V/Paper1/Authors', {})
    """
    rules = _load_rules()
    venue = _find_venue(raw)
    hidden: dict[str, Any] = {}
    for name, value in raw.items():
        if name in rules.left_out_of_notes:
            continue
        if name in rules.note_fields:
            hidden[name] = _hide_members(value, forum, venue)
        elif name == "content" and isinstance(value, Mapping):
            hidden[name] = {
                field: _hide_in_field(field, held, forum)
                for field, held in value.items()
                if field not in rules.left_out_of_content
            }
        else:
            hidden[name] = value
    return hidden


def _find_venue(raw: Mapping[str, Any]) -> str:
    """Return the group above the venue, such as ``TMLR``: alone among groups, it has no slash."""
    invitations = raw.get("invitations")
    first = invitations[0] if isinstance(invitations, list) and invitations else raw.get("invitation")
    return first.split("/")[0] if isinstance(first, str) else ""


def _hide_members(value: Any, forum: str, venue: str) -> Any:
    """Replace the persons in a list of persons and groups."""
    if isinstance(value, list):
        return [_hide_members(item, forum, venue) for item in value]
    if not isinstance(value, str) or value == venue:
        return value
    return "/".join(_hide_part(part, forum) for part in value.split("/")) if "/" in value else _hide(value, forum)


def _hide_part(part: str, forum: str) -> str:
    return _hide(part, forum) if part.startswith("~") or "@" in part else part


def _hide(text: str, forum: str) -> str:
    rules = _load_rules()
    if text in rules.nobody or text.startswith(rules.nobody_beginnings):
        return text
    return hide_name(text, forum)


def _hide_in_field(field: str, held: Any, forum: str) -> Any:
    if isinstance(held, Mapping) and ("value" in held or "readers" in held):
        readers = {"readers": _hide_members(held["readers"], forum, "")} if "readers" in held else {}
        value = {"value": _hide_in_field(field, held["value"], forum)} if "value" in held else {}
        return {**held, **readers, **value}
    if field in _load_rules().content_fields:
        return _hide_persons(held, forum)
    if isinstance(held, list):
        return [_hide_bare(item, forum) for item in held]
    return _hide_bare(held, forum)


def _hide_persons(value: Any, forum: str) -> Any:
    """Replace every value; of a person who is an object (name, profile, where they work) only who it is stays."""
    if isinstance(value, list):
        return [_hide_persons(item, forum) for item in value]
    if isinstance(value, Mapping):
        return {name: _hide_persons(value[name], forum) for name in ("fullname", "username") if name in value}
    return _hide_members(value, forum, "") if isinstance(value, str) else None


def _hide_bare(value: Any, forum: str) -> Any:
    if isinstance(value, str) and len(value) < 200 and (_PROFILE.fullmatch(value) or _ADDRESS.fullmatch(value)):
        return _hide(value, forum)
    return value

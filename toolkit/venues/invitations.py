"""What an invitation offers: the options of its scored fields, in the spelling of either API.

An invitation is the form itself, so its options are believed before the catalogue. Nothing else of it is read: who is
invited, who may read or sign, and the options of fields that hold no score (areas, names, consents) stay behind.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from toolkit.notes import EVERYONE, is_public
from toolkit.venues.answers import render_raw, split_answer
from toolkit.venues.forms import find_form
from toolkit.venues.layouts import split_invitation

Option = str | int | float
FormOptions = Mapping[tuple[str, str], Mapping[str, tuple[Option, ...]]]
"""(venue, kind of note) -> field -> what the form offers there."""

MAX_OPTIONS = 101
"""Longest list of options that is read as a scale: 0 to 100."""

_MAX_LENGTH = 1000
_CONTENT_PATHS: Sequence[Sequence[str]] = (
    ("reply", "content"),  # API v1
    ("edit", "note", "content"),  # API v2, of one paper
    ("edit", "invitation", "edit", "note", "content"),  # API v2, of the venue, from which those of the papers are made
)
_LISTS_V1 = ("value-radio", "value-dropdown", "value-dropdown-hierarchy")
_LISTS_V2 = ("enum", "items")


class FieldOptions(NamedTuple):
    """What one field of one kind of note offers at one venue, in the order of the form."""

    venue: str
    kind: str
    field: str
    options: tuple[Option, ...]


def read_invitation(invitation: Any) -> tuple[FieldOptions, ...]:
    """Return the options of an invitation's scored fields; none where not everyone may read the invitation or field.

    >>> form = {"id": "V.cc/2030/Conference/Submission7/-/Official_Review", "readers": ["everyone"],
    ...     "edit": {"note": {"content": {"rating": {"value": {"param": {"enum": ["1: reject", "2: accept"]}}}}}}}
    >>> read_invitation(form)
    (FieldOptions(venue='V.cc/2030/Conference', kind='review', field='rating', options=('1: reject', '2: accept')),)
    """
    if not isinstance(invitation, Mapping) or not isinstance(invitation.get("id"), str) or not is_public(invitation):
        return ()
    domain = invitation.get("domain")
    key = split_invitation(invitation["id"])
    venue = domain if isinstance(domain, str) and domain else key.venue
    if venue is None:
        return ()
    found: dict[str, tuple[Option, ...]] = {}
    for path in _CONTENT_PATHS:
        for field, spec in _descend(invitation, path).items():
            options = _read_field(spec)
            if options and _holds_scores(venue, key.kind, field, options):
                found[field] = options
    return tuple(FieldOptions(venue, key.kind, field, options) for field, options in sorted(found.items()))


def join_options(found: Iterable[FieldOptions]) -> FormOptions:
    """Put together what the invitations of many papers offer.

    Where two of them contradict each other, the form was changed or there were two, and which one an answer was given
    on is not on record; then none of them is believed. The order of options does not count.
    """
    variants: dict[tuple[str, str], dict[str, set[tuple[Option, ...]]]] = {}
    for venue, kind, field, options in found:
        variants.setdefault((venue, kind), {}).setdefault(field, set()).add(options)
    return {
        form: {
            field: min(offered, key=repr)
            for field, offered in sorted(fields.items())
            if len({tuple(sorted(options, key=repr)) for options in offered}) == 1
        }
        for form, fields in sorted(variants.items())
    }


def _descend(value: Any, path: Sequence[str]) -> Mapping[str, Any]:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _read_field(spec: Any) -> tuple[Option, ...] | None:
    if not isinstance(spec, Mapping):
        return None
    readers = spec.get("readers")
    if isinstance(readers, list) and EVERYONE not in readers:
        return None
    param = _descend(spec, ("value", "param"))
    lists = [spec.get(name) for name in _LISTS_V1] + [param.get(name) for name in _LISTS_V2]
    offered = next((items for items in lists if isinstance(items, list) and items), None)
    if offered is None or len(offered) > MAX_OPTIONS:
        return None
    options = [_read_option(item) for item in offered]
    return tuple(option for option in options if option is not None) if None not in options else None


def _read_option(item: Any) -> Option | None:
    """Read one option as an answer would give it: a number or a text; null for what is neither."""
    value, description = (item.get("value"), item.get("description")) if isinstance(item, Mapping) else (item, None)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(description, str) and description.strip():
        number = split_answer(render_raw(value) or "").number
        if number is not None:
            value = description if split_answer(description).number == number else f"{value}: {description}"
    if not isinstance(value, str):
        return value
    # A profile, an address or a place holder is no answer of a form that everyone fills in.
    is_foreign = value.startswith("~") or "@" in value or "${" in value or len(value) > _MAX_LENGTH
    return None if is_foreign else value


@functools.lru_cache(maxsize=4096)
def _holds_scores(venue: str, kind: str, field: str, options: tuple[Option, ...]) -> bool:
    if kind in ("submission", "other"):
        return False
    form = find_form(venue, kind)
    if form is not None and field in (form.rating_field, form.confidence_field, *form.score_fields):
        return True
    return any(split_answer(render_raw(option) or "").number is not None for option in options)

"""The catalogue as rows, for people who want to see it."""

from typing import NamedTuple

from toolkit.venues.catalogue import FieldEntry, find_form_entry, iterate_fields, list_kinds


class ScaleRow(NamedTuple):
    """One scored field of one kind of note at one venue."""

    venue: str
    kind: str
    field: str
    entry: FieldEntry


def list_scales(venue: str | None = None) -> tuple[ScaleRow, ...]:
    """Return the scored fields of one venue, reviews first, or of all venues; none for a venue that is not known.

    >>> [row.field for row in list_scales("NeurIPS.cc/2021/Conference")]
    ['rating', 'confidence']
    """
    if venue is None:
        return tuple(ScaleRow(*row) for row in iterate_fields())
    rows = []
    for kind in list_kinds(venue):
        if form := find_form_entry(venue, kind):
            rows += [ScaleRow(venue, kind, field, entry) for field, entry in form.fields.items()]
    return tuple(rows) or tuple(ScaleRow(*row) for row in iterate_fields() if row[0] == venue)

"""Which field of a note is what: overall rating, confidence, other scores, texts and what the form calls them."""

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast

from toolkit.records import PointKind, ScoreStage
from toolkit.venues.catalogue import find_form_entry, load_catalogue
from toolkit.venues.decisions import find_decision_field


class TextField(NamedTuple):
    """A field of prose."""

    field: str
    reads_as: PointKind | None
    """What the form says the text is; null where it does not say."""


class Form(NamedTuple):
    """The fields of one kind of note at one venue."""

    rating_field: str | None
    confidence_field: str | None
    score_fields: tuple[str, ...]
    """All other scored fields, in the order of the form."""
    text_fields: tuple[TextField, ...]
    """In the order in which a reader meets them."""
    known: bool
    """Whether the catalogue has this form; else the roles go by the names of the fields."""


def find_form(venue: str, kind: str, fields: Collection[str] | None = None) -> Form | None:
    """Return what the fields of a note are; null for kinds of notes that have neither scores nor texts.

    Args:
        venue: the group id of the venue.
        kind: what the note is.
        fields: the names in the note's content; the answer then holds only these. For a venue that the catalogue does
            not know, it is these names that say which field is the rating.

    >>> find_form("ICLR.cc/2023/Conference", "review").rating_field
    'recommendation'
    >>> find_form("Unknown.org/2030/Conference", "review", ["overall_score", "summary"])[:2]
    ('overall_score', None)
    """
    form = _find_whole_form(venue, kind)
    if form is None or fields is None:
        return form
    if not form.known and kind in ("review", "public_review"):
        names: Mapping[str, Sequence[str]] = load_catalogue().tables["field_names"]
        rating = next((name for name in names["ratings"] if name in fields), None)
        confidence = next((name for name in names["confidences"] if name in fields), None)
        form = form._replace(rating_field=rating, confidence_field=confidence)
    return form._replace(
        rating_field=form.rating_field if form.rating_field in fields else None,
        confidence_field=form.confidence_field if form.confidence_field in fields else None,
        score_fields=tuple(name for name in form.score_fields if name in fields),
        text_fields=tuple(text for text in form.text_fields if text.field in fields),
    )


def list_unfamiliar_fields(venue: str, kind: str, fields: Collection[str]) -> tuple[str, ...]:
    """Return the names of a note's fields that no form is known to have: a sign that a form has changed.

    >>> list_unfamiliar_fields("ICLR.cc/2019/Conference", "review", ["review", "rating", "impact_score"])
    ('impact_score',)
    """
    form = _find_whole_form(venue, kind)
    known: set[str | None] = set(load_catalogue().tables["other_fields"])
    if form is not None:
        known |= {form.rating_field, form.confidence_field, *form.score_fields}
        known |= {text.field for text in form.text_fields}
    return tuple(name for name in fields if name not in known)


def score_stage_of(venue: str) -> ScoreStage | None:
    """Return which scores a venue's record holds where that is known for the whole venue; else null.

    ICLR 2026 put all reviews back to their state before the discussion (its announcement of 2025-11-28).

    >>> score_stage_of("ICLR.cc/2026/Conference")
    'initial'
    """
    return cast(ScoreStage | None, load_catalogue().tables["score_stages"].get(venue))


@functools.cache
def _find_whole_form(venue: str, kind: str) -> Form | None:
    tables = load_catalogue().tables
    entry = find_form_entry(venue, kind)
    texts = {**tables["text_fields"].get(kind, {}), **(entry.texts if entry else {})}
    if entry is None and not texts:
        return None
    if entry is not None:
        rating, confidence = entry.rating, entry.confidence
        decides = find_decision_field(venue, kind) if kind == "decision" else None
        scored = [name for name in entry.fields if name not in (rating, confidence, decides)]
    elif kind in ("review", "public_review"):
        names = tables["field_names"]
        rating, confidence = names["ratings"][0], names["confidences"][0]
        scored = list(names["other_scores"])
    else:
        rating, confidence, scored = None, None, []
    taken = {rating, confidence, *scored}
    return Form(
        rating,
        confidence,
        tuple(scored),
        tuple(
            TextField(name, None if reads_as == "free" else reads_as)
            for name, reads_as in texts.items()
            if name not in taken
        ),
        entry is not None,
    )

"""The catalogue of review forms: every ``schemas/venues/*.yaml``, read once, when it is first needed.

The files say where each fact comes from; see ``docs/scales.md`` for how to add a venue.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from toolkit.errors import CatalogueError
from toolkit.tables import find_schemas_folder

Direction = Literal["higher", "lower", "none"]

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_CYCLE = re.compile(rf"(?P<year>\d{{4}})/(?P<month>{'|'.join(MONTHS)})")


class Level(NamedTuple):
    """One answer that a form offers."""

    value: float | None
    """Its number; null for the categories of a scale that has no order."""
    label: str | None
    """Its words; null where the form has none or they are not known."""


class Scale(NamedTuple):
    """The answers of one scored field and what they mean."""

    scale_id: str
    levels: tuple[Level, ...]
    """In ascending order of value; categories in the order of the form."""
    numbered: bool = True
    """Whether the form itself shows the numbers; where not, they were assigned in the order of the form."""
    direction: Direction = "higher"
    """Which end is the good one; ``none`` where neither is."""
    accept: float | None = None
    """The accept-side value next to the accept line, on a scale that has one."""
    accept_known: bool = True
    """False for an overall score whose accept line exists and is not known."""
    missing: tuple[str, ...] = ()
    """Answers of this form that give no score ("N/A", "No Rating")."""
    labels_verified: bool = True
    """False where the words were supplied from memory: they are then never handed out as the form's."""


class FieldEntry(NamedTuple):
    """What the catalogue says about one field of one form."""

    scale: Scale
    evidence: str
    """What kind of source: ``venue-config``, ``repo-test``, ``review-dump``, ``guideline-text``, ..."""
    verified: bool
    sources: tuple[str, ...]
    note: str | None


class FormEntry(NamedTuple):
    """The scored fields of one kind of note at one venue."""

    fields: Mapping[str, FieldEntry]
    rating: str | None
    confidence: str | None
    texts: Mapping[str, str]
    """Texts that only this form has, and what it says they are."""


class Distribution(NamedTuple):
    """How often each answer to one field was given over all reviews of a venue."""

    counts: tuple[tuple[float, int], ...]
    """(value, reviews), by value."""
    coverage: str
    whole: bool


class LeftOut(NamedTuple):
    """A scored field that was found and is not in the catalogue."""

    venue: str
    kind: str
    field: str
    reason: str


class Catalogue(NamedTuple):
    """All files of the folder together."""

    scales: Mapping[str, Scale]
    forms: Mapping[tuple[str, str], FormEntry]
    """(venue, kind) -> form, for venues spelled out."""
    cycles: tuple["CycleForm", ...]
    """Forms of venues that run in monthly cycles."""
    distributions: Mapping[tuple[str, str], Distribution]
    """(venue, field of the review)."""
    left_out: tuple[LeftOut, ...]
    tables: Mapping[str, Any]
    """The other top-level keys of the files: layouts, decisions, field names."""


class CycleForm(NamedTuple):
    """A form that a range of monthly cycles shares."""

    prefix: str
    suffix: str
    first: tuple[int, int]
    last: tuple[int, int] | None
    kind: str
    form: FormEntry


@functools.cache
def load_catalogue() -> Catalogue:
    """Read the shipped catalogue; later calls return the same object."""
    return read_catalogue(sorted((find_schemas_folder() / "venues").glob("*.yaml")))


def read_catalogue(paths: Iterable[Path]) -> Catalogue:
    """Read catalogue files into one catalogue.

    Raises:
        CatalogueError: a file is not YAML, a form names a scale that does not exist, or two forms disagree.
    """
    documents = [(path, _read_yaml(path)) for path in paths]
    scales = {
        scale_id: _read_scale(scale_id, body, path.name)
        for path, document in documents
        for scale_id, body in document.get("scales", {}).items()
    }
    forms: dict[tuple[str, str], FormEntry] = {}
    cycles: list[CycleForm] = []
    for path, document in documents:
        for body in document.get("forms", ()):
            form = _read_form(body, scales, path.name)
            for venue in body["venues"]:
                if "{cycle}" in venue:
                    _add_cycle_form(cycles, venue, body, form, path.name)
                else:
                    key = (venue, body["kind"])
                    forms[key] = _merge_forms(forms[key], form, f"{path.name}: {venue}") if key in forms else form
    tables = {
        name: value
        for _, document in documents
        for name, value in document.items()
        if name not in ("scales", "forms", "distributions", "left_out")
    }
    return Catalogue(
        scales=scales,
        forms=forms,
        cycles=tuple(cycles),
        distributions={
            (body["venue"], body["field"]): Distribution(
                tuple(sorted((float(value), count) for value, count in body["counts"].items())),
                body["coverage"],
                body["whole"],
            )
            for _, document in documents
            for body in document.get("distributions", ())
        },
        left_out=tuple(LeftOut(**body) for _, document in documents for body in document.get("left_out", ())),
        tables=tables,
    )


def find_form_entry(venue: str, kind: str) -> FormEntry | None:
    """Return what the catalogue knows of the scored fields of one kind of note at one venue."""
    catalogue = load_catalogue()
    if (found := catalogue.forms.get((venue, kind))) is not None:
        return found
    for form in catalogue.cycles:
        if form.kind == kind and _holds_cycle(form, venue):
            return form.form
    return None


def list_known_venues() -> tuple[str, ...]:
    """Return all venues of the catalogue by name; a family of cycles as its pattern."""
    catalogue = load_catalogue()
    return tuple(sorted({venue for venue, _ in catalogue.forms} | {describe_cycles(form) for form in catalogue.cycles}))


def list_kinds(venue: str) -> tuple[str, ...]:
    """Return the kinds of notes whose scored fields are known at a venue, reviews first."""
    catalogue = load_catalogue()
    kinds = {kind for known, kind in catalogue.forms if known == venue}
    kinds |= {form.kind for form in catalogue.cycles if _holds_cycle(form, venue) or describe_cycles(form) == venue}
    return tuple(sorted(kinds, key=lambda kind: (kind != "review", kind)))


def describe_cycles(form: CycleForm) -> str:
    """Name a range of cycles: ``aclweb.org/ACL/ARR/{2023/January..2025/January}``."""
    first = f"{form.first[0]}/{MONTHS[form.first[1]]}"
    last = f"{form.last[0]}/{MONTHS[form.last[1]]}" if form.last else ""
    return f"{form.prefix}{{{first}..{last}}}{form.suffix}"


def _holds_cycle(form: CycleForm, venue: str) -> bool:
    if not (venue.startswith(form.prefix) and venue.endswith(form.suffix)):
        return False
    middle = venue[len(form.prefix) : len(venue) - len(form.suffix)]
    match = _CYCLE.fullmatch(middle)
    if not match:
        return False
    cycle = (int(match["year"]), MONTHS.index(match["month"]))
    return form.first <= cycle and (form.last is None or cycle <= form.last)


def _read_yaml(path: Path) -> Mapping[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        detail = " ".join(str(error).split())
        raise CatalogueError(f"not a readable catalogue file ({detail})", where=path.name) from error
    if not isinstance(document, Mapping):
        raise CatalogueError("a catalogue file holds a mapping", where=path.name)
    return document


def _read_scale(scale_id: str, body: Mapping[str, Any], where: str) -> Scale:
    if "categories" in body:
        levels = tuple(Level(None, label) for label in body["categories"])
    else:
        answers = body["levels"]
        pairs = answers.items() if isinstance(answers, Mapping) else ((value, None) for value in answers)
        levels = tuple(sorted(Level(float(value), label) for value, label in pairs))
    accept = body.get("accept")
    accept_known = accept != "unknown"
    if accept is not None and accept_known and float(accept) not in {level.value for level in levels}:
        raise CatalogueError(f"the accept line {accept} is no level of the scale", where=f"{where}: {scale_id}")
    return Scale(
        scale_id=scale_id,
        levels=levels,
        numbered=body.get("numbered", "levels" in body),
        direction=body.get("direction", "higher" if "levels" in body else "none"),
        accept=float(accept) if accept is not None and accept_known else None,
        accept_known=accept_known,
        missing=tuple(str(answer) for answer in body.get("missing", ())),
    )


def _read_form(body: Mapping[str, Any], scales: Mapping[str, Scale], where: str) -> FormEntry:
    fields = {}
    for field, scale_id in body["fields"].items():
        if scale_id not in scales:
            raise CatalogueError(f"no scale {scale_id}", where=f"{where}: {body['venues'][0]}, {field}")
        scale = scales[scale_id]
        if not body.get("labels_verified", True):
            scale = scale._replace(labels_verified=False)
        fields[field] = FieldEntry(
            scale, body["evidence"], body["verified"], tuple(body.get("sources", ())), body.get("note")
        )
    return FormEntry(fields, body.get("rating"), body.get("confidence"), body.get("texts", {}))


def _merge_forms(first: FormEntry, second: FormEntry, where: str) -> FormEntry:
    """Join two entries about the same form: its fields may come from different sources."""
    if twice := sorted(first.fields.keys() & second.fields.keys()):
        raise CatalogueError(f"two entries for the field {twice[0]}", where=where)
    return FormEntry(
        {**first.fields, **second.fields},
        first.rating or second.rating,
        first.confidence or second.confidence,
        {**first.texts, **second.texts},
    )


def _add_cycle_form(cycles: list[CycleForm], venue: str, body: Mapping[str, Any], form: FormEntry, where: str) -> None:
    prefix, suffix = venue.split("{cycle}")
    limits = body.get("cycles", {})
    first = _read_cycle(limits.get("from"), where)
    if first is None:
        raise CatalogueError(f"{venue} needs the cycle it starts with", where=where)
    cycles.append(CycleForm(prefix, suffix, first, _read_cycle(limits.get("to"), where), body["kind"], form))


def _read_cycle(text: str | None, where: str) -> tuple[int, int] | None:
    if text is None:
        return None
    match = _CYCLE.fullmatch(text)
    if not match:
        raise CatalogueError(f"{text!r} is no cycle", where=where, mend="write it as 2025/February")
    return int(match["year"]), MONTHS.index(match["month"])


def iterate_fields() -> Iterator[tuple[str, str, str, FieldEntry]]:
    """Yield (venue, kind, field, entry) for all scored fields of the catalogue."""
    catalogue = load_catalogue()
    for (venue, kind), form in sorted(catalogue.forms.items(), key=lambda item: item[0]):
        for field, entry in form.fields.items():
            yield venue, kind, field, entry
    for cycle_form in catalogue.cycles:
        for field, entry in cycle_form.form.fields.items():
            yield describe_cycles(cycle_form), cycle_form.kind, field, entry

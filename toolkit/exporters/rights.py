"""What the licences of rows allow, and the licence that the dataset as a whole can carry."""

import functools
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple


class Licence(NamedTuple):
    """One line of ``rights.yaml``."""

    name: str
    id: str
    url: str
    attribution: bool
    derivatives: bool


@functools.cache
def list_licences() -> Mapping[str, Licence]:
    """Return the known licences by name."""
    import yaml

    text = resources.files("toolkit.exporters").joinpath("rights.yaml").read_text(encoding="utf-8")
    return MappingProxyType({line["name"]: Licence(**line) for line in yaml.safe_load(text)})


def explain_licence_fault(name: str | None, *, derived: bool) -> str | None:
    """Say why a row may not be published; null when it may.

    ``derived`` rows hold text that was made from the record, which some licences do not allow to pass on.

    >>> explain_licence_fault("CC BY 4.0", derived=True)
    >>> explain_licence_fault("all rights reserved", derived=False)
    "'all rights reserved' is not a licence that is known to allow publishing"
    """
    if name is None:
        return "no licence on record"
    licence = list_licences().get(name)
    if licence is None:
        return f"{name!r} is not a licence that is known to allow publishing"
    if derived and not licence.derivatives:
        return f"{name} does not allow to publish text made from the record"
    return None


def pick_dataset_licence(names: Iterable[str]) -> str:
    """Return the Hub's licence id for a dataset of rows under these licences.

    >>> pick_dataset_licence(["CC BY 4.0", "CC0 1.0"]), pick_dataset_licence(["CC BY 4.0", "CC BY-NC-SA 4.0"])
    ('cc-by-4.0', 'other')
    """
    known = list_licences()
    return "cc-by-4.0" if all(name in known and known[name].attribution for name in names) else "other"

"""Raw notes: from files of API bodies, the bundled sample or OpenReview itself into one SQLite store."""

from toolkit.fetchers.archive import ImportReport, import_files
from toolkit.fetchers.openreview import FetchReport, fetch_venue
from toolkit.fetchers.sample import import_sample
from toolkit.fetchers.store import Store, UpsertCounts, open_store
from toolkit.notes import parse_note

__all__ = [
    "FetchReport",
    "ImportReport",
    "Store",
    "UpsertCounts",
    "fetch_venue",
    "import_files",
    "import_sample",
    "open_store",
    "parse_note",
]

"""Raw notes: from files of API bodies, the bundled sample or OpenReview itself into one SQLite store."""

from toolkit.fetchers.access import Access, VenueEntry, check_access, list_venues
from toolkit.fetchers.archive import ImportReport, import_files
from toolkit.fetchers.openreview import FetchPlan, FetchReport, fetch_venue, plan_fetch
from toolkit.fetchers.patience import Budget, Patience
from toolkit.fetchers.repair import RepairReport, repair_store
from toolkit.fetchers.sample import import_sample
from toolkit.fetchers.service import Credentials, Manners, Services
from toolkit.fetchers.store import Store, UpsertCounts, open_store
from toolkit.notes import parse_note

__all__ = [
    "Access",
    "Budget",
    "Credentials",
    "FetchPlan",
    "FetchReport",
    "ImportReport",
    "Manners",
    "Patience",
    "RepairReport",
    "Services",
    "Store",
    "UpsertCounts",
    "VenueEntry",
    "check_access",
    "fetch_venue",
    "import_files",
    "import_sample",
    "list_venues",
    "open_store",
    "parse_note",
    "plan_fetch",
    "repair_store",
]

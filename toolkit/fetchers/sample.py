"""The bundled sample: invented papers with invented reviews, in the exact shapes of both APIs."""

from pathlib import Path

from toolkit.fetchers.archive import ImportReport, import_files
from toolkit.fetchers.store import Store
from toolkit.progress import Progress

SAMPLE_FOLDER = Path(__file__).with_name("sample_notes")


def import_sample(store: Store, progress: Progress) -> ImportReport:
    """Read the bundled sample into a store.

    Raises:
        StoreError: the store cannot be written.
    """
    return import_files(store, [SAMPLE_FOLDER], progress)

"""A damaged store made sound again, from itself where it can be, and else by asking for the damaged pages alone."""

import json
from typing import NamedTuple

from toolkit.fetchers.bodies import decode_json
from toolkit.fetchers.openreview import AGAIN, PAGE_SIZE, read_day
from toolkit.fetchers.patience import Clock
from toolkit.fetchers.service import Services
from toolkit.fetchers.store import LostPage, Store, UpsertCounts


class RepairReport(NamedTuple):
    """What a repair found and did."""

    pages_written: int
    """Pages that were written anew from their notes."""
    notes_restored: int
    """Notes that were read again from their pages."""
    pages_fetched: int
    """Pages that were damaged together with their notes, and asked for again."""
    notes_dropped: int
    """Imported notes, which stand nowhere else: their files have to be imported again."""
    requests: int


def repair_store(store: Store, services: Services, clock: Clock | None = None) -> RepairReport:
    """Mend a store.

    A page that is asked for again brings what the service shows now: older versions of its notes that were damaged are
    gone.

    Raises:
        SourceError, StoppedError: a page that has to be asked for does not come; what is sound stays, and the next
            round of its venue brings the rest.
        StoreError: the file itself cannot be read.
    """
    mended = store.mend()
    fetched_at = read_day(int((clock or Clock()).read_wall() * 1000))
    for lost in mended.lost:
        _fetch_again(store, services, lost, fetched_at)
    return RepairReport(mended.written, mended.restored, len(mended.lost), mended.dropped, services.requests)


def _fetch_again(store: Store, services: Services, lost: LostPage, fetched_at: int) -> None:
    _, api, _, limit, _ = json.loads(lost.plan)
    invitation = lost.step.removesuffix(AGAIN)
    size = min(PAGE_SIZE, limit) if limit else PAGE_SIZE
    page = services.open(api).read_page(invitation, size, lost.after)
    with store.transaction(), store.write_page(lost.plan, lost.step, lost.after, page.data):
        for index in range(len(page.spans)):
            _keep_readable(store, page.cut(index), fetched_at)


def _keep_readable(store: Store, data: bytes, fetched_at: int) -> UpsertCounts | None:
    try:
        raw = decode_json(data)
    except ValueError:  # the next round sets it aside by its name
        return None
    return store.upsert_notes([raw], fetched_at=fetched_at)

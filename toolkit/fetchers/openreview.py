"""A venue's public record from OpenReview, page by page into the store, in rounds that can be cut short anywhere.

A round asks for all pages of a venue. A changed reply does not touch its submission and a deleted one leaves no trace,
so no shorter way finds every change; with a thousand submissions and all their replies a request, a round is cheap.
What a round brings that was there already changes nothing; what an earlier round saw and this one does not is asked for
by id, and taken out where the service no longer shows it to everyone.
"""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from toolkit.errors import SourceError, StoppedError, UsageError
from toolkit.fetchers.admission import STAGE, find_moment
from toolkit.fetchers.bodies import Page, decode_json, guess_id, unfold_notes
from toolkit.fetchers.patience import Budget, Clock
from toolkit.fetchers.service import (
    BASE_URLS,
    ForbiddenError,
    NotFoundError,
    Service,
    Services,
    UnreadableError,
)
from toolkit.fetchers.store import CursorState, Listing, NoteReport, Store, UpsertCounts, VenueState, sum_batches
from toolkit.progress import Progress
from toolkit.records import Api, Quarantined
from toolkit.venues import read_invitation

PAGE_SIZE = 1000
"""Submissions a request; the API gives no more."""

SUBMISSIONS_V1: Sequence[tuple[str, Sequence[str]]] = (
    ("Blind_Submission", ("Withdrawn_Submission", "Desk_Rejected_Submission")),
    ("Submission", ("Withdrawn_Submission", "Desk_Rejected_Submission")),
    ("submission", ()),
)
"""How v1 venues file submissions (double blind, open, until 2017), and where they put those that were taken out.

The first that gives any submission is the venue's; an original behind a blind submission is not public.
"""

UNREADABLE_PAGE, UNREADABLE_NOTE, INCOMPLETE = "unreadable-page", "unreadable-note", "incomplete"
"""Reasons of what a fetch sets aside: a page, a note on it, and a list that gives fewer notes than it counts."""

FORBIDDEN = "forbidden"
"""Reason of a list beside the main one, such as that of withdrawn submissions, which we may not read."""

AGAIN = " again"
"""Ends the name of a step that goes through a list once more."""

MAX_RESTARTS = 3
"""How often a list is begun anew because the note after which to go on has gone meanwhile."""

IDS_A_REQUEST = 1000

REQUESTS_A_WINDOW, WINDOW_MINUTES = 98, 30
"""The tightest limit that was seen for accounts (August 2026); only for the estimate of a plan."""

SECONDS_A_PAGE = 20.0
"""For the estimate of a plan: a thousand submissions with their replies, on an ordinary line."""

_DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport(NoteReport):
    """What a fetch of one venue asked for, and what became of the notes."""

    venue: str
    api: Api
    requests: int
    submissions: int
    unchanged: int
    """Notes that were left out because they are older than ``since``."""
    vanished: int
    """Notes that the service no longer shows to everyone, and that were taken out for that."""

    def count(self) -> Mapping[str, int]:
        """Return the counts by name, as the manifest keeps them."""
        return {
            "requests": self.requests,
            "submissions": self.submissions,
            **self.count_notes(),
            "unchanged": self.unchanged,
            "vanished": self.vanished,
        }


class FetchPlan(NamedTuple):
    """What a fetch of one venue would ask for; made without asking anything."""

    venue: str
    submissions: int | None
    """As many as the last round found, or as ``--limit`` lets through; null where that is not known."""
    requests: int
    """At most; without a known number of submissions, for one thousand."""
    minutes: float
    """Expected, with waiting at the tightest limit that was seen."""
    is_resumed: bool


def plan_fetch(store: Store | None, venue: str, *, limit: int | None = None) -> FetchPlan:
    """Say what a fetch would cost, from what earlier rounds found."""
    state = store.read_venue(venue) if store is not None else None
    known = state.submissions if state and state.submissions else None
    submissions = min(known, limit) if known and limit else known or limit
    requests = math.ceil((submissions or PAGE_SIZE) / PAGE_SIZE) + 6
    windows = (requests - 1) // REQUESTS_A_WINDOW
    minutes = requests * SECONDS_A_PAGE / 60 + windows * WINDOW_MINUTES
    return FetchPlan(venue, submissions, requests, minutes, bool(state and state.began is not None))


def fetch_venue(
    store: Store,
    venue: str,
    *,
    api: str = "auto",
    since: int | None = None,
    limit: int | None = None,
    progress: Progress,
    services: Services | None = None,
    clock: Clock | None = None,
    command: str | None = None,
) -> FetchReport:
    """Pull the public record of one venue into a store.

    Every page of submissions, with all replies, is stored in one transaction together with how far the fetch has come:
    a run that was cut short and is started again with the same arguments goes on after the last whole page.

    Args:
        store: Where notes go.
        venue: Group id of the venue, such as ``ICLR.cc/2019/Conference``.
        api: Which API has the venue, ``v1`` or ``v2``; ``auto`` asks the newer one first.
        since: Milliseconds since 1970. Notes last modified before are not stored. Submissions are all asked for
            nevertheless, because a changed reply does not touch its submission.
        limit: At most this many submissions, in the order of their ids.
        progress: Told about every submission.
        services: Where to ask, with which budget and patience; by default without bounds.
        clock: Tells when the round began.
        command: Name of a piece of work over several venues, in which this one is marked as done.

    Raises:
        SourceError: the service cannot be reached, wants a login, does not know the venue, or answers with nonsense.
        StoppedError: its request limit or the budget is reached, or it fails in mid-run; run it again later.
        StoreError: the store cannot be written.
        UsageError: there is no such API.
    """
    if api not in ("auto", *BASE_URLS):
        raise UsageError("OpenReview has no such API", where=ascii(api), mend="say auto, v1 or v2")
    services = services or Services()
    before = services.requests
    found, steps = _find_venue(services, venue, api)
    service = services.open(found)
    state = store.read_venue(venue) or VenueState(found, 0, None, 0, None)
    began = state.began or int((clock or Clock()).read_wall() * 1000)
    listing = Listing(venue, state.rounds + 1) if limit is None and since is None else None
    plan = json.dumps([venue, found, since, limit, listing.round if listing else None])
    watch = _Watch(progress, services.manners.budget, limit)
    begun = state._replace(api=found, began=began)
    pages = Pages(service, store, plan, since, limit, listing, begun, watch)
    progress.start(f"fetch {venue}", limit or state.submissions or None, "submissions")
    try:
        for main, others in sorted(steps, key=lambda step: step[0] != state.main):
            if pages.fetch(main):
                begun = pages.begun = begun._replace(main=main)
                for invitation in others:
                    pages.fetch_beside(invitation)
                break
        if not pages.submissions and pages.is_whole:
            raise _explain_nothing(service, venue, found)
        pages.fetch_forms(venue)
        vanished = pages.check_vanished() if listing is not None and pages.is_whole else 0
    except SourceError as error:
        if not pages.batches:
            raise
        raise StoppedError(error.what, where=error.where, mend=error.mend) from None
    progress.finish()
    if pages.is_whole:
        with store.transaction():
            store.clear_cursors(plan)
            if listing is not None:
                store.write_venue(venue, VenueState(found, listing.round, None, pages.submissions, begun.main))
            if command is not None:
                store.write_cursor(command, venue, CursorState(None, pages.submissions))
    return pages.sum_up(venue, found, services.requests - before, vanished)


def read_day(began: int) -> int:
    """Return what notes of a fetch carry as their time: the day on which it began, in milliseconds.

    A day says how old a copy is, and two fetches of the same notes on one day give the same bytes. Where
    ``SOURCE_DATE_EPOCH`` is set (reproducible-builds.org), its day is taken.
    """
    said = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = int(said) * 1000 if said.isascii() and said.isdigit() and len(said) < 12 else began
    return moment // _DAY * _DAY


Steps = Sequence[tuple[str, Sequence[str]]]


def _find_venue(services: Services, venue: str, api: str) -> tuple[Api, Steps]:
    """Find out which API has a venue and which invitations hold its submissions."""
    if api in ("auto", "v2"):
        group = services.open("v2").find_group(venue)
        # The newer API also knows groups of venues that it does not hold; those have no domain.
        if group is not None and (api == "v2" or group.get("domain")):
            return "v2", [(_name_submissions_v2(venue, group), ())]
        if api == "v2":
            raise _refuse_venue(venue)
    return "v1", [(f"{venue}/-/{main}", [f"{venue}/-/{other}" for other in others]) for main, others in SUBMISSIONS_V1]


def _explain_nothing(service: Service, venue: str, api: Api) -> SourceError:
    if api == "v1" and service.find_group(venue) is None:
        return _refuse_venue(venue)
    return SourceError(
        "has no submissions that everyone may read", where=venue, mend="check the id, or ask with the other --api"
    )


def _refuse_venue(venue: str) -> SourceError:
    return SourceError(
        "OpenReview knows no such venue",
        where=venue,
        mend="copy the id from the venue's address, such as ICLR.cc/2019/Conference",
    )


def _name_submissions_v2(venue: str, group: Mapping[str, Any]) -> str:
    """Return the submission invitation that a v2 group's content names, or the usual one.

    >>> _name_submissions_v2("TMLR", {"content": {"submission_id": {"value": "TMLR/-/Submission"}}})
    'TMLR/-/Submission'
    """
    content = group.get("content")
    values = {
        name: field.get("value")
        for name, field in (content.items() if isinstance(content, Mapping) else ())
        if isinstance(field, Mapping)
    }
    submission_id, name = values.get("submission_id"), values.get("submission_name")
    if isinstance(submission_id, str) and submission_id:
        return submission_id
    return f"{venue}/-/{name if isinstance(name, str) and name else 'Submission'}"


class _Watch:
    """Tells whoever watches how far a fetch is: of how many submissions, with how many notes and requests."""

    def __init__(self, progress: Progress, budget: Budget, limit: int | None) -> None:
        self._progress, self._budget, self._limit = progress, budget, limit
        self._expected: dict[str, int] = {}

    def begin_list(self, step: str, state: CursorState) -> None:
        if state.submissions:
            self._progress.advance(state.submissions)
        if state.expected is not None:
            self._expected[step] = state.expected

    def pass_page(self, step: str, state: CursorState, submissions: int, notes: int) -> None:
        if state.expected is not None:
            self._expected[step] = state.expected
        known = sum(self._expected.values()) or None
        total = min(known, self._limit) if known and self._limit else known or self._limit
        self._progress.show({"notes": notes, **self._budget.count_requests()}, total)
        if submissions:
            self._progress.advance(submissions)


class _DamagedNoteError(Exception):
    """A note on a page is not JSON as it should be; another try may bring it whole."""


class Pages:
    """The pages of one fetch, each stored with its cursor, and what has come of them so far."""

    def __init__(
        self,
        service: Service,
        store: Store,
        plan: str,
        since: int | None,
        limit: int | None,
        listing: Listing | None,
        begun: VenueState,
        watch: "_Watch",
    ) -> None:
        """Begin where the cursors of the same plan stand."""
        self.service, self.store, self.plan = service, store, plan
        self.since, self.limit, self.watch = since, limit, watch
        self.listing, self.begun = listing, begun
        self.fetched_at = read_day(begun.began or 0)
        self.submissions = self.unchanged = 0
        self.is_whole = True
        """False when a page had to be left out: the next run asks for it again."""
        self.batches: list[UpsertCounts] = []
        self.also_met: list[Quarantined] = []

    def fetch_forms(self, venue: str) -> None:
        """Store what the venue's forms offer, once a round."""
        if self.store.read_cursor(self.plan, "forms") is not None:
            return
        try:
            forms = self.service.list_forms(venue)
        except UnreadableError:  # the catalogue knows most forms; the notes matter more
            forms = ()
        offered = [options for form in forms for options in read_invitation(form)]
        with self.store.transaction():
            self.store.write_form_options(offered)
            self.store.write_cursor(self.plan, "forms", CursorState(None, 0))

    def fetch(self, invitation: str) -> bool:
        """Fetch and store all pages of one invitation and return whether it has any submission.

        A list that gives fewer notes than it said is asked for once more, and set aside as incomplete if that does not
        help.
        """
        state = latest = self._fetch_list(invitation, invitation)
        if state is not None and self._is_short(state):
            latest = self._fetch_list(invitation, invitation + AGAIN)
        if latest is not None and self._is_short(latest):
            what = f"the service gives {latest.submissions:,} of the {latest.expected:,} notes it counts"
            self._set_aside(invitation, INCOMPLETE, what)
        elif latest is not None:
            self.store.take_back(invitation, INCOMPLETE)
        self.submissions += state.submissions if state else 0
        return state is None or state.submissions > 0

    def fetch_beside(self, invitation: str) -> None:
        """Fetch a list that belongs to a main one; where we may not read it, the rest is there all the same."""
        try:
            self.fetch(invitation)
        except ForbiddenError as error:
            self._set_aside(invitation, FORBIDDEN, error.what)
        else:
            self.store.take_back(invitation, FORBIDDEN)

    def _is_short(self, state: CursorState) -> bool:
        return self.limit is None and state.expected is not None and state.submissions < state.expected

    def _fetch_list(self, invitation: str, step: str) -> CursorState | None:
        """Fetch all pages of one step and return how it ended; null where a page could not be read."""
        state = self.store.read_cursor(self.plan, step) or CursorState(None, 0)
        restarts = 0
        self.watch.begin_list(step, state)
        while size := self._pick_size(state):
            try:
                page, state = self._fetch_page(invitation, step, size, state)
            except UnreadableError as error:
                where = f"the page after {state.after}" if state.after else "the first page"
                self._set_aside(invitation, UNREADABLE_PAGE, f"{where} {error.what}")
                self.is_whole = False
                return None
            except NotFoundError:
                # The note after which to go on is not known any more: only the beginning needs none.
                if restarts == MAX_RESTARTS:
                    raise
                restarts += 1
                state = CursorState(None, 0)
                continue
            self.watch.pass_page(step, state, len(page.spans), sum(batch.read for batch in self.batches))
            if self._is_last(page, size, state):
                break
        self.store.take_back(invitation, UNREADABLE_PAGE)
        return state

    def _is_last(self, page: Page, size: int, state: CursorState) -> bool:
        """Whether nothing can follow: an empty page, or one that completes what is counted after pages that were full.

        Pages that are always shorter than asked say nothing by being short, and a count alone can be right by chance
        while the list is edited.
        """
        if not page.spans:
            return True
        before = state.submissions - len(page.spans)
        has_all = page.total is not None and page.total == state.submissions == state.expected
        return has_all and len(page.spans) < size and before % PAGE_SIZE == 0

    def _pick_size(self, state: CursorState) -> int:
        return PAGE_SIZE if self.limit is None else min(PAGE_SIZE, self.limit - self.submissions - state.submissions)

    def _fetch_page(self, invitation: str, step: str, size: int, state: CursorState) -> tuple[Page, CursorState]:
        for attempt in range(3):
            page = self.service.read_page(invitation, size, state.after)
            if not page.spans:
                return page, state
            try:
                return page, self._store_page(page, step, state, tolerant=attempt == 2)
            except _DamagedNoteError:
                continue
        raise AssertionError("the last attempt is tolerant")

    def _store_page(self, page: Page, step: str, state: CursorState, *, tolerant: bool) -> CursorState:
        aside: list[Quarantined] = []
        batches: list[UpsertCounts] = []
        last: str | None = None
        unchanged = 0
        with self.store.transaction(), self.store.write_page(self.plan, step, state.after, page.data):
            for raw, data in self._decode_notes(page):
                if raw is None:
                    if not tolerant:
                        raise _DamagedNoteError
                    last = guess_id(data)
                    aside.append(Quarantined(STAGE, last or "a note", UNREADABLE_NOTE, "is not JSON as it should be"))
                    self.store.set_aside(aside[-1])
                    continue
                last = raw.get("id") if isinstance(raw, Mapping) else None
                if last == state.after and last is not None:
                    raise self._refuse_page()
                if isinstance(last, str):
                    self.store.take_back(last, UNREADABLE_NOTE)
                wanted, left_out = self._pick_notes([raw])
                unchanged += left_out
                batches.append(self.store.upsert_notes(wanted, fetched_at=self.fetched_at, listing=self.listing))
            if not isinstance(last, str):
                raise self._refuse_page()
            expected = page.total if state.after is None else state.expected
            after = CursorState(last, state.submissions + len(page.spans), expected)
            self.store.write_cursor(self.plan, step, after)
            if self.listing is not None:  # a round begins with its first page: an id that nobody has begins none
                self.store.write_venue(self.listing.venue, self.begun)
        self.batches += batches
        self.also_met += aside
        self.unchanged += unchanged
        return after

    def _decode_notes(self, page: Page) -> Iterator[tuple[Any, bytes]]:
        for index in range(len(page.spans)):
            data = page.cut(index)
            try:
                yield decode_json(data), data
            except ValueError:
                yield None, data

    def _refuse_page(self) -> SourceError:
        return SourceError(
            "does not go on to the next page", where=self.service.name, mend="run it again; what is stored stays"
        )

    def _pick_notes(self, notes: Sequence[Any]) -> tuple[Sequence[Any], int]:
        if self.since is None:
            return notes, 0
        every = [
            {name: value for name, value in raw.items() if name != "details"} if isinstance(raw, Mapping) else raw
            for raw in unfold_notes(notes)
        ]
        wanted = [raw for raw in every if not isinstance(raw, Mapping) or find_moment(raw) >= self.since]
        return wanted, len(every) - len(wanted)

    def _set_aside(self, item: str, reason: str, message: str) -> None:
        self.also_met.append(Quarantined(STAGE, item, reason, message))
        self.store.set_aside(self.also_met[-1])

    def check_vanished(self) -> int:
        """Ask by id for what an earlier round saw and this one did not; take out what is not shown any more."""
        assert self.listing is not None
        missing = self.store.find_vanished(self.listing)
        gone = 0
        for start in range(0, len(missing), IDS_A_REQUEST):
            ids = missing[start : start + IDS_A_REQUEST]
            found = self.service.find_notes(ids)
            with self.store.transaction():
                self.batches.append(self.store.upsert_notes(found, fetched_at=self.fetched_at, listing=self.listing))
                shown = {raw.get("id") for raw in found if isinstance(raw, Mapping)}
                for note_id in ids:
                    if note_id not in shown:
                        self.store.remove_vanished(note_id)
                        gone += 1
        return gone

    def sum_up(self, venue: str, api: Api, requests: int, vanished: int) -> FetchReport:
        """Return what this run did; pages of an earlier run of the same plan count as submissions only."""
        return FetchReport(
            venue=venue,
            api=api,
            requests=requests,
            submissions=self.submissions,
            unchanged=self.unchanged,
            vanished=vanished,
            **sum_batches(self.batches, self.store, self.also_met),
        )

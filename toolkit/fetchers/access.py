"""What can be asked of OpenReview, found out before anything is fetched: does it let us in, and which venues it has."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from toolkit.errors import ReviewDialError, SourceError, StoppedError
from toolkit.fetchers.patience import Budget, Patience
from toolkit.fetchers.service import ForbiddenError, Manners, NotFoundError, Services, read_host
from toolkit.records import Api

MAX_REQUESTS = 2
"""What a check may cost, login included."""

KNOWN_LISTS: Mapping[Api, str] = {
    "v2": "ICLR.cc/2024/Conference/-/Submission",
    "v1": "ICLR.cc/2019/Conference/-/Blind_Submission",
}
"""Public lists of which one note is asked for to see whether an API answers."""

VENUE_GROUPS: Mapping[Api, str] = {"v2": "venues", "v1": "host"}
"""Groups whose members are the venues of an API."""

_VENUE = re.compile(r"[A-Za-z0-9][\w.&+-]*(?:/[\w.&+-]+)*", re.ASCII)
"""Ids of venues; persons and addresses, which groups may hold too, are none."""


class ApiAccess(NamedTuple):
    """What came of asking one API for one public note."""

    api: Api
    host: str
    state: Literal["answers", "limited", "refused", "not-asked"]
    says: str
    """In one line for people."""


class Access(NamedTuple):
    """Whether a fetch would get through; names nobody."""

    login: Literal["account", "token", "visitor", "refused"]
    apis: Sequence[ApiAccess]
    requests: int


class VenueEntry(NamedTuple):
    """A venue that an API lists."""

    api: Api
    venue: str


def check_access() -> Access:
    """Log in as a fetch would and ask for one note, with at most ``MAX_REQUESTS`` requests, none of them repeated."""
    budget = Budget(max_requests=MAX_REQUESTS)
    services = Services(Manners(budget=budget, patience=Patience(budget, max_wait=0, retries=0)))
    try:
        services.open("v2")
    except ReviewDialError as error:
        says = _word(error)
        state: Literal["limited", "refused"] = "limited" if isinstance(error, StoppedError) else "refused"
        return Access("refused", [ApiAccess("v2", read_host("v2"), state, says)], budget.requests)
    apis = [_ask_api(services, api) for api in ("v2", "v1")]
    return Access(services.login, apis, budget.requests)


def _ask_api(services: Services, api: Api) -> ApiAccess:
    host = read_host(api)
    if services.requests >= MAX_REQUESTS:
        return ApiAccess(api, host, "not-asked", f"not asked: a check sends {MAX_REQUESTS} requests at most")
    try:
        services.open(api).read_page(KNOWN_LISTS[api], 1, None, details=None)
    except StoppedError as error:
        return ApiAccess(api, host, "limited", _word(error))
    except SourceError as error:
        return ApiAccess(api, host, "refused", _word(error))
    return ApiAccess(api, host, "answers", "answers")


def _word(error: ReviewDialError) -> str:
    is_done = isinstance(error, StoppedError) or not error.mend
    return error.what if is_done else f"{error.what}; {error.mend}"


def list_venues(services: Services, word: str, api: str = "auto") -> Sequence[VenueEntry]:
    """Return the venues whose id holds a word, in any case, by id.

    Raises:
        SourceError: the service cannot be asked, or lists no such venue.
    """
    asked: Sequence[Api] = ("v2", "v1") if api == "auto" else ("v1",) if api == "v1" else ("v2",)
    found = [VenueEntry(one, venue) for one in asked for venue in _list_members(services, one)]
    wanted = sorted((entry for entry in found if word.lower() in entry.venue.lower()), key=lambda entry: entry[::-1])
    if not wanted:
        raise SourceError(
            f"no venue has that in its id (there are {len(found):,})", where=ascii(word), mend="try a shorter word"
        )
    return wanted


def _list_members(services: Services, api: Api) -> Sequence[str]:
    try:
        group = services.open(api).find_group(VENUE_GROUPS[api])
    except (NotFoundError, ForbiddenError):
        group = None
    members = group.get("members") if group else None
    if not isinstance(members, list):
        raise SourceError("does not list its venues", where=read_host(api), mend="try the other one with --api")
    return [member for member in members if isinstance(member, str) and _VENUE.fullmatch(member)]

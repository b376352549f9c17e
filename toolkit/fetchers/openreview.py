"""Venues from OpenReview itself, through the real openreview-py clients, page by page into the store.

The clients log in, hold the session and know the hosts; answers are read from their session as raw JSON, because the
clients' own note objects drop every key they do not know. Only groups and notes are ever asked for: no profile, no
group member, no edge.
"""

import contextlib
import functools
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from toolkit.errors import SourceError, StoppedError, UsageError
from toolkit.fetchers.admission import find_moment
from toolkit.fetchers.bodies import MAX_BODY_BYTES, decode_body, decode_json, unfold_notes
from toolkit.fetchers.store import CursorState, NoteReport, Store, UpsertCounts, sum_batches
from toolkit.progress import Progress
from toolkit.records import Api

PAGE_SIZE = 1000
"""Submissions a request; the API gives no more."""

TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and of silence while waiting for an answer. The clients themselves wait forever."""

BASE_URLS: Mapping[Api, tuple[str, str]] = {
    "v1": ("OPENREVIEW_API_BASEURL", "https://api.openreview.net"),
    "v2": ("OPENREVIEW_API_BASEURL_V2", "https://api2.openreview.net"),
}
"""API -> environment variable that names another host, and the production host."""

SUBMISSIONS_V1: Sequence[tuple[str, Sequence[str]]] = (
    ("Blind_Submission", ("Withdrawn_Submission", "Desk_Rejected_Submission")),
    ("Submission", ("Withdrawn_Submission", "Desk_Rejected_Submission")),
    ("submission", ()),
)
"""How v1 venues file submissions (double blind, open, until 2017), and where they put those that were taken out.

The first that gives any submission is the venue's; an original behind a blind submission is not public.
"""

LOG_IN = "set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD (or OPENREVIEW_TOKEN) and run it again"

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport(NoteReport):
    """What a fetch of one venue asked for, and what became of the notes."""

    venue: str
    api: Api
    requests: int
    submissions: int
    unchanged: int
    """Notes that were left out because they are older than ``since``."""

    def count(self) -> Mapping[str, int]:
        """Return the counts by name, as the manifest keeps them."""
        return {
            "requests": self.requests,
            "submissions": self.submissions,
            **self.count_notes(),
            "unchanged": self.unchanged,
        }


class NotFoundError(SourceError):
    """The service answered, and does not have what was asked for."""


def fetch_venue(
    store: Store,
    venue: str,
    *,
    api: str = "auto",
    since: int | None = None,
    limit: int | None = None,
    progress: Progress,
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

    Raises:
        SourceError: the service cannot be reached, wants a login, does not know the venue, or answers with nonsense.
        StoppedError: its request limit is reached; run it again later.
        StoreError: the store cannot be written.
        UsageError: there is no such API.
    """
    if api not in ("auto", *BASE_URLS):
        raise UsageError("OpenReview has no such API", where=ascii(api), mend="say auto, v1 or v2")
    services = Services()
    found, steps = _plan_venue(services, venue, api)
    plan = json.dumps([venue, found, since, limit])
    pages = Pages(services.open(found), store, plan, since, limit, progress)
    progress.start(f"fetch {venue}", limit, "submissions")
    for main, others in steps:
        if pages.fetch(main):
            for invitation in others:
                pages.fetch(invitation)
            break
    progress.finish()
    if not pages.submissions:
        raise SourceError(
            "has no submissions that everyone may read", where=venue, mend="check the id, or ask with the other --api"
        )
    store.clear_cursors(plan)
    return pages.sum_up(venue, found, services.requests)


Steps = Sequence[tuple[str, Sequence[str]]]


def _plan_venue(services: "Services", venue: str, api: str) -> tuple[Api, Steps]:
    """Find out which API has a venue and which invitations hold its submissions."""
    if api in ("auto", "v2"):
        group = services.open("v2").find_group(venue)
        # The newer API also knows groups of venues that it does not hold; those have no domain.
        if group is not None and (api == "v2" or group.get("domain")):
            return "v2", [(_name_submissions_v2(venue, group), ())]
    if api in ("auto", "v1") and services.open("v1").find_group(venue) is not None:
        steps = [(f"{venue}/-/{main}", [f"{venue}/-/{other}" for other in others]) for main, others in SUBMISSIONS_V1]
        return "v1", steps
    raise SourceError(
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


class Pages:
    """The pages of one fetch, each stored with its cursor, and what has come of them so far."""

    def __init__(
        self,
        service: "Service",
        store: Store,
        plan: str,
        since: int | None,
        limit: int | None,
        progress: Progress,
    ) -> None:
        """Begin where the cursors of the same plan stand."""
        self.service, self.store, self.plan = service, store, plan
        self.since, self.limit, self.progress = since, limit, progress
        self.submissions = self.unchanged = 0
        self.batches: list[UpsertCounts] = []

    def fetch(self, invitation: str) -> bool:
        """Fetch and store all pages of one invitation and return whether it has any submission."""
        state = self.store.read_cursor(self.plan, invitation) or CursorState(None, 0)
        self.submissions += state.submissions
        self.progress.advance(state.submissions)
        while size := self._pick_size():
            page = self.service.read_notes(invitation, size, state.after)
            if not page:
                break
            last = page[-1].get("id") if isinstance(page[-1], Mapping) else None
            if not isinstance(last, str) or any(
                isinstance(raw, Mapping) and raw.get("id") == state.after for raw in page
            ):
                raise SourceError(
                    "does not go on to the next page",
                    where=self.service.name,
                    mend="run it again; what is stored stays",
                )
            state = CursorState(last, state.submissions + len(page))
            with self.store.transaction():
                fetched_at = time.time_ns() // 1_000_000
                self.batches.append(self.store.upsert_notes(self._pick_notes(page), fetched_at=fetched_at))
                self.store.write_cursor(self.plan, invitation, state)
            self.submissions += len(page)
            self.progress.advance(len(page))
        return state.submissions > 0

    def _pick_size(self) -> int:
        return PAGE_SIZE if self.limit is None else min(PAGE_SIZE, self.limit - self.submissions)

    def _pick_notes(self, page: Sequence[Any]) -> Sequence[Any]:
        if self.since is None:
            return page
        notes = [
            {name: value for name, value in raw.items() if name != "details"} if isinstance(raw, Mapping) else raw
            for raw in unfold_notes(page)
        ]
        wanted = [raw for raw in notes if not isinstance(raw, Mapping) or find_moment(raw) >= self.since]
        self.unchanged += len(notes) - len(wanted)
        return wanted

    def sum_up(self, venue: str, api: Api, requests: int) -> FetchReport:
        """Return what this run did; pages of an earlier run of the same plan count as submissions only."""
        return FetchReport(
            venue=venue,
            api=api,
            requests=requests,
            submissions=self.submissions,
            unchanged=self.unchanged,
            **sum_batches(self.batches, self.store),
        )


class Services:
    """Both APIs, opened when first needed, with one login between them."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._open: dict[Api, Service] = {}
        self._headers: Mapping[str, str] | None = None
        self._logins = 0

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._logins + sum(service.requests for service in self._open.values())

    def open(self, api: Api) -> "Service":
        """Return one API, logged in if there are credentials in the environment.

        Raises:
            SourceError: the host's address or the credentials cannot be used, or the login is refused.
        """
        if api not in self._open:
            service = Service(api)
            service.client.headers.update(self._authorize())
            self._open[api] = service
        return self._open[api]

    def _authorize(self) -> Mapping[str, str]:
        if self._headers is None:
            self._headers = self._read_token() or self._log_in() or {}
        return self._headers

    def _read_token(self) -> Mapping[str, str] | None:
        token = os.environ.get("OPENREVIEW_TOKEN", "").strip().removeprefix("Bearer ")
        if not token:
            return None
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise SourceError("cannot be a token", where="OPENREVIEW_TOKEN", mend="copy it again")
        return {"Authorization": f"Bearer {token}"}

    def _log_in(self) -> Mapping[str, str] | None:
        username = os.environ.get("OPENREVIEW_USERNAME", "")
        password = os.environ.get("OPENREVIEW_PASSWORD", "")
        if not username and not password:
            return None
        if not username or not password:
            raise SourceError("the login is not complete", mend="set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD both")
        self._logins += 1
        # Accounts live at the newer API, whose token the older one takes too.
        return {"Authorization": Service("v2").log_in(username, password)}


def _read_base_url(api: Api) -> str:
    variable, default = BASE_URLS[api]
    url = os.environ.get(variable, "").strip().rstrip("/") or default
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SourceError("is not a web address", where=variable, mend=f"unset it, or set it to one like {default}")
    if "@" in parts.netloc:
        raise SourceError("holds credentials", where=variable, mend="take them out; " + LOG_IN)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise SourceError("would send the login in the clear", where=variable, mend="use an https address")
    return url


def _build_client(api: Api) -> Any:
    """Return the real client as a guest: no request is sent."""
    import openreview

    build = openreview.api.OpenReviewClient if api == "v2" else openreview.Client
    with _hide_credentials():
        try:
            client = build(baseurl=_read_base_url(api))
        except openreview.OpenReviewException as error:
            variable, default = BASE_URLS[api]
            raise SourceError(
                "is the address of the other API", where=variable, mend=f"unset it, or set it to {default}"
            ) from error
    session = client.session
    session.request = functools.partial(session.request, timeout=TIMEOUT)
    # The client's own policy prints every retry, with the answer, on stdout, and sleeps through hourly limits.
    session.mount(client.baseurl, _build_adapter())
    session.max_redirects = 0  # a redirected login would be sent to whoever is named
    session.auth = _keep_authorization
    return client


@contextlib.contextmanager
def _hide_credentials() -> Iterator[None]:
    """Keep a client that is being made from logging in by itself, before its session is set up."""
    names = ("OPENREVIEW_USERNAME", "OPENREVIEW_PASSWORD")
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _build_adapter() -> Any:
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    return HTTPAdapter(
        max_retries=Retry(
            total=3,
            connect=1,
            read=False,  # an answer that did not come in time is not waited for four times
            backoff_factor=0.5,
            status_forcelist=(500, 502, 503, 504),
            allowed_methods=("GET",),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
    )


def _keep_authorization(request: Any) -> Any:
    """Stand where requests would otherwise put a login from ~/.netrc over our token."""
    return request


class Service:
    """One API behind a client."""

    def __init__(self, api: Api) -> None:
        """Build the client as a guest; ``name`` is what errors call the service."""
        self.client = _build_client(api)
        self.name = urlsplit(self.client.baseurl).netloc
        self.requests = 0

    def find_group(self, group_id: str) -> Mapping[str, Any] | None:
        """Return a group, or None where the service does not know it."""
        try:
            answer = self._get("/groups", {"id": group_id})
        except NotFoundError:
            return None
        groups = answer.get("groups") if isinstance(answer, Mapping) else None
        if not isinstance(groups, list):
            raise self._refuse_answer("/groups")
        return next((group for group in groups if isinstance(group, Mapping) and group.get("id") == group_id), None)

    def read_notes(self, invitation: str, size: int, after: str | None) -> list[Any]:
        """Return one page of submissions with their replies; an invitation that is not there has none."""
        parameters = {"invitation": invitation, "details": "replies", "sort": "id", "limit": size, "after": after}
        try:
            answer = self._get("/notes", parameters)
        except NotFoundError:
            return []
        notes = answer.get("notes") if isinstance(answer, Mapping) else None
        if not isinstance(notes, list):
            raise self._refuse_answer("/notes")
        return notes

    def log_in(self, username: str, password: str) -> str:
        """Log in through the client and return the Authorization header.

        Raises:
            SourceError: the login is refused or wants a second factor and nobody is there to be asked.
        """
        import openreview
        import requests

        try:
            # The client talks to the user on stdout when an account wants a second factor.
            with contextlib.redirect_stdout(sys.stderr):
                self.client.login_user(username, password)
        except openreview.OpenReviewException as error:
            # What the service says may repeat the user name; only the kind of answer is passed on.
            answer = error.args[0] if error.args and isinstance(error.args[0], Mapping) else {}
            raise self._explain_login(answer) from None
        except requests.RequestException as error:
            raise self._explain_transport(error, "/login") from None
        except (KeyError, TypeError, ValueError):
            raise self._refuse_answer("/login") from None
        return str(self.client.headers["Authorization"])

    def _explain_login(self, answer: Mapping[str, Any]) -> SourceError | StoppedError:
        kind = _name_kind(answer.get("name"))
        if kind.startswith("Mfa"):
            return SourceError(
                "this account wants a second factor",
                where=self.name,
                mend="run it on a terminal or set OPENREVIEW_TOKEN",
            )
        if kind == "RateLimitError":
            return self._explain_limit({}, answer)
        return SourceError(
            f"the login was refused ({kind})",
            where=self.name,
            mend="check OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD",
        )

    def _get(self, path: str, parameters: Mapping[str, Any]) -> Any:
        import requests

        self.requests += 1
        try:
            response = self.client.session.get(
                self.client.baseurl + path,
                params=parameters,
                headers=self.client.headers,
                stream=True,
            )
            with response:
                data = self._read_capped(response, path)
        except requests.RequestException as error:
            raise self._explain_transport(error, path) from None
        if response.status_code != 200:
            raise self._explain_status(response.status_code, response.headers, data, parameters)
        return decode_body(data, self.name + path)

    def _read_capped(self, response: Any, path: str) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(65536):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise SourceError(
                    f"the answer is larger than {MAX_BODY_BYTES // 2**20} MB",
                    where=self.name + path,
                    mend="try a smaller --limit",
                )
        return b"".join(parts)

    def _explain_transport(self, error: Exception, path: str) -> SourceError:
        import requests

        if isinstance(error, requests.TooManyRedirects):
            return SourceError(
                "wants to send us elsewhere, which is not followed",
                where=self.name + path,
                mend="check OPENREVIEW_API_BASEURL and OPENREVIEW_API_BASEURL_V2",
            )
        if isinstance(error, requests.Timeout):
            what = f"does not answer within {TIMEOUT[1]:.0f} seconds"
        elif isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)):
            what = "breaks off in the middle of an answer"
        elif isinstance(error, requests.exceptions.JSONDecodeError):
            return self._refuse_answer(path)
        else:
            what = "cannot be reached"
        return SourceError(
            what, where=self.name + path, mend="check the connection and run it again; what is stored stays"
        )

    def _refuse_answer(self, path: str) -> SourceError:
        return SourceError(
            "answers with something else than the API's JSON",
            where=self.name + path,
            mend="check OPENREVIEW_API_BASEURL and OPENREVIEW_API_BASEURL_V2, and that you are online",
        )

    def _explain_status(
        self, status: int, headers: Mapping[str, str], data: bytes, parameters: Mapping[str, Any]
    ) -> SourceError | StoppedError:
        """Turn an error answer into words of our own; its message may name the account, so it is not repeated."""
        answer = _decode_error(data)
        kind = _name_kind(answer.get("name"))
        about = str(parameters.get("invitation") or parameters.get("id"))
        if status == 429:
            return self._explain_limit(headers, answer)
        if kind == "ChallengeRequiredError":
            return SourceError("OpenReview lets no visitors in without a login", where=self.name, mend=LOG_IN)
        if status == 401:
            return SourceError("the login is not valid or has expired", where=self.name, mend=LOG_IN)
        if status == 403:
            return SourceError("the service forbids reading it", where=about, mend=f"{LOG_IN}, as someone who may")
        if status == 404:
            return NotFoundError("the service does not have it", where=about, mend="check the id")
        if status >= 500:
            return SourceError(
                f"has trouble (status {status}, also after retrying)",
                where=self.name,
                mend="run it again later; what is stored stays",
            )
        return SourceError(
            f"refuses the request (status {status}, {kind})", where=self.name, mend=f"check the id {about!a}"
        )

    def _explain_limit(self, headers: Mapping[str, str], answer: Mapping[str, Any]) -> StoppedError:
        details = answer.get("details")
        reset = details.get("resetTime") if isinstance(details, Mapping) else None
        seconds = headers.get("Retry-After", "")
        when = "later"
        if isinstance(reset, str) and re.fullmatch(r"[0-9T:.+Z-]{16,32}", reset):
            when = f"after {reset}"
        elif re.fullmatch(r"\d{1,6}", seconds):
            when = f"in {seconds} seconds"
        return StoppedError(
            "its request limit is reached", where=self.name, mend=f"run the same command again {when}; it goes on here"
        )


def _decode_error(data: bytes) -> Mapping[str, Any]:
    try:
        answer = decode_json(data)
    except ValueError:
        return {}
    return answer if isinstance(answer, Mapping) else {}


def _name_kind(name: Any) -> str:
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z]{1,40}", name) else "Error"

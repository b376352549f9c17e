"""OpenReview's two APIs behind the real openreview-py clients: addresses, login, and the few things that are asked.

The clients log in, hold the session and know the hosts; answers are read from their session as raw JSON, because the
clients' own note objects drop every key they do not know. Only groups, notes and forms are ever asked for: no profile,
no group member, no edge.
"""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from toolkit.errors import SourceError, StoppedError
from toolkit.fetchers.bodies import Page, StrictError, decode_json, split_page
from toolkit.fetchers.patience import Budget, Patience
from toolkit.fetchers.wire import FaultError, Limits, WireAdapter
from toolkit.records import Api

Value = TypeVar("Value")

BASE_URLS: Mapping[Api, tuple[str, str]] = {
    "v1": ("OPENREVIEW_API_BASEURL", "https://api.openreview.net"),
    "v2": ("OPENREVIEW_API_BASEURL_V2", "https://api2.openreview.net"),
}
"""API -> environment variable that names another host, and the production host."""

LOG_IN = "set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD (or OPENREVIEW_TOKEN) and run it again"

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NotFoundError(SourceError):
    """The service answered, and does not have what was asked for."""


class ForbiddenError(SourceError):
    """The service answered, and will not show it to us."""


class UnreadableError(SourceError):
    """An answer that is broken however often it is asked for."""


class Credentials(NamedTuple):
    """What a user logs in with."""

    username: str
    password: str


@dataclass(slots=True)
class Manners:
    """How a run behaves towards the service, and who is there to be asked."""

    budget: Budget = field(default_factory=Budget)
    patience: Patience | None = None
    limits: Limits = field(default_factory=Limits)
    ask_login: Callable[[], Credentials | None] | None = None
    """Asks a person on a terminal; null where nobody is there."""

    def __post_init__(self) -> None:
        """Share one budget."""
        if self.patience is None:
            self.patience = Patience(self.budget)


class Services:
    """Both APIs, opened when first needed, with one login between them."""

    def __init__(self, manners: Manners | None = None) -> None:
        """Open nothing yet."""
        self.manners = manners or Manners()
        self._open: dict[Api, Service] = {}
        self.login: Literal["account", "token", "visitor"] = "visitor"
        """As whom the service sees us; what stands in the environment decides, when an API is first opened."""
        self._headers: Mapping[str, str] | None = None
        self._credentials: Credentials | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.manners.budget.requests

    def open(self, api: Api) -> "Service":
        """Return one API, logged in if there are credentials in the environment.

        Raises:
            SourceError: the host's address or the credentials cannot be used, or the login is refused.
        """
        if api not in self._open:
            service = Service(api, self.manners, self.log_in_again)
            service.client.headers.update(self._authorize())
            self._open[api] = service
        return self._open[api]

    def log_in_again(self, *, as_visitor: bool) -> bool:
        """Log in where a token has run out, or where visitors are turned away and a person can be asked.

        Returns false where nothing can be done.
        """
        if as_visitor:
            ask = self.manners.ask_login
            self._credentials = ask() if ask is not None else None
        if self._credentials is None:
            return False
        self._headers = self._log_in(self._credentials)
        for service in self._open.values():
            service.client.headers.update(self._headers)
        return True

    def _authorize(self) -> Mapping[str, str]:
        if self._headers is None:
            self._headers = _read_token()
            self.login = "token" if self._headers else "visitor"
        if self._headers is None:
            self._credentials = _read_credentials()
            self._headers = self._log_in(self._credentials) if self._credentials else {}
        return self._headers

    def _log_in(self, credentials: Credentials) -> Mapping[str, str]:
        # Accounts live at the newer API, whose token the older one takes too.
        header = Service("v2", self.manners, self.log_in_again).log_in(credentials)
        self.login = "account"
        return {"Authorization": header}


def _read_token() -> Mapping[str, str] | None:
    token = os.environ.get("OPENREVIEW_TOKEN", "").strip().removeprefix("Bearer ")
    if not token:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SourceError("cannot be a token", where="OPENREVIEW_TOKEN", mend="copy it again")
    return {"Authorization": f"Bearer {token}"}


def _read_credentials() -> Credentials | None:
    username = os.environ.get("OPENREVIEW_USERNAME", "")
    password = os.environ.get("OPENREVIEW_PASSWORD", "")
    if not username and not password:
        return None
    if not username or not password:
        raise SourceError("the login is not complete", mend="set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD both")
    return Credentials(username, password)


def give_code(method: str) -> str | None:
    """Return the code of an authenticator from ``OPENREVIEW_TOTP``: the digits themselves, or made from its secret.

    A run that logs in again after an hour needs the secret; digits serve one login.

    Raises:
        SourceError: the variable holds neither.
    """
    said = re.sub(r"[\s-]", "", os.environ.get("OPENREVIEW_TOTP", ""))
    if not said or re.fullmatch(r"\d{6,8}", said):
        return said or None
    import pyotp

    try:
        return str(pyotp.TOTP(said).now())
    except (ValueError, TypeError):
        raise SourceError(
            "is neither a code of six digits nor the secret of an authenticator",
            where="OPENREVIEW_TOTP",
            mend="copy the secret (letters and the digits 2 to 7) again",
        ) from None


def read_base_url(api: Api) -> str:
    """Return the address of an API.

    Raises:
        SourceError: the environment names one that cannot be meant or would not be safe.
    """
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


def read_host(api: Api) -> str:
    """Return what errors call an API: host and port."""
    return urlsplit(read_base_url(api)).netloc


def _build_client(api: Api, manners: Manners) -> Any:
    """Return the real client as a guest: no request is sent."""
    import openreview

    build = openreview.api.OpenReviewClient if api == "v2" else openreview.Client
    with _hide_credentials():
        try:
            client = build(baseurl=read_base_url(api))
        except openreview.OpenReviewException as error:
            variable, default = BASE_URLS[api]
            raise SourceError(
                "is the address of the other API", where=variable, mend=f"unset it, or set it to {default}"
            ) from error
    # The client's own policy prints every retry, with the answer, on stdout, and sleeps through hourly limits.
    client.session.mount(client.baseurl, WireAdapter(manners.limits, manners.budget))
    client.session.auth = _keep_authorization
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


def _keep_authorization(request: Any) -> Any:
    """Stand where requests would otherwise put a login from ~/.netrc over our token."""
    return request


class Service:
    """One API behind a client."""

    def __init__(self, api: Api, manners: Manners, log_in_again: Callable[..., bool]) -> None:
        """Build the client as a guest; ``name`` is what errors call the service."""
        assert manners.patience is not None
        self.client = _build_client(api, manners)
        self.api, self.name = api, urlsplit(self.client.baseurl).netloc
        self._patience, self._log_in_again = manners.patience, log_in_again

    def find_group(self, group_id: str) -> Mapping[str, Any] | None:
        """Return a group, or None where the service does not know it."""
        try:
            groups = self._list("groups", {"id": group_id})
        except NotFoundError:
            return None
        return next((group for group in groups if isinstance(group, Mapping) and group.get("id") == group_id), None)

    def read_page(self, invitation: str, size: int, after: str | None, details: str | None = "replies") -> Page:
        """Return one page of submissions with their replies; an invitation that is not there has none.

        Raises:
            UnreadableError: the answer is not JSON, however often it is asked for.
            NotFoundError: the service does not know the note after which the page is to begin.
            SourceError, StoppedError: there is no answer.
        """
        parameters = {
            "invitation": invitation,
            "details": details,
            "sort": "id",
            "limit": size,
            "after": after,
            "count": "true" if self.api == "v2" and after is None else None,  # the older one always counts
        }
        try:
            return self._ask("GET", "/notes", parameters, self._split)
        except NotFoundError:
            if after is not None:
                raise
            return Page(b"", (), 0)

    def list_forms(self, venue: str) -> Sequence[Any]:
        """Return the invitations of a venue that everyone's forms are made from, as far as they can be seen."""
        if self.api == "v2":
            parameters = {"prefix": f"{venue}/-/", "limit": 1000}
        else:
            # Forms of API v1 belong to papers; those of the first paper stand for all.
            parameters = {"regex": f"{re.escape(venue)}/(Paper1/-|-/Paper1|-)/.*", "limit": 1000}
        try:
            return self._list("invitations", parameters)
        except (NotFoundError, ForbiddenError):
            return ()

    def find_notes(self, ids: Sequence[str]) -> Sequence[Any]:
        """Return those of some notes that the service still shows."""
        read = self._read_list("notes", "/notes/search")
        try:
            return self._ask("POST", "/notes/search", {}, read, {"ids": list(ids)})
        except (NotFoundError, ForbiddenError):
            return [note for note_id in ids for note in self._find_note(note_id)]

    def _find_note(self, note_id: str) -> Sequence[Any]:
        try:
            return self._list("notes", {"id": note_id})
        except (NotFoundError, ForbiddenError):
            return ()

    def log_in(self, credentials: Credentials) -> str:
        """Log in through the client and return the Authorization header.

        Raises:
            SourceError: the login is refused or wants a second factor and nobody is there to be asked.
        """
        import openreview

        def log_in() -> None:
            # The client talks to the user on stdout when an account wants a second factor.
            with contextlib.redirect_stdout(sys.stderr):
                self.client.login_user(*credentials, mfa_code_provider=give_code)

        try:
            self._patience.persist(log_in, self.name + "/login")
        except openreview.OpenReviewException as error:
            # What the service says may repeat the user name; only the kind of answer is passed on.
            answer = error.args[0] if error.args and isinstance(error.args[0], Mapping) else {}
            raise self._explain_login(answer) from None
        except (KeyError, TypeError, ValueError):
            raise self._refuse_answer("/login") from None
        return str(self.client.headers["Authorization"])

    def _explain_login(self, answer: Mapping[str, Any]) -> SourceError:
        kind = _name_kind(answer.get("name"))
        if kind == "MfaRequiredError":
            return SourceError(
                "this account wants a second factor",
                where=self.name,
                mend="set OPENREVIEW_TOTP, run it on a terminal or set OPENREVIEW_TOKEN",
            )
        return SourceError(
            f"the login was refused ({kind})",
            where=self.name,
            mend="check OPENREVIEW_USERNAME, OPENREVIEW_PASSWORD and OPENREVIEW_TOTP",
        )

    def _list(self, kind: str, parameters: Mapping[str, Any]) -> list[Any]:
        return self._ask("GET", f"/{kind}", parameters, self._read_list(kind, f"/{kind}"))

    def _read_list(self, kind: str, path: str) -> Callable[[bytes], list[Any]]:
        def read(data: bytes) -> list[Any]:
            try:
                answer = decode_json(bytes(data))
            except ValueError as error:
                raise self._doubt_answer(data, error, path) from None
            found = answer.get(kind) if isinstance(answer, Mapping) else None
            if not isinstance(found, list):
                raise self._refuse_answer(path)
            return found

        return read

    def _split(self, data: bytes) -> Page:
        try:
            return split_page(data)
        except ValueError as error:
            raise self._doubt_answer(data, error, "/notes") from None
        except TypeError:
            raise self._refuse_answer("/notes") from None

    def _ask(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Any],
        read: Callable[[bytes], Value],
        sent: Any = None,
    ) -> Value:
        def ask() -> Value:
            response = self._send(method, path, parameters, sent)
            if self._wants_login(response) and self._log_in_again(as_visitor=response.status_code == 403):
                response = self._send(method, path, parameters, sent)
            if response.status_code != 200:
                raise self._explain_status(response.status_code, response.content, parameters)
            return read(response.content)

        try:
            return self._patience.persist(ask, self.name + path)
        except SourceError as error:
            if " that is no whole JSON" in error.what:
                raise UnreadableError(error.what, where=error.where, mend=error.mend) from None
            raise

    def _send(self, method: str, path: str, parameters: Mapping[str, Any], sent: Any) -> Any:
        return self.client.session.request(
            method,
            self.client.baseurl + path,
            params=parameters,
            json=sent,
            headers=self.client.headers,
            allow_redirects=False,
        )

    def _wants_login(self, response: Any) -> bool:
        if response.status_code == 401:
            return True
        return response.status_code == 403 and _decode_error(response.content).get("name") == "ChallengeRequiredError"

    def _doubt_answer(self, data: bytes, error: ValueError, path: str) -> SourceError | FaultError:
        """Tell a web page, which no second try will mend, from an answer that was damaged on its way."""
        self.client.session.close()  # what else comes over this connection may belong to the damaged answer
        start = bytes(data[:200]).lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith(b"<"):
            return SourceError(
                "is a web page, not an API answer",
                where=self.name + path,
                mend="log in; check the OPENREVIEW_API_BASEURL variables and that you are online",
            )
        if not start:
            return SourceError("is empty", where=self.name + path, mend="try again later; what is stored stays")
        reason = str(error) if isinstance(error, StrictError) else "it breaks off or is damaged"
        if isinstance(error, UnicodeDecodeError):
            reason = "it is not UTF-8"
        return FaultError(f"gives an answer that is no whole JSON: {reason}", "transport")

    def _refuse_answer(self, path: str) -> SourceError:
        return SourceError(
            "answers with something else than the API's JSON",
            where=self.name + path,
            mend="check OPENREVIEW_API_BASEURL and OPENREVIEW_API_BASEURL_V2, and that you are online",
        )

    def _explain_status(self, status: int, data: bytes, parameters: Mapping[str, Any]) -> SourceError | StoppedError:
        """Turn an error answer into words of our own; its message may name the account, so it is not repeated."""
        kind = _name_kind(_decode_error(data).get("name"))
        about = str(parameters.get("invitation") or parameters.get("id") or self.name)
        if kind == "ChallengeRequiredError":
            return SourceError("OpenReview lets no visitors in without a login", where=self.name, mend=LOG_IN)
        if status == 401:
            return SourceError("the login is not valid or has expired", where=self.name, mend=LOG_IN)
        if status == 403 and bytes(data[:200]).lstrip().startswith(b"<"):
            return SourceError("is a web page, not an API answer", where=self.name, mend=LOG_IN)
        if status == 403:
            return ForbiddenError("the service forbids reading it", where=about, mend=f"{LOG_IN}, as someone who may")
        if status == 404:
            return NotFoundError("the service does not have it", where=about, mend="check the id")
        return SourceError(
            f"refuses the request (status {status}, {kind})", where=self.name, mend=f"check the id {about!a}"
        )


def _decode_error(data: bytes) -> Mapping[str, Any]:
    try:
        answer = decode_json(bytes(data))
    except ValueError:
        return {}
    return answer if isinstance(answer, Mapping) else {}


def _name_kind(name: Any) -> str:
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z]{1,40}", name) else "Error"

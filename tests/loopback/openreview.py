"""A stand-in for OpenReview on 127.0.0.1 that speaks both APIs from records it is given.

Answers follow what openreview-py 2.9.1 was seen to send and take: ``/groups``, ``/notes`` with its filters, paging by
``after`` and ``details=replies``, ``/login``, and errors as ``{"name", "message", "status", "details"}``. It writes
down every request, so a test can say how many there were and that nothing else was asked for.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

Raw = Mapping[str, Any]
Parameters = Mapping[str, Sequence[str]]

MAX_LIMIT = 1000
SECOND_FACTOR_CODE = "123456"
REQUEST_ID = "2026-03-01-1234567"


@dataclass(frozen=True)
class Answer:
    """One answer on the wire; ``cut`` sends only so many bytes of the body that the headers promise."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: int | None = None


def answer_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def answer_error(
    name: str, message: str, status: int, headers: Mapping[str, str] | None = None, **details: Any
) -> Answer:
    error = {"name": name, "message": f"{message} ({REQUEST_ID})", "status": status}
    return answer_json({**error, "details": {**details, "reqId": REQUEST_ID}}, status, headers)


@dataclass
class Loopback:
    """What the stand-in knows, how it behaves, and what it was asked."""

    notes: list[Raw]
    groups: list[Raw]
    accounts: dict[str, str] = field(default_factory=dict)
    """User name -> password; the token of a login is ``token-of-<user name>``."""
    second_factor: set[str] = field(default_factory=set)
    challenges_guests: bool = False
    page_limit: int = MAX_LIMIT
    """Most notes a page gives, whatever the asker wants."""
    ignores_after: bool = False
    reveals_everything: bool = False
    """Whether notes that are not public are sent too, as to an account with rights of its own."""
    silent_for: float = 0.0
    """Seconds before any answer."""
    failures: dict[str, list[Answer]] = field(default_factory=dict)
    """Path -> answers to give instead of the right one, first come first served."""
    requests: list[str] = field(default_factory=list)
    """``"v2 GET /notes?invitation=..."``, in order."""
    authorizations: list[str | None] = field(default_factory=list)
    urls: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point ReviewDial here."""
        return {"OPENREVIEW_API_BASEURL": self.urls["v1"], "OPENREVIEW_API_BASEURL_V2": self.urls["v2"]}

    def answer(self, api: str, method: str, target: str, body: bytes, authorization: str | None) -> Answer:
        parts = urlsplit(target)
        with self.lock:
            self.requests.append(f"{api} {method} {target}")
            self.authorizations.append(authorization)
            if waiting := self.failures.get(parts.path):
                return waiting.pop(0)
        time.sleep(self.silent_for)
        if method == "POST" and parts.path in self.logins:
            return self.logins[parts.path](self, json.loads(body))
        user = (authorization or "").removeprefix("Bearer token-of-")
        if authorization is not None and user not in self.accounts:
            return answer_error("TokenExpiredError", "Token has expired, please log in again", 401)
        if authorization is None and self.challenges_guests:
            return answer_error("ChallengeRequiredError", "Please verify at https://challenge.invalid/x", 403)
        parameters = parse_qs(parts.query, keep_blank_values=True)
        if method == "GET" and parts.path == "/groups":
            return self._find_groups(api, parameters)
        if method == "GET" and parts.path == "/notes":
            return self._find_notes(api, parameters)
        return answer_error("NotFoundError", f"The path {parts.path} was not found", 404, path=parts.path)

    def _log_in(self, sent: Mapping[str, Any]) -> Answer:
        user = str(sent["id"])
        if self.accounts.get(user) != sent["password"]:
            return answer_error("Error", f"Invalid username or password for {user}", 400)
        if user in self.second_factor:
            pending = {"mfaPending": True, "mfaPendingToken": user, "mfaMethods": ["totp", "emailOtp"]}
            return answer_json({**pending, "preferredMethod": "totp"})
        return give_token(user)

    def _send_code(self, sent: Mapping[str, Any]) -> Answer:
        return answer_json({"sent": True})

    def _check_code(self, sent: Mapping[str, Any]) -> Answer:
        if sent["code"] != SECOND_FACTOR_CODE:
            return answer_error("MfaError", "Invalid verification code", 400)
        return give_token(str(sent["mfaPendingToken"]))

    logins: ClassVar = {"/login": _log_in, "/mfa/challenge": _send_code, "/mfa/verify": _check_code}

    def _find_groups(self, api: str, parameters: Parameters) -> Answer:
        group_id = parameters["id"][0]
        groups = [group for group in self.groups if group["id"] == group_id and is_served(group, "domain", api)]
        if not groups:
            return answer_error("NotFoundError", f"Group Not Found: {group_id}", 404, path="/groups", value=group_id)
        return answer_json({"groups": groups})

    def _find_notes(self, api: str, parameters: Parameters) -> Answer:
        served = [note for note in self.notes if is_served(note, "invitations", api)]
        if not self.reveals_everything:
            served = [note for note in served if "everyone" in note.get("readers", ())]
        found = [note for note in served if matches_filters(note, parameters)]
        count = len(found)
        found.sort(key=lambda note: str(note["id"]))
        if "after" in parameters and not self.ignores_after:
            found = [note for note in found if str(note["id"]) > parameters["after"][0]]
        found = found[int(parameters.get("offset", ["0"])[0]) :]
        found = found[: min(int(parameters.get("limit", [str(MAX_LIMIT)])[0]), self.page_limit)]
        details = parameters.get("details", [""])[0].split(",")
        body: dict[str, Any] = {"notes": [add_details(note, served, details) for note in found]}
        if api == "v1" or parameters.get("count") == ["true"]:
            body["count"] = count
        return answer_json(body)


def give_token(user: str) -> Answer:
    return answer_json({"token": f"token-of-{user}", "user": {"id": user, "profile": {"id": "~Ada_Example1"}}})


def is_served(record: Raw, mark_of_v2: str, api: str) -> bool:
    return (mark_of_v2 in record) == (api == "v2")


def matches_filters(note: Raw, parameters: Parameters) -> bool:
    checks = {
        "id": lambda wanted: note["id"] == wanted,
        "forum": lambda wanted: note.get("forum") == wanted,
        "replyto": lambda wanted: note.get("replyto") == wanted,
        "invitation": lambda wanted: matches_invitation(note, wanted),
        "content.venueid": lambda wanted: read_content(note, "venueid") in wanted.split(","),
    }
    return all(check(parameters[name][0]) for name, check in checks.items() if name in parameters)


def matches_invitation(note: Raw, wanted: str) -> bool:
    if "invitations" in note:
        return wanted in note["invitations"]
    return note.get("invitation") == wanted or ("*" in wanted and bool(re.fullmatch(wanted, note["invitation"])))


def read_content(note: Raw, name: str) -> Any:
    value = note["content"].get(name)
    return value.get("value") if isinstance(value, Mapping) else value


def add_details(note: Raw, served: Sequence[Raw], details: Sequence[str]) -> Raw:
    replies = [other for other in served if other.get("forum") == note["id"] and other["id"] != note["id"]]
    direct = [other for other in replies if other.get("replyto") == note["id"]]
    every = {"replies": replies, "directReplies": direct, "replyCount": len(replies)}
    asked = {name: every[name] for name in details if name in every}
    return {**note, "details": asked} if asked else note


class QuietServer(ThreadingHTTPServer):
    """Says nothing when a client has gone before its answer came; a later test would find that on its stderr."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve_openreview(notes: Sequence[Raw], groups: Sequence[Raw], **behaviour: Any) -> Iterator[Loopback]:
    """Run both APIs on ports of their own until the block ends."""
    loopback = Loopback(list(notes), list(groups), **behaviour)
    servers = []
    for api in ("v1", "v2"):
        server = QuietServer(("127.0.0.1", 0), make_handler(loopback, api))
        loopback.urls[api] = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
    try:
        yield loopback
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def make_handler(loopback: Loopback, api: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def reply(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = loopback.answer(api, method, self.path, body, self.headers.get("Authorization"))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])
            if answer.cut is not None:
                self.close_connection = True

        def log_message(self, *arguments: Any) -> None:
            """Write no access log to stderr."""

    return Handler

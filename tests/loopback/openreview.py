"""A stand-in for OpenReview on 127.0.0.1 that speaks both APIs from records it is given.

Answers follow what openreview-py 2.9.1 was seen to send and take: ``/groups``, ``/invitations``, ``/notes`` with its
filters, paging by ``after`` and ``details=replies``, ``/notes/search`` by ids, ``/login``, and errors as
``{"name", "message", "status", "details"}``. It writes down every request, so a test can say how many there were and
that nothing else was asked for. Notes may be edited while a client pages, and an ``Answer`` can go wrong on the wire.
"""

import functools
import gzip
import json
import re
import socket
import struct
import sys
import threading
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

Raw = Mapping[str, Any]
Parameters = Mapping[str, Sequence[str]]

MAX_LIMIT = 1000
SECOND_FACTOR_CODE = "123456"
REQUEST_ID = "2026-03-01-1234567"
MAX_LISTINGS = 64
"""Sorted results that an index keeps."""
SMALL = 1000
"""So few notes are indexed for every request, so that a test may edit them in any way."""


@dataclass(frozen=True)
class Answer:
    """One answer on the wire; ``cut`` sends only so many bytes of the body that the headers promise."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    cut: int | None = None
    wire: bytes | None = None
    """These bytes instead of status line, headers and body; then the connection is closed."""
    reset: bool = False
    """End with a reset instead of a proper close."""
    pause: float = 0.0
    """Send the body byte by byte with so many seconds after each."""
    hang: float = 0.0
    """Keep the client waiting so many seconds, then close without a byte."""
    chunked: list[bytes] | None = None
    """Send these chunks instead of the body; ``cut`` and ``pause`` count the bytes of their framing too."""
    unfinished: bool = False
    """Leave out the terminal chunk and close."""
    close_delimited: bool = False
    """Say no length; the body ends with the connection."""

    @property
    def ends_connection(self) -> bool:
        return self.cut is not None or self.wire is not None or self.reset or self.unfinished or self.close_delimited

    @property
    def payload(self) -> bytes:
        """What follows the headers, before any cut."""
        if self.chunked is None:
            return self.body
        framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in self.chunked if chunk)
        return framed if self.unfinished else framed + b"0\r\n\r\n"

    @property
    def framing(self) -> dict[str, str]:
        """The headers that say where the body ends."""
        if self.chunked is not None:
            return {"Transfer-Encoding": "chunked"}
        if self.close_delimited:
            return {"Connection": "close"}
        return {"Content-Length": str(len(self.body))}


def answer_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})


def answer_error(
    name: str, message: str, status: int, headers: Mapping[str, str] | None = None, **details: Any
) -> Answer:
    error = {"name": name, "message": f"{message} ({REQUEST_ID})", "status": status}
    return answer_json({**error, "details": {**details, "reqId": REQUEST_ID}}, status, headers)


@dataclass(frozen=True)
class Listing:
    """Notes in the order of one ``sort``; ``keys`` always ascend."""

    keys: list[tuple[Any, str]]
    notes: list[Raw]
    descending: bool

    def find_start(self, key: tuple[Any, str]) -> int:
        """Return the place of the first note that comes after one with this key."""
        return len(self.keys) - bisect_left(self.keys, key) if self.descending else bisect_right(self.keys, key)


class Index:
    """The notes of one API by id, by forum and by invitation, and the listings that were asked for."""

    def __init__(self, notes: Iterable[Raw], api: str, reveals_everything: bool) -> None:
        self.api = api
        self.known: dict[str, Raw] = {}
        """Also those that are not public, since ``after`` may name them."""
        self.served: list[Raw] = []
        self.by_id: dict[str, list[Raw]] = defaultdict(list)
        self.by_forum: dict[str, list[Raw]] = defaultdict(list)
        self.by_invitation: dict[str, list[Raw]] = defaultdict(list)
        self.listings: dict[Any, Listing] = {}
        for note in notes:
            if is_served(note, "invitations", api):
                self.known[str(note["id"])] = note
                if reveals_everything or "everyone" in (note.get("readers") or ()):
                    self._add(note)

    def _add(self, note: Raw) -> None:
        self.served.append(note)
        self.by_id[str(note["id"])].append(note)
        self.by_forum[str(note.get("forum"))].append(note)
        for invitation in (note["invitations"] or ()) if self.api == "v2" else [note.get("invitation")]:
            self.by_invitation[str(invitation)].append(note)

    def list_notes(self, parameters: Parameters, sort: str) -> Listing:
        asked = {name: tuple(parameters[name]) for name in CHECKS if name in parameters}
        key = (sort, *asked.items())
        if key not in self.listings:
            if len(self.listings) >= MAX_LISTINGS:
                self.listings.clear()
            found = [note for note in self._narrow(asked) if matches_filters(note, asked)]
            self.listings[key] = sort_notes(found, sort)
        return self.listings[key]

    def _narrow(self, asked: Parameters) -> Sequence[Raw]:
        if "id" in asked:
            return self.by_id.get(asked["id"][0], [])
        if "forum" in asked:
            return self.by_forum.get(asked["forum"][0], [])
        if "invitation" not in asked:
            return self.served
        wanted = asked["invitation"][0]
        if self.api == "v1" and "*" in wanted:
            pattern = re.compile(wanted)
            return [note for name, notes in self.by_invitation.items() if pattern.fullmatch(name) for note in notes]
        return self.by_invitation.get(wanted, [])


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
    invitations: list[Raw] = field(default_factory=list)
    """Those with a ``domain`` are the newer API's."""
    gzip_answers: bool = False
    """Whether JSON is compressed for a client that takes gzip."""
    on_request: Callable[["Loopback", str], None] | None = None
    """Called with what goes into ``requests``, before the answer is made and with the lock free."""
    fail_when: list[tuple[str, Answer]] = field(default_factory=list)
    """(Part of the target, answer to give once instead of the right one); the first that fits is used up."""
    limit: int | None = None
    """Requests that a window lets through; all others count too and get a 429."""
    window: float = 60.0
    """Seconds from the first request of a window to its end."""
    version: int = 0
    """Goes up whenever the notes are changed by a method."""
    stopped: threading.Event = field(default_factory=threading.Event)
    _indexes: dict[str, tuple[Any, Index]] = field(default_factory=dict, init=False, repr=False)
    _window_end: float = field(default=0.0, init=False, repr=False)
    _used: int = field(default=0, init=False, repr=False)

    def replace(self, notes: Iterable[Raw]) -> None:
        with self.lock:
            self.notes[:] = notes
            self.version += 1

    def add(self, note: Raw) -> None:
        with self.lock:
            self.notes.append(note)
            self.version += 1

    def remove(self, note_id: str) -> None:
        with self.lock:
            del self.notes[self._find_place(note_id)]
            self.version += 1

    def change(self, note_id: str, /, **fields: Any) -> None:
        """Put a changed copy in the place of a note; whoever gave the note keeps it as it was."""
        with self.lock:
            place = self._find_place(note_id)
            self.notes[place] = {**self.notes[place], **fields}
            self.version += 1

    def _find_place(self, note_id: str) -> int:
        for place, note in enumerate(self.notes):
            if note["id"] == note_id:
                return place
        raise KeyError(note_id)

    def _index(self, api: str) -> Index:
        """Return the index of the notes as they are; call it with the lock held."""
        state = (self.version, id(self.notes), len(self.notes), self.reveals_everything)
        indexed, index = self._indexes.get(api, (None, None))
        if index is None or indexed != state or len(self.notes) <= SMALL:
            index = Index(self.notes, api, self.reveals_everything)
            self._indexes[api] = (state, index)
        return index

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point ReviewDial here."""
        return {"OPENREVIEW_API_BASEURL": self.urls["v1"], "OPENREVIEW_API_BASEURL_V2": self.urls["v2"]}

    def answer(self, api: str, method: str, target: str, body: bytes, authorization: str | None) -> Answer:
        parts = urlsplit(target)
        line = f"{api} {method} {target}"
        with self.lock:
            self.requests.append(line)
            self.authorizations.append(authorization)
        if self.on_request is not None:
            self.on_request(self, line)
        with self.lock:
            planned = self._limit_rate() or self._take_failure(parts.path, target)
        if planned is not None:
            return planned
        self.stopped.wait(self.silent_for)
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
        if method == "POST" and parts.path == "/notes/search":
            return self._search_notes(api, json.loads(body))
        if method == "GET" and parts.path == "/invitations":
            return self._find_invitations(api, parameters)
        return answer_error("NotFoundError", f"The path {parts.path} was not found", 404, path=parts.path)

    def _take_failure(self, path: str, target: str) -> Answer | None:
        if waiting := self.failures.get(path):
            return waiting.pop(0)
        for place, (part, _) in enumerate(self.fail_when):
            if part in target:
                return self.fail_when.pop(place)[1]
        return None

    def _limit_rate(self) -> Answer | None:
        if self.limit is None:
            return None
        now = time.monotonic()
        if now >= self._window_end:
            self._window_end, self._used = now + self.window, 0
        self._used += 1
        return answer_limit(self.limit, self._used, self._window_end - now) if self._used > self.limit else None

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

    def _find_invitations(self, api: str, parameters: Parameters) -> Answer:
        served = [invitation for invitation in self.invitations if is_served(invitation, "domain", api)]
        found = [invitation for invitation in served if names_match(str(invitation["id"]), parameters, api)]
        if "id" in parameters and not found:
            wanted = parameters["id"][0]
            message = f"The Invitation {wanted} was not found"
            return answer_error("NotFoundError", message, 404, path="/invitations", value=wanted)
        return answer_json({"invitations": found, "count": len(found)})

    def _search_notes(self, api: str, sent: Mapping[str, Any]) -> Answer:
        with self.lock:
            index = self._index(api)
        found = [note for note_id in sent["ids"] for note in index.by_id.get(note_id, [])]
        return answer_json({"notes": found, "count": len(found)})

    def _find_notes(self, api: str, parameters: Parameters) -> Answer:
        sort = parameters.get("sort", ["id"])[0]
        with self.lock:
            index = self._index(api)
            listing = index.list_notes(parameters, sort)
        start = 0
        if "after" in parameters and not self.ignores_after:
            after = parameters["after"][0]
            note = index.known.get(after, {"id": after} if sort_by(sort)[0] == "id" else None)
            if note is None:
                return answer_error("NotFoundError", f"The Note {after} was not found", 404, path="after", value=after)
            start = listing.find_start(read_key(note, sort_by(sort)[0]))
        start += int(parameters.get("offset", ["0"])[0])
        limit = min(int(parameters.get("limit", [str(MAX_LIMIT)])[0]), self.page_limit)
        details = parameters.get("details", [""])[0].split(",")
        page = [add_details(note, index.by_forum, details) for note in listing.notes[start : start + limit]]
        body: dict[str, Any] = {"notes": page}
        if api == "v1" or parameters.get("count") == ["true"]:
            body["count"] = len(listing.notes)
        return answer_json(body)


def give_token(user: str) -> Answer:
    return answer_json({"token": f"token-of-{user}", "user": {"id": user, "profile": {"id": "~Ada_Example1"}}})


def is_served(record: Raw, mark_of_v2: str, api: str) -> bool:
    return (mark_of_v2 in record) == (api == "v2")


def answer_limit(limit: int, used: int, seconds: float) -> Answer:
    reset = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
    message = f"Too many requests: You have made {used} requests, surpassing the limit of {limit} requests."
    details = {"limit": limit, "remaining": 0, "resetTime": reset.replace("+00:00", "Z"), "used": used, "current": used}
    return answer_error(
        "RateLimitError", f"{message} Please try again in {round(seconds)} seconds", 429, headers=None, **details
    )


def names_match(name: str, parameters: Parameters, api: str) -> bool:
    checks: dict[str, Callable[[str], bool]] = {
        "id": lambda wanted: name == wanted,
        "ids": lambda wanted: name in wanted.split(","),
        "prefix": name.startswith,
        "regex": lambda wanted: api != "v1" or bool(re.fullmatch(wanted, name)),
    }
    return all(check(parameters[key][0]) for key, check in checks.items() if key in parameters)


def sort_by(sort: str) -> tuple[str, bool]:
    """Read ``tmdate:desc`` as the field and whether it descends."""
    name, _, direction = sort.partition(":")
    return name, direction == "desc"


def read_key(note: Raw, name: str) -> tuple[Any, str]:
    return (0 if name == "id" else note.get(name) or 0, str(note["id"]))


def sort_notes(notes: Iterable[Raw], sort: str) -> Listing:
    name, descending = sort_by(sort)
    ordered = sorted(notes, key=lambda note: read_key(note, name))
    keys = [read_key(note, name) for note in ordered]
    return Listing(keys, ordered[::-1] if descending else ordered, descending)


CHECKS: dict[str, Callable[[Raw, Sequence[str]], bool]] = {
    "id": lambda note, wanted: note["id"] == wanted[0],
    "forum": lambda note, wanted: note.get("forum") == wanted[0],
    "replyto": lambda note, wanted: note.get("replyto") == wanted[0],
    "invitation": lambda note, wanted: matches_invitation(note, wanted[0]),
    "content.venueid": lambda note, wanted: read_content(note, "venueid") in wanted[0].split(","),
    "domain": lambda note, wanted: "invitations" not in note or read_domain(note) == wanted[0],
    "signatures": lambda note, wanted: not set(wanted).isdisjoint(note.get("signatures") or ()),
}
"""What ``/notes`` filters by; the older API knows no ``domain``, and any one of several signatures will do."""


def matches_filters(note: Raw, asked: Parameters) -> bool:
    return all(CHECKS[name](note, wanted) for name, wanted in asked.items())


def matches_invitation(note: Raw, wanted: str) -> bool:
    if "invitations" in note:
        return wanted in note["invitations"]
    return note.get("invitation") == wanted or (
        "*" in wanted and bool(re.fullmatch(wanted, str(note.get("invitation"))))
    )


def read_domain(note: Raw) -> str | None:
    return note.get("domain") or (cut_domain(note["invitations"][0]) if note["invitations"] else None)


@functools.cache
def cut_domain(invitation: str) -> str:
    return re.sub(r"/Submission\d+$", "", invitation.split("/-/")[0])


def read_content(note: Raw, name: str) -> Any:
    value = note["content"].get(name)
    return value.get("value") if isinstance(value, Mapping) else value


def add_details(note: Raw, by_forum: Mapping[str, Sequence[Raw]], details: Sequence[str]) -> Raw:
    if DETAILS.isdisjoint(details):
        return note
    replies = [other for other in by_forum.get(str(note["id"]), ()) if other["id"] != note["id"]]
    direct = [other for other in replies if other.get("replyto") == note["id"]]
    every = {"replies": replies, "directReplies": direct, "replyCount": len(replies)}
    return {**note, "details": {name: every[name] for name in details if name in every}}


DETAILS = frozenset({"replies", "directReplies", "replyCount"})


def load_real(path: Path | str) -> list[Raw]:
    """Read the notes of a file with ``{"forum", "api", "notes"}`` on each line."""
    with open(path, encoding="utf-8") as lines:
        return [note for line in lines for note in json.loads(line)["notes"]]


def repeat_forums(notes: Iterable[Raw], count: int) -> list[Raw]:
    """Make the notes of ``count`` forums by taking the given forums in turn under new ids that sort in that order.

    A copy shares all but its own ``id``, ``forum`` and ``replyto`` with the note it comes from.
    """
    forums: dict[str, list[Raw]] = defaultdict(list)
    for note in notes:
        forums[note["forum"]].append(note)
    originals = list(forums.items())
    return [note for turn in range(count) for note in rename_forum(*originals[turn % len(originals)], f"f{turn:08d}")]


def rename_forum(forum: str, notes: Sequence[Raw], name: str) -> Iterator[Raw]:
    names = {note["id"]: f"{name}r{place:05d}" for place, note in enumerate(notes)} | {forum: name}
    for note in notes:
        copy = dict(note)
        copy["id"], copy["forum"] = names[note["id"]], name
        if "replyto" in copy:
            copy["replyto"] = names.get(note["replyto"], note["replyto"])
        yield copy


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
        loopback.stopped.set()
        for server in servers:
            server.shutdown()
            server.server_close()


def compress(answer: Answer) -> Answer:
    """Compress JSON; what says how it goes over the wire is left as it is."""
    whole = answer.wire is None and answer.chunked is None and "Content-Encoding" not in answer.headers
    if not whole or not answer.headers.get("Content-Type", "").startswith("application/json"):
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return replace(answer, body=gzip.compress(answer.body, compresslevel=1, mtime=0), headers=headers)


def make_handler(loopback: Loopback, api: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms for the client to acknowledge its headers

        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def reply(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = loopback.answer(api, method, self.path, body, self.headers.get("Authorization"))
            if loopback.gzip_answers and "gzip" in self.headers.get("Accept-Encoding", ""):
                answer = compress(answer)
            if answer.hang:
                loopback.stopped.wait(answer.hang)
                self.close_connection = True
                return
            if answer.wire is None:
                self.send_head(answer)
            self.send_bytes(answer.payload if answer.wire is None else answer.wire, answer)
            if answer.ends_connection:
                self.close_connection = True
            if answer.reset:
                self.reset_connection()

        def send_head(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {**answer.headers, **answer.framing}.items():
                self.send_header(name, value)
            self.end_headers()

        def send_bytes(self, data: bytes, answer: Answer) -> None:
            data = data[: answer.cut]
            if not answer.pause:
                self.wfile.write(data)
                return
            for place in range(len(data)):
                try:
                    self.wfile.write(data[place : place + 1])
                except OSError:
                    self.close_connection = True
                    return
                if loopback.stopped.wait(answer.pause):
                    self.close_connection = True
                    return

        def reset_connection(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()

        def log_message(self, *arguments: Any) -> None:
            """Write no access log to stderr."""

    return Handler

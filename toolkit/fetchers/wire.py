"""One request on the wire, mounted under the real client: it comes back whole within a deadline, or it is a fault.

The clients of openreview-py wait forever, take a gzip body without its end for whole, and sleep through limits while
printing to stdout. This adapter replaces what lies below them. It asks once; ``patience`` decides whether to ask again.
"""

import email.utils
import http.client
import io
import json
import re
import socket
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from requests import RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from toolkit.errors import SourceError
from toolkit.fetchers.patience import Budget
from toolkit.fetchers.unpacking import CHUNK, inflate

FaultKind = Literal["transport", "trouble", "limit"]

STATUS_FAULTS: Mapping[int, FaultKind] = {
    429: "limit",
    **dict.fromkeys((500, 502, 503, 504), "trouble"),
    **dict.fromkeys(range(520, 525), "trouble"),  # what the proxy in front of the API says of it
}
"""Statuses that another try may mend."""

_LONGEST_RESET = 40


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one answer may take, in seconds, and how large it may be when unpacked, in bytes."""

    connect: float = 10.0
    silence: float = 120.0
    """Between two pieces of an answer."""
    total: float = 900.0
    """From the request to the last byte, however steadily it drips."""
    size: int = 256 * 1024 * 1024


class FaultError(Exception):
    """An answer that did not come, or not whole, or that asks for patience."""

    def __init__(self, what: str, kind: FaultKind, wait: float | None = None) -> None:
        """Say ``what`` happened in our own words, and how many seconds the service asks us to wait."""
        super().__init__(what)
        self.what, self.kind, self.wait = what, kind, wait


class WireAdapter(HTTPAdapter):
    """Sends one request within limits and a budget; raises ``FaultError`` for what another try may mend."""

    def __init__(self, limits: Limits, budget: Budget) -> None:
        """Remember the limits; no connection is opened yet."""
        self._limits, self._budget = limits, budget
        self._deadline = _Deadline(limits.silence)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Open connections whose every read looks at the deadline."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _build_pools(self._deadline)

    def proxy_manager_for(self, proxy: Any, **options: Any) -> Any:
        """Guard connections through a proxy in the same way."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _build_pools(self._deadline)
        return manager

    def send(self, request: Any, *arguments: Any, **options: Any) -> Response:
        """Send a request and return its whole answer.

        Raises:
            FaultError: the answer broke off, came too slowly, or says to ask again later.
            SourceError: the answer is too large or sends us elsewhere.
            StoppedError: the budget is used up; nothing was sent.
        """
        self._budget.spend_request()
        self._deadline.start(self._limits.total)
        options |= {"stream": True, "timeout": (self._limits.connect, self._limits.silence)}
        request.headers["Accept-Encoding"] = "gzip"
        response: Response | None = None
        try:
            response = super().send(request, **options)
            data = self._read_whole(response)
        except (RequestException, HTTPError, OSError, EOFError, http.client.HTTPException) as error:
            raise FaultError(self._describe(error, response is not None), "transport") from None
        except zlib.error:
            raise FaultError("sends an answer whose compression is damaged", "transport") from None
        finally:
            if response is not None:
                response.close()
        response._content = data
        self._refuse_status(response, data)
        return response

    def _read_whole(self, response: Response) -> bytes:
        pieces: Iterable[bytes] = response.raw.stream(CHUNK, decode_content=False)
        if response.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip"):
            pieces = inflate(pieces)
        data = bytearray()
        for piece in pieces:
            data += piece
            if len(data) > self._limits.size:
                raise SourceError(
                    f"the answer is larger than {self._limits.size // 2**20} MB",
                    where=_name_host(response),
                    mend="try a smaller --limit",
                )
        return data  # type: ignore[return-value]  # a page of 80 MB is not copied once more

    def _describe(self, error: BaseException, has_begun: bool) -> str:
        if self._deadline.is_over():
            return f"does not give its whole answer within {self._limits.total:g} seconds"
        if "timed out" in str(error).lower():
            return f"is silent for {self._limits.silence:g} seconds"
        return "breaks off in the middle of an answer" if has_begun else "cannot be reached"

    def _refuse_status(self, response: Response, data: bytes) -> None:
        status = response.status_code
        if 300 <= status < 400:
            raise SourceError(
                "wants to send us elsewhere, which is not followed",
                where=_name_host(response),
                mend="check OPENREVIEW_API_BASEURL and OPENREVIEW_API_BASEURL_V2",
            )
        kind = STATUS_FAULTS.get(status)
        if kind == "limit":
            raise FaultError(f"its limit{_read_limit(data)} is reached", kind, read_wait(response.headers, data))
        if kind == "trouble":
            raise FaultError(f"has trouble (status {status})", kind)


def read_wait(headers: Mapping[str, str], body: bytes, now: float | None = None) -> float | None:
    """Return how many seconds a 429 asks us to wait: by ``Retry-After``, else by ``details.resetTime``.

    Moments are compared with the service's own clock where it shows it (``Date``), since ours may be wrong. What cannot
    be read, or lies in the past, is null.

    >>> read_wait({"Retry-After": "2"}, b""), read_wait({"Retry-After": "soon"}, b"slow down")
    (2.0, None)
    """
    clock = _parse_moment(headers.get("Date", ""))
    now = clock if clock is not None else (time.time() if now is None else now)
    said = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", said):
        return float(said)
    moment = _parse_moment(said)
    if moment is None:
        reset = _read_detail(body, "resetTime")
        moment = _parse_moment(reset) if isinstance(reset, str) and len(reset) < _LONGEST_RESET else None
    return moment - now if moment is not None and moment > now else None


def _read_limit(body: bytes) -> str:
    limit = _read_detail(body, "limit")
    return f" of {limit:,} requests" if type(limit) is int and 0 <= limit < 10**9 else ""


def _read_detail(body: bytes, name: str) -> Any:
    try:
        return json.loads(body)["details"][name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _parse_moment(text: str) -> float | None:
    parsers: Sequence[Callable[[str], datetime]] = (datetime.fromisoformat, email.utils.parsedate_to_datetime)
    for parse in parsers:
        try:
            moment = parse(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return None


def _name_host(response: Response) -> str:
    parts = urlsplit(response.url or "")
    return f"{parts.hostname}:{parts.port}{parts.path}" if parts.port else f"{parts.hostname}{parts.path}"


class _Deadline:
    """When the answer that is being read must be whole; on the monotonic clock, which nobody sets."""

    def __init__(self, silence: float) -> None:
        self._silence, self._end = silence, float("inf")

    def start(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def allow(self) -> float:
        """Return how many seconds the next piece may take.

        Raises:
            TimeoutError: the time is over.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return min(left, self._silence)


def _build_pools(deadline: _Deadline) -> dict[str, type]:
    """Make urllib3's pools with connections that look at the deadline before every read of the socket.

    A timeout of the socket alone never fires while one byte comes every now and then, neither in headers nor in bodies.
    """

    class GuardedSocket(socket.SocketIO):
        has_ended = False

        def readinto(self, buffer: Any) -> int | None:
            self._sock.settimeout(deadline.allow())  # type: ignore[attr-defined]
            size = super().readinto(buffer)
            self.has_ended = size == 0
            return size

    class GuardedResponse(http.client.HTTPResponse):
        def __init__(self, sock: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(sock, *arguments, **options)
            sock._io_refs += 1  # as socket.makefile does, so that the socket outlives its connection until it is read
            self._guarded = GuardedSocket(sock, "r")
            unguarded, self.fp = self.fp, io.BufferedReader(self._guarded)
            unguarded.close()

        def begin(self) -> None:
            super().begin()
            if self._guarded.has_ended:  # headers alone never read to the end: http.client takes half of them for all
                raise http.client.IncompleteRead(b"")

    pools: dict[str, type] = {}
    for scheme, pool in (("http", HTTPConnectionPool), ("https", HTTPSConnectionPool)):
        connection = type("GuardedConnection", (pool.ConnectionCls,), {"response_class": GuardedResponse})
        pools[scheme] = type("GuardedPool", (pool,), {"ConnectionCls": connection})
    return pools

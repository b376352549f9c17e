"""Answers that break off, drip, lie, refuse or never come: asked for again, waited for, or one error; never half kept.

Numbers are those of ``docs/faults.md``.
"""

import email.utils
import gzip
import io
import socket
import sqlite3
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import VENUE_V2
from tests.fetchers.rig import SECOND_PAGE, Rig, digest_undisturbed, make_answer, make_venue, set_up
from tests.loopback.openreview import Answer, answer_error, answer_json, answer_limit, serve_openreview
from toolkit.errors import SourceError
from toolkit.fetchers.patience import DEFAULT_WAIT, RETRIES
from toolkit.fetchers.wire import Limits

Damage = Callable[[Answer], Answer]

JSON_HEADERS = {"Content-Type": "application/json"}
EXPIRED = answer_error("TokenExpiredError", "Token has expired, please log in again", 401)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """A venue of two pages."""
    with set_up(tmp_path, make_venue()) as ready:
        yield ready


@pytest.fixture
def log_in(monkeypatch: pytest.MonkeyPatch, rig: Rig) -> None:
    """Credentials in the environment, and an account that they fit."""
    monkeypatch.setenv("OPENREVIEW_USERNAME", "canary-user@example.org")
    monkeypatch.setenv("OPENREVIEW_PASSWORD", "CANARY-password")
    rig.loopback.accounts["canary-user@example.org"] = "CANARY-password"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    return digest_undisturbed(tmp_path_factory.mktemp("undisturbed"))


# What breaks off


def cut_half(answer: Answer) -> bytes:
    return answer.body[: len(answer.body) // 2]


def pack(answer: Answer, change: Callable[[bytes], bytes]) -> Answer:
    packed = change(gzip.compress(answer.body))
    return replace(answer, body=packed, headers={**answer.headers, "Content-Encoding": "gzip"})


BROKEN: dict[str, Damage] = {
    "row-1-length-above-the-body": lambda answer: replace(answer, cut=len(answer.body) // 2),
    "row-2-reset-in-the-body": lambda answer: replace(answer, cut=len(answer.body) // 2, reset=True),
    "row-5-chunk-cut": lambda answer: replace(answer, chunked=[answer.body], cut=len(answer.body) // 2),
    "row-5-no-last-chunk": lambda answer: replace(answer, chunked=[answer.body], unfinished=True),
    "row-6-gzip-without-trailer": lambda answer: pack(answer, lambda packed: packed[:-8]),
    "row-6-gzip-with-a-wrong-checksum": lambda answer: pack(answer, lambda packed: packed[:-8] + bytes(8)),
    "row-6-no-gzip-at-all": lambda answer: replace(answer, headers={**JSON_HEADERS, "Content-Encoding": "gzip"}),
    "row-10-early-close": lambda answer: replace(answer, wire=b""),
    "row-10-early-reset": lambda answer: replace(answer, wire=b"", reset=True),
    "row-10-close-between-two-headers": lambda answer: replace(
        answer, wire=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    ),
    "row-10-close-within-a-header": lambda answer: replace(answer, wire=b"HTTP/1.1 200 OK\r\nContent-Le"),
    **{
        f"row-23-status-{status}": lambda answer, status=status: Answer(status, b"<html>upstream</html>", {})
        for status in (500, 502, 503, 504)
    },
    **{f"row-25-status-{status}": lambda answer, status=status: Answer(status, b"") for status in range(520, 525)},
}
"""What another try may mend, and what stops a run if none does."""

NO_WHOLE_JSON: dict[str, Damage] = {
    "row-3-body-that-ends-with-the-connection": lambda answer: replace(
        answer, body=cut_half(answer), close_delimited=True
    ),
    "row-4-length-below-the-body": lambda answer: replace(
        answer, wire=b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(cut_half(answer)) + answer.body
    ),
}
"""What looks whole on the wire and is not."""


@pytest.mark.parametrize("name", [*BROKEN, *NO_WHOLE_JSON])
def test_a_broken_answer_is_asked_for_again_and_nothing_of_it_is_kept(
    name: str, rig: Rig, undisturbed: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = {**BROKEN, **NO_WHOLE_JSON}[name](make_answer(make_venue(), "s0001"))
    kept: list[list[str]] = []
    rig.loopback.on_request = lambda loopback, line: kept.append(rig_forums(rig)) if SECOND_PAGE in line else None
    rig.loopback.fail_when = [(SECOND_PAGE, broken)]
    report = rig.fetch()
    assert kept == [["s0000", "s0001"]] * 2, "asked for twice, with nothing of the broken page in between"
    assert (report.submissions, report.notes_stored, report.quarantined) == (4, 8, ())
    assert rig.store.compute_digest() == undisturbed
    assert [0.5 <= seconds <= 1 for seconds in rig.clock.sleeps] == [True], "one pause, and no two clients in step"
    assert caplog.records == [], "no library says anything on its own"


def rig_forums(rig: Rig) -> list[str]:
    """Forums that another process would see now."""
    other = sqlite3.connect(f"file:{rig.folder / 'store.sqlite'}?mode=ro", uri=True)
    try:
        return [forum for (forum,) in other.execute("SELECT DISTINCT forum FROM notes ORDER BY forum")]
    finally:
        other.close()


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_stays_broken_stops_the_run_and_the_next_one_goes_on(
    name: str, rig: Rig, undisturbed: str
) -> None:
    broken = BROKEN[name](make_answer(make_venue(), "s0001"))
    rig.loopback.fail_when = [(SECOND_PAGE, broken)] * 3
    rig.expect_stop("; check the connection, try later", retries=1)
    assert rig.count_requests(SECOND_PAGE) == 2
    rig.loopback.fail_when.clear()
    rig.expect_rest(undisturbed)


@pytest.mark.parametrize("name", NO_WHOLE_JSON)
def test_a_page_that_is_never_whole_json_is_set_aside_until_it_comes_whole(
    name: str, rig: Rig, undisturbed: str
) -> None:
    broken = NO_WHOLE_JSON[name](make_answer(make_venue(), "s0001"))
    rig.loopback.fail_when = [(SECOND_PAGE, broken)] * (RETRIES + 1)
    report = rig.fetch()
    assert [item.reason for item in report.quarantined] == ["unreadable-page"]
    assert rig.count_requests(SECOND_PAGE) == RETRIES + 1
    rig.expect_rest(undisturbed)
    assert rig.store.read_quarantine() == ()


def test_a_gzip_bomb_is_stopped_at_the_size_limit_in_little_memory(rig: Rig) -> None:  # row 7
    packer = zlib.compressobj(level=9, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 250_000
    rig.loopback.fail_when = [(SECOND_PAGE, Answer(200, bomb, {**JSON_HEADERS, "Content-Encoding": "gzip"}))]
    tracemalloc.start()
    try:
        rig.expect_stop("the answer is larger than 2 MB", limits=Limits(size=2 * 2**20))
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert rig.count_requests(SECOND_PAGE) == 1, "asking again would bring the same"


# What comes too slowly, or not at all


def drip(answer: Answer) -> Answer:
    return replace(answer, pause=0.05)


def drip_headers(answer: Answer) -> Answer:
    return replace(answer, wire=b"HTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 100, pause=0.05)


def hang(answer: Answer) -> Answer:
    return replace(answer, hang=60)


def hang_in_the_body(answer: Answer) -> Answer:
    return replace(answer, wire=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", pause=60)


@pytest.mark.parametrize(
    ("damage", "limits", "words"),
    [
        pytest.param(drip, Limits(total=0.8), "does not give its whole answer within 0.8 seconds", id="row-8-body"),
        pytest.param(drip_headers, Limits(total=0.8), "does not give its whole answer", id="row-8-headers"),
        pytest.param(hang, Limits(silence=0.6), "is silent for 0.6 seconds", id="row-9-no-answer"),
        pytest.param(hang_in_the_body, Limits(silence=0.6), "is silent for 0.6 seconds", id="row-9-in-the-body"),
    ],
)
def test_an_answer_that_drips_or_never_comes_is_given_up_and_asked_for_again(
    damage: Damage, limits: Limits, words: str, rig: Rig, undisturbed: str
) -> None:
    slow = damage(make_answer(make_venue(), "s0001"))
    rig.loopback.fail_when = [(SECOND_PAGE, slow)] * 2
    rig.expect_stop(words, limits=limits, retries=1)
    rig.loopback.fail_when = [(SECOND_PAGE, slow)]
    rig.loopback.requests.clear()
    rig.fetch(limits=limits)
    assert rig.count_requests(SECOND_PAGE) >= 2
    assert rig.store.compute_digest() == undisturbed


# Nobody there


def refuse_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("OPENREVIEW_API_BASEURL_V2", f"http://127.0.0.1:{port}")


def break_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setenv("OPENREVIEW_API_BASEURL_V2", "https://api2.example.invalid")
    monkeypatch.setattr(socket, "getaddrinfo", fail)  # no question about a name leaves this machine


@pytest.mark.parametrize(
    "arrange",
    [pytest.param(refuse_connections, id="row-10-refused"), pytest.param(break_names, id="row-10-no-such-host")],
)
def test_nobody_there_is_one_error_after_one_more_try(
    arrange: Callable[[pytest.MonkeyPatch], None], rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(monkeypatch)
    with pytest.raises(SourceError, match=r"cannot be reached \(asked 2 times\); check the connection"):
        rig.fetch()
    assert rig.loopback.requests == []
    assert rig.store.count_forums() == 0


# Who is asked for, and who may ask


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(200, b"<!DOCTYPE html>Just a moment", {"Content-Type": "text/html"}), id="row-11"),
        pytest.param(Answer(200, b"\n <html>Just a moment</html>", JSON_HEADERS), id="row-12"),
    ],
)
def test_a_web_page_is_no_answer_and_is_not_asked_for_again(answer: Answer, rig: Rig, undisturbed: str) -> None:
    rig.loopback.fail_when = [("/notes?", answer)]
    with pytest.raises(SourceError, match="is a web page, not an API answer; log in"):
        rig.fetch()
    assert (rig.count_requests("/notes?"), rig.clock.sleeps, rig.store.count_forums()) == (1, [], 0)
    assert b"Just a moment" not in rig.read_bytes()
    rig.fetch()
    assert rig.store.compute_digest() == undisturbed


def test_a_challenge_costs_one_request_and_says_how_to_log_in(rig: Rig) -> None:  # row 13
    rig.loopback.challenges_guests = True
    with pytest.raises(SourceError, match="lets no visitors in without a login; set OPENREVIEW_USERNAME"):
        rig.fetch()
    assert len(rig.loopback.requests) == 1


@pytest.mark.usefixtures("log_in")
def test_a_login_that_runs_out_on_the_way_is_renewed_once(rig: Rig, undisturbed: str) -> None:  # row 14
    rig.loopback.fail_when = [(SECOND_PAGE, EXPIRED)]
    rig.fetch()
    assert (rig.count_requests("POST /login"), rig.count_requests(SECOND_PAGE)) == (2, 2)
    assert rig.store.compute_digest() == undisturbed


@pytest.mark.usefixtures("log_in")
def test_a_login_that_is_refused_after_it_was_renewed_stops_the_run(rig: Rig, undisturbed: str) -> None:  # row 14
    rig.loopback.fail_when = [(SECOND_PAGE, EXPIRED)] * 2
    error = rig.expect_stop("the login is not valid or has expired; set OPENREVIEW_USERNAME")
    assert "CANARY" not in str(error)
    assert "canary" not in str(error)
    assert (rig.count_requests("POST /login"), rig.count_requests(SECOND_PAGE)) == (2, 2)
    rig.expect_rest(undisturbed)


@pytest.mark.usefixtures("log_in")
def test_a_second_factor_is_never_asked_for_where_nobody_sits_at_a_terminal(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:  # row 15
    rig.loopback.second_factor.add("canary-user@example.org")
    piped = io.StringIO("123456\n")
    monkeypatch.setattr("sys.stdin", piped)
    with pytest.raises(SourceError, match="wants a second factor; set OPENREVIEW_TOTP"):
        rig.fetch()
    assert piped.read() == "123456\n", "nothing was read"
    assert rig.loopback.requests == ["v2 POST /login"]
    assert capfd.readouterr() == ("", "")


# Limits


def limit_by_header(value: str, body: bytes = b"{}") -> Answer:
    return Answer(429, body, {**JSON_HEADERS, "Retry-After": value})


def test_a_limit_is_waited_for_as_long_as_the_service_says(rig: Rig, undisturbed: str) -> None:  # row 18
    rig.loopback.fail_when = [(SECOND_PAGE, limit_by_header("2"))]
    rig.fetch()
    assert (rig.clock.sleeps, rig.count_requests(SECOND_PAGE)) == ([2.0], 2)
    assert rig.store.compute_digest() == undisturbed


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(lambda: limit_by_header(email.utils.formatdate(time.time() + 3000, usegmt=True)), id="row-19"),
        pytest.param(lambda: answer_limit(98, 99, 3000), id="row-20"),
    ],
)
def test_a_limit_that_names_a_moment_is_waited_for_until_then(say: Callable[[], Answer], rig: Rig) -> None:
    rig.clock.wall = 1e9  # our clock is years off: the moment is read by the clock of the service
    rig.loopback.fail_when = [(SECOND_PAGE, say())]
    rig.fetch()
    assert rig.clock.sleeps == [pytest.approx(3000, abs=120)]
    assert rig.count_requests(SECOND_PAGE) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(answer_limit(98, 99, 3000), "its limit of 98 requests is reached", id="row-20"),
        pytest.param(limit_by_header("864000"), "(free again in 10 days)", id="row-21-ten-days"),
        pytest.param(limit_by_header("999999999"), "days)", id="row-21-thirty-years"),
    ],
)
def test_a_longer_wait_than_is_allowed_stops_the_run_and_says_when_to_go_on(
    answer: Answer, words: str, rig: Rig, undisturbed: str
) -> None:
    rig.loopback.fail_when = [(SECOND_PAGE, answer)]
    error = rig.expect_stop(words, max_wait=600)
    assert (rig.clock.sleeps, rig.count_requests(SECOND_PAGE)) == ([], 1)
    assert error.resume_at is not None
    assert error.resume_at.timestamp() >= rig.clock.wall + 600
    rig.expect_rest(undisturbed)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(limit_by_header("-5"), id="row-21-negative"),
        pytest.param(limit_by_header("soon"), id="row-21-word"),
        pytest.param(limit_by_header("9" * 400), id="row-21-no-number-of-seconds"),
        pytest.param(limit_by_header("Thu, 01 Jan 1970 00:00:00 GMT"), id="row-21-past"),
        pytest.param(Answer(429, b"<html>slow down", {"Content-Type": "text/html"}), id="row-22-page"),
        pytest.param(Answer(429, b"slow down", JSON_HEADERS), id="row-22-no-json"),
        pytest.param(Answer(429, b'{"details": [' * 9000, JSON_HEADERS), id="row-22-nested"),
        pytest.param(answer_error("RateLimitError", "Slow", 429, resetTime={"at": 1}), id="row-22-no-moment"),
    ],
)
def test_a_limit_that_does_not_say_how_long_is_waited_for_longer_each_time(
    answer: Answer, rig: Rig, undisturbed: str
) -> None:
    rig.loopback.fail_when = [(SECOND_PAGE, answer)] * 2
    rig.fetch()
    assert rig.clock.sleeps == [DEFAULT_WAIT, 2 * DEFAULT_WAIT]
    assert rig.store.compute_digest() == undisturbed


def test_a_wall_clock_that_is_set_back_while_waiting_makes_no_wait_longer(rig: Rig) -> None:  # row 71
    rig.clock.wall_jump = -86400.0
    rig.loopback.fail_when = [(SECOND_PAGE, limit_by_header("20"))] * 4
    rig.expect_stop("its limit is reached", max_minutes=1.25)
    assert rig.clock.sleeps == [20.0, 20.0, 20.0], "the 75 seconds of the run go on by the other clock"


# Trouble


@pytest.mark.parametrize("status", [pytest.param(503, id="row-24"), pytest.param(521, id="row-25")])
def test_trouble_that_does_not_end_is_given_up_after_a_minute_and_can_be_resumed(
    status: int, rig: Rig, undisturbed: str
) -> None:
    rig.loopback.fail_when = [(SECOND_PAGE, Answer(status, b"<html>CANARY</html>", {}))] * 20
    error = rig.expect_stop(f"has trouble (status {status}) (asked {RETRIES + 1} times)")
    assert "CANARY" not in str(error)
    assert rig.count_requests(SECOND_PAGE) == RETRIES + 1
    assert 30 <= sum(rig.clock.sleeps) <= 64
    assert rig.clock.sleeps == sorted(rig.clock.sleeps), "each pause is longer than the one before"
    rig.loopback.fail_when.clear()
    rig.expect_rest(undisturbed)


def test_a_request_that_is_refused_is_not_repeated_and_its_message_not_either(rig: Rig, undisturbed: str) -> None:
    refusal = answer_error("ValidationError", "bad id of canary-user@example.org", 400)  # row 26
    rig.loopback.fail_when = [(SECOND_PAGE, refusal)]
    error = rig.expect_stop("refuses the request (status 400, ValidationError)")
    assert "canary" not in str(error)
    assert (rig.count_requests(SECOND_PAGE), rig.clock.sleeps) == (1, [])
    rig.expect_rest(undisturbed)


@pytest.mark.parametrize("status", [302, 308])
@pytest.mark.parametrize("path", ["/login", "/groups", "/notes"])
@pytest.mark.usefixtures("log_in")
def test_a_redirect_is_refused_and_no_login_goes_elsewhere(status: int, path: str, rig: Rig) -> None:  # row 27
    with serve_openreview(make_venue(), []) as other:
        rig.loopback.failures[path] = [Answer(status, b"", {"Location": other.urls["v2"] + path})]
        with pytest.raises(SourceError, match="wants to send us elsewhere, which is not followed"):
            rig.fetch()
    assert other.requests == []
    assert rig.count_requests(path) == 1


def test_a_redirect_to_itself_is_no_loop(rig: Rig) -> None:  # row 27
    rig.loopback.failures["/groups"] = [Answer(302, b"", {"Location": f"/groups?id={VENUE_V2}"})] * 50
    with pytest.raises(SourceError, match="wants to send us elsewhere"):
        rig.fetch()
    assert len(rig.loopback.requests) == 1


# Pages that do not go on


def test_a_service_that_gives_the_same_page_again_and_again_is_left(rig: Rig) -> None:  # row 36
    rig.loopback.ignores_after = True
    rig.expect_stop("does not go on to the next page")
    assert rig.count_requests("/notes?") == 2


def test_a_short_page_is_not_taken_for_the_last_one(tmp_path: Path) -> None:  # row 37
    notes = make_venue(5)
    middle = answer_json({"notes": [note for note in notes if note["id"] == "s0001"]})
    with set_up(tmp_path, notes) as rig:
        rig.loopback.page_limit = 1
        rig.loopback.fail_when = [("after=s0000", middle)]
        assert rig.fetch().submissions == 5
    assert rig.count_requests("/notes?") == 6, "one page a submission, and one that is empty"

"""The stand-in for OpenReview: its faults on the wire, its listings while notes change, its limits."""

import gzip
import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from tests.loopback.openreview import Answer, Loopback, answer_error, load_real, repeat_forums, serve_openreview

VENUE = "Loop.cc/2026/Conference"
OLD_VENUE = "Loop.cc/2018/Conference"


def make_note(note_id: str, forum: str | None = None, tmdate: int = 0, **fields: Any) -> dict[str, Any]:
    kind = "Submission7/-/Official_Review" if forum else "-/Submission"
    note = {"id": note_id, "forum": forum or note_id, "replyto": forum, "readers": ["everyone"], "content": {}}
    return {
        **note,
        "tmdate": tmdate,
        "invitations": [f"{VENUE}/{kind}"],
        "signatures": [f"{note_id}/Authors"],
        **fields,
    }


def make_old_note(note_id: str, invitation: str) -> dict[str, Any]:
    note = {key: value for key, value in make_note(note_id).items() if key != "invitations"}
    return {**note, "invitation": f"{OLD_VENUE}/-/{invitation}"}


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with serve_openreview([make_note(f"s{n}", tmdate=n // 2) for n in range(6)], []) as started:
        yield started


def get(loopback: Loopback, path: str = "/notes", api: str = "v2", **parameters: Any) -> requests.Response:
    return requests.get(loopback.urls[api] + path, params=parameters, timeout=10)


def list_ids(loopback: Loopback, api: str = "v2", **parameters: Any) -> list[str]:
    return [note["id"] for note in get(loopback, api=api, **parameters).json()["notes"]]


def read_raw(loopback: Loopback) -> bytes:
    address = urlsplit(loopback.urls["v2"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(b"GET /notes HTTP/1.1\r\nHost: x\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(4096), b""))


# Faults on the wire


def test_exact_bytes_are_sent_and_nothing_else(loopback: Loopback) -> None:
    loopback.failures["/notes"] = [Answer(200, b"", wire=b"HTTP/1.1 200 OK\r\nContent-Le")]
    assert read_raw(loopback) == b"HTTP/1.1 200 OK\r\nContent-Le"


def test_a_hanging_answer_is_a_close_without_a_byte(loopback: Loopback) -> None:
    loopback.failures["/notes"] = [Answer(200, b"{}", hang=0.2)]
    started = time.monotonic()
    assert read_raw(loopback) == b""
    assert 0.2 <= time.monotonic() - started < 5


def test_a_reset_comes_after_the_cut_body(loopback: Loopback) -> None:
    loopback.failures["/notes"] = [Answer(200, b"0123456789", cut=4, reset=True)]
    with pytest.raises(ConnectionResetError):
        read_raw(loopback)


@pytest.mark.parametrize("seconds", [0.01, 30.0])
def test_a_slow_body_comes_byte_by_byte_and_ends_with_the_server(seconds: float) -> None:
    started = time.monotonic()
    with serve_openreview([], [], failures={"/notes": [Answer(200, b"0123456789", pause=seconds)]}) as loopback:
        if seconds < 1:
            assert get(loopback).content == b"0123456789"
            assert time.monotonic() - started > 0.05
        else:
            response = requests.get(loopback.urls["v2"] + "/notes", stream=True, timeout=10)
            assert response.raw.read(1) == b"0"
            response.close()
    assert time.monotonic() - started < 10


def test_chunks_are_sent_with_or_without_their_end(loopback: Loopback) -> None:
    chunks = [b'{"notes"', b": []}"]
    loopback.failures["/notes"] = [Answer(200, b"", chunked=chunks), Answer(200, b"", chunked=chunks, unfinished=True)]
    response = get(loopback)
    assert response.json() == {"notes": []}
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in response.headers
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(loopback)


def test_a_body_may_end_with_the_connection(loopback: Loopback) -> None:
    loopback.failures["/notes"] = [Answer(200, b"{}", close_delimited=True)]
    response = get(loopback)
    assert (response.json(), response.headers["Connection"]) == ({}, "close")
    assert "Content-Length" not in response.headers


def test_json_is_compressed_for_who_takes_it(loopback: Loopback) -> None:
    loopback.gzip_answers = True
    address = urlsplit(loopback.urls["v2"])
    bodies = []
    for headers in ({"Accept-Encoding": "gzip, deflate"}, {"Accept-Encoding": "gzip"}, {}):
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        connection.request("GET", "/notes", headers=headers)
        answer = connection.getresponse()
        assert answer.getheader("Content-Encoding") == ("gzip" if headers else None)
        bodies.append(answer.read())
        connection.close()
    assert bodies[0] == bodies[1]
    assert gzip.decompress(bodies[0]) == bodies[2]


# Listings


def test_pages_go_on_after_a_note_in_either_order(loopback: Loopback) -> None:
    assert list_ids(loopback, limit=2, after="s1") == ["s2", "s3"]
    assert list_ids(loopback, sort="id", after="s25") == ["s3", "s4", "s5"]
    assert list_ids(loopback, sort="tmdate:desc") == ["s5", "s4", "s3", "s2", "s1", "s0"]
    assert list_ids(loopback, sort="tmdate:desc", after="s3", limit=2) == ["s2", "s1"]
    assert get(loopback, sort="tmdate:desc", after="gone").status_code == 404
    assert "count" not in get(loopback).json()
    assert get(loopback, count="true", after="s3").json()["count"] == 6


@pytest.mark.parametrize("size", [6, 1500])
def test_edits_are_seen_while_a_client_pages(loopback: Loopback, size: int) -> None:
    loopback.replace([make_note(f"s{n:04d}", tmdate=n) for n in range(size)])
    last = f"s{size - 1:04d}"
    assert list_ids(loopback, sort="tmdate:desc", limit=1) == [last]
    before = loopback.notes[0]
    loopback.change("s0000", tmdate=10**6)
    assert before["tmdate"] == 0
    assert list_ids(loopback, sort="tmdate:desc", limit=2) == ["s0000", last]
    loopback.remove("s0000")
    loopback.add(make_note("s9998", tmdate=10**7))
    loopback.notes.append(make_note("s9999", tmdate=10**8))
    assert list_ids(loopback, sort="tmdate:desc", limit=3) == ["s9999", "s9998", last]
    with pytest.raises(KeyError):
        loopback.remove("s0000")


def test_filters(loopback: Loopback) -> None:
    loopback.add(make_note("r0", "s0"))
    loopback.add(make_note("x0", domain="Other.cc"))
    loopback.replace([*loopback.notes, *(make_old_note(f"v{n}", f"Paper{n}/Official_Review") for n in range(3))])
    assert list_ids(loopback, domain="Other.cc") == ["x0"]
    assert "r0" in list_ids(loopback, domain=VENUE)
    assert list_ids(loopback, signatures=["s1/Authors", "s2/Authors"]) == ["s1", "s2"]
    assert list_ids(loopback, forum="s0") == ["r0", "s0"]
    assert list_ids(loopback, invitation=f"{VENUE}/Submission7/-/Official_Review") == ["r0"]
    pattern = f"{OLD_VENUE}/-/Paper.*/Official_Review"
    answer = get(loopback, api="v1", invitation=pattern, after="v0").json()
    assert ([note["id"] for note in answer["notes"]], answer["count"]) == (["v1", "v2"], 3)
    replies = get(loopback, id="s0", details="replies").json()["notes"][0]["details"]["replies"]
    assert [reply["id"] for reply in replies] == ["r0"]


def test_notes_are_found_by_ids(loopback: Loopback) -> None:
    loopback.add(make_note("secret", readers=["Program_Chairs"]))
    sent = {"ids": ["s4", "secret", "nowhere", "s1"]}
    answer = requests.post(loopback.urls["v2"] + "/notes/search", json=sent, timeout=10).json()
    assert ([note["id"] for note in answer["notes"]], answer["count"]) == (["s4", "s1"], 2)


def test_invitations(loopback: Loopback) -> None:
    names = [f"{VENUE}/-/Submission", f"{VENUE}/-/Edit"]
    loopback.invitations += [{"id": name, "domain": VENUE} for name in names]
    loopback.invitations += [{"id": f"{OLD_VENUE}/-/Paper{n}/Official_Review"} for n in range(2)]

    def ask(api: str, **parameters: str) -> list[str]:
        found = get(loopback, "/invitations", api, **parameters).json()["invitations"]
        return [invitation["id"] for invitation in found]

    assert ask("v2") == ask("v2", prefix=VENUE) == ask("v2", ids=",".join(names)) == names
    assert ask("v2", id=names[1]) == names[1:]
    assert len(ask("v1", regex=f"{OLD_VENUE}/-/Paper.*")) == 2
    assert ask("v1", regex=OLD_VENUE) == []
    missing = get(loopback, "/invitations", "v1", id=names[0])
    assert (missing.status_code, missing.json()["name"]) == (404, "NotFoundError")


# Hooks, failures, limits


def test_a_hook_may_edit_notes_before_the_answer(loopback: Loopback) -> None:
    lines = []

    def edit(server: Loopback, line: str) -> None:
        lines.append(line)
        server.remove("s0")

    loopback.on_request = edit
    assert list_ids(loopback, limit=1) == ["s1"]
    assert lines == loopback.requests == ["v2 GET /notes?limit=1"]


def test_failures_by_part_of_the_target_are_used_once(loopback: Loopback) -> None:
    loopback.fail_when += [("after=s1", answer_error("E", "first", 500)), ("after=", answer_error("E", "second", 502))]
    statuses = [get(loopback, **parameters).status_code for parameters in ({}, {"after": "s1"}, {"after": "s1"}, {})]
    assert statuses == [200, 500, 502, 200]
    assert loopback.fail_when == []


def test_requests_over_the_limit_wait_for_the_next_window(loopback: Loopback) -> None:
    loopback.limit, loopback.window = 2, 1.0
    answers = [get(loopback) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    error = answers[2].json()
    assert error["name"] == "RateLimitError"
    assert {key: error["details"][key] for key in ("limit", "remaining", "used")} == {
        "limit": 2,
        "remaining": 0,
        "used": 3,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", error["details"]["resetTime"])
    assert "Retry-After" not in answers[2].headers
    time.sleep(1.1)
    assert get(loopback).status_code == 200


# Large runs


def test_real_forums_are_read_and_repeated(tmp_path: Path) -> None:
    path = tmp_path / "real.jsonl"
    forums = [[make_note("b"), make_note("z", "b"), make_note("y", "b", replyto="z")], [make_note("a")]]
    lines = [{"forum": notes[0]["id"], "api": "v2", "notes": notes} for notes in forums]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    notes = load_real(path)
    assert notes == [note for forum in forums for note in forum]
    copies = repeat_forums(notes, 3)
    roots = [note["id"] for note in copies if note["id"] == note["forum"]]
    assert len({note["id"] for note in copies}) == len(copies) == 7
    assert roots == sorted(roots)
    assert len(roots) == 3
    assert (copies[1]["replyto"], copies[2]["replyto"]) == (copies[0]["id"], copies[1]["id"])
    assert copies[0]["content"] is notes[0]["content"]


def test_a_large_venue_is_paged_quickly() -> None:
    forum = [make_note("s"), *(make_note(f"r{n:02d}", "s") for n in range(15))]
    with serve_openreview(repeat_forums(forum, 20_000), []) as loopback:
        started = time.monotonic()
        after: dict[str, str] = {}
        seen = 0
        query = {"invitation": f"{VENUE}/-/Submission", "details": "replyCount", "sort": "tmdate:desc"}
        while notes := requests.get(f"{loopback.urls['v2']}/notes?{urlencode(query | after)}", timeout=60).json()[
            "notes"
        ]:
            seen += len(notes)
            after = {"after": notes[-1]["id"]}
    assert seen == 20_000
    assert time.monotonic() - started < 30

"""What is read from an answer: how long a limit asks us to wait, and gzip to its very end."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from toolkit.fetchers.unpacking import CHUNK, inflate
from toolkit.fetchers.wire import read_wait

NOON = 1_800_014_400.0  # 2027-01-15 12:00:00 UTC
FAR = "2027-01-15T12:50:00.250Z"


def write_reset(moment: Any) -> bytes:
    return json.dumps({"name": "RateLimitError", "details": {"resetTime": moment}}).encode()


# How long to wait


@pytest.mark.parametrize("said", ["", "-5", "+5", "1.5", "soon", "1e3", "9999999999", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_header_that_cannot_be_meant_is_no_wait(said: str) -> None:
    assert read_wait({"Retry-After": said}, b"{}", NOON) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"slow down",
        b"\xff",
        b"[1]",
        b"null",
        b"[" * 100_000,
        b'{"details": null}',
        b'{"details": {}}',
        b'{"details": [1]}',
        write_reset(None),
        write_reset({"at": 1}),
        write_reset(NOON + 60),
        write_reset("~Ada_Example1 says tomorrow"),
        write_reset(FAR + " " * 40),
        write_reset("2027-01-15T11:59:59Z"),
        write_reset("0001-01-01T00:00:00+23:00"),
    ],
)
def test_a_body_that_cannot_be_meant_is_no_wait(body: bytes) -> None:
    assert read_wait({}, body, NOON) is None


def test_without_a_header_the_moment_in_the_body_counts() -> None:
    assert read_wait({}, write_reset(FAR), NOON) == 3000.25
    assert read_wait({}, bytearray(write_reset(FAR)), NOON) == 3000.25


@pytest.mark.parametrize("said", ["7", " 7 ", "Fri, 15 Jan 2027 12:00:07 GMT"])
def test_the_header_goes_before_the_body(said: str) -> None:
    assert read_wait({"Retry-After": said}, write_reset(FAR), NOON) == 7


def test_a_header_that_cannot_be_read_leaves_it_to_the_body() -> None:
    assert read_wait({"Retry-After": "soon"}, write_reset(FAR), NOON) == 3000.25


@pytest.mark.parametrize("our_clock", [0.0, NOON, 4e9])
def test_a_moment_is_compared_with_the_clock_of_the_service_where_it_shows_it(our_clock: float) -> None:
    headers = {"Date": "Fri, 15 Jan 2027 12:49:00 GMT"}
    assert read_wait(headers, write_reset(FAR), our_clock) == 60.25
    assert read_wait({**headers, "Retry-After": "Fri, 15 Jan 2027 12:50:00 GMT"}, b"", our_clock) == 60
    assert read_wait({**headers, "Retry-After": "9"}, b"", our_clock) == 9


def test_a_clock_of_the_service_that_cannot_be_read_leaves_ours() -> None:
    assert read_wait({"Date": "noon"}, write_reset(FAR), NOON) == 3000.25


# gzip


DATA = b"".join(b'{"id": "n%d"}\n' % number for number in range(20_000))


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("missing", [1, 4, 8, 9, 1000])
def test_gzip_without_its_end_is_not_whole(missing: int) -> None:
    with pytest.raises(EOFError):
        list(inflate(cut(gzip.compress(DATA)[:-missing], 1000)))


def test_nothing_is_no_gzip() -> None:
    with pytest.raises(EOFError):
        list(inflate([]))


@pytest.mark.parametrize(
    "data",
    [
        b"plain text",
        gzip.compress(DATA)[:-8] + bytes(8),
        gzip.compress(DATA)[:-4] + bytes(4),
        gzip.compress(DATA) + b"and more",
        gzip.compress(DATA)[:500] + bytes(100) + gzip.compress(DATA)[600:],
    ],
    ids=["no gzip", "wrong checksum", "wrong length", "something behind it", "overwritten in the middle"],
)
def test_damaged_gzip_is_an_error(data: bytes) -> None:
    with pytest.raises(zlib.error):
        list(inflate(cut(data, 1000)))


@pytest.mark.parametrize("size", [1, 10, 1000, 10**9])
def test_gzip_may_come_in_pieces_of_any_size_and_be_joined_end_to_end(size: int) -> None:
    packed = gzip.compress(DATA[:100_001]) + gzip.compress(b"") + gzip.compress(DATA[100_001:])
    assert b"".join(inflate(cut(packed, size))) == DATA


def test_a_bomb_comes_in_small_pieces_and_only_as_far_as_it_is_wanted() -> None:
    pieces = inflate([gzip.compress(bytes(50 * 2**20))])
    assert [len(next(pieces)) for _ in range(3)] == [CHUNK] * 3
    assert sum(map(len, pieces)) == 50 * 2**20 - 3 * CHUNK

"""Canary secrets in every credential and address: not one in any byte that a fetch writes, however it ends."""

import base64
import copy
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.fetchers.raw_notes import VENUE_V2
from tests.fetchers.rig import GROUPS, make_venue
from tests.loopback.openreview import Answer, answer_error, serve_openreview

ROOT = Path(__file__).parents[2]
USER, PASSWORD, TOKEN = "canary-user@example.org", "CANARY pass/word", "CANARY.token.value"
SECOND_FACTOR = "CANARYCANARYCANA"  # letters of an authenticator's secret
SECRETS = (USER, PASSWORD, TOKEN, SECOND_FACTOR, "CANARY", "canary-")
FORMS = {
    form.encode()
    for secret in SECRETS
    for form in (secret, quote(secret, safe=""), quote(secret), secret.lower(), secret.upper())
} | {base64.b64encode(f"{USER}:{PASSWORD}".encode()), base64.b64encode(b"CANARYU:CANARYP")}

ACCOUNT = {"OPENREVIEW_USERNAME": USER, "OPENREVIEW_PASSWORD": PASSWORD, "OPENREVIEW_TOTP": SECOND_FACTOR}
WITH_TOKEN = {"OPENREVIEW_TOKEN": TOKEN}


def echo(status: int) -> Answer:
    """An error that repeats what it was sent, as services do."""
    return answer_error("Error", f"{USER} {PASSWORD} Bearer {TOKEN} at http://{USER}:CANARY@host", status, user=USER)


def run(folder: Path, environment: Mapping[str, str], *options: str) -> tuple[int, bytes]:
    """Fetch in a process of its own; return its status and every byte that it printed, wrote or was called with."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENREVIEW_")}
    command = [sys.executable, "-m", "toolkit", "fetch", VENUE_V2, "--out", str(folder / "build"), "--max-wait", "0"]
    process = subprocess.Popen(
        [*command, *options],
        cwd=ROOT,
        env={**inherited, **environment, "NO_PROXY": environment.get("NO_PROXY", "127.0.0.1")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    arguments = Path(f"/proc/{process.pid}/cmdline")
    called = arguments.read_bytes() if arguments.exists() else b""
    printed, _ = process.communicate(timeout=120)
    return process.returncode, called + printed + read_all(folder)


def read_all(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def find_canaries(written: bytes) -> list[bytes]:
    return [form for form in FORMS if form in written]


def test_the_search_finds_what_it_looks_for() -> None:
    assert find_canaries(b"x CANARY%20pass%2Fword y")


CASES: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any], Sequence[int]]] = {
    "a login that is accepted": (ACCOUNT, {"accounts": {USER: PASSWORD}, "challenges_guests": True}, [0]),
    "a login that is refused": (ACCOUNT, {"accounts": {USER: "other"}}, [1]),
    "a second factor that is refused": (ACCOUNT, {"accounts": {USER: PASSWORD}, "second_factor": {USER}}, [1]),
    "a token that has expired": (WITH_TOKEN, {"accounts": {USER: PASSWORD}}, [1]),
    "a token that cannot be one": ({"OPENREVIEW_TOKEN": f"{TOKEN} with a space"}, {}, [1]),
    "a secret of the second factor that is none": (
        {**ACCOUNT, "OPENREVIEW_TOTP": "CANARY-1890!"},
        {"accounts": {USER: PASSWORD}, "second_factor": {USER}},
        [1],
    ),
    **{
        f"a login that is answered with {status}": (ACCOUNT, {"failures": {"/login": [echo(status)] * 2}}, [1, 3])
        for status in (400, 401, 403, 429)
    },
    **{
        f"pages that are answered with {status}": (
            ACCOUNT,
            {"accounts": {USER: PASSWORD}, "failures": {"/notes": [echo(status)] * 2}},
            [1, 3],
        )
        for status in (400, 401, 403, 429)
    },
    "a web page that repeats the login": (
        ACCOUNT,
        {
            "accounts": {USER: PASSWORD},
            "failures": {"/notes": [Answer(200, f"<html>{USER} {PASSWORD}</html>".encode(), {})]},
        },
        [1],
    ),
    "a redirect that repeats the login": (
        ACCOUNT,
        {
            "accounts": {USER: PASSWORD},
            "failures": {"/notes": [Answer(302, b"", {"Location": f"https://CANARYU:CANARYP@example.org/{TOKEN}"})]},
        },
        [1],
    ),
}


@pytest.mark.parametrize("options", [("--debug",), ("--debug", "--json")], ids=["text", "json"])
@pytest.mark.parametrize("case", CASES)
def test_no_secret_is_written(case: str, options: Sequence[str], tmp_path: Path) -> None:
    environment, behaviour, statuses = CASES[case]
    with serve_openreview(make_venue(), GROUPS, **copy.deepcopy(behaviour)) as loopback:
        status, written = run(tmp_path, {**loopback.environment, **environment}, *options)
    assert status in statuses
    assert find_canaries(written) == []
    assert written, "something was said"


@pytest.mark.parametrize("variable", ["OPENREVIEW_API_BASEURL", "OPENREVIEW_API_BASEURL_V2"])
def test_an_address_with_credentials_is_refused_and_not_repeated(variable: str, tmp_path: Path) -> None:
    with serve_openreview(make_venue(), GROUPS) as loopback:
        address = loopback.environment[variable].replace("http://", "http://CANARYU:CANARYP@")
        api = "v2" if variable.endswith("V2") else "v1"
        status, written = run(tmp_path, {**loopback.environment, variable: address}, "--api", api, "--debug")
        assert loopback.requests == []
    assert status == 1
    assert b"holds credentials" in written
    assert find_canaries(written) == []


def test_a_proxy_with_credentials_that_is_not_there_is_not_repeated(tmp_path: Path) -> None:
    proxy = "http://CANARYU:CANARYP@127.0.0.1:9"
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), proxy)
    with serve_openreview(make_venue(), GROUPS) as loopback:
        environment = {**loopback.environment, **proxies, **WITH_TOKEN, "NO_PROXY": "", "no_proxy": ""}
        status, written = run(tmp_path, environment, "--debug")
        assert loopback.requests == []
    assert status == 1
    assert find_canaries(written) == []


def test_a_process_that_is_killed_leaves_no_secret_behind(tmp_path: Path) -> None:
    with serve_openreview(make_venue(), GROUPS, accounts={USER: PASSWORD}, page_limit=2) as loopback:
        loopback.fail_when = [("after=", Answer(200, b"", hang=60))]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENREVIEW_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "toolkit", "fetch", VENUE_V2, "--out", str(tmp_path / "build")],
            cwd=ROOT,
            env={**inherited, **loopback.environment, **ACCOUNT},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        while not any("after=" in line for line in loopback.requests):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        printed, _ = process.communicate()
    written = printed + read_all(tmp_path)
    assert b"On s0000" in written, "a page was stored"
    assert find_canaries(written) == []

"""What can be asked before anything is fetched: whether OpenReview lets us in, and which venues it lists."""

from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.rig import GROUPS, make_venue, set_up
from tests.loopback.openreview import SECOND_FACTOR_CODE, answer_error, serve_openreview
from toolkit.errors import SourceError
from toolkit.fetchers import Services, check_access, list_venues

LISTS = [
    {"id": "venues", "domain": "venues", "members": ["Loop.cc/2026/Conference", "~Ada_Lovelace1", "TMLR"]},
    {"id": "host", "members": ["Loop.cc/2019/Conference", "ada@example.org", "Loop.cc/2026/Conference"]},
]


@pytest.fixture(autouse=True)
def _point_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))


def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str] | None = None, **behaviour: Any):
    with set_up(tmp_path, make_venue(), **behaviour) as rig:
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        access = check_access()
        assert access.requests == len(rig.loopback.requests) <= 2
        assert rig.store.count_forums() == 0
    for secret in ("canary-user", "canary-word"):
        assert secret not in str(access)
    return access.login, [found.state for found in access.apis], [found.says for found in access.apis]


LOGIN = {"OPENREVIEW_USERNAME": "canary-user", "OPENREVIEW_PASSWORD": "canary-word"}
ACCOUNTS = {"canary-user": "canary-word"}


def test_a_visitor_is_told_that_a_login_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login, states, says = check(tmp_path, monkeypatch, challenges_guests=True)
    assert (login, states) == ("visitor", ["refused", "refused"])
    assert "set OPENREVIEW_USERNAME" in says[0]


def test_a_wrong_password_is_one_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login, states, says = check(tmp_path, monkeypatch, LOGIN, accounts={"canary-user": "other"})
    assert (login, states) == ("refused", ["refused"])
    assert "the login was refused" in says[0]


def test_a_limit_says_how_large_it_is_and_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login, states, says = check(tmp_path, monkeypatch, limit=0, window=3600.0)
    assert (login, states) == ("visitor", ["limited", "limited"])
    assert says[0] == "its limit of 0 requests is reached (free again in 60 minutes)"


def test_trouble_is_told_and_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = [answer_error("Error", "canary-word", 503)]
    _, states, says = check(tmp_path, monkeypatch, failures={"/notes": trouble})
    assert states == ["refused", "answers"]
    assert says[0].startswith("has trouble (status 503)")


def test_a_login_takes_one_of_the_two_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    access = check(tmp_path, monkeypatch, LOGIN, accounts=ACCOUNTS, challenges_guests=True)
    assert access[:2] == ("account", ["answers", "not-asked"])


def test_a_second_factor_takes_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {**LOGIN, "OPENREVIEW_TOTP": SECOND_FACTOR_CODE}
    access = check(tmp_path, monkeypatch, environment, accounts=ACCOUNTS, second_factor={"canary-user"})
    assert access[0] == "account"
    assert set(access[1]) == {"not-asked"}


def test_a_token_leaves_both_requests_for_the_apis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"OPENREVIEW_TOKEN": "token-of-canary-user"}
    access = check(tmp_path, monkeypatch, environment, accounts=ACCOUNTS, challenges_guests=True)
    assert access[:2] == ("token", ["answers", "answers"])


def search(word: str, api: str = "auto", groups: Any = (*GROUPS, *LISTS)) -> list[tuple[str, str]]:
    with pytest.MonkeyPatch.context() as patch, serve_openreview([], groups) as loopback:
        for name, value in loopback.environment.items():
            patch.setenv(name, value)
        found = [tuple(entry) for entry in list_venues(Services(), word, api)]
        assert {line.split("?")[0] for line in loopback.requests} <= {"v2 GET /groups", "v1 GET /groups"}
    return found


def test_venues_are_found_by_a_word_of_their_id_in_any_case() -> None:
    assert search("loop.CC/20") == [
        ("v1", "Loop.cc/2019/Conference"),
        ("v1", "Loop.cc/2026/Conference"),
        ("v2", "Loop.cc/2026/Conference"),
    ]
    assert search("tmlr") == [("v2", "TMLR")]
    assert search("2019", "v1") == [("v1", "Loop.cc/2019/Conference")]


def test_persons_in_the_list_are_no_venues() -> None:
    for word in ("ada", "example.org"):
        with pytest.raises(SourceError, match="no venue has that in its id"):
            search(word)


def test_an_api_that_lists_nothing_is_an_error() -> None:
    with pytest.raises(SourceError, match="does not list its venues"):
        search("loop", groups=GROUPS)

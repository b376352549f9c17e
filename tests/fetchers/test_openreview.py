"""Fetching with the real openreview-py clients from a stand-in on this machine that speaks both APIs."""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import (
    VENUE_V1,
    VENUE_V2,
    Raw,
    make_review,
    make_review_v1,
    make_submission,
    make_submission_v1,
    read_ids,
)
from tests.loopback.openreview import SECOND_FACTOR_CODE, Answer, Loopback, answer_error, answer_json, serve_openreview
from toolkit.errors import ReviewDialError, SourceError, StoppedError, UsageError
from toolkit.fetchers import FetchReport, Store, fetch_venue, import_files, open_store
from toolkit.fetchers import openreview as fetching
from toolkit.progress import NoProgress

GROUP_V2 = {"id": VENUE_V2, "domain": VENUE_V2, "content": {"submission_name": {"value": "Submission"}}}
GROUP_V1 = {"id": VENUE_V1}
SECRETS = ("CANARY-password", "canary-user@example.org", "CANARY.token.value", "~Ada_Example1")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "TOKEN", "API_BASEURL", "API_BASEURL_V2"):
        monkeypatch.delenv(f"OPENREVIEW_{name}", raising=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.sqlite", create=True) as opened:
        yield opened


def make_venue_v2(submissions: int = 3) -> list[Raw]:
    notes = []
    for number in range(submissions):
        forum = f"s{number:04d}"
        notes += [make_submission(forum), make_review(f"r{number:04d}", forum, rating=number % 10)]
    return notes


def make_venue_v1(invitation: str = "Blind_Submission", submissions: int = 3) -> list[Raw]:
    notes = []
    for number in range(submissions):
        forum = f"b{number:04d}"
        notes += [make_submission_v1(forum, invitation), make_review_v1(f"q{number:04d}", forum)]
    return notes


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Any:
    def start(notes: Sequence[Raw] = (), **behaviour: Any) -> AbstractContextManager[Loopback]:
        class Started:
            def __enter__(self) -> Loopback:
                self.context = serve_openreview(notes, [GROUP_V1, GROUP_V2], **behaviour)
                loopback = self.context.__enter__()
                for name, value in loopback.environment.items():
                    monkeypatch.setenv(name, value)
                return loopback

            def __exit__(self, *error: Any) -> None:
                self.context.__exit__(*error)

        return Started()  # type: ignore[return-value]

    return start


def fetch(store: Store, venue: str = VENUE_V2, **options: Any) -> FetchReport:
    return fetch_venue(store, venue, progress=NoProgress(), **options)


def expect_error(store: Store, words: str, kind: type[ReviewDialError] = SourceError, **options: Any) -> None:
    with pytest.raises(kind) as caught:
        fetch(store, **options)
    line = str(caught.value)
    assert words in line
    assert "; " in line, "says the mend"
    for secret in SECRETS:
        assert secret not in line


# What goes wrong


def test_a_challenge_is_one_request_and_says_how_to_log_in(store: Store, serve: Any) -> None:
    with serve(make_venue_v2(), challenges_guests=True) as loopback:
        expect_error(store, "set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD (or OPENREVIEW_TOKEN)")
    assert len(loopback.requests) == 1
    assert store.count_forums() == 0


def test_a_wrong_password_is_said_and_not_repeated(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENREVIEW_USERNAME", "canary-user@example.org")
    monkeypatch.setenv("OPENREVIEW_PASSWORD", "CANARY-password")
    with serve(make_venue_v2(), accounts={"canary-user@example.org": "another"}) as loopback:
        expect_error(store, "the login was refused")
    assert loopback.requests == ["v2 POST /login"]
    assert capfd.readouterr().out == ""


def test_half_a_login_is_no_request(store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENREVIEW_USERNAME", "canary-user@example.org")
    with serve() as loopback:
        expect_error(store, "the login is not complete")
    assert loopback.requests == []


def test_an_account_with_a_second_factor_is_told_what_to_do(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENREVIEW_USERNAME", "u")
    monkeypatch.setenv("OPENREVIEW_PASSWORD", "p")
    with serve(accounts={"u": "p"}, second_factor={"u"}):
        expect_error(store, "wants a second factor; run it on a terminal or set OPENREVIEW_TOKEN")
    assert capfd.readouterr().out == ""


def test_what_the_client_says_while_asking_for_a_code_is_not_on_stdout(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from openreview import mfa

    monkeypatch.setattr(mfa, "_is_interactive", lambda: True)
    monkeypatch.setattr(mfa, "_default_mfa_method_chooser", lambda methods, preferred: "emailOtp")
    monkeypatch.setattr(mfa, "_default_mfa_code_prompt", lambda method: SECOND_FACTOR_CODE)
    monkeypatch.setenv("OPENREVIEW_USERNAME", "u")
    monkeypatch.setenv("OPENREVIEW_PASSWORD", "p")
    with serve(make_venue_v2(), accounts={"u": "p"}, second_factor={"u"}, challenges_guests=True):
        assert fetch(store).submissions == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert "verification code" in err


def test_an_expired_token_is_said_and_not_repeated(store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENREVIEW_TOKEN", "Bearer CANARY.token.value")
    with serve(make_venue_v2()) as loopback:
        expect_error(store, "the login is not valid or has expired")
    assert loopback.authorizations == ["Bearer CANARY.token.value"]


def test_a_token_that_cannot_be_one_is_not_sent(store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENREVIEW_TOKEN", "CANARY.token.value\r\nX-Evil: 1")
    with serve() as loopback:
        expect_error(store, "OPENREVIEW_TOKEN: cannot be a token")
    assert loopback.requests == []


@pytest.mark.parametrize("api", ["auto", "v1", "v2"])
def test_an_unknown_venue_says_where_ids_are_found(store: Store, serve: Any, api: str) -> None:
    with serve(make_venue_v2()):
        expect_error(
            store, "Nowhere.cc/2026: OpenReview knows no such venue; copy the id", venue="Nowhere.cc/2026", api=api
        )


def test_a_venue_without_public_submissions_is_an_error_and_not_an_empty_success(store: Store, serve: Any) -> None:
    with serve([]):
        expect_error(store, "has no submissions that everyone may read")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answer_error("ForbiddenError", "User ~Ada_Example1 may not", 403), "the service forbids reading it"),
        (answer_error("ValidationError", "bad id of canary-user@example.org", 400), "status 400, ValidationError"),
        (Answer(200, b"<!DOCTYPE html><title>Just a moment</title>", {"Content-Type": "text/html"}), "is a web page"),
        (Answer(200, b"<!DOCTYPE html>"), "is a web page"),
        (Answer(200, b""), "is empty"),
        (Answer(200, b"{}"), "answers with something else than the API's JSON"),
        (Answer(200, b'{"groups": null, "notes": null}'), "answers with something else"),
        (Answer(200, b'{"groups": [], "groups": [], "notes": [], "notes": []}'), "stands twice"),
        (Answer(200, b'{"groups": [NaN], "notes": [NaN]}'), "NaN"),
        (Answer(200, b'{"groups": ["\xff"]}'), "is not UTF-8"),
        (Answer(200, b'{"groups": [{"id": "L'), "breaks off"),
        (Answer(200, b'{"groups": []}' + b" " * 5000, cut=20), "breaks off in the middle of an answer"),
        (Answer(302, b"", {"Location": "http://127.0.0.1:9/"}), "wants to send us elsewhere"),
        (Answer(404, b"<html>nginx</html>", {"Content-Type": "text/html"}), "knows no such venue"),
    ],
)
def test_an_answer_that_cannot_be_used_is_one_error(
    store: Store, serve: Any, answer: Answer, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve(make_venue_v2(), failures={"/groups": [answer] * 4}):
        expect_error(store, words)
    assert capfd.readouterr() == ("", "")


def test_a_damaged_page_keeps_nothing_of_itself(store: Store, serve: Any) -> None:
    with serve(make_venue_v2(), failures={"/notes": [Answer(200, b'{"notes": [{"id": "s0000"}')]}):
        expect_error(store, "breaks off")
    assert store.count_forums() == 0


def test_a_server_that_has_trouble_for_a_moment_is_asked_again(
    store: Store, serve: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    trouble = Answer(503, b"upstream request timeout", {"Content-Type": "text/html"})
    broken = Answer(502, b"{", {"Content-Type": "application/json"})
    with serve(make_venue_v2(), failures={"/notes": [trouble, broken]}) as loopback:
        assert fetch(store).submissions == 3
    assert len(loopback.requests) == 5
    assert capfd.readouterr() == ("", "")


def test_a_server_that_stays_in_trouble_is_an_error(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with serve(make_venue_v2(), failures={"/notes": [Answer(503, b"")] * 4}):
        expect_error(store, "has trouble (status 503, also after retrying)")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            answer_error("RateLimitError", "Too many requests", 429, resetTime="2026-08-31T08:59:25.212Z"),
            "run the same command again after 2026-08-31T08:59:25.212Z",
        ),
        (answer_error("RateLimitError", "Too many", 429, {"Retry-After": "3613"}), "again in 3613 seconds"),
        (answer_error("RateLimitError", "Too many", 429, {"Retry-After": "-5"}), "again later"),
        (Answer(429, b"slow down", {"Content-Type": "text/plain", "Retry-After": "soon"}), "again later"),
        (answer_error("RateLimitError", "Too many", 429, resetTime="~Ada_Example1 says tomorrow"), "again later"),
    ],
)
def test_the_request_limit_stops_a_fetch_so_that_it_can_go_on(
    store: Store, serve: Any, answer: Answer, words: str
) -> None:
    with serve(make_venue_v2(), failures={"/notes": [answer]}) as loopback:
        expect_error(store, words, StoppedError)
        assert len(loopback.requests) == 2, "not retried"
        assert fetch(store).submissions == 3


def test_nobody_there_is_one_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENREVIEW_API_BASEURL_V2", "http://127.0.0.1:9")
    expect_error(store, "127.0.0.1:9/groups: cannot be reached; check the connection")


def test_a_server_that_never_answers_is_not_waited_for_forever(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", (0.2, 0.2))
    with serve(silent_for=1.0) as loopback:
        expect_error(store, "does not answer within 0 seconds")
    assert len(loopback.requests) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api2.openreview.net", "is not a web address"),
        ("ftp://api2.openreview.net", "is not a web address"),
        ("http://api2.openreview.net", "would send the login in the clear"),
        ("https://canary-user@example.org:CANARY-password@api2.openreview.net", "holds credentials"),
        ("https://api.openreview.net", "OPENREVIEW_API_BASEURL_V2: is the address of the other API"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_before_a_request(
    store: Store, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setenv("OPENREVIEW_API_BASEURL_V2", url)
    expect_error(store, words)


def test_an_api_that_does_not_exist_is_wrong_usage(store: Store) -> None:
    expect_error(store, "OpenReview has no such API; say auto, v1 or v2", UsageError, api="v3")


def test_a_server_that_sends_the_same_page_again_is_left(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PAGE_SIZE", 2)
    with serve(make_venue_v2(4), ignores_after=True) as loopback:
        expect_error(store, "does not go on to the next page")
    assert len(loopback.requests) == 3


# What comes


def test_a_v2_venue_is_found_and_fetched_with_all_replies(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching, "PAGE_SIZE", 2)
    with serve(make_venue_v2(5)) as loopback:
        report = fetch(store)
    assert (report.api, report.submissions, report.notes_read, report.notes_stored) == ("v2", 5, 10, 10)
    assert report.requests == len(loopback.requests) == 5
    asked = "invitation=Loop.cc%2F2026%2FConference%2F-%2FSubmission&details=replies&sort=id&limit=2"
    assert loopback.requests[1:3] == [f"v2 GET /notes?{asked}", f"v2 GET /notes?{asked}&after=s0001"]
    assert read_ids(store)["s0004"] == ["r0004", "s0004"]
    assert capfd.readouterr() == ("", "")


def test_a_v1_venue_is_found_behind_the_newer_api(store: Store, serve: Any) -> None:
    notes = [*make_venue_v1(), make_submission_v1("w1", "Withdrawn_Submission")]
    with serve(notes) as loopback:
        report = fetch(store, VENUE_V1)
    assert (report.api, report.submissions, report.notes_stored) == ("v1", 4, 7)
    assert [request.split("?")[0] for request in loopback.requests[:3]] == [
        "v2 GET /groups",
        "v1 GET /groups",
        "v1 GET /notes",
    ]
    assert set(read_ids(store)) == {"b0000", "b0001", "b0002", "w1"}


def test_a_group_that_the_newer_api_knows_without_a_domain_is_a_v1_venue(store: Store, serve: Any) -> None:
    with serve(make_venue_v1(), failures={"/groups": [answer_json({"groups": [{"id": VENUE_V1}]})]}):
        assert fetch(store, VENUE_V1).api == "v1"


@pytest.mark.parametrize("invitation", ["Blind_Submission", "Submission", "submission"])
def test_submissions_are_found_under_the_name_of_their_era(store: Store, serve: Any, invitation: str) -> None:
    with serve(make_venue_v1(invitation)) as loopback:
        assert fetch(store, VENUE_V1).submissions == 3
    assert len(loopback.requests) <= 9


def test_the_venues_own_name_of_submissions_is_used(store: Store, serve: Any) -> None:
    content = {"submission_id": {"value": f"{VENUE_V2}/-/Paper"}}
    notes = [make_submission("s1", invitations=[f"{VENUE_V2}/-/Paper"])]
    with serve(notes, failures={"/groups": [answer_json({"groups": [{**GROUP_V2, "content": content}]})]}):
        assert fetch(store).submissions == 1


def test_only_groups_notes_and_login_are_asked_for(store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENREVIEW_USERNAME", "u")
    monkeypatch.setenv("OPENREVIEW_PASSWORD", "p")
    with serve(make_venue_v2() + make_venue_v1(), accounts={"u": "p"}, challenges_guests=True) as loopback:
        fetch(store)
        fetch(store, VENUE_V1)
    paths = {request.split("?")[0] for request in loopback.requests}
    assert paths == {"v2 POST /login", "v2 GET /groups", "v2 GET /notes", "v1 GET /groups", "v1 GET /notes"}


def test_one_login_serves_both_apis(store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENREVIEW_USERNAME", "u")
    monkeypatch.setenv("OPENREVIEW_PASSWORD", "p")
    with serve(make_venue_v1(), accounts={"u": "p"}, challenges_guests=True) as loopback:
        assert fetch(store, VENUE_V1, api="v1").submissions == 3
    assert loopback.requests[0] == "v2 POST /login"
    assert set(loopback.authorizations[1:]) == {"Bearer token-of-u"}


def test_a_token_is_used_without_asking_who_it_belongs_to(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENREVIEW_TOKEN", "token-of-u")
    with serve(make_venue_v2(), accounts={"u": "p"}, challenges_guests=True) as loopback:
        fetch(store)
    assert all("/groups" in request or "/notes" in request for request in loopback.requests)


def test_a_login_in_netrc_does_not_replace_the_token(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("OPENREVIEW_TOKEN", "token-of-u")
    with serve(make_venue_v2(), accounts={"u": "p"}) as loopback:
        fetch(store)
    assert set(loopback.authorizations) == {"Bearer token-of-u"}


def test_what_an_insider_may_read_is_not_stored(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENREVIEW_TOKEN", "token-of-u")
    closed = make_review("CANARYid", "s0000", readers=["V/Chairs"], text="CANARY-text")
    field = {"note": {"value": "CANARY-field", "readers": ["V/Chairs"]}}
    notes = [*make_venue_v2(), closed, make_review("half", "s0000", content=field)]
    with serve(notes, accounts={"u": "p"}, reveals_everything=True):
        report = fetch(store)
    assert (report.not_public, report.withheld_values) == (1, 1)
    for path in tmp_path.iterdir():
        assert b"CANARY" not in path.read_bytes()


def test_a_fetch_gives_what_an_import_of_the_same_notes_gives(store: Store, serve: Any, tmp_path: Path) -> None:
    notes = make_venue_v2() + make_venue_v1()
    with serve(notes):
        fetch(store)
        fetch(store, VENUE_V1)
    (tmp_path / "notes.json").write_text(json.dumps(notes))
    with open_store(tmp_path / "imported.sqlite", create=True) as imported:
        import_files(imported, [tmp_path / "notes.json"], NoProgress())
        for forum, _ in imported.read_forums():
            assert imported.read_raw_notes(forum) == store.read_raw_notes(forum)
        assert read_ids(imported) == read_ids(store)


def test_the_time_of_the_fetch_is_kept_with_every_note(store: Store, serve: Any) -> None:
    with serve(make_venue_v2()):
        fetch(store)
    times = {note.fetched_at for _, notes in store.read_forums() for note in notes}
    assert all(time is not None and time > 1_700_000_000_000 for time in times)


# How much comes, and how it goes on


def test_a_limit_counts_submissions(store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAGE_SIZE", 2)
    with serve(make_venue_v2(9)) as loopback:
        assert fetch(store, limit=3).submissions == 3
    assert sorted(read_ids(store)) == ["s0000", "s0001", "s0002"]
    assert [request.split("limit=")[1] for request in loopback.requests[1:]] == ["2", "1&after=s0001"]


def test_the_same_limit_again_brings_the_same_submissions(store: Store, serve: Any) -> None:
    with serve(make_venue_v2(9)):
        fetch(store, limit=3)
        report = fetch(store, limit=3)
    assert (report.notes_stored, report.duplicates, store.count_forums()) == (0, 6, 3)


def test_since_leaves_out_notes_that_were_not_touched_since(store: Store, serve: Any) -> None:
    notes = [
        make_submission("s1", modified=9),
        make_review("old", "s1", modified=9),
        make_review("new", "s1", modified=20),
    ]
    with serve(notes):
        report = fetch(store, since=20)
    assert (report.notes_read, report.notes_stored, report.unchanged) == (1, 1, 2)
    assert read_ids(store) == {"s1": ["new"]}


def test_a_fetch_that_was_cut_short_goes_on_after_its_last_whole_page(
    store: Store, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PAGE_SIZE", 2)
    page = [make_submission("s0000"), make_submission("s0001")]
    failures = {"/notes": [answer_json({"notes": page}), Answer(400, b"")]}
    with serve(make_venue_v2(5), failures=failures) as loopback:
        expect_error(store, "status 400")
        assert sorted(read_ids(store)) == ["s0000", "s0001"]
        loopback.requests.clear()
        assert fetch(store).submissions == 5
    assert "after=s0001" in loopback.requests[1]


def test_a_fetch_that_finished_begins_anew_and_sees_changes(store: Store, serve: Any) -> None:
    with serve(make_venue_v2(2)) as loopback:
        fetch(store)
        loopback.notes.append(make_review("r0000", "s0000", rating=1, modified=99))
        report = fetch(store)
    assert (report.notes_stored, report.duplicates) == (1, 4)

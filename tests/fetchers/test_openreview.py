"""Fetching with the real openreview-py clients from a stand-in on this machine that speaks both APIs.

What goes wrong on the way, and what is asked again or waited for, is in ``test_faults_on_the_wire``.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
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
from tests.fetchers.rig import Rig, make_venue, set_up
from tests.loopback.openreview import SECOND_FACTOR_CODE, Answer, Loopback, answer_error, answer_json
from toolkit.errors import ReviewDialError, SourceError, StoppedError, UsageError
from toolkit.fetchers import import_files, open_store
from toolkit.fetchers import openreview as fetching
from toolkit.fetchers.patience import RETRIES
from toolkit.progress import NoProgress

SECRETS = ("CANARY-password", "canary-user@example.org", "CANARY.token.value", "~Ada_Example1")
DAY = 86_400_000

Serve = Callable[..., AbstractContextManager[Rig]]


@pytest.fixture(autouse=True)
def _use_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve notes, two submissions a page; what a test sets in the environment, it sets inside the block."""
    return partial(set_up, tmp_path)


def make_venue_v1(invitation: str = "Blind_Submission", submissions: int = 3) -> list[Raw]:
    notes = []
    for number in range(submissions):
        forum = f"b{number:04d}"
        notes += [make_submission_v1(forum, invitation), make_review_v1(f"q{number:04d}", forum)]
    return notes


def log_in(monkeypatch: pytest.MonkeyPatch, username: str = "u", password: str = "p") -> None:
    monkeypatch.setenv("OPENREVIEW_USERNAME", username)
    monkeypatch.setenv("OPENREVIEW_PASSWORD", password)


def list_paths(rig: Rig) -> list[str]:
    return [request.split("?")[0] for request in rig.loopback.requests]


def list_pages(rig: Rig) -> list[str]:
    return [request.split("?")[1] for request in rig.loopback.requests if " /notes?" in request]


def read_times(rig: Rig) -> set[int | None]:
    return {note.fetched_at for _, notes in rig.store.read_forums() for note in notes}


def expect_error(rig: Rig, words: str, kind: type[ReviewDialError] = SourceError, **options: Any) -> None:
    with pytest.raises(kind) as caught:
        rig.fetch(**options)
    line = str(caught.value)
    assert words in line
    assert "; " in line, "says the mend"
    for secret in SECRETS:
        assert secret not in line


# What goes wrong


def test_a_challenge_says_how_to_log_in(serve: Serve) -> None:
    with serve(make_venue(), challenges_guests=True) as rig:
        expect_error(rig, "set OPENREVIEW_USERNAME and OPENREVIEW_PASSWORD (or OPENREVIEW_TOKEN)")
        assert rig.store.count_forums() == 0


def test_a_wrong_password_is_said_and_not_repeated(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve(make_venue(), accounts={"canary-user@example.org": "another"}) as rig:
        log_in(monkeypatch, "canary-user@example.org", "CANARY-password")
        expect_error(rig, "the login was refused")
    assert rig.loopback.requests == ["v2 POST /login"]
    assert capfd.readouterr().out == ""


def test_half_a_login_is_no_request(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve([]) as rig:
        monkeypatch.setenv("OPENREVIEW_USERNAME", "canary-user@example.org")
        expect_error(rig, "the login is not complete")
    assert rig.loopback.requests == []


def test_a_second_factor_that_cannot_be_one_is_said_and_not_sent(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve([], accounts={"u": "p"}, second_factor={"u"}) as rig:
        log_in(monkeypatch)
        monkeypatch.setenv("OPENREVIEW_TOTP", "CANARY.token.value")
        expect_error(rig, "OPENREVIEW_TOTP: is neither a code of six digits nor the secret of an authenticator")
    assert "/mfa/verify" not in "".join(rig.loopback.requests)


def test_what_the_client_says_while_asking_for_a_code_is_not_on_stdout(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from openreview import mfa

    monkeypatch.setattr(mfa, "_is_interactive", lambda: True)
    monkeypatch.setattr(mfa, "_default_mfa_method_chooser", lambda methods, preferred: "emailOtp")
    monkeypatch.setattr(mfa, "_default_mfa_code_prompt", lambda method: SECOND_FACTOR_CODE)
    with serve(make_venue(), accounts={"u": "p"}, second_factor={"u"}, challenges_guests=True) as rig:
        log_in(monkeypatch)
        assert rig.fetch().submissions == 4
    out, err = capfd.readouterr()
    assert out == ""
    assert "verification code" in err


def test_an_expired_token_is_said_and_not_repeated(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(make_venue()) as rig:
        monkeypatch.setenv("OPENREVIEW_TOKEN", "Bearer CANARY.token.value")
        expect_error(rig, "the login is not valid or has expired")
    assert rig.loopback.authorizations == ["Bearer CANARY.token.value"]


def test_a_token_that_cannot_be_one_is_not_sent(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve([]) as rig:
        monkeypatch.setenv("OPENREVIEW_TOKEN", "CANARY.token.value\r\nX-Evil: 1")
        expect_error(rig, "OPENREVIEW_TOKEN: cannot be a token")
    assert rig.loopback.requests == []


@pytest.mark.parametrize("api", ["auto", "v1", "v2"])
def test_an_unknown_venue_says_where_ids_are_found(serve: Serve, api: str) -> None:
    words = "Nowhere.cc/2026: OpenReview knows no such venue; copy the id"
    with serve(make_venue()) as rig:
        expect_error(rig, words, venue="Nowhere.cc/2026", api=api)


def test_a_venue_without_public_submissions_is_an_error_and_not_an_empty_success(serve: Serve) -> None:
    with serve([]) as rig:
        expect_error(rig, "has no submissions that everyone may read")


def test_a_fetch_that_brought_nothing_is_not_the_beginning_of_the_next_one(serve: Serve) -> None:
    with serve([]) as rig:
        expect_error(rig, "has no submissions that everyone may read")
        rig.loopback.replace(make_venue())
        rig.clock.wall += 30 * DAY / 1000
        rig.loopback.requests.clear()
        rig.fetch()
        assert read_times(rig) == {int(rig.clock.wall * 1000) // DAY * DAY}, "the day on which they came"
    assert "v2 GET /invitations" in list_paths(rig), "its forms may have come later too"


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
    serve: Serve, answer: Answer, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with serve(make_venue(), failures={"/groups": [answer] * (RETRIES + 1)}) as rig:
        expect_error(rig, words, api="v2")
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed_while_a_server_in_trouble_is_asked_again(
    serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    trouble = Answer(503, b"upstream request timeout", {"Content-Type": "text/html"})
    limited = answer_error("RateLimitError", "Too many requests", 429, {"Retry-After": "7"})
    with serve(make_venue(), failures={"/notes": [trouble, limited]}) as rig:
        assert rig.fetch().submissions == 4
    assert len(rig.clock.sleeps) == 2
    assert capfd.readouterr() == ("", "")


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
    serve: Serve, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    with serve([]) as rig:
        monkeypatch.setenv("OPENREVIEW_API_BASEURL_V2", url)
        expect_error(rig, words)


def test_an_api_that_does_not_exist_is_wrong_usage(serve: Serve) -> None:
    with serve([]) as rig:
        expect_error(rig, "OpenReview has no such API; say auto, v1 or v2", UsageError, api="v3")


# What comes


def test_a_v2_venue_is_found_and_fetched_with_all_replies(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetching, "PAGE_SIZE", 2)
    with serve(make_venue(5)) as rig:
        report = rig.fetch()
        assert read_ids(rig.store)["s0004"] == ["r0004", "s0004"]
    assert (report.api, report.submissions, report.notes_read, report.notes_stored) == ("v2", 5, 10, 10)
    assert report.requests == len(rig.loopback.requests)
    asked = "invitation=Loop.cc%2F2026%2FConference%2F-%2FSubmission&details=replies&sort=id&limit=2"
    places = ["&count=true", "&after=s0001", "&after=s0003", "&after=s0004"]
    assert list_pages(rig) == [asked + place for place in places], "only an empty page is taken for the end"
    assert sorted(list_paths(rig)) == ["v2 GET /groups", "v2 GET /invitations", *["v2 GET /notes"] * 4]
    assert capfd.readouterr() == ("", "")


def test_a_page_that_holds_all_that_is_counted_is_the_last(serve: Serve) -> None:
    with serve(make_venue(3), page_limit=1000) as rig:
        assert rig.fetch().requests == 3
    assert len(list_pages(rig)) == 1


def test_a_v1_venue_is_found_behind_the_newer_api(serve: Serve) -> None:
    with serve([*make_venue_v1(), make_submission_v1("w1", "Withdrawn_Submission")]) as rig:
        report = rig.fetch(VENUE_V1)
        assert set(read_ids(rig.store)) == {"b0000", "b0001", "b0002", "w1"}
    assert (report.api, report.submissions, report.notes_stored) == ("v1", 4, 7)
    assert list_paths(rig)[0] == "v2 GET /groups"
    assert set(list_paths(rig)[1:]) == {"v1 GET /invitations", "v1 GET /notes"}


def test_a_group_that_the_newer_api_knows_without_a_domain_is_a_v1_venue(serve: Serve) -> None:
    with serve(make_venue_v1(), failures={"/groups": [answer_json({"groups": [{"id": VENUE_V1}]})]}) as rig:
        assert rig.fetch(VENUE_V1).api == "v1"


@pytest.mark.parametrize("invitation", ["Blind_Submission", "Submission", "submission"])
def test_submissions_are_found_under_the_name_of_their_era(serve: Serve, invitation: str) -> None:
    with serve(make_venue_v1(invitation), page_limit=1000) as rig:
        assert rig.fetch(VENUE_V1).submissions == 3
    assert len(rig.loopback.requests) <= 9


@pytest.mark.parametrize(
    "content", [{"submission_id": {"value": f"{VENUE_V2}/-/Paper"}}, {"submission_name": {"value": "Paper"}}]
)
def test_the_venues_own_name_of_submissions_is_used(serve: Serve, content: Raw) -> None:
    group = answer_json({"groups": [{"id": VENUE_V2, "domain": VENUE_V2, "content": content}]})
    notes = [make_submission("s1", invitations=[f"{VENUE_V2}/-/Paper"])]
    with serve(notes, failures={"/groups": [group]}) as rig:
        assert rig.fetch().submissions == 1


def test_nothing_is_asked_for_but_groups_forms_notes_and_a_login(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(make_venue() + make_venue_v1(), accounts={"u": "p"}, challenges_guests=True) as rig:
        log_in(monkeypatch)
        for venue, gone in ((VENUE_V2, "r0000"), (VENUE_V1, "q0000")):
            rig.fetch(venue)
            rig.loopback.remove(gone)
            assert rig.fetch(venue).vanished == 1
    lists = {f"{api} GET /{kind}" for api in ("v1", "v2") for kind in ("invitations", "notes")}
    searches = {"v1 POST /notes/search", "v2 POST /notes/search"}
    assert set(list_paths(rig)) == {"v2 POST /login", "v2 GET /groups", *lists, *searches}


def test_one_login_serves_both_apis(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(make_venue_v1(), accounts={"u": "p"}, challenges_guests=True) as rig:
        log_in(monkeypatch)
        assert rig.fetch(VENUE_V1, api="v1").submissions == 3
    assert rig.loopback.requests[0] == "v2 POST /login"
    assert set(rig.loopback.authorizations[1:]) == {"Bearer token-of-u"}


def test_a_code_for_the_second_factor_is_taken_from_the_environment(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(make_venue(), accounts={"u": "p"}, second_factor={"u"}, challenges_guests=True) as rig:
        log_in(monkeypatch)
        monkeypatch.setenv("OPENREVIEW_TOTP", "123 456")
        assert rig.fetch().submissions == 4
    assert "v2 POST /mfa/verify" in rig.loopback.requests


def test_a_token_is_used_without_asking_who_it_belongs_to(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(make_venue(), accounts={"u": "p"}, challenges_guests=True) as rig:
        monkeypatch.setenv("OPENREVIEW_TOKEN", "token-of-u")
        rig.fetch()
    assert set(list_paths(rig)) == {"v2 GET /groups", "v2 GET /invitations", "v2 GET /notes"}


def test_a_login_in_netrc_does_not_replace_the_token(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serve(make_venue(), accounts={"u": "p"}) as rig:
        monkeypatch.setenv("OPENREVIEW_TOKEN", "token-of-u")
        rig.fetch()
    assert set(rig.loopback.authorizations) == {"Bearer token-of-u"}


def test_what_an_insider_may_read_is_not_stored(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = make_review("CANARYid", "s0000", readers=["V/Chairs"], text="CANARY-text")
    field = {"note": {"value": "CANARY-field", "readers": ["V/Chairs"]}}
    notes = [*make_venue(), closed, make_review("half", "s0000", content=field)]
    with serve(notes, accounts={"u": "p"}, reveals_everything=True) as rig:
        monkeypatch.setenv("OPENREVIEW_TOKEN", "token-of-u")
        report = rig.fetch()
        assert b"CANARY" not in rig.read_bytes()
    assert (report.not_public, report.withheld_values) == (1, 1)
    assert b"CANARY" not in rig.read_bytes()


def test_a_fetch_gives_what_an_import_of_the_same_notes_gives(serve: Serve, tmp_path: Path) -> None:
    notes = make_venue() + make_venue_v1()
    (tmp_path / "notes.json").write_text(json.dumps(notes))
    with serve(notes) as rig, open_store(tmp_path / "imported.sqlite", create=True) as imported:
        rig.fetch()
        rig.fetch(VENUE_V1)
        import_files(imported, [tmp_path / "notes.json"], NoProgress())
        for forum, _ in imported.read_forums():
            assert imported.read_raw_notes(forum) == rig.store.read_raw_notes(forum)
        assert read_ids(imported) == read_ids(rig.store)


# When it came


def test_the_utc_day_on_which_the_fetch_began_is_kept_with_every_note(serve: Serve) -> None:
    with serve(make_venue()) as rig:
        rig.clock.wall = 20_000 * 86_400 + 86_399.5

        def pass_midnight(loopback: Loopback, line: str) -> None:
            rig.clock.wall += 60 * (" /notes?" in line)

        rig.loopback.on_request = pass_midnight
        rig.fetch()
        assert read_times(rig) == {20_000 * DAY}


def test_two_fetches_of_the_same_notes_on_one_day_give_the_same_bytes(tmp_path: Path) -> None:
    digests = set()
    for hour in (0, 23):
        folder = tmp_path / str(hour)
        folder.mkdir()
        with set_up(folder, make_venue()) as rig:
            rig.clock.wall = 20_000 * 86_400 + hour * 3600.0
            rig.fetch()
            digests.add(rig.store.compute_digest())
    assert len(digests) == 1


@pytest.mark.parametrize(("said", "day"), [("1000000000", 11_574), ("", 20_000), ("soon", 20_000), ("-1", 20_000)])
def test_a_reproducible_build_may_name_the_day(
    said: str, day: int, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", said)
    with serve(make_venue()) as rig:
        rig.clock.wall = 20_000 * 86_400.0
        rig.fetch()
        assert read_times(rig) == {day * DAY}


# How much comes, and how it goes on


def test_a_limit_counts_submissions(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PAGE_SIZE", 2)
    with serve(make_venue(9)) as rig:
        assert rig.fetch(limit=3).submissions == 3
        assert sorted(read_ids(rig.store)) == ["s0000", "s0001", "s0002"]
    assert [page.split("limit=")[1] for page in list_pages(rig)] == ["2&count=true", "1&after=s0001"]


def test_the_same_limit_again_brings_the_same_submissions(serve: Serve) -> None:
    with serve(make_venue(9)) as rig:
        rig.fetch(limit=3)
        report = rig.fetch(limit=3)
        assert (report.notes_stored, report.duplicates, rig.store.count_forums()) == (0, 6, 3)


def test_since_leaves_out_notes_that_were_not_touched_since(serve: Serve) -> None:
    notes = [
        make_submission("s1", modified=9),
        make_review("old", "s1", modified=9),
        make_review("new", "s1", modified=20),
    ]
    with serve(notes) as rig:
        report = rig.fetch(since=20)
        assert read_ids(rig.store) == {"s1": ["new"]}
    assert (report.notes_read, report.notes_stored, report.unchanged) == (1, 1, 2)


def test_a_fetch_that_was_cut_short_goes_on_after_its_last_whole_page(serve: Serve) -> None:
    with serve(make_venue(5), fail_when=[("after=s0001", Answer(400, b""))]) as rig:
        expect_error(rig, "status 400", StoppedError)
        assert sorted(read_ids(rig.store)) == ["s0000", "s0001"]
        rig.loopback.requests.clear()
        assert rig.fetch().submissions == 5
        assert len(read_ids(rig.store)) == 5
    assert "after=s0001" in list_pages(rig)[0]


def test_a_fetch_that_goes_on_keeps_the_day_on_which_it_began(serve: Serve) -> None:
    with serve(make_venue(), fail_when=[("after=s0001", Answer(400, b""))]) as rig:
        began = int(rig.clock.wall * 1000)
        expect_error(rig, "status 400", StoppedError)
        rig.clock.wall += 2 * DAY / 1000
        rig.fetch()
        assert read_times(rig) == {began // DAY * DAY}


def test_a_fetch_that_finished_begins_anew_and_sees_changes(serve: Serve) -> None:
    with serve(make_venue(2)) as rig:
        rig.fetch()
        rig.loopback.change("r0000", content={"rating": {"value": 1}}, tmdate=99)
        report = rig.fetch()
    assert (report.notes_stored, report.duplicates, report.vanished) == (1, 3, 0)

"""A venue as the service shows it at first and later, whole fetches of it, and what must be the same after all of them.

Later replies are changed, marked deleted, closed or gone, a paper is gone with all its replies, another one stands in a
list that nobody asks for, and a new one has come.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fetchers.rig import serve_here
from tests.loopback.openreview import Loopback, Raw, repeat_forums
from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode, StoreError
from toolkit.fetchers import open_store
from toolkit.fetchers.sample import SAMPLE_FOLDER
from toolkit.fetchers.store import Listing
from toolkit.records import Api, Quarantined

ROOT = Path(__file__).parents[2]
VENUES: Mapping[Api, str] = {"v1": "ICLR.cc/2019/Conference", "v2": "ICLR.cc/2024/Conference"}
DONE = (ExitCode.DONE, ExitCode.PARTIAL)

Asked = Mapping[str, Sequence[str | None]]
"""Invitation -> after which note each of its pages was asked for."""


class Kept(NamedTuple):
    """What a store holds, as far as anything later can see it."""

    digest: str
    removals: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]


class Whole(NamedTuple):
    """A round that nothing disturbed."""

    build: Path
    requests: Sequence[str]
    kept: Kept


class Left(NamedTuple):
    """What a killed fetch left for the next one."""

    has_forms: bool
    cursors: Mapping[str, str | None]
    """Invitation -> the last note of the last page that was committed."""
    missing: frozenset[str]
    """Kept notes that an earlier round saw and this one did not, so far."""


def read_sample(api: Api) -> list[Raw]:
    """The invented papers of one bundled venue."""
    path = SAMPLE_FOLDER / f"{VENUES[api].lower().replace('.cc/', '-').replace('/', '-')}.json"
    return list(json.loads(path.read_bytes())["notes"])


@dataclass(frozen=True)
class Story:
    """One venue of one API, before and after it was edited."""

    api: Api
    first: Sequence[Raw]
    later: Sequence[Raw]

    @property
    def venue(self) -> str:
        return VENUES[self.api]

    def list_arguments(self, build: Path) -> list[str]:
        return ["fetch", self.venue, "--out", str(build)]

    def list_notes(self, *, is_later: bool) -> Sequence[Raw]:
        return self.later if is_later else self.first

    @contextmanager
    def serve(self, *, is_later: bool = False, page_limit: int = 4) -> Iterator[Loopback]:
        with serve_stories(self, is_later=is_later, page_limit=page_limit) as loopback:
            yield loopback

    def list_shown(self, *, is_later: bool) -> set[str]:
        """Ids of what the lists that are asked for bring."""
        notes = self.list_notes(is_later=is_later)
        roots = {note["id"] for note in notes if note["id"] == note["forum"] and not is_moved(note)}
        return {str(note["id"]) for note in notes if note["forum"] in roots}


@contextmanager
def serve_stories(*stories: Story, is_later: bool = False, page_limit: int = 4) -> Iterator[Loopback]:
    # The older API's venues have no domain: that sends the client there.
    groups = [{"id": story.venue, **({"domain": story.venue} if story.api == "v2" else {})} for story in stories]
    notes = [note for story in stories for note in story.list_notes(is_later=is_later)]
    with (
        pytest.MonkeyPatch.context() as patch,
        serve_here(notes, groups, page_limit=page_limit, reveals_everything=True) as loopback,
    ):
        patch.setenv("SOURCE_DATE_EPOCH", "1772323200")  # notes carry the day of their fetch, and midnight may pass
        yield loopback


def tell_story(api: Api, originals: Iterable[Raw], count: int) -> Story:
    """Make a venue of so many papers from the forums of others; the older API's have lists of withdrawn ones too."""
    notes = [place_root(name_note(note, api), api) for note in repeat_forums(originals, count + 1)]
    forums = list(dict.fromkeys(note["forum"] for note in notes))
    replies = {forum: [note for note in notes if note["forum"] == forum != note["id"]] for forum in forums[:20]}
    damaged, closed = replies[forums[4]][0]["id"], replies[forums[9]][0]["id"]
    first = [
        {**note, **({"content": "text"} if note["id"] == damaged else CLOSED if note["id"] == closed else {})}
        for note in notes
        if note["forum"] != forums[count]
    ]
    edits = {
        replies[forums[2]][0]["id"]: None,
        **{note["id"]: None for note in first if note["forum"] == forums[5]},
        replies[forums[8]][0]["id"]: {"tmdate": 2**41},
        replies[forums[11]][0]["id"]: {"tmdate": 2**41, "ddate": 2**41},
        replies[forums[14]][0]["id"]: CLOSED,
        forums[17]: {"tmdate": 2**41, **make_invitation(api, "Elsewhere")},
    }
    kept = [note for note in first if edits.get(note["id"], {}) is not None]
    later = [{**note, **edits.get(note["id"], {})} for note in kept]
    return Story(api, first, later + [note for note in notes if note["forum"] == forums[count]])


CLOSED = {"readers": ["ICLR.cc/Chairs"]}


def make_invitation(api: Api, name: str) -> dict[str, Any]:
    full = f"{VENUES[api]}/-/{name}"
    return {"invitations": [full]} if api == "v2" else {"invitation": full}


def is_moved(note: Raw) -> bool:
    return str(note.get("invitation") or note["invitations"][0]).endswith("/-/Elsewhere")


def name_note(note: Raw, api: Api) -> Raw:
    """Tell the notes of the two APIs apart by their ids."""
    return {**note, **{key: api + note[key][1:] for key in ("id", "forum", "replyto") if note.get(key)}}


def place_root(note: Raw, api: Api) -> Raw:
    if note["id"] != note["forum"]:
        return note
    if api == "v2":
        return {**note, **make_invitation(api, "Submission")}
    number = int(note["id"].removeprefix(api))
    taken_out = "Withdrawn_Submission" if number % 4 == 3 else "Desk_Rejected_Submission" if number % 10 == 6 else ""
    return {**note, **make_invitation(api, taken_out or "Blind_Submission")}


def run(*arguments: str) -> None:
    status = shell.run(list(arguments))
    assert status in DONE, f"{arguments[0]} ends with {status}"


def run_killed(when: str, moment: str, passing: int, *arguments: str) -> None:
    command = [sys.executable, "-m", "tests.pipeline.killed_command", when, moment, str(passing), *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -9, f"never came to {when} {moment}: {ended.stderr}"


def list_stages(build: Path) -> list[list[str]]:
    folder = str(build)
    audit = ["audit", folder, "--fail-on", "never"]  # a meta-review may still count a review that was taken out
    return [["normalize", folder], ["synthesize", folder], audit, ["export", folder, "--out", f"{folder}/dataset"]]


def digest_build(build: Path, *folders: str) -> dict[str, str]:
    """Return the sha256 of all files of a build, or of some of its folders; the store's are not its content."""
    found = places.digest_folder(build)
    skipped = ("store.sqlite", ".lock")
    return {
        name: sha
        for name, sha in found.items()
        if not name.startswith(skipped) and (not folders or name.split("/")[0] in folders)
    }


def export(build: Path) -> dict[str, str]:
    """Run all stages over a store and return the sha256 of every file they write."""
    for arguments in list_stages(build):
        run(*arguments)
    return digest_build(build, "forums", "dialogues", "audit", "dataset")


def read_kept(build: Path) -> Kept:
    with open_store(build / "store.sqlite") as store:
        store.check_pages()
        return Kept(store.compute_digest(), store.list_removals(), store.read_quarantine())


def read_left(build: Path, story: Story, scratch: Path) -> Left:
    """Read what a killed fetch left from a copy, so that the next one finds the file as the kill left it."""
    try:
        shutil.copytree(build, scratch)
        with open_store(scratch / "store.sqlite") as store:
            state = store.read_venue(story.venue)
            rows = dict(store._connection.execute("SELECT step, after FROM cursors").fetchall())
            missing = store.find_vanished(Listing(story.venue, state.rounds + 1 if state else 1))
    except (FileNotFoundError, StoreError):  # killed before there was a folder, or any table
        return Left(False, {}, frozenset())
    return Left("forms" in rows, {step: rows[step] for step in rows if step != "forms"}, frozenset(missing))


def read_asked(requests: Sequence[str]) -> Asked:
    asked: dict[str, list[str | None]] = {}
    for line in requests:
        if " GET /notes?" in line:
            parameters = parse_qs(urlsplit(line.split()[-1]).query)
            asked.setdefault(parameters["invitation"][0], []).append(parameters.get("after", [None])[0])
    return asked


def skip_committed(asked: Asked, cursors: Mapping[str, str | None]) -> Asked:
    """Return which of the pages are asked for by a fetch that goes on behind what is committed.

    A list that came to its end is asked once more, from its last note on: nothing says yet that it was the last.
    """
    return {
        invitation: [after for after in afters if after is not None and after >= reached] or [reached]
        if (reached := cursors.get(invitation)) is not None
        else afters
        for invitation, afters in asked.items()
    }


def fetch_whole(story: Story, build: Path, *, is_later: bool = False, page_limit: int = 4) -> Whole:
    with story.serve(is_later=is_later, page_limit=page_limit) as loopback:
        run(*story.list_arguments(build))
    return Whole(build, loopback.requests, read_kept(build))


def fetch_killed(
    story: Story,
    build: Path,
    whole: Whole,
    kill: Callable[..., None],
    scratch: Path,
    *,
    is_later: bool,
    page_limit: int = 4,
) -> Left:
    """Kill a fetch, then let another one go on: all is kept, and it asked for what was not committed and no more."""
    with story.serve(is_later=is_later, page_limit=page_limit) as loopback:
        kill(*story.list_arguments(build))
        assert loopback.requests == whole.requests[: len(loopback.requests)]
        left = read_left(build, story, scratch)
        loopback.requests.clear()
        run(*story.list_arguments(build))
    rest = skip_committed(read_asked(whole.requests), left.cursors)
    assert read_asked(loopback.requests) == rest
    # Beside the pages: the venue, its forms once a round, and one request for all that is not there any more.
    searches = bool(left.missing - story.list_shown(is_later=is_later))
    assert len(loopback.requests) == 2 - left.has_forms + sum(map(len, rest.values())) + searches
    assert read_kept(build) == whole.kept
    assert digest_build(build, "quarantine") == digest_build(whole.build, "quarantine")
    return left

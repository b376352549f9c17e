"""kill -9 at named moments of a fetch and of the stages after it: run again, all ends as if nothing had happened."""

import shutil
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import pytest

from tests.pipeline.rounds import (
    VENUES,
    Story,
    Whole,
    digest_build,
    export,
    fetch_killed,
    fetch_whole,
    list_stages,
    read_kept,
    read_sample,
    run,
    run_killed,
    serve_stories,
    tell_story,
)
from toolkit.records import Api

SUBMISSIONS = 30


GetWhole = Callable[[Api, bool], Whole]
Point = tuple[str, str, int, str]
"""Before or after which moment, at its how many-th passing, and what that means."""


@cache
def get_story(api: Api) -> Story:
    return tell_story(api, read_sample(api), SUBMISSIONS)


@pytest.fixture(scope="module")
def get_whole(tmp_path_factory: pytest.TempPathFactory) -> GetWhole:
    @cache
    def get(api: Api, is_later: bool) -> Whole:
        build = tmp_path_factory.mktemp("whole") / "build"
        if is_later:
            shutil.copytree(get(api, False).build, build)
        return fetch_whole(get_story(api), build, is_later=is_later)

    return get


FIRST = [
    ("before", "sql BEGIN IMMEDIATE;", 1, "the store has tables"),
    ("before", "request", 1, "the first request"),
    ("after", "request GET /groups", 1, "the venue is known"),
    ("before", "request GET /notes", 1, "the first page is asked for"),
    ("before", "request GET /notes", 4, "a page is asked for"),
    ("after", "request GET /notes", 4, "a page came"),
    ("after", "sql INSERT INTO pages", 2, "a page is begun"),
    ("before", "sql INSERT OR IGNORE INTO notes", 50, "a note of it"),
    ("after", "sql INSERT OR IGNORE INTO notes", 77, "some of its notes"),
    ("before", "sql INSERT OR REPLACE INTO cursors", 4, "its cursor"),
    ("after", "sql INSERT OR REPLACE INTO cursors", 4, "its cursor"),
    ("after", "sql UPDATE pages", 4, "its body"),
    ("before", "sql COMMIT", 4, "a page is committed"),
    ("after", "sql COMMIT", 4, "a page is committed"),
    ("after", "request GET /invitations", 1, "the forms came"),
    ("before", "sql DELETE FROM cursors", 1, "the round is closed"),
    ("after", "sql DELETE FROM cursors", 1, "its cursors are cleared"),
    ("before", "replace import.jsonl", 1, "quarantine is written"),
    ("after", "replace import.jsonl", 1, "quarantine is written"),
    ("before", "replace manifest.json", 1, "the manifest is replaced"),
    ("after", "replace manifest.json", 1, "the manifest is replaced"),
]
LATER = [
    ("after", "sql COMMIT", 5, "a page is seen again"),
    ("after", "sql INSERT INTO removals", 1, "a removal"),
    ("before", "request POST /notes/search", 1, "vanished notes are asked for"),
    ("after", "request POST /notes/search", 1, "vanished notes are asked for"),
    ("after", "sql DELETE FROM notes", 5, "some vanished notes are out"),
    ("before", "sql DELETE FROM cursors", 1, "the round is closed"),
    ("before", "replace manifest.json", 1, "the manifest is replaced"),
]
STAGES = [
    (0, ("before", "rows", 1, "the first shard of forums")),
    (0, ("after", "rows", 2, "rows of the last shard of forums, before its end")),
    (0, ("before", "replace .forums.old", 1, "the old forums go")),
    (0, ("after", "replace .forums.old", 1, "the old forums went")),
    (0, ("before", "replace manifest.json", 1, "new forums are on record")),
    (1, ("after", "rows", 1, "rows of dialogues")),
    (1, ("after", "replace manifest.json", 1, "new dialogues are on record")),
    (2, ("after", "rows", 1, "rows of claims")),
    (3, ("after", "rows", 4, "rows of the dataset")),
    (3, ("before", "write MANIFEST.json", 1, "the dataset's manifest")),
    (3, ("after", "replace .dataset.old", 1, "the old dataset went")),
]


CASES: Sequence[tuple[Api, bool, Point]] = [
    *(("v2", False, point) for point in FIRST),
    *(("v1", False, point) for point in FIRST[::4]),
    *(("v1", True, point) for point in LATER),
    *(("v2", True, point) for point in LATER[2:5]),
]


def name_case(case: tuple[Api, bool, Point]) -> str:
    api, is_later, (when, _, _, what) = case
    return f"{api}, {'later, ' * is_later}{when} {what}"


@pytest.mark.parametrize("case", CASES, ids=name_case)
def test_a_fetch_killed_at_any_named_point_ends_with_the_same_bytes(
    case: tuple[Api, bool, Point], get_whole: GetWhole, tmp_path: Path
) -> None:
    api, is_later, point = case
    build = tmp_path / "build"
    if is_later:
        shutil.copytree(get_whole(api, False).build, build)
    kill = partial(run_killed, *point[:3])
    fetch_killed(get_story(api), build, get_whole(api, is_later), kill, tmp_path / "left", is_later=is_later)


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_fetch_killed_again_and_again_gives_the_same_dataset(api: Api, get_whole: GetWhole, tmp_path: Path) -> None:
    story, whole, build = get_story(api), get_whole(api, False), tmp_path / "build"
    with story.serve():
        for when, moment, passing, _ in FIRST[4:-1:5]:
            run_killed(when, moment, min(passing, 2), *story.list_arguments(build))
        run(*story.list_arguments(build))
    assert read_kept(build) == whole.kept
    assert export(build) == export(shutil.copytree(whole.build, tmp_path / "undisturbed"))


def test_a_venue_that_was_finished_is_not_fetched_again_when_the_next_one_was_killed(tmp_path: Path) -> None:
    """Else a command over many venues never comes to its end where a window lets so many requests through."""
    build = tmp_path / "build"
    command = ["fetch", VENUES["v2"], VENUES["v1"], "--out", str(build)]
    with serve_stories(get_story("v2"), get_story("v1")) as loopback:
        run_killed("before", "request GET /notes", 12, *command)
        assert loopback.requests[-1].startswith("v1 GET /notes?")
        loopback.requests.clear()
        run(*command)
    assert not [line for line in loopback.requests if line.startswith("v2 GET /notes?")]


@pytest.fixture(scope="module")
def builds(get_whole: GetWhole, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """A build before each of the stages and after the last; what they made of an earlier store is in their places."""
    folder = tmp_path_factory.mktemp("stages")
    shutil.copytree(get_whole("v2", False).build, folder / "0")
    export(folder / "0")
    with get_story("v2").serve(is_later=True):
        run(*get_story("v2").list_arguments(folder / "0"))
    for number in range(4):
        shutil.copytree(folder / f"{number}", folder / f"{number + 1}")
        run(*list_stages(folder / f"{number + 1}")[number])
    return [folder / f"{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("number", "point"), [pytest.param(*stage, id=f"{stage[1][0]} {stage[1][3]}") for stage in STAGES]
)
def test_a_stage_killed_at_any_named_point_ends_with_the_same_bytes(
    number: int, point: Point, builds: Sequence[Path], tmp_path: Path
) -> None:
    build = tmp_path / "build"
    shutil.copytree(builds[number], build)
    command = list_stages(build)[number]
    run_killed(*point[:3], *command)
    run(*command)
    assert digest_build(build) == digest_build(builds[number + 1])
    assert digest_build(build) != digest_build(builds[number])

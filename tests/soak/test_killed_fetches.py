"""Long runs, only under `make soak`: kill -9 at random moments of a fetch of thousands of papers."""

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.loopback.openreview import Raw, load_real
from tests.pipeline.rounds import (
    DONE,
    ROOT,
    Left,
    export,
    fetch_killed,
    fetch_whole,
    read_sample,
    tell_story,
)
from toolkit.records import Api

SUBMISSIONS, PAGE = 3000, 100
FILES: dict[Api, str] = {"v1": "iclr-2019-conference.jsonl", "v2": "iclr-2026-conference.jsonl"}

pytestmark = pytest.mark.soak


def read_papers(api: Api, request: pytest.FixtureRequest) -> list[Raw]:
    """Real papers, or where they are not at hand, invented ones in the same shapes."""
    try:
        notes = load_real(request.getfixturevalue("shared_data") / "openreview" / FILES[api])
    except pytest.skip.Exception:
        return read_sample(api)
    roots = {note["id"] for note in notes if note["id"] == note["forum"]}
    return [note for note in notes if note["forum"] in roots]


@pytest.mark.parametrize(("api", "kills"), [("v1", 20), ("v2", 30)])
def test_a_fetch_killed_at_random_moments_ends_with_the_same_bytes(
    api: Api, kills: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    story = tell_story(api, read_papers(api, request), SUBMISSIONS)
    begin = time.monotonic()
    first = fetch_whole(story, tmp_path / "first", page_limit=PAGE)
    seconds = time.monotonic() - begin + 0.5
    shutil.copytree(first.build, tmp_path / "later")
    later = fetch_whole(story, tmp_path / "later", is_later=True, page_limit=PAGE)
    moments = random.Random(20261126)

    def kill(*arguments: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "toolkit", *arguments],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(0, seconds))
        process.kill()
        assert process.wait() in (-9, *DONE)

    lefts: list[Left] = []
    for number in range(kills):
        build, is_later = tmp_path / f"{number}", number % 5 == 4
        if is_later:  # on top of a whole round, over notes that were edited since
            shutil.copytree(first.build, build)
        whole = later if is_later else first
        scratch = tmp_path / "left"
        lefts.append(fetch_killed(story, build, whole, kill, scratch, is_later=is_later, page_limit=PAGE))
        if number in (0, 4):
            undisturbed = shutil.copytree(whole.build, tmp_path / f"undisturbed-{number}")
            assert export(build) == export(undisturbed)
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(build)
    assert any(left.cursors for left in lefts), "no kill came amid the pages"

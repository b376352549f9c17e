"""Long runs, only under `make soak`: kill -9 at random moments, and a build over many repeated papers."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

import toolkit
from toolkit import workspace as places

RECIPE = 'name = "t"\n[source]\nsample = true\n[synthesize]\nper_forum = 3\nseed = 7\n'
KILLS = 40

pytestmark = pytest.mark.soak


def digest_build(folder: Path) -> dict[str, str]:
    files = places.digest_folder(folder)
    return {name: digest for name, digest in files.items() if not name.startswith(("store.sqlite", ".lock"))}


def test_a_build_killed_at_random_moments_ends_with_the_same_bytes(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    begin = time.monotonic()
    toolkit.build(recipe, tmp_path / "undisturbed")
    whole = time.monotonic() - begin + 0.5
    wanted = digest_build(tmp_path / "undisturbed")
    moments = random.Random(20261120)
    command = [sys.executable, "-m", "toolkit", "build", str(recipe), "--out", str(tmp_path / "killed")]
    for kill in range(KILLS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, whole))
        process.kill()
        process.wait()
        if kill % 4 == 3:
            subprocess.run(command, check=True, capture_output=True)
            assert digest_build(tmp_path / "killed") == wanted, f"after {kill + 1} kills"
            if kill % 8 == 7:  # from nothing again, not only on top of what is there
                for path in sorted((tmp_path / "killed").rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()
                (tmp_path / "killed").rmdir()

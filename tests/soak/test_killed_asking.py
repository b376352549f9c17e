"""Twenty kills at random moments while a model is asked: the same bytes, and nothing recorded is asked again."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.loopback.llm import KEY, serve_llm
from toolkit.cli import main as shell

KILLS = 20
CONCURRENCY = 4

pytestmark = pytest.mark.soak


def test_a_run_that_is_killed_again_and_again_ends_in_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    folders = [tmp_path / "killed", tmp_path / "whole"]
    for folder in folders:
        for arguments in (["import", "--sample", "--out", str(folder)], ["normalize", str(folder)]):
            assert shell.run(arguments) == 0
    with serve_llm() as endpoint:
        endpoint.latency = 0.05
        options = ["--generator", "llm", "--model", "scripted", "--base-url", endpoint.base_url, "--per-forum", "12"]
        options += ["--concurrency", str(CONCURRENCY)]
        command = [sys.executable, "-m", "toolkit", "synthesize", str(folders[0]), *options]
        draw = random.Random(7)
        for _ in range(KILLS):
            running = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
            )
            time.sleep(draw.uniform(0.5, 2.5))
            running.send_signal(signal.SIGKILL)
            running.wait()
        time.sleep(1)
        assert subprocess.run(command, env={**os.environ}, check=False).returncode in (0, 4)
        twice = len(endpoint.answered) - len(set(endpoint.answered))
        assert twice <= KILLS * CONCURRENCY, "more than what was under way was asked again"
        endpoint.latency = 0.0
        assert shell.run(["synthesize", str(folders[1]), *options]) in (0, 4)
    for name in ("answers.jsonl", *(f"dialogues/{path.name}" for path in (folders[1] / "dialogues").iterdir())):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name

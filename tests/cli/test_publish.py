"""``reviewdial publish``: what it prints and how it ends. What it does on the Hub: ``tests/exporters/test_hub.py``."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback.hub import WRITER, Fault, Hub, serve_hub
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.exporters import hub as publishing


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    build = tmp_path_factory.mktemp("publish") / "build"
    for arguments in (
        ["import", "--sample", "--out", str(build)],
        ["normalize", str(build)],
        ["synthesize", str(build)],
        ["export", str(build), "--out", str(build / "dataset")],
    ):
        assert shell.run(arguments) in (ExitCode.DONE, ExitCode.PARTIAL)
    return build / "dataset"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_TOKEN", WRITER)
    monkeypatch.setattr(publishing, "_list_waits", lambda: iter([0.01] * 2))
    with serve_hub() as served:
        yield served


def run(hub: Hub, dataset: Path, *options: str) -> int:
    return shell.run(["publish", str(dataset), "tester/dialogues", "--endpoint", hub.endpoint, *options])


def test_a_dry_run_lists_what_would_be_sent(hub: Hub, dataset: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(hub, dataset, "--dry-run") == ExitCode.DONE
    out, _ = capfd.readouterr()
    assert out.startswith(f"Would publish: {hub.endpoint}/datasets/tester/dialogues at v1.0.0\n")
    assert "  add    LICENSE" in out
    assert hub.repositories == {}


def test_publishing_says_where_it_is_and_the_token_is_nowhere(
    hub: Hub, dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(hub, dataset, "--json") == ExitCode.DONE
    out, err = capfd.readouterr()
    report = json.loads(out)
    assert (report["done"], report["tag"], report["commit"]) == (
        "published",
        "v1.0.0",
        hub.repositories["tester/dialogues"].tags["v1.0.0"],
    )
    assert WRITER not in out + err
    assert run(hub, dataset) == ExitCode.DONE
    assert capfd.readouterr().out.startswith("Nothing to do, it is published: ")


def test_a_hub_that_stays_away_ends_in_a_state_that_can_be_resumed(
    hub: Hub, dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hub.fail("commit", *[Fault(status=503)] * 3)
    assert run(hub, dataset) == ExitCode.STOPPED
    err = capfd.readouterr().err
    assert "could not commit the files: the Hub answered 503; the version there is whole; run the same command" in err
    assert "Traceback" not in err
    assert run(hub, dataset) == ExitCode.DONE


def test_no_hub_at_all_is_one_line(
    dataset: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publishing, "_list_waits", lambda: iter([]))
    arguments = ["publish", str(dataset), "tester/dialogues", "--endpoint", "http://127.0.0.1:9"]
    assert shell.run(arguments) == ExitCode.STOPPED
    assert "could not read the repository: the Hub did not answer" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--pr", "--tag", "v1"], "A pull request is not tagged"), (["--tag", "no tag"], "is no tag")],
)
def test_wrong_usage_is_one_line(
    hub: Hub, dataset: Path, options: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(hub, dataset, *options) in (ExitCode.USAGE, ExitCode.FAILED)
    assert message in capfd.readouterr().err
    assert hub.repositories == {}

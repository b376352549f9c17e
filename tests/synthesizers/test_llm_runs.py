"""How a model is asked: by turns, in parts, in batches, within a budget, by as many at once as it bears."""

import asyncio
import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.loopback.llm import KEY, Endpoint, Fault, answer_batch, serve_llm
from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode, StoppedError
from toolkit.pipeline import ModelOptions, run_synthesize_with_model
from toolkit.progress import NoProgress
from toolkit.records import Dialogue, Forum
from toolkit.synthesizers import Policy, llm
from toolkit.synthesizers.llm import endpoint as asking
from toolkit.synthesizers.llm.budget import Budget, Limits
from toolkit.synthesizers.llm.calls import Answer, Call
from toolkit.synthesizers.llm.endpoint import is_same_model
from toolkit.synthesizers.llm.throttle import Throttle


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(asking, "FIRST_WAIT", 0.01)
    with serve_llm() as served:
        yield served


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "build"
    for arguments in (["import", "--sample", "--out", str(folder)], ["normalize", str(folder)]):
        assert shell.run(arguments) == ExitCode.DONE
    return folder


def synthesize(build: Path, endpoint: Endpoint, *options: str) -> int:
    arguments = ["--generator", "llm", "--model", "scripted", "--base-url", endpoint.base_url, *options]
    return shell.run(["synthesize", str(build), *arguments])


def read_dialogues(build: Path) -> list[Dialogue]:
    return list(places.read_records(build / "dialogues", Dialogue))


def read_bytes(build: Path) -> dict[str, bytes]:
    paths = [*(build / "dialogues").iterdir(), build / "answers.jsonl", build / "rounds.jsonl"]
    return {path.name: path.read_bytes() for path in paths}


# Turn by turn


def test_a_dialogue_is_asked_for_turn_by_turn_with_all_that_was_said(build: Path, endpoint: Endpoint) -> None:
    assert synthesize(build, endpoint, "--mode", "turns", "--rounds", "0") == ExitCode.PARTIAL
    dialogues = read_dialogues(build)
    assert len(dialogues) > 10
    for dialogue in dialogues:
        assert len(dialogue.turns) == 2 * len(dialogue.agenda) - 1
        assert [turn.index for turn in dialogue.turns] == list(range(len(dialogue.turns)))
        asked = [turn.act for turn in dialogue.turns if turn.speaker == "meta_reviewer"]
        assert asked == [item.act for item in dialogue.agenda]
    for body in endpoint.requests:
        roles = [message["role"] for message in body["messages"]]
        assert roles == ["system", "user", *["assistant", "user"] * ((len(roles) - 2) // 2)]


def test_the_messages_of_one_turn_begin_with_those_of_the_turn_before(build: Path, endpoint: Endpoint) -> None:
    """So that a server which keeps the prefix of a prompt reads the record once."""
    synthesize(build, endpoint, "--mode", "turns", "--rounds", "0", "--concurrency", "1")
    by_length: dict[str, list[list[dict[str, str]]]] = {}
    for body in endpoint.requests:
        by_length.setdefault(body["messages"][1]["content"][:400], []).append(body["messages"])
    for conversations in by_length.values():
        for before, after in pairwise(conversations):
            assert after[: len(before)] == before


def test_turns_that_fail_go_back_together_in_turn_mode_too(build: Path, endpoint: Endpoint) -> None:
    def model(messages: list[dict[str, str]]) -> dict[str, object]:
        if "Write only these turns anew" in messages[-1]["content"]:
            turns = [int(line.split()[1][:-1]) for line in messages[-1]["content"].splitlines() if line[:5] == "turn "]
            said = {"text": "The reviews do not say so.", "evidence": []}
            return {
                "turns": [
                    {"index": index, "speaker": "dialogue_agent", "act": "x", "answerable": False, "sentences": [said]}
                    for index in turns
                ]
            }
        agent = ", dialogue_agent: " in messages[-1]["content"]
        last = "the last word" in messages[-1]["content"]
        words = "I would recommend accepting the paper." if agent else "What did they miss?"
        decision = "I am accepting it." if "last turn: accept" in messages[0]["content"] else "I am rejecting it."
        return {"answerable": True, "sentences": [{"text": decision if last else words, "evidence": []}]}

    endpoint.model = model
    synthesize(build, endpoint, "--mode", "turns", "--rounds", "1")
    first = json.loads((build / "rounds.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["rules"]["agent-recommends"] >= 3
    second = json.loads((build / "rounds.jsonl").read_text(encoding="utf-8").splitlines()[1])
    assert (second["round"], second["kept"]) == (1, True)
    assert "agent-recommends" not in second["rules"]


# In parts


def test_answers_that_come_in_parts_are_the_same_answers(build: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    synthesize(build, endpoint)
    whole = read_bytes(build)
    for name in ("answers.sqlite", "manifest.json"):
        (build / name).unlink()
    assert synthesize(build, endpoint, "--stream") == ExitCode.PARTIAL
    assert all(body["stream"] for body in endpoint.requests[-5:])
    assert read_bytes(build) == whole


@pytest.mark.parametrize(
    "fault", [Fault(drop=True), Fault(status=429), Fault(refusal=True), Fault(text="{", finish="length")]
)
def test_a_stream_that_is_cut_is_no_answer(build: Path, endpoint: Endpoint, fault: Fault) -> None:
    endpoint.faults.append(fault)
    synthesize(build, endpoint, "--stream", "--concurrency", "1")
    assert len(read_dialogues(build)) > 10
    texts = [json.loads(line)["text"] for line in (build / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(text in ("", "{") or text.endswith("}") for text in texts)


def test_an_answer_that_takes_too_long_to_begin_is_asked_for_again(
    build: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.faults.append(Fault(wait=2.0))
    options = ModelOptions(
        llm.EndpointOptions("scripted", base_url=endpoint.base_url, deadline=0.5), llm.WriterOptions("scripted")
    )
    run_synthesize_with_model(places.open_workspace(build), options)
    assert len(read_dialogues(build)) > 10


# Whose answers


@pytest.mark.parametrize("served", ["scripted-2026-08-06", "me/scripted", "scripted@main", "Scripted", "scripted:8b"])
def test_the_names_that_servers_give_a_model_are_known(served: str) -> None:
    assert is_same_model("scripted", served)


def test_another_model_is_refused(build: Path, endpoint: Endpoint, capfd: pytest.CaptureFixture[str]) -> None:
    endpoint.faults.append(Fault(model="scripture"))
    assert synthesize(build, endpoint) == ExitCode.FAILED
    err = capfd.readouterr().err
    assert "the endpoint answers as another model (scripture); name the model that it serves" in err
    assert not (build / "dialogues").exists()


# Batches


def write_batch(build: Path, path: Path, *options: str) -> int:
    arguments = ["--generator", "llm", "--model", "scripted", "--batch-out", str(path), *options]
    return shell.run(["synthesize", str(build), *arguments])


def write_results(path: Path, results: list[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in results), encoding="utf-8")
    return path


def test_batches_give_the_same_bytes_as_asking(
    build: Path, endpoint: Endpoint, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    synthesize(build, endpoint)
    asked = read_bytes(build)
    for name in ("answers.sqlite", "manifest.json"):
        (build / name).unlink()
    requests, results, taken = tmp_path / "asked.jsonl", tmp_path / "results.jsonl", []
    for _ in range(5):
        status = write_batch(build, requests, *taken)
        if status != ExitCode.STOPPED:
            break
        assert "questions wait in" in capfd.readouterr().err
        write_results(results, answer_batch(requests.read_bytes()))
        taken = ["--batch-in", str(results)]
    assert status == ExitCode.PARTIAL
    assert read_bytes(build) == asked


def test_results_out_of_order_twice_failed_or_missing_are_sorted_out(
    build: Path, endpoint: Endpoint, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert write_batch(build, tmp_path / "asked.jsonl") == ExitCode.STOPPED
    rows = answer_batch((tmp_path / "asked.jsonl").read_bytes())
    failed = [{**row, "response": {"status_code": 500, "body": {}}} for row in rows[3:5]]
    expired = [{**rows[5], "response": None, "error": {"code": "batch_expired"}}]
    foreign = [{**rows[0], "custom_id": "0" * 64}]
    results = [*rows[6:], rows[7], *rows[:2], *failed, *expired, *foreign]
    random.Random(3).shuffle(results)
    path = write_results(tmp_path / "results.jsonl", results)
    capfd.readouterr()
    assert synthesize(build, endpoint, "--batch-in", str(path)) == ExitCode.PARTIAL
    err = capfd.readouterr().err
    assert "14 of 18 answers taken from results.jsonl, 3 failed, 1 not asked for, 1 twice" in err
    first_questions = [body for body in endpoint.requests if len(body["messages"]) == 2]
    assert len(first_questions) == 4, "only what the batch lacks is asked again"
    assert len(read_dialogues(build)) > 10


@pytest.mark.parametrize(
    ("text", "message"),
    [("nonsense\n", "line 1 is no batch result"), ('{"custom_id": "x"}\n[]\n', "line 2 is no batch result")],
)
def test_what_is_no_batch_is_refused_and_nothing_of_it_is_kept(
    build: Path, endpoint: Endpoint, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    (tmp_path / "results.jsonl").write_text(text, encoding="utf-8")
    assert synthesize(build, endpoint, "--batch-in", str(tmp_path / "results.jsonl")) == ExitCode.FAILED
    assert message in capfd.readouterr().err
    assert endpoint.requests == []


def test_a_batch_of_another_model_is_refused(
    build: Path, endpoint: Endpoint, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_batch(build, tmp_path / "asked.jsonl")
    rows = answer_batch((tmp_path / "asked.jsonl").read_bytes())
    rows[4]["response"]["body"]["model"] = "scripture"
    path = write_results(tmp_path / "results.jsonl", list(rows))
    assert synthesize(build, endpoint, "--batch-in", str(path)) == ExitCode.FAILED
    assert "the endpoint answers as another model (scripture)" in capfd.readouterr().err


def test_a_replay_goes_with_no_batch(build: Path, endpoint: Endpoint, capfd: pytest.CaptureFixture[str]) -> None:
    assert synthesize(build, endpoint, "--replay", "x", "--batch-in", "y") == ExitCode.USAGE
    assert "--replay asks nobody" in capfd.readouterr().err


def test_what_is_too_much_for_one_batch_goes_into_several(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolkit.synthesizers.llm import batches

    monkeypatch.setattr(batches, "MOST_REQUESTS", 2)
    calls = [Call("m", (("user", str(number)),), 0.0, 1, 0, 0, "turn") for number in range(5)]
    files = list(batches.write_requests(calls))
    assert [len(lines.splitlines()) for lines in files] == [2, 2, 1]
    names = [json.loads(line)["custom_id"] for lines in files for line in lines.splitlines()]
    assert names == [call.key for call in calls]


# Budgets

CALL = Call("m", (("user", "x" * 400),), 0.0, 100, 0, 0, "dialogue")
"""About 100 tokens in, at most 100 out."""


def spend(limits: Limits, answers: int, *, at_once: int = 8) -> Budget:
    """Ask as often as the budget lets through, ``at_once`` together; every answer takes 100 tokens in and 50 out."""

    async def work() -> Budget:
        budget = Budget(limits)

        async def ask() -> None:
            reserved = await budget.reserve(CALL)
            await asyncio.sleep(0)
            await budget.settle(CALL, reserved, Answer("", "stop", 100, 50))

        room = asyncio.Semaphore(at_once)

        async def wait_and_ask() -> None:
            async with room:
                await ask()

        outcomes = await asyncio.gather(*(wait_and_ask() for _ in range(answers)), return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, StoppedError) for outcome in outcomes)
        return budget

    return asyncio.run(work())


@pytest.mark.parametrize("cap", [12_000, 20_000, 55_555])
def test_tokens_end_within_two_percent_of_the_cap_and_never_above(cap: int) -> None:
    budget = spend(Limits(max_tokens=cap), 1_000)
    assert 0.98 * cap <= budget.usage.tokens <= cap


def test_money_ends_below_its_cap(build: Path, endpoint: Endpoint, capfd: pytest.CaptureFixture[str]) -> None:
    budget = spend(Limits(max_cost=0.05, price_in=1.0, price_out=4.0), 1_000)
    spent = budget.limits.count_cost(budget.usage.tokens_in, budget.usage.tokens_out)
    assert 0.98 * 0.05 <= spent <= 0.05
    prices = ["--price-in", "1", "--price-out", "4"]
    assert synthesize(build, endpoint, "--max-cost", "0.03", *prices) == ExitCode.STOPPED
    err = capfd.readouterr().err
    assert "of 0.03 in money, and the next answer may cost" in err
    assert "in money" in err.splitlines()[0], "the estimate names what the prices make of it"
    assert synthesize(build, endpoint, "--max-cost", "30", *prices) == ExitCode.PARTIAL


def test_a_cap_on_money_needs_prices(
    build: Path, endpoint: Endpoint, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert synthesize(build, endpoint, "--max-cost", "1") == ExitCode.USAGE
    assert "--max-cost needs --price-in and --price-out" in capfd.readouterr().err
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'name = "x"\n[source]\nsample = true\n[synthesize]\ngenerator = "llm"\n[model]\nname = "m"\nmax_cost = 1.0\n',
        encoding="utf-8",
    )
    assert shell.run(["build", str(recipe)]) == ExitCode.USAGE
    assert "max_cost needs price_in and price_out" in capfd.readouterr().err


def test_time_is_a_budget_too(build: Path, endpoint: Endpoint, capfd: pytest.CaptureFixture[str]) -> None:
    endpoint.latency = 0.1
    options = ["--max-minutes", "0.005", "--concurrency", "1"]
    assert synthesize(build, endpoint, *options) == ExitCode.STOPPED
    assert "the budget is used up: 0.005 minutes are over" in capfd.readouterr().err
    assert synthesize(build, endpoint) == ExitCode.PARTIAL
    assert len(endpoint.answered) == len(set(endpoint.answered))


def test_an_answer_that_cost_more_than_its_prompt_promised_makes_the_next_promise_larger() -> None:
    async def work() -> tuple[int, int]:
        budget = Budget(Limits(max_tokens=100_000))
        before = await budget.reserve(CALL)
        await budget.settle(CALL, before, Answer("", "stop", 300, 50))
        return before[0], (await budget.reserve(CALL))[0]

    before, after = asyncio.run(work())
    assert before < 300 <= after


# As many at once as it bears


def test_an_endpoint_that_says_later_is_asked_by_fewer_and_every_answer_comes(build: Path, endpoint: Endpoint) -> None:
    endpoint.latency, endpoint.bears = 0.02, 3
    assert synthesize(build, endpoint, "--concurrency", "16", "--per-forum", "3") == ExitCode.PARTIAL
    refused = len(endpoint.requests) - len(endpoint.answered)
    assert 0 < refused < len(endpoint.answered)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_of_all_that_were_refused_together_only_the_first_counts() -> None:
    clock = Clock()
    throttle = Throttle(16, clock)
    clock.now = 1.0
    for _ in range(10):
        throttle.report_refusal(0.5, 0.0)
    assert throttle.limit == 8
    throttle.report_refusal(1.5, 0.0)
    assert throttle.limit == 4


def test_answers_open_it_again_up_to_what_is_allowed() -> None:
    clock = Clock()
    throttle = Throttle(8, clock)
    throttle.report_refusal(0.0, 0.0)
    for step in range(100):
        clock.now = step + 1.0
        throttle.report_answer(float(step), 100)
    assert throttle.limit == 8


def test_an_endpoint_that_becomes_slow_is_asked_by_fewer() -> None:
    clock = Clock()
    throttle = Throttle(64, clock)
    for seconds in [1.0] * 20 + [10.0] * 60:
        began = clock.now
        clock.now += seconds
        throttle.report_answer(began, 100)
    assert throttle.limit < 32


# Processes


def test_processes_change_no_byte(build: Path, endpoint: Endpoint) -> None:
    written = []
    for processes in (1, 2):
        options = ModelOptions(
            llm.EndpointOptions("scripted", base_url=endpoint.base_url),
            llm.WriterOptions("scripted"),
            processes=processes,
        )
        run_synthesize_with_model(places.open_workspace(build), options)
        written.append(read_bytes(build))
        for name in ("answers.sqlite", "manifest.json"):
            (build / name).unlink()
    assert written[0] == written[1]


def test_an_estimate_counts_what_is_not_on_record_yet(build: Path, endpoint: Endpoint) -> None:
    forums = list(places.read_records(build / "forums", Forum))
    writer = llm.Writer(llm.Prompts(), llm.WriterOptions("scripted"), Policy(), lambda *_: ())
    with llm.open_answers(build / "answers.sqlite") as store:
        estimate = llm.estimate_run(iter(forums), 180, writer, store, per_forum=2, seed=0)
        assert estimate.dialogues == 360
        waiting = llm.find_waiting(iter(forums), writer, store, per_forum=1, seed=0, progress=NoProgress())
        characters = [sum(len(content) for _, content in call.messages) for call in list(waiting)[:16]]
        assert estimate.tokens_in == pytest.approx(360 * sum(characters) / 16 / 4, rel=0.01)
        assert estimate.most_tokens_out == 360 * 4096
        for forum in forums:
            store.add_all(
                {
                    call.key: Answer("{", "length", 1, 1)
                    for call in llm.find_waiting(
                        iter([forum]), writer, store, per_forum=1, seed=0, progress=NoProgress()
                    )
                }
            )
        assert llm.estimate_run(iter(forums), 180, writer, store, per_forum=2, seed=0).dialogues == 0


def test_a_thousand_short_questions_are_all_answered_and_recorded(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.model = lambda messages: {"answerable": True, "sentences": [{"text": "Yes.", "evidence": []}]}

    async def ask_all(store: llm.AnswerStore) -> int:
        client = asking.Endpoint(llm.EndpointOptions("scripted", base_url=endpoint.base_url, concurrency=32), store)
        calls = [Call("scripted", (("user", str(number)),), 0.0, 8, number, 0, "turn") for number in range(1_000)]
        answers = await asyncio.gather(*(client.ask(call) for call in calls))
        await client.close()
        return sum(store.find(call.key) == answer for call, answer in zip(calls, answers, strict=True))

    with llm.open_answers(tmp_path / "answers.sqlite") as store:
        assert asyncio.run(ask_all(store)) == 1_000
    assert endpoint.most_at_once <= 32

"""Print how near a run with a language model comes to the ideal rate of its endpoint.

    python benchmarks/measure_endpoint.py [--papers N] [--latency SECONDS] [--concurrency N]

The endpoint is the stand-in of the tests on 127.0.0.1 with a scripted model and a fixed latency. The papers are the
bundled ones, renamed until there are enough. Ideal: latency times questions, divided by how many may be asked at once.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.loopback.llm import KEY, serve_llm
from toolkit import workspace as places
from toolkit.auditors import audit_dialogue
from toolkit.cli import main as shell
from toolkit.progress import NoProgress
from toolkit.records import Forum
from toolkit.synthesizers import Policy, llm


def list_papers(folder: Path, count: int) -> list[Forum]:
    for arguments in (["import", "--sample", "--out", str(folder)], ["normalize", str(folder)]):
        shell.run([*arguments, "--json"])
    forums = list(places.read_records(folder / "forums", Forum))
    return [
        replace(forums[number % len(forums)], forum=f"paper{number:05d}", title=f"Paper {number}")
        for number in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=512)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--concurrency", type=int, default=64)
    options = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = KEY
    with tempfile.TemporaryDirectory() as name, serve_llm() as endpoint:
        papers = list_papers(Path(name) / "build", options.papers)
        endpoint.latency = options.latency
        writer = llm.Writer(
            llm.Prompts(),
            llm.WriterOptions("scripted", rounds=0),
            Policy(),
            lambda dialogue, forum: audit_dialogue(dialogue, forum).findings,
        )
        asked = llm.EndpointOptions("scripted", base_url=endpoint.base_url, concurrency=options.concurrency)
        with llm.open_answers(Path(name) / "answers.sqlite") as store:
            started = time.perf_counter()
            usage = llm.ask_for_dialogues(papers, writer, asked, store, per_forum=1, seed=0, progress=NoProgress())
            took = time.perf_counter() - started
        ideal = options.latency * usage.calls / options.concurrency
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{usage.calls} answers in {took:.2f} s, {usage.calls / took:.0f} a second; {endpoint.most_at_once} at once"
        )
        if ideal:
            print(f"ideal {ideal:.2f} s: {ideal / took:.0%} of the ideal rate")
        print(
            f"answered {len(endpoint.answered)}, of which twice {len(endpoint.answered) - len(set(endpoint.answered))}"
        )
        print(f"{memory} MB at most, the stand-in included")


if __name__ == "__main__":
    main()

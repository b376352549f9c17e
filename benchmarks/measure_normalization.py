"""Print how many forums a minute are normalized on one core, and where the time goes.

    python benchmarks/measure_normalization.py FOLDER [--seconds 20]

FOLDER holds files of API bodies (.json, .jsonl, plain or compressed); without it the bundled sample is read. The forums
are read over and over, from JSON text to record, in this one process. Forums a minute depend on the machine and on how
long the forums are; the ratios to plain reading (json.loads and parse_note of the same notes, in the same run) travel
better. The shares are measured in a run of their own, because measuring them costs time too.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit import venues
from toolkit.errors import RecordError
from toolkit.fetchers.archive import find_files, read_bodies
from toolkit.fetchers.bodies import unfold_notes
from toolkit.fetchers.sample import SAMPLE_FOLDER
from toolkit.normalizers import ForumInput, forums, normalize_shard
from toolkit.normalizers.sections import TextCleaner
from toolkit.notes import is_public, parse_note
from toolkit.records import Note

BAR = 10_000
"""Forums a minute that normalization without points is to reach."""

STEPS: Mapping[str, Sequence[tuple[Any, str]]] = {
    "versions": [(forums, "settle_versions")],
    "roles": [(forums, name) for name in ("cast_forum", "find_role", "find_signer", "is_profile")],
    "venue and form": [
        (venues, name) for name in ("identify_venue", "classify_note", "find_form", "list_unfamiliar_fields")
    ],
    "scores": [(venues, "resolve_score"), (forums, "summarize_ratings")],
    "decision": [(forums, "_find_decision")],
    "text": [(TextCleaner, "clean"), (forums, "read_sections"), (forums, "list_text_fields"), (forums, "read_title")],
    "threads and parts": [(forums, "order_threads"), (forums, "find_series")],
    "points": [(forums, "find_points")],
    "links and follow-ups": [(forums, "link_points"), (forums, "find_follow_ups")],
}
"""Step -> the functions that do it; time inside another step's function is that step's."""

READING_POINTS = ("points", "links and follow-ups")
Texts = Sequence[tuple[str, str]]


class Clock:
    """Shares the time that passes among the steps that are running, each moment to the innermost one."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.running = ["everything else"]
        self.since = time.perf_counter()

    def tick(self) -> None:
        now = time.perf_counter()
        self.spent[self.running[-1]] += now - self.since
        self.since = now

    def watch(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **more: Any) -> Any:
            self.tick()
            self.running.append(step)
            try:
                return function(*args, **more)
            finally:
                self.tick()
                self.running.pop()

        return watched


def read_texts(folder: Path) -> Texts:
    """Return the notes of every forum as one JSON text, by forum; what is not public or has no forum is left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for path in find_files([folder]):
        for body in read_bodies(path):
            for raw in unfold_notes(body.notes):
                if isinstance(raw, Mapping) and is_public(raw):
                    plain = {name: value for name, value in raw.items() if name != "details"}
                    found.setdefault(str(raw.get("forum")), []).append(plain)
    return [(forum, json.dumps(notes)) for forum, notes in sorted(found.items())]


def parse(texts: Texts) -> Iterator[tuple[str, list[Note]]]:
    for forum, text in texts:
        yield forum, [parse_note(raw) for raw in json.loads(text)]


def read_only(texts: Texts) -> None:
    for _ in parse(texts):
        pass


def normalize(texts: Texts) -> None:
    result = normalize_shard(ForumInput(forum, notes, {}) for forum, notes in parse(texts))
    if not result.records:
        raise RecordError("not one forum could be normalized")


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let steps find nothing."""
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(mock.patch.object(forums, name, return_value=()))
        yield


LINKS = ("link_points", "find_follow_ups")
LEFT_OUT: Mapping[str, Sequence[str]] = {
    "without points": ("find_points", *LINKS),
    "with points": LINKS,
    "and links": (),
}
"""What is measured -> the steps that are left out of it."""


def measure(texts: Texts, seconds: float) -> dict[str, float]:
    """Return the median seconds of one round over all forums, by what is done; these take turns."""
    rounds: dict[str, list[float]] = defaultdict(list)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rounds["and links"]) < 3:
        for name in ("plain reading", *LEFT_OUT):
            gc.collect()
            begin = time.perf_counter()
            if name == "plain reading":
                read_only(texts)
            else:
                with without(*LEFT_OUT[name]):
                    normalize(texts)
            rounds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times) for name, times in rounds.items()}


def measure_shares(texts: Texts) -> dict[str, float]:
    """Return the share of one round's time by step, points included."""
    clock = Clock()
    patches = [
        mock.patch.object(owner, name, clock.watch(step, getattr(owner, name)))
        for step, functions in STEPS.items()
        for owner, name in functions
    ]
    patches.append(mock.patch.object(sys.modules[__name__], "parse_note", clock.watch("reading", parse_note)))
    patches.append(mock.patch.object(json, "loads", clock.watch("reading", json.loads)))
    for patch in patches:
        patch.start()
    try:
        clock.since = time.perf_counter()
        normalize(texts)
        clock.tick()
    finally:
        for patch in patches:
            patch.stop()
    total = sum(clock.spent.values())
    return {step: spent / total for step, spent in clock.spent.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLE_FOLDER)
    parser.add_argument("--seconds", type=float, default=20, help="how long to repeat (default 20)")
    options = parser.parse_args()
    texts = read_texts(options.folder)
    count, size = len(texts), sum(len(text) for _, text in texts)
    normalize(texts)  # so that the catalogue is read and patterns are compiled
    found = measure(texts, options.seconds)
    print(f"{count} forums, {size / count / 1024:.1f} KB of JSON each, one core\n")
    print(f"{'':<16}{'forums/minute':>14}{'ms/forum':>10}{'ratio':>7}")
    for name, seconds in found.items():
        ratio = seconds / found["plain reading"]
        print(f"{name:<16}{count / seconds * 60:>14,.0f}{seconds / count * 1000:>10.2f}{ratio:>7.1f}")
    shares = measure_shares(texts)
    points = sum(shares.get(step, 0.0) for step in READING_POINTS)
    print(f"\n{'step':<20}{'share':>7}{'without points':>16}")
    for step, share in sorted(shares.items(), key=lambda item: -item[1]):
        rest = "" if step in READING_POINTS else f"{share / (1 - points):.1%}"
        print(f"{step:<20}{share:>7.1%}{rest:>16}")
    reached = count / found["without points"] * 60
    verdict = "met" if reached >= BAR else "MISSED"
    print(f"\nwithout points: {reached:,.0f} forums a minute; the bar is {BAR:,}: {verdict}")


if __name__ == "__main__":
    main()

"""Print how ReviewDial's sentence splitter compares with well-kept libraries on sentences that people marked.

    python -m pip install pysbd syntok sentencex
    python benchmarks/compare_splitters.py FOLDER [--split train|dev]

FOLDER is what ``score_points.py`` takes. All splitters get the same texts, whole and, since reviews are lists, line by
line; a boundary is the end of a sentence without white space after it. Libraries that give sentences without offsets
are searched for in the text; ``lost`` counts sentences that are not found in it, because the library changed them.
Speed is in sentences a second, in one process, as a ratio to our own in the same run.
"""

import argparse
import importlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from score_points import Read, estimate, rebuild_text, score_boundaries

from toolkit.text import split_sentences

Piece = tuple[int, int]
"""Start and end of a sentence; the end is -1 where it is not found in the text."""


class Splitter(NamedTuple):
    """One way to split."""

    name: str
    split: Callable[[str], Iterable[Piece]]


def locate(text: str, sentences: Iterable[str]) -> Iterator[Piece]:
    """Find sentences in a text, one after another."""
    position = 0
    for sentence in sentences:
        words = sentence.strip()
        place = text.find(words, position) if words else -1
        if place >= 0:
            position = place + len(words)
            yield place, position
        elif words:
            yield position, -1


def split_plainly(text: str) -> Iterator[Piece]:
    """Split after a mark before white space and a capital letter: the simplest rule there is."""
    yield from locate(text, re.split(r"(?<=[.!?])\s+(?=[A-Z])|\n+", text))


def load_pysbd() -> Splitter:
    segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False, char_span=False)
    return Splitter("pysbd", lambda text: locate(text, segmenter.segment(text)))


def load_syntok() -> Splitter:
    segmenter = importlib.import_module("syntok.segmenter")

    def split(text: str) -> Iterator[Piece]:
        for paragraph in segmenter.analyze(text):
            for sentence in paragraph:
                yield sentence[0].offset, sentence[-1].offset + len(sentence[-1].value)

    return Splitter("syntok", split)


def load_sentencex() -> Splitter:
    library: Any = importlib.import_module("sentencex")
    return Splitter("sentencex", lambda text: locate(text, library.segment("en", text)))


def by_line(splitter: Splitter) -> Splitter:
    """Split each line by itself."""

    def split(text: str) -> Iterator[Piece]:
        position = 0
        for line in text.split("\n"):
            if line.strip():
                for start, end in splitter.split(line):
                    yield position + start, position + end if end >= 0 else -1
            position += len(line) + 1

    return Splitter(f"{splitter.name}, by line", split)


def list_splitters() -> Iterator[Splitter]:
    yield Splitter("ReviewDial", split_sentences)
    yield Splitter("mark and capital", split_plainly)
    for name, load in (("pysbd", load_pysbd), ("syntok", load_syntok), ("sentencex", load_sentencex)):
        try:
            splitter = load()
        except ImportError:
            sys.stderr.write(f"{name} is not installed: python -m pip install {name}\n")
            continue
        yield splitter
        yield by_line(splitter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=("train", "dev"), default="train")
    options = parser.parse_args()
    lines = (options.folder / f"{options.split}.jsonl").read_text(encoding="utf-8").splitlines()
    reviews = [(raw["review_id"], *rebuild_text(raw["sentences"])) for raw in map(json.loads, lines)]
    print(f"{len(reviews)} reviews, {sum(len(spans) for _, _, spans in reviews):,} labelled sentences\n")
    print(f"{'splitter':<22}{'precision':>10}{'recall':>8}{'F1':>7}  {'95 %':<15}{'lost':>6}{'speed':>8}")
    own_speed = 0.0
    for splitter in list_splitters():
        reads, lost, count = [], 0, 0
        began = time.process_time()
        for review, text, spans in reviews:
            pieces = list(splitter.split(text))
            ends = {len(text[:end].rstrip()) for _, end in spans}
            found = {end for _, end in pieces if end >= 0}
            lost += sum(end < 0 for _, end in pieces)
            count += len(pieces)
            reads.append(Read(review, (), (len(ends), len(found), len(ends & found))))
        speed = count / (time.process_time() - began)
        own_speed = own_speed or speed
        wanted, found_count, both = (sum(read.boundaries[index] for read in reads) for index in range(3))
        low, high = estimate(reads, score_boundaries)
        print(
            f"{splitter.name:<22}{both / found_count:>10.3f}{both / wanted:>8.3f}{score_boundaries(reads):>7.3f}"
            f"  {low:.3f} to {high:.3f} {lost:>6}{speed / own_speed:>8.2f}"
        )


if __name__ == "__main__":
    main()

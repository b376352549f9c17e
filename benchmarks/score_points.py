"""Print how well points agree with sentences that people labelled.

    python benchmarks/score_points.py FOLDER [--split train|dev] [--errors kind|aspect|polarity]

FOLDER holds train.jsonl and dev.jsonl in the shape of DISAPERE (CC BY-NC 4.0: for measuring only, nothing that ships
learns from it): one review a line, ``sentences`` with text, suffix, review_action, fine_review_action, aspect and
polarity. Each review is put together again as a raw note of API v1 and goes through the public pipeline, from note to
forum to points. A labelled sentence takes the kind, aspect and polarity of the point that shares most characters with
it, and ``other``, ``other``, ``neutral`` where no point touches it: what is left out says nothing.

Macro F1 is the plain mean over the classes that people used. The intervals hold 95 % of 1,000 draws of whole reviews,
with a fixed seed. Boundaries are ends of sentences; those of ``split_sentences`` are compared with the labelled ones.
"""

import argparse
import json
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit.normalizers import normalize_forum
from toolkit.records import Point
from toolkit.text import split_sentences

REFERENCE = {"kind": 0.58, "aspect": 0.39, "polarity": 0.65, "boundaries": 0.90}
"""TF-IDF of words and characters with logistic regression, trained on these very labels; and the bar for boundaries."""
ASPECTS = {
    "asp_substance": "experiments",
    "asp_soundness-correctness": "soundness",
    "asp_originality": "novelty",
    "asp_motivation-impact": "impact",
    "asp_meaningful-comparison": "comparison",
    "asp_replicability": "reproducibility",
    "asp_clarity": "clarity",
}
POLARITIES = {"pol_positive": "positive", "pol_negative": "negative"}
ASKING = ("arg-request_explanation", "arg-request_clarification")
DRAWS, SEED = 1000, 20261126


class Judged(NamedTuple):
    """One labelled sentence: what people said, and what the pipeline says, by task."""

    text: str
    wanted: Mapping[str, str]
    found: Mapping[str, str]


class Read(NamedTuple):
    """One review: its sentences, and how many of its boundaries were wanted, found, and both."""

    review: str
    sentences: Sequence[Judged]
    boundaries: tuple[int, int, int]


def map_kind(sentence: Mapping[str, str]) -> str:
    action, fine = sentence["review_action"], sentence["fine_review_action"]
    if fine == "arg-structuring_summary":
        return "summary"
    if action == "arg_evaluative":
        return "strength" if sentence["polarity"] == "pol_positive" else "weakness"
    if action == "arg_request":
        return "question" if fine in ASKING else "suggestion"
    return "other"


def rebuild_text(sentences: Sequence[Mapping[str, str]]) -> tuple[str, list[tuple[int, int]]]:
    text, spans = "", []
    for sentence in sentences:
        spans.append((len(text), len(text) + len(sentence["text"])))
        text += sentence["text"] + (sentence["suffix"] or " ")
    return text, spans


def read_points(text: str, year: int) -> tuple[str, Sequence[Point]]:
    """Take one review from a raw note to its section and points."""
    venue = f"ICLR.cc/{year}/Conference"
    common = {"forum": "root", "readers": ["everyone"], "tcdate": 1}
    root = {
        **common,
        "id": "root",
        "invitation": f"{venue}/-/Blind_Submission",
        "signatures": [venue],
        "content": {"title": "A paper", "abstract": ""},
    }
    review = {
        **common,
        "id": "review",
        "replyto": "root",
        "invitation": f"{venue}/Paper1/-/Official_Review",
        "signatures": [f"{venue}/Paper1/AnonReviewer1"],
        "content": {"review": text},
    }
    record = normalize_forum([root, review])
    (section,) = record.reviews[0].sections
    return section.text, record.reviews[0].points


def find_place(text: str, sentence: str, start: int) -> tuple[int, int]:
    """Find a sentence in the cleaned text, where it may lie a little to the left of its place in the raw one."""
    place = text.find(sentence.strip()[:40], max(0, start - 200))
    return (place, place + len(sentence.strip())) if 0 <= place <= start + 5 else (start, start + len(sentence))


def judge_review(raw: Mapping[str, Any]) -> Read:
    text, spans = rebuild_text(raw["sentences"])
    section, points = read_points(text, int(raw["venue"][-4:]))
    judged = []
    for sentence, (start, _) in zip(raw["sentences"], spans, strict=True):
        begin, end = find_place(section, sentence["text"], start)
        best = max(points, key=lambda point: min(end, point.end) - max(begin, point.start), default=None)
        if best is not None and min(end, best.end) <= max(begin, best.start):
            best = None
        judged.append(
            Judged(
                sentence["text"],
                {
                    "kind": map_kind(sentence),
                    "aspect": ASPECTS.get(sentence["aspect"], "other"),
                    "polarity": POLARITIES.get(sentence["polarity"], "neutral"),
                },
                {
                    "kind": best.kind if best else "other",
                    "aspect": best.aspect if best else "other",
                    "polarity": best.polarity if best else "neutral",
                },
            )
        )
    ends = {end for _, end in spans}
    ours = {end for _, end in split_sentences(text)}
    return Read(raw["review_id"], judged, (len(ends), len(ours), len(ends & ours)))


def score_classes(reads: Sequence[Read], task: str) -> dict[str, tuple[float, float, float, int]]:
    """Return precision, recall, F1 and the number of labelled sentences of each class that people used."""
    wanted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    both: Counter[str] = Counter()
    for read in reads:
        for sentence in read.sentences:
            want, find = sentence.wanted[task], sentence.found[task]
            wanted[want] += 1
            found[find] += 1
            both[want] += want == find
    table = {}
    for name, count in sorted(wanted.items()):
        precision = both[name] / found[name] if found[name] else 0.0
        recall = both[name] / count
        table[name] = (precision, recall, 2 * both[name] / (count + found[name]), count)
    return table


def score_macro(reads: Sequence[Read], task: str) -> float:
    return statistics.fmean(f1 for _, _, f1, _ in score_classes(reads, task).values())


def score_boundaries(reads: Sequence[Read]) -> float:
    wanted, found, both = (sum(read.boundaries[index] for read in reads) for index in range(3))
    return 2 * both / (wanted + found)


def estimate(reads: Sequence[Read], score: Callable[[Sequence[Read]], float]) -> tuple[float, float]:
    draws = random.Random(SEED)
    drawn = sorted(score(draws.choices(reads, k=len(reads))) for _ in range(DRAWS))
    return drawn[int(DRAWS * 0.025)], drawn[int(DRAWS * 0.975)]


def print_table(reads: Sequence[Read]) -> None:
    sentences = sum(len(read.sentences) for read in reads)
    print(f"{len(reads)} reviews, {sentences:,} labelled sentences\n")
    print(f"{'':<12}{'F1':>7}  {'95 % of draws':<16}{'reference':>9}")
    scores: dict[str, Callable[[Sequence[Read]], float]] = {
        task: lambda drawn, task=task: score_macro(drawn, task)  # type: ignore[misc]
        for task in ("kind", "polarity", "aspect")
    }
    for name, score in {**scores, "boundaries": score_boundaries}.items():
        low, high = estimate(reads, score)
        print(f"{name:<12}{score(reads):>7.3f}  {low:.3f} to {high:.3f}  {REFERENCE[name]:>9.2f}")
    for task in ("kind", "polarity", "aspect"):
        print(f"\n{task:<18}{'precision':>9}{'recall':>8}{'F1':>7}{'sentences':>11}")
        for label, (precision, recall, f1, count) in score_classes(reads, task).items():
            print(f"  {label:<16}{precision:>9.2f}{recall:>8.2f}{f1:>7.2f}{count:>11}")


def list_errors(reads: Sequence[Read], task: str) -> Iterator[str]:
    for read in reads:
        for sentence in read.sentences:
            if sentence.wanted[task] != sentence.found[task]:
                yield f"{read.review} {sentence.wanted[task]:>15} not {sentence.found[task]:<15} {sentence.text!r}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=("train", "dev"), default="dev")
    parser.add_argument("--errors", choices=("kind", "aspect", "polarity"), help="list what was judged otherwise")
    options = parser.parse_args()
    lines = (options.folder / f"{options.split}.jsonl").read_text(encoding="utf-8").splitlines()
    reads = [judge_review(json.loads(line)) for line in lines]
    print_table(reads)
    for line in list_errors(reads, options.errors) if options.errors else ():
        print(line)


if __name__ == "__main__":
    main()

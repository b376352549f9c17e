"""Check every point of real forums against the text it lies in, and print how memory grows.

    python benchmarks/check_points.py FOLDER [--rounds 3]

FOLDER holds files of API bodies (.json, .jsonl, plain or compressed). Every forum is normalized, as many times as
there are rounds, in this one process. A point is right where it lies inside its section, after the point before it,
begins and ends with a character that is no white space, and is the same in every round. Memory is the
process's resident set after each round (Linux); it is flat where later rounds add nothing.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measure_normalization import read_texts

from toolkit.normalizers import RefusedForumError, normalize_forum
from toolkit.records import Review


def find_faults(review: Review) -> Iterator[str]:
    texts = {section.field: section.text for section in review.sections}
    ends = dict.fromkeys(texts, 0)
    for point in review.points:
        quoted = texts[point.field][point.start : point.end]
        if not ends[point.field] <= point.start < point.end <= len(texts[point.field]):
            yield "outside its section, or before the point before it"
        elif quoted != quoted.strip():
            yield "white space at an end"
        ends[point.field] = point.end


def read_resident_set() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    digests = set()
    forums = [text for _, text in read_texts(options.folder)]
    for number in range(1, options.rounds + 1):
        seen: Counter[str] = Counter()
        digest = hashlib.sha256()
        for text in forums:
            try:
                forum = normalize_forum(json.loads(text))
            except RefusedForumError:
                seen["refused"] += 1
                continue
            seen["forums"] += 1
            for review in forum.reviews:
                seen["points"] += len(review.points)
                seen["faults"] += sum(1 for _ in find_faults(review))
                digest.update(repr(review.points).encode())
        digests.add(digest.hexdigest())
        print(
            f"round {number}: {seen['forums']:,} forums ({seen['refused']} refused), {seen['points']:,} points, "
            f"{seen['faults']} faults, {read_resident_set():.0f} MB"
        )
    print("the same points in every round" if len(digests) == 1 else "POINTS DIFFER BETWEEN ROUNDS")


if __name__ == "__main__":
    main()

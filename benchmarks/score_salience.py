"""Print how often salience puts a point that the meta-review takes up before one that it does not.

    python benchmarks/score_salience.py FOLDER

FOLDER holds files of API bodies with meta-reviews. A point is taken up where at least a third of its content words,
and three of them, stand in the meta-review; words of the title and the abstract do not count, because they say what the
paper is about. Pairs are points of one review, one taken up and one with no word shared, and neither a third longer
than the other, because long sentences share words by chance; 0.5 is chance. The order of the review (earlier first) is
printed beside it, and the kinds of points on both sides.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from measure_normalization import read_texts

from toolkit.normalizers import RefusedForumError, normalize_forum
from toolkit.records import Forum, Point
from toolkit.text.terms import list_terms


def pair_points(forum: Forum) -> Iterator[tuple[Point, Point]]:
    """Yield points of one review: one that the meta-review takes up, and one that it does not."""
    if forum.meta_review is None:
        return
    subject = list_terms(f"{forum.title} {forum.abstract}")
    meta = list_terms(forum.meta_review.text) - subject
    for review in forum.reviews:
        texts = {section.field: section.text for section in review.sections}
        taken, left = [], []
        for point in review.points:
            terms = list_terms(texts[point.field][point.start : point.end]) - subject
            shared = len(terms & meta)
            if shared >= 3 and shared * 3 >= len(terms):
                taken.append(point)
            elif not shared:
                left.append(point)
        for one in taken:
            for other in left:
                if 0.75 < (one.end - one.start) / (other.end - other.start) < 1.33:
                    yield one, other


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    measures: dict[str, Callable[[Point], float]] = {
        "salience": lambda point: point.salience,
        "earlier first": lambda point: -point.start,
    }
    won = dict.fromkeys(measures, 0.0)
    pairs = forums = 0
    kinds: Counter[tuple[str, str]] = Counter()
    for _, text in read_texts(options.folder):
        try:
            found = list(pair_points(normalize_forum(json.loads(text))))
        except RefusedForumError:
            continue
        forums += bool(found)
        for one, other in found:
            pairs += 1
            kinds[one.kind, "taken up"] += 1
            kinds[other.kind, "left"] += 1
            for name, measure in measures.items():
                won[name] += 1.0 if measure(one) > measure(other) else 0.5 * (measure(one) == measure(other))
    print(f"{forums} forums, {pairs:,} pairs")
    for name, count in won.items():
        print(f"{name:<14}{count / pairs:>6.3f}" if pairs else f"{name}: no pairs")
    for (kind, side), count in sorted(kinds.items()):
        print(f"  {kind:<11}{side:<9}{count:>6}")


if __name__ == "__main__":
    main()

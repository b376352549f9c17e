"""Count in how many sentences of reviews each stem stands, for ``toolkit/text/stem_counts.tsv``.

    python -m toolkit.normalizers.points.training.count_stems REVIEWS [--out FILE]

REVIEWS is what the wording model is trained on: a folder that ReviewDial built, or a JSONL file of structured reviews.
Only stems that stand in at least one of a thousand sentences are kept; the rest are rare enough to count alike.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from toolkit.errors import ReviewDialError
from toolkit.normalizers.points.lexicon import load_lexicon
from toolkit.normalizers.points.passages import Passage, is_point, read_passages
from toolkit.normalizers.points.training.examples import read_reviews
from toolkit.text.terms import COUNTS, LEAST_COUNT, PER_SENTENCES, list_stems


def count_stems(source: Path) -> dict[str, int]:
    """Return stems with how many of ``PER_SENTENCES`` sentences hold them, the most frequent first.

    Raises:
        SourceError: where a line of the source is not a review.
    """
    lexicon = load_lexicon()
    counts: Counter[str] = Counter()
    sentences = 0
    for review in read_reviews(source):
        for text in review.texts.values():
            for passage in read_passages(text, lexicon):
                if isinstance(passage, Passage) and is_point(passage, lexicon):
                    counts.update(list_stems(passage.text))
                    sentences += 1
    shares = ((stem, round(count * PER_SENTENCES / sentences)) for stem, count in counts.items())
    kept = [(stem, share) for stem, share in shares if share >= LEAST_COUNT]
    return dict(sorted(kept, key=lambda item: (-item[1], item[0])))


def main() -> None:
    """Count and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("--out", type=Path, default=COUNTS, help="default: the table of this installation")
    options = parser.parse_args()
    try:
        counts = count_stems(options.reviews)
        lines = [f"stem\tof_{PER_SENTENCES}_sentences", *(f"{stem}\t{count}" for stem, count in counts.items())]
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except (ReviewDialError, OSError) as error:
        sys.exit(f"Error: {error}")
    sys.stdout.write(f"{len(counts):,} stems in {options.out}\n")


if __name__ == "__main__":
    main()

"""Print how far the agent's words rest on the reviews of the right paper, beside those of another paper.

    python benchmarks/measure_grounding.py FOLDER [--per-forum N] [--seed S] [--limit N]

FOLDER holds files of API bodies; dialogues are composed here, one process, no network. For each dialogue the agent's
turns are one text, and a paper's reviews (sections and discussion) are its knowledge:

- K-precision: the share of the agent's words that stand in the knowledge (Adlakha et al. 2024, arXiv:2307.16877);
- idf K-precision: each word weighs the logarithm of one over the share of these papers whose knowledge holds it;
- bigram precision: the share of the agent's pairs of neighbouring words that stand in the knowledge.

Each is measured against the paper itself and against another one, drawn by the seed; AUC is the chance that a dialogue
has the higher figure with its own paper than another dialogue with a wrong one (ties count half). Intervals are 95 %,
from 400 resamples of the papers.
"""

import argparse
import json
import math
import random
import re
import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from measure_normalization import read_texts

from toolkit.auditors.surface import measure_auc
from toolkit.normalizers import RefusedForumError, normalize_forum
from toolkit.records import Dialogue, Forum
from toolkit.synthesizers import synthesize_shard

_WORD = re.compile(r"[a-z0-9]+(?:['’-][a-z0-9]+)*")
RESAMPLES = 400
BAR = 0.99
Words = Sequence[str]
Figures = Mapping[str, float]
"""By measure."""


class Knowledge(NamedTuple):
    """What can be known of a paper from its record."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]


def list_words(text: str) -> Words:
    """Return the words of a text in lower case."""
    return _WORD.findall(text.lower())


def read_knowledge(forum: Forum) -> Knowledge:
    """Return the words and pairs of words of the reviews and the discussion."""
    texts = [section.text for review in forum.reviews for section in review.sections]
    texts += [comment.text for comment in forum.discussion]
    read = [list_words(text) for text in texts]
    pairs = (pair for words in read for pair in pairwise(words))
    return Knowledge(frozenset(word for words in read for word in words), frozenset(pairs))


def measure(words: Words, known: Knowledge, weights: Mapping[str, float]) -> Figures:
    """Return the three figures of one text against one paper."""
    pairs = list(pairwise(words))
    total = sum(weights.get(word, weights[""]) for word in words)
    held = sum(weights.get(word, weights[""]) for word in words if word in known.words)
    return {
        "K-precision": sum(word in known.words for word in words) / max(1, len(words)),
        "idf K-precision": held / total if total else 0.0,
        "bigram precision": sum(pair in known.pairs for pair in pairs) / max(1, len(pairs)),
    }


def weigh_words(papers: Sequence[Knowledge]) -> dict[str, float]:
    """Return the idf of each word; the empty word stands for those that no paper holds."""
    counts = Counter(word for paper in papers for word in paper.words)
    return {**{word: math.log(len(papers) / count) for word, count in counts.items()}, "": math.log(len(papers))}


def compose(folder: Path, *, per_forum: int, seed: int) -> Iterator[tuple[Forum, Sequence[Dialogue]]]:
    """Yield the papers of a folder that dialogues can be written about, each with its dialogues."""
    for _, text in read_texts(folder):
        try:
            forum = normalize_forum(json.loads(text))
        except RefusedForumError:
            continue
        if dialogues := synthesize_shard([forum], per_forum=per_forum, seed=seed).records:
            yield forum, dialogues


def collect(measured: Mapping[str, Sequence[Figures]], papers: Sequence[str], name: str) -> list[float]:
    """Return one figure of every dialogue about some papers."""
    return [figures[name] for paper in papers for figures in measured[paper]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-forum", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()
    composed = compose(options.folder, per_forum=options.per_forum, seed=options.seed)
    made = list(islice(((forum, dialogue) for forum, dialogues in composed for dialogue in dialogues), options.limit))
    forums = {forum.forum: forum for forum, _ in made}
    if len(forums) < 2:
        sys.exit(f"{options.folder}: dialogues about {len(forums)} papers; two are needed")
    knowledge = {name: read_knowledge(forum) for name, forum in forums.items()}
    weights = weigh_words(list(knowledge.values()))
    names = sorted(knowledge)
    random.Random(options.seed).shuffle(names)
    other = dict(zip(names, [*names[1:], names[0]], strict=True))
    right: dict[str, list[Figures]] = {}
    wrong: dict[str, list[Figures]] = {}
    for forum, dialogue in made:
        words = list_words(" ".join(turn.text for turn in dialogue.turns if turn.speaker == "dialogue_agent"))
        right.setdefault(forum.forum, []).append(measure(words, knowledge[forum.forum], weights))
        wrong.setdefault(forum.forum, []).append(measure(words, knowledge[other[forum.forum]], weights))
    print(f"{len(made)} dialogues about {len(names)} papers\n")
    print(f"{'measure':<18}{'own':>7}{'other':>7}{'AUC':>7}  {'95 %':<17}bar {BAR}")
    draw = random.Random(options.seed)
    samples = [draw.choices(names, k=len(names)) for _ in range(RESAMPLES)]
    for measured in ("K-precision", "idf K-precision", "bigram precision"):
        own, control = collect(right, names, measured), collect(wrong, names, measured)
        auc = measure_auc(own, control)
        drawn = sorted(
            measure_auc(collect(right, papers, measured), collect(wrong, papers, measured)) for papers in samples
        )
        low, high = drawn[round(0.025 * RESAMPLES)], drawn[round(0.975 * RESAMPLES) - 1]
        verdict = "met" if auc >= BAR else "MISSED"
        print(
            f"{measured:<18}{statistics.mean(own):>7.3f}{statistics.mean(control):>7.3f}{auc:>7.3f}"
            f"  {low:.3f} to {high:.3f}   {verdict}"
        )


if __name__ == "__main__":
    main()

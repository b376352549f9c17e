"""Print how much of a sentence's telling words stands in the record of its paper, and of a wrong one.

    reviewdial parse transcripts/ --out theirs.jsonl --records DIR
    python benchmarks/calibrate_grounding.py theirs.jsonl --records DIR [--seed S]

Sentences are those of agents in transcripts whose paper is on record, with four telling stems or more, that are not
about the talk itself. The median with a wrong paper is ``CHANCE`` in ``toolkit/auditors/grounding.py``.
"""

import argparse
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit import tables
from toolkit.auditors.grounding import _ABOUT_ITSELF, LEAST_STEMS, measure_support
from toolkit.cli import lookup
from toolkit.records import Transcript
from toolkit.text import collect_sources, split_sentences
from toolkit.text.terms import list_terms

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    words = {
        forum.forum: " ".join(collect_sources(forum).values()).lower()
        for forum in lookup.read_forums(lookup.find_record_files(options.records))
    }
    terms = {forum: list_terms(text) for forum, text in words.items()}
    draw = random.Random(options.seed)
    own, wrong = [], []
    for line in options.dialogues.open(encoding="utf-8"):
        transcript = tables.from_row(Transcript, json.loads(line))
        if transcript.forum not in words:
            continue
        other = draw.choice([forum for forum in sorted(words) if forum != transcript.forum])
        for turn in transcript.turns:
            if turn.speaker != "dialogue_agent":
                continue
            for start, end in split_sentences(turn.text):
                sentence = turn.text[start:end]
                if sentence.endswith("?") or _ABOUT_ITSELF.search(sentence):
                    continue
                support = measure_support(sentence, terms[transcript.forum], words[transcript.forum])
                if support.stems >= LEAST_STEMS:
                    own.append(support.share)
                    wrong.append(measure_support(sentence, terms[other], words[other]).share)
    if not own:
        sys.exit("no sentence of an agent whose paper is on record")
    print(f"{len(own)} sentences; share of the weight of their telling stems")
    print(f"{'quantile':<12}{'own paper':>10}{'wrong paper':>13}")
    for quantile in QUANTILES:
        position = round(quantile * (len(own) - 1))
        print(f"{quantile:<12}{sorted(own)[position]:>10.2f}{sorted(wrong)[position]:>13.2f}")


if __name__ == "__main__":
    main()

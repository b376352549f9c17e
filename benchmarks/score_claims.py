"""Print how well the auditor's claims agree with claims that a reader marked in published transcripts.

    reviewdial parse TRANSCRIPTS --out theirs.jsonl --records DIR
    python benchmarks/score_claims.py theirs.jsonl --records DIR

``labelled_claims.tsv`` beside this script holds ids, offsets and verdicts, no text. One reader marked them, with the
records at hand and the auditor's own output beside the text, and the same reader wrote the rules after reading all of
them, so neither the offsets nor the halves (by the checksum of the id) are independent. Two claims are the same when
they overlap. ``wrong`` is contradicted and unsupported together.
"""

import argparse
import csv
import json
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit import tables
from toolkit.auditors import audit_dialogue, read_transcript
from toolkit.cli import lookup
from toolkit.records import Transcript

LABELS = Path(__file__).with_name("labelled_claims.tsv")
WRONG = ("contradicted", "unsupported")


class Marked(NamedTuple):
    """A claim in a dialogue."""

    dialogue: str
    turn: int
    start: int
    end: int
    kind: str
    verdict: str


def read_labels() -> list[Marked]:
    with LABELS.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return [
        Marked(row["dialogue"], int(row["turn"]), int(row["start"]), int(row["end"]), row["kind"], row["verdict"])
        for row in rows
    ]


def audit(path: Path, records: Path, wanted: frozenset[str]) -> list[Marked]:
    forums = {forum.forum: forum for forum in lookup.read_forums(lookup.find_record_files(records))}
    found = []
    for line in path.open(encoding="utf-8"):
        transcript = tables.from_row(Transcript, json.loads(line))
        forum = forums.get(transcript.forum or "")
        if transcript.dialogue_id not in wanted or forum is None:
            continue
        for claim in audit_dialogue(read_transcript(transcript, forum), forum).claims:
            found.append(Marked(transcript.dialogue_id, claim.turn, claim.start, claim.end, claim.kind, claim.verdict))
    return found


def is_met(claim: Marked, others: Iterable[Marked], verdicts: Sequence[str]) -> bool:
    """Whether one of the others overlaps with a claim and has one of the verdicts."""
    return any(
        other.dialogue == claim.dialogue
        and other.turn == claim.turn
        and other.start < claim.end
        and claim.start < other.end
        and other.verdict in verdicts
        for other in others
    )


def score(found: Sequence[Marked], labels: Sequence[Marked], verdicts: Sequence[str]) -> tuple[float, float, int, int]:
    stated = [claim for claim in found if claim.verdict in verdicts]
    true = [claim for claim in labels if claim.verdict in verdicts]
    precision = sum(is_met(claim, labels, verdicts) for claim in stated) / max(1, len(stated))
    recall = sum(is_met(claim, found, verdicts) for claim in true) / max(1, len(true))
    return precision, recall, len(stated), len(true)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialogues", type=Path)
    parser.add_argument("--records", type=Path, required=True)
    options = parser.parse_args()
    labels = read_labels()
    found = audit(options.dialogues, options.records, frozenset(label.dialogue for label in labels))
    halves: dict[str, tuple[list[Marked], list[Marked]]] = defaultdict(lambda: ([], []))
    for position, claims in enumerate((found, labels)):
        for claim in claims:
            half = "second" if zlib.crc32(claim.dialogue.encode()) % 2 else "first"
            halves[half][position].append(claim)
            halves["both"][position].append(claim)
    print(f"{'half':<8}{'dialogues':>10}  {'verdict':<15}{'precision':>10}{'recall':>8}{'stated':>8}{'true':>6}")
    for half in ("first", "second", "both"):
        stated, true = halves[half]
        count = len({claim.dialogue for claim in true})
        for name, verdicts in (("wrong", WRONG), ("supported", ("supported",)), ("not_checkable", ("not_checkable",))):
            precision, recall, many, known = score(stated, true, verdicts)
            print(f"{half:<8}{count:>10}  {name:<15}{precision:>10.2f}{recall:>8.2f}{many:>8}{known:>6}")


if __name__ == "__main__":
    main()

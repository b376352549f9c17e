"""Count what the scored answers of real records resolve to, by venue and field.

    python benchmarks/count_scores.py FOLDER > docs/scales_coverage.md

FOLDER holds files with one forum a line: {"forum": ..., "notes": [API notes]}. No text of a note is printed.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit.notes import parse_note
from toolkit.records import Score
from toolkit.venues import classify_note, find_form, identify_venue, resolve_score

STATUSES = ("known", "inferred", "missing", "unknown")


class ScoredField(NamedTuple):
    venue: str
    kind: str
    field: str


def resolve_scores(folder: Path) -> Iterator[tuple[ScoredField, Score]]:
    """Yield every scored answer of every note."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            for raw in json.loads(line)["notes"]:
                note = parse_note(raw)
                venue, kind = identify_venue(note).venue, classify_note(note)
                form = find_form(venue, kind, note.content)
                if form is None:
                    continue
                for field in (form.rating_field, form.confidence_field, *form.score_fields):
                    if field is not None:
                        yield ScoredField(venue, kind, field), resolve_score(venue, kind, field, note.content[field])


def format_table(folder: Path) -> str:
    answers: Counter[tuple[ScoredField, str]] = Counter()
    distinct: dict[ScoredField, set[str | None]] = {}
    scales: dict[ScoredField, str] = {}
    for field, score in resolve_scores(folder):
        answers[field, score.status] += 1
        distinct.setdefault(field, set()).add(score.raw)
        scales.setdefault(field, score.scale_id or "-")
    lines = [
        "| venue | note | field | scale | distinct answers | " + " | ".join(STATUSES) + " |",
        "|---|---|---|---|--:|" + "--:|" * len(STATUSES),
    ]
    for field in sorted(distinct):
        counts = " | ".join(f"{answers[field, status]:,}" for status in STATUSES)
        lines.append(
            f"| {field.venue} | {field.kind} | {field.field} | {scales[field]} | {len(distinct[field])} | {counts} |"
        )
    totals = [sum(count for (_, seen), count in answers.items() if seen == status) for status in STATUSES]
    total = " | ".join(f"{count:,}" for count in totals)
    lines.append(f"| all | | | | {sum(map(len, distinct.values()))} | {total} |")
    return "\n".join(lines)


def main() -> None:
    print("# What the scored answers of public ICLR records resolve to\n")
    print("Made by `python benchmarks/count_scores.py FOLDER`, FOLDER being files of public forums, ICLR 2013 to 2026.")
    print("`unknown` would be an answer that was refused: kept raw, with a reason and without a number.\n")
    print(format_table(Path(sys.argv[1])))


if __name__ == "__main__":
    main()

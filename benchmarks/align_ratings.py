"""Predict the decisions of a held-out year from the mean rating: raw, min-max, aligned, percentile.

    python benchmarks/align_ratings.py FOLDER

FOLDER holds files with one forum a line: {"forum": ..., "notes": [API notes]}. Venues with at least MIN_PAPERS decided
papers take part. For each, a logistic curve is fitted on the others and scored on it: mean log loss, lower is better.
Percentiles are those of the catalogue, or of the papers at hand where it has none.
"""

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from toolkit.notes import parse_note
from toolkit.records import Score
from toolkit.venues import (
    classify_note,
    find_decision_field,
    find_form,
    identify_venue,
    list_scales,
    measure_percentile,
    resolve_decision,
    resolve_score,
)

MIN_PAPERS = 15
MEASURES = ("raw", "min-max", "aligned", "percentile")


class Paper(NamedTuple):
    venue: str
    ratings: tuple[Score, ...]
    accepted: bool


def read_papers(folder: Path) -> Iterator[Paper]:
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            ratings: dict[str, Score] = {}
            outcome, venue = "unknown", ""
            for raw in json.loads(line)["notes"]:
                note = parse_note(raw)
                venue, kind = identify_venue(note).venue, classify_note(note)
                if field := find_decision_field(venue, kind, note.content):
                    decision = resolve_decision(venue, kind, field, note.content[field], note_id=note.id)
                    outcome = decision.outcome if decision.outcome != "unknown" else outcome
                form = find_form(venue, kind, note.content)
                if kind == "review" and form is not None and form.rating_field is not None:
                    score = resolve_score(venue, kind, form.rating_field, note.content[form.rating_field])
                    if score.aligned is not None:
                        ratings[note.id] = score
            if ratings and outcome in ("accept", "reject", "workshop"):
                yield Paper(venue, tuple(ratings.values()), outcome == "accept")


def measure(papers: Sequence[Paper]) -> dict[str, list[float]]:
    """Return the mean rating of each paper by each measure."""
    seen: dict[str, list[float]] = defaultdict(list)
    for paper in papers:
        seen[paper.venue] += [score.value or 0.0 for score in paper.ratings]
    means: dict[str, list[float]] = {name: [] for name in MEASURES}
    for paper in papers:
        values = [score.value or 0.0 for score in paper.ratings]
        levels = find_levels(paper.venue, paper.ratings[0].field)
        percentiles = [
            measure_percentile(seen[paper.venue], score.value or 0.0) if score.percentile is None else score.percentile
            for score in paper.ratings
        ]
        means["raw"].append(fmean(values))
        means["min-max"].append(fmean((value - levels[0]) / (levels[-1] - levels[0]) for value in values))
        means["aligned"].append(fmean(score.aligned or 0.0 for score in paper.ratings))
        means["percentile"].append(fmean(percentiles))
    return means


def find_levels(venue: str, field: str) -> list[float]:
    entry = next(row.entry for row in list_scales(venue) if (row.kind, row.field) == ("review", field))
    return [level.value for level in entry.scale.levels if level.value is not None]


def fit_logistic(inputs: Sequence[float], outcomes: Sequence[bool]) -> tuple[float, float]:
    """Fit P(accept) = 1 / (1 + exp(-(a x + b))) by Newton's method, with a slight ridge that keeps it finite."""
    slope, offset = 0.0, 0.0
    for _ in range(50):
        gradient_slope, gradient_offset, curve, cross, flat = -1e-3 * slope, 0.0, 1e-3, 0.0, 1e-9
        for value, accepted in zip(inputs, outcomes, strict=True):
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, slope * value + offset))))
            error, weight = accepted - chance, chance * (1 - chance)
            gradient_slope += error * value
            gradient_offset += error
            curve += weight * value * value
            cross += weight * value
            flat += weight
        determinant = curve * flat - cross * cross
        slope += (flat * gradient_slope - cross * gradient_offset) / determinant
        offset += (curve * gradient_offset - cross * gradient_slope) / determinant
    return slope, offset


def measure_loss(curve: tuple[float, float], inputs: Sequence[float], outcomes: Sequence[bool]) -> float:
    losses = []
    for value, accepted in zip(inputs, outcomes, strict=True):
        chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, curve[0] * value + curve[1]))))
        losses.append(-math.log(max(chance if accepted else 1 - chance, 1e-12)))
    return fmean(losses)


def main() -> None:
    found = list(read_papers(Path(sys.argv[1])))
    counts = Counter(paper.venue for paper in found)
    venues = sorted(venue for venue, count in counts.items() if count >= MIN_PAPERS)
    papers = [paper for paper in found if paper.venue in venues]
    means = measure(papers)
    print(f"{'held out':<28}{'papers':>7}" + "".join(f"{name:>12}" for name in MEASURES))
    losses: dict[str, list[float]] = {name: [] for name in MEASURES}
    for venue in venues:
        held_out = [index for index, paper in enumerate(papers) if paper.venue == venue]
        others = [index for index, paper in enumerate(papers) if paper.venue != venue]
        line = f"{venue:<28}{len(held_out):>7}"
        for name in MEASURES:
            curve = fit_logistic([means[name][i] for i in others], [papers[i].accepted for i in others])
            inputs, outcomes = [means[name][i] for i in held_out], [papers[i].accepted for i in held_out]
            losses[name].append(measure_loss(curve, inputs, outcomes))
            line += f"{losses[name][-1]:>12.3f}"
        print(line)
    print(f"{'mean':<28}{'':>7}" + "".join(f"{fmean(losses[name]):>12.3f}" for name in MEASURES))


if __name__ == "__main__":
    main()

"""What a dataset holds, counted row by row: the figures of the card and of the manifest.

The same counting runs over the rows while they are written and over the rows that ``verify`` reads back, so every
published figure can be recomputed from the files.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

FORUM_COUNTS = ("forums", "reviews", "meta_reviews", "comments")
DIALOGUE_COUNTS = ("dialogues", "turns", "evidence_spans", "quoted_spans", "unanswerable_turns")


class Tally:
    """Counts the rows of all configs of a dataset; the order in which they come makes no difference."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._totals: Counter[str] = Counter(dict.fromkeys((*FORUM_COUNTS, *DIALOGUE_COUNTS), 0))
        self._by: dict[str, Counter[str]] = defaultdict(Counter)
        self._venues: dict[str, Counter[str]] = defaultdict(Counter)
        self._licences: dict[str, Counter[str]] = defaultdict(Counter)
        self._splits: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, config: str, split: str, row: Mapping[str, Any]) -> None:
        """Count one row."""
        self._licences[config][str(row["license"])] += 1
        if config == "forums":
            self._add_forum(split, row)
        elif config == "dialogues":
            self._add_dialogue(row)

    def _add_forum(self, split: str, row: Mapping[str, Any]) -> None:
        outcome = row["decision"]["outcome"]
        self._totals["forums"] += 1
        self._totals["reviews"] += len(row["reviews"])
        self._totals["meta_reviews"] += row["meta_review"] is not None
        self._totals["comments"] += len(row["discussion"])
        self._by["years"]["unknown" if row["year"] is None else str(row["year"])] += 1
        self._by["decisions"][outcome] += 1
        self._by["score_stages"][row["score_stage"]] += 1
        self._by["rating_status"].update(review["rating"]["status"] for review in row["reviews"])
        for change in row["text_changes"]:
            self._by["text_changes"][change["kind"]] += change["count"]
        self._venues[row["venue"]].update(forums=1, reviews=len(row["reviews"]), **{outcome: 1})
        self._splits[split][outcome] += 1

    def _add_dialogue(self, row: Mapping[str, Any]) -> None:
        spans = [evidence for turn in row["turns"] for evidence in turn["evidence"]]
        self._totals["dialogues"] += 1
        self._totals["turns"] += len(row["turns"])
        self._totals["evidence_spans"] += len(spans)
        self._totals["quoted_spans"] += sum(evidence["quote"] for evidence in spans)
        self._totals["unanswerable_turns"] += sum(not turn["answerable"] for turn in row["turns"])
        generator = row["generator"]
        self._by["generators"][
            " ".join(filter(None, (generator["name"], generator["version"], generator["model"])))
        ] += 1
        self._venues[row["venue"]]["dialogues"] += 1

    def summarize(self) -> dict[str, Any]:
        """Return all counts with sorted keys, ready for JSON."""
        names = ("decisions", "generators", "rating_status", "score_stages", "text_changes", "years")
        return {
            **{name: self._totals[name] for name in (*FORUM_COUNTS, *DIALOGUE_COUNTS)},
            **{name: dict(sorted(self._by[name].items())) for name in names},
            "licenses": {name: dict(sorted(counts.items())) for name, counts in sorted(self._licences.items())},
            "venues": {name: dict(sorted(counts.items())) for name, counts in sorted(self._venues.items())},
            "decisions_by_split": {name: dict(sorted(self._splits[name].items())) for name in sorted(self._splits)},
        }

"""Every scored answer of real records gets the number that its own text shows, or none with a reason."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from toolkit.notes import parse_note
from toolkit.records import Decision, Note
from toolkit.venues import (
    classify_note,
    classify_signature,
    find_decision_field,
    find_form,
    identify_venue,
    list_unfamiliar_fields,
    resolve_decision,
    resolve_score,
)

ROOT = Path(__file__).parents[2]
UNNUMBERED = {
    "I do not know much about this area.": 1,
    "I have read many papers in this area.": 2,
    "I have published one or two papers in this area.": 3,
    "I have published in this field for several years.": 4,
    "I made a quick assessment of this paper.": 1,
    "I read the paper at least twice and used my best judgement in assessing the paper.": 2,
    "I read the paper thoroughly.": 3,
    "I did not assess the derivations or theory.": 1,
    "I assessed the sensibility of the derivations and theory.": 2,
    "I carefully checked the derivations and theory.": 3,
    "I did not assess the experiments.": 1,
    "I assessed the sensibility of the experiments.": 2,
    "I carefully checked the experiments.": 3,
}


@pytest.fixture(scope="module")
def notes(shared_data: Path) -> list[Note]:
    return [
        parse_note(raw)
        for path in sorted((shared_data / "openreview").glob("*.jsonl"))
        for line in path.open(encoding="utf-8")
        for raw in json.loads(line)["notes"]
    ]


def test_every_answer_resolves_to_the_number_it_shows(notes: list[Note]) -> None:
    statuses: Counter[str] = Counter()
    for note in notes:
        venue, kind = identify_venue(note).venue, classify_note(note)
        form = find_form(venue, kind, note.content)
        if form is None:
            continue
        for field in (form.rating_field, form.confidence_field, *form.score_fields):
            if field is None:
                continue
            raw = note.content[field]
            score = resolve_score(venue, kind, field, raw)
            statuses[score.status] += 1
            number = re.match(r"-?[0-9.]+", str(raw))
            if score.status == "missing":
                assert raw in ("N/A", "Not applicable"), (venue, field)
            elif kind == "meta_review" and field == "recommendation":
                assert (score.label, score.value) == (raw, None)
            else:
                assert score.value == (float(number[0]) if number else UNNUMBERED[raw]), (venue, field, raw)
    assert set(statuses) == {"known", "missing"}
    assert statuses["known"] > 4_000


def test_every_note_has_a_kind_a_venue_of_its_own_file_and_no_unfamiliar_field(notes: list[Note]) -> None:
    for note in notes:
        venue, kind = identify_venue(note), classify_note(note)
        assert venue.venue.startswith(f"ICLR.cc/{venue.year}/")
        assert kind != "other", note.invitations
        assert list_unfamiliar_fields(venue.venue, kind, note.content) == (), (venue.venue, kind)


def test_only_names_and_profiles_leave_the_speaker_open(notes: list[Note]) -> None:
    for note in notes:
        for signature in note.signatures:
            if classify_signature(signature, classify_note(note)) is None:
                assert "/" not in signature


def test_every_published_decision_is_understood(notes: list[Note]) -> None:
    found: Counter[tuple[str, str, str | None]] = Counter()
    for note in notes:
        venue, kind = identify_venue(note).venue, classify_note(note)
        if field := find_decision_field(venue, kind, note.content):
            decision: Decision = resolve_decision(venue, kind, field, note.content[field], note_id=note.id)
            found[str(decision.raw), decision.outcome, decision.tier] += 1
    unknown = {raw for raw, outcome, _ in found if outcome == "unknown"}
    assert unknown == {"submitted, no decision"}
    outcomes = {outcome for _, outcome, _ in found}
    assert outcomes == {"accept", "reject", "workshop", "unknown"}


def test_the_committed_table_is_what_its_command_prints(shared_data: Path) -> None:
    printed = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "count_scores.py"), str(shared_data / "openreview")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert (ROOT / "docs" / "scales_coverage.md").read_text("utf-8") == printed

"""Real forums of every era: figures that issue texts name in public, and what must hold for all."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from toolkit.normalizers import NormalizedForum
from toolkit.records import Forum
from toolkit.tables import find_row_faults, to_row
from toolkit.text import collect_sources

KNOWN = {
    "BklMjsRqY7": ([("R1", 7, 4), ("R2", 6, 3), ("R3", 6, 4)], "accept", "poster"),
    "BylQV305YQ": ([("R1", 7, 5), ("R2", 9, 4), ("R3", 4, 5)], "accept", "poster"),
    "S1en0sRqKm": ([("R1", 5, 3), ("R2", 8, 4), ("R3", 5, 3)], "reject", None),
    "rJgfjjC9Ym": ([("R1", 5, 5), ("R2", 7, 4), ("R3", 5, 3)], "reject", None),
}


@pytest.mark.parametrize("forum", KNOWN)
def test_known_forums_have_their_scores_and_decisions(forum: str, real_forums: dict[str, NormalizedForum]) -> None:
    record = real_forums[forum].forum
    found = [(review.reviewer, review.rating.value, review.confidence.value) for review in record.reviews]
    assert (found, record.decision.outcome, record.decision.tier) == KNOWN[forum]
    assert record.score_stage == "final"


def test_every_forum_with_notes_becomes_a_record(real_forums: dict[str, NormalizedForum]) -> None:
    assert len(real_forums) == 464
    assert sum(len(result.quarantined) for result in real_forums.values()) == 0


def test_no_note_is_lost(real_forums: dict[str, NormalizedForum], shared_data: Path) -> None:
    """Each note is the submission, a review, the meta-review, the decision or part of the discussion."""
    lost = []
    for path in sorted((shared_data / "openreview").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            body = json.loads(line)
            if not body["notes"]:
                continue
            record = real_forums[body["forum"]].forum
            kept = {record.forum, record.decision.note_id}
            kept |= {review.note_id for review in record.reviews} | {comment.note_id for comment in record.discussion}
            kept |= {record.meta_review.note_id} if record.meta_review else set()
            lost += [note for note in body["notes"] if note["id"] not in kept]
    # What is left are withdrawals of papers whose submission already says so, with no word beyond the consent.
    assert all(list(note["content"]) == ["withdrawal_confirmation"] for note in lost)
    assert len(lost) == 6


def test_records_fit_their_table_and_hold_no_identity(
    real_forums: dict[str, NormalizedForum], shared_data: Path
) -> None:
    signatures = Counter(
        signature
        for path in sorted((shared_data / "openreview").glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
        for note in json.loads(line)["notes"]
        for signature in note["signatures"]
        if "Reviewer" in signature or signature.startswith("~") or "_" in signature
    )
    for result in real_forums.values():
        row = to_row(result.forum)
        assert not list(find_row_faults(Forum, row))
        text = json.dumps(row, ensure_ascii=False)
        assert not re.search(r"~[A-Z]\w+_\w+\d|[\w.+-]+@[\w-]+\.[a-z]{2,}", text)
        words = set(re.findall(r"[~\w./-]+", text))
        assert not words & signatures.keys()


def test_points_lie_in_their_sections_and_every_review_has_some(real_forums: dict[str, NormalizedForum]) -> None:
    for result in real_forums.values():
        for review in result.forum.reviews:
            texts = {section.field: section.text for section in review.sections}
            assert review.points
            for point in review.points:
                stretch = texts[point.field][point.start : point.end]
                assert stretch == stretch.strip() != ""


def test_replies_stand_after_what_they_reply_to(real_forums: dict[str, NormalizedForum]) -> None:
    for result in real_forums.values():
        places = {comment.note_id: place for place, comment in enumerate(result.forum.discussion)}
        for comment in result.forum.discussion:
            if comment.replyto in places:
                assert places[comment.replyto] < places[comment.note_id]


def test_decisions_can_be_cited(real_forums: dict[str, NormalizedForum]) -> None:
    for result in real_forums.values():
        decision = result.forum.decision
        if decision.outcome != "unknown":
            assert decision.note_id is not None
            assert decision.field is not None
            assert collect_sources(result.forum)[decision.note_id, decision.field] == decision.raw

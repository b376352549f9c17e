"""Papers reviewed in a cycle of ACL Rolling Review: the conference they were committed to decides."""

import random
from typing import Any

from toolkit.normalizers import normalize_forum
from toolkit.records import Decision
from toolkit.text import collect_sources

CYCLE = "aclweb.org/ACL/ARR/2025/February"
ACL = "aclweb.org/ACL/2025/Conference"
EMNLP = "EMNLP/2025/Conference"


def make(note_id: str, forum: str, venue: str, name: str, *, time: int = 1, **content: str) -> dict[str, Any]:
    return {
        "id": note_id, "forum": forum, "replyto": None if note_id == forum else forum, "cdate": time, "domain": venue,
        "readers": ["everyone"], "signatures": [f"{venue}/Program_Chairs"], "invitations": [f"{venue}/{name}"],
        "content": {field: {"value": value} for field, value in content.items()},
    }  # fmt: skip


def make_cycle(**content: str) -> list[dict[str, Any]]:
    root = make("cycleforum", "cycleforum", CYCLE, "-/Submission", title="On Rain", **content)
    review = make(
        "r1", "cycleforum", CYCLE, "Submission7/-/Official_Review", paper_summary="Rain.", overall_assessment="4"
    )
    return [root, review | {"signatures": [f"{CYCLE}/Submission7/Reviewer_abcd"]}]


def make_commitment(
    venue: str, decision: str | None, *, forum: str = "commitment", link: str = "cycleforum", time: int = 50
) -> list[dict[str, Any]]:
    address = f"https://openreview.net/forum?id={link}"
    notes = [make(forum, forum, venue, "-/Submission", title="On Rain", paper_link=address)]
    if decision:
        notes.append(make(f"{forum}d", forum, venue, "Submission3/-/Decision", time=time, decision=decision))
    return notes


def test_a_cycle_alone_decides_nothing() -> None:
    assert normalize_forum(make_cycle()).decision == Decision(None, "unknown", None)


def test_the_decision_of_the_conference_reaches_the_record_of_the_cycle_and_can_be_cited() -> None:
    record = normalize_forum(make_cycle(), commitments=make_commitment(ACL, "Accept to Findings"))
    assert record.decision == Decision("Accept to Findings", "accept", "findings", "commitmentd", "decision")
    assert record.venue == CYCLE
    assert collect_sources(record)["commitmentd", "decision"] == "Accept to Findings"
    assert record.score_stage == "final"


def test_of_several_conferences_the_last_one_decides_in_whatever_order_the_notes_come() -> None:
    notes = make_commitment(ACL, "Reject", time=50) + make_commitment(EMNLP, "Accept (Main)", forum="second", time=90)
    for seed in range(4):
        mixed = random.Random(seed).sample(notes, len(notes))
        assert normalize_forum(make_cycle(), commitments=mixed).decision.note_id == "secondd"


def test_a_commitment_of_another_paper_or_without_a_decision_says_nothing() -> None:
    other = make_commitment(ACL, "Accept (Main)", link="elsewhere1")
    undecided = make_commitment(EMNLP, None, forum="second")
    assert normalize_forum(make_cycle(), commitments=other + undecided).decision.outcome == "unknown"


def test_damaged_notes_of_the_conference_do_no_harm_to_the_cycle() -> None:
    notes = make_commitment(ACL, "Accept (Main)")
    stray = {**notes[1], "id": "stray", "domain": None, "invitations": ["nowhere"]}
    assert normalize_forum(make_cycle(), commitments=[*notes, stray]).decision.outcome == "accept"
    assert normalize_forum(make_cycle(), commitments=[stray, {"id": "x"}]).decision.outcome == "unknown"


def test_what_the_cycle_itself_says_stands() -> None:
    withdrawn = make_cycle(venueid=f"{CYCLE}/Withdrawn_Submission")
    record = normalize_forum(withdrawn, commitments=make_commitment(ACL, "Accept (Main)"))
    assert record.decision.outcome == "withdrawn"


def test_a_withdrawn_commitment_is_told_by_its_submission() -> None:
    notes = make_commitment(ACL, None)
    notes[0]["content"]["venueid"] = {"value": f"{ACL}/Withdrawn_Submission"}
    decision = normalize_forum(make_cycle(), commitments=notes).decision
    assert (decision.outcome, decision.note_id, decision.field) == ("withdrawn", "commitment", "venueid")

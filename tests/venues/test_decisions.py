"""Decision strings of every era become an outcome and a tier; what is no decision becomes none."""

import pytest

from toolkit.notes import parse_note
from toolkit.venues import find_decision_field, resolve_decision, resolve_submission, resolve_venueid
from toolkit.venues.catalogue import iterate_fields

DECISIONS = [
    ("conferenceOral-iclr2013-conference", "accept", "oral"),
    ("conferencePoster-iclr2013-conference", "accept", "poster"),
    ("conferenceOral-iclr2013-workshop", "workshop", "oral"),
    ("conferencePoster-iclr2013-workshop", "workshop", "poster"),
    ("submitted, no decision", "unknown", None),
    ("reject", "reject", None),
    ("Reject", "reject", None),
    ("accept", "accept", None),
    ("Accept", "accept", None),
    ("Accept (Oral)", "accept", "oral"),
    ("Accept (Poster)", "accept", "poster"),
    ("Accept (poster)", "accept", "poster"),
    ("Accept: poster", "accept", "poster"),
    ("Accept (Spotlight)", "accept", "spotlight"),
    ("Accept (spotlight poster)", "accept", "spotlight"),
    ("Accept (Talk)", "accept", "talk"),
    ("Accept: notable-top-5%", "accept", "notable-top-5%"),
    ("Accept: notable-top-25%", "accept", "notable-top-25%"),
    ("Invite to Workshop Track", "workshop", "invitation"),
    ("Accept to main conference", "accept", "main"),
    ("Accept to findings", "accept", "findings"),
    ("Accept to findings - conditional", "accept", "findings"),
    ("Accept - Findings", "accept", "findings"),
    ("Conditional Accept", "accept", "conditional"),
    ("Conditionat Accept - Findings", "accept", "findings"),
    ("Accept as is", "accept", "as-is"),
    ("Accept with minor revision", "accept", "minor-revision"),
    ("Accept and select as a higlight", "accept", "highlight"),
    ("Desk Reject", "desk_rejected", None),
    ("Desk rejected: no abstract", "desk_rejected", None),
    ("Withdrawn", "withdrawn", None),
    ("Not accepted", "reject", None),
    ("Proceed to Phase 2", "unknown", None),
    ("Probably acceptable", "unknown", None),
]


@pytest.mark.parametrize(("raw", "outcome", "tier"), DECISIONS)
def test_a_decision_has_an_outcome_and_the_tier_it_names(raw: str, outcome: str, tier: str | None) -> None:
    decision = resolve_decision("V.cc/2030/Conference", "decision", "decision", raw, note_id="d")
    assert (decision.raw, decision.outcome, decision.tier) == (raw, outcome, tier)
    assert (decision.note_id, decision.field) == ("d", "decision")


def test_every_category_of_a_decision_form_in_the_catalogue_is_understood() -> None:
    for venue, kind, field, entry in iterate_fields():
        if kind == "decision":
            for level in entry.scale.levels:
                assert resolve_decision(venue, kind, field, level.label).outcome != "unknown", (venue, level.label)


@pytest.mark.parametrize("raw", [None, "", "  "])
def test_an_empty_decision_is_unknown(raw: str | None) -> None:
    assert resolve_decision("V.cc/2030/Conference", "decision", "decision", raw).outcome == "unknown"


NO_DECISIONS = [
    ("ICLR.cc/2021/Conference", "ethics_review", "decision", "Significant concerns (Do not publish)"),
    ("ICLR.cc/2018/Conference", "meta_review", "recommendation", "Accept (Poster)"),
    ("ICLR.cc/2019/Conference", "meta_review", "confidence", "Accept"),
    ("ICLR.cc/2023/Conference", "review", "recommendation", "8: accept, good paper"),
    ("TMLR", "recommendation", "decision_recommendation", "Accept"),
]


@pytest.mark.parametrize(("venue", "kind", "field", "raw"), NO_DECISIONS)
def test_a_recommendation_or_an_ethics_verdict_is_no_decision(venue: str, kind: str, field: str, raw: str) -> None:
    assert find_decision_field(venue, kind, [field]) is None
    decision = resolve_decision(venue, kind, field, raw)
    assert (decision.raw, decision.outcome) == (raw, "unknown")


def test_where_no_decision_was_published_the_chairs_recommendation_is_the_decision() -> None:
    decision = resolve_decision("ICLR.cc/2019/Conference", "meta_review", "recommendation", "Accept (Poster)")
    assert (decision.outcome, decision.tier) == ("accept", "poster")


V = "V.cc/2022/Conference"
VENUE_LINES = [
    ("v1", V, "V 2022 Poster", ("accept", "poster")),
    ("v1", V, "V 2022 Oral", ("accept", "oral")),
    ("v1", V, "Submitted to V 2022", ("reject", None)),
    ("v1", V, None, None),
    ("v1", V, "V 2022 Submitted", None),
    ("v2", V, "V 2022 notable top 5%", ("accept", "notable-top-5%")),
    ("v2", V, "V 2022", ("accept", None)),
    ("v2", V, None, ("accept", None)),
    ("v2", f"{V}/Submission", "V 2022 Conference Submission", None),
    ("v2", f"{V}/Rejected_Submission", "Submitted to V 2022", ("reject", None)),
    ("v2", f"{V}/Withdrawn_Submission", "V 2022 Conference Withdrawn Submission", ("withdrawn", None)),
    ("v2", f"{V}/Desk_Rejected_Submission", "V 2022 Conference Desk Rejected Submission", ("desk_rejected", None)),
    ("v2", f"{V}/Rejected_Paper", None, ("reject", None)),
    ("v2", "OTHER.cc/2022/Conference", None, None),
]


@pytest.mark.parametrize(("api", "venueid", "line", "expected"), VENUE_LINES)
def test_what_a_submission_says_of_itself_depends_on_the_api(
    api: str, venueid: str, line: str | None, expected: tuple[str, str | None] | None
) -> None:
    decision = resolve_venueid(venueid, line, venue=V, api=api)  # type: ignore[arg-type]
    assert (decision and (decision.outcome, decision.tier)) == expected


@pytest.mark.parametrize(
    ("venueid", "line", "outcome"),
    [
        ("TMLR/Under_Review", "Under review for TMLR", None),
        ("TMLR/Submitted", "Submitted to TMLR", None),
        ("TMLR/Rejected", "Rejected by TMLR", "reject"),
        ("TMLR/Desk_Rejected", "Desk rejected by TMLR", "desk_rejected"),
        ("TMLR/Retracted_Acceptance", "Retracted by Authors", "withdrawn"),
        ("TMLR", "Accepted by TMLR", "accept"),
    ],
)
def test_a_journal_paper_under_review_has_no_fate_yet(venueid: str, line: str, outcome: str | None) -> None:
    decision = resolve_venueid(venueid, line, venue="TMLR", api="v2")
    assert (decision and decision.outcome) == outcome


def test_a_paper_moved_to_the_withdrawn_submissions_is_withdrawn() -> None:
    raw = {"id": "f", "tcdate": 1, "content": {}, "invitation": "ICLR.cc/2020/Conference/-/Withdrawn_Submission"}
    decision = resolve_submission(parse_note(raw))
    assert decision is not None
    assert (decision.outcome, decision.field) == ("withdrawn", "invitation")


def test_the_decision_on_a_submission_of_2013_is_read_from_it() -> None:
    raw = {
        "id": "f",
        "tcdate": 1,
        "content": {"decision": "conferencePoster-iclr2013-workshop"},
        "invitation": "ICLR.cc/2013/conference/-/submission",
    }
    decision = resolve_submission(parse_note(raw))
    assert decision is not None
    assert (decision.outcome, decision.tier, decision.note_id) == ("workshop", "poster", "f")


def test_a_paper_under_review_says_nothing() -> None:
    raw = {"id": "f", "tcdate": 1, "content": {}, "invitation": "ICLR.cc/2020/Conference/-/Blind_Submission"}
    assert resolve_submission(parse_note(raw)) is None

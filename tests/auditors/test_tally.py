"""The summary of many audits."""

import json

from tests.auditors.records import make_forum, make_talk
from toolkit.auditors import RULES, AuditTally, audit_dialogue
from toolkit.auditors.tally import divide


def summarize(*answers: str, record: bool = True) -> dict[str, object]:
    tally = AuditTally()
    for answer in answers:
        dialogue, forum = make_talk(answer), make_forum() if record else None
        tally.add(dialogue, forum, audit_dialogue(dialogue, forum))
    return tally.summarize()


def test_nothing_adds_up_to_nothing() -> None:
    summary = AuditTally().summarize()
    assert summary["dialogues"] == 0
    assert summary["findings_by_severity"] == {"error": 0, "warning": 0, "info": 0}
    assert summary["grounded_share"] is None
    assert summary["claims_by_kind"] == {}


def test_findings_and_claims_are_counted_by_rule_and_verdict() -> None:
    summary = summarize("Reviewer 1 gives an 8 and Reviewer 3 a 9.", "Reviewer 1 gives a 5.")
    assert summary["rules"]["score-contradicted"] == {"severity": "error", "findings": 2, "dialogues": 1}  # type: ignore[index]
    assert summary["claims_by_kind"]["rating"] == {  # type: ignore[index]
        "supported": 1,
        "contradicted": 2,
        "unsupported": 0,
        "not_checkable": 0,
    }
    assert summary["dialogues_by_severity"] == {"error": 1, "warning": 1, "info": 0}
    assert summary["findings_by_severity"]["error"] == 2  # type: ignore[index]


def test_every_rule_is_named_whether_it_fired_or_not_and_the_summary_is_json() -> None:
    summary = summarize("It is about attention.")
    assert list(summary["rules"]) == [rule.name for rule in RULES]  # type: ignore[call-overload]
    assert json.loads(json.dumps(summary)) == summary


def test_dialogues_without_a_record_are_counted() -> None:
    assert summarize("It is about attention.", record=False)["dialogues_without_record"] == 1


def test_a_share_is_null_of_nothing() -> None:
    assert divide(1, 3) == 0.3333
    assert divide(0, 0) is None

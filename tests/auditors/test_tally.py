"""The summary of many audits."""

import dataclasses
import json
from typing import Any

from tests.auditors.records import OPENING, REJECTING, TEXTS, cite, make_dialogue, make_forum, make_review, make_talk
from toolkit.auditors import RULES, AuditTally, audit_dialogue
from toolkit.auditors.rules import NEAR_DUPLICATE
from toolkit.auditors.tally import divide
from toolkit.records import Point


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
    assert list(summary["rules"]) == [rule.name for rule in (*RULES, NEAR_DUPLICATE)]  # type: ignore[call-overload]
    assert json.loads(json.dumps(summary)) == summary


def test_dialogues_without_a_record_are_counted() -> None:
    assert summarize("It is about attention.", record=False)["dialogues_without_record"] == 1


def test_the_words_of_the_agent_are_measured_beside_another_paper() -> None:
    tally = AuditTally()
    for name, text in (("f1", "attention is sparse"), ("f2", "batches are large")):
        forum = make_forum(forum=name, reviews=(make_review(1, "5", "3", f"Here {text}."),))
        dialogue = dataclasses.replace(make_talk(f"Here {text}.", forum=forum), dialogue_id=name)
        tally.add(dialogue, forum, audit_dialogue(dialogue, forum))
    measured: Any = tally.summarize()["words_on_record"]
    assert measured["dialogues"] == 1, "the first paper has no other one to be compared with"
    assert measured["bigram_precision"]["own"] == 1.0
    assert measured["bigram_precision"]["other_paper"] < 0.5


def test_points_that_no_dialogue_tells_are_counted() -> None:
    point = Point("review", 0, 57, "weakness", "novelty", "negative", 0.5)
    untold = Point("review", 0, 10, "weakness", "clarity", "negative", 0.5)
    forum = make_forum(reviews=(make_review(1, "5", "3", TEXTS[0], points=(point, untold)),))
    answer = "Reviewer 1 doubts that it is surprising."
    evidence = cite(forum, "rev1", "not very surprising", answer, quote=False)
    dialogue = make_dialogue(OPENING, answer, REJECTING, forum=forum, evidence=[(1, evidence)])
    tally = AuditTally()
    tally.add(dialogue, forum, audit_dialogue(dialogue, forum))
    coverage: Any = tally.summarize()["coverage"]
    assert (coverage["points"], coverage["told"]) == (2, 1)
    assert coverage["by_aspect"]["clarity"] == {"points": 1, "told": 0, "share": 0.0}


def test_a_dialogue_that_comes_twice_is_a_near_duplicate() -> None:
    tally = AuditTally()
    forum = make_forum()
    text = " ".join(f"It measures how sparse attention is over corpus {number}." for number in range(9))
    found = []
    for name, end in (("a", "One."), ("b", "Two."), ("c", "")):
        dialogue = dataclasses.replace(make_talk(f"{text} {end}" if end else "Short."), dialogue_id=name)
        found.append(
            [
                item.message
                for item in tally.add(dialogue, forum, audit_dialogue(dialogue, forum))
                if "nearly" in item.message
            ]
        )
    assert found[0] == []
    assert found[1][0].startswith("nearly the same as a")
    assert found[2] == []


def test_a_rule_that_is_left_out_finds_nothing() -> None:
    dialogue, forum, left_out = make_talk("Reviewer 1 gives an 8."), make_forum(), frozenset({"score-contradicted"})
    result = audit_dialogue(dialogue, forum, leave_out=left_out)
    assert "score-contradicted" not in {finding.rule for finding in result.findings}


def test_a_share_is_null_of_nothing() -> None:
    assert divide(1, 3) == 0.3333
    assert divide(0, 0) is None

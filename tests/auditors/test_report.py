"""The report: one file, whole, that shows hostile text as text. In a browser: ``test_report_in_a_browser.py``."""

import base64
import gzip
import hashlib
import json
import re
from typing import Any

import pytest

from tests.auditors.records import OPENING, REJECTING, cite, make_dialogue, make_forum
from toolkit.auditors import AuditTally, audit_dialogue, build_report
from toolkit.auditors.report import page
from toolkit.records import Dialogue, Forum

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> </script> \u202egnp.exe {{ 7 * 7 }}'


def make_pairs(
    answer: str = "Reviewer 1 gives an 8.", count: int = 1, **changes: Any
) -> list[tuple[Dialogue, Forum | None]]:
    import dataclasses

    forum = make_forum(**changes)
    evidence = cite(forum, "rev1", "not very surprising", answer, quote=False)
    return [
        (
            dataclasses.replace(
                make_dialogue(OPENING, answer, REJECTING, forum=forum, evidence=[(1, evidence)]),
                dialogue_id=f"f1-test-{number}",
            ),
            forum,
        )
        for number in range(count)
    ]


def render(pairs: list[tuple[Dialogue, Forum | None]]) -> str:
    tally = AuditTally()
    findings, claims = [], []
    for dialogue, forum in pairs:
        result = audit_dialogue(dialogue, forum)
        findings += tally.add(dialogue, forum, result)
        claims += result.claims
    return build_report(tally.summarize(), findings, claims, pairs)


def unpack(report: str, name: str) -> Any:
    body = re.search(rf'<script type="text/plain" id="{name}">([^<]*)</script>', report)
    assert body is not None
    return json.loads(gzip.decompress(base64.b64decode(body[1])))


def read_index(report: str) -> Any:
    body = re.search(r'<script type="application/json" id="index">([^<]*)</script>', report)
    assert body is not None
    return json.loads(body[1])


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(make_pairs()) == render(make_pairs())


def test_nothing_is_loaded_from_anywhere() -> None:
    report = render(make_pairs())
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!data:)""", report)
    assert "@import" not in report
    assert "fetch(" not in report


def test_the_policy_allows_the_script_and_the_style_of_the_page_and_no_others() -> None:
    report = render(make_pairs())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', report)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    for tag in ("style", "script"):
        bodies = re.findall(rf"<{tag}>(.*?)</{tag}>", report, re.DOTALL)
        assert len(bodies) == 1
        digest = base64.b64encode(hashlib.sha256(bodies[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]


def test_hostile_text_is_in_no_markup() -> None:
    report = render(make_pairs(f"Reviewer 1 gives an 8. {HOSTILE}", title=HOSTILE))
    assert "<img" not in report
    assert "alert(1)</script>" not in report
    assert "\u202e" not in report, "it would turn the reading direction of the page"
    assert unpack(report, "d0")["turns"][1]["text"].endswith(HOSTILE)


def test_a_dialogue_stands_beside_its_record_with_evidence_and_findings() -> None:
    report = render(make_pairs())
    (row,) = read_index(report)["dialogues"]
    dialogue, record = unpack(report, row["payload"]), unpack(report, row["record"])
    (item,) = dialogue["turns"][1]["evidence"]
    notes = {note["id"]: note for note in record["notes"]}
    text = next(field["text"] for field in notes[item["note_id"]]["fields"] if field["field"] == item["field"])
    assert text[item["start"] : item["end"]] == "not very surprising"
    (wrong,) = [finding for finding in dialogue["findings"] if finding["rule"] == "score-contradicted"]
    assert notes[wrong["note_id"]]["name"] == "Reviewer 1 (rating 5, confidence 3)"
    assert row["worst"] == "error"


def test_a_large_set_keeps_the_gravest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "REPORT_LIMIT", 3)
    sound = make_pairs("Reviewer 1 doubts that it is surprising.", count=5)
    wrong = make_pairs(count=7)[5:]
    report = render([*sound, *wrong])
    rows = read_index(report)["dialogues"]
    assert len(rows) == 3
    assert sum(row["worst"] == "error" for row in rows) == 2
    assert "4 dialogues are not in it" in report


def test_a_set_without_findings_says_so() -> None:
    assert "No rule found anything." in render(make_pairs("Reviewer 1 doubts that it is surprising."))

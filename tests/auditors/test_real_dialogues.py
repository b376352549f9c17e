"""Audits of generated dialogues about real papers: silent on what is true, not on what was made false."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from toolkit.auditors import audit_dialogue
from toolkit.normalizers import normalize_forum
from toolkit.records import Dialogue, Forum
from toolkit.synthesizers import compose_dialogue

FORUMS = ("BklMjsRqY7", "BylQV305YQ", "S1en0sRqKm", "rJgfjjC9Ym")


@pytest.fixture(scope="module")
def pairs(shared_data: Path) -> list[tuple[Dialogue, Forum]]:
    """Grounded dialogues about four papers of ICLR 2019."""
    found = []
    with (shared_data / "openreview" / "iclr-2019-conference.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            if any(forum in line[:40] for forum in FORUMS):
                record = normalize_forum(json.loads(line)["notes"])
                found.append((compose_dialogue(record, seed=1, index=0), record))
    assert len(found) == len(FORUMS)
    return found


def test_true_dialogues_have_no_errors(pairs: list[tuple[Dialogue, Forum]]) -> None:
    for dialogue, forum in pairs:
        result = audit_dialogue(dialogue, forum)
        assert [finding for finding in result.findings if finding.severity == "error"] == []
        assert result.measures.evidence_checked == result.measures.evidence_verified > 0


def test_every_stated_score_that_is_changed_is_found(pairs: list[tuple[Dialogue, Forum]]) -> None:
    changed = 0
    for dialogue, forum in pairs:
        for claim in audit_dialogue(dialogue, forum).claims:
            if claim.kind not in ("rating", "confidence") or not re.fullmatch(r"R\d", claim.about or ""):
                continue
            turn = dialogue.turns[claim.turn]
            other = "1" if claim.stated != "1" else "2"
            text = turn.text[: claim.start] + other + turn.text[claim.end :]
            turns = [dataclasses.replace(turn, text=text) if item is turn else item for item in dialogue.turns]
            broken = dataclasses.replace(dialogue, turns=tuple(turns))
            rules = {finding.rule for finding in audit_dialogue(broken, forum).findings if finding.turn == claim.turn}
            assert "score-contradicted" in rules, text
            changed += 1
    assert changed >= 12

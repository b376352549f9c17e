"""Five published transcripts beside their records: what is wrong with them is found, and nothing else called wrong."""

import json
from pathlib import Path

import pytest

from toolkit.auditors import AuditResult, audit_dialogue, read_transcript
from toolkit.normalizers import normalize_forum
from toolkit.records import Forum
from toolkit.synthesizers import find_files, parse_files

MUST_FIND = {
    "000": {"agent-recommends", "no-decision"},
    "001": {"agent-recommends", "no-decision"},
    "002": {"criticism-attributed-to-authors"},
    "003": {"agent-recommends", "no-decision", "dangling-citation"},
    "004": {"agent-recommends", "label-number-mismatch"},
}
TRUE_OF_ALL = {"no-decision", "last-word-not-meta-reviewer"}
"""None of the five says accept or reject, and the agent has the last word in each."""


@pytest.fixture(scope="module")
def results(shared_data: Path) -> dict[str, AuditResult]:
    forums: dict[str, Forum] = {}
    with (shared_data / "openreview" / "iclr-2019-conference.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            if any(name in line[:40] for name in ("S1en0sRqKm", "rJgfjjC9Ym", "BylQV305YQ", "BklMjsRqY7")):
                forum = normalize_forum(json.loads(line)["notes"])
                forums[forum.forum] = forum
    files = find_files([shared_data / "dialogues" / "seeds"])
    parsed = parse_files(files, titles={forum.forum: forum.title for forum in forums.values()}, mapping={})
    return {
        transcript.source[:3]: audit_dialogue(
            read_transcript(transcript, forums.get(transcript.forum or "")), forums.get(transcript.forum or "")
        )
        for transcript in parsed.transcripts
    }


@pytest.mark.parametrize("seed", MUST_FIND)
def test_what_a_careful_reader_finds_is_found_and_no_other_error(seed: str, results: dict[str, AuditResult]) -> None:
    findings = results[seed].findings
    assert MUST_FIND[seed] <= {finding.rule for finding in findings}
    errors = {finding.rule for finding in findings if finding.severity == "error"}
    assert errors <= MUST_FIND[seed] | TRUE_OF_ALL


def test_the_words_of_one_score_beside_the_number_of_another(results: dict[str, AuditResult]) -> None:
    (finding,) = [item for item in results["004"].findings if item.rule == "label-number-mismatch"]
    assert finding.message == "on this venue's form the words name 6; the ratings on record are 7, 6, 6"
    assert finding.stated == "marginally above acceptance threshold (7)"


def test_an_agents_own_rating_is_no_claim_about_the_record(results: dict[str, AuditResult]) -> None:
    own = [claim for claim in results["004"].claims if claim.about == "speaker"]
    assert own
    assert {claim.verdict for claim in own} == {"not_checkable"}


def test_the_numbering_of_a_dialogue_that_numbers_reviews_is_said(results: dict[str, AuditResult]) -> None:
    said = {
        seed: item.stated
        for seed, result in results.items()
        for item in result.findings
        if item.rule == "review-numbering"
    }
    assert said == {"001": "other", "003": "newest-first"}

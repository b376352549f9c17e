"""`reviewdial scales` explains a venue's scales to people and to machines, and says what it does not know."""

import io
import json
from typing import Any

import pytest

from toolkit import tables
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.records import Score
from toolkit.venues import list_known_venues


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = shell.run(["scales", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_an_unknown_venue_is_one_line_with_the_nearest_names(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "iclr.cc/2019/conferenc")
    assert (status, out) == (ExitCode.USAGE, "")
    assert err.count("\n") == 1
    assert "did you mean ICLR.cc/2019/Conference" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["xyzzy"], "reviewdial scales lists the venues that are known"),
        (["--explain", "6"], "--explain needs a venue"),
        (["TMLR", "--stdin"], "leave VENUE and --explain out"),
        (["TMLR", "--explain", "Yes"], "has no overall rating; say --field: claims_and_evidence, audience"),
    ],
)
def test_arguments_that_do_not_fit_are_one_line_with_the_mend(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out, err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert message in err


@pytest.mark.parametrize(
    "line", ["not json", "[]", '{"venue": "TMLR", "field": "audience"}', '{"raw": 3, "venue": 7, "field": "rating"}']
)
def test_a_line_that_is_no_question_is_named_by_its_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"\n{line}\n"))
    status, _, err = run(capsys, "--stdin", "--json")
    assert status == ExitCode.USAGE
    assert "line 2 of the input" in err


def test_without_a_venue_all_known_venues_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--json")
    assert (status, json.loads(out)["venues"]) == (ExitCode.DONE, list(list_known_venues()))
    _, text, _ = run(capsys)
    assert "ICLR.cc/2019/Conference\n" in text


@pytest.mark.parametrize("venue", list_known_venues())
def test_the_tables_of_every_venue_fit_a_terminal(capsys: pytest.CaptureFixture[str], venue: str) -> None:
    status, out, _ = run(capsys, venue)
    assert status == ExitCode.DONE
    assert max(len(line) for line in out.splitlines()) <= 80


def test_a_table_shows_value_aligned_label_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "ICLR.cc/2020/Conference")
    assert "      6   +0.250  Weak Accept\n" in out
    assert "Source: openreview/openreview-scripts:" in out


def test_the_same_table_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "aclweb.org/ACL/ARR/2025/May", "--json")
    scale = json.loads(out)["scales"][0]
    assert (scale["field"], scale["accept"], scale["levels"][0]["value"]) == ("overall_assessment", 3.0, 1.0)


def test_an_explanation_says_value_label_aligned_scale_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "ICLR.cc/2019/Conference", "--explain", "6: Marginally above acceptance threshold")
    assert status == ExitCode.DONE
    facts = {line[:13].strip(): line[13:] for line in out.splitlines() if line[:13].strip()}
    assert (facts["status"], facts["value"], facts["aligned"]) == ("known", "6", "+0.100")
    assert (facts["scale"], facts["accept"]) == ("rating-1-10", "from 6")
    assert "source" in facts


def test_a_contradiction_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    raw = "marginally above acceptance threshold (7)"
    _, out, _ = run(capsys, "ICLR.cc/2019/Conference", "--explain", raw, "--field", "rating")
    assert "the label is that of 6, not of 7" in out
    _, out, _ = run(capsys, "ICLR.cc/2019/Conference", "--explain", raw, "--json")
    assert (json.loads(out)["status"], json.loads(out)["value"]) == ("unknown", None)


def test_a_field_that_is_not_known_is_explained_by_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "ICLR.cc/2019/Conference", "--explain", "4", "--field", "soundness")
    assert "known fields rating, confidence" in out


QUESTIONS: list[tuple[dict[str, Any], str, float | None]] = [
    ({"venue": "ICLR.cc/2026/Conference", "kind": "review", "field": "rating", "raw": 0}, "known", 0.0),
    ({"venue": "ICLR.cc/2026/Conference", "field": "rating", "raw": None}, "missing", None),
    ({"venue": "Nobody.org/2031", "kind": "review", "field": "rating", "raw": "7"}, "unknown", None),
    ({"venue": "ICLR.cc/2019/Conference", "kind": "meta_review", "field": "confidence", "raw": "4"}, "known", 4.0),
]


def test_lines_of_questions_are_answered_with_a_score_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(json.dumps(question) for question, _, _ in QUESTIONS)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    status, out, _ = run(capsys, "--stdin", "--json")
    assert status == ExitCode.DONE
    rows = [json.loads(line) for line in out.splitlines()]
    assert [list(tables.find_row_faults(Score, row)) for row in rows] == [[]] * len(QUESTIONS)
    assert [(row["status"], row["value"]) for row in rows] == [(status, value) for _, status, value in QUESTIONS]
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    _, out, _ = run(capsys, "--stdin")
    assert out.splitlines()[:2] == ["known 0", "missing (not answered)"]

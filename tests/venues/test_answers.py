"""Answers in every form that records hold become the right level, or none with a reason."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.venues import resolve_score
from toolkit.venues.answers import normalize_label, split_answer

ICLR_2019 = "ICLR.cc/2019/Conference"
ICLR_2020 = "ICLR.cc/2020/Conference"
ICLR_2024 = "ICLR.cc/2024/Conference"
NEURIPS_2022 = "NeurIPS.cc/2022/Conference"
ARR_2021 = "aclweb.org/ACL/ARR/2021/November"
ARR_2025 = "aclweb.org/ACL/ARR/2025/February"
LLD_2019 = "ICLR.cc/2019/Workshop/LLD"

REFUSED: list[tuple[str, str, str, Any, str]] = [
    (ICLR_2019, "review", "rating", 11, "rating-1-10 has no 11"),
    (ICLR_2019, "review", "rating", 0, "rating-1-10 has no 0"),
    (ICLR_2019, "review", "rating", "6.5", "rating-1-10 has no 6.5"),
    (ICLR_2020, "review", "rating", "5: Marginally below", "rating-iclr-2020 has no 5"),
    (ICLR_2019, "review", "rating", "7: Marginally above acceptance threshold", "the label is that of 6, not of 7"),
    (ICLR_2019, "review", "rating", "marginally above acceptance threshold (7)", "the label is that of 6, not of 7"),
    (ICLR_2019, "review", "rating", "3: Marginally above acceptance threshold", "the label is that of 6, not of 3"),
    (ICLR_2019, "review", "rating", "7: A pleasant read", "rating-1-10 has other words for 7"),
    (ICLR_2019, "review", "rating", "9: Top 50% of accepted papers, clear accept", "the label is that of 8, not of 9"),
    (ICLR_2019, "review", "rating", "very good", "rating-1-10 has no such answer"),
    (ICLR_2019, "review", "rating", "Top", "the words fit more than one level of rating-1-10"),
    (ICLR_2019, "review", "rating", "2-4", "rating-1-10 has no such answer"),
    (ICLR_2019, "review", "rating", "6/10", "rating-1-10 has no such answer"),
    (ICLR_2019, "review", "rating", True, "an answer is a number or a text, not bool"),
    (ICLR_2019, "review", "rating", math.nan, "no number of a form is that large"),
    (ICLR_2019, "review", "rating", [6, 7], "an answer is a number or a text, not list"),
    (ICLR_2019, "review", "rating", 10**400, "no number of a form is that large"),
    (ICLR_2020, "review", "experience_assessment", 4, "the answers of experience-iclr-2020 carry no numbers"),
    (NEURIPS_2022, "review", "rating", "5: Weak Accept", "the label is that of 6, not of 5"),
    (LLD_2019, "review", "rating", "6: Marginally above acceptance threshold", "rating-1-5 has no 6"),
]


@pytest.mark.parametrize(("venue", "kind", "field", "raw", "reason"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_wrong_answer_is_kept_raw_with_the_reason(venue: str, kind: str, field: str, raw: Any, reason: str) -> None:
    score = resolve_score(venue, kind, field, raw)
    assert (score.status, score.value, score.label, score.aligned, score.percentile) == ("unknown", *[None] * 4)
    assert reason in (score.reason or "")
    assert score.raw is not None


MISSING: list[tuple[str, str, Any, str]] = [
    (ICLR_2019, "rating", None, "not answered"),
    (ICLR_2019, "rating", "  ", "not answered"),
    (ICLR_2020, "review_assessment:_checking_correctness_of_experiments", "N/A", 'answered "N/A"'),
    ("ICLR.cc/2023/Conference", "empirical_novelty_and_significance", "Not applicable", 'answered "Not applicable"'),
    (ICLR_2024, "rating", {"readers": ["V/Program_Chairs"]}, "the record withholds the answer"),
    (ICLR_2024, "rating", {"value": None}, "not answered"),
    ("Nobody.org/2031", "rating", "N/A", "not answered"),
]


@pytest.mark.parametrize(("venue", "field", "raw", "reason"), MISSING, ids=lambda value: str(value)[:40])
def test_an_answer_that_was_not_given_is_missing(venue: str, field: str, raw: Any, reason: str) -> None:
    score = resolve_score(venue, "review", field, raw)
    assert (score.status, score.value, score.reason) == ("missing", None, reason)


READ: list[tuple[str, str, str, Any, float]] = [
    (ICLR_2019, "review", "rating", 6, 6),
    (ICLR_2019, "review", "rating", 6.0, 6),
    (ICLR_2019, "review", "rating", "6", 6),
    (ICLR_2019, "review", "rating", " 6 ", 6),
    (ICLR_2019, "review", "rating", "6: Marginally above acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "6:Marginally above acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "6 = marginally above the acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "6 - MARGINALLY  ABOVE acceptance threshold.", 6),
    (ICLR_2019, "review", "rating", "6 – Marginally above acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "(6) Marginally above acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "6. Marginally above acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "6 Marginally above acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "Marginally above acceptance threshold (6)", 6),
    (ICLR_2019, "review", "rating", "marginally above the acceptance threshold", 6),
    (ICLR_2019, "review", "rating", "Top 50% of accepted papers, clear accept", 8),
    (ICLR_2019, "review", "confidence", "1: The reviewer’s evaluation is an educated guess", 1),
    (LLD_2019, "review", "rating", "3: Marginally above acceptance threshold", 3),
    (
        LLD_2019,
        "review",
        "confidence",
        "3: The reviewer is absolutely certain that the evaluation is correct",
        3,
    ),
    (ICLR_2020, "review", "experience_assessment", "I do not know much about this area.", 1),
    (ICLR_2024, "review", "soundness", "3 good", 3),
    (ICLR_2024, "review", "rating", {"value": "6: marginally above the acceptance threshold"}, 6),
    (ICLR_2024, "review", "rating", ["6: marginally above the acceptance threshold"], 6),
    ("ICLR.cc/2026/Conference", "review", "rating", 0, 0),
    (NEURIPS_2022, "review", "rating", "7: Technically solid paper, with high impact on at least one sub-area", 7),
    (NEURIPS_2022, "review", "rating", "7: Accept", 7),
    (NEURIPS_2022, "review", "rating", "Weak Accept", 6),
    (ARR_2021, "review", "overall_assessment", "4.5 ", 4.5),
    (ARR_2021, "review", "overall_assessment", "3.5 =", 3.5),
    ("aclweb.org/ACL/ARR/2024/June", "review", "overall_assessment", 0, 0),
    (ARR_2025, "review", "overall_assessment", "2.5 = Borderline Findings", 2.5),
    ("thecvf.com/ECCV/2020/Conference", "review_rating", "rating", "-1: useless", -1),
    ("thecvf.com/ECCV/2020/Conference", "review_rating", "rating", "\N{MINUS SIGN}1: useless", -1),
    ("auai.org/UAI/2018", "meta_review", "recommendation", "(3) Strong accept", 3),
    ("NIPS.cc/2016/Deep_Learning_Symposium", "recommendation", "rating", "1 - Do Not Recommend", 1),
    ("aclweb.org/ACL/2022/Conference", "recommendation", "suggested_decision", "1: definite accept", 1),
    (
        "EMNLP/2023/Conference",
        "review",
        "Reviewer_Confidence",
        "3: Pretty sure, but there's a chance I missed something",
        3,
    ),
    ("TMLR", "review", "audience", "Yes", 1),
    ("TMLR", "recommendation", "decision_recommendation", "Leaning Accept", 3),
]


@pytest.mark.parametrize(("venue", "kind", "field", "raw", "value"), READ, ids=lambda value: str(value)[:40])
def test_every_form_of_an_answer_is_read(venue: str, kind: str, field: str, raw: Any, value: float) -> None:
    score = resolve_score(venue, kind, field, raw)
    assert (score.status, score.value, score.reason) == ("known", value, None)


@given(st.text(max_size=60) | st.integers() | st.floats() | st.lists(st.integers(), max_size=3) | st.none())
def test_no_answer_whatever_raises_or_gives_a_value_outside_the_scale(raw: Any) -> None:
    score = resolve_score(ICLR_2019, "review", "rating", raw)
    assert score.status in ("known", "unknown", "missing")
    assert score.value in (None, *range(1, 11))


@given(st.text(max_size=40))
def test_normalizing_a_label_twice_changes_nothing(label: str) -> None:
    assert normalize_label(normalize_label(label)) == normalize_label(label)


def test_a_colon_inside_a_label_stays_in_the_label() -> None:
    assert split_answer("6: Weak Accept: Technically solid").label == "Weak Accept: Technically solid"

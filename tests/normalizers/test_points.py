"""What each sentence of a review does, from field, heading, list and wording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.normalizers import find_points
from toolkit.records import Section


def read(text: str, reads_as: str | None = None) -> list[tuple[str, str]]:
    points = find_points([Section("x", text)], {"x": reads_as} if reads_as else None)  # type: ignore[dict-item]
    return [(point.kind, text[point.start : point.end]) for point in points]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Pros:",
        "**Weaknesses**",
        "### Minor comments",
        "Thank you for your submission and the effort.",
        "Please see the weaknesses section above.",
        "No code.",
        "$$ f(x) = \\sum_i x_i^2 + y_i - 2 z $$",
        "[1] Doe, J. and Roe, R. Pruning small nets. ICLR 2018.",
        "References\n\nDoe and Roe, a paper about pruning of small nets.",
    ],
)
def test_what_cannot_be_quoted_on_its_own_is_no_point(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("summary", "This paper proposes a method for pruning small networks."),
        ("strength", "The paper is well written and easy to follow."),
        ("weakness", "The experiments lack a comparison with strong baselines."),
        ("weakness", "The idea is not novel at all."),
        ("question", "How does the method scale to larger inputs?"),
        ("question", "I wonder how sensitive this is to the seed."),
        ("suggestion", "It would be good to add an ablation study."),
        ("suggestion", "The authors should discuss related pruning methods."),
        ("other", "I have read the rebuttal and keep my score."),
    ],
)
def test_wording_tells_in_free_text(kind: str, sentence: str) -> None:
    assert read(sentence) == [(kind, sentence)]


def test_headings_tell_what_stands_below_them() -> None:
    text = (
        "Summary:\nThe network is made smaller in steps.\n\nPros:\n1. The steps are cheap to run.\n\n"
        "**Weaknesses**\n- Two data sets were used here.\n\nMinor comments: Figure 2 should name its axes."
    )
    assert read(text) == [
        ("summary", "The network is made smaller in steps."),
        ("strength", "The steps are cheap to run."),
        ("weakness", "Two data sets were used here."),
        ("suggestion", "Figure 2 should name its axes."),
    ]


def test_plus_and_minus_items_are_verdicts_only_where_both_are_used() -> None:
    both = "+ The steps are cheap to run.\n- The steps take a while."
    assert read(both) == [("strength", "The steps are cheap to run."), ("weakness", "The steps take a while.")]
    assert read("Some remarks on the steps.\n- Table 2 lists the steps in order.")[-1][0] != "weakness"


def test_a_bold_label_names_an_item_and_is_not_part_of_the_point() -> None:
    assert read("**Weaknesses**\n\n**Scale**: The nets in the tests are small.") == [
        ("weakness", "The nets in the tests are small.")
    ]


def test_fields_of_a_form_keep_their_kind_but_for_questions() -> None:
    text = "The paper is well written but says little. The authors should test more nets. Why only two nets?"
    assert [kind for kind, _ in read(text, "weakness")] == ["weakness", "weakness", "question"]
    assert [kind for kind, _ in read("It lacks nothing that I could name.", "strength")] == ["strength"]
    assert [kind for kind, _ in read("The method is poor at scale, as they say.", "summary")] == ["summary"]


@pytest.mark.parametrize(
    ("aspect", "sentence"),
    [
        ("novelty", "The originality of the idea is high."),
        ("soundness", "The proof of Theorem 2 uses a wrong assumption."),
        ("experiments", "The experiments use one dataset without ablations."),
        ("comparison", "Important baselines and related work are not cited."),
        ("clarity", "The notation is confusing and hard to read."),
        ("impact", "The practical significance for the community is large."),
        ("reproducibility", "The source code is not publicly available."),
        ("ethics", "There is no ethics statement on the consent of the patients."),
        ("other", "I say this with some regret."),
    ],
)
def test_aspects(aspect: str, sentence: str) -> None:
    (point,) = find_points([Section("x", sentence)])
    assert point.aspect == aspect


def test_polarity_follows_the_kind_where_the_kind_is_a_verdict() -> None:
    text = "The paper is very well written. The tests are far too weak. What is the learning rate?"
    assert [point.polarity for point in find_points([Section("x", text)])] == ["positive", "negative", "neutral"]


def test_a_title_holds_no_points() -> None:
    assert find_points([Section("title", "A neat idea with too few experiments")]) == ()


@given(st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("abc .?\n-+*:#$1"))))
def test_points_are_ordered_disjoint_trimmed_stretches_of_the_text(text: str) -> None:
    position = 0
    for point in find_points([Section("x", text)]):
        assert position <= point.start < point.end <= len(text)
        assert text[point.start : point.end] == text[point.start : point.end].strip()
        position = point.end

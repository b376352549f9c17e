"""How much a point matters: what weighs comes first, and the figure only ever orders points."""

from hypothesis import given
from hypothesis import strategies as st

from toolkit.normalizers.points import find_points
from toolkit.normalizers.points.lexicon import find_words
from toolkit.normalizers.points.salience import weigh
from toolkit.records import Section

KINDS = ("summary", "strength", "weakness", "question", "suggestion", "other")


def rank(text: str, fields: dict[str, str] | None = None, name: str = "review") -> list[str]:
    """Return the points of a text, what weighs first."""
    points = find_points([Section(name, text)], fields)
    ordered = sorted(points, key=lambda point: -point.salience)
    return [text[point.start : point.end] for point in ordered]


def test_a_typo_comes_last_and_what_the_reviewer_calls_the_main_concern_first():
    text = (
        "There is a typo in the caption of the second table. "
        "The set of baselines leaves out the two methods that came last year. "
        "My main concern is that the proof of the second theorem has a gap."
    )
    assert rank(text, {"weaknesses": "weakness"}, "weaknesses") == [
        "My main concern is that the proof of the second theorem has a gap.",
        "The set of baselines leaves out the two methods that came last year.",
        "There is a typo in the caption of the second table.",
    ]


def test_a_remark_that_is_called_minor_does_not_weigh_even_where_it_says_crucial():
    words = find_words("a minor point: the crucial assumption is named too late in the text")
    assert weigh(words, "weakness", first=False) < weigh(
        find_words("the assumption is too strong for use in practice"), "weakness", first=False
    )


def test_of_two_points_alike_the_one_that_opens_its_list_comes_first():
    words = find_words("the gains over the tuned baseline are within one standard deviation")
    assert weigh(words, "weakness", first=True) > weigh(words, "weakness", first=False)


def test_a_verdict_weighs_more_than_a_retelling_of_the_paper():
    words = find_words("the method learns a policy from the demonstrations of several people")
    assert (
        weigh(words, "weakness", first=False)
        > weigh(words, "summary", first=False)
        > weigh(words, "other", first=False)
    )


@given(
    st.lists(st.sampled_from(["minor", "typo", "main", "concern", "critical", "the", "proof"])), st.sampled_from(KINDS)
)
def test_salience_lies_between_nothing_and_one_with_two_decimals(words, kind):
    for first in (True, False):
        salience = weigh(words, kind, first=first)
        assert 0.0 <= salience <= 1.0
        assert salience == round(salience, 2)

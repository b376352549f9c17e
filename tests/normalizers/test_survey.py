"""The order of belief: the form as fetched, the catalogue, the answers of the build; and what stays unknown."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from toolkit.normalizers import complete_forum, normalize_forum, survey_build
from toolkit.records import Forum
from toolkit.venues import FormOptions

NOBODY = "Nobody.org/2031/Conference"
OPTIONS: FormOptions = {(NOBODY, "review"): {"rating": ("1: Reject", "2: Weak reject", "3: Weak accept", "4: Accept")}}


def make_forum(name: str, *answers: Any, options: FormOptions | None = None, venue: str = NOBODY, **more: Any) -> Forum:
    notes = [
        {
            "id": f"{name}r{number}", "forum": name, "replyto": name, "cdate": number, "readers": ["everyone"],
            "invitations": [f"{venue}/Submission1/-/Official_Review"],
            "signatures": [f"{venue}/Submission1/Reviewer_ab{number:02d}"],
            "content": {
                "review": {"value": "Good."}, "rating": {"value": answer},
                **{field: {"value": value} for field, value in more.items()},
            },
        }
        for number, answer in enumerate(answers)
    ]  # fmt: skip
    return normalize_forum(notes, options=options or {})


def complete(*forums: Forum) -> list[Forum]:
    survey = survey_build(forums)
    return [complete_forum(forum, survey) for forum in forums]


def test_the_form_as_fetched_is_believed_before_the_catalogue() -> None:
    options = {("ICLR.cc/2019/Conference", "review"): OPTIONS[NOBODY, "review"]}
    forum = make_forum("f1", "3: Weak accept", options=options, venue="ICLR.cc/2019/Conference")
    rating = forum.reviews[0].rating
    assert (rating.value, rating.aligned, rating.status, rating.scale_id) == (3.0, 0.25, "known", "invitation")


def test_the_catalogue_is_believed_before_observed_answers() -> None:
    (forum,) = complete(make_forum("f1", "7: Good paper, accept", venue="ICLR.cc/2019/Conference"))
    assert forum.reviews[0].rating.status == "known"


def test_where_nothing_is_known_the_answers_of_the_build_give_values_and_no_alignment() -> None:
    forums = complete(make_forum("f1", "3: fair", "4: good"), make_forum("f2", 4, "N/A"))
    first, second = forums[0].reviews
    assert [(score.value, score.label, score.status, score.aligned) for score in (first.rating, second.rating)] == [
        (3.0, "fair", "inferred", None),
        (4.0, "good", "inferred", None),
    ]
    assert first.rating.reason == "no form is known; the scale is read from 3 answers"
    assert [review.rating.status for review in forums[1].reviews] == ["inferred", "missing"]
    assert forums[0].rating_summary.reviews == 0


def test_answers_that_show_no_scale_stay_unknown() -> None:
    (forum,) = complete(make_forum("f1", "3: fair", "somewhere in the middle"))
    assert [(review.rating.value, review.rating.status) for review in forum.reviews] == [(None, "unknown")] * 2


def test_unknown_scales_are_listed_with_their_answers_and_the_entry_to_add() -> None:
    survey = survey_build([make_forum("f1", "3: fair", "4: good", impact="2: some"), make_forum("f2", 4)])
    found = [(scale.venue, scale.kind, scale.field, scale.answers) for scale in survey.unknown_scales]
    assert found == [(NOBODY, "review", "impact", 2), (NOBODY, "review", "rating", 3)]
    entry = yaml.safe_load(survey.unknown_scales[1].entry)
    assert list(entry["scales"].values()) == [{"levels": {3: "fair", 4: None}, "accept": "unknown"}]
    assert entry["forms"][0]["rating"] == "rating"


def test_fields_of_a_fetched_form_are_scores_and_no_text() -> None:
    options: FormOptions = {
        (NOBODY, "review"): {"depth": ("It goes deep, all in all and well.", "It does not go deep.")}
    }
    forum = make_forum("f1", 3, options=options, depth="It goes deep, all in all and well.")
    (score,) = forum.reviews[0].scores
    assert (score.field, score.status, score.label) == ("depth", "known", "It goes deep, all in all and well.")
    assert [section.field for section in forum.reviews[0].sections] == ["review"]


@pytest.mark.parametrize(("count", "source"), [(29, None), (30, "build")])
def test_observed_values_get_percentiles_from_thirty_answers_on(count: int, source: str | None) -> None:
    (forum,) = complete(make_forum("f1", *(number % 3 for number in range(count))))
    assert {review.rating.percentile_source for review in forum.reviews} == {source}


Answers = st.lists(
    st.sampled_from([1, 3, "4", "3: fair", "4: good", "6: Weak Accept", "N/A", "much", None]), max_size=6
)
Venues = st.sampled_from([NOBODY, "Other.org/2031/Conference", "ICLR.cc/2019/Conference", "ICLR.cc/2020/Conference"])
Papers = st.lists(st.tuples(Venues, Answers.filter(bool), st.booleans()), min_size=1, max_size=5)


@given(Papers, Papers)
def test_adding_forums_changes_no_other_forums_aligned_values(
    few: list[tuple[str, list[Any], bool]], more: list[tuple[str, list[Any], bool]]
) -> None:
    forums = [
        make_forum(f"f{number}", *answers, venue=venue, options=OPTIONS if fetched else None)
        for number, (venue, answers, fetched) in enumerate([*few, *more])
    ]

    def align(completed: list[Forum]) -> list[Any]:
        return [
            (forum.rating_summary, [(review.rating.aligned, review.confidence.aligned) for review in forum.reviews])
            for forum in completed[: len(few)]
        ]

    alone = complete(*forums[: len(few)])
    assert align(alone) == align(complete(*forums)) == align(forums)

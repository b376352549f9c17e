"""Order of belief: the invitation's own options, then the catalogue, then observed answers; nothing is guessed."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from toolkit.tables import find_schemas_folder
from toolkit.venues import draft_form_entry, join_form_entries, observe_scores, read_options, resolve_score
from toolkit.venues.catalogue import read_catalogue

NOBODY = "Nobody.org/2031/Conference"


def test_an_unknown_scale_gives_no_number() -> None:
    score = resolve_score(NOBODY, "review", "rating", "7: Good paper")
    assert (score.raw, score.value, score.status) == ("7: Good paper", None, "unknown")
    assert score.reason == f"no scale is known for rating of a review at {NOBODY}"


def test_a_venue_is_not_taken_for_the_same_venue_in_another_year() -> None:
    assert resolve_score("ICLR.cc/2031/Conference", "review", "rating", 6).status == "unknown"
    assert resolve_score("ICLR.cc/2019/conference", "review", "rating", 6).status == "unknown"


def test_the_same_field_of_another_kind_of_note_has_its_own_scale() -> None:
    arr = "aclweb.org/ACL/ARR/2024/June"
    assert resolve_score(arr, "review", "overall_assessment", 2.5).value == 2.5
    assert resolve_score(arr, "meta_review", "overall_assessment", 2.5).status == "unknown"


def test_a_recalled_scale_gives_inferred_scores_and_says_why() -> None:
    score = resolve_score("logconference.io/LOG/2023/Conference", "review", "rating", 7)
    assert (score.value, score.status, score.reason) == (7.0, "inferred", "the scale is recalled, not verified")


def test_words_from_memory_are_never_handed_out_as_the_forms() -> None:
    score = resolve_score("ICML.cc/2026/Conference", "review", "overall_recommendation", 4)
    assert (score.value, score.label) == (4.0, None)


def test_a_number_alone_gets_the_words_of_the_form() -> None:
    assert resolve_score("ICLR.cc/2026/Conference", "review", "soundness", 3).label == "good"


def test_a_category_has_words_and_no_number() -> None:
    score = resolve_score("ICLR.cc/2019/Conference", "meta_review", "recommendation", "Accept (Poster)")
    assert (score.label, score.value, score.aligned, score.status) == ("Accept (Poster)", None, None, "known")


def test_an_integer_and_the_same_number_with_a_fraction_keep_their_own_raw_text() -> None:
    raws = [resolve_score("ICLR.cc/2026/Conference", "review", "rating", raw).raw for raw in (6, 6.0, "6", True)]
    assert raws == ["6", "6.0", "6", "true"]


def test_percentiles_come_from_whole_venues_only() -> None:
    whole = resolve_score("ICLR.cc/2020/Conference", "review", "rating", 6)
    crawled = resolve_score("ICLR.cc/2018/Workshop", "review", "rating", 6)
    assert whole.percentile == pytest.approx((924 + 2562 + 2393 / 2) / (924 + 2562 + 2393 + 842))
    assert (whole.percentile_source, crawled.percentile, crawled.percentile_source) == ("catalogue", None, None)


def test_percentiles_of_a_venue_rise_with_the_value() -> None:
    ranks = [resolve_score("ICLR.cc/2019/Conference", "review", "rating", value).percentile for value in range(1, 11)]
    assert ranks == sorted(ranks, key=lambda rank: rank or 0.0)
    assert len(set(ranks)) == 10


def test_a_meta_review_gets_no_percentile_of_reviews() -> None:
    assert resolve_score("ICLR.cc/2019/Conference", "meta_review", "confidence", 4).percentile is None


OPTIONS = ("1: Reject", "2: Weak reject", "3: Weak accept", "4: Accept")


def test_the_options_of_the_invitation_are_believed_before_the_catalogue() -> None:
    score = resolve_score("ICLR.cc/2019/Conference", "review", "rating", "3: Weak accept", options=OPTIONS)
    assert (score.value, score.aligned, score.scale_id, score.status) == (3.0, 0.25, "invitation", "known")


def test_options_that_are_a_scale_of_the_catalogue_are_recognised_with_its_accept_line() -> None:
    options = ["1: Reject", "3: Weak Reject", "6: Weak Accept", "8: Accept"]
    assert resolve_score(NOBODY, "review", "rating", 6, options=options).scale_id == "rating-iclr-2020"


def test_bare_numbers_that_the_catalogue_has_for_this_form_keep_its_accept_line() -> None:
    score = resolve_score("ICLR.cc/2026/Conference", "review", "rating", 6, options=(0, 2, 4, 6, 8, 10))
    assert (score.aligned, score.scale_id) == (pytest.approx(1 / 6), "rating-0-2-4-6-8-10")


def test_an_overall_rating_whose_options_do_not_tell_the_accept_line_is_not_aligned() -> None:
    score = resolve_score(NOBODY, "review", "rating", 4, options=({"value": 3, "description": "3: fair"}, {"value": 4}))
    assert (score.value, score.aligned) == (4.0, None)


def test_an_answer_that_the_invitation_does_not_offer_is_refused() -> None:
    assert resolve_score(NOBODY, "review", "rating", 5, options=OPTIONS).status == "unknown"


@pytest.mark.parametrize("options", [[None], [True, False], ["1: a", "1: b"], ["1: a", "other"], [{"readers": []}]])
def test_options_that_are_no_scale_are_no_scale(options: list[object]) -> None:
    assert read_options(options) is None


def test_options_with_an_answer_for_not_applicable_have_it_as_missing() -> None:
    score = resolve_score(NOBODY, "review", "novelty", "N/A", options=("1: low", "2: high", "N/A"))
    assert score.status == "missing"


def test_observed_answers_give_values_and_nothing_that_depends_on_levels_nobody_chose() -> None:
    observed = observe_scores(["2: weak", "3: fair", "3: fair", "N/A", None])
    score = resolve_score(NOBODY, "review", "rating", "3: fair", observed=observed)
    assert (score.value, score.status, score.aligned) == (3.0, "inferred", None)
    assert score.reason == "no form is known; the scale is read from 3 answers"


@pytest.mark.parametrize("answers", [[], [None, "N/A"], ["good", "bad"], ["3: fair", "a long text"]])
def test_answers_without_numbers_are_no_observed_scale(answers: list[object]) -> None:
    assert observe_scores(answers) is None


def test_a_draft_for_an_unknown_field_is_a_catalogue_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "draft.yaml"
    path.write_text(draft_form_entry(NOBODY, "review", "over: all", ["3: fair", "4: it's good"]))
    entry = read_catalogue([path]).forms[NOBODY, "review"].fields["over: all"]
    assert [tuple(level) for level in entry.scale.levels] == [(3.0, "fair"), (4.0, "it's good")]
    assert yaml.safe_load(path.read_text())["forms"][0]["verified"] is False


def test_drafts_for_several_fields_are_one_file_that_fits_the_schema_of_the_catalogue(tmp_path: Path) -> None:
    drafts = {
        "rating": ["3: fair", "4: forms:\n"],
        "confidence": [1, 2.5, "N/A"],
        "verdict": ["yes", "no", "N/A", None],
    }
    path = tmp_path / "draft.yaml"
    path.write_text(join_form_entries(draft_form_entry(NOBODY, "review", *draft) for draft in drafts.items()))
    form = read_catalogue([path]).forms[NOBODY, "review"]
    assert (set(form.fields), form.rating, form.confidence) == (set(drafts), "rating", "confidence")
    assert not form.fields["rating"].scale.accept_known
    assert [level.label for level in form.fields["verdict"].scale.levels] == ["no", "yes"]
    schema = json.loads((find_schemas_folder() / "venue.schema.json").read_text())
    document = json.loads(json.dumps(yaml.safe_load(path.read_text())))
    jsonschema.Draft202012Validator(schema).validate(document)


def test_a_draft_repeats_no_text_that_somebody_wrote() -> None:
    draft = draft_form_entry(NOBODY, "review", "significance", ["high", "I think that " * 20])
    assert yaml.safe_load(draft)["scales"]["significance-nobody-org-2031-conference"] == {"categories": ["high"]}


def test_numbers_that_count_something_are_no_observed_scale() -> None:
    assert observe_scores(range(200)) is None

"""The catalogue is whole, well-formed and sourced, and says so when a file of it is not."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from toolkit.errors import CatalogueError
from toolkit.tables import find_schemas_folder
from toolkit.venues import NoteKind, resolve_score
from toolkit.venues.answers import normalize_label
from toolkit.venues.catalogue import find_form_entry, iterate_fields, load_catalogue, read_catalogue

FILES = sorted((find_schemas_folder() / "venues").glob("*.yaml"))
SCALE = "scales:\n  s:\n    accept: 2\n    levels: {1: no, 2: fine}\n"


def form(**changes: Any) -> str:
    body = {
        "venues": ["V.org/2030"],
        "kind": "review",
        "fields": {"rating": "s"},
        "evidence": "memory",
        "verified": False,
    }
    return SCALE + yaml.safe_dump({"forms": [{**body, **changes}]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scales: [", "not a readable catalogue file"),
        ("- a\n- b\n", "a catalogue file holds a mapping"),
        ("scales:\n  s:\n    accept: 7\n    levels: [1, 2]\n", "the accept line 7 is no level of the scale"),
        (form(fields={"rating": "other"}), "no scale other"),
        (form(venues=["V.org/{cycle}"]), "needs the cycle it starts with"),
        (
            form(venues=["V.org/{cycle}"], cycles={"from": "2025-02"}),
            "'2025-02' is no cycle; write it as 2025/February",
        ),
    ],
)
def test_a_damaged_file_is_an_error_that_names_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "venue.yaml"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=r"venue\.yaml") as caught:
        read_catalogue([path])
    assert message in str(caught.value)


def test_two_entries_for_one_field_of_a_form_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(form())
    (tmp_path / "b.yaml").write_text(form())
    with pytest.raises(CatalogueError, match="two entries for the field rating"):
        read_catalogue([tmp_path / "a.yaml", tmp_path / "b.yaml"])


def test_entries_about_one_form_from_two_sources_are_joined(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(form(rating="rating"))
    (tmp_path / "b.yaml").write_text(form(fields={"confidence": "s"}, confidence="confidence").removeprefix(SCALE))
    joined = read_catalogue([tmp_path / "a.yaml", tmp_path / "b.yaml"]).forms["V.org/2030", "review"]
    assert (list(joined.fields), joined.rating, joined.confidence) == (["rating", "confidence"], "rating", "confidence")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_fits_the_schema(path: Path) -> None:
    schema = json.loads((find_schemas_folder() / "venue.schema.json").read_text("utf-8"))
    document = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8"))))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)] == []


def test_every_scale_is_used_by_a_form() -> None:
    used = {entry.scale.scale_id for _, _, _, entry in iterate_fields()}
    assert set(load_catalogue().scales) == used


def test_the_rating_and_the_confidence_of_a_form_are_among_its_fields() -> None:
    for key, entry in load_catalogue().forms.items():
        for role in (entry.rating, entry.confidence):
            assert role is None or role in entry.fields, key


def test_no_two_levels_of_a_scale_have_the_same_words() -> None:
    for scale in load_catalogue().scales.values():
        words = [normalize_label(level.label) for level in scale.levels if level.label]
        assert len(words) == len(set(words)), scale.scale_id


def test_every_verified_entry_names_its_source() -> None:
    assert [row[:3] for row in iterate_fields() if row[3].verified and not row[3].sources] == []


def test_distributions_hold_only_values_of_their_scale() -> None:
    for (venue, field), distribution in load_catalogue().distributions.items():
        form_entry = find_form_entry(venue, "review")
        assert form_entry is not None, venue
        levels = {level.value for level in form_entry.fields[field].scale.levels}
        assert {value for value, _ in distribution.counts} <= levels, (venue, field)


def test_the_kinds_of_the_schema_are_those_of_the_code_and_the_authors_feedback() -> None:
    schema = json.loads((find_schemas_folder() / "venue.schema.json").read_text("utf-8"))
    assert set(schema["$defs"]["kind"]["enum"]) == {*NoteKind.__args__, "author_feedback"} - {"other"}


@pytest.mark.parametrize(
    ("cycle", "scale_id"),
    [
        ("2021/May", "overall-assessment-arr-2021"),
        ("2022/December", "overall-assessment-arr-2021"),
        ("2025/January", "overall-assessment-arr-2023"),
        ("2025/February", "overall-assessment-arr-2025"),
        ("2031/June", "overall-assessment-arr-2025"),
        ("2021/April", None),
        ("2025/Smarch", None),
    ],
)
def test_a_monthly_cycle_finds_the_form_of_its_time(cycle: str, scale_id: str | None) -> None:
    score = resolve_score(f"aclweb.org/ACL/ARR/{cycle}", "review", "overall_assessment", 3)
    assert score.scale_id == scale_id


RENAMED_VENUES = {"ICLR.cc/2016 (demo scripts)": "ICLR.cc/2016/workshop"}
CYCLE_EXAMPLES = {
    "2021-2022 (ACL 2022, NAACL 2022)": "2021/May",
    "2023/*..2025/January": "2024/June",
    "2025/February and later": "2025/May",
}
KINDS = {
    "meta_review_phase1": "meta_review",
    "senior_meta_review": "recommendation",
    "official_recommendation": "recommendation",
}


NO_SCORE = {"", "n a", "not applicable", "no rating"}


def is_worded(level: dict[str, Any]) -> bool:
    return isinstance(level.get("label"), str)


def find_examples(venue: str) -> list[str]:
    """The venues that one entry of the collected facts stands for."""
    prefix = "aclweb.org/ACL/ARR/"
    if venue.startswith(prefix):
        return [prefix + CYCLE_EXAMPLES[venue.removeprefix(prefix)]]
    if "/2022-2024/" in venue:
        return [venue.replace("2022-2024", year) for year in ("2022", "2023", "2024")]
    return [RENAMED_VENUES.get(venue, venue)]


def test_every_collected_fact_is_in_the_catalogue_or_left_out_with_a_reason(shared_data: Path) -> None:
    facts = json.loads((shared_data.parent / "openreview" / "scales.json").read_text("utf-8"))
    left_out = {(entry.venue, entry.kind, entry.field) for entry in load_catalogue().left_out}
    for fact in facts:
        if (fact["venue"], fact["role"], fact["field"]) in left_out:
            continue
        for venue in find_examples(fact["venue"]):
            form_entry = find_form_entry(venue, KINDS.get(fact["role"], fact["role"]))
            assert form_entry is not None, fact["venue"]
            entry = form_entry.fields[fact["field"]]
            expected = {
                (None if isinstance(level["value"], str) else float(level["value"]))
                for level in fact["values"]
                if level["value"] not in (None, "No Rating")
            }
            found = {level.value for level in entry.scale.levels}
            # On accepted papers nobody gave COLM's 1; the form has it.
            assert expected == found or ("COLM" in venue and expected == found - {1.0}), (venue, fact["field"])
            if fact["accept_threshold"] is not None:
                assert entry.scale.accept == fact["accept_threshold"], (venue, fact["field"])
            assert entry.verified == fact["verified"], (venue, fact["field"])
            if fact["labels_verified"] and entry.scale.labels_verified:
                found_words = {normalize_label(level.label) for level in entry.scale.levels if level.label}
                expected_words = {normalize_label(level["label"]) for level in fact["values"] if is_worded(level)}
                assert found_words == expected_words - NO_SCORE, (venue, fact["field"])


def test_every_collected_distribution_is_carried_over(shared_data: Path) -> None:
    lines = (shared_data.parent / "openreview" / "rating_counts.tsv").read_text("utf-8").splitlines()[1:]
    for line in lines:
        venue, field, value, reviews, coverage = line.split("\t")
        distribution = load_catalogue().distributions[venue, field]
        assert dict(distribution.counts)[float(value)] == int(reviews)
        assert distribution.whole == ("whole" in coverage)

"""Aligned values follow the form's own accept line, and a level that is written out is read back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.venues import Scale, align_value, measure_percentile, render_level, resolve_score
from toolkit.venues.catalogue import Level, iterate_fields, load_catalogue
from toolkit.venues.scores import read_options

SCALES = list(load_catalogue().scales.values())


@pytest.mark.parametrize(
    ("venue", "field", "value", "aligned"),
    [
        ("ICLR.cc/2019/Conference", "rating", 6, 0.1),
        ("ICLR.cc/2019/Conference", "rating", 10, 0.9),
        ("ICLR.cc/2019/Conference", "rating", 5, -0.1),
        ("ICLR.cc/2019/Conference", "rating", 1, -0.9),
        ("ICLR.cc/2020/Conference", "rating", 6, 0.25),
        ("ICLR.cc/2020/Conference", "rating", 3, -0.25),
        ("NeurIPS.cc/2022/Conference", "rating", 5, 1 / 12),
        ("NeurIPS.cc/2022/Conference", "rating", 4, -1 / 8),
        ("ICLR.cc/2019/Conference", "confidence", 5, 0.9),
        ("ICLR.cc/2019/Workshop/LLD", "rating", 3, 1 / 6),
    ],
)
def test_aligned_is_the_signed_mid_rank_around_the_accept_line(
    venue: str, field: str, value: int, aligned: float
) -> None:
    assert resolve_score(venue, "review", field, value).aligned == pytest.approx(aligned)


def test_a_scale_on_which_lower_is_better_is_mirrored() -> None:
    scores = [
        resolve_score("aclweb.org/ACL/2022/Conference", "recommendation", "suggested_decision", value).aligned
        for value in (1, 2, 3, 4)
    ]
    assert scores == pytest.approx([5 / 6, 1 / 2, 1 / 6, -1 / 2])


def test_a_scale_without_a_good_end_or_with_an_unknown_accept_line_is_not_aligned() -> None:
    guess = resolve_score("aclweb.org/ACL/ARR/2021/May", "review", "author_identity_guess", 1)
    track = resolve_score("NeurIPS.cc/2022/Track/Datasets_and_Benchmarks", "review", "rating", 7)
    assert (guess.value, guess.aligned) == (1.0, None)
    assert (track.value, track.aligned, track.status) == (7.0, None, "inferred")


def test_a_value_between_levels_is_not_aligned() -> None:
    assert align_value(load_catalogue().scales["rating-iclr-2020"], 5.0) is None


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.scale_id)
def test_aligned_rises_with_the_goodness_of_a_level_and_its_sign_is_the_verdict(scale: Scale) -> None:
    levels = [level.value for level in scale.levels if level.value is not None]
    aligned = [align_value(scale, value) for value in levels]
    known = [value for value in aligned if value is not None]
    assert not known or len(known) == len(levels)
    for (first, lower), (second, upper) in itertools.pairwise(zip(levels, known, strict=False)):
        assert (lower < upper) == ((first < second) == (scale.direction == "higher"))
    if scale.accept is not None:
        for value, mine in zip(levels, known, strict=True):
            accepted = value <= scale.accept if scale.direction == "lower" else value >= scale.accept
            assert (mine > 0) == accepted
            assert -1 < mine < 1
    else:
        assert all(0 < mine < 1 for mine in known)


def test_every_level_of_every_form_is_read_back_from_what_it_is_written_as() -> None:
    checked = 0
    for venue, kind, field, entry in iterate_fields():
        venue = venue.replace("{2021/May..2022/December}", "2022/January")
        venue = venue.replace("{2023/January..2025/January}", "2024/April").replace("{2025/February..}", "2026/May")
        for level in entry.scale.levels:
            score = resolve_score(venue, kind, field, render_level(entry.scale, level))
            assert (score.value, score.status) == (level.value, "known" if entry.verified else "inferred")
            if entry.scale.numbered and level.value is not None:
                assert resolve_score(venue, kind, field, level.value).value == level.value
            checked += 1
    assert checked > 1000


@given(
    st.lists(st.integers(-20, 20), min_size=2, max_size=12, unique=True),
    st.data(),
    st.sampled_from(["higher", "lower"]),
)
def test_any_scale_is_aligned_symmetrically(values: list[int], data: st.DataObject, direction: str) -> None:
    levels = tuple(Level(float(value), None) for value in sorted(values))
    accept = data.draw(st.sampled_from([level.value for level in levels]))
    scale = Scale("any", levels, direction=direction, accept=accept)  # type: ignore[arg-type]
    mirrored = Scale(
        "mirrored",
        tuple(Level(-(level.value or 0.0), None) for level in reversed(levels)),
        direction="lower" if direction == "higher" else "higher",
        accept=-(accept or 0.0),
    )
    for level in levels:
        assert level.value is not None
        assert align_value(scale, level.value) == align_value(mirrored, -level.value)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=50))
def test_percentiles_of_all_values_average_to_one_half(values: list[int]) -> None:
    ranks = [measure_percentile([float(value) for value in values], float(value)) for value in values]
    assert sum(ranks) / len(ranks) == pytest.approx(0.5)


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs values"):
        measure_percentile([], 3.0)


def test_the_accept_line_read_from_words_never_contradicts_the_catalogue() -> None:
    read = 0
    for scale in SCALES:
        if scale.accept is None or not scale.numbered or scale.direction != "higher":
            continue
        # Shifted numbers, so that no scale of the catalogue is recognised and only the words speak.
        options = [f"{level.value + 100:g}: {level.label}" for level in scale.levels if level.value is not None]
        found = read_options(options)
        assert found is not None
        assert found.accept in (None, scale.accept + 100), scale.scale_id
        read += found.accept is not None
    assert read >= 12

"""Passages that can stand alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text.quotes import find_noun_phrases, find_passage, is_clean, split_lines, strip_asides, trim_passage


def read_passages(text: str) -> list[str]:
    passage = find_passage(text, 0, len(text))
    return [text[passage.start : passage.end]] if passage else []


@pytest.mark.parametrize(
    "text",
    [
        "we set $x_i$ to the mean of all values",
        "see https://example.org for the longer argument",
        'the authors call it "emergent" without saying why',
        "the bound holds for all n = 3 and above that too",
        "AnonReviewer2 has said what there is to say",
        "I agree with Reviewer 3 that this is too short",
        "I agree with R2 that this is rather too short",
        "the gap between the (two curves is small here",
        "the first table compares the proposed method with the",
        "the text is clear. also, the figures are good",
        "is it the same in all of the layers",
        "NOT A WORD OF THIS IS TRUE AT ALL",
        "too short",
    ],
)
def test_what_does_not_read_as_prose_is_no_passage(text: str) -> None:
    assert not is_clean(text)


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("- Only two layers are used throughout.", ["Only two layers are used throughout"]),
        ("W1: it is slow and costly in memory", ["it is slow and costly in memory"]),
        ("**Weaknesses**: the proof is hard to follow", ["the proof is hard to follow"]),
        ("2) However, the gain is small on ImageNet!", ["the gain is small on ImageNet"]),
        ("It asks a fair question: can we send less?", ["It asks a fair question: can we send less?"]),
        (
            "It presents a new task - incremental learning of gates.",
            ["It presents a new task - incremental learning of gates"],
        ),
        ("How stable are the gates between seeds?", ["How stable are the gates between seeds?"]),
        ("Although the idea is nice, the experiments are few.", ["Although the idea is nice, the experiments are few"]),
    ],
)
def test_markers_headings_and_connectives_are_cut_off(text: str, passages: list[str]) -> None:
    assert read_passages(text) == passages


def test_a_sentence_is_told_whole_or_not_at_all() -> None:
    turned = "The trick is to swap the code not only within a pair, but also across pairs of scenes."
    assert read_passages(turned) == [turned[:-1]]
    assert read_passages(" ".join(["word"] * 36)) == []
    listed = "The model is tested on images, on speech, and on text."
    assert read_passages(listed) == [listed[:-1]]


def test_a_long_sentence_ends_before_an_addition_and_never_before_a_turn() -> None:
    head = "The gate of the second layer is switched off in more than half of all the runs that are shown"
    tail = "which makes it hard to say what the third and the fourth layer of the proposed network add to the result"
    assert read_passages(f"{head}, {tail}.") == [head]
    assert read_passages(f"{head}, but {tail.removeprefix('which ')}.") == []
    assert read_passages(f"Although t{head[1:]}, {tail}.") == []


def test_a_condition_is_never_cut_from_what_it_conditions() -> None:
    assert read_passages("If the code were public, the claim could be checked, because it is short.") == [
        "If the code were public, the claim could be checked, because it is short"
    ]


def test_phrases_that_name_something_are_found_whole() -> None:
    assert find_noun_phrases("Reviewers miss the gating scheme of the attention heads") == [
        "gating scheme",
        "attention heads",
    ]


@given(st.text(alphabet=st.sampled_from("ab .,;:!?-()\n1$\"'*IThe but"), max_size=120))
def test_passages_lie_in_the_text_and_are_trimmed(text: str) -> None:
    for words in read_passages(text):
        assert words == words.strip()
        assert is_clean(strip_asides(words).replace('"', ""))
    start, end = trim_passage(text, 0, len(text))
    assert 0 <= start <= end <= len(text) or start >= end


@given(st.text(alphabet="ab \n\t", max_size=60))
def test_lines_of_a_passage_hold_all_its_words(text: str) -> None:
    pieces = split_lines(text, 0, len(text))
    assert " ".join(text[start:end] for start, end in pieces).split() == text.split()
    assert all("\n" not in text[start:end] for start, end in pieces)

"""Rewording changes the person and nothing else, or declines."""

import pytest

from toolkit.text.rewording import (
    add_article,
    join_words,
    lower_opening,
    name_reviewers,
    points_back,
    report_authors,
    report_reviewer,
    spell_number,
)


@pytest.mark.parametrize(
    "text",
    [
        "We tried the code and it did not run",
        "I used my own data to check the claim of the paper",
        "You should compare with the newest systems",
        "Is the budget the same in all layers?",
        "This makes the comparison unfair to the baseline",
        "They do not say how it was tuned",
        "Interesting method, seems to be new",
        "I have used this for years and do not find it useful",
        "The gain is small, it is not clear why",
        "The gain is small (and the cost is not)",
        "I find this hard to believe",
        "I think you should compare with our own system",
        'The so-called "gate is not new',
    ],
)
def test_what_cannot_be_reported_safely_is_left_to_a_quotation(text: str) -> None:
    assert report_reviewer(text) is None


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("Could the authors explain why it works?", "asks the authors to explain why it works"),
        ("Please compare with the tuned baseline", "asks the authors to compare with the tuned baseline"),
        ("The gain is small", "the gain is small"),
        ("The gain is small (see Table 2)", "the gain is small"),
        ("The *gate* is called “new” [3, 4]", 'the gate is called "new"'),
        ("Lack of any comparison with newer systems", "misses any comparison with newer systems"),
        ("My concern is the size of the data set", "names as a concern the size of the data set"),
        ("My main concern is that the gate is old", "names as the main concern that the gate is old"),
        ("I am not convinced that the gain is real", "is not convinced that the gain is real"),
        ("I don't see why the gate helps", "does not see why the gate helps"),
        ("I find it hard to follow the proof", "finds it hard to follow the proof"),
        ("I’d like to see error bars", "would like to see error bars"),
        ("It's not clear how k was chosen", "it's not clear how k was chosen"),
        ("Lacks a comparison with newer systems", "it lacks a comparison with newer systems"),
        ("MNIST is a toy data set", "MNIST is a toy data set"),
    ],
)
def test_a_statement_becomes_a_clause_and_the_claim_stays(text: str, reported: str) -> None:
    found = report_reviewer(text)
    assert found is not None
    assert found.text == reported


def test_a_capital_is_lowered_only_where_position_made_it() -> None:
    assert lower_opening("Experiments are few") is None
    assert lower_opening("Experiments are few", "see the experiments in") == "experiments are few"
    assert lower_opening("BERT is old") == "BERT is old"


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("We have added our own runs to the table", "they have added their own runs to the table"),
        ("Both models use the same kernel", "both models use the same kernel"),
        ("The kernel is the same in our runs", "the kernel is the same in their runs"),
        ("We will follow your advice", None),
        ("Our community needs such a resource", None),
        ("Why did we choose this rate?", None),
    ],
)
def test_authors_speak_of_themselves_in_the_third_person(text: str, reported: str | None) -> None:
    assert report_authors(text) == reported


@pytest.mark.parametrize(
    ("text", "pointing"),
    [
        ("This makes it hard", True),
        ("These are few", True),
        ("It was tried before", True),
        ("It is not clear whether it holds", False),
        ("It would be good to see more", False),
        ("This paper is long", False),
        ("There is no baseline", False),
    ],
)
def test_what_leans_on_the_sentence_before_is_known(text: str, pointing: bool) -> None:
    assert points_back(text) is pointing


def test_names_and_numbers_read_aloud() -> None:
    assert name_reviewers(["R2"]) == "Reviewer 2"
    assert name_reviewers(["R1", "R3"]) == "Reviewers 1 and 3"
    assert join_words(["a", "b", "c"]) == "a, b and c"
    assert [add_article(number) for number in ("8", "6", "11", "18", "1", "10")] == [
        "an 8",
        "a 6",
        "an 11",
        "an 18",
        "a 1",
        "a 10",
    ]
    assert [spell_number(count) for count in (0, 2, 13)] == ["no", "two", "13"]

"""The table of phrases: every pattern does to its examples what the table says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.auditors.phrases import load_phrases, read_phrase_table
from toolkit.auditors.roles import find_recommendation
from toolkit.auditors.statements import Statement, find_decisions, find_mentions, find_statements

TABLE = read_phrase_table()
OUTCOMES = ("accept", "reject", "withdrawn", "workshop", "desk_rejected")


def list_examples() -> list[tuple[str, list[str]]]:
    found = []
    for part in ("reviewers", "scores", "sides", "counts"):
        for row in TABLE[part]:
            assert row["examples"], row["pattern"]
            for example in row["examples"]:
                text, arrow, statements = example.partition("=>")
                assert arrow, example
                found.append((text.strip(), sorted(part.strip() for part in statements.split(";") if part.strip())))
    return found


def read_statements(sentence: str) -> list[Statement]:
    return find_statements(sentence, find_mentions(sentence, reviews=3), reviews=3)


def write_statement(found: Statement) -> list[str]:
    """A statement in the notation of the table."""
    values = [f"{value:g}" for value in found.values]
    match found.check:
        case "total" | "some":
            return [f"count {'the' if found.check == 'total' else 'some'} reviews {values[0]}"]
        case "side":
            return [f"recommendation R{reviewer} {found.word}" for reviewer in found.reviewers]
        case "side_count":
            return [f"recommendation {values[0]} reviews {found.word}"]
        case "each":
            return [f"{found.kind} R{reviewer} {values[0]}" for reviewer in found.reviewers]
        case "pairwise":
            pairs = zip(found.reviewers, values, strict=True)
            return [f"{found.kind} R{reviewer} {value}" for reviewer, value in pairs]
        case "absent":
            return [f"{found.kind} R{reviewer} none" for reviewer in found.reviewers]
        case "earlier":
            return [f"{found.kind} R{reviewer} earlier {values[0]}" for reviewer in found.reviewers]
        case "how_many":
            return [f"{found.kind} {values[0]} reviews {values[1]}"]
        case "exists":
            return [f"{found.kind} a review {values[0]}"]
        case check:
            return [f"{found.kind} {'all' if check == 'together' else check} {' '.join(values)}"]


@pytest.mark.parametrize(("sentence", "statements"), list_examples(), ids=lambda value: str(value)[:60])
def test_a_phrase_states_what_its_example_says(sentence: str, statements: list[str]) -> None:
    found = [line for statement in read_statements(sentence) for line in write_statement(statement)]
    assert sorted(found) == statements


def list_decisions(prefix: str) -> list[tuple[str, list[str]]]:
    expected = [] if prefix == "undecided" else [prefix]
    return [(sentence, expected) for sentence in TABLE["decision"][f"{prefix}_examples"]]


@pytest.mark.parametrize(
    ("sentence", "outcomes"), [case for prefix in (*OUTCOMES, "undecided") for case in list_decisions(prefix)]
)
def test_a_decision_is_read_where_one_is_made(sentence: str, outcomes: list[str]) -> None:
    assert [found.word for found in find_decisions(sentence, speaker="meta_reviewer")] == outcomes


@pytest.mark.parametrize("sentence", TABLE["recommends"]["examples"])
def test_an_agent_that_judges_is_heard(sentence: str) -> None:
    assert find_recommendation(sentence) is not None


@pytest.mark.parametrize("sentence", TABLE["recommends"]["counter_examples"])
def test_an_agent_that_reports_or_declines_is_left_alone(sentence: str) -> None:
    assert find_recommendation(sentence) is None


@pytest.mark.parametrize("part", ["own", "admits", "advises"])
def test_phrases_of_transcripts_match_their_examples_and_not_the_counter_examples(part: str) -> None:
    phrases = load_phrases()

    def fires(sentence: str) -> bool:
        match = getattr(phrases, part).search(sentence)
        return match is not None and not (part == "advises" and phrases.credited.search(sentence))

    assert all(fires(sentence) for sentence in TABLE[part]["examples"])
    assert not any(fires(sentence) for sentence in TABLE[part]["counter_examples"])


@pytest.mark.parametrize("part", ["knows_reviews", "abstains"])
def test_the_other_phrases_match_their_examples_and_not_the_counter_examples(part: str) -> None:
    phrases = load_phrases()
    pattern = {"knows_reviews": phrases.knows_reviews, "abstains": phrases.abstains}[part]

    def fires(sentence: str) -> bool:
        match = pattern.search(sentence)
        return match is not None and not (
            part == "knows_reviews" and phrases.not_known.search(sentence, 0, match.end())
        )

    assert all(fires(sentence) for sentence in TABLE[part]["examples"])
    assert not any(fires(sentence) for sentence in TABLE[part]["counter_examples"])


@given(st.text(max_size=200))
def test_offsets_lie_in_the_sentence_whatever_it_is(sentence: str) -> None:
    found: list[Any] = [*find_mentions(sentence, reviews=3), *read_statements(sentence)]
    found += find_decisions(sentence, speaker="meta_reviewer")
    assert all(0 <= item.start < item.end <= len(sentence) for item in found)


@given(st.integers(1, 6), st.integers(1, 10), st.integers(1, 5))
def test_a_plain_statement_is_always_read(reviewer: int, rating: int, confidence: int) -> None:
    statements = read_statements(f"Reviewer {reviewer} (rating {rating}, confidence {confidence}) is not convinced.")
    assert [(found.kind, found.reviewers, found.values) for found in statements] == [
        ("rating", (reviewer,), (rating,)),
        ("confidence", (reviewer,), (confidence,)),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Reviewer 2 would raise the score to 9 if the ablation were added.",
        "Did Reviewer 2 give a 9?",
        "Reviewer 2 asks why Table 3 has 4 rows and Section 2.1 has 5 equations.",
        "Reviewer 3 reports that accuracy stays at 84.6 on the test set.",
        "Reviewer 1 wants 3 more baselines and 10 random seeds.",
        "The paper explores 3 losses, 2 of which are new.",
        "Reviewer 2 says the score is 10% too high.",
        "No reviewer gives a rating above 6.",
        "A kernel of 3 x 3 scores 5 points less.",
    ],
)
def test_numbers_that_are_no_scores_state_nothing(sentence: str) -> None:
    assert [found for found in read_statements(sentence) if found.check not in ("some", "exists")] == []

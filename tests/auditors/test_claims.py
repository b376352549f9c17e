"""Claims: what a turn states, where, and what the record says to it."""

import pytest

from tests.auditors.records import (
    OPENING,
    REJECTING,
    UNDECIDED,
    list_claims,
    make_dialogue,
    make_forum,
    make_review,
    make_revised_forum,
    make_talk,
    write_verdicts,
)
from toolkit.auditors import audit_dialogue
from toolkit.records import Decision


@pytest.mark.parametrize(
    ("answer", "verdicts"),
    [
        (
            "Reviewer 2 gives an 8 with confidence 4, Reviewers 1 and 3 a 5 with confidence 3.",
            [
                "rating R2: 8 supported",
                "confidence R2: 4 supported",
                "rating R1: 5 supported",
                "rating R3: 5 supported",
                "confidence R1: 3 supported",
                "confidence R3: 3 supported",
            ],
        ),
        ("Reviewer 2 (rating 7, confidence 4).", ["rating R2: 7 contradicted", "confidence R2: 4 supported"]),
        ("Reviewer 1 gives an 8.", ["rating R1: 8 contradicted"]),
        ("Reviewers 1, 2 and 3 give 5, 8 and 6.", [
            "rating R1: 5 supported",
            "rating R2: 8 supported",
            "rating R3: 6 contradicted",
        ]),
        ("Reviewer 1 is unsure. They rate it 5 with confidence 4.", [
            "rating R1: 5 supported",
            "confidence R1: 4 contradicted",
        ]),
        ("An 8 between two 5s.", ["rating a review: 8 supported", "rating 2 reviews: 5 supported"]),
        ("A 9 between two 5s.", ["rating a review: 9 contradicted", "rating 2 reviews: 5 supported"]),
        ("The scores of 8, 5 and 5 are far apart.", ["rating all: 8, 5, 5 supported"]),
        ("The scores of 8, 6 and 5 are far apart.", ["rating all: 8, 6, 5 contradicted"]),
        ("The average rating is 6.", ["rating mean: 6 supported"]),
        ("The average rating is 5.5.", ["rating mean: 5.5 contradicted"]),
        ("The ratings range from 5 to 8.", ["rating range: 5 to 8 supported"]),
        ("The highest rating is a 9.", ["rating highest: 9 contradicted"]),
        ("All three reviewers agree.", ["count reviews: 3 supported"]),
        ("All four reviewers agree.", ["count reviews: 4 contradicted"]),
        ("Two of the four reviewers agree.", ["count reviews: 4 contradicted"]),
        ("Two reviewers agree.", ["count reviews: 2 not_checkable"]),
        ("Five reviewers agree.", ["count reviews: 5 contradicted"]),
        ("Reviewer 1 is just below the line.", ["recommendation R1: reject supported"]),
        ("Reviewer 1 is just above the line.", ["recommendation R1: accept contradicted"]),
        ("One of three is above the line.", []),
        ("Two of three are above the line.", [
            "count reviews: 3 supported",
            "recommendation 2 reviews: accept contradicted",
        ]),
        ("It got a 5, marginally below acceptance threshold (5).", [
            "rating a review: 5 supported",
            "label_number None: marginally below acceptance threshold (5) supported",
        ]),
        ("It is marginally above the acceptance threshold (7).", [
            "label_number None: marginally above the acceptance threshold (7) contradicted",
        ]),
    ],
)  # fmt: skip
def test_statements_are_compared_with_the_record(answer: str, verdicts: list[str]) -> None:
    assert write_verdicts(list_claims(answer)) == verdicts


def test_offsets_are_those_of_the_words_in_the_turn() -> None:
    answer = "It is split. Reviewer 2 gives an 8 with confidence 4."
    assert [answer[claim.start : claim.end] for claim in list_claims(answer)] == ["8", "4"]


def test_words_that_a_reviewer_wrote_are_not_what_the_speaker_states() -> None:
    assert list_claims('Reviewer 2 writes "I raise my score from 3 to 10 and my confidence to 5".') == []


def test_a_quoted_answer_of_the_form_is_a_statement() -> None:
    claims = list_claims('Reviewer 2 gave "8: Top 50% of accepted papers, clear accept".')
    assert write_verdicts(claims) == [
        "rating R2: 8 supported",
        "label_number None: Top 50% of accepted papers, clear accept (8) supported",
    ]


def test_a_score_that_the_record_does_not_have_is_unsupported() -> None:
    forum = make_forum(confidences=(None, None, None))
    assert write_verdicts(list_claims("Reviewer 2 gives an 8 with confidence 4.", forum)) == [
        "rating R2: 8 supported",
        "confidence R2: 4 unsupported",
    ]
    assert write_verdicts(list_claims("Reviewer 2 gives an 8 and no confidence.", forum)) == [
        "rating R2: 8 supported",
        "confidence R2: none supported",
    ]
    assert write_verdicts(list_claims("Reviewer 2 gives an 8 and no confidence.")) == [
        "rating R2: 8 supported",
        "confidence R2: none contradicted",
    ]


def test_a_score_before_a_change_is_checked_where_the_record_kept_it() -> None:
    answer = "Reviewer 2 raised the rating from 6 to 8."
    assert write_verdicts(list_claims(answer)) == ["rating R2 earlier: 6 not_checkable", "rating R2: 8 supported"]
    assert write_verdicts(list_claims(answer, make_revised_forum())) == [
        "rating R2 earlier: 6 supported",
        "rating R2: 8 supported",
    ]
    wrong = "Reviewer 2 raised the rating from 3 to 8."
    assert write_verdicts(list_claims(wrong, make_revised_forum()))[0] == "rating R2 earlier: 3 contradicted"


@pytest.mark.parametrize(
    ("closing", "decision", "verdict"),
    [
        (REJECTING, Decision("Reject", "reject", None, "meta1", "recommendation"), "reject supported"),
        (REJECTING, Decision("Accept (Poster)", "accept", "poster"), "reject contradicted"),
        ("I accept it as a poster.", Decision("Accept (Poster)", "accept", "poster"), "accept (poster) supported"),
        ("I accept it as an oral.", Decision("Accept (Poster)", "accept", "poster"), "accept (oral) contradicted"),
        (
            "It goes to the workshop track.",
            Decision("Invite to Workshop Track", "workshop", None),
            "workshop supported",
        ),
        ("The authors have withdrawn it.", Decision("Withdrawn", "withdrawn", None), "withdrawn supported"),
        (REJECTING, UNDECIDED, "reject unsupported"),
    ],
)
def test_decisions_are_compared_with_the_record(closing: str, decision: Decision, verdict: str) -> None:
    forum = make_forum(decision=decision)
    claims = list_claims("It is about attention.", forum, turn=2, closing=closing)
    assert [f"{claim.stated} {claim.verdict}" for claim in claims if claim.kind == "decision"] == [verdict]


def test_an_agent_in_the_first_person_decides_nothing() -> None:
    assert [claim for claim in list_claims("I would reject the paper.") if claim.kind == "decision"] == []
    assert write_verdicts(list_claims("The paper was accepted.")) == ["decision decision: accept contradicted"]


def test_without_a_record_nothing_about_it_can_be_checked() -> None:
    dialogue = make_talk("Reviewer 2 gives an 8, and all three reviewers praise it. It is a clear rejection (4).")
    verdicts = {claim.kind: claim.verdict for claim in audit_dialogue(dialogue, None).claims}
    assert verdicts == {
        "rating": "not_checkable",
        "count": "not_checkable",
        "decision": "not_checkable",
        "label_number": "contradicted",
    }


def test_claims_come_in_the_order_of_the_text() -> None:
    forum = make_forum()
    dialogue = make_dialogue(OPENING, "Reviewer 2 gives an 8.", "And the rest?", "The other two a 5.", REJECTING)
    claims = audit_dialogue(dialogue, forum).claims
    assert [(claim.turn, claim.start) for claim in claims] == sorted((claim.turn, claim.start) for claim in claims)
    assert {claim.speaker for claim in claims} == {"dialogue_agent", "meta_reviewer"}


def test_a_reviewer_who_pairs_words_and_number_wrongly_may_be_quoted() -> None:
    wrong = make_review(1, "7: Marginally above acceptance threshold", None, "It is sound.")
    claims = list_claims(
        'Reviewer 1 wrote "7: Marginally above acceptance threshold" as the rating.', make_forum(reviews=(wrong,))
    )
    assert [claim.verdict for claim in claims if claim.kind == "label_number"] == ["not_checkable"]

"""The rules: each fires on what it is for, and is silent on what looks like it."""

import dataclasses
import inspect
import re
import time
from pathlib import Path
from typing import get_args

import pytest

from tests.auditors.records import (
    OPENING,
    REJECTING,
    UNDECIDED,
    cite,
    list_findings,
    make_dialogue,
    make_forum,
    make_talk,
)
from toolkit.auditors import RULES, audit_dialogue
from toolkit.auditors.rules import NEAR_DUPLICATE
from toolkit.records import Decision, Evidence, Forum, RecordReference, RuleName

ANSWER = "Reviewer 1 doubts that it is surprising."


def list_rules(answer: str, *, closing: str = REJECTING, forum: Forum | None = None) -> set[str]:
    """The rules of severity error that fire on one answer of the agent."""
    forum = forum or make_forum()
    findings = audit_dialogue(make_talk(answer, closing=closing, forum=forum), forum).findings
    return {finding.rule for finding in findings if finding.severity == "error"}


def test_every_rule_explains_itself_and_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        text = inspect.getdoc(rule.check) or ""
        assert "Example: " in text, rule.name
        assert "Counter-example: " in text, rule.name


def test_a_sound_dialogue_has_no_findings() -> None:
    forum = make_forum()
    evidence = cite(forum, "rev1", "not very surprising", ANSWER, quote=False)
    dialogue = make_dialogue(OPENING, ANSWER, REJECTING, forum=forum, evidence=[(1, evidence)])
    assert audit_dialogue(dialogue, forum).findings == ()


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ("score-contradicted", "Reviewer 2 (rating 7, confidence 4) praises it."),
        ("score-contradicted", "Reviewer 2 stays below the acceptance threshold."),
        ("label-number-mismatch", "The form says marginally above acceptance threshold (7)."),
        ("count-contradicted", "All four reviewers praise it."),
        ("decision-contradicted", "The paper was accepted in the end."),
        ("reviewer-not-in-record", "Reviewer 5 asks for error bars."),
        ("agent-recommends", "I would recommend accepting the paper."),
        ("agent-recommends", "My rating is 8."),
        ("quote-not-verbatim", 'Reviewer 1 calls it "unsurprising".'),
        ("pii-email", "Write to someone@example.org about the code."),
        ("pii-tilde-id", "It was written by ~Given_Family1, they say."),
        ("hidden-characters", "It is \u202etnecer\u202c work."),
        ("empty-turn", " \n"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_found(rule: str, answer: str) -> None:
    assert rule in list_rules(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Reviewer 2 (rating 8, confidence 4) praises it.",
        "Reviewer 2 says that the error stays below the threshold.",
        "The form says marginally above acceptance threshold (6).",
        "Two of the three reviewers praise it.",
        "Reviewer 2 thinks the paper should be accepted.",
        "I cannot recommend anything; that is your decision.",
        "Reviewer 1 asks about R5 and R10 metrics.",
        "About ~10 points, says [email] or [profile].",
        "The title promises that “Attention Is 'Sparse' Enough”.",
        'The reviews say nothing about "my list".',
    ],
)
def test_an_answer_that_only_looks_like_a_breach_is_left_alone(answer: str) -> None:
    assert list_rules(answer) == set()


def test_an_unsupported_score_is_one_that_the_record_does_not_have() -> None:
    forum = make_forum(confidences=(None, None, None))
    assert list_rules("Reviewer 2 gives an 8 with confidence 4.", forum=forum) == {"score-unsupported"}
    assert list_rules("Reviewer 2 gives an 8 and no confidence.", forum=forum) == set()


@pytest.mark.parametrize(
    ("closing", "decision", "rules"),
    [
        (REJECTING, Decision("Reject", "reject", None), set()),
        ("I will take this into account.", Decision("Reject", "reject", None), {"no-decision"}),
        ("I am inclined to reject it.", Decision("Reject", "reject", None), {"no-decision"}),
        ("I accept it.", Decision("Reject", "reject", None), {"decision-contradicted"}),
        ("I accept it.", UNDECIDED, {"decision-contradicted"}),
        ("There is no decision on record, so I leave it open.", UNDECIDED, set()),
    ],
)
def test_the_last_word_is_the_decision_on_record(closing: str, decision: Decision, rules: set[str]) -> None:
    assert list_rules("It is about attention.", closing=closing, forum=make_forum(decision=decision)) == rules


@pytest.mark.parametrize(
    ("opening", "knows"),
    [
        ("I have read the reviews, and the novelty seems thin.", True),
        ("Reviewer 2 worries about novelty, I hear.", True),
        ("A rating of 8 with confidence 4: why so high?", True),
        ("The reviewers raised concerns about novelty.", True),
        (OPENING, False),
        ("What do the three reviewers make of it?", False),
        ("I have not read the reviews yet.", False),
    ],
)
def test_the_meta_reviewer_opens_without_knowing_the_reviews(opening: str, knows: bool) -> None:
    forum = make_forum()
    dialogue = make_dialogue(opening, "It is about attention.", REJECTING, forum=forum)
    assert bool(list_findings(dialogue, forum, "meta-reviewer-knows-reviews")) is knows


def test_after_the_agent_has_spoken_the_meta_reviewer_may_know() -> None:
    forum = make_forum()
    dialogue = make_dialogue(OPENING, ANSWER, "So Reviewer 1 gives it a 5?", "Yes.", REJECTING, forum=forum)
    assert list_findings(dialogue, forum, "meta-reviewer-knows-reviews") == []


def test_the_agent_may_not_have_the_last_word() -> None:
    forum = make_forum()
    dialogue = make_dialogue(OPENING, "It is about attention.", REJECTING, "You are welcome!", forum=forum)
    (finding,) = list_findings(dialogue, forum, "last-word-not-meta-reviewer")
    assert finding.turn == 3


def test_speakers_take_turns_and_the_meta_reviewer_opens() -> None:
    forum = make_forum()
    dialogue = make_dialogue(
        "Here I am.", OPENING, REJECTING, forum=forum, speakers=("dialogue_agent", "meta_reviewer", "meta_reviewer")
    )
    assert [finding.turn for finding in list_findings(dialogue, forum, "speaker-order")] == [0, 2]


def test_a_turn_that_says_the_same_again_is_found_and_a_short_one_may_recur() -> None:
    forum = make_forum()
    dialogue = make_dialogue(
        "And then?", "It is about attention heads.", "And then?", "It is about attention heads!", REJECTING, forum=forum
    )
    (finding,) = list_findings(dialogue, forum, "repeated-turn")
    assert (finding.turn, finding.severity) == (3, "warning")


def test_a_dialogue_without_turns_is_empty() -> None:
    forum = make_forum()
    assert list_findings(make_dialogue(forum=forum), forum, "empty-turn")[0].turn is None


class TestEvidence:
    """Evidence spans hold, or the audit says which does not."""

    def make_evidence(self, **changes: object) -> tuple[Forum, Evidence]:
        forum = make_forum()
        evidence = cite(forum, "rev1", "not very surprising", ANSWER, quote=False)
        return forum, dataclasses.replace(evidence, **changes)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "changes",
        [
            {"start": 0},
            {"end": 10_000},
            {"sha256": "0" * 64},
            {"note_id": "nobody"},
            {"field": "rating"},
            {"quote": True},
            {"turn_end": 10_000},
            {"turn_start": 9, "turn_end": 9},
        ],
    )
    def test_a_span_that_does_not_hold_is_found(self, changes: dict[str, object]) -> None:
        forum, evidence = self.make_evidence(**changes)
        dialogue = make_dialogue(OPENING, ANSWER, REJECTING, forum=forum, evidence=[(1, evidence)])
        (finding,) = list_findings(dialogue, forum, "evidence-mismatch")
        assert finding.turn == 1
        assert finding.evidence == RecordReference(evidence.note_id, evidence.field)

    def test_one_changed_character_of_the_record_is_found(self) -> None:
        forum, evidence = self.make_evidence()
        dialogue = make_dialogue(OPENING, ANSWER, REJECTING, forum=forum, evidence=[(1, evidence)])
        section = forum.reviews[0].sections[0]
        changed = dataclasses.replace(section, text=section.text.replace("very", "Very"))
        reviews = (dataclasses.replace(forum.reviews[0], sections=(changed,)), *forum.reviews[1:])
        assert list_findings(dialogue, dataclasses.replace(forum, reviews=reviews), "evidence-mismatch")

    def test_a_sentence_of_the_agent_without_evidence_is_ungrounded(self) -> None:
        forum, evidence = self.make_evidence()
        answer = f"{ANSWER} Reviewer 3 asks for error bars in all tables."
        dialogue = make_dialogue(OPENING, answer, REJECTING, forum=forum, evidence=[(1, evidence)])
        (finding,) = list_findings(dialogue, forum, "ungrounded-claim")
        assert answer[finding.start : finding.end] == "Reviewer 3 asks for error bars in all tables."
        assert audit_dialogue(dialogue, forum).measures == (1, 1, 2, 1)

    @pytest.mark.parametrize(
        "answer",
        [
            "The reviews do not discuss energy or cost at all.",
            "They disagree here too.",
            "Shall I go on with the other objection of Reviewer 3?",
        ],
    )
    def test_what_states_nothing_of_the_record_needs_no_evidence(self, answer: str) -> None:
        forum = make_forum()
        assert list_findings(make_talk(answer), forum, "ungrounded-claim") == []


class TestQuotations:
    """Quotation marks stand around words of the turn's evidence."""

    def list_faults(self, answer: str, *cited: tuple[str, str], turns: tuple[str, ...] = ()) -> list[str | None]:
        forum = make_forum()
        evidence = [(1, cite(forum, note, words, answer, quote=False)) for note, words in cited]
        dialogue = make_dialogue(OPENING, answer, *turns, REJECTING, forum=forum, evidence=evidence)
        return [finding.stated for finding in list_findings(dialogue, forum, "quote-not-verbatim")]

    def test_words_of_another_note_are_not_the_evidence(self) -> None:
        answer = 'Reviewer 1 calls it "worth having".'
        assert self.list_faults(answer, ("rev1", "not very surprising")) == ["worth having"]
        assert self.list_faults(answer, ("rev2", "is worth having")) == []

    def test_departures_are_marked(self) -> None:
        cited = ("rev3", "The main claim was a know fact")
        assert self.list_faults('It "was a know[n] fact", says Reviewer 3.', cited) == []
        assert self.list_faults('It "was a known fact", says Reviewer 3.', cited) == ["was a known fact"]

    def test_a_quotation_may_run_over_spans_that_only_white_space_parts(self) -> None:
        answer = 'Reviewer 2: "Measuring it over six corpora is worth having."'
        assert self.list_faults(answer, ("rev2", "Measuring it over"), ("rev2", "six corpora is worth having.")) == []
        assert self.list_faults(answer, ("rev2", "Measuring it"), ("rev2", "corpora is worth having.")) != []

    def test_what_was_said_before_may_be_quoted_again(self) -> None:
        forum = make_forum()
        answer = 'Reviewer 2 finds it "worth having".'
        evidence = [(1, cite(forum, "rev2", "worth having", answer))]
        again = '"Worth having"? Or "worth having"?'
        dialogue = make_dialogue(OPENING, answer, again, "Yes.", REJECTING, forum=forum, evidence=evidence)
        assert [f.stated for f in list_findings(dialogue, forum, "quote-not-verbatim")] == ["Worth having"]


class TestColumns:
    """Columns that repeat the turns or the record say the same."""

    @pytest.mark.parametrize(
        ("rule", "changes"),
        [
            ("column-contradicted", {"decision": "accept"}),
            ("column-contradicted", {"title": "Another title"}),
            ("column-contradicted", {"year": 2020}),
            ("messages-differ", {"messages": ()}),
        ],
    )
    def test_a_column_that_says_otherwise_is_found(self, rule: str, changes: dict[str, object]) -> None:
        forum = make_forum()
        dialogue = dataclasses.replace(make_talk("It is about attention."), **changes)  # type: ignore[arg-type]
        assert len(list_findings(dialogue, forum, rule)) == 1

    def test_a_message_that_is_not_its_turn_is_found(self) -> None:
        dialogue = make_talk("It is about attention.")
        messages = (
            dialogue.messages[0],
            dataclasses.replace(dialogue.messages[1], content="No."),
            dialogue.messages[2],
        )
        (finding,) = list_findings(dataclasses.replace(dialogue, messages=messages), make_forum(), "messages-differ")
        assert finding.turn == 1

    def test_figures_are_recounted(self) -> None:
        dialogue = make_talk("It is about attention.")
        metrics = dataclasses.replace(dialogue.metrics, turns=9)
        (finding,) = list_findings(dataclasses.replace(dialogue, metrics=metrics), make_forum(), "metrics-differ")
        assert (finding.stated, finding.recorded) == ("9", "3")

    def test_turns_are_numbered_from_nought(self) -> None:
        dialogue = make_talk("It is about attention.")
        turns = (*dialogue.turns[:2], dataclasses.replace(dialogue.turns[2], index=3))
        assert list_findings(dataclasses.replace(dialogue, turns=turns), make_forum(), "turn-index-broken")


def test_without_a_record_structure_and_roles_are_checked_all_the_same() -> None:
    dialogue = make_dialogue(OPENING, "I would recommend accepting the paper.", forum=make_forum())
    rules = [finding.rule for finding in audit_dialogue(dialogue, None).findings]
    assert rules == ["record-missing", "agent-recommends", "last-word-not-meta-reviewer", "ungrounded-claim"]


def test_no_finding_repeats_an_address() -> None:
    dialogue = make_talk("Write to someone@example.org or ~Given_Family1 about it, says Reviewer 9.")
    for finding in audit_dialogue(dialogue, make_forum()).findings:
        assert "example" not in f"{finding.message}{finding.stated}{finding.recorded}"
        assert "Family" not in f"{finding.message}{finding.stated}{finding.recorded}"


def test_the_document_lists_every_rule_with_its_severity() -> None:
    text = (Path(__file__).parents[2] / "docs" / "auditing.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w-]+)` \| (error|warning|info) \|", text, re.MULTILINE)
    assert listed == [(rule.name, rule.severity) for rule in (*RULES, NEAR_DUPLICATE)]


def test_the_recipe_knows_every_rule() -> None:
    assert get_args(RuleName) == tuple(rule.name for rule in (*RULES, NEAR_DUPLICATE))


@pytest.mark.parametrize(
    "text",
    ["The paper was accepted " * 2000, "I accept, " * 2000, "Reviewer 2, " * 2000, '"a [b] ' * 2000, "rating " * 5000],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_is_audited_in_time(text: str) -> None:
    forum = make_forum()
    started = time.process_time()
    audit_dialogue(make_talk(text, closing=text, forum=forum), forum)
    assert time.process_time() - started < 10, "a rule takes quadratic time"

"""Phrasings are data that anyone may edit, so the file is checked line by line."""

import random
import re

import pytest

from toolkit.synthesizers.phrasing import Speech, compile_phrasing, read_phrasings, tidy
from toolkit.synthesizers.policy import PERSONAS

META_REVIEWER = ("open_", "opener", "ask_", "react_", "link", "decide_", "reason_", "weigh")


@pytest.mark.parametrize("text", ["[one|two", "one]", "[a[b|c]"])
def test_unmatched_brackets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unmatched bracket"):
        compile_phrasing(text)


def test_choices_nest_and_slots_are_filled_last() -> None:
    speech = Speech(random.Random(1), "brisk")
    phrasing = compile_phrasing("[a|a [b|c] {who}]")
    assert phrasing.slots == {"who"}
    assert tidy(speech.say("decide_bare", decision="it says [x|y]")) == "It says [x|y]."


def test_a_line_is_used_only_where_its_slots_are_filled() -> None:
    speech = Speech(random.Random(1), "brisk")
    assert not speech.can_say("frame_first", who="Reviewer 1")
    with pytest.raises(LookupError, match="frame_first"):
        speech.say("frame_first", who="Reviewer 1")


def test_a_wording_without_its_slots_is_no_choice() -> None:
    for seed in range(30):
        speech = Speech(random.Random(seed), "brisk")
        assert "{" not in speech.say("ask_strengths")
        assert "{" not in speech.say("decide_reject")
    named = {Speech(random.Random(seed), "brisk").say("decide_reject", name="Ledger") for seed in range(30)}
    assert any("Ledger" in wording for wording in named)


def test_a_speaker_uses_every_line_before_it_repeats_one() -> None:
    lines = [line for group in read_phrasings()["ask_strengths"].values() for line in group]
    speech = Speech(random.Random(2), "brisk")
    said = [speech.say("ask_strengths", who="Reviewer 1") for _ in lines]
    assert len(set(said)) > len(read_phrasings()["ask_strengths"]["any"]) - 1


def test_every_persona_is_one_that_is_drawn() -> None:
    for section, groups in read_phrasings().items():
        assert set(groups) <= {"any", *PERSONAS}, section
        assert groups["any"], section


def test_no_phrasing_of_the_agent_advises_thanks_or_decides() -> None:
    for section, groups in read_phrasings().items():
        if section.startswith(META_REVIEWER):
            continue
        for line in (line.text for group in groups.values() for line in group):
            assert not re.search(r"recommend|advise|thank|should|I would|I think|great question|in my view", line), line


def test_nobody_speaks_in_stock_phrases() -> None:
    for groups in read_phrasings().values():
        for line in (line.text for group in groups.values() for line in group):
            assert not re.search(r"thank|\bgreat\b|certainly|of course|happy to|as an ai", line, re.IGNORECASE), line

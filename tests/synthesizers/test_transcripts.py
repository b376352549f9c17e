"""Raw transcripts: who speaks, where each utterance stands, and what is no utterance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Transcript
from toolkit.synthesizers import parse_transcript
from toolkit.text.degeneration import find_degeneration

CHAIR, AGENT = "meta_reviewer", "dialogue_agent"
TWO = "Meta-Reviewer: What is it about?\n\nDialogue Agent: It is about batch size, and it is short."
LOOP = "The reviewer is fairly confident of the loop. " * 12
SOUP = "\n".join(["ointloyoint", "oint loy", "ardointointloyointoint", "et"] * 12)


def check_accounting(text: str, parsed: Transcript) -> None:
    """Every character is in exactly one part, and every turn is the stretch it names."""
    position = 0
    for part in parsed.parts:
        assert part.start == position < part.end
        position = part.end
    assert position == len(text)
    spans = [(part.start, part.end) for part in parsed.parts if part.kind == "text"]
    assert spans == [(turn.start, turn.end) for turn in parsed.turns if turn.text]
    assert all(text[turn.start : turn.end] == turn.text for turn in parsed.turns)
    assert [turn.index for turn in parsed.turns] == list(range(len(parsed.turns)))
    for part in parsed.parts:
        assert part.kind == "degenerate" or (part.kind == "blank") == (not text[part.start : part.end].strip())


def speakers(text: str) -> list[str]:
    parsed = parse_transcript(text)
    check_accounting(text, parsed)
    return [turn.speaker for turn in parsed.turns]


def texts(text: str) -> list[str]:
    return [turn.text for turn in parse_transcript(text).turns]


# What is no dialogue


@pytest.mark.parametrize(
    "text", ["", " \n\n", "Here is my answer: it is fine.", "Strengths: clear.\nWeaknesses: none."]
)
def test_text_without_speakers_is_marked_and_not_guessed_at(text: str) -> None:
    parsed = parse_transcript(text)
    check_accounting(text, parsed)
    assert parsed.turns == ()
    assert "no-turns" in parsed.marks
    assert not parsed.usable


def test_a_monologue_is_marked() -> None:
    parsed = parse_transcript("Meta-Reviewer: I have read it.\n\nI accept it.")
    assert parsed.marks == ("no-agent", "one-speaker")
    assert parsed.turns[0].text == "I have read it.\n\nI accept it."
    assert not parsed.usable


def test_a_refusal_is_marked() -> None:
    parsed = parse_transcript("I'm sorry, but I cannot simulate a dialogue about this paper.")
    assert "refusal" in parsed.marks


@pytest.mark.parametrize(
    ("said", "mark"),
    [
        ("I would rate it [insert rating here].", "placeholder"),
        ("The dialogue should have a minimum of 4 turns.", "prompt-leak"),
        ("The reviews are [Review 1: it is good].", "prompt-leak"),
    ],
)
def test_placeholders_and_leaked_prompts_make_a_dialogue_unusable(said: str, mark: str) -> None:
    parsed = parse_transcript(f"{TWO}\n\nMeta-Reviewer: {said}")
    assert mark in parsed.marks
    assert not parsed.usable


def test_brackets_that_are_no_placeholder_are_left_alone() -> None:
    assert parse_transcript(f"{TWO}\n\nMeta-Reviewer: See [1] and the range [0, 1]. I reject it.").usable


# Labels


@pytest.mark.parametrize(
    ("chair", "agent"),
    [
        ("Meta-Reviewer", "Dialogue Agent"),
        ("Meta-reviewer", "Dialogue agent"),
        ("Meta reviewer", "Dialog Agent"),
        ("META-REVIEWER", "DIALOGUE AGENT"),
        ("MR", "DA"),
        ("Meta-Reviewer", "AI dialogue agent"),
        ("Meta-Reviewer", "Dialogue System"),
        ("Meta-Reviewer", "Me"),
        ("Human", "Dialogue Agent"),
        ("**Meta-Reviewer", "**Dialogue Agent"),
        ("[Meta-Reviewer]", "[Dialogue Agent]"),
        ("1. Meta-Reviewer", "2. Dialogue Agent"),
        ("Turn 1 (Meta-reviewer)", "Turn 2 (Dialogue Agent)"),
        ("Turn 1: Meta-Reviewer", "Turn 2: Dialogue Agent"),
        ("### Meta-Reviewer", "### Dialogue Agent"),
        ("Meta-Reviewer (MR)", "Dialogue Agent (DA)"),
    ],
)
def test_every_spelling_of_the_two_speakers_is_read(chair: str, agent: str) -> None:
    stars = "**" if chair.startswith("**") else ""
    text = f"{chair}:{stars} What is it about?\n\n{agent}:{stars} Batch size.\n"
    assert speakers(text) == [CHAIR, AGENT]
    assert texts(text) == ["What is it about?", "Batch size."]


def test_a_label_keeps_its_spelling() -> None:
    assert [turn.label for turn in parse_transcript("Turn 1 (Meta-reviewer): Hello.\nDA: Hi.").turns] == [
        "Meta-reviewer",
        "DA",
    ]


def test_short_names_that_the_text_introduces_are_followed() -> None:
    text = "Meta-Reviewer (Ann): Hello.\nDialogue Agent (Bot-7): Hi.\nAnn: And?\nBot-7: No more."
    assert speakers(text) == [CHAIR, AGENT, CHAIR, AGENT]


def test_mister_is_no_meta_reviewer() -> None:
    assert texts("Meta-Reviewer: Who wrote it?\nMr: Smith did.\nDialogue Agent: Nobody knows.") == [
        "Who wrote it?\nMr: Smith did.",
        "Nobody knows.",
    ]


def test_me_stays_me_where_both_speak_under_their_names() -> None:
    assert speakers(f"{TWO}\n\nMe: I was here too.") == [CHAIR, AGENT, "me"]


def test_an_author_who_speaks_is_kept_as_such() -> None:
    parsed = parse_transcript(f"{TWO}\n\nAuthor: We disagree.\n\nMeta-Reviewer: Noted.")
    assert [turn.speaker for turn in parsed.turns] == [CHAIR, AGENT, "author", CHAIR]
    assert "other-speakers" in parsed.marks


def test_reviewers_who_answer_are_speakers() -> None:
    text = (
        "Meta-Reviewer: Reviewer 1, what do you think?\n\nReviewer 1: I think it is thin.\n\n"
        "Meta-Reviewer: And Reviewer 2?\n\nReviewer 2: Yes, I agree with that."
    )
    assert speakers(text) == [CHAIR, "reviewer_1", CHAIR, "reviewer_2"]


def test_reviews_in_a_list_stay_in_the_utterance() -> None:
    text = (
        "Meta-Reviewer: What do they say?\n\nDialogue Agent: The reviews are as follows:\n\n"
        "Review 1: The paper is clear.\nReview 2: The paper is thin.\n\nMeta-Reviewer: I see."
    )
    parsed = parse_transcript(text)
    assert speakers(text) == [CHAIR, AGENT, CHAIR]
    assert parsed.turns[1].text.endswith("Review 2: The paper is thin.")
    assert [repair.kind for repair in parsed.repairs] == ["review-list-kept"]


def test_bullets_paragraphs_and_colons_stay_in_the_utterance() -> None:
    body = (
        "Three networks: AlexNet and two others.\n\n* Review 1: It is clear.\n* LIT: 2.56%\n\nFinally: 7: Good paper."
    )
    assert texts(f"Meta-Reviewer: Go on.\nDialogue Agent: {body}\nMeta-Reviewer: Thanks.")[1] == body


def test_a_dialogue_without_line_ends_is_taken_apart() -> None:
    text = "Meta-Reviewer: What is it about? Dialogue Agent: Batch size. Meta-Reviewer: I see."
    assert texts(text) == ["What is it about?", "Batch size.", "I see."]
    assert speakers(text) == [CHAIR, AGENT, CHAIR]


def test_speaking_to_the_agent_is_no_new_turn() -> None:
    assert speakers("Meta-Reviewer: Thank you, Dialogue Agent: that helps.\nDialogue Agent: Gladly.") == [CHAIR, AGENT]


def test_turn_headers_are_headers() -> None:
    text = "Sure!\n\nTurn 1:\n\nMeta-Reviewer: Hello.\n---\n**Turn 2**\n\nDialogue Agent: Hi.\n"
    parsed = parse_transcript(text)
    check_accounting(text, parsed)
    headers = [text[part.start : part.end] for part in parsed.parts if part.kind == "header"]
    assert headers == ["Turn 1:", "---", "**Turn 2**"]
    assert parsed.preamble == "Sure!"
    assert texts(text) == ["Hello.", "Hi."]


def test_the_title_is_the_quoted_one() -> None:
    assert parse_transcript('Meta-Reviewer: I review a paper titled "Large Batches Do Not Help."').title == (
        "Large Batches Do Not Help"
    )


# What stands around the dialogue


@pytest.mark.parametrize(
    "after",
    [
        "Note: This dialogue is simulated.",
        "Final decision: Accept with minor revisions.",
        "The dialogue has 2 turns.",
        "I hope this helps!",
        "|||| rating: 8 |||| confidence: 3",
        "Feedback: the agent was helpful.",
    ],
)
def test_notes_after_the_dialogue_are_split_off(after: str) -> None:
    parsed = parse_transcript(f"{TWO}\n\n{after}\n\nAnd more.")
    assert parsed.trailing == f"{after}\n\nAnd more."
    assert parsed.turns[-1].text == "It is about batch size, and it is short."


def test_an_output_block_is_split_off() -> None:
    parsed = parse_transcript(f"{TWO}\n\nOutput:\n\nDialogue Agent: Restated.\n")
    assert parsed.trailing == "Output:\n\nDialogue Agent: Restated."
    assert len(parsed.turns) == 2
    assert "output-block" in parsed.marks


def test_an_output_block_in_which_the_other_one_answers_goes_on() -> None:
    text = f"{TWO}\n\nOutput:\n\nMeta-Reviewer: I accept it.\n"
    assert speakers(text) == [CHAIR, AGENT, CHAIR]


def test_a_second_copy_is_split_off() -> None:
    first = [f"{who}: {what}" for who, what in zip(["Meta-Reviewer", "Dialogue Agent"] * 2, "abcd", strict=True)]
    copy = [f"{number}. {line}" for number, line in enumerate(first, start=1)]
    text = "\n\n".join(first) + "\n\nHere are the turns:\n\n" + "\n".join(copy)
    parsed = parse_transcript(text)
    check_accounting(text, parsed)
    assert [turn.text for turn in parsed.turns] == ["a", "b", "c", "d"]
    assert parsed.trailing.startswith("Here are the turns:")
    assert "second-copy" in parsed.marks


# Text that falls apart


@pytest.mark.parametrize("end", [LOOP, SOUP])
def test_degenerate_text_is_cut_where_it_begins(end: str) -> None:
    text = f"{TWO}\n\nMeta-Reviewer: I see.\n\nDialogue Agent: Ask me more about it.\n\n{end}"
    parsed = parse_transcript(text)
    check_accounting(text, parsed)
    assert parsed.degenerate_from == len(text) - len(end)
    assert len(parsed.turns) == 4
    assert parsed.turns[-1].text == "Ask me more about it."
    assert parsed.usable


def test_a_file_of_nothing_else_is_degenerate_from_its_first_character() -> None:
    parsed = parse_transcript(SOUP)
    assert parsed.degenerate_from == 0
    assert [part.kind for part in parsed.parts] == ["degenerate"]


def test_polite_phrases_that_recur_are_no_loop() -> None:
    turns = [
        f"Meta-Reviewer: I see. What of point {number}?\nDialogue Agent: Sure! It is {number}." for number in range(9)
    ]
    assert find_degeneration("\n".join(turns)) is None


# Privacy and accounting


def test_addresses_are_masked_and_offsets_stay() -> None:
    text = "Meta-Reviewer: Write to jane@example.org or ~Jane_Doe1, please.\nDialogue Agent: I will."
    parsed = parse_transcript(text)
    assert "jane" not in repr(parsed).lower()
    assert parsed.turns[0].end - parsed.turns[0].start == len(parsed.turns[0].text)
    assert [repair.kind for repair in parsed.repairs] == ["address-masked", "address-masked"]


_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Meta-Reviewer: ",
                "Dialogue Agent: ",
                "DA:",
                "Me: ",
                "Reviewer 1: ",
                "Turn 2:",
                "Output:",
                "Note: ",
                "oint loyloyloyloyloy",
                "\r\n",
                "---",
            ]
        ),
        st.text(max_size=30),
    ),
    max_size=14,
)


@given(lines=_LINES, ends=st.sampled_from(["\n", "\n\n", " ", "\r\n"]))
def test_no_character_of_any_text_is_lost(lines: list[str], ends: str) -> None:
    text = ends.join(lines)
    parsed = parse_transcript(text)
    position = 0
    for part in parsed.parts:
        assert part.start == position < part.end
        position = part.end
    assert position == len(text)
    assert all(0 <= turn.start <= turn.end <= len(text) for turn in parsed.turns)

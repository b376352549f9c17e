"""Whose words they are: another reviewer's, the authors', or nobody's on record."""

import dataclasses

import pytest

from tests.synthesizers.invented import BLAME, PRAISE, make_usual_forum
from toolkit.auditors import audit_dialogue
from toolkit.auditors.phrases import load_phrases, read_phrase_table
from toolkit.records import Dialogue, Turn
from toolkit.synthesizers import compose_dialogue
from toolkit.text import collect_sources
from toolkit.text.sources import make_evidence

RULES = ("misattributed-statement", "criticism-attributed-to-authors", "claim-not-on-record")
FORUM = make_usual_forum()  # Reviewer 1 praises, Reviewer 2 blames


def say(text: str, note_id: str | None = None, words: str = "") -> Dialogue:
    """A dialogue in which the agent says one thing, resting on words of a note."""
    evidence = ()
    if note_id is not None:
        sources = collect_sources(FORUM)
        field = next(name for note, name in sources if note == note_id and words in sources[note, name])
        start = sources[note_id, field].index(words)
        evidence = (
            make_evidence(
                sources,
                note_id,
                field,
                start,
                start + len(words),
                turn_start=0,
                turn_end=len(text),
                quote=words in text,
            ),
        )
    whole = compose_dialogue(FORUM)
    turns = (whole.turns[0], Turn(1, "dialogue_agent", text, "report_reviewer", True, evidence))
    return dataclasses.replace(whole, turns=turns)


def find_rules(dialogue: Dialogue) -> list[str]:
    return [item.rule for item in audit_dialogue(dialogue, FORUM).findings if item.rule in RULES]


def test_words_of_one_reviewer_under_the_name_of_another_are_found() -> None:
    words = BLAME[0][:-1]
    assert find_rules(say(f'Reviewer 1 objects: "{words}".', "review2", words)) == ["misattributed-statement"]
    assert find_rules(say(f'Reviewer 1 objects: "{words}".')) == ["misattributed-statement"]
    assert find_rules(say(f'Reviewer 2 objects: "{words}".', "review2", words)) == []
    assert find_rules(say(f'Reviewer 1 hears from Reviewer 2: "{words}".', "review2", words)) == []


def test_a_reviewers_words_in_the_authors_mouths_are_found() -> None:
    words = BLAME[0][:-1]
    assert find_rules(say(f'The authors admit: "{words}".', "review2", words)) == ["criticism-attributed-to-authors"]
    assert find_rules(say("The authors concede that the baseline is random.", "review2", words)) == [
        "criticism-attributed-to-authors"
    ]
    assert find_rules(say("By Reviewer 2, the authors claim too much of a baseline.", "review2", words)) == []


def test_what_nothing_on_record_speaks_of_is_found() -> None:
    words = PRAISE[0][:-1]
    told = f"Reviewer 1 doubts the Bonferroni glossary, but says: {words}."
    assert find_rules(say(told, "review1", words)) == ["claim-not-on-record"]
    assert find_rules(say("The reviews do not mention the Bonferroni glossary.")) == []
    assert find_rules(say(f"Reviewer 1 remarks that {words[0].lower()}{words[1:]}.", "review1", words)) == []


def test_without_a_record_nobodys_words_are_anybodys() -> None:
    dialogue = say(f'Reviewer 1 objects: "{BLAME[0]}"')
    assert not [item for item in audit_dialogue(dialogue, None).findings if item.rule in RULES]


@pytest.mark.parametrize("said", [True, False])
def test_the_examples_of_what_authors_say_are_read_as_written(said: bool) -> None:
    table = read_phrase_table()["authors_say"]
    for example in table["examples" if said else "counter_examples"]:
        assert bool(load_phrases().authors_say.search(example)) is said, example

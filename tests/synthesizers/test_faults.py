"""Preference pairs: one fault, plainly false of the record, and nothing else changed."""

from tests.synthesizers.invented import make_forum, make_review, make_usual_forum, read_sample_forums
from toolkit.records import Dialogue, Forum, SpoiltAnswer
from toolkit.synthesizers import compose_dialogue, spoil_dialogue
from toolkit.synthesizers.faults import FAULTS, SPOILT
from toolkit.text import collect_sources


def list_pairs(seeds: int = 6) -> list[tuple[Forum, Dialogue, SpoiltAnswer]]:
    made = []
    for forum in (make_usual_forum(), *read_sample_forums()):
        for seed in range(seeds):
            dialogue = compose_dialogue(forum, seed=seed)
            made += [(forum, dialogue, answer) for answer in spoil_dialogue(dialogue, forum)]
    return made


def test_a_forum_without_evidence_of_reviewers_gives_advice_only() -> None:
    forum = make_forum((make_review(1, None, None, ("The gate is not new at all.",)),))
    for answer in spoil_dialogue(compose_dialogue(forum), forum):
        assert answer.fault in ("agent-recommends", "invented-claim", "criticism-as-authors")


def test_the_rejected_answer_differs_in_one_stretch_and_stands_in_no_dialogue() -> None:
    for _, dialogue, answer in list_pairs():
        chosen = dialogue.turns[answer.turn].text
        assert dialogue.turns[answer.turn].speaker == "dialogue_agent"
        assert answer.text != chosen
        assert answer.text[: answer.start] == chosen[: answer.start]
        after = answer.text[answer.end :]
        assert chosen.endswith(after)
        assert answer.text not in {turn.text for turn in dialogue.turns}


def test_every_kind_of_fault_is_made_and_at_most_two_a_dialogue() -> None:
    pairs = list_pairs()
    assert {answer.fault for _, _, answer in pairs} == set(FAULTS)
    for forum, dialogue, _ in pairs:
        found = spoil_dialogue(dialogue, forum)
        assert len(found) <= SPOILT
        assert len({answer.fault for answer in found}) == len(found)
        assert [answer.turn for answer in found] == sorted({answer.turn for answer in found})


def test_the_same_dialogue_gets_the_same_faults() -> None:
    forum = make_usual_forum()
    dialogue = compose_dialogue(forum, seed=2)
    assert spoil_dialogue(dialogue, forum) == spoil_dialogue(dialogue, forum)


def test_what_is_invented_stands_nowhere_on_record() -> None:
    checked = 0
    for forum, _, answer in list_pairs():
        if answer.fault == "invented-claim":
            checked += 1
            record = " ".join(collect_sources(forum).values())
            assert answer.text[answer.start : answer.end] not in record
    assert checked

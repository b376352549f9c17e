"""What is drawn before a word is written."""

import dataclasses

import pytest

from tests.synthesizers.invented import (
    BLAME,
    PRAISE,
    RATINGS,
    make_forum,
    make_review,
    make_usual_forum,
    read_sample_forums,
)
from toolkit.synthesizers import UnusableForumError, compose_dialogue, draw_agenda
from toolkit.synthesizers.agenda import EXCHANGES, PERSONAS
from toolkit.synthesizers.grounded import ANSWER_ACTS
from toolkit.synthesizers.material import GAPS, TOPICS, find_topics, gather_material, judge_polarity


def test_no_agenda_without_reviews() -> None:
    with pytest.raises(UnusableForumError):
        draw_agenda(make_forum(()))


def test_the_dialogue_follows_its_agenda() -> None:
    for seed in range(20):
        forum = make_usual_forum()
        dialogue = compose_dialogue(forum, seed=seed)
        assert dialogue.agenda == draw_agenda(forum, seed=seed)
        asked = [turn.act for turn in dialogue.turns if turn.speaker == "meta_reviewer"]
        assert asked == [item.act for item in dialogue.agenda]
        answered = [turn.act for turn in dialogue.turns if turn.speaker == "dialogue_agent"]
        assert answered == [ANSWER_ACTS[act] for act in asked[:-1]]


def test_agendas_open_and_decide_and_vary_in_between() -> None:
    agendas = [tuple(item.act for item in draw_agenda(make_usual_forum(), seed=seed)) for seed in range(30)]
    assert {agenda[0] for agenda in agendas} == {"open"}
    assert {agenda[-1] for agenda in agendas} == {"decide"}
    assert len(set(agendas)) > 12
    longest = max(max(EXCHANGES[persona]) for persona in PERSONAS)
    assert max(map(len, agendas)) <= longest + 1


def test_a_reviewer_on_the_agenda_is_one_of_the_forum() -> None:
    for forum in read_sample_forums():
        known = {review.reviewer for review in forum.reviews}
        for item in draw_agenda(forum, seed=4):
            assert set(item.reviewers) <= known


def test_opposite_views_on_one_topic_are_set_against_each_other() -> None:
    praising = make_review(1, RATINGS["8"], None, (PRAISE[1], PRAISE[0]))
    blaming = make_review(2, RATINGS["3"], None, ("The writing is poor and hard to follow.", BLAME[0]))
    against = tuple(dataclasses.replace(point, kind="weakness", polarity="negative") for point in blaming.points)
    forum = make_forum((praising, dataclasses.replace(blaming, points=against)))
    drawn = [item for seed in range(10) for item in draw_agenda(forum, seed=seed) if item.act == "ask_disagreement"]
    assert drawn
    assert {frozenset(item.reviewers) for item in drawn} == {frozenset({"R1", "R2"})}


def test_polarity_is_claimed_only_where_words_and_point_agree() -> None:
    forum = make_usual_forum()
    point = forum.reviews[1].points[0]
    assert point.polarity == "negative"
    assert judge_polarity("the evaluation is thorough", point, True) == "neutral"
    assert judge_polarity("no baseline is run", point, True) == "negative"
    assert judge_polarity("the idea is interesting, but nothing is shown", point, True) == "neutral"


def test_a_word_of_the_title_is_no_topic_of_the_reviews() -> None:
    forum = make_usual_forum(title="Novelty Search Without Baselines")
    topics = {
        topic
        for statements in gather_material(forum).statements.values()
        for item in statements
        for topic in item.topics
    }
    assert "baselines" not in topics
    assert "novelty" not in topics


def test_the_tables_of_topics_and_gaps_are_well_formed() -> None:
    assert all(topic.said_as for topic in TOPICS.values())
    assert all(gap.said_as and gap.asks for gap in GAPS)
    assert find_topics("The ablations are thin") == ("ablations",)
    # A gap that a topic's own name would not reveal could be asked about although the reviews discuss it.
    for gap in GAPS:
        assert gap.pattern.search(f" {gap.said_as} ".lower()), gap.name

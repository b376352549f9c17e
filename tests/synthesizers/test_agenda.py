"""What is drawn before a word is written."""

import dataclasses

import pytest

from tests.synthesizers.invented import (
    BLAME,
    CONFIDENCES,
    PRAISE,
    RATINGS,
    make_comment,
    make_forum,
    make_review,
    make_usual_forum,
    read_sample_forums,
)
from toolkit.synthesizers import UnusableForumError, compose_dialogue, draw_agenda
from toolkit.synthesizers.agenda import draw_plans
from toolkit.synthesizers.answers import ANSWER_ACTS
from toolkit.synthesizers.material import gather_material
from toolkit.synthesizers.policy import EXCHANGES, PERSONAS, Policy
from toolkit.synthesizers.statements import GAPS, TOPICS, find_topics, judge_polarity, read_leaning


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
    longest = max(max(EXCHANGES["medium"][persona]) for persona in PERSONAS)
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
    point = make_usual_forum().reviews[1].points[0]
    assert point.polarity == "negative"
    assert judge_polarity("the evaluation is thorough", point) == "neutral"
    assert judge_polarity("the evaluation lacks a baseline", point) == "negative"
    assert judge_polarity("the idea is interesting, but nothing is shown", point) == "neutral"


@pytest.mark.parametrize(
    "words",
    [
        "the trick is to swap the code not only within a pair",
        "only moved weights are sent, and it is just a gate",
        "the cost is all right with me, although it is limited",
        "I don't share the worry that the gain is limited",
        "the limited memory is not a problem here",
        "the proposed gate overcomes the limitations of dense sending",
        "previous methods fail to send fewer messages",
        "is the evaluation too small?",
    ],
)
def test_negation_and_concession_alone_are_no_criticism(words: str) -> None:
    point = make_usual_forum().reviews[1].points[0]
    assert judge_polarity(words, point) == "neutral"


def test_in_a_field_for_weaknesses_a_weaker_word_is_enough() -> None:
    point = dataclasses.replace(make_usual_forum().reviews[1].points[0], field="weaknesses")
    assert judge_polarity("it is trained once and not on speech", point, "negative") == "negative"
    assert judge_polarity("it is trained on speech", point, "negative") == "neutral"


@pytest.mark.parametrize(
    "sentence",
    [
        "I have three main concerns with respect to the results.",
        "They are limited to a single small data set in English.",
        "Even though they exist elsewhere, the formulas are missing.",
        "These gains are limited to the smallest of the corpora.",
        "The latter comparison is missing for the largest corpus.",
        "The experiments lack the following three large baselines:",
    ],
)
def test_what_cannot_stand_alone_is_no_statement(sentence: str) -> None:
    review = make_review(1, RATINGS["3"], None, (sentence, BLAME[0]))
    told = [item.text for item in gather_material(make_forum((review,))).statements["R1"]]
    assert told == [BLAME[0][:-1]]


def test_what_the_next_sentence_turns_round_is_no_statement() -> None:
    sentences = (PRAISE[0], "However, it was run on one machine.", PRAISE[1])
    review = make_review(1, RATINGS["3"], None, sentences)
    told = [item.text for item in gather_material(make_forum((review,))).statements["R1"]]
    assert PRAISE[0][:-1] not in told
    assert PRAISE[1][:-1] in told


def test_two_reviewers_make_the_same_point_only_where_the_record_links_them() -> None:
    texts = (
        "The comparison with random dropping lacks a tuned rate.",
        "The random dropping baseline lacks a tuned rate.",
        "The proof lacks a step.",
    )
    reviews = []
    for number, text in enumerate(texts, start=1):
        review = make_review(number, RATINGS["3"], None, (text,))
        points = tuple(dataclasses.replace(item, kind="weakness", polarity="negative") for item in review.points)
        reviews.append(dataclasses.replace(review, points=points))
    forum = make_forum(reviews)
    material = gather_material(forum)
    first, second, last = (material.statements[name][0] for name in ("R1", "R2", "R3"))
    assert material.are_alike(first, second)
    assert material.are_alike(second, first)
    assert not material.are_alike(first, last)
    unlinked = gather_material(dataclasses.replace(forum, links=()))
    assert not unlinked.are_alike(unlinked.statements["R1"][0], unlinked.statements["R2"][0])


def test_a_weighty_objection_of_the_lowest_rating_comes_first() -> None:
    low = make_review(
        1, RATINGS["3"], CONFIDENCES["4"], (BLAME[1], "My main concern is that the gate lacks any proof.")
    )
    points = tuple(dataclasses.replace(point, polarity="negative", kind="weakness") for point in low.points)
    high = make_review(2, RATINGS["8"], CONFIDENCES["2"], (BLAME[3],))
    forum = make_forum((dataclasses.replace(low, points=points), high))
    material = gather_material(forum)
    heaviest = max(material.weights, key=lambda key: material.weights[key])
    assert heaviest[0] == "review1"
    assert heaviest[2] == len(BLAME[1]) + 1


def test_a_reply_is_found_by_quotation_by_number_and_by_heading() -> None:
    sentences = ("1. The proof of the gate is weak.", "2. **Scale.** The corpora are too small for the claim.")
    review = make_review(1, RATINGS["3"], None, sentences)
    points = tuple(dataclasses.replace(point, polarity="negative", kind="weakness") for point in review.points)
    review = dataclasses.replace(review, points=points)
    replies = {
        "quoted": "> The proof of the gate is weak. Lemma two now has the missing step.",
        "numbered": "1. Lemma two now has the missing step of the proof.",
    }
    for text in replies.values():
        forum = make_forum((review,), discussion=(make_comment(1, "review1", "author", None, (text,)),))
        material = gather_material(forum)
        reply = material.find_reply(material.statements["R1"][0])
        assert reply is not None
        assert reply.answers[0].text.startswith("Lemma two now has the missing step")
    unrelated = (make_comment(1, "review1", "author", None, ("Our code runs on every machine of the cluster.",)),)
    material = gather_material(make_forum((review,), discussion=unrelated))
    assert material.find_reply(material.statements["R1"][0]) is None


@pytest.mark.parametrize(
    ("comment", "named"),
    [
        ("Our code runs on every machine of the cluster.", "autoencoder"),
        ("We trained the autoencoders for twice as long.", None),
    ],
)
def test_what_the_comments_mention_is_not_named_as_left_out_of_them(comment: str, named: str | None) -> None:
    review = make_review(1, RATINGS["3"], None, ("The autoencoder lacks a bound on its constants.",))
    replies = (make_comment(1, "review1", "author", None, (comment,)),)
    material = gather_material(make_forum((review,), discussion=replies))
    assert material.find_unanswered_phrase(material.statements["R1"][0]) == named


@pytest.mark.parametrize(
    ("words", "leaning"),
    [
        ("The idea is novel, but the evaluation is not convincing", "negative"),
        ("Although the gains are limited, the analysis is solid", "positive"),
        ("The reviewers' concerns were addressed by the authors", "positive"),
        ("The paper is not yet ready", "negative"),
        ("The paper is about gates", "neutral"),
    ],
)
def test_a_chairs_sentence_leans_the_way_it_ends(words: str, leaning: str) -> None:
    assert read_leaning(words) == leaning


def test_what_may_be_asked_in_vain_fits_the_paper() -> None:
    forum = make_usual_forum()
    for seed in range(30):
        ((_, plan),) = draw_plans(gather_material(forum), seed=seed, count=1, policy=Policy())
        for exchange in plan.exchanges:
            if exchange.gap is not None and exchange.place is not None:
                _, field, start, end = exchange.place
                assert exchange.gap.only_if.fullmatch(
                    {"title": forum.title, "abstract": forum.abstract}[field][start:end]
                )
                assert exchange.gap.name not in ("human_evaluation", "languages", "compute")


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
    assert find_topics("The ablations are thin", "experiments") == ("ablations",)
    # A gap that a topic's own name would not reveal could be asked about although the reviews discuss it.
    for gap in GAPS:
        assert gap.pattern.search(f" {gap.said_as} ".lower()), gap.name


def test_a_policy_sets_who_asks_how_long_and_what_is_never_asked() -> None:
    forum = make_usual_forum()
    never = frozenset(("ask_author_reply", "weigh", "ask_unanswerable", "ask_score_change"))
    brisk = Policy(personas=("brisk",), length="short", leave_out=never)
    for seed in range(20):
        dialogue = compose_dialogue(forum, seed=seed, policy=brisk)
        asked = [item.act for item in dialogue.agenda]
        assert dialogue.persona == "brisk"
        assert len(asked) <= max(EXCHANGES["short"]["brisk"]) + 1
        assert never.isdisjoint(asked)
    lengths = {
        length: sum(len(draw_agenda(forum, seed=seed, policy=Policy(length=length))) for seed in range(20))
        for length in ("short", "medium", "long")
    }
    assert lengths["short"] < lengths["medium"] <= lengths["long"]


def test_a_further_dialogue_tells_what_the_ones_before_left_out() -> None:
    forum = make_usual_forum()
    repeated = fresh = 0
    for seed in range(10):
        material = gather_material(forum)
        (_, first), (_, second) = draw_plans(material, seed=seed, count=2, policy=Policy())
        (_, alone) = draw_plans(material, seed=seed, count=1, policy=Policy())[0]
        assert alone == first
        repeated += len(first.told & second.told)
        fresh += len(second.told - first.told)
    assert fresh > 0
    assert repeated < 10 * len(first.told)


def test_divided_reviewers_are_set_against_one_another() -> None:
    forum = make_usual_forum()  # ratings 8, 3 and 5
    for seed in range(12):
        (_, plan) = draw_plans(gather_material(forum), seed=seed, count=1, policy=Policy())[0]
        contrasts = [item for item in plan.exchanges if item.act == "ask_disagreement"]
        assert [{item.speaker for item in contrast.statements} >= {"R1", "R2"} for contrast in contrasts] == [True]

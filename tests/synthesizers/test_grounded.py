"""What every dialogue of the offline generator keeps, whatever the forum."""

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.synthesizers.invented import (
    AFTERWARDS,
    BLAME,
    CONFIDENCES,
    OTHER,
    PRAISE,
    RATINGS,
    forums,
    make_comment,
    make_forum,
    make_review,
    make_score,
    make_usual_forum,
    read_sample_forums,
)
from toolkit.errors import SynthesisError
from toolkit.records import Decision, Dialogue, Forum, MetaReview, Revision, Score, Section
from toolkit.synthesizers import UnusableForumError, compose_dialogue, synthesize_shard
from toolkit.synthesizers.grounded import VERSION
from toolkit.synthesizers.telling import find_side, format_score
from toolkit.tables import find_row_faults, to_row
from toolkit.text.sources import collect_sources, verify_evidence

RECOMMENDS = re.compile(
    r"\b(?:I|we) (?:would |strongly |do )*(?:recommend|advise|suggest)|\bshould be (?:accepted|rejected)\b"
    r"|\bmy recommendation\b|\byou should (?:accept|reject)\b",
    re.IGNORECASE,
)
QUOTED = re.compile(r'"([^"]+)"')


def find_faults(dialogue: Dialogue, forum: Forum) -> list[str]:
    """Say which of the rules a dialogue breaks."""
    sources = collect_sources(forum)
    everything = " ".join("\n".join(sources.values()).split())
    title = " ".join((forum.title or "").replace('"', "'").split()).rstrip(".")
    faults = [f"row: {fault}" for fault in find_row_faults(Dialogue, to_row(dialogue))]
    speakers = [turn.speaker for turn in dialogue.turns]
    if speakers != ["meta_reviewer", "dialogue_agent"] * (len(speakers) // 2) + ["meta_reviewer"]:
        faults.append(f"roles: {speakers}")
    if not 3 <= len(speakers) <= 17:
        faults.append(f"{len(speakers)} turns")
    if [item.act for item in dialogue.agenda] != [turn.act for turn in dialogue.turns[::2]]:
        faults.append(f"agenda: {dialogue.agenda}")
    for turn in dialogue.turns:
        for evidence in turn.evidence:
            wrong = verify_evidence(sources, evidence)
            if wrong:
                faults.append(f"turn {turn.index}: {wrong}")
            words = sources[evidence.note_id, evidence.field][evidence.start : evidence.end]
            if evidence.quote and words not in turn.text[evidence.turn_start : evidence.turn_end]:
                faults.append(f"turn {turn.index}: says it quotes {words!r} and does not")
        for quoted in QUOTED.findall(turn.text):
            if " ".join(quoted.split()) not in everything and quoted != title:
                faults.append(f"turn {turn.index}: no source says {quoted!r}")
        if turn.text.count('"') % 2 or "\n" in turn.text or "  " in turn.text:
            faults.append(f"turn {turn.index}: odd typography in {turn.text!r}")
        if turn.speaker == "dialogue_agent":
            covered = {place for item in turn.evidence for place in range(item.turn_start, item.turn_end)}
            bare = "".join(letter for place, letter in enumerate(turn.text) if place not in covered)
            if bare.strip():
                faults.append(f"turn {turn.index}: no evidence for {bare!r}")
            if RECOMMENDS.search(QUOTED.sub("", turn.text)):
                faults.append(f"turn {turn.index}: recommends: {turn.text!r}")
            faults.extend(find_wrong_scores(turn.text, forum))
    return faults


def find_wrong_scores(text: str, forum: Forum) -> list[str]:
    """Compare each number that is stated as somebody's rating or confidence with the record."""
    ratings = {review.reviewer[1:]: review.rating.value for review in forum.reviews}
    confidences = {review.reviewer[1:]: review.confidence.value for review in forum.reviews}
    faults = []
    for found in re.finditer(
        r"(?P<who>Reviewers? [\d, and]*\d)(?:, who)? (?:rates?|gives?|stands?) (?:it |at )+(?:an? )?"
        r"(?P<rating>[\d.]*\d)"
        r'(?: \("[^"]*"\))?(?:(?:,| with) confidence (?P<confidence>\d))?',
        QUOTED.sub('"x"', text),
    ):
        for number in re.findall(r"\d+", found["who"]):
            if ratings[number] != float(found["rating"]):
                faults.append(f"rating of {number} is {ratings[number]}: {found[0]!r}")
            if found["confidence"] and confidences[number] != float(found["confidence"]):
                faults.append(f"confidence of {number} is {confidences[number]}: {found[0]!r}")
    return faults


@given(forum=forums(), seed=st.integers(0, 50), index=st.integers(0, 2))
def test_an_invented_forum_gives_a_sound_dialogue_or_a_reason(forum: Forum, seed: int, index: int) -> None:
    result = synthesize_shard([forum], per_forum=index + 1, seed=seed)
    assert len(result.records) == (0 if result.quarantined else index + 1)
    assert {item.reason for item in result.quarantined} <= {"no-review", "no-passage"}
    for dialogue in result.records:
        assert find_faults(dialogue, forum) == []


@pytest.mark.parametrize("seed", range(4))
def test_every_forum_of_the_sample_gives_a_sound_dialogue(seed: int) -> None:
    faults = {
        forum.forum: found
        for forum in read_sample_forums()
        if (found := find_faults(compose_dialogue(forum, seed=seed, index=seed), forum))
    }
    assert faults == {}


def test_the_checks_above_see_a_wrong_score() -> None:
    forum = make_usual_forum()
    assert find_wrong_scores("Reviewers 1 and 2 give it an 8 with confidence 4.", forum) == [
        "rating of 2 is 3.0: 'Reviewers 1 and 2 give it an 8 with confidence 4'"
    ]


def test_a_forum_without_reviews_is_refused_with_a_reason() -> None:
    with pytest.raises(SynthesisError, match="no review") as caught:
        compose_dialogue(make_forum(()))
    assert isinstance(caught.value, UnusableForumError)
    assert caught.value.reason == "no-review"


def test_reviews_without_a_quotable_word_are_refused_with_a_reason() -> None:
    with pytest.raises(UnusableForumError) as caught:
        compose_dialogue(make_forum([make_review(1, RATINGS["5"], None, ("Ok.", "See below."))]))
    assert caught.value.reason == "no-passage"


def test_a_shard_sets_aside_what_gives_no_dialogue() -> None:
    good, empty = make_usual_forum(), make_forum((), forum="invented2")
    result = synthesize_shard([good, empty], per_forum=2, seed=1)
    assert [record.dialogue_id for record in result.records] == ["invented1-grounded-0", "invented1-grounded-1"]
    assert [(item.item, item.reason) for item in result.quarantined] == [("invented2", "no-review")]


def test_a_dialogue_says_who_made_it_and_mirrors_its_turns_as_messages() -> None:
    forum = make_usual_forum()
    dialogue = compose_dialogue(forum, seed=9, index=2)
    assert dialogue.dialogue_id == "invented1-grounded-2"
    assert (dialogue.generator.name, dialogue.generator.version, dialogue.generator.seed) == ("grounded", VERSION, 9)
    assert (dialogue.generator.model, dialogue.generator.prompt_sha256) == (None, None)
    assert dialogue.synthetic
    assert (dialogue.license, dialogue.source_url) == (forum.license, forum.url)
    assert [message.content for message in dialogue.messages] == [turn.text for turn in dialogue.turns]
    assert [message.role for message in dialogue.messages[:2]] == ["user", "assistant"]
    assert dialogue.metrics.turns == len(dialogue.turns)
    assert dialogue.metrics.unanswerable_turns == sum(
        turn.speaker == "dialogue_agent" and not turn.answerable for turn in dialogue.turns
    )


def test_the_same_seed_gives_the_same_dialogue_and_another_seed_another() -> None:
    forum = make_usual_forum()
    assert compose_dialogue(forum, seed=3) == compose_dialogue(forum, seed=3)
    texts = {tuple(turn.text for turn in compose_dialogue(forum, seed=seed).turns) for seed in range(12)}
    assert len(texts) == 12


def test_the_meta_reviewer_opens_with_the_title_and_says_it_has_read_nothing() -> None:
    for seed in range(25):
        opening = compose_dialogue(make_usual_forum(), seed=seed).turns[0].text
        assert '"Gates for Messages"' in opening
        assert re.search(
            r"not|nothing|only|no more|yet to|cold|unread|unopened|by title|all I know|none|no review"
            r"|All I have|without having|before I open",
            opening,
        )


def test_a_paper_without_a_title_is_opened_as_such() -> None:
    opening = compose_dialogue(make_usual_forum(title=None)).turns[0].text
    assert "title" in opening
    assert '"' not in opening


def test_every_rating_on_record_is_told_once_the_scores_are_asked_for() -> None:
    for seed in range(12):
        dialogue = compose_dialogue(make_usual_forum(), seed=seed)
        told = " ".join(turn.text for turn in dialogue.turns if turn.speaker == "dialogue_agent")
        for rating in ("8", "3", "5"):
            assert re.search(rf"\b{rating}\b", told)


def test_a_form_without_ratings_is_said_to_have_none() -> None:
    reviews = [make_review(number, None, None, (*PRAISE, *BLAME)) for number in (1, 2, 3)]
    dialogue = compose_dialogue(make_forum(reviews))
    told = " ".join(turn.text for turn in dialogue.turns if turn.speaker == "dialogue_agent")
    assert "None of the three reviews carries a rating on record" in told
    assert not re.search(r"\brates it\b|\bconfidence \d", told)


def test_a_rating_that_is_on_no_known_scale_is_quoted_and_called_that() -> None:
    reviews = [
        make_review(1, RATINGS["6"], CONFIDENCES["4"], (*PRAISE, *BLAME)),
        make_review(2, "a strong maybe", None, (*PRAISE, *BLAME)),
    ]
    told = " ".join(turn.text for turn in compose_dialogue(make_forum(reviews)).turns)
    assert 'Reviewer 2 left "a strong maybe" as the rating, which is on no scale known here.' in told


def test_who_stated_no_confidence_is_named_and_nobody_else() -> None:
    reviews = [
        make_review(1, RATINGS["6"], CONFIDENCES["4"], (*PRAISE, *BLAME)),
        make_review(2, RATINGS["5"], None, (*PRAISE, *BLAME)),
    ]
    for seed in range(12):
        told = " ".join(turn.text for turn in compose_dialogue(make_forum(reviews), seed=seed).turns)
        assert re.search(r"Reviewer 2 (?:stated no|left the) confidence|confidence from Reviewer 2", told)
        assert "on record" not in told.partition("confidence")[0] or "no confidence is on record" not in told


def test_at_most_one_question_goes_unanswered_and_nothing_on_record_touches_it() -> None:
    forum = make_usual_forum()
    asked = 0
    for seed in range(40):
        dialogue = compose_dialogue(forum, seed=seed)
        silent = [turn for turn in dialogue.turns if not turn.answerable]
        assert [turn.speaker for turn in silent] in ([], ["meta_reviewer", "dialogue_agent"])
        if silent:
            asked += 1
            assert silent[1].act == "abstain"
            assert silent[1].evidence
            assert not re.search(r"keep to|cover|deal with(?! \w+ )|are about", silent[1].text)
    assert 15 <= asked <= 38


def test_a_question_that_a_comment_touches_is_not_asked_as_unanswerable() -> None:
    touched = (
        "Energy use, carbon, GPUs, licences, human raters, ethics, statistical tests, deployment, code release, "
        "reproduction, failures, robustness, leakage, English, maintenance."
    )
    forum = make_usual_forum(discussion=(make_comment(1, "invented1", "public", None, (touched,)),))
    for seed in range(12):
        assert all(turn.answerable for turn in compose_dialogue(forum, seed=seed).turns)


@pytest.mark.parametrize(
    ("decision", "recorded", "pattern"),
    [
        (Decision("Reject", "reject", None, "meta1", "recommendation"), "reject", r"reject|does not get in|stays out"),
        (Decision("Accept (Poster)", "accept", "poster", "d1", "decision"), "accept", r"accept|gets in"),
        (Decision(None, "withdrawn", None), "withdrawn", r"withdr"),
        (Decision(None, "desk_rejected", None), "desk_rejected", r"desk"),
        (Decision("Invite to Workshop Track", "workshop", None, "d1", "decision"), "workshop", r"workshop"),
        (Decision(None, "unknown", None), None, r"no decision|No decision"),
    ],
)
def test_the_last_word_is_the_decision_on_record(decision: Decision, recorded: str | None, pattern: str) -> None:
    for seed in range(8):
        dialogue = compose_dialogue(make_usual_forum(decision=decision), seed=seed)
        assert dialogue.decision == recorded
        decided = recorded in ("accept", "reject", "workshop")
        assert dialogue.turns[-1].act == ("decide" if decided else "close")
        assert re.search(pattern, dialogue.turns[-1].text)


def test_a_rejection_gives_the_reason_of_the_meta_review() -> None:
    for seed in range(8):
        last = compose_dialogue(make_usual_forum(), seed=seed).turns[-1]
        assert "the comparison with random dropping is not enough to show the gain" in last.text.lower()
        reasons = {item.note_id for item in last.evidence if item.field not in ("rating", "confidence")}
        assert reasons == {"meta1"}


def test_a_reason_that_cannot_be_reworded_is_quoted() -> None:
    text = "I find the comparison too weak, since I see no tuned rate."
    meta = MetaReview("meta1", text, (Section("metareview", text),), (), "Reject")
    for seed in range(8):
        last = compose_dialogue(make_usual_forum(meta_review=meta), seed=seed).turns[-1]
        assert f'"{text[:-1]}"' in last.text


def test_without_a_meta_review_no_reason_is_made_up() -> None:
    for seed in range(12):
        last = compose_dialogue(make_usual_forum(meta_review=None), seed=seed).turns[-1]
        assert re.search(r"No reasons are on record|gives no reasons|not say why|Reasons are not on record", last.text)
        assert not QUOTED.search(last.text)
        assert {evidence.field for evidence in last.evidence} <= {"recommendation", "rating", "confidence"}


def test_a_meta_review_that_only_praises_gives_no_reason_to_reject() -> None:
    text = "The evaluation is convincing and the idea is novel."
    meta = MetaReview("meta1", text, (Section("metareview", text),), (), "Reject")
    for seed in range(12):
        last = compose_dialogue(make_usual_forum(meta_review=meta), seed=seed).turns[-1]
        assert "convincing" not in last.text
        assert "meta-review on record" in last.text


def test_the_source_is_named_whenever_it_changes() -> None:
    for seed in range(40):
        dialogue = compose_dialogue(make_usual_forum(), seed=seed)
        for turn in dialogue.turns:
            if turn.act in ("summarize",):
                for evidence in turn.evidence:
                    sentence = turn.text[evidence.turn_start : evidence.turn_end]
                    named = "abstract" if evidence.note_id == "invented1" else "Reviewer"
                    assert named in sentence or evidence.field in ("rating", "confidence")


def test_the_chair_names_no_number_that_was_not_told() -> None:
    for forum in read_sample_forums():
        for seed in range(4):
            told = ""
            for turn in compose_dialogue(forum, seed=seed).turns:
                if turn.speaker == "meta_reviewer" and turn.act not in ("open", "decide"):
                    for number in re.findall(
                        r"(?<![\w.-])\d+(?![\w-])", re.sub(r"Reviewers? [\d, and]+", "", turn.text)
                    ):
                        assert number in told, turn.text
                told += turn.text


def test_who_else_is_asked_only_where_someone_else_follows() -> None:
    for forum in (make_usual_forum(), *read_sample_forums()):
        for seed in range(6):
            turns = compose_dialogue(forum, seed=seed).turns
            for question, answer in zip(turns[::2], turns[1::2], strict=False):
                # Whether anyone shares an objection is an open question; that nobody does is an answer.
                if question.act != "ask_shared" and re.search(r"who else|what do (?:the )?others", question.text):
                    assert len(set(re.findall(r"Reviewer \d", answer.text))) > 1


def test_later_words_of_a_reviewer_are_always_told() -> None:
    for seed in range(20):
        told = " ".join(turn.text for turn in compose_dialogue(make_usual_forum(), seed=seed).turns)
        assert any(sentence[:-1] in told for sentence in AFTERWARDS)


def test_a_rating_that_moved_is_told_with_both_numbers() -> None:
    forum = make_usual_forum()
    earlier = Revision(900, make_score("rating", RATINGS["5"]), make_score("confidence", CONFIDENCES["4"]))
    reviews = (dataclasses.replace(forum.reviews[0], revisions=(earlier,)), *forum.reviews[1:])
    for seed in range(12):
        told = " ".join(
            turn.text for turn in compose_dialogue(dataclasses.replace(forum, reviews=reviews), seed=seed).turns
        )
        assert re.search(r"Reviewer 1 (?:moved|went|changed)[^.]* from 5 to 8", told)


def test_experience_stands_in_for_a_confidence_that_the_form_does_not_ask() -> None:
    raw = "I do not know much about this area."
    experience = Score("experience_assessment", raw, 1.0, raw, None, None, None, None, "known", None)
    review = dataclasses.replace(make_review(1, RATINGS["6"], None, (*PRAISE, *BLAME)), scores=(experience,))
    for seed in range(8):
        told = " ".join(turn.text for turn in compose_dialogue(make_forum((review,)), seed=seed).turns)
        assert f'Reviewer 1 "{raw[:-1]}"' in told
        assert "no confidence" not in told


def test_scores_from_before_the_discussion_are_called_that() -> None:
    for seed in range(8):
        told = " ".join(
            turn.text for turn in compose_dialogue(make_usual_forum(score_stage="initial"), seed=seed).turns
        )
        assert "before the discussion" in told


def test_what_the_authors_wrote_is_never_put_in_a_reviewers_mouth() -> None:
    for seed in range(25):
        dialogue = compose_dialogue(make_usual_forum(), seed=seed)
        for turn in dialogue.turns:
            for evidence in turn.evidence:
                if evidence.note_id == "comment1":
                    assert "authors" in turn.text or "They" in turn.text


def test_what_authors_copied_from_a_review_is_not_taken_for_their_answer() -> None:
    copied = (BLAME[0], "> " + BLAME[2], "We have nothing to add about random dropping at a matched rate.")
    forum = make_usual_forum(discussion=(make_comment(1, "review2", "author", None, copied),))
    for seed in range(12):
        for turn in compose_dialogue(forum, seed=seed).turns:
            for evidence in turn.evidence:
                if evidence.note_id == "comment1":
                    # A comment is cited as a whole where it holds no answer.
                    is_whole = (evidence.start, evidence.end) == (0, len(" ".join(copied)))
                    assert is_whole or evidence.start >= len(BLAME[0])


def test_a_reviewers_number_inside_a_review_is_never_repeated() -> None:
    reviews = [make_review(1, RATINGS["6"], None, (*PRAISE, OTHER[5], *BLAME))]
    for seed in range(8):
        for turn in compose_dialogue(make_forum(reviews), seed=seed).turns:
            assert "AnonReviewer" not in turn.text
            assert "Reviewer 2" not in turn.text


def test_nothing_that_is_not_on_record_is_said_of_who_came_back() -> None:
    forum = make_usual_forum()
    for seed in range(25):
        told = " ".join(turn.text for turn in compose_dialogue(forum, seed=seed).turns)
        assert "no later word from Reviewer 2" not in told
        assert "Reviewer 2 did not come back" not in told


def test_formulas_and_links_stay_out_of_the_prose() -> None:
    reviews = [make_review(1, RATINGS["6"], None, (OTHER[3], *PRAISE, OTHER[3], *BLAME))]
    for seed in range(8):
        for turn in compose_dialogue(make_forum(reviews), seed=seed).turns:
            assert not re.search(r"[$\\]|http", turn.text)


def test_the_side_of_the_line_is_only_given_where_the_form_has_one() -> None:
    review = make_review(1, RATINGS["6"], CONFIDENCES["4"], PRAISE)
    assert find_side(review.rating) == "accept"
    assert find_side(review.confidence) is None
    assert find_side(dataclasses.replace(review.rating, scale_id="no-such-scale")) is None


def test_scores_are_written_as_on_the_form() -> None:
    assert [format_score(value) for value in (6.0, 5.5, 10.0)] == ["6", "5.5", "10"]


def test_the_order_of_sets_shows_nowhere() -> None:
    script = (
        "from tests.synthesizers.invented import read_sample_forums\n"
        "from toolkit.synthesizers import compose_dialogue\n"
        "from toolkit.tables import to_row\n"
        "import hashlib\n"
        "rows = [to_row(compose_dialogue(forum, seed=2)) for forum in read_sample_forums()]\n"
        "print(hashlib.sha256(repr(rows).encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1

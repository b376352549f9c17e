"""Rules on the shape of a dialogue: its turns, and the columns that repeat what the turns or the record say."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal

from toolkit.auditors.marks import Mark
from toolkit.auditors.subject import Subject
from toolkit.records import Dialogue, DialogueMetrics, Forum
from toolkit.tables import to_row

REPEATED_WORDS = 4
"""Turns with fewer words ("And the third?") may recur."""
ROLES: Mapping[str, Literal["user", "assistant"]] = {"meta_reviewer": "user", "dialogue_agent": "assistant"}
"""Speaker -> role, as chat trainers name it."""


def find_missing_record(subject: Subject) -> Iterator[Mark]:
    """The record of the paper is not there, so nothing that the dialogue states can be checked.

    Example: a dialogue about a forum that is not in ``forums/``.
    Counter-example: a dialogue about one that is.
    """
    if subject.forum is None:
        yield Mark("the record of this paper is not at hand; claims and evidence were not checked")


def find_empty_turns(subject: Subject) -> Iterator[Mark]:
    """A turn has no text, or a dialogue no turns.

    Example: a turn of white space.
    Counter-example: a turn of one word.
    """
    if not subject.dialogue.turns:
        yield Mark("the dialogue has no turns")
    for turn in subject.dialogue.turns:
        if not turn.text.strip():
            yield Mark("the turn has no text", turn.index)


def find_speaker_disorder(subject: Subject) -> Iterator[Mark]:
    """The speakers do not take turns, or the agent opens.

    Example: two turns of the agent in a row.
    Counter-example: meta-reviewer, agent, meta-reviewer.
    """
    turns = subject.dialogue.turns
    if turns and turns[0].speaker != "meta_reviewer":
        yield Mark("the agent opens the dialogue", turns[0].index)
    for before, turn in pairwise(turns):
        if before.speaker == turn.speaker and turn.index == before.index + 1:  # in transcripts others may speak between
            yield Mark("the same speaker has two turns in a row", turn.index)


def find_repeated_turns(subject: Subject) -> Iterator[Mark]:
    """A speaker says the same again, in the same words.

    Example: "What did the authors answer to that?" twice.
    Counter-example: "And the third?" twice: four words or more make a repetition.
    """
    seen: dict[tuple[str, tuple[str, ...]], int] = {}
    for turn in subject.dialogue.turns:
        words = tuple("".join(character for character in turn.text.lower() if character not in '.,;:!?"“”').split())
        first = seen.setdefault((turn.speaker, words), turn.index)
        if first != turn.index and len(words) >= REPEATED_WORDS:
            yield Mark(f"the same words as turn {first}", turn.index)


def find_nothing_alone(subject: Subject) -> Iterator[Mark]:
    """A dialogue says nearly the same as an earlier one of the set: half of their runs of five words are shared.

    A dialogue alone cannot show it, so this finds nothing; the tally of a set does.

    Example: a transcript that was generated twice with one word changed.
    Counter-example: two dialogues about one paper in words of their own.
    """
    yield from ()


def find_broken_indexes(subject: Subject) -> Iterator[Mark]:
    """The turns are not numbered 0, 1, 2, ...

    Example: indexes 0, 2.
    Counter-example: indexes 0, 1.
    """
    for position, turn in enumerate(subject.dialogue.turns):
        if turn.index != position:
            yield Mark(f"turn {position} has the index {turn.index}", turn.index, stated=str(turn.index))
            return


def find_unlike_messages(subject: Subject) -> Iterator[Mark]:
    """``messages`` is not the turns in the form that chat trainers read.

    Example: a message whose content lacks the last sentence of its turn.
    Counter-example: one message a turn, ``user`` for the meta-reviewer, ``assistant`` for the agent, the same text.
    """
    turns, messages = subject.dialogue.turns, subject.dialogue.messages
    if len(turns) != len(messages):
        yield Mark(f"{len(messages)} messages for {len(turns)} turns")
        return
    for turn, message in zip(turns, messages, strict=True):
        if message.role != ROLES[turn.speaker] or message.content != turn.text:
            yield Mark("the message is not the turn", turn.index)


def find_wrong_metrics(subject: Subject) -> Iterator[Mark]:
    """A figure in ``metrics`` is not what counting gives.

    Example: ``turns`` is 9 of a dialogue with 8 turns.
    Counter-example: every figure as counted.
    """
    stated = to_row(subject.dialogue.metrics)
    for name, value in to_row(measure_dialogue(subject.dialogue, subject.forum)).items():
        if value != stated[name] and not (subject.forum is None and name == "reviewers_cited"):
            yield Mark(f"metrics.{name} is not what counting gives", None, None, None, str(stated[name]), str(value))


def measure_dialogue(dialogue: Dialogue, forum: Forum | None) -> DialogueMetrics:
    """Count what ``DialogueMetrics`` names; ``reviewers_cited`` needs the record and is 0 without one."""
    words: Counter[str] = Counter()
    for turn in dialogue.turns:
        words[turn.speaker] += len(turn.text.split())
    evidence = [item for turn in dialogue.turns for item in turn.evidence]
    notes = {item.note_id for item in evidence}
    reviews = {review.note_id for review in forum.reviews} if forum is not None else set()
    return DialogueMetrics(
        turns=len(dialogue.turns),
        agent_words=words["dialogue_agent"],
        meta_reviewer_words=words["meta_reviewer"],
        evidence_spans=len(evidence),
        notes_cited=len(notes),
        reviewers_cited=len(notes & reviews),
        unanswerable_turns=sum(
            1 for turn in dialogue.turns if turn.speaker == "dialogue_agent" and not turn.answerable
        ),
    )


def find_wrong_columns(subject: Subject) -> Iterator[Mark]:
    """A column that repeats the record does not say what the record says.

    Example: ``decision`` is "accept" of a paper that was rejected, or of one without a decision.
    Counter-example: ``decision`` is null where the record has none.
    """
    forum, dialogue = subject.forum, subject.dialogue
    if forum is None:
        return
    outcome = None if forum.decision.outcome == "unknown" else forum.decision.outcome
    for name, stated, recorded in (
        ("decision", dialogue.decision, outcome),
        ("forum", dialogue.forum, forum.forum),
        ("venue", dialogue.venue, forum.venue),
        ("year", dialogue.year, forum.year),
        ("title", dialogue.title, forum.title),
        ("source_url", dialogue.source_url, forum.url),
    ):
        if stated != recorded:
            yield Mark(
                f"the column {name} is not what the record says",
                stated=None if stated is None else str(stated),
                recorded=None if recorded is None else str(recorded),
            )

"""A transcript that somebody else wrote, in the form the rules look at."""

from dataclasses import replace

from toolkit.auditors.structure import ROLES, measure_dialogue
from toolkit.records import (
    TRANSCRIBED,
    Dialogue,
    DialogueMetrics,
    Forum,
    Generator,
    Message,
    Transcript,
    Turn,
)


def read_transcript(transcript: Transcript, forum: Forum | None) -> Dialogue:
    """Return a transcript as a dialogue without evidence; its columns are the record's.

    Turns of other speakers are left out, and the others keep their index, so findings name the transcript's turns.

    >>> from toolkit.records import TranscriptTurn
    >>> author = TranscriptTurn(0, "author", "Author", "Hello.", 8, 14)
    >>> chair = TranscriptTurn(1, "meta_reviewer", "MR", "I see.", 20, 26)
    >>> transcript = Transcript("a.txt", "a", None, None, (author, chair), "", "", None, True, (), (), ())
    >>> [(turn.index, turn.speaker) for turn in read_transcript(transcript, None).turns]
    [(1, 'meta_reviewer')]
    """
    turns = tuple(
        Turn(
            turn.index,
            "meta_reviewer" if turn.speaker == "meta_reviewer" else "dialogue_agent",
            turn.text,
            "",
            True,
            (),
        )
        for turn in transcript.turns
        if turn.speaker in ROLES
    )
    dialogue = Dialogue(
        dialogue_id=transcript.dialogue_id,
        forum=transcript.forum or "",
        venue=forum.venue if forum is not None else "",
        year=forum.year if forum is not None else None,
        title=forum.title if forum is not None else transcript.title,
        decision=forum.decision.outcome if forum is not None and forum.decision.outcome != "unknown" else None,
        generator=Generator(TRANSCRIBED, "", None, None, 0),
        agenda=(),
        turns=turns,
        messages=tuple(Message(ROLES[turn.speaker], turn.text) for turn in turns),
        metrics=DialogueMetrics(0, 0, 0, 0, 0, 0, 0),
        license=None,
        source_url=forum.url if forum is not None else "",
        synthetic=True,
    )
    return replace(dialogue, metrics=measure_dialogue(dialogue, forum))

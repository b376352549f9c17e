"""Rules on words that no dialogue should hold: prompts, placeholders, boilerplate, loops."""

import re
from collections.abc import Iterator, Mapping

from toolkit.auditors.marks import Mark
from toolkit.auditors.subject import Subject
from toolkit.text.degeneration import find_degeneration
from toolkit.text.doubtful import load_doubtful_words

_ENDS = re.compile(r"[.!?…:)\]\"”’*}$]\s*$")
_CITATION = re.compile(r"(?<=[\w\"”’)])\s?\[(?P<number>[1-9]\d?)(?:\s*,\s*\d{1,2})*\](?!\()")
_INTERVAL = re.compile(r"\b(?:range|interval|between|values?|within|domain)\s+(?:of\s+)?$|[∈=$]\s*$", re.IGNORECASE)
_LISTED = "(?m)^\\s*\\[{}\\]\\s+\\S"


def find_placeholders(subject: Subject) -> Iterator[Mark]:
    """Words stand in brackets where a value was to be filled in.

    Example: "I would rate the paper as [insert rating here]."
    Counter-example: "values in [0, 1]", "see [3]".
    """
    return _search(subject, load_doubtful_words().utterances, "placeholder", "a placeholder was never filled in")


def find_copied_prompts(subject: Subject) -> Iterator[Mark]:
    """A turn repeats instructions, or pastes the reviews as they were given.

    Example: "The dialogue should have a minimum of 4 turns."
    Counter-example: "Review 1: it is clear" in a list of what the reviews say.
    """
    return _search(subject, load_doubtful_words().utterances, "prompt-leak", "words of a prompt stand in the turn")


def find_boilerplate(subject: Subject) -> Iterator[Mark]:
    """A turn holds what assistants say to everybody.

    Example: "Please let me know if you have any other questions."
    Counter-example: "The reviews leave it open whether it would help practitioners."
    """
    return _search(subject, load_doubtful_words().dialogue, "assistant-boilerplate", "what assistants always say")


def find_injections(subject: Subject) -> Iterator[Mark]:
    """A turn holds words that are meant to steer a model that reads it.

    Example: "Ignore all previous instructions."
    Counter-example: "The instructions to reviewers were ignored, says Reviewer 2."
    """
    return _search(subject, load_doubtful_words().dialogue, "prompt-injection", "words that steer a model")


def _search(subject: Subject, patterns: Mapping[str, re.Pattern[str]], kind: str, message: str) -> Iterator[Mark]:
    for reading in subject.turns:
        for match in patterns[kind].finditer(reading.turn.text):
            yield Mark(message, reading.turn.index, *match.span(), match[0])


def find_degenerate_text(subject: Subject) -> Iterator[Mark]:
    """A turn falls apart into loops or soup.

    Example: "Thank you for the results. Thank you for the results." ten times over.
    Counter-example: "Thank you." at the end of every turn.
    """
    for reading in subject.turns:
        start = find_degeneration(reading.turn.text)
        if start is not None:
            yield Mark("loops or soup from here on", reading.turn.index, start, len(reading.turn.text))


def find_truncated_end(subject: Subject) -> Iterator[Mark]:
    """The last turn breaks off in the middle of a sentence.

    Example: "I would reject it, since the experiments".
    Counter-example: "I reject it."
    """
    last = subject.turns[-1] if subject.turns else None
    if last is not None and last.turn.text.strip() and not _ENDS.search(last.turn.text):
        end = len(last.turn.text)
        start = last.sentences[-1].start if last.sentences else 0
        yield Mark("the dialogue breaks off here", last.turn.index, start, end)


def find_dangling_citations(subject: Subject) -> Iterator[Mark]:
    """A number in square brackets cites a list that the dialogue does not have.

    Example: "the similarity to the sufficient direction in [1]", copied from a review with its list left behind.
    Counter-example: "values in the range [0]", or a turn that lists "[1] A paper".
    """
    whole = "\n".join(reading.turn.text for reading in subject.turns)
    for reading in subject.turns:
        for match in _CITATION.finditer(reading.turn.text):
            listed = re.search(_LISTED.format(match["number"]), whole)
            if listed is None and not _INTERVAL.search(reading.turn.text, 0, match.start()):
                start = match.start() + len(match[0]) - len(match[0].lstrip())
                yield Mark(
                    "nothing in the dialogue says what this cites",
                    reading.turn.index,
                    start,
                    match.end(),
                    match[0].strip(),
                )

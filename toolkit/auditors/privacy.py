"""Rules on what must not stand in a text at all. No finding repeats it: the offsets say where it is."""

from collections.abc import Iterator

from toolkit.auditors.marks import Mark
from toolkit.auditors.subject import Subject
from toolkit.text import clean_text

_HIDDEN = frozenset(("control", "invisible", "surrogate", "line-end"))


def find_email_addresses(subject: Subject) -> Iterator[Mark]:
    """A turn holds an e-mail address.

    Example: "write to jane at example dot org" in its usual spelling.
    Counter-example: "[email]", which stands where one was.
    """
    return _find_changes(subject, frozenset(("email",)), "an e-mail address")


def find_profile_ids(subject: Subject) -> Iterator[Mark]:
    """A turn holds an OpenReview profile id, which names a person.

    Example: a tilde, first and last name joined by an underscore, and a number.
    Counter-example: "~10 points" or "[profile]".
    """
    return _find_changes(subject, frozenset(("profile",)), "an OpenReview profile id")


def find_hidden_characters(subject: Subject) -> Iterator[Mark]:
    """A turn holds characters that do not show: control, zero width, bidirectional, tags, lone surrogates.

    Example: a right-to-left override, which shows a text in another order than it is stored.
    Counter-example: a line feed; a joiner between letters of a script that needs it.
    """
    return _find_changes(subject, _HIDDEN, "characters that do not show")


def _find_changes(subject: Subject, kinds: frozenset[str], what: str) -> Iterator[Mark]:
    for reading in subject.turns:
        if not kinds & clean_text(reading.turn.text).changes.keys():
            continue
        start, end = _find_changed_stretch(reading.turn.text)
        yield Mark(f"the turn holds {what}", reading.turn.index, start, end)


def _find_changed_stretch(text: str) -> tuple[int, int]:
    """Return the stretch between the first and the last character that cleaning changes.

    >>> _find_changed_stretch("a\\u200bb")
    (1, 2)
    """
    cleaned = clean_text(text).text
    start = 0
    while start < min(len(text), len(cleaned)) and text[start] == cleaned[start]:
        start += 1
    end, cleaned_end = len(text), len(cleaned)
    while end > start and cleaned_end > start and text[end - 1] == cleaned[cleaned_end - 1]:
        end, cleaned_end = end - 1, cleaned_end - 1
    return start, max(end, start + 1) if text else 0

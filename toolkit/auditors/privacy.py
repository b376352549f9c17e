"""Rules on what must not stand in a text at all. No finding repeats it: the offsets say where it is."""

import re
from collections.abc import Iterator

from toolkit.auditors.marks import Mark
from toolkit.auditors.subject import Subject
from toolkit.text import clean_text

_PHONE = re.compile(
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]\d{2,4}){2,4}"
    r"|\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}|\b(?:tel|phone)\b\.?:?\s*\d[\d ./-]{6,}\d)(?![\w.]\d)",
    re.IGNORECASE,
)
_PERSONAL_PAGE = re.compile(
    r"(?:https?://|www\.)[\w.-]+/(?:~|people/|users?/|staff/|faculty/)[\w./-]+"
    r"|(?:https?://)?(?:[\w-]+\.)?(?:linkedin\.com/in|facebook\.com|twitter\.com|scholar\.google\.[a-z.]+/citations)[/?][\w=&.?-]+"
    r"|openreview\.net/profile\?id=\S+",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:Dr|Prof|Mr|Mrs|Ms)\.\s+(?:[A-Z][a-zà-öø-ÿ]+\b)(?:\s+[A-Z][a-zà-öø-ÿ]+\b)*|\bProfessor\s+[A-Z][a-zà-öø-ÿ]+\b"
    r"|\bthe profile of\s+[A-Z][\w.-]+(?:\s+[A-Z][\w.-]+)*"
)
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


def find_phone_numbers(subject: Subject) -> Iterator[Mark]:
    """A turn holds a telephone number.

    Example: an international prefix and groups of digits, or "tel." and digits.
    Counter-example: "1 000 000 samples", an arXiv number, a DOI.
    """
    return _search(subject, _PHONE, "a telephone number")


def find_personal_pages(subject: Subject) -> Iterator[Mark]:
    """A turn holds the address of a person's page.

    Example: an address at a university with a tilde, a profile at a social network, a scholar's page.
    Counter-example: the address of a paper's code.
    """
    return _search(subject, _PERSONAL_PAGE, "the address of a person's page")


def find_author_names(subject: Subject) -> Iterator[Mark]:
    """A turn names a person by title, or as in an OpenReview profile.

    Names of authors are not on record (persons are pseudonyms before a note is stored), so only what reads as a person
    by itself is found.

    Example: "Dr." or "Professor" and a surname; "the profile of" and a name.
    Counter-example: "Smith et al. (2019)", which cites a paper.
    """
    return _search(subject, _PERSON, "the name of a person")


def _search(subject: Subject, pattern: re.Pattern[str], what: str) -> Iterator[Mark]:
    for reading in subject.turns:
        for match in pattern.finditer(reading.turn.text):
            yield Mark(f"the turn holds {what}", reading.turn.index, *match.span())


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

"""The texts of a note: which fields are prose, cleaned, in the order of the form."""

import functools
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from toolkit import venues
from toolkit.normalizers.roles import load_tables
from toolkit.records import Note, Section, TextChange
from toolkit.text import clean_text

_LABEL_WORDS = 6
"""A field that no form is known to have is prose from so many words on; shorter answers are labels."""


class TextCleaner:
    """Cleans the texts of one forum and counts what had to be changed."""

    def __init__(self) -> None:
        """Start with nothing changed."""
        self._changes: Counter[str] = Counter()

    def clean(self, value: Any) -> str | None:
        """Return a clean text; null for what is no text or says nothing."""
        if not isinstance(value, str):
            return None
        cleaned = clean_text(value)
        if cleaned.changes:
            self._changes.update(cleaned.changes)
        return cleaned.text if cleaned.text and not cleaned.text.isspace() else None

    def clean_title(self, value: Any) -> str | None:
        """Return a clean text on one line, with single spaces; null for what is no text or says nothing."""
        cleaned = self.clean(value)
        if cleaned is None:
            return None
        title = " ".join(cleaned.split())
        if title != cleaned:
            self._changes["title-space"] += 1
        return title

    def list_changes(self) -> tuple[TextChange, ...]:
        """Return what was changed so far, by kind."""
        return tuple(TextChange(kind, count) for kind, count in sorted(self._changes.items()))


def read_sections(
    note: Note,
    venue: str,
    kind: str,
    cleaner: TextCleaner,
    *,
    paper_title: str | None,
    scored: Collection[str] = (),
) -> tuple[Section, ...]:
    """Return a note's prose: the form's fields in the form's order, then any other prose by name.

    The title comes among the others, and only where it says more than what kind of note this is or which paper it is
    about. Scores (``scored`` names those that no form is known to have), labels, consents, files and lists are not
    prose.
    """
    names = [name for name in list_text_fields(note, venue, kind) if name not in scored]
    sections = []
    for name in names:
        if name == "title":
            title = read_title(note, cleaner)
            if title is None or is_generic_title(title, paper_title):
                continue
            sections.append(Section(name, title))
        elif text := cleaner.clean(note.content[name]):
            sections.append(Section(name, text))
    return tuple(sections)


def list_text_fields(note: Note, venue: str, kind: str) -> tuple[str, ...]:
    """Return the names of a note's prose fields: those of the form in its order, then the others by name."""
    content = note.content
    form = venues.find_form(venue, kind, content)
    of_form = tuple(text.field for text in form.text_fields) if form else ()
    others = {
        name
        for name in venues.list_unfamiliar_fields(venue, kind, content)
        if name not in of_form and _is_prose(content[name])
    }
    if isinstance(content.get("title"), str):
        others.add("title")
    return (*of_form, *sorted(others))


def read_title(note: Note, cleaner: TextCleaner) -> str | None:
    """Return a note's title on one line; null where it has none."""
    return cleaner.clean_title(note.content.get("title"))


def is_generic_title(title: str, paper_title: str | None) -> bool:
    """Whether a title says nothing of its own.

    >>> is_generic_title("Official Blind Review #2", None), is_generic_title("Review", None)
    (True, True)
    >>> is_generic_title("Nice idea, weak baselines", None)
    False
    """
    words = _strip_signs(title)
    if not words or _load_generic_titles().fullmatch(words):
        return True
    paper = _strip_signs(paper_title or "")
    return bool(paper) and (words.endswith(paper) or (len(words) > 20 and paper.startswith(words)))


def _strip_signs(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@functools.cache
def _load_generic_titles() -> re.Pattern[str]:
    patterns: Mapping[str, Any] = load_tables()["titles"]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns["generic"]))


def _is_prose(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    words = value.split()
    return len(words) >= _LABEL_WORDS or (len(words) > 2 and value.rstrip().endswith((".", "?", "!")))

"""Names of people: read, compared, and replaced by pseudonyms that still compare.

A record needs to know that the one who answers is an author, never who that is.
"""

import functools
import hashlib
import re
import unicodedata
from typing import NamedTuple

_PSEUDONYM = re.compile(r"~?(?:Author|Person)_(?P<last>[0-9a-f]{4})(?P<first>[0-9a-f]{4})[0-9]*")
"""Equal digits, equal person. De-identified copies of records made by others use the same shape."""

_ANY_FIRST = "0000"
"""Second half of a pseudonym whose first name was only an initial."""


class Name(NamedTuple):
    """What is compared of a name: in lower case, without accents and middle names."""

    first: str
    """Empty where it is not known."""
    last: str


@functools.lru_cache(maxsize=8192)
def read_name(text: str) -> Name | None:
    """Read a name, a profile id or a pseudonym; null for what is none (e-mail addresses, groups, role names).

    >>> read_name("~Jane_Q._Doe1"), read_name("Jane Doe")
    (Name(first='jane', last='doe'), Name(first='jane', last='doe'))
    """
    if pseudonym := _PSEUDONYM.fullmatch(text):
        return Name("" if pseudonym["first"] == _ANY_FIRST else pseudonym["first"], pseudonym["last"])
    if "@" in text or "/" in text or text.startswith(("(", "anonymous")):
        return None
    plain = unicodedata.normalize("NFKD", re.sub(r"\d+$", "", text.lstrip("~")))
    words = re.findall(r"[a-z]+", "".join(char for char in plain.lower() if not unicodedata.combining(char)))
    return Name(words[0], words[-1]) if len(words) > 1 else None


def is_same_person(one: Name, other: Name) -> bool:
    """Whether two names may be one person's: an initial stands for every first name that begins with it."""
    if one.last != other.last:
        return False
    if not one.first or not other.first:
        return True
    if len(one.first) > 1 and len(other.first) > 1:
        return one.first == other.first
    return one.first[:1] == other.first[:1]


def hide_name(text: str, forum: str) -> str:
    """Return the pseudonym of a person in a forum; what is a pseudonym already stays.

    It keeps what ``is_same_person`` compares, the sign of a profile id and its number, and is another one in every
    forum, so that nobody can be followed from paper to paper.

    >>> jane = read_name(hide_name("~Jane_Q._Doe1", "f1"))
    >>> [is_same_person(jane, read_name(hide_name(name, "f1"))) for name in ("Jane Doe", "J. Doe", "John Doe")]
    [True, True, False]
    >>> hide_name("Jane Doe", "f1") == hide_name("Jane Doe", "f2")
    False
    """
    if _PSEUDONYM.fullmatch(text):
        return text
    name = read_name(text)
    if name is None:
        last, first = _hash(forum, " ".join(text.lstrip("~").casefold().split())), _ANY_FIRST
    else:
        last = _hash(forum, f"{name.first[:1]} {name.last}")
        first = _hash(forum, f"{name.first} {name.last}") if len(name.first) > 1 else _ANY_FIRST
    number = re.search(r"[0-9]*$", text)
    is_profile = text.startswith("~")
    return f"{'~' if is_profile else ''}Person_{last}{first}{number[0] if is_profile and number else ''}"


def _hash(forum: str, name: str) -> str:
    digest = hashlib.sha256(f"person\0{forum}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()
    return next(digest[at : at + 4] for at in range(0, 64, 4) if digest[at : at + 4] != _ANY_FIRST)

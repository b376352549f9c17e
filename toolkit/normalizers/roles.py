"""Who speaks in a forum. Names and signatures are read here and go no further."""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from toolkit import venues
from toolkit.records import Note, Role
from toolkit.text import Name, is_same_person, read_name

_FALLBACK: Mapping[str, Role] = {
    "meta_review": "area_chair",
    "decision": "program_chair",
    "desk_rejection": "program_chair",
    "withdrawal": "author",
    "rebuttal": "author",
    "submission": "author",
}
"""Who files such notes, where neither the signature nor the forum tells."""


_HANDLE = re.compile(r"(?:/|\b)(?:Anon)?[Rr]eviewer[ _]?(\w{1,4})$")


class Cast(NamedTuple):
    """The people of one forum, as far as its notes tell them apart."""

    authors: tuple[Name, ...]
    author_signatures: frozenset[str]
    """Signatures of the submission, and of persons who speak for it."""


class _Voice(NamedTuple):
    reply: re.Pattern[str]
    statement: re.Pattern[str]


def cast_forum(notes: Sequence[Note], root: Note | None) -> Cast:
    """Find out which signatures are the authors'.

    An author is who signed the submission or bears the name of an author on it. Where the authors have no group of
    their own (ICLR until 2017 and its workshops of 2018), whoever answers reviewers in the voice of the paper is one
    too: replies to two or more reviewers, answers a reviewer's question, or says what a reply of an author says
    (``roles.toml``).
    """
    names = tuple(_list_author_names(root)) if root else ()
    signatures = frozenset(root.signatures) if root else frozenset()
    cast = Cast(names, signatures)
    if root is None or _has_author_group(notes, root):
        return cast
    return cast._replace(author_signatures=signatures | _find_speakers_for_paper(notes, root, cast))


def find_role(note: Note, kind: str, cast: Cast) -> Role:
    """Say who wrote a note."""
    roles = [venues.classify_signature(signature, kind) for signature in note.signatures]
    if "reviewer" in roles:  # a reviewer may sign with the name beside the number
        return "reviewer"
    if any(is_author(signature, cast) for signature in note.signatures):
        return "author"
    return next((role for role in roles if role is not None), _FALLBACK.get(kind, "public"))


def find_signer(note: Note, kind: str) -> str:
    """Return what tells one signer from another within a forum; never part of a record."""
    for signature in note.signatures:
        if venues.classify_signature(signature, kind) == "reviewer":
            return signature
    return "|".join(note.signatures)


def read_handle(signer: str) -> str | None:
    """Return what tells a reviewer from the others where authors write "Reviewer 3", in lower case; never stored.

    >>> read_handle("V.cc/2020/Conference/Paper7/AnonReviewer3"), read_handle("V.cc/2024/Submission7/Reviewer_aB3d")
    ('3', 'ab3d')
    """
    found = _HANDLE.search(signer)
    return found[1].lower() if found else None


def is_author(signature: str, cast: Cast) -> bool:
    """Whether a signature is one of the authors'."""
    if signature in cast.author_signatures and "/" not in signature:
        return True
    name = read_name(signature)
    return name is not None and any(is_same_person(name, author) for author in cast.authors)


def is_profile(note: Note, kind: str) -> bool:
    """Whether a note is signed by an OpenReview profile and by no role of the venue."""
    return any(signature.startswith("~") for signature in note.signatures) and not any(
        venues.classify_signature(signature, kind) == "reviewer" for signature in note.signatures
    )


def _has_author_group(notes: Iterable[Note], root: Note) -> bool:
    if any("/" in signature for signature in root.signatures):
        return True  # the venue signs for its authors: a blind submission
    return any(signature.endswith("/Authors") for note in notes for signature in note.signatures)


def _find_speakers_for_paper(notes: Sequence[Note], root: Note, cast: Cast) -> frozenset[str]:
    kinds = {note.id: venues.classify_note(note) for note in notes}
    by_id = {note.id: note for note in notes}
    answered: dict[str, set[str]] = {}
    speakers: set[str] = set()
    for note in notes:
        signature = next(iter(note.signatures), "")
        if not _is_person(signature) or note.id == root.id or is_author(signature, cast):
            continue
        parent = by_id.get(note.replyto or "")
        text = " ".join(value for value in note.content.values() if isinstance(value, str)).lower()
        if parent is not None and find_role(parent, kinds[parent.id], cast) == "reviewer":
            answered.setdefault(signature, set()).add(find_signer(parent, kinds[parent.id]))
            if kinds[parent.id] == "question" or _load_voice().reply.search(text):
                speakers.add(signature)
        elif _load_voice().statement.search(text):
            speakers.add(signature)
    return frozenset(speakers | {signature for signature, reviewers in answered.items() if len(reviewers) > 1})


def _is_person(signature: str) -> bool:
    return bool(signature) and "/" not in signature and not signature.startswith(("(", "anonymous reviewer"))


@functools.cache
def _load_voice() -> _Voice:
    table = load_tables()
    return _Voice(re.compile("|".join(table["reply_voice"])), re.compile("|".join(table["statement_voice"])))


@functools.cache
def load_tables() -> Mapping[str, Any]:
    """Return the tables of ``roles.toml``."""
    return tomllib.loads((Path(__file__).parent / "roles.toml").read_text(encoding="utf-8"))


def _list_author_names(root: Note) -> Iterable[Name]:
    for field in ("authors", "authorids"):
        values = root.content.get(field)
        for value in values if isinstance(values, list) else ():
            if isinstance(value, str) and (name := read_name(value)):
                yield name

"""What a note is, where it belongs and who signed it, read from how invitations and signatures are spelled."""

import functools
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from toolkit.errors import RecordError
from toolkit.records import Note, Role
from toolkit.venues.catalogue import load_catalogue

NoteKind = Literal[
    "submission",
    "review",
    "meta_review",
    "decision",
    "comment",
    "rebuttal",
    "question",
    "public_comment",
    "public_review",
    "ethics_review",
    "withdrawal",
    "desk_rejection",
    "recommendation",
    "ai_review",
    "review_revision",
    "review_rating",
    "other",
]

_EDIT = "/-/Edit"
_YEAR = re.compile(r"(?:^|/)((?:19|20)[0-9]{2})(?=/|$)")


class VenueKey(NamedTuple):
    """A venue as the record spells it."""

    venue: str
    year: int | None
    """Null for journals, whose ids hold no year."""


class InvitationKey(NamedTuple):
    """What the spelling of an invitation says."""

    venue: str | None
    """Null where it does not look like an invitation."""
    kind: NoteKind


def identify_venue(note: Note) -> VenueKey:
    """Return the venue of a note: its domain where the record names one, else from its invitation.

    Raises:
        RecordError: the invitation does not look like one.

    >>> from toolkit.notes import parse_note
    >>> raw = {"id": "r", "forum": "f", "tcdate": 1, "content": {},
    ...        "invitation": "ICLR.cc/2019/Conference/-/Paper603/Official_Review"}
    >>> identify_venue(parse_note(raw))
    VenueKey(venue='ICLR.cc/2019/Conference', year=2019)
    """
    invitation = pick_invitation(note)
    venue = note.domain or split_invitation(invitation).venue
    if venue is None:
        raise RecordError(f"cannot tell the venue from the invitation {invitation!r}", where=note.id)
    return VenueKey(venue, find_year(venue))


@functools.lru_cache(maxsize=65536)
def find_year(venue: str) -> int | None:
    """Return the year in a venue's id.

    >>> find_year("aclweb.org/ACL/ARR/2025/February"), find_year("TMLR")
    (2025, None)
    """
    match = _YEAR.search(venue)
    return int(match[1]) if match else None


def pick_invitation(note: Note) -> str:
    """Return the invitation that says what a note is: in API v2 the first one that is not about editing it."""
    return next((invitation for invitation in note.invitations if not invitation.endswith(_EDIT)), note.invitations[0])


def classify_note(note: Note) -> NoteKind:
    """Say what a note is, from its invitation alone.

    >>> from toolkit.notes import parse_note
    >>> raw = {"id": "r", "forum": "f", "tcdate": 1, "content": {},
    ...        "invitation": "ICLR.cc/2017/conference/-/paper563/pre-review/question"}
    >>> classify_note(parse_note(raw))
    'question'
    """
    return split_invitation(pick_invitation(note)).kind


@functools.lru_cache(maxsize=65536)
def classify_signature(signature: str, kind: str) -> Role | None:
    """Say who a signature stands for on a note of some kind; null where its spelling cannot tell.

    >>> classify_signature("ICLR.cc/2019/Conference/Paper603/AnonReviewer2", "comment")
    'reviewer'
    """
    for rule in _load_rules().signatures:
        if rule.pattern.fullmatch(signature) and (not rule.kinds or kind in rule.kinds):
            return rule.role
    return None


class _KindRule(NamedTuple):
    pattern: re.Pattern[str]
    at_venue: bool
    kind: NoteKind


class _SignatureRule(NamedTuple):
    pattern: re.Pattern[str]
    kinds: frozenset[str]
    role: Role


class _Rules(NamedTuple):
    papers: tuple[re.Pattern[str], ...]
    aliases: tuple[tuple[re.Pattern[str], str], ...]
    kinds: tuple[_KindRule, ...]
    signatures: tuple[_SignatureRule, ...]


@functools.cache
def _load_rules() -> _Rules:
    tables: Mapping[str, Any] = load_catalogue().tables
    return _Rules(
        papers=tuple(re.compile(pattern) for pattern in tables["invitation_papers"]),
        aliases=tuple((re.compile(rule["invitation"]), rule["venue"]) for rule in tables["venue_aliases"]),
        kinds=tuple(
            _KindRule(re.compile(rule["name"]), rule.get("at") == "venue", cast(NoteKind, rule["kind"]))
            for rule in tables["invitation_kinds"]
        ),
        signatures=tuple(
            _SignatureRule(re.compile(rule["signature"]), frozenset(rule.get("kinds", ())), cast(Role, rule["role"]))
            for rule in tables["signature_roles"]
        ),
    )


@functools.lru_cache(maxsize=65536)
def split_invitation(invitation: str) -> InvitationKey:
    """Return the venue and the kind of note of an invitation's id, of one paper or of the whole venue.

    >>> split_invitation("ICLR.cc/2020/Conference/Paper12/-/Official_Review")
    InvitationKey(venue='ICLR.cc/2020/Conference', kind='review')
    """
    rules = _load_rules()
    left, dash, right = invitation.partition("/-/")
    if not dash:
        return InvitationKey(None, "other")
    venue, name = _cut_papers(left, rules), _cut_papers(right, rules)
    about_paper = venue != left or name != right
    alias = next((target for pattern, target in rules.aliases if pattern.fullmatch(invitation)), None)
    for rule in rules.kinds:
        # "-/Withdrawn_Submission" holds papers, "Paper12/-/Withdraw_Submission" is an act on one.
        if rule.pattern.fullmatch(name) and not (rule.at_venue and about_paper):
            return InvitationKey(alias or venue, rule.kind)
    return InvitationKey(alias or venue, "other")


def _cut_papers(side: str, rules: _Rules) -> str:
    for pattern in rules.papers:
        side = pattern.sub("", side)
    return side.strip("/")

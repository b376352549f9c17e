"""Notes to test with, in the shapes of both APIs."""

from collections.abc import Mapping
from typing import Any

from toolkit.fetchers import Store

Raw = dict[str, Any]

VENUE_V2 = "Loop.cc/2026/Conference"
VENUE_V1 = "Loop.cc/2019/Conference"


def make_review(note_id: str = "n1", forum: str = "f1", *, rating: int = 6, modified: int = 10, **more: Any) -> Raw:
    """A public v2 review; ``more`` replaces or adds fields."""
    return {
        "id": note_id,
        "forum": forum,
        "replyto": forum,
        "invitations": [f"{VENUE_V2}/Submission1/-/Official_Review", f"{VENUE_V2}/-/Edit"],
        "readers": ["everyone"],
        "signatures": [f"{VENUE_V2}/Submission1/Reviewer_abcd"],
        "tcdate": 5,
        "tmdate": modified,
        "content": {"rating": {"value": rating}, "review": {"value": "Sound — “mostly”."}},
        **more,
    }


def make_submission(note_id: str = "f1", *, modified: int = 9, **more: Any) -> Raw:
    """A public v2 submission."""
    return {
        **make_review(note_id, note_id, modified=modified),
        "replyto": None,
        "invitations": [f"{VENUE_V2}/-/Submission", f"{VENUE_V2}/-/Edit"],
        "content": {"title": {"value": f"On {note_id}"}},
        **more,
    }


def make_submission_v1(note_id: str, invitation: str = "Blind_Submission", **more: Any) -> Raw:
    """A public v1 submission."""
    return {
        "id": note_id,
        "forum": note_id,
        "invitation": f"{VENUE_V1}/-/{invitation}",
        "readers": ["everyone"],
        "nonreaders": [],
        "signatures": [VENUE_V1],
        "tcdate": 5,
        "tmdate": 9,
        "ddate": None,
        "content": {"title": f"On {note_id}"},
        **more,
    }


def make_review_v1(note_id: str, forum: str, **more: Any) -> Raw:
    """A public v1 review."""
    return {
        **make_submission_v1(note_id, **more),
        "forum": forum,
        "replyto": forum,
        "invitation": f"{VENUE_V1}/-/Paper1/Official_Review",
        "content": {"rating": "6: Marginally above acceptance threshold", "review": "Sound."},
    }


def drop(raw: Mapping[str, Any], *names: str) -> Raw:
    """The same note without some of its fields."""
    return {name: value for name, value in raw.items() if name not in names}


def read_ids(store: Store) -> dict[str, list[str]]:
    """Forum -> ids of its notes as they are read back, once a version."""
    return {forum: [note.id for note in notes] for forum, notes in store.read_forums()}

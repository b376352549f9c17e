"""Invented notes in the shapes of both API versions, and the real forums where they are at hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolkit.normalizers import NormalizedForum, normalize_notes

RawNote = dict[str, Any]


@pytest.fixture
def make_v1() -> Callable[..., RawNote]:
    """A note of API v1; ``time`` is its creation time."""

    def make(
        note_id: str, invitation: str, signature: str, *, time: int = 1, to: str | None = "f1", **content: Any
    ) -> RawNote:
        return {
            "id": note_id,
            "forum": "f1",
            "replyto": None if note_id == "f1" else to,
            "tcdate": time,
            "invitation": invitation,
            "signatures": [signature],
            "readers": ["everyone"],
            "content": content,
        }

    return make


@pytest.fixture
def make_v2() -> Callable[..., RawNote]:
    """A note of API v2 at ICLR 2024."""

    def make(
        note_id: str, name: str, signature: str, *, time: int = 1, to: str | None = "f1", **content: Any
    ) -> RawNote:
        venue = "ICLR.cc/2024/Conference"
        return {
            "id": note_id,
            "forum": "f1",
            "replyto": None if note_id == "f1" else to,
            "cdate": time,
            "domain": venue,
            "license": "CC BY 4.0",
            "invitations": [f"{venue}/{name}", f"{venue}/-/Edit"],
            "signatures": [f"{venue}/{signature}"],
            "readers": [venue, "everyone"],
            "content": {field: {"value": value} for field, value in content.items()},
        }

    return make


@pytest.fixture(scope="session")
def real_forums(shared_data: Path) -> dict[str, NormalizedForum]:
    """All real forums that can be normalized, by id."""
    found = {}
    for path in sorted((shared_data / "openreview").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            body = json.loads(line)
            if body["notes"]:
                hints = {"title": body["title"]} if "title" in body else {}
                found[body["forum"]] = normalize_notes(body["notes"], hints=hints)
    return found

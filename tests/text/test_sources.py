"""Evidence points into the texts of a record, and is checked against them."""

from dataclasses import replace

import pytest

from toolkit.errors import RecordError
from toolkit.normalizers import normalize_forum
from toolkit.text import collect_sources, hash_span, make_evidence, verify_evidence

SOURCES = {("n1", "review"): "The idea is new, the tests are few."}


def test_a_span_without_text_is_refused() -> None:
    for note_id, field, start, end in [("n1", "review", 4, 4), ("n1", "review", 30, 99), ("n1", "questions", 0, 1)]:
        with pytest.raises(RecordError):
            make_evidence(SOURCES, note_id, field, start, end, turn_start=0, turn_end=1, quote=False)


def test_evidence_holds_until_a_character_of_its_text_changes() -> None:
    evidence = make_evidence(SOURCES, "n1", "review", 4, 15, turn_start=0, turn_end=11, quote=True)
    assert verify_evidence(SOURCES, evidence) is None
    assert evidence.sha256 == hash_span("idea is new")
    changed = {("n1", "review"): "The idea is old, the tests are few."}
    assert "sha256 differs" in str(verify_evidence(changed, evidence))
    assert "outside the text" in str(verify_evidence(SOURCES, replace(evidence, end=99)))
    assert "no text 'review'" in str(verify_evidence({}, evidence))


def test_every_text_of_a_forum_is_a_source() -> None:
    venue = "ICLR.cc/2019/Conference"

    def make(note_id: str, invitation: str, signature: str, **content: object) -> dict[str, object]:
        return {
            "id": note_id,
            "forum": "f1",
            "replyto": None if note_id == "f1" else "f1",
            "tcdate": 1,
            "invitation": f"{venue}/-/{invitation}",
            "signatures": [f"{venue}{signature}"],
            "readers": ["everyone"],
            "content": content,
        }

    forum = normalize_forum(
        [
            make("f1", "Blind_Submission", "", title="Small Nets", abstract="We prune."),
            make(
                "r1",
                "Paper1/Official_Review",
                "/Paper1/AnonReviewer1",
                review="It works.",
                rating="4: ok",
                confidence=3,
            ),
            make("c1", "Paper1/Official_Comment", "/Paper1/Authors", comment="Thank you.", title="Reply"),
            make("m1", "Paper1/Meta_Review", "/Paper1/Area_Chair1", metareview="Sound.", recommendation="Reject"),
        ]
    )
    sources = collect_sources(forum)
    assert sources == {
        ("f1", "title"): "Small Nets",
        ("f1", "abstract"): "We prune.",
        ("r1", "review"): "It works.",
        ("r1", "rating"): "4: ok",
        ("r1", "confidence"): "3",
        ("m1", "metareview"): "Sound.",
        ("c1", "comment"): "Thank you.",
        ("m1", "recommendation"): "Reject",
    }

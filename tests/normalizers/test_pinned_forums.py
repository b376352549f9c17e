"""Real forums of every era against numbers that a person read from the raw notes.

``pinned_forums.tsv`` holds no text of any record: the file a forum is in, its id (of forums that are not named in
public elsewhere, the sha256 of the id), the ratings and confidences of its reviews in order of creation ("-" where a
review has none), and what became of the paper.
"""

import csv
import hashlib
from pathlib import Path

import pytest

from toolkit.normalizers import NormalizedForum

PINS = list(csv.DictReader((Path(__file__).parent / "pinned_forums.tsv").open(encoding="utf-8"), delimiter="\t"))
KNOWN = {"BklMjsRqY7", "BylQV305YQ", "S1en0sRqKm", "rJgfjjC9Ym"}


def name_forum(forum: str) -> str:
    return forum if forum in KNOWN else f"sha256:{hashlib.sha256(forum.encode()).hexdigest()[:16]}"


def write_values(values: list[float | None]) -> str:
    return " ".join("-" if value is None else f"{value:g}" for value in values)


def test_the_pins_span_all_eras_and_name_the_four_known_forums() -> None:
    assert len(PINS) >= 44
    assert len({pin["file"] for pin in PINS}) == 17
    assert len({pin["forum"] for pin in PINS}) == len(PINS)
    assert {pin["forum"] for pin in PINS} >= KNOWN


@pytest.mark.parametrize("pin", PINS, ids=lambda pin: pin["forum"])
def test_a_forum_has_the_numbers_that_its_raw_notes_show(
    pin: dict[str, str], real_forums: dict[str, NormalizedForum]
) -> None:
    (record,) = [result.forum for forum, result in real_forums.items() if name_forum(forum) == pin["forum"]]
    found = {
        "ratings": write_values([review.rating.value for review in record.reviews]),
        "confidences": write_values([review.confidence.value for review in record.reviews]),
        "outcome": record.decision.outcome,
        "tier": record.decision.tier or "",
    }
    assert found == {name: pin[name] for name in found}

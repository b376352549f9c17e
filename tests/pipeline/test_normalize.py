"""Normalizing a whole store: forms that came along, conferences that decided, scales that nobody knows."""

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit import workspace as places
from toolkit.cli import main as shell
from toolkit.errors import ExitCode
from toolkit.pipeline import run_import, run_normalize
from toolkit.records import Forum

VENUE = "Nobody.org/2031/Conference"
CYCLE = "aclweb.org/ACL/ARR/2025/February"
ACL = "aclweb.org/ACL/2025/Conference"


def make(note_id: str, forum: str, name: str, signer: str, *, venue: str = VENUE, **content: Any) -> dict[str, Any]:
    return {
        "id": note_id, "forum": forum, "replyto": None if note_id == forum else forum, "cdate": 5, "domain": venue,
        "readers": ["everyone"], "invitations": [f"{venue}/{name}"], "signatures": [f"{venue}/{signer}"],
        "content": {field: {"value": value} for field, value in content.items()},
    }  # fmt: skip


def make_paper(name: str, *ratings: Any) -> list[dict[str, Any]]:
    return [
        make(name, name, "-/Submission", "Submission1/Authors", title=f"Paper {name}"),
        *(
            make(f"{name}r{number}", name, "Submission1/-/Official_Review", f"Submission1/Reviewer_ab{number:02d}",
                 review="The idea is good.", rating=rating)
            for number, rating in enumerate(ratings)
        ),
    ]  # fmt: skip


def fill(folder: Path, *bodies: dict[str, Any]) -> places.Workspace:
    for number, body in enumerate(bodies):
        (folder / f"{number}.json").write_text(json.dumps(body))
    workspace = places.open_workspace(folder / "build", create=True)
    run_import(workspace, [folder / f"{number}.json" for number in range(len(bodies))])
    return workspace


def read_forums(workspace: places.Workspace) -> dict[str, Forum]:
    return {forum.forum: forum for forum in places.read_records(workspace.forums, Forum)}


def test_a_form_that_came_along_is_believed(tmp_path: Path) -> None:
    levels = ["1: Reject", "2: Weak reject", "3: Weak accept", "4: Accept"]
    form = {
        "id": f"{VENUE}/-/Official_Review",
        "readers": ["everyone"],
        "edit": {"invitation": {"edit": {"note": {"content": {"rating": {"value": {"param": {"enum": levels}}}}}}}},
    }
    workspace = fill(tmp_path, {"notes": make_paper("p1", "3: Weak accept")}, {"invitations": [form]})
    report = run_normalize(workspace)
    rating = read_forums(workspace)["p1"].reviews[0].rating
    assert (rating.value, rating.aligned, rating.status) == (3.0, 0.25, "known")
    assert not report.unknown_scales


def test_a_scale_that_nobody_knows_is_observed_and_listed_with_what_to_add(tmp_path: Path) -> None:
    workspace = fill(tmp_path, {"notes": [*make_paper("p1", "3: fair", "4: good"), *make_paper("p2", 4)]})
    report = run_normalize(workspace)
    assert [review.rating.status for review in read_forums(workspace)["p1"].reviews] == ["inferred", "inferred"]
    (listed,) = report.unknown_scales
    assert (listed["venue"], listed["kind"], listed["field"], listed["answers"]) == (VENUE, "review", "rating", 3)
    assert places.read_manifest(workspace)["stages"]["normalize"]["unknown_scales"] == [dict(listed)]
    again = run_normalize(workspace)
    assert (again.fresh, list(again.unknown_scales)) == (False, [dict(listed)])


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_says_on_stderr_which_scales_it_does_not_know(
    as_json: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path, {"notes": make_paper("p1", "3: fair", "4: good")})
    assert shell.run(["normalize", str(tmp_path / "build"), *(["--json"] if as_json else [])]) == ExitCode.DONE
    out, err = capfd.readouterr()
    assert f"unknown scale: rating of a review at {VENUE} (2 answers)" in err
    assert '      3: "fair"' in err
    assert "unknown scale" not in out
    if as_json:
        assert [scale["field"] for scale in json.loads(out)["unknown_scales"]] == ["rating"]


def test_the_decision_of_a_conference_reaches_the_cycle_where_the_paper_was_reviewed(tmp_path: Path) -> None:
    cycle = [
        make("cycleforum", "cycleforum", "-/Submission", "Submission7/Authors", venue=CYCLE, title="On Rain"),
        make("r1", "cycleforum", "Submission7/-/Official_Review", "Submission7/Reviewer_abcd", venue=CYCLE,
             paper_summary="It is about rain.", overall_assessment=4),
    ]  # fmt: skip
    link = "https://openreview.net/forum?id=cycleforum"
    conference = [
        make("acl", "acl", "-/Submission", "Submission3/Authors", venue=ACL, title="On Rain", paper_link=link),
        make("d1", "acl", "Submission3/-/Decision", "Program_Chairs", venue=ACL, decision="Accept (Main)"),
    ]
    workspace = fill(tmp_path, {"notes": cycle}, {"notes": conference})
    run_normalize(workspace)
    forums = read_forums(workspace)
    assert {name: forum.decision.outcome for name, forum in forums.items()} == {"cycleforum": "accept", "acl": "accept"}
    assert (forums["cycleforum"].decision.note_id, forums["cycleforum"].decision.tier) == ("d1", "main")

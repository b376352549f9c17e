"""What a note is, where it belongs and who signed it follow from the spelling of every era."""

import pytest

from toolkit.errors import RecordError
from toolkit.notes import parse_note
from toolkit.records import Note
from toolkit.venues import classify_note, classify_signature, find_year, identify_venue, pick_invitation


def note(*invitations: str, domain: str | None = None) -> Note:
    return parse_note(
        {"id": "n", "forum": "f", "tcdate": 1, "content": {}, "domain": domain}
        | ({"invitation": invitations[0]} if domain is None else {"invitations": list(invitations)})
    )


V1_LAYOUTS = [
    ("ICLR.cc/2013/conference/-/submission", "ICLR.cc/2013/conference", "submission"),
    ("ICLR.cc/2013/-/submission/review", "ICLR.cc/2013/conference", "review"),
    ("ICLR.cc/2013/-/submission/reply", "ICLR.cc/2013/conference", "comment"),
    ("ICLR.cc/2014/-/submission/conference/review", "ICLR.cc/2014/conference", "review"),
    ("ICLR.cc/2014/-/submission/conference/reply", "ICLR.cc/2014/conference", "comment"),
    ("ICLR.cc/2014/-/submission/workshop/review", "ICLR.cc/2014/workshop", "review"),
    ("ICLR.cc/2014/workshop/-/submission", "ICLR.cc/2014/workshop", "submission"),
    ("ICLR.cc/2016/workshop/-/paper/146/review/11", "ICLR.cc/2016/workshop", "review"),
    ("ICLR.cc/2016/workshop/-/paper/146/comment", "ICLR.cc/2016/workshop", "comment"),
    ("ICLR.cc/2017/conference/-/submission", "ICLR.cc/2017/conference", "submission"),
    ("ICLR.cc/2017/conference/-/paper563/official/review", "ICLR.cc/2017/conference", "review"),
    ("ICLR.cc/2017/conference/-/paper563/official/comment", "ICLR.cc/2017/conference", "comment"),
    ("ICLR.cc/2017/conference/-/paper563/public/review", "ICLR.cc/2017/conference", "public_review"),
    ("ICLR.cc/2017/conference/-/paper563/public/comment", "ICLR.cc/2017/conference", "public_comment"),
    ("ICLR.cc/2017/conference/-/paper563/pre-review/question", "ICLR.cc/2017/conference", "question"),
    ("ICLR.cc/2017/conference/-/paper563/meta/review", "ICLR.cc/2017/conference", "meta_review"),
    ("ICLR.cc/2017/conference/-/paper563/acceptance", "ICLR.cc/2017/conference", "decision"),
    ("ICLR.cc/2018/Conference/-/Blind_Submission", "ICLR.cc/2018/Conference", "submission"),
    ("ICLR.cc/2018/Conference/-/Withdrawn_Submission", "ICLR.cc/2018/Conference", "submission"),
    ("ICLR.cc/2018/Conference/-/Acceptance_Decision", "ICLR.cc/2018/Conference", "decision"),
    ("ICLR.cc/2019/Conference/-/Paper603/Official_Review", "ICLR.cc/2019/Conference", "review"),
    ("ICLR.cc/2019/Conference/-/Paper603/Meta_Review", "ICLR.cc/2019/Conference", "meta_review"),
    ("ICLR.cc/2019/Conference/-/Paper603/Withdraw_Submission", "ICLR.cc/2019/Conference", "withdrawal"),
    ("ICLR.cc/2019/Workshop/LLD/-/Paper5/Official_Review", "ICLR.cc/2019/Workshop/LLD", "review"),
    ("ICLR.cc/2020/Conference/Paper12/-/Official_Review", "ICLR.cc/2020/Conference", "review"),
    ("ICLR.cc/2020/Conference/Paper12/-/Public_Comment", "ICLR.cc/2020/Conference", "public_comment"),
    ("ICLR.cc/2021/Conference/Paper9/-/Ethics_Meta_Review", "ICLR.cc/2021/Conference", "ethics_review"),
    ("ICLR.cc/2021/Conference/Paper9/-/Decision", "ICLR.cc/2021/Conference", "decision"),
    ("aclweb.org/ACL/ARR/2021/November/Paper3/-/Official_Review", "aclweb.org/ACL/ARR/2021/November", "review"),
    ("V.org/2020/Conference/Paper12/-/Unofficial_Review", "V.org/2020/Conference", "public_review"),
    ("V.org/2020/Conference/Paper12/-/Official_Review_Revision", "V.org/2020/Conference", "other"),
    ("V.org/2020/Conference/-/Official_Reviewers_Invitation", "V.org/2020/Conference", "other"),
    ("V.org/2020/Conference/Paper12/-/Review_Rating", "V.org/2020/Conference", "review_rating"),
]


@pytest.mark.parametrize(("invitation", "venue", "kind"), V1_LAYOUTS, ids=[layout[0] for layout in V1_LAYOUTS])
def test_a_note_of_the_first_api_is_placed_by_its_invitation(invitation: str, venue: str, kind: str) -> None:
    found = note(invitation)
    assert (identify_venue(found).venue, classify_note(found)) == (venue, kind)


V2_LAYOUTS = [
    ("{V}/-/Submission", "submission"),
    ("{V}/Submission12/-/Official_Review", "review"),
    ("{V}/Submission12/-/Meta_Review", "meta_review"),
    ("{V}/Submission12/-/Decision", "decision"),
    ("{V}/Submission12/-/Rebuttal", "rebuttal"),
    ("{V}/Submission12/Official_Review3/-/Rebuttal", "rebuttal"),
    ("{V}/Submission12/-/Official_Comment", "comment"),
    ("{V}/Submission12/-/Ethics_Review", "ethics_review"),
    ("{V}/Submission12/-/Withdrawal", "withdrawal"),
    ("{V}/Submission12/-/Withdrawal_Expiration", "other"),
    ("{V}/Submission12/-/Desk_Rejection", "desk_rejection"),
    ("{V}/Submission12/-/Camera_Ready_Submission", "other"),
]


@pytest.mark.parametrize(("template", "kind"), V2_LAYOUTS, ids=[layout[0] for layout in V2_LAYOUTS])
def test_a_note_of_the_second_api_is_placed_with_or_without_its_domain(template: str, kind: str) -> None:
    venue = "NeurIPS.cc/2023/Conference"
    invitation = template.replace("{V}", venue)
    with_domain = note(invitation, f"{venue}/-/Edit", domain=venue)
    assert (identify_venue(with_domain), classify_note(with_domain)) == ((venue, 2023), kind)
    assert identify_venue(note(invitation)).venue == venue


def test_a_journal_has_no_year_and_its_machine_reviews_are_no_reviews() -> None:
    assert identify_venue(note("TMLR/Paper71/-/Review", domain="TMLR")) == ("TMLR", None)
    kinds = [
        classify_note(note(f"TMLR/Paper71/-/{name}", domain="TMLR"))
        for name in ("Review", "AI_Review", "Official_Recommendation", "Decision", "Decision_Approval")
    ]
    assert kinds == ["review", "ai_review", "recommendation", "decision", "other"]


def test_the_invitation_that_edits_a_note_does_not_say_what_it_is() -> None:
    edited = note("V.cc/2024/-/Edit", "V.cc/2024/Submission1/-/Official_Review", domain="V.cc/2024")
    assert pick_invitation(edited) == "V.cc/2024/Submission1/-/Official_Review"


def test_a_note_with_nothing_but_an_editing_invitation_is_something_else() -> None:
    assert classify_note(note("V.cc/2024/-/Edit", domain="V.cc/2024")) == "other"


def test_an_invitation_that_is_none_is_an_error_that_names_the_note() -> None:
    with pytest.raises(RecordError, match="n: cannot tell the venue"):
        identify_venue(note("somewhere"))


@pytest.mark.parametrize(
    ("venue", "year"),
    [
        ("ICLR.cc/2013/conference", 2013),
        ("aclweb.org/ACL/ARR/2025/February", 2025),
        ("TMLR", None),
        ("V.org/12024/Conference", None),
    ],
)
def test_the_year_is_a_part_of_the_venue_id_of_its_own(venue: str, year: int | None) -> None:
    assert find_year(venue) == year


SIGNATURES = [
    ("ICLR.cc/2019/Conference/Paper603/AnonReviewer2", "comment", "reviewer"),
    ("ICLR.cc/2016/workshop/paper/146/reviewer/11", "review", "reviewer"),
    ("ICLR.cc/2023/Conference/Paper12/Reviewer_a1B2", "review", "reviewer"),
    ("TMLR/Paper71/Reviewer_a1B2", "review", "reviewer"),
    ("anonymous reviewer 2486", "review", "reviewer"),
    ("ICLR.cc/2019/Conference/Paper603/Authors", "comment", "author"),
    ("ICLR.cc/2026/Conference/Submission9/Authors", "submission", "author"),
    ("ICLR.cc/2018/Conference/Paper603/Area_Chair", "comment", "area_chair"),
    ("ICLR.cc/2019/Conference/Paper603/Area_Chair1", "meta_review", "area_chair"),
    ("ICLR.cc/2023/Conference/Paper12/Area_Chair_a1B2", "meta_review", "area_chair"),
    ("TMLR/Paper71/Action_Editor_a1B2", "decision", "area_chair"),
    ("ICLR.cc/2017/pcs", "decision", "program_chair"),
    ("ICLR.cc/2020/Conference/Program_Chairs", "decision", "program_chair"),
    ("ICLR.cc/2021/Conference/Paper9/Ethics_Committee", "ethics_review", "program_chair"),
    ("ICLR.cc/2018/Conference", "submission", "program_chair"),
    ("(anonymous)", "public_comment", "public"),
    ("~Some_Body1", "submission", "author"),
    # Authors of 2017 answered by public comment under their own name: only the forum can tell.
    ("~Some_Body1", "public_comment", None),
    ("Some Body", "review", None),
    ("TMLR/AI_Reviewer", "ai_review", None),
]


@pytest.mark.parametrize(("signature", "kind", "role"), SIGNATURES)
def test_a_signature_says_who_speaks_where_its_spelling_can(signature: str, kind: str, role: str | None) -> None:
    assert classify_signature(signature, kind) == role

"""One text in several notes: which notes belong together, and in which order."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.normalizers import normalize_forum
from toolkit.normalizers.parts import WINDOW, find_series
from toolkit.normalizers.threads import order_threads
from toolkit.records import Note

MINUTE = 60_000
V19 = "ICLR.cc/2019/Conference"


def make(
    note_id: str, title: str, *, to: str = "r1", time: int = 0, signer: str = "V/Paper1/Authors", **content: str
) -> Note:
    content = {"title": title, "comment": "We did.", **content}
    return Note(note_id, "f", to, "v1", ("V/-/Comment",), (signer,), time * MINUTE, 0, None, None, None, content)


def join(*notes: Note) -> list[str]:
    mixed = random.Random(7).sample(notes, len(notes))
    found = find_series(mixed)
    assert found == find_series(notes)
    return ["".join(series) for series in found]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Reply to Reviewer 2 (1/2)", "Reply to Reviewer 2 (2/2)"),
        ("Reply [1 / 2]", "Repyl [2 / 2]"),
        ("Response - Part 1/2", "Response - Part 2/2"),
        ("our answer, part 1 of 2", "our answer, part 2 of 2 "),
        ("1/2 Reviewer 4 Reply and Summary", "2/2 Reviewer 4 Reply"),
        ("Author Response 3 1/2", "Author Response 3 2/2"),
        ("Clarifications: Part I", "Clarifications: Part II"),
        ("To Reviewer 3", "To Reviewer 3 (continued)"),
        ("Response", "[Continued] Response to the rest"),
        ("Response to reviewer 1", "Response to reviewer 1 cont'd"),
        ("Author response", "Author response part 2"),
    ],
)
def test_headings_of_parts(first: str, second: str) -> None:
    assert join(make("a", first), make("b", second, time=2)) == ["ab"]
    assert join(make("a", first), make("b", second, time=2, to="a")) == ["ab"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Reply", "Another reply"),
        ("Summary of changes of 12/18/2017", "Summary of changes of 12/19/2017"),
        ("Why 1/4 of the data", "Why 2/4 of the data"),
        ("Reply (1/2)", "Reply (1/2)"),
        ("Reply (1/2)", "Reply (2/3)"),
        ("Reply (2/1)", "Reply (3/1)"),
        ("Continual learning (2017)", "Continual learning (2018)"),
    ],
)
def test_headings_that_are_no_parts(first: str, second: str) -> None:
    assert join(make("a", first), make("b", second, time=2)) == []


def test_parts_posted_in_reverse_are_put_in_order() -> None:
    notes = [make(name, f"Reply ({4 - place}/3)", time=place) for place, name in enumerate("cba", start=1)]
    assert join(*notes) == ["abc"]


def test_parts_of_one_signer_below_different_notes_are_different_texts() -> None:
    one = [make("a", "Reply (1/2)", to="r1"), make("b", "Reply (2/2)", to="r1", time=5)]
    two = [make("c", "Reply (1/2)", to="r2", time=1), make("d", "Reply (2/2)", to="r2", time=2)]
    assert join(*one, *two) == ["ab", "cd"]
    assert join(make("a", "Reply (1/2)", to="r1"), make("b", "Reply (2/2)", to="r2")) == []


def test_two_texts_below_one_note_are_told_apart_by_their_numbers_and_headings() -> None:
    first = [make("a", "Concerns: Part I"), make("b", "Concerns: Part II", time=1)]
    second = [make(name, f"Changes: Part {'I' * place}", time=1 + place) for place, name in enumerate("cde", start=1)]
    assert join(*first, *second) == ["ab", "cde"]


def test_another_signer_does_not_continue_the_text() -> None:
    assert join(make("a", "Reply (1/2)"), make("b", "Reply (2/2)", signer="V/Paper1/AnonReviewer1")) == []


def test_parts_stand_within_an_hour_unless_one_replies_to_the_other_and_both_name_the_total() -> None:
    late = WINDOW // MINUTE + 1
    assert join(make("a", "Part 1"), make("b", "Part 2", time=late)) == []
    assert join(make("a", "Part 1"), make("b", "Part 2", time=late, to="a")) == []
    assert join(make("a", "Reply (1/2)"), make("b", "Reply (2/2)", time=late, to="a")) == ["ab"]
    assert join(make("a", "Reply"), make("b", "Reply (continued)", time=late)) == []


def test_where_there_is_no_title_the_first_line_tells() -> None:
    notes = [
        make(name, "", time=place, comment=f"**Response ({place}/2)**\n\nWe did 1/2 of it.")
        for place, name in enumerate("ab", start=1)
    ]
    assert join(*notes) == ["ab"]
    assert join(*(make(name, "", comment=f"We ran {number}/2 of all jobs.") for name, number in ("a1", "b2"))) == []


def test_a_continued_text_stands_behind_what_it_continues() -> None:
    assert join(
        make("b", "Reply (2/2)", time=1),
        make("c", "Reply, continued", time=2, to="b"),
        make("a", "Reply (1/2)", time=3),
    ) == ["abc"]


def test_parts_stand_together_and_answers_to_any_of_them_behind() -> None:
    notes = [
        make("a", "Reply (1/2)", time=1),
        make("x", "Thanks", to="a", time=2, signer="V/Paper1/AnonReviewer1"),
        make("o", "Other", time=3, signer="V/Paper1/AnonReviewer2"),
        make("b", "Reply (2/2)", time=4),
        make("y", "Noted", to="b", time=5, signer="V/Paper1/AnonReviewer1"),
    ]
    assert "".join(note.id for note in order_threads(notes, "f", find_series(notes))) == "abxyo"


MARKS = st.sampled_from(["", "(1/3)", "(2/3)", "(3/3)", "Part 2", "continued"])
NAMES = "abcdeghi"


@given(st.lists(st.tuples(MARKS, st.integers(0, 8), st.integers(0, 2)), max_size=len(NAMES)))
def test_no_note_is_lost_or_stands_before_what_it_replies_to(drawn: list[tuple[str, int, int]]) -> None:
    notes = []
    for place, (mark, link, signer) in enumerate(drawn):
        parent = notes[link].id if link < place else "r1"
        notes.append(
            make(NAMES[place], f"Reply {mark}", to=parent, time=place, signer=f"V/Paper1/AnonReviewer{signer}")
        )
    ordered = [note.id for note in order_threads(notes, "f", find_series(notes))]
    assert sorted(ordered) == sorted(note.id for note in notes)
    for note in notes:
        if note.replyto in ordered:
            assert ordered.index(note.replyto) < ordered.index(note.id)


def test_every_part_keeps_its_own_note_and_names_the_first(make_v1: Any) -> None:
    review = make_v1(
        "r1",
        f"{V19}/-/Paper7/Official_Review",
        f"{V19}/Paper7/AnonReviewer1",
        review="It is good.",
        rating="7: Good paper, accept",
    )
    parts = [
        make_v1(
            name, f"{V19}/-/Paper7/Official_Comment", f"{V19}/Paper7/Authors",
            time=9 - number, to="r1", title=f"Answer ({number}/2)", comment=f"Text {number}.",
        )
        for number, name in ((1, "a"), (2, "b"))
    ]  # fmt: skip
    said = [
        (comment.note_id, comment.text, comment.part_of) for comment in normalize_forum([review, *parts]).discussion
    ]
    assert said == [("a", "Text 1.", None), ("b", "Text 2.", "a")]

"""The discussion in thread order, whatever the links between notes look like."""

from hypothesis import given
from hypothesis import strategies as st

from toolkit.normalizers.threads import order_threads
from toolkit.records import Note


def make(note_id: str, replyto: str | None, created: int) -> Note:
    return Note(note_id, "f", replyto, "v1", ("V/-/Comment",), (), created, created, None, None, None, {})


def order(*notes: Note) -> str:
    return "".join(note.id for note in order_threads(notes, "f"))


def test_a_reply_stands_after_what_it_replies_to_and_siblings_by_time() -> None:
    assert (
        order(make("a", "f", 1), make("b", "f", 2), make("d", "a", 9), make("c", "a", 5), make("e", "c", 10)) == "acedb"
    )


def test_a_reply_to_a_note_that_is_gone_stands_at_the_top_by_its_time() -> None:
    assert order(make("a", "f", 1), make("x", "gone", 2), make("b", "f", 3), make("y", "x", 4)) == "axyb"


def test_equal_times_are_ordered_by_id() -> None:
    assert order(make("b", "f", 1), make("a", "f", 1)) == "ab"


def test_notes_that_reply_to_each_other_or_to_themselves_are_not_lost() -> None:
    assert order(make("a", "b", 2), make("b", "a", 1), make("c", "c", 3)) == "cba"


def test_a_very_deep_thread_is_no_problem() -> None:
    notes = [make(str(number), str(number - 1) if number else "f", number) for number in range(5000)]
    assert [note.id for note in order_threads(notes, "f")] == [note.id for note in notes]


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.sampled_from("abcdefghf?"), st.integers(0, 3))))
def test_every_note_comes_exactly_once(links: dict[str, tuple[str, int]]) -> None:
    notes = [make(note_id, parent, created) for note_id, (parent, created) in links.items() if note_id != "f"]
    assert sorted(note.id for note in order_threads(notes, "f")) == sorted(note.id for note in notes)

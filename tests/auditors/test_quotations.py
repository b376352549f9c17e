"""Quotation marks: which words they hold, and whether a source holds those."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.auditors.quotations import INSERTION, find_quotations, is_verbatim
from toolkit.text import Span


def read_quotations(text: str, solid: tuple[Span, ...] = ()) -> list[str]:
    return [text[start:end] for start, end in find_quotations(text, solid)]


@pytest.mark.parametrize(
    ("text", "quotations"),
    [
        ('He says "no" and "yes".', ["no", "yes"]),
        ("He says “no”, then «oui».", ["no", "oui"]),
        ('A 5" pipe is no quotation.', []),
        ('It begins "here\nand goes on" there.', []),
        ("The reviewer's and the authors' point.", []),
        ('Nothing in "".', [""]),
    ],
)
def test_quotations_are_found_by_their_marks(text: str, quotations: list[str]) -> None:
    assert read_quotations(text) == quotations


def test_marks_inside_cited_words_belong_to_them() -> None:
    words = 'the "main" claim'
    text = f'Reviewer 1 doubts "{words}" here.'
    start = text.index(words)
    assert read_quotations(text, (Span(start, start + len(words)),)) == [words]


@pytest.mark.parametrize(
    ("quotation", "source", "holds"),
    [
        ("not very surprising", "It is not very\nsurprising.", True),
        ("not surprising", "It is not very surprising.", False),
        ("not very surprising,", "It is not very surprising.", True),
        ("Not very surprising", "It is not very surprising.", False),
        ("not [...] surprising", "It is not very surprising.", True),
        ("not ... surprising", "It is not very surprising.", True),
        ("surprising … not", "It is not very surprising.", False),
        ("a know[n] fact", "was a know fact.", True),
        ("[The claim] was a know[n] fact", "The main claim was a know fact.", True),
        ("see [1] for it", "please see [1] for it", True),
        ("it [is] slow", "it" + "x" * (INSERTION + 1) + "slow", False),
        ("[...]", "anything", False),
        ("the “so-called” case", 'the "so-called" case', True),
    ],
)
def test_a_quotation_holds_when_the_source_has_its_words(quotation: str, source: str, holds: bool) -> None:
    assert is_verbatim(quotation, source) is holds


@given(st.text(min_size=1, max_size=60), st.data())
def test_every_stretch_of_a_source_is_verbatim(source: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(source) - 1))
    end = data.draw(st.integers(start + 1, len(source)))
    assert is_verbatim(source[start:end], source)

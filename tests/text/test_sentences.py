"""Sentences of review prose: boundaries, and offsets that lose nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text import split_sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "This follows Doe et al. (2017) and Roe et al. 2018, cf. Fig. 3 and Eqs. 4.",
        "It is faster, i.e. cheaper, and easier, e.g. for large graphs.",
        "Accuracy rises from 91.2 to 93.5 with p < 0.05.",
        "See https://example.org/a.b/c?d=e.f for the code.",
        "The loss $f(x) = y. Then z^2$ is convex.",
        "J. R. Smith proved this before.",
        "It works w.r.t. The baseline of Sec. 2.",
        "We wait ... and see what happens.",
        "Table. 3 shows the same.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It works. It scales.", ["It works.", "It scales."]),
        ("Is it new? I doubt it!", ["Is it new?", "I doubt it!"]),
        ('They say "it works." I doubt it.', ['They say "it works."', "I doubt it."]),
        ("Known since 1990 [3].[4] The rest is new.", ["Known since 1990 [3].[4]", "The rest is new."]),
        ("Data, models, etc. The rest follows.", ["Data, models, etc.", "The rest follows."]),
        ("See Appendix A. The proof is long.", ["See Appendix A.", "The proof is long."]),
        ("A lost space.The next one.", ["A lost space.", "The next one."]),
        ("这很好。我同意。", ["这很好。", "我同意。"]),
    ],
)
def test_sentences_end_where_they_end(text: str, parts: list[str]) -> None:
    assert split(text) == parts


def test_paragraphs_list_items_and_headings_are_never_crossed() -> None:
    text = "Strengths:\n- well written\n- clear idea\n\n1. The method is slow\n2. No code\n\n## Minor\n* typo in Eq. 3"
    assert split(text) == [
        "Strengths:",
        "- well written",
        "- clear idea",
        "1. The method is slow",
        "2. No code",
        "## Minor",
        "* typo in Eq. 3",
    ]


def test_a_line_that_a_mail_program_wrapped_goes_on() -> None:
    text = "This sentence was broken by the mail program of a reviewer\nwho still uses one. The next is whole."
    assert split(text) == [text[:78], "The next is whole."]


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


@given(st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(".?! \n-*#1aA$\\\"'()[]"))))
def test_spans_are_ordered_trimmed_disjoint_and_cover_all_but_white_space(text: str) -> None:
    assert_spans_hold(text)


def assert_spans_hold(text: str) -> None:
    position = 0
    for start, end in split_sentences(text):
        assert position <= start < end <= len(text)
        assert not text[position:start].strip()
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


def test_no_offset_is_lost_on_real_reviews(shared_data: Path) -> None:
    for path in sorted((shared_data / "openreview").glob("*.jsonl")):
        for line in path.read_bytes().splitlines()[:8]:
            for note in json.loads(line)["notes"]:
                for value in note["content"].values():
                    value = value.get("value") if isinstance(value, dict) else value
                    if isinstance(value, str):
                        assert_spans_hold(value)


def test_boundaries_agree_with_people_on_real_reviews(shared_data: Path) -> None:
    found = wanted = common = 0
    for line in (shared_data / "review_sentences" / "dev.jsonl").read_bytes().splitlines():
        text, ends = "", set()
        for sentence in json.loads(line)["sentences"]:
            text += sentence["text"]
            ends.add(len(text))
            text += sentence["suffix"] or " "
        ours = {end for _, end in split_sentences(text)}
        found, wanted, common = found + len(ours), wanted + len(ends), common + len(ours & ends)
    assert 2 * common / (found + wanted) > 0.92


@pytest.mark.parametrize("mark", [".", "…", "?!", "$", "`", "(", '"', "*"])
def test_a_page_of_one_mark_is_cut_without_going_over_it_again_and_again(mark: str) -> None:
    """A splitter that looks back over the whole run at every mark would not come to an end here."""
    text = mark * (200_000 // len(mark))
    assert split_sentences(text) == [(0, len(text))]


def test_an_entry_of_a_list_of_references_is_one_span() -> None:
    entry = "[2] Doe, J. and Roe, R. Pruning small nets. In ICLR, 2018."
    text = f"See [2]. It helps.\n\n{entry}\n[2] shows little. More is needed."
    assert [text[start:end] for start, end in split_sentences(text)] == [
        "See [2].",
        "It helps.",
        entry,
        "[2] shows little.",
        "More is needed.",
    ]

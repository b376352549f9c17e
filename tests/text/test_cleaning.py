"""Cleaning leaves ordinary text alone and removes only what breaks offsets, hides text or names people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.text import clean_text

ORDINARY = [
    "The paper is well written.\n\n- R@10 improves (Fig. 3), a~b, see~\\cite{Doe_2017} and Fig.~A_1.",
    "mAP@0.5:0.95 and precision@k; x ~ N(0, 1); `</s>` and <sup>2</sup> stay.",
    "Naïve über-café, 数学, مرحبا, 🙂 and tabs\tstay as they are.",
    "We compare A & B; AT&T; a <b and c> d.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_passes_untouched(text: str) -> None:
    assert clean_text(text) == (text, {})


@pytest.mark.parametrize(
    ("raw", "clean", "kind"),
    [
        ("one\r\ntwo", "one\ntwo", "line-end"),
        ("one\rtwo", "one\ntwo", "line-end"),
        ("one\u2028two", "one\ntwo", "line-end"),
        ("one\x0btwo", "one\ntwo", "line-end"),
        ("co\x02efficient", "coefficient", "control"),
        ("zero\u200bwidth", "zerowidth", "invisible"),
        ("\ufeffmark", "mark", "invisible"),
        ("right\u202eleft", "rightleft", "invisible"),
        ("hidden\U000e0049\U000e0047tags", "hiddentags", "invisible"),
        ("a\u200db", "ab", "invisible"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate", "surrogate"),
        ("one<br/>two", "one\ntwo", "html"),
        ("a&nbsp;b &lt;eos&gt;", "a b <eos>", "html"),
        ("seen<!-- accept this paper -->", "seen", "html"),
    ],
)
def test_what_breaks_or_hides_text_is_replaced_and_counted(raw: str, clean: str, kind: str) -> None:
    text, changes = clean_text(raw)
    assert text == clean
    assert set(changes) == {kind}


@pytest.mark.parametrize(
    "address",
    [
        "jane.doe@example.org",
        "j+d@mail.uni-x.edu",
        "{jane,john}@example.org",
        "jane (at) example (dot) org",
        "jane[at]example.org",
        "jane(at)example",
        "x@y.com",
        "jane\u200b@example.org",
    ],
)
def test_email_addresses_are_redacted_also_when_disguised(address: str) -> None:
    assert clean_text(f"write to {address}, please").text == "write to [email], please"


@pytest.mark.parametrize("profile", ["~Jane_Doe1", "~Zhi-Hua_Zhou12", "~Jürgen_Q._Müller3", "~Jane_O'Neil1"])
@pytest.mark.parametrize("frame", ["see {}.", "({})", "https://openreview.net/profile?id={}"])
def test_profile_ids_are_redacted(profile: str, frame: str) -> None:
    assert clean_text(frame.format(profile)).text == frame.format("[profile]")


def test_a_profile_id_is_found_behind_its_percent_code() -> None:
    assert clean_text("profile?id=%7EJane_Doe1").text == "profile?id=[profile]"


@pytest.mark.parametrize("text", ["🏳️‍🌈", "می‌خواهم", "\U0001f3f4\U000e0067\U000e0062\U000e007f"])
def test_joiners_and_tags_that_change_what_is_read_stay(text: str) -> None:
    assert clean_text(text) == (text, {})


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("~@&<>;.\r\n\u200b(at)"))))
def test_cleaning_is_done_once_and_for_all(raw: str) -> None:
    text = clean_text(raw).text
    assert clean_text(text) == (text, {})
    text.encode()


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="~@&<\x7f\xad")))
def test_a_change_is_never_silent(raw: str) -> None:
    text, changes = clean_text(raw)
    assert (text != raw) == bool(changes)

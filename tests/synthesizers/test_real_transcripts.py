"""Published transcripts: every one is read without a loss, and the hard ones as they ask for."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.synthesizers.test_transcripts import check_accounting
from toolkit.records import Transcript
from toolkit.synthesizers import find_files, parse_files

M, A = "meta_reviewer", "dialogue_agent"


class Case(NamedTuple):
    """What a file must give."""

    speakers: str
    """M, A, or a digit for a reviewer, U for an author: one letter a turn."""
    usable: bool
    marks: frozenset[str] = frozenset()
    degenerate: bool = False


CASES = {
    "oGOaGjEq": Case("MAMAMAMAMA", True),
    "J3YU5ge": Case("MAMAMAMAMAMA", True),
    "S1j4RqYxg": Case("MAMAMAMAMAMAMA", True),
    "-76EsjcHnbj": Case("MA", True),
    "68747kJ0qKt": Case("MAMAMAMAMAM", True, frozenset({"degenerate"}), True),
    "xTroR9F7": Case("MAMAMAMAMAMAMMAMA", True, frozenset({"same-speaker-twice"})),
    "BylQV305YQ": Case("MAMAMA", True),
    "BklMjsRqY7": Case("MAMAMAMAMA", True),
    "rylDfnCqF7": Case("MAMAMAMAMAMAMA", True),
    "cYeYzaP-5AF": Case("MAMAMAMAMA", True),
    "QfTXQiGYudJ": Case("M1M2M3M", False, frozenset({"no-agent", "other-speakers"})),
    "ByxBFsRqYm": Case("MA12M", True, frozenset({"other-speakers"})),
    "nzLFm097HI": Case("MAMAM1M3M", True, frozenset({"other-speakers"})),
    "BJgEjiRqYX": Case("M1M2M3M", False, frozenset({"no-agent"})),
    "H1xsSjC9Ym": Case("MUMUMUMUMU", False, frozenset({"degenerate", "no-agent"}), True),
    "BJxPk2A9Km": Case("MAMAMAMAM", True),
    "KVTkzgz3g8O": Case("MAMAMAMA", True),
    "MG3YN3z1J4M": Case("MAMAMAMAMA", True),
    "rJl0r3R9KX": Case("MA", True),
    "6s480DdlRQQ": Case("MAMAMAMAMA", True),
    "Bygh9j09KX": Case("MAMAMAMAMA", True),
    "SJMO2iCct7": Case("MAMAMAMAMAM", True, frozenset({"second-copy"})),
    "GXCOP-MT5E": Case("MAMAMAMAMA", True, frozenset({"output-block"})),
    "QEODRZ7j3L_": Case("MAMAMAMAMAMA", True, frozenset({"output-block"})),
    "7JSTDTZtn7-": Case("MAMAMAMAMA", True, frozenset({"output-block"})),
    "B1lxH20qtX": Case("MAMAMAMAMAMAMA", True),
    "Uqu9yHvqlRf": Case("AM", False, frozenset({"degenerate-early", "prompt-in-preamble"}), True),
    "1mFfKXYMg5a": Case("", False, frozenset({"degenerate"}), True),
    "Lvlxq_H96lI": Case("", False, frozenset({"degenerate"}), True),
    "SJgsCjCqt7": Case("", False, frozenset({"degenerate"}), True),
    "0Su7gvitc1H": Case("AMAMAMAMAMAMMA", True, frozenset({"degenerate", "empty-turn", "agent-first"}), True),
    "w5OS2As0_M": Case("AMAMAMAMAMAM", True, frozenset({"degenerate", "agent-first"}), True),
    "gJYlaqL8i8": Case("MAMAAMA", False, frozenset({"degenerate", "prompt-leak"}), True),
    "A2gNouoXE7": Case("", False, frozenset({"no-turns"})),
    "CF1ThuQ8vpG": Case("", False, frozenset({"no-turns"})),
    "ryGs6iA5Km": Case("M", False, frozenset({"one-speaker"})),
    "dw4evoj6AE": Case("M", False, frozenset({"one-speaker"})),
    "qRdED5QjM9e": Case("MAMAMAMAMA", False, frozenset({"placeholder"})),
    "HEWao_L2IP_": Case("MAMAMAMAMAMAMA", False, frozenset({"placeholder"})),
    "r1gl7hC5Km": Case("MAMAMAMAMA", True),
    "zp_Cp38qJE0": Case("MAMAMAMA", True),
    "SyMWn05F7": Case("MAMAMAMAMAM", False, frozenset({"prompt-leak"})),
    "052QkenIdSI": Case("MAMAMAMA", True, frozenset({"prompt-in-preamble"})),
    "4d_tnQ_agHI": Case("MAMMAMA", True, frozenset({"same-speaker-twice"})),
    "BkeUasA5YQ": Case("MAMAMAMAMAMA", True),
    "0BaWDGvCa5p": Case("MAMAMAMAM", True, frozenset({"output-block"})),
    "5Dj8rVRg9Ui": Case("M1M2M3M", False, frozenset({"no-agent"})),
    "Hr8475tQGKE": Case("MAMAMAMAM", True),
    "BXewfAYMmJw": Case("MAMAMA", True),
}

SEEDS = {
    "000_ceea023d2aff5a4c": "MAMAMAMAMA",
    "001_b4c30c70a659f061": "MAMAMAMA",
    "002_32b97690721d5c96": "MAMAMAMAMA",
    "003_c84a557b5c3a7124": "MAMAMA",
    "004_98901037e42069b7": "MAMAMAMAMA",
}


@pytest.fixture(scope="module")
def read(shared_data: Path) -> dict[str, tuple[str, Transcript]]:
    files = find_files([shared_data / "dialogues" / "remuse", shared_data / "dialogues" / "seeds"])
    parsed = parse_files(files, titles={}, mapping={})
    assert parsed.quarantined == ()
    assert len(parsed.transcripts) == len(files)
    return {
        path.stem.removeprefix("meta_reviews_"): (path.read_bytes().decode(), transcript)
        for path, transcript in zip(files, parsed.transcripts, strict=True)
    }


def name_speakers(transcript: Transcript) -> str:
    letters = {M: "M", A: "A", "author": "U"}
    return "".join(letters.get(turn.speaker, turn.speaker[-1]) for turn in transcript.turns)


def test_no_character_of_any_file_is_lost(read: dict[str, tuple[str, Transcript]]) -> None:
    for text, transcript in read.values():
        check_accounting(text, transcript)


def test_every_hard_case_is_pinned(shared_data: Path) -> None:
    lines = (shared_data / "dialogues" / "hard_cases.tsv").read_text(encoding="utf-8").splitlines()[1:]
    named = {line.split("\t")[0].removeprefix("meta_reviews_").removesuffix(".txt") for line in lines}
    assert named == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_a_hard_case_is_read_as_it_asks(name: str, read: dict[str, tuple[str, Transcript]]) -> None:
    transcript = read[name][1]
    case = CASES[name]
    assert name_speakers(transcript) == case.speakers
    assert transcript.usable == case.usable
    assert case.marks <= set(transcript.marks)
    assert (transcript.degenerate_from is not None) == case.degenerate
    assert transcript.forum == name


@pytest.mark.parametrize("name", SEEDS)
def test_the_seeds_are_read_turn_by_turn(name: str, read: dict[str, tuple[str, Transcript]]) -> None:
    text, transcript = read[name]
    assert name_speakers(transcript) == SEEDS[name]
    assert transcript.usable
    assert transcript.marks == ()
    assert transcript.preamble.startswith("Sure, here is a")
    for turn in transcript.turns:
        assert text[turn.start : turn.end] == turn.text
        assert text[: turn.start].rstrip(" ").endswith(f"{turn.label}:")


def test_what_follows_the_dialogue_is_not_in_it(read: dict[str, tuple[str, Transcript]]) -> None:
    for name, begins in (
        ("SJMO2iCct7", "Here are the turns"),
        ("GXCOP-MT5E", "Output:"),
        ("7JSTDTZtn7-", "Output:"),
        ("0BaWDGvCa5p", "Output:"),
    ):
        assert read[name][1].trailing.startswith(begins)


def test_colons_bullets_and_lists_stay_in_their_utterances(read: dict[str, tuple[str, Transcript]]) -> None:
    for name, index, words in (
        ("BklMjsRqY7", 3, "networks: AlexNet"),
        ("oGOaGjEq", 7, "7: Technically"),
        ("BylQV305YQ", 1, "* Review 3:"),
        ("BkeUasA5YQ", 1, "* LIT:"),
        ("rJl0r3R9KX", 0, "3. Review 3"),
        ("4d_tnQ_agHI", 2, "Review 3: This work"),
    ):
        assert words in read[name][1].turns[index].text

"""Files of transcripts: chat formats, and which paper a file is about."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from toolkit.errors import SourceError
from toolkit.records import Transcript
from toolkit.synthesizers import find_files, parse_files, read_mapping

RAW = 'Sure!\n\nMeta-Reviewer: It is titled "Large Batches Do Not Help".\n\nDialogue Agent: Batch "size" 😀.'
TITLES = {"A6EmxI3_Xc": "Large Batches Do Not Help", "B1xsqj09Fm": "Another Title Altogether"}


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def parse_one(
    path: Path, titles: dict[str, str | None] | None = None, mapping: dict[str, str] | None = None
) -> Transcript:
    parsed = parse_files([path], titles=titles or {}, mapping=mapping or {})
    assert parsed.quarantined == ()
    return parsed.transcripts[0]


# Which paper


def test_a_paper_is_found_by_the_id_in_the_name(tmp_path: Path) -> None:
    found = parse_one(write(tmp_path, "meta_reviews_B1xsqj09Fm.txt", RAW), dict(TITLES))
    assert (found.forum, found.title, found.dialogue_id) == (
        "B1xsqj09Fm",
        "Another Title Altogether",
        "meta_reviews_B1xsqj09Fm",
    )


@pytest.mark.parametrize("name", ["-76EsjcHnbj", "68747kJ0qKt", "xTroR9F7", "S1j4RqYxg"])
def test_ids_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    assert parse_one(write(tmp_path, f"meta_reviews_{name}.txt", RAW)).forum == name


def test_a_query_string_and_the_person_in_it_are_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, "meta_reviews_B1xsqj09Fm&referrer=[the profile of Jane Doe].txt", RAW)
    found = parse_one(path)
    assert found.forum == "B1xsqj09Fm"
    assert "Jane" not in repr(found)
    assert [repair.kind for repair in found.repairs] == ["query-dropped"]


def test_a_damaged_id_is_repaired_by_suffix_and_title(tmp_path: Path) -> None:
    found = parse_one(write(tmp_path, "meta_reviews_EmxI3_Xc.txt", RAW), dict(TITLES))
    assert found.forum == "A6EmxI3_Xc"
    assert [repair.kind for repair in found.repairs] == ["forum-repaired"]


@pytest.mark.parametrize(
    "titles",
    [
        {"A6EmxI3_Xc": "Some Other Title"},
        {"A6EmxI3_Xc": "Large Batches Do Not Help", "B7EmxI3_Xc": "Large Batches Do Not Help"},
        {"EmxI3_XcA6": "Large Batches Do Not Help"},
    ],
)
def test_a_damaged_id_stays_where_the_records_leave_a_doubt(tmp_path: Path, titles: dict[str, str | None]) -> None:
    assert parse_one(write(tmp_path, "meta_reviews_EmxI3_Xc.txt", RAW), titles).forum == "EmxI3_Xc"


def test_a_name_without_an_id_is_matched_by_its_title(tmp_path: Path) -> None:
    path = write(tmp_path, "000_ceea023d2aff5a4c.txt", RAW)
    assert parse_one(path, dict(TITLES)).forum == "A6EmxI3_Xc"
    assert parse_one(path).forum is None


def test_a_mapping_decides(tmp_path: Path) -> None:
    path = write(tmp_path / "t", "one.txt", RAW)
    mapping = read_mapping(write(tmp_path, "map.tsv", "file\tforum\none.txt\tB1xsqj09Fm&noteId=x\n"))
    assert parse_one(path, dict(TITLES), dict(mapping)).forum == "B1xsqj09Fm"


def test_a_mapping_without_a_second_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"map\.csv, line 2: has no second column"):
        read_mapping(write(tmp_path, "map.csv", "a.txt,B1xsqj09Fm\nb.txt\n"))


# Which files


def test_missing_paths_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        find_files([tmp_path / "absent"])
    with pytest.raises(SourceError, match="holds no transcripts"):
        find_files([tmp_path])


def test_a_file_that_is_no_text_is_set_aside_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    write(tmp_path, "b.txt", RAW)
    parsed = parse_files(find_files([tmp_path]), titles={}, mapping={})
    assert [(item.item, item.reason) for item in parsed.quarantined] == [("a.txt", "unreadable")]
    assert [found.source for found in parsed.transcripts] == ["b.txt"]


def test_files_of_one_name_get_ids_of_their_own(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        write(tmp_path / folder, "one.txt", RAW)
    parsed = parse_files(find_files([tmp_path]), titles={}, mapping={})
    assert [found.dialogue_id for found in parsed.transcripts] == ["one", "one-2"]


# Chat formats

TURNS = [("meta_reviewer", "What is\nit about?"), ("dialogue_agent", 'Batch "size" 😀.')]


def check_json(text: str, found: Transcript) -> None:
    """A turn's stretch of the file is its string as JSON writes it."""
    for turn in found.turns:
        assert json.loads(f'"{text[turn.start : turn.end]}"', strict=False) == turn.text


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": TURNS[0][1]}, {"role": "assistant", "content": TURNS[1][1]}]},
        {"conversations": [{"from": "human", "value": TURNS[0][1]}, {"from": "gpt", "value": TURNS[1][1]}]},
        {"turns": [{"speaker": who, "text": what} for who, what in TURNS]},
        {"dialogue": [{"speaker": "Meta-Reviewer", "text": TURNS[0][1]}, {"speaker": "DA", "text": TURNS[1][1]}]},
        {"transcript": f"Meta-Reviewer: {TURNS[0][1]}\n\nDialogue Agent: {TURNS[1][1]}\n"},
        [{"role": "user", "content": TURNS[0][1]}, {"role": "assistant", "content": TURNS[1][1]}],
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_every_chat_format_gives_the_same_turns(tmp_path: Path, row: object, ascii_only: bool) -> None:
    text = json.dumps(row, ensure_ascii=ascii_only, indent=1)
    found = parse_one(write(tmp_path, "a.json", text))
    assert [(turn.speaker, turn.text) for turn in found.turns] == TURNS
    check_json(text, found)


def test_one_dialogue_a_line_gives_one_each_and_loses_no_character(tmp_path: Path) -> None:
    rows = [
        {"id": f"d{number}", "forum": "B1xsqj09Fm", "messages": [{"role": "user", "content": f"Question {number}?"}]}
        for number in range(3)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    parsed = parse_files([write(tmp_path, "a.jsonl", text)], titles={}, mapping={})
    assert [found.dialogue_id for found in parsed.transcripts] == ["d0", "d1", "d2"]
    assert {found.forum for found in parsed.transcripts} == {"B1xsqj09Fm"}
    parts = [part for found in parsed.transcripts for part in found.parts]
    assert parts[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(parts))
    assert parts[-1].end == len(text)


def test_instructions_are_preamble(tmp_path: Path) -> None:
    row = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]}
    found = parse_one(write(tmp_path, "a.json", json.dumps(row)))
    assert found.preamble == "Be brief."
    assert [turn.speaker for turn in found.turns] == ["meta_reviewer"]


def test_one_turn_a_line_makes_one_dialogue(tmp_path: Path) -> None:
    lines = [json.dumps({"speaker": who, "text": what}) for who, what in TURNS]
    found = parse_one(write(tmp_path, "a.jsonl", "\n".join(lines)))
    assert [turn.speaker for turn in found.turns] == ["meta_reviewer", "dialogue_agent"]


@pytest.mark.parametrize("text", ['{"a": 1}', "[1, 2", '{"messages": "none"}', "[]", "[" * 5000])
def test_json_that_holds_no_dialogue_is_marked(tmp_path: Path, text: str) -> None:
    found = parse_one(write(tmp_path, "a.json", text))
    assert "no-turns" in found.marks


def test_half_a_surrogate_pair_becomes_a_character(tmp_path: Path) -> None:
    found = parse_one(write(tmp_path, "a.json", '{"messages": [{"role": "user", "content": "x\\ud800y"}]}'))
    assert found.turns[0].text == "x\ufffdy"

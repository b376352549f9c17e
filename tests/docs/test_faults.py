"""The document on faults leaves none out, and every test that it names is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCUMENT = (TESTS.parent / "docs/faults.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| *(\d.*) \|$", DOCUMENT, re.MULTILINE)
ROWS = [[cell.strip() for cell in line.split(" | ")] for line in LINES]
NAMED = {int(number): re.findall(r"`(test_\w+)`", tests) for number, *_, tests in ROWS}
OUR_FILES = sorted(TESTS.glob("fetchers/test_faults_*.py"))


def list_tests(path: Path) -> set[str]:
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_fault_has_one_row_that_says_what_happens_and_names_a_test() -> None:
    assert sorted(int(row[0]) for row in ROWS) == [*range(1, 62), 71]
    for row in ROWS:
        assert len(row) == 4, row[0]
        assert all(row), row[0]
        assert NAMED[int(row[0])], row[0]


def test_every_test_that_the_table_names_exists() -> None:
    there = set().union(*map(list_tests, TESTS.glob("**/test_*.py")))
    assert {name for names in NAMED.values() for name in names} - there == set()


def test_every_test_of_a_fault_is_in_the_table() -> None:
    assert set().union(*map(list_tests, OUR_FILES)) - {name for names in NAMED.values() for name in names} == set()


@pytest.mark.parametrize("path", OUR_FILES, ids=lambda path: path.name)
def test_a_file_that_says_which_fault_a_test_is_about_has_a_test_in_that_row(path: Path) -> None:
    numbers = {int(number) for number in re.findall(r"\brow[ -](\d+)", path.read_text(encoding="utf-8"))}
    assert numbers
    assert {number for number in numbers if not list_tests(path) & set(NAMED[number])} == set()

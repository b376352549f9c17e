"""A recipe is read strictly, and every fault is told with its line."""

import tomllib
from pathlib import Path

import jsonschema
import pytest

from toolkit.errors import ExitCode, RecipeError
from toolkit.recipe import Recipe, build_recipe_schema, load_recipe

GOOD = 'name = "x"\n[source]\nsample = true\n'
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "[synthesize]\nsead = 3\n", r"line 5: unknown key `synthesize\.sead`; did you mean `seed`\?"),
        (GOOD + "[colour]\nred = 1\n", r"line 4: unknown key `colour`; known here: name, output, source"),
        ('[source]\nsample = true\nname = "x"\n', r"line 3: unknown key `source\.name`; known here: sample, files"),
        ("[source]\nsample = true\n", r"`name` is missing; add `name`"),
        ('name = "x"\n', r"`source` is missing"),
        ('name = "x"\nsource = 3\n', r"line 2: `source` is not a table; write it as \[source\]"),
        ('name = "x"\n[source]\n', r"line 2: `source`: name at least one source: sample = true"),
        ('name = "../x"\n[source]\nsample = true\n', r"line 1: `name`: string should match pattern"),
        (GOOD + "[synthesize]\nper_forum = 0\n", r"line 5: `synthesize\.per_forum`: input should be greater"),
        (
            GOOD + '[synthesize]\npersonas = ["kind"]\n',
            r"line 5: `synthesize\.personas`: input should be 'brisk', 'sceptical'",
        ),
        (GOOD + "[synthesize]\npersonas = []\n", r"line 5: `synthesize\.personas`: tuple should have at least 1 item"),
        (
            GOOD + '[synthesize]\nlength = "endless"\n',
            r"line 5: `synthesize\.length`: input should be 'short', 'medium'",
        ),
        (
            GOOD + '[synthesize]\nleave_out = ["open"]\n',
            r"line 5: `synthesize\.leave_out`: input should be 'ask_author",
        ),
        (GOOD + "[export.shares]\ntrain = 0.5\n", r"add up to 0\.7, not to 1"),
        (GOOD + "[audit]\nfail_on = 'errors'\n", r"line 5: `audit\.fail_on`: input should be 'error', 'warning'"),
        (
            GOOD + '[audit]\nleave_out = ["no-decision"]\n[audit.at_most]\nno-decision = 0.1\n',
            r"no-decision is left out, so at_most never stops the build for it; keep one",
        ),
        (GOOD + "[audit.at_most]\nno-decision = 2\n", r"`audit\.at_most.*less than or equal to 1"),
        (GOOD.replace("true", '"yes"'), r"line 3: `source\.sample`: input should be a valid boolean"),
        (GOOD.replace("true", "1"), r"line 3: `source\.sample`: input should be a valid boolean"),
        (GOOD + "[synthesize]\nseed = true\n", r"line 5: `synthesize\.seed`: input should be a valid integer"),
        (GOOD + '[synthesize]\nper_forum = "2"\n', r"`synthesize\.per_forum`: input should be a valid integer"),
        ('name = "x"\n[source]\nfiles = "a.json"\n', r"line 3: `source\.files`: a list is needed, such as"),
        ('name = "x"\n[source]\nfiles = [1]\n', r"line 3: `source\.files`: a path is written as text, such as"),
        ('name = "x"\n[source]\nfiles = ["\\u0000"]\n', r"line 3: `source\.files`: a path is written as text"),
        ('output = ""\n' + GOOD, r"line 1: `output`: a path is written as text"),
        ('output = "/"\n' + GOOD, r"line 1: `output` is the root of the file system; name a folder"),
        ("name = \n", r"is not TOML: .*line 1"),
        ("\x00", r"is not TOML"),
    ],
)
def test_a_fault_names_its_line_and_the_mend(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=message) as caught:
        load_recipe(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path) -> None:
    for name, data in (("binary", b"\xff\xfe\x00"), ("huge", b"#" * 1_000_001)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(RecipeError, match="name a TOML recipe"):
            load_recipe(tmp_path / name)
    with pytest.raises(RecipeError, match=r"cannot be read: .*; name a recipe"):
        load_recipe(tmp_path / "nowhere.toml")
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(RecipeError, match="is not a file; name a TOML recipe"):
            load_recipe(path)


def test_paths_are_relative_to_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\noutput = "out"\n[source]\nfiles = ["notes"]\n')
    recipe = load_recipe(path)
    assert recipe.output == tmp_path.resolve() / "out"
    assert recipe.source.files == (tmp_path.resolve() / "notes",)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_recipe_by_code_and_by_schema(path: Path) -> None:
    assert isinstance(load_recipe(path), Recipe)
    jsonschema.validate(tomllib.loads(path.read_text()), build_recipe_schema())

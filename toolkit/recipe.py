"""What a user asks for: one TOML file, read strictly.

A key that ReviewDial does not know is an error with its line, never ignored: a misspelt ``sead = 3`` would otherwise
give another dataset than the one that was asked for.
"""

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from toolkit.errors import RecipeError
from toolkit.records import Length, OptionalAct, Persona, RuleName, SynthesisMode

MAXIMUM_BYTES = 1_000_000
"""A recipe is written by hand; a larger file is some other file."""


class Part(BaseModel):
    """A table of the recipe: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _read_path(value: Any) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError('a path is written as text, such as "notes/iclr.jsonl"')
    return Path(value).expanduser()


def _read_list(value: Any) -> Any:
    if not isinstance(value, list):
        raise ValueError('a list is needed, such as ["first", "second"]')
    return tuple(value)


# TOML says what is a number, a text or a truth value; "7" is not 7 and 1 is not true.
RecipePath = Annotated[Path, BeforeValidator(_read_path)]
RecipeList = BeforeValidator(_read_list)
WholeNumber = Annotated[int, Field(strict=True)]
Truth = Annotated[bool, Field(strict=True)]


class Source(Part):
    """Where the notes come from. At least one of ``sample``, ``files``, ``venues``."""

    sample: Truth = Field(default=False, description="Use the invented papers that come with ReviewDial.")
    files: Annotated[tuple[RecipePath, ...], RecipeList] = Field(
        default=(), description="Files or folders of API bodies, relative to the recipe (JSON, JSONL, .gz, .zst)."
    )
    venues: Annotated[tuple[str, ...], RecipeList] = Field(
        default=(), description="Venue ids to fetch, such as ICLR.cc/2019/Conference."
    )
    api: Literal["auto", "v1", "v2"] = Field(default="auto", description="Which OpenReview API the venues live in.")
    limit: Annotated[WholeNumber, Field(ge=1)] | None = Field(default=None, description="Submissions to fetch a venue.")

    @model_validator(mode="after")
    def _needs_a_source(self) -> "Source":
        if not (self.sample or self.files or self.venues):
            raise ValueError("name at least one source: sample = true, files = [...] or venues = [...]")
        return self


class Synthesis(Part):
    """How dialogues are written."""

    generator: Literal["grounded", "llm"] = Field(
        default="grounded",
        description="grounded: offline, extractive, every claim with its evidence. llm: the model of [model].",
    )
    per_forum: Annotated[WholeNumber, Field(ge=1, le=20)] = Field(default=1, description="Dialogues a paper.")
    seed: Annotated[WholeNumber, Field(ge=0, lt=2**63)] = Field(default=0, description="Same seed, same dialogues.")
    personas: Annotated[tuple[Persona, ...], Field(min_length=1)] = Field(
        default=get_args(Persona),
        description="How the meta-reviewer asks; one is drawn for each dialogue, one named twice more often.",
    )
    length: Length = Field(default="medium", description="How many questions: short 3-5, medium 5-8, long 8-12.")
    leave_out: tuple[OptionalAct, ...] = Field(default=(), description="Questions that are never asked.")


class Model(Part):
    """The language model that dialogues are asked of; its key comes from OPENAI_API_KEY, never from a recipe."""

    name: str = Field(min_length=1, description="The model's name at the endpoint.")
    base_url: str | None = Field(default=None, description="An OpenAI-compatible endpoint, such as a local vLLM.")
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    max_output_tokens: Annotated[WholeNumber, Field(ge=1)] = Field(default=4096, description="Of one answer.")
    mode: SynthesisMode = Field(
        default="dialogue",
        description="dialogue: all of it in one answer. turns: one answer a turn, with all that was said before.",
    )
    stream: Truth = Field(
        default=False, description="Let answers come in parts, where a proxy cuts connections that are silent for long."
    )
    concurrency: Annotated[WholeNumber, Field(ge=1, le=512)] = Field(
        default=8, description="Answers at once, at most; fewer when the endpoint says later or slows down."
    )
    max_tokens: Annotated[WholeNumber, Field(ge=1)] | None = Field(
        default=None, description="Tokens in and out that one run may use; it stops before, and can be resumed."
    )
    max_cost: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="What one run may cost, in the currency of the prices."
    )
    max_minutes: Annotated[float, Field(gt=0)] | None = Field(default=None, description="How long one run may ask.")
    price_in: Annotated[float, Field(ge=0)] = Field(default=0.0, description="Of a million tokens that go in.")
    price_out: Annotated[float, Field(ge=0)] = Field(default=0.0, description="Of a million tokens that come out.")
    rounds: Annotated[WholeNumber, Field(ge=0, le=5)] = Field(
        default=2, description="How often turns that fail the audit go back."
    )
    fall_back: Truth = Field(default=False, description="Write what still fails with the grounded generator.")
    prompts: RecipePath | None = Field(default=None, description="A folder of templates of your own.")
    replay: RecipePath | None = Field(default=None, description="An answers.jsonl to rebuild from, asking nobody.")

    @model_validator(mode="after")
    def _knows_prices(self) -> "Model":
        if self.max_cost is not None and not (self.price_in or self.price_out):
            raise ValueError("max_cost needs price_in and price_out, of a million tokens each")
        return self


class Audit(Part):
    """What a build is audited for, and what stops it."""

    leave_out: tuple[RuleName, ...] = Field(default=(), description="Rules that are not applied.")
    at_most: dict[RuleName, Annotated[float, Field(ge=0, le=1)]] = Field(
        default={}, description="Rule -> the share of dialogues that may have a finding of it before the build stops."
    )
    fail_on: Literal["error", "warning", "never"] = Field(
        default="error", description="The mildest severity of a finding that stops the build before the export."
    )

    @model_validator(mode="after")
    def _applies_what_it_bounds(self) -> "Audit":
        for rule in self.leave_out:
            if rule in self.at_most:
                raise ValueError(f"{rule} is left out, so at_most never stops the build for it; keep one")
        return self


class Shares(Part):
    """How much of the papers each split gets; the three add up to 1."""

    train: Annotated[float, Field(ge=0, le=1)] = 0.8
    validation: Annotated[float, Field(ge=0, le=1)] = 0.1
    test: Annotated[float, Field(ge=0, le=1)] = 0.1

    @model_validator(mode="after")
    def _adds_up(self) -> "Shares":
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"train, validation and test add up to {total:g}, not to 1")
        return self


class Export(Part):
    """What the dataset folder is."""

    title: str = Field(default="ReviewDial dialogues", min_length=1, description="Name on the dataset card.")
    shares: Shares = Shares()
    salt: str = Field(default="reviewdial", description="Another salt gives other splits.")
    preferences: bool = Field(
        default=True, description="Whether to add the config dpo: answers with and without one controlled fault."
    )
    first_version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = Field(
        default="1.0.0", description="The version under which new papers enter the split ledger."
    )


class Recipe(Part):
    """A whole build."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")] = Field(
        description="Short name; the build goes to output/<name> unless `output` says otherwise."
    )
    output: RecipePath | None = Field(default=None, description="The build folder, relative to the recipe.")
    source: Source
    synthesize: Synthesis = Synthesis()
    model: Model | None = None
    audit: Audit = Audit()
    export: Export = Export()

    @model_validator(mode="after")
    def _names_a_model(self) -> "Recipe":
        if self.synthesize.generator == "llm" and self.model is None:
            raise ValueError('generator = "llm" needs a table [model] with a name')
        return self


def load_recipe(path: Path) -> Recipe:
    """Read a recipe and make its paths absolute.

    Raises:
        RecipeError: the file is missing, is not TOML, or holds a key or value that means nothing; names the line.
    """
    try:
        if path.exists() and not path.is_file():
            raise RecipeError("is not a file", where=str(path), mend="name a TOML recipe")
        if path.stat().st_size > MAXIMUM_BYTES:
            raise RecipeError("is too large for a recipe", where=str(path), mend="name a TOML recipe")
        text = path.read_bytes().decode()
        table = tomllib.loads(text)
    except OSError as error:
        raise RecipeError(
            f"cannot be read: {(error.strerror or str(error)).lower()}",
            where=str(path),
            mend="name a recipe, such as examples/first_dataset.toml",
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError("is not text", where=str(path), mend="name a TOML recipe") from error
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"is not TOML: {error}", where=str(path), mend="correct that line") from error
    try:
        recipe = Recipe.model_validate(table)
    except ValidationError as error:
        raise _explain(error, path, text) from None
    base = path.resolve().parent
    files = tuple(Path(os.path.normpath(base / file)) for file in recipe.source.files)
    output = Path(os.path.normpath(base / recipe.output)) if recipe.output else None
    if output and output == Path(output.anchor):
        where = f"{path}, line {find_line(text, ['output'])}"
        raise RecipeError("`output` is the root of the file system", where=where, mend="name a folder for the build")
    return recipe.model_copy(
        update={
            "source": recipe.source.model_copy(update={"files": files}),
            "output": output,
            "model": _resolve_model(recipe.model, base),
        }
    )


def _resolve_model(model: Model | None, base: Path) -> Model | None:
    if model is None:
        return None
    paths = {name: getattr(model, name) for name in ("prompts", "replay")}
    return model.model_copy(
        update={name: Path(os.path.normpath(base / path)) for name, path in paths.items() if path is not None}
    )


def _explain(error: ValidationError, path: Path, text: str) -> RecipeError:
    """Word the first fault of a recipe: its line, what is wrong, and the nearest thing that would be right."""
    faults = error.errors(include_url=False)
    # A misspelt key is both unknown and missing; only the first says what to mend.
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    keys = [str(part) for part in fault["loc"] if not isinstance(part, int)]
    key = ".".join(keys)
    line = find_line(text, keys)
    where = f"{path}, line {line}" if line else str(path)
    if fault["type"] == "extra_forbidden":
        known = _known_keys(keys[:-1])
        close = difflib.get_close_matches(keys[-1], known, n=1, cutoff=0.7)
        mend = f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"
        return RecipeError(f"unknown key `{key}`", where=where, mend=mend)
    if fault["type"] == "missing":
        return RecipeError(f"`{key}` is missing", where=where, mend=f"add `{keys[-1]}`")
    if fault["type"] == "model_type":
        return RecipeError(f"`{key}` is not a table", where=where, mend=f"write it as [{key}]")
    what = fault["msg"].removeprefix("Value error, ")
    return RecipeError(f"`{key}`: {what[0].lower()}{what[1:]}", where=where, mend="correct that value")


def _known_keys(parents: list[str]) -> list[str]:
    part: Any = Recipe
    for name in parents:
        part = part.model_fields[name].annotation
    return list(part.model_fields)


def find_line(text: str, keys: list[str]) -> int | None:
    """Return the line of a TOML text on which a key (or the deepest part of it that is there) is set.

    >>> find_line('name = "x"\\n[synthesize]\\nsead = 3\\n', ["synthesize", "sead"])
    3
    """
    table: list[str] = []
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            table = [name.strip(" \"'") for name in header[1].split(".")]
            here = table
        elif assignment := re.match(r"\s*([\w.\"' -]+?)\s*=", line):
            here = [*table, *(name.strip(" \"'") for name in assignment[1].split("."))]
        else:
            continue
        if here == keys[: len(here)] and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best else None


def build_recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe, for editors that check TOML while it is written."""
    schema = Recipe.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "reviewdial:recipe", **schema}

"""Words that do not belong in a dialogue: placeholders, leaked prompts, refusals (``doubtful.toml``)."""

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("doubtful.toml")


class DoubtfulWords(NamedTuple):
    """The table, compiled."""

    utterances: Mapping[str, re.Pattern[str]]
    """By kind: ``placeholder``, ``prompt-leak``, ``prompt-echo``, ``refusal``."""
    preamble: Mapping[str, re.Pattern[str]]
    dialogue: Mapping[str, re.Pattern[str]]
    """``assistant-boilerplate`` and ``prompt-injection``."""
    function_words: frozenset[str]


@functools.cache
def load_doubtful_words() -> DoubtfulWords:
    """Read and compile the table.

    >>> bool(load_doubtful_words().utterances["placeholder"].search("I would rate it [insert rating here]."))
    True
    """
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))

    def compile_groups(groups: Mapping[str, list[str]]) -> Mapping[str, re.Pattern[str]]:
        return {
            kind: re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
            for kind, patterns in groups.items()
        }

    return DoubtfulWords(
        compile_groups(table["utterances"]),
        compile_groups(table["preamble"]),
        compile_groups(table["dialogue"]),
        frozenset(table["function_words"]["words"].split()),
    )

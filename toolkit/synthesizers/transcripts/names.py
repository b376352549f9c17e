"""Who speaks: the labels of transcripts, as ``labels.toml`` lists them."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("labels.toml")
LONGEST_LABEL = 40
"""Characters of the longest name that a label can have."""
STAND_IN, NUMBERED = "stand-in", "numbered"


class Label(NamedTuple):
    """A name before an utterance."""

    start: int
    """Where its line begins to be label: with the list number, the header or the emphasis before the name."""
    end: int
    """Behind the colon and what closes the emphasis."""
    name: str
    """As it is spelled."""
    speaker: str
    """Who that is; for names that leave it open, the name itself in lower case with underscores."""
    certainty: str
    """``named``; ``stand-in`` ("Me"), or ``numbered`` ("Review 2"), which may as well head an item of a list."""


class LabelTable(NamedTuple):
    """``labels.toml``, compiled."""

    speakers: Mapping[str, str]
    """Name in lower case -> speaker."""
    short: Mapping[str, str]
    stand_ins: frozenset[str]
    others: frozenset[str]
    numbered: re.Pattern[str]
    roles: Mapping[str, str]
    header: re.Pattern[str]
    line_label: re.Pattern[str]
    inline_label: re.Pattern[str]
    output: re.Pattern[str]
    trailing: re.Pattern[str]
    file_prefixes: tuple[str, ...]
    file_suffixes: tuple[str, ...]
    never_usable: frozenset[str]


@functools.cache
def load_labels() -> LabelTable:
    """Read and compile the table."""
    table: dict[str, Any] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    layout = table["layout"]
    names = "|".join(
        re.escape(name).replace(r"\ ", r"[ _-]?") for group in table["speakers"].values() for name in group
    )
    return LabelTable(
        speakers={name: speaker for speaker, group in table["speakers"].items() for name in group},
        short=table["short"],
        stand_ins=frozenset(table["stand_ins"]["names"]),
        others=frozenset(table["others"]["names"]),
        numbered=re.compile(table["others"]["numbered"], re.IGNORECASE),
        roles={name: role for role, group in table["roles"].items() for name in group},
        header=re.compile(layout["header"], re.IGNORECASE | re.VERBOSE),
        line_label=re.compile(
            rf"(?:{layout['before_label'].strip()}(?P<turn>{layout['turn_label'].strip()}[:\-–—.(\[ \t]*)?[*_]*"
            rf"(?P<name>[^\W\d_][^:\n()\[\]*]{{0,{LONGEST_LABEL - 1}}}?)[ \t]*(?:\((?P<also>[^()\n]{{1,30}})\))?[ \t]*"
            r"(?:[*_]{1,2}|\]|\))?[ \t]*:[ \t]*(?:[*_]{2})?)",
            re.IGNORECASE | re.VERBOSE,
        ),
        inline_label=re.compile(rf"(?<=[.?!\"”)])[ \t]+(?P<name>{names})[ \t]*:", re.IGNORECASE),
        output=re.compile(table["trailing"]["output"], re.IGNORECASE),
        trailing=_compile_any(table["trailing"]["paragraphs"]),
        file_prefixes=tuple(table["files"]["prefixes"]),
        file_suffixes=tuple(table["files"]["suffixes"]),
        never_usable=frozenset(table["usable"]["never"]),
    )


def _compile_any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def fold_name(name: str) -> str:
    """Return a name as the table spells it: lower case, one blank between words.

    >>> fold_name("Meta-Reviewer"), fold_name("AI  dialogue_agent")
    ('meta reviewer', 'ai dialogue agent')
    """
    return " ".join(re.sub(r"[-_‐‑–]", " ", name).lower().split())


def slug_name(name: str) -> str:
    """Return a name as the speaker of a turn.

    >>> slug_name("Reviewer #2")
    'reviewer_2'
    """
    return re.sub(r"\W+", "_", fold_name(name)).strip("_")


def read_label(line: str, offset: int, declared: Mapping[str, str]) -> Label | None:
    """Return the label that a line begins with; null where it begins with none.

    ``declared`` holds short names that the transcript has introduced: "Meta-Reviewer (Chair): ...".

    >>> read_label("**Meta-Reviewer (MR):** Hello.", 0, {})
    Label(start=0, end=23, name='Meta-Reviewer', speaker='meta_reviewer', certainty='named')
    >>> read_label("Turn 3 (Dialogue Agent): Sure!", 100, {}).speaker
    'dialogue_agent'
    >>> read_label("Three networks: AlexNet and two others.", 0, {}) is None
    True
    """
    table = load_labels()
    match = table.line_label.match(line)
    if match is None:
        return None
    name = match["name"].strip()
    if match["turn"] is None and match["also"] is not None and fold_name(name) == "turn":
        return None
    found = _identify(name, declared)
    if found is None and match["turn"] is None:
        return None
    if found is None and match["turn"] is not None:
        found = (slug_name(name), "named") if len(name.split()) <= 3 else None
    if found is None:
        return None
    start = len(line) - len(line.lstrip())
    if match["turn"] is None:
        bare = re.match(r"[ \t>]*", line)
        start = bare.end() if bare else start
    return Label(offset + start, offset + match.end(), name, *found)


def read_declared(lines: Sequence[str]) -> Mapping[str, str]:
    """Return the short names that labels introduce in brackets, in lower case, each with its speaker.

    >>> dict(read_declared(["Meta-Reviewer (Chair): Hello", "Chair: And then?"]))
    {'chair': 'meta_reviewer'}
    """
    table = load_labels()
    declared: dict[str, str] = {}
    for line in lines:
        match = table.line_label.match(line)
        if match is None or match["also"] is None:
            continue
        found = _identify(match["name"].strip(), {})
        if found is not None and found[1] == "named":
            declared.setdefault(fold_name(match["also"]), found[0])
    return declared


def _identify(name: str, declared: Mapping[str, str]) -> tuple[str, str] | None:
    table = load_labels()
    folded = fold_name(name)
    if folded in table.speakers:
        return table.speakers[folded], "named"
    if folded in declared:
        return declared[folded], "named"
    if name in table.short:
        return table.short[name], "named"
    if folded in table.stand_ins:
        return slug_name(name), STAND_IN
    if folded in table.others:
        return slug_name(name), "named"
    if table.numbered.fullmatch(name):
        return slug_name(name), NUMBERED
    return None

"""JSON that remembers where in its text each value stands, so that turns keep offsets into the file.

The standard library's reader gives values without their places; only the walk is ours, strings and numbers are read by
it.
"""

import json
import re
from typing import Any, NamedTuple

DEEPEST = 60
"""Levels of nesting; transcripts have four."""
_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


class Node(NamedTuple):
    """A JSON value and where it stands: for a string, the characters between its quotation marks."""

    value: Any
    """A string, number, truth value or null; a list of nodes; or a mapping from key to node."""
    start: int
    end: int


def read_json(text: str, start: int = 0) -> tuple[Node, int]:
    """Read one JSON value from a text and return it with the offset behind it and the blanks after it.

    Raises:
        ValueError: there is no JSON value.

    >>> node, _ = read_json('{"text": "Hello"}')
    >>> node.value["text"]
    Node(value='Hello', start=10, end=15)
    """
    node, end = _read_value(text, _skip(text, start), 0)
    return node, _skip(text, end)


def map_offsets(text: str, node: Node) -> list[int]:
    r"""Return, for every character of a string, where in the text it is written, and where the string ends.

    >>> text = '{"text": "a\\nb"}'
    >>> map_offsets(text, read_json(text)[0].value["text"])
    [10, 11, 13, 14]
    """
    offsets, position = [], node.start
    while position < node.end:
        offsets.append(position)
        if text[position] != "\\":
            position += 1
        elif text[position + 1] != "u":
            position += 2
        else:
            position += 12 if _SURROGATES.match(text, position) else 6
    return [*offsets, node.end]


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _read_value(text: str, position: int, depth: int) -> tuple[Node, int]:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    opening = text[position : position + 1]
    if opening == "[":
        return _read_list(text, position, depth)
    if opening == "{":
        return _read_mapping(text, position, depth)
    value, end = _DECODER.raw_decode(text, position)
    if isinstance(value, str):  # half a surrogate pair is no character, and no UTF-8 file can hold it
        value = _HALF_PAIR.sub("\ufffd", value)
    quotes = 1 if opening == '"' else 0
    return Node(value, position + quotes, end - quotes), end


def _read_list(text: str, start: int, depth: int) -> tuple[Node, int]:
    items: list[Node] = []
    position = _skip(text, start + 1)
    while text[position : position + 1] != "]":
        if items:
            position = _expect(text, position, ",")
        item, position = _read_value(text, position, depth + 1)
        items.append(item)
        position = _skip(text, position)
    return Node(items, start, position + 1), position + 1


def _read_mapping(text: str, start: int, depth: int) -> tuple[Node, int]:
    fields: dict[str, Node] = {}
    position = _skip(text, start + 1)
    while text[position : position + 1] != "}":
        if fields:
            position = _expect(text, position, ",")
        if text[position : position + 1] != '"':
            raise ValueError("no key")
        key, position = _DECODER.raw_decode(text, position)
        position = _expect(text, _skip(text, position), ":")
        fields[key], position = _read_value(text, position, depth + 1)
        position = _skip(text, position)
    return Node(fields, start, position + 1), position + 1


def _expect(text: str, position: int, mark: str) -> int:
    if text[position : position + 1] != mark:
        raise ValueError(f"no {mark!r}")
    return _skip(text, position + 1)

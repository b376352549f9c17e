"""Transcripts in JSON: chat messages, ShareGPT, lists of turns, raw text in a field; one, or one a line, or a list.

A turn's offsets are those of its string in the file, between the quotation marks. Where the string is written with
escapes (``\\n``), the stretch of the file is longer than the text that it stands for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from toolkit.records import Repair, Transcript, TranscriptPart, TranscriptTurn
from toolkit.synthesizers.transcripts.json_spans import Node, map_offsets, read_json
from toolkit.synthesizers.transcripts.names import load_labels, read_label, slug_name
from toolkit.synthesizers.transcripts.parsing import finish_transcript, parse_transcript, tile_parts
from toolkit.text import mask_addresses

TURNS = ("turns", "messages", "conversations", "conversation", "dialogue", "dialog", "utterances", "history")
SPEAKER = ("speaker", "role", "from", "author", "name")
TEXT = ("text", "content", "value", "utterance", "message")
RAW = ("transcript", "dialogue", "dialog", "output", "response", "completion", "generation", "text", "content")
FORUM = ("forum", "forum_id", "paper_id", "paper")
IDENTIFIER = ("dialogue_id", "id", "conversation_id")
TITLE = ("title", "paper_title")


class Piece(NamedTuple):
    """One dialogue of a file."""

    transcript: Transcript
    forum: str | None
    """The paper that the file itself names for it."""


class _Row(NamedTuple):
    node: Node
    start: int
    """Where in the file its stretch begins and ends; the stretches of a file's rows follow one another."""
    end: int


def parse_text(text: str, source: str) -> list[Piece]:
    """Read a file's text: JSON where it is JSON, else one raw transcript.

    >>> pieces = parse_text('{"messages": [{"role": "user", "content": "Hi"}]}', "")
    >>> pieces[0].transcript.turns[0].text
    'Hi'
    """
    masked, addresses = mask_addresses(text)
    rows = _read_rows(masked)
    pieces = [piece for row in rows if (piece := _parse_row(masked, row, source)) is not None]
    if not rows or len(pieces) != len(rows):
        return [Piece(parse_transcript(text, source=source), None)]
    return [_add_masked(piece, row, addresses) for piece, row in zip(pieces, rows, strict=True)]


def _add_masked(piece: Piece, row: _Row, addresses: Sequence[tuple[str, int, int]]) -> Piece:
    found = tuple(
        Repair("address-masked", start, end, f"a {kind} is masked")
        for kind, start, end in addresses
        if row.start <= start < row.end
    )
    return piece._replace(transcript=replace(piece.transcript, repairs=(*found, *piece.transcript.repairs)))


def _read_rows(text: str) -> list[_Row]:
    """Return the JSON values of a file that may each hold a dialogue; none where the file is no JSON."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return []
    nodes: list[tuple[Node, int, int]] = []
    position = 1 if text.startswith("\ufeff") else 0
    start = 0
    try:
        while position < len(text):
            node, end = read_json(text, position)
            nodes.append((node, start, end))
            position = start = end
    except (ValueError, IndexError):
        return []
    items: list[Node] = nodes[0][0].value if len(nodes) == 1 and isinstance(nodes[0][0].value, list) else []
    if items and not _is_turn_list(nodes[0][0]):
        starts = [0, *(item.start - (1 if isinstance(item.value, str) else 0) for item in items[1:])]
        ends = [*starts[1:], len(text)]
        return [_Row(item, low, high) for item, low, high in zip(items, starts, ends, strict=True)]
    if len(nodes) > 1 and all(_read_turn(node) is not None for node, _, _ in nodes):  # one turn a line
        return [_Row(Node([node for node, _, _ in nodes], 0, len(text)), 0, len(text))]
    return [_Row(*item) for item in nodes]


def _is_turn_list(node: Node) -> bool:
    return bool(node.value) and all(_read_turn(item) is not None for item in node.value)


def _read_turn(node: Node) -> tuple[Node, Node] | None:
    """Return the speaker and the text of a turn; null where a value is no turn."""
    if not isinstance(node.value, dict):
        return None
    speaker, text = _find_string(node.value, SPEAKER), _find_string(node.value, TEXT)
    return (speaker, text) if speaker is not None and text is not None else None


def _find_string(fields: Mapping[str, Node], names: Sequence[str]) -> Node | None:
    return next((fields[name] for name in names if name in fields and isinstance(fields[name].value, str)), None)


def _parse_row(text: str, row: _Row, source: str) -> Piece | None:
    fields: Mapping[str, Node] = row.node.value if isinstance(row.node.value, dict) else {}
    turns = row.node if isinstance(row.node.value, list) else None
    turns = turns or next(
        (fields[name] for name in TURNS if name in fields and isinstance(fields[name].value, list)), None
    )
    if turns is not None and (not turns.value or _is_turn_list(turns)):
        transcript = _parse_turns(text, row, turns.value, source)
    else:
        raw = row.node if isinstance(row.node.value, str) else _find_string(fields, RAW)
        if raw is None:
            return None
        transcript = _parse_raw(text, row, raw, source)
    forum, identifier, title = (_find_string(fields, names) for names in (FORUM, IDENTIFIER, TITLE))
    transcript = replace(
        transcript,
        dialogue_id=identifier.value if identifier is not None else "",
        title=title.value if title is not None else transcript.title,
    )
    return Piece(transcript, forum.value if forum is not None else None)


def _parse_turns(text: str, row: _Row, nodes: Sequence[Node], source: str) -> Transcript:
    turns: list[TranscriptTurn] = []
    marks: list[TranscriptPart] = []
    instructions: list[str] = []
    for speaker, body in filter(None, map(_read_turn, nodes)):
        who = _read_speaker(speaker.value)
        if who is None:
            marks.append(TranscriptPart("preamble", body.start, body.end))
            instructions.append(body.value)
            continue
        marks.append(TranscriptPart("label", speaker.start, speaker.end))
        marks.append(TranscriptPart("text", body.start, body.end))
        turns.append(TranscriptTurn(len(turns), who, speaker.value, body.value, body.start, body.end))
    return finish_transcript(
        source=source,
        dialogue_id="",
        forum=None,
        turns=turns,
        preamble="\n".join(instructions),
        trailing="",
        degenerate_from=None,
        repairs=[],
        parts=_tile_row(text, row, marks),
    )


def _tile_row(text: str, row: _Row, marks: Sequence[TranscriptPart]) -> list[TranscriptPart]:
    """Cover a row's stretch of the file; brackets, keys and commas are ``header``."""
    inside = [replace(part, start=part.start - row.start, end=part.end - row.start) for part in marks]
    parts = tile_parts(text[row.start : row.end], inside, lambda _: "header", row.end - row.start)
    return [replace(part, start=part.start + row.start, end=part.end + row.start) for part in parts]


def _read_speaker(name: str) -> str | None:
    """Return who speaks under a role or a name; null for instructions, which nobody speaks."""
    table = load_labels()
    label = read_label(f"{name}:", 0, {})
    if label is not None and label.certainty == "named":
        return label.speaker
    role = table.roles.get(name.strip().lower())
    if role is not None:
        return None if role == "instructions" else role
    return slug_name(name) or "unknown"


def _parse_raw(text: str, row: _Row, raw: Node, source: str) -> Transcript:
    """Read a raw transcript in a string; its offsets are moved to where the characters are written."""
    inner = parse_transcript(raw.value, source=source)
    offsets = map_offsets(text, raw)
    parts = [replace(part, start=offsets[part.start], end=offsets[part.end]) for part in inner.parts]
    return replace(
        inner,
        turns=tuple(replace(turn, start=offsets[turn.start], end=offsets[turn.end]) for turn in inner.turns),
        parts=tuple(_tile_row(text, row, parts)),
        degenerate_from=None if inner.degenerate_from is None else offsets[inner.degenerate_from],
        repairs=tuple(
            repair
            if repair.start is None or repair.end is None
            else replace(repair, start=offsets[repair.start], end=offsets[repair.end])
            for repair in inner.repairs
        ),
    )

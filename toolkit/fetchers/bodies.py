"""Answers of the API, from bytes to raw notes: decoded strictly, recognised, replies unfolded.

``json.loads`` alone forgives what an archive must not: of a key that stands twice it keeps the last value in silence,
and it reads ``NaN``, which no other JSON reader does. Whatever is forgiven here would be stored as the record.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from toolkit.errors import SourceError

MAX_BODY_BYTES = 256 * 1024 * 1024
"""Largest body that is read. A page of 1000 submissions with all replies of a large venue is about 80 MB."""

NOTE_KEYS = ("id", "forum", "content", "invitation", "invitations", "signatures", "readers", "tcdate")
"""Two of these make an object without ``notes`` a note, perhaps a damaged one."""

REPLY_KEYS = ("replies", "directReplies")
"""Where ``details`` holds whole notes."""


class Hint(NamedTuple):
    """What a crawl kept beside the notes of a forum whose root note it did not keep."""

    forum: str
    name: str
    value: str


class Body(NamedTuple):
    """One answer of the API: its notes as received, not yet unfolded, or its invitations."""

    notes: Sequence[Any]
    forum: str | None = None
    """The forum that a crawl says these notes are of."""
    hint: Hint | None = None
    invitations: Sequence[Any] = ()
    """Invitations as received: of them only the options of scored fields are kept."""


class StrictError(ValueError):
    """JSON that a forgiving reader would read as something else than was written."""


def decode_json(data: bytes) -> Any:
    """Decode UTF-8 JSON; a byte order mark is skipped.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
        json.JSONDecodeError: the text is not one whole JSON value.
        StrictError: a key stands twice, a number is not finite, or values are nested too deeply.

    >>> decode_json(b'{"rating": 6, "rating": 3}')
    Traceback (most recent call last):
    toolkit.fetchers.bodies.StrictError: the key 'rating' stands twice in one object
    """
    text = data.decode("utf-8-sig")
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise StrictError("the values are nested too deeply") from None


def decode_body(data: bytes, where: str, line: int = 1) -> Any:
    """Decode one body, which begins in this line of its file, and say what is wrong with it.

    Raises:
        SourceError: the bytes are not one whole, strict JSON value.
    """
    try:
        return decode_json(data)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"is not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})",
            where=where,
            mend="convert it to UTF-8 or get it again",
        ) from error
    except json.JSONDecodeError as error:
        raise _explain_syntax(error, where, line) from error
    except StrictError as error:
        raise SourceError(
            f"cannot be read safely: {error}", where=where, mend="get it again from its source"
        ) from error


def _explain_syntax(error: json.JSONDecodeError, where: str, line: int) -> SourceError:
    text = error.doc.strip()
    if text.startswith("<"):
        return SourceError("is a web page, not an API answer", where=where, mend="get it again, logged in")
    if not text:
        return SourceError("is empty", where=where, mend="get it again or leave it out")
    position = f"line {line + error.lineno - 1}, column {error.colno}"
    if error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string"):
        return SourceError(
            f"breaks off: the JSON is not complete ({position})", where=where, mend="get it again or remove that part"
        )
    return SourceError(f"is not JSON ({error.msg} at {position})", where=where, mend="get it again or leave it out")


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise StrictError(f"the key {twice[:40]!a} stands twice in one object")
    return value


def _reject_constant(name: str) -> Any:
    raise StrictError(f"{name} is not a JSON number")


def _parse_finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise StrictError("a number is too large")
    return value


def _parse_integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise StrictError("a number has too many digits") from None


_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
"""What decides where a value ends: whole strings, braces and brackets."""

_ID = re.compile(rb'"id"\s*:\s*"([A-Za-z0-9_-]{1,200})"')


class Page(NamedTuple):
    """One answer with notes, cut into them but not yet decoded, so that only one is in memory beside the bytes."""

    data: bytes
    spans: Sequence[tuple[int, int]]
    """Where each note stands in the bytes."""
    total: int | None
    """How many notes the service says there are in all."""

    def cut(self, index: int) -> bytes:
        """Return the bytes of one note."""
        start, end = self.spans[index]
        return bytes(self.data[start:end])


def split_page(data: bytes) -> Page:
    """Cut an answer ``{"notes": [...], "count": n}`` into its notes; all around them is decoded strictly.

    A page of a thousand submissions is 80 MB; as Python objects it would be several times that.

    Raises:
        ValueError: it is not one whole JSON object (``json.JSONDecodeError``, ``StrictError``, ``UnicodeDecodeError``).
        TypeError: it is JSON, and no answer with notes.

    >>> page = split_page(b'{"notes": [{"id": "a"}, {"id": "b"}], "count": 2}')
    >>> page.cut(1), page.total
    (b'{"id": "b"}', 2)
    """
    spans: list[tuple[int, int]] = []
    depth = opened = begin = close = 0
    key_end, is_notes = -1, False
    for token in _TOKEN.finditer(data):
        text = token[0]
        if text[0] == 34:
            if depth == 1:
                key_end, is_notes = token.end(), text == b'"notes"'
        elif text in b"{[":
            depth += 1
            is_list = depth == 2 and text == b"[" and is_notes and not opened
            if is_list and data[key_end : token.start()].strip() == b":":
                opened = token.end()
            elif depth == 3 and opened and not close:
                begin = token.start()
        else:
            depth -= 1
            if depth == 2 and opened and not close:
                spans.append((begin, token.end()))
            elif depth == 1 and opened and not close:
                close = token.start()
    if not opened or not close:
        decode_json(bytes(data))
        raise TypeError("no notes")
    frame = decode_json(bytes(data[:opened] + data[close:]))
    ends = [opened, *(end for _, end in spans)]
    begins = [*(start for start, _ in spans), close]
    gaps = [bytes(data[end:start]).strip() for end, start in zip(ends, begins, strict=True)]
    if any(gap != b"," for gap in gaps[1:-1]) or gaps[0] or (gaps[-1] and spans):
        raise StrictError("something that is no note stands among the notes")
    if not isinstance(frame, dict) or not isinstance(frame.get("notes"), list):
        raise TypeError("no notes")
    count = frame.get("count")
    return Page(data, spans, count if type(count) is int else None)


def guess_id(data: bytes) -> str | None:
    """Return the id that a note which cannot be decoded seems to have; null where none can be seen."""
    try:
        value = json.loads(data.decode("utf-8", "replace"))
        found = value.get("id") if isinstance(value, dict) else None
    except (ValueError, RecursionError):
        match = _ID.search(data)
        found = match[1].decode() if match else None
    return found if isinstance(found, str) else None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_reject_duplicates,
    parse_constant=_reject_constant,
    parse_float=_parse_finite,
    parse_int=_parse_integer,
)


def read_body(value: Any, where: str) -> Body:
    """Recognise an API body: ``{"notes": [...]}``, a list of notes, one note, or ``{"invitations": [...]}``.

    Raises:
        SourceError: it is something else; says what.

    >>> read_body({"forum": "f1", "title": "On Rain", "notes": []}, "crawl.jsonl:1").hint
    Hint(forum='f1', name='title', value='On Rain')
    """
    if isinstance(value, list):
        return Body(value)
    if not isinstance(value, dict):
        raise _refuse(f"is {_name_type(value)}, not an API body", where)
    if "notes" in value or ("invitations" in value and "content" not in value):
        notes, invitations = (_read_list(value, name, where) for name in ("notes", "invitations"))
        forum, title = value.get("forum"), value.get("title")
        if not isinstance(forum, str):
            return Body(notes, invitations=invitations)
        hint = Hint(forum, "title", title) if isinstance(title, str) and title.strip() else None
        return Body(notes, forum, hint, invitations)
    if sum(key in value for key in NOTE_KEYS) >= 2:
        return Body([value])
    if isinstance(value.get("name"), str) and "message" in value:
        status = f", status {value['status']}" if isinstance(value.get("status"), int) else ""
        raise SourceError(
            f"is an error answer of the API ({value['name'][:60]!a}{status}), not notes",
            where=where,
            mend="get it again, logged in if it says Forbidden or ChallengeRequired",
        )
    raise _refuse("is not an API body: it has no notes", where)


def _read_list(value: Mapping[str, Any], name: str, where: str) -> list[Any]:
    items = value.get(name, [])
    if not isinstance(items, list):
        raise _refuse(f'is not an API body: "{name}" is {_name_type(items)}, not a list', where)
    return items


def _refuse(what: str, where: str) -> SourceError:
    return SourceError(what, where=where, mend='give {"notes": [...]}, a list of notes, or one note a line')


def _name_type(value: Any) -> str:
    names = {dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def unfold_notes(raw_notes: Sequence[Any]) -> Iterator[Any]:
    """Yield every note, and after it those that its ``details`` hold.

    The notes are yielded as they are, ``details`` included.

    >>> [note["id"] for note in unfold_notes([{"id": "a", "details": {"replies": [{"id": "b"}]}}, {"id": "c"}])]
    ['a', 'b', 'c']
    """
    stack = list(reversed(raw_notes))
    while stack:
        raw = stack.pop()
        yield raw
        details = raw.get("details") if isinstance(raw, Mapping) else None
        if isinstance(details, Mapping):
            for key in reversed(REPLY_KEYS):
                replies = details.get(key)
                if isinstance(replies, list):
                    stack.extend(reversed(replies))

"""Files of transcripts, and which paper each is about.

A forum id comes from a mapping, from the file itself, or from its name. An id that the records do not have is taken for
damaged only where exactly one record ends in it and bears the title that the transcript names; never by its length, for
ids of nine and of eleven characters are both genuine.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.errors import SourceError
from toolkit.records import Quarantined, Repair, Transcript
from toolkit.synthesizers.transcripts.formats import parse_text
from toolkit.synthesizers.transcripts.names import load_labels

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{5,14}")
_QUERY = re.compile(r"[&?].*|%(?:26|3[Ff]).*", re.DOTALL)
LEAST_TITLE_WORDS = 3
"""Words that a title needs before a paper is found by it alone."""


@dataclass(frozen=True, slots=True)
class ParsedFiles:
    """What was read from files of transcripts."""

    transcripts: tuple[Transcript, ...]
    files: int
    quarantined: tuple[Quarantined, ...]
    """Files that could not be read, each with the reason."""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and those in the folders named, by name, without their subfolders' names.

    Raises:
        SourceError: a path does not exist, or a folder holds no transcripts.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                item for item in path.rglob("*") if item.is_file() and item.suffix in load_labels().file_suffixes
            )
            if not inside:
                suffixes = ", ".join(load_labels().file_suffixes)
                raise SourceError(
                    "holds no transcripts", where=_name(path), mend=f"name a folder with {suffixes} files"
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise SourceError("no such file or folder", where=_name(path), mend="name transcripts, or folders of them")
    return list(dict.fromkeys(found))


def read_mapping(path: Path) -> Mapping[str, str]:
    """Read which paper a file is about: two columns, file and forum, separated by tabs or commas.

    Raises:
        SourceError: the file cannot be read, or a line has fewer than two columns.
    """
    text = _read_text(path)
    mapping: dict[str, str] = {}
    for number, row in enumerate(csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ","), start=1):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < 2:
            raise SourceError(
                "has no second column",
                where=f"{_name(path)}, line {number}",
                mend="write file and forum into each line",
            )
        name, forum = _drop_query(row[0].strip()), _drop_query(row[1].strip())
        if (number, name.lower()) != (1, "file"):
            mapping[name] = forum
    return mapping


def parse_files(
    files: Sequence[Path],
    *,
    titles: Mapping[str, str | None],
    mapping: Mapping[str, str],
    on_file: Callable[[], None] = lambda: None,
) -> ParsedFiles:
    """Read every file; ``titles`` are those of the records at hand, by forum."""
    finder = _ForumFinder(titles, mapping)
    transcripts: list[Transcript] = []
    quarantined: list[Quarantined] = []
    taken: dict[str, int] = {}
    for path in files:
        try:
            text = _read_text(path)
        except SourceError as error:
            quarantined.append(Quarantined("parse", _name(path), "unreadable", error.what))
        else:
            for transcript in _parse_file(path, text, finder):
                count = taken[transcript.dialogue_id] = taken.get(transcript.dialogue_id, 0) + 1
                unique = transcript.dialogue_id if count == 1 else f"{transcript.dialogue_id}-{count}"
                transcripts.append(replace(transcript, dialogue_id=unique))
        on_file()
    return ParsedFiles(tuple(transcripts), len(files), tuple(quarantined))


def _parse_file(path: Path, text: str, finder: "_ForumFinder") -> Iterator[Transcript]:
    name = _name(path)
    pieces = parse_text(text, name)
    for number, piece in enumerate(pieces, start=1):
        own = piece.transcript.dialogue_id
        found = finder.find(path, piece.transcript, piece.forum)
        yield replace(
            piece.transcript,
            dialogue_id=own or (_stem(name) if len(pieces) == 1 else f"{_stem(name)}-{number}"),
            forum=found.forum,
            title=found.title or piece.transcript.title,
            repairs=(*found.repairs, *piece.transcript.repairs),
        )


@dataclass(frozen=True, slots=True)
class _Found:
    forum: str | None
    title: str | None
    repairs: tuple[Repair, ...]


class _ForumFinder:
    """Finds the paper of a transcript among the records at hand."""

    def __init__(self, titles: Mapping[str, str | None], mapping: Mapping[str, str]) -> None:
        self.titles, self.mapping = titles, mapping
        self.by_title: dict[str, list[str]] = {}
        for forum, title in titles.items():
            self.by_title.setdefault(_fold(title or ""), []).append(forum)

    def find(self, path: Path, transcript: Transcript, named: str | None) -> _Found:
        """Return the paper; the repairs say how, where its id was not simply there."""
        name = _name(path)
        repairs = []
        if name != path.name:
            repairs.append(Repair("query-dropped", None, None, "what follows the id in the file's name is left out"))
        mapped = self.mapping.get(name) or self.mapping.get(_stem(name))
        if mapped is not None:
            return self._finish(mapped, repairs)
        forum = _drop_query(named) if named is not None else read_forum_id(name)
        if forum is not None and forum in self.titles:
            return self._finish(forum, repairs)
        spoken = _fold("\n".join([transcript.preamble, *(turn.text for turn in transcript.turns)]))
        if forum is not None:
            matches = [known for known in self.titles if known.endswith(forum) and self._is_named(known, spoken)]
            if len(matches) == 1:
                message = f"{forum!r} is no id on record; {matches[0]!r} ends in it and has the title"
                return self._finish(matches[0], [*repairs, Repair("forum-repaired", None, None, message)])
            return self._finish(forum, repairs)
        matches = self.by_title.get(_fold(transcript.title or ""), [])
        if len(matches) == 1 and len(_fold(transcript.title or "").split()) >= LEAST_TITLE_WORDS:
            message = f"the name holds no id; {matches[0]!r} is the one paper on record with this title"
            return self._finish(matches[0], [*repairs, Repair("forum-by-title", None, None, message)])
        return self._finish(None, repairs)

    def _is_named(self, forum: str, spoken: str) -> bool:
        title = _fold(self.titles[forum] or "")
        return bool(title) and f" {title} " in f" {spoken} "

    def _finish(self, forum: str | None, repairs: Sequence[Repair]) -> _Found:
        return _Found(forum, self.titles.get(forum) if forum is not None else None, tuple(repairs))


def read_forum_id(name: str) -> str | None:
    """Return the forum id in a file's name; null where the name holds none.

    >>> read_forum_id("meta_reviews_-76EsjcHnbj.txt")
    '-76EsjcHnbj'
    >>> read_forum_id("meta_reviews_68747kJ0qKt.txt&referrer=[the profile of a person]")
    '68747kJ0qKt'
    >>> read_forum_id("000_ceea023d2aff5a4c.txt") is None
    True
    """
    stem = _stem(_drop_query(name))
    for prefix in load_labels().file_prefixes:
        stem = stem.removeprefix(prefix)
    return stem if _IDENTIFIER.fullmatch(stem) else None


def _stem(name: str) -> str:
    suffix = next((suffix for suffix in load_labels().file_suffixes if name.endswith(suffix)), "")
    return name[: len(name) - len(suffix)]


def _drop_query(name: str) -> str:
    return _QUERY.sub("", name)


def _name(path: Path) -> str:
    """Return a file's name without a query string, which may hold the name of a person."""
    cleaned = _drop_query(path.name)
    suffix = path.suffix if path.suffix in load_labels().file_suffixes else ""
    return cleaned if cleaned == path.name or cleaned.endswith(suffix) else cleaned + suffix


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError("is not UTF-8 text", where=_name(path), mend="convert it to UTF-8") from error
    except OSError as error:
        raise SourceError(
            f"cannot be read: {(error.strerror or 'unknown error').lower()}", where=_name(path), mend="check the path"
        ) from error

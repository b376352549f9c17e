"""The record of every call: what was asked of which model, and what it answered.

A call is known by the hash of everything that its answer depends on, so an interrupted run asks nothing twice, and
other parameters never meet an old answer. Calls that were not answered (limits, broken connections) are not recorded.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from toolkit.errors import StoreError

_TABLE = """CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    finish TEXT NOT NULL,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL
) WITHOUT ROWID"""


Form = Literal["dialogue", "turn", "refinement"]
"""A whole dialogue; its next turn; some of its turns anew, each with its index."""


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a model, with all that its answer depends on."""

    model: str
    messages: tuple[tuple[str, str], ...]
    """(role, content)."""
    temperature: float
    max_output_tokens: int
    seed: int
    sample: int
    """Counts up when the same question is asked again because the answer was no use."""
    form: Form
    """What an answer must look like."""

    @property
    def key(self) -> str:
        """The hash by which its answer is found again."""
        return hashlib.sha256(json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    text: str
    finish: str
    """``stop``, ``length``, ``refusal``, ``content_filter`` or whatever the endpoint says."""
    tokens_in: int
    tokens_out: int


class AnswerStore:
    """Answers in SQLite, each written before it is used."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use ``open_answers`` instead."""
        self._connection = connection

    def find(self, key: str) -> Answer | None:
        """Return the answer to a call; null where it was never answered."""
        row = self._connection.execute(
            "SELECT text, finish, tokens_in, tokens_out FROM answers WHERE key = ?", (key,)
        ).fetchone()
        return Answer(*row) if row is not None else None

    def add(self, key: str, answer: Answer) -> None:
        """Keep an answer; one that is there already stays."""
        with self._connection:
            self._insert(key, answer)

    def add_all(self, answers: Mapping[str, Answer]) -> None:
        """Keep several answers, all or none; those that are there already stay."""
        with self._connection:
            for key, answer in answers.items():
                self._insert(key, answer)

    def _insert(self, key: str, answer: Answer) -> None:
        values = (key, answer.text, answer.finish, answer.tokens_in, answer.tokens_out)
        self._connection.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", values)

    def write_lines(self, keys: Sequence[str]) -> bytes:
        """Return the answers to some calls as JSON Lines, sorted by key: a file that rebuilds the dialogues."""
        rows = ((key, self.find(key)) for key in sorted(set(keys)))
        lines = (
            json.dumps({"key": key, **asdict(answer)}, ensure_ascii=False) + "\n"
            for key, answer in rows
            if answer is not None
        )
        return "".join(lines).encode()

    def read_lines(self, path: Path) -> int:
        """Take the answers of such a file and return how many there are.

        Raises:
            StoreError: the file cannot be read, or is no file of answers.
        """
        count = 0
        try:
            with path.open(encoding="utf-8") as lines, self._connection:  # all of them, or none
                for line in lines:
                    row: Mapping[str, Any] = json.loads(line)
                    answer = Answer(str(row["text"]), str(row["finish"]), int(row["tokens_in"]), int(row["tokens_out"]))
                    self._insert(str(row["key"]), answer)
                    count += 1
        except OSError as error:
            what = f"cannot be read: {(error.strerror or 'unknown error').lower()}"
            raise StoreError(what, where=str(path), mend="name a file of answers") from error
        except (ValueError, KeyError, TypeError) as error:
            what = f"line {count + 1} is no answer"
            raise StoreError(what, where=str(path), mend="name the answers.jsonl of a build") from error
        return count


@contextmanager
def open_answers(path: Path) -> Iterator[AnswerStore]:
    """Open the record of calls of a build folder; it is made if missing.

    Raises:
        StoreError: the file cannot be opened or is no such record.
    """
    try:
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "PRAGMA synchronous = NORMAL"
            )  # a killed process loses nothing; a power cut the last few
            connection.execute(_TABLE)
            yield AnswerStore(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StoreError(
            f"the record of calls cannot be used: {error}", where=str(path), mend="move the file away and run again"
        ) from error

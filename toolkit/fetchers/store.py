"""The raw store: every public note as received, all versions, in one SQLite file.

What it holds depends on what was put in, never on the order: two stores filled from the same notes read the same.
Durability is SQLite's (WAL, ``synchronous=FULL``): once a transaction has ended, its notes survive a power cut; a
process killed inside one leaves the store as it was before. ``docs/store.md`` describes the tables.
"""

import contextlib
import hashlib
import io
import json
import sqlite3
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypedDict
from urllib.parse import quote

from toolkit.errors import RecordError, StoreError
from toolkit.fetchers.admission import (
    COLLISION,
    NO_NOTES,
    STAGE,
    PublicNote,
    RemovedNote,
    admit_note,
    admit_options,
    hash_id,
    read_stored,
    write_canonical,
)
from toolkit.fetchers.bodies import Hint, unfold_notes
from toolkit.fetchers.people import hide_people
from toolkit.notes import parse_note
from toolkit.records import Note, Quarantined
from toolkit.venues import FieldOptions, find_commitment, list_commitment_fields

APPLICATION_ID = 0x52564454
"""``RVDT`` in the file's header: an SQLite file of another program is refused."""

SCHEMA_VERSION = 3
"""Kept in the file as ``user_version``. Version 1 had no ``form_options``, version 2 nothing of ``_FETCHES`` and names
where there are pseudonyms now; such a file is brought up to date when it is opened."""

_FORM_OPTIONS = """
CREATE TABLE form_options (
    venue TEXT NOT NULL, kind TEXT NOT NULL, field TEXT NOT NULL, options TEXT NOT NULL,
    PRIMARY KEY (venue, kind, field, options)
);
"""

_FETCHES = """
ALTER TABLE notes ADD COLUMN page INTEGER;
CREATE INDEX notes_by_page ON notes (page) WHERE page IS NOT NULL;
ALTER TABLE cursors ADD COLUMN expected INTEGER;
CREATE TABLE pages (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL, step TEXT NOT NULL, after TEXT,
    received_sha256 BLOB NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL
);
CREATE TABLE venues (
    venue TEXT PRIMARY KEY, api TEXT NOT NULL, rounds INTEGER NOT NULL, began INTEGER, submissions INTEGER NOT NULL,
    main TEXT
);
CREATE TABLE listed (
    venue TEXT NOT NULL, id TEXT NOT NULL, round INTEGER NOT NULL, PRIMARY KEY (venue, id)
) WITHOUT ROWID;
"""

_SCHEMA = f"""
CREATE TABLE notes (
    id TEXT NOT NULL, sha256 BLOB NOT NULL, forum TEXT NOT NULL, modified INTEGER NOT NULL,
    fetched_at INTEGER, body TEXT NOT NULL, PRIMARY KEY (id, sha256)
);
CREATE INDEX notes_in_order ON notes (forum, id, modified, sha256);
CREATE INDEX notes_by_id ON notes (id, forum);
CREATE TABLE removals (key BLOB PRIMARY KEY, moment INTEGER NOT NULL, id TEXT);
CREATE TABLE hints (forum TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (forum, name));
CREATE TABLE quarantine (
    item TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (item, reason, message)
);
CREATE TABLE cursors (
    plan TEXT NOT NULL, step TEXT NOT NULL, after TEXT, submissions INTEGER NOT NULL, PRIMARY KEY (plan, step)
);
{_FORM_OPTIONS}
{_FETCHES}
"""

_COLLIDED = "EXISTS (SELECT 1 FROM notes AS other WHERE other.id = notes.id AND other.forum <> notes.forum)"
"""Which of the two forums a note belongs to is not ours to guess, so it is read back in neither."""


class UpsertCounts(NamedTuple):
    """What became of a batch of notes; each note that was read is counted in exactly one of the other counts."""

    read: int
    """Notes and the replies unfolded from their ``details``."""
    stored: int
    """Versions the store did not have."""
    duplicates: int
    """Versions it had already."""
    not_public: int
    """``readers`` without ``everyone``."""
    deleted: int
    """Marked deleted, or an older version of a note that was deleted or closed."""
    quarantined: tuple[Quarantined, ...]
    """Notes that cannot be read; one entry a note, repeated where the same damaged note came twice."""
    withheld_values: int
    """Field values that not everyone may read, left out of notes that were stored or there already."""


class NoteSums(TypedDict):
    """The batches of a run added up; the keys are the fields of ``NoteReport``."""

    notes_read: int
    notes_stored: int
    duplicates: int
    not_public: int
    deleted: int
    withheld_values: int
    quarantined: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReport:
    """What became of the notes of a run, wherever they came from; ``UpsertCounts`` says what each count means."""

    notes_read: int
    notes_stored: int
    duplicates: int
    not_public: int
    deleted: int
    withheld_values: int
    quarantined: tuple[Quarantined, ...]

    def count_notes(self) -> Mapping[str, int]:
        """Return the counts by name, as the manifest keeps them."""
        return {
            "notes": self.notes_read,
            "stored": self.notes_stored,
            "duplicates": self.duplicates,
            "not_public": self.not_public,
            "deleted": self.deleted,
            "withheld_values": self.withheld_values,
        }


class CursorState(NamedTuple):
    """How far a fetch has come in one of its steps."""

    after: str | None
    """Id of the last note of the last page that was committed."""
    submissions: int
    """How many have come so far."""
    expected: int | None = None
    """How many the service said there are, when the step began."""


class Listing(NamedTuple):
    """The round of a whole fetch in which notes are seen: what an earlier round saw and this one does not is gone."""

    venue: str
    round: int


class LostPage(NamedTuple):
    """A page that is damaged with notes of its own, and has to be asked for again."""

    plan: str
    step: str
    after: str | None


class Mended(NamedTuple):
    """What a repair did."""

    written: int
    """Pages that were written anew from their notes."""
    restored: int
    """Notes that were read again from their pages."""
    lost: tuple[LostPage, ...]
    dropped: int
    """Notes without a page, from imported files, which are damaged for good: their files have to be imported again."""


class VenueState(NamedTuple):
    """What is known of the whole fetches of a venue."""

    api: str
    rounds: int
    """How many were finished."""
    began: int | None
    """Milliseconds; when the unfinished one began, null where none is."""
    submissions: int
    """How many the last finished one found."""
    main: str | None
    """The invitation that gave them, which the next one asks first."""


def open_store(path: Path, *, create: bool = False) -> "Store":
    """Open the store of a build folder; with ``create`` an empty one is made where there is none.

    Raises:
        StoreError: there is no store, it is no store of ours, or a newer ReviewDial wrote it. Nothing is written then.
    """
    if not create and not path.exists():
        raise StoreError(
            "there are no notes here yet", where=str(path.parent), mend="run `reviewdial import` or `fetch` first"
        )
    with _wrap_sqlite_errors(path):
        mode = "rwc" if create else "rw"
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True, isolation_level=None, timeout=10
        )
        try:
            _prepare(connection, path, create)
        except BaseException:
            connection.close()
            raise
    return Store(connection, path)


def _prepare(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    is_blank = (application, version, tables) == (0, 0, 0)
    if is_blank and not create:
        raise StoreError("is an empty store", where=str(path), mend="run `reviewdial import` or `fetch` first")
    if not is_blank and application != APPLICATION_ID:
        raise StoreError("is a database of another program", where=str(path), mend="name another folder")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"was written by a newer ReviewDial (store schema {version}; this one reads {SCHEMA_VERSION})",
            where=str(path),
            mend="upgrade reviewdial, or name another folder",
        )
    # Values that are taken back must be gone from the file, not only from its index; and sorting spills to memory,
    # so that notes lie in no second place.
    connection.executescript("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;")
    if is_blank:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id={APPLICATION_ID};"
            f" PRAGMA user_version={SCHEMA_VERSION}; COMMIT;"
        )
    elif version < SCHEMA_VERSION:
        _bring_up_to_date(connection)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have done it since the version was read.
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    additions = [_FORM_OPTIONS, _FETCHES][max(version - 1, 0) : SCHEMA_VERSION - 1]
    for statement in "".join(additions).split(";"):
        connection.execute(statement)
    if version < SCHEMA_VERSION:
        _hide_people_in_old_notes(connection)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _hide_people_in_old_notes(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT rowid, forum FROM notes ORDER BY rowid").fetchall()
    for rowid, forum in rows:
        fetched_at, body = connection.execute("SELECT fetched_at, body FROM notes WHERE rowid = ?", (rowid,)).fetchone()
        connection.execute("DELETE FROM notes WHERE rowid = ?", (rowid,))
        note = read_stored(json.dumps(hide_people(json.loads(body), forum)).encode())
        # Two versions that differed in nothing but a name become one.
        connection.execute(
            "INSERT INTO notes (id, sha256, forum, modified, fetched_at, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id, sha256) DO UPDATE SET body = min(body, excluded.body),"
            " fetched_at = coalesce(min(fetched_at, excluded.fetched_at), fetched_at, excluded.fetched_at)",
            (note.id, note.sha256, note.forum, note.modified, fetched_at, note.body),
        )


class _PageWriter:
    """Compresses what a page brought that was new, note by note, so that a page is never in memory twice."""

    def __init__(self, page: int) -> None:
        import zstandard

        self.page = page
        self._compressor = zstandard.ZstdCompressor(level=3).compressobj()
        self._chunks: list[bytes] = []
        self._is_empty = True

    def add(self, body: str) -> None:
        self._is_empty = False
        self._chunks.append(self._compressor.compress(body.encode() + b"\n"))

    def finish(self) -> bytes:
        """Return the page, or nothing where it brought nothing new."""
        return b"" if self._is_empty else b"".join([*self._chunks, self._compressor.flush()])


def _read_page(page: bytes) -> Iterator[str]:
    import zstandard

    with zstandard.ZstdDecompressor().stream_reader(page, read_across_frames=True) as reader:
        for line in io.TextIOWrapper(reader, encoding="ascii"):
            yield line.rstrip("\n")


def _drop_from_page(page: bytes, note_id: str) -> bytes:
    writer = _PageWriter(0)
    for line in _read_page(page):
        if json.loads(line)["id"] != note_id:
            writer.add(line)
    return writer.finish()


class _DamagedRow(NamedTuple):
    rowid: int
    fetched_at: int | None


class Store:
    """An open store; close it, or use it in a ``with`` block. Make one with ``open_store``."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take over an open, checked connection."""
        self._connection = connection
        self._path = path
        self._writer: _PageWriter | None = None

    def __enter__(self) -> "Store":
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Bring everything into the one file and close it."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is written inside the block, or none of it; a block inside a block joins it.

        Raises:
            StoreError: another process is writing, the disk is full, the file is damaged.
        """
        if self._connection.in_transaction:
            yield
            return
        with _wrap_sqlite_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back already; the cause matters
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def write_page(self, plan: str, step: str, after: str | None, received: bytes) -> Iterator[None]:
        """Keep beside the notes what this page brought that was new, compressed, with the sha256 of both.

        What is kept is what may be kept: notes that are not public, and values that are not, are in no page.

        Args:
            plan: The fetch it belongs to.
            step: The list that it is a page of.
            after: The note after which it begins.
            received: Its bytes as they came, of which only the hash is kept.
        """
        with self.transaction():
            row = (plan, step, after, hashlib.sha256(received).digest(), b"", b"")
            cursor = self._connection.execute(
                "INSERT INTO pages (plan, step, after, received_sha256, sha256, body) VALUES (?, ?, ?, ?, ?, ?)", row
            )
            self._writer = _PageWriter(cursor.lastrowid or 0)
            try:
                yield
                self._rewrite_page(self._writer.page, self._writer.finish())
            finally:
                self._writer = None

    def _rewrite_page(self, page: int, body: bytes) -> None:
        if body:
            self._connection.execute(
                "UPDATE pages SET sha256 = ?, body = ? WHERE id = ?", (hashlib.sha256(body).digest(), body, page)
            )
        else:
            self._connection.execute("DELETE FROM pages WHERE id = ?", (page,))

    def check_pages(self) -> None:
        """Compare every page with its sha256.

        Raises:
            StoreError: one was changed outside of ReviewDial.
        """
        with _wrap_sqlite_errors(self._path):
            for page, sha256, body in self._connection.execute("SELECT id, sha256, body FROM pages ORDER BY id"):
                if hashlib.sha256(body).digest() != sha256:
                    raise self._report_damage(f"page {page} is damaged: its sha256 does not match")

    def _report_damage(self, what: str) -> StoreError:
        repair = f"run `reviewdial fetch --repair --out {self._path.parent}`, or restore it from a backup"
        return StoreError(what, where=str(self._path), mend=repair)

    def mend(self) -> "Mended":
        """Make damaged notes and pages sound again from one another, since what a fetch brought stands in both.

        What is damaged in both is dropped, so that it can be asked for again; what was imported stands nowhere else.

        Raises:
            StoreError: the file itself cannot be read.
        """
        written = restored = 0
        lost: list[LostPage] = []
        with self.transaction():
            damaged = self._find_damaged_notes()
            pages = self._connection.execute("SELECT id, plan, step, after, sha256, body FROM pages ORDER BY id")
            for page, plan, step, after, sha256, body in pages.fetchall():
                is_sound = hashlib.sha256(body).digest() == sha256
                rows = damaged.pop(page, [])
                self._delete_rows(rows)
                if is_sound and rows:
                    restored += self._restore_notes(page, body, rows[0].fetched_at)
                elif not is_sound:
                    self._write_page_anew(page)
                    written += not rows
                    lost += [LostPage(plan, step, after)] if rows else []
            unknown = [row for rows in damaged.values() for row in rows]
            self._delete_rows(unknown)
        return Mended(written, restored, tuple(lost), len(unknown))

    def _find_damaged_notes(self) -> dict[int | None, list["_DamagedRow"]]:
        damaged: dict[int | None, list[_DamagedRow]] = {}
        rows = self._connection.execute(
            "SELECT rowid, page, fetched_at, CAST(id AS BLOB), CAST(forum AS BLOB), modified, sha256,"
            " CAST(body AS BLOB) FROM notes ORDER BY rowid"
        )
        for rowid, page, fetched_at, note_id, forum, modified, sha256, body in rows:
            written = (note_id.decode("ascii", "replace"), forum.decode("ascii", "replace"), modified, sha256)
            try:
                is_sound = read_stored(body)[:4] == written
            except (ValueError, RecordError):
                is_sound = False
            if not is_sound:
                damaged.setdefault(page, []).append(_DamagedRow(rowid, fetched_at))
        return damaged

    def _delete_rows(self, rows: Sequence["_DamagedRow"]) -> None:
        self._connection.executemany("DELETE FROM notes WHERE rowid = ?", [(row.rowid,) for row in rows])

    def _restore_notes(self, page: int, body: bytes, fetched_at: int | None) -> int:
        restored = 0
        for line in _read_page(body):
            restored += self._insert(read_stored(line.encode()), fetched_at, page)
        return restored

    def _insert(self, note: PublicNote, fetched_at: int | None, page: int | None) -> int:
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO notes (id, sha256, forum, modified, fetched_at, body, page)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (note.id, note.sha256, note.forum, note.modified, fetched_at, note.body, page),
        )
        return cursor.rowcount

    def _write_page_anew(self, page: int) -> None:
        writer = _PageWriter(page)
        for (body,) in self._connection.execute("SELECT body FROM notes WHERE page = ? ORDER BY rowid", (page,)):
            writer.add(body)
        self._rewrite_page(page, writer.finish())

    def upsert_notes(
        self, raw_notes: Iterable[Any], *, fetched_at: int | None = None, listing: Listing | None = None
    ) -> UpsertCounts:
        """Store raw notes, and the replies in their ``details``, in one transaction.

        A version is a note id and the hash of its content: the same again changes nothing. ``fetched_at`` is in
        milliseconds; of a version seen twice the earlier time is kept. With a ``listing`` the notes come from the
        service itself, now: what it shows to everyone is there, also where it was gone before.

        Raises:
            StoreError: the store cannot be written; nothing of the batch is kept then.
        """
        read = stored = duplicates = not_public = deleted = withheld = 0
        quarantined: list[Quarantined] = []
        offered: set[FieldOptions] = set()
        with self.transaction():
            for raw in unfold_notes(list(raw_notes)):
                read += 1
                admitted = admit_note(raw)
                offered.update(admit_options(raw, admitted))
                if isinstance(admitted, Quarantined):
                    self.set_aside(admitted)
                    quarantined.append(admitted)
                elif isinstance(admitted, RemovedNote):
                    self._remove(admitted)
                    deleted += admitted.is_public
                    not_public += not admitted.is_public
                elif self._is_removed(admitted, listing):
                    deleted += 1
                else:
                    is_new = self._keep(admitted, fetched_at)
                    stored += is_new
                    duplicates += not is_new
                    withheld += admitted.withheld_values
                    if listing is not None:
                        self._connection.execute(
                            "INSERT OR REPLACE INTO listed (venue, id, round) VALUES (?, ?, ?)",
                            (listing.venue, admitted.id, listing.round),
                        )
            self.write_form_options(offered)
        return UpsertCounts(read, stored, duplicates, not_public, deleted, tuple(quarantined), withheld)

    def _keep(self, note: PublicNote, fetched_at: int | None) -> bool:
        known = self._connection.execute(
            "SELECT fetched_at, body FROM notes WHERE id = ? AND sha256 = ?", (note.id, note.sha256)
        ).fetchone()
        if known is None:
            self._insert(note, fetched_at, self._writer.page if self._writer else None)
            if self._writer:
                self._writer.add(note.body)
            return True
        # Equal content can differ in the order of its keys: the smaller text stays, whichever came first.
        times = [time for time in (known[0], fetched_at) if time is not None]
        better = (min(times, default=None), min(known[1], note.body))
        if better != known:
            self._connection.execute(
                "UPDATE notes SET fetched_at = ?, body = ? WHERE id = ? AND sha256 = ?", (*better, note.id, note.sha256)
            )
        return False

    def _is_removed(self, note: PublicNote, listing: Listing | None) -> bool:
        key = hash_id(note.id)
        row = self._connection.execute("SELECT moment, id FROM removals WHERE key = ?", (key,)).fetchone()
        if row is None or note.modified > row[0]:
            return False
        if listing is not None and note.modified == row[0]:  # gone without a change, and back without one
            self._connection.execute("DELETE FROM removals WHERE key = ?", (key,))
            return False
        if row[1] is None:  # it was public once, so its id may stand in the list of removed notes
            self._connection.execute("UPDATE removals SET id = ? WHERE key = ?", (note.id, key))
        return True

    def _remove(self, note: RemovedNote) -> None:
        if note.id is None:
            return
        versions = (note.id, note.moment)
        for (page,) in self._connection.execute(
            "SELECT DISTINCT page FROM notes WHERE id = ? AND modified <= ? AND page IS NOT NULL", versions
        ).fetchall():
            if self._writer is not None and page == self._writer.page:
                # The page that is being written cannot be cut any more: it is written again without the note.
                self._restart_page(self._writer, note.id)
                continue
            (body,) = self._connection.execute("SELECT body FROM pages WHERE id = ?", (page,)).fetchone()
            self._rewrite_page(page, _drop_from_page(body, note.id))
        purged = self._connection.execute("DELETE FROM notes WHERE id = ? AND modified <= ?", versions)
        was_public = note.is_public or purged.rowcount > 0
        self._connection.execute(
            "INSERT INTO removals (key, moment, id) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET moment = max(moment, excluded.moment), id = coalesce(id, excluded.id)",
            (hash_id(note.id), note.moment, note.id if was_public else None),
        )
        self._connection.execute("DELETE FROM hints WHERE forum = ?", (note.id,))

    def _restart_page(self, writer: _PageWriter, note_id: str) -> None:
        self._writer = fresh = _PageWriter(writer.page)
        for (body,) in self._connection.execute(
            "SELECT body FROM notes WHERE page = ? AND id <> ? ORDER BY rowid", (writer.page, note_id)
        ):
            fresh.add(body)

    def find_vanished(self, listing: Listing) -> tuple[str, ...]:
        """Return the notes that an earlier round saw, this one did not, and that are still kept."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute(
                "SELECT id FROM listed WHERE venue = ? AND round < ?"
                " AND EXISTS (SELECT 1 FROM notes WHERE notes.id = listed.id) ORDER BY id",
                listing,
            ).fetchall()
        return tuple(note_id for (note_id,) in rows)

    def remove_vanished(self, note_id: str) -> None:
        """Take a note out that the service no longer shows to everyone; no kept version of it stays."""
        with self.transaction():
            (moment,) = self._connection.execute("SELECT max(modified) FROM notes WHERE id = ?", (note_id,)).fetchone()
            if moment is not None:
                self._remove(RemovedNote(note_id, moment, is_public=True))

    def read_venue(self, venue: str) -> VenueState | None:
        """Return what is known of the whole fetches of a venue; null where none has begun."""
        with _wrap_sqlite_errors(self._path):
            row = self._connection.execute(
                "SELECT api, rounds, began, submissions, main FROM venues WHERE venue = ?", (venue,)
            ).fetchone()
        return VenueState(*row) if row else None

    def write_venue(self, venue: str, state: VenueState) -> None:
        """Remember how the whole fetches of a venue stand."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO venues (venue, api, rounds, began, submissions, main)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (venue, *state),
            )

    def take_back(self, item: str, reason: str) -> None:
        """Forget what was set aside, because it came right."""
        with self.transaction():
            self._connection.execute("DELETE FROM quarantine WHERE item = ? AND reason = ?", (item, reason))

    def set_aside(self, item: Quarantined) -> None:
        """Remember something that could not be used."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR IGNORE INTO quarantine (item, reason, message) VALUES (?, ?, ?)",
                (item.item, item.reason, item.message),
            )

    def write_hint(self, hint: Hint) -> None:
        """Keep what a crawl says of a forum, unless the forum's root note was removed.

        Of two different values the smaller one stays, whichever came first.
        """
        with self.transaction():
            self._connection.execute(
                "INSERT INTO hints (forum, name, value)"
                " SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM removals WHERE key = ?4)"
                " ON CONFLICT (forum, name) DO UPDATE SET value = min(value, excluded.value)",
                (hint.forum, hint.name, json.dumps(hint.value), hash_id(hint.forum)),
            )

    def write_form_options(self, offered: Iterable[FieldOptions]) -> None:
        """Keep what forms offer; what is kept already changes nothing."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO form_options (venue, kind, field, options) VALUES (?, ?, ?, ?)",
                [
                    (venue, kind, field, write_canonical(options))
                    for venue, kind, field, options in sorted(offered, key=repr)
                ],
            )

    def read_form_options(self) -> tuple[FieldOptions, ...]:
        """Return what forms offer, once for every different list of options that was seen."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute(
                "SELECT venue, kind, field, options FROM form_options ORDER BY venue, kind, field, options"
            ).fetchall()
        return tuple(
            FieldOptions(venue, kind, field, tuple(json.loads(options))) for venue, kind, field, options in rows
        )

    def read_hints(self, forum: str) -> Mapping[str, str]:
        """Return what crawls kept of a forum beside its notes: ``title``, where they had no root note."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute("SELECT name, value FROM hints WHERE forum = ? ORDER BY name", (forum,))
            return {name: json.loads(value) for name, value in rows}

    def count_forums(self) -> int:
        """Return how many forums ``read_forums`` yields."""
        with _wrap_sqlite_errors(self._path):
            (count,) = self._connection.execute(
                f"SELECT count(DISTINCT forum) FROM notes WHERE NOT {_COLLIDED}"
            ).fetchone()
        return int(count)

    def read_forums(self, after: str | None = None) -> Iterator[tuple[str, list[Note]]]:
        """Yield every forum with all kept versions of its notes, forums in id order; one forum is in memory.

        Within a forum notes stand by id, versions of one note by ``modified``, oldest first; two versions of the same
        time stand in the order of their hashes. Notes whose id occurs in two forums are left out.

        Args:
            after: Leave out forums up to this id, to go on where an earlier reading stopped.

        Raises:
            StoreError: the file is damaged.
        """
        with contextlib.closing(self._read_rows(after)) as every:
            for forum, rows in groupby(every, key=lambda row: row[0]):
                yield forum, [parse_note(self._load_sound(body, sha256), time) for _, sha256, time, body in rows]

    def _load_sound(self, body: str, sha256: bytes) -> Any:
        try:
            note = json.loads(body)
            is_sound = hashlib.sha256(write_canonical(note).encode()).digest() == sha256
        except ValueError:
            is_sound = False
        if not is_sound:
            raise self._report_damage("a note in it is damaged: its sha256 does not match")
        return note

    def read_forum(self, forum: str) -> list[Note]:
        """Return the notes of one forum, in the order of ``read_forums``."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute(
                f"SELECT fetched_at, body FROM notes WHERE forum = ? AND NOT {_COLLIDED} ORDER BY id, modified, sha256",
                (forum,),
            ).fetchall()
        return [parse_note(json.loads(body), fetched_at) for fetched_at, body in rows]

    def read_commitments(self) -> Mapping[str, tuple[str, ...]]:
        """Return which forums name another one as the one where they were reviewed: reviewed forum -> such forums."""
        found: dict[str, set[str]] = {}
        fields = [json.dumps(field) for field in list_commitment_fields()]
        names_one = " OR ".join("instr(body, ?)" for _ in fields)
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute(
                f"SELECT body FROM notes WHERE id = forum AND ({names_one}) AND NOT {_COLLIDED}", fields
            )
            for (body,) in rows:
                note = parse_note(json.loads(body))
                if (reviewed := find_commitment(note)) is not None:
                    found.setdefault(reviewed, set()).add(note.forum)
        return {reviewed: tuple(sorted(forums)) for reviewed, forums in sorted(found.items())}

    def read_raw_notes(self, forum: str) -> list[dict[str, Any]]:
        """Return the notes of one forum as they were received, in the order of ``read_forums``."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute(
                f"SELECT body FROM notes WHERE forum = ? AND NOT {_COLLIDED} ORDER BY id, modified, sha256",
                (forum,),
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def _read_rows(self, after: str | None = None) -> Generator[tuple[str, bytes, int | None, str]]:
        with _wrap_sqlite_errors(self._path):
            yield from self._connection.execute(
                "SELECT forum, sha256, fetched_at, body FROM notes"
                f" WHERE forum > ? AND NOT {_COLLIDED} ORDER BY forum, id, modified, sha256",
                (after or "",),
            )

    def read_quarantine(self) -> tuple[Quarantined, ...]:
        """Return all that could not be used: unreadable notes, forums without notes, ids that occur in two forums."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute(
                "SELECT item, reason, message FROM quarantine"
                " WHERE reason <> ? OR NOT EXISTS (SELECT 1 FROM notes WHERE forum = item)"
                " ORDER BY item, reason, message",
                (NO_NOTES,),
            )
            unreadable = [Quarantined(STAGE, *row) for row in rows]
            collided = self._connection.execute(
                "SELECT id, group_concat(forum, ', ')"
                f" FROM (SELECT DISTINCT id, forum FROM notes WHERE {_COLLIDED} ORDER BY id, forum)"
                " GROUP BY id ORDER BY id"
            ).fetchall()
        return (
            *unreadable,
            *(
                Quarantined(STAGE, note_id, COLLISION, f"one note id in several forums: {forums}")
                for note_id, forums in collided
            ),
        )

    def list_removals(self) -> tuple[str, ...]:
        """Return the ids of notes that were public and then deleted or closed, in order."""
        with _wrap_sqlite_errors(self._path):
            rows = self._connection.execute("SELECT id FROM removals WHERE id IS NOT NULL ORDER BY id").fetchall()
        return tuple(note_id for (note_id,) in rows)

    def compute_digest(self) -> str:
        """Return a sha256 of all that can be read back: notes with their times, hints, and options of forms."""
        digest = hashlib.sha256()
        for forum, sha256, fetched_at, body in self._read_rows():
            digest.update(f"{forum} {sha256.hex()} {fetched_at} {len(body)}\n{body}\n".encode())
        with _wrap_sqlite_errors(self._path):
            for row in self._connection.execute("SELECT forum, name, value FROM hints ORDER BY forum, name"):
                digest.update(f"hint {json.dumps(row)}\n".encode())
        for offered in self.read_form_options():
            digest.update(f"options {json.dumps(offered)}\n".encode())
        return digest.hexdigest()

    def read_cursor(self, plan: str, step: str) -> CursorState | None:
        """Return how far a fetch came in one of its steps; null where it has not begun."""
        with _wrap_sqlite_errors(self._path):
            row = self._connection.execute(
                "SELECT after, submissions, expected FROM cursors WHERE plan = ? AND step = ?", (plan, step)
            ).fetchone()
        return CursorState(*row) if row else None

    def write_cursor(self, plan: str, step: str, state: CursorState) -> None:
        """Remember how far a fetch came; belongs into the transaction of the page's notes."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO cursors (plan, step, after, submissions, expected) VALUES (?, ?, ?, ?, ?)",
                (plan, step, *state),
            )

    def clear_cursors(self, plan: str) -> None:
        """Forget how far a fetch came, because it is done."""
        with self.transaction():
            self._connection.execute("DELETE FROM cursors WHERE plan = ?", (plan,))


def sum_batches(batches: Sequence[UpsertCounts], store: Store, also_met: Collection[Quarantined] = ()) -> NoteSums:
    """Add the batches of one run up, with what it met that could not be used and every collision in the store."""
    met = set(also_met).union(*(batch.quarantined for batch in batches))
    return NoteSums(
        notes_read=sum(batch.read for batch in batches),
        notes_stored=sum(batch.stored for batch in batches),
        duplicates=sum(batch.duplicates for batch in batches),
        not_public=sum(batch.not_public for batch in batches),
        deleted=sum(batch.deleted for batch in batches),
        withheld_values=sum(batch.withheld_values for batch in batches),
        quarantined=tuple(item for item in store.read_quarantine() if item in met or item.reason == COLLISION),
    )


@contextlib.contextmanager
def _wrap_sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text:
            raise StoreError(
                "another process is writing to it", where=str(path), mend="wait for it to end, then run again"
            ) from error
        if "decode to UTF-8" in text:
            raise StoreError(
                "a text in it is damaged",
                where=str(path),
                mend=f"run `reviewdial fetch --repair --out {path.parent}`, or restore it from a backup",
            ) from error
        raise StoreError(f"SQLite says: {text}", where=str(path), mend="check permissions and free space") from error
    except sqlite3.ProgrammingError:  # a mistake in this module, not in the file
        raise
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"is not a sound store (SQLite says: {error})",
            where=str(path),
            mend="restore it from a backup, or delete it and import again",
        ) from error

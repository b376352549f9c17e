"""Files of API bodies: every damage is one error with its place, and then nothing is stored."""

import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import zstandard

from tests.fetchers.raw_notes import Raw, make_review, make_submission, read_ids
from toolkit.errors import SourceError
from toolkit.fetchers import ImportReport, archive, import_files, open_store
from toolkit.progress import NoProgress

GOOD_LINE = json.dumps({"notes": [make_review()]}).encode() + b"\n"

Write = Callable[[str, bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, data: bytes) -> Path:
        path = tmp_path / "input" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write_file


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


def run_import(store_path: Path, *paths: Path) -> ImportReport:
    with open_store(store_path, create=True) as store:
        return import_files(store, paths, NoProgress())


def write_lines(notes: Sequence[Raw]) -> bytes:
    return b"".join(json.dumps(note).encode() + b"\n" for note in notes)


def compress_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


# What is refused


DAMAGED: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.jsonl", b"", "a.jsonl: is empty; get it again"),
    "only blank lines": ("a.jsonl", b"\n \r\n\n", "a.jsonl: is empty"),
    "only a byte order mark": ("a.json", b"\xef\xbb\xbf", "a.json: is empty"),
    "an empty gzip file": ("a.json.gz", gzip.compress(b""), "is empty"),
    "a truncated line": (
        "a.jsonl",
        GOOD_LINE + b'\n{"notes": [{"id',
        "a.jsonl:3: breaks off: the JSON is not complete",
    ),
    "a truncated document": ("a.json", b'{\n"notes": [\n', "a.json: breaks off: the JSON is not complete (line 2"),
    "a mistake after blank lines": (
        "a.json",
        b'\n\n{\n\n"notes": x}',
        "a.json: is not JSON (Expecting value at line 5",
    ),
    "text behind the document": ("a.json", b'{"notes":\n[]} trailing', "is not JSON (Extra data at line 2"),
    "invalid UTF-8": ("a.jsonl", GOOD_LINE + b'{"notes": ["\xff"]}', "a.jsonl:2: is not UTF-8 (byte 0xff"),
    "duplicate keys": ("a.json", b'{"notes": [], "notes": []}', "a.json:1: cannot be read safely: the key 'notes'"),
    "NaN": ("a.jsonl", b'{"notes": [{"id": NaN}]}', "NaN is not a JSON number"),
    "deep nesting": ("a.jsonl", b"[" * 50_000 + b"]" * 50_000, "nested too deeply"),
    "no body": ("a.jsonl", GOOD_LINE + b"{}\n", "a.jsonl:2: is not an API body: it has no notes"),
    "an error answer": ("a.json", b'{"name": "ForbiddenError", "message": "no", "status": 403}', "'ForbiddenError'"),
    "a web page": ("a.json", b"<!DOCTYPE html>\n<html>", "a.json: is a web page"),
    "a binary file": ("a.json", bytes(range(256)), "a.json: is a binary file, not JSON"),
    "UTF-16": ("a.json", '{"notes": []}'.encode("utf-16"), "is UTF-16, not UTF-8"),
    "an SQLite file": ("a.json", b"SQLite format 3\x00" + b"x" * 100, "is a binary file"),
    "a cut gzip file": ("a.jsonl.gz", gzip.compress(GOOD_LINE * 50)[:-20], "is a damaged or incomplete gzip file"),
    "a gzip file without its trailer": ("a.jsonl.gz", gzip.compress(GOOD_LINE)[:-8], "damaged or incomplete gzip"),
    "a gzip file with a wrong checksum": ("a.jsonl.gz", gzip.compress(GOOD_LINE)[:-8] + b"\0" * 8, "damaged"),
    "a cut zstd file": ("a.jsonl.zst", compress_zstd(GOOD_LINE * 50)[:-5], "is a damaged or incomplete zstd file"),
    "a zstd header alone": ("a.jsonl.zst", b"\x28\xb5\x2f\xfd", "damaged or incomplete zstd"),
    "not one note": ("a.jsonl", b'{"notes": []}\n[]\n', "there is not one note in these files"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_stops_the_import_and_the_store_is_what_it_was(
    name: str, write: Write, store_path: Path
) -> None:
    run_import(store_path, write("good.jsonl", write_lines([make_review("before")])))
    before = store_path.read_bytes()
    file_name, data, words = DAMAGED[name]
    good = [] if name == "not one note" else [write("first.jsonl", write_lines([make_review("lost")]))]
    with pytest.raises(SourceError) as caught:
        run_import(store_path, *good, write(file_name, data))
    assert words in str(caught.value)
    assert "; " in str(caught.value)
    assert store_path.read_bytes() == before
    assert not list(store_path.parent.glob("store.sqlite-*"))


def test_a_missing_path_is_found_out_before_anything_is_read(write: Write, store_path: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere.jsonl: no such file or folder; check the spelling"):
        run_import(store_path, write("good.jsonl", GOOD_LINE), tmp_path / "nowhere.jsonl")


def test_a_folder_without_a_usable_file_says_which_endings_count(write: Write, store_path: Path) -> None:
    folder = write("notes.txt", GOOD_LINE).parent
    write(".hidden.jsonl", GOOD_LINE)
    with pytest.raises(SourceError, match=r"holds no file of API bodies \(none ends in .json, .jsonl, .ndjson"):
        run_import(store_path, folder)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, store_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        run_import(store_path, tmp_path / "pipe.jsonl")


def test_a_file_that_may_not_be_read_is_one_error(write: Write) -> None:
    path = write("a.jsonl", GOOD_LINE)
    path.chmod(0)
    if os.geteuid() == 0:
        parents = {parent: parent.stat().st_mode for parent in path.parents if parent.stat().st_uid == 0}
        for parent, mode in parents.items():
            parent.chmod(mode | 0o111)
        os.seteuid(65534)
    try:
        with pytest.raises(SourceError, match="cannot be read: permission denied; check its permissions"):
            list(archive.read_bodies(path))
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
            for parent, mode in parents.items():
                parent.chmod(mode)


def test_a_body_above_the_size_limit_is_refused(
    write: Write, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BODY_BYTES", 100_000)
    for name, data in {"line.jsonl": b'{"notes": ["' + b"x" * 200_000, "many.json": b"[\n" + b"1,\n" * 60_000}.items():
        with pytest.raises(SourceError, match="one body is larger than"):
            run_import(store_path, write(name, data))


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_bomb_is_refused_in_little_memory(ending: str, write: Write, store_path: Path) -> None:
    bomb = pack_blank_lines(ending, megabytes=400)
    assert len(bomb) < 500_000
    path = write(f"bomb.jsonl.{ending}", bomb)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=r"grows more than \d+ times when unpacked; do not use this file"):
            run_import(store_path, path)
        assert tracemalloc.get_traced_memory()[1] < 150 * 2**20
    finally:
        tracemalloc.stop()


def pack_blank_lines(ending: str, megabytes: int) -> bytes:
    block = b"\n" * 2**20
    if ending == "gz":
        packer = zlib.compressobj(9, wbits=31)
        return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    packed = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(packed, closefd=False) as writer:
        for _ in range(megabytes):
            writer.write(block)
    return packed.getvalue()


# What is read


def test_every_shape_and_packing_of_a_body_gives_the_same_store(write: Write, tmp_path: Path) -> None:
    notes = [make_submission("f1"), make_review("a"), make_review("b", rating=3)]
    lines = b"".join(json.dumps({"notes": [note], "count": 1}).encode() + b"\r\n\n" for note in notes)
    nested = [{**notes[0], "details": {"replies": notes[1:]}}]
    files = {
        "body.json": json.dumps({"notes": notes}).encode(),
        "pretty.json": json.dumps({"notes": notes}, indent=2).encode(),
        "marked.json": b"\xef\xbb\xbf" + json.dumps(notes).encode(),
        "list.json": json.dumps(notes).encode(),
        "notes.jsonl": write_lines(notes),
        "notes.ndjson": write_lines(notes),
        "lines.json": lines,
        "unnamed.txt": lines,
        "nested.json": json.dumps({"notes": nested}).encode(),
        "packed.json.gz": gzip.compress(json.dumps(notes).encode()),
        "packed.jsonl.zst": compress_zstd(write_lines(notes)),
        "misnamed.jsonl": gzip.compress(write_lines(notes)),
        "joined.jsonl.gz": gzip.compress(write_lines(notes[:1])) + gzip.compress(write_lines(notes[1:])),
        "joined.jsonl.zst": compress_zstd(write_lines(notes[:2])) + compress_zstd(write_lines(notes[2:])),
    }
    digests = {}
    for name, data in files.items():
        with open_store(tmp_path / f"{name}.sqlite", create=True) as store:
            assert import_files(store, [write(name, data)], NoProgress()).notes_stored == 3, name
            digests[name] = store.compute_digest()
    assert len(set(digests.values())) == 1, digests


def test_only_line_feeds_end_a_line(write: Write, store_path: Path) -> None:
    note = make_review(content={"review": {"value": "a\u2028b\u2029c\x85d\x0be"}})
    line = json.dumps(note, ensure_ascii=False).encode()
    assert run_import(store_path, write("a.jsonl", line + b"\r\n" + line)).notes_read == 2


def test_a_folder_is_read_with_the_folders_in_it(write: Write, store_path: Path) -> None:
    write("b/deep/2.jsonl.gz", gzip.compress(write_lines([make_review("b")])))
    write("a/1.json", json.dumps(make_review("a")).encode())
    write("c.txt", b"not read")
    write(".cache/3.json", b"not read")
    folder = write("README.md", b"not read").parent
    report = run_import(store_path, folder, folder / "a", folder / "a" / "1.json")
    assert (report.files, report.notes_read) == (2, 2)
    with open_store(store_path) as store:
        assert read_ids(store) == {"f1": ["a", "b"]}


def test_the_order_of_files_does_not_matter(write: Write, tmp_path: Path) -> None:
    versions = [make_review("a", rating=rating, modified=10) for rating in (1, 2, 3)]
    paths = [write(f"{number}.jsonl", write_lines([version])) for number, version in enumerate(versions)]
    digests = set()
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        with open_store(tmp_path / f"{order[0]}.sqlite", create=True) as store:
            import_files(store, [paths[index] for index in order], NoProgress())
            digests.add(store.compute_digest())
    assert len(digests) == 1


def test_a_damaged_note_in_a_good_file_is_set_aside(write: Write, store_path: Path) -> None:
    notes = [make_review("good"), make_review("bad", content="text"), {"forum": "f1", "readers": ["everyone"]}, 7]
    report = run_import(store_path, write("a.json", json.dumps({"notes": notes}).encode()))
    assert (report.notes_read, report.notes_stored) == (4, 1)
    assert sorted(item.reason for item in report.quarantined) == ["malformed-note", "not-a-note", "unusable-id"]


def test_a_damaged_note_that_comes_twice_is_set_aside_once(write: Write, store_path: Path) -> None:
    report = run_import(store_path, write("a.jsonl", write_lines([make_review("bad", content="x")] * 2)))
    assert report.notes_read == 2
    assert [item.item for item in report.quarantined] == ["bad"]


def test_a_crawls_title_is_kept_beside_public_notes_only(write: Write, store_path: Path) -> None:
    crawls = [
        {"forum": "f1", "title": "On Rain", "root_missing": True, "notes": [make_review("a", "f1")]},
        {"forum": "f2", "title": "CANARY", "notes": [make_review("b", "f2", readers=["V/Chairs"])]},
        {"forum": "f3", "title": "CANARY", "notes": [make_review("c", "f1")]},
    ]
    run_import(store_path, write("crawl.jsonl", write_lines(crawls)))
    with open_store(store_path) as store:
        assert store.read_hints("f1") == {"title": "On Rain"}
        assert store.read_hints("f2") == store.read_hints("f3") == {}
    assert b"CANARY" not in store_path.read_bytes()


def test_a_forum_that_is_named_without_notes_is_set_aside_until_they_come(write: Write, store_path: Path) -> None:
    empty = {"forum": "f1", "title": "CANARY", "notes": []}
    report = run_import(store_path, write("crawl.jsonl", write_lines([empty, make_review("b", "f2")])))
    assert [(item.item, item.reason) for item in report.quarantined] == [("f1", "no-notes")]
    assert b"CANARY" not in store_path.read_bytes()
    report = run_import(store_path, write("later.jsonl", write_lines([empty, make_review("a", "f1")])))
    assert report.quarantined == ()
    with open_store(store_path) as store:
        assert store.read_quarantine() == ()


def test_memory_does_not_grow_with_the_file(write: Write, store_path: Path) -> None:
    def measure(lines: int) -> int:
        notes = [make_review(f"n{lines}-{number}", text="x" * 20_000) for number in range(lines)]
        path = write(f"{lines}.jsonl", write_lines(notes))
        del notes
        tracemalloc.start()
        run_import(store_path, path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    measure(10)  # what is loaded once
    assert measure(1000) < measure(100) + 2**20


# What a crash leaves


def test_an_import_killed_at_any_moment_leaves_all_or_nothing_and_can_be_run_again(
    write: Write, tmp_path: Path
) -> None:
    notes = [make_review(f"n{number}", f"f{number % 50}", text="x" * 3000) for number in range(4000)]
    path = write("big.jsonl", write_lines(notes))
    code = (
        "import sys; from pathlib import Path; from toolkit.fetchers import import_files, open_store\n"
        "from toolkit.progress import NoProgress\n"
        "class Loud(NoProgress):\n"
        "    def advance(self, count=1): print('note', flush=True)\n"
        "with open_store(Path(sys.argv[1]), create=True) as store: import_files(store, [Path(sys.argv[2])], Loud())\n"
    )
    undisturbed = tmp_path / "undisturbed.sqlite"
    run_import(undisturbed, path)
    with open_store(undisturbed) as store:
        wanted = store.compute_digest()
    root = Path(__file__).parents[2]
    moments = random.Random(7)
    for attempt, notes_before_kill in enumerate((0, 1, moments.randrange(2, 3000), 3999)):
        target = tmp_path / f"killed-{attempt}.sqlite"
        command = [sys.executable, "-c", code, str(target), str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
            assert process.stdout is not None
            for _ in range(notes_before_kill):
                process.stdout.readline()
            if not notes_before_kill:
                wait_for(target)
            process.send_signal(signal.SIGKILL)
            process.stdout.read()
        assert process.returncode == -signal.SIGKILL
        with open_store(target, create=True) as store:
            assert store.count_forums() in (0, 50)
            import_files(store, [path], NoProgress())
            assert store.compute_digest() == wanted


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.001)

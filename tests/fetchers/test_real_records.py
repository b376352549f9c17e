"""Real public records of many years: every note is kept, in any order of the files."""

import json
from pathlib import Path

from toolkit.fetchers import import_files, open_store
from toolkit.progress import NoProgress


def read_crawls(folder: Path) -> list[dict]:  # type: ignore[type-arg]
    return [
        json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().strip().split(b"\n")
    ]


def test_every_forum_and_note_is_kept_or_set_aside(shared_data: Path, tmp_path: Path) -> None:
    crawls = read_crawls(shared_data / "openreview")
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        report = import_files(store, [shared_data / "openreview"], NoProgress())
        forums = dict(store.read_forums())
        hints = {forum: store.read_hints(forum) for forum in forums}
    assert {item.reason for item in report.quarantined} <= {"no-notes"}
    assert set(forums) | {item.item for item in report.quarantined} == {crawl["forum"] for crawl in crawls}
    received = {(note["id"], note["tmdate"]) for crawl in crawls for note in crawl["notes"]}
    assert {(note.id, note.modified) for notes in forums.values() for note in notes} == received
    titled = {crawl["forum"]: crawl["title"] for crawl in crawls if "title" in crawl and crawl["notes"]}
    assert {forum: hint["title"] for forum, hint in hints.items() if hint} == titled


def test_the_order_of_real_files_does_not_matter(shared_data: Path, tmp_path: Path) -> None:
    paths = sorted((shared_data / "openreview").glob("*2013*.jsonl")) + sorted(
        (shared_data / "openreview").glob("*202[46]*.jsonl")
    )
    digests = []
    for number, order in enumerate((paths, paths[::-1] + paths[:1])):
        with open_store(tmp_path / f"{number}.sqlite", create=True) as store:
            import_files(store, order, NoProgress())
            digests.append(store.compute_digest())
    assert digests[0] == digests[1]


def test_reviews_that_were_hidden_from_some_colleagues_only_are_kept(shared_data: Path, tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        import_files(store, [shared_data / "openreview" / "iclr-2019-conference.jsonl"], NoProgress())
        (notes,) = (notes for forum, notes in store.read_forums() if forum == "BklMjsRqY7")
    assert sum("Official_Review" in note.invitations[0] for note in notes) == 3

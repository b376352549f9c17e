"""Venues of every era, served and fetched, give what an import of the same records gives.

Real records where they are at hand, and the bundled sample everywhere.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fetchers.raw_notes import Raw, drop
from tests.fetchers.rig import Rig, set_up
from toolkit.fetchers import Store, import_files, open_store
from toolkit.fetchers.sample import SAMPLE_FOLDER
from toolkit.normalizers import ForumInput, normalize_shard
from toolkit.progress import NoProgress
from toolkit.records import Forum
from toolkit.venues import join_options

ERAS = {
    "iclr-2013-conference": "ICLR.cc/2013/conference",
    "iclr-2014-conference": "ICLR.cc/2014/conference",
    "iclr-2014-workshop": "ICLR.cc/2014/workshop",
    "iclr-2016-workshop": "ICLR.cc/2016/workshop",
    "iclr-2017-conference": "ICLR.cc/2017/conference",
    "iclr-2017-workshop": "ICLR.cc/2017/workshop",
    "iclr-2018-conference": "ICLR.cc/2018/Conference",
    "iclr-2018-workshop": "ICLR.cc/2018/Workshop",
    "iclr-2019-conference": "ICLR.cc/2019/Conference",
    "iclr-2019-workshop-deepgenstruct": "ICLR.cc/2019/Workshop/DeepGenStruct",
    "iclr-2019-workshop-drlstructpred": "ICLR.cc/2019/Workshop/drlStructPred",
    "iclr-2019-workshop-lld": "ICLR.cc/2019/Workshop/LLD",
    "iclr-2020-conference": "ICLR.cc/2020/Conference",
    "iclr-2021-conference": "ICLR.cc/2021/Conference",
    "iclr-2023-conference": "ICLR.cc/2023/Conference",
    "iclr-2024-conference": "ICLR.cc/2024/Conference",
    "iclr-2026-conference": "ICLR.cc/2026/Conference",
}
"""File -> the group id that a user would type."""


def complete_crawl(crawl: Mapping[str, Any], venue: str) -> dict[str, Any]:
    """Add a submission where the crawl kept replies only: without it nothing leads the fetch to them."""
    if not crawl.get("root_missing"):
        return dict(crawl)
    forum, title = crawl["forum"], crawl.get("title", "A title that nobody kept")
    root = {"id": forum, "forum": forum, "readers": ["everyone"], "signatures": [f"{venue}/Authors"], "tcdate": 1}
    if crawl["api"] == "v1":
        root |= {"invitation": f"{venue}/-/Blind_Submission", "content": {"title": title}}
    else:
        root |= {"invitations": [f"{venue}/-/Submission"], "domain": venue, "content": {"title": {"value": title}}}
    return {**crawl, "notes": [root, *crawl["notes"]]}


def list_forms(notes: Iterable[Raw]) -> Iterator[Raw]:
    """The forms that a crawl found in ``details``, as those of the first paper: of it they are asked for."""
    for note in notes:
        if form := note.get("details", {}).get("invitation"):
            yield {**form, "id": re.sub(r"/Paper\d+/", "/Paper1/", form["id"])}


def is_served(note: Raw) -> bool:
    return "everyone" in note["readers"] and not note.get("ddate")


def fetch_and_import(folder: Path, notes: Sequence[Raw], files: Path, venues: Sequence[str]) -> None:
    """Expect that a fetch of all venues gives what an import of the files does."""
    roots = Counter(find_venue(note) for note in notes if note["id"] == note["forum"])
    assert sorted(roots) == sorted(venues)
    newer = {find_venue(note) for note in notes if "invitations" in note and note["id"] == note["forum"]}
    served = [drop(note, "details") for note in notes]
    with (
        set_up(folder, served, invitations=list(list_forms(notes)), page_limit=5) as rig,
        open_store(folder / "imported.sqlite", create=True) as imported,
    ):
        rig.loopback.groups += [{"id": venue} | ({"domain": venue} if venue in newer else {}) for venue in venues]
        reports = [rig.fetch(venue) for venue in venues]
        assert [report.api for report in reports] == ["v2" if venue in newer else "v1" for venue in venues]
        assert [report.submissions for report in reports] == [roots[venue] for venue in venues]
        assert [report.quarantined for report in reports] == [()] * len(venues)
        assert sum(report.notes_read for report in reports) == sum(is_served(note) for note in notes)
        import_files(imported, [files], NoProgress())
        expect_same_record(rig, imported)


def find_venue(root: Raw) -> str:
    invitation = root["invitations"][0] if "invitations" in root else root["invitation"]
    return str(invitation).split("/-/")[0]


def expect_same_record(rig: Rig, imported: Store) -> None:
    forums = [forum for forum, _ in imported.read_forums()]
    assert forums == [forum for forum, _ in rig.store.read_forums()]
    for forum in forums:
        assert rig.store.read_raw_notes(forum) == imported.read_raw_notes(forum)
    assert rig.store.read_form_options() == imported.read_form_options()
    fetched_records, imported_records = normalize(rig.store), normalize(imported)
    assert [record.forum for record in imported_records] == forums
    assert fetched_records == imported_records
    assert any(record.reviews for record in imported_records)


def normalize(store: Store) -> list[Forum]:
    """The records that a build makes of a store, without the day on which they were fetched."""
    commitments = store.read_commitments()
    inputs = []
    for forum, notes in store.read_forums():
        committed = [note for other in commitments.get(forum, ()) for note in store.read_forum(other)]
        inputs.append(ForumInput(forum, notes, store.read_hints(forum), committed))
    result = normalize_shard(inputs, options=join_options(store.read_form_options()))
    return [replace(record, fetched_at=None) for record in result.records]


def test_every_era_of_the_real_records_is_here(shared_data: Path) -> None:
    assert {path.stem for path in (shared_data / "openreview").glob("*.jsonl")} == set(ERAS)


@pytest.mark.parametrize("era", ERAS)
def test_a_fetched_era_is_what_its_file_says(era: str, shared_data: Path, tmp_path: Path) -> None:
    lines = (shared_data / "openreview" / f"{era}.jsonl").read_bytes().splitlines()
    crawls = [complete_crawl(json.loads(line), ERAS[era]) for line in lines]
    file = tmp_path / "crawl.jsonl"
    file.write_text("\n".join(json.dumps(crawl) for crawl in crawls))
    fetch_and_import(tmp_path, [note for crawl in crawls for note in crawl["notes"]], file, [ERAS[era]])


def test_the_fetched_sample_is_the_bundled_one(tmp_path: Path) -> None:
    notes = [note for path in sorted(SAMPLE_FOLDER.glob("*.json")) for note in json.loads(path.read_bytes())["notes"]]
    venues = sorted({find_venue(note) for note in notes if note["id"] == note["forum"]})
    fetch_and_import(tmp_path, notes, SAMPLE_FOLDER, venues)

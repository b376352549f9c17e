"""The bundled sample: read like any other files, and whole."""

from pathlib import Path

from toolkit.fetchers import import_sample, open_store
from toolkit.fetchers.sample import SAMPLE_FOLDER
from toolkit.progress import NoProgress


def test_the_sample_is_read_whole(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        report = import_sample(store, NoProgress())
        forums = dict(store.read_forums())
    assert report.quarantined == ()
    assert report.files == len(list(SAMPLE_FOLDER.glob("*.json")))
    assert len(forums) >= 12
    assert {note.api for notes in forums.values() for note in notes} == {"v1", "v2"}


def test_the_sample_shows_that_closed_notes_stay_out(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite", create=True) as store:
        report = import_sample(store, NoProgress())
    assert report.not_public > 0
    assert report.notes_read == report.notes_stored + report.not_public + report.deleted + report.duplicates

"""Audits of dialogues that come from elsewhere, as JSON Lines, against records that we have."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from toolkit import tables
from toolkit import workspace as places
from toolkit.cli import lookup
from toolkit.errors import SourceError, WorkspaceError
from toolkit.pipeline import audit_pairs, write_audit
from toolkit.progress import Progress
from toolkit.records import Dialogue, Forum, Quarantined, Transcript
from toolkit.text import clean_text

AUDIT_FILES = frozenset(
    ("claims.parquet", "findings.parquet", "grounding.parquet", "summary.json", "report.html", "quarantine.jsonl")
)
LARGEST_INDEX = 1_000_000
FAULTS_SHOWN = 3
"""Faults of a row that its quarantine entry names."""


class ForeignAudit(NamedTuple):
    """What such an audit found."""

    summary: Mapping[str, Any]
    quarantined: Mapping[str, int]
    """Rows that are no dialogues, by reason; they are listed in ``quarantine.jsonl``."""


def audit_foreign_dialogues(
    source: Path, records: Path, out: Path, progress: Progress, *, leave_out: Iterable[str] = ()
) -> ForeignAudit:
    """Audit dialogues and write ``findings.parquet``, ``claims.parquet``, ``summary.json`` and ``report.html``.

    ``source`` is a file of dialogues, one a line, or a folder of raw transcripts, which are parsed first.

    Raises:
        SourceError: the file is missing, empty or not text, or the folder holds no transcripts.
        WorkspaceError: there are no records, or ``out`` holds something else or cannot be written.
    """
    _check_folder(out)
    files = lookup.find_record_files(records)
    read = _read_folder(source, files, progress) if source.is_dir() else read_dialogues(source)
    dialogues, quarantined = read
    wanted = {dialogue.forum for dialogue in dialogues}
    forums = {forum.forum: forum for forum in lookup.read_forums(files) if forum.forum in wanted}
    audit = audit_pairs(_pair_up(dialogues, forums), len(dialogues), progress, leave_out=leave_out)
    with places.replace_folder(out) as folder:
        write_audit(folder, audit, _pair_up(dialogues, forums))
        if quarantined:
            lines = (json.dumps(tables.to_row(item), ensure_ascii=False) + "\n" for item in quarantined)
            places.write_bytes(folder / "quarantine.jsonl", "".join(lines).encode())
    return ForeignAudit(audit.summary, dict(sorted(Counter(item.reason for item in quarantined).items())))


def _read_folder(
    source: Path, records: lookup.RecordFiles, progress: Progress
) -> tuple[list[Dialogue | Transcript], list[Quarantined]]:
    from toolkit.synthesizers import find_files, parse_files

    paths = find_files([source])
    progress.start("parse", len(paths), "files")
    parsed = parse_files(paths, titles=lookup.read_titles(records), mapping={}, on_file=progress.advance)
    progress.finish()
    spoken: list[Dialogue | Transcript] = [transcript for transcript in parsed.transcripts if transcript.turns]
    silent = [
        Quarantined("audit", transcript.dialogue_id, "no-turns", _explain_silence(transcript.marks))
        for transcript in parsed.transcripts
        if not transcript.turns
    ]
    return spoken, [*parsed.quarantined, *silent]


def _explain_silence(marks: Iterable[str]) -> str:
    return f"nobody speaks in this transcript ({', '.join(marks)})"


def _pair_up(
    dialogues: Iterable[Dialogue | Transcript], forums: Mapping[str, Forum]
) -> Iterator[tuple[Dialogue, Forum | None]]:
    """Put each dialogue beside its record; transcripts become dialogues with the record's columns."""
    from toolkit.auditors import read_transcript

    for dialogue in dialogues:
        forum = forums.get(dialogue.forum or "")
        yield (read_transcript(dialogue, forum) if isinstance(dialogue, Transcript) else dialogue), forum


def _check_folder(out: Path) -> None:
    """An audit replaces its folder, so a folder that holds anything but an audit is left alone."""
    if out.exists() and not out.is_dir():
        raise WorkspaceError("is a file, not a folder", where=str(out), mend="name another folder with --out")
    others = sorted(path.name for path in out.iterdir() if path.name not in AUDIT_FILES) if out.is_dir() else []
    if others:
        raise WorkspaceError(
            f"holds other things than an audit ({others[0]!r})",
            where=str(out),
            mend="name an empty folder, or one of an earlier audit, with --out",
        )


def read_dialogues(source: Path) -> tuple[list[Dialogue | Transcript], list[Quarantined]]:
    """Read dialogues or transcripts from JSON Lines; what is neither comes back with its line and reason.

    Raises:
        SourceError: the file is missing, empty or not text.
    """
    dialogues: list[Dialogue | Transcript] = []
    quarantined: list[Quarantined] = []
    seen: set[str] = set()
    for number, line in _read_lines(source):
        reason, message = _find_fault(line, seen)
        if reason is not None:
            quarantined.append(Quarantined("audit", f"line {number}", reason, message))
        else:
            row = json.loads(line)
            dialogues.append(tables.from_row(_pick_type(row), row))
            seen.add(dialogues[-1].dialogue_id)
    if not dialogues and not quarantined:
        raise SourceError("the file is empty", where=str(source), mend="write one dialogue a line into it")
    return dialogues, quarantined


def _read_lines(source: Path) -> Iterator[tuple[int, str]]:
    try:
        with source.open(encoding="utf-8") as handle:
            for number, line in enumerate(handle, start=1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as error:
        raise SourceError("is not UTF-8 text", where=str(source), mend="name a file of JSON Lines") from error
    except OSError as error:
        raise SourceError(
            f"cannot be read: {(error.strerror or 'unknown error').lower()}",
            where=str(source),
            mend="name a file of JSON Lines, one dialogue a line",
        ) from error


def _find_fault(line: str, seen: set[str]) -> tuple[str | None, str]:
    try:
        row = json.loads(line)
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "not-unicode", "the line holds half of a surrogate pair, which is no character"
    except (ValueError, RecursionError):
        return "not-json", "the line is not JSON"
    record_type = _pick_type(row)
    faults = list(tables.find_row_faults(record_type, row))
    if faults:
        more = f" and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
        return "not-a-dialogue", clean_text("; ".join(faults[:FAULTS_SHOWN])).text + more
    if any(not 0 <= turn["index"] < LARGEST_INDEX for turn in row["turns"]):
        return "not-a-dialogue", f"turns: an index outside 0..{LARGEST_INDEX}"
    if row["dialogue_id"] in seen:
        return "repeated-dialogue-id", "an earlier line has the same dialogue_id"
    if not row["turns"] and record_type is Transcript:
        return "no-turns", _explain_silence(row["marks"])
    return None, ""


def _pick_type(row: Any) -> type[Dialogue] | type[Transcript]:
    """Tell a line of `reviewdial parse` from a dialogue of a build: only transcripts account for their file."""
    return Transcript if isinstance(row, dict) and "parts" in row and "repairs" in row else Dialogue

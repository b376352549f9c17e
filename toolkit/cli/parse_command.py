"""``reviewdial parse``."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from toolkit.cli import terminal
from toolkit.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from toolkit.synthesizers import ParsedFiles

FAULTS_SHOWN = 5
"""Files that could not be read, named on stderr."""


@click.command(
    "parse",
    epilog="Example: reviewdial parse transcripts/ --out theirs.jsonl --records output/demo --repairs repairs.jsonl"
    "\n\nreviewdial audit --dialogues theirs.jsonl --records output/demo --out audits/theirs",
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Where dialogues go.")
@click.option(
    "--repairs", type=click.Path(path_type=Path), metavar="FILE.jsonl", help="Where every repair is listed, one a line."
)
@click.option(
    "--records",
    type=terminal.FOLDER,
    metavar="DIR",
    help="A build or dataset folder: damaged forum ids are repaired by its records.",
)
@click.option(
    "--forums",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Which paper a file is about: file and forum, separated by tabs or commas, one a line.",
)
@terminal.add_common_options
def command(
    paths: tuple[Path, ...], out: Path, repairs: Path | None, records: Path | None, forums: Path | None, as_json: bool
) -> ExitCode:
    """Turn raw transcripts into dialogues without losing a character.

    A PATH is a file, or a folder with .txt, .md, .json and .jsonl files in it: raw text with a name before each
    utterance, chat messages, ShareGPT. Every line of FILE.jsonl says where in its file each utterance stands; what is
    no utterance is there too (preamble, trailing, degenerate), and what makes a dialogue unusable is marked.
    """
    from toolkit.cli import lookup
    from toolkit.synthesizers import find_files, parse_files, read_mapping
    from toolkit.tables import to_row

    if repairs is not None and repairs.absolute() == out.absolute():
        raise UsageError("--out and --repairs name the same file", mend="name two files")
    files = find_files(paths)
    written = {path.resolve() for path in (out, repairs) if path is not None}
    if clash := next((path for path in files if path.resolve() in written), None):
        raise UsageError("is both read and written", where=clash.name, mend="name another file with --out or --repairs")
    titles = lookup.read_titles(lookup.find_record_files(records)) if records is not None else {}
    mapping = read_mapping(forums) if forums is not None else {}
    progress = terminal.pick_progress()
    progress.start("parse", len(files), "files")
    parsed = parse_files(files, titles=titles, mapping=mapping, on_file=progress.advance)
    progress.finish()
    _write_lines(out, (to_row(transcript) for transcript in parsed.transcripts))
    if repairs is not None:
        _write_lines(repairs, _list_repairs(parsed))
    for item in parsed.quarantined[:FAULTS_SHOWN]:
        terminal.say(f"Set aside: {item.item}: {item.message}")
    summary = _summarize(parsed)
    terminal.print_result(as_json, {"out": str(out), **summary}, _render(summary, out, repairs))
    if not parsed.transcripts:
        return ExitCode.FAILED
    return ExitCode.PARTIAL if parsed.quarantined else ExitCode.DONE


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    from toolkit import workspace as places

    places.write_bytes(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())


def _list_repairs(parsed: "ParsedFiles") -> Iterable[Mapping[str, Any]]:
    from toolkit.tables import to_row

    for transcript in parsed.transcripts:
        for repair in transcript.repairs:
            yield {"source": transcript.source, "dialogue_id": transcript.dialogue_id, **to_row(repair)}


def _summarize(parsed: "ParsedFiles") -> dict[str, Any]:
    transcripts = parsed.transcripts

    def count(kinds: Iterable[str]) -> dict[str, int]:
        return dict(sorted(Counter(kinds).items(), key=lambda item: (-item[1], item[0])))

    return {
        "files": parsed.files,
        "dialogues": len(transcripts),
        "usable": sum(transcript.usable for transcript in transcripts),
        "turns": sum(len(transcript.turns) for transcript in transcripts),
        "with_forum": sum(transcript.forum is not None for transcript in transcripts),
        "marks": count(mark for transcript in transcripts for mark in transcript.marks),
        "repairs": count(repair.kind for transcript in transcripts for repair in transcript.repairs),
        "quarantined": count(item.reason for item in parsed.quarantined),
    }


def _render(summary: Mapping[str, Any], out: Path, repairs: Path | None) -> str:
    lines = [
        f"Parsed {summary['files']:,} files: {summary['dialogues']:,} dialogues, {summary['turns']:,} turns;"
        f" {summary['usable']:,} dialogues are usable, {summary['with_forum']:,} say which paper they are about."
    ]
    for key, title in (("marks", "Marked"), ("repairs", "Repaired"), ("quarantined", "Set aside")):
        if summary[key]:
            lines.append(f"{title}:")
            lines += [f"  {count:>7,}  {kind}" for kind, count in summary[key].items()]
    lines.append(f"Written:  {out}")
    if repairs is not None:
        lines.append(f"Repairs:  {repairs}")
    return "\n".join(lines)

"""Writes a dataset folder: streams the rows into their splits, then writes everything that follows from them."""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from toolkit import tables
from toolkit import workspace as places
from toolkit.errors import ExportError
from toolkit.exporters.card import SUMMARY, render_card, render_licence
from toolkit.exporters.croissant import build_croissant
from toolkit.exporters.facts import Tally
from toolkit.exporters.manifest import (
    CHOSEN,
    MANIFEST,
    Contents,
    describe_dataset,
    describe_file,
    list_files,
    seal_manifest,
)
from toolkit.exporters.rights import explain_licence_fault
from toolkit.exporters.splits import (
    DEFAULT_SALT,
    DEFAULT_SHARES,
    LEDGER,
    Ledger,
    assign_split,
    check_split_options,
    collect_ledger,
)
from toolkit.exporters.tables import CONFIG_OF_NAME, SplitWriter, make_preference_row, make_sft_row
from toolkit.progress import NoProgress, Progress
from toolkit.records import Dialogue, Forum, Quarantined, SplitAssignment, SpoiltAnswer

STAGE = "export"
LICENCE = "licence"
"""Reason of what its licence does not allow to publish."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the one who exports decides."""

    title: str = "ReviewDial dialogues"
    """Name on the dataset card."""
    notice: str | None = None
    """A sentence for the head of the card and of LICENSE: what a reader must know first, such as that all papers are
    invented."""
    shares: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_SHARES))
    """How much of the papers ``train``, ``validation`` and ``test`` get; the three add up to 1."""
    salt: str = DEFAULT_SALT
    """Another salt gives other splits."""
    first_version: str = "1.0.0"
    """The version under which papers that are new to the ledger enter it."""
    preferences: bool = True
    """Whether the dataset gets the config ``dpo``."""
    ledger: Path | None = None
    """``splits.parquet`` of an earlier version whose assignments are kept, beside those of the target folder."""


Spoiler = Callable[[Dialogue, Forum], Iterable[SpoiltAnswer]]
"""Gives answers of a dialogue with one fault each, in the order of the turns."""


class ExportReport(NamedTuple):
    """What an export wrote."""

    rows: Mapping[str, Mapping[str, int]]
    """Config -> split -> rows; empty splits are absent, and no file is written for them."""
    empty_splits: Mapping[str, Sequence[str]]
    """Config -> splits that no row fell into."""
    kept: int
    """Papers whose split was taken from an earlier ledger."""
    license: str
    """The licence of the dataset as a whole, as the Hub names it."""
    counts: Mapping[str, int]
    """Rows by config, and evidence spans."""
    quarantined: tuple[Quarantined, ...]
    """Papers and dialogues that may not be published, and why."""


def export(
    forums: Callable[[], Iterable[Forum]],
    dialogues: Callable[[], Iterable[Dialogue]],
    folder: Path,
    options: ExportOptions | None = None,
    progress: Progress | None = None,
    *,
    spoil: Spoiler | None = None,
) -> ExportReport:
    """Write a dataset folder from forums and the dialogues about them, both in ascending order of forum id.

    ``spoil`` gives the faulty answers of the config ``dpo``; without it there is none.

    Rows are streamed, so memory does not grow with their number. A dataset that lies in the folder already is
    replaced as a whole or not at all, and its papers keep their splits.

    Raises:
        UsageError: the shares or the version mean nothing.
        ExportError: the folder holds other files, a row does not fit its table or may not be published, the rows are
            out of order, or there are no dialogues.
        WorkspaceError: the folder cannot be written.
    """
    options, progress = options or ExportOptions(), progress or NoProgress()
    check_split_options(options.shares, options.first_version)
    folder = folder.absolute()
    check_target(folder)
    earlier = [path for path in (options.ledger, folder / LEDGER) if path is not None and path.exists()]
    if options.ledger is not None and not options.ledger.exists():
        raise ExportError("no such ledger", where=str(options.ledger), mend="name the splits.parquet of a dataset")
    known = collect_ledger(earlier)
    progress.start("export", None, "dialogues")
    quarantined: list[Quarantined] = []
    publishable = _keep_publishable(join_dialogues(forums(), dialogues()), quarantined)
    with places.replace_folder(folder) as fresh:
        contents = _write_tables(fresh, publishable, known, options, progress, spoil)
        if not contents.tally.summarize()["dialogues"]:
            raise ExportError(
                "there is not one dialogue to export",
                where=str(folder),
                mend=_explain_emptiness(quarantined),
            )
        body = describe_dataset(fresh, contents, {name: getattr(options, name) for name in CHOSEN})
        for name, text in render_texts(body).items():
            (fresh / name).write_bytes(text.encode())
        for name in list_files(fresh):
            body["files"].setdefault(name, describe_file(fresh / name))
        body["files"] = dict(sorted(body["files"].items()))
        (fresh / MANIFEST).write_bytes(seal_manifest(body))
    progress.finish()
    return _report(body, len(known.keys() & contents.ledger.keys()), quarantined)


def check_target(folder: Path) -> None:
    """Refuse a target that holds anything but a dataset of ours; first undo what a killed export left there.

    Raises:
        ExportError: the target is a file, or a folder with files that no manifest of ours names.
    """
    try:
        places.recover_folder(folder)
        if folder.exists() and not folder.is_dir():
            raise ExportError("is a file", where=str(folder), mend="name a folder")
        present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
        if others := present - _list_own_files(folder):
            raise ExportError(
                f"holds other files than a dataset of ours ({min(others)})",
                where=str(folder),
                mend="name a new folder, or move those files away",
            )
    except OSError as error:
        raise ExportError(
            f"cannot be written: {(error.strerror or str(error)).lower()}",
            where=str(folder),
            mend="check its permissions, or name another folder",
        ) from error


def _list_own_files(folder: Path) -> set[str]:
    """Return the files that our manifest in a folder names, and the manifest; nothing where there is none of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return {MANIFEST, *manifest["files"]} if "reviewdial" in manifest else set()
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return set()


def join_dialogues(forums: Iterable[Forum], dialogues: Iterable[Dialogue]) -> Iterator[tuple[Forum, list[Dialogue]]]:
    """Yield every forum with its dialogues in order of their ids; both inputs are read once, side by side.

    Raises:
        ExportError: a forum is out of order or stands twice, a dialogue stands twice or has no forum.
    """
    groups = groupby(dialogues, key=lambda dialogue: dialogue.forum)
    waiting = next(groups, None)
    previous = ""
    for forum in forums:
        if forum.forum <= previous:
            raise ExportError(
                f"stands after {previous}; forums come once each, in order of their ids",
                where=f"forum {forum.forum}",
                mend="run `reviewdial normalize` again",
            )
        previous = forum.forum
        found: list[Dialogue] = []
        if waiting is not None and waiting[0] == forum.forum:
            found = sorted(waiting[1], key=lambda dialogue: dialogue.dialogue_id)
            waiting = next(groups, None)
        for first, second in pairwise(found):
            if first.dialogue_id == second.dialogue_id:
                raise ExportError(
                    "stands twice", where=f"dialogue {first.dialogue_id}", mend="run `reviewdial synthesize` again"
                )
        yield forum, found
    if waiting is not None:
        orphan = next(waiting[1])
        raise ExportError(
            f"its forum {orphan.forum} is not among the forums, or the dialogues are not in order of forum ids",
            where=f"dialogue {orphan.dialogue_id}",
            mend="run `reviewdial synthesize` again",
        )


def _write_tables(
    folder: Path,
    pairs: Iterable[tuple[Forum, Sequence[Dialogue]]],
    known: Ledger,
    options: ExportOptions,
    progress: Progress,
    spoil: Spoiler | None,
) -> Contents:
    tally, ledger = Tally(), Ledger()
    writers: dict[tuple[str, str], SplitWriter] = {}
    with contextlib.ExitStack() as stack:

        def write(config: str, split: str, record: Forum | Dialogue | Any) -> None:
            if (config, split) not in writers:
                writers[config, split] = stack.enter_context(SplitWriter(folder, CONFIG_OF_NAME[config], split))
            tally.add(config, split, writers[config, split].write(record))

        for forum, dialogues in pairs:
            line = known.get(forum.forum) or SplitAssignment(
                forum=forum.forum,
                group=forum.forum,
                split=assign_split(forum.forum, options.salt, options.shares),
                first_version=options.first_version,
            )
            ledger[forum.forum] = line
            write("forums", line.split, forum)
            for dialogue in dialogues:
                placed = replace(dialogue, split=line.split)
                write("dialogues", line.split, placed)
                chat = make_sft_row(placed, forum)
                write("sft", line.split, chat)
                for answer in spoil(placed, forum) if spoil is not None else ():
                    write("dpo", line.split, make_preference_row(chat, answer))
                progress.advance()
        splits = {place: writer.finish() for place, writer in writers.items()}
    places.write_parquet(folder / LEDGER, SplitAssignment, [tables.to_row(line) for line in ledger.values()])
    return Contents(splits, ledger, tally)


def _keep_publishable(
    pairs: Iterable[tuple[Forum, list[Dialogue]]], quarantined: list[Quarantined]
) -> Iterator[tuple[Forum, list[Dialogue]]]:
    """Pass on what its licence allows to publish; put aside the rest: a paper whole, or what was made from it."""
    for forum, dialogues in pairs:
        if fault := explain_licence_fault(forum.license, derived=False):
            quarantined.append(
                Quarantined(STAGE, forum.forum, LICENCE, f"{fault}; neither the paper nor its dialogues")
            )
            continue
        allowed = []
        for dialogue in dialogues:
            if fault := explain_licence_fault(dialogue.license, derived=True):
                quarantined.append(Quarantined(STAGE, dialogue.dialogue_id, LICENCE, fault))
            else:
                allowed.append(dialogue)
        yield forum, allowed


def _explain_emptiness(quarantined: Sequence[Quarantined]) -> str:
    if quarantined:
        return f"no licence on record allows it ({quarantined[0].item}: {quarantined[0].message})"
    return "quarantine/synthesize.jsonl of the build says why none could be written"


def render_texts(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that are written from a manifest's body, by name."""
    croissant = orjson.dumps(build_croissant(body, SUMMARY), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return {"LICENSE": render_licence(body), "README.md": render_card(body), "croissant.json": croissant.decode()}


def _report(body: Mapping[str, Any], kept: int, quarantined: Sequence[Quarantined]) -> ExportReport:
    rows = {
        name: {split: figures["rows"] for split, figures in config["splits"].items()}
        for name, config in body["configs"].items()
    }
    return ExportReport(
        rows=rows,
        empty_splits={name: config["empty_splits"] for name, config in body["configs"].items()},
        kept=kept,
        license=body["license"],
        counts={
            "forums": body["counts"]["forums"],
            "dialogues": body["counts"]["dialogues"],
            "evidence_spans": body["counts"]["evidence_spans"],
        },
        quarantined=tuple(quarantined),
    )

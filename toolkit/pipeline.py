"""The stages in order: what each reads, what it writes, and how they are joined into a build.

Stages are pure functions over records and know nothing of folders or of one another; here they meet. Every stage
fills a new folder and puts it in place at once, then records in the manifest what went in and what came out. A stage
whose inputs, parameters and outputs are those of the manifest is not run again, so a build that was cut short goes on
from the last whole stage.
"""

import dataclasses
import functools
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args

from toolkit import __version__, tables
from toolkit import workspace as places
from toolkit.engines import count_processors, open_engine
from toolkit.errors import ExitCode, ReviewDialError, StoppedError, StoreError, WorkspaceError
from toolkit.progress import NoProgress, Progress
from toolkit.records import (
    Claim,
    Dialogue,
    Finding,
    Forum,
    Length,
    OptionalAct,
    Persona,
    Quarantined,
    RuleName,
    StageResult,
    TurnGrounding,
)
from toolkit.workspace import Workspace

if TYPE_CHECKING:
    from toolkit.exporters import ExportOptions, ExportReport
    from toolkit.fetchers import Manners, RepairReport, Store
    from toolkit.normalizers import ForumInput
    from toolkit.recipe import Model, Recipe
    from toolkit.synthesizers.llm import AnswerStore, Call, EndpointOptions, Rebuilt, Round, Writer, WriterOptions

Item = TypeVar("Item")

SEVERITIES = ("error", "warning", "info")
"""From worst to mildest."""

PARTS = ("part-*.parquet",)
AUDIT_FILES = ("claims.parquet", "findings.parquet", "summary.json", "report.html")

WORTH_PROCESSES = 100
"""Dialogues of a model from which more processes save more time than they take to start."""

BATCH = 64
"""Forums handed to a stage at a time; bounds memory and changes nothing else."""

SAMPLE_NOTICE = "The bundled sample is in this dataset: its papers, people and reviews are invented."


class StageReport(NamedTuple):
    """What a stage did."""

    stage: str
    counts: Mapping[str, int]
    quarantined: Mapping[str, int]
    """How many items could not be used, by reason; they are listed in ``quarantine/<stage>.jsonl``."""
    fresh: bool
    """False when the folder already held the result of the same inputs and nothing was done."""
    unknown_scales: Sequence[Mapping[str, Any]] = ()
    """Scored fields whose scale nobody knows: venue, kind, field, how many answers, the catalogue entry to add."""

    @property
    def exit_code(self) -> ExitCode:
        """``PARTIAL`` when something is in quarantine."""
        return ExitCode.PARTIAL if self.quarantined else ExitCode.DONE


class AuditReport(NamedTuple):
    """What the auditors found."""

    stage: StageReport
    summary: Mapping[str, Any]
    """The content of ``audit/summary.json``."""


class BuildReport(NamedTuple):
    """What a build made."""

    workspace: Workspace
    stages: tuple[StageReport, ...]

    @property
    def exit_code(self) -> ExitCode:
        """``PARTIAL`` when any stage set something aside."""
        return max((stage.exit_code for stage in self.stages), default=ExitCode.DONE)


def run_import(
    workspace: Workspace,
    paths: Sequence[Path] = (),
    *,
    sample: bool = False,
    fresh: bool = False,
    progress: Progress | None = None,
) -> StageReport:
    """Read files of API bodies, or the bundled sample, into ``store.sqlite``.

    All or nothing: on any error the store is what it was. With ``fresh`` the store holds only these files afterwards.

    Raises:
        SourceError: a file is missing, damaged or holds no API body.
    """
    from toolkit.fetchers import import_files, import_sample, open_store

    progress = progress or NoProgress()
    if workspace.store.exists():
        open_store(workspace.store).close()  # another program's file, or a damaged one, is refused before anything
    recorded = places.read_manifest(workspace)["stages"].get("import", {})
    if fresh and workspace.store.exists() and not recorded.get("only_recipe"):
        raise WorkspaceError(
            "holds a store that was imported or fetched by hand, and a build would replace it",
            where=str(workspace.root),
            mend="name another folder with --out",
        )
    target = workspace.root / ".store.sqlite.new" if fresh else workspace.store
    if fresh:
        _remove_store(target)
    existed = target.exists()
    try:
        with open_store(target, create=True) as store:
            reports = [import_files(store, paths, progress)] if paths else []
            reports += [import_sample(store, progress)] if sample else []
            summary = _sum_up_store(store)
        _require_whole(target)
    except BaseException:
        if not existed:
            _remove_store(target)
        raise
    with_sample = sample or (not fresh and recorded.get("with_sample", False))
    # The manifest comes first: it says that the store may be replaced by the next build, should this one die here.
    report = _record_store(
        workspace, summary, [report.count() for report in reports], only_recipe=fresh, with_sample=with_sample
    )
    if fresh:
        _remove_store(workspace.store)
        os.replace(target, workspace.store)
    return report


def _require_whole(store: Path) -> None:
    """A store is in one file once it is closed; on a full disk SQLite leaves the rest beside it, and says nothing."""
    if store.with_name(store.name + "-wal").exists():
        raise StoreError("could not be written whole", where=str(store), mend="free some space, then run again")


def run_fetch(
    workspace: Workspace,
    venues: Sequence[str],
    *,
    api: str = "auto",
    since: int | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    manners: "Manners | None" = None,
) -> StageReport:
    """Pull venues from OpenReview into ``store.sqlite``, page by page, going on where an earlier run stopped.

    Raises:
        SourceError: OpenReview does not answer, wants a login, or does not know a venue.
    """
    from toolkit.fetchers import Services, fetch_venue, open_store

    progress = progress or NoProgress()
    services = Services(manners)
    keep = workspace.store.exists()
    try:
        with open_store(workspace.store, create=True) as store:
            try:
                store.check_pages()
                # Venues that a run of this command finished before it was cut short are not begun anew.
                command = json.dumps(["command", *venues, api, since, limit])
                counts = [
                    fetch_venue(
                        store,
                        venue,
                        api=api,
                        since=since,
                        limit=limit,
                        progress=progress,
                        services=services,
                        command=command,
                    ).count()
                    for venue in dict.fromkeys(venues)
                    if store.read_cursor(command, venue) is None
                ]
                store.clear_cursors(command)
                summary = _sum_up_store(store)
            finally:
                keep = keep or store.count_forums() > 0
    finally:
        if not keep:
            _remove_store(workspace.store)
    recorded = places.read_manifest(workspace)["stages"].get("import", {})
    return _record_store(workspace, summary, counts, only_recipe=False, with_sample=recorded.get("with_sample", False))


def run_repair(workspace: Workspace, *, manners: "Manners | None" = None) -> tuple[StageReport, "RepairReport"]:
    """Make a damaged store sound again, asking OpenReview only for pages that cannot be read from the store itself.

    Raises:
        StoreError: there is no store, or the file itself cannot be read.
        SourceError, StoppedError: a page does not come.
    """
    from toolkit.fetchers import Services, open_store, repair_store

    with open_store(workspace.store) as store:
        repair = repair_store(store, Services(manners))
        summary = _sum_up_store(store)
    entry = places.read_manifest(workspace)["stages"].get("import", {})
    flags = {name: bool(entry.get(name)) for name in ("only_recipe", "with_sample")}
    return _record_store(workspace, summary, [repair._asdict()], **flags), repair


class _StoreSummary(NamedTuple):
    forums: int
    form_options: int
    digest: str
    quarantined: Sequence[Quarantined]


def _sum_up_store(store: "Store") -> _StoreSummary:
    form_options = len(store.read_form_options())
    return _StoreSummary(store.count_forums(), form_options, store.compute_digest(), store.read_quarantine())


def _record_store(
    workspace: Workspace,
    summary: _StoreSummary,
    read: Iterable[Mapping[str, int]],
    *,
    only_recipe: bool,
    with_sample: bool,
) -> StageReport:
    counts = Counter({"forums": summary.forums, "form_options": summary.form_options})
    for part in read:
        counts.update(part)
    reasons = places.write_quarantine(workspace, "import", summary.quarantined)
    entry = {
        "outputs": {"store": summary.digest},
        "only_recipe": only_recipe,
        "with_sample": with_sample,
        "counts": dict(counts),
        "quarantined": reasons,
    }
    places.update_manifest(workspace, "import", entry)
    return StageReport("import", counts, reasons, fresh=True)


def _remove_store(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def run_normalize(workspace: Workspace, progress: Progress | None = None) -> StageReport:
    """Turn ``store.sqlite`` into ``forums/``.

    Raises:
        StoreError: there is no store yet, or it cannot be read.
    """
    from toolkit.fetchers import open_store
    from toolkit.normalizers import complete_forum, normalize_shard, survey_build
    from toolkit.venues import join_options

    progress = progress or NoProgress()
    with open_store(workspace.store) as store:
        if not store.count_forums():
            raise StoreError(
                "holds not one public note", where=str(workspace.store), mend="import or fetch some, then run again"
            )
        inputs = {"store": store.compute_digest()}
        if done := _find_finished(workspace, "normalize", inputs, {}):
            return done
        progress.start("normalize", store.count_forums(), "papers")
        normalize = functools.partial(normalize_shard, options=join_options(store.read_form_options()))
        quarantined: list[Quarantined] = []
        counts = {"forums": 0, "reviews": 0}
        with places.replace_folder(workspace.forums, ours=PARTS) as folder:
            # Percentiles and observed scales rest on the whole build, so the forums are written twice instead of kept
            # in memory.
            first = folder / "first"
            results = _run_batches(_read_forum_inputs(store), normalize, progress)
            places.write_shards(first, Forum, _keep_records(results, quarantined))
            survey = survey_build(places.read_records(first, Forum))
            completed = (complete_forum(forum, survey) for forum in places.read_records(first, Forum))
            places.write_shards(folder, Forum, _count_forums(completed, counts))
            shutil.rmtree(first)
        progress.finish()
    unknown_scales = [scale._asdict() for scale in survey.unknown_scales]
    return _record(
        workspace, "normalize", inputs, {}, counts, quarantined, workspace.forums, unknown_scales=unknown_scales
    )


def _read_forum_inputs(store: "Store") -> Iterator["ForumInput"]:
    from toolkit.normalizers import ForumInput

    commitments = store.read_commitments()
    for forum, notes in store.read_forums():
        committed = [note for other in commitments.get(forum, ()) for note in store.read_forum(other)]
        yield ForumInput(forum, notes, store.read_hints(forum), committed)


def _count_forums(forums: Iterable[Forum], counts: dict[str, int]) -> Iterator[Forum]:
    for forum in forums:
        counts["forums"] += 1
        counts["reviews"] += len(forum.reviews)
        yield forum


def run_synthesize(
    workspace: Workspace,
    *,
    per_forum: int = 1,
    seed: int = 0,
    personas: Sequence[Persona] | None = None,
    length: Length = "medium",
    leave_out: Iterable[OptionalAct] = (),
    progress: Progress | None = None,
) -> StageReport:
    """Turn ``forums/`` into ``dialogues/``.

    Args:
        workspace: the build folder.
        per_forum: dialogues a paper.
        seed: same seed, same dialogues.
        personas: how the meta-reviewer asks; one is drawn for each dialogue. Default: all.
        length: how many questions it asks.
        leave_out: questions that it never asks.
        progress: where to report how far it is.

    Raises:
        WorkspaceError: there are no forums yet.
    """
    from toolkit.synthesizers import Policy, synthesize_shard

    policy = Policy(tuple(personas or get_args(Persona)), length, frozenset(leave_out))
    parameters = {
        "generator": "grounded",
        "per_forum": per_forum,
        "seed": seed,
        "personas": list(policy.personas),
        "length": policy.length,
        "leave_out": sorted(policy.leave_out),
    }
    synthesize = functools.partial(synthesize_shard, per_forum=per_forum, seed=seed, policy=policy)
    inputs = _digest_inputs(workspace.forums)
    if done := _find_finished(workspace, "synthesize", inputs, parameters):
        return done
    progress = progress or NoProgress()
    progress.start("synthesize", places.count_rows(workspace.forums), "papers")
    quarantined: list[Quarantined] = []
    with places.replace_folder(workspace.dialogues, ours=PARTS) as folder:
        results = _run_batches(places.read_records(workspace.forums, Forum), synthesize, progress)
        count = places.write_shards(folder, Dialogue, _keep_records(results, quarantined))
    progress.finish()
    return _record(workspace, "synthesize", inputs, parameters, {"dialogues": count}, quarantined, workspace.dialogues)


class ModelOptions(NamedTuple):
    """How dialogues are asked of a language model."""

    endpoint: "EndpointOptions"
    writer: "WriterOptions"
    prompts: Path | None = None
    """A folder of the user's own templates."""
    replay: Path | None = None
    """A file of answers to rebuild from, with no endpoint."""
    batch_in: Path | None = None
    """Results of a batch to take in before anything is asked."""
    batch_out: Path | None = None
    """Where to write what is still to be asked, as a batch; the endpoint is not asked then."""
    processes: int | None = None
    """In how many the heavy work is done; null takes all processors where there is enough to do."""


def run_synthesize_with_model(
    workspace: Workspace,
    options: ModelOptions,
    *,
    per_forum: int = 1,
    seed: int = 0,
    personas: Sequence[Persona] | None = None,
    length: Length = "medium",
    leave_out: Iterable[OptionalAct] = (),
    progress: Progress | None = None,
) -> StageReport:
    """Turn ``forums/`` into ``dialogues/`` with a language model; every answer is kept in ``answers.sqlite``.

    First every answer that is missing is asked for, then the dialogues are made from the answers alone, so an
    interrupted run asks nothing twice, and ``answers.jsonl`` rebuilds the same bytes elsewhere. Dialogues that fail the
    audit are quarantined. ``rounds.jsonl`` holds what each version of each dialogue scored.

    Raises:
        WorkspaceError: there are no forums yet.
        SynthesisError: the endpoint refuses, a prompt is none, or a replay lacks an answer.
        StoppedError: the endpoint does not answer, the budget is used up, or a batch waits to be answered; the same
            command goes on.
    """
    from toolkit.synthesizers import Policy, llm

    policy = Policy(tuple(personas or get_args(Persona)), length, frozenset(leave_out))
    prompts = llm.Prompts(options.prompts)
    parameters = {
        "generator": "llm",
        **dataclasses.asdict(options.writer),
        "prompts_sha256": prompts.sha256,
        "per_forum": per_forum,
        "seed": seed,
        "personas": list(policy.personas),
        "length": policy.length,
        "leave_out": sorted(policy.leave_out),
    }
    inputs = _digest_inputs(workspace.forums)
    if done := _find_finished(workspace, "synthesize", inputs, parameters):
        return done
    progress = progress or NoProgress()
    papers = places.count_rows(workspace.forums)
    quarantined: list[Quarantined] = []
    used: set[str] = set()
    rounds: list[bytes] = []
    task = _ModelTask(workspace, options, papers, per_forum, seed, progress)
    processes = options.processes or (count_processors() if papers * per_forum >= WORTH_PROCESSES else 1)
    with open_engine(processes) as run, llm.open_answers(workspace.root / "answers.sqlite") as store:
        writer = llm.Writer(prompts, options.writer, policy, find_faults, run)
        _get_answers(task, writer, store)
        progress.start("synthesize", papers, "papers")
        with places.replace_folder(workspace.dialogues, ours=PARTS) as folder:
            rebuilt = llm.rebuild_dialogues(
                task.read_forums(), writer, store, per_forum=per_forum, seed=seed, used=used
            )
            count = places.write_shards(folder, Dialogue, _keep_rebuilt(rebuilt, quarantined, rounds, progress))
        progress.finish()
        places.write_bytes(workspace.root / "answers.jsonl", store.write_lines(sorted(used)))
        places.write_bytes(workspace.root / "rounds.jsonl", b"".join(rounds))
    counts = {"dialogues": count, "answers": len(used)}
    return _record(workspace, "synthesize", inputs, parameters, counts, quarantined, workspace.dialogues)


def find_faults(dialogue: Dialogue, forum: Forum) -> Sequence[Finding]:
    """Return what the auditors find in a dialogue that a model wrote."""
    from toolkit.auditors import audit_dialogue

    return audit_dialogue(dialogue, forum).findings


class _ModelTask(NamedTuple):
    """What a model is to write, and who watches."""

    workspace: Workspace
    options: ModelOptions
    papers: int
    per_forum: int
    seed: int
    progress: Progress

    def read_forums(self) -> Iterator[Forum]:
        """Read the records anew."""
        return places.read_records(self.workspace.forums, Forum)


def _get_answers(task: _ModelTask, writer: "Writer", store: "AnswerStore") -> None:
    """Bring every answer that the dialogues need into the record: from a file, from a batch, from the endpoint."""
    from toolkit.synthesizers import llm

    options, progress, total = task.options, task.progress, task.papers * task.per_forum
    drawn: dict[str, Any] = {"per_forum": task.per_forum, "seed": task.seed}
    if options.replay is not None:
        store.read_lines(options.replay)
        return
    if options.batch_in is not None:
        waiting = _find_waiting(task, writer, store)
        taken, passed_over = llm.read_results(options.batch_in, {call.key: call for call in waiting}, store)
        others = "".join(f", {count:,} {why}" for why, count in passed_over.items())
        progress.tell(f"{taken:,} of {len(waiting):,} answers taken from {options.batch_in.name}{others}")
    if options.batch_out is not None:
        if waiting := _find_waiting(task, writer, store):
            names = [
                _write_batch_file(options.batch_out, number, lines)
                for number, lines in enumerate(llm.write_requests(waiting), start=1)
            ]
            raise StoppedError(
                f"{len(waiting):,} questions wait in {', '.join(names)}",
                mend="have them answered as a batch, then run the same command with --batch-in RESULTS",
            )
        return
    progress.start("ask", total, "dialogues")
    estimate = llm.estimate_run(task.read_forums(), task.papers, writer, store, **drawn)
    if estimate.dialogues:
        progress.tell(estimate.describe(options.endpoint.limits))
    forums = task.read_forums()
    llm.ask_for_dialogues(forums, writer, options.endpoint, store, **drawn, progress=progress, total=total)
    progress.finish()


def _find_waiting(task: _ModelTask, writer: "Writer", store: "AnswerStore") -> "list[Call]":
    from toolkit.synthesizers import llm

    task.progress.start("look up", task.papers * task.per_forum, "dialogues")
    waiting = list(
        llm.find_waiting(
            task.read_forums(), writer, store, per_forum=task.per_forum, seed=task.seed, progress=task.progress
        )
    )
    task.progress.finish()
    return waiting


def _write_batch_file(path: Path, number: int, lines: bytes) -> str:
    """Write one file of a batch; those after the first have their number in the name."""
    target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
    places.write_bytes(target, lines)
    return str(target)


def _keep_rebuilt(
    rebuilt: "Iterable[Rebuilt]", quarantined: list[Quarantined], rounds: list[bytes], progress: Progress
) -> Iterator[Dialogue]:
    for result in rebuilt:
        quarantined.extend(result.quarantined)
        for name, versions in result.rounds:
            rounds.extend(_write_round(name, number, version) for number, version in enumerate(versions))
        yield from result.dialogues
        progress.advance()


def _write_round(dialogue_id: str, number: int, version: "Round") -> bytes:
    errors, warnings = version.score
    row = {
        "dialogue_id": dialogue_id,
        "round": number,
        "kept": version.kept,
        "errors": errors,
        "warnings": warnings,
        "rules": dict(version.rules),
    }
    return json.dumps(row).encode() + b"\n"


def run_audit(workspace: Workspace, progress: Progress | None = None, *, leave_out: Iterable[str] = ()) -> AuditReport:
    """Check ``dialogues/`` against ``forums/`` and write ``audit/``; ``leave_out`` names rules that are not applied.

    Raises:
        WorkspaceError: there are no dialogues yet.
    """
    inputs = {**_digest_inputs(workspace.forums), **_digest_inputs(workspace.dialogues)}
    options = {"leave_out": sorted(leave_out)}
    if done := _find_finished(workspace, "audit", inputs, options):
        return AuditReport(done, places.read_json(workspace.audit / "summary.json"))
    audit = audit_pairs(
        ((dialogue, forum) for forum, dialogues in pair_dialogues(workspace) for dialogue in dialogues),
        places.count_rows(workspace.dialogues),
        progress or NoProgress(),
        leave_out=leave_out,
    )
    pairs = ((dialogue, forum) for forum, dialogues in pair_dialogues(workspace) for dialogue in dialogues)
    with places.replace_folder(workspace.audit, ours=AUDIT_FILES) as folder:
        write_audit(folder, audit, pairs)
    counts = {"claims": len(audit.claims), "findings": len(audit.findings)}
    return AuditReport(_record(workspace, "audit", inputs, options, counts, (), workspace.audit), audit.summary)


class Audit(NamedTuple):
    """What the auditors say of a set of dialogues."""

    claims: Sequence[Claim]
    findings: Sequence[Finding]
    summary: Mapping[str, Any]
    turns: Sequence[TurnGrounding]
    """Of transcripts, whose turns have no evidence."""


def audit_pairs(
    pairs: Iterable[tuple[Dialogue, Forum | None]], total: int, progress: Progress, *, leave_out: Iterable[str] = ()
) -> Audit:
    """Audit dialogues, each beside its record; a dialogue without a record is a finding, not an error."""
    from toolkit.auditors import AuditTally, audit_dialogue

    tally, left_out = AuditTally(), frozenset(leave_out)
    claims: list[Claim] = []
    findings: list[Finding] = []
    progress.start("audit", total, "dialogues")
    for dialogue, forum in pairs:
        result = audit_dialogue(dialogue, forum, leave_out=left_out)
        findings.extend(tally.add(dialogue, forum, result, leave_out=left_out))
        claims.extend(result.claims)
        progress.advance()
    progress.finish()
    return Audit(claims, findings, tally.summarize(), tally.turns)


def write_audit(folder: Path, audit: Audit, pairs: Iterable[tuple[Dialogue, Forum | None]]) -> None:
    """Write ``claims.parquet``, ``findings.parquet``, ``summary.json`` and ``report.html`` into an empty folder.

    ``pairs`` are the dialogues once more, for the report.
    """
    from toolkit.auditors import build_report

    places.write_parquet(folder / "claims.parquet", Claim, [tables.to_row(claim) for claim in audit.claims])
    places.write_parquet(folder / "findings.parquet", Finding, [tables.to_row(finding) for finding in audit.findings])
    places.write_json(folder / "summary.json", audit.summary)
    if audit.turns:
        rows = [tables.to_row(turn) for turn in audit.turns]
        places.write_parquet(folder / "grounding.parquet", TurnGrounding, rows)
    report = build_report(audit.summary, audit.findings, audit.claims, pairs, audit.turns)
    places.write_bytes(folder / "report.html", report.encode())


def run_report(workspace: Workspace) -> Path:
    """Write ``audit/report.html`` once more from the audit, the dialogues and the records that lie in a build folder.

    Raises:
        WorkspaceError: there is no audit of the dialogues that lie there.
    """
    from toolkit.auditors import build_report

    made_from = places.read_manifest(workspace)["stages"].get("audit", {}).get("inputs")
    present = {**_digest_inputs(workspace.forums), **_digest_inputs(workspace.dialogues)}
    if made_from != present or not (workspace.audit / "summary.json").is_file():
        raise WorkspaceError(
            "there is no audit of the dialogues that lie here",
            where=str(workspace.root),
            mend=f"run `reviewdial audit {workspace.root}`",
        )
    report = build_report(
        places.read_json(workspace.audit / "summary.json"),
        [tables.from_row(Finding, row) for row in places.read_rows(workspace.audit / "findings.parquet")],
        [tables.from_row(Claim, row) for row in places.read_rows(workspace.audit / "claims.parquet")],
        ((dialogue, forum) for forum, dialogues in pair_dialogues(workspace) for dialogue in dialogues),
    )
    path = workspace.audit / "report.html"
    places.write_bytes(path, report.encode())
    return path


def run_export(
    workspace: Workspace, folder: Path, options: "ExportOptions", progress: Progress | None = None
) -> "ExportReport":
    """Write ``forums/`` and ``dialogues/`` as a dataset folder.

    Raises:
        WorkspaceError: there are no forums or dialogues yet.
        ExportError: the folder holds other files, or a row does not fit its table.
    """
    from toolkit.exporters import export
    from toolkit.synthesizers import spoil_dialogue

    places.list_shards(workspace.dialogues)
    stages = places.read_manifest(workspace)["stages"]
    made_from = stages.get("synthesize", {}).get("inputs")
    if made_from != _digest_inputs(workspace.forums):
        raise WorkspaceError(
            "dialogues/ was not written from the forums/ that lie here",
            where=str(workspace.root),
            mend="run `reviewdial synthesize` again",
        )
    if stages.get("import", {}).get("with_sample"):
        options = dataclasses.replace(options, notice=SAMPLE_NOTICE)
    report = export(
        functools.partial(places.read_records, workspace.forums, Forum),
        functools.partial(places.read_records, workspace.dialogues, Dialogue),
        folder,
        options,
        progress or NoProgress(),
        spoil=spoil_dialogue if options.preferences else None,
    )
    places.write_quarantine(workspace, "export", report.quarantined)
    return report


def pair_dialogues(workspace: Workspace) -> Iterator[tuple[Forum | None, Sequence[Dialogue]]]:
    """Yield every forum's dialogues beside its record; both folders are in forum order, so nothing is kept."""
    forums = places.read_records(workspace.forums, Forum)
    forum = next(forums, None)
    for forum_id, dialogues in groupby(
        places.read_records(workspace.dialogues, Dialogue), key=lambda dialogue: dialogue.forum
    ):
        while forum is not None and forum.forum < forum_id:
            forum = next(forums, None)
        yield (forum if forum is not None and forum.forum == forum_id else None), list(dialogues)


def build(recipe: "Recipe | Path | str", output: Path | None = None, progress: Progress | None = None) -> BuildReport:
    """Run all stages of a recipe and return what was made.

    The store holds exactly the recipe's files and sample afterwards; venues that were fetched before are kept.

    Raises:
        RecipeError: the recipe cannot be read.
        ReviewDialError: a stage failed, or the audit found something that the recipe does not let through.
    """
    from toolkit.exporters import ExportOptions
    from toolkit.recipe import Recipe, load_recipe

    if not isinstance(recipe, Recipe):
        recipe = load_recipe(Path(recipe))
    root = output or recipe.output or Path("output") / recipe.name
    progress = progress or NoProgress()
    workspace = places.open_workspace(root, create=True)
    with places.lock_workspace(workspace):
        imported = _run_source(workspace, recipe, progress)
        normalized = run_normalize(workspace, progress)
        synthesized = _run_synthesis(workspace, recipe, progress)
        audited = run_audit(workspace, progress, leave_out=recipe.audit.leave_out)
        _stop_on_findings(audited, recipe.audit.fail_on, workspace)
        _stop_on_shares(audited, recipe.audit.at_most, workspace)
        options = ExportOptions(
            title=recipe.export.title,
            shares=recipe.export.shares.model_dump(),
            salt=recipe.export.salt,
            first_version=recipe.export.first_version,
            preferences=recipe.export.preferences,
        )
        exported = run_export(workspace, workspace.dataset, options, progress)
        stage = _record(
            workspace,
            "export",
            {**_digest_inputs(workspace.forums), **_digest_inputs(workspace.dialogues)},
            recipe.export.model_dump(mode="json"),
            exported.counts,
            exported.quarantined,
            workspace.dataset,
        )
    return BuildReport(workspace, (imported, normalized, synthesized, audited.stage, stage))


def _run_source(workspace: Workspace, recipe: "Recipe", progress: Progress) -> StageReport:
    source = recipe.source
    if source.venues:
        # Fetched notes cost requests, so they stay; files are read again on top of them.
        report = run_fetch(workspace, source.venues, api=source.api, limit=source.limit, progress=progress)
        if not (source.files or source.sample):
            return report
    return run_import(workspace, source.files, sample=source.sample, fresh=not source.venues, progress=progress)


def _stop_on_shares(audited: AuditReport, at_most: Mapping[RuleName, float], workspace: Workspace) -> None:
    dialogues = max(1, audited.summary["dialogues"])
    for rule, limit in at_most.items():
        share = audited.summary["rules"][rule]["dialogues"] / dialogues
        if share > limit:
            raise WorkspaceError(
                f"the audit finds {rule} in {share:.1%} of the dialogues, and the recipe allows {limit:.1%}",
                where=str(workspace.audit),
                mend="read the report there, or raise [audit.at_most] in the recipe",
            )


def _run_synthesis(workspace: Workspace, recipe: "Recipe", progress: Progress) -> StageReport:
    asked = recipe.synthesize
    synthesize: Callable[..., StageReport] = run_synthesize
    if asked.generator == "llm" and recipe.model is not None:
        synthesize = functools.partial(run_synthesize_with_model, options=_read_model_options(recipe.model))
    return synthesize(
        workspace,
        per_forum=asked.per_forum,
        seed=asked.seed,
        personas=asked.personas,
        length=asked.length,
        leave_out=asked.leave_out,
        progress=progress,
    )


def _read_model_options(model: "Model") -> ModelOptions:
    from toolkit.synthesizers.llm import EndpointOptions, Limits, WriterOptions

    limits = Limits(model.max_tokens, model.max_cost, model.max_minutes, model.price_in, model.price_out)
    endpoint = EndpointOptions(
        model.name, base_url=model.base_url, concurrency=model.concurrency, stream=model.stream, limits=limits
    )
    writer = WriterOptions(
        model.name, model.mode, model.temperature, model.max_output_tokens, model.rounds, model.fall_back
    )
    return ModelOptions(endpoint, writer, model.prompts, model.replay)


def _stop_on_findings(audited: AuditReport, fail_on: str, workspace: Workspace) -> None:
    if failing := count_failing(audited.summary, fail_on):
        raise ReviewDialError(
            f"the audit has {failing} finding{'s' if failing > 1 else ''} of severity {fail_on} or worse",
            where=str(workspace.audit),
            mend=f'read `reviewdial audit {workspace.root}`, or let them through with [audit] fail_on = "never"',
        )


def _take_batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _run_batches(
    items: Iterable[Item], stage: Callable[[Iterable[Item]], StageResult], progress: Progress
) -> Iterator[StageResult]:
    for batch in _take_batches(items):
        yield stage(batch)
        progress.advance(len(batch))


def _keep_records(results: Iterable[StageResult], quarantined: list[Quarantined]) -> Iterator[Any]:
    """Pass the records of a stage on and put aside what it could not use."""
    for result in results:
        quarantined.extend(result.quarantined)
        yield from result.records


def count_failing(summary: Mapping[str, Any], fail_on: str) -> int:
    """Return how many findings of an audit are at least as bad as ``fail_on`` (``never``: none are)."""
    if fail_on == "never":
        return 0
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    return sum(summary["findings_by_severity"].get(severity, 0) for severity in failing)


def _digest_inputs(folder: Path) -> dict[str, str]:
    return {f"{folder.name}/{shard.name}": places.compute_sha256(shard) for shard in places.list_shards(folder)}


@functools.cache
def digest_code() -> str:
    """Return a digest of this package's own files: another version of the code is another input."""
    package = Path(__file__).parent
    digest = hashlib.sha256(__version__.encode())
    for folder in (package, tables.find_schemas_folder()):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _find_finished(
    workspace: Workspace, stage: str, inputs: Mapping[str, str], parameters: Mapping[str, Any]
) -> StageReport | None:
    entry = places.read_manifest(workspace)["stages"].get(stage)
    wanted = {"code": digest_code(), "inputs": dict(inputs), "parameters": dict(parameters)}
    if entry is None or {name: entry.get(name) for name in wanted} != wanted:
        return None
    folder = workspace.root / entry["folder"]
    if not folder.is_dir() or places.digest_folder(folder) != entry["outputs"]:
        return None
    unknown_scales = entry.get("unknown_scales", ())
    return StageReport(stage, entry["counts"], entry["quarantined"], fresh=False, unknown_scales=unknown_scales)


def _record(
    workspace: Workspace,
    stage: str,
    inputs: Mapping[str, str],
    parameters: Mapping[str, Any],
    counts: Mapping[str, int],
    quarantined: Sequence[Quarantined],
    folder: Path,
    unknown_scales: Sequence[Mapping[str, Any]] | None = None,
) -> StageReport:
    reasons = places.write_quarantine(workspace, stage, quarantined)
    entry: dict[str, Any] = {
        "code": digest_code(),
        "parameters": dict(parameters),
        "inputs": dict(inputs),
        "folder": folder.name,
        "outputs": places.digest_folder(folder),
        "counts": dict(counts),
        "quarantined": reasons,
    }
    if unknown_scales is not None:
        entry["unknown_scales"] = list(unknown_scales)
    places.update_manifest(workspace, stage, entry)
    return StageReport(stage, counts, reasons, fresh=True, unknown_scales=unknown_scales or ())

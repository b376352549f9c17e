"""A dataset folder on the Hugging Face Hub: one commit, then a tag that never moves.

The order makes a half version impossible: bytes first (nobody sees them until a commit names them), then one commit on
the parent that was read, then the tag, then the tree at the tag is compared with the folder. Whatever stops it in
between, the same command goes on: what is there already is not sent again, and a commit whose answer was lost is found
by its content. Facts about the client: one ``create_commit`` is atomic while ``upload_folder`` may be several commits,
and it does not retry its own request.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import orjson

from toolkit.errors import ExportError, StoppedError
from toolkit.exporters.manifest import HUB_FILES, MANIFEST, list_files
from toolkit.exporters.verify import verify_dataset
from toolkit.progress import NoProgress, Progress

MOST_FILES = 100
"""Files of one commit that the Hub takes."""
ATTEMPTS = 6
"""How often one step is tried before the run stops, to go on later."""
LONGEST_WAIT = 60.0
"""Seconds; a longer wait that the Hub asks for stops the run."""
TRANSIENT = frozenset((408, 409, 412, 425, 429, 500, 502, 503, 504))
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_SECRETS = re.compile(
    rb"\b(?:hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|ghp_[A-Za-z0-9]{30,}|github_pat_\w{30,}|AKIA[0-9A-Z]{16}"
    rb"|xox[abp]-[A-Za-z0-9-]{20,})\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"
)
Gate = Literal["auto", "manual"]
Value = TypeVar("Value")


class PublishOptions(NamedTuple):
    """How a dataset folder is published."""

    tag: str | None = None
    """The version's name; null takes "v" and the manifest's version."""
    private: bool = False
    gated: Gate | None = None
    pull_request: bool = False
    dry_run: bool = False
    endpoint: str | None = None
    """Null takes HF_ENDPOINT, else the Hub."""


class PublishReport(NamedTuple):
    """What was done, or would be."""

    repository: str
    url: str
    tag: str | None
    commit: str | None
    """The commit that holds the folder; null in a dry run and for a pull request."""
    added: tuple[str, ...]
    """Files sent: new or changed."""
    deleted: tuple[str, ...]
    """Files of an earlier version of ours that this one does not have."""
    unchanged: int
    done: str
    """``published``, ``already-published``, ``pull-request`` or ``dry-run``."""


class RemoteFile(NamedTuple):
    """A file as the Hub lists it."""

    blob: str
    sha256: str | None
    """Of files in large-file storage."""


class Plan(NamedTuple):
    """What one commit has to do."""

    head: str
    add: tuple[str, ...]
    delete: tuple[str, ...]
    unchanged: int


def publish_dataset(
    folder: Path, repository: str, options: PublishOptions | None = None, progress: Progress | None = None
) -> PublishReport:
    """Publish a dataset folder as one commit and a tag; run again, it goes on or finds that all is there.

    Raises:
        ExportError: the folder does not hold, holds a secret or has no licence; the repository or the tag stands
            against it; the token may not write.
        StoppedError: the Hub did not answer, or asks to wait longer than a minute; the same command goes on.
    """
    options, progress = options or PublishOptions(), progress or NoProgress()
    if not _NAME.fullmatch(repository):
        raise ExportError("is no repository", where=repr(repository), mend="write NAMESPACE/NAME")
    manifest = _check_folder(folder, progress)
    tag = options.tag or f"v{manifest['first_version']}"
    if not _TAG.fullmatch(tag):
        raise ExportError("is no tag", where=repr(tag), mend="write one such as v1.0.0")
    publisher = _Publisher(folder, repository, options, progress)
    if options.dry_run:
        return publisher.describe(tag)
    return publisher.publish(tag)


def _check_folder(folder: Path, progress: Progress) -> Mapping[str, Any]:
    """Check everything that can be checked here; returns the manifest."""
    report = verify_dataset(folder, progress)
    if report.fault_count:
        raise ExportError(
            f"does not hold: {report.faults[0]}",
            where=str(folder),
            mend=f"run `reviewdial verify {folder}`, then export",
        )
    manifest: Mapping[str, Any] = orjson.loads((folder / MANIFEST).read_bytes())
    if not manifest["license"]:
        raise ExportError("has no licence", where=str(folder), mend="export rows whose licence is known")
    files = list_files(folder)
    if len(files) > MOST_FILES:
        raise ExportError(
            f"has {len(files)} files, the Hub takes {MOST_FILES} in one commit",
            where=str(folder),
            mend="export with fewer shards",
        )
    for name in files:
        if found := find_secret(folder / name):
            raise ExportError(
                f"holds what reads like a secret, at byte {found}", where=name, mend="remove it and export again"
            )
    return manifest


def find_secret(path: Path) -> int | None:
    """Return where a file holds what reads like a token or a private key; null where it holds none.

    Parquet is packed, so what it holds is read from the JSONL beside it.
    """
    overlap, position, tail = 400, 0, b""
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            if match := _SECRETS.search(tail + block):
                return position - len(tail) + match.start()
            position += len(block)
            tail = (tail + block)[-overlap:]
    return None


def download_version(repository: str, revision: str, endpoint: str | None = None) -> Path:
    """Return a folder with a published version, from the client's cache or freshly downloaded.

    Raises:
        ExportError: there is no such repository or revision, or the token may not see it.
        StoppedError: the Hub does not answer.
    """
    from huggingface_hub import snapshot_download

    address = endpoint or os.environ.get("HF_ENDPOINT")
    folder = _persist(
        "read the version",
        lambda: snapshot_download(repository, repo_type="dataset", revision=revision, endpoint=address),
        url=f"{repository}@{revision}",
        progress=NoProgress(),
    )
    return Path(str(folder))


class _Publisher:
    """Talks to one repository. Third-party errors end here."""

    def __init__(self, folder: Path, repository: str, options: PublishOptions, progress: Progress) -> None:
        from huggingface_hub import HfApi
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
        self.folder, self.repository, self.options, self.progress = folder, repository, options, progress
        self.files = list_files(folder)
        self.api = HfApi(endpoint=options.endpoint or os.environ.get("HF_ENDPOINT"))

    @property
    def url(self) -> str:
        return f"{self.api.endpoint}/datasets/{self.repository}"

    # The two ways through

    def describe(self, tag: str) -> PublishReport:
        """Say what publishing would do; only reads."""
        if self._find_repository() is None:
            return self._report(tag, None, Plan("", tuple(self.files), (), 0), "dry-run")
        self._check_tag(tag)
        return self._report(tag, None, self._plan(), "dry-run")

    def publish(self, tag: str) -> PublishReport:
        self._make_repository()
        if not self.options.pull_request and (commit := self._check_tag(tag)) is not None:
            return self._report(tag, commit, Plan(commit, (), (), len(self.files)), "already-published")
        if self.options.pull_request:
            return self._open_pull_request()
        sent, commit = self._commit(tag)
        self._call("tag the version", lambda: self._tag(tag, commit))
        if faults := self._compare(tag):
            raise ExportError(
                f"at the tag {tag} the Hub has other bytes: {faults[0]}",
                where=self.url,
                mend="publish under another tag",
            )
        return self._report(tag, commit, sent, "published")

    def _report(self, tag: str | None, commit: str | None, plan: Plan, done: str) -> PublishReport:
        return PublishReport(self.repository, self.url, tag, commit, plan.add, plan.delete, plan.unchanged, done)

    # Steps

    def _find_repository(self) -> Any | None:
        from huggingface_hub.errors import RepositoryNotFoundError

        def read() -> Any | None:
            try:
                return self.api.dataset_info(self.repository)
            except RepositoryNotFoundError:
                return None

        return self._call("read the repository", read)

    def _make_repository(self) -> None:
        existing = self._find_repository()
        if existing is not None and self.options.private and not existing.private:
            raise ExportError(
                "exists and is public", where=self.url, mend="leave out --private, or name another repository"
            )
        if existing is None:
            self._call(
                "create the repository",
                lambda: self.api.create_repo(
                    self.repository, repo_type="dataset", private=self.options.private or None, exist_ok=True
                ),
            )
        if self.options.gated is not None and (existing is None or existing.gated != self.options.gated):
            gate = self.options.gated
            self._call(
                "gate the repository",
                lambda: self.api.update_repo_settings(self.repository, repo_type="dataset", gated=gate),
            )

    def _check_tag(self, tag: str) -> str | None:
        """Return the commit of a tag that holds just this folder; null where there is no such tag.

        Raises:
            ExportError: the tag holds something else.
        """
        refs = self._call("read the tags", lambda: self.api.list_repo_refs(self.repository, repo_type="dataset"))
        commit = next((str(ref.target_commit) for ref in refs.tags if ref.name == tag), None)
        if commit is None:
            return None
        if faults := self._compare(tag):
            raise ExportError(
                f"has the tag {tag} already, with other content ({faults[0]}); tags are never moved",
                where=self.url,
                mend="publish under another tag with --tag",
            )
        return commit

    def _commit(self, tag: str) -> tuple[Plan, str]:
        """Make the commit; returns what was sent in all, and the commit."""
        sent = Plan("", (), (), 0)

        def attempt() -> str:
            nonlocal sent
            plan = self._plan()
            if not plan.add and not plan.delete:  # nothing to do, or an earlier attempt whose answer was lost
                sent = sent if sent.head else plan
                return plan.head
            sent = plan
            done = self._create_commit(plan, f"Release {tag}", create_pr=False)
            return str(done.oid)

        return_value = self._call("commit the files", attempt)
        return sent, return_value

    def _open_pull_request(self) -> PublishReport:
        plan = self._plan()
        if not plan.add and not plan.delete:
            return self._report(None, plan.head, plan, "already-published")
        # A second request could open a second pull request, so this one is never repeated.
        done = self._call(
            "open a pull request", lambda: self._create_commit(plan, "New version", create_pr=True), once=True
        )
        return self._report(None, None, plan, "pull-request")._replace(url=str(done.pr_url))

    def _create_commit(self, plan: Plan, message: str, *, create_pr: bool) -> Any:
        from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete

        operations: list[CommitOperationAdd | CommitOperationCopy | CommitOperationDelete] = [
            *(CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(self.folder / name)) for name in plan.add),
            *(CommitOperationDelete(path_in_repo=name) for name in plan.delete),
        ]
        return self.api.create_commit(
            self.repository,
            operations,
            commit_message=message,
            repo_type="dataset",
            parent_commit=plan.head,
            create_pr=create_pr or None,
        )

    def _tag(self, tag: str, commit: str) -> None:
        self.api.create_tag(self.repository, tag=tag, revision=commit, repo_type="dataset", exist_ok=True)

    # Reading the other side

    def _plan(self) -> Plan:
        info = self._find_repository()
        head = str(info.sha) if info is not None else ""
        present = self._list_tree(head)
        changed = tuple(name for name in self.files if not self._is_same(name, present.get(name)))
        ours = self._read_earlier_files(head) if MANIFEST in present else ()
        stale = tuple(sorted(name for name in ours if name in present and name not in self.files))
        return Plan(head, changed, stale, len(self.files) - len(changed))

    def _list_tree(self, revision: str) -> dict[str, RemoteFile]:
        from huggingface_hub.hf_api import RepoFile

        def read() -> dict[str, RemoteFile]:
            entries = self.api.list_repo_tree(self.repository, recursive=True, revision=revision, repo_type="dataset")
            return {
                entry.path: RemoteFile(entry.blob_id, entry.lfs.sha256 if entry.lfs is not None else None)
                for entry in entries
                if isinstance(entry, RepoFile)
            }

        return self._call("list the files", read)

    def _read_earlier_files(self, revision: str) -> Sequence[str]:
        """Return the files that the manifest on the other side names: only those are ours to remove."""

        def read() -> bytes:
            path = self.api.hf_hub_download(self.repository, MANIFEST, repo_type="dataset", revision=revision)
            return Path(path).read_bytes()

        try:
            manifest = orjson.loads(self._call("read the earlier manifest", read))
            return [name for name in manifest["files"] if isinstance(name, str) and name.split("/")[0] not in HUB_FILES]
        except (ValueError, KeyError, TypeError):
            return ()  # a manifest that is not ours names no file of ours

    def _is_same(self, name: str, remote: RemoteFile | None) -> bool:
        if remote is None:
            return False
        path = self.folder / name
        return remote.sha256 == _digest(path) if remote.sha256 is not None else remote.blob == _digest_blob(path)

    def _compare(self, revision: str) -> list[str]:
        """Return what the tree at a revision has otherwise than the folder."""
        present = self._list_tree(revision)
        faults = [f"{name} differs" for name in self.files if not self._is_same(name, present.get(name))]
        ours = self._read_earlier_files(revision) if MANIFEST in present else ()
        return faults + [f"{name} is too many" for name in ours if name in present and name not in self.files]

    def _call(self, what: str, action: Callable[[], Value], *, once: bool = False) -> Value:
        return _persist(what, action, url=self.url, progress=self.progress, once=once)


def _persist(what: str, action: Callable[[], Value], *, url: str, progress: Progress, once: bool = False) -> Value:
    """Do one step, again where the Hub says so or does not answer; third-party errors become ours."""
    for wait in (*_list_waits(), None):
        try:
            return action()
        except Exception as error:
            failure = _find_failure(error)
            if failure is None:
                raise
            status, asked = failure
            if status is not None and status not in TRANSIENT:
                raise _explain_refusal(what, status, url) from error
            if once:
                raise ExportError(
                    f"could not {what}: {_name_failure(status)}; it may have been opened all the same",
                    where=url,
                    mend="look at the pull requests there before trying again",
                ) from error
            if wait is None or (asked or 0.0) > LONGEST_WAIT:
                raise StoppedError(
                    f"could not {what}: {_name_failure(status)}; the version there is whole",
                    where=url,
                    mend="run the same command again to go on",
                ) from error
            seconds = asked if asked is not None else wait
            progress.tell(f"{_name_failure(status)}; trying again in {seconds:g} s")
            time.sleep(seconds)
    raise AssertionError("the last round returns or raises")


def _list_waits() -> Iterator[float]:
    """Seconds between the attempts: half a second, doubled each time."""
    return (0.5 * 2**number for number in range(ATTEMPTS - 1))


def _find_failure(error: BaseException | None) -> tuple[int | None, float | None] | None:
    """Return the status of the answer behind an error and the seconds it asks to wait; both null without an answer.

    The client wraps what goes wrong while it uploads, so the causes are looked at too. Null where it is no failure of
    the Hub or of the wire.
    """
    from huggingface_hub.errors import HfHubHTTPError

    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(error, HfHubHTTPError) and response is not None:
            asked = response.headers.get("Retry-After", "")
            limit = re.search(r"\bt=(\d+)", response.headers.get("RateLimit", ""))
            seconds = float(asked) if asked.isdigit() else (float(limit[1]) if limit else None)
            return int(response.status_code), seconds
        if _is_transport_error(error):
            return None, None
        error = error.__cause__ or error.__context__
    return None


def _is_transport_error(error: BaseException) -> bool:
    """Whether a connection broke: the client has changed its library for that twice, so the module's name decides."""
    modules = {kind.__module__.split(".")[0] for kind in type(error).__mro__}
    return bool(modules & {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3"}) or isinstance(
        error, ConnectionError | TimeoutError
    )


def _name_failure(status: int | None) -> str:
    return "the Hub did not answer" if status is None else f"the Hub answered {status}"


def _explain_refusal(what: str, status: int, url: str) -> ExportError:
    mends = {
        401: "log in with `hf auth login`, or set HF_TOKEN",
        403: "use a token that may write to it",
        404: "check the namespace, and that the token may see it",
    }
    return ExportError(
        f"could not {what}: the Hub answered {status}", where=url, mend=mends.get(status, "read the Hub's status page")
    )


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _digest_blob(path: Path) -> str:
    """The name that git gives a file: sha1 over a header and its bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()

"""A stand-in for the Hugging Face Hub on 127.0.0.1: dataset repositories with commits, tags, LFS uploads and faults.

Routes and answers follow what huggingface_hub 2.4.0 and datasets 5.2.0 were seen to send and take (LFS path; tests
switch Xet off). Every request is written down without its token. A ``Fault`` goes wrong in one answer: an error
status, an answer that is lost after the work was done, or an upload that is cut.
"""

import base64
import hashlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

WRITER, READER = "hf_" + "w" * 20, "hf_" + "r" * 20
"""Invented tokens: one that may write and one that may only read."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong in one answer."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    """Do the work, then close the connection without an answer."""
    cut: bool = False
    """Close the connection in the middle of the request's body, and do nothing."""


@dataclass(frozen=True)
class Blob:
    """One file of a commit."""

    data: bytes
    is_lfs: bool

    @property
    def oid(self) -> str:
        data = self.data if not self.is_lfs else self.pointer
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def pointer(self) -> bytes:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n".encode()


Tree = Mapping[str, Blob]


@dataclass
class Repository:
    """A dataset repository."""

    private: bool = False
    gated: str | bool = False
    commits: dict[str, Tree] = field(default_factory=dict)
    head: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    pull_requests: int = 0

    def __post_init__(self) -> None:
        self.add({".gitattributes": Blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", False)})

    def add(self, tree: Tree) -> str:
        digest = hashlib.sha1(f"{self.head}{len(self.commits)}{sorted(tree)}".encode()).hexdigest()
        self.commits[digest], self.head = dict(tree), digest
        return digest

    def resolve(self, revision: str) -> str | None:
        if revision in ("main", "HEAD"):
            return self.head
        return self.tags.get(revision) or (revision if revision in self.commits else None)


class Hub:
    """The state of the stand-in."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: dict[str, deque[Fault]] = {}
        self.requests: list[str] = []
        """Route and path of every request."""
        self.tokens_at_storage: list[str | None] = []
        """What the storage was sent as a token, which must be nothing."""
        self.lock = threading.Lock()
        self.endpoint = ""

    def fail(self, route: str, *faults: Fault) -> None:
        """Let the next answers of a route go wrong, one fault each."""
        self.faults.setdefault(route, deque()).extend(faults)

    def read_tree(self, name: str, revision: str = "main") -> dict[str, bytes]:
        """Return the files of a repository, without the Hub's own."""
        repository = self.repositories[name]
        tree = repository.commits[repository.resolve(revision) or ""]
        return {path: blob.data for path, blob in tree.items() if path != ".gitattributes"}


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


def refuse(status: int, code: str, message: str) -> Reply:
    headers = {"X-Error-Code": code, "X-Error-Message": message}
    return Reply(status, json.dumps({"error": message}).encode(), headers)


NAME = r"(?P<name>[\w.-]+/[\w.-]+)"
ROUTES = (
    ("whoami", "GET", r"/api/whoami-v2"),
    ("create_repo", "POST", r"/api/repos/create"),
    ("validate_yaml", "POST", r"/api/validate-yaml"),
    ("refs", "GET", rf"/api/datasets/{NAME}/refs"),
    ("tree", "GET", rf"/api/datasets/{NAME}/tree/(?P<revision>[^/]+)(?:/(?P<path>.*))?"),
    ("paths_info", "POST", rf"/api/datasets/{NAME}/paths-info/(?P<revision>[^/]+)"),
    ("preupload", "POST", rf"/api/datasets/{NAME}/preupload/(?P<revision>[^/]+)"),
    ("xet_token", "GET", rf"/api/datasets/{NAME}/xet-(?:write|read)-token/(?P<revision>[^/]+)"),
    ("commit", "POST", rf"/api/datasets/{NAME}/commit/(?P<revision>[^/]+)"),
    ("tag", "POST", rf"/api/datasets/{NAME}/tag/(?P<revision>[^/]+)"),
    ("settings", "PUT", rf"/api/datasets/{NAME}/settings"),
    ("info", "GET", rf"/api/datasets/{NAME}(?:/revision/(?P<revision>[^/]+))?"),
    ("lfs_batch", "POST", rf"/datasets/{NAME}\.git/info/lfs/objects/batch"),
    ("lfs_upload", "PUT", r"/storage/(?P<oid>\w+)"),
    ("lfs_verify", "POST", r"/storage/verify"),
    ("resolve", "GET", rf"/datasets/{NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)"),
    ("resolve", "HEAD", rf"/datasets/{NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)"),
)


def find_route(method: str, path: str) -> tuple[str, re.Match[str]] | None:
    for route, asked, pattern in ROUTES:
        if asked == method and (match := re.fullmatch(pattern, path)):
            return route, match
    return None


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.serve()

    def do_HEAD(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def do_PUT(self) -> None:
        self.serve()

    def serve(self) -> None:
        url = urlsplit(self.path)
        found = find_route(self.command, unquote(url.path))
        if found is None:
            self.send(refuse(404, "EntryNotFound", "no such route"))
            return
        route, match = found
        self.hub.requests.append(f"{route} {unquote(url.path)}")
        waiting = self.hub.faults.get(route)
        fault = waiting.popleft() if waiting else Fault()
        if fault.cut:
            self.rfile.read(min(10, int(self.headers.get("Content-Length") or 0)))
            self.close_connection = True
            self.connection.close()
            return
        body = self.read_body()
        if fault.status is not None:
            self.send(
                Reply(fault.status, b'{"error": "made to fail"}', {"X-Error-Message": "made to fail", **fault.headers})
            )
            return
        with self.hub.lock:
            reply = getattr(self, f"on_{route}")(body, {**match.groupdict(), **parse_qs(url.query)})
        if fault.lost:
            self.close_connection = True
            self.connection.close()
            return
        self.send(reply)

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    # Who asks

    @property
    def token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def may_write(self) -> bool:
        return self.token == WRITER

    def find(self, fields: Mapping[str, Any]) -> Repository | Reply:
        repository = self.hub.repositories.get(fields["name"])
        if repository is None or (repository.private and self.token not in (WRITER, READER)):
            return refuse(404, "RepoNotFound", "Repository not found")
        return repository

    def find_tree(self, fields: Mapping[str, Any]) -> tuple[str, Tree] | Reply:
        repository = self.find(fields)
        if isinstance(repository, Reply):
            return repository
        digest = repository.resolve(fields.get("revision") or "main")
        if digest is None:
            return refuse(404, "RevisionNotFound", "Invalid rev id")
        return digest, repository.commits[digest]

    # Routes

    def on_whoami(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        if self.token not in (WRITER, READER):
            return refuse(401, "", "Invalid token")
        role = "write" if self.may_write() else "read"
        return answer({"type": "user", "name": "tester", "auth": {"accessToken": {"role": role}}, "orgs": []})

    def on_create_repo(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        if not self.may_write():
            return refuse(403, "", "You don't have the rights to create a dataset")
        asked = json.loads(body)
        name = f"{asked.get('organization') or 'tester'}/{asked['name']}"
        url = f"{self.hub.endpoint}/datasets/{name}"
        if name in self.hub.repositories:
            return Reply(409, json.dumps({"error": "exists", "url": url}).encode(), {"X-Error-Message": "exists"})
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.hub.repositories[name] = Repository(private=private)
        return answer({"url": url, "name": name, "id": name})

    def on_settings(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        repository = self.find(fields)
        if isinstance(repository, Reply):
            return repository
        if not self.may_write():
            return refuse(403, "", "not allowed")
        asked = json.loads(body)
        repository.gated = asked.get("gated", repository.gated)
        return answer({})

    def on_validate_yaml(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        import yaml

        content = json.loads(body)["content"]
        head = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
        try:
            yaml.safe_load(head[1] if head else "")
        except yaml.YAMLError:
            return answer({"errors": [{"message": "not YAML"}], "warnings": []}, 400)
        return answer({"errors": [], "warnings": []})

    def on_info(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        found = self.find_tree(fields)
        if isinstance(found, Reply):
            return found
        digest, tree = found
        repository = self.hub.repositories[fields["name"]]
        return answer(
            {
                "id": fields["name"],
                "_id": fields["name"],
                "sha": digest,
                "private": repository.private,
                "gated": repository.gated,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "lastModified": "2026-11-01T00:00:00.000Z",
                "createdAt": "2026-11-01T00:00:00.000Z",
                "siblings": [{"rfilename": path} for path in sorted(tree)],
            }
        )

    def on_refs(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        repository = self.find(fields)
        if isinstance(repository, Reply):
            return repository
        tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": sha} for tag, sha in repository.tags.items()]
        head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.head}
        return answer({"branches": [head], "tags": tags, "converts": [], "pullRequests": []})

    def describe(self, path: str, blob: Blob) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(blob.data), "oid": blob.oid}
        if blob.is_lfs:
            entry["lfs"] = {"oid": blob.sha256, "size": len(blob.data), "pointerSize": len(blob.pointer)}
        return entry

    def on_tree(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        found = self.find_tree(fields)
        if isinstance(found, Reply):
            return found
        _, tree = found
        prefix = f"{fields['path'].rstrip('/')}/" if fields.get("path") else ""
        recursive = fields.get("recursive", ["false"])[0].lower() in ("true", "1")
        entries: dict[str, dict[str, Any]] = {}
        for path, blob in sorted(tree.items()):
            if not path.startswith(prefix):
                continue
            rest = path[len(prefix) :].split("/")
            folders = ["/".join(rest[:depth]) for depth in range(1, len(rest))]
            for folder in folders if recursive else folders[:1]:
                entries.setdefault(
                    prefix + folder, {"type": "directory", "path": prefix + folder, "size": 0, "oid": "0"}
                )
            if recursive or len(rest) == 1:
                entries[path] = self.describe(path, blob)
        if prefix and not entries:
            return refuse(404, "EntryNotFound", "no such folder")
        return answer(list(entries.values()))

    def on_paths_info(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        found = self.find_tree(fields)
        if isinstance(found, Reply):
            return found
        _, tree = found
        text = body.decode()
        asked = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
        return answer([self.describe(path, tree[path]) for path in asked if path in tree])

    def on_preupload(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        found = self.find_tree(fields)
        if isinstance(found, Reply):
            return found
        if not self.may_write():
            return refuse(403, "", "not allowed")
        _, tree = found
        return answer(
            {
                "files": [
                    {
                        "path": item["path"],
                        "uploadMode": "lfs" if item["path"].endswith(".parquet") else "regular",
                        "shouldIgnore": False,
                        "oid": tree[item["path"]].oid if item["path"] in tree else None,
                    }
                    for item in json.loads(body)["files"]
                ]
            }
        )

    def on_xet_token(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        return refuse(404, "EntryNotFound", "this stand-in stores by LFS")

    def on_lfs_batch(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        if not self.may_write():
            return refuse(403, "", "not allowed")
        objects = []
        for item in json.loads(body)["objects"]:
            entry = {"oid": item["oid"], "size": item["size"]}
            if item["oid"] not in self.hub.objects:
                upload = {"href": f"{self.hub.endpoint.replace('127.0.0.1', 'localhost')}/storage/{item['oid']}"}
                verify = {"href": f"{self.hub.endpoint}/storage/verify"}
                entry["actions"] = {"upload": upload, "verify": verify}
            objects.append(entry)
        return Reply(
            200,
            json.dumps({"transfer": "basic", "objects": objects}).encode(),
            {"Content-Type": "application/vnd.git-lfs+json"},
        )

    def on_lfs_upload(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        self.hub.tokens_at_storage.append(self.headers.get("Authorization"))
        if hashlib.sha256(body).hexdigest() != fields["oid"]:
            return refuse(400, "", "the bytes are not those of the oid")
        self.hub.objects[fields["oid"]] = body
        return Reply(200)

    def on_lfs_verify(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        return Reply(200 if json.loads(body)["oid"] in self.hub.objects else 404)

    def on_commit(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        repository = self.find(fields)
        if isinstance(repository, Reply):
            return repository
        if not self.may_write():
            return refuse(403, "", "not allowed")
        tree = dict(repository.commits[repository.head])
        for line in body.decode().splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                parent = value.get("parentCommit")
                if parent is not None and parent != repository.head:
                    return refuse(412, "", "A commit has happened since. Please refresh and try again.")
            elif item["key"] == "file":
                data = base64.b64decode(value["content"])
                tree[value["path"]] = Blob(data, False)
            elif item["key"] == "lfsFile":
                if value["oid"] not in self.hub.objects:
                    return refuse(400, "", "the object was never uploaded")
                tree[value["path"]] = Blob(self.hub.objects[value["oid"]], True)
            elif item["key"] == "deletedFile":
                del tree[value["path"]]
        if "1" in fields.get("create_pr", []):
            repository.pull_requests += 1
            page = f"{self.hub.endpoint}/datasets/{fields['name']}"
            answered = {"success": True, "commitOid": "0" * 40, "commitUrl": f"{page}/commit/{'0' * 40}"}
            return answer({**answered, "pullRequestUrl": f"{page}/discussions/{repository.pull_requests}"})
        digest = repository.add(tree)
        url = f"{self.hub.endpoint}/datasets/{fields['name']}/commit/{digest}"
        return answer({"success": True, "commitOid": digest, "commitUrl": url})

    def on_tag(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        repository = self.find(fields)
        if isinstance(repository, Reply):
            return repository
        if not self.may_write():
            return refuse(403, "", "not allowed")
        tag = json.loads(body)["tag"]
        if tag in repository.tags:
            return refuse(409, "", "Tag reference exists already.")
        digest = repository.resolve(fields["revision"])
        if digest is None:
            return refuse(404, "RevisionNotFound", "Invalid rev id")
        repository.tags[tag] = digest
        return answer({})

    def on_resolve(self, body: bytes, fields: Mapping[str, Any]) -> Reply:
        found = self.find_tree(fields)
        if isinstance(found, Reply):
            return found
        digest, tree = found
        blob = tree.get(fields["path"])
        if blob is None:
            missing = refuse(404, "EntryNotFound", "Entry not found")
            return Reply(404, missing.body, {**missing.headers, "X-Repo-Commit": digest})
        etag = blob.sha256 if blob.is_lfs else blob.oid
        headers = {"X-Repo-Commit": digest, "ETag": f'"{etag}"', "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            return Reply(200, blob.data, headers)
        start, end = int(asked[1]), int(asked[2] or len(blob.data) - 1)
        piece = blob.data[start : end + 1]
        headers["Content-Range"] = f"bytes {start}-{start + len(piece) - 1}/{len(blob.data)}"
        return Reply(206, piece, headers)


@contextmanager
def serve_hub() -> Iterator[Hub]:
    """Run a stand-in on a free port of 127.0.0.1; ``hub.endpoint`` is its address."""
    hub = Hub()
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

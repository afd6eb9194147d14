"""A small Hugging Face Hub on this machine: the routes that huggingface_hub and datasets ask for datasets, with faults on request.

Standard library only; loopback only. It checks cards as the Hub's schema does in what our cards use, keeps every version, and counts
what was sent, so that a test can say what travelled.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

TOKEN = "hf_goodtokenofthistest"
LICENCES = {
    "mit",
    "apache-2.0",
    "cc0-1.0",
    "cc-by-4.0",
    "cc-by-2.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc-by-nc-4.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "bsd-2-clause",
    "other",
}
TASKS = {"text-classification", "question-answering", "multiple-choice", "token-classification", "fill-mask"}
CREATORS = {"crowdsourced", "found", "expert-generated", "machine-generated", "no-annotation", "other"}
SIZE = re.compile(r"n<1K|1K<n<10K|10K<n<100K|100K<n<1M|1M<n<10M|n>10M")


def faults_of(card: str) -> list[str]:
    """Return what the Hub would refuse in a dataset card's header."""
    found = re.match(r"---\n(.*?)\n---", card, re.S)
    if not found:
        return ["no YAML header"]
    keys = yaml.safe_load(found.group(1))
    wrong = []
    for key in (
        "language",
        "multilinguality",
        "annotations_creators",
        "language_creators",
        "source_datasets",
        "task_categories",
        "task_ids",
        "size_categories",
        "tags",
    ):
        if not isinstance(keys.get(key, []), list) or not all(isinstance(v, str) for v in keys.get(key, [])):
            wrong.append(f'"{key}" must be a list of strings')
    wrong += [f"language {code!r}" for code in keys.get("language", []) if not re.fullmatch(r"[a-z]{2,3}", code)]
    wrong += [f"license {keys.get('license')!r}"] if keys.get("license") not in LICENCES else []
    wrong += ['"license_name" is required where license is other'] if keys.get("license") == "other" and not keys.get("license_name") else []
    link = str(keys.get("license_link", "LICENSE"))
    wrong += (
        [] if link in ("LICENSE", "LICENSE.md") or link.startswith("https://") else [f'"license_link" must be LICENSE, LICENSE.md or an address, not {link!r}']
    )
    wrong += [f"task_categories {task!r}" for task in set(keys.get("task_categories", [])) - TASKS]
    wrong += [f"creators {one!r}" for key in ("annotations_creators", "language_creators") for one in set(keys.get(key, [])) - CREATORS]
    wrong += [f"multilinguality {one!r}" for one in set(keys.get("multilinguality", [])) - {"monolingual", "multilingual", "translation", "other"}]
    wrong += [f"size_categories {size!r}" for size in keys.get("size_categories", []) if not SIZE.fullmatch(size)]
    for config in keys.get("configs", []):
        if not config.get("config_name") or not all({"split", "path"} <= set(one) for one in config.get("data_files", [])):
            wrong.append(f"configs: {config}")
    names = [config["config_name"] for config in keys.get("configs", [])]
    wrong += ["two configs of one name"] if len(set(names)) != len(names) else []
    for entry in keys.get("train-eval-index", []):
        if not {"config", "task", "task_id", "splits", "col_mapping"} <= set(entry):
            wrong.append(f"train-eval-index: {entry}")
    return wrong


@dataclass
class Repo:
    """A dataset: the files of its newest version, every version by commit, and its tags."""

    files: dict[str, bytes] = field(default_factory=dict)
    sha: str = hashlib.sha1(b"nothing").hexdigest()
    versions: dict[str, dict[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    pulls: int = 0
    private: bool = False

    def at(self, revision: str) -> dict[str, bytes] | None:
        """Return the files of a branch, tag or commit, None where there is none."""
        return self.files if revision in ("main", self.sha) else self.versions.get(self.tags.get(revision, revision))


@dataclass
class Hub:
    """The server's state. `sent`: sizes of blobs that were uploaded, by hash; `break_after`: refuse uploads after so many; `busy`: answers 429 so often."""

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    gated: set[str] = field(default_factory=set)
    break_after: int | None = None
    busy: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def entry(path: str, data: bytes) -> dict[str, Any]:
    """Return a file as the Hub lists it; Parquet lies in large-file storage."""
    found: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": git_id(data)}
    if path.endswith(".parquet"):
        found["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
    return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # with it each answer on a kept connection waits 40 ms for the client's acknowledgement
    wbufsize = -1  # head and body in one packet
    hub: Hub

    def log_message(self, *_: Any) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, code: int, value: Any = b"", **headers: str) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(code)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _missing(self, code: str, status: int = 404) -> None:
        self._answer(status, {"error": code}, X_Error_Code=code, X_Error_Message=code)

    def _any(self) -> None:
        where, body = urlsplit(self.path), self._body()
        path, query = unquote(where.path), parse_qs(where.query)
        with self.hub.lock:
            self.hub.asked.append(f"{self.command} {path}")
            self._route(path, query, body)

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _any

    def _route(self, path: str, query: dict[str, list[str]], body: bytes) -> None:
        writes = self.command in ("POST", "PUT") and not path.startswith("/_blob/") and "validate-yaml" not in path and "paths-info" not in path
        token = self.headers.get("Authorization", "")
        if (writes or path == "/api/whoami-v2") and token != f"Bearer {TOKEN}":
            self._answer(401, {"error": "Invalid credentials"}, X_Error_Message="Invalid credentials in Authorization header")
        elif writes and self.hub.busy > 0 and ("/commit/" in path or "repos/create" in path):
            self.hub.busy -= 1
            self._answer(429, {"error": "slow down"}, Retry_After="0")
        elif path == "/api/whoami-v2":
            self._answer(200, {"name": "me", "type": "user", "orgs": [{"name": "org"}], "auth": {"type": "access_token", "accessToken": {"role": "write"}}})
        elif path == "/api/repos/create":
            self._create(json.loads(body))
        elif path == "/api/validate-yaml":
            wrong = faults_of(json.loads(body)["content"])
            self._answer(400, "; ".join(wrong).encode()) if wrong else self._answer(200, {"errors": [], "warnings": []})
        elif path.startswith("/_blob/"):
            self._blob(path.rpartition("/")[2], body)
        elif found := re.match(r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            self._batch(json.loads(body))
        elif found := re.match(r"/api/datasets/([^/]+/[^/]+)(?:/(.*))?$", path):
            self._api(found[1], found[2] or "", query, body)
        elif found := re.match(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.*)", path):
            self._resolve(*found.groups())
        else:
            self._missing("RouteNotFound")

    def _create(self, asked: dict[str, Any]) -> None:
        owner = asked.get("organization") or "me"
        if owner not in ("me", "org"):
            self._answer(403, {"error": "forbidden"}, X_Error_Message=f"You don't have the rights to create a dataset under the namespace {owner}")
            return
        name = f"{owner}/{asked['name']}"
        code = 409 if name in self.hub.repos else 200
        self.hub.repos.setdefault(name, Repo(private=bool(asked.get("private"))))
        self._answer(code, {"url": f"{self.hub.url}/datasets/{name}", "name": name, "id": name})

    def _blob(self, oid: str, body: bytes) -> None:
        if self.hub.break_after is not None and len(self.hub.sent) >= self.hub.break_after:
            self._answer(400, {"error": "storage broke down"})
            return
        self.hub.blobs[oid] = body
        self.hub.sent.append(oid)
        self._answer(200)

    def _batch(self, asked: dict[str, Any]) -> None:
        def one(item: dict[str, Any]) -> dict[str, Any]:
            known = item["oid"] in self.hub.blobs
            return {**item, **({} if known else {"actions": {"upload": {"href": f"{self.hub.url}/_blob/{item['oid']}", "header": {}}}})}

        self._answer(200, {"transfer": "basic", "objects": [one(item) for item in asked["objects"]]})

    def _api(self, name: str, rest: str, query: dict[str, list[str]], body: bytes) -> None:
        repo = self.hub.repos.get(name)
        if name in self.hub.gated and self.headers.get("Authorization", "") != f"Bearer {TOKEN}":
            self._missing("GatedRepo", 403)
            return
        if repo is None:
            self._missing("RepoNotFound")
            return
        what, _, more = rest.partition("/")
        revision, _, inside = more.partition("/")
        if what in ("", "revision", "tree", "paths-info") and repo.at(revision or "main") is None:
            self._missing("RevisionNotFound")
        elif what in ("", "revision"):
            files = repo.at(revision or "main") or {}
            sha = repo.sha if revision in ("", "main") else repo.tags.get(revision, revision)
            self._answer(
                200,
                {
                    "id": name,
                    "_id": "1",
                    "sha": sha,
                    "private": repo.private,
                    "tags": [],
                    "siblings": [{"rfilename": f} for f in sorted(files)],
                    "gated": False,
                    "disabled": False,
                    "downloads": 0,
                    "likes": 0,
                },
            )
        elif what == "preupload":
            asked = json.loads(body)["files"]
            mode = {True: "lfs", False: "regular"}
            self._answer(
                200,
                {
                    "files": [
                        {
                            "path": f["path"],
                            "uploadMode": mode[f["path"].endswith(".parquet")],
                            "shouldIgnore": False,
                            "oid": git_id(repo.files[f["path"]]) if f["path"] in repo.files else None,
                        }
                        for f in asked
                    ]
                },
            )
        elif what == "commit":
            self._commit(name, repo, body, "create_pr" in query)
        elif what == "tree":
            self._tree(repo.at(revision) or {}, inside.rstrip("/"), query.get("recursive", ["0"])[0] in ("1", "True", "true"))
        elif what == "paths-info":
            form = json.loads(body) if body.startswith(b"{") else parse_qs(body.decode())
            files = repo.at(revision) or {}
            found = [entry(p, files[p]) for p in form.get("paths", []) if p in files]
            folders = [
                {"type": "directory", "path": p, "size": 0, "oid": git_id(p.encode())}
                for p in form.get("paths", [])
                if any(f.startswith(p.rstrip("/") + "/") for f in files)
            ]
            self._answer(200, found + folders)
        elif what == "refs":
            self._answer(
                200,
                {
                    "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": repo.sha}],
                    "tags": [{"name": t, "ref": f"refs/tags/{t}", "targetCommit": s} for t, s in repo.tags.items()],
                    "converts": [],
                    "pullRequests": [],
                },
            )
        elif what == "tag":
            tag = json.loads(body)["tag"]
            code = 409 if tag in repo.tags else 200
            repo.tags.setdefault(tag, repo.sha)
            self._answer(code, {} if code == 200 else {"error": "tag exists"})
        else:
            self._missing("RouteNotFound")

    def _commit(self, name: str, repo: Repo, body: bytes, pull: bool) -> None:
        files = dict(repo.files)
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif line["key"] == "deletedFile":
                files.pop(value["path"], None)
        sha = hashlib.sha1(repr(sorted((path, git_id(data)) for path, data in files.items())).encode() + repo.sha.encode()).hexdigest()
        answer = {"commitUrl": f"{self.hub.url}/datasets/{name}/commit/{sha}", "commitOid": sha, "success": True}
        repo.versions[sha] = files
        if pull:
            repo.pulls += 1
            answer |= {"pullRequestUrl": f"{self.hub.url}/datasets/{name}/discussions/{repo.pulls}"}
        else:
            repo.files, repo.sha = files, sha
        self._answer(200, answer)

    def _tree(self, files: dict[str, bytes], inside: str, recursive: bool) -> None:
        found: dict[str, Any] = {}
        for path, data in sorted(files.items()):
            if inside and not path.startswith(inside + "/"):
                continue
            below = path[len(inside) + 1 :] if inside else path
            if "/" in below:
                folder = (inside + "/" if inside else "") + below.split("/")[0]
                found.setdefault(folder, {"type": "directory", "path": folder, "size": 0, "oid": git_id(folder.encode())})
                if not recursive:
                    continue
            found[path] = entry(path, data)
        self._missing("EntryNotFound") if inside and not found else self._answer(200, list(found.values()))

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self.hub.repos.get(name)
        files = repo.at(revision) if repo else None
        if repo is None or files is None or path not in files:
            self._missing("RepoNotFound" if repo is None else "RevisionNotFound" if files is None else "EntryNotFound")
            return
        data = files[path]
        sha = repo.sha if revision == "main" else repo.tags.get(revision, revision)
        headers = {"ETag": f'"{git_id(data)}"', "X_Repo_Commit": sha, "Accept_Ranges": "bytes"}
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted and self.command == "GET":
            first, last = int(wanted[1]), min(int(wanted[2] or len(data) - 1), len(data) - 1)
            self._answer(206, data[first : last + 1], Content_Range=f"bytes {first}-{last}/{len(data)}", **headers)
        else:
            self._answer(200, data, **headers)


@contextmanager
def running() -> Iterator[Hub]:
    """Run a Hub on a free port of this machine."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def signed_in(monkeypatch: Any, hub: Hub) -> None:
    """Let the client in this process ask `hub`, with the good token."""
    import huggingface_hub.constants

    for name, value in {"ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": True, "HF_HUB_OFFLINE": False}.items():
        monkeypatch.setattr(huggingface_hub.constants, name, value)
    monkeypatch.setenv("HF_TOKEN", TOKEN)

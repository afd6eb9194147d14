"""Finished folders on a shared place that fsspec knows: file:///mnt/shared, s3://bucket/study, memory://, ... The only file that knows fsspec.

A folder (a built task, a finished run) goes up file by file, each under a temporary name first, and last of all its list of files with
their SHA-256. Only a folder with its list counts; where it is replaced the old list goes first. So whoever dies in the middle leaves a
folder that nobody takes for whole. It comes down into a folder beside its place, is summed, and then put there.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from corpora.bounded import parse_json
from corpora.config import ConfigError
from corpora.parts import part_of
from corpora.shards import file_sha256

LIST = "whole.json"  # {"files": {name: sha256}}: written last
TRIES = 4  # of one transfer, with a pause that doubles: networks fail for seconds
PAUSE = 1.0
T = TypeVar("T")


class Remote:
    """A place at `url`; folders have names with slashes, "data/mini/nli.en". Raises ConfigError for a URL that nothing is installed for."""

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url
        try:
            self.fs, base = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as err:
            what = "'.[s3]'" if url.startswith("s3:") else "the fsspec backend that it names"
            raise ConfigError(f"OUT={safe(url)}: {err}; install {what}, or write file:///FOLDER or s3://BUCKET/FOLDER") from None
        self.base = base.rstrip("/")

    def list_of(self, name: str) -> dict[str, str] | None:
        """Return the files of a whole folder, path -> SHA-256; None where there is none, or it is not whole."""
        path = self._path(name, LIST)
        text = self._do(f"look for {name}", lambda: self.fs.cat_file(path).decode("utf-8") if self.fs.exists(path) else "")
        try:
            files = parse_json(text)["files"] if text else None
            return {str(key): str(value) for key, value in files.items()} if files is not None else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def read(self, name: str, file: str) -> str:
        """Return one file of a folder as text."""
        return self._do(f"read {name}/{file}", lambda: str(self.fs.cat_file(self._path(name, file)).decode("utf-8")))

    def put(self, folder: Path, name: str, only: Sequence[str] = ()) -> bool:
        """Bring a finished folder up under `name` (`only` these files of it); False = it is there already, file for file."""
        paths = [folder / file for file in only] or [path for path in sorted(folder.rglob("*")) if path.is_file()]
        files = {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}
        there = self.list_of(name)
        if there == files:
            return False
        if there is not None:
            self._do(f"replace {name}", lambda: self.fs.rm_file(self._path(name, LIST)))
        for file in files:
            self._send(f"write {name}/{file}", (folder / file).read_bytes, self._path(name, file))
        text = json.dumps({"files": files}, indent=1, sort_keys=True)
        self._send(f"write {name}/{LIST}", lambda: text.encode("utf-8"), self._path(name, LIST))
        for gone in sorted((there or {}).keys() - files.keys()):
            self._do(f"clear {name}/{gone}", functools.partial(self.fs.rm_file, self._path(name, gone)))
        return True

    def get(self, name: str, folder: Path) -> bool:
        """Bring a whole folder down into `folder` (which is replaced); False where there is none. Raises ConfigError for files that are not as their sums say."""
        files = self.list_of(name)
        if files is None:
            return False
        part = part_of(folder)
        shutil.rmtree(part, ignore_errors=True)
        try:
            for file, wanted in files.items():
                path = part / _inside(file, f"{safe(self.url)}/{name}")
                path.parent.mkdir(parents=True, exist_ok=True)
                self._do(f"read {name}/{file}", functools.partial(self.fs.get_file, self._path(name, file), str(path)))
                if file_sha256(path) != wanted:
                    raise ConfigError(f"{safe(self.url)}/{name}/{file}: not the file that its list tells of; delete {LIST} there, and it is written anew")
            shutil.rmtree(folder, ignore_errors=True)
            part.replace(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return True

    def _send(self, what: str, content: Callable[[], bytes], path: str) -> None:
        """Write a file under a temporary name and move it: on a disk a file that has its own name is then whole (object stores write whole objects anyway)."""
        aside = str(PurePosixPath(path).with_name(f".{PurePosixPath(path).name}.{os.getpid()}.part"))

        def send() -> None:
            self.fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
            self.fs.pipe_file(aside, content())
            self.fs.mv(aside, path)

        self._do(what, send)

    def _path(self, name: str, file: str) -> str:
        return f"{self.base}/{name}/{file}"

    def _do(self, what: str, action: Callable[[], T]) -> T:
        for number in range(TRIES):
            try:
                return action()
            except Exception as err:  # each backend raises its own
                if number + 1 == TRIES or isinstance(err, PermissionError):
                    why = " ".join(str(err).split())[:200]
                    raise ConfigError(
                        f"OUT={safe(self.url)}: could not {what} ({type(err).__name__}: {why}); what is finished here is kept: run again"
                    ) from None
            time.sleep(PAUSE * 2**number)
        raise AssertionError("not reached")


def _inside(file: str, where: str) -> PurePosixPath:
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ConfigError(f"{where}: its list names {file!r}, which would lie outside of the folder")
    return path


def safe(url: str) -> str:
    """Return a URL without what stands before an @: keys must not get into messages."""
    scheme, sign, rest = url.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}"


def remote_of(given: str) -> Remote | None:
    """Return the place that is asked for: `given`, else the environment's OUT; None where there is none."""
    url = given or os.environ.get("OUT", "")
    if url and "://" not in url:
        raise ConfigError(f"OUT={url!r}: write a URL, e.g. file://{Path(url).resolve()} or s3://BUCKET/FOLDER")
    return Remote(url) if url else None

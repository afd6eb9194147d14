"""Files that are whole or absent (HOUSE contract 2), and Parquet tables of records."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpora.config import ConfigError
from corpora.records import Kind, Record, from_row, to_row

KEY = b"fihu.key"  # Parquet metadata: the hash of everything that decides the shard's content


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path`; on success it is synced and renamed to `path`, on any error it is removed.

    A file that exists under its own name is therefore complete, whenever the process was killed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as err:
        part.unlink(missing_ok=True)
        raise ConfigError(
            f"{path}: could not be written ({err.strerror or err}); nothing was left half-written. Free space or choose another folder, then run the same command again"
        ) from err
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with whole(path) as file:
        file.write(text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys, whole or not at all."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def digest(value: Any) -> str:
    """Return 16 hex digits that depend on `value` (anything JSON can hold) and nothing else."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8")).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: Path) -> str:
    """Return a file's SHA-256, summed once a process as long as its size and time of change stay."""
    stat = path.stat()
    return _known_sha256(path, stat.st_size, stat.st_mtime_ns)


@functools.cache
def _known_sha256(path: Path, size: int, changed: int) -> str:
    del size, changed  # part of the cache key: a file that changed is summed again
    return file_sha256(path)


_COMMON: list[tuple[str, pa.DataType]] = [
    ("id", pa.string()), ("source_id", pa.string()), ("origin", pa.string()), ("corpus", pa.string()),
    ("document", pa.string()), ("licence", pa.string()), ("publishable", pa.string()), ("genre", pa.string()), ("year", pa.string()), ("subtype", pa.string()),
]  # fmt: skip
_OWN: dict[Kind, list[tuple[str, pa.DataType]]] = {
    "pair": [("premise", pa.string()), ("hypothesis", pa.string()), ("label", pa.string())],
    "span": [
        ("title", pa.string()), ("context", pa.string()), ("question", pa.string()),
        ("answers", pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])),
    ],
    "choice": [("context", pa.string()), ("endings", pa.list_(pa.string())), ("label", pa.int32())],
    "tags": [("tokens", pa.list_(pa.string())), ("tags", pa.list_(pa.string()))],
    "text": [("text", pa.string())],
}  # fmt: skip


def schema(kind: Kind, filters: Sequence[str], excluded: bool = False) -> pa.Schema:
    """Return the Arrow schema of a task; `scores` has one double per filter. Excluded rows add stage, reason, value."""
    fields = [*_OWN[kind], *_COMMON, ("scores", pa.struct([(name, pa.float64()) for name in filters] or [("none", pa.float64())]))]
    if excluded:
        fields += [("stage", pa.string()), ("reason", pa.string()), ("value", pa.float64())]
    return pa.schema([pa.field(name, dtype) for name, dtype in fields])


def write_rows(path: Path, rows: Iterable[dict[str, Any]], shape: pa.Schema, key: str = "") -> None:
    """Write rows as one Parquet file, whole or not at all, with `key` in its metadata; same rows, same bytes."""
    table = pa.Table.from_pylist(list(rows), schema=shape.with_metadata({KEY: key.encode()}) if key else shape)
    with whole(path) as file:
        pq.write_table(table, file, compression="zstd", write_page_index=True)


def write_records(path: Path, records: Iterable[Record], kind: Kind, filters: Sequence[str], key: str = "") -> None:
    """Write records of one kind as one Parquet file."""
    write_rows(path, map(to_row, records), schema(kind, filters), key)


def read_key(path: Path) -> str:
    """Return the key of a shard, or '' where there is none or the file is unreadable."""
    try:
        metadata: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
        return metadata.get(KEY, b"").decode()
    except (OSError, pa.ArrowInvalid):
        return ""


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of one Parquet file. Raises ConfigError for a file that is not one."""
    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    except (OSError, pa.ArrowInvalid) as err:
        raise ConfigError(f"{path}: not a readable Parquet file ({err}); delete it and run `make data` again") from None


def read_records(paths: Iterable[Path], kind: Kind) -> list[Record]:
    """Return the records of Parquet files, in file order; every row checks itself again."""
    return [from_row(kind, row) for path in paths for row in read_rows(path)]

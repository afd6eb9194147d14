"""Files that are whole or absent (HOUSE contract 2), and Parquet tables of records."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpora.config import ConfigError
from corpora.parts import part_of
from corpora.records import Kind, Record, from_row, to_row

SUM = b"fihu.sum"  # Parquet metadata: the SHA-256 of what the file was to hold
KEY = b"fihu.key"  # Parquet metadata: the hash of everything that decides the shard's content


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path`; on success it is synced and renamed to `path`, on any error it is removed.

    A file that exists under its own name is therefore complete, whenever the process was killed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
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


def append_line(path: Path, line: str) -> None:
    """Add one line to a log. Raises ConfigError where that cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as err:
        raise ConfigError(
            f"{path}: could not be written ({err.strerror or err}). Free space or choose another folder, then run the same command again"
        ) from err


def require_writable(folder: Path) -> None:
    """Write and delete a file in `folder`, making the folder where it is not there: a read-only place is told before hours of work. Raises ConfigError."""
    probe = part_of(folder / "writable")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"1")
        probe.unlink()
    except OSError as err:
        raise ConfigError(
            f"{folder}: nothing can be written there ({err.strerror or err}); free space, mend its permissions, or name another folder (--root)"
        ) from err


def digest(value: Any) -> str:
    """Return 16 hex digits that depend on `value` (anything JSON can hold) and nothing else."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8")).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: Path) -> str:
    """Return a file's SHA-256, summed once a process as long as its size and time of change stay. Raises ConfigError for a file that cannot be read."""
    try:
        stat = path.stat()
        return _known_sha256(path, stat.st_size, stat.st_mtime_ns)
    except OSError as err:
        raise ConfigError(f"{path}: cannot be read ({err.strerror or err}); fetch or copy it again") from None


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


def write_sealed(path: Path, columns: Mapping[str, Sequence[str]], metadata: Mapping[bytes, bytes]) -> None:
    """Write columns of text as one Parquet file, whole or not at all, with the SHA-256 of all they hold and of the metadata."""
    seal = {SUM: _seal(columns, metadata)}
    table = pa.table(dict(columns), schema=pa.schema([(name, pa.string()) for name in columns], metadata={**metadata, **seal}))
    with whole(path) as file:
        pq.write_table(table, file, compression="zstd")


def read_sealed(path: Path, key: str) -> tuple[dict[str, list[str]], dict[bytes, bytes]] | None:
    """Return columns and metadata of a file of `write_sealed`; None where it is absent, of another key, or broken, which is said: it is then made again."""
    if read_key(path) != key:
        return None
    try:
        table = pq.read_table(path)
        columns = {name: table[name].to_pylist() for name in table.column_names}
        metadata = dict(table.schema.metadata)
        if metadata.get(SUM) in (None, _seal(columns, {name: value for name, value in metadata.items() if name != SUM})):  # None: of an older version
            return columns, metadata
        why = "its sum is not the one that was written with it"
    except (OSError, pa.ArrowException, ValueError, KeyError, TypeError, MemoryError) as err:  # what a bit that flipped in a header leads to
        why = " ".join(str(err).split())[:120]
    print(f"{path}: broken ({why}); it is made again", file=sys.stderr, flush=True)
    return None


def _seal(columns: Mapping[str, Sequence[str]], metadata: Mapping[bytes, bytes]) -> bytes:
    total = hashlib.sha256()
    for name, value in sorted(metadata.items()):
        if not name.startswith(b"ARROW:"):
            total.update(name + b"\0" + value + b"\0")
    for column, values in sorted(columns.items()):
        total.update(f"{column} {len(values)}\0".encode())
        for text in values:
            total.update(text.encode("utf-8") + b"\0")
    return total.hexdigest().encode()


def read_key(path: Path) -> str:
    """Return the key of a shard, or '' where there is none or the file is unreadable."""
    try:
        metadata: dict[bytes, bytes] = pq.read_schema(path).metadata or {}
        return metadata.get(KEY, b"").decode()
    except (OSError, pa.ArrowException, ValueError, MemoryError):
        return ""


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of one Parquet file. Raises ConfigError for a file that is not one."""
    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return rows
    except (OSError, pa.ArrowException, ValueError, MemoryError) as err:
        raise ConfigError(f"{path}: not a readable Parquet file ({err}); delete it and run `make data` again") from None


def read_records(paths: Iterable[Path], kind: Kind) -> list[Record]:
    """Return the records of Parquet files, in file order; every row checks itself again. Raises ConfigError for a file of other rows or a broken one."""
    records: list[Record] = []
    for path in paths:
        try:
            records += [from_row(kind, row) for row in read_rows(path)]
        except (ValueError, TypeError, KeyError, AttributeError) as err:  # RecordError is a ValueError
            raise ConfigError(f"{path}: no rows of kind {kind!r} ({err}); delete its folder and run `make data` again") from None
    return records

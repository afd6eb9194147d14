"""Looks for words that must be nowhere in what a study leaves: the Hub's token, the home folder, the machine's name."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path


def found(root: Path, words: Sequence[str]) -> list[str]:
    """Return 'FILE: word' for every file under `root` that holds one of `words`, Parquet, gzip and SQLite unpacked."""
    return [f"{path.relative_to(root)}: {word}" for path in sorted(root.rglob("*")) if path.is_file() for word in words if _holds(path, word)]


def _holds(path: Path, word: str) -> bool:
    return word in path.name or any(word.encode("utf-8") in content for content in _contents(path))


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            yield file.read()
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        yield repr(table.schema.metadata).encode("utf-8")
        yield repr(table.to_pylist()).encode("utf-8")
    if path.suffix == ".sqlite":
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
            yield "\n".join(base.iterdump()).encode("utf-8", "replace")

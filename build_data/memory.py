"""Translation memory: what a model made of a sentence, on disk, so that no sentence is decoded twice.

SQLite in WAL mode: a commit is atomic, so `kill -9` costs at most the call in work. Processes may share the file, each with its
own Memory (SQLite lets one write at a time, the others wait). A row's key holds model, decode settings and sentence.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from build_data.translate import Translated
from corpora.config import ConfigError

WAIT = 120.0  # seconds a writer waits for another; a commit of 10,000 rows takes well under one
CHUNK = 500  # keys a query; SQLite's oldest limit is 999
TABLE = """CREATE TABLE IF NOT EXISTS done
    (key BLOB PRIMARY KEY, text TEXT NOT NULL, score REAL NOT NULL, flags TEXT NOT NULL, links TEXT NOT NULL) WITHOUT ROWID"""


class Decoder(Protocol):
    """What a memory needs of a translator."""

    fingerprint: str

    def translate(self, texts: Sequence[str]) -> list[Translated]: ...


class Memory:
    """A translation memory; `path` None keeps it in this process only."""

    def __init__(self, path: Path | None = None) -> None:
        self.counts: Counter[str] = Counter()  # asked (with repeats), found, decoded
        self.path = path
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path or ":memory:", timeout=WAIT, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last commits, never the file
            self._base.execute(TABLE)
        except (sqlite3.Error, OSError) as err:
            raise ConfigError(f"{path}: not usable as translation memory ({err}); delete the file, or name another place for it") from None

    def translate(self, translator: Decoder, texts: Sequence[str]) -> list[Translated]:
        """Return the translations of `texts`: those known are read, the others decoded together and stored in one commit."""
        unique = {text: _key(translator.fingerprint, text) for text in texts}
        known = self._read(list(unique.values()))
        missing = [text for text, key in unique.items() if key not in known]
        made = dict(zip(missing, translator.translate(missing), strict=True)) if missing else {}
        self._write((unique[text], result) for text, result in made.items())
        self.counts.update(asked=len(texts), found=len(unique) - len(missing), decoded=len(missing))
        return [made[text] if text in made else known[unique[text]] for text in texts]

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Translated]:
        out: dict[bytes, Translated] = {}
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            rows = self._base.execute(f"SELECT key, text, score, flags, links FROM done WHERE key IN ({','.join('?' * len(some))})", some)
            for key, text, score, flags, links in rows:
                out[key] = Translated(text, score, tuple(json.loads(flags)), tuple((s, t, w) for s, t, w in json.loads(links)))
        return out

    def _write(self, rows: Iterable[tuple[bytes, Translated]]) -> None:
        packed = [(key, r.text, r.score, json.dumps(r.flags), json.dumps(r.links, separators=(",", ":"))) for key, r in rows]
        if not packed:
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany("INSERT OR IGNORE INTO done VALUES (?, ?, ?, ?, ?)", packed)
            self._base.execute("COMMIT")
        except sqlite3.Error as err:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise ConfigError(f"{self.path}: the translation memory could not be written ({err}); free space or move it, then run again") from None

    def close(self) -> None:
        """Close the file (its write-ahead log is folded in)."""
        self._base.close()

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass")).digest()

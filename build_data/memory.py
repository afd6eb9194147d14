"""Translation memory: what a model made of a sentence, on disk, so that no sentence of a whole build is decoded twice.

SQLite in WAL mode: a commit is atomic, so `kill -9` costs at most what was not yet committed (COMMIT sentences). Processes may share the file,
each with its own Memory (any number read while one writes; a second writer waits). A row's key holds model, decode settings and text.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from build_data.mt_align import Link
from build_data.translate import Translated, batched
from corpora.config import ConfigError

FORMAT = 2  # of the tables; a file of another format is refused by name
WAIT = 120.0  # seconds a writer waits for another; a commit takes well under one
CHUNK = 500  # keys a query; SQLite's oldest limit is 999
COMMIT = 1000  # translations a commit: what kill -9 can cost
TABLES = """
CREATE TABLE IF NOT EXISTS done (key BLOB PRIMARY KEY, text TEXT NOT NULL, score REAL NOT NULL, flags TEXT NOT NULL, rung TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (key BLOB PRIMARY KEY, links TEXT NOT NULL) WITHOUT ROWID;
"""
Row = TypeVar("Row")


class Decoder(Protocol):
    """What a memory needs of a translator."""

    fingerprint: str

    def translate(self, texts: Sequence[str]) -> list[Translated]: ...


class Flow(Protocol):
    """A decoder that takes any number of distinct texts and gives them back as they get ready."""

    fingerprint: str

    def stream(self, texts: Iterable[str]) -> Iterator[tuple[str, Translated]]: ...


class Linker(Protocol):
    """What links the words of a sentence and its translation: a translator's attention, or an encoder's embeddings."""

    @property
    def fingerprint(self) -> str: ...

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]: ...


class Memory:
    """A translation memory; `path` None keeps it in this process only."""

    def __init__(self, path: Path | None = None) -> None:
        self.counts: Counter[str] = Counter()  # asked (with repeats), found, decoded, linked
        self.path = path
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path or ":memory:", timeout=WAIT, isolation_level=None)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last commits, never the file
            self._prepare()
        except (sqlite3.Error, OSError) as err:
            raise ConfigError(f"{path}: not usable as translation memory ({err}); delete the file, or name another place for it") from None

    def _prepare(self) -> None:
        found = self._base.execute("PRAGMA user_version").fetchone()[0]
        old = found != FORMAT and self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if old:
            raise sqlite3.DatabaseError(f"format {found}, this version writes format {FORMAT}")
        self._base.executescript(TABLES)
        if found != FORMAT:  # written at each opening it would cost every build a checkpoint
            self._base.execute(f"PRAGMA user_version = {FORMAT}")

    def translate(self, translator: Decoder, texts: Sequence[str]) -> list[Translated]:
        """Return the translations of `texts`: those known are read, the others decoded together and stored."""
        unique = {text: _key(translator.fingerprint, text) for text in texts}
        known = self._read(list(unique.values()))
        missing = [text for text, key in unique.items() if key not in known]
        made = dict(zip(missing, translator.translate(missing), strict=True)) if missing else {}
        self._write((unique[text], result) for text, result in made.items())
        self.counts.update(asked=len(texts), found=len(unique) - len(missing), decoded=len(missing))
        return [made[text] if text in made else known[unique[text]] for text in texts]

    def unknown(self, fingerprint: str, texts: Iterable[str]) -> list[str]:
        """Return the distinct `texts` that have no translation here yet, in order."""
        unique = {text: _key(fingerprint, text) for text in texts}
        known = self._known(list(unique.values()))
        return [text for text, key in unique.items() if key not in known]

    def learn(self, fingerprint: str, made: Iterable[tuple[str, Translated]]) -> None:
        """Store translations that were made elsewhere, in one transaction; what is here already stays as it is."""
        self._write((_key(fingerprint, text), result) for text, result in made)

    def fill(self, translator: Flow, texts: Iterable[str], progress: Callable[[int, int], None] = lambda known, decoded: None) -> None:
        """Make sure that every one of `texts` is in the memory. They may repeat and be any number: neither they nor their translations are held.

        Commits every COMMIT translations, and every few seconds. `progress(known so far, decoded so far)` is told then.
        """
        counts: Counter[str] = Counter()
        waiting: dict[str, bytes] = {}  # on its way through the translator
        made: list[tuple[bytes, Translated]] = []
        last = time.monotonic()
        for text, result in translator.stream(self._missing(translator.fingerprint, texts, waiting, counts)):
            made.append((waiting[text], result))
            counts["decoded"] += 1
            if len(made) >= COMMIT or time.monotonic() - last > 5:
                self._commit(made, waiting)
                last = time.monotonic()
                progress(counts["found"], counts["decoded"])
        self._commit(made, waiting)
        progress(counts["found"], counts["decoded"])
        self.counts.update(counts)

    def _missing(self, fingerprint: str, texts: Iterable[str], waiting: dict[str, bytes], counts: Counter[str]) -> Iterator[str]:
        """Yield the texts that neither the memory knows nor the translator has at work."""
        for chunk in batched(texts, CHUNK):
            counts["asked"] += len(chunk)
            unique = {text: _key(fingerprint, text) for text in chunk if text not in waiting}
            known = self._known(list(unique.values()))
            counts["found"] += len(known)
            # One after the other: while the translator takes its time over a text, others of this chunk may have come back already.
            fresh = [(text, key) for text, key in unique.items() if key not in known]
            waiting.update(fresh)
            yield from (text for text, _ in fresh)

    def _commit(self, made: list[tuple[bytes, Translated]], waiting: dict[str, bytes]) -> None:
        self._write(made)
        keys = {key for key, _ in made}
        for text in [text for text, key in waiting.items() if key in keys]:
            del waiting[text]
        made.clear()

    def align(self, linker: Linker, pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]:
        """Return the word links of (sentence, translation) pairs: those known are read, the others found together and stored."""
        unique = {pair: _key(linker.fingerprint, "\0".join(pair)) for pair in pairs}
        known = dict(self._rows("SELECT key, links FROM links WHERE key IN", list(unique.values()), _read_links))
        missing = [pair for pair, key in unique.items() if key not in known]
        made = dict(zip(missing, linker.align(missing), strict=True)) if missing else {}
        self._insert("INSERT OR IGNORE INTO links VALUES (?, ?)", [(unique[pair], json.dumps(found, separators=(",", ":"))) for pair, found in made.items()])
        self.counts.update(linked=len(missing))
        return [made[pair] if pair in made else known[unique[pair]] for pair in pairs]

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Translated]:
        def translated(row: tuple[bytes, str, float, str, str]) -> tuple[bytes, Translated]:
            key, text, score, flags, rung = row
            return key, Translated(text, score, tuple(flags.split()), rung)

        return dict(self._rows("SELECT key, text, score, flags, rung FROM done WHERE key IN", keys, translated))

    def _known(self, keys: Sequence[bytes]) -> set[bytes]:
        def key(row: tuple[bytes]) -> bytes:
            return row[0]

        return set(self._rows("SELECT key FROM done WHERE key IN", keys, key))

    def _rows(self, query: str, keys: Sequence[bytes], read: Callable[..., Row]) -> Iterator[Row]:
        for some in batched(keys, CHUNK):
            try:
                found = [read(row) for row in self._base.execute(f"{query} ({','.join('?' * len(some))})", some)]
            except (sqlite3.Error, ValueError, TypeError, AttributeError) as err:  # a damaged page, or a row that is not ours
                raise ConfigError(f"{self.path}: the translation memory cannot be read ({err}); delete the file (it only saves time) and run again") from None
            yield from found

    def _write(self, rows: Iterable[tuple[bytes, Translated]]) -> None:
        packed = [(key, r.text, r.score, " ".join(r.flags), r.rung) for key, r in rows]
        self._insert("INSERT OR IGNORE INTO done VALUES (?, ?, ?, ?, ?)", packed)

    def _insert(self, query: str, rows: Sequence[tuple[object, ...]]) -> None:
        if not rows:
            return
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.executemany(query, rows)
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


def _read_links(row: tuple[bytes, str]) -> tuple[bytes, tuple[Link, ...]]:
    return row[0], tuple((s, t, w) for s, t, w in json.loads(row[1]))


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass")).digest()[:16]

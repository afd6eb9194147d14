"""A small on-disk map from keys to parses: one SQLite file in WAL mode, which several processes may share."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpora.config import ConfigError

LOOK = 500  # keys a query; SQLite's oldest limit on variables is 999


class Cache:
    """Keys are 16 bytes, values are texts (kept compressed). Opened at first use, and anew in a forked or spawned process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._owner = 0
        self._open: sqlite3.Connection | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_owner": 0, "_open": None}  # a connection never crosses to another process

    def get(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Return what is known of `keys`. Raises ConfigError for a file that is no cache."""
        found: dict[bytes, str] = {}
        try:
            for at in range(0, len(keys), LOOK):
                part = keys[at : at + LOOK]
                rows = self._connection().execute(f"SELECT key, value FROM parses WHERE key IN ({','.join('?' * len(part))})", part)
                found.update((key, zlib.decompress(value).decode("utf-8")) for key, value in rows)
        except (sqlite3.DatabaseError, zlib.error) as err:
            raise self._broken(err) from None
        return found

    def put(self, values: Mapping[bytes, str]) -> None:
        """Store values in one transaction; of two writers of one key the first stays."""
        rows = [(key, zlib.compress(value.encode("utf-8"), 1)) for key, value in values.items()]
        try:
            with self._connection() as connection:
                connection.executemany("INSERT OR IGNORE INTO parses VALUES (?, ?)", rows)
        except sqlite3.DatabaseError as err:
            raise self._broken(err) from None

    def _connection(self) -> sqlite3.Connection:
        if self._open is None or self._owner != os.getpid():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=60)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("CREATE TABLE IF NOT EXISTS parses (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
            self._open, self._owner = connection, os.getpid()
        return self._open

    def _broken(self, err: Exception) -> ConfigError:
        return ConfigError(
            f"{self.path}: the cache of parses cannot be used ({err}); free space if the disk is full, "
            "else delete the file (it only saves time) and run the same command again"
        )

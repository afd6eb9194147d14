"""A small on-disk map from keys to parses: one SQLite file in WAL mode, which several processes may share."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Mapping, Sequence

from build_data.shared_file import LOOK, SharedFile

TABLE = "CREATE TABLE IF NOT EXISTS layered (key BLOB PRIMARY KEY, layers INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID"
# A parse with more layers takes the place of one with fewer; of two with the same layers, or with different ones, the first stays.
PUT = """INSERT INTO layered VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET layers = excluded.layers, value = excluded.value
    WHERE (layers | excluded.layers) = excluded.layers AND layers != excluded.layers"""
Entry = tuple[int, str]  # (layers it holds, parse_types.LAYERS; the parse as text)


class Cache(SharedFile):
    """Keys are 16 bytes, values are texts (kept compressed). Opened at first use, and anew in a forked or spawned process."""

    what = "parses"
    setup = ("DROP TABLE IF EXISTS parses", TABLE)  # parses: the cache of version 1, which nobody can read any more

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Entry]:
        """Return what is known of `keys`. Raises ConfigError for a file that is no cache."""
        found: dict[bytes, Entry] = {}
        try:
            for at in range(0, len(keys), LOOK):
                part = keys[at : at + LOOK]
                rows = self.connection().execute(f"SELECT key, layers, value FROM layered WHERE key IN ({','.join('?' * len(part))})", part)
                found.update((key, (layers, zlib.decompress(value).decode("utf-8"))) for key, layers, value in rows)
        except (sqlite3.DatabaseError, zlib.error, TypeError, ValueError) as err:
            raise self.broken(err) from None
        return found

    def put(self, entries: Mapping[bytes, Entry]) -> None:
        """Store entries in one transaction; see PUT for what happens to those that are there."""
        rows = [(key, layers, zlib.compress(value.encode("utf-8"), 1)) for key, (layers, value) in entries.items()]
        try:
            with self.connection() as connection:
                connection.executemany(PUT, rows)
        except sqlite3.DatabaseError as err:
            raise self.broken(err) from None

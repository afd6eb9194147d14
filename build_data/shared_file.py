"""A SQLite file of findings that several processes may share, and that can be deleted at any time: it only saves work."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from corpora.config import ConfigError

LOOK = 500  # keys a query; SQLite's oldest limit on variables is 999


class SharedFile:
    """One file in WAL mode, opened at first use, and anew in a forked or spawned process. `setup` makes its tables; `what` it holds is told in errors."""

    what: str
    setup: tuple[str, ...]

    def __init__(self, path: Path) -> None:
        self.path = path
        self._owner = 0
        self._open: sqlite3.Connection | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_owner": 0, "_open": None}  # a connection never crosses to another process

    def connection(self) -> sqlite3.Connection:
        """Return this process's connection."""
        if self._open is None or self._owner != os.getpid():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=60)
            for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", *self.setup):
                connection.execute(statement)
            self._open, self._owner = connection, os.getpid()
        return self._open

    def broken(self, err: Exception) -> ConfigError:
        """Return the error that says what to do about a file that cannot be used."""
        return ConfigError(
            f"{self.path}: the cache of {self.what} cannot be used ({err}); free space if the disk is full, "
            "else delete the file (it only saves time) and run the same command again"
        )

"""Workers for the tests of the engines: they must be importable in another process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpora.config import ConfigError


class Squares:
    """Squares numbers; `poison` numbers kill the process, and a file in `once` does so one time only."""

    def __init__(self, poison: Sequence[int] = (), once: str = "") -> None:
        self.poison, self.once, self.calls = set(poison), once, 0

    def square(self, items: Sequence[int], context: Any) -> tuple[int, int, list[int]]:
        """Return (process, calls so far, squares)."""
        self.calls += 1
        if self.once and Path(self.once).exists():
            Path(self.once).unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        if self.poison & set(items):
            os.kill(os.getpid(), signal.SIGSEGV)
        if context:
            time.sleep(float(context))
        return os.getpid(), self.calls, [i * i for i in items]

    def variables(self, items: Sequence[str], context: Any) -> list[str | None]:
        """Return environment variables of the worker."""
        return [os.environ.get(name) for name in items]

    def refuse(self, items: Sequence[int], context: Any) -> None:
        raise ConfigError(f"no {items[0]} here; write another number")

    def fail(self, items: Sequence[int], context: Any) -> float:
        return items[0] / 0


def broken() -> Squares:
    raise ConfigError("no such model; name another")


POISON = "mini/en-nli:mini-nli-083-e"


def poisoned_builder(study: Any, root: str, blind: bool) -> Any:
    """A worker of the data stage that dies of one row."""
    from build_data.builder import Builder, ShardOrder
    from build_data.steps import Parts
    from corpora.records import Record

    class Poisoned(Builder):
        def rows(self, records: Sequence[Record], order: ShardOrder) -> Parts:
            if any(record.id == POISON for record in records):
                os.kill(os.getpid(), signal.SIGSEGV)
            return super().rows(records, order)

    return Poisoned(study, Path(root), blind)

"""Batches through one process or several, with a text that kills its batch found and set apart."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol

POOL_FROM = 10_000  # texts parsed in this process before others are started: each takes seconds to load, and most builds are small
FAULTS = (RuntimeError, ValueError, IndexError, KeyError, AssertionError, AttributeError, TypeError, MemoryError, BrokenProcessPool)


@dataclass(frozen=True, slots=True)
class Isolated:
    """A text that cannot be parsed even alone."""

    reason: str


class Worker(Protocol):
    def run(self, texts: Sequence[str], layers: int, split: bool) -> list[str]:
        """Return one result a text."""
        ...


class Batches(Protocol):
    """What runs batches for a parser: a Pool, or an engine's workers (crew.ParsePool)."""

    def run(self, batches: Sequence[list[str]], layers: int, split: bool) -> Iterator[tuple[list[str], list[str | Isolated]]]:
        """Yield batches, or parts of them, with one result a text."""
        ...

    def close(self) -> None: ...


_worker: Worker | None = None  # the one of this process, if it was started by a Pool


def _start(make: Callable[[], Worker]) -> None:
    global _worker
    _worker = make()


def _task(texts: Sequence[str], layers: int, split: bool) -> list[str]:
    assert _worker is not None
    return _worker.run(texts, layers, split)


class Pool:
    """Runs batches in this process, and with `threads` > 1 in that many others once POOL_FROM texts have come by.

    Results do not depend on how many there are: a worker's result depends on a text alone (see parse.py). The others live until
    `close`, or until this process ends.
    """

    def __init__(self, make: Callable[[], Worker], threads: int = 1) -> None:
        self.make, self.threads = make, threads
        self._seen = 0
        self._here: Worker | None = None
        self._others: ProcessPoolExecutor | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"make": self.make, "threads": self.threads, "_seen": 0, "_here": None, "_others": None}

    def run(self, batches: Sequence[list[str]], layers: int, split: bool) -> Iterator[tuple[list[str], list[str | Isolated]]]:
        """Yield each batch with one result a text, in order. Of a failing batch the halves are tried, down to one text."""
        self._seen += sum(map(len, batches))
        if not self._shared():
            for batch in batches:
                yield batch, self._split(batch, layers, split)
            return
        parts = [part for batch in batches for part in _shares(batch, self.threads if len(batches) < self.threads else 1)]
        ahead: deque[tuple[list[str], Future[list[str]] | None]] = deque()
        for part in parts:
            ahead.append((part, self._submit(part, layers, split)))
            if len(ahead) > 2 * self.threads:
                yield ahead[0][0], self._result(*ahead.popleft(), layers, split)
        while ahead:
            yield ahead[0][0], self._result(*ahead.popleft(), layers, split)

    def close(self) -> None:
        """End the other processes; the next batch starts new ones."""
        if self._others is not None:
            self._others.shutdown()
            self._others = None

    def _shared(self) -> bool:
        if self.threads < 2 or self._seen < POOL_FROM:
            return False
        import torch  # here, so that reading a cache does not load it

        return not torch.cuda.is_available()  # one process keeps a GPU busy; several would each need a context on it

    def _split(self, batch: list[str], layers: int, split: bool) -> list[str | Isolated]:
        return self._result(batch, None, layers, split)

    def _result(self, batch: list[str], future: Future[list[str]] | None, layers: int, split: bool) -> list[str | Isolated]:
        try:
            return list(future.result() if future else self._once(batch, layers, split))
        except FAULTS as err:
            if isinstance(err, BrokenProcessPool):
                self._others = None  # a worker died: the next batch starts new ones
                if future is not None:
                    return self._result(batch, None, layers, split)  # it may have died of another batch
            if len(batch) == 1:
                return [Isolated(f"crash={type(err).__name__}")]
            half = len(batch) // 2
            return self._split(batch[:half], layers, split) + self._split(batch[half:], layers, split)

    def _once(self, batch: list[str], layers: int, split: bool) -> list[str]:
        if self._shared():
            return self._executor().submit(_task, batch, layers, split).result()
        if self._here is None:
            self._here = self.make()
        return self._here.run(batch, layers, split)

    def _submit(self, batch: list[str], layers: int, split: bool) -> Future[list[str]] | None:
        with contextlib.suppress(BrokenProcessPool):
            return self._executor().submit(_task, batch, layers, split)
        self._others = None
        return None

    def _executor(self) -> ProcessPoolExecutor:
        if self._others is None:
            self._here = None  # its networks are of no more use in this process
            self._others = ProcessPoolExecutor(self.threads, multiprocessing.get_context("spawn"), _start, (self.make,))
        return self._others


def _shares(batch: list[str], parts: int) -> list[list[str]]:
    size = -(-len(batch) // parts)
    return [batch[at : at + size] for at in range(0, len(batch), size)]

"""What an engine runs: stages, calls, their answers, where workers live, and the way of one task through its workers' deaths."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from corpora.config import ConfigError
from corpora.disk import full_disk

TRIES = 2  # a task's workers that may die before its items are looked at: one may have been killed from outside
ROUNDS = 3  # searches for bad items; where none is found, the workers die for another reason


@dataclass(frozen=True)
class Needs:
    """What one worker of a stage takes: cores, GPUs (a share is fine; none are asked for where there are none), bytes of memory."""

    cpus: int = 1
    gpus: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class Stage:
    """A kind of worker. `make` is called once in each worker's process and must be importable there (a module's function, or a partial of one)."""

    name: str
    make: Callable[[], Any]
    needs: Needs = Needs()


@dataclass(frozen=True)
class Call:
    """worker.method(items, context) -> anything that can cross to another process."""

    method: str
    items: Sequence[Any]
    context: Any = None


@dataclass(frozen=True)
class Answer:
    """What became of a call. `what`: "value"; "refused" (a ConfigError, `value` is its text); "failed" (a defect, `value` is its traceback); "lost" (the worker died); "unplaced"
    (no place was found for the worker, so the call never began)."""

    what: str
    value: Any = None


@dataclass(frozen=True)
class Done:
    """A task's result. `bad`: position of each item that was left out -> why ("signal 11")."""

    value: Any
    bad: dict[int, str] = field(default_factory=dict)


class Worker(Protocol):
    """One worker process, wherever it is."""

    def start(self, stage: Stage, call: Call) -> None:
        """Give it a call; it has none at the moment."""

    def end(self) -> None:
        """End it, whatever it does."""


class Place(Protocol):
    """Where workers live."""

    name: str

    def room(self, stage: Stage, busy: Sequence[Stage], idle: Sequence[Stage], fresh: bool = True) -> bool:
        """Say whether a worker of `stage` may be set to work beside those there are; `fresh`: it is not there yet. Raises ConfigError where none ever could."""
        ...

    def hire(self, stage: Stage) -> Worker: ...

    def wait(self, workers: Sequence[Worker], timeout: float) -> list[tuple[Worker, Answer]]:
        """Return the answers that are there, waiting up to `timeout` seconds for the first, or until `wake`."""
        ...

    def wake(self) -> None: ...

    def close(self) -> None: ...


class WorkerError(RuntimeError):
    """A defect of ours in a worker; its traceback is the message."""


class Made:
    """A stage's worker in its own process. It is made at the first call, so that what goes wrong then is that call's answer."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._worker: Any = None

    def answer(self, call: Call) -> Answer:
        """Run a call. A MemoryError is not caught: it is as good as a death, and the engine finds out what needs so much."""
        try:
            if self._worker is None:
                self._worker = self._stage.make()
            return Answer("value", getattr(self._worker, call.method)(call.items, call.context))
        except ConfigError as err:
            return Answer("refused", str(err))
        except MemoryError:
            raise
        except Exception as err:
            told = full_disk(err)
            return Answer("refused", str(told)) if told else Answer("failed", traceback.format_exc())


Course = Generator[Sequence[int], Answer, Done]


def course(count: int) -> Course:
    """Yield which items to run next, are sent what became of it, and return the end: the way of one task through its workers' deaths."""
    everything = list(range(count))
    answer = Answer("lost")
    for _ in range(TRIES):
        answer = yield everything
        if answer.what != "lost":
            return Done(answer.value)
    bad: dict[int, str] = {}
    for _ in range(ROUNDS):
        bad |= yield from _culprits([i for i in everything if i not in bad])
        answer = yield [i for i in everything if i not in bad]
        if answer.what != "lost":
            return Done(answer.value, bad)
    raise ConfigError(
        f"workers die at a task of {count} items ({answer.value}), though no item does it alone. Memory may be short: "
        "give fewer --threads, or look into the system's log; then run the same command again, it goes on from what is finished"
    )


def _culprits(items: list[int]) -> Generator[Sequence[int], Answer, dict[int, str]]:
    """Find the items that kill a worker, by halves. One alone is tried twice, so that a worker killed from outside blames nobody."""
    found: dict[int, str] = {}
    half = (len(items) + 1) // 2
    for part in (items[:half], items[half:]) if len(items) > 1 else (items,):
        if not part:
            continue
        answer = yield part
        if answer.what == "lost" and len(part) > 1:
            found |= yield from _culprits(part)
        elif answer.what == "lost":
            answer = yield part
            if answer.what == "lost":
                found[part[0]] = str(answer.value)
    return found

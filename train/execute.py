"""Runs a plan on worker processes: parents before children, finished runs skipped, one failure stops nobody else."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from corpora.base import config, default_cache, ready_base
from corpora.config import ConfigError
from corpora.engine_local import gpus
from corpora.shards import write_json
from corpora.study import Study
from train.memory import gpu_memory, per_gpu
from train.run import Run, State, aside, record, run_folder, state, sweep
from train.worker import Message, Order, work

if TYPE_CHECKING:  # torch stays out of the parent process
    from train.model import Model
    from train.workshop import Workshop


# Workers keep the memory that they free, in huge pages: a step allocates what the last one freed, and the kernel's first touch of a page
# and the misses of small pages cost a CPU a tenth of the step (measured). Set before a process starts; other C libraries pay no heed.
ALLOCATOR = (
    "GLIBC_TUNABLES",
    "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=67108864:glibc.malloc.trim_threshold=2147483647:glibc.malloc.top_pad=67108864",
)


class Show(Protocol):
    """Where progress goes."""

    def start(self, run: Run) -> None: ...

    def progress(self, run: Run, step: int, steps: int, loss: float, tokens: int, mfu: float = 0.0) -> None: ...

    def end(self, run: Run, problem: str, about: dict[str, Any]) -> None: ...


@dataclass
class Summary:
    """How an execution ended: runs done now, runs that were done before, and the problem of each run that has one."""

    done: list[Run] = field(default_factory=list)
    kept: list[Run] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def code(self) -> int:
        """The exit code of the command."""
        return 130 if self.interrupted else 1 if self.failed or self.not_run else 0


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    run: Run | None = None
    ready: bool = False


def shared(study: Study) -> int:
    """Return how many runs of a study one GPU holds at once, by an estimate; 1 where there is none, or the base is not here yet."""
    memory = gpu_memory() if gpus() else 0
    folder = ready_base(study.base, default_cache()) if memory else None
    return per_gpu(config(folder), study, memory) if folder else 1


def workforce(wanted: int, runs: int, each: int = 1) -> tuple[int, int]:
    """Return (workers, threads each): `each` per GPU, else one per core with one thread (two busy OpenMP teams on the same cores stall each other)."""
    cores = len(os.sched_getaffinity(0))
    count = max(1, min(wanted or gpus() * each or cores, runs))
    return count, max(1, cores // count) if gpus() or wanted else max(1, cores // max(count, 1))


class Executor:
    """One execution of a plan. `main` is what a worker process runs (tests put a stand-in there)."""

    def __init__(self, study: Study, root: Path, runs: Sequence[Run], after: str, show: Show, workers: int = 0, main: Callable[..., None] = work) -> None:
        self.study, self.root, self.after, self.show, self.main = study, root, after, show, main
        self.summary = Summary()
        self.states: dict[str, State] = {run.key: state(root, run, after) for run in runs}
        self.waiting = [run for run in runs if self.states[run.key] != "done"]
        self.summary.kept = [run for run in runs if self.states[run.key] == "done"]
        self.open = {run.key for run in self.waiting}  # not finished yet: what children wait for
        self.count, self.threads = workforce(workers, len(self.waiting), shared(study))
        self.context = multiprocessing.get_context("spawn")
        self.team: list[_Worker] = []

    def go(self) -> Summary:
        """Run everything that is left. Ctrl-C (or SIGTERM) ends the workers at once; finished runs stay."""
        sweep(self.root)
        try:
            with interruptible(), _environment(self.threads):
                while self.waiting or any(worker.run for worker in self.team):
                    self._staff()
                    self._hand_out()
                    self._listen()
        except KeyboardInterrupt:
            self.summary.interrupted = True
        finally:
            self._dismiss()
        sweep(self.root)
        return self.summary

    def _staff(self) -> None:
        while len(self.team) < min(self.count, len(self.waiting) + sum(bool(w.run) for w in self.team)):
            ours, theirs = self.context.Pipe()
            process = self.context.Process(target=self.main, args=(theirs, self.study, self.root, self.after, self.threads, len(self.team)), daemon=True)
            process.start()
            theirs.close()
            self.team.append(_Worker(process, ours))

    def _hand_out(self) -> None:
        for worker in self.team:
            if worker.ready and worker.run is None:
                run = next((run for run in self.waiting if self.open.isdisjoint(run.needs)), None)
                if run is None:
                    continue
                self.waiting.remove(run)
                worker.run = run
                self.show.start(run)
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a dead worker is noticed by _listen
                    worker.pipe.send(Order(run, self.states[run.key] == "score"))

    def _listen(self) -> None:
        for pipe in wait([worker.pipe for worker in self.team], timeout=1.0):
            worker = next(w for w in self.team if w.pipe is pipe)
            try:
                message: Message = worker.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._lost(worker)
                continue
            self._heard(worker, message)

    def _heard(self, worker: _Worker, message: Message) -> None:
        if message.what == "ready":
            worker.ready = True
        elif message.what == "broken":
            raise ConfigError(message.value)
        elif message.what == "progress" and worker.run:
            self.show.progress(worker.run, *message.value)
        elif worker.run:
            run, worker.run = worker.run, None
            self._ended(run, message.value if message.what == "failed" else "", message.value if message.what == "done" else {})

    def _lost(self, worker: _Worker) -> None:
        """A worker died (killed, out of memory): its run failed, and a new worker takes its place."""
        worker.process.join(timeout=10)
        self.team.remove(worker)
        code = worker.process.exitcode
        why = f"its process ended with code {code}"
        if code and code < 0:
            why = f"its process died with signal {-code} ({'out of memory? use fewer --workers' if code == -9 else 'the lines above may say more'})"
        if worker.run is None and not worker.ready:
            raise ConfigError(f"a worker could not start: {why}; the lines above say more")
        if worker.run is not None:
            with aside(run_folder(self.root, worker.run)) as part:
                write_json(part / "run.json", record(worker.run, "failed", error=why))
            self._ended(worker.run, why, {})

    def _ended(self, run: Run, problem: str, about: dict[str, Any]) -> None:
        self.show.end(run, problem, about)
        if not problem:
            self.open.discard(run.key)
            self.summary.done.append(run)
            return
        self.summary.failed[run.key] = problem
        self._give_up(run, f"not run: it needs {run.label} ({run.key}), which failed")

    def _give_up(self, run: Run, why: str) -> None:
        """Take out whatever needs `run`, and whatever needs that."""
        for child in [child for child in self.waiting if run.key in child.needs]:
            if child not in self.waiting:
                continue
            self.waiting.remove(child)
            self.summary.not_run[child.key] = why
            with aside(run_folder(self.root, child)) as part:
                write_json(part / "run.json", record(child, "not run", error=why))
            self._give_up(child, why)

    def _dismiss(self) -> None:
        for worker in self.team:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, OSError):
                worker.pipe.send(None) if worker.run is None and worker.ready else worker.process.terminate()
        for worker in self.team:
            worker.process.join(timeout=5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
        self.team = []


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM end things as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _environment(threads: int) -> Iterator[None]:
    """What workers inherit: their thread budget must be known before torch and tokenizers load."""
    mine = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    mine |= {} if ALLOCATOR[0] in os.environ else dict([ALLOCATOR])
    before = {name: os.environ.get(name) for name in mine}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_shops: dict[tuple[str, Path], Workshop] = {}


def open_model(study: Study, run: Run, root: Path) -> Model:
    """Return the model of a finished run. Raises ConfigError where its checkpoint was not kept.

    The models of one study share one encoder in memory: be done with one before you open the next.
    """
    from train.workshop import Workshop

    if (study.name, root) not in _shops:
        _shops[study.name, root] = Workshop(study, root)
    return _shops[study.name, root].open(run)

"""Runs the tasks of a plan on worker processes, of this machine (engine_local.py) or of a Ray cluster (engine_ray.py): same tasks, same results.

A stage says what its workers keep (a loaded model, say) and what they need. A task is one call of a worker's method with a list of items, so small
that losing it costs little. Tasks start in the order they were given; `map` gives results in that order, with a bounded number of them ahead of
the reader. Workers only compute: what they return is stored by the process that asked, so it does not matter where they ran or when they died.

A worker that dies (killed, out of memory, node lost) costs its task, which another one does again. A task that keeps killing its workers is
searched by halves for the items that do it; those are left out and told in `Done.bad`, the others are done without them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import Any

from corpora.config import ConfigError
from corpora.engine_tasks import Answer, Call, Course, Done, Place, Stage, Worker, WorkerError, course

LINGER = 5.0  # seconds a worker without a task is kept where another stage wants its place: loading a model takes about as long
PULSE = 0.1  # seconds between two looks at things that do not announce themselves
LOCAL, RAY = "local", "ray"


@dataclass(eq=False)
class _Job:
    stage: Stage
    call: Call
    future: Future[Done]
    course: Course
    chosen: Sequence[int] = ()


@dataclass(eq=False)
class _Hired:
    worker: Worker
    stage: Stage
    job: _Job | None = None
    since: float = 0.0  # it has no task


class Engine:
    """Hands tasks to workers at `place`, from a thread of its own; `submit` and `map` may be called from any thread. `sooner`: use workers for any amount of work."""

    def __init__(self, place: Place, workers: int, sooner: bool = False) -> None:
        self.place, self.workers, self.sooner = place, workers, sooner
        self._fresh: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting: dict[Stage, deque[_Job]] = {}
        self._team: list[_Hired] = []
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def submit(self, stage: Stage, method: str, items: Sequence[Any], context: Any = None) -> Future[Done]:
        """Queue a task and return its result to wait for. The result raises ConfigError as the worker did, WorkerError for a defect."""
        job = _Job(stage, Call(method, items, context), Future(), course(len(items)))
        self._fresh.put(job)
        self.place.wake()
        if self._broken is not None:
            _settle(job.future, self._broken)
        return job.future

    def map(self, stage: Stage, method: str, calls: Iterable[tuple[Sequence[Any], Any]], ahead: int = 0) -> Iterator[Done]:
        """Yield the results of (items, context) in their order; at most `ahead` tasks (0 = two a worker) are begun beyond the one that is waited for."""
        running: deque[Future[Done]] = deque()
        try:
            for items, context in calls:
                running.append(self.submit(stage, method, items, context))
                while len(running) > (ahead or 2 * self.workers) or (running and running[0].done()):
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()

    def close(self) -> None:
        """End all workers; tasks that were not finished are given up."""
        self._fresh.put(None)
        self.place.wake()
        self._thread.join(timeout=30)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        why: BaseException = ConfigError("the engine was closed")
        try:
            while self._take():
                self._assign()
                for worker, answer in self._answered():
                    self._step(worker, answer)
        except BaseException as err:  # whoever waits for a result is told
            why = err
        self._broken = why
        for hired in self._team:
            hired.worker.end()
        jobs = [hired.job for hired in self._team if hired.job] + [job for jobs in self._waiting.values() for job in jobs]
        while not self._fresh.empty():
            jobs.append(self._fresh.get())  # type: ignore[arg-type]
        for job in jobs:
            if job is not None:
                _settle(job.future, why)
        self.place.close()

    def _take(self) -> bool:
        """Take in new tasks; False = the engine is closed."""
        while not self._fresh.empty():
            job = self._fresh.get()
            if job is None:
                return False
            self._next(job, None)
        return True

    def _next(self, job: _Job, answer: Answer | None) -> None:
        """Send a task on its course: into the queue again, or to its end."""
        try:
            job.chosen = next(job.course) if answer is None else job.course.send(answer)
        except StopIteration as end:
            _settle(job.future, end.value)
        except ConfigError as err:
            _settle(job.future, err)
        else:
            line = self._waiting.setdefault(job.stage, deque())
            line.append(job) if answer is None else line.appendleft(job)

    def _assign(self) -> None:
        """Set workers to work as long as there are tasks and room; of two stages the one with fewer workers at work comes first."""
        while True:
            for line in self._waiting.values():
                while line and line[0].future.cancelled():
                    line.popleft()
            wanted = [stage for stage, line in self._waiting.items() if line]
            working = [hired.stage for hired in self._team if hired.job]
            if not any(self._employ(stage) for stage in sorted(wanted, key=working.count)):
                return

    def _employ(self, stage: Stage) -> bool:
        """Give the first task of a stage to a worker, a new one if need be; False = there is no room for it now."""
        busy = [hired.stage for hired in self._team if hired.job]
        idle = [hired for hired in self._team if not hired.job]
        hired = next((one for one in idle if one.stage == stage), None)
        others = [one for one in idle if one is not hired]
        if not self.place.room(stage, busy, [one.stage for one in others], hired is None):
            long = [one for one in others if time.monotonic() - one.since > LINGER]
            if long and self.place.room(stage, busy, [], hired is None):  # it is the idle ones that take the room
                self._dismiss(long[0])
                return True
            return False
        if hired is None:
            hired = _Hired(self.place.hire(stage), stage)
            self._team.append(hired)
        hired.job = self._waiting[stage].popleft()
        call = hired.job.call
        hired.worker.start(stage, Call(call.method, [call.items[i] for i in hired.job.chosen], call.context))
        return True

    def _answered(self) -> list[tuple[_Hired, Answer]]:
        working = {id(hired.worker): hired for hired in self._team if hired.job}
        answers = self.place.wait([hired.worker for hired in working.values()], PULSE)
        return [(working[id(worker)], answer) for worker, answer in answers]

    def _step(self, hired: _Hired, answer: Answer) -> None:
        job, hired.job, hired.since = hired.job, None, time.monotonic()
        assert job is not None
        if answer.what in ("lost", "unplaced"):
            self._dismiss(hired)
        if answer.what == "unplaced":
            self._waiting[job.stage].appendleft(job)
        elif answer.what in ("refused", "failed"):
            _settle(job.future, ConfigError(answer.value) if answer.what == "refused" else WorkerError(answer.value))
        else:
            self._next(job, answer)

    def _dismiss(self, hired: _Hired) -> None:
        hired.worker.end()
        self._team.remove(hired)


def _settle(future: Future[Done], end: Done | BaseException) -> None:
    """Give a future its result or error, unless it has one or nobody waits any more."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(end) if isinstance(end, Done) else future.set_exception(end)


def engine_name(given: str = "") -> str:
    """Return which engine is asked for: `given`, else the environment's ENGINE, else "local". Raises ConfigError for another."""
    name = given or os.environ.get("ENGINE", "") or LOCAL
    if name not in (LOCAL, RAY):
        raise ConfigError(f"ENGINE={name!r}: there are {LOCAL!r} (processes of this machine) and {RAY!r} (a Ray cluster, RAY_ADDRESS says which)")
    return name


def open_engine(name: str, workers: int, sooner: bool = False) -> Engine:
    """Return the engine of that name with `workers` cores of this machine (Ray with RAY_ADDRESS: all that the cluster has). Raises ConfigError.

    `sooner`: use workers for any amount of work, which isolates what kills them.
    """
    if name == RAY:
        from corpora.engine_ray import RayPlace

        ray = RayPlace(workers)
        return Engine(ray, ray.cores, sooner=True)
    from corpora.engine_local import LocalPlace

    return Engine(LocalPlace(workers), workers, sooner)

"""Runs a plan on the workers of an engine (ENGINE=ray): several nodes, each worker with one run at a time and one GPU, or a share of it.

Parents come before children, finished runs are skipped, a failure stops nobody else, as with train/execute.py on one machine. The folder of the
project must be on a disk that all nodes share: runs read built tasks and their parents' encoders there and leave their records. A worker that is
lost costs what its run did since its last saved state (save_minutes): another one goes on from there.
"""

from __future__ import annotations

import functools
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpora.base import config, default_cache, ready_base
from corpora.config import ConfigError
from corpora.engine import Engine
from corpora.engine_tasks import Done, Needs, Stage, WorkerError
from corpora.shards import write_json
from corpora.study import Study
from train.execute import Show, Summary, interruptible, shared
from train.memory import run_bytes, trainings_of
from train.run import Run, aside, record, run_folder, runs_folder, state, sweep
from train.worker import Order

if TYPE_CHECKING:  # torch stays out of this process
    from train.workshop import Workshop

LEAST = 2 << 30  # bytes of memory a worker is given at least: Python, torch, the texts of a task


class Trainer:
    """A worker: the encoder is loaded once, and each run starts from it. `token`: a file that the planning process has put beside the runs."""

    def __init__(self, study: Study, root: Path, token: str, threads: int) -> None:
        if not (runs_folder(root) / token).is_file():
            raise ConfigError(
                f"{socket.gethostname()}: {runs_folder(root)} is not the folder that the plan was made in; training on several nodes needs a --root "
                "on a disk that all of them share, under one path"
            )
        self.shop = self.load(study, root, threads)

    def load(self, study: Study, root: Path, threads: int) -> Workshop:
        """Load torch and the base."""
        import torch

        from train.workshop import Workshop

        torch.set_num_threads(threads)
        return Workshop(study, root)

    def perform(self, orders: Sequence[Order], after: str) -> dict[str, Any]:
        """Train and score a run, or only score it, and return its record. An empty list is a run that no worker survived."""
        for order in orders:
            if order.only_score:
                self.shop.score_again(order.run, after)
                return {}
            return self.shop.perform(order.run, after, lambda *_: None)
        return {}


def needs_of(study: Study, cores: int) -> Needs:
    """Return what one worker takes. Without a GPU the weights, their gradients, moments and activations lie in its memory, by the estimate for GPUs."""
    folder = ready_base(study.base, default_cache())
    memory = max(LEAST, run_bytes(config(folder), trainings_of(study), half=False)) if folder else LEAST
    return Needs(cpus=cores, gpus=1 / shared(study), memory=memory)


def go(
    study: Study, root: Path, runs: Sequence[Run], after: str, show: Show, engine: Engine, threads: int = 1, make: Callable[..., Trainer] = Trainer
) -> Summary:
    """Run everything that is left on the engine's workers. Ctrl-C (or SIGTERM) ends them; finished runs stay."""
    root = root.resolve()
    sweep(root)
    token = f".seen-{secrets.token_hex(4)}"
    runs_folder(root).mkdir(parents=True, exist_ok=True)
    (runs_folder(root) / token).touch()
    stage = Stage("train", functools.partial(make, study, root, token, threads), needs_of(study, threads))
    plan = _Plan(root, runs, after, show)
    try:
        with interruptible():
            plan.follow(engine, stage)
    except KeyboardInterrupt:
        plan.summary.interrupted = True
    finally:
        engine.close()
        (runs_folder(root) / token).unlink(missing_ok=True)
        sweep(root)
    return plan.summary


class _Plan:
    def __init__(self, root: Path, runs: Sequence[Run], after: str, show: Show) -> None:
        self.root, self.after, self.show = root, after, show
        self.states = {run.key: state(root, run, after) for run in runs}
        self.waiting = [run for run in runs if self.states[run.key] != "done"]
        self.open = {run.key for run in self.waiting}
        self.summary = Summary(kept=[run for run in runs if self.states[run.key] == "done"])
        self.work: dict[Future[Done], Run] = {}

    def follow(self, engine: Engine, stage: Stage) -> None:
        """Begin each run when those that it needs are finished."""
        while self.waiting or self.work:
            for run in [run for run in self.waiting if self.open.isdisjoint(run.needs)]:
                self.waiting.remove(run)
                self.show.start(run)
                self.work[engine.submit(stage, "perform", [Order(run, self.states[run.key] == "score")], self.after)] = run
            ended, _ = wait(self.work, timeout=1.0, return_when=FIRST_COMPLETED)
            for future in ended:
                self._ended(self.work.pop(future), future)

    def _ended(self, run: Run, future: Future[Done]) -> None:
        problem, about = "", {}
        try:
            done = future.result()
            problem, about = f"its worker died each time ({done.bad[0]})" if done.bad else "", done.value
        except (ConfigError, WorkerError) as err:
            if isinstance(err, ConfigError) and not (run_folder(self.root, run) / "run.json").is_file():
                raise  # nothing was begun: what is wrong is wrong for every run (the base, the folder, the cluster)
            problem = str(err).strip().splitlines()[-1] if isinstance(err, WorkerError) else str(err)
        self.show.end(run, problem, about)
        if not problem:
            self.open.discard(run.key)
            self.summary.done.append(run)
            return
        self.summary.failed[run.key] = problem
        if "died" in problem:
            self._write(run, "failed", problem)
        self._give_up(run, f"not run: it needs {run.label} ({run.key}), which failed")

    def _give_up(self, run: Run, why: str) -> None:
        for child in [child for child in self.waiting if run.key in child.needs]:
            if child in self.waiting:
                self.waiting.remove(child)
                self.summary.not_run[child.key] = why
                self._write(child, "not run", why)
                self._give_up(child, why)

    def _write(self, run: Run, status: str, why: str) -> None:
        with aside(run_folder(self.root, run)) as part:
            write_json(part / "run.json", record(run, status, error=why))


def threads_each(engine: Engine) -> int:
    """Return how many cores a worker gets: one, or with GPUs a GPU's share of the cluster's."""
    cards = int(getattr(engine.place, "cards", 0))
    return max(1, engine.workers // cards) if cards else int(os.environ.get("OMP_NUM_THREADS", "1") or 1)

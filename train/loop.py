"""The one training loop: any kinds, one task or several at once, English dev for model selection."""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from corpora.records import Record
from corpora.study import Training
from train import flops, peers
from train.feed import Work
from train.metrics import METRICS
from train.model import Model
from train.oracle import Oracle, Watched, weights_of
from train.peers import Peers
from train.predict import dev_scores
from train.resume import Keeper, optimiser_tensors, restore_optimiser
from train.samplers import Sampling
from train.step import Stepper
from train.watch import Stopped as Stopped
from train.watch import check, mean_loss

LOG_EVERY = 10  # steps between two lines of log.jsonl
SAVED = ("tokens", "chosen_step", "dev", "evals", "log")  # of an Outcome, in a run's state
ALONE = Sampling()  # each task its own epochs


@dataclass(frozen=True)
class Job:
    """One task of a training: its name, its metric, how it trains, its rows, the rows that select the checkpoint, and its head where that has another name."""

    name: str
    metric: str
    training: Training
    train: Sequence[Record]
    dev: Sequence[Record]
    head: str = ""
    watched: Watched = field(default_factory=dict)  # dev rows of the target's languages, for the oracle; they choose nothing

    @property
    def place(self) -> str:
        """The name of the head that it trains."""
        return self.head or self.name


@dataclass
class Outcome:
    """What a training left behind. `shares`: task -> steps; `rows`: task -> training examples; `rates`: task -> learning rate; `sweep`: one entry per
    learning rate that was tried; `dev`: task -> scores at the chosen step; `evals`: one entry per look at dev."""

    steps: int = 0
    shares: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    sweep: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    seconds: float = 0.0
    chosen_step: int = 0
    dev: dict[str, dict[str, float]] = field(default_factory=dict)
    evals: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    oracle: Oracle | None = None


Progress = Callable[..., None]  # step, steps, loss, tokens so far; on CUDA also the share of the device's rate (MFU)
Note = Callable[[dict[str, Any]], None]  # gets a line of the log


def schedule(step: int, total: int, warmup: float) -> float:
    """Return the share of the learning rate at `step` (from 0): linear up over `warmup` of the steps, then linear down to 0."""
    rise = round(warmup * total)
    return (step + 1) / (rise + 1) if step < rise else (total - step) / max(1, total - rise)


def fit(
    model: Model, jobs: Sequence[Job], seed: int, progress: Progress = lambda *_: None, sampling: Sampling = ALONE,
    keeper: Keeper | None = None, note: Note = lambda _: None, peers: Peers = peers.ALONE,
) -> Outcome:  # fmt: skip
    """Train `model` on all jobs together and leave it in eval mode with the weights of the best look at dev.

    Everything random comes from `seed`. `keeper`: where the state is kept meanwhile and found again; `note` gets every line of the log.
    Raises Stopped where the loss is no longer a number or grows without end (the best weights so far are in the model then), ConfigError
    where a task has no rows.
    """
    torch.manual_seed(seed + 1_000_003 * peers.rank)  # dropout draws from the global generator, there is no other way
    training = _Training(model, jobs, Work(model, jobs, seed, sampling, peers), keeper, note, progress)
    try:
        with out_of_the_collector():
            training.go()
    except Stopped as err:
        training.best.restore()
        err.chosen_step, err.model, err.log = training.out.chosen_step, model.eval(), training.out.log
        raise
    training.close()
    return training.out


@contextlib.contextmanager
def out_of_the_collector() -> Iterator[None]:
    """Keep everything that is there now out of Python's garbage collections meanwhile: walking features again and again took 2 % of a CPU's time."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50 * before[0], *before[1:])  # a step makes thousands of small objects, hardly any of them in a cycle
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Training:
    """A training in work: what changes from step to step, and how that is saved and found again."""

    def __init__(self, model: Model, jobs: Sequence[Job], work: Work, keeper: Keeper | None, note: Note, progress: Progress) -> None:
        self.model, self.jobs, self.work, self.keeper, self.note, self.progress = model, jobs, work, keeper, note, progress
        self.stepper, self.best, self.out = Stepper(model, work), _Best(model), Outcome()
        self.out.shares, self.out.rows = work.counts, {job.name: len(job.train) for job in jobs}
        self.out.oracle = next((Oracle(job.place, job.metric, job.watched) for job in jobs if job.watched), None)
        self.total = len(work.order)
        self.looks = _looks(self.total, max(job.training.evals for job in jobs) if any(job.dev for job in jobs) else 1)
        self.losses: list[Tensor] = []
        self.means: list[float] = []  # of every line of the log, to tell divergence
        self.flops = self.flops_noted = 0.0
        self.before = (0, 0.0)  # tokens and seconds at the last line
        self.spent, self.started = 0.0, time.perf_counter()
        self.names: dict[Tensor, str] = {
            p: name for name, p in [*model.encoder.net.named_parameters(), *((f"head.{n}", p) for n, p in model.heads.named_parameters())]
        }
        model.encoder.checkpointing = any(job.training.checkpointing for job in jobs)

    def go(self) -> None:
        """Take every step that is left."""
        if self.keeper and self.work.peers.first:
            size = sum(weight.numel() * weight.element_size() for weight in self.best.weights.values())
            self.keeper.check_room(5 * size)  # weights, two moments, the best weights, and the checkpoint in the end
        self._find()
        self.model.train()
        for picked, made in self.work.ahead(self.out.steps):
            step = self.out.steps
            name = self.work.order[step][0]
            training = self.work.jobs[name].training
            self.losses.append(self.stepper.step(picked, training, schedule(step, self.total, training.warmup), made))
            self.out.steps, self.out.tokens = step + 1, self.out.tokens + picked.tokens
            self.out.seconds = self.spent + time.perf_counter() - self.started
            if self.model.device.type == "cuda":
                self.flops += flops.per_batch(self.model.encoder, [len(row) for feature in picked.features for row in feature.rows])
            if self.out.steps % LOG_EVERY == 0 or self.out.steps == self.total:
                self._tell(name, training)
            if self.out.steps in self.looks:
                self._look()
            if self.keeper and self.out.steps < self.total and self.work.peers.first and self.keeper.due(self.out.steps):
                self._save()

    def close(self) -> None:
        """Put the best weights in place."""
        self.best.restore()
        if self.out.oracle:
            self.out.oracle.close(self.out.chosen_step)
        self.model.eval()
        self.out.seconds = self.spent + time.perf_counter() - self.started

    def _tell(self, name: str, training: Training) -> None:
        mean = mean_loss(self.losses, name, self.out, training)
        self.losses = []
        self.means.append(mean)
        check(self.means, name, self.out, training)
        tokens, seconds = self.out.tokens - self.before[0], max(1e-9, self.out.seconds - self.before[1])
        line = {"step": self.out.steps, "loss": round(mean, 5), "tokens": self.out.tokens, "seconds": round(self.out.seconds, 2)}
        line["tokens_per_second"] = round(tokens / seconds, 1)
        more: tuple[float, ...] = ()
        if self.model.device.type == "cuda":
            line["mfu"] = round((self.flops - self.flops_noted) / seconds / flops.rate(self.model.device, self.model.precision) / self.work.peers.count, 4)
            more = (line["mfu"],)
        self.before, self.flops_noted = (self.out.tokens, self.out.seconds), self.flops
        self._log(line)
        self.progress(self.out.steps, self.total, mean, self.out.tokens, *more)

    def _log(self, line: dict[str, Any]) -> None:
        self.out.log.append(line)
        self.note(line)

    def _look(self) -> None:
        out, peers = self.out, self.work.peers
        value = _look(self.model, self.jobs, out) if peers.first else 0.0
        if peers.first:
            self._log(out.evals[-1])
        if self.best.offer(peers.told(value, self.model.device), keep=out.steps < self.total):
            out.chosen_step, out.dev = out.steps, out.evals[-1]["dev"] if out.evals else {}
        if out.oracle and peers.first:
            out.evals[-1]["target_dev"] = out.oracle.look(self.model, out.steps)
        self.model.train()

    def _save(self) -> None:
        """Give everything that changes to the keeper."""
        assert self.keeper
        tensors = {f"weight.{name}": value for name, value in self.best.weights.items()} | optimiser_tensors(self.stepper.optimiser, self.names)
        tensors |= {f"best.{name}": value for name, value in self.best.kept.items()}
        if self.losses:
            tensors["losses"] = torch.stack(self.losses)
        about = {key: getattr(self.out, key) for key in SAVED} | {"step": self.out.steps, "best": self.best.value, "means": self.means}
        about |= {"limit": self.stepper.limit, "seconds": self.out.seconds, "before": self.before}
        if self.out.oracle:
            about["oracle"] = self.out.oracle.state()
            tensors |= {f"oracle.{language}/{name}": value for language, some in self.out.oracle.weights.items() for name, value in some.items()}
        self.keeper.save(about, tensors, self.model.device)

    def _find(self) -> None:
        """Go to where the keeper's state is, if there is one."""
        saved = self.keeper.load(self.model.device) if self.keeper else None
        if saved is None:
            return
        about, tensors = saved.about, saved.tensors
        for name, weight in self.best.weights.items():
            weight.copy_(tensors[f"weight.{name}"])
        self.best.value = about["best"]
        self.best.kept = {name: tensors[f"best.{name}"].to(weight.device) for name, weight in self.best.weights.items() if f"best.{name}" in tensors}
        restore_optimiser(self.stepper.optimiser, self.names, tensors)
        for key in SAVED:
            setattr(self.out, key, about[key])
        self.out.steps, self.means, self.stepper.limit, self.before = about["step"], about["means"], about["limit"], tuple(about["before"])
        self.losses = list(tensors["losses"].to(self.model.device)) if "losses" in tensors else []
        self.spent = self.out.seconds = about["seconds"]
        if self.out.oracle:
            kept: dict[str, dict[str, Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith("oracle."):
                    language, _, name = key.removeprefix("oracle.").partition("/")
                    kept.setdefault(language, {})[name] = value
            self.out.oracle.restore(about["oracle"], kept)
        for line in self.out.log:
            self.note(line)
        if self.work.peers.rank:
            torch.manual_seed(self.work.seed + 1_000_003 * self.work.peers.rank + self.out.steps)


class _Best:
    """The best weights so far; a copy is made only where training goes on after them."""

    def __init__(self, model: Model) -> None:
        self.weights = weights_of(model)
        self.value, self.kept = -math.inf, dict[str, Tensor]()

    def offer(self, value: float, keep: bool) -> bool:
        """Return whether `value` is the best yet, and if so remember the weights (`keep`: copy them)."""
        if value <= self.value:
            return False
        self.value, self.kept = value, {name: weight.clone() for name, weight in self.weights.items()} if keep else {}
        return True

    def restore(self) -> None:
        """Put the best weights back into the model."""
        for name, weight in self.kept.items():
            self.weights[name].copy_(weight)


def _looks(total: int, count: int) -> set[int]:
    """Return the steps after which dev is looked at: `count`, evenly spaced, the last at the end."""
    return {max(1, round(total * (i + 1) / count)) for i in range(count)}


def _look(model: Model, jobs: Sequence[Job], out: Outcome) -> float:
    """Score every job on its dev rows, note it, and return the mean of the headline scores (0 where no job has dev rows)."""
    both = {job.name: dev_scores(model, job.metric, job.dev, job.place) for job in jobs if job.dev}
    found = {name: scores for name, (scores, _) in both.items()}
    thresholds = {name: threshold for name, (_, threshold) in both.items() if threshold is not None}
    out.evals.append({"step": out.steps, "dev": found, **({"thresholds": thresholds} if thresholds else {})})
    return sum(found[job.name][METRICS[job.metric].headline] for job in jobs if job.dev) / max(1, len(found))

"""The one training loop: any kinds, one task or several at once, English dev for model selection."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import torch
from torch import Tensor

from corpora.config import ConfigError
from corpora.records import Record
from corpora.study import Training
from train.batches import Batch, collate
from train.checkpoint import WORDS
from train.features import features
from train.masking import masked
from train.metrics import METRICS
from train.model import Model
from train.oracle import Oracle, Watched, weights_of
from train.order import batches, mixed, steps_of
from train.predict import dev_scores
from train.samplers import Sampling

LOG_EVERY = 10  # steps between two lines of log.jsonl
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


Progress = Callable[[int, int, float, int], None]  # step, steps, loss, tokens so far


def schedule(step: int, total: int, warmup: float) -> float:
    """Return the share of the learning rate at `step` (from 0): linear up over `warmup` of the steps, then linear down to 0."""
    rise = round(warmup * total)
    return (step + 1) / (rise + 1) if step < rise else (total - step) / max(1, total - rise)


def fit(model: Model, jobs: Sequence[Job], seed: int, progress: Progress = lambda *_: None, sampling: Sampling = ALONE) -> Outcome:
    """Train `model` on all jobs together and leave it in eval mode with the weights of the best look at dev.

    Everything random comes from `seed`. Raises ConfigError where the loss is no longer a number, or a task has no rows.
    """
    torch.manual_seed(seed)  # dropout draws from the global generator, there is no other way
    work, optimiser, out = _Work(model, jobs, seed, sampling), _optimiser(model), Outcome()
    total, out.shares, out.rows = len(work.order), work.counts, {job.name: len(job.train) for job in jobs}
    looks = _looks(total, max(job.training.evals for job in jobs) if any(job.dev for job in jobs) else 1)
    best, losses, started = _Best(model), [], time.perf_counter()
    out.oracle = next((Oracle(job.place, job.metric, job.watched) for job in jobs if job.watched), None)
    model.train()
    for step, (name, chosen) in enumerate(work.order):
        training = work.jobs[name].training
        batch = work.batch(name, chosen, step)
        losses.append(_step(model, optimiser, batch, training, schedule(step, total, training.warmup)))
        out.steps, out.tokens, out.seconds = step + 1, out.tokens + batch.tokens, time.perf_counter() - started
        if out.steps % LOG_EVERY == 0 or out.steps == total:
            mean = _mean(losses, name, out.steps, training)
            losses = []
            out.log.append({"step": out.steps, "loss": round(mean, 5), "tokens": out.tokens, "seconds": round(out.seconds, 2)})
            progress(out.steps, total, mean, out.tokens)
        if out.steps in looks:
            if best.offer(_look(model, jobs, out), keep=out.steps < total):
                out.chosen_step, out.dev = out.steps, out.evals[-1]["dev"]
            if out.oracle:
                out.evals[-1]["target_dev"] = out.oracle.look(model, out.steps)
            model.train()
    best.restore()
    if out.oracle:
        out.oracle.close(out.chosen_step)
    model.eval()
    out.seconds = time.perf_counter() - started
    return out


def _step(model: Model, optimiser: torch.optim.AdamW, batch: Batch, training: Training, share: float) -> Tensor:
    """Take one step at `share` of the task's learning rates and return the loss."""
    for group in optimiser.param_groups:
        group["lr"] = (training.head_lr if group["role"] == "head" else training.lr) * share
        group["weight_decay"] = training.weight_decay if group["role"] == "decay" else 0.0
    loss = model.loss(batch)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.grad is not None], training.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return loss.detach()


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


class _Work:
    """Features of all jobs and the order of their batches."""

    def __init__(self, model: Model, jobs: Sequence[Job], seed: int, sampling: Sampling) -> None:
        self.model, self.jobs, self.seed, random = model, {job.name: job for job in jobs}, seed, Random(seed)
        self.features = {job.name: features(job.train, model.pieces, model.head(job.place).shape) for job in jobs}
        for job in jobs:
            if not self.features[job.name]:
                raise ConfigError(f"{job.name}: no training rows, so there is nothing to train on; look at its data card, or take the task out of the study")
        kept = {job.name: model.states is not None and model.head(job.place).shape.kind != "text" for job in jobs}  # masked inputs are new in every batch
        self.hidden = {name: model.states.of(model, some) if kept[name] else None for name, some in self.features.items()}
        own = {job.name: steps_of(len(self.features[job.name]), job.training.batch, job.training.epochs, job.training.max_steps) for job in jobs}
        self.counts = sampling.counts(own, {job.name: len(job.train) for job in jobs})
        lengths = {name: [f.length for f in some] for name, some in self.features.items()}
        self.order = mixed({job.name: batches(lengths[job.name], job.training.batch, self.counts[job.name], random) for job in jobs}, random)

    def batch(self, name: str, chosen: Sequence[int], step: int) -> Batch:
        head, hidden = self.model.head(self.jobs[name].place), self.hidden[name]
        some = [self.features[name][i] for i in chosen]
        states = None if hidden is None else [hidden[i] for i in chosen]
        if head.shape.kind == "text":
            random = Random(f"{self.seed} {name} {step}")
            some = [masked(feature, self.model.pieces, random) for feature in some]
        return collate(head.name, head.shape.kind, some, self.model.encoder.pad, states).to(self.model.device)


def _looks(total: int, count: int) -> set[int]:
    """Return the steps after which dev is looked at: `count`, evenly spaced, the last at the end."""
    return {max(1, round(total * (i + 1) / count)) for i in range(count)}


def _optimiser(model: Model) -> torch.optim.AdamW:
    """AdamW with three groups: encoder with decay, encoder without (biases, norms, word embeddings), heads.

    Word embeddings have no decay, so that a piece which no text uses keeps its vector and trimming stays exact.
    """
    named = [(name, p) for name, p in model.encoder.net.named_parameters() if p.requires_grad]
    plain = [p for name, p in named if p.ndim < 2 or name == WORDS]
    decayed = [p for name, p in named if p.ndim >= 2 and name != WORDS]
    heads = list(model.heads.parameters())
    groups = [{"params": some, "role": role} for role, some in (("decay", decayed), ("plain", plain), ("head", heads)) if some]
    return torch.optim.AdamW(groups, lr=1e-5, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=model.device.type in ("cpu", "cuda"))


def _mean(losses: Sequence[Tensor], name: str, step: int, training: Training) -> float:
    mean = float(torch.stack(list(losses)).mean())
    if not math.isfinite(mean):
        raise ConfigError(
            f"the loss is {mean} by step {step} (last batch: {name}). The run stopped, nothing of it is kept. "
            f"Lower training.lr (now {training.lr:g}), raise training.warmup (now {training.warmup:g}), or set precision = 'float32'"
        )
    return mean


def _look(model: Model, jobs: Sequence[Job], out: Outcome) -> float:
    """Score every job on its dev rows, note it, and return the mean of the headline scores (0 where no job has dev rows)."""
    both = {job.name: dev_scores(model, job.metric, job.dev, job.place) for job in jobs if job.dev}
    found = {name: scores for name, (scores, _) in both.items()}
    thresholds = {name: threshold for name, (_, threshold) in both.items() if threshold is not None}
    out.evals.append({"step": out.steps, "dev": found, **({"thresholds": thresholds} if thresholds else {})})
    out.log.append(out.evals[-1])
    return sum(found[job.name][METRICS[job.metric].headline] for job in jobs if job.dev) / max(1, len(found))

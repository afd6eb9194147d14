"""Paired bootstrap over test examples and seeds, and what may be said of a difference. numpy only; no loop over draws.

Every score here is a ratio of sums over examples: 100 * sum(numerator) / sum(denominator). Chunk F1 is
2 * right / (predicted + gold), accuracy and answer F1 have a denominator of tokens or examples. So a draw of examples
is a vector of counts, and all draws of all runs are one matrix product.

Two levels are drawn: seeds (training noise) and examples (test-set noise). Both arms get the same examples and the same
seeds in a draw, which is what makes the test paired. S seeds drawn from S seeds vary by (S-1)/S too little, so the part of
a draw that is due to seeds is stretched by sqrt(S/(S-1)); below five seeds intervals are still on the narrow side. What is
noise of one example in one seed enters both levels, so where seeds disagree on many examples intervals are on the wide side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Verdict = Literal["better", "worse", "equivalent", "can't tell"]
CHUNK = 4_000_000  # cells of the count matrix at once: 32 MB as float64, and as much again for the drawn indices


@dataclass(frozen=True, slots=True)
class Ratio:
    """A score as weights on the columns of train.metrics' components: 100 * (c @ over) / (c @ under)."""

    over: tuple[float, ...]
    under: tuple[float, ...]


RATIOS: Mapping[tuple[str, str], Ratio] = {
    ("udpos", "f1"): Ratio((2, 0, 0, 0, 0), (0, 1, 1, 0, 0)),  # columns: right, predicted, gold chunks, right tokens, tokens
    ("udpos", "accuracy"): Ratio((0, 0, 0, 1, 0), (0, 0, 0, 0, 1)),
    ("panx", "f1"): Ratio((2, 0, 0, 0, 0), (0, 1, 1, 0, 0)),
    ("tydiqa", "f1"): Ratio((0, 1, 0), (0, 0, 1)),  # columns: exact match, F1, 1
    ("tydiqa", "exact_match"): Ratio((1, 0, 0), (0, 0, 1)),
    ("tatoeba", "accuracy"): Ratio((1, 0), (0, 1)),  # columns: hit, 1
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference in points with its percentile interval at level 1 - alpha and its two-sided p."""

    delta: float
    low: float
    high: float
    p: float
    alpha: float


def rng_for(seed: int, *names: str) -> np.random.Generator:
    """Return a generator that depends on the seed and the names only, so a draw stays when other targets come or go."""
    return np.random.default_rng([seed, *(byte for name in names for byte in (*name.encode("utf-8"), 256))])


def columns(components: Array, ratio: Ratio) -> tuple[Array, Array]:
    """Return numerator and denominator per example, each [examples], of components [examples, columns]."""
    return components @ np.asarray(ratio.over, dtype=np.float64), components @ np.asarray(ratio.under, dtype=np.float64)


def score(over: Array, under: Array) -> Array:
    """Return 100 * over / under; 0 where nothing is there to be counted (as train.metrics has it)."""
    return np.divide(100.0 * over, under, out=np.zeros_like(over), where=under != 0)


def example_draws(over: Array, under: Array, draws: int, rng: np.random.Generator) -> Array:
    """Return the scores [draws, runs] of every run on the same redrawn examples; over, under: [runs, examples]."""
    runs, examples = over.shape
    table = np.concatenate([over, under]).T  # [examples, 2 * runs]
    found = np.empty((draws, runs))
    size = max(1, CHUNK // examples)
    for first in range(0, draws, size):
        rows = min(size, draws - first)
        picked = rng.integers(0, examples, size=(rows, examples), dtype=np.int64)
        picked += np.arange(rows, dtype=np.int64)[:, None] * examples
        counts = np.bincount(picked.ravel(), minlength=rows * examples).reshape(rows, examples).astype(np.float64)
        sums = counts @ table
        found[first : first + rows] = score(sums[:, :runs], sums[:, runs:])
    return found


def seed_weights(seeds: int, draws: int, rng: np.random.Generator) -> Array:
    """Return weights [draws, seeds], each row summing to 1: seeds drawn with replacement, their spread made unbiased."""
    plain = np.full((draws, seeds), 1.0 / seeds)
    if seeds < 2:
        return plain
    drawn = rng.multinomial(seeds, [1.0 / seeds] * seeds, size=draws) / seeds
    return np.asarray(plain + math.sqrt(seeds / (seeds - 1)) * (drawn - plain), dtype=np.float64)


def delta_draws(arm: Array, baseline: Array, weights: Array) -> Array:
    """Return the draws [draws] of the difference in points; arm, baseline: [draws, seeds], the same seed in a column."""
    difference = arm - baseline
    return np.asarray((difference * weights).sum(axis=1), dtype=np.float64)


def interval(draws: Array, alpha: float) -> tuple[float, float]:
    """Return the percentile interval of level 1 - alpha."""
    low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def p_value(draws: Array) -> float:
    """Return the two-sided bootstrap p of 'no difference': twice the smaller tail at 0, never 0 itself."""
    tail = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    return min(1.0, 2.0 * (tail + 1) / (len(draws) + 1))


def holm(p_values: Sequence[float], alpha: float) -> list[tuple[float, float]]:
    """Return (adjusted p, alpha of its interval) per test, in the order given (Holm 1979, step-down).

    The smallest of m p-values is held to alpha / m, the next to alpha / (m - 1), ...; from the first that fails on, all
    fail, and their intervals keep the alpha of that step.
    """
    m = len(p_values)
    found: list[tuple[float, float]] = [(1.0, alpha)] * m
    highest, failed = 0.0, 0.0
    for rank, i in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (m - rank) * p_values[i]))
        if highest > alpha and not failed:
            failed = alpha / (m - rank)
        found[i] = (highest, failed or alpha / (m - rank))
    return found


def estimates(deltas: Sequence[float], draws: Sequence[Array], alpha: float) -> list[tuple[Estimate, float]]:
    """Return (estimate with its Holm-corrected interval, adjusted p) for one family of comparisons."""
    p_values = [p_value(one) for one in draws]
    levels = holm(p_values, alpha)
    return [
        (Estimate(delta, *interval(one, level), p, level), adjusted) for delta, one, p, (adjusted, level) in zip(deltas, draws, p_values, levels, strict=True)
    ]


def verdict(estimate: Estimate, adjusted: float, alpha: float, margin: float) -> Verdict:
    """Return what the interval lets one say; a real difference comes before equivalence, however small it is.

    better, worse: the corrected interval lies on one side of 0 (and the adjusted p agrees). equivalent: it lies within
    +-margin points. can't tell: anything else; in particular a wide interval is no evidence that two arms are equal.
    """
    if adjusted <= alpha and estimate.low > 0:
        return "better"
    if adjusted <= alpha and estimate.high < 0:
        return "worse"
    if -margin <= estimate.low and estimate.high <= margin:
        return "equivalent"
    return "can't tell"

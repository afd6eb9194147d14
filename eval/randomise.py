"""Approximate randomisation, the second opinion beside the bootstrap: two questions, each with a test of its own and no model of the noise.

- examples: would these very models differ on other test examples? In each draw every example's outcomes change arms with
  probability 1/2, for all seeds at once (Noreen 1989; Yeh 2000).
- seeds: would other models differ on these very examples? All ways to deal the 2S trained models out to two arms are
  counted (Fisher's exact test of means). With S seeds no p can be below 2 / (2S choose S): 0.1 with three, 0.008 with five.

Neither answers for the other source of noise, so both must agree before they back a verdict.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from eval.stats import CHUNK, Array, score

MOST_SEEDS = 8  # 12,870 deals; above that as many are drawn by chance
TIE = 1e-9  # points; deals that tie with the observed one count as at least as far out


@dataclass(frozen=True, slots=True)
class Second:
    """Two-sided p of 'no difference' by exchanging examples and by exchanging models; `least`: the smallest p that the seeds allow."""

    examples: float
    seeds: float
    least: float

    def backs(self, alpha: float) -> bool:
        """Say whether both call a difference, the seeds as clearly as their number lets them."""
        return self.examples <= alpha and self.seeds <= max(alpha, self.least + TIE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sums of every run over the examples that change arms in a draw, [draws, runs], and over all examples, [runs]."""

    over: Array
    under: Array
    all_over: Array
    all_under: Array


def exchange(over: Array, under: Array, draws: int, rng: np.random.Generator) -> Exchange:
    """Draw which examples change arms, the same for every pair of runs; over, under: [runs, examples]."""
    runs, examples = over.shape
    table = np.concatenate([over, under]).T.astype(np.float32)
    sums = np.empty((draws, 2 * runs))
    size = max(1, CHUNK // examples)
    for first in range(0, draws, size):
        rows = min(size, draws - first)
        bits = np.unpackbits(np.frombuffer(rng.bytes(rows * (examples + 7) // 8 + rows), dtype=np.uint8))[: rows * examples]
        sums[first : first + rows] = bits.reshape(rows, examples).astype(np.float32) @ table
    return Exchange(sums[:, :runs], sums[:, runs:], over.sum(axis=1), under.sum(axis=1))


def exchanged(some: Exchange, arm: list[int], baseline: list[int]) -> Array:
    """Return the difference [draws] in points, mean over seeds, after examples changed arms; arm, baseline: columns of their runs, seed by seed."""

    def side(mine: list[int], theirs: list[int]) -> Array:
        over = some.all_over[mine] - some.over[:, mine] + some.over[:, theirs]
        found = score(over, some.all_under[mine] - some.under[:, mine] + some.under[:, theirs])
        return np.asarray(found.mean(axis=1), dtype=np.float64)

    return np.asarray(side(arm, baseline) - side(baseline, arm), dtype=np.float64)


def p_examples(delta: float, draws: Array) -> float:
    """Return the two-sided p of `delta` among exchanged differences, never 0."""
    return (int((np.abs(draws) >= abs(delta) - TIE).sum()) + 1) / (len(draws) + 1)


def p_seeds(arm: Array, baseline: Array) -> tuple[float, float]:
    """Return (two-sided p, smallest possible p) of the difference of means when the models of both arms are dealt out anew; [seeds] each."""
    seeds = len(arm)
    both = np.concatenate([arm, baseline])
    observed = abs(float(arm.mean() - baseline.mean()))
    if seeds <= MOST_SEEDS:
        deals = np.array(list(itertools.combinations(range(2 * seeds), seeds)))
    else:
        rng = np.random.default_rng(seeds)
        deals = np.stack([np.arange(seeds), *(rng.permutation(2 * seeds)[:seeds] for _ in range(9_999))])
    first = both[deals].mean(axis=1)
    found = np.abs(2 * first - both.sum() / seeds)
    least = 2 / math.comb(2 * seeds, seeds) if seeds <= MOST_SEEDS else 1 / len(deals)
    return float((found >= observed - TIE).mean()), least

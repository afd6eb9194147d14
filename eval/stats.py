"""Paired bootstrap over test examples nested with the noise of training, and what may be said of a difference.

Every score here is a ratio of sums over examples: 100 * sum(numerator) / sum(denominator). Chunk F1 is
2 * right / (predicted + gold), accuracy and answer F1 have a denominator of tokens or examples. So a draw of examples
is a vector of counts, and all draws of all runs are one matrix product.

Two things are random: which models training gives (seeds) and which examples the test holds. Resampling 3 or 5 seeds
with replacement cannot show how far another seed may lie, so only the examples are resampled; seeds enter by their sample
variance, and the heavier tail that few seeds call for by Student's t. In full, for arms A and B with S seeds each:

    variance of the difference = (var_A + var_B - 2 r sd_A sd_B) / S + C         with (spread)
    var_X   = sample variance of arm X's S scores: training noise, and noise of one example in one model
    r       = correlation of all arms' noise at a seed, as far as the study shows one (eval/shared.py); nearly always 0
    C       = variance over draws of examples of the mean difference, less what var_A and var_B hold of it already
    degrees = Welch and Satterthwaite: (sum of the parts)^2 / sum(part^2 / degrees of the part)
    a draw  = difference + (example part * sqrt(C) + normal * sqrt(the part of training)) * sqrt(degrees / chi-square)

This is the model of readers and cases of Obuchowski and Rockette (1995) with Hillis's (2007) degrees of freedom, seeds for
readers. An arm's seeds are not paired with the other arm's: that would spend half the degrees of freedom on what is nearly
always nothing. The interval is the percentile interval of the draws. docs/statistics.md has the simulation that holds it to its level.
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
SAME = 1e-3  # points: scores nearer than that are one score, summed by another processor in another order in single precision
CHUNK = 4_000_000  # cells of the count matrix at once: 16 MB as float32, and twice as much for the drawn indices


@dataclass(frozen=True, slots=True)
class Ratio:
    """A score as weights on the columns of train.metrics' components: 100 * (c @ over) / (c @ under)."""

    over: tuple[float, ...]
    under: tuple[float, ...]


_CHUNKS = {"f1": Ratio((2, 0, 0, 0, 0), (0, 1, 1, 0, 0)), "accuracy": Ratio((0, 0, 0, 1, 0), (0, 0, 0, 0, 1))}
_ANSWERS = {"f1": Ratio((0, 1, 0), (0, 0, 1)), "exact_match": Ratio((1, 0, 0), (0, 0, 1)), "score": Ratio((0.5, 0.5, 0), (0, 0, 1))}
_LABELS = {"accuracy": Ratio((1, 0), (0, 1))}
_BY_METRIC: Mapping[str, Mapping[str, Ratio]] = {
    **dict.fromkeys(("udpos", "panx", "ner"), _CHUNKS),  # columns: right, predicted, gold chunks, right tokens, tokens
    **dict.fromkeys(("tydiqa", "xquad", "mlqa"), _ANSWERS),  # columns: exact match, F1, 1
    **dict.fromkeys(("xnli", "pawsx", "accuracy", "tatoeba"), _LABELS),  # columns: right, 1
    "bucc2018": {"f1": Ratio((2, 0, 0), (0, 1, 1))},  # columns: right, extracted, gold pairs
}
RATIOS: Mapping[tuple[str, str], Ratio] = {(metric, name): ratio for metric, named in _BY_METRIC.items() for name, ratio in named.items()}


@dataclass(frozen=True, slots=True)
class Spread:
    """What makes a difference uncertain, as variances in squared points: training of each arm (already over S), test examples; and degrees of freedom.

    `kept`: share of both arms' training variance that is left in their difference; below 1 where all arms move alike at a seed.
    """

    arm: float
    baseline: float
    examples: float
    seeds: int
    cases: int
    kept: float = 1.0

    @property
    def training(self) -> float:
        """The part of training in the variance of the difference."""
        return self.kept * (self.arm + self.baseline)

    @property
    def error(self) -> float:
        """The standard error of the difference, in points."""
        return math.sqrt(self.training + self.examples)

    @property
    def degrees(self) -> float:
        """Degrees of freedom by Welch and Satterthwaite; infinite where nothing varies."""
        parts = ((self.kept * self.arm, self.seeds - 1), (self.kept * self.baseline, self.seeds - 1), (self.examples, max(1, self.cases - 1)))
        below = sum(part**2 / degrees for part, degrees in parts)
        return self.error**4 / below if below > 0 else math.inf


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
    """Return the scores [runs, draws] of every run on the same redrawn examples; over, under: [runs, examples].

    Sums are made in float32 (counts below 2^24 are exact in it): half the time of float64, and 1e-5 points at most.
    """
    runs, examples = over.shape
    table = np.concatenate([over, under]).T.astype(np.float32)  # [examples, 2 * runs]
    found = np.empty((runs, draws))
    size = max(1, CHUNK // examples)
    for first in range(0, draws, size):
        rows = min(size, draws - first)
        picked = rng.integers(0, examples, size=(rows, examples), dtype=np.int64)
        picked += np.arange(rows, dtype=np.int64)[:, None] * examples
        counts = np.bincount(picked.ravel(), minlength=rows * examples).reshape(rows, examples).astype(np.float32)
        sums = (counts @ table).astype(np.float64).T
        found[:, first : first + rows] = score(sums[:runs], sums[runs:])
    return found


def spread(arm: Array, baseline: Array, arm_draws: Array, baseline_draws: Array, cases: int, shared: float = 0.0) -> Spread:
    """Return what makes the difference of two arms uncertain.

    arm, baseline: [seeds] observed scores; *_draws: [seeds, draws] the same runs on redrawn examples; cases: test examples;
    shared: correlation of the arms' noise at a seed.
    Raises ValueError below two seeds, which say nothing of training noise.
    """
    seeds = len(arm)
    if seeds < 2:
        raise ValueError("one seed has no variance: training noise is not known")
    if np.array_equal(arm, baseline) and np.allclose(arm_draws, baseline_draws, rtol=0, atol=SAME):
        return Spread(0.0, 0.0, 0.0, seeds, cases)  # the very same outcomes, seed by seed: two names for one thing
    own = sum(_interaction(side) for side in (arm_draws, baseline_draws))
    mean = float(np.var(arm_draws.mean(axis=0) - baseline_draws.mean(axis=0), ddof=1))
    noise = [float(np.var(side, ddof=1)) for side in (arm, baseline)]
    kept = 1 - 2 * shared * math.sqrt(noise[0] * noise[1]) / sum(noise) if sum(noise) > 0 else 1.0
    return Spread(noise[0] / seeds, noise[1] / seeds, max(0.0, mean - own / seeds), seeds, cases, kept)


def _interaction(draws: Array) -> float:
    """Return the variance over redrawn examples that is a run's own, not shared by the seeds of its arm; draws: [seeds, draws]."""
    seeds = len(draws)
    each, mean = float(np.var(draws, axis=1, ddof=1).mean()), float(np.var(draws.mean(axis=0), ddof=1))
    return seeds * (each - mean) / (seeds - 1)


def nested_draws(delta: float, arm_draws: Array, baseline_draws: Array, of: Spread, rng: np.random.Generator) -> Array:
    """Return the draws [draws] of the difference in points, over examples and training; see the top of this file."""
    examples = arm_draws.mean(axis=0) - baseline_draws.mean(axis=0)
    examples = examples - examples.mean()
    width = float(examples.std(ddof=1))
    part = examples * (math.sqrt(of.examples) / width) if width > 0 else np.zeros_like(examples)
    part = part + math.sqrt(of.training) * rng.standard_normal(len(examples))
    if math.isfinite(of.degrees):
        part = part * np.sqrt(of.degrees / rng.chisquare(of.degrees, len(examples)))
    return np.asarray(delta + part, dtype=np.float64)


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

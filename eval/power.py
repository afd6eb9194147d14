"""What a study could have seen: power, the smallest detectable difference, and how many seeds an undecided comparison needs.

The test of eval/stats.py is replayed on its summary numbers: in each of DRAWS imagined studies the difference, the sample
variance of each arm's seeds and so the degrees of freedom are drawn from the spread that is given, and Student's test is
taken as the report takes it. The non-central t would claim too much: it takes the spread and its degrees for known.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from eval.stats import Array, Spread

DRAWS = 4_000  # imagined studies: a power is right to +-0.8 points (standard error 0.6 at 80 %)
WANTED = 0.8  # power that `detectable` and `seeds_needed` ask for
SEEDS = (*range(2, 21), 25, 30, 40, 50, 75, 100)  # tried in turn
_GRID = np.concatenate([np.arange(1.0, 10.0, 0.05), np.geomspace(10.0, 1e6, 200)])


def typical(spreads: Sequence[Spread]) -> Spread:
    """Return the spread that a comparison of this family has on average; one comparison's own rests on two variances of few seeds each.

    Arms without any training noise (retrieval straight from the base) keep none. The mean of few variances makes effects look
    large beside it more often than small (the mean of 1/s is 1 + 3/4v times 1/sigma for v degrees of freedom), so that much is
    added. Raises ValueError for no spread at all.
    """
    if not spreads:
        raise ValueError("no spread to average")
    seeds = min(one.seeds for one in spreads)
    trained = list(dict.fromkeys(part for one in spreads for part in (one.arm, one.baseline) if part > 0))  # a shared baseline counts once
    mean = float(np.mean(trained)) * (1 + 0.75 / (len(trained) * (seeds - 1))) ** 2 if trained else 0.0
    arm, baseline = (mean if any(getattr(one, side) > 0 for one in spreads) else 0.0 for side in ("arm", "baseline"))
    kept = float(np.mean([one.kept for one in spreads]))
    return Spread(arm, baseline, float(np.mean([one.examples for one in spreads])), seeds, min(one.cases for one in spreads), kept)


def with_seeds(of: Spread, seeds: int) -> Spread:
    """Return the spread that the same arms would have with another number of seeds: the test examples stay as noisy as they are."""
    share = of.seeds / seeds
    return Spread(of.arm * share, of.baseline * share, of.examples, seeds, of.cases, of.kept)


def power(effect: float, of: Spread, alpha: float) -> float:
    """Return how often a study with this spread calls a true difference of `effect` points at level alpha (0 to 1)."""
    if of.error == 0:
        return float(effect != 0)
    bound, shift = _bounds(of, alpha)
    return float(((effect + shift > bound) | (effect + shift < -bound)).mean())


@functools.lru_cache(maxsize=256)
def detectable(of: Spread, alpha: float, wanted: float = WANTED) -> float:
    """Return the smallest true difference in points that a study with this spread calls, with the right sign, with probability `wanted`."""
    bound, shift = _bounds(of, alpha)
    return float(np.quantile(bound - shift, wanted))


@functools.lru_cache(maxsize=256)
def seeds_needed(effect: float, of: Spread, alpha: float, wanted: float = WANTED) -> int | None:
    """Return how many seeds per arm see a true difference of `effect` points with probability `wanted`.

    None: more than 100; the noise of the test examples does not shrink with seeds, so often no number of them is enough.
    """
    return next((seeds for seeds in SEEDS if detectable(with_seeds(of, seeds), alpha, wanted) <= effect), None)


def _bounds(of: Spread, alpha: float) -> tuple[Array, Array]:
    """Return, for each imagined study, how large the observed difference must be to be called, and its error."""
    rng = np.random.default_rng(17)  # the same imagined studies for every spread, so that answers are smooth in it
    normal = rng.standard_normal(DRAWS)
    free = of.seeds - 1
    arm, baseline = (of.kept * part * rng.chisquare(free, DRAWS) / free for part in (of.arm, of.baseline))
    total = arm + baseline + of.examples
    below = (arm**2 + baseline**2) / free + of.examples**2 / max(1, of.cases - 1)
    degrees = np.divide(total**2, below, out=np.full(DRAWS, _GRID[-1]), where=below > 0)
    return np.interp(np.clip(degrees, 1, _GRID[-1]), _GRID, _quantiles(alpha)) * np.sqrt(total), normal * of.error


@functools.lru_cache(maxsize=64)
def _quantiles(alpha: float) -> Array:
    from scipy import special

    return np.asarray(special.stdtrit(_GRID, 1 - alpha / 2), dtype=np.float64)

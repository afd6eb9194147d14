"""All scores of a text weighed together: how much likelier it is damaged than sound.

A score says little by itself; what counts is how rare it is among good translations. quality_fi.toml and quality_hu.toml hold, by
filter, the quantiles of good pairs (calibration), and for each kind of damage the weights of being rare, from one multinomial
logistic regression of "good" and all kinds (`python -m benchmarks.filters fit`; its report is on other pairs). The odds of all kinds
add up. One regression of good against damaged was weaker (Hungarian, 400 of each: 0.967 over all damages, 0.895 for a dropped
negation): there, what is rare for a reason that has nothing to do with negation hides one. There are weights for three sets of scores:
those of a text alone and its source ("plain"), with parses ("parse"), and with the encoder ("encoder").
"""

from __future__ import annotations

import bisect
import functools
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POINTS = 201  # quantiles stored a filter
RAREST = math.log10(POINTS)  # -log10 of the smallest tail that they can tell


@dataclass(frozen=True)
class Weighing:
    """What is stored for one language: sorted good scores by filter, the side that is bad (Filter.worst), and for each set of filters and kind of damage
    the weights that are not 0; "" is the constant."""

    good: Mapping[str, Sequence[float]]
    sets: Mapping[str, Sequence[str]]  # set -> its filters
    weights: Mapping[str, Mapping[str, Mapping[str, float]]]  # set -> kind of damage -> filter -> weight
    worst: Mapping[str, str]  # filter -> "min" (low is bad), "max" (high is bad) or "far" (both are)


def rarity(value: float, good: Sequence[float], worst: str = "far") -> float:
    """Return -log10 of the share of good texts at least as far out on the bad side, 0 (usual) to RAREST; `good` is sorted."""
    count = len(good)
    below = bisect.bisect_right(good, value + 1e-9)
    above = count - bisect.bisect_left(good, value - 1e-9)
    tail = 2 * min(below, above) if worst == "far" else below if worst == "min" else above
    return min(RAREST, -math.log10(min(1.0, (tail + 0.5) / (count + 0.5))))


@functools.cache
def weighing(language: str) -> Weighing | None:
    """Return what is stored for a language, None where nothing was fitted."""
    path = Path(__file__).parent / f"quality_{language}.toml"
    if not path.is_file():
        return None
    raw = tomllib.loads(path.read_text("utf-8"))
    return Weighing(raw["good"], raw["sets"], raw["weights"], raw["worst"])


def damage_odds(scores: Mapping[str, float], language: str, known: Weighing | None = None) -> float:
    """Return the log odds that a translated text is damaged, 0 where nothing was fitted or the text has no source to be held against.

    The largest set whose filters all have a score is used.
    """
    known = known or weighing(language)
    if known is None:
        return 0.0
    fitting = [name for name, filters in known.sets.items() if all(f in scores for f in filters)]
    if not fitting:
        return 0.0
    best = max(fitting, key=lambda name: len(known.sets[name]))
    rare = {f: rarity(scores[f], known.good[f], known.worst[f]) for f in known.sets[best]} | {"": 1.0}
    odds = [sum(weight * rare[f] for f, weight in weights.items()) for weights in known.weights[best].values()]
    most = max(odds)
    return most + math.log(sum(math.exp(one - most) for one in odds))

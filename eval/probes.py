"""What the intermediate phase does to the encoder itself: how well translations lie together, layer by layer, before and after.

A retrieval run scores the encoder that the intermediate phase left, and nothing else is trained, so its layer curve is the probe: `gap` =
mean cosine of translation pairs less that of all other pairs. The base's own run (arm none) is "before". A gap that shrinks says that
the phase pulled the languages apart (forgot the alignment of pre-training), whatever the nearest neighbours are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from eval import details
from eval.compare import targets_in
from eval.results import NONE, Results, Row


@dataclass(frozen=True, slots=True)
class Probe:
    """One layer of one arm: means over seeds; `before` = the base, None where it is not scored."""

    target: str
    row: Row
    pooling: str
    layer: int
    gap: float
    accuracy: float
    before: float | None
    seeds: int

    @property
    def change(self) -> float | None:
        """How much the gap grew in the intermediate phase; below 0 = translations lie less together than in the base."""
        return None if self.before is None else self.gap - self.before


def alignment(results: Results, language: str, pooling: str = "mean", known: Mapping[str, Mapping[str, Any]] | None = None) -> list[Probe]:
    """Return the probes of every retrieval target and scored row, layers in order; rows without details are left out.

    `known`: details.json by run key, where a caller has read them already.
    """
    found = []
    read = dict(known or {})
    for target in targets_in(results, language):
        curves = {row: _curve(results, row, target, language, pooling, read) for row in results.rows} if results.study.targets[target].retrieval else {}
        before = curves.get(NONE, {})
        for row, points in curves.items():
            for layer, some in sorted(points.items()):
                gap, base = fmean(point["gap"] for point in some), before.get(layer)
                start = fmean(point["gap"] for point in base) if base else None
                found.append(Probe(target, row, pooling, layer, gap, fmean(point["accuracy"] for point in some), start, len(some)))
    return found


def _curve(results: Results, row: Row, target: str, language: str, pooling: str, read: dict[str, Mapping[str, Any]]) -> Mapping[int, list[Mapping[str, float]]]:
    """Return layer -> one point per distinct run of a row."""
    points: dict[int, list[Mapping[str, float]]] = {}
    for run in {run.key: run for run in (results.of(row, target, seed) for seed in results.seeds(row, target))}.values():
        if run.key not in read:
            read[run.key] = details.read(run.folder)
        for point in read[run.key].get(language, {}).get("layers", ()):
            if point["pooling"] == pooling:
                points.setdefault(int(point["layer"]), []).append(point)
    return points

"""The paper's last row: for each target the arm that development data would pick, and what it scores on test (Phang et al. 2020, "best-per-target models").

The paper picks by each target's development score. Where a target trains, that is its English dev score, which every run records.
Retrieval has no development data in XTREME, so its best arm can be picked on test only; such a pick is marked as optimistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from eval.compare import targets_in
from eval.results import Results, Row
from eval.score import HEADLINE
from train.metrics import METRICS

ENGLISH, OPTIMISTIC = "English dev", "test (optimistic)"


@dataclass(frozen=True, slots=True)
class Best:
    """The arm picked for a target, its mean test score over seeds, and what picked it."""

    target: str
    row: Row
    value: float
    by: str


def best(results: Results, language: str) -> list[Best]:
    """Return a pick per target that has scored runs, `none` among the candidates; ties go to the row that stands first."""
    found = []
    for target in targets_in(results, language):
        metric = results.study.targets[target].metric
        tests = {row: fmean(values) for row in results.rows if (values := results.values(row, target, language, HEADLINE[metric]))}
        devs = {row: value for row in tests if (value := _dev(results, row, target)) is not None}
        picks, by = (devs, ENGLISH) if len(devs) == len(tests) else (tests, OPTIMISTIC)
        if picks:
            row = max(picks, key=lambda one: picks[one])
            found.append(Best(target, row, tests[row], by))
    return found


def _dev(results: Results, row: Row, target: str) -> float | None:
    """Return the mean English dev score of a row's runs, None where one has recorded none."""
    name = METRICS[results.study.targets[target].metric].headline
    values = []
    for seed in results.seeds(row, target):
        scores = (results.of(row, target, seed).record.get("dev") or {}).get(target)
        if not isinstance(scores, dict) or name not in scores:
            return None
        values.append(float(scores[name]))
    return fmean(values) if values else None

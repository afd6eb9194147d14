"""Every comparison a report prints: each arm against `en` of its group and against `none`, per language and target and on average;
where the study has the control `bt-en`, the translations that it is made from (mt-L of its pivot L) are compared with it too, and where it
has variants of an arm (unfiltered, random-drop), each with the filtered arm.

A family of tests that Holm's correction covers: one language, one target (or the average), one baseline, and either the
question's arms (mt-L and native-L for language L, all groups) or all the other arms. The question's family is kept apart
so that arms that are only listed cannot weaken or strengthen the answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpora.study import base_arm
from eval import stats
from eval.outcomes import Outcomes, components
from eval.results import NONE, Cell, Results, Row
from eval.score import HEADLINE, tested
from eval.stats import Array, Estimate, Verdict

BASELINES = ("en", "none", "bt-en", "filtered")
AVERAGE = "average"  # over the study's targets that the language has; a target's name otherwise
Draws = Mapping[Cell, Array]  # scores [draws] of a cell, on the same redrawn examples as every other cell of its target


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm against a baseline, in points of the headline metric. `estimate` is None where a run it needs is missing."""

    language: str
    target: str
    row: Row
    baseline: Row
    seeds: tuple[int, ...]  # seeds that both sides have; with fewer than two the interval covers test examples only
    estimate: Estimate | None
    adjusted: float  # Holm-adjusted p
    verdict: Verdict | None
    small: bool  # a real difference that lies within the margin of equivalence


@dataclass(frozen=True, slots=True)
class Paired:
    """A difference and its draws, before the correction over its family."""

    row: Row
    seeds: tuple[int, ...]
    delta: float
    draws: Array | None


def question_arms(results: Results, language: str) -> list[Row]:
    """Return the rows that the question is about in a language: machine-translated or native, in that language."""
    return [row for row in results.rows if row.arm in (f"mt-{language}", f"native-{language}")]


def baseline_of(row: Row, baseline: str) -> Row:
    """Return the row that `row` is compared with: `none`, or the baseline's arm (`en`, `bt-en`, a variant's own filtered arm) of the same group of tasks."""
    if baseline == "filtered":
        return Row(row.tasks, base_arm(row.arm))
    return NONE if baseline == "none" else Row(row.tasks, baseline)


def compared_with(results: Results, baseline: str) -> list[Row]:
    """Return the rows that are compared with a baseline; the control `bt-en` answers for one arm only, the translation it is made from."""
    if baseline == "bt-en":
        return [row for row in results.rows if row.arm == f"mt-{results.study.translation.through}"]
    if baseline == "filtered":
        return [row for row in results.rows if row.arm != base_arm(row.arm) in results.study.arms]
    return [row for row in results.rows if base_arm(row.arm) not in (baseline, "none")]


def is_against(one: Comparison, baseline: str) -> bool:
    """Say whether a comparison is one of those with a baseline of BASELINES."""
    own = base_arm(one.row.arm)
    return one.baseline.arm == (own if baseline == "filtered" else baseline) and (own == one.baseline.arm) == (baseline == "filtered")


def targets_in(results: Results, language: str) -> list[str]:
    return [name for name in results.study.targets if language in tested(results.study, name)]


def compare_all(results: Results) -> list[Comparison]:
    """Return all comparisons of a study, in the order of the report."""
    found: list[Comparison] = []
    read: dict[str, Outcomes] = {}
    for language in results.study.languages:
        draws = {target: draw(results, target, language, read) for target in targets_in(results, language)}
        for baseline, target in itertools.product(BASELINES, [AVERAGE, *draws]):
            if baseline not in (*results.study.arms, "filtered"):
                continue
            rows = compared_with(results, baseline)
            asked = question_arms(results, language)
            for family in ([row for row in rows if row in asked], [row for row in rows if row not in asked]):
                found += _family(results, language, target, baseline, family, draws)
    return found


def draw(results: Results, target: str, language: str, read: dict[str, Outcomes]) -> dict[Cell, Array]:
    """Return the redrawn scores [draws] of every scored cell of a target in a language."""
    metric = results.study.targets[target].metric
    found = components(results, target, language, read)
    if not found:
        return {}
    ratio = stats.RATIOS[metric, HEADLINE[metric]]
    over, under = (np.stack(side) for side in zip(*(stats.columns(one, ratio) for one in found.values()), strict=True))
    settings = results.study.statistics
    scores = stats.example_draws(over, under, settings.draws, stats.rng_for(settings.seed, "examples", target, language))
    return {cell: scores[:, i] for i, cell in enumerate(found)}


def _family(results: Results, language: str, target: str, baseline: str, rows: Sequence[Row], draws: Mapping[str, Draws]) -> list[Comparison]:
    settings = results.study.statistics
    pairs = [_pair(results, language, list(draws) if target == AVERAGE else [target], row, baseline_of(row, baseline), draws) for row in rows]
    usable = [pair for pair in pairs if pair.draws is not None]
    estimated = stats.estimates([p.delta for p in usable], [p.draws for p in usable if p.draws is not None], settings.alpha)
    known = {pair.row: found for pair, found in zip(usable, estimated, strict=True)}
    made = []
    for pair in pairs:
        estimate, adjusted = known.get(pair.row, (None, 1.0))
        verdict = stats.verdict(estimate, adjusted, settings.alpha, settings.margin) if estimate else None
        small = verdict in ("better", "worse") and estimate is not None and max(abs(estimate.low), abs(estimate.high)) <= settings.margin
        made.append(Comparison(language, target, pair.row, baseline_of(pair.row, baseline), pair.seeds, estimate, adjusted, verdict, small))
    return made


def _pair(results: Results, language: str, targets: Sequence[str], row: Row, base: Row, draws: Mapping[str, Draws]) -> Paired:
    """Pair two rows on the seeds that both have in every target; the same seeds are drawn in all targets."""
    settings = results.study.statistics
    seeds = _common(results, targets, (row, base))
    if not seeds or not all(Cell(one, target, seed) in draws[target] for one in (row, base) for target in targets for seed in seeds):
        return Paired(row, (), 0.0, None)
    weights = stats.seed_weights(len(seeds), settings.draws, stats.rng_for(settings.seed, "seeds", *map(str, seeds)))
    deltas, redrawn = [], []
    for target in targets:
        metric = HEADLINE[results.study.targets[target].metric]
        value = {one: [results.scored[Cell(one, target, seed)].value(language, metric) or 0.0 for seed in seeds] for one in (row, base)}
        deltas.append(float(np.mean(value[row]) - np.mean(value[base])))
        arm, baseline = (np.stack([draws[target][Cell(one, target, seed)] for seed in seeds], axis=1) for one in (row, base))
        redrawn.append(stats.delta_draws(arm, baseline, weights))
    return Paired(row, seeds, float(np.mean(deltas)), np.mean(redrawn, axis=0))


def _common(results: Results, targets: Iterable[str], rows: Iterable[Row]) -> tuple[int, ...]:
    have = [set(results.seeds(row, target)) for row in rows for target in targets]
    return tuple(seed for seed in results.study.seeds if all(seed in one for one in have)) if have else ()

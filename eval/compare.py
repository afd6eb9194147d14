"""Every comparison a report prints: each arm against `en` of its group and against `none`, per language and target and on average over XTREME's
targets; each native arm against the translated one of its language; where the study has the control `bt-en`, the translations that it is made from
(mt-L of its pivot L) against it; and where it has variants of an arm (unfiltered, random-drop), each against the filtered arm.

A task without English rows (native only) is compared with its `versus` task: discourse.native-fi with nli.en. Mixtures ("en+mt-fi") are arms as all
others; a control (targets alone, trained for as long) is a row with the arm none.

A family of tests that Holm's correction covers: one language, one target (or the average), one baseline, and either the
question's arms (mt-L and native-L for language L, all groups) or all the other arms. The question's family is kept apart
so that arms that are only listed cannot weaken or strengthen the answer. Languages that a target asks for beside the study's are compared target by target.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpora.study import arm_language, base_arm, members, mix_of
from eval import power, randomise, shared, stats
from eval.outcomes import Outcomes, components
from eval.randomise import Exchange, Second
from eval.results import NONE, Cell, Results, Row, targets_for
from eval.score import HEADLINE, elsewhere, tested
from eval.stats import Array, Estimate, Spread, Verdict

BASELINES = ("en", "none", "mt", "bt-en", "filtered")
AVERAGE = "average"  # over the study's XTREME targets that the language has; a target's name otherwise


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm against a baseline, in points of the headline metric. `estimate` is None where a run is missing, and with one seed: `why` says which."""

    language: str
    target: str
    row: Row
    baseline: Row
    against: str  # which of BASELINES
    seeds: tuple[int, ...]  # seeds that both sides have
    delta: float | None
    estimate: Estimate | None
    adjusted: float  # Holm-adjusted p
    verdict: Verdict | None
    small: bool  # a real difference that lies within the margin of equivalence
    why: str = ""  # there is no estimate
    spread: Spread | None = None
    second: Second | None = None  # approximate randomisation
    detectable: float | None = None  # points that such a comparison calls with 80 % power at the level of its interval
    seeds_needed: int | None = None  # of a "can't tell": seeds per arm that see a difference of the margin; None = the test set is too small for any number
    flat: bool = False  # nothing varies, over seeds or examples: the interval is a point


@dataclass(frozen=True)
class Drawn:
    """The runs of one target in one language on the same redrawn and exchanged examples."""

    scores: Array  # [runs, draws]
    swaps: Exchange
    at: Mapping[Cell, int]  # row of a cell in `scores`
    cases: int  # test examples


@dataclass(frozen=True, slots=True)
class Paired:
    """A difference and its draws, before the correction over its family."""

    row: Row
    baseline: Row
    seeds: tuple[int, ...]
    delta: float | None = None
    why: str = ""
    spread: Spread | None = None
    second: Second | None = None
    draws: Array | None = None


def question_arms(results: Results, language: str) -> list[Row]:
    """Return the rows that the question is about in a language: machine-translated or native, in that language, with every target that is averaged."""
    mean = set(averaged(results, language))
    asked = [row for row in results.rows if row.arm in (f"mt-{language}", f"native-{language}")]
    return [row for row in asked if mean <= set(targets_for(results.study, row))]


def english_group(results: Results, tasks: tuple[str, ...]) -> tuple[str, ...]:
    """Return the group that a group is held against: itself, or where a task has no English rows, the one with the task of its `versus` instead."""
    study = results.study
    own = members(study, tasks)
    wanted = tuple(dict.fromkeys(name if study.tasks[name].english else study.tasks[name].versus or name for name in own))
    if wanted == own:
        return tasks
    mode = mix_of(study, tasks).mode
    return next((group for group in study.intermediate if set(members(study, group)) == set(wanted) and mix_of(study, group).mode == mode), wanted)


def baseline_of(results: Results, row: Row, baseline: str) -> Row | None:
    """Return the row that `row` is compared with, None where the study has no such row."""
    if baseline == "none":
        return NONE if NONE in results.rows and row != NONE else None
    if baseline == "filtered":
        found = Row(row.tasks, base_arm(row.arm))
    else:
        found = Row(english_group(results, row.tasks), f"mt-{arm_language(row.arm)}" if baseline == "mt" else baseline)
    return found if found in results.rows and found != row else None


def compared_with(results: Results, baseline: str) -> list[Row]:
    """Return the rows that are compared with a baseline; the control `bt-en` answers for one arm only, the translation it is made from."""

    def asks(row: Row) -> bool:
        mixed, own = "+" in row.arm, row.arm if "+" in row.arm else base_arm(row.arm)
        if baseline == "bt-en":
            return row.arm == f"mt-{results.study.translation.through}"
        if baseline == "mt":
            return not mixed and row.arm == own and own.startswith("native-")
        if baseline == "filtered":
            return not mixed and row.arm != own
        return baseline == "none" or own not in (baseline, "none")  # against none also the control that trains targets alone for longer

    return [row for row in results.rows if asks(row) and baseline_of(results, row, baseline)]


def is_against(one: Comparison, baseline: str) -> bool:
    """Say whether a comparison is one of those with a baseline of BASELINES."""
    return one.against == baseline


def targets_in(results: Results, language: str) -> list[str]:
    """Return the targets that have a test in a language."""
    return [name for name in results.study.targets if language in tested(results.study, name)]


def averaged(results: Results, language: str) -> list[str]:
    """Return those of them that are averaged: XTREME's."""
    return [name for name in targets_in(results, language) if results.study.targets[name].xtreme]


def compare_all(results: Results) -> list[Comparison]:
    """Return all comparisons of a study, in the order of the report."""
    found: list[Comparison] = []
    read: dict[str, Outcomes] = {}
    alike = shared.of_study(results).used
    for language in (*results.study.languages, *elsewhere(results.study)):
        drawn = {target: draw(results, target, language, read) for target in targets_in(results, language)}
        asked, mean = (question_arms(results, language), averaged(results, language)) if language in results.study.languages else ([], [])
        for baseline, target in itertools.product(BASELINES, [*([AVERAGE] if mean else []), *drawn]):
            rows = compared_with(results, baseline)
            for family in ([row for row in rows if row in asked], [row for row in rows if row not in asked]):
                pairs = [_pair(results, language, mean if target == AVERAGE else [target], row, baseline, drawn, alike) for row in family]
                found += _family(results, language, target, baseline, pairs)
    return found


def draw(results: Results, target: str, language: str, read: dict[str, Outcomes]) -> Drawn | None:
    """Return the redrawn scores of every scored cell of a target in a language, None where there is none."""
    metric = results.study.targets[target].metric
    found = components(results, target, language, read)
    if not found:
        return None
    ratio = stats.RATIOS[metric, HEADLINE[metric]]
    distinct = {id(one): one for one in found.values()}  # retrieval straight from the base is one run for all seeds
    over, under = (np.stack(side) for side in zip(*(stats.columns(one, ratio) for one in distinct.values()), strict=True))
    settings, place = results.study.statistics, {key: i for i, key in enumerate(distinct)}
    scores = stats.example_draws(over, under, settings.draws, stats.rng_for(settings.seed, "examples", target, language))
    swaps = randomise.exchange(over, under, settings.draws, stats.rng_for(settings.seed, "exchange", target, language))
    return Drawn(scores, swaps, {cell: place[id(one)] for cell, one in found.items()}, over.shape[1])


def _pair(results: Results, language: str, targets: Sequence[str], row: Row, against: str, drawn: Mapping[str, Drawn | None], alike: float) -> Paired:
    """Pair two rows on the seeds that both have in every target; `alike`: correlation of all arms' noise at a seed."""
    base = baseline_of(results, row, against)
    assert base is not None  # compared_with has seen to it
    if lacking := [target for target in targets if target not in targets_for(results.study, row)]:
        return Paired(row, base, (), why=f"{row.label} has no run of {', '.join(lacking)} by design")
    seeds = _common(results, targets, (row, base))
    some = [one for target in targets if (one := drawn[target]) is not None]
    if (
        not seeds
        or len(some) < len(targets)
        or any(Cell(side, t, s) not in d.at for d, t in zip(some, targets, strict=True) for side in (row, base) for s in seeds)
    ):
        return Paired(row, base, (), why="a run is missing")
    metrics = [HEADLINE[results.study.targets[target].metric] for target in targets]

    def seen(side: Row) -> Array:  # [seeds], mean over targets
        values = [[results.of(side, t, s).value(language, m) or 0.0 for s in seeds] for t, m in zip(targets, metrics, strict=True)]
        return np.asarray(np.mean(values, axis=0), dtype=np.float64)

    arm, baseline = seen(row), seen(base)
    delta = float(arm.mean() - baseline.mean())
    if len(seeds) < 2:
        return Paired(row, base, seeds, delta, "one seed: nothing is known of the noise of training, so there is no interval")
    places = [[[d.at[Cell(side, t, s)] for s in seeds] for side in (row, base)] for d, t in zip(some, targets, strict=True)]
    redrawn = [np.mean([d.scores[place[side]] for d, place in zip(some, places, strict=True)], axis=0) for side in (0, 1)]
    swapped = np.mean([randomise.exchanged(d.swaps, *place) for d, place in zip(some, places, strict=True)], axis=0)
    spread = stats.spread(arm, baseline, redrawn[0], redrawn[1], min(d.cases for d in some), alike)
    settings = results.study.statistics
    draws = stats.nested_draws(delta, redrawn[0], redrawn[1], spread, stats.rng_for(settings.seed, "seeds", *map(str, seeds)))
    second = Second(randomise.p_examples(delta, swapped), *randomise.p_seeds(arm, baseline))
    return Paired(row, base, seeds, delta, "", spread, second, draws)


def _family(results: Results, language: str, target: str, against: str, pairs: Sequence[Paired]) -> list[Comparison]:
    settings = results.study.statistics
    usable = [pair for pair in pairs if pair.draws is not None and pair.delta is not None]
    estimated = stats.estimates([p.delta for p in usable if p.delta is not None], [p.draws for p in usable if p.draws is not None], settings.alpha)
    known = {pair.row: found for pair, found in zip(usable, estimated, strict=True)}
    usual = power.typical([p.spread for p in usable if p.spread]) if usable else None
    made = []
    for pair in pairs:
        estimate, adjusted = known.get(pair.row, (None, 1.0))
        verdict = stats.verdict(estimate, adjusted, settings.alpha, settings.margin) if estimate else None
        small = verdict in ("better", "worse") and estimate is not None and max(abs(estimate.low), abs(estimate.high)) <= settings.margin
        seen = power.detectable(usual, estimate.alpha) if usual and estimate else None
        more = power.seeds_needed(settings.margin, usual, estimate.alpha) if usual and estimate and verdict == "can't tell" else None
        flat = pair.spread is not None and pair.spread.error == 0
        made.append(
            Comparison(
                language, target, pair.row, pair.baseline, against, pair.seeds, pair.delta, estimate, adjusted, verdict, small, pair.why,
                pair.spread, pair.second, seen, more, flat,
            )
        )  # fmt: skip
    return made


def _common(results: Results, targets: Iterable[str], rows: Iterable[Row]) -> tuple[int, ...]:
    have = [set(results.seeds(row, target)) for row in rows for target in targets]
    return tuple(seed for seed in results.study.seeds if all(seed in one for one in have)) if have else ()

"""Holds eval/stats.py to its promises by simulated studies whose truth is known, and times the bootstrap.

    python -m benchmarks.statistics check --studies 1000          # the tables of docs/statistics.md
    python -m benchmarks.statistics check --case udpos-hu --seeds 3
    python -m benchmarks.statistics pairing                       # what pairing seed by seed would cost
    python -m benchmarks.statistics speed                         # 10,000 draws x 10,000 examples x 5 seeds x 10 comparisons

A simulated study has two arms of S trained models each, tested on the same N examples; four more arms and three more targets are drawn as
scores alone, because all of them are looked at for noise that arms share at a seed (eval/shared.py). How likely a model is right on a chunk
(an answer, a sentence) is, on the logit scale: its arm + its seed + how hard the example is + what the arm makes of the example
(the same for all seeds) + what this one model makes of it. All of these are drawn anew in every study, examples included.
"""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import typer

from eval import power, randomise, stats
from eval.shared import shared_noise
from eval.stats import Array

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
ARMS, TARGETS = 6, 4  # of a study, as the ready ones have: none, en and the mt and native arms of two languages; udpos, panx, tydiqa, tatoeba
FAMILY = 5  # comparisons whose spread the report averages before it claims a power
HARD, ARM, MODEL = 0.9, 0.25, 0.6  # standard deviations on the logit scale: of examples, of arm x example, of model x example


@dataclass(frozen=True)
class Case:
    """A test set as the simulation makes it: examples, chunks of an example (mean), how often a chunk is right, training noise in points."""

    examples: int
    chunks: float  # 1 = one yes or no per example
    right: float
    noise: float  # standard deviation of a model's true score over seeds, in points
    other: float = 0.0  # that of the arms after the first, 0 = the same
    shared: float = 0.0  # correlation of two arms' training noise at the same seed


CASES = {
    "udpos-fi": Case(4422, 11, 0.84, 0.5),
    "udpos-hu": Case(449, 22, 0.82, 0.5),
    "udpos-hu, noisy": Case(449, 22, 0.82, 1.5),
    "udpos-hu, quiet": Case(449, 22, 0.82, 0.1),
    "udpos-hu, unequal": Case(449, 22, 0.82, 0.3, 1.2),
    "udpos-hu, shared": Case(449, 22, 0.82, 0.5, shared=0.5),
    "tydiqa-fi": Case(782, 1, 0.70, 1.0),
    "tatoeba": Case(1000, 1, 0.70, 2.0),
}


@dataclass
class Tally:
    """Counts over simulated studies."""

    studies: int = 0
    called: int = 0  # the interval excludes 0
    covered: int = 0  # the interval holds the true difference
    naive: int = 0  # the percentile interval over examples alone excludes 0
    dealt: int = 0  # the exact test over seeds calls a difference
    width: float = 0.0
    claimed: list[float] = field(default_factory=list)  # power that the report would claim for the effect, one for each family of comparisons


def scores(over: Array, under: Array) -> Array:
    """Return the score of each model [models] from its examples [models, examples]."""
    return stats.score(over.sum(axis=1), under.sum(axis=1).astype(float))


def slope(case: Case) -> float:
    """Return points per logit near the case's mean, so that noise can be stated in points."""
    return 100 * case.right * (1 - case.right) / math.sqrt(1 + 0.35 * (HARD**2 + ARM**2 + MODEL**2))


def training(case: Case, seeds: int, rng: np.random.Generator) -> Array:
    """Return what training adds to each model's score [arms, seeds], in points."""
    noise = math.sqrt(case.shared) * rng.normal(size=seeds) + math.sqrt(1 - case.shared) * rng.normal(size=(ARMS, seeds))
    return np.asarray(noise * np.array([case.noise, *[case.other or case.noise] * (ARMS - 1)])[:, None], dtype=np.float64)


@functools.cache
def own(case: Case) -> float:
    """Return the standard deviation, in points, of what one model alone makes of a test set's examples, from 100 models."""
    found = scores(*study(case, np.zeros((ARMS, 50)), 0.0, np.random.default_rng(0))).reshape(2, 50)
    return math.sqrt(float(found.var(axis=1, ddof=1).mean()))


def study(case: Case, noise: Array, shift: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return numerator and denominator [2 * seeds, examples] of the two arms that are compared; the first one's logits are `shift` higher.

    noise: [arms, seeds] of training, in points.
    """
    n, seeds = case.examples, noise.shape[1]
    sizes = 1.0 + rng.poisson(case.chunks - 1, n) * rng.gamma(4.0, 0.25, n).round(1) if case.chunks > 1 else np.ones(n)
    sizes = np.maximum(1, sizes.round())
    logit = math.log(case.right / (1 - case.right)) + np.array([shift, 0.0])[:, None, None] + noise[:2, :, None] / slope(case)
    logit = logit + rng.normal(0, HARD, n) + rng.normal(0, ARM, (2, 1, n)) + rng.normal(0, MODEL, (2, seeds, n))
    right = rng.binomial(sizes.astype(int), 1 / (1 + np.exp(-logit))).reshape(2 * seeds, n)
    return right.astype(float), np.broadcast_to(sizes, (2 * seeds, n))


def shift_for(case: Case, effect: float) -> float:
    """Return the shift in logits that makes a true difference of `effect` points, by halving on Gauss-Hermite nodes."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    middle = math.log(case.right / (1 - case.right))

    def mean(shift: float, noise: float) -> float:
        wide = math.sqrt(HARD**2 + ARM**2 + MODEL**2 + (noise / slope(case)) ** 2)
        return float(weights @ (100 / (1 + np.exp(-(middle + shift + wide * nodes)))))

    low, high = -3.0, 3.0
    for _ in range(60):
        half = (low + high) / 2
        low, high = (half, high) if mean(half, case.noise) - mean(0, case.other or case.noise) < effect else (low, half)
    return low


def simulate(case: Case, seeds: int, effect: float, studies: int, draws: int, alpha: float = 0.05) -> Tally:
    """Return what the method says of `studies` simulated studies with a true difference of `effect` points."""
    tally, shift = Tally(), shift_for(case, effect)
    spreads: list[stats.Spread] = []
    for number in range(studies):
        rng = np.random.default_rng([number, seeds, case.examples, round(1000 * effect)])
        noise = [training(case, seeds, rng) for _ in range(TARGETS)]
        over, under = study(case, noise[0], shift, rng)
        drawn = stats.example_draws(over, under, draws, rng)
        arm, base = scores(over, under).reshape(2, seeds)
        tables = [one + rng.normal(0, own(case), one.shape) for one in noise]
        tables[0][:2] = arm, base
        alike = shared_noise(tables)
        delta = float(arm.mean() - base.mean())
        of = stats.spread(arm, base, drawn[:seeds], drawn[seeds:], case.examples, alike.used)
        low, high = stats.interval(stats.nested_draws(delta, drawn[:seeds], drawn[seeds:], of, rng), alpha)
        plain = stats.interval(drawn[:seeds].mean(axis=0) - drawn[seeds:].mean(axis=0), alpha)
        tally.studies += 1
        tally.called += not low <= 0 <= high
        tally.covered += low <= effect <= high
        tally.naive += not plain[0] <= 0 <= plain[1]
        tally.dealt += randomise.p_seeds(arm, base)[0] <= alpha
        tally.width += (high - low) / 2
        spreads.append(of)
        if effect and len(spreads) == FAMILY:
            tally.claimed.append(power.power(effect, power.typical(spreads), alpha))
            spreads = []
    return tally


@app.command()
def check(
    studies: int = 1000,
    draws: Annotated[int, typer.Option(help="draws a study; the report takes 10,000, which only smooths the ends of the interval")] = 1000,
    case: Annotated[list[str] | None, typer.Option(help=f"one or more of: {'; '.join(CASES)}")] = None,
    seeds: Annotated[list[int] | None, typer.Option()] = None,
    effect: Annotated[list[float] | None, typer.Option(help="true differences in points; 0 = A/A")] = None,
) -> None:
    """Print a Markdown table: how often a difference is called, how often the interval holds the truth, and what power was claimed."""
    typer.echo(
        "| test set | seeds | true difference | called | interval holds the truth | half width | power claimed | called by examples alone | by seeds alone |"
    )
    typer.echo("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name in case or CASES:
        for count in seeds or (3, 5):
            for true in effect or (0.0, 1.0):
                found = simulate(CASES[name], count, true, studies, draws)
                share = [100 * n / found.studies for n in (found.called, found.covered)]
                claimed = f"{100 * float(np.mean(found.claimed)):.1f} %" if found.claimed else "–"
                typer.echo(
                    f"| {name} | {count} | {true:+g} | {share[0]:.1f} % | {share[1]:.1f} % | {found.width / found.studies:.2f} | {claimed} | "
                    f"{100 * found.naive / found.studies:.1f} % | {100 * found.dealt / found.studies:.1f} % |"
                )


@app.command()
def pairing(studies: int = 100_000) -> None:
    """Print what pairing arms seed by seed would do, without test noise: coverage and half width (in standard deviations of a run) of Student's intervals."""
    from scipy import special

    rng = np.random.default_rng(1)
    typer.echo("| seeds | correlation at a seed | unpaired holds the truth | half width | paired holds the truth | half width |")
    typer.echo("|---:|---:|---:|---:|---:|---:|")
    for seeds in (3, 5):
        for shared in (0.0, 0.5):
            common, own = rng.normal(size=(studies, 1, seeds)), rng.normal(size=(studies, 2, seeds))
            runs = math.sqrt(shared) * common + math.sqrt(1 - shared) * own
            difference, parts = runs[:, 0] - runs[:, 1], runs.var(axis=2, ddof=1) / seeds
            error = [np.sqrt(parts.sum(axis=1)), np.sqrt(difference.var(axis=1, ddof=1) / seeds)]
            degrees = [parts.sum(axis=1) ** 2 / (parts**2 / (seeds - 1)).sum(axis=1), np.full(studies, seeds - 1.0)]
            told = []
            for one, free in zip(error, degrees, strict=True):
                half = special.stdtrit(free, 0.975) * one
                told.append(f"{100 * float((np.abs(difference.mean(axis=1)) <= half).mean()):.1f} % | {float(half.mean()):.2f}")
            typer.echo(f"| {seeds} | {shared:g} | {' | '.join(told)} |")


@app.command()
def speed(draws: int = 10_000, examples: int = 10_000, seeds: int = 5, comparisons: int = 10) -> None:
    """Time all that one target in one language costs: example draws, exchanges, and every comparison's spread, draws, interval and p values."""
    rng = np.random.default_rng(1)
    runs = (comparisons + 1) * seeds  # ten arms and the one that they are compared with
    under = rng.integers(3, 12, (runs, examples)).astype(float)
    over = rng.binomial(under.astype(int), 0.8).astype(float)
    started = time.perf_counter()
    drawn = stats.example_draws(over, under, draws, rng)
    examples_done = time.perf_counter()
    swaps = randomise.exchange(over, under, draws, rng)
    swaps_done = time.perf_counter()
    seen = stats.score(over.sum(axis=1), under.sum(axis=1))
    base = list(range(seeds))
    for one in range(comparisons):
        arm = list(range((one + 1) * seeds, (one + 2) * seeds))
        delta = float(seen[arm].mean() - seen[base].mean())
        of = stats.spread(seen[arm], seen[base], drawn[arm], drawn[base], examples)
        found = stats.nested_draws(delta, drawn[arm], drawn[base], of, rng)
        stats.interval(found, 0.05)
        randomise.p_examples(delta, randomise.exchanged(swaps, arm, base))
        randomise.p_seeds(seen[arm], seen[base])
    done = time.perf_counter()
    typer.echo(f"{draws:,} draws, {examples:,} examples, {seeds} seeds, {comparisons} comparisons ({runs} runs)")
    typer.echo(f"example draws {examples_done - started:.2f} s, exchanges {swaps_done - examples_done:.2f} s, comparisons {done - swaps_done:.2f} s")
    typer.echo(f"in all {done - started:.2f} s")


if __name__ == "__main__":
    app()

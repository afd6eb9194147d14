"""The bootstrap against a plain loop, its promises (antisymmetry, calibration), Holm's correction and the four verdicts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import stats
from eval.stats import RATIOS, Estimate
from train.metrics import METRICS


def plain_loop(over_a, under_a, over_b, under_b, seed_weights, draws, rng):
    """The same bootstrap in loops: over*, under* are [seeds][examples]."""
    seeds, n = len(over_a), len(over_a[0])
    picked = rng.integers(0, n, size=(draws, n))
    found = []
    for d in range(draws):
        total = 0.0
        for s in range(seeds):
            score_a = 100 * sum(over_a[s][i] for i in picked[d]) / sum(under_a[s][i] for i in picked[d])
            score_b = 100 * sum(over_b[s][i] for i in picked[d]) / sum(under_b[s][i] for i in picked[d])
            total += seed_weights[d][s] * (score_a - score_b)
        found.append(total)
    return found


@pytest.mark.parametrize("chunk", [4_000_000, 50])
def test_the_bootstrap_equals_a_plain_loop(monkeypatch, chunk) -> None:
    monkeypatch.setattr(stats, "CHUNK", chunk)
    rng = np.random.default_rng(0)
    over, under = rng.integers(0, 5, (4, 13)).astype(float), rng.integers(5, 9, (4, 13)).astype(float)  # two arms, two seeds each
    weights = stats.seed_weights(2, 40, stats.rng_for(1, "seeds"))
    scores = stats.example_draws(over, under, 40, stats.rng_for(1, "examples"))
    found = stats.delta_draws(scores[:, :2], scores[:, 2:], weights)
    expected = plain_loop(over[:2], under[:2], over[2:], under[2:], weights, 40, stats.rng_for(1, "examples"))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(("metric", "name"), sorted(RATIOS))
def test_a_ratio_is_the_metric_itself(metric, name) -> None:
    rng = np.random.default_rng(3)
    width = {"udpos": 5, "panx": 5, "tydiqa": 3, "tatoeba": 2}[metric]
    rows = rng.integers(1, 6, (20, width)).astype(float)
    if metric in ("tydiqa", "tatoeba"):
        rows = np.column_stack([rng.random((20, width - 1)), np.ones(20)])
    over, under = stats.columns(rows, RATIOS[metric, name])
    assert float(stats.score(over.sum(keepdims=True), under.sum(keepdims=True))[0]) == pytest.approx(METRICS[metric].total([tuple(row) for row in rows])[name])


def test_a_score_of_nothing_is_zero_and_no_warning() -> None:
    assert stats.score(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]


def test_seed_weights_sum_to_one_and_spread_as_a_sample_of_the_seeds_should() -> None:
    weights = stats.seed_weights(3, 40_000, stats.rng_for(1, "seeds"))
    assert weights.sum(axis=1) == pytest.approx(1.0)
    values = np.array([1.0, 5.0, 9.0])
    assert (weights @ values).var() == pytest.approx(values.var(ddof=1) / 3, rel=0.05)  # the unbiased variance of a mean of three
    assert stats.seed_weights(1, 5, stats.rng_for(1)).tolist() == [[1.0]] * 5


def test_draws_depend_on_the_seed_and_the_names_only() -> None:
    first = stats.rng_for(1, "examples", "udpos", "fi").integers(0, 1000, 5)
    assert first.tolist() == stats.rng_for(1, "examples", "udpos", "fi").integers(0, 1000, 5).tolist()
    assert first.tolist() != stats.rng_for(1, "examples", "udpos", "hu").integers(0, 1000, 5).tolist()
    assert stats.rng_for(1, "ab", "c").integers(0, 10**9) != stats.rng_for(1, "a", "bc").integers(0, 10**9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 12))
def test_swapping_the_arms_changes_the_sign_and_equal_arms_differ_by_zero(seed, seeds, n) -> None:
    rng = np.random.default_rng(seed)
    over, under = rng.random((2 * seeds, n)), rng.random((2 * seeds, n)) + 1
    scores = stats.example_draws(over, under, 50, stats.rng_for(seed))
    weights = stats.seed_weights(seeds, 50, stats.rng_for(seed, "s"))
    there, back = stats.delta_draws(scores[:, :seeds], scores[:, seeds:], weights), stats.delta_draws(scores[:, seeds:], scores[:, :seeds], weights)
    assert there == pytest.approx(-back)
    assert stats.p_value(there) == stats.p_value(-there)
    low, high = stats.interval(there, 0.05)
    assert stats.interval(-there, 0.05) == pytest.approx((-high, -low))
    same = stats.delta_draws(scores[:, :seeds], scores[:, :seeds], weights)
    assert not same.any() and stats.p_value(same) == 1.0
    ((estimate, adjusted),) = stats.estimates([0.0], [same], 0.05)
    assert stats.verdict(estimate, adjusted, 0.05, 1.0) == "equivalent"


@pytest.mark.parametrize(("agreement", "lowest", "highest"), [(1.0, 0.015, 0.10), (0.0, 0.0, 0.06)])
def test_calibration_a_true_null_is_rejected_about_as_often_as_alpha_says(agreement, lowest, highest) -> None:
    """Eight seeds, 150 examples, no true difference; `agreement`: the seeds of an arm are right on the same examples, or on their own."""
    rng = np.random.default_rng(7)
    rejected, trials, seeds, n = 0, 300, 8, 150
    for trial in range(trials):
        per_arm, per_seed = rng.normal(0, 0.3, (2, 1, n)), rng.normal(0, 0.3, (2, seeds, n))
        over = (0.6 + rng.normal(0, 0.04, (2, seeds, 1)) + agreement * per_arm + (1 - agreement) * per_seed).reshape(2 * seeds, n)
        scores = stats.example_draws(over, np.ones_like(over), 300, stats.rng_for(trial))
        draws = stats.delta_draws(scores[:, :seeds], scores[:, seeds:], stats.seed_weights(seeds, 300, stats.rng_for(trial, "s")))
        low, high = stats.interval(draws, 0.05)
        rejected += not low <= 0 <= high
    assert lowest <= rejected / trials <= highest, rejected / trials


@pytest.mark.parametrize(("p", "adjusted", "levels"), [
    ([0.01], [0.01], [0.05]),
    ([0.01, 0.04], [0.02, 0.04], [0.025, 0.05]),
    ([0.04, 0.01, 0.03], [0.06, 0.03, 0.06], [0.025, 0.05 / 3, 0.025]),  # 0.03 fails at 0.025, so 0.04 fails with it
    ([0.9, 0.8], [1.0, 1.0], [0.025, 0.025]),
    ([], [], []),
])  # fmt: skip
def test_holm(p, adjusted, levels) -> None:
    found = stats.holm(p, 0.05)
    assert [a for a, _ in found] == pytest.approx(adjusted)
    assert [level for _, level in found] == pytest.approx(levels)


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_rejects_more_than_uncorrected_and_never_less_than_bonferroni(p) -> None:
    for value, (adjusted, level) in zip(p, stats.holm(p, 0.05), strict=True):
        assert value <= adjusted <= min(1.0, len(p) * value) + 1e-12
        assert 0.05 / len(p) <= level + 1e-12 and level <= 0.05


@pytest.mark.parametrize(("low", "high", "p", "expected"), [
    (0.2, 3.0, 0.01, "better"),
    (-3.0, -0.2, 0.01, "worse"),
    (0.2, 3.0, 0.06, "can't tell"),  # the adjusted p disagrees with the interval
    (-0.5, 0.9, 0.6, "equivalent"),
    (0.1, 0.6, 0.01, "better"),  # real, though within the margin
    (-0.5, 1.1, 0.6, "can't tell"),
    (-9.0, 9.0, 1.0, "can't tell"),
])  # fmt: skip
def test_verdicts(low, high, p, expected) -> None:
    assert stats.verdict(Estimate((low + high) / 2, low, high, p, 0.05), p, 0.05, 1.0) == expected


def test_p_is_never_zero() -> None:
    assert stats.p_value(np.ones(999)) == pytest.approx(2 / 1000)
    assert math.isclose(stats.p_value(np.array([-1.0, 1.0])), 1.0)

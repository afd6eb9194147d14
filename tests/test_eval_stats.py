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


@pytest.mark.parametrize("chunk", [4_000_000, 50])
def test_the_bootstrap_of_examples_equals_a_plain_loop(monkeypatch, chunk) -> None:
    monkeypatch.setattr(stats, "CHUNK", chunk)
    rng = np.random.default_rng(0)
    over, under = rng.integers(0, 5, (4, 13)).astype(float), rng.integers(5, 9, (4, 13)).astype(float)
    scores = stats.example_draws(over, under, 40, stats.rng_for(1, "examples"))
    picked = stats.rng_for(1, "examples").integers(0, 13, size=(40, 13))
    expected = [[100 * sum(over[run][i] for i in some) / sum(under[run][i] for i in some) for some in picked] for run in range(4)]
    assert scores == pytest.approx(np.array(expected), rel=1e-6)


@pytest.mark.parametrize(("metric", "name"), sorted(RATIOS))
def test_a_ratio_is_the_metric_itself(metric, name) -> None:
    rng = np.random.default_rng(3)
    width = len(RATIOS[metric, name].over)
    rows = rng.integers(1, 6, (20, width)).astype(float)
    if width == 2 or METRICS[metric].headline == "score":
        rows = np.column_stack([rng.random((20, width - 1)), np.ones(20)])
    over, under = stats.columns(rows, RATIOS[metric, name])
    assert float(stats.score(over.sum(keepdims=True), under.sum(keepdims=True))[0]) == pytest.approx(METRICS[metric].total([tuple(row) for row in rows])[name])


def test_a_score_of_nothing_is_zero_and_no_warning() -> None:
    assert stats.score(np.zeros(2), np.zeros(2)).tolist() == [0.0, 0.0]


def one_study(rng, seeds=4, n=200, seed_noise=1.0, own=0.3):
    """Two arms' scores: observed [2, seeds], and their runs on redrawn examples [2, seeds, draws]."""
    shared, arm, model = rng.normal(0, 0.3, n), rng.normal(0, 0.2, (2, 1, n)), rng.normal(0, own, (2, seeds, n))
    over = 0.6 + shared + arm + model + rng.normal(0, seed_noise / 100, (2, seeds, 1))
    drawn = stats.example_draws(over.reshape(2 * seeds, n), np.ones((2 * seeds, n)), 400, rng)
    return 100 * over.mean(axis=2), drawn.reshape(2, seeds, -1)


def test_the_spread_is_that_of_its_parts() -> None:
    rng = np.random.default_rng(5)
    found = []
    for _ in range(150):
        seen, drawn = one_study(rng)
        of = stats.spread(seen[0], seen[1], drawn[0], drawn[1], 200)
        found.append((of.arm, of.examples))
    arm, examples = np.mean(found, axis=0)
    # one seed's score varies by training (1 point) and by what its model makes of each of 200 examples (100 * 0.3 / sqrt(200)); four seeds are averaged
    assert arm == pytest.approx((1.0 + (100 * 0.3) ** 2 / 200) / 4, rel=0.15)
    assert examples == pytest.approx(2 * (100 * 0.2) ** 2 / 200, rel=0.2)  # what an arm makes of examples, in both arms; what all share cancels


def test_degrees_of_freedom_lie_between_one_arms_and_both() -> None:
    assert stats.Spread(1.0, 1.0, 0.0, 3, 500).degrees == pytest.approx(4.0)
    assert stats.Spread(1.0, 0.0, 0.0, 3, 500).degrees == pytest.approx(2.0)  # retrieval from the base has no training noise
    assert stats.Spread(1.0, 1.0, 8.0, 3, 500).degrees > 40
    assert stats.Spread(0.0, 0.0, 0.0, 3, 500).degrees == math.inf and stats.Spread(0.0, 0.0, 0.0, 3, 500).error == 0.0


def test_one_seed_has_no_spread() -> None:
    with pytest.raises(ValueError, match="one seed"):
        stats.spread(np.ones(1), np.zeros(1), np.ones((1, 9)), np.zeros((1, 9)), 9)


def test_draws_are_students_where_examples_do_not_vary() -> None:
    of = stats.Spread(1.0, 1.0, 0.0, 3, 500)
    draws = stats.nested_draws(2.0, np.zeros((3, 40_000)), np.zeros((3, 40_000)), of, stats.rng_for(1, "t"))
    low, high = stats.interval(draws, 0.05)
    assert (low, high) == pytest.approx((2 - 2.776 * math.sqrt(2), 2 + 2.776 * math.sqrt(2)), abs=0.12)  # t of 4 degrees


def test_draws_depend_on_the_seed_and_the_names_only() -> None:
    first = stats.rng_for(1, "examples", "udpos", "fi").integers(0, 1000, 5)
    assert first.tolist() == stats.rng_for(1, "examples", "udpos", "fi").integers(0, 1000, 5).tolist()
    assert first.tolist() != stats.rng_for(1, "examples", "udpos", "hu").integers(0, 1000, 5).tolist()
    assert stats.rng_for(1, "ab", "c").integers(0, 10**9) != stats.rng_for(1, "a", "bc").integers(0, 10**9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 4), st.integers(2, 12))
def test_swapping_the_arms_changes_the_sign_and_equal_arms_differ_by_zero(seed, seeds, n) -> None:
    seen, drawn = one_study(np.random.default_rng(seed), seeds, n)
    there, back = (stats.spread(seen[i], seen[1 - i], drawn[i], drawn[1 - i], n) for i in (0, 1))
    assert (there.error, there.degrees) == pytest.approx((back.error, back.degrees))
    other = drawn[0] * (1 + np.random.default_rng(seed).choice([-1e-7, 0, 1e-7], drawn[0].shape))  # as single precision rounds sums in another order
    same = stats.spread(seen[0], seen[0], drawn[0], other, n)
    draws = stats.nested_draws(0.0, drawn[0], drawn[0], same, stats.rng_for(seed))
    assert not draws.any() and stats.p_value(draws) == 1.0
    ((estimate, adjusted),) = stats.estimates([0.0], [draws], 0.05)
    assert stats.verdict(estimate, adjusted, 0.05, 1.0) == "equivalent"


@pytest.mark.parametrize(("seeds", "own"), [(3, 0.1), (3, 0.4), (5, 0.2)])
def test_calibration_a_true_null_is_rejected_about_as_often_as_alpha_says(seeds, own) -> None:
    """A small edition of benchmarks/statistics.py: 300 studies, so 5 % stands for 1.5 to 9 %."""
    rng = np.random.default_rng(7)
    rejected, trials = 0, 300
    for trial in range(trials):
        seen, drawn = one_study(rng, seeds, 150, 2.0, own)
        delta = float(seen[0].mean() - seen[1].mean())
        of = stats.spread(seen[0], seen[1], drawn[0], drawn[1], 150)
        low, high = stats.interval(stats.nested_draws(delta, drawn[0], drawn[1], of, stats.rng_for(trial)), 0.05)
        rejected += not low <= 0 <= high
    assert 0.015 <= rejected / trials <= 0.09, rejected / trials


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

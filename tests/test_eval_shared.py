"""Noise that all arms share at a seed: found where it is, not used where the study shows none, and taken off the interval."""

from __future__ import annotations

import eval_fakes as fakes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from eval import shared, stats
from eval.results import Cell, collect, rows


def tables(correlation: float, seeds: int, arms: int = 6, targets: int = 4, rng: int = 1) -> list[stats.Array]:
    draw = np.random.default_rng(rng)
    return [
        np.sqrt(correlation) * draw.normal(size=seeds) + np.sqrt(1 - correlation) * draw.normal(size=(arms, seeds)) + draw.normal(0, 9, (arms, 1))
        for _ in range(targets)
    ]


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_the_correlation_is_found(correlation) -> None:
    found = shared.shared_noise(tables(correlation, 400))
    assert found.found == pytest.approx(correlation, abs=0.05) and found.used == max(0.0, found.found)


def test_its_error_is_what_repeated_studies_show() -> None:
    for correlation in (0.0, 0.4):
        many = [shared.shared_noise(tables(correlation, 3, rng=i)) for i in range(400)]
        spread = np.std([one.found for one in many])
        assert np.mean([one.error for one in many]) == pytest.approx(spread, rel=0.35)
    assert np.mean([shared.shared_noise(tables(0.0, 3, rng=i)).used for i in range(400)]) < 0.06


@settings(deadline=None)
@given(st.lists(arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=st.floats(0, 100)), max_size=3))
def test_whatever_the_scores_it_is_a_share(some) -> None:
    found = shared.shared_noise(some)
    assert 0 <= found.used <= 1 and np.isfinite(found.error)


def test_two_arms_one_seed_or_arms_that_do_not_vary_say_nothing() -> None:
    rng = np.random.default_rng(3)
    assert shared.shared_noise([rng.normal(size=(2, 5)), rng.normal(size=(6, 1)), np.full((6, 3), 71.3), np.empty((0, 0))]) == shared.NOTHING


def test_what_a_small_study_shows_is_told_and_not_used() -> None:
    found = shared.shared_noise(tables(0.5, 3, arms=3, targets=1))
    assert found.found is not None and found.used == 0.0


def test_what_is_shared_leaves_the_difference() -> None:
    arm, base, drawn = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]) + 5, np.zeros((3, 10))
    apart, together = (stats.spread(arm, base, drawn, drawn + 5, 100, r) for r in (0.0, 0.5))
    assert apart.error**2 == pytest.approx(2 / 3) and together.error**2 == pytest.approx(1 / 3)
    assert together.degrees == pytest.approx(apart.degrees)
    still = stats.spread(arm, np.full(3, 5.0), drawn, drawn + 5, 100, 0.5)  # an arm without noise (retrieval from the base) shares none
    assert still.error**2 == pytest.approx(1 / 3)


def test_a_study_is_read_target_by_target(tmp_path, monkeypatch) -> None:
    study = fakes.study(seeds=[1, 2, 3])
    fakes.plan(monkeypatch, study)
    for row in rows(study):
        for target in study.targets:
            for seed in study.seeds:  # every arm moves alike at a seed
                fakes.write_run(tmp_path, study, Cell(row, target, seed), 0.5 + 0.1 * seed)
    found = shared.of_study(collect(study, tmp_path))
    assert found.used > 0.7

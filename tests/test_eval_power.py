"""Power against the non-central t where the spread is known, what seeds buy, and approximate randomisation against plain counting."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats as known

from eval import power, randomise
from eval.randomise import Second
from eval.stats import Spread


def test_power_is_that_of_a_t_test() -> None:
    """No noise of examples and equal arms: nearly Student's two-sample test, whose power scipy's non-central t knows."""
    of = Spread(0.25, 0.25, 0.0, 10, 10_000)
    for effect in (0.0, 1.0, 2.0, 3.0):
        shift, bound = effect / of.error, known.t.ppf(0.975, 18)
        exact = known.nct.sf(bound, 18, shift) + known.nct.cdf(-bound, 18, shift) if effect else 0.05
        assert power.power(effect, of, 0.05) == pytest.approx(exact, abs=0.02)


def test_what_is_detectable_is_called_four_times_out_of_five() -> None:
    of = Spread(0.1, 0.3, 0.2, 3, 449)
    assert power.power(power.detectable(of, 0.05), of, 0.05) == pytest.approx(0.8, abs=0.01)
    assert power.detectable(of, 0.01) > power.detectable(of, 0.05) > power.detectable(power.with_seeds(of, 10), 0.05)


def test_seeds_help_until_the_test_set_is_the_limit() -> None:
    seeds = power.seeds_needed(1.0, Spread(0.2, 0.2, 0.02, 3, 4422), 0.05)
    assert seeds is not None and seeds > 3
    assert power.detectable(power.with_seeds(Spread(0.2, 0.2, 0.02, 3, 4422), seeds), 0.05) <= 1.0
    assert power.seeds_needed(1.0, Spread(0.2, 0.2, 2.0, 3, 100), 0.05) is None


def test_a_spread_without_noise_sees_everything() -> None:
    nothing = Spread(0.0, 0.0, 0.0, 3, 100)
    assert power.power(0.1, nothing, 0.05) == 1.0 and power.power(0.0, nothing, 0.05) == 0.0


def test_the_typical_spread_pools_the_arms_and_leaves_the_base_without_noise() -> None:
    found = power.typical([Spread(1.0, 0.0, 0.2, 3, 90), Spread(3.0, 0.0, 0.4, 5, 100)])
    assert found == Spread(pytest.approx(2.0 * (1 + 0.75 / 4) ** 2), 0.0, pytest.approx(0.3), 3, 90)
    shared = power.typical([Spread(1.0, 4.0, 0.2, 3, 90), Spread(1.5, 4.0, 0.2, 3, 90)])  # one baseline, not two
    assert shared.arm == shared.baseline == pytest.approx(6.5 / 3 * (1 + 0.75 / 6) ** 2)


def test_exchanged_examples_equal_a_plain_loop(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    over, under = rng.integers(0, 5, (4, 13)).astype(float), rng.integers(5, 9, (4, 13)).astype(float)
    for chunk in (4_000_000, 13 * 8):
        monkeypatch.setattr(randomise, "CHUNK", chunk)
        some = randomise.exchange(over, under, 32, np.random.default_rng(3))
        assert some.over.shape == (32, 4)
        found = randomise.exchanged(some, [0, 1], [2, 3])
        monkeypatch.setattr(randomise, "CHUNK", chunk)
        swaps = randomise.exchange(np.eye(13), np.ones((13, 13)), 32, np.random.default_rng(3)).over  # which examples change arms, draw by draw
        for draw, swap in enumerate(swaps.astype(bool)):
            sides = []
            for mine, theirs in (((0, 1), (2, 3)), ((2, 3), (0, 1))):
                scores = [100 * np.where(swap, over[b], over[a]).sum() / np.where(swap, under[b], under[a]).sum() for a, b in zip(mine, theirs, strict=True)]
                sides.append(np.mean(scores))
            assert found[draw] == pytest.approx(sides[0] - sides[1], abs=1e-4)


def test_exchanging_models_counts_every_deal() -> None:
    arm, base = np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0])
    both = [*arm, *base]
    deals = [abs(np.mean([both[i] for i in some]) - np.mean([both[i] for i in range(6) if i not in some])) for some in itertools.combinations(range(6), 3)]
    p, least = randomise.p_seeds(arm, base)
    assert p == pytest.approx(np.mean([d >= 4 - 1e-9 for d in deals])) == pytest.approx(0.1) and least == pytest.approx(0.1)
    assert randomise.p_seeds(arm, arm)[0] == 1.0
    assert randomise.p_seeds(np.arange(9.0), np.arange(9.0) + 100)[0] == pytest.approx(1e-4)


@pytest.mark.parametrize(("second", "backs"), [
    (Second(0.001, 0.1, 0.1), True),  # as clear as three seeds can be
    (Second(0.001, 0.2, 0.1), False),
    (Second(0.2, 0.1, 0.1), False),
    (Second(0.04, 0.05, 0.008), True),
])  # fmt: skip
def test_both_must_back_a_verdict(second, backs) -> None:
    assert second.backs(0.05) is backs


def test_examples_that_are_all_better_have_a_small_p() -> None:
    over = np.stack([np.ones(60), np.zeros(60)])
    some = randomise.exchange(over, np.ones((2, 60)), 2000, np.random.default_rng(1))
    draws = randomise.exchanged(some, [0], [1])
    assert randomise.p_examples(100.0, draws) == pytest.approx(1 / 2001)
    assert abs(float(draws.mean())) < 2.0 and randomise.p_examples(0.0, draws) == 1.0

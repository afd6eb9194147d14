"""The simulation of a build, on plans whose length can be told by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.scale import Arm, arms_of, costs, simulate


def arm(chunks: int = 4, chunk: float = 1.0, shards: int = 4, shard: float = 1.0, prepare: float = 0.0, close: float = 0.0) -> Arm:
    return Arm(chunks, chunk, shards, shard, prepare, close)


@pytest.mark.parametrize(
    ("one", "translators", "scorers", "seconds"),
    [
        (arm(), 1, 1, 5.0),  # the first shard begins when the first chunk is there
        (arm(), 4, 4, 2.0),
        (arm(), 2, 1, 3.0),
        (arm(chunk=3.0), 1, 1, 13.0),
        (arm(shard=3.0), 1, 1, 10.0),  # from the fourth second on there are two that score
        (arm(chunks=2), 1, 4, 3.0),  # two shards a chunk
        (arm(prepare=2.0), 4, 4, 10.0),  # one planning process: 1 + 4 x 2 + 1
        (arm(close=2.5), 4, 4, 4.5),
        (arm(chunks=0), 1, 2, 2.0),  # two rounds of three
    ],
)
def test_the_length_of_a_build(one: Arm, translators: int, scorers: int, seconds: float) -> None:
    assert simulate([one], translators, scorers) == pytest.approx(seconds)


def test_the_next_arm_is_translated_while_the_last_is_scored() -> None:
    assert simulate([arm(), arm()], 1, 1) == pytest.approx(9.0)  # not 10: only the first begins with a wait


@given(st.integers(1, 8), st.integers(1, 8), st.floats(0.01, 3), st.floats(0.01, 3))
def test_no_build_beats_its_longest_part(translators: int, scorers: int, chunk: float, shard: float) -> None:
    one = arm(9, chunk, 13, shard)
    found = simulate([one], translators, scorers)
    assert found >= max(9 * chunk / translators, 13 * shard / (translators + scorers)) - 1e-9
    assert found <= 9 * chunk + 13 * shard + 1e-9


def test_every_cost_says_where_it_is_from() -> None:
    table = costs()
    assert all({"value", "unit", "how"} <= entry.keys() and entry["how"].startswith(("measured", "not measured")) for entry in table["costs"].values())
    assert len(arms_of(table, True)) == len(table["sets"]) == 3

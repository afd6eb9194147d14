"""The Ray engine on a cluster of this machine: the same tests of order, deaths and poison as the local one."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_workers import Squares, broken

from corpora.config import ConfigError
from corpora.engine import Engine, open_engine
from corpora.engine_local import THREADS
from corpora.engine_tasks import Needs, Stage, WorkerError

pytestmark = pytest.mark.ray
pytest.importorskip("ray")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        patch.setenv("OMP_NUM_THREADS", "7")  # what a shell says; Ray would hand it to every worker
        with open_engine("ray", 2) as made:
            yield made


def test_order_models_and_messages(engine: Engine) -> None:
    stage = Stage("squares", Squares)
    done = list(engine.map(stage, "square", (([i, i + 1], None) for i in range(8))))
    assert [d.value[2] for d in done] == [[i * i, (i + 1) ** 2] for i in range(8)]
    workers = {d.value[0] for d in done}
    assert 1 <= len(workers) <= 2 and sum(max(d.value[1] for d in done if d.value[0] == w) for w in workers) == 8
    with pytest.raises(ConfigError, match="no 7 here"):
        engine.submit(stage, "refuse", [7]).result()
    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        engine.submit(stage, "fail", [7]).result()
    with pytest.raises(ConfigError, match="name another"):
        engine.submit(Stage("broken", broken), "square", [7]).result()


def test_a_worker_has_the_threads_of_its_cores_and_not_of_the_shell(engine: Engine) -> None:
    """Two threads a worker on two cores stall each other, and numpy's products come out otherwise in the last bit than on one machine."""
    for cores in (1, 2):
        stage = Stage(f"threads {cores}", Squares, Needs(cpus=cores))
        assert engine.submit(stage, "variables", [*THREADS, "TOKENIZERS_PARALLELISM"]).result().value == [str(cores)] * len(THREADS) + ["false"]


def test_a_killed_actor_costs_its_task_only_and_a_bad_item_is_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "once").touch()
    stage = Stage("once", functools.partial(Squares, once=str(tmp_path / "once")))
    assert engine.submit(stage, "square", [3]).result().value[2] == [9]
    done = engine.submit(Stage("poisoned", functools.partial(Squares, poison=(5,))), "square", [4, 5]).result()
    assert done.value[2] == [16] and list(done.bad) == [1] and "Actor" in done.bad[1]


def test_what_no_cluster_has_is_told(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="needs 900"):
        engine.place.room(Stage("large", Squares, Needs(cpus=900)), [], [])

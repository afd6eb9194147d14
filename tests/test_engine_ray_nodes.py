"""A Ray cluster of two nodes that loses one, and one whose head goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from engine_workers import Squares

from corpora.config import ConfigError
from corpora.engine import open_engine
from corpora.engine_tasks import Stage

pytestmark = pytest.mark.ray
pytest.importorskip("ray")

HEADLESS = """
import sys
from engine_workers import Squares
from corpora.config import ConfigError
from corpora.config import ConfigError
from corpora.engine import open_engine
from corpora.engine_tasks import Stage
engine = open_engine("ray", 1)
print("begun", engine.submit(Stage("squares", Squares), "square", [3]).result().value[2], flush=True)
sys.stdin.readline()
try:
    engine.submit(Stage("more", Squares, ), "square", [4]).result(timeout=120)
except ConfigError as err:
    print(err, flush=True)
"""


def test_a_node_that_is_lost_costs_the_tasks_on_it_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))  # before the nodes start: their workers have it from them
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    try:
        with open_engine("ray", 1) as engine:
            assert engine.workers == 2
            stage = Stage("squares", Squares)
            futures = [engine.submit(stage, "square", [i], 1.0) for i in range(8)]
            assert futures[1].result().value[2] == [1]
            cluster.remove_node(second, allow_graceful=False)
            done = [future.result(timeout=120) for future in futures]
        assert [d.value[2] for d in done] == [[i * i] for i in range(8)] and not any(d.bad for d in done)
    finally:
        cluster.shutdown()


def test_a_node_without_this_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.cluster_utils import Cluster

    monkeypatch.delenv("PYTHONPATH", raising=False)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})  # engine_workers is not on its path
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    try:
        with open_engine("ray", 1) as engine, pytest.raises(ConfigError, match=r"could not start on a node .*engine_workers.* install the same version"):
            engine.submit(Stage("squares", Squares), "square", [1]).result(timeout=120)
    finally:
        cluster.shutdown()


def test_a_head_that_is_gone_ends_the_build_and_not_its_finished_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The planning process ends, by our sentence or by Ray's own; nothing waits for ever."""
    from ray.cluster_utils import Cluster

    short = {"RAY_gcs_rpc_server_reconnect_timeout_s": "5", "RAY_gcs_server_request_timeout_seconds": "5"}
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}:{here.parent}")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "env_vars": short})
    environment = {**os.environ, **short, "RAY_ADDRESS": cluster.address, "PYTHONPATH": f"{here}:{here.parent}"}
    child = subprocess.Popen(
        [sys.executable, "-c", HEADLESS], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdin is not None
    try:
        assert child.stdout.readline().strip() == "begun [9]"
        cluster.head_node.kill_gcs_server()
        time.sleep(1)
        child.stdin.write("\n")
        child.stdin.flush()
        out, err = child.communicate(timeout=150)
        assert "does not answer any more" in out or child.returncode != 0, (out, err)
    finally:
        child.kill()
        cluster.shutdown()

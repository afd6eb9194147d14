"""The same kills on Ray: a cluster of two nodes on this machine, drivers, workers and a whole node killed, results held to those of the local engine."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.torture_kill import Command, Tally, compare
from benchmarks.torture_warm import Warm

ACTOR = b"ray::Made"  # how Ray names the process of one of our workers; without its own agents, which begin with ray:: too, a node is lost
MEMORY = 100 << 20  # bytes of shared memory a node; a shard takes some 2 MB


@contextlib.contextmanager
def cluster() -> Iterator[Any]:
    """Start a cluster of our own (two nodes, a core each) and end it, and nobody else's."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False})
    try:
        made.add_node(num_cpus=1, object_store_memory=MEMORY)
        yield made
    finally:
        made.shutdown()


def workers(session: str) -> list[int]:
    """Return the processes of the cluster's actors that have begun."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if (path / "cmdline").read_bytes().startswith(ACTOR):
                parent = (path / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[1]
                if session in Path("/proc", parent, "cmdline").read_text("utf-8", "replace"):
                    found.append(int(path.name))
    return found


def torture_ray(
    warm: Warm, made: Any, command: Command, name: str, kills: int, folder: Path, seed: int, wanted: Mapping[str, str], prepare: Any, until: float
) -> Tally:
    """Kill drivers and then a worker, or the node that it is on, let the command end, and hold what it left to `wanted`, which the local engine left.

    The first round begins at any time, others until `until` (time.monotonic).
    """
    chance, tally = random.Random(f"{seed} ray {name}"), Tally(f"ray {name}")
    session = Path(made.head_node.get_session_dir_path()).name
    while tally.kills.total() < kills and (not tally.rounds or time.monotonic() < until):
        root = folder / f"ray-{name}-{tally.rounds}"
        root.mkdir()
        prepare(root)
        for number in range(2):  # two drivers, and in the last run a worker or a node
            ended = warm.run(command.room, command.arguments(root), root / "log", after=chance.uniform(0.5, 12.0 / (1 + number)))
            if ended.killed:
                tally.kills["the driver and its processes"] += 1
        over, node = threading.Event(), made if tally.rounds % 2 else None
        killer = threading.Thread(target=_kill_a_worker, args=(session, workers(session), chance.uniform(0.0, 2.0), tally, over, node), daemon=True)
        killer.start()
        ended = warm.run(command.room, command.arguments(root), root / "log")
        over.set()
        killer.join()
        if not made.worker_nodes:
            made.add_node(num_cpus=1, object_store_memory=MEMORY)
        if ended.code in command.hurt:  # training tells of a lost worker's run; the next command does it
            ended = warm.run(command.room, command.arguments(root), root / "log")
        log = (root / "log").read_text("utf-8", "replace")
        if ended.code:
            tally.failed.append(f"{root.name}: code {ended.code}: {log[-900:]}")
        tally.peaks.append(ended.peak_mb)
        tally.files.append(ended.files)
        compare(tally, command, root, wanted)
        tally.rounds += 1
        print(f"ray {name}: round {tally.rounds}, {tally.kills.total()} kills so far, {len(tally.different)} files differ", flush=True)
    return tally


def _kill_a_worker(session: str, old: list[int], wait: float, tally: Tally, over: threading.Event, made: Any) -> None:
    """Kill an actor's process that is none of `old` some time after it has begun, or, with the cluster `made`, its second node; give up when it is over."""
    while not over.is_set():
        if found := [pid for pid in workers(session) if pid not in old]:
            if over.wait(wait):
                return
            if made is not None:
                made.remove_node(next(iter(made.worker_nodes)), allow_graceful=False)
                tally.kills["a node"] += 1
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(found[0], signal.SIGKILL)
                tally.kills["a worker"] += 1
            return
        time.sleep(0.05)

"""Workers of the Ray engine: actors, wherever the cluster has room for them. The only file that knows Ray.

RAY_ADDRESS names a cluster ("auto", "HOST:6379", "ray://HOST:10001"); without it a cluster of this machine is started and ended with the build. Ray
only starts workers, carries messages and says when one is lost: order, retries and the search for bad items are the engine's, as on one
machine. Nothing is stored in the cluster and workers write to no disk that others read, so nodes need no shared one: they need this package with
its extras, the models and, for what is read on them, the corpora, under the same paths or the same environment variables.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpora.bounded import HOME
from corpora.config import ConfigError
from corpora.engine_local import THREADS
from corpora.engine_tasks import Answer, Call, Made, Stage

HANDED_ON = ("CORPORA_DIR", "FIHU_CACHE", "FIHU_DECLARATIONS", "STANZA_RESOURCES_DIR", "HF_HUB_OFFLINE", "HF_HOME", "LC_ALL", "PYTHONUTF8")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # Ray paints its messages
STORE = 512 << 20  # bytes of shared memory for messages on this machine: a shard and its translations take some 2 MB
FRESH = 5.0  # seconds that the cluster's size is believed


class RayPlace:
    """The workers of a Ray cluster. `cores`: of a cluster that is started here; of one that is there already, all it has; `cards`: its GPUs."""

    name = "ray"

    def __init__(self, cores: int) -> None:
        self.ray = _ray()
        self.ours = not self.ray.is_initialized()
        if self.ours:
            _connect(self.ray, cores)
        self._seen = 0.0
        self._total: dict[str, float] = {}
        self._hired: list[_Actor] = []
        self.cores = max(int(self.total().get("CPU", 1)), 1)
        self.cards = int(self.total().get("GPU", 0))

    def total(self) -> dict[str, float]:
        """Return what the cluster has: "CPU", "GPU", "memory" (bytes). Raises ConfigError where it does not answer any more."""
        if time.monotonic() - self._seen > FRESH:
            try:
                self._total = dict(self.ray.cluster_resources())
            except Exception as err:  # whatever Ray raises when its head is gone
                raise lost(err) from None
            self._seen = time.monotonic()
        return self._total

    def room(self, stage: Stage, busy: Sequence[Stage], idle: Sequence[Stage], fresh: bool = True) -> bool:
        """See Place.room: an actor holds its cores, GPUs and memory as long as it lives, at work or idle."""
        total = self.total()
        held = [one.needs for one in (*busy, *idle)]
        if not held:
            self._ever(stage, total)
        gpus = total.get("GPU", 0.0)
        return (
            sum(one.cpus for one in held) + stage.needs.cpus <= total.get("CPU", 0.0)
            and (not gpus or not stage.needs.gpus or sum(one.gpus for one in held) + stage.needs.gpus <= gpus)
            and (not held or sum(one.memory for one in held) + stage.needs.memory <= total.get("memory", 0.0))
        )

    @staticmethod
    def _ever(stage: Stage, total: dict[str, float]) -> None:
        for what, needed in (("CPU", stage.needs.cpus), ("memory", stage.needs.memory)):
            if needed > total.get(what, 0.0):
                raise ConfigError(
                    f"the Ray cluster has {total.get(what, 0.0):,.0f} {what}, but a worker of stage {stage.name!r} needs {needed:,}; "
                    "add nodes, or start Ray with more (ray start --num-cpus, --memory)"
                )

    def hire(self, stage: Stage) -> _Actor:
        """Ask for an actor; its networks load with its first task."""
        try:
            actor = _Actor(self.ray, stage, bool(self.total().get("GPU")))
        except ConfigError:
            raise
        except Exception as err:
            raise lost(err) from None
        self._hired = [one for one in self._hired if not one.ended] + [actor]
        return actor

    def wait(self, workers: Sequence[Any], timeout: float) -> list[tuple[Any, Answer]]:
        """See Place.wait."""
        if not workers:
            time.sleep(timeout / 4)
            return []
        refs = {worker.ref: worker for worker in workers}
        try:
            ready, _ = self.ray.wait(list(refs), num_returns=1, timeout=timeout / 4)  # so short, for `wake` cannot end it
            if ready:
                ready, _ = self.ray.wait(list(refs), num_returns=len(refs), timeout=0)
        except Exception as err:
            raise lost(err) from None
        return [(refs[ref], refs[ref].heard(ref)) for ref in ready] or self._unplaced(workers)

    def _unplaced(self, workers: Sequence[_Actor]) -> list[tuple[_Actor, Answer]]:
        """Return workers that wait for a place which the cluster has no more: a node was lost."""
        held = sum(one.needs.cpus for one in self._hired if not one.ended)
        if held <= self.total().get("CPU", 0.0):
            return []
        waiting = [worker for worker in workers if not self.ray.wait([worker.born], timeout=0)[0]]
        return [(worker, Answer("unplaced")) for worker in waiting[:1]]

    def wake(self) -> None:
        """See Place.wake: `wait` is short."""

    def close(self) -> None:
        """End the connection, and the cluster if it was started here."""
        if self.ours:
            self.ray.shutdown()


class _Actor:
    """A worker as a Ray actor. Ray restarts nothing: a lost one is reported, and the engine hires another."""

    def __init__(self, ray: Any, stage: Stage, gpus: bool) -> None:
        self.ray, self.needs, self.ended = ray, stage.needs, False
        needs = stage.needs
        # Threads as on one machine, whatever this shell or the node says: cores are not taken twice, and sums come out in the same order.
        budget = dict.fromkeys(THREADS, str(max(1, int(needs.cpus)))) | {"TOKENIZERS_PARALLELISM": "false"}
        options: dict[str, Any] = {"num_cpus": needs.cpus, "max_restarts": 0, "max_task_retries": 0, "runtime_env": {"env_vars": budget}}
        options |= ({"memory": needs.memory} if needs.memory else {}) | ({"num_gpus": needs.gpus} if gpus and needs.gpus else {})
        self.actor = ray.remote(Made).options(**options).remote(stage)
        self.born = self.actor.__ray_ready__.remote()  # done when it has found a place
        self.ref: Any = None

    def start(self, stage: Stage, call: Call) -> None:
        """See Worker.start."""
        self.ref = self.actor.answer.remote(call)

    def heard(self, ref: Any) -> Answer:
        """Return a call's answer, or how the actor was lost."""
        errors = self.ray.exceptions
        try:
            answer: Answer = self.ray.get(ref)
            return answer
        except errors.RayTaskError as err:  # what Made does not catch: MemoryError, and what can't be sent
            return Answer("lost", type(err.cause).__name__) if isinstance(err.cause, MemoryError) else Answer("failed", str(err))
        except errors.RayError as err:
            if "creation task" in str(err):  # it never lived: its node lacks this package, say
                return Answer("refused", f"a worker could not start on a node of the cluster ({_last(err)}); install the same version of this project there")
            return Answer("lost", f"{type(err).__name__}: {_first(err)}")

    def end(self) -> None:
        """See Worker.end."""
        self.ended = True
        self.ray.kill(self.actor, no_restart=True)


def lost(err: BaseException) -> ConfigError:
    """Return the error that says what to do about a cluster that is gone."""
    return ConfigError(
        f"the Ray cluster does not answer any more ({type(err).__name__}: {_first(err)}); what is finished is kept: start the cluster again (ray start), "
        "then run the same command again, or without ENGINE=ray on this machine"
    )


def _first(err: BaseException) -> str:
    return next(iter(COLOUR.sub("", str(err)).strip().splitlines()), "")[:200]


def _last(err: BaseException) -> str:
    return COLOUR.sub("", str(err)).strip().splitlines()[-1][:200]


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report its use over the network
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")  # actors without a GPU see none
    try:
        import ray
    except ImportError:
        raise ConfigError("ENGINE=ray needs Ray; install it with: .venv/bin/pip install -c constraints.txt -e '.[ray]'") from None
    return ray


def _connect(ray: Any, cores: int) -> None:
    """Join the cluster of RAY_ADDRESS, or start one of this machine."""
    address = os.environ.get("RAY_ADDRESS", "")
    handed = {name: os.environ[name] for name in HANDED_ON if os.environ.get(name)} | {HOME: str(Path.home())}
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR", "runtime_env": {"env_vars": handed}}
    try:
        if address and address != "local":
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", num_cpus=max(cores, 1), include_dashboard=False, object_store_memory=STORE, **quiet)
    except Exception as err:  # Ray raises whatever its transport does
        where = f"RAY_ADDRESS={address!r} does not answer" if address else "Ray cannot start a cluster on this machine"
        raise ConfigError(f"{where} ({type(err).__name__}: {_first(err)}); start one with `ray start --head`, or leave ENGINE=ray out") from None

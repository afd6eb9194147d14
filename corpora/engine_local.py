"""Workers of the local engine: spawned processes of this machine, one thread each, at most so many at work as there are cores to use."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from corpora.engine_tasks import Answer, Call, Made, Stage

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")


class LocalPlace:
    """Up to `cores` processes at work. Those without a task keep their memory and their models, so the next task of their stage finds them loaded."""

    name = "local"

    def __init__(self, cores: int) -> None:
        self.cores, self.gpus = max(cores, 1), gpus()
        self._context = multiprocessing.get_context("spawn")
        self._bell, self._button = self._context.Pipe(duplex=False)
        self._cards: dict[int, int] = dict.fromkeys(range(self.gpus), 0)  # GPU -> workers on it

    def room(self, stage: Stage, busy: Sequence[Stage], idle: Sequence[Stage], fresh: bool = True) -> bool:
        """See Place.room: a free core, a free share of a GPU, and memory for one that is not there yet, unless nobody is at work."""
        if sum(one.needs.cpus for one in busy) + stage.needs.cpus > self.cores and busy:
            return False
        if self.gpus and stage.needs.gpus and sum(one.needs.gpus for one in busy) + stage.needs.gpus > self.gpus:
            return False
        return not (busy and fresh and 0 < free_memory() < stage.needs.memory)

    def hire(self, stage: Stage) -> _Process:
        """Start a process; its networks load with its first task."""
        if not self.gpus:
            return _Process(self._context, None, lambda: None)
        if not stage.needs.gpus:
            return _Process(self._context, -1, lambda: None)
        card = min(self._cards, key=self._cards.__getitem__)
        self._cards[card] += 1
        return _Process(self._context, card, lambda: self._cards.update({card: self._cards[card] - 1}))

    def wait(self, workers: Sequence[Any], timeout: float) -> list[tuple[Any, Answer]]:
        """See Place.wait."""
        pipes = {worker.pipe: worker for worker in workers}
        out = []
        for ready in wait([self._bell, *pipes], timeout if pipes else 10 * timeout):
            if ready is self._bell:
                while self._bell.poll():
                    self._bell.recv_bytes()
            else:
                worker = pipes[ready]
                out.append((worker, worker.heard()))
        return out

    def wake(self) -> None:
        """End a `wait`."""
        with contextlib.suppress(OSError):
            self._button.send_bytes(b"!")

    def close(self) -> None:
        """Close the bell; the engine has ended its workers."""
        self._bell.close()
        self._button.close()


class _Process:
    """A worker of this machine."""

    def __init__(self, context: Any, card: int | None, gone: Callable[[], None]) -> None:
        self.pipe, theirs = context.Pipe()
        self._gone, self._fresh = gone, True
        self._process = context.Process(target=serve, args=(theirs, card), daemon=True)
        self._process.start()
        theirs.close()

    def start(self, stage: Stage, call: Call) -> None:
        """See Worker.start."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # a dead process is noticed when it is listened to
            self.pipe.send((stage if self._fresh else None, call))
        self._fresh = False

    def heard(self) -> Answer:
        """Return the answer that is in the pipe, or how the process died."""
        try:
            answer: Answer = self.pipe.recv()
            return answer
        except (EOFError, ConnectionResetError):
            self._process.join(timeout=10)
            code = self._process.exitcode
            return Answer("lost", f"signal {-code}" if code and code < 0 else f"exit {code}")

    def end(self) -> None:
        """See Worker.end."""
        self._process.kill()
        self._process.join(timeout=10)
        self.pipe.close()
        self._gone()


def serve(pipe: Connection, card: int | None) -> None:
    """Be a worker: answer calls until the pipe closes. `card`: the GPU to see, -1 = none, None = the machine has none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.environ.update(dict.fromkeys(THREADS, "1"), TOKENIZERS_PARALLELISM="false")
    if card is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(card) if card >= 0 else ""
    made: Made | None = None
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        while True:
            stage, call = pipe.recv()
            made = made or Made(stage)
            pipe.send(made.answer(call))


def gpus() -> int:
    """Return how many NVIDIA GPUs this process may use, without loading a library."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = len(list(Path("/proc/driver/nvidia/gpus").glob("*"))) if Path("/proc/driver/nvidia/gpus").is_dir() else 0
    return there if visible is None else min(there, len([v for v in visible.split(",") if v.strip() and v.strip() != "-1"]))


def free_memory() -> int:
    """Return how many bytes can be had without swapping; 0 where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return 0

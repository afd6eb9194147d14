"""A process that has every library loaded and forks one command of ours after the other: loading takes 6 s of CPU time, a fork none.

What is forked runs the command lines' own `app`, with its own process group, log and exit code, so SIGKILL meets it as it would meet a process
started by hand. A kill comes after some seconds, or just before the n-th change of the disk (open for writing, rename, remove, mkdir,
rmdir), which Python's audit hooks announce: that finds the moments between two system calls that a clock hardly ever meets.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "sqlite3.connect")
NOT_OURS = ("/dev", "/proc", "/sys")
MACHINE = "torture-machine-that-nobody-may-see"
LIMIT = 240.0  # seconds after which a command counts as hung
LIBRARIES = (
    "torch", "stanza", "ctranslate2", "sentencepiece", "spacy", "polars", "pyarrow.parquet", "sklearn.linear_model", "transformers", "py3langid", "rapidfuzz",
    "rensa", "Stemmer", "sacrebleu", "sacremoses", "jinja2", "mlcroissant", "huggingface_hub", "build_data.__main__", "build_data.recipes",
    "build_data.publish_stage", "build_data.hub_upload", "train.workshop", "train.__main__", "train.worker", "eval.score", "eval.report", "eval.__main__",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (below 0: the signal), seconds, changes of the disk, the largest memory of a process (MB), most open files of one."""

    code: int
    seconds: float
    changes: int
    peak_mb: float
    files: int

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Warm:
    """The loaded process. `env` is laid over the environment."""

    def __init__(self, **env: str) -> None:
        quiet = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.torture_warm"],
            cwd=ROOT,
            env={**os.environ, **quiet, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, room: str, arguments: Sequence[str], log: Path, after: float = 0.0, before: int = 0, whom: str = "all", room_left: int = 0) -> Ended:
        """Run `python -m ROOM ARGUMENTS`. `after` seconds, or `before` the so many-th change of the disk, it is killed: "all" its processes, or "one".

        `room_left`: a file may have so many bytes at most, and a write beyond that fails as on a full disk (0 = any number).
        """
        order = {"room": room, "arguments": list(arguments), "log": str(log), "after": after, "before": before, "whom": whom, "room_left": room_left}
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return Ended(**json.loads(self.process.stdout.readline()))

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


class _Counter:
    """The audit hook: counts changes of the disk in all processes of a command and kills before the one that was asked for."""

    def __init__(self, before: int, whom: str, shared: mmap.mmap) -> None:
        self.before, self.whom, self.shared = before, whom, shared

    def __call__(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = values
            if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or str(path).startswith(NOT_OURS):
                return
        elif event not in CHANGES:
            return
        count = _count(self.shared) + 1
        self.shared[:8] = count.to_bytes(8, "little")
        if count == self.before:
            os.kill(0 if self.whom == "all" else os.getpid(), signal.SIGKILL)  # 0 = the whole group


def _count(shared: mmap.mmap) -> int:
    return int.from_bytes(shared[:8], "little")


def _child(order: dict[str, Any], shared: mmap.mmap) -> None:
    """Be the command; never returns."""
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    for here, there in ((null, 0), (log, 1), (log, 2)):
        os.dup2(here, there)
    if order["room_left"]:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["room_left"], order["room_left"]))
    sys.addaudithook(_Counter(order["before"], order["whom"], shared))
    sys.argv = [f"python -m {order['room']}", *order["arguments"]]
    code = 0
    try:
        _command(order["room"])()
    except SystemExit as err:
        code = err.code if isinstance(err.code, int) else int(bool(err.code))
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _command(room: str) -> Any:
    socket.gethostname = lambda: MACHINE  # a real name may be two letters long, and those are in every large file
    if room == "build_data":
        from build_data.__main__ import app as command
    elif room == "build_data.publish":
        from build_data.publish import app as command
    elif room == "eval":
        from eval.__main__ import app as command
    elif room == "train":
        _workers_by_fork()
        from train.__main__ import command  # type: ignore[assignment]
    else:
        raise ValueError(f"no command named {room!r}")
    return command


def _workers_by_fork() -> None:
    """Let the trainer fork its workers, which then have torch loaded, one thread each: two threads on a busy core wait for each other most of the time.

    A forked worker must let go of what it would not have if it were spawned: its parent's ends of the pipes, or it never hears of its end.
    """
    import multiprocessing

    from train import execute

    fork = multiprocessing.get_context("fork")
    work = execute.work

    def alone(pipe: Any, *more: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a spawned one would not have its parent's
        for number in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if number > 2 and number != pipe.fileno():
                with contextlib.suppress(OSError):
                    os.close(number)
        work(pipe, *more)

    execute.workforce = lambda wanted, runs, each=1: (1, 1)
    execute.multiprocessing = type("Forking", (), {"get_context": staticmethod(lambda _: fork)})  # type: ignore[assignment,misc]
    execute.Executor.__init__.__defaults__ = (*execute.Executor.__init__.__defaults__[:-1], alone)  # type: ignore[index]


def _wait(pid: int, order: dict[str, Any], shared: mmap.mmap) -> dict[str, Any]:
    """Wait for a command, kill it when its time has come, and say how it ended."""
    start, files = time.monotonic(), 0
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        spent = time.monotonic() - start
        if (order["after"] and spent > order["after"]) or spent > LIMIT:
            if order["whom"] == "all" or spent > LIMIT:
                os.killpg(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            files = max(files, sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()))
        time.sleep(0.01)
    seconds = time.monotonic() - start
    return {"code": os.waitstatus_to_exitcode(status), "seconds": seconds, "changes": _count(shared), "peak_mb": usage.ru_maxrss / 1024, "files": files}


def main() -> None:
    """Load everything, then serve orders, a line of JSON each."""
    import importlib

    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        shared = mmap.mmap(-1, 8)  # one count for a command and its workers
        pid = os.fork()
        if pid == 0:
            _child(order, shared)
        print(json.dumps(_wait(pid, order, shared)), flush=True)


if __name__ == "__main__":
    main()

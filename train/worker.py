"""A worker process: takes runs from a pipe, reports on it. Light to import; torch comes in with the first run."""

from __future__ import annotations

import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from corpora.config import ConfigError
from corpora.disk import full_disk
from corpora.study import Study
from train.run import Run

PULSE = 0.5  # seconds between two progress messages


class Message(NamedTuple):
    """What a worker tells: 'ready', 'progress' (step, steps, loss, tokens, on CUDA the MFU), 'done' (the run's record), 'failed' (a sentence) or 'broken' (no run can work)."""

    what: str
    key: str = ""
    value: Any = None


class Order(NamedTuple):
    """What a worker is asked: train and score `run`, or only score it."""

    run: Run
    only_score: bool


def work(pipe: Connection, study: Study, root: Path, after: str, threads: int, number: int) -> None:
    """Serve orders until the pipe closes. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve(pipe, study, root, after, threads, number)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        sys.exit(0)  # the parent is gone


def serve(pipe: Connection, study: Study, root: Path, after: str, threads: int, number: int) -> None:
    """Load the base once, then do what comes over the pipe, reporting each run's end."""
    try:
        import torch

        from train.workshop import Workshop

        torch.set_num_threads(threads)
        shop = Workshop(study, root, number)
    except (ConfigError, OSError) as err:
        told = _told(err)
        if told is None:
            raise
        pipe.send(Message("broken", value=str(told)))
        return
    pipe.send(Message("ready"))
    while True:
        order: Order | None = pipe.recv()
        if order is None:
            return
        try:
            if order.only_score:
                shop.score_again(order.run, after)
                pipe.send(Message("done", order.run.key, {}))
            else:
                pipe.send(Message("done", order.run.key, shop.perform(order.run, after, _pulse(pipe, order.run.key))))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as err:  # one run's failure is told, the others go on
            told = _told(err)
            pipe.send(Message("failed", order.run.key, str(told) if told else f"{type(err).__name__}: {err}"))


def _told(err: Exception) -> ConfigError | None:
    """Return what to tell of an error that the user can mend, None for any other."""
    return err if isinstance(err, ConfigError) else full_disk(err)


def _pulse(pipe: Connection, key: str) -> Any:
    last = 0.0

    def progress(step: int, steps: int, loss: float, tokens: int, *more: float) -> None:
        nonlocal last
        if time.monotonic() - last > PULSE or step == steps:
            last = time.monotonic()
            pipe.send(Message("progress", key, (step, steps, loss, tokens, *more)))

    return progress

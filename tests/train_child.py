"""A small training in a process of its own, for tests that kill it or run two of it. No test in here."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import tiny
import torch

from corpora.study import Training
from train import checkpoint, peers
from train.features import Pieces, Shape
from train.heads import Head
from train.loop import Job, fit
from train.model import Encoder, Model
from train.resume import Keeper

STEPS = 40
SETTINGS = Training(epochs=20, batch=3, lr=3e-3, head_lr=1e-2, max_length=64, evals=4, max_steps=STEPS // 2)
KINDS = {"pair": (Shape("pair", ("yes", "no", "maybe"), 64), tiny.PAIRS, "accuracy"), "tags": (Shape("tags", tiny.TAG_SET, 64), tiny.TAGS, "udpos")}


def jobs(training=SETTINGS):
    """Two tasks with watched rows, so that every part of a state is in use."""
    return [Job(name, metric, training, rows, rows, watched={"fi": rows[:3]} if name == "tags" else {}) for name, (_, rows, metric) in KINDS.items()]


def model(base, dropout=0.1):
    return Model(Encoder(base, 0, dropout), Pieces(base), [Head(name, shape) for name, (shape, _, _) in KINDS.items()], 1)


def main(base: Path, out: Path, slow: float) -> None:
    """Train with a state every three steps and write the checkpoint."""
    torch.set_num_threads(1)
    group = peers.join() if peers.launched() else peers.ALONE
    made = model(base, 0.0 if group.count > 1 else 0.1)

    def note(line):
        if group.first:
            with (out / "steps").open("a") as file:
                print(line["step"], file=file)
        time.sleep(slow)

    keeper = Keeper(out / "state", 0, 3)
    done = fit(made, jobs(replace(SETTINGS, accumulate=1)), 1, keeper=keeper, note=note, peers=group)
    if group.first:
        assert done.steps == STEPS
        checkpoint.save(out / "checkpoint", made)
    peers.leave()


class Silent:
    """Shows nothing."""

    def start(self, *_): ...

    def progress(self, *_): ...

    def end(self, *_): ...


def study(base: Path, root: Path) -> None:
    """Train every run of the tiny study in `root`, together with the other processes."""
    torch.set_num_threads(1)
    from train.graph import plan
    from train.together import go

    made = tiny.study(base)
    summary = go(made, root, plan(made, root), "", Silent())
    sys.exit(summary.code)


if __name__ == "__main__" and sys.argv[3] == "study":
    study(Path(sys.argv[1]), Path(sys.argv[2]))
elif __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))

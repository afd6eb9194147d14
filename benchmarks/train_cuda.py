"""The GPU half of benchmarks/train.py: the shape of XLM-R Large with random weights, rows as long as those of MNLI and SQuAD.

Needs no corpus and no model: lengths are drawn from quantiles that were counted with the XLM-R tokenizer (6,000 pairs of MNLI's training set;
3,210 windows of at most 384 sub-words from SQuAD v1.1 dev), ids are random. First the bfloat16 path is held against padded float32 on the
same device; then speeds. Model operations: train/flops.py; 100 % is the measured rate of an 8192 x 8192 bfloat16 matrix product.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch

from benchmarks.train_sides import LABELS, Classifier, Rows, trainer
from corpora.study import Training
from train import flops
from train.batches import Batch, collate
from train.features import Feature, Shape
from train.feed import Picked, Work
from train.heads import Head
from train.model import Encoder, Model
from train.order import batches
from train.peers import ALONE
from train.step import Stepper

QUANTILES = {  # 0 %, 5 %, ... 100 %
    "MNLI": (9, 18, 21, 23, 26, 28, 30, 33, 35, 37, 39, 41, 43, 46, 49, 52, 56, 60, 66, 76, 128),
    "SQuAD": (49, 133, 143, 150, 156, 162, 167, 174, 180, 188, 196, 205, 215, 226, 241, 259, 281, 300, 331, 384, 384),
}
LARGE = {"vocab_size": 250_002, "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
TRIMMED = 40_000  # pieces a study's texts use, about
SHAPE = Shape("pair", LABELS, 384)


def lengths(name: str, count: int) -> list[int]:
    """Return row lengths from a distribution, between its quantiles evenly; always the same ones."""
    random, steps = Random(1), QUANTILES[name]
    out = []
    for _ in range(count):
        place = random.random() * (len(steps) - 1)
        low = int(place)
        out.append(round(steps[low] + (place - low) * (steps[low + 1] - steps[low])))
    return out


def folder(home: Path, vocabulary: int, **smaller: int) -> Path:
    """Write the encoder's configuration and random weights once and return its folder."""
    from transformers import AutoConfig, AutoModel

    made = home / f"large-{vocabulary}"
    if not made.is_dir():
        torch.manual_seed(1)
        shape = {**LARGE, **smaller, "vocab_size": vocabulary}
        config = AutoConfig.for_model("xlm-roberta", max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, **shape)
        AutoModel.from_config(config).save_pretrained(made)
    return made


def rows(name: str, count: int, vocabulary: int) -> list[Feature]:
    """Return features of random ids."""
    random = Random(2)
    return [Feature(0, [[random.randrange(4, vocabulary) for _ in range(length)]], [random.randrange(3)]) for length in lengths(name, count)]


class Given(Work):
    """The loop's batches without a corpus."""

    def __init__(self, model: Model, some: list[Feature], batch: int, steps: int, training: Training) -> None:
        self.model, self.some, self.peers, self.training = model, some, ALONE, training
        self.order = [("pair", chosen) for chosen in batches([f.length for f in some], batch, steps, Random(3), even=True)]
        self.jobs: Any = {"pair": self}

    def pick(self, step: int) -> Picked:
        """Return the examples of a step."""
        return Picked(self.model.head("pair"), [self.some[i] for i in self.order[step][1]], None)


def ours(base: Path, some: list[Feature], batch: int, steps: int, device: torch.device, **how: bool) -> dict[str, float]:
    """Return what `timed` finds for the project's own steps. `how`: padded, compiled, checkpointing."""
    model = Model(Encoder(base), None, [Head("pair", SHAPE)], 1, torch.bfloat16).to(device)  # type: ignore[arg-type]
    model.encoder.padded, model.encoder.checkpointing = how.get("padded", False), how.get("checkpointing", False)
    if how.get("compiled"):
        model.encoder.compile_layers()
    model.train()
    training = Training(batch=batch, lr=1e-5, head_lr=1e-5, max_length=384)
    work = Given(model, some, batch, steps, training)
    stepper = Stepper(model, work)

    def steps_of() -> Iterator[list[int]]:
        for picked, made in work.ahead(0):
            stepper.step(picked, training, 1.0, made)
            yield [len(row) for feature in picked.features for row in feature.rows]

    return timed(model.encoder, steps_of, device)


def timed(encoder: Encoder, steps: Callable[[], Iterator[list[int]]], device: torch.device) -> dict[str, float]:
    """Return tokens and operations a second over the later two thirds of the steps, and the peak memory in GB."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    done: list[tuple[float, list[int]]] = []
    for sizes in steps():
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        done.append((time.perf_counter(), sizes))
    first = len(done) // 3
    seconds = done[-1][0] - done[first - 1][0]
    later = [sizes for _, sizes in done[first:]]
    work = sum(flops.per_batch(encoder, sizes) for sizes in later)
    peak = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else 0.0
    return {"tokens": sum(map(sum, later)) / seconds, "flops": work / seconds, "peak": peak}


def theirs(base: Path, some: list[Feature], batch: int, steps: int, device: torch.device, home: Path) -> dict[str, float]:
    """Return the same for transformers.Trainer."""
    encoder = Encoder(base)  # for counting only

    class Turns:
        def __init__(self) -> None:
            self.tokens, self.losses = 0, list[float]()
            self.times: list[tuple[float, int]] = []

        def step(self) -> None:
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            self.times.append((time.perf_counter(), self.tokens))

    turns = Turns()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    trainer(Classifier(base), Rows(some), turns, home, batch, steps, True, 1, use_cpu=device.type == "cpu").train()
    first = len(turns.times) // 3
    seconds, tokens = turns.times[-1][0] - turns.times[first - 1][0], turns.times[-1][1] - turns.times[first - 1][1]
    per_token = flops.per_batch(encoder, [f.length for f in some]) / sum(f.length for f in some)
    peak = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else 0.0
    return {"tokens": tokens / seconds, "flops": per_token * tokens / seconds, "peak": peak}


@torch.inference_mode()
def difference(base: Path, some: list[Feature], device: torch.device) -> float:
    """Return the largest difference between logits of the bfloat16 path without padding and of padded float32."""
    model = Model(Encoder(base), None, [Head("pair", SHAPE)], 1).to(device).eval()  # type: ignore[arg-type]
    batch: Batch = collate("pair", "pair", some[:16], 1).to(device)
    model.encoder.padded = True
    wanted = model(batch)
    model.encoder.padded, model.precision = False, torch.bfloat16
    return float((model(batch) - wanted).abs().max())


def run(quick: bool, device: torch.device | None = None, **smaller: int) -> None:
    """Print a table for both distributions. `smaller`: sizes of another shape, to try the benchmark itself on a CPU."""
    device = device or torch.device("cuda", torch.cuda.current_device())
    best = flops.rate(device, torch.bfloat16)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    print(f"XLM-R Large, random weights, bfloat16, {name}, torch {torch.__version__}: matrix products run at {best / 1e12:.1f} Tflop/s")
    steps = 12 if quick or device.type == "cpu" else 45
    with tempfile.TemporaryDirectory() as home:
        full, small = (
            folder(Path(home), min(size, smaller.get("vocab_size", size)), **{k: v for k, v in smaller.items() if k != "vocab_size"})
            for size in (LARGE["vocab_size"], TRIMMED)
        )
        vocabulary = min(TRIMMED, smaller.get("vocab_size", TRIMMED))
        for kind, batch in (("MNLI", 256), ("SQuAD", 48)):
            batch = batch if device.type == "cuda" else 4
            some = rows(kind, batch * steps, vocabulary)
            print(
                f"{kind}, batches of {batch} rows ({sum(f.length for f in some) / steps:,.0f} tokens); logits differ from padded float32 by {difference(small, some, device):.4f}"
            )
            ways: dict[str, Callable[[], dict[str, float]]] = {
                "Trainer": lambda some=some, batch=batch: theirs(full, some, batch, steps, device, Path(home)),
                "ours, padded": lambda some=some, batch=batch: ours(small, some, batch, steps, device, padded=True),
                "ours": lambda some=some, batch=batch: ours(small, some, batch, steps, device),
                "ours, whole vocabulary": lambda some=some, batch=batch: ours(full, some, batch, steps, device),
                "ours, checkpointing": lambda some=some, batch=batch: ours(small, some, batch, steps, device, checkpointing=True),
            }
            if device.type == "cuda":
                ways["ours, compiled"] = lambda some=some, batch=batch: ours(small, some, batch, steps, device, compiled=True)
            base = 0.0
            for what, way in ways.items():
                found = way()
                base = base or found["tokens"]
                share, peak = found["flops"] / best, found["peak"]
                print(
                    f"  {what:24} {found['tokens']:9,.0f} tokens/s   {found['tokens'] / base:5.2f} x Trainer   {share:6.1%} of the rate   peak {peak:5.1f} GB",
                    flush=True,
                )
                if device.type == "cuda":
                    torch.cuda.empty_cache()

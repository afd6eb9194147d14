"""How much GPU memory a run takes, about, and so how many runs one GPU holds at once. No torch: the parent process asks.

Runs of a small encoder leave most of a large GPU idle, and two on one GPU share it well. The estimate is on the safe side (the whole
vocabulary, although a study trims it); a batch that runs out of memory after all is halved (train/step.py). Written from the arithmetic
below and not yet measured on a GPU: --workers overrules it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

from corpora.study import Study, Training

FLOATS = 4 * (1 + 1 + 2 + 1 + 1) + 2  # bytes per weight: weight, gradient, two moments, best copy, base's copy in float32; the cast one in bfloat16
# Bytes kept for the backward pass per token, layer and hidden unit, in 16 bits (Korthikanti et al. 2022, 2205.05198, without attention scores).
ACTIVATIONS = 34
INPUTS = 2  # of these, what checkpointing keeps: each layer's input
CONTEXT = 2 << 30  # CUDA context, kernels, allocator slack
USABLE = 0.9


def weights(config: Mapping[str, Any]) -> int:
    """Return the weights of an encoder by its config.json."""
    size, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    tables = (int(config["vocab_size"]) + int(config.get("max_position_embeddings", 512))) * size
    return tables + int(config["num_hidden_layers"]) * (4 * size * size + 2 * size * inner)


def run_bytes(config: Mapping[str, Any], trainings: Iterable[Training], half: bool = True) -> int:
    """Return what a run takes at most: weights with everything beside them, and the activations of its largest part of a batch."""
    layers, size = int(config["num_hidden_layers"]), int(config["hidden_size"])
    kept = 0
    for training in trainings:
        tokens = -(-training.batch // training.accumulate) * training.max_length
        tokens = min(tokens, training.part_tokens or tokens)
        per_layer = INPUTS * layers + ACTIVATIONS if training.checkpointing else ACTIVATIONS * layers
        kept = max(kept, tokens * per_layer * size * (1 if half else 2))
    return weights(config) * FLOATS + kept + CONTEXT


def trainings_of(study: Study) -> list[Training]:
    """Return the training of every task and target that trains."""
    return [task.training for task in study.tasks.values()] + [target.training for target in study.targets.values() if target.english]


def per_gpu(config: Mapping[str, Any], study: Study, total: int) -> int:
    """Return how many runs of a study one GPU of `total` bytes holds, at least one."""
    return max(1, int(total * USABLE) // run_bytes(config, trainings_of(study), study.precision != "float32"))


def gpu_memory() -> int:
    """Return the memory of the smallest GPU in bytes, 0 where nvidia-smi does not tell."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"], capture_output=True, text=True, timeout=20, check=True
        )
        return min(int(line) for line in done.stdout.split()) << 20
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0

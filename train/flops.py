"""How much arithmetic training takes, and how much the device can do: for the share of its peak that a run reaches (MFU)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache

import torch

from train.model import Encoder


def per_batch(encoder: Encoder, lengths: Sequence[int]) -> float:
    """Return the floating-point operations of a forward and backward pass over rows of these lengths.

    6 for each weight of a matrix and token (2 forward, 4 backward; embeddings are looked up, not multiplied), and for attention
    12 x layers x length x size for each token. Frozen layers cost their forward third. Recomputing by checkpointing is not counted.
    """
    layers = encoder.net.encoder.layer
    weights = [sum(p.numel() for p in layer.parameters() if p.ndim == 2) for layer in layers]
    frozen = sum(weights[: encoder.frozen])
    tokens, squares = sum(lengths), sum(length * length for length in lengths)
    passes = 2 * encoder.frozen + 6 * (encoder.layers - encoder.frozen)
    return float((2 * frozen + 6 * (sum(weights) - frozen)) * tokens + 2 * passes * encoder.size * squares)


@cache
def rate(device: torch.device, dtype: torch.dtype, size: int = 8192, seconds: float = 0.5) -> float:
    """Return the measured floating-point operations a second of square matrix products on a device: what 100 % are."""
    size = size if device.type == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        a @ b
    count, started = 0, time.perf_counter()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for _ in range(10):
            a @ b
        count += 10
        if device.type == "cuda":
            torch.cuda.synchronize(device)
    return 2 * size**3 * count / (time.perf_counter() - started)

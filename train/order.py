"""The order of training and prediction batches, decided by lengths and an explicit generator and nothing else. No torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

POOL = 24  # batches whose features are sorted by length together: little padding, still a random order of batches
STEP = 8  # lengths are padded to a multiple of this; few shapes mean few kernels to build


def shuffled(lengths: Sequence[int], batch: int, random: Random, even: bool = False) -> list[list[int]]:
    """Return one epoch of batches of indices: shuffled, sorted by length within pools of POOL batches, batches shuffled again.

    `even`: the batches of a pool have as many tokens each as can be (few long rows, many short ones) instead of `batch` rows each;
    there are as many batches, so the number of steps stays.
    """
    order = list(range(len(lengths)))
    random.shuffle(order)
    batches: list[list[int]] = []
    for start in range(0, len(order), POOL * batch):
        pool = sorted(order[start : start + POOL * batch], key=lambda i: lengths[i])
        batches += _even(pool, lengths, math.ceil(len(pool) / batch)) if even else [pool[i : i + batch] for i in range(0, len(pool), batch)]
    random.shuffle(batches)
    return batches


def _even(pool: Sequence[int], lengths: Sequence[int], count: int) -> list[list[int]]:
    """Cut a pool into `count` batches of about equally many tokens, none empty."""
    total, out, filled = sum(lengths[i] for i in pool), [[]], 0  # type: tuple[int, list[list[int]], int]
    for number, i in enumerate(pool):
        left, rows = count - len(out), len(pool) - number
        if out[-1] and left and (filled + lengths[i] / 2 > total * len(out) / count or rows <= left):
            out.append([])
        out[-1].append(i)
        filled += lengths[i]
    return out


def batches(lengths: Sequence[int], batch: int, total: int, random: Random, even: bool = False) -> list[list[int]]:
    """Return exactly `total` batches: epoch after epoch, the last cut off where it must be."""
    out: list[list[int]] = []
    while lengths and len(out) < total:
        out += shuffled(lengths, batch, random, even)
    return out[:total]


def steps_of(rows: int, batch: int, count: float, most: int) -> int:
    """Return how many batches `count` epochs of `rows` features are (the last may be a part), at most `most` of them where most > 0."""
    total = max(1, round(count * math.ceil(rows / batch))) if rows else 0
    return min(total, most) if most else total


def mixed(batches: dict[str, list[list[int]]], random: Random) -> list[tuple[str, list[int]]]:
    """Return the batches of several tasks in one seeded order, each task's in its own order: proportional mixing."""
    names = [name for name, some in batches.items() for _ in some]
    random.shuffle(names)
    streams = {name: iter(some) for name, some in batches.items()}
    return [(name, next(streams[name])) for name in names]


def by_length(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Return batches for prediction: longest first, each at most `tokens` padded tokens (or one feature)."""
    out: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if out and (len(out[-1]) + 1) * round_up(lengths[out[-1][0]]) <= tokens:
            out[-1].append(i)
        else:
            out.append([i])
    return out


def round_up(length: int) -> int:
    """Return the padded length."""
    return -(-length // STEP) * STEP

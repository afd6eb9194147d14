"""Processes that train one model together: each computes a part of every batch, and their gradients are added up.

Started by torchrun (or `accelerate launch`, which sets the same variables): torchrun --nproc-per-node 2 -m train STUDY.toml. Gradients are
added in one piece after the backward pass instead of by DistributedDataParallel's hooks: heads that a step does not use, batches that are
computed in parts and a batch that ran out of memory on one process only then need no special care. The price is that communication does not
overlap with computing.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

T = TypeVar("T")
PATIENCE = datetime.timedelta(hours=2)  # others wait while the first process looks at dev or writes


@dataclass(frozen=True)
class Peers:
    """This process among those that train together: `rank` of `count`; `local`: its number on this machine."""

    rank: int = 0
    count: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes, prints and looks at dev."""
        return self.rank == 0

    def share(self, some: Sequence[T]) -> list[T]:
        """Return this process's part of a batch: every `count`-th, so that sorted lengths are spread evenly."""
        return list(some[self.rank :: self.count])

    def add(self, parameters: Sequence[nn.Parameter]) -> None:
        """Add up the gradients of all processes; a parameter without one counts as zero."""
        if self.count == 1:
            return
        for p in parameters:
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.flatten() for grad in grads])
        dist.all_reduce(flat)
        for grad, part in zip(grads, torch.split(flat, [grad.numel() for grad in grads]), strict=True):
            grad.copy_(part.view_as(grad))

    def total(self, value: Tensor) -> Tensor:
        """Return the sum of a number over all processes."""
        if self.count > 1:
            dist.all_reduce(value)
        return value

    def wait(self, device: torch.device) -> None:
        """Return when all processes are here."""
        self.told(0.0, device)

    def told(self, value: float, device: torch.device) -> float:
        """Return the first process's value on every process."""
        if self.count == 1:
            return value
        box = torch.tensor([value], dtype=torch.float64, device=device)
        dist.broadcast(box, 0)
        return float(box)


ALONE = Peers()


def launched() -> bool:
    """Return whether torchrun or accelerate started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1 and "RANK" in os.environ


def join() -> Peers:
    """Meet the other processes (nccl on GPUs, gloo on CPUs) and return this one's place among them."""
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if torch.cuda.is_available():
        torch.cuda.set_device(local % torch.cuda.device_count())
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    return Peers(dist.get_rank(), dist.get_world_size(), local)


def leave() -> None:
    """End the group."""
    if dist.is_initialized():
        dist.destroy_process_group()

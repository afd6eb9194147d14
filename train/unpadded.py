"""Attention over rows laid end to end, so that no position is padding: [tokens] instead of [rows, length].

Linear layers, norms and activations see a token's position nowhere, so they run on the flat tokens; attention alone must know where a row
ends. Two ways to compute it, with the same result: rows of about one length in one batched product each (train/attend.py; any device and
precision), and on CUDA in half precision the variable-length kernel of torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from train.attend import Block, attend, attend_back, blocks_of

NAME = "unpadded"  # in Transformers' table of attention functions
# Flat tokens are filled up to a multiple of this with a row of its own: few shapes, and each new shape costs a kernel build (a millisecond a product
# on a CPU, where filling to 32 would be 3 % of a batch of 500 tokens).
STEP = {"cpu": 16}
STEP_ELSEWHERE = 32


@dataclass(slots=True)
class Layout:
    """Where rows lie among the flat tokens: sorted by length, then one row of filling.

    `index` [tokens]: place of each flat token in the padded tensor seen as one line. `position` [tokens]: its place in its row.
    `longest`, `lengths`: of the rows in flat order, filling included; `real`: tokens before the filling; `bounds` [rows + 1]: first token of each row (int32).
    """

    index: Tensor
    position: Tensor
    lengths: list[int]
    real: int
    bounds: Tensor
    longest: int
    _blocks: list[Block] | None = None

    @property
    def blocks(self) -> list[Block]:
        """Return the rows in blocks of about one length, the filling left out; made at first use."""
        if self._blocks is None:
            self._blocks = blocks_of(self.lengths, self.real, self.index.device)
        return self._blocks


def layout(lengths: Sequence[int], width: int, device: torch.device) -> Layout:
    """Return the layout of rows with these lengths, padded to `width`."""
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    sizes = [lengths[row] for row in order]
    real = sum(sizes)
    step = STEP.get(device.type, STEP_ELSEWHERE)
    sizes += [-real % step] if real % step else []
    size = torch.tensor(sizes)
    ends = size.cumsum(0)
    starts = ends - size
    position = torch.arange(int(ends[-1])) - starts.repeat_interleave(size)
    origin = torch.tensor([row * width for row in order] + [0] * (len(sizes) - len(order))).repeat_interleave(size)
    index = torch.cat([(origin + position)[:real], torch.zeros(len(position) - real, dtype=torch.long)])
    bounds = torch.tensor([0, *accumulate(sizes)], dtype=torch.int32)
    index, position, bounds = (part.to(device, non_blocking=True) for part in (index, position, bounds))
    return Layout(index, position, sizes, real, bounds, max(sizes))


def flatten(padded: Tensor, place: Layout) -> Tensor:
    """Return [1, tokens, ...] from [rows, length, ...]."""
    return padded.flatten(0, 1).index_select(0, place.index).unsqueeze(0)


def unflatten(flat: Tensor, place: Layout, rows: int, width: int) -> Tensor:
    """Return [rows, width, size] from [1, tokens, size], with 0 where there is no token."""
    out = flat.new_zeros((rows * width, flat.shape[-1]))
    return out.index_copy(0, place.index[: place.real], flat[0, : place.real]).view(rows, width, -1)


def attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, dropout: float = 0.0, scaling: float | None = None,
    place: Layout | None = None, **more: Any,
) -> tuple[Tensor, Any]:  # fmt: skip
    """Attend within each row; as Transformers calls it: q, k, v [1, heads, tokens, size] -> [1, tokens, heads, size].

    Without a layout the rows are padded ones with a mask, and Transformers' own function does it.
    """
    if place is None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **more)  # type: ignore[no-any-return]
    q, k, v = (part[0].transpose(0, 1) for part in (query, key, value))  # [tokens, heads, size]
    scale = scaling if scaling is not None else q.shape[-1] ** -0.5
    if q.is_cuda and q.dtype in (torch.bfloat16, torch.float16):
        return _kernel(q, k, v, place, dropout, scale).unsqueeze(0), None
    return _Grouped.apply(q, k, v, place, dropout, scale).unsqueeze(0), None  # type: ignore[no-untyped-call]


def _kernel(q: Tensor, k: Tensor, v: Tensor, place: Layout, dropout: float, scale: float) -> Tensor:
    """torch's variable-length attention; its public form has no dropout, so with dropout the operator below it is called, as torch.nested does."""
    longest = place.longest
    if not dropout:
        from torch.nn.attention.varlen import varlen_attn

        return varlen_attn(q, k, v, place.bounds, place.bounds, longest, longest, scale=scale)  # type: ignore[return-value]
    found = torch.ops.aten._flash_attention_forward(q, k, v, place.bounds, place.bounds, longest, longest, dropout, False, False, scale=scale)
    return found[0]  # type: ignore[no-any-return]


class _Grouped(torch.autograd.Function):
    """Softmax attention block by block, for devices and layers that have nothing better."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, place: Layout, rate: float, scale: float) -> Tensor:
        out, kept = attend(torch.cat([part.flatten(1) for part in (q, k, v)], dim=1), place, q.shape[1], scale, rate)
        ctx.save_for_backward(*kept)
        ctx.place, ctx.rate, ctx.scale = place, rate, scale
        return out.view(q.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        found = attend_back(grad.flatten(1), ctx.place, grad.shape[1], ctx.scale, ctx.rate, ctx.saved_tensors)
        return *(part.view(grad.shape) for part in found.chunk(3, dim=1)), None, None, None


def register() -> None:
    """Make the function known to Transformers."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)

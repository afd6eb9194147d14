"""Attention over rows laid end to end, so that no position is padding: [tokens] instead of [rows, length].

Linear layers, norms and activations see a token's position nowhere, so they run on the flat tokens; attention alone must know where a row
ends. Two ways to compute it, with the same result: rows of one length in one batched product each (any device and precision; with a
hand-written backward pass, because autograd's own costs more than the products at these sizes), and on CUDA in half precision the
variable-length kernel of torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

import torch
from torch import Tensor

from train.dropout import drop, keep_bits

NAME = "unpadded"  # in Transformers' table of attention functions
STEP = 32  # flat tokens are filled up to a multiple of this with a row of its own: few shapes, and each new shape costs a kernel build


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

    @property
    def groups(self) -> list[tuple[int, int]]:
        """Return (rows, length) of every run of rows of one length."""
        return [(len(list(same)), length) for length, same in groupby(self.lengths)]


def layout(lengths: Sequence[int], width: int, device: torch.device) -> Layout:
    """Return the layout of rows with these lengths, padded to `width`."""
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    sizes = [lengths[row] for row in order]
    real = sum(sizes)
    sizes += [-real % STEP] if real % STEP else []
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
    return _Grouped.apply(q, k, v, place.groups, dropout, scale).unsqueeze(0), None  # type: ignore[no-untyped-call]


def _kernel(q: Tensor, k: Tensor, v: Tensor, place: Layout, dropout: float, scale: float) -> Tensor:
    """torch's variable-length attention; its public form has no dropout, so with dropout the operator below it is called, as torch.nested does."""
    longest = place.longest
    if not dropout:
        from torch.nn.attention.varlen import varlen_attn

        return varlen_attn(q, k, v, place.bounds, place.bounds, longest, longest, scale=scale)  # type: ignore[return-value]
    found = torch.ops.aten._flash_attention_forward(q, k, v, place.bounds, place.bounds, longest, longest, dropout, False, False, scale=scale)
    return found[0]  # type: ignore[no-any-return]


class _Grouped(torch.autograd.Function):
    """Softmax attention, group by group. Kept for the backward pass: q, k, v as batches of heads, the probabilities, the dropout mask."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, groups: list[tuple[int, int]], rate: float, scale: float) -> Tensor:
        out = torch.empty(q.shape, dtype=q.dtype, device=q.device)
        saved: list[Tensor] = []
        start, ctx.kept = 0, 1.0
        for rows, length in groups:
            queries, keys, values = (_heads(part, start, rows, length) for part in (q, k, v))
            shares = torch.baddbmm(queries.new_empty(()), queries, keys.transpose(1, 2), beta=0, alpha=scale).softmax(-1)
            used, mask = shares, shares.new_empty(0)
            if rate:
                used, mask, ctx.kept = _dropped(shares, rate)
            _put(out, torch.bmm(used, values), start, rows, length)
            saved += (queries, keys, values, shares, mask)
            start += rows * length
        ctx.save_for_backward(*saved)
        ctx.groups, ctx.rate, ctx.scale = groups, rate, scale
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        outs = [torch.empty(grad.shape, dtype=grad.dtype, device=grad.device) for _ in range(3)]
        start, saved = 0, ctx.saved_tensors
        for number, (rows, length) in enumerate(ctx.groups):
            queries, keys, values, shares, mask = saved[5 * number : 5 * number + 5]
            above = _heads(grad, start, rows, length)
            used, below = shares, torch.bmm(above, values.transpose(1, 2))
            if ctx.rate:
                used, below = _again(shares, mask, ctx.kept), _again(below, mask, ctx.kept)
            scores = torch._softmax_backward_data(below, shares, -1, shares.dtype)
            nothing = shares.new_empty(())
            _put(outs[0], torch.baddbmm(nothing, scores, keys, beta=0, alpha=ctx.scale), start, rows, length)
            _put(outs[1], torch.baddbmm(nothing, scores.transpose(1, 2), queries, beta=0, alpha=ctx.scale), start, rows, length)
            _put(outs[2], torch.bmm(used.transpose(1, 2), above), start, rows, length)
            start += rows * length
        return outs[0], outs[1], outs[2], None, None, None


def _heads(flat: Tensor, start: int, rows: int, length: int) -> Tensor:
    """Return [rows * heads, length, size] from the group's part of [tokens, heads, size]."""
    _, heads, size = flat.shape
    return flat[start : start + rows * length].view(rows, length, heads, size).transpose(1, 2).reshape(rows * heads, length, size)


def _put(flat: Tensor, batch: Tensor, start: int, rows: int, length: int) -> None:
    """Write [rows * heads, length, size] to the group's part of [tokens, heads, size]."""
    _, heads, size = flat.shape
    flat[start : start + rows * length].view(rows, length, heads, size).copy_(batch.view(rows, heads, length, size).transpose(1, 2))


def _dropped(shares: Tensor, rate: float) -> tuple[Tensor, Tensor, float]:
    if shares.device.type == "cpu":
        mask, kept = keep_bits(shares, rate)
        return drop(shares, mask, kept), mask, kept
    mask = torch.empty_like(shares).bernoulli_(1 - rate)
    return _again(shares, mask, 1 - rate), mask, 1 - rate


def _again(values: Tensor, mask: Tensor, kept: float) -> Tensor:
    return drop(values, mask, kept) if values.device.type == "cpu" else values * mask / kept


def register() -> None:
    """Make the function known to Transformers."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)

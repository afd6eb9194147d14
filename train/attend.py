"""Softmax attention over rows laid end to end, block by block, with a backward pass by hand.

Rows of about one length make a block: one batched product for all of them, the shorter ones filled up and their filling shut out. A block
for every exact length would need no filling, but four times as many calls, which cost a CPU more than the filling does; and autograd's own
backward pass costs more than the products at these sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from train.dropout import drop_, dropped, keep_bits, kept_of
from train.room import Take, fresh

if TYPE_CHECKING:
    from train.unpadded import Layout

SHORTEST = 0.75  # of a block's longest row: how short its shortest may be; the filling is then under a third of the products, which are small


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of about one length: `rows` of them, from token `start`, `tokens` in all, filled up to `width`.

    `source` [rows * width]: token (from `start`) of each place, `back` [tokens]: place of each token, `shut` [rows, 1, width]: -inf at filled
    places; all None where the rows are equally long.
    """

    start: int
    tokens: int
    rows: int
    width: int
    source: Tensor | None = None
    back: Tensor | None = None
    shut: Tensor | None = None

    @property
    def part(self) -> slice:
        """Its tokens among all."""
        return slice(self.start, self.start + self.tokens)


def blocks_of(lengths: Sequence[int], real: int, device: torch.device) -> list[Block]:
    """Return the blocks of rows with these lengths, shortest first; rows behind the `real` tokens are left out."""
    out: list[Block] = []
    sizes: list[int] = []
    start = at = 0
    for length in [*lengths, 0]:
        if sizes and (at >= real or sizes[0] < SHORTEST * length):
            out.append(_block(start, sizes, device))
            start, sizes = at, []
        if at >= real:
            break
        sizes.append(length)
        at += length
    return out


def _block(start: int, sizes: list[int], device: torch.device) -> Block:
    rows, width, tokens = len(sizes), max(sizes), sum(sizes)
    if tokens == rows * width:
        return Block(start, tokens, rows, width)
    there = torch.arange(width) < torch.tensor(sizes).unsqueeze(1)
    back = there.flatten().nonzero().squeeze(1)
    source = torch.zeros(rows * width, dtype=torch.long).index_copy_(0, back, torch.arange(tokens))
    shut = torch.zeros(there.shape, dtype=torch.bfloat16).masked_fill_(~there, float("-inf")).unsqueeze(1)
    return Block(start, tokens, rows, width, source.to(device), back.to(device), shut.to(device))


def attend(joined: Tensor, place: Layout, heads: int, scale: float, rate: float, take: Take | None = None) -> tuple[Tensor, list[Tensor]]:
    """Return attention's output [tokens, size], and what the backward pass needs, from query, key and value side by side [tokens, 3 * size].
    Both lie in memory from `take`, where it is given."""
    take = take or partial(fresh, device=joined.device)
    out = take((len(joined), joined.shape[1] // 3), joined.dtype)
    out[place.real :] = 0
    kept: list[Tensor] = []
    for block in place.blocks:
        some = joined[block.part]
        some = some if block.source is None else some.index_select(0, block.source)
        threes = some.view(block.rows, block.width, 3, heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = take(threes.shape, joined.dtype).copy_(threes).view(3, block.rows * heads, block.width, -1)
        shut = None if block.shut is None else block.shut.to(joined.dtype).repeat_interleave(heads, 0)
        scores = _product(query, key.transpose(1, 2), scale, shut)
        shares = take(scores.shape, joined.dtype).copy_(scores.softmax(-1, dtype=_wide(scores)))
        used, mask = shares, scores.new_empty(0)
        if rate:
            mask = keep_bits(shares, rate, take)
            used = dropped(shares, mask)
        _put(out, _product(used, value, 1 / kept_of(rate)).view(block.rows, heads, block.width, -1).transpose(1, 2), block)
        kept += (query, key, value, shares, mask)
    return out, kept


def attend_back(grad: Tensor, place: Layout, heads: int, scale: float, rate: float, kept: Sequence[Tensor]) -> Tensor:
    """Return the gradient of `joined` [tokens, 3 * size] from that of attention's output [tokens, size]."""
    out = grad.new_empty((len(grad), 3 * grad.shape[1]))
    out[place.real :] = 0
    for number, block in enumerate(place.blocks):
        query, key, value, shares, mask = kept[5 * number : 5 * number + 5]
        some = grad[block.part]
        if block.back is not None:
            some = grad.new_zeros((block.rows * block.width, grad.shape[1])).index_copy_(0, block.back, some)
        above = some.view(block.rows, block.width, heads, -1).transpose(1, 2).reshape(query.shape)
        below, used = _product(above, value.transpose(1, 2), 1 / kept_of(rate)), shares
        if rate:
            below, used = drop_(below, mask), dropped(shares, mask)
        wide = _wide(shares)
        scores = torch._softmax_backward_data(below.to(wide), shares.to(wide), -1, wide).to(shares.dtype)
        found = torch.stack(
            [_product(scores, key, scale), _product(scores.transpose(1, 2), query, scale), _product(used.transpose(1, 2), above, 1 / kept_of(rate))]
        )
        _put(out, found.view(3, block.rows, heads, block.width, -1).permute(1, 3, 0, 2, 4), block)
    return out


def _product(a: Tensor, b: Tensor, scale: float, plus: Tensor | None = None) -> Tensor:
    """Return scale * (a @ b) + plus batch by batch, the factor applied inside the product."""
    return torch.baddbmm(a.new_empty(()) if plus is None else plus, a, b, beta=0 if plus is None else 1, alpha=scale)


def _wide(values: Tensor) -> torch.dtype:
    """Return the precision of the softmax: torch's CPU kernels take bfloat16 rows of such lengths at half the speed (1.0 and 0.4 ms a layer, measured)."""
    return torch.promote_types(values.dtype, torch.float32)


def _put(flat: Tensor, values: Tensor, block: Block) -> None:
    """Write values [rows, width, ...] to the block's tokens of [tokens, size]."""
    if block.back is None:
        flat[block.part].view(values.shape).copy_(values)
    else:
        torch.index_select(values.reshape(block.rows * block.width, -1), 0, block.back, out=flat[block.part])

"""Rows laid end to end give what padded rows give: logits, gradients, dropout's mean; nothing leaks from row to row."""

from __future__ import annotations

import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

from train import unpadded
from train.attend import blocks_of
from train.batches import collate
from train.dropout import Dropout, drop_, dropped, keep_bits, kept_of
from train.features import Shape, features

SHAPES = {
    "pair": (Shape("pair", ("yes", "no", "maybe"), 64), tiny.PAIRS),
    "choice": (Shape("choice", (), 64), tiny.CHOICES),
    "span": (Shape("span", (), 64, 8), tiny.SPANS),
    "tags": (Shape("tags", tiny.TAG_SET, 64), tiny.TAGS),
}


@pytest.fixture(scope="module", params=["bert", "xlm-roberta"])
def base(request, tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), family=request.param)


def both(base, kind, precision=torch.float32):
    """Return (scores unpadded, scores padded in float32, their gradients on the encoder)."""
    shape, rows = SHAPES[kind]
    out = []
    for padded in (False, True):
        model = tiny.model(base, (kind, shape))
        model.precision = torch.float32 if padded else precision
        model.encoder.padded = padded
        batch = collate(kind, kind, features(rows, model.pieces, shape), 1)
        scores = model(batch)
        model.loss(batch).backward()
        shown = scores[batch.mask == 1] if kind == "tags" else scores
        out.append((shown.detach(), torch.cat([p.grad.flatten() for p in model.encoder.parameters() if p.grad is not None])))
    return out


@pytest.mark.parametrize("kind", SHAPES)
def test_logits_and_gradients_are_those_of_padded_rows(base, kind):
    (ours, our_grad), (theirs, their_grad) = both(base, kind)
    assert torch.allclose(ours, theirs, atol=1e-5) and torch.allclose(our_grad, their_grad, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", SHAPES)
def test_bfloat16_stays_near_padded_float32(base, kind):
    (ours, _), (theirs, _) = both(base, kind, torch.bfloat16)
    assert float((ours - theirs).abs().max()) < 2e-2


def test_checkpointing_changes_no_gradient(base):
    shape, rows = SHAPES["pair"]
    found = []
    for checkpointing in (False, True):
        model = tiny.model(base, ("pair", shape))
        model.encoder.checkpointing = checkpointing
        model.loss(collate("pair", "pair", features(rows, model.pieces, shape), 1)).backward()
        found.append(model.encoder.net.encoder.layer[0].intermediate.dense.weight.grad)
    assert torch.equal(*found)


def test_a_layout_holds_each_token_once():
    place = unpadded.layout([3, 1, 3, 2], 4, torch.device("cpu"))
    assert place.real == 9 and place.lengths == [1, 2, 3, 3, 7]
    assert place.index[:9].tolist() == [4, 12, 13, 0, 1, 2, 8, 9, 10] and place.position[:9].tolist() == [0, 0, 1, 0, 1, 2, 0, 1, 2]
    assert place.bounds.tolist() == [0, 1, 3, 6, 9, 16]
    padded = torch.arange(16.0).view(4, 4, 1)
    back = unpadded.unflatten(unpadded.flatten(padded, place), place, 4, 4)
    mask = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0]]).unsqueeze(-1)
    assert torch.equal(back, padded * mask)
    assert unpadded.layout([32], 32, torch.device("cpu")).lengths == [32]  # nothing to fill up


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(0, 31))
def test_blocks_hold_each_row_once_and_fill_up_little(lengths, filling):
    lengths = sorted(lengths)
    found = blocks_of([*lengths, filling] if filling else lengths, sum(lengths), torch.device("cpu"))
    assert sum(block.rows for block in found) == len(lengths) and sum(block.tokens for block in found) == sum(lengths)
    start = 0
    for block in found:
        own, lengths = lengths[: block.rows], lengths[block.rows :]
        assert block.start == start and block.tokens == sum(own) and block.width == max(own) and min(own) >= 0.75 * max(own)
        if block.source is not None:
            assert block.source[block.back].tolist() == list(range(block.tokens))
            assert (block.shut[:, 0] == 0).sum(1).tolist() == own and ((block.shut == 0) | (block.shut == -torch.inf)).all()
        start += block.tokens


def reference(q, k, v, lengths, scale):
    """Attend row by row."""
    parts = [part.split(lengths) for part in (q, k, v)]
    out = [torch.einsum("hab,bhs->ahs", (torch.einsum("ahs,bhs->hab", x, y) * scale).softmax(-1), z) for x, y, z in zip(*parts, strict=True)]
    return torch.cat(out)


def test_attention_in_blocks_is_attention_row_by_row_with_the_gradients_of_autograd():
    torch.manual_seed(1)
    lengths = [3, 6, 7, 7, 8]  # a block of its own, then rows that are filled up
    place = unpadded.layout(lengths, 8, torch.device("cpu"))
    assert [(block.rows, block.width) for block in place.blocks] == [(1, 3), (4, 8)] and place.lengths[-1] == 1
    q, k, v = (torch.randn(32, 2, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    out = unpadded._Grouped.apply(q, k, v, place, 0.0, 0.5)
    assert torch.allclose(out[:31], reference(q[:31], k[:31], v[:31], lengths, 0.5)) and not out[31:].any()
    assert torch.autograd.gradcheck(lambda *qkv: unpadded._Grouped.apply(*qkv, place, 0.0, 0.5), (q, k, v))


def test_attention_with_dropout_has_the_gradients_of_autograd():
    place = unpadded.layout([5, 5, 6], 8, torch.device("cpu"))
    (block,) = place.blocks
    joined = torch.randn(16, 3 * 8, requires_grad=True)
    torch.manual_seed(2)
    out = unpadded._Grouped.apply(*(part.view(16, 2, 4) for part in joined.chunk(3, 1)), place, 0.5, 0.5)
    (found,) = torch.autograd.grad(out.square().sum(), joined)
    torch.manual_seed(2)  # the same draws, through autograd
    query, key, value = joined[block.source].view(3, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)
    shares = (query @ key.transpose(-1, -2) * 0.5 + block.shut.float().unsqueeze(1)).softmax(-1)
    mask = keep_bits(shares.reshape(6, 6, 6), 0.5).view(shares.shape)
    wanted = ((shares * mask / kept_of(0.5)) @ value).transpose(1, 2).reshape(18, 8)[block.back]
    assert torch.allclose(out.flatten(1), wanted, atol=1e-6) and len(out) == 16
    assert torch.allclose(found, torch.autograd.grad(wanted.square().sum(), joined)[0], atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_its_share_and_keeps_the_mean(dtype):
    torch.manual_seed(3)
    values = torch.ones(400, 1000, dtype=dtype, requires_grad=True)
    layer = Dropout(0.1).train()
    out = layer(values)
    out.sum().backward()
    share = float((out == 0).float().mean())
    assert abs(share - 0.1) < 0.003 and abs(float(out.detach().float().mean()) - 1) < 0.005
    assert torch.equal((values.grad == 0), (out == 0)) and layer.eval()(values) is values
    mask = keep_bits(torch.zeros(7, dtype=dtype), 0.5)
    assert kept_of(0.5) == 0.5 and torch.equal(dropped(torch.ones(7, dtype=dtype), mask), mask.to(dtype))
    assert torch.equal(drop_(torch.full((7,), -2.5, dtype=dtype), mask), -2.5 * mask.to(dtype))
    assert not keep_bits(torch.zeros(1000, dtype=dtype), 1.0).any() and kept_of(0.0) == 1 and kept_of(1e-9) == 1 - 1 / 65536


def test_the_kernel_is_told_where_rows_end(monkeypatch):
    """CUDA's kernel cannot run here, so a stand-in with its contract takes its place: rows from cumulative lengths, longest row, scale."""
    place = unpadded.layout([3, 5, 5], 8, torch.device("cpu"))
    q, k, v = (torch.randn(16, 2, 4) for _ in range(3))

    def stand_in(q, k, v, first, second, longest, other, scale):
        assert first.dtype == torch.int32 and torch.equal(first, second) and longest == other == max(first.diff().tolist())
        out = torch.empty_like(q)
        for start, end in zip(first.tolist(), first.tolist()[1:], strict=False):
            shares = torch.softmax(torch.einsum("ahs,bhs->hab", q[start:end], k[start:end]) * scale, -1)
            out[start:end] = torch.einsum("hab,bhs->ahs", shares, v[start:end])
        return out

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", stand_in)
    assert torch.allclose(unpadded._kernel(q, k, v, place, 0.0, 0.5)[: place.real], unpadded._Grouped.apply(q, k, v, place, 0.0, 0.5)[: place.real], atol=1e-5)

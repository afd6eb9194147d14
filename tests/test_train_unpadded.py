"""Rows laid end to end give what padded rows give: logits, gradients, dropout's mean; nothing leaks from row to row."""

from __future__ import annotations

import pytest
import tiny
import torch

from train import unpadded
from train.batches import collate
from train.dropout import Dropout, drop, keep_bits
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
    assert place.real == 9 and place.lengths == [1, 2, 3, 3, 23] and place.groups == [(1, 1), (1, 2), (2, 3), (1, 23)]
    assert place.index[:9].tolist() == [4, 12, 13, 0, 1, 2, 8, 9, 10] and place.position[:9].tolist() == [0, 0, 1, 0, 1, 2, 0, 1, 2]
    assert place.bounds.tolist() == [0, 1, 3, 6, 9, 32]
    padded = torch.arange(16.0).view(4, 4, 1)
    back = unpadded.unflatten(unpadded.flatten(padded, place), place, 4, 4)
    mask = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 0, 0]]).unsqueeze(-1)
    assert torch.equal(back, padded * mask)
    assert unpadded.layout([32], 32, torch.device("cpu")).lengths == [32]  # nothing to fill up


def test_grouped_attention_has_the_gradients_of_autograd_with_and_without_dropout():
    torch.manual_seed(1)
    place = unpadded.layout([3, 5, 5], 8, torch.device("cpu"))
    q, k, v = (torch.randn(32, 2, 4, dtype=torch.float64, requires_grad=True) for _ in range(3))
    assert torch.autograd.gradcheck(lambda *qkv: unpadded._Grouped.apply(*qkv, place.groups, 0.0, 0.5), (q, k, v))
    a, b, c = (torch.randn(32, 2, 4, requires_grad=True) for _ in range(3))
    torch.manual_seed(2)
    out = unpadded._Grouped.apply(a, b, c, place.groups, 0.5, 0.5)
    out.sum().backward()
    torch.manual_seed(2)
    start = 0
    for rows, length in place.groups:  # the same draws, through autograd
        x, y, z = (t.detach()[start : start + rows * length].clone().requires_grad_() for t in (a, b, c))
        shares = torch.softmax(unpadded._heads(x, 0, rows, length) @ unpadded._heads(y, 0, rows, length).transpose(1, 2) * 0.5, -1)
        mask, kept = keep_bits(shares, 0.5)
        (((shares * (mask != 0)) / kept) @ unpadded._heads(z, 0, rows, length)).sum().backward()
        for mine, theirs in ((a, x), (b, y), (c, z)):
            assert torch.allclose(mine.grad[start : start + rows * length], theirs.grad, atol=1e-5)
        start += rows * length


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_its_share_and_keeps_the_mean(dtype):
    torch.manual_seed(3)
    values = torch.ones(400, 1000, dtype=dtype, requires_grad=True)
    layer = Dropout(0.1).train()
    out = layer(values)
    out.sum().backward()
    dropped = float((out == 0).float().mean())
    assert abs(dropped - 0.1) < 0.003 and abs(float(out.detach().float().mean()) - 1) < 0.005
    assert torch.equal((values.grad == 0), (out == 0)) and layer.eval()(values) is values
    mask, kept = keep_bits(torch.zeros(7, dtype=dtype), 0.5)
    assert kept == 0.5 and torch.equal(drop(torch.ones(7, dtype=dtype), mask, kept) != 0, mask != 0)


def test_the_kernel_is_told_where_rows_end(monkeypatch):
    """CUDA's kernel cannot run here, so a stand-in with its contract takes its place: rows from cumulative lengths, longest row, scale."""
    place = unpadded.layout([3, 5, 5], 8, torch.device("cpu"))
    q, k, v = (torch.randn(32, 2, 4) for _ in range(3))

    def stand_in(q, k, v, first, second, longest, other, scale):
        assert first.dtype == torch.int32 and torch.equal(first, second) and longest == other == max(first.diff().tolist())
        out = torch.empty_like(q)
        for start, end in zip(first.tolist(), first.tolist()[1:], strict=False):
            shares = torch.softmax(torch.einsum("ahs,bhs->hab", q[start:end], k[start:end]) * scale, -1)
            out[start:end] = torch.einsum("hab,bhs->ahs", shares, v[start:end])
        return out

    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", stand_in)
    assert torch.allclose(unpadded._kernel(q, k, v, place, 0.0, 0.5), unpadded._Grouped.apply(q, k, v, place.groups, 0.0, 0.5), atol=1e-5)

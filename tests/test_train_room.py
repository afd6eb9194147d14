"""train/room.py: activations in one block, never two of them in one place, and never overwritten before the backward pass has used them."""

from __future__ import annotations

import itertools

import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.batches import collate
from train.features import Shape, features
from train.room import ALIGNED, Room

SHAPE = Shape("pair", ("yes", "no", "maybe"), 64)
KINDS = (torch.bfloat16, torch.float32, torch.int64)


def places(tensors):
    return sorted((tensor.data_ptr(), tensor.data_ptr() + tensor.numel() * tensor.element_size()) for tensor in tensors if tensor.numel())


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.sampled_from(KINDS)), max_size=12))
def test_nothing_overlaps_and_a_second_pass_of_the_same_size_lies_in_the_block(wanted):
    room = Room()
    for round_ in range(2):
        lease = room.lease()
        taken = [lease.take((rows, width), kind) for rows, width, kind in wanted]
        assert [(tuple(t.shape), t.dtype) for t in taken] == [((rows, width), kind) for rows, width, kind in wanted]
        found = places(taken)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(found))
        assert all(t.data_ptr() % ALIGNED == 0 for t in taken if t.numel())
        if round_ and found:
            assert found[-1][1] - found[0][0] <= room.asked
        del taken, lease


def test_a_block_in_use_is_not_given_twice():
    room = Room()
    room.lease().take((100,), torch.float32)
    first = room.lease()
    kept = first.take((100,), torch.float32).fill_(1)
    room.lease().take((100,), torch.float32).fill_(2)
    assert bool((kept == 1).all())
    del first
    assert room.lease().take((100,), torch.float32).data_ptr() == kept.data_ptr()


def grown(base):
    """Return a model whose room has grown to its batch."""
    model = tiny.model(base, ("pair", SHAPE))
    batch = collate("pair", "pair", features(tiny.PAIRS, model.pieces, SHAPE), 1)
    model.loss(batch).backward()
    model.zero_grad()
    assert model.encoder.room.asked
    return model, batch


def test_two_forward_passes_before_their_backward_passes_do_not_disturb_each_other(tmp_path):
    base = tiny.base(tmp_path, layers=2)
    model, batch = grown(base)
    half = collate("pair", "pair", features(tiny.PAIRS[:1], model.pieces, SHAPE), 1)
    both = [model.loss(batch), model.loss(half)]
    for loss in both:
        loss.backward()
    found = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    other, batch = grown(base)
    for one in (batch, half):
        other.loss(one).backward()
    assert found and all(torch.allclose(grad, found[name], atol=1e-6) for name, grad in ((n, p.grad) for n, p in other.named_parameters()) if grad is not None)


def test_a_step_uses_the_block_and_gives_it_back(tmp_path):
    model, batch = grown(tiny.base(tmp_path, layers=2))
    loss = model.loss(batch)
    block = model.encoder.room._block
    assert len(block) == model.encoder.room.asked and model.encoder.room._lease() is not None
    loss.backward()
    del loss
    assert model.encoder.room._lease() is None
    with torch.no_grad():
        model(batch)
    assert model.encoder.room._block is block and model.encoder.room._lease() is None

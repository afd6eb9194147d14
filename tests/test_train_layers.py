"""The layer with its passes written by hand is Transformers' own layer: outputs, gradients, dropout, freezing, checkpointing."""

from __future__ import annotations

import pytest
import tiny
import torch

from train import layers, unpadded
from train.batches import collate
from train.features import Shape, features

SHAPE = Shape("pair", ("yes", "no", "maybe"), 64)
PLACE = unpadded.layout([3, 4, 4, 9], 16, torch.device("cpu"))


@pytest.fixture(scope="module", params=["bert", "xlm-roberta"])
def base(request, tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), family=request.param, layers=2)


def one_layer(base, **dropout):
    model = tiny.model(base, ("pair", SHAPE))
    layer = model.encoder.net.encoder.layer[0]
    for name, rate in dropout.items():
        {"inner": layer.attention.self.dropout, "first": layer.attention.output.dropout, "second": layer.output.dropout}[name].p = rate
    return layer.train()


def stepped(base, by_hand, precision=torch.float32, frozen=0, checkpointing=False):
    """Return (scores, gradients by name) of one batch."""
    model = tiny.model(base, ("pair", SHAPE), frozen=frozen)
    model.precision = precision
    assert model.encoder.by_hand
    model.encoder.by_hand, model.encoder.checkpointing = by_hand, checkpointing
    batch = collate("pair", "pair", features(tiny.PAIRS, model.pieces, SHAPE), 1)
    model.loss(batch).backward()
    return model(batch).detach(), {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("frozen", [0, 1])
def test_it_gives_the_scores_and_gradients_of_transformers_layer(base, frozen):
    (ours, our_grads), (theirs, their_grads) = stepped(base, True, frozen=frozen), stepped(base, False, frozen=frozen)
    assert torch.allclose(ours, theirs, atol=1e-6) and our_grads.keys() == their_grads.keys() and len(our_grads) > 16
    assert all(torch.allclose(our_grads[name], their_grads[name], atol=1e-6, rtol=1e-4) for name in our_grads)


def test_in_bfloat16_its_gradients_are_as_near_to_float32_as_those_of_autocast(base):
    (_, exact), (_, ours), (_, theirs) = stepped(base, False), stepped(base, True, torch.bfloat16), stepped(base, False, torch.bfloat16)

    def off(found):
        both = [(found[name] - exact[name]).norm() ** 2 for name in exact], [exact[name].norm() ** 2 for name in exact]
        return float((sum(both[0]) / sum(both[1])) ** 0.5)

    assert off(ours) < 1.2 * off(theirs)
    assert all(grad.dtype == torch.float32 for grad in ours.values())


def test_numerical_gradients_agree(base):
    layer = one_layer(base, inner=0.0, first=0.0, second=0.0).double()
    weights = [weight.detach().clone().requires_grad_() for weight in (layer.get_parameter(name) for name in layers.NAMES)]
    plan = layers.Plan(PLACE, torch.float64, layer.attention.self.num_attention_heads, 0.5, 0.0, 0.0, 1e-5)
    x = torch.randn(len(PLACE.index), layer.output.dense.out_features, dtype=torch.float64, requires_grad=True)
    real = PLACE.real
    assert torch.autograd.gradcheck(lambda x, *some: layers._Layer.apply(x, plan, *some)[:real], (x, *weights), atol=1e-5, rtol=1e-3, fast_mode=True)


def test_dropout_keeps_the_mean_of_each_branch_and_comes_back_with_the_seed(base):
    layer = one_layer(base, inner=0.2, first=0.3, second=0.3)
    x = torch.randn(1, len(PLACE.index), layer.output.dense.out_features)
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(layers.run(layer, x, PLACE))
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
    with torch.no_grad():
        branch, mask = layers._residual(torch.zeros(4000, 8), torch.ones(4000, 8), 0.3)
    assert abs(float(branch.mean()) - 1) < 0.02 and abs(float(mask.float().mean()) - 0.7) < 0.01
    back = layers._branch_back(torch.ones(4000, 8), mask, 0.3)
    assert torch.equal(back, branch)


def test_checkpointing_gives_the_same_bits_with_dropout(base):
    found = []
    for checkpointing in (False, True):
        model = tiny.model(base, ("pair", SHAPE)).train()
        for layer in model.encoder.net.encoder.layer:
            layer.attention.self.dropout.p = layer.attention.output.dropout.p = layer.output.dropout.p = 0.1
        model.encoder.checkpointing = checkpointing
        torch.manual_seed(5)
        model.loss(collate("pair", "pair", features(tiny.PAIRS, model.pieces, SHAPE), 1)).backward()
        found.append({name: p.grad for name, p in model.encoder.named_parameters() if p.grad is not None})
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_other_layers_are_left_to_transformers(base):
    model = tiny.model(base, ("pair", SHAPE))
    layer = model.encoder.net.encoder.layer[0]
    assert layers.fits(layer)
    layer.intermediate.intermediate_act_fn = torch.nn.ReLU()
    assert not layers.fits(layer)
    layer = model.encoder.net.encoder.layer[1]
    layer.output.dropout.p = 0.7
    assert not layers.fits(layer)

"""One layer of BERT's family on flat tokens, forward and backward pass written by hand: on a CPU the matrix products are then most of a step.

Autograd over Transformers' own layer costs a CPU as much as half the matrix products: a call for every small operation, a cast for every
weight and gradient, attention length by length. Here query, key and value are one product, residual gradients add up inside products, a
dropout mask is one comparison, and rows of about one length share one batch of attention. Same mathematics; `tests/test_train_layers.py`
holds it to Transformers' own layer and to numerical gradients. In bfloat16 the sums and norms of the forward pass stay float32, as under
autocast: kept in bfloat16 they doubled the distance of logits from float32 (5.8e-2 against 2.9e-2 on a trained span head).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from train.attend import attend, attend_back
from train.dropout import drop_, keep_bits, kept_of
from train.room import Take, fresh
from train.unpadded import Layout


class Plan(NamedTuple):
    """What a layer is besides its weights. `kind`: precision of products. `inner`, `outer`: dropout of attention's shares and of the two residual
    branches (0 = none). `take`: memory for what the backward pass needs."""

    place: Layout
    kind: torch.dtype
    heads: int
    scale: float
    inner: float
    outer: float
    epsilon: float
    take: Take = fresh


NAMES = tuple(
    f"{module}.{name}"
    for module in (
        "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
        "intermediate.dense", "output.dense", "output.LayerNorm",
    )
    for name in ("weight", "bias")
)  # fmt: skip


def fits(layer: Any) -> bool:
    """Say whether `layer` is a plain layer of BERT's family: self-attention, exact GELU, norms behind the residuals, and nothing else."""
    if {name for name, _ in layer.named_parameters()} != set(NAMES):
        return False
    activation = getattr(layer.intermediate.intermediate_act_fn, "act", None)
    same = layer.attention.output.LayerNorm.eps == layer.output.LayerNorm.eps and layer.attention.output.dropout.p == layer.output.dropout.p
    return activation is nn.functional.gelu and same and not layer.attention.self.is_decoder


def run(layer: Any, flat: Tensor, place: Layout, take: Take = fresh) -> Tensor:
    """Return [1, tokens, size] after `layer`, in float32 at least; products run in autocast's precision, or that of `flat`. Tokens of the filling come
    out as whatever they are. `take`: where the backward pass's needs lie, see train/room.py."""
    own, training, device = layer.attention.self, layer.training, flat.device.type
    kind = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else flat.dtype
    plan = Plan(
        place, kind, own.num_attention_heads, own.scaling, own.dropout.p if training else 0.0, layer.output.dropout.p if training else 0.0,
        layer.output.LayerNorm.eps, take,
    )  # fmt: skip
    modules = (
        own.query, own.key, own.value, layer.attention.output.dense, layer.attention.output.LayerNorm,
        layer.intermediate.dense, layer.output.dense, layer.output.LayerNorm,
    )  # fmt: skip
    weights = [tensor for module in modules for tensor in (module.weight, module.bias)]
    return _Layer.apply(flat[0].to(torch.promote_types(flat.dtype, torch.float32)), plan, *weights).unsqueeze(0)  # type: ignore[no-any-return, no-untyped-call]


class _Layer(torch.autograd.Function):
    """x [tokens, size] and the layer's weights in the order of NAMES -> [tokens, size]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, plan: Plan, *weights: Tensor) -> Tensor:
        kind, take = plan.kind, plan.take
        with torch.autocast(x.device.type, enabled=False):
            (wq, bq, wk, bk, wv, bv, *rest) = weights
            w_in, b_in = _joined((wq, wk, wv), kind, take), _joined((bq, bk, bv), kind, take)
            w_out, b_out, g1, b1, w_up, b_up, w_down, b_down, g2, b2 = rest
            w_out, w_up, w_down = (_kept(weight, kind, take) for weight in (w_out, w_up, w_down))
            low = _kept(x, kind, take)
            mixed, kept = attend(torch.addmm(b_in, low, w_in.t()), plan.place, plan.heads, plan.scale, plan.inner, take)
            first, mask1 = _residual(x, torch.addmm(b_out.to(kind), mixed, w_out.t()), plan.outer, take)
            y, mean1, scale1 = torch.native_layer_norm(first, first.shape[1:], g1, b1, plan.epsilon)
            narrow = _kept(y, kind, take)
            up = torch.addmm(b_up.to(kind), narrow, w_up.t(), out=take((len(x), len(w_up)), kind))
            wide = torch.ops.aten.gelu.out(up, out=take(up.shape, kind))
            second, mask2 = _residual(y, torch.addmm(b_down.to(kind), wide, w_down.t()), plan.outer, take)
            out, mean2, scale2 = torch.native_layer_norm(second, second.shape[1:], g2, b2, plan.epsilon)
        ctx.plan = plan
        ctx.save_for_backward(
            low, w_in, mixed, w_out, mask1, _kept(first, kind, take), mean1, scale1, g1, b1, narrow, w_up, up, wide, w_down, mask2,
            _kept(second, kind, take), mean2, scale2, g2, b2, *kept,
        )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, w_in, mixed, w_out, mask1, first, mean1, scale1, g1, b1, y, w_up, up, wide, w_down, mask2, second, mean2, scale2, g2, b2, *kept = ctx.saved_tensors
        plan: Plan = ctx.plan
        with torch.autocast(x.device.type, enabled=False):
            second_grad, g2_grad, b2_grad = _norm_back(grad.to(second.dtype).contiguous(), second, mean2, scale2, g2, b2)
            down = _branch_back(second_grad, mask2, plan.outer)
            wide_grad = down @ w_down
            up_grad = torch.ops.aten.gelu_backward.grad_input(wide_grad, up, grad_input=wide_grad)
            y_grad = torch.addmm(second_grad, up_grad, w_up)
            first_grad, g1_grad, b1_grad = _norm_back(y_grad, first, mean1, scale1, g1, b1)
            branch = _branch_back(first_grad, mask1, plan.outer)
            inside = attend_back(branch @ w_out, plan.place, plan.heads, plan.scale, plan.inner, kept)
            x_grad = torch.addmm(first_grad, inside, w_in) if ctx.needs_input_grad[0] else None
            threes = [part for pair in zip((inside.t() @ x).chunk(3), _sum(inside).chunk(3), strict=True) for part in pair]
            grads = [
                *threes, branch.t() @ mixed, _sum(branch), g1_grad, b1_grad, up_grad.t() @ y, _sum(up_grad), down.t() @ wide, _sum(down), g2_grad, b2_grad,
            ]  # fmt: skip
        wide_type = torch.promote_types(plan.kind, torch.float32)
        return None if x_grad is None else x_grad.to(wide_type), None, *(part.to(wide_type) for part in grads)


def _kept(values: Tensor, kind: torch.dtype, take: Take) -> Tensor:
    """Return a copy for the backward pass, in the precision of the products."""
    return take(values.shape, kind).copy_(values)


def _joined(parts: Sequence[Tensor], kind: torch.dtype, take: Take) -> Tensor:
    """Return the parts one below the other, in the precision of the product."""
    out = take((sum(len(part) for part in parts), *parts[0].shape[1:]), kind)
    for part, place in zip(parts, torch.split(out, [len(part) for part in parts]), strict=True):
        place.copy_(part)
    return out


def _sum(values: Tensor) -> Tensor:
    """Return the sum over tokens: the gradient of a bias."""
    return values.sum(0)


def _residual(x: Tensor, branch: Tensor, rate: float, take: Take = fresh) -> tuple[Tensor, Tensor]:
    """Return x + dropout(branch) in the precision of `x`, and the mask; `branch` is overwritten."""
    if not rate:
        return x + branch, branch.new_empty(0)
    mask = keep_bits(branch, rate, take)
    return torch.add(x, drop_(branch, mask), alpha=1 / kept_of(rate)), mask


def _branch_back(grad: Tensor, mask: Tensor, rate: float) -> Tensor:
    return grad if not rate else drop_(grad.mul(1 / kept_of(rate)), mask)


def _norm_back(grad: Tensor, x: Tensor, mean: Tensor, scale: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_layer_norm_backward(grad, x, x.shape[1:], mean, scale, weight, bias, [True, True, True])
    return found

"""Tells when a training has gone wrong: a loss that is no number, or grows without end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from corpora.config import ConfigError
from corpora.study import Training

if TYPE_CHECKING:
    from train.loop import Outcome
    from train.model import Model

WINDOW = 10  # lines over which the loss is averaged to tell whether it diverges
DIVERGED = 2.0  # times the loss of the untrained model


class Stopped(ConfigError):
    """A training that went wrong. `chosen_step`: of the weights that `model` holds now, the best so far; 0 = dev was never looked at."""

    chosen_step: int = 0
    model: Model | None = None
    log: Sequence[dict[str, Any]] = ()


def mean_loss(losses: Sequence[Tensor], name: str, out: Outcome, training: Training) -> float:
    """Return the mean of a stretch's losses. Raises Stopped where it is no number."""
    mean = float(torch.stack(list(losses)).mean())
    if not math.isfinite(mean):
        raise Stopped(f"the loss is {mean} by step {out.steps} (last batch: {name}). {_advice(out, training)}")
    return mean


def check(means: Sequence[float], name: str, out: Outcome, training: Training) -> None:
    """Raise Stopped where the loss grows without end: the last WINDOW lines are on average above anything an untrained model or a noisy stretch would show."""
    if len(means) <= 2 * WINDOW:
        return
    runs = [sum(means[i : i + WINDOW]) / WINDOW for i in range(len(means) - WINDOW + 1)]
    if runs[-1] > DIVERGED * max(runs[0], min(runs)):
        raise Stopped(
            f"the loss diverges: {runs[-1]:.3f} on average up to step {out.steps}, {runs[0]:.3f} at the start and {min(runs):.3f} at its best "
            f"(last batch: {name}). {_advice(out, training)}"
        )


def _advice(out: Outcome, training: Training) -> str:
    kept = f"its weights of step {out.chosen_step}, the best on dev so far, are kept in last-good/" if out.chosen_step else "nothing of it is kept"
    return f"The run stopped, {kept}. Lower training.lr (now {training.lr:g}), raise training.warmup (now {training.warmup:g}), or set precision = 'float32'"

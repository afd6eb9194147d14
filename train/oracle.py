"""The oracle: which checkpoint the target language's own dev rows would choose. Reported beside the headline, never instead of it.

At every look at English dev, `oracle_rows` dev rows of each language are scored too (a few hundred of them cost less than one
percent of a training), and the best weights of each language are kept aside on the CPU where English dev chose others. So the
run that is scored anyway also tells what a selection that sees the language would have reached (Keung et al. 2020, 2004.15001).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from torch import Tensor

from corpora.records import Record
from train.checkpoint import trained
from train.metrics import METRICS, score
from train.predict import gold, predict

if TYPE_CHECKING:
    from train.model import Model

Watched = Mapping[str, Sequence[Record]]  # language -> dev rows in it
_kept: WeakKeyDictionary[Model, Oracle] = WeakKeyDictionary()


def weights_of(model: Model) -> dict[str, Tensor]:
    """Return every weight that training changes, by name: the encoder's and the heads'."""
    return {**trained(model.encoder), **{f"head.{name}": p.data for name, p in model.heads.named_parameters()}}


class Oracle:
    """Watches one target while it trains. `steps`: language -> the step that its dev rows would choose."""

    def __init__(self, name: str, metric: str, watched: Watched) -> None:
        self.name, self.metric, self.watched = name, metric, watched
        self.steps: dict[str, int] = {}
        self.values = dict.fromkeys(watched, -math.inf)
        self.weights: dict[str, dict[str, Tensor]] = {}

    def look(self, model: Model, step: int) -> dict[str, dict[str, float]]:
        """Score the watched rows and keep the weights that are the best yet; return language -> scores."""
        found = {}
        for language, rows in self.watched.items():
            found[language] = score(self.metric, [gold(row) for row in rows], predict(model, list(rows), self.name))
            value = found[language][METRICS[self.metric].headline]
            if value > self.values[language]:
                self.values[language], self.steps[language] = value, step
                self.weights[language] = {name: weight.detach().to("cpu", copy=True) for name, weight in weights_of(model).items()}
        return found

    def state(self) -> dict[str, Any]:
        """Return what a resumed run must know besides the weights."""
        return {"steps": self.steps, "values": self.values}

    def restore(self, state: Mapping[str, Any], weights: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a state and its weights."""
        self.steps, self.values, self.weights = dict(state["steps"]), dict(state["values"]), weights

    def close(self, chosen: int) -> None:
        """Let go of weights that English dev chose as well."""
        self.weights = {language: weights for language, weights in self.weights.items() if self.steps[language] != chosen}


def remember(model: Model, oracle: Oracle | None) -> None:
    """Keep a training's oracle beside its model, for whoever scores the model."""
    if oracle is not None:
        _kept[model] = oracle


def step_of(model: Model, language: str) -> int | None:
    """Return the step that the language's dev rows would choose, None where nobody watched (also of a checkpoint that was opened again)."""
    return _kept[model].steps.get(language) if model in _kept else None


@contextlib.contextmanager
def in_place(model: Model, language: str) -> Iterator[bool]:
    """Run a block with the oracle's weights; say whether they are others than the model's own."""
    other: Mapping[str, Any] = _kept[model].weights.get(language, {}) if model in _kept else {}
    live = weights_of(model) if other else {}
    own = {name: weight.clone() for name, weight in live.items()}
    for name, weight in live.items():
        weight.copy_(other[name])
    try:
        yield bool(other)
    finally:
        for name, weight in live.items():
            weight.copy_(own[name])

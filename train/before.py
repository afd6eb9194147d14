"""The encoder as it was before the intermediate phase, for probes: the base's weights put in place of a run's for a moment."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from torch import Tensor

from train.checkpoint import WORDS, trained

if TYPE_CHECKING:
    from train.model import Model

_origins: WeakKeyDictionary[Model, Mapping[str, Tensor]] = WeakKeyDictionary()


def remember(model: Model, origin: Mapping[str, Tensor]) -> None:
    """Keep the base's weights, those that training may change, beside a model."""
    _origins[model] = origin


def known(model: Model) -> bool:
    """Say whether the base's weights are at hand."""
    return model in _origins


def words_of(model: Model) -> Tensor:
    """Return the base's word embeddings [vocabulary, size]; frozen ones are the model's own."""
    return _origins[model].get(WORDS, model.encoder.net.embeddings.word_embeddings.weight.data)


@contextlib.contextmanager
def base_in_place(model: Model) -> Iterator[None]:
    """Run a block with the base's weights in the encoder; the model's own are put back whatever happens."""
    live = trained(model.encoder)
    own = {name: weight.clone() for name, weight in live.items()}
    try:
        for name, weight in live.items():
            weight.copy_(_origins[model][name])
        yield
    finally:
        for name, weight in live.items():
            weight.copy_(own[name])

"""Sentence vectors from every layer and in every pooling, in one pass over the sentences (retrieval targets, alignment probes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from corpora.shards import digest
from train.batches import Batch, collate
from train.features import Feature, plain
from train.model import Encoder, Model
from train.order import by_length
from train.predict import BATCH_TOKENS

# "mean" is XTREME's: over all tokens, <s> and </s> among them. "last" is </s>.
POOLINGS = ("mean", "mean without special tokens", "cls", "last")
Vectors = Mapping[str, npt.NDArray[np.float32]]


_frozen: WeakKeyDictionary[Any, dict[str, Vectors]] = WeakKeyDictionary()  # by the States of a base: what no training changes


def every_layer(model: Model, texts: Sequence[str], prefix: str = "") -> Vectors:
    """Return pooling -> L2-normalised vectors [layers + 1, texts, size]; layers count as Transformers' hidden_states (0 = embeddings).

    Layers below the frozen depth are the base's own, so they are computed once for all runs of a worker. Memory: 4 poolings x
    (layers + 1) x texts x size x 4 bytes; 80 MB for 1,000 sentences and e5-small, 410 MB for XLM-R Large.
    """
    encoder, some = model.encoder, plain([prefix + text for text in texts], model.pieces, model.encoder.limit)
    model.eval()
    if not encoder.frozen or model.states is None:
        return _pooled(model, some, encoder.layers + 1)
    known = _frozen.setdefault(model.states, {})
    key = digest([feature.rows for feature in some])
    if key not in known:
        known[key] = {pooling: vectors[: encoder.frozen] for pooling, vectors in _pooled(model, some, encoder.layers + 1).items()}
    upper = _pooled(model, some, encoder.layers + 1 - encoder.frozen, model.states.of(model, some))
    return {pooling: np.concatenate([known[key][pooling], vectors]) for pooling, vectors in upper.items()}


def _pooled(model: Model, some: Sequence[Feature], count: int, hidden: Sequence[Any] | None = None) -> dict[str, npt.NDArray[np.float32]]:
    """Return the vectors of the last `count` hidden states; `hidden`: what the frozen layers made of the features."""
    encoder = model.encoder
    out = {pooling: np.zeros((count, len(some), encoder.size), np.float32) for pooling in POOLINGS}
    with torch.inference_mode(), model.autocast():
        for chosen in by_length([feature.length for feature in some], BATCH_TOKENS):
            batch = collate("", "pair", [some[i] for i in chosen], encoder.pad, None if hidden is None else [hidden[i] for i in chosen]).to(model.device)
            masks = {"mean": batch.mask, "mean without special tokens": _inner(batch.mask, len(model.pieces.first), len(model.pieces.last))}
            states = _states(encoder, batch) if count > encoder.layers else encoder.every(batch)
            for layer, state in enumerate(states):
                found = {pooling: _mean(state, mask) for pooling, mask in masks.items()}
                found |= {"cls": state[:, 0], "last": state[torch.arange(len(state), device=state.device), batch.mask.sum(1) - 1]}
                for pooling, vectors in found.items():
                    out[pooling][layer, chosen] = torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
    return out


def _states(encoder: Encoder, batch: Batch) -> list[Tensor]:
    """Return the embeddings and the output of each layer, [rows, length, size] each; frozen layers count as all others here."""
    frozen, encoder.frozen = encoder.frozen, 0
    try:
        return encoder.every(batch)
    finally:
        encoder.frozen = frozen


def _inner(mask: Tensor, first: int, last: int) -> Tensor:
    """Return the mask without the special tokens at either end; a text without tokens of its own keeps them, so that it has a vector."""
    lengths = mask.sum(1, keepdim=True)
    place = torch.arange(mask.shape[1], device=mask.device)[None, :]
    inner = ((place >= first) & (place < lengths - last)).to(mask.dtype)
    return torch.where(inner.sum(1, keepdim=True) > 0, inner, mask)


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    weight = mask.unsqueeze(-1).float()
    return (hidden.float() * weight).sum(1) / weight.sum(1)

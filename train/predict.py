"""Predictions as plain lists: labels, tags and answer texts of records, and embeddings of sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from corpora.config import ConfigError
from corpora.records import Choice, Pair, Record, Span, Tags
from train.batches import collate
from train.features import Feature, features, plain
from train.heads import pool
from train.model import Model
from train.order import by_length

BATCH_TOKENS = 4096  # padded tokens a batch: large enough for the matrix products, small enough for the cache of a CPU
LONGEST_ANSWER = 30  # sub-words, as in XTREME's scripts


def gold(record: Record) -> Any:
    """Return what the metrics want as gold: the label, the tags, the answer texts, or the number of the right ending as text."""
    if isinstance(record, Pair):
        return record.label
    if isinstance(record, Tags):
        return list(record.tags)
    if isinstance(record, Span):
        return [text for text, _ in record.answers]
    if isinstance(record, Choice):
        return str(record.label)
    raise ConfigError(f"row {record.id} is of kind {record.kind!r}, which has nothing to predict")


def predict(model: Model, records: Sequence[Any], name: str = "") -> list[Any]:
    """Return the predictions of head `name` (or of the only head), one per record, in the form its metric wants."""
    return _BY_KIND[model.head(name).shape.kind](model, records, name)


def labels(model: Model, records: Sequence[Pair] | Sequence[Choice], name: str = "") -> list[str]:
    """Return a label per pair, or the number of the chosen ending as text."""
    shape = model.head(name).shape
    out = [""] * len(records)
    for feature, scores in _scores(model, records, name):
        best = int(scores.argmax())
        out[feature.record] = shape.labels[best] if shape.kind == "pair" else str(best)
    return out


def tags(model: Model, records: Sequence[Tags], name: str = "") -> list[list[str]]:
    """Return exactly one tag per token; chunks of a long sentence are glued again."""
    names = model.head(name).shape.labels
    out: list[list[str]] = [[] for _ in records]
    for feature, scores in _scores(model, records, name):
        out[feature.record] += [names[i] for i in scores[feature.words].argmax(-1)]
    return out


def spans(model: Model, records: Sequence[Span], name: str = "", null: bool = False) -> list[str]:
    """Return an answer per question, cut out of its context: the best start and end over all windows, at most 30 sub-words.

    `null`: return '' where the best 'no answer' score is higher than that of the best answer (SQuAD v2).
    """
    best: list[tuple[float, int, int]] = [(-np.inf, 0, 0)] * len(records)
    nothing = [np.inf] * len(records)
    for feature, scores in _scores(model, records, name):
        found = best_span(scores[0], scores[1], feature.offsets)
        best[feature.record] = max(best[feature.record], found, key=lambda span: span[0])  # the earlier window wins a tie
        nothing[feature.record] = min(nothing[feature.record], float(scores[0, 0] + scores[1, 0]))
    return ["" if null and none > score else record.context[start:end] for record, (score, start, end), none in zip(records, best, nothing, strict=True)]


def best_span(starts: npt.NDArray[np.float32], ends: npt.NDArray[np.float32], offsets: Sequence[tuple[int, int]]) -> tuple[float, int, int]:
    """Return (score, start, end) in code points of the best answer in one window; (-inf, 0, 0) where it has no context."""
    inside = np.array([i for i, (start, end) in enumerate(offsets) if end > start], dtype=np.int64)
    if not len(inside):
        return (-np.inf, 0, 0)
    total = starts[inside][:, None] + ends[inside][None, :]
    gap = inside[None, :] - inside[:, None]
    total[(gap < 0) | (gap >= LONGEST_ANSWER)] = -np.inf
    first, last = np.unravel_index(int(total.argmax()), total.shape)
    return (float(total[first, last]), offsets[inside[first]][0], offsets[inside[last]][1])


def _choices(model: Model, records: Sequence[Any], name: str) -> list[Any]:
    return list(labels(model, records, name))


def _spans(model: Model, records: Sequence[Any], name: str) -> list[Any]:
    return list(spans(model, records, name, null=any(not record.answers for record in records)))


def _tags(model: Model, records: Sequence[Any], name: str) -> list[Any]:
    return list(tags(model, records, name))


_BY_KIND: dict[str, Callable[[Model, Sequence[Any], str], list[Any]]] = {"pair": _choices, "choice": _choices, "span": _spans, "tags": _tags}


def _scores(model: Model, records: Sequence[Any], name: str) -> Iterator[tuple[Feature, npt.NDArray[np.float32]]]:
    """Yield each feature with the scores of its head (padding included), features in order."""
    head = model.head(name)
    some = features(records, model.pieces, replace(head.shape, gold=False))
    hidden = model.states.of(model, some) if model.states is not None else None
    found: list[npt.NDArray[np.float32]] = [np.empty(0, np.float32)] * len(some)
    mode = model.training
    model.eval()
    with torch.inference_mode():
        for chosen in by_length([feature.length for feature in some], BATCH_TOKENS):
            states = None if hidden is None else [hidden[i] for i in chosen]
            batch = collate(head.name, head.shape.kind, [some[i] for i in chosen], model.encoder.pad, states).to(model.device)
            scores = model(batch).float().cpu().numpy()
            for i, row in zip(chosen, scores, strict=True):
                found[i] = row
    model.train(mode)
    yield from zip(some, found, strict=True)


def embed(model: Model, texts: Sequence[str], layer: int = -1, pooling: str = "mean", prefix: str = "") -> npt.NDArray[np.float32]:
    """Return L2-normalised vectors [texts, size].

    `layer` counts as Transformers' hidden_states: 0 = embeddings, -1 = last. `pooling`: mean over all tokens (<s> and </s> count,
    as in XTREME), cls = first token, last = last token. Raises ConfigError for a layer or pooling that is not there.
    """
    top = model.encoder.layers
    if not -1 <= layer <= top or pooling not in ("mean", "cls", "last"):
        raise ConfigError(f"layer = {layer}, pooling = {pooling!r}: the encoder has hidden states 0..{top} (-1 = last), and pooling is 'mean', 'cls' or 'last'")
    some = plain([prefix + text for text in texts], model.pieces, model.encoder.limit)
    out = np.zeros((len(texts), model.encoder.size), np.float32)
    hidden = model.states.of(model, some) if model.states is not None and (layer < 0 or layer >= model.encoder.frozen) else None
    model.eval()
    with torch.inference_mode(), model.autocast():
        for chosen in by_length([feature.length for feature in some], BATCH_TOKENS):
            states = None if hidden is None else [hidden[i] for i in chosen]
            batch = collate("", "pair", [some[i] for i in chosen], model.encoder.pad, states).to(model.device)
            vectors = _vectors(model.encoder(batch, layer), batch.mask, pooling)
            out[chosen] = torch.nn.functional.normalize(vectors, dim=-1).cpu().numpy()
    return out


def _vectors(hidden: Tensor, mask: Tensor, pooling: str) -> Tensor:
    if pooling == "last":
        return hidden[torch.arange(len(hidden), device=hidden.device), mask.sum(1) - 1].float()
    return pool(hidden, mask, "cls" if pooling == "cls" else "mean")

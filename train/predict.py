"""Predictions as plain lists: labels, tags and answer texts of records, and embeddings of sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from corpora.config import ConfigError
from corpora.records import Choice, Pair, Record, Span, Tags, Text
from train.batches import collate
from train.features import IGNORED, Feature, features, plain
from train.heads import pool
from train.masking import masked
from train.metrics import answer_component, score
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
    if isinstance(record, Text):
        return ""  # what is hidden is decided when it is predicted
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
    """Return exactly one tag per token; chunks of a long sentence are glued again. Words that were cut off (heads.long = "truncate") get the tag
    that says least: O, else X, else the first of the set."""
    names = model.head(name).shape.labels
    out: list[list[str]] = [[] for _ in records]
    for feature, scores in _scores(model, records, name):
        out[feature.record] += [names[i] for i in scores[feature.words].argmax(-1)]
    rest = next((tag for tag in ("O", "X") if tag in names), names[0])
    return [[*found, *[rest] * (len(record.tokens) - len(found))] for record, found in zip(records, out, strict=True)]


def hidden_pieces(model: Model, records: Sequence[Text], name: str = "") -> list[tuple[int, int]]:
    """Return for each text how many of its hidden pieces are guessed right and how many were hidden; the same are hidden whenever it is asked."""
    head = model.head(name)
    some = [masked(feature, model.pieces, Random(f"dev {i}")) for i, feature in enumerate(features(records, model.pieces, head.shape))]
    out = [(0, 0)] * len(records)
    mode = model.training
    model.eval()
    with torch.inference_mode():
        for chosen in by_length([feature.length for feature in some], BATCH_TOKENS):
            batch = collate(head.name, "text", [some[i] for i in chosen], model.encoder.pad).to(model.device)
            there = batch.label != IGNORED
            right = torch.zeros_like(batch.label)
            right[there] = (model(batch).argmax(-1) == batch.label[there]).long()
            for i, hits, count in zip(chosen, right.sum(1).tolist(), there.sum(1).tolist(), strict=True):
                out[some[i].record] = (hits, count)
    model.train(mode)
    return out


def spans(model: Model, records: Sequence[Span], name: str = "", null: bool = False) -> list[str]:
    """Return an answer per question, cut out of its context: the best start and end over all windows, at most 30 sub-words.

    `null`: return '' where the best 'no answer' score is higher than that of the best answer (SQuAD v2).
    """
    return ["" if null and margin < 0 else answer for answer, margin in best_answers(records, _scores(model, records, name))]


def best_answers(records: Sequence[Span], scored: Iterable[tuple[Feature, npt.NDArray[np.float32]]]) -> list[tuple[str, float]]:
    """Return for each question its best answer over all windows, and how far its score is above that of 'no answer' (the lowest over the windows).

    `scored`: windows with their scores [2, tokens]: starts and ends.
    """
    best: list[tuple[float, int, int]] = [(-np.inf, 0, 0)] * len(records)
    nothing = [np.inf] * len(records)
    for feature, scores in scored:
        found = best_span(scores[0], scores[1], feature.offsets)
        best[feature.record] = max(best[feature.record], found, key=lambda span: span[0])  # the earlier window wins a tie
        nothing[feature.record] = min(nothing[feature.record], float(scores[0, 0] + scores[1, 0]))
    return [(record.context[start:end], score - none) for record, (score, start, end), none in zip(records, best, nothing, strict=True)]


def best_threshold(gold: Sequence[Sequence[str]], found: Sequence[tuple[str, float]]) -> float:
    """Return the margin below which 'no answer' is said that gives the best mean of exact match and F1; of equals the one nearest 0."""
    answered = [sum(answer_component(g, answer)[:2]) for g, (answer, _) in zip(gold, found, strict=True)]
    silent = [sum(answer_component(g, "")[:2]) for g in gold]
    order = sorted(range(len(found)), key=lambda i: -found[i][1])
    bounds = [found[i][1] for i in order]
    middles = [math.inf, *((a + b) / 2 for a, b in pairwise(bounds)), -math.inf]  # after the k most certain answers
    total, values = sum(silent), [(sum(silent), 0)]
    for k, i in enumerate(order, 1):
        total += answered[i] - silent[i]
        if k == len(order) or bounds[k] < bounds[k - 1]:
            values.append((total, k))
    best = max(value for value, _ in values)
    return min((middles[k] for value, k in values if value >= best - 1e-9), key=abs)


def dev_scores(model: Model, metric: str, records: Sequence[Any], name: str) -> tuple[dict[str, float], float | None]:
    """Return the scores of head `name` on English (or intermediate) dev rows and, where some questions have no answer, the threshold for saying so:
    the one that is best on these rows, as SQuAD v2's own script has it."""
    if model.head(name).shape.kind != "span" or all(record.answers for record in records):
        return score(metric, [gold(record) for record in records], predict(model, records, name)), None
    found, golds = best_answers(records, _scores(model, records, name)), [gold(record) for record in records]
    threshold = best_threshold(golds, found)
    return score(metric, golds, [answer if margin >= threshold else "" for answer, margin in found]), max(-1e6, min(1e6, threshold))


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


def _texts(model: Model, records: Sequence[Any], name: str) -> list[Any]:
    return list(hidden_pieces(model, records, name))


_BY_KIND: dict[str, Callable[[Model, Sequence[Any], str], list[Any]]] = {"pair": _choices, "choice": _choices, "span": _spans, "tags": _tags, "text": _texts}


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

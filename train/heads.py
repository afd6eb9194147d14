"""What sits on the encoder: one head a task, by kind. Each turns hidden states into float32 scores and scores into a loss.

pair, choice: one vector per input (mean over its tokens, or <s>). tags: a vector per word (its first, last or mean sub-word). span: start and
end. text: masked pieces, with the word embeddings as output weights. A head may look at all layers instead of the last one (`layers`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.batches import Batch
from train.features import IGNORED, Shape

Pooling = Literal["mean", "cls"]
SPREAD = 0.02  # standard deviation of fresh weights, as BERT's own heads
NEVER = -1e4  # score of what cannot be chosen: padding, an ending that is not there


@dataclass(frozen=True)
class Head:
    """What a head of a model is for: its name (a task or target) and what shapes its features."""

    name: str
    shape: Shape

    @property
    def outputs(self) -> int:
        """Numbers it gives per input (pair, choice) or per token (tags, span); 0 = one per piece of the vocabulary (text)."""
        return {"pair": len(self.shape.labels), "choice": 1, "span": 2, "tags": len(self.shape.labels), "text": 0}[self.shape.kind]


def pool(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Return [rows, size] in float32: the first token, or the mean over all tokens that are no padding (<s> and </s> count, as in XTREME)."""
    if pooling == "cls":
        return hidden[:, 0].float()
    weight = mask.unsqueeze(-1).float()
    return (hidden.float() * weight).sum(1) / weight.sum(1)


class Mix(nn.Module):
    """A learned weighted mean of all layers, the same for every token (the scalar mix of ELMo, arXiv 1802.05365); it starts as their plain mean."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.weight, self.scale = nn.Parameter(torch.zeros(layers)), nn.Parameter(torch.ones(1))

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """Return [rows, length, size] from one such tensor per layer."""
        shares = self.weight.softmax(0)
        mixed: Tensor = sum((share * state.float() for share, state in zip(shares, states, strict=True)), torch.zeros((), device=shares.device))
        return self.scale * mixed


class Attention(nn.Module):
    """Every token's last state asks all its layers and takes their weighted mean (after the attention fusion of arXiv 2205.08497).

    Of that paper the abstract was read, not the code: query and key are one matrix each, the values are the states as they are.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(size, size, bias=False), nn.Linear(size, size, bias=False)

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """Return [rows, length, size] from one such tensor per layer."""
        stacked = torch.stack([state.float() for state in states], dim=2)  # [rows, length, layers, size]
        asked = self.query(stacked[:, :, -1:]) * self.key(stacked)
        shares = (asked.sum(-1) / math.sqrt(stacked.shape[-1])).softmax(-1)
        mixed: Tensor = (shares.unsqueeze(-1) * stacked).sum(2)
        return mixed


class Output(nn.Linear):
    """A linear layer on pooled inputs (pair, choice) or on tokens (tags, span)."""

    def __init__(self, head: Head, size: int, layers: int, dropout: float) -> None:
        super().__init__(size, head.outputs)
        self.shape = head.shape
        self.dropout = nn.Dropout(dropout)
        self.blend = blend_of(head.shape.layers, layers, size)

    def start(self, random: torch.Generator) -> None:
        """Set the weights anew from `random`."""
        self.weight.data.normal_(0.0, SPREAD, generator=random)
        self.bias.data.zero_()
        _start(self.blend, random)

    def scores(self, hidden: Tensor, batch: Batch, words: Tensor | None = None) -> Tensor:
        """Return pair [examples, classes]; choice [examples, endings]; tags [rows, length, tags]; span [rows, 2, length], from [rows, length, size]."""
        del words
        if self.shape.kind in ("pair", "choice"):
            scores: Tensor = self(self.dropout(pool(hidden, batch.mask, self.shape.pooling)))
            return scores if self.shape.kind == "pair" else _endings(scores.squeeze(-1), batch.group)
        if batch.owner is not None:
            hidden = by_word(hidden, batch.owner)
        scores = self(self.dropout(hidden))
        if self.shape.kind == "tags":
            return scores
        return scores.transpose(1, 2).masked_fill(batch.mask.unsqueeze(1) == 0, NEVER)


class Masked(nn.Module):
    """Masked pieces from the states at their places: BERT's transform, then the word embeddings as output weights (tied) and a bias per piece.

    The softmax runs over the pieces that the encoder has: with a trimmed vocabulary over the kept ones. A piece that no text of the study uses
    could only ever be a wrong answer, so leaving it out changes the loss by the mass the full softmax would waste on it.
    """

    blend: nn.Module | None = None

    def __init__(self, head: Head, size: int, vocabulary: int) -> None:
        super().__init__()
        self.shape = head.shape
        self.dense, self.norm = nn.Linear(size, size), nn.LayerNorm(size)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def start(self, random: torch.Generator) -> None:
        """Set the weights anew from `random`; the transform starts near the identity, so that the first steps do not shake the encoder."""
        self.dense.weight.data.normal_(0.0, SPREAD, generator=random)
        self.dense.weight.data += torch.eye(len(self.dense.weight))
        self.dense.bias.data.zero_()

    def scores(self, hidden: Tensor, batch: Batch, words: Tensor | None = None) -> Tensor:
        """Return [masked places, vocabulary]: only where a label stands, row by row."""
        assert words is not None
        there = hidden[batch.label != IGNORED]
        return F.linear(self.norm(F.gelu(self.dense(there))), words.float(), self.bias)


def blend_of(how: str, layers: int, size: int) -> nn.Module | None:
    """Return the module that makes one state of all layers, None for the last layer alone."""
    if how == "last":
        return None
    return Mix(layers) if how == "mix" else Attention(size)


def _start(blend: nn.Module | None, random: torch.Generator) -> None:
    for parameter in blend.parameters() if isinstance(blend, Attention) else ():
        parameter.data.normal_(0.0, SPREAD, generator=random)


def head_module(head: Head, encoder: Any) -> Output | Masked:
    """Return the module of a head for an encoder (its size, its layers above the frozen ones, its vocabulary)."""
    if head.shape.kind == "text":
        return Masked(head, encoder.size, encoder.net.config.vocab_size)
    return Output(head, encoder.size, encoder.layers - encoder.frozen + 1, float(encoder.net.config.hidden_dropout_prob))


def by_word(hidden: Tensor, owner: Tensor) -> Tensor:
    """Give every token of a word the mean of the word's tokens. `owner` [rows, length]: number of the token's word in its row, 0 = none."""
    place = owner.unsqueeze(-1).expand_as(hidden)
    sums = hidden.new_zeros((len(hidden), int(owner.max()) + 1, hidden.shape[-1])).scatter_add(1, place, hidden)
    counts = torch.zeros(sums.shape[:2], device=hidden.device).scatter_add(1, owner, torch.ones_like(owner, dtype=torch.float32))
    return (sums / counts.clamp(min=1).unsqueeze(-1)).gather(1, place)


def _endings(scores: Tensor, group: Sequence[int]) -> Tensor:
    """Return [examples, most endings] from one score per row; an ending that is not there can never win."""
    out = scores.new_full((len(group), max(group)), NEVER)
    start = 0
    for i, count in enumerate(group):
        out[i, :count] = scores[start : start + count]
        start += count
    return out


def loss_of(kind: str, scores: Tensor, label: Tensor) -> Tensor:
    """Return the mean cross-entropy of a batch (span: of start and end; tags, text: over labelled places)."""
    if kind == "text":
        return F.cross_entropy(scores, label[label != IGNORED])
    if kind == "span":
        return F.cross_entropy(scores.reshape(-1, scores.shape[-1]), label.reshape(-1))
    return F.cross_entropy(scores.reshape(-1, scores.shape[-1]), label.reshape(-1), ignore_index=IGNORED)

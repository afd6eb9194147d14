"""Encoder from a folder plus one head a task (train/heads.py); lower layers may be frozen, and then no gradient passes through them."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from corpora.config import ConfigError
from train.batches import Batch
from train.features import Pieces
from train.heads import Head, head_module, loss_of


class _Through(nn.Module):
    """Stands in for the embeddings where hidden states come from below."""

    def forward(self, input_ids: Any = None, inputs_embeds: Any = None, **_: Any) -> Any:
        return inputs_embeds


class Encoder(nn.Module):
    """A Transformers encoder (BERT, RoBERTa, XLM-R, ...) that can be run in two parts.

    `frozen` = k > 0: embeddings and k lower layers stay as they are; they run without gradient and without dropout.
    """

    def __init__(self, folder: Path, frozen: int = 0, dropout: float | None = None) -> None:
        super().__init__()
        self.net: Any = _open(folder, dropout)
        self.layers: int = len(self.net.encoder.layer)
        self.frozen = frozen
        self.size: int = self.net.config.hidden_size
        self.pad: int = self.net.config.pad_token_id
        offset = (
            self.pad + 1 if self.net.config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl") else 0
        )  # positions are counted from the padding id there
        self.limit: int = self.net.config.max_position_embeddings - offset
        if frozen > self.layers:
            raise ConfigError(f"freeze_layers = {frozen}, but the encoder has {self.layers} layers; write a number from 0 to {self.layers}")
        for parameter in self._below():
            parameter.requires_grad_(False)
        self.train(False)

    def _below(self) -> list[nn.Parameter]:
        parts = [self.net.embeddings, *self.net.encoder.layer[: self.frozen]] if self.frozen else []
        return [parameter for part in parts for parameter in part.parameters()]

    def train(self, mode: bool = True) -> Encoder:
        """Switch dropout on (frozen layers stay without) and take the attention that is fastest for it.

        On a CPU the fused kernel's backward pass is slower than plain matrix products at our lengths (measured: torch 2.13, 16 x 160 tokens).
        """
        super().train(mode)
        if self.frozen:
            self.net.embeddings.eval()
            for layer in self.net.encoder.layer[: self.frozen]:
                layer.eval()
        on_cpu = next(self.net.parameters()).device.type == "cpu"
        self.net.set_attn_implementation("eager" if mode and on_cpu else "sdpa")
        return self

    def part(self, first: int, last: int, mask: Tensor, ids: Tensor | None = None, types: Tensor | None = None, hidden: Tensor | None = None) -> Tensor:
        """Run layers first..last-1 on `ids` (first = 0, through the embeddings) or on `hidden`; return [rows, length, size]."""
        if hidden is not None and first == last:
            return hidden
        net = copy.copy(self.net)  # shallow: same weights, other list of layers
        net._modules = dict(self.net._modules)
        net.encoder = copy.copy(self.net.encoder)
        net.encoder._modules = {**self.net.encoder._modules, "layer": self.net.encoder.layer[first:last]}
        if hidden is not None:
            net.embeddings = _Through()
            return net(inputs_embeds=hidden, attention_mask=mask).last_hidden_state  # type: ignore[no-any-return]
        return net(input_ids=ids, attention_mask=mask, **({} if types is None else {"token_type_ids": types})).last_hidden_state  # type: ignore[no-any-return]

    def lower(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
        """Return what the frozen part makes of `ids`, without gradient."""
        with torch.no_grad():
            return self.part(0, self.frozen, mask, ids, types)

    def forward(self, batch: Batch, last: int = -1) -> Tensor:
        """Return hidden states [rows, length, size] after layer `last` (-1 = all layers, 0 = embeddings)."""
        last = self.layers if last < 0 else last
        if not self.frozen or last < self.frozen:
            return self.part(0, last, batch.mask, batch.ids, batch.types)
        hidden = batch.hidden if batch.hidden is not None else self.lower(batch.ids, batch.mask, batch.types)
        return self.part(self.frozen, last, batch.mask, hidden=hidden)

    def every(self, batch: Batch) -> list[Tensor]:
        """Return the hidden states [rows, length, size] after the frozen part and after each layer above it, for heads that look at all layers."""
        found: list[Tensor] = []
        upper = self.net.encoder.layer[self.frozen :]
        first = upper[0].register_forward_pre_hook(lambda _, given: found.append(given[0])) if len(upper) else None
        hooks = [layer.register_forward_hook(lambda _, __, out: found.append(out[0] if isinstance(out, tuple) else out)) for layer in upper]
        try:
            last = self(batch)
        finally:
            for hook in [first, *hooks]:
                if hook is not None:
                    hook.remove()
        return found or [last]


def _open(folder: Path, dropout: float | None) -> Any:
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    changed = {} if dropout is None else {"attention_probs_dropout_prob": dropout, "hidden_dropout_prob": dropout}
    try:
        net: Any = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32, attn_implementation="sdpa", **changed
        )
    except (OSError, ValueError, KeyError) as err:
        raise ConfigError(f"{folder}: Transformers cannot load an encoder from there: {str(err).strip().splitlines()[0]}") from None
    if not hasattr(net, "embeddings") or not hasattr(getattr(net, "encoder", None), "layer"):
        raise ConfigError(f"{folder}: a {type(net).__name__} has no .embeddings and .encoder.layer; use a BERT-like encoder (BERT, RoBERTa, XLM-R, CamemBERT)")
    net.pooler = None  # heads do their own pooling, and an untrained pooler would only cost
    return net


class Model(nn.Module):
    """One encoder, one head per task. `pieces` turns text into its ids."""

    def __init__(self, encoder: Encoder, pieces: Pieces, heads: Sequence[Head], seed: int = 0, precision: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.encoder, self.pieces, self.precision = encoder, pieces, precision
        self.specs = {head.name: head for head in heads}
        self.order = list(self.specs)
        random = torch.Generator().manual_seed(seed)
        made = [head_module(head, encoder) for head in heads]
        self.heads = nn.ModuleList(made)
        for layer in made:
            layer.start(random)
        self.states: Any = None  # train.frozen.States, where frozen layers' outputs are kept
        for head in heads:
            if head.shape.max_length > encoder.limit:
                raise ConfigError(
                    f"{head.name}: training.max_length = {head.shape.max_length}, but the encoder has {encoder.limit} positions; write at most {encoder.limit}"
                )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.encoder.net.embeddings.word_embeddings.weight.device  # type: ignore[no-any-return]

    def head(self, name: str = "") -> Head:
        """Return the head `name`, or the only one. Raises ConfigError."""
        if not name and len(self.specs) == 1:
            return next(iter(self.specs.values()))
        if name not in self.specs:
            raise ConfigError(f"the model has no head named {name!r}; it has {', '.join(self.specs) or 'none (an encoder only)'}")
        return self.specs[name]

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context in which the forward pass runs: bfloat16 autocast or nothing."""
        if self.precision == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.precision)

    def forward(self, batch: Batch) -> Tensor:
        """Return float32 scores, whose shape the kind of the batch's head decides (see train/heads.py)."""
        layer: Any = self.heads[self.order.index(batch.task)]
        with self.autocast():
            states = self.encoder.every(batch) if layer.blend is not None else [self.encoder(batch)]
        hidden = (layer.blend(states) if layer.blend is not None else states[0]).float()
        scores: Tensor = layer.scores(hidden, batch, self.encoder.net.embeddings.word_embeddings.weight)
        return scores

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean cross-entropy of a batch (span: of start and end)."""
        return loss_of(self.specs[batch.task].shape.kind, self(batch), batch.label)


def native_bfloat16(device: torch.device) -> bool:
    """Return whether `device` multiplies bfloat16 in hardware (CPU: AVX512-BF16 or AMX); elsewhere bfloat16 is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    probes = [getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")]
    return any(probe() for probe in probes if probe is not None)


def precision_of(setting: str, device: torch.device) -> torch.dtype:
    """Return the dtype of a study's `precision`. Raises ConfigError where bfloat16 is demanded of hardware that has none."""
    if setting == "float32":
        return torch.float32
    if native_bfloat16(device):
        return torch.bfloat16
    if setting == "bfloat16":
        raise ConfigError(
            f"precision = 'bfloat16', but this {device.type} has no native bfloat16 (AVX512-BF16, AMX or a GPU since Ampere); write 'auto' or 'float32'"
        )
    return torch.float32

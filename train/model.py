"""Encoder from a folder plus one head a task (train/heads.py); lower layers may be frozen, and then no gradient passes through them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from corpora.config import ConfigError
from train import layers, unpadded
from train.batches import Batch
from train.dropout import cheapen
from train.features import Pieces
from train.heads import Head, head_module, loss_of
from train.room import Room, Take, fresh


class Encoder(nn.Module):
    """A Transformers encoder (BERT, RoBERTa, XLM-R, ...) that runs without padding (train/unpadded.py), from any layer to any other.

    `frozen` = k > 0: embeddings and k lower layers stay as they are; they run without gradient and without dropout.
    `checkpointing`: layers keep their inputs only and are computed again in the backward pass (less memory, a third more work).
    `padded`: Transformers' own forward pass on padded rows instead, as a reference for tests and benchmarks.
    """

    def __init__(self, folder: Path, frozen: int = 0, dropout: float | None = None) -> None:
        super().__init__()
        unpadded.register()
        self.net: Any = _open(folder, dropout)
        cheapen(self.net)
        self.layers: int = len(self.net.encoder.layer)
        self.frozen = frozen
        self.checkpointing = self.padded = False
        self.by_hand = all(map(layers.fits, self.net.encoder.layer))  # on a CPU: train/layers.py
        self.room = Room()
        self.size: int = self.net.config.hidden_size
        self.pad: int = self.net.config.pad_token_id
        counted = self.net.config.model_type in ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl")
        self.offset: int = self.pad + 1 if counted else 0  # positions are counted from the padding id there
        self.limit: int = self.net.config.max_position_embeddings - self.offset
        if frozen > self.layers:
            raise ConfigError(f"freeze_layers = {frozen}, but the encoder has {self.layers} layers; write a number from 0 to {self.layers}")
        for parameter in self._below():
            parameter.requires_grad_(False)
        self.train(False)

    def compile_layers(self) -> None:
        """Let torch.compile fuse each layer, for any number of tokens; the first steps take a minute longer."""
        for layer in self.net.encoder.layer:
            layer.compile(dynamic=True)

    def _below(self) -> list[nn.Parameter]:
        parts = [self.net.embeddings, *self.net.encoder.layer[: self.frozen]] if self.frozen else []
        return [parameter for part in parts for parameter in part.parameters()]

    def train(self, mode: bool = True) -> Encoder:
        """Switch dropout on; frozen layers stay without."""
        super().train(mode)
        if self.frozen:
            self.net.embeddings.eval()
            for layer in self.net.encoder.layer[: self.frozen]:
                layer.eval()
        return self

    def _run(self, batch: Batch, first: int, last: int, place: unpadded.Layout, flat: Tensor | None = None) -> list[Tensor]:
        """Return the flat states [1, tokens, size] before layer `first` (given, or the embeddings) and after each layer up to `last` - 1."""
        if flat is None:
            types = None if batch.types is None else unpadded.flatten(batch.types, place)
            positions = (place.position + self.offset).unsqueeze(0)
            flat = self.net.embeddings(input_ids=unpadded.flatten(batch.ids, place), token_type_ids=types, position_ids=positions)
        device = flat.device.type
        if torch.is_autocast_enabled(device) and not (self.by_hand and device == "cpu"):  # else every layer would cast to and fro
            flat = flat.to(torch.get_autocast_dtype(device))
        states: list[Tensor] = [flat]
        graph = torch.is_grad_enabled()  # else nothing is kept
        take = self.room.lease().take if self.by_hand and device == "cpu" and graph and not self.checkpointing else fresh
        for layer in self.net.encoder.layer[first:last]:
            if self.checkpointing and graph:
                states.append(checkpoint(self._layer, layer, states[-1], place, use_reentrant=False))
            else:
                states.append(self._layer(layer, states[-1], place, take))
        return states

    def _layer(self, layer: Any, flat: Tensor, place: unpadded.Layout, take: Take = fresh) -> Tensor:
        if self.by_hand and flat.device.type == "cpu":
            return layers.run(layer, flat, place, take)
        found = layer(flat, None, place=place)
        return found[0] if isinstance(found, tuple) else found  # type: ignore[no-any-return]

    def _states(self, batch: Batch, last: int, every: bool = False) -> list[Tensor]:
        """Return the padded state [rows, length, size] after layer `last`; `every`: after the frozen part (or the embeddings) and each layer above it."""
        rows, width = batch.ids.shape
        place = batch.place or unpadded.layout(batch.lengths, width, batch.ids.device)
        low = min(self.frozen, last)
        if batch.hidden is not None and last >= self.frozen:
            flat = unpadded.flatten(batch.hidden, place)
        elif low:
            with torch.no_grad():
                flat = self._run(batch, 0, low, place)[-1]
        else:
            flat = self._run(batch, 0, 0, place)[0]
        states = self._run(batch, low, last, place, flat)
        return [unpadded.unflatten(state, place, rows, width) for state in (states if every else states[-1:])]

    def lower(self, batch: Batch) -> Tensor:
        """Return what the frozen part makes of a batch, [rows, length, size], without gradient."""
        with torch.no_grad():
            return self._states(batch, self.frozen)[-1]

    def forward(self, batch: Batch, last: int = -1) -> Tensor:
        """Return hidden states [rows, length, size] after layer `last` (-1 = all layers, 0 = embeddings)."""
        if self.padded:
            return self.net(input_ids=batch.ids, attention_mask=batch.mask, token_type_ids=batch.types).last_hidden_state  # type: ignore[no-any-return]
        return self._states(batch, self.layers if last < 0 else last)[-1]

    def every(self, batch: Batch) -> list[Tensor]:
        """Return the hidden states [rows, length, size] after the frozen part and after each layer above it, for heads that look at all layers."""
        return self._states(batch, self.layers, every=True)


def _open(folder: Path, dropout: float | None) -> Any:
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    changed = {} if dropout is None else {"attention_probs_dropout_prob": dropout, "hidden_dropout_prob": dropout}
    try:
        net: Any = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32, attn_implementation=unpadded.NAME, **changed
        )
    except Exception as err:  # a dozen kinds: SafetensorError, RuntimeError for shapes, TypeError for a config of other types, ...
        first = (str(err).strip().splitlines() or [type(err).__name__])[0][:300]
        raise ConfigError(f"{folder}: Transformers cannot load an encoder from there ({type(err).__name__}): {first}") from None
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

    def module(self, name: str) -> Any:
        """Return the module of head `name`."""
        return self.heads[self.order.index(name)]

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context in which the forward pass runs: bfloat16 autocast or nothing."""
        if self.precision == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.precision)

    def forward(self, batch: Batch) -> Tensor:
        """Return float32 scores, whose shape the kind of the batch's head decides (see train/heads.py)."""
        layer = self.module(batch.task)
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

"""Weights on disk, whole or absent: safetensors and JSON only, never a pickle.

Frozen weights are not written: they are the base's. Where the word embeddings were trained, the id map is kept beside them,
so that a checkpoint can be laid over an encoder with another trimmed vocabulary: pieces it never saw keep the base's rows,
which is exact because word embeddings get no weight decay.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.records import KINDS
from corpora.shards import known_sha256, whole, write_json
from train.features import Pieces, Shape
from train.heads import Head
from train.model import Encoder, Model

VERSION = 1  # of what a checkpoint holds: raise it when an older one can no longer be read rightly
AGAIN = "delete the run's folder and run the same command again"
WORDS = "embeddings.word_embeddings.weight"


def trained(encoder: Encoder) -> dict[str, Tensor]:
    """Return the encoder's weights that training may change, by name."""
    return {name: parameter.data for name, parameter in encoder.net.named_parameters() if parameter.requires_grad}


def save(folder: Path, model: Model) -> None:
    """Write encoder, heads and what the heads are for into `folder`; checkpoint.json comes last, so its presence means all of it."""
    from safetensors.torch import save as to_bytes

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous().cpu() for name, value in trained(model.encoder).items()}
    if WORDS in tensors and model.pieces.map is not None:
        tensors["pieces"] = torch.from_numpy(model.pieces.map)
    heads = {name: value.contiguous().cpu() for name, value in model.heads.state_dict().items()}
    sums = {}
    for name, values in (("encoder", tensors), ("heads", heads)):
        with whole(folder / f"{name}.safetensors") as file:
            file.write(content := to_bytes(values))
        sums[name] = hashlib.sha256(content).hexdigest()
    specs = [{"name": head.name, **{key: value for key, value in asdict(head.shape).items() if key != "gold"}} for head in model.specs.values()]
    write_json(folder / "checkpoint.json", {"version": VERSION, "frozen": model.encoder.frozen, "heads": specs, "sha256": sums})


def heads_of(folder: Path) -> list[Head]:
    """Return the heads that a checkpoint has. Raises ConfigError where it is not whole."""
    try:
        heads = [Head(spec.pop("name"), Shape(**{**spec, "labels": tuple(spec["labels"])})) for spec in _about(folder)["heads"]]
        if wrong := [head.shape.kind for head in heads if head.shape.kind not in KINDS]:
            raise ValueError(f"kind {wrong[0]!r} is none of {', '.join(KINDS)}")
        return heads
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise ConfigError(f"{folder / 'checkpoint.json'}: does not say which heads it has ({type(err).__name__}: {err}); {AGAIN}") from None


def _about(folder: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = read_json(folder / "checkpoint.json")
        if not isinstance(value, dict) or not isinstance(value.get("frozen"), int):
            raise ValueError("checkpoint.json does not say what is frozen")
    except (OSError, ValueError) as err:
        raise ConfigError(f"{folder}: no whole checkpoint there ({err}); {AGAIN}") from None
    if value.get("version", VERSION) != VERSION:  # those of the first versions do not say
        raise ConfigError(
            f"{folder}: a checkpoint of version {value['version']}, but this program reads version {VERSION}; use the program that wrote it, "
            f"or delete {folder.parent} and run the same command again"
        )
    return value


def load_encoder(folder: Path, encoder: Encoder, pieces: Pieces) -> None:
    """Lay the encoder of a checkpoint over `encoder`, which must hold the base's weights. Raises ConfigError where they do not fit."""
    frozen = _about(folder)["frozen"]
    if frozen != encoder.frozen:
        raise ConfigError(f"{folder}: trained with freeze_layers = {frozen}, now it is {encoder.frozen}; such weights do not belong together")
    tensors = _read(folder, "encoder")
    own = trained(encoder)
    old = tensors.pop("pieces", None)
    if WORDS in own and WORDS in tensors and old is not None:
        words = own[WORDS].cpu().clone()
        _lay(words, new_map(pieces, len(words)), tensors[WORDS], old.numpy(), pieces.full_unk)
        tensors[WORDS] = words
    if set(own) != set(tensors) or any(own[name].shape != value.shape for name, value in tensors.items()):
        raise ConfigError(
            f"{folder}: its encoder has other weights than the base; the base model changed since. Delete the run's folder and run the same command again"
        )
    for name, value in tensors.items():
        own[name].copy_(value)


def new_map(pieces: Pieces, size: int) -> Any:
    """Return the id map of an encoder: old id -> its id; a whole vocabulary maps every id to itself."""
    return pieces.map if pieces.map is not None else np.arange(size)


def _lay(words: Tensor, new: Any, other: Tensor, old: Any, unk: int) -> None:
    """Copy rows of `other` (map `old`) to `words` (map `new`) for every piece that both have."""
    full = np.arange(len(new))
    both = ((new != new[unk]) & (old != old[unk])) | (full == unk)
    words[torch.from_numpy(new[both].astype(np.int64))] = other[torch.from_numpy(old[both].astype(np.int64))]


def load(folder: Path, model: Model) -> None:
    """Load encoder and heads of a checkpoint into `model`, whose heads must be those of `heads_of(folder)`."""
    load_encoder(folder, model.encoder, model.pieces)
    load_heads(folder, model)


def load_heads(folder: Path, model: Model) -> None:
    """Load the heads of a checkpoint into `model`. The bias per piece of a masked-language head moves to the model's vocabulary as word vectors do."""
    tensors, own = _read(folder, "heads"), model.heads.state_dict()
    old = _read(folder, "encoder").get("pieces")
    for name, value in tensors.items():
        if name in own and old is not None and name.endswith(".bias") and own[name].shape != value.shape:
            bias = torch.zeros(own[name].shape[0], 1)
            _lay(bias, new_map(model.pieces, len(bias)), value.unsqueeze(1), old.numpy(), model.pieces.full_unk)
            tensors[name] = bias.squeeze(1)
    try:
        model.heads.load_state_dict(tensors)
    except RuntimeError as err:
        raise ConfigError(f"{folder}: its heads are not those that checkpoint.json names ({' '.join(str(err).split())[:200]}); {AGAIN}") from None


def frozen_of(folder: Path) -> int:
    """Return how many layers were frozen when a checkpoint was trained."""
    return int(_about(folder)["frozen"])


def _read(folder: Path, name: str) -> dict[str, Tensor]:
    """Return the tensors of one file of a checkpoint, held to the sum that was written down (checkpoints of the first versions have none)."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path, sums = folder / f"{name}.safetensors", _about(folder).get("sha256")
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as err:
        raise ConfigError(f"{path}: not a readable safetensors file ({err}); {AGAIN}") from None
    if isinstance(sums, dict) and name in sums and known_sha256(path) != sums[name]:
        raise ConfigError(f"{path}: has not the checksum that was written down when it was saved, so it is damaged; {AGAIN}")
    return tensors

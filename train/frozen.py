"""Outputs of the frozen lower layers, computed once per set of features and shared by all runs and workers of a study.

With six of twelve layers frozen a run then pays for six layers only, and every further epoch, arm and seed that reads the
same rows pays nothing for the lower ones. The outputs depend on the set alone (fixed batches, no dropout), so whoever
computes them first changes no result.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from corpora.disk import disk_errors
from corpora.parts import part_of
from train.batches import collate
from train.features import Feature
from train.model import Model
from train.order import by_length

LIMIT = 256 << 20  # bytes a set may take; a larger one runs its lower layers batch by batch instead
KEPT = 6  # sets kept in memory
BATCH_TOKENS = 2048


class States:
    """States of one base encoder at one freezing depth and precision. `folder`: where they are kept, None = in memory only."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.memory: OrderedDict[str, list[list[Tensor]]] = OrderedDict()

    def of(self, model: Model, features: Sequence[Feature]) -> list[list[Tensor]] | None:
        """Return for each feature the states [tokens, size] of its rows; None where nothing is frozen or the set is too large."""
        encoder = model.encoder
        lengths = [len(row) for feature in features for row in feature.rows]
        if not encoder.frozen or not features or sum(lengths) * encoder.size * (4 if model.precision == torch.float32 else 2) > LIMIT:
            return None
        name = _name(model, features)
        if name not in self.memory:
            flat = self._load(name, sum(lengths), encoder.size)
            if flat is None:
                flat = _compute(model, features)
                self._save(name, flat)
            rows = iter(torch.split(flat, lengths))
            self.memory[name] = [[next(rows) for _ in feature.rows] for feature in features]
            if len(self.memory) > KEPT:
                self.memory.popitem(last=False)
        self.memory.move_to_end(name)
        return self.memory[name]

    def _load(self, name: str, tokens: int, size: int) -> Tensor | None:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        if self.folder is None or not (self.folder / name).is_file():
            return None
        try:
            flat = load_file(self.folder / name)["states"]
        except (SafetensorError, OSError, KeyError):
            return None  # broken by a full disk or a power cut: computed and written again
        return flat if flat.shape == (tokens, size) else None

    def _save(self, name: str, flat: Tensor) -> None:
        from safetensors.torch import save_file

        if self.folder is None:
            return
        part = part_of(self.folder / name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with disk_errors():
                save_file({"states": flat}, part)
            part.replace(self.folder / name)
        except OSError:
            part.unlink(missing_ok=True)  # a cache: without it the run is only slower


def _name(model: Model, features: Sequence[Feature]) -> str:
    mark = hashlib.sha256(f"{model.encoder.frozen} {model.precision} {model.encoder.pad}".encode())
    for feature in features:
        for i, row in enumerate(feature.rows):
            mark.update(f"{row}{feature.types[i] if feature.types else ''}".encode())
    return f"{mark.hexdigest()[:24]}.safetensors"


@torch.inference_mode()
def _compute(model: Model, features: Sequence[Feature]) -> Tensor:
    """Return all rows' states one after the other, [tokens, size], in the precision of the run, on the CPU."""
    encoder, mode = model.encoder, model.encoder.training
    rows = [Feature(0, [row], [], [feature.types[i]] if feature.types else None) for feature in features for i, row in enumerate(feature.rows)]
    out: list[Tensor | None] = [None] * len(rows)
    encoder.train(False)
    for some in by_length([row.length for row in rows], BATCH_TOKENS):
        batch = collate("", "pair", [rows[i] for i in some], encoder.pad).to(model.device)
        with model.autocast():
            hidden = encoder.lower(batch).to("cpu", model.precision)
        for i, state in zip(some, hidden, strict=True):
            out[i] = state[: rows[i].length].clone()
    encoder.train(mode)
    return torch.cat([state for state in out if state is not None])

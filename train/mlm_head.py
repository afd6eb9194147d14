"""The head with which a base was pre-trained on masked pieces, where its makers left it: in the base's folder, or kept aside when it was fetched.

XLM-R and most BERT-like encoders have one; multilingual-e5-small, which was tuned for retrieval, has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from corpora.base import MLM_FILE, config, default_cache, ready_base
from corpora.study import Base
from train.features import Pieces, Shape
from train.heads import Head, Masked
from train.model import Model

FILES = (MLM_FILE, "model.safetensors")
# Our name -> theirs: RoBERTa, XLM-R and CamemBERT; BERT.
NAMES: tuple[Mapping[str, str], ...] = (
    {"dense": "lm_head.dense", "norm": "lm_head.layer_norm", "bias": "lm_head.bias"},
    {"dense": "cls.predictions.transform.dense", "norm": "cls.predictions.transform.LayerNorm", "bias": "cls.predictions.bias"},
)


def base_head(base: Base, model: Model) -> Masked | None:
    """Return the base's own head, frozen, over the pieces that the model has; None where the base has none that fits (a factorised one, say) or is not on this
    machine, and where its tokenizer has no mask."""
    folder = ready_base(base, default_cache())
    found = _tensors(folder) if folder else None
    if folder is None or found is None or found["dense.weight"].shape != (model.encoder.size, model.encoder.size):
        return None
    if model.pieces.mask_token in (-1, model.pieces.unk):
        return None
    head = Masked(Head("mlm", Shape("text")), model.encoder.size, model.encoder.net.config.vocab_size)
    head.norm.eps = float(config(folder).get("layer_norm_eps", head.norm.eps))
    kept = _kept(model.pieces)
    found["bias"] = found["bias"] if kept is None else found["bias"][kept]
    head.load_state_dict(found)
    return head.to(model.device).requires_grad_(False).eval()


def _tensors(folder: Path) -> dict[str, Tensor] | None:
    """Return the head's tensors under our names from the first file that has them."""
    from safetensors import safe_open

    for file in (folder / name for name in FILES):
        if not file.is_file():
            continue
        with safe_open(file, framework="pt") as stored:
            there = set(stored.keys())
            for names in NAMES:
                if names["bias"] in there:
                    parts = {f"{own}.{part}": f"{names[own]}.{part}" for own in ("dense", "norm") for part in ("weight", "bias")}
                    return {own: stored.get_tensor(name).float() for own, name in {**parts, "bias": names["bias"]}.items()}
    return None


def _kept(pieces: Pieces) -> Tensor | None:
    """Return the old id of each kept piece of a trimmed vocabulary: its map [full vocabulary] turned round. Pieces that were cut share the new id of <unk>."""
    if pieces.map is None:
        return None
    old = np.zeros(int(pieces.map.max()) + 1, np.int64)
    old[pieces.map] = np.arange(len(pieces.map))
    old[pieces.unk] = pieces.full_unk
    return torch.from_numpy(old)

"""A finished run as an ordinary Transformers model, with the whole vocabulary back and a model card.

Tags and spans have the very heads of AutoModelForTokenClassification and AutoModelForQuestionAnswering, masked pieces that of
AutoModelForMaskedLM, so those classes give equal logits. Transformers' classes for pairs and choices put a dense layer and a tanh before their
output, which our heads on pooled tokens have not: there the encoder is exported for AutoModel, and the head beside it in head.safetensors.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from corpora.base import default_cache, ensure_base, identity
from corpora.config import ConfigError, build
from corpora.disk import disk_errors
from corpora.shards import write_text
from corpora.study import Base
from train import checkpoint
from train.card import card, licence_page
from train.card_header import LICENCES
from train.card_records import collect
from train.features import Pieces
from train.heads import Head
from train.model import Encoder, Model
from train.run import read_record

CLASSES = {"tags": "AutoModelForTokenClassification", "span": "AutoModelForQuestionAnswering", "text": "AutoModelForMaskedLM"}
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def export(run: Path, out: Path, name: str = "") -> str:
    """Write the run in folder `run` to `out` (whole or absent) and return a sentence on what it is. Raises ConfigError."""
    if out.exists():
        raise ConfigError(f"{out}: is there already; name a new folder, or delete it")
    record, kept = read_record(run), run / "checkpoint"
    if not record:
        raise ConfigError(f"{run}: no run.json there; runs are the folders in {run.parent}")
    if not kept.is_dir():
        raise ConfigError(f'{kept}: not kept. Set keep_checkpoints = "all" in the study, delete {run} and run: make train')
    head = _chosen(checkpoint.heads_of(kept), name, record)
    full = _base(record, run)
    model = whole_model(full, kept, checkpoint.heads_of(kept))
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        with disk_errors():
            kind = _write(part, full, model, head)
        for file in TOKENIZER:
            if (full / file).is_file():
                shutil.copyfile(full / file, part / file)
        known = collect(run, record, full)
        write_text(part / "README.md", card(record, head, kind, out.name, known))
        write_text(part / LICENCES, licence_page(record, known, out.name))
        part.rename(out)
    except OSError as err:
        raise ConfigError(f"{out}: could not be written ({err.strerror or err})") from err
    finally:
        shutil.rmtree(part, ignore_errors=True)
    beside = f"; the head {head.name!r} is in head.safetensors, see README.md" if head and kind == "AutoModel" else ""
    return f"{out}: load it with {kind}{beside}"


def _chosen(heads: list[Head], name: str, record: dict[str, Any]) -> Head | None:
    """Return the head to export: the named one, the target's, or the only one."""
    named = {head.name: head for head in heads}
    if name == "none" or not named:
        return None
    wanted = name or record.get("target") or (next(iter(named)) if len(named) == 1 else "")
    if wanted not in named:
        raise ConfigError(f"--head {name!r}: this run has the heads {', '.join(named)}; name one of them, or 'none' for the encoder alone")
    return named[wanted]


def _base(record: dict[str, Any], run: Path) -> Path:
    """Return the folder of the base that the run started from, with its whole vocabulary."""
    if "base_model" not in record:
        raise ConfigError(f"{run / 'run.json'}: does not say which base the run started from (an earlier version wrote it); delete {run} and run: make train")
    base = build(Base, {key: value for key, value in record["base_model"].items() if value is not None}, str(run / "run.json"))
    if identity(base) != record["settings"]["base"]:
        raise ConfigError(f"base.model = {base.model!r} has other weights now than when run {run.name} started from it; put the old ones back")
    return ensure_base(base, default_cache())


def whole_model(full: Path, kept: Path, heads: list[Head]) -> Model:
    """Return the checkpoint in `kept` on the base folder `full`: every piece that training did not see has the base's vector, and no bias."""
    frozen = checkpoint.frozen_of(kept)
    model = Model(Encoder(full, frozen), Pieces(full), heads)
    checkpoint.load_encoder(kept, model.encoder, model.pieces)
    checkpoint.load_heads(kept, model)
    return model.eval()


def _write(part: Path, full: Path, model: Model, head: Head | None) -> str:
    """Save the model into `part` and return the class that loads it."""
    import transformers

    fits = head is not None and head.shape.kind in CLASSES and head.shape.layers == "last" and (head.shape.kind != "tags" or head.shape.subword != "mean")
    config = transformers.AutoConfig.from_pretrained(full, local_files_only=True, trust_remote_code=False)
    if head is None or not fits:
        net = transformers.AutoModel.from_config(config, add_pooling_layer=False)
        _copy(net, model.encoder.net.state_dict())
        net.save_pretrained(part)
        if head is not None:
            from safetensors.torch import save_file

            save_file({name: value.contiguous() for name, value in model.module(head.name).state_dict().items()}, part / "head.safetensors")
        return "AutoModel"
    if head.shape.kind == "tags":
        config.id2label = dict(enumerate(head.shape.labels))
        config.label2id = {label: i for i, label in enumerate(head.shape.labels)}
    net = getattr(transformers, CLASSES[head.shape.kind]).from_config(config)
    _copy(getattr(net, net.base_model_prefix), model.encoder.net.state_dict())
    _fill(net, model.module(head.name), head.shape.kind)
    net.save_pretrained(part)
    return CLASSES[head.shape.kind]


def _copy(net: Any, weights: dict[str, Tensor]) -> None:
    missing, unknown = net.load_state_dict(weights, strict=False)
    if missing or unknown:
        raise ConfigError(f"this kind of encoder cannot be exported: Transformers' class lacks {unknown} or has {missing} besides")


@torch.no_grad()
def _fill(net: Any, module: Any, kind: str) -> None:
    """Copy the weights of a head to where Transformers' class has them."""
    if kind != "text":
        target = net.classifier if kind == "tags" else net.qa_outputs
        target.weight.copy_(module.weight)
        target.bias.copy_(module.bias)
        return
    if hasattr(net, "lm_head"):  # RoBERTa, XLM-R, CamemBERT
        dense, norm, out = net.lm_head.dense, net.lm_head.layer_norm, net.lm_head
    else:
        transform = net.cls.predictions.transform
        dense, norm, out = transform.dense, transform.LayerNorm, net.cls.predictions
    for own, other in ((module.dense, dense), (module.norm, norm)):
        other.weight.copy_(own.weight)
        other.bias.copy_(own.bias)
    out.bias.copy_(module.bias)
    out.decoder.bias.copy_(module.bias)

"""A bundled CTranslate2 model back into a Transformers folder, so that train_mt.py can go on from it.

    python corpora/mini/models/restore_mt.py --model corpora/mini/models/mt/fi --out /tmp/mt-fi1

For Marian models that build_data.mt_convert made. The weights come back as int8 rounded them; the decoder's first position, into which the
converter folded the start row, gives that row back; the cross-attention heads stay in the converter's order, best first. Checked on phase 1's
models: the restored ones wrote the same as the bundled ones for 50 of 50 Tatoeba sentences, en-fi and en-hu.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import torch
from transformers import MarianConfig, MarianMTModel

TYPES = (numpy.float32, numpy.int8, numpy.int16, numpy.int32, numpy.float16)  # ctranslate2.specs.model_spec, in the order of its numbers


def variables(path: Path) -> dict[str, Any]:
    """Return the named arrays of a model.bin, binary version 6 (ctranslate2.specs.model_spec.ModelSpec writes it)."""
    raw, at = path.read_bytes(), 0

    def take(kind: str) -> int:
        nonlocal at
        at += struct.calcsize("<" + kind)
        return int(struct.unpack_from("<" + kind, raw, at - struct.calcsize("<" + kind))[0])

    def text() -> str:
        nonlocal at
        size = take("H")
        at += size
        return raw[at - size : at - 1].decode()

    if (version := take("I")) != 6:
        raise SystemExit(f"{path}: binary version {version}; this script reads version 6")
    text()
    take("I")
    found: dict[str, Any] = {}
    for _ in range(take("I")):
        name, shape = text(), [take("I") for _ in range(take("B"))]
        kind, size = TYPES[take("B")], take("I")
        found[name] = numpy.frombuffer(raw, kind, size // numpy.dtype(kind).itemsize, at).reshape(shape)
        at += size
    for _ in range(take("I")):
        alias = text()
        found[alias] = found[text()]
    return found


def weights(found: Mapping[str, Any], layers: Mapping[str, int]) -> dict[str, torch.Tensor]:
    """Return Transformers' names with float weights."""
    out: dict[str, torch.Tensor] = {}

    def linear(ours: str, theirs: str, names: str) -> None:
        full = found[f"{theirs}/weight"]
        full = full.astype(numpy.float32) / found[f"{theirs}/weight_scale"][:, None] if full.dtype == numpy.int8 else full.astype(numpy.float32)
        parts = names.split()  # projections that CTranslate2 keeps as one matrix
        for name, weight, bias in zip(parts, numpy.split(full, len(parts)), numpy.split(found[f"{theirs}/bias"], len(parts)), strict=True):
            out[f"{ours}.{name}.weight"], out[f"{ours}.{name}.bias"] = torch.tensor(weight), torch.tensor(bias.astype(numpy.float32))

    def norm(ours: str, theirs: str) -> None:
        for name, key in (("weight", "gamma"), ("bias", "beta")):
            out[f"{ours}.{name}"] = torch.tensor(found[f"{theirs}/layer_norm/{key}"])

    for part, count in layers.items():
        for ours, theirs in ((f"model.{part}.layers.{i}", f"{part}/layer_{i}") for i in range(count)):
            linear(f"{ours}.self_attn", f"{theirs}/self_attention/linear_0", "q_proj k_proj v_proj")
            linear(f"{ours}.self_attn", f"{theirs}/self_attention/linear_1", "out_proj")
            norm(f"{ours}.self_attn_layer_norm", f"{theirs}/self_attention")
            if part == "decoder":
                for number, names in enumerate(("q_proj", "k_proj v_proj", "out_proj")):
                    linear(f"{ours}.encoder_attn", f"{theirs}/attention/linear_{number}", names)
                norm(f"{ours}.encoder_attn_layer_norm", f"{theirs}/attention")
            linear(ours, f"{theirs}/ffn/linear_0", "fc1")
            linear(ours, f"{theirs}/ffn/linear_1", "fc2")
            norm(f"{ours}.final_layer_norm", f"{theirs}/ffn")
    return out


def restore(folder: Path) -> tuple[MarianMTModel, dict[str, int]]:
    """Return the model and its vocabulary, <pad> last."""
    found = variables(folder / "model.bin")
    words = json.loads((folder / "shared_vocabulary.json").read_text("utf-8"))
    layers = {part: len({name.split("/")[1] for name in found if name.startswith(f"{part}/layer_")}) for part in ("encoder", "decoder")}
    table, scale = found["decoder/embeddings/weight"].astype(numpy.float32), found["decoder/embeddings/weight_scale"][:, None]
    width, positions = table.shape[1], found["encoder/position_encodings/encodings"].shape[0]
    start = (found["decoder/position_encodings/encodings"][0] - found["encoder/position_encodings/encodings"][0]) / math.sqrt(width)
    heads, ffn = int(found["encoder/num_heads"]), found["encoder/layer_0/ffn/linear_0/weight"].shape[0]
    model = MarianMTModel(MarianConfig(
        vocab_size=len(words) + 1, d_model=width, encoder_layers=layers["encoder"], decoder_layers=layers["decoder"],
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=ffn, decoder_ffn_dim=ffn, activation_function="swish",
        scale_embedding=True, pad_token_id=len(words), eos_token_id=0, decoder_start_token_id=len(words), forced_eos_token_id=0,
        max_position_embeddings=positions, share_encoder_decoder_embeddings=True, attention_dropout=0.0, activation_dropout=0.0,
    ))  # fmt: skip
    new = weights(found, layers)
    embeddings = torch.tensor(numpy.concatenate([table / scale, start[None]]))
    new |= dict.fromkeys(("model.shared.weight", "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"), embeddings)
    lacking = model.load_state_dict({name: new[name] for name in model.state_dict() if name in new}, strict=False).missing_keys
    if wrong := [name for name in lacking if not name.endswith(("embed_positions.weight", "final_logits_bias"))]:
        raise SystemExit(f"{folder}: no {', '.join(wrong)}; this script reads the models of train_mt.py")
    return model.eval(), {word: i for i, word in enumerate([*words, "<pad>"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="CTranslate2 folder with model.json, source.spm and target.spm")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    model, vocabulary = restore(args.model)
    model.save_pretrained(args.out)
    for name in ("source.spm", "target.spm"):
        shutil.copy(args.model / name, args.out / name)
    (args.out / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    card = json.loads((args.model / "model.json").read_text("utf-8"))
    settings = {
        "source_lang": card["source"], "target_lang": card["target"], "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "model_max_length": 512, "tokenizer_class": "MarianTokenizer",
    }  # fmt: skip
    (args.out / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


if __name__ == "__main__":
    main()

"""A Marian model with random weights, made in seconds: SentencePiece on a few lines, Transformers, CTranslate2. Its output is noise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

LINES = (
    "The old lighthouse stands on a small island near Hanko.", "It was built in 1879 by local fishermen.", "Who took care of the lamp?",
    "Vanha majakka seisoo pienellä saarella lähellä Hankoa.", "Sen rakensivat paikalliset kalastajat vuonna 1879.", "Kuka huolehti lampusta?",
    "A régi világítótorony egy kis szigeten áll.", "Ki gondozta a lámpát?", "Tom left his umbrella on the bus this morning.",
)  # fmt: skip


def transformers_folder(folder: Path, seed: int = 1) -> Path:
    """Write a random MarianMTModel with its two SentencePiece files to `folder`."""
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lines.txt").write_text("\n".join(LINES * 5), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "lines.txt"), model_prefix=str(folder / "source"), vocab_size=120, character_coverage=1.0, hard_vocab_limit=False,
        eos_id=0, unk_id=1, bos_id=-1, pad_id=-1, normalization_rule_name="nmt_nfkc", minloglevel=2,
    )  # fmt: skip
    (folder / "source.model").rename(folder / "source.spm")
    shutil.copy(folder / "source.spm", folder / "target.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pad = len(pieces)  # <pad> must be the last id: CTranslate2's converter drops the last row
    table = {pieces.id_to_piece(i): i for i in range(pad)} | {"<pad>": pad}
    (folder / "vocab.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    names = {"source_lang": "en", "target_lang": "fi", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "tokenizer_class": "MarianTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(names), encoding="utf-8")
    torch.manual_seed(seed)
    config = MarianConfig(
        vocab_size=pad + 1, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, activation_function="swish", scale_embedding=True, pad_token_id=pad, eos_token_id=0,
        decoder_start_token_id=pad, forced_eos_token_id=0, max_position_embeddings=256, share_encoder_decoder_embeddings=True, init_std=0.3,
    )  # fmt: skip
    model = MarianMTModel(config)
    with torch.no_grad():
        model.model.shared.weight[pad].normal_()  # as training leaves it: the start row is not zero (see mt_convert)
    model.save_pretrained(folder)
    return folder


def ct2_folder(folder: Path, out: Path) -> Path:
    """Convert it, with its card."""
    from build_data.mt_convert import convert

    probe = folder / "probe.tsv"
    probe.write_text("".join(f"{a}\t{b}\n" for a, b in zip(LINES[:2], LINES[3:5], strict=True)), encoding="utf-8")
    convert(folder, out, {"source": "en", "target": "fi", "licence": "CC0-1.0"}, probe)
    return out

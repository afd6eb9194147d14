"""The smallest study that goes through every stage: a few dozen bundled rows, bundled translation and parsing models, a random encoder of three layers."""

from __future__ import annotations

from pathlib import Path

from corpora.shards import write_text

STUDY = """
title = "Torture: a study of a few dozen rows"
languages = ["fi"]
arms = ["none", "en", "mt-fi", "native-fi"]
seeds = [1]
intermediate = [["nli", "qa"]]
precision = "float32"
freeze_layers = 1
save_steps = 2
keep_checkpoints = "all"
demonstration = true

[base]
model = "{base}"
trim = true
dropout = 0.1

[budget]
examples = 16
validation = 4

[tasks.nli]
kind = "pair"
english = "mini/en-nli"
labels = ["entailment", "neutral", "contradiction"]
native = {{ fi = ["mini/fi-docs"] }}
maker = "neighbours"
rows = 32
documents = 14
training = {{ epochs = 2, batch = 8, max_length = 48 }}

[tasks.qa]
kind = "span"
english = "mini/en-qa"
native = {{ fi = ["mini/fi-docs"] }}
maker = "cloze_questions"
rows = 32
documents = 14
training = {{ epochs = 1, batch = 8, max_length = 64, stride = 16 }}

[targets.panx]
metric = "panx"
english = "mini/panx-en"
test = {{ fi = "mini/panx-fi" }}
labels = ["B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"]
train_rows = 32
training = {{ epochs = 2, batch = 8, max_length = 64 }}

[targets.tatoeba]
metric = "tatoeba"
test = {{ fi = "mini/tatoeba-fi" }}

[translation]
models = {{ fi = "mini/models/mt/fi" }}
dev = {{ fi = "mini/tatoeba-fi" }}
aligner = "" # the study's only model of 470 MB would be loaded after every kill

[parsing]
packs = {{ fi = "mini/models/stanza/fi" }}
"""
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
LETTERS = "abcdefghijklmnopqrstuvwxyzåäöáéíóúüőűABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:?!'()-"


def write_study(folder: Path) -> Path:
    """Write the study and its encoder into `folder`; return the study's file."""
    base = write_base(folder / "base")
    write_text(folder / "torture.toml", STUDY.format(base=base))
    return folder / "torture.toml"


def write_base(folder: Path) -> Path:
    """Write a random encoder with a tokenizer of letters, the same to the byte each time."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    made = Tokenizer(models.Unigram([(name, 0.0) for name in SPECIALS] + [("▁", -3.0)] + [(letter, -6.0) for letter in LETTERS], unk_id=3, byte_fallback=False))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=made.get_vocab_size(), hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=64, max_position_embeddings=128,
        pad_token_id=1, initializer_range=0.2,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    return folder

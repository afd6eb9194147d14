"""A tiny random encoder with a tiny tokenizer, and a study on the bundled texts that it can run in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from corpora.config import build
from corpora.records import Choice, Pair, Span, Tags
from corpora.shards import write_json, write_records
from corpora.study import Study, data_folder
from train.features import Pieces, Shape

if TYPE_CHECKING:  # torch is loaded by those tests only that need it
    from train.model import Model

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
LETTERS = "abcdefghijklmnopqrstuvwxyzåäöáéíóúüőűABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:?!'\"()-"
WORDS = ("on", "the", "is", "was", "and", "ja", "koira", "haukkuu", "kutya", "ugat", "Matti", "Helsinki", "Budapest", "asuu", "Kuka", "Where", "who", "lives")


def tokenizer() -> Tokenizer:
    """Unigram over letters and a few words, built as the XLM-R tokenizer is."""
    pieces = [(name, 0.0) for name in SPECIALS] + [("▁", -3.0)]
    pieces += [(letter, -6.0) for letter in LETTERS] + [("▁" + word, -5.0) for word in WORDS]
    made = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"[\x{200b}]"), ""), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    return made


def base(folder: Path, layers: int = 3, hidden: int = 32, family: str = "bert") -> Path:
    """Write a random encoder (no dropout) of a Transformers family with the tokenizer into `folder`."""
    import torch
    from transformers import AutoConfig, AutoModel

    torch.manual_seed(7)
    made = tokenizer()
    config = AutoConfig.for_model(
        family, vocab_size=made.get_vocab_size(), hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=2 * hidden,
        max_position_embeddings=128 if family == "bert" else 130, pad_token_id=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.2,
    )  # fmt: skip
    AutoModel.from_config(config).save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    return folder


def model(folder: Path, *heads: tuple[str, Shape], frozen: int = 0, seed: int = 1) -> Model:
    """Return a model on the encoder in `folder` with a head per (name, shape)."""
    from train.heads import Head
    from train.model import Encoder, Model

    return Model(Encoder(folder, frozen), Pieces(folder), [Head(name, shape) for name, shape in heads], seed)


PAIRS = [Pair(id=f"p{i}", premise=f"Matti asuu {place}.", hypothesis=f"Koira {verb}.", label=label)
         for i, (place, verb, label) in enumerate([("Helsinki", "haukkuu", "yes"), ("Budapest", "ugat", "no"), ("kutya", "on", "maybe"),
                                                   ("the dog", "was", "yes"), ("koira", "is", "no"), ("who", "lives", "maybe")])]  # fmt: skip
SPANS = [Span(id=f"s{i}", question=f"{question}?", context=context, answers=((answer, context.index(answer)),) if answer else ())
         for i, (question, context, answer) in enumerate([
             ("Kuka asuu", "Matti asuu Helsinki ja koira haukkuu.", "Matti"), ("Where", "The kutya lives in Budapest, on the hill.", "Budapest"),
             ("who barks", "Nobody knows; the koira haukkuu all night.", "the koira"), ("Where was it", "It was on the roof and then gone.", "on the roof"),
             ("Kuka", "Kukaan ei ole täällä.", ""), ("when", "Built in 1879 by local men.", "1879")])]  # fmt: skip
TAGS = [Tags(id=f"t{i}", tokens=tuple(text.split()), tags=tuple(tags.split())) for i, (text, tags) in enumerate([
    ("Matti asuu Helsinki .", "PROPN VERB PROPN PUNCT"), ("koira haukkuu", "NOUN VERB"), ("the kutya ugat .", "DET NOUN VERB PUNCT"),
    ("who lives on Budapest ?", "PRON VERB ADP PROPN PUNCT"), ("ja koira on täällä", "CCONJ NOUN VERB ADV"),
    ("Where was Matti", "ADV VERB PROPN")])]  # fmt: skip
CHOICES = [Choice(id=f"c{i}", context=context, endings=endings, label=label) for i, (context, endings, label) in enumerate([
    ("Matti asuu", ("Helsinki.", "haukkuu.", "was."), 0), ("koira", ("Budapest.", "haukkuu."), 1), ("kutya", ("is the", "and", "ugat"), 2),
    ("who lives", ("on Budapest?", "koira"), 0), ("the koira", ("Kuka", "was on"), 1), ("ja", ("Where", "Matti", "the"), 2)])]  # fmt: skip
TAG_SET = ("ADP", "ADV", "CCONJ", "DET", "NOUN", "PRON", "PROPN", "PUNCT", "VERB")


def study(folder: Path, **changes: object) -> Study:
    """Return a study on bundled targets: base in `folder`, arms none and en, one seed, a few dozen rows."""
    fast = {"epochs": 1, "batch": 8, "max_length": 64, "evals": 2}
    raw = {
        "title": "tiny", "languages": ["fi", "hu"], "arms": ["none", "en"], "seeds": [1], "intermediate": [["nli", "qa"]], "precision": "float32",
        "freeze_layers": 1, "base": {"model": str(folder)}, "budget": {"examples": 12, "validation": 6},
        "tasks": {"nli": {"kind": "pair", "english": "mini/en-nli", "labels": ["yes", "no", "maybe"], "training": fast},
                  "qa": {"kind": "span", "english": "mini/en-qa", "training": fast}},
        "targets": {"panx": {"metric": "panx", "english": "mini/panx-en", "test": {"fi": "mini/panx-fi"}, "train_rows": 24, "training": fast,
                             "labels": ["B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"]},
                    "tatoeba": {"metric": "tatoeba", "test": {"hu": "mini/tatoeba-hu"}}},
    }  # fmt: skip
    made = build(Study, {**raw, **changes}, "tiny")
    object.__setattr__(made, "name", "tiny")
    return made


def built(made: Study, root: Path, arms: tuple[str, ...] = ("en",)) -> None:
    """Write the built tasks that `study` trains on, without fingerprints in their manifests."""
    for arm in arms:
        for task, rows in (("nli", PAIRS), ("qa", SPANS)):
            folder = data_folder(made, task, arm, root / "data")
            write_records(folder / "train-00000.parquet", rows * 2, made.tasks[task].kind, [])
            write_records(folder / "validation-00000.parquet", rows, made.tasks[task].kind, [])
            write_json(folder / "manifest.json", {"labels": ["maybe", "no", "yes"] if task == "nli" else []})

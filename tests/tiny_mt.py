"""Translation models of each family, tiny and made in seconds: SentencePiece on a few lines, Transformers, trained until sure of its few sentences."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from build_data.mt_normal import plain
from build_data.mt_sentences import SENTENCES

LINES = (
    "The old lighthouse stands on a small island near Hanko.", "It was built in 1879 by local fishermen.", "Who took care of the lamp?",
    "Vanha majakka seisoo pienellä saarella lähellä Hankoa.", "Sen rakensivat paikalliset kalastajat vuonna 1879.", "Kuka huolehti lampusta?",
    "A régi világítótorony egy kis szigeten áll.", "Ki gondozta a lámpát?", "Tom left his umbrella on the bus this morning.",
)  # fmt: skip
SIZES: dict[str, Any] = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
                         "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "max_position_embeddings": 512, "dropout": 0.0}  # fmt: skip


def pieces_file(path: Path, lines: Sequence[str], size: int, **settings: Any) -> Any:
    """Train a SentencePiece model of about `size` pieces and write it to `path`; returns its processor."""
    import sentencepiece

    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "lines.txt").write_text("\n".join(lines), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(path.parent / "lines.txt"), model_prefix=str(path.parent / "made"), vocab_size=size, character_coverage=1.0,
        hard_vocab_limit=settings.get("model_type") == "bpe", normalization_rule_name="nmt_nfkc", minloglevel=2, **settings,
    )  # fmt: skip
    (path.parent / "made.model").rename(path)
    for name in ("made.vocab", "lines.txt"):
        (path.parent / name).unlink()
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def marian_tokeniser(folder: Path, lines: Sequence[str], size: int, extra: Sequence[str] = ()) -> tuple[dict[str, int], Any]:
    """Write source.spm, target.spm, vocab.json and tokenizer_config.json; returns the table and the processor."""
    pieces = pieces_file(folder / "source.spm", lines, size, eos_id=0, unk_id=1, bos_id=-1, pad_id=-1)
    shutil.copy(folder / "source.spm", folder / "target.spm")
    names = [pieces.id_to_piece(i) for i in range(len(pieces))] + [*extra, "<pad>"]  # <pad> must be the last id: CTranslate2's loader drops the last row
    table = {name: i for i, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    settings = {"eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>", "tokenizer_class": "MarianTokenizer"}
    settings |= {} if extra else {"source_lang": "eng", "target_lang": "fin"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return table, pieces


def marian(table: Mapping[str, int], **settings: Any) -> Any:
    from transformers import MarianConfig, MarianMTModel

    pad = table["<pad>"]
    return MarianMTModel(MarianConfig(
        vocab_size=len(table), activation_function="swish", scale_embedding=True, pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad,
        forced_eos_token_id=0, share_encoder_decoder_embeddings=True, **{**SIZES, **settings},
    ))  # fmt: skip


def transformers_folder(folder: Path, seed: int = 1) -> Path:
    """Write a random MarianMTModel with its two SentencePiece files to `folder`. Its output is noise."""
    import torch

    table, _ = marian_tokeniser(folder, LINES * 5, 120)
    torch.manual_seed(seed)
    model = marian(table, init_std=0.3)
    with torch.no_grad():
        model.model.shared.weight[table["<pad>"]].normal_()  # as training leaves it: the start row is not zero (see mt_convert)
    model.save_pretrained(folder)
    return folder


def ct2_folder(folder: Path, out: Path) -> Path:
    """Convert it, with its card."""
    from build_data.mt_convert import convert

    probe = folder / "probe.tsv"
    probe.write_text("".join(f"{a}\t{b}\n" for a, b in zip(LINES[:2], LINES[3:5], strict=True)), encoding="utf-8")
    convert(folder, out, {"source": "en", "target": "fi", "licence": "CC0-1.0"}, probe)
    return out


def pairs(languages: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return (target language, source, target): the canary's sentences with the first words of their translations."""
    return [(to, plain(a), " ".join(b.split()[:2])) for to in languages for a, b in zip(SENTENCES["en"], SENTENCES[to], strict=True)]


class Made:
    """One family's model and how it frames its sequences, by numbers."""

    def __init__(self, model: Any, pieces: Any, numbers: Mapping[str, int], heads: Mapping[str, list[str]], forced: Mapping[str, str]) -> None:
        self.model, self.pieces, self.numbers, self.heads, self.forced = model, pieces, numbers, heads, forced

    def ids(self, tokens: Sequence[str]) -> list[int]:
        return [self.numbers.get(t, self.numbers["<unk>"]) for t in tokens]

    def train(self, steps: int = 400, lr: float = 0.01, sure: float = 0.01) -> float:
        """Fit the pairs until the mean loss of a token is below `sure`; returns the last loss."""
        import torch

        rows = pairs(list(self.heads))
        sources = [self.ids([*self.heads[to], *self.pieces.encode(a, out_type=str), "</s>"]) for to, a, _ in rows]
        targets = [self.ids([*([self.forced[to]] if self.forced else []), *self.pieces.encode(b, out_type=str), "</s>"]) for to, _, b in rows]
        pad = self.model.config.pad_token_id
        inputs, labels = (torch.nn.utils.rnn.pad_sequence([torch.tensor(r) for r in some], batch_first=True, padding_value=pad) for some in (sources, targets))
        given = torch.cat([torch.full((len(rows), 1), self.model.config.decoder_start_token_id), labels[:, :-1]], dim=1)
        mask = torch.arange(inputs.shape[1])[None] < torch.tensor([len(s) for s in sources])[:, None]
        labels = labels.masked_fill(torch.arange(labels.shape[1])[None] >= torch.tensor([len(t) for t in targets])[:, None], -100)
        if self.forced:
            labels[:, 0] = -100  # which language is wanted cannot be learnt, it is forced
        optimiser, loss = torch.optim.Adam(self.model.parameters(), lr=lr), torch.tensor(0.0)
        for step in range(steps):
            for group in optimiser.param_groups:
                group["lr"] = lr * min((step + 1) / 20, 1.0)
            loss = self.model(input_ids=inputs, attention_mask=mask.long(), decoder_input_ids=given, labels=labels).loss
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            optimiser.step()
            if loss < sure:
                break
        self.model.eval()
        return float(loss.detach())


TEXT = [line for lines in SENTENCES.values() for line in lines] * 2


def make(family: str, folder: Path) -> Made:
    """Write the tokenizer files of `family` into `folder` and return a random model with them (not yet saved)."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(3)
    return {"marian": _marian, "opus": _opus, "m2m100": _m2m100, "nllb": _nllb, "madlad": _madlad, "mbart50": _mbart50}[family](folder)


def _marian(folder: Path) -> Made:
    table, pieces = marian_tokeniser(folder, TEXT, 300)
    return Made(marian(table), pieces, table, {"fi": []}, {})


def _opus(folder: Path) -> Made:
    table, pieces = marian_tokeniser(folder, TEXT, 300, extra=(">>fin<<", ">>hun<<", ">>est<<"))
    return Made(marian(table), pieces, table, {"fi": [">>fin<<"], "hu": [">>hun<<"]}, {})


def _fairseq(folder: Path, kind: str) -> tuple[Any, list[str]]:
    pieces = pieces_file(folder / "sentencepiece.bpe.model", TEXT, 300, model_type=kind)
    return pieces, ["<s>", "<pad>", "</s>", "<unk>", *(pieces.id_to_piece(i) for i in range(3, len(pieces)))]


def _m2m(names: Sequence[str], spare: int) -> Any:
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    return M2M100ForConditionalGeneration(M2M100Config(
        vocab_size=len(names) + spare, activation_function="relu", scale_embedding=True, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        decoder_start_token_id=2, encoder_layerdrop=0.0, decoder_layerdrop=0.0, attention_dropout=0.0, **SIZES,
    ))  # fmt: skip


def _m2m100(folder: Path) -> Made:
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES

    pieces, names = _fairseq(folder, "bpe")
    (folder / "vocab.json").write_text(json.dumps({name: i for i, name in enumerate(names)}, ensure_ascii=False), encoding="utf-8")
    settings = {"tokenizer_class": "M2M100Tokenizer", "src_lang": "en", "tgt_lang": "fi"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    names += [f"__{code}__" for code in FAIRSEQ_LANGUAGE_CODES["m2m100"]]
    numbers = {name: i for i, name in enumerate(names)}
    return Made(_m2m(names, 8), pieces, numbers, {"fi": ["__en__"]}, {"fi": "__fi__"})


def _nllb(folder: Path) -> Made:
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    pieces, names = _fairseq(folder, "bpe")
    numbers = {name: i for i, name in enumerate([*names, *FAIRSEQ_LANGUAGE_CODES, "<mask>"])}
    return Made(_m2m(list(numbers), 2), pieces, numbers, {to: ["eng_Latn"] for to in ("fi", "hu")}, {"fi": "fin_Latn", "hu": "hun_Latn"})


def _mbart50(folder: Path) -> Made:
    from transformers import MBartConfig, MBartForConditionalGeneration
    from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES

    pieces, names = _fairseq(folder, "unigram")
    numbers = {name: i for i, name in enumerate([*names, *FAIRSEQ_LANGUAGE_CODES, "<mask>"])}
    settings = {"tokenizer_class": "MBart50Tokenizer", "src_lang": "en_XX", "tgt_lang": "fi_FI"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    model = MBartForConditionalGeneration(MBartConfig(
        vocab_size=len(numbers), activation_function="relu", scale_embedding=True, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        decoder_start_token_id=2, tokenizer_class="MBart50Tokenizer", **SIZES,
    ))  # fmt: skip
    return Made(model, pieces, numbers, {"fi": ["en_XX"]}, {"fi": "fi_FI"})


def _madlad(folder: Path) -> Made:
    from transformers import T5Config, T5ForConditionalGeneration

    pieces = pieces_file(folder / "spiece.model", TEXT, 300, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, user_defined_symbols=["<2fi>", "<2hu>", "<2en>"])
    settings = {"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<s>", "extra_ids": 0}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    numbers = {pieces.id_to_piece(i): i for i in range(len(pieces))}
    model = T5ForConditionalGeneration(T5Config(
        vocab_size=len(numbers) + 20, d_model=32, d_kv=16, d_ff=32, num_layers=1, num_heads=2, feed_forward_proj="gated-gelu", pad_token_id=1, eos_token_id=2,
        decoder_start_token_id=0, tie_word_embeddings=False, dropout_rate=0.0,
    ))  # fmt: skip
    return Made(model, pieces, numbers, {to: ["▁", f"<2{to}>"] for to in ("fi", "hu")}, {})

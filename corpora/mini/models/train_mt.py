"""Train the small Marian-type English->Finnish/Hungarian models that the mini study bundles.

    python corpora/mini/models/train_mt.py --data $CORPORA_DIR/parallel --lang fi --out /tmp/mt-fi --minutes 95
    ct2-transformers-converter --model /tmp/mt-fi --output_dir corpora/mini/models/mt/fi \
        --quantization int8 --copy_files source.spm target.spm

Reads DATA/en-LANG/*.tsv.gz (English TAB target) less the files named by --skip, and DATA/dev/en-LANG.*.tsv.gz.
Needs torch, transformers, sentencepiece and sacrebleu; runs on one CPU thread or on a GPU inside a time budget.
OUT/ gets a Transformers folder (MarianMTModel, source.spm = target.spm, vocab.json) and report.json.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import sentencepiece
import torch
from sacrebleu import corpus_bleu, corpus_chrf
from torch.nn.functional import cross_entropy
from transformers import MarianConfig, MarianMTModel

# Files whose owners give no licence to build a public model on (class "local use only" in the collection's manifest).
NOT_OPEN = ("3blue1brown_captions", "opensubtitles_xed")
# Machine-made pairs: cut to short sentences so that they don't drown the human ones.
MACHINE = ("squad2fi_deepl_backtranslation",)

Pair = tuple[str, str]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with en-LANG/ and dev/")
    parser.add_argument("--lang", required=True, choices=("fi", "hu"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=95.0, help="training time; the rate falls to 0 over the last 30 %%")
    parser.add_argument("--vocab", type=int, default=4000, help="shared SentencePiece unigram pieces, <pad> included")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--ffn", type=int, default=1024)
    parser.add_argument("--enc", type=int, default=3)
    parser.add_argument("--dec", type=int, default=1)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--batch", type=int, default=3000, help="padded source + target pieces a step")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--warmup", type=int, default=600, help="steps")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--max-words", type=int, default=14, help="longer English sentences are left out")
    parser.add_argument("--machine-words", type=int, default=9, help="the same for machine-made pairs")
    parser.add_argument("--skip", default=",".join(NOT_OPEN), help="file stems to leave out")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def read(path: Path) -> list[Pair]:
    """Return the (English, target) pairs of one gzipped TSV file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = (line.rstrip("\n").split("\t") for line in file)
        return [(row[0], row[1]) for row in rows if len(row) >= 2 and row[0] and row[1]]


def load(args: argparse.Namespace) -> tuple[list[Pair], dict[str, int]]:
    pairs: dict[Pair, None] = {}
    counts: dict[str, int] = {}
    for path in sorted((args.data / f"en-{args.lang}").glob("*.tsv.gz")):
        stem = path.name.removesuffix(".tsv.gz")
        if stem in args.skip.split(","):
            continue
        limit = args.machine_words if stem in MACHINE else args.max_words
        fit = [pair for pair in read(path) if len(pair[0].split()) <= limit and len(pair[1].split()) <= limit]
        before = len(pairs)
        pairs.update(dict.fromkeys(fit))
        counts[stem] = len(pairs) - before
    return list(pairs), counts


def vocabulary(args: argparse.Namespace, pairs: list[Pair]) -> sentencepiece.SentencePieceProcessor:
    text = args.out / "text.txt"
    text.write_text("".join(f"{s}\n{t}\n" for s, t in pairs), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(args.out / "source"), vocab_size=args.vocab - 1, character_coverage=0.9998,
        eos_id=0, unk_id=1, bos_id=-1, pad_id=-1, normalization_rule_name="nmt_nfkc", minloglevel=2,
        input_sentence_size=200_000, shuffle_input_sentence=True,
    )  # fmt: skip
    text.unlink()
    (args.out / "source.vocab").unlink()
    (args.out / "source.model").rename(args.out / "source.spm")
    shutil.copy(args.out / "source.spm", args.out / "target.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(args.out / "source.spm"))
    # CTranslate2's converter drops the last row of the embedding, so <pad> must be the last id.
    table = {pieces.id_to_piece(i): i for i in range(len(pieces))} | {"<pad>": args.vocab - 1}
    (args.out / "vocab.json").write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    settings = {
        "source_lang": "en", "target_lang": args.lang, "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "model_max_length": 512, "tokenizer_class": "MarianTokenizer",
    }  # fmt: skip
    (args.out / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return pieces


def batches(data: list[tuple[list[int], list[int]]], budget: int, rng: random.Random) -> Iterator[list[int]]:
    """Yield index lists of similar length whose padded size stays within `budget` pieces, epoch after epoch."""
    while True:
        order = sorted(range(len(data)), key=lambda i: len(data[i][0]) + len(data[i][1]) + rng.random() * 4)
        epoch: list[list[int]] = [[]]
        longest = (0, 0)
        for i in order:
            longest = max(longest[0], len(data[i][0])), max(longest[1], len(data[i][1]))
            if epoch[-1] and sum(longest) * (len(epoch[-1]) + 1) > budget:
                epoch.append([])
                longest = len(data[i][0]), len(data[i][1])
            epoch[-1].append(i)
        rng.shuffle(epoch)
        yield from epoch


def padded(rows: list[list[int]], value: int, device: str) -> torch.Tensor:
    """Return an int64 tensor [rows, longest], filled up with `value`."""
    longest = max(map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows]).to(device)


class Average:
    """Exponential moving average of the weights; `swap` exchanges it with the live ones."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.kept = {name: p.detach().clone() for name, p in model.named_parameters()}

    def update(self, model: torch.nn.Module, step: int) -> None:
        weight = min(0.9995, (1 + step) / (10 + step)) ** 8
        for name, p in model.named_parameters():
            self.kept[name].mul_(weight).add_(p.detach(), alpha=1 - weight)

    def swap(self, model: torch.nn.Module) -> None:
        for name, p in model.named_parameters():
            live = p.detach().clone()
            p.data.copy_(self.kept[name])
            self.kept[name] = live


@torch.no_grad()
def score(model: MarianMTModel, pieces: sentencepiece.SentencePieceProcessor, sets: dict[str, list[Pair]], pad: int, device: str) -> dict[str, object]:
    """Return chrF and BLEU (greedy decoding) for each development set."""
    model.eval()
    out: dict[str, object] = {}
    for name, rows in sets.items():
        hypotheses: list[str] = []
        for chunk in (rows[i : i + 50] for i in range(0, len(rows), 50)):
            ids = padded([[*pieces.encode(s)[:100], 0] for s, _ in chunk], pad, device)
            answer = model.generate(input_ids=ids, attention_mask=(ids != pad).long(), num_beams=1, do_sample=False, max_new_tokens=80)
            hypotheses += [pieces.decode([i for i in row.tolist() if i not in (pad, 0)]) for row in answer]
        gold = [[t for _, t in rows]]
        out[name] = {
            "chrF": round(corpus_chrf(hypotheses, gold).score, 2),
            "BLEU": round(corpus_bleu(hypotheses, gold).score, 2),
            "rows": len(rows),
            "samples": [[s, t, h] for (s, t), h in zip(rows[:6], hypotheses, strict=False)],
        }
    model.train()
    return out


def main() -> None:
    args = parse()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    pairs, counts = load(args)
    dev = {p.name.removesuffix(".tsv.gz"): read(p)[:200] for p in sorted((args.data / "dev").glob(f"en-{args.lang}.*.tsv.gz"))}
    held_out = {text for rows in dev.values() for pair in rows for text in pair}
    # The Tatoeba retrieval targets are evaluation data: neither side of them may be seen.
    for path in sorted((args.data.parent / "targets/retrieval/tatoeba").glob("tatoeba.*.txt.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            held_out |= {line.strip() for line in file}
    pairs = [pair for pair in pairs if pair[0] not in held_out and pair[1] not in held_out]
    print(f"{len(pairs)} pairs {counts}", flush=True)
    pieces = vocabulary(args, pairs)
    pad = args.vocab - 1
    data = [([*pieces.encode(s), 0], [*pieces.encode(t), 0]) for s, t in pairs]
    data = [(s, t) for s, t in data if len(s) <= 64 and len(t) <= 64]
    config = MarianConfig(
        vocab_size=args.vocab, d_model=args.width, encoder_layers=args.enc, decoder_layers=args.dec,
        encoder_attention_heads=args.heads, decoder_attention_heads=args.heads, encoder_ffn_dim=args.ffn, decoder_ffn_dim=args.ffn,
        dropout=args.dropout, attention_dropout=0.0, activation_dropout=0.0, activation_function="swish", scale_embedding=True,
        pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, forced_eos_token_id=0, max_position_embeddings=512,
        share_encoder_decoder_embeddings=True, init_std=0.02,
    )  # fmt: skip
    model = MarianMTModel(config).to(device)
    average = Average(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.01, fused=True)
    print(f"{len(data)} pairs, {sum(len(s) + len(t) for s, t in data)} pieces, {model.num_parameters() / 1e6:.1f} M weights", flush=True)
    start, seconds, seen, losses = time.monotonic(), args.minutes * 60, 0, 0.0
    history: list[dict[str, object]] = []
    next_look = seconds / 8
    model.train()
    for step, ids in enumerate(batches(data, args.batch, rng), 1):
        spent = time.monotonic() - start
        rate = args.lr * min(step / args.warmup, math.sqrt(args.warmup / step)) * min(1.0, max(1 - spent / seconds, 0.0) / 0.3)
        for group in optimiser.param_groups:
            group["lr"] = rate
        source = padded([data[i][0] for i in ids], pad, device)
        target = padded([data[i][1] for i in ids], -100, device)
        given = torch.cat([torch.full_like(target[:, :1], pad), target[:, :-1].masked_fill(target[:, :-1] == -100, pad)], 1)
        with torch.autocast(device, torch.bfloat16):
            logits = model(input_ids=source, attention_mask=(source != pad).long(), decoder_input_ids=given).logits
        loss = cross_entropy(logits.float().flatten(0, 1), target.flatten(), ignore_index=-100, label_smoothing=0.1)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses += loss.item()
        seen += source.numel() + target.numel()
        if step % 8 == 0:
            average.update(model, step)
        if step % 200 == 0:
            print(f"step {step} {spent / 60:.1f} min loss {losses / 200:.3f} rate {rate:.1e} {seen / max(spent, 1):.0f} pieces/s", flush=True)
            losses = 0.0
        if spent > next_look or spent > seconds:
            average.swap(model)
            found = score(model, pieces, dev, pad, device)
            history.append({"step": step, "minutes": round(spent / 60, 1), "chrF": {k: v["chrF"] for k, v in found.items()}})  # type: ignore[index]
            print(json.dumps(found, ensure_ascii=False), flush=True)
            model.save_pretrained(args.out)
            report = {
                "language": args.lang, "step": step, "minutes": round(spent / 60, 1), "pieces_seen": seen, "pairs": len(data), "files": counts,
                "weights": model.num_parameters(), "settings": {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items() if k not in ("data", "out")},
                "dev": found, "history": history, "torch": torch.__version__,
            }  # fmt: skip
            (args.out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
            average.swap(model)
            next_look += seconds / 8
        if spent > seconds:
            break


if __name__ == "__main__":
    main()

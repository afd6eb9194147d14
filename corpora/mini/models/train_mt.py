"""Train the small Marian-type English->Finnish/Hungarian models that the mini study bundles, in two phases.

Phase 1, short sentences, from nothing (one CPU thread, 98 minutes):
    python corpora/mini/models/train_mt.py --data $CORPORA_DIR/parallel --lang fi --out /tmp/mt-fi1 --minutes 98 --cool 29.4 --cool-power 1 \
        --decay --lr 1e-3 --warmup 600 --dropout 0.1 --max-words 14 --limit squad2fi_deepl_backtranslation=9
Phase 2, all lengths, one attention head told which words belong together (the card, model.json, has each language's options):
    python corpora/mini/models/align_pairs.py --data $CORPORA_DIR/parallel --lang fi --out /tmp/align-fi.tsv.gz
    python corpora/mini/models/train_mt.py --data $CORPORA_DIR/parallel --lang fi --out /tmp/mt-fi2 --start /tmp/mt-fi1/final --align /tmp/align-fi.tsv.gz \
        --minutes 90 --cool 25 --mix wmt_newstest2016-2018=3,tatoeba_manythings=2 --hold-out squad2fi_deepl_backtranslation=500

Reads DATA/en-LANG/*.tsv.gz (English TAB target) less the files named by --skip. Pairs with a side in DATA/dev or in the Tatoeba retrieval
targets are left out. Needs torch, transformers, sentencepiece. Minutes are the process's CPU minutes, so that pauses and neighbours don't count.
The rate is constant between warm-up and cool-down, so a file OUT/finish (holding the minutes of the cool-down, or nothing) ends the training early.
OUT/final, and OUT/snapshot meanwhile, get Transformers folders (MarianMTModel, source.spm = target.spm, vocab.json, report.json) with averaged weights.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import time
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from mt_pairs import NOT_OPEN, Pairs, Row, batches, encode, load, padded, starts, table, wanted
from sentencepiece import sentencepiece_model_pb2
from torch.nn.functional import linear, log_softmax
from transformers import MarianConfig, MarianMTModel

SMOOTHING = 0.1
TOKENIZER = ("source.spm", "target.spm", "vocab.json", "tokenizer_config.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with en-LANG/ and dev/")
    parser.add_argument("--lang", required=True, choices=("fi", "hu"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="Transformers folder to go on from; without it a new model and vocabulary are made")
    parser.add_argument("--align", type=Path, help="file of align_pairs.py: its links teach the first cross-attention head of the last layer")
    parser.add_argument("--minutes", type=float, default=90.0, help="CPU minutes in all")
    parser.add_argument("--cool", type=float, default=25.0, help="of these, minutes in which the rate falls to 0")
    parser.add_argument("--cool-power", type=float, default=0.5, help="rate = 1 - (share of the cool-down) ** this")
    parser.add_argument("--snapshot", type=float, default=15.0, help="minutes between snapshots")
    parser.add_argument("--mix", type=table, default={}, help="how often files are seen in an epoch: file=2,other=0.5 (default: once)")
    parser.add_argument("--hold-out", type=table, default={}, help="file=500: its last paragraphs, 500 rows or more, go to OUT/dev-FILE.tsv")
    parser.add_argument("--skip", default=",".join(NOT_OPEN), help="file stems to leave out")
    parser.add_argument("--max-words", type=int, default=45, help="longer pairs are left out")
    parser.add_argument("--limit", type=table, default={}, help="the same for single files: file=9")
    parser.add_argument("--max-pieces", type=int, default=120)
    parser.add_argument("--vocab", type=int, default=4000, help="shared SentencePiece unigram pieces, <pad> included")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--ffn", type=int, default=1024)
    parser.add_argument("--enc", type=int, default=3)
    parser.add_argument("--dec", type=int, default=1)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--batch", type=int, default=3000, help="padded source + target pieces a step")
    parser.add_argument("--lr", type=float, default=8e-4)
    parser.add_argument("--warmup", type=int, default=200, help="steps")
    parser.add_argument("--decay", action="store_true", help="after the warm-up the rate falls as 1/sqrt(step)")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--blend", type=float, default=1.0, help="OUT/final = this share of the trained weights + the rest of --start's (Wortsman et al. 2022)")
    parser.add_argument("--guide", type=float, default=0.5, help="weight of the alignment loss")
    parser.add_argument("--seed", type=int, default=2)
    return parser.parse_args()


def vocabulary(args: argparse.Namespace, pairs: Pairs) -> None:
    """Train the shared pieces and write the tokenizer files into OUT."""
    text = args.out / "text.txt"
    text.write_text("".join(f"{s}\n{t}\n" for s, t in pairs.files), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(args.out / "source"), vocab_size=args.vocab - 1, character_coverage=0.9998,
        eos_id=0, unk_id=1, bos_id=-1, pad_id=-1, normalization_rule_name="nmt_nfkc", minloglevel=2,
        input_sentence_size=200_000, shuffle_input_sentence=True,
    )  # fmt: skip
    text.unlink()
    (args.out / "source.vocab").unlink()
    # The file remembers where its text lay; local paths are nobody's business.
    model = sentencepiece_model_pb2.ModelProto.FromString((args.out / "source.model").read_bytes())
    model.trainer_spec.ClearField("input")
    model.trainer_spec.ClearField("model_prefix")
    for name in ("source.spm", "target.spm"):
        (args.out / name).write_bytes(model.SerializeToString())
    (args.out / "source.model").unlink()
    # CTranslate2's converter drops the last row of the embedding, so <pad> must be the last id.
    known = {piece.piece: i for i, piece in enumerate(model.pieces)} | {"<pad>": args.vocab - 1}
    (args.out / "vocab.json").write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
    settings = {
        "source_lang": "en", "target_lang": args.lang, "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
        "model_max_length": 512, "tokenizer_class": "MarianTokenizer",
    }  # fmt: skip
    (args.out / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


def new_model(args: argparse.Namespace) -> MarianMTModel:
    config = MarianConfig(
        vocab_size=args.vocab, d_model=args.width, encoder_layers=args.enc, decoder_layers=args.dec,
        encoder_attention_heads=args.heads, decoder_attention_heads=args.heads, encoder_ffn_dim=args.ffn, decoder_ffn_dim=args.ffn,
        dropout=args.dropout, attention_dropout=0.0, activation_dropout=0.0, activation_function="swish", scale_embedding=True,
        pad_token_id=args.vocab - 1, eos_token_id=0, decoder_start_token_id=args.vocab - 1, forced_eos_token_id=0, max_position_embeddings=512,
        share_encoder_decoder_embeddings=True, init_std=0.02,
    )  # fmt: skip
    return MarianMTModel(config)


class Smoothed(torch.autograd.Function):
    """Mean cross entropy with label smoothing. The gradient is made in the forward pass, which saves a tenth of a step."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, gold: torch.Tensor) -> torch.Tensor:
        scores = logits.to(torch.float32, copy=True)
        rows, words = scores.shape
        total = torch.logsumexp(scores, 1)
        loss = (total - (1 - SMOOTHING) * scores.gather(1, gold[:, None])[:, 0] - SMOOTHING * scores.mean(1)).mean()
        slope = scores.sub_(total[:, None]).exp_().sub_(SMOOTHING / words)
        slope.scatter_add_(1, gold[:, None], torch.full((rows, 1), SMOOTHING - 1.0))
        ctx.save_for_backward(slope.div_(rows).to(logits.dtype))
        return loss

    @staticmethod
    def backward(ctx: Any, up: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.saved_tensors[0] * up.to(ctx.saved_tensors[0].dtype), None


class Trainer:
    """The model with its average, and the two losses of a batch."""

    def __init__(self, model: MarianMTModel, args: argparse.Namespace, first: Any) -> None:
        self.model, self.args, self.first = model.train(), args, first
        self.weights = dict(model.named_parameters())
        self.average = {name: w.detach().clone() for name, w in self.weights.items()}
        self.start = {name: w.detach().clone() for name, w in self.weights.items()}
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.01, fused=True)
        self.guided = model.model.decoder.layers[-1].encoder_attn
        self.inputs: tuple[torch.Tensor, torch.Tensor]
        self.guided.register_forward_pre_hook(self._note, with_kwargs=True)

    def _note(self, _: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.inputs = (named["hidden_states"] if "hidden_states" in named else given[0]), named["key_value_states"]

    def step(self, rows: list[Row], rate: float) -> tuple[float, float]:
        """Learn from one batch; returns the losses of translation and alignment, each a mean over pieces."""
        pad = self.model.config.pad_token_id
        source, target = padded([row.source for row in rows], pad), padded([row.target for row in rows], -100)
        given = torch.cat([torch.full_like(target[:, :1], pad), target[:, :-1].masked_fill(target[:, :-1] == -100, pad)], 1)
        real, mask = target != -100, source != pad
        with torch.autocast("cpu", torch.bfloat16):
            hidden = self.model.model(input_ids=source, attention_mask=mask.long(), decoder_input_ids=given, use_cache=False).last_hidden_state
            loss = Smoothed.apply(self.model.lm_head(hidden[real]), target[real])
            pointing = self._pointing(rows, mask, target.shape[1]) if self.args.align else torch.zeros(())
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        (loss + self.args.guide * pointing).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return loss.item(), pointing.item()

    def _pointing(self, rows: list[Row], mask: torch.Tensor, length: int) -> torch.Tensor:
        """Return the cross entropy between the links and the attention of the first head (Chen et al. 2016, guided alignment)."""
        part, size = self.guided, self.guided.head_dim
        query, key = (linear(x, p.weight[:size], p.bias[:size]) for x, p in zip(self.inputs, (part.q_proj, part.k_proj), strict=True))
        scores = (query @ key.transpose(1, 2)).float() * part.scaling
        found = log_softmax(scores.masked_fill(~mask[:, None], -1e4), -1)
        links = wanted(rows, self.first, (len(rows), length, mask.shape[1]))
        return -(links * found).sum() / links.sum().clamp(min=1.0)

    def remember(self, step: int, every: int = 8) -> None:
        """Move the average of the weights towards the live ones (half-life about 700 steps)."""
        keep = min(0.999, (1 + step) / (10 + step)) ** every
        for name, weight in self.weights.items():
            self.average[name].mul_(keep).add_(weight.detach(), alpha=1 - keep)

    def save(self, folder: Path, tokenizer: Path, report: dict[str, Any], blend: float = 1.0) -> None:
        """Write the averaged model, or its mixture with the first weights, aside first, so that a reader always finds a whole folder."""
        live = {name: weight.detach().clone() for name, weight in self.weights.items()}
        aside, old = (folder.with_name(f"{folder.name}.{end}") for end in ("new", "old"))
        self._put({name: torch.lerp(self.start[name], weight, blend) for name, weight in self.average.items()})
        self.model.save_pretrained(aside)
        self._put(live)
        for name in TOKENIZER:
            shutil.copy(tokenizer / name, aside / name)
        (aside / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @torch.no_grad()
    def _put(self, values: dict[str, torch.Tensor]) -> None:
        for name, weight in self.weights.items():
            weight.copy_(values[name])


class Schedule:
    """The learning rate over steps and CPU minutes, and when to stop."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.begin, self.cooling = args, time.process_time(), math.inf
        self.cool = args.cool

    def spent(self) -> float:
        return (time.process_time() - self.begin) / 60

    def rate(self, step: int, spent: float) -> float:
        args, early = self.args, self.args.out / "finish"
        if self.cooling == math.inf and (spent > args.minutes - self.cool or early.exists()):
            self.cool = float((early.read_text() if early.exists() else "").strip() or self.cool)
            self.cooling = spent
        rate = args.lr * min(step / args.warmup, math.sqrt(args.warmup / step) if args.decay else 1.0)
        return float(rate * (1 - min(max((spent - self.cooling) / self.cool, 0.0), 1.0) ** args.cool_power))

    def over(self, spent: float) -> bool:
        return spent > self.cooling + self.cool


def facts(args: argparse.Namespace, model: MarianMTModel, pairs: Pairs) -> dict[str, Any]:
    """Return what the report says from the start: the options that decide the result, without local paths, and the data."""
    settings = {name: value for name, value in sorted(vars(args).items()) if name not in ("data", "out", "start", "align", "snapshot")}
    return {"language": args.lang, "files": pairs.counts, "weights": model.num_parameters(), "settings": settings, "torch": torch.__version__}


def main() -> None:
    args = parse()
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    pairs = load(args)
    for name, held in pairs.held_out.items():
        (args.out / f"dev-{name}.tsv").write_text("".join(f"{s}\t{t}\n" for s, t in held), encoding="utf-8")
    if not args.start:
        vocabulary(args, pairs)
    tokenizer = args.start or args.out
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer / "source.spm"))
    rows = encode(args, pieces, pairs)
    model = MarianMTModel.from_pretrained(args.start, dropout=args.dropout) if args.start else new_model(args)
    epoch = sum(row.share * (len(row.source) + len(row.target)) for row in rows)
    print(f"{len(rows)} pairs, {sum(row.links is not None for row in rows)} aligned, {epoch / 1e6:.1f} M pieces an epoch", flush=True)
    known = facts(args, model, pairs)
    trainer, schedule = Trainer(model, args, starts(pieces)), Schedule(args)
    seen, losses, next_save = 0, [0.0, 0.0], args.snapshot
    for step, batch in enumerate(batches(rows, args.batch, random.Random(args.seed)), 1):
        spent = schedule.spent()
        for i, loss in enumerate(trainer.step(batch, schedule.rate(step, spent))):
            losses[i] += loss / 200
        seen += sum(len(row.source) + len(row.target) for row in batch)
        if step % 8 == 0:
            trainer.remember(step)
        if step % 200 == 0:
            print(f"step {step} {spent:.1f} min loss {losses[0]:.3f} pointing {losses[1]:.3f} {seen / spent / 60:.0f} pieces/s", flush=True)
            losses = [0.0, 0.0]
        done = schedule.over(spent)
        if done or spent > next_save:
            report = {**known, "step": step, "cpu_minutes": round(spent, 1), "pieces_seen": seen, "pairs": len(rows)}
            trainer.save(args.out / ("final" if done else "snapshot"), tokenizer, report, args.blend if done else 1.0)
            next_save += args.snapshot
        if done:
            break


if __name__ == "__main__":
    main()

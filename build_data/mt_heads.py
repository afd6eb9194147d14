"""Which attention heads of a Marian decoder point at the words they translate, and how to put these first.

CTranslate2 returns the mean attention of the first N heads of the last layer. Heads differ: on a probe file (English TAB target, gzipped or
not) they are ranked by how often a name or number points at its own copy, and the best ones are put first (a permutation of the
cross-attention's heads, which changes no output). A probe file with word links in a third column ("3-2! 4-2", as
corpora/mini/models/align_pairs.py writes them) is believed instead: copies say little of a head that was taught to point at all words.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from build_data.lazy import need
from build_data.mt_align import words_of
from corpora.config import ConfigError

PROBE_WORDS = 600  # words looked at; the standard error of a share is then below 0.02
PROBE_LENGTH = 30  # words of a sentence
PIECES = ("source.spm", "target.spm")
LINKS = re.compile(r"\d+-\d+!?( \d+-\d+!?)*")


def permute(model: Any, order: Sequence[int]) -> None:
    """Put the cross-attention heads of the last decoder layer into `order`."""
    torch = need("torch", "train")
    attention = model.model.decoder.layers[-1].encoder_attn
    size = attention.head_dim
    rows = torch.cat([torch.arange(head * size, (head + 1) * size) for head in order])
    with torch.no_grad():
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.weight.copy_(part.weight[rows])
            part.bias.copy_(part.bias[rows])
        attention.out_proj.weight.copy_(attention.out_proj.weight[:, rows])


def _read(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (source, target, third column or nothing)."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            source, target, marks = (*line.rstrip("\n").split("\t"), "", "")[:3]
            yield source, target, marks


def copies(source: str, target: str) -> list[tuple[int, int]]:
    """Return (source word, target word) of names and numbers that stand once on either side, by their first four letters."""

    def key(word: str) -> str:
        bare = "".join(c for c in word if c.isalnum())
        return bare[:4].casefold() if len(bare) > 1 and (bare[0].isupper() or bare[0].isdigit()) else ""

    left, right = [key(w) for w in source.split()], [key(w) for w in target.split()]
    return [(i, right.index(k)) for i, k in enumerate(left) if i and k and left.count(k) == 1 and right.count(k) == 1]


def linked(marks: str) -> list[tuple[int, int]]:
    """Return the (source word, target word) links that both directions of the aligner found ("!") between words with no other such link."""
    sure = [(int(s), int(t)) for s, t in (mark[:-1].split("-") for mark in marks.split() if mark.endswith("!"))]
    left, right = Counter(s for s, _ in sure), Counter(t for _, t in sure)
    return [(s, t) for s, t in sure if left[s] == right[t] == 1]


def probes(source: str, target: str, marks: str) -> list[tuple[int, int]]:
    """Return the word pairs of one sentence pair that a head ought to point at; long sentences are passed over."""
    if len(source.split()) > PROBE_LENGTH:
        return []
    return linked(marks) if LINKS.fullmatch(marks) else copies(source, target)


def rank(model_folder: Path, probe: Path) -> tuple[list[int], dict[str, Any]]:
    """Return the heads of the last layer, best first, and the shares of probes that they point right (mean of both directions)."""
    torch, library = need("torch", "train"), need("transformers", "train")
    model = library.MarianMTModel.from_pretrained(model_folder, attn_implementation="eager").eval()
    source_pieces, target_pieces = (need("sentencepiece", "build").SentencePieceProcessor(model_file=str(model_folder / n)) for n in PIECES)
    vocabulary = json.loads((model_folder / "vocab.json").read_text("utf-8"))
    unknown, start, end = vocabulary["<unk>"], model.config.decoder_start_token_id, model.config.eos_token_id
    matrices: list[tuple[Any, list[tuple[int, int]]]] = []
    seen = 0
    for source, target, marks in _read(probe):
        pairs = probes(source, target, marks)
        if not pairs:
            continue
        left, right = source_pieces.encode(source, out_type=str), target_pieces.encode(target, out_type=str)
        ids = torch.tensor([[*(vocabulary.get(p, unknown) for p in left), end]])
        given = torch.tensor([[start, *(vocabulary.get(p, unknown) for p in right)]])
        with torch.no_grad():
            weights = model(input_ids=ids, decoder_input_ids=given, output_attentions=True).cross_attentions[-1][0]
        matrix = _words(torch, weights[:, : len(right), : len(left)], words_of(right)[0], words_of(left)[0])
        matrices.append((matrix, [(s, t) for s, t in pairs if s < matrix.shape[2] and t < matrix.shape[1]]))
        seen += len(pairs)
        if seen >= PROBE_WORDS:
            break
    if not seen:
        raise ConfigError(
            f"{probe}: no sentence pair with word links or with a name or number on both sides, so the heads cannot be ranked; give a larger file"
        )
    return _order(matrices, model.config.decoder_attention_heads)


def _words(torch: Any, weights: Any, target: Sequence[int], source: Sequence[int]) -> Any:
    """Sum piece weights [heads, target, source] to word weights."""
    out = torch.zeros(weights.shape[0], max(target) + 1, max(source) + 1)
    for (y, t), (x, s) in itertools.product(enumerate(target), enumerate(source)):
        out[:, t, s] += weights[:, y, x]
    return out


def _order(matrices: Sequence[tuple[Any, list[tuple[int, int]]]], heads: int) -> tuple[list[int], dict[str, Any]]:
    """Rank single heads, then choose how many of the best ones to average."""

    def share(chosen: Sequence[int]) -> float:
        right = total = 0
        for matrix, pairs in matrices:
            mean = matrix[list(chosen)].mean(0)
            for s, t in pairs:
                right += int(int(mean[t].argmax()) == s) + int(int(mean[:, s].argmax()) == t)
                total += 2
        return round(right / max(total, 1), 3)

    single = {head: share([head]) for head in range(heads)}
    order = sorted(single, key=lambda head: -single[head])
    means = {n: share(order[:n]) for n in range(1, heads + 1)}
    best = max(means, key=lambda n: means[n])
    return order, {"heads": best, "right": means[best], "single": [single[h] for h in range(heads)], "all": means[heads]}

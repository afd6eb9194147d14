"""A Marian model trained with Transformers -> a CTranslate2 folder that decodes the same and points at the words it translates.

    python -m build_data.mt_convert --model /tmp/mt-fi --out corpora/mini/models/mt/fi --language fi --licence CC-BY-4.0 --probe dev.tsv.gz

Beyond ct2-transformers-converter it does two things. Both leave the model's output as it was in Transformers.
1. CTranslate2 starts a Marian decoder from a zero embedding; Transformers starts it from the <pad> row. Where training moved that row (tied
   embeddings), the plain converter breaks the model: measured on the first snapshots of train_mt.py's models, 1 of 40 outputs equalled
   Transformers' (en-fi), with the row added to the decoder's position 0 (read at the start only) 37 of 40
   (float32 and int8; why not the other 3 was not looked into; a later snapshot: 38 and 39).
2. CTranslate2 returns the mean attention of the first N heads of the last layer. Heads differ: with --probe (English TAB target, gzipped or
   not) they are ranked by how often a name or number points at its own copy, and the best ones are put first (a permutation of
   the cross-attention's heads, which changes no output).
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from build_data.lazy import need
from build_data.mt_align import words_of
from corpora.config import ConfigError
from corpora.shards import write_json

PROBE_WORDS = 600  # names and numbers looked at; the standard error of a share is then below 0.02
COPIED = ("source.spm", "target.spm")


def convert(model: Path, out: Path, card: dict[str, Any], probe: Path | None = None, quantization: str = "int8", heads: int = 0) -> dict[str, Any]:
    """Convert folder `model` to `out` and write its card; returns the card. Raises ConfigError for a folder that is no Marian model."""
    lacking = [name for name in ("config.json", "vocab.json", *COPIED) if not (model / name).is_file()]
    if lacking:
        raise ConfigError(f"{model}: no {', '.join(lacking)}; a Marian folder has config.json, weights, vocab.json, {' and '.join(COPIED)}")
    order, shares = _rank(model, probe) if probe else ([], {})
    loader = need("ctranslate2.converters.transformers", "build")
    old = loader._MODEL_LOADERS["MarianConfig"]
    loader._MODEL_LOADERS["MarianConfig"] = _loader(type(old), order, heads or int(shares.pop("heads", 1)))
    try:
        loader.TransformersConverter(str(model), copy_files=list(COPIED)).convert(str(out), quantization=quantization, force=True)
    finally:
        loader._MODEL_LOADERS["MarianConfig"] = old
    card = {**card, **({"alignment": shares} if shares else {})}
    write_json(out / "model.json", card)
    return card


def _loader(base: Any, order: Sequence[int], heads: int) -> Any:
    """Return the library's Marian loader with the start row folded in and the alignment heads chosen."""

    class Loader(base):  # type: ignore[misc]
        def get_model_spec(self, model: Any) -> Any:
            _fold_start(model)
            if order:
                _permute(model, order)
            spec = super().get_model_spec(model)
            spec.decoder.alignment_heads = need("numpy", "build").dtype("int16").type(heads)
            return spec

    return Loader()


def _fold_start(model: Any) -> None:
    torch, config, decoder = need("torch", "train"), model.config, model.model.decoder
    scale = math.sqrt(config.d_model) if config.scale_embedding else 1.0
    positions = decoder.embed_positions.weight.detach().clone()
    positions[0] += scale * decoder.embed_tokens.weight.detach()[config.decoder_start_token_id]
    decoder.embed_positions.weight = torch.nn.Parameter(positions, requires_grad=False)


def _permute(model: Any, order: Sequence[int]) -> None:
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


def _read(path: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            source, _, target = line.rstrip("\n").partition("\t")
            yield source, target.partition("\t")[0]


def copies(source: str, target: str) -> list[tuple[int, int]]:
    """Return (source word, target word) of names and numbers that stand once on either side, by their first four letters."""

    def key(word: str) -> str:
        bare = "".join(c for c in word if c.isalnum())
        return bare[:4].casefold() if len(bare) > 1 and (bare[0].isupper() or bare[0].isdigit()) else ""

    left, right = [key(w) for w in source.split()], [key(w) for w in target.split()]
    return [(i, right.index(k)) for i, k in enumerate(left) if i and k and left.count(k) == 1 and right.count(k) == 1]


def _rank(model_folder: Path, probe: Path) -> tuple[list[int], dict[str, Any]]:
    """Return the heads of the last layer, best first, and the shares of probes that they point right (mean of both directions)."""
    torch, library = need("torch", "train"), need("transformers", "train")
    model = library.MarianMTModel.from_pretrained(model_folder, attn_implementation="eager").eval()
    source_pieces, target_pieces = (need("sentencepiece", "build").SentencePieceProcessor(model_file=str(model_folder / n)) for n in COPIED)
    vocabulary = json.loads((model_folder / "vocab.json").read_text("utf-8"))
    unknown, start, end = vocabulary["<unk>"], model.config.decoder_start_token_id, model.config.eos_token_id
    matrices: list[tuple[Any, list[tuple[int, int]]]] = []
    seen = 0
    for source, target in _read(probe):
        pairs = copies(source, target) if len(source.split()) <= 30 else []
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
        raise ConfigError(f"{probe}: no sentence pair with a name or number on both sides, so the heads cannot be ranked; give a larger file")
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="Transformers folder with source.spm and target.spm")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--language", required=True, help="target language, e.g. fi")
    parser.add_argument("--licence", required=True)
    parser.add_argument("--probe", type=Path, help="aligned TSV on which the attention heads are ranked")
    args = parser.parse_args()
    print(json.dumps(convert(args.model, args.out, {"source": "en", "target": args.language, "licence": args.licence}, args.probe)))


if __name__ == "__main__":
    main()

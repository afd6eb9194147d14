"""A Transformers translation model -> a CTranslate2 folder that decodes the same, with its tokenizer files, card and canary.

    python -m build_data.mt_convert --model /tmp/mt-fi --out corpora/mini/models/mt/fi --language fi --licence CC-BY-4.0 --probe dev.tsv.gz

Marian (OPUS-MT), M2M-100, NLLB-200, MADLAD-400 (T5) and mBART-50. The weights go through CTranslate2's own loaders; what differs from
ct2-transformers-converter, each because the plain way was seen to break a model (ctranslate2 4.8.5, transformers 5.23.0):
1. The vocabulary is read from the model's files, not asked from Transformers' tokenizers (mt_vocabulary.py says what those answer).
2. CTranslate2 starts a Marian decoder from a zero embedding; Transformers starts it from the <pad> row. Where training moved that row (tied
   embeddings), the plain converter breaks the model: measured on the first snapshots of train_mt.py's models, 1 of 40 outputs equalled
   Transformers' (en-fi), with the row added to the decoder's position 0 (read at the start only) 37 of 40. A zero row, as in OPUS-MT, adds nothing.
3. T5Config of Transformers 5 always says tie_word_embeddings, from which CTranslate2 concludes that the outputs are scaled by 1/sqrt(d_model);
   MADLAD-400 does not scale. The best token is the same, but scores and so beams are flattened.
4. MBartConfig of Transformers 5 has no normalize_before, without which the loader stops.
5. With --probe, a Marian model's alignment heads are ranked and put first (mt_heads.py).
The canary (mt_canary.py) runs on the float32 weights before anything is kept; a model that fails it is never written.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from build_data import mt_canary, mt_heads
from build_data.lazy import need
from build_data.mt_families import LICENCES, THREE, TWO, UNKNOWN_LICENCE, Family, family_of, style_of
from build_data.mt_hardware import compute_type
from build_data.mt_model import Folder, open_model, optional_json
from build_data.mt_vocabulary import read_json, tokens
from corpora.base import aside
from corpora.config import ConfigError
from corpora.shards import write_json

VERSION = 1  # raise when the same Transformers folder would give other files: it is part of the converted folder's name
LOADERS = {"marian": "MarianConfig", "m2m100": "M2M100Config", "nllb": "M2M100Config", "madlad": "T5Config", "mbart50": "MBartConfig"}
QUANTIZATIONS = ("int8", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32")
KEPT = ("fihu.json", "generation_config.json", "README.md")  # go along where they are there


def inspect(model: Path) -> Family:
    """Return the family of a Transformers folder whose files are complete. Raises ConfigError that names what is missing."""
    if not (model / "config.json").is_file():
        raise ConfigError(
            f"{model} has no model.bin and no config.json, so it is neither a CTranslate2 folder nor a Transformers folder; copy config.json to it"
        )
    names = {path.name for path in model.iterdir()}
    family = family_of(read_json(model / "config.json"), names, str(model))
    lacking = [name for name in (*family.tokenisers, *family.others) if name not in names]
    if lacking:
        raise ConfigError(
            f"{model}: no {', '.join(lacking)}; a {family.name} folder has config.json, weights and {', '.join((*family.tokenisers, *family.others))}. "
            "Copy the tokenizer files from the model's page on the Hub; tokenizer.json alone is not enough, the SentencePiece files are read directly"
        )
    return family


def load(model: Path, family: Family) -> Any:
    """Return the model in float32. Raises ConfigError for weights that are missing, damaged, incomplete or not safe to read."""
    library = need("transformers", "train")
    kind = getattr(library, need("ctranslate2.converters.transformers", "build")._MODEL_LOADERS[LOADERS[family.name]].architecture_name)
    try:
        # safetensors first; a pytorch_model.bin (most OPUS-MT folders hold nothing else) is read with weights_only, which builds tensors and no other
        # objects and refuses a pickle that wants more.
        found, notes = kind.from_pretrained(
            model, dtype=need("torch", "train").float32, trust_remote_code=False, weights_only=True, local_files_only=True, output_loading_info=True
        )
    except Exception as err:  # a dozen kinds: SafetensorError, UnpicklingError, OSError, RuntimeError for shapes, ValueError for the config
        first = (str(err).strip().splitlines() or [type(err).__name__])[0][:300]
        raise ConfigError(
            f"{model}: its weights cannot be read ({type(err).__name__}: {first}); fetch model.safetensors (or pytorch_model.bin) again, "
            "or save the model with save_pretrained"
        ) from None
    if notes["missing_keys"]:
        lost = sorted(notes["missing_keys"])
        raise ConfigError(f"{model}: its weights lack {len(lost)} tensors of a {family.name} model ({', '.join(lost[:3])} ...); fetch the file again")
    return found.eval()


def convert(
    model: Path, out: Path, card: dict[str, Any], probe: Path | None = None, quantization: str = "int8", heads: int = 0,
    pair: tuple[str, str] | None = None, replace: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Convert folder `model` to `out` (whole or not at all) and write its card, model.json; returns the card.

    With `pair` (source language, target language) the canary must pass first. Without `replace` a folder that another process wrote meanwhile stays.
    Raises ConfigError for a folder that cannot be converted, for
    one that fails the canary, and where `out` cannot be written.
    """
    family = inspect(model)
    order, shares = mt_heads.rank(model, probe) if probe and family.name == "marian" else ([], {})
    loaded = load(model, family)
    vocabulary = tokens(model, family, loaded.get_input_embeddings().weight.shape[0])
    if order:
        mt_heads.permute(loaded, order)
    reference = mt_canary.Reference(loaded, model, family, vocabulary)
    chosen = heads or int(shares.pop("heads", 1))
    card = {
        **card, **({"alignment": shares} if shares else {}), "family": family.name, "quantization": quantization,
        "versions": {name: version(name) for name in ("ctranslate2", "transformers")},
    }  # fmt: skip
    with aside(out) as part:
        if pair:
            card["canary"] = {"-".join(pair): _exact(loaded, family, vocabulary, model, part, pair, reference)}
        _write(loaded, family, vocabulary, model, part, quantization, chosen)
        write_json(part / "model.json", card)
        if pair:
            produced = mt_canary.check(open_model(part, pair[1], pair[0]), "cpu", compute_type("auto", "cpu"))
            card["canary"]["-".join(pair)]["production"] = produced
            write_json(part / "model.json", card)
        if replace and out.is_dir():
            shutil.rmtree(out)
    return card


def _exact(
    loaded: Any, family: Family, vocabulary: Sequence[str], model: Path, beside: Path, pair: tuple[str, str], reference: mt_canary.Reference
) -> dict[str, Any]:
    """Return the canary's comparison, on a float32 conversion that is thrown away."""
    with tempfile.TemporaryDirectory(dir=beside, prefix="exact-") as place:
        _write(loaded, family, vocabulary, model, Path(place), "float32", 1)
        return mt_canary.compare(open_model(Path(place), pair[1], pair[0]), reference)


def compare_again(model: Path, done: Folder) -> None:
    """Run the canary of a further language pair of a converted model and add its record to the card. Raises ConfigError where it fails."""
    family = inspect(model)
    loaded = load(model, family)
    vocabulary = tokens(model, family, loaded.get_input_embeddings().weight.shape[0])
    pair = (done.source, done.language)
    with aside(done.path.with_name(f"{done.path.name}-{'-'.join(pair)}")) as part:  # a place of its own on the same disk
        record = _exact(loaded, family, vocabulary, model, part, pair, mt_canary.Reference(loaded, model, family, vocabulary))
        record["production"] = mt_canary.check(done, "cpu", compute_type("auto", "cpu"))
        card = optional_json(done.path / "model.json")
        write_json(done.path / "model.json", {**card, "canary": {**card.get("canary", {}), "-".join(pair): record}})


def _write(loaded: Any, family: Family, vocabulary: Sequence[str], model: Path, out: Path, quantization: str, heads: int) -> None:
    """Write model.bin, config.json, vocabulary and tokenizer files of one model into the existing folder `out`."""
    torch, library = need("torch", "train"), need("ctranslate2.converters.transformers", "build")
    loader = library._MODEL_LOADERS[LOADERS[family.name]]
    if family.name == "mbart50":  # Transformers 5 dropped these two from MBartConfig; CTranslate2 asks for them. They hold for every mBART.
        loaded.config.normalize_before = loaded.config.normalize_embedding = True
    with torch.no_grad(), _folded(loaded) if family.name == "marian" else contextlib.nullcontext():
        spec = loader.get_model_spec(loaded)
        if family.name == "madlad" and not loaded.config.scale_decoder_outputs:
            spec.decoder.scale_outputs = need("ctranslate2.specs.model_spec", "build").OPTIONAL
        if heads > 1:
            spec.decoder.alignment_heads = need("numpy", "build").dtype("int16").type(heads)
        known = list(vocabulary)
        if family.name == "marian" and known[-1] == "<pad>":
            known.pop()  # the loader drops the row, see there
        spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
        start = loaded.config.decoder_start_token_id
        spec.config.decoder_start_token = "</s>" if family.name == "marian" else vocabulary[start if start is not None else loaded.config.eos_token_id]
        loader.set_vocabulary(spec, known)
        spec.validate()
        spec.optimize(quantization=quantization)
        spec.save(str(out))
    for name in (*family.tokenisers, *KEPT):
        if (model / name).is_file():
            shutil.copyfile(model / name, out / name)


def describe(folder: Path, origin: dict[str, str]) -> dict[str, Any]:
    """Return the card of a Transformers folder: where it came from, its licence, and the languages where its files name them."""
    named = origin.get("hub") or str(optional_json(folder / "config.json").get("_name_or_path", "")) or folder.name
    card: dict[str, Any] = {"licence": licence(folder, named), **origin}
    if not origin:
        card["folder"] = folder.name
    settings, single = optional_json(folder / "tokenizer_config.json"), optional_json(folder / "config.json").get("model_type") == "marian"
    # Only OPUS-MT's files name a fixed pair; in the multilingual families source_lang is a default.
    for key, place in (("source", "source_lang"), ("target", "target_lang")):
        code = str(settings.get(place) or "")
        # Only codes of single languages: "fiu", "ROMANCE" or "mul" stand for groups.
        if single and (code in TWO or code in THREE):
            card[key] = TWO.get(code, code)
    return card


def licence(folder: Path, named: str) -> str:
    """Return the licence as the model card (README.md) or config.json gives it, else the one known for the name, else "not recorded"."""
    if (folder / "README.md").is_file():
        header = (folder / "README.md").read_text("utf-8", errors="replace").split("\n---", 1)[0]
        # license: cc-by-4.0, or a list of one or more below it
        if header.startswith("---") and (match := re.search(r"^license:[ \t]*(\S[^\n]*|(?:\n[ \t]*-[^\n]+)+)", header, re.MULTILINE)):
            return ", ".join(part.strip(" '\"-\t") for part in match[1].strip().splitlines() if part.strip(" '\"-\t"))
    own = optional_json(folder / "config.json").get("license")
    return str(own) if own else next((known for start, known in LICENCES.items() if named.startswith(start)), UNKNOWN_LICENCE)


@contextlib.contextmanager
def _folded(model: Any) -> Iterator[None]:
    """Add the start row to the decoder's position 0 while the weights are read: CTranslate2 starts from zero. Afterwards `model` is as it was."""
    torch, config, decoder = need("torch", "train"), model.config, model.model.decoder
    scale = math.sqrt(config.d_model) if config.scale_embedding else 1.0
    kept = decoder.embed_positions.weight
    positions = kept.detach().clone()
    positions[0] += scale * decoder.embed_tokens.weight.detach()[config.decoder_start_token_id]
    decoder.embed_positions.weight = torch.nn.Parameter(positions, requires_grad=False)
    try:
        yield
    finally:
        decoder.embed_positions.weight = kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="Transformers folder: config.json, weights, SentencePiece files")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--language", required=True, help="target language on which the canary runs, e.g. fi")
    parser.add_argument("--source", default="en", help="source language (default: en)")
    parser.add_argument("--licence", default="", help="licence of the weights (default: as the model's card says)")
    parser.add_argument("--quantization", default="int8", choices=QUANTIZATIONS, help="how the weights are stored (default: int8, a quarter of float32)")
    parser.add_argument("--probe", type=Path, help="aligned TSV on which a Marian model's attention heads are ranked")
    args = parser.parse_args()
    try:
        card = {**describe(args.model, {}), **({"licence": args.licence} if args.licence else {})}
        if inspect(args.model).name == "marian" and not style_of(read_json(args.model / "vocab.json")):
            card |= {"source": args.source, "target": args.language}  # a model of one pair
        done = convert(args.model, args.out, card, args.probe, args.quantization, pair=(args.source, args.language))
    except ConfigError as err:
        raise SystemExit(f"mistake: {err}") from None
    print(json.dumps(done, ensure_ascii=False))


if __name__ == "__main__":
    main()

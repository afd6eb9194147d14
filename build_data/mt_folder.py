"""A translation model's folder: what must be in it, in which languages it works, and what identifies it. No heavy library.

model.bin, config.json, shared_vocabulary.json (or source_/target_vocabulary.json)    as CTranslate2's converters write them
source.spm, target.spm        (or one sentencepiece.bpe.model / spiece.model for both: NLLB, M2M-100, T5)
model.json                    optional card: {"source": "en", "target": "fi", "licence": ..., "dev": {...}}
fihu.json                     optional, over what is detected: {"source_first": ">>fin<<", "source_last": "</s>", "target_first": ""}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpora.config import ConfigError, build
from corpora.corpus import find_folder
from corpora.shards import digest, known_sha256

SOURCE = "en"
# How multilingual models name our languages: OPUS-MT ">>fin<<", NLLB "fin_Latn". Other languages: write fihu.json.
LONG_NAMES = {"en": "eng", "fi": "fin", "hu": "hun", "et": "est", "sv": "swe", "de": "deu"}
SHARED_TOKENISERS = ("sentencepiece.bpe.model", "spiece.model", "sentencepiece.model")
CONVERT = "python -m build_data.mt_convert --model TRANSFORMERS_FOLDER --out "


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Special tokens around the pieces; '' = none. Marian converted from Transformers needs the final </s> given (facts 1.3)."""

    source_first: str = ""
    source_last: str = ""
    target_first: str = ""  # forced as the first output token and taken off again (NLLB, M2M-100)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A checked model folder."""

    path: Path
    language: str
    source_pieces: Path
    target_pieces: Path
    tokens: Tokens
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return what identifies the model's output, decode settings apart: weights, vocabularies, tokenisers, special tokens."""
        files = [self.path / "model.bin", *sorted(self.path.glob("*vocabulary.*")), self.source_pieces, self.target_pieces]
        return digest([self.language, vars(self.tokens), [known_sha256(f) for f in files]])


def open_folder(path: str | Path, language: str) -> Folder:
    """Check a model folder for English -> `language`; a relative path is below CORPORA_DIR or corpora/. Raises ConfigError."""
    folder = find_folder(path)
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ConfigError(
            f"translation.models.{language}: {folder} {what}; name a CTranslate2 model folder, absolute, or relative to CORPORA_DIR or to this project's corpora/"
        )
    missing = [name for name in ("model.bin", "config.json") if not (folder / name).is_file()]
    if missing:
        hint = "it looks like a Transformers folder; convert it" if (folder / "model.safetensors").exists() else "convert the model"
        raise ConfigError(
            f"translation.models.{language}: {folder} has no {' and no '.join(missing)}, so CTranslate2 cannot load it; {hint} with: {CONVERT}{folder}-ct2"
        )
    source, target = _tokenisers(folder, language)
    card = _json(folder / "model.json")
    for key, expected in (("source", SOURCE), ("target", language)):
        found = card.get(key, expected)
        if expected not in ([found] if isinstance(found, str) else found):
            raise ConfigError(
                f"{folder / 'model.json'}: the model's {key} language is {found!r}, but the study uses it for {SOURCE} -> {language}; "
                f"name another folder in translation.models.{language}"
            )
    return Folder(path=folder, language=language, source_pieces=source, target_pieces=target, tokens=_tokens(folder, language), card=card)


def _tokenisers(folder: Path, language: str) -> tuple[Path, Path]:
    source, target = folder / "source.spm", folder / "target.spm"
    if source.is_file() and target.is_file():
        return source, target
    for name in SHARED_TOKENISERS:
        if (folder / name).is_file():
            return folder / name, folder / name
    lacking = " and ".join(p.name for p in (source, target) if not p.is_file())
    raise ConfigError(
        f"translation.models.{language}: {folder} has no {lacking} (nor {', '.join(SHARED_TOKENISERS)}); CTranslate2 models need their SentencePiece files "
        "beside model.bin. Copy them from the model's Transformers folder, or convert again with --copy_files source.spm target.spm"
    )


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path}: not readable as JSON ({err})") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: holds {type(value).__name__}, expected a JSON object")
    return value


def _tokens(folder: Path, language: str) -> Tokens:
    """Detect the special tokens from config.json and the vocabulary; fihu.json is laid over them."""
    config = _json(folder / "config.json")
    # The converters for OPUS-MT and Marian files set add_source_eos; the Transformers converter leaves it to us.
    last = "" if config.get("add_source_eos") else "</s>"
    known = _vocabulary(folder)
    name, english = LONG_NAMES.get(language, language), LONG_NAMES[SOURCE]
    found = {"source_first": "", "source_last": last, "target_first": ""}
    if f"{name}_Latn" in known:
        found |= {"source_first": f"{english}_Latn", "target_first": f"{name}_Latn"}
    elif f"__{language}__" in known:
        found |= {"source_first": f"__{SOURCE}__", "target_first": f"__{language}__"}
    elif f">>{name}<<" in known:
        found |= {"source_first": f">>{name}<<"}
    elif any(token.startswith(">>") and token.endswith("<<") for token in known):
        raise ConfigError(
            f"{folder}: a multi-target model without a token >>{name}<< for {language!r}; write the one it has into {folder / 'fihu.json'}: "
            '{"source_first": ">>...<<"}'
        )
    return build(Tokens, found | _json(folder / "fihu.json"), str(folder / "fihu.json"))


def _vocabulary(folder: Path) -> set[str]:
    for name in ("shared_vocabulary", "target_vocabulary"):
        path = folder / f"{name}.json"
        if path.is_file():
            try:
                return set(json.loads(path.read_text("utf-8")))
            except (OSError, ValueError, TypeError) as err:
                raise ConfigError(f"{path}: not a list of tokens ({err}); convert the model again") from None
        if path.with_suffix(".txt").is_file():
            return set(path.with_suffix(".txt").read_text("utf-8").split("\n"))
    return set()

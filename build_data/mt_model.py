"""A CTranslate2 translation folder: what must be in it, in which languages it works, and what identifies it. No heavy library.

model.bin, config.json, shared_vocabulary.json (or source_/target_vocabulary.json)    as CTranslate2's converters write them
source.spm, target.spm        (or one sentencepiece.bpe.model / spiece.model for both: NLLB, M2M-100, T5)
model.json                    optional card: {"source": "en", "target": "fi", "licence": ..., "family": ..., "canary": {...}, "dev": {...}}
fihu.json                     optional, over what is detected: {"source_first": ">>fin<<", "source_last": "</s>", "target_first": ""}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from build_data.mt_families import FORCED, UNKNOWN_LICENCE, same_language, style_of, token_of
from build_data.mt_vocabulary import before, read_json, read_vocabulary
from corpora.config import ConfigError, build
from corpora.shards import digest, known_sha256

SHARED_TOKENISERS = ("sentencepiece.bpe.model", "spiece.model", "sentencepiece.model")


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Special tokens around the pieces; '' = none. Marian converted from Transformers needs the final </s> given (facts 1.3)."""

    source_first: str = ""  # one token, or several with a space between
    source_last: str = ""
    target_first: str = ""  # forced as the first output token and taken off again (NLLB, M2M-100)

    @property
    def head(self) -> tuple[str, ...]:
        """Return the tokens before the source's pieces."""
        return tuple(self.source_first.split())

    def framed(self, pieces: Sequence[str]) -> list[str]:
        """Return the source as the model wants it: its pieces between the special tokens."""
        return [*self.head, *pieces, *([self.source_last] if self.source_last else [])]


@dataclass(frozen=True, kw_only=True)
class Folder:
    """A checked model folder."""

    path: Path
    source: str
    language: str
    source_pieces: Path
    target_pieces: Path
    tokens: Tokens
    card: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Return what identifies the model's output, decode settings apart: weights, vocabularies, tokenisers, special tokens."""
        files = [self.path / "model.bin", *sorted(self.path.glob("*vocabulary.*")), self.source_pieces, self.target_pieces]
        return digest([self.source, self.language, vars(self.tokens), [known_sha256(f) for f in files]])


def open_model(folder: Path, language: str, source: str) -> Folder:
    """Check a CTranslate2 folder for `source` -> `language`. Raises ConfigError that says what is missing or does not fit."""
    missing = [name for name in ("model.bin", "config.json") if not (folder / name).is_file()]
    if missing:
        raise ConfigError(
            f"translation.models.{language}: {folder} has no {' and no '.join(missing)}, so CTranslate2 cannot load it; name a CTranslate2 folder, "
            "or a Transformers folder (config.json, weights, SentencePiece files), which is converted at first use"
        )
    first, second = _tokenisers(folder, language)
    card = {"licence": UNKNOWN_LICENCE, **optional_json(folder / "model.json")}
    for key, expected in (("source", source), ("target", language)):
        found = card.get(key, expected)
        if not any(same_language(expected, known) for known in ([found] if isinstance(found, str) else found)):
            raise ConfigError(
                f"{folder / 'model.json'}: the model's {key} language is {found!r}, but the study uses it for {source} -> {language}; "
                f"name another model in translation.models.{language}"
            )
    tokens = _tokens(folder, language, source, first)
    return Folder(path=folder, source=source, language=language, source_pieces=first, target_pieces=second, tokens=tokens, card=card)


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
        "beside the weights. Copy them from the model's page on the Hub, or convert again with --copy_files source.spm target.spm"
    )


def optional_json(path: Path) -> dict[str, Any]:
    """Return a JSON object from a file, {} where there is no such file."""
    return dict(read_json(path)) if path.is_file() else {}


def _tokens(folder: Path, language: str, source: str, pieces: Path) -> Tokens:
    """Detect the special tokens from config.json and the vocabulary; fihu.json is laid over them."""
    # The converters for OPUS-MT and Marian file sets set add_source_eos; the Transformers converter leaves it to us.
    found = {"source_first": "", "source_last": "" if optional_json(folder / "config.json").get("add_source_eos") else "</s>", "target_first": ""}
    own = optional_json(folder / "fihu.json")
    known = read_vocabulary(folder)
    style, where = style_of(known), str(folder)
    if style and "source_first" not in own:
        remedy = f'write the tokens into {folder / "fihu.json"}: {{"source_first": "...", "target_first": "..."}}'
        target = token_of(known, style, language, where, remedy)
        if style in FORCED:
            found |= {"source_first": token_of(known, style, source, where, remedy), "target_first": target}
        else:
            found |= {"source_first": before(pieces, target) if style == "madlad" else target}
    return build(Tokens, found | own, str(folder / "fihu.json"))

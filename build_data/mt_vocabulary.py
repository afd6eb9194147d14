"""The tokens of a Transformers translation folder by their number, read from its own files.

CTranslate2's converters ask Transformers' tokenizers for them. With Transformers 5.23 three of the five answer wrongly (found by running them):
M2M100Tokenizer.get_vocab() has no language tokens, so a converted model knows "madeupword0" instead of "__fi__"; NllbTokenizer and its kind,
loaded from sentencepiece.bpe.model alone, know no language at all; T5Tokenizer takes number 2 as <unk>, which in MADLAD-400 is </s>.
So the numbers are computed here as the models' makers assigned them, and the converter is handed the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from build_data.lazy import need
from build_data.mt_families import Family
from corpora import bounded
from corpora.config import ConfigError

FAIRSEQ = ("<s>", "<pad>", "</s>", "<unk>")  # the first four numbers of M2M-100, NLLB and mBART-50
SPARE = 128  # rows beyond the last token are padding and placeholders (NLLB 2, M2M-100 8, T5 128); more means that the files do not belong together


def tokens(folder: Path, family: Family, rows: int) -> list[str]:
    """Return the token of every row of the embedding matrix (`rows` of them). Raises ConfigError where files and matrix disagree."""
    found = _numbered(folder, family)
    if len(found) > rows or rows - len(found) > SPARE or (family.name == "marian" and len(found) != rows):
        names = ", ".join((*family.tokenisers, *family.others))
        raise ConfigError(
            f"{folder}: the weights have {rows} rows of embeddings, but {names} make {len(found)} tokens; these files are not of one model. "
            "Take weights and tokenizer files from the same folder"
        )
    return found + [f"<spare{i}>" for i in range(rows - len(found))]


def pieces_of(path: Path) -> Any:
    """Return the SentencePiece processor of a file. Raises ConfigError for a file that is none."""
    try:
        return need("sentencepiece", "build").SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError) as err:
        raise ConfigError(f"{path}: not a SentencePiece model ({err}); copy it again from the model's Transformers folder") from None


def before(path: Path, token: str) -> str:
    """Return what SentencePiece makes of a language token that stands before a text, as tokens with spaces between ("▁ <2fi>" for "<2fi>")."""
    pieces = pieces_of(path)
    whole, text = pieces.encode(f"{token} x", out_type=str), pieces.encode("x", out_type=str)
    head = whole[: len(whole) - len(text)]
    return " ".join(head) if whole[len(head) :] == text and token in head else token


def _numbered(folder: Path, family: Family) -> list[str]:
    if family.name == "marian":
        return _from_table(folder / "vocab.json")
    if family.name == "m2m100":
        # Language tokens follow the pieces, in the library's order; the tokenizer computes their numbers in the same way.
        languages = need("transformers.models.m2m_100.tokenization_m2m_100", "train").FAIRSEQ_LANGUAGE_CODES[_setting(folder, "language_codes", "m2m100")]
        return _from_table(folder / "vocab.json") + [f"__{code}__" for code in languages]
    pieces = pieces_of(folder / family.tokenisers[0])
    ordered = [pieces.id_to_piece(i) for i in range(len(pieces))]
    if family.name == "madlad":
        return ordered
    if (folder / "tokenizer.json").is_file():
        return _from_fast(folder / "tokenizer.json")
    module = {"nllb": "nllb.tokenization_nllb", "mbart50": "mbart50.tokenization_mbart50"}[family.name]
    languages = need(f"transformers.models.{module}", "train").FAIRSEQ_LANGUAGE_CODES
    return [*FAIRSEQ, *ordered[3:], *languages, "<mask>"]  # SentencePiece's own first three are <unk>, <s>, </s>


def _from_table(path: Path) -> list[str]:
    table = read_json(path)
    by_number = {number: token for token, number in table.items()}
    if sorted(by_number) != list(range(len(by_number))) or len(by_number) != len(table):
        raise ConfigError(f"{path}: must number its {len(table)} tokens 0 to {len(table) - 1}, each once; copy it again from the model's folder")
    return [str(by_number[i]) for i in range(len(by_number))]


def _from_fast(path: Path) -> list[str]:
    raw = read_json(path)
    listed = raw.get("model", {}).get("vocab", {})
    # A Unigram vocabulary is a list of [piece, score], a BPE vocabulary a table.
    table: dict[str, int] = {item[0]: i for i, item in enumerate(listed)} if isinstance(listed, list) else dict(listed)
    table |= {entry["content"]: entry["id"] for entry in raw.get("added_tokens", [])}
    names = {number: token for token, number in table.items()}
    return [names.get(i, f"<unused{i}>") for i in range(max(names, default=-1) + 1)]


def _setting(folder: Path, name: str, default: str) -> str:
    path = folder / "tokenizer_config.json"
    return str(read_json(path).get(name, default)) if path.is_file() else default


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in a file. Raises ConfigError for a file that holds none."""
    try:
        value = bounded.read_json(path)
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path}: not readable as JSON ({err}); copy it again from where the model came from") from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: holds {type(value).__name__}, expected a JSON object")
    return value


def read_vocabulary(folder: Path) -> list[str]:
    """Return the target tokens of a CTranslate2 folder, [] where it has no such file. Raises ConfigError for a file that is no list of tokens."""
    for name in ("shared_vocabulary", "target_vocabulary"):
        path = folder / f"{name}.json"
        if path.is_file():
            try:
                value = bounded.read_json(path)
            except (OSError, ValueError) as err:
                raise ConfigError(f"{path}: not a list of tokens ({err}); convert the model again") from None
            if not isinstance(value, list) or not all(isinstance(token, str) for token in value):
                raise ConfigError(f"{path}: not a list of tokens; convert the model again")
            return value
        if path.with_suffix(".txt").is_file():
            return path.with_suffix(".txt").read_text("utf-8").split("\n")
    return []


def coverage(pieces: Any, known: Sequence[str] | set[str], texts: Sequence[str]) -> float:
    """Return the share of the texts' pieces that the model has a number for; near 1 unless the SentencePiece file is another model's."""
    have = set(known)
    used = [piece for text in texts for piece in pieces.encode(text, out_type=str)]
    return sum(piece in have for piece in used) / max(len(used), 1)

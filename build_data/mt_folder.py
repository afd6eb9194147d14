"""From what a study names to a model that can be loaded: a CTranslate2 folder, a Transformers folder, or a Hub id with or without a commit.

    [translation.models]
    fi = "mini/models/mt/fi"                                  # a CTranslate2 folder below CORPORA_DIR or corpora/, or an absolute path
    hu = "/models/opus-mt-en-hu"                              # a Transformers folder: converted at first use, kept in the cache
    et = "facebook/nllb-200-distilled-600M@<40 hex digits>"   # from the Hub at that commit, then as above

Converted folders lie in $FIHU_CACHE/ct2 (else ~/.cache/fihu-stilts/models/ct2), written aside and renamed: two processes may convert at once.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from build_data import mt_convert, mt_hub
from build_data.mt_model import Folder, Tokens, open_model, optional_json
from corpora.base import default_cache
from corpora.config import ConfigError
from corpora.corpus import find_folder
from corpora.shards import digest, known_sha256

__all__ = ["Folder", "Tokens", "open_folder"]

_ready_only: ContextVar[bool] = ContextVar("ready_only", default=False)
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
ALSO = ("tokenizer.json", "tokenizer_config.json", "fihu.json", "README.md")  # where they are there, vocabulary, languages, tokens or licence come from them


@contextlib.contextmanager
def ready_only() -> Iterator[None]:
    """While this lasts, a model that would have to be fetched or converted first is a ConfigError: for plans, which touch nothing."""
    token = _ready_only.set(True)
    try:
        yield
    finally:
        _ready_only.reset(token)


def open_folder(path: str | Path, language: str, source: str = "en") -> Folder:
    """Return the checked model for `source` -> `language`; `path` is as the study writes it. Converts and fetches where that is needed, once.

    Raises ConfigError for a name that leads nowhere, a folder that is no translation model or none of this pair, and a failed canary.
    """
    folder = find_folder(path)
    origin: dict[str, str] = {}
    if _ready_only.get() and not (folder / "model.bin").is_file() and (folder.is_dir() or mt_hub.is_hub_id(str(path))):
        what = "a Transformers folder, converted" if folder.is_dir() else f"no folder here ({folder}); read as a Hub id it is fetched and converted"
        raise ConfigError(f"translation.models.{language}: {path} is {what} at its first use, which a plan leaves to `make data`")
    if not folder.exists() and mt_hub.is_hub_id(str(path)):
        folder, origin = mt_hub.fetch(str(path), language)
    elif not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ConfigError(
            f"translation.models.{language}: {folder} {what}; name a CTranslate2 or Transformers model folder, absolute, or relative to CORPORA_DIR or to "
            "this project's corpora/, or a model on the Hub (owner/name@commit)"
        )
    if (folder / "model.bin").is_file() or not _weights(folder):
        return open_model(folder, language, source)
    return _converted(folder, origin, language, source)


def _weights(folder: Path) -> list[Path]:
    return [folder / name for name in WEIGHTS if (folder / name).is_file()]


def _converted(folder: Path, origin: dict[str, str], language: str, source: str) -> Folder:
    """Return the conversion of a Transformers folder from the cache, making it where it is not there; the canary runs once a language pair."""
    family = mt_convert.inspect(folder)
    names = sorted({*_parts(folder), "config.json", *family.tokenisers, *family.others, *(name for name in ALSO if (folder / name).is_file())})
    content = origin or {name: known_sha256(folder / name) for name in names}
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", origin.get("hub", folder.name))
    done = default_cache() / "ct2" / f"{name}-{digest([mt_convert.VERSION, content])}"
    pair = (source, language)
    if not done.is_dir():
        mt_convert.convert(folder, done, mt_convert.describe(folder, origin), pair=pair, replace=False)
    model = open_model(done, language, source)
    if "-".join(pair) not in model.card.get("canary", {}):
        mt_convert.compare_again(folder, model)
        model = open_model(done, language, source)
    return model


def _parts(folder: Path) -> list[str]:
    """Return the weight files: one, or an index and the files it lists."""
    first = _weights(folder)[0]
    listed = optional_json(first).get("weight_map", {}).values() if first.suffix == ".json" else ()
    return [first.name, *sorted(set(listed))]

"""Translation models from the Hugging Face Hub, at a commit. The only network use is an explicit Hub id in a study; what is cached is not asked for again."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from build_data.lazy import need
from corpora.config import ConfigError

ID = re.compile(r"([\w.-]+/[\w.-]+?)(?:@([\w./-]+))?")
SMALL = ("config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.json", "vocab.json", "README.md",
         "source.spm", "target.spm", "sentencepiece.bpe.model", "spiece.model", "sentencepiece.model")  # fmt: skip
CONVERTED = ("model.bin", "model.json", "fihu.json", *(f"{side}_vocabulary.{kind}" for side in ("shared", "source", "target") for kind in ("json", "txt")))


def is_hub_id(name: str) -> bool:
    """Say whether a name has the form owner/name or owner/name@revision."""
    return ID.fullmatch(name) is not None


def fetch(name: str, language: str) -> tuple[Path, dict[str, str]]:
    """Return the folder of a Hub id in the Hub's own cache, and {"hub": id, "revision": commit}; downloads what is not there.

    Raises ConfigError where the Hub is needed and cannot be had: with the id, the revision and the command that gets it elsewhere.
    """
    match = ID.fullmatch(name)
    assert match is not None
    hub, revision = match[1], match[2] or "main"
    library = need("huggingface_hub", "build")
    # Without a network: a commit that is in the cache, or the branch as it was when last fetched. snapshot_download(local_files_only=True) is no help,
    # as it wants every file of the repository, tf_model.h5 and all.
    config = library.try_to_load_from_cache(hub, "config.json", revision=revision)
    problem = "it is not in the local cache"
    if isinstance(config, str):
        folder = Path(config).parent
        if not (missing := lacking({path.name for path in folder.iterdir()})):
            return folder, {"hub": hub, "revision": folder.name}
        problem = f"the local cache has it only in part (no {missing})"
    if _offline():
        raise ConfigError(_told(name, hub, revision, language, f"{problem}, and HF_HUB_OFFLINE is set"))
    try:
        folder = _download(library, hub, revision)
    except ConfigError:
        raise
    except Exception as err:  # the client raises a dozen kinds: no network, gated, no such repository or revision, disk full
        first = (str(err).strip().splitlines() or [type(err).__name__])[0][:200]
        raise ConfigError(_told(name, hub, revision, language, f"{problem}, and the Hub did not give it ({type(err).__name__}: {first})")) from None
    return folder, {"hub": hub, "revision": folder.name}


def lacking(names: Collection[str]) -> str:
    """Return what a set of files lacks to be a translation model ("" = nothing)."""
    if "config.json" not in names:
        return "config.json"
    parts = [re.fullmatch(r"(.*)-\d+-of-0*(\d+)(\..*)", name) for name in names]
    counts = {(part[1], part[3], int(part[2])): 0 for part in parts if part}
    if not any(name.endswith((".safetensors", ".bin")) for name in names):
        return "weights"
    for stem, end, count in counts:
        if sum(1 for part in parts if part and (part[1], part[3]) == (stem, end)) < count:
            return f"{stem}{end} in all its {count} parts"
    return "" if any(name.endswith((".spm", ".model")) for name in names) else "SentencePiece file"


def wanted(names: Collection[str]) -> list[str]:
    """Return which files of a repository are fetched: small ones, and the weights: a CTranslate2 model's, else safetensors, else pytorch_model.bin."""
    if "model.bin" in names:
        return sorted({*SMALL, *CONVERTED} & set(names))
    weights = [name for name in names if re.fullmatch(r"model(-\d+-of-\d+)?\.safetensors(\.index\.json)?", name)]
    weights = weights or [name for name in names if re.fullmatch(r"pytorch_model(-\d+-of-\d+)?\.bin(\.index\.json)?", name)]
    return sorted([*weights, *(name for name in SMALL if name in names)])


def _download(library: Any, hub: str, revision: str) -> Path:
    info = library.HfApi().model_info(hub, revision=revision)
    names = wanted({item.rfilename for item in info.siblings or []})
    if missing := lacking(names):
        raise ConfigError(f"{hub} at {info.sha} on the Hub has no {missing}, so it is no translation model of a kind known here")
    # The revision as written, so that the cache knows the branch's commit when there is no network.
    return Path(library.snapshot_download(hub, revision=revision, allow_patterns=names))


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _told(name: str, hub: str, revision: str, language: str, why: str) -> str:
    return (
        f"translation.models.{language} = {name!r}: no such folder below CORPORA_DIR or corpora/, so it was taken for the Hub's {hub}, revision {revision}; "
        f"{why}. On a machine with a network run: python -m build_data.mt_hub {name}   and carry its cache ($HF_HOME) over"
    )


def main() -> None:
    for name in sys.argv[1:]:
        try:
            folder, origin = fetch(name, "XX")
        except ConfigError as err:
            raise SystemExit(f"mistake: {err}") from None
        print(f"{origin['hub']}@{origin['revision']}: {folder}")


if __name__ == "__main__":
    main()

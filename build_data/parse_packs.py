"""Where a language's Stanza models lie: a folder with the bare model files, or Stanza's own download folder.

Nothing is loaded and nothing is downloaded here; Stanza's registry, resources.json, is read as the plain JSON it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from build_data.parse_types import LAYERS
from corpora import corpus as corpora
from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.shards import digest, known_sha256

NEEDED = ("tokenize", "pos", "depparse")  # without these a pack is no pack
OPTIONAL = ("mwt", "lemma", "ner")
PROVIDES = {"trees": "depparse", "lemmas": "lemma", "entities": "ner"}  # layer -> the processor that makes it


@dataclass(frozen=True)
class Pack:
    """The models of one language. `home` is Stanza's download folder, or None for a folder of bare files."""

    language: str
    name: str  # as the study wrote it
    home: Path | None
    models: Mapping[str, str]  # processor -> package in `home`, or the file's path
    files: Mapping[str, Path]  # everything that decides a parse, vectors and character models included

    @property
    def layers(self) -> frozenset[str]:
        return frozenset(layer for layer in LAYERS if PROVIDES[layer] in self.models)

    def sums(self) -> dict[str, str]:
        """Return the SHA-256 (16 digits) of every file."""
        return {name: known_sha256(path)[:16] for name, path in sorted(self.files.items())}

    def fingerprint(self, version: int) -> str:
        return digest([version, self.language, self.sums()])


def open_pack(packs: Mapping[str, str], language: str, stanza_home: Callable[[], Path]) -> Pack:
    """Return the pack of `language`; `packs` is the study's `parsing.packs`.

    A name with a folder behind it (absolute, below CORPORA_DIR or below corpora/) is that folder: bare model files, or a
    download folder of Stanza if it holds resources.json. Any other name without "/" is a package in `stanza_home()`;
    the language's own code, or "default", is Stanza's default package. Raises ConfigError.
    """
    if language not in packs:
        raise ConfigError(
            f"parsing.packs has no pack for {language!r}; it has {', '.join(packs) or 'none'}. "
            f'Write parsing.packs.{language} = a folder, or "{language}" for Stanza\'s own package'
        )
    name = packs[language]
    folder = corpora.find_folder(name)
    if folder.is_dir() and (folder / "resources.json").is_file():
        return _stanza_pack(language, name, "default", folder)
    if "/" in name and not folder.is_dir():
        places = [folder] if Path(name).is_absolute() else [corpora.corpora_dir() / name, corpora.ROOT / name]
        raise ConfigError(f"parsing.packs.{language} = {name!r}: no such folder ({' nor '.join(map(str, places))})")
    if "/" in name or any((folder / f"{p}.pt").is_file() for p in NEEDED):
        return _bare_pack(language, name, folder)
    return _stanza_pack(language, name, "default" if name == language else name, stanza_home())


def _bare_pack(language: str, name: str, folder: Path) -> Pack:
    missing = [f"{p}.pt" for p in NEEDED if not (folder / f"{p}.pt").is_file()]
    if missing:
        raise ConfigError(
            f"parsing.packs.{language}: {folder} lacks {', '.join(missing)}; a pack is a folder with {', '.join(f'{p}.pt' for p in NEEDED)} "
            "or a download folder of Stanza with its resources.json"
        )
    found = {p: folder / f"{p}.pt" for p in (*NEEDED, *OPTIONAL) if (folder / f"{p}.pt").is_file()}
    return Pack(language, name, None, {p: str(path) for p, path in found.items()}, {path.name: path for path in found.values()})


def _stanza_pack(language: str, name: str, package: str, home: Path) -> Pack:
    target = f", model_dir={str(home)!r}" if os.environ.get("STANZA_RESOURCES_DIR") != str(home) else ""
    command = f'python -c "import stanza; stanza.download({language!r}, package={package!r}{target})"'
    where = f"parsing.packs.{language} = {name!r}"
    registry = _registry(home / "resources.json", language, f"{where}: {{}}; nothing is downloaded unasked, so run: {command}")
    chosen = registry.get("packages", {}).get(package) or {p: package for p in (*NEEDED, *OPTIONAL) if package in registry.get(p, {})}
    models = {p: chosen[p] for p in (*NEEDED, *OPTIONAL) if p in chosen}
    if missing := [p for p in NEEDED if p not in models]:
        known = ", ".join(sorted(registry.get("packages", {}))) or "none"
        raise ConfigError(f"{where}: Stanza's package {package!r} of {language!r} has no {', '.join(missing)}; packages in {home}: {known}")
    files: dict[str, Path] = {}
    for processor, model in models.items():
        depends = [(d["model"], d["package"]) for d in registry.get(processor, {}).get(model, {}).get("dependencies") or []]
        for kind, file in [(processor, model), *depends]:
            files[f"{kind}/{file}.pt"] = home / language / kind / f"{file}.pt"
    if absent := [key for key, path in files.items() if not path.is_file()]:
        raise ConfigError(f"{where}: {home / language} lacks {', '.join(absent)}; nothing is downloaded unasked, so run: {command}")
    return Pack(language, name, home, models, files)


def _registry(path: Path, language: str, fault: str) -> Mapping[str, Any]:
    """Return what Stanza's registry says of `language`. `fault` is the error's text, with {} for what is wrong."""
    if not path.is_file():
        raise ConfigError(fault.format(f"there is no {path}"))
    try:
        content = read_json(path)
        found = content.get(language)
    except (OSError, ValueError, AttributeError) as err:
        raise ConfigError(fault.format(f"{path} is no registry of Stanza ({err})")) from None
    if not isinstance(found, dict) or "alias" in found:
        raise ConfigError(fault.format(f"{path} knows no language {language!r}"))
    return found

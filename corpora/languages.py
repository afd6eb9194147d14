"""The languages of the house: one small TOML each, corpora/languages/CODE.toml, or languages/CODE.toml in your own folder of declarations.

A language that is declared may stand in a study; what else it needs (text, a pack, a translation model) the study names. docs/add-a-language.md.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corpora.config import ConfigError, read

ROOT = Path(__file__).parent
FOLDER = "languages"
LISTS = "lists"  # word lists of a language of your own; build_data/word_lists.py reads them
CODE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language, as Stanza, Snowball, spaCy and the Hub know it by its code (the file's name)."""

    name: str  # in English, for the report: "Finnish"
    articles: tuple[str, ...] | None = None  # words that the language's own answer score leaves out; [] = it has none, left out = nobody has said so


def folders() -> tuple[Path, ...]:
    """Return where declarations lie: corpora/, and $FIHU_DECLARATIONS if it is set. Raises ConfigError where that is no folder."""
    own = os.environ.get("FIHU_DECLARATIONS", "")
    if own and not Path(own).expanduser().is_dir():
        raise ConfigError(f"FIHU_DECLARATIONS = {own!r} is no folder; set it to the folder of your own declarations, or unset it")
    return (ROOT, Path(own).expanduser()) if own else (ROOT,)


def files(places: tuple[Path, ...], pattern: str) -> dict[str, Path]:
    """Return name -> TOML file of all `places` ("en/mnli" for en/mnli.toml). Raises ConfigError for a name that two of them have."""
    found: dict[str, Path] = {}
    for place in places:
        for path in sorted(place.glob(pattern)):
            name = path.relative_to(place).with_suffix("").as_posix()
            if name in found:
                raise ConfigError(f"{path}: {name!r} is already declared by {found[name]}; give your file another name")
            found[name] = path
    return found


def declared() -> Mapping[str, Language]:
    """Return every declared language: its code -> what is declared. Raises ConfigError."""
    return _declared(folders())


@functools.cache
def _declared(places: tuple[Path, ...]) -> Mapping[str, Language]:
    found = {}
    for name, path in files(places, f"{FOLDER}/*.toml").items():
        if not CODE.fullmatch(path.stem):
            raise ConfigError(f"{path}: name the file by the language's ISO 639 code, two or three small letters, e.g. et.toml")
        found[name.partition("/")[2]] = read(Language, path)
    return found


def name_of(language: str) -> str:
    """Return a language's English name; its code where nothing is declared."""
    known = declared()
    return known[language].name if language in known else language

"""Words of a language that filters go by: lists_LANGUAGE.toml beside this file, or lists/LANGUAGE.toml in your own folder of declarations.

They need no code to mend. Every value is a regular expression; a list of them is alternatives. A part that is left out makes the filters
concerned say nothing about the language (build_data/unknowing.py names them when data are built).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from corpora import languages
from corpora.config import ConfigError, read
from corpora.shards import known_sha256

T = TypeVar("T")
HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Negation:
    """Whole words, small letters. `plain`: they say no; `hidden`: they may carry a negation ("without", un-, "hardly")."""

    plain: tuple[str, ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What questions ask for and what an answer may hold. `when`, `how_many`, `who` are looked for in the question, small letters;
    `dates`, `numbers` are whole words of an answer that has no digit."""

    when: str
    how_many: str
    who: str
    dates: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The lists of one language; each part may be left out."""

    negation: Negation | None = None
    scope: Mapping[str, tuple[str, ...]] | None = None  # class -> whole words: quantifiers and connectives, the classes of lists_en.toml
    asks: tuple[str, ...] = ()  # whole words that show a question without "?", among its first three
    answers: Answers | None = None
    numerals: Mapping[str, str] | None = None  # digits -> beginnings of the words that may stand for them
    dangling: tuple[str, ...] = ()  # words, no patterns, that no sentence ends with
    drops_is: bool = False  # "is" and "are" may be left out (A ház nagy)

    def __post_init__(self) -> None:
        for text in patterns(self):
            try:
                re.compile(text)
            except re.error as err:
                raise ValueError(f"{text!r} is no regular expression ({err})") from None


def patterns(lists: Lists) -> list[str]:
    """Return every regular expression of a language."""
    found = [*lists.asks, *(text for texts in (lists.scope or {}).values() for text in texts)]
    if lists.negation:
        found += [*lists.negation.plain, *lists.negation.hidden]
    if lists.answers:
        found += [lists.answers.when, lists.answers.how_many, lists.answers.who, *lists.answers.dates, *lists.answers.numbers]
    return found


def files() -> dict[str, Path]:
    """Return language -> its file. Raises ConfigError for a language that is bundled and declared."""
    found = {path.stem.removeprefix("lists_"): path for path in sorted(HERE.glob("lists_*.toml"))}
    for place in languages.folders()[1:]:
        for path in sorted((place / languages.LISTS).glob("*.toml")):
            if path.stem in found:
                raise ConfigError(f"{path}: the word lists of {path.stem!r} are in {found[path.stem]}; mend them there")
            found[path.stem] = path
    return found


@functools.cache
def declared() -> Mapping[str, Lists]:
    """Return every language's lists, read once. Raises ConfigError."""
    known = {language: read(Lists, path) for language, path in files().items()}
    for language, one in known.items():
        if one.scope is not None and set(one.scope) != set(known["en"].scope or {}):
            raise ConfigError(
                f"{files()[language]}: [scope] must have the classes {', '.join(known['en'].scope or {})}, as lists_en.toml; it has {', '.join(one.scope)}"
            )
    return known


def table(of: Callable[[Lists], T | None]) -> Mapping[str, T]:
    """Return language -> a part of its lists, for the languages that have it."""
    return {language: part for language, one in declared().items() if (part := of(one))}


@functools.cache
def joined(texts: tuple[str, ...]) -> re.Pattern[str]:
    """Return one pattern of the alternatives."""
    return re.compile("|".join(texts), re.IGNORECASE)


def marks(*of: str) -> list[str]:
    """Return what changes when the lists of these languages do, for the keys of steps."""
    there = files()
    return [known_sha256(there[language])[:16] for language in of if language in there]

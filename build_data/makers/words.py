"""Reads the word lists of question rules: words_LANGUAGE.toml beside this file, which native speakers can mend without reading code."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

REMEMBERED = 50_000  # words a pattern: running text repeats itself


class Known:
    """A pattern that remembers which words it matched: alternatives by the hundred, asked for the same words over and over."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern.pattern
        self.fullmatch = lru_cache(REMEMBERED)(pattern.fullmatch)
        self.match = lru_cache(REMEMBERED)(pattern.match)


@cache
def _lists(language: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"words_{language}.toml").read_text("utf-8"))


def words(language: str, name: str) -> frozenset[str]:
    """Return a list as a set."""
    return frozenset(_lists(language)[name])


def ordered(language: str, name: str) -> tuple[str, ...]:
    """Return a list in its own order."""
    return tuple(_lists(language)[name])


def pattern(language: str, *names: str, before: str = "", after: str = "") -> Known:
    """Return lists of regular expressions as one, with `before` and `after` around the alternatives."""
    joined = "|".join(item for name in names for item in _lists(language)[name])
    return Known(re.compile(f"{before}(?:{joined}){after}"))


def table(language: str, name: str) -> dict[str, str]:
    """Return {answer = [words]} turned round: word -> answer."""
    return {word: answer for answer, items in _lists(language)[name].items() for word in items}

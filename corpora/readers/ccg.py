"""CCGbank supertags from a local copy: the bank's own AUTO files, or the `word|POS|category` lines ("stagged") that taggers are trained on.

CCGbank (LDC2005T13) is licensed, so no file of it is here: the declaration corpora/en/ccg.toml says where to put yours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpora.config import ConfigError
from corpora.readers.lines import lines

LEAF = re.compile(r"<L (\S+) \S+ \S+ (\S+) \S+>")  # <L category POS POS word category-with-indices>
BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-LCB-": "{", "-RCB-": "}", "-LSB-": "[", "-RSB-": "]"}


def ccgbank(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield one row per sentence: tokens and their lexical categories. Raises ConfigError for a line of neither form."""
    name: str | None = None
    for number, line in lines(path):
        if line.startswith("ID="):
            name = line.split()[0].removeprefix("ID=")
            continue
        if not line.strip():
            continue
        pairs = [(word, tag) for tag, word in LEAF.findall(line)] if line.startswith("(<") else [_pair(path, number, item) for item in line.split()]
        if not pairs:
            raise ConfigError(f"{path}:{number}: a derivation without a leaf; found {line[:80]!r}")
        yield f"{path}:{number}", {"id": name, "tokens": [BRACKETS.get(word, word) for word, _ in pairs], "tags": [tag for _, tag in pairs]}
        name = None


def _pair(path: Path, number: int, item: str) -> tuple[str, str]:
    """Return (word, category) of word|POS|category or word|category; the word itself may hold a bar."""
    parts = item.rsplit("|", 2 if item.count("|") >= 2 else 1)
    if len(parts) < 2 or not all(parts):
        raise ConfigError(
            f"{path}:{number}: found {item[:80]!r}; write WORD|POS|CATEGORY (or WORD|CATEGORY) for each word of a sentence, or give CCGbank's AUTO files"
        )
    return parts[0], parts[-1]

"""English as translation models saw it in training: plain quotes, dashes and spaces. The only file that knows sacremoses.

Only what a model reads is normalised. Answers are located in the original text, so words are mapped back (`word_map`).
"""

from __future__ import annotations

import difflib
import functools
import unicodedata
from collections.abc import Sequence
from typing import Any

from build_data.lazy import need

KEPT_CONTROLS = {"\u200d", "\ufe0f"}  # emoji are joined with these


@functools.cache
def _normaliser() -> Any:
    # norm_quote_commas moves a comma into the quotes before it, which changes word borders for nothing.
    return need("sacremoses", "build").MosesPunctNormalizer("en", norm_quote_commas=False)


def english(text: str) -> str:
    """Return `text` with Moses punctuation, no control characters and single spaces."""
    plain = "".join(" " if _control(c) else c for c in text)
    return " ".join(str(_normaliser().normalize(plain)).split())


def _control(char: str) -> bool:
    return char not in KEPT_CONTROLS and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn")


def word_map(old: Sequence[str], new: Sequence[str]) -> list[int]:
    """Return for each word of `new` the index of the word of `old` it came from (-1 where `old` has no words)."""
    if len(old) == len(new):
        return list(range(len(new)))
    out = [-1] * len(new)
    if not old:
        return out
    for _, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for k in range(c, d):  # replaced stretches are mapped in proportion
            out[k] = min(a + (k - c) * max(b - a, 1) // (d - c), len(old) - 1)
    return out

"""Text as translation models saw it in training: plain quotes, dashes and spaces. The only file that knows sacremoses.

Only what a model reads is normalised. Answers are located in the original text, so words are mapped back (`word_map`).
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from build_data.lazy import need

KEPT_CONTROLS = {"\u200d", "\ufe0f"}  # emoji are joined with these
# A text without any of these comes out of the rules as it went in, but for runs of spaces: ASCII and Latin letters only (no
# control character, no sign that a rule looks for). Four texts of five are such, and the rules cost 80 microseconds a sentence.
TOUCHED = re.compile(r"[^ -~\u00c0-\u024f]|[()`]|''| [:;%]")


@functools.cache
def _normaliser() -> Any:
    # norm_quote_commas moves a comma into the quotes before it, which changes word borders for nothing; norm_numbers writes
    # "10 000" with a no-break space as "10.000", which an English-trained model reads as ten. Without both, no rule is of one language.
    return need("sacremoses", "build").MosesPunctNormalizer("en", norm_quote_commas=False, norm_numbers=False)


def plain(text: str) -> str:
    """Return `text` with Moses punctuation, no control characters, single spaces, in Unicode form NFC."""
    if TOUCHED.search(text) is None:
        return " ".join(text.split())
    kept = "".join(" " if _control(c) else c for c in unicodedata.normalize("NFC", text))
    return " ".join(str(_normaliser().normalize(kept)).split())


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

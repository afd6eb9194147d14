"""What tells a sentence that nobody went over: a word torn in two, a heading that grew on to it, a comma that is missing, spellings of speech.

Everything that a word says by itself is found once for the vocabulary of all documents (a quarter of their words), not word by word, and mostly
by arrays over the letters of all of them; a sentence is then asked by sets of words, and only one that holds a suspicious word by patterns.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from build_data.makers import spelling_lists as lists
from build_data.makers.clean_rules import words_of
from build_data.makers.tokens import Codes, Counted, Mask, Numbers, numbered, sweep
from build_data.stems import stems

# What a letter is, of which str.islower and str.isupper of a word are made.
SMALL, LARGE, NOT_SMALL = 1, 2, 4


def _case(letter: str) -> int:
    return SMALL * letter.islower() | LARGE * letter.isupper() | NOT_SMALL * letter.istitle()


class Letters:
    """The letters of words, all in one array: which words are small, or begin large, and where three of one letter stand in a row."""

    def __init__(self, words: Sequence[str]) -> None:
        """Take the words, none of them empty."""
        self._codes, bits, self._starts = sweep(words, _case)
        self.lengths: Numbers = np.diff(self._starts, append=len(bits)) - 1
        self.small: Mask = (np.bitwise_or.reduceat(bits, self._starts) & (SMALL | NOT_SMALL)) == SMALL  # str.islower
        self.large: Mask = bits[self._starts] & LARGE > 0  # str.isupper of the first letter
        inside = bits & NOT_SMALL
        inside[self._starts] = 0
        self.mixed = self._owners(np.flatnonzero(inside))  # words with a capital inside

    def _owners(self, places: Numbers) -> list[int]:
        found: list[int] = np.unique(np.searchsorted(self._starts, places, side="right") - 1).tolist()
        return found

    def thrice(self) -> list[int]:
        """Return the numbers of the words with three of one letter in a row."""
        codes = self._codes
        return self._owners(np.flatnonzero((codes[2:] == codes[1:-1]) & (codes[1:-1] == codes[:-2])))

    def begins(self, some: Numbers, letter: str) -> Mask:
        """Tell which of `some` words begin with a letter."""
        found: Mask = self._codes[self._starts[some]] == ord(letter)
        return found

    def odd(self, some: Numbers, cut: frozenset[str], heads: frozenset[str]) -> Mask:
        """Tell which of `some` words, of two letters or more, end with one or two letters of `cut`, or begin with two of `heads`."""
        starts, stops = self._starts[some], self._starts[some] + self.lengths[some]
        one, two, last, last_but_one = (_latin(self._codes[at]) for at in (starts, starts + 1, stops - 1, stops - 2))
        single = np.array([letter in cut for letter in (*lists.LATIN, "")])
        found: Mask = single[last] | _pairs(cut)[last_but_one, last] | _pairs(heads)[one, two]
        return found


def _latin(codes: Codes) -> Codes:
    """Return the place of each letter in the alphabet."""
    found: Codes = np.minimum(codes - np.uint32(ord(lists.LATIN[0])), np.uint32(len(lists.LATIN)))  # what is smaller wraps around
    return found


def _pairs(some: Iterable[str]) -> Mask:
    """Return a table of the pairs of Latin letters, with those of `some`; its last row and column are for all other letters."""
    table = np.zeros((len(lists.LATIN) + 1, len(lists.LATIN) + 1), np.bool_)
    for pair in some:
        if len(pair) == 2:
            table[lists.LATIN.index(pair[0]), lists.LATIN.index(pair[1])] = True
    return table


class Spelling:
    """How often the words of all sentences stand, which tells a word that was torn in two."""

    def __init__(self, counted: Counted, language: str) -> None:
        """Take the words as they are written, and how often."""
        self.words, self.letters = counted.words, Letters(counted.words)
        self.folded, self.fold = numbered("\n".join(counted.words).casefold().split("\n") if counted.words else [])  # and the number of each word's
        self.often = _sums(self.fold, counted.times, len(self.folded))  # of each casefolded word
        self.seen: dict[str, int] = dict(zip(self.folded, self.often.tolist(), strict=True))
        self.rare: Mask = self.often[self.fold] <= lists.SELDOM
        self.thrice = self.letters.thrice()
        enough = int(counted.times.sum()) >= lists.ENOUGH
        self.ending = lists.ENDING.get(language)
        self.stumps = self._stumps(language, lists.SELDOM if enough else 0, self.rare if enough else np.zeros(len(self.rare), np.bool_))
        self.marked = frozenset[str]()  # words one of which a sentence holds where `ending` matches it
        if self.ending:
            grown = (self.words[at] for at in self.letters.mixed)
            self.marked = lists.CASES[language].union((word for word in grown if self.ending.search(word)), lists.VOWELS)

    @functools.cached_property
    def seldom(self) -> frozenset[str]:
        """The words that stand SELDOM times or less, in whatever case."""
        return frozenset(map(self.words.__getitem__, np.flatnonzero(self.rare).tolist()))

    def _stumps(self, language: str, most: int, rare: Mask) -> frozenset[str]:
        """Return the words that are none: of short ones, those seen `most` times or less and those that the language does not have; of longer `rare` ones, halves and slips."""
        alone, pairs, words, letters = lists.ALONE.get(language), lists.PAIRS.get(language), self.words, self.letters
        long = np.flatnonzero(rare & letters.small & (letters.lengths > lists.STUMP))
        found = {words[at] for at in long[letters.odd(long, lists.CUT.get(language, lists.NONE), lists.HEADS.get(language, lists.NONE))].tolist()}
        found.update(words[at] for at in self.thrice if rare[at] and letters.lengths[at] > lists.STUMP and any(slip in words[at] for slip in lists.SLIPS))
        found.update(
            word
            for word in map(words.__getitem__, np.flatnonzero(letters.small & (letters.lengths <= lists.STUMP)).tolist())
            if self.seen.get(word, 0) <= most
            or (len(word) == 1 and alone is not None and word not in alone)
            or (len(word) == 2 and pairs is not None and word not in pairs)
        )
        joined = lists.RUN_TOGETHER.get(language)
        if joined:  # rare words that are a word of one letter and a word that is not ("steljesíti")
            some = np.flatnonzero(rare & letters.small & (letters.lengths > lists.ROOT))
            some = some[letters.begins(some, joined)]
            found.update(word for word in map(words.__getitem__, some.tolist()) if self.seen.get(word[1:], 0) > most)
        return frozenset(found)

    def torn(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether two words are one that is oftener written together, and one of the two hardly a word (as often, if both are); or a stump stands alone."""
        if not self.stumps.isdisjoint(words) or (self.ending and not self.marked.isdisjoint(words) and self.ending.search(text)):
            return True
        seldom = self.seldom
        if seldom.isdisjoint(words):
            return False
        last = len(words) - 1
        for at in [at for at, word in enumerate(words) if word in seldom]:
            own = words[at].casefold()
            if (at and self._halves(words[at - 1].casefold(), own)) or (at < last and self._halves(own, words[at + 1].casefold())):
                return any(self._halves(one.casefold(), two) for one, two in lists.NEIGHBOURS.findall(text))
        return False

    def _halves(self, one: str, two: str) -> bool:
        together = self.seen.get(one + two, 0)
        if not together:
            return False
        rarer, other = sorted((self.seen.get(one, 0), self.seen.get(two, 0)))
        return rarer <= lists.SELDOM and (together > rarer or (together == rarer and other <= lists.SELDOM))


class Vocabulary(Spelling):
    """The same, with the words' stems, and with those that have a capital only where something grew on to the sentence before."""

    def __init__(self, counted: Counted, language: str) -> None:
        """Take the words as they are written, how often each stands, and how often as the first of its sentence."""
        super().__init__(counted, language)
        sizes = np.fromiter(map(len, self.folded), np.int64, len(self.folded))
        self.stemmed = np.flatnonzero(sizes >= lists.SHORT)  # the casefolded words that have a stem
        self.stems = stems(list(map(self.folded.__getitem__, self.stemmed.tolist())), language)
        self.gluing = self._gluing(counted) | lists.ARTICLES.get(language, frozenset())
        self.grammar = words_of(language).common
        self.joiners, self.spoken = lists.JOINERS.get(language, frozenset[str]()), self._said(language)
        self._unjoined, self._sloppy = lists.UNJOINED.get(language), lists.SLOPPY.get(language)

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], language: str) -> Vocabulary:
        """Return the vocabulary of sentences, each as its words."""
        return cls(Counted.of(Counter(chain.from_iterable(sentences)), Counter([words[0] for words in sentences if words])), language)

    def _said(self, language: str) -> frozenset[str]:
        """Return the words one of which a sentence holds that is written as people talk."""
        starts = lists.SPOKEN_SO.get(language, ())
        found = {*lists.SPOKEN.get(language, ()), *lists.UNSTOPPED.get(language, ())}
        every = "\n".join(["", *self.words]) if starts else ""
        found.update(chain.from_iterable(re.findall(rf"\n({start}.*)", every) for start in starts))  # faster than to ask each word
        return frozenset(found.union(word for word in map(self.words.__getitem__, self.thrice) if any(cry in word for cry in lists.CRIES)))

    def sloppy(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether a comma is missing before a conjunction or relative, or something is spelt as people talk: what the pattern SLOPPY finds, found faster."""
        return self.slips(text, joined=not self.joiners.isdisjoint(words), spoken=not self.spoken.isdisjoint(words))

    def slips(self, text: str, *, joined: bool, spoken: bool) -> bool:
        """Tell the same of a text of which it is known whether it holds one of `joiners`, and one of `spoken`."""
        if self._unjoined is None or self._sloppy is None:
            return False
        return (joined and self._unjoined.search(text) is not None) or (spoken and self._sloppy.search(text) is not None)

    def _gluing(self, counted: Counted) -> frozenset[str]:
        """Return the words with a capital that mostly have none inside sentences (the first word says nothing); of one that is only seen so, its stem says it."""
        words, fold, large = self.words, self.fold, self.letters.large
        inside = counted.times - counted.first
        count = len(self.folded)
        capital, small = (_sums(fold[some], inside[some], count)[fold] for some in (large, ~large))
        names = large & (self.letters.lengths > 1)
        found = names & (small >= capital)
        unknown = np.flatnonzero(names & ~found & (small == 0))
        roots, root = numbered(self.stems, lists.ROOT)
        root_of = np.full(count, -1)
        root_of[self.stemmed] = root
        own = root_of[fold]  # -1: a short word is its own root, and nothing small has it
        with_root = own >= 0
        large_roots, small_roots = (_sums(own[some], inside[some], len(roots) + 1) for some in (large & with_root, ~large & with_root))
        wanted = np.unique(own[unknown[own[unknown] >= 0]])
        short = [at for at in wanted.tolist() if len(roots[at]) < lists.SHORT]  # a short word may be another one's root
        if short:
            number = {words[at]: at for at in np.flatnonzero(self.letters.lengths < lists.SHORT).tolist()}
            for at in short:
                word = number.get(roots[at], -1)
                if word >= 0 and root_of[fold[word]] < 0:
                    small_roots[at] += small[word]
        own = own[unknown]
        found[unknown[np.where(own >= 0, small_roots[own] >= large_roots[own], inside[unknown] == 0)]] = True
        return frozenset(map(words.__getitem__, np.flatnonzero(found).tolist()))

    def glued(self, words: Sequence[str], *, web: bool) -> bool:
        """Tell whether a heading, or the next sentence, grew on to a sentence: a word inside has a capital that it mostly lacks, or stands there twice; or,
        in a page of the web, the first name comes behind words none of which belongs to a sentence's grammar ("Johtokunta Euroopan maiden asioita hoidetaan").
        """
        if not self.gluing.isdisjoint(words[1:]):
            return True
        names = [at for at, word in enumerate(words) if at and word[0].isupper()]
        if not names:
            return False
        if words[0] in {words[at] for at in names}:
            return True
        if not web or (len(names) == 1 and names[0] == len(words) - 1):
            return False
        return len(names) > lists.NAMES or not (self.grammar and not self.grammar.isdisjoint(word.casefold() for word in words[: names[0]]))


def _sums(keys: Numbers, times: Numbers, count: int) -> Numbers:
    """Return the sum of `times` for each of `count` keys."""
    return np.bincount(keys, times, count).astype(np.int64)

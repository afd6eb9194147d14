"""Contrasts of form: two surroundings of a word, each of which asks for a form that the other refuses. What the rules of languages share.

A contrast has two sides, "two taloa | these talot": on either side the form of the other one is wrong. Both sides give rows, right and wrong ones in
equal numbers, so neither a surrounding nor a form says by itself whether a sentence is right; only the two together do (minimal pairs as in
BLiMP, Warstadt et al. 2020, and MultiBLiMP, Jumelet et al. 2025, made of running text).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import NamedTuple, TypeVar

from build_data.parse import Sentence, Word

REMEMBERED = 200_000  # words of whole sentences: a block of documents has some 150,000, with the signs that stand at them
SEEN = 2  # sentences in which a form must stand, so that it is a word, and tagged as what it is taken for
WORDS, TEXT, UPOS, FEATS = attrgetter("words"), attrgetter("text"), attrgetter("upos"), attrgetter("feats")
_NOWHERE: Mapping[str, int] = {}
K = TypeVar("K")
V = TypeVar("V")


class Site(NamedTuple):
    """A word whose surroundings ask for its form, and the form that they refuse; small letters, `start` and `end` in the sentence's text."""

    contrast: str
    side: int  # 0 or 1
    start: int
    end: int
    form: str
    other: str


class Forms:
    """How often each word stands in the parsed sentences, and with which tag and features."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        words = [*chain.from_iterable(map(WORDS, sentences))]
        feats = [*map(FEATS, words)]
        features = dict(zip(map(id, feats), feats, strict=True))  # shared by all words that have the same, so few
        names: dict[tuple[str, int], str] = {}
        self._tagged: dict[str, dict[str, int]] = {}
        for (text, upos, key), count in Counter(zip(map(TEXT, words), map(UPOS, words), map(id, feats), strict=True)).items():
            name = names.get((upos, key)) or names.setdefault((upos, key), " ".join(_tag(upos, features[key])))
            form = text.casefold()
            counts = self._tagged.get(form)
            if counts is None:
                self._tagged[form] = {name: count}
            else:
                counts[name] = counts.get(name, 0) + count
        self.standing = self._tagged.keys()  # all words; most forms that rules make are none of them

    def seen(self, form: str, *tags: str) -> int:
        """Return in how many places `form` stands with one of `tags` ("NOUN Gen Sing": what `tag` says, joined)."""
        counts = self._tagged.get(form)
        return sum([counts.get(wanted, 0) for wanted in tags]) if counts else 0

    def balance(self, form: str, tags: Collection[str], others: Collection[str]) -> tuple[int, int]:
        """Return in how many places `form` stands with one of `tags`, and with one of `others`, which are none of those."""
        seen = other = 0
        for found, count in self._tagged.get(form, _NOWHERE).items():
            if found in tags:
                seen += count
            elif found in others:
                other += count
        return seen, other


def tag(word: Word) -> tuple[str, ...]:
    """Return what tells a form of a word from its others: part of speech, then case, or mood and person or kind of verb form, and number."""
    return _tag(word.upos, word.feats)


def _tag(upos: str, feats: Mapping[str, str]) -> tuple[str, ...]:
    if upos in ("VERB", "AUX"):
        return ("VERB", feats.get("VerbForm", "Fin"), feats.get("Person", "-"), feats.get("Number", "-"))
    return (upos, feats.get("Case", "-"), feats.get("Number", "-"))


class Remembered(dict[K, V]):
    """What a function says of words, kept as long as they are few enough: text comes back to the same ones, and a look-up is the cheapest of questions."""

    def __init__(self, function: Callable[[K], V]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: K) -> V:
        if len(self) >= REMEMBERED:
            self.clear()
        self[key] = value = self._function(key)
        return value


@dataclass(frozen=True)
class Rules:
    """A language's contrasts: a look at the bare text that saves parsing, and the sites of a parsed sentence, one that fits each rule."""

    plausible: Callable[[str], bool]
    sites: Callable[[Sequence[Word], Forms], list[Site]]

"""What ties sentences of running text together: content stems that two of them share. For makers whose one right answer must be decidable.

A stem counts as content if few sentences of all documents have it, and ties two sentences only if few sentences of their own
document have it: a topic's words stand everywhere in the document, so they tell no place in it from another (lexical cohesion,
Halliday and Hasan 1976; texts are cut at the same place by Hearst 1997, TextTiling).

Everything that a word says by itself is found once for the vocabulary of all documents (a quarter of their words), not word by word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from build_data.makers.common import whole_sentence
from build_data.stems import stem
from corpora.records import Document

WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d{3,}")
NEIGHBOURS = re.compile(r"(?<!\w)([^\W\d_]+)(?=[ -]([a-zåäöáéíóúüőű]+)(?!\w))")
SHORT = 4  # letters of the shortest word whose stem is looked at
LETTERS = 6  # of a stem that are compared: consonant gradation ("katu", "kadulla") and Snowball's slips are mostly behind them
ROOT = 9  # of a stem that must be the same for one word to say of another that it has no capital: "Magyarország" is no "magyar"
COMMON = 0.01  # share of all sentences beyond which a stem is no content
TOPIC = 0.12  # share of a document's sentences beyond which a stem tells no place in it
FEW = 3  # sentences that a stem may always stand in, whatever the shares say
LINES = 1_000  # sentences of a document that are looked at; the makers bound its rows
SHORTEST, LONGEST = 5, 35  # words a sentence
COMMAS = 4  # a sentence: one with more is mostly a list, or several sentences strung together
# Quotations, enumerations, leftovers of markup, faces (":D"), the remains of a compound or of a line ("Kunto- Alaskan"), what opens in the middle ("Mm.")
ODD = re.compile(r"[\"'“”„»«‘’…;¬|*_<>{}=~^\\]|:-?[()DPp](?!\w)|[^\W\d_]- [A-ZÅÄÖÁÉÍÓÚÜŐŰ]|(?<=\s)–\w|^(?:Mm|Ts|Ym|Huom|Ks|Vrt|Ld|Vö|Stb)\b")
LISTED = re.compile(r"\d\)|--| [–-] .* [–-] .* [–-] ")
CAPITALS = re.compile(r"\b[A-ZÅÄÖÁÉÍÓÚÜŐŰ]{4,}\b")
INNER = re.compile(r"[.!?]\S+\s|[^\W\d_]{5}[.!?] [a-zåäöáéíóúüőű]")  # a sentence that ends, or begins with a small letter, inside
TWICE = re.compile(r"\b(\w[\w-]{2,}) \1\b")  # a heading written twice
ALONE = {"fi": "", "hu": "aesőóh"}  # letters that are words by themselves; another one is what a broken line or a scanner left of a word
ARTICLES = {"fi": frozenset[str](), "hu": frozenset({"A"})}  # words of one letter that a capital inside a sentence gives away
SELDOM = 2  # times that a part of a torn word may stand among all sentences
STUMP, ENOUGH = 3, 100_000  # letters of a seldom word that is no word, where there are so many words that real ones come back


def plain(text: str) -> str:
    """Return why a sentence is no plain one of running prose, or "": "length", "list_item", "no_sentence", "signs", "odd_signs"."""
    fault = whole_sentence(text, SHORTEST, LONGEST)
    if fault:
        return fault
    if not text[0].isalpha() or text[-1] not in ".!?" or text.count(",") > COMMAS or text.count("(") != text.count(")") or text.rstrip(".!?").endswith(":"):
        return "odd_signs"
    if ODD.search(text) or ((")" in text or "-" in text or "–" in text) and LISTED.search(text)):
        return "odd_signs"
    inside = text[:-1]
    if (("." in inside or "?" in inside or "!" in inside) and INNER.search(text)) or (not text[1:].islower() and CAPITALS.search(text)):
        return "odd_signs"
    words = text.replace("-", " ").split()
    return "odd_signs" if len(set(words)) < len(words) and TWICE.search(text) else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence: its place in the document, its paragraph, why it is no plain one (""), its content stems and those that tie."""

    text: str
    at: int
    paragraph: int
    fault: str
    content: frozenset[str]  # rare among all sentences
    ties: frozenset[str]  # rare in the document too


@dataclass(frozen=True, slots=True)
class Script:
    """A document as lines."""

    document: Document
    lines: tuple[Line, ...]


class Vocabulary:
    """The words of all sentences: their stems, how often they stand, and which of them give a fault away."""

    def __init__(self, sentences: Sequence[Sequence[str]], language: str) -> None:
        first = Counter(words[0] for words in sentences if words)
        seen = Counter(chain.from_iterable(sentences))
        self.folded = {word: word.casefold() for word in seen}
        whole = {word: stem(folded, language) for word, folded in self.folded.items() if len(folded) >= SHORT}
        self.stems = {word: found[:LETTERS] for word, found in whole.items()}
        self.seen: Counter[str] = Counter()
        small: Counter[str] = Counter()  # words inside sentences (the first says nothing) and, after a space, their stems
        capital: Counter[str] = Counter()
        for word, times in seen.items():
            self.seen[self.folded[word]] += times
            inside = times - first[word]
            case = capital if word[0].isupper() else small
            case[self.folded[word]] += inside
            case[" " + whole.get(word, word)[:ROOT]] += inside
        self.gluing = frozenset(word for word in seen if word[0].isupper() and _gluing(word, self.folded[word], whole.get(word, word)[:ROOT], small, capital))
        self.gluing |= ARTICLES.get(language, frozenset())
        own = ALONE.get(language)
        stump = SELDOM if seen.total() >= ENOUGH else 0
        self.stumps = frozenset(
            word for word in seen if word.islower() and ((len(word) == 1 and own is not None and word not in own) or (len(word) <= STUMP and self.seen[word] <= stump))
        )

    def torn(self, text: str, words: Sequence[str]) -> bool:
        """Tell whether two words are one that is oftener written together, and one of the two hardly a word (as often, if both are); or a stump stands alone."""
        if not self.stumps.isdisjoint(words):
            return True
        near = any(self._halves(self.folded[one], self.folded[two]) for one, two in pairwise(words))
        return near and any(self._halves(one.casefold(), two) for one, two in NEIGHBOURS.findall(text))

    def _halves(self, one: str, two: str) -> bool:
        rarer, other = sorted((self.seen[one], self.seen[two]))
        together = self.seen.get(one + two, 0) if rarer <= SELDOM else 0
        return together > rarer or (together == rarer > 0 and other <= SELDOM)


def _gluing(word: str, folded: str, own: str, small: Counter[str], capital: Counter[str]) -> bool:
    """Tell whether a word with a capital mostly has none; of a word that is only seen so, its stem says it."""
    if len(word) == 1:
        return False
    return small[folded] > capital[folded] or (not small[folded] and small[" " + own] >= capital[" " + own])


def scripts(kept: Sequence[tuple[Document, list[list[str]]]], language: str) -> list[Script]:
    """Return documents, in order of id, as lines with their stems; at most LINES of each.

    Besides `plain`'s reasons a line is "glued" where a word inside it has a capital that the word mostly lacks elsewhere (a heading or the next
    sentence grew on to it), and "torn" where a space stands inside a word ("sairaala n", "mo st").
    """
    ordered = sorted(kept, key=lambda item: item[0].id)
    texts = [[(n, s) for n, part in enumerate(parts) for s in part][:LINES] for _, parts in ordered]
    cut = [[WORD.findall(text) for _, text in some] for some in texts]
    known = Vocabulary([words for some in cut for words in some], language)
    found = [[_stems(text, words, known) for (_, text), words in zip(some, each, strict=True)] for some, each in zip(texts, cut, strict=True)]
    spread = Counter(chain.from_iterable(chain.from_iterable(found)))
    common = _above(spread, max(FEW, COMMON * sum(map(len, texts))))
    out = []
    for (document, _), some, words, stems in zip(ordered, texts, cut, found, strict=True):
        topic = _above(Counter(chain.from_iterable(stems)), max(FEW, TOPIC * len(some)))
        lines = []
        for at, ((paragraph, text), own, each) in enumerate(zip(some, words, stems, strict=True)):
            content = each - common
            fault = plain(text) or ("" if known.gluing.isdisjoint(own[1:]) else "glued") or ("torn" if known.torn(text, own) else "")
            lines.append(Line(text, at, paragraph, fault, content, content - topic))
        out.append(Script(document, tuple(lines)))
    return out


def _stems(text: str, words: Iterable[str], known: Vocabulary) -> frozenset[str]:
    """Return the stems of a sentence's words of four letters up, and its numbers of three digits up."""
    own = {known.stems[word] for word in words if word in known.stems}
    return frozenset(own.union(number[:LETTERS] for number in NUMBER.findall(text)))


def _above(counts: Counter[str], most: float) -> frozenset[str]:
    return frozenset(key for key, count in counts.items() if count > most)

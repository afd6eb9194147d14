"""What ties sentences of running text together: content stems that two of them share. For makers whose one right answer must be decidable.

A stem counts as content if few sentences of all documents have it, and ties two sentences only if few sentences of their own
document have it: a topic's words stand everywhere in the document, so they tell no place in it from another (lexical cohesion,
Halliday and Hasan 1976; texts are cut at the same place by Hearst 1997, TextTiling).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers.common import whole_sentence
from build_data.stems import stem
from corpora.records import Document

TOKEN = re.compile(r"[^\W\d_]{4,}|\d{3,}")  # words of four letters up, numbers of three digits up
WORD = re.compile(r"[^\W\d_]+")
NEIGHBOURS = re.compile(r"(?<!\w)([^\W\d_]+)(?=[ -]([a-zåäöáéíóúüőű]+)(?!\w))")
LETTERS = 6  # of a stem that are compared: consonant gradation ("katu", "kadulla") and Snowball's slips are mostly behind them
COMMON = 0.01  # share of all sentences beyond which a stem is no content
TOPIC = 0.12  # share of a document's sentences beyond which a stem tells no place in it
FEW = 3  # sentences that a stem may always stand in, whatever the shares say
LINES = 1_000  # sentences of a document that are looked at; the makers bound its rows
SHORTEST, LONGEST = 5, 35  # words a sentence
ODD = re.compile(  # quotations, enumerations, headings in capitals or written twice, a sentence that begins with a small letter inside, leftovers of markup
    r"[\"'“”„»«‘’…;¬|*_<>{}=~^\\]|\d\)|[.!?]\S+\s|\b[A-ZÅÄÖÁÉÍÓÚÜŐŰ]{4,}\b|--| [–-] .* [–-] .* [–-] |\b(\w[\w-]{2,}) \1\b|[^\W\d_]{5}[.!?] [a-zåäöáéíóúüőű]"
)
ALONE = {"fi": "", "hu": "aesőóh"}  # letters that are words by themselves; another one is what a broken line or a scanner left of a word
SELDOM = 2  # times that a part of a torn word may stand among all sentences


def plain(text: str) -> str:
    """Return why a sentence is no plain one of running prose, or "": "length", "list_item", "no_sentence", "signs", "odd_signs"."""
    fault = whole_sentence(text, SHORTEST, LONGEST)
    if fault:
        return fault
    if ODD.search(text) or not text[0].isalpha() or text[-1] not in ".!?" or text.count("(") != text.count(")") or text.rstrip(".!?").endswith(":"):
        return "odd_signs"
    return ""


@dataclass(frozen=True)
class Line:
    """A sentence: its place in the document, its paragraph, why it is no plain one (""), its content stems and those that tie."""

    text: str
    at: int
    paragraph: int
    fault: str
    content: frozenset[str]  # rare among all sentences
    ties: frozenset[str]  # rare in the document too


@dataclass(frozen=True)
class Script:
    """A document as lines."""

    document: Document
    lines: tuple[Line, ...]


def scripts(kept: Sequence[tuple[Document, list[list[str]]]], language: str) -> list[Script]:
    """Return documents, in order of id, as lines with their stems; at most LINES of each.

    Besides `plain`'s reasons a line is "glued" where a word inside it has a capital that the word mostly lacks elsewhere (a heading or the next
    sentence grew on to it), and "torn" where a space stands inside a word ("sairaala n", "mo st").
    """
    ordered = sorted(kept, key=lambda item: item[0].id)
    texts = [[(n, s) for n, part in enumerate(parts) for s in part][:LINES] for _, parts in ordered]
    found = [[_stems(text, language) for _, text in some] for some in texts]
    small, capital = _cases([text for some in texts for _, text in some])
    seen = Counter(word for some in texts for _, text in some for word in WORD.findall(text.casefold()))
    spread = Counter(s for some in found for stems in some for s in stems)
    most = max(FEW, COMMON * sum(map(len, texts)))
    out = []
    for (document, _), some, stems in zip(ordered, texts, found, strict=True):
        own = Counter(s for each in stems for s in each)
        bound = max(FEW, TOPIC * len(some))
        lines = []
        for at, ((paragraph, text), each) in enumerate(zip(some, stems, strict=True)):
            content = frozenset(s for s in each if spread[s] <= most)
            fault = plain(text) or ("glued" if _glued(text, small, capital) else "torn" if _torn(text, seen, language) else "")
            lines.append(Line(text, at, paragraph, fault, content, frozenset(s for s in content if own[s] <= bound)))
        out.append(Script(document, tuple(lines)))
    return out


def _stems(text: str, language: str) -> frozenset[str]:
    return frozenset(stem(word, language)[:LETTERS] for word in TOKEN.findall(text.casefold()))


def _cases(texts: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Count the words inside sentences (the first says nothing) by their first letter: (small, capital)."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        for word in WORD.findall(text)[1:]:
            (capital if word[0].isupper() else small)[word.casefold()] += 1
    return small, capital


def _glued(text: str, small: Counter[str], capital: Counter[str]) -> bool:
    return any(word[0].isupper() and small[word.casefold()] > capital[word.casefold()] for word in WORD.findall(text)[1:] if len(word) > 1)


def _torn(text: str, seen: Counter[str], language: str) -> bool:
    """Tell whether two words are one that is oftener written together, and one of the two hardly a word; or a letter stands alone that is none."""
    words = NEIGHBOURS.findall(text)
    if any(len(word) == 1 and word not in ALONE.get(language, word) for word in WORD.findall(text) if word.islower()):
        return True
    return any((rarer := min(seen[one.casefold()], seen[two])) <= SELDOM and seen[one.casefold() + two] > rarer for one, two in words)

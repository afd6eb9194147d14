"""Which sentences of running text are worth parsing for discourse relations: plain statements with one connective in a fit place, which somebody went over."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from build_data.makers.cohesion import FEWEST, INNER, TWICE, UNTENDED, WEB
from build_data.makers.common import whole_sentence
from build_data.makers.connectives import Connectives, Found, find, marked
from build_data.makers.discourse_clauses import WORDS
from build_data.makers.spelling import Vocabulary
from build_data.makers.tally import WORD, Tally
from build_data.steps import Ledger
from corpora.records import Document

SENTENCE = (6, 36)  # words a sentence with the connective
COMMAS = 4  # a sentence: with more, its parts are a list, or the bundled packs' brackets are wrong
EARLY = 2  # words: a sentence before that itself opens with a connective hangs on one further up
SIGNS = re.compile(r"[:;–—/…’\"„“”»«]|\.\.|\s-\s|\s\.|\d\.$|^\d")
STRAY = re.compile(r"(?<![\w-])[bcdfghjklmnpqrtvwxz](?![\w.-])")  # a letter on its own: a word that was torn when the page was read
SPEECH = re.compile(r"^[–—-]\s+")  # a turn of speech: a sentence once its dash is gone


@dataclass(frozen=True)
class Candidate:
    """A sentence with one connective in a fit place, and the sentence before it in its paragraph ("" = none that fits)."""

    document: Document
    at: int
    text: str
    before: str
    found: Found


class Tended:
    """Tells which sentences of a document somebody went over: none of a document in which many lack a comma or are written as people talk."""

    def __init__(self, document: Document, size: int, slips: Sequence[tuple[str, bool, bool]], known: Vocabulary) -> None:
        """Take the document, how many sentences it has, those with a word that may tell a slip (see Vocabulary.slips), and the words of all documents."""
        self._known, self._web = known, document.genre.startswith(WEB)
        self._size, self._slips = size, slips

    @functools.cached_property
    def _none(self) -> bool:
        return sum(self._known.slips(line, joined=joined, spoken=spoken) for line, joined, spoken in self._slips) > max(FEWEST, UNTENDED * self._size)

    def fault(self, text: str) -> str:
        """Return "sloppy", "glued" (a heading or another sentence grew on to it), "torn" (a word is), or ""."""
        words = WORD.findall(text)
        if self._none or self._known.sloppy(text, words):
            return "sloppy"
        if INNER.search(text) or self._known.glued(words, web=self._web):
            return "glued"
        return "torn" if self._known.torn(text, words) else ""


def candidates(kept: Sequence[tuple[Document, list[list[str]]]], language: str, most: int, lists: Connectives, ledger: Ledger) -> list[Candidate]:
    """Return the candidates of documents, which are paragraphs of sentences; at most `most` of each. The ledger counts sentences, and why others are none."""
    texts = [line for _, parts in kept for part in parts for line in part]
    tally = Tally(texts, language)
    known = tally.known
    linked = tally.holding(lists.may_open).tolist()
    joined, spoken = (tally.holding(some.__contains__).tolist() for some in (known.joiners, known.spoken))
    out: list[Candidate] = []
    start = 0
    for document, parts in kept:
        stop = start + sum(map(len, parts))
        slips = [(texts[at], joined[at], spoken[at]) for at in range(start, stop) if joined[at] or spoken[at]]
        out += _candidates(document, parts, linked[start:stop], most, lists, Tended(document, stop - start, slips, known), ledger)
        start = stop
    return out


def _candidates(
    document: Document, parts: Sequence[Sequence[str]], linked: Sequence[bool], most: int, lists: Connectives, tended: Tended, ledger: Ledger
) -> list[Candidate]:
    """Return the document's sentences worth parsing, `most` at most: what a document may not outweigh others by is its rows, not its length.

    `linked` tells which of them have a word that a connective may begin with.
    """
    out: list[Candidate] = []
    at = 0
    for part in parts:
        for number, text in enumerate(part):
            if len(out) >= most:
                return out
            at += 1
            ledger.made += 1
            if not linked[at - 1]:
                ledger.excluded["no_connective"] += 1
                continue
            line = SPEECH.sub("", text)
            found = find(line, lists)
            before = SPEECH.sub("", part[number - 1]) if number and not isinstance(found, str) and found.place in ("opening", "inside") else ""
            fault = (
                found if isinstance(found, str) else _unfit(line, SENTENCE) or (_unfit_before(before, lists) if found.place in ("opening", "inside") else "")
            )
            fault = fault or next((why for text in (line, before) if text and (why := tended.fault(text))), "")
            if fault or isinstance(found, str):
                ledger.excluded[fault] += 1
            else:
                out.append(Candidate(document, at, line, before, found))
    return out


def _unfit(line: str, size: tuple[int, int]) -> str:
    """Return why a sentence is no plain statement, or ""."""
    fault = whole_sentence(line, *size)
    if fault:
        return fault
    if not line.endswith("."):
        return "question"
    return "signs" if SIGNS.search(line) or STRAY.search(line) or TWICE.search(line) else "commas" if line.count(",") > COMMAS else ""


def _unfit_before(line: str, lists: Connectives) -> str:
    """Return "previous" for a sentence that is no plain statement, or has a connective: one that opens it hangs it on a third sentence, another one sets its parts off already."""
    joined = any(hit.group().casefold() not in lists.tolerated or len(line[: hit.start()].split()) < EARLY for hit in marked(line, lists))
    return "previous" if not line or joined or _unfit(line, WORDS) else ""

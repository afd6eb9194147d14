"""What native makers share: what a family declares of itself, the result, sentence borders by rule, and chance by hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from build_data.heuristics import letters
from build_data.parse import Parser
from build_data.steps import Ledger
from corpora.records import Document, Kind, Record, nfc


@dataclass(frozen=True)
class Made:
    """Rows, and two closed ledgers: "read documents" (in = kept + excluded documents), "make" (made = rows kept + candidates excluded)."""

    records: list[Record]
    ledgers: list[dict[str, Any]]


Maker = Callable[[Sequence[Any], str, Parser, int], Made]  # (documents or records, language, parser, seed)
Offsets = tuple[int, int]
BLOCK_WORDS = 150_000  # a block of documents: some 12,000 sentences, whose parses take about 200 MB


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a family of native tasks says of itself; a module of makers holds it as FAMILY, and MAKERS gives it its name.

    `run(items, language, parser, seed, *, max_sentences)` makes rows from cleaned documents (build_data/makers/clean.py), or from
    labelled native records; which of the two, `reads` says. Documents come in the order of their hash rank, in blocks of about
    `block_words` words (0 = all that were chosen in one call, for a maker that must compare them); labels are evened out again over
    all blocks after the gates, and genres are held to the study's shares there, so a maker need not make up for either.
    """

    run: Callable[..., Made]
    kind: Kind
    version: int
    what: str  # one sentence for the card: what a row is and how it was made
    labels: tuple[str, ...] = ()  # pair and tags
    reads: Literal["documents", "records"] = "documents"
    chance: float | None = None  # accuracy of a guess (0 to 1), None where accuracy is no measure of the task
    problems: tuple[str, ...] = ()  # known faults of the rows, a sentence each, for the card
    block_words: int = BLOCK_WORDS
    max_sentences: int = 60  # of a document that are looked at: beyond it long ones (laws, novels) would outweigh all others
    unfiltered: tuple[str, ...] = ()  # filters that rows don't go through, because what they refuse is what a label says (OF_GRAMMAR)
    settings: Callable[[], Any] | None = None  # what decides the rows beside `version`: sums of word lists, say; anything JSON can hold


# Filters that refuse what is no grammatical sentence. Where the label says just that, they would take the wrong sentences, and leave those that are hard to tell.
OF_GRAMMAR = ("finite_verb", "fragment", "tag_order", "tag_distance")


def listed(words: str) -> frozenset[str]:
    """Return the words of a list that is written as one text."""
    return frozenset(words.split())


LONGEST_ABBREVIATION = 8  # characters; Roman numbers of sentences are shorter, too
ROMAN = re.compile(r"[IVX]+")
END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)")
OPENS = r"[\"'“”„‘’»«(\[–—-]*\s?[A-ZÅÄÖÁÉÍÓÚÜŐŰŠŽ0-9]"
BORDER = re.compile(rf"[.!?…]+[\"'”’»)\]]*(?=\s+{OPENS}|\s*$)")
ABBREVIATIONS = {  # written with a full stop and followed by a capital or a number often enough to matter
    "fi": listed("esim mm ns n s v vrt ks nk prof dr tri toim nro st huom em ko po ent lat engl ruots saks synt k ym ts os al puh"),
    "hu": listed("pl kb dr ifj id szt sz vö ún stb prof özv st old bek tvr mft kft rt zrt nyrt jún júl aug szept okt nov dec jan febr márc ápr ti ill al"),
}
LONG_WORD = 1 + max(len(word) for listed_ in ABBREVIATIONS.values() for word in listed_)
BAD_START = re.compile(r"[-–—•·*#>|◦▪]|\(?\d{1,3}[.)]\s|\(?[a-zA-Z]\)\s|[IVX]+\.\s|https?:")
NO_PROSE = re.compile(r"[@{}<>|=_]")
LETTERS = 0.7  # least share of letters among the characters of a sentence
MOST_SIGNS = 6  # signs behind a sentence that are looked at
CLOSES = re.compile(r"[.!?…][\"'”’»)]*$")


def chance(*parts: object) -> int:
    """Return 64 bits that depend on `parts` alone: the same wherever and whenever they are asked for."""
    return int.from_bytes(hashlib.blake2b("\x1f".join(map(str, parts)).encode("utf-8"), digest_size=8).digest(), "big")


def sentences(paragraph: str, language: str) -> list[Offsets]:
    """Return (start, end) of each sentence, by rule, in time linear in the text.

    A full stop ends none after an abbreviation of `language`, an initial, or a number of one or two digits ("1. kesäkuuta",
    "19. század"), nor before a small letter. A language without a list of abbreviations goes by the rest.
    """
    known = ABBREVIATIONS.get(language, frozenset())
    out: list[Offsets] = []
    last = len(paragraph)
    start = _skip(paragraph, 0)
    for found in BORDER.finditer(paragraph):
        begin, end = found.span()
        after = end + 1 if end + 1 < last and not paragraph[end + 1].isspace() else _skip(paragraph, end)  # mostly one space
        if end - begin == 1 and after < last and paragraph[begin] == "." and _abbreviates(paragraph, start, begin, known):
            continue
        if end > start:
            out.append((start, end))
        start = after
    rest = paragraph[start:].rstrip()
    return [*out, (start, start + len(rest))] if rest else out


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _abbreviates(text: str, start: int, stop: int, known: frozenset[str]) -> bool:
    """Say whether the word before a full stop at `stop` takes one. None that does is longer than LONGEST_ABBREVIATION, so no more is looked at."""
    end = text[stop - LONG_WORD : stop] if stop - start >= LONG_WORD else ""
    if end.isalpha() and not end.isupper():  # no number of any kind, and longer than what is listed
        return False
    before = text[max(start, stop - LONGEST_ABBREVIATION - 2) : stop]
    words = before.split()
    word = words[-1].lstrip("(\"'“„") if words and not before[-1].isspace() else ""
    if not word or len(word) > LONGEST_ABBREVIATION:
        return False
    if word.isdigit():
        return len(word) <= 2
    return (len(word) == 1 and word.isupper()) or word.casefold() in known or ROMAN.fullmatch(word) is not None


def whole_sentence(text: str, shortest: int, longest: int, *, worded: bool = False) -> str:
    """Return why `text` is no plain sentence of `shortest` to `longest` words, or "". A text that is `worded` has LETTERS and single spaces, as is known already."""
    tokens = [] if worded else text.split()
    if not shortest <= (text.count(" ") + 1 if worded else len(tokens)) <= longest:
        return "length"
    if BAD_START.match(text):
        return "list_item"
    if not (text[-1] in ".!?…" or CLOSES.search(text[-MOST_SIGNS:])) or not (text[0].isupper() or text[0] in "\"'“”„»0123456789"):
        return "no_sentence"
    if (
        NO_PROSE.search(text)
        or "http:" in text
        or "https:" in text
        or "www." in text
        or text.rstrip().endswith("...")
        or (not worded and not _mostly_words(tokens) and letters(text) < LETTERS)
    ):
        return "signs"
    return ""


def _mostly_words(tokens: Sequence[str]) -> bool:
    """Tell cheaply that so much of a text is in tokens of letters alone, or with one sign behind them, that `letters` need not count the rest."""
    odd = sum([1 if token[:-1].isalpha() else len(token) for token in tokens if not token.isalpha()])
    return odd <= (1 - LETTERS) * sum(map(len, tokens))


def paragraphs(document: Document) -> list[str]:
    """Return the document's paragraphs in NFC, without soft hyphens and with plain spaces; empty ones left out."""
    return [p for p in map(_tidy, document.paragraphs) if p and "\ufffd" not in p]


def _tidy(text: str) -> str:
    """Return `text` in NFC with single plain spaces. Cleaned text is so already, and without a sign that does not print it has no other white space."""
    if not text.isprintable() or "  " in text or text[:1] == " " or text[-1:] == " ":
        text = " ".join(text.replace("\u00ad", "").replace("\ufeff", "").split())
    return nfc(text)


def read_documents(documents: Sequence[Document], language: str, least: int) -> tuple[list[tuple[Document, list[list[str]]]], Ledger]:
    """Return each document as paragraphs of sentences, and the ledger of documents.

    Refused: "empty" (no text), "one_sentence", "few_sentences" (fewer than `least`), "same_id" (a second document of one id).
    """
    ledger = Ledger("read documents", rows_in=len(documents))
    kept: list[tuple[Document, list[list[str]]]] = []
    seen: set[str] = set()
    for document in documents:
        parts = [[p[a:b] for a, b in sentences(p, language)] for p in paragraphs(document)]
        count = sum(map(len, parts))
        reason = "same_id" if document.id in seen else "empty" if count == 0 else "one_sentence" if count == 1 else "few_sentences" if count < least else ""
        seen.add(document.id)
        if reason:
            ledger.excluded[reason] += 1
        else:
            kept.append((document, parts))
    ledger.kept = len(kept)
    return kept, ledger


def common_fields(document: Document, maker: str, number: int) -> dict[str, Any]:
    """Return the fields every native row takes from its document."""
    return {
        "id": f"{document.id}-{maker}-{number}",
        "origin": document.origin,
        "corpus": document.corpus,
        "document": document.id,
        "licence": document.licence,
        "publishable": document.publishable,
        "genre": document.genre,
        "year": document.year,
    }

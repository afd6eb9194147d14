"""Documents as corpora have them -> documents of running text. It happens once, before any maker, and every loss is counted.

A document is refused whole for its orthography or its origin, or when too little of it is left; else it keeps the paragraphs that are
running text, in NFC, with plain spaces, in order. Makers get these, and offsets in their rows count in what they got.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from build_data.makers.clean_rules import FOOTNOTE, NUMBERED, SPACES, Words, fault, words_file, words_of
from build_data.makers.common import END, sentences
from build_data.steps import Ledger
from corpora.records import Document
from corpora.shards import file_sha256

VERSION = 3
LONG = 3_000  # characters: a longer paragraph (a web page whose breaks were lost, a broken file) is cut at sentence ends
VERSE_RUN = 3  # short paragraphs in a row, of which most don't end as sentences: verse, a list, a table of contents
VERSE_WORDS = 9
ITEM = re.compile(r"\s*(\d{1,3})[.)] \S")
ITEM_WORDS = 40  # a longer paragraph with a number is a part of a text
OLDEST = 1880  # year of a text, where it is known: older spelling and syntax before
CHARACTERS = 7  # a word with the space behind it, in both languages, so that words need no counting
OLD_WORDS = 3.0  # old spellings a 1,000 words that make a text old; Hungarian novels of modern spelling have below 1, others mostly 4 to 24
ENDS_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]]*$")


@dataclass
class Cleaned:
    """A document's cleaning: what is left of it or why nothing is, and what became of its paragraphs."""

    document: Document | None
    reason: str = ""
    paragraphs: Ledger = field(default_factory=lambda: Ledger("clean paragraphs"))


def clean_document(document: Document, language: str) -> Cleaned:
    """Clean one document. Reasons to refuse it: "translated", "empty", "old_orthography", "nothing_left", "one_sentence"."""
    reason = "translated" if "translated" in document.origin else "empty" if not any(map(str.strip, document.paragraphs)) else ""
    words = words_of(language)
    if reason or _is_old(document, words):
        return Cleaned(None, reason or "old_orthography")
    ledger = Ledger("clean paragraphs", rows_in=len(document.paragraphs))
    kept: list[str] = []
    verse, items = _verse_runs(document.paragraphs), _item_runs(document.paragraphs)
    for number, raw in enumerate(document.paragraphs):
        for part in _parts(raw, language, ledger):
            text = plain(part)
            run = "verse" if number in verse else "list" if number in items else ""
            why = "empty" if not text else run or ("long_paragraph" if len(text) > LONG else fault(part, text, words, language))
            if why:
                ledger.excluded[why] += 1
            else:
                kept.append(NUMBERED.sub("", text) if "§" in text or text[0] == "(" else text)
    ledger.kept = len(kept)
    if not kept:
        return Cleaned(None, "nothing_left", ledger)
    if not _has_two_sentences(kept):
        return Cleaned(None, "one_sentence", ledger)
    return Cleaned(dataclasses.replace(document, paragraphs=tuple(kept)), "", ledger)


def clean(documents: Iterable[Document], language: str) -> tuple[list[Document], list[Ledger]]:
    """Return the cleaned documents, and the ledgers of documents and of paragraphs (those of documents that were cut up, kept or not)."""
    kept: list[Document] = []
    whole, parts = Ledger("clean"), Ledger("clean paragraphs")
    for document in documents:
        found = clean_document(document, language)
        count(found, whole, parts)
        if found.document:
            kept.append(found.document)
    return kept, [whole, parts]


def clean_key(language: str) -> dict[str, Any]:
    """Return what decides how documents of a language are cleaned: for keys and manifests."""
    path = words_file(language)
    return {"version": VERSION, "words": file_sha256(path) if path.is_file() else ""}


def count(found: Cleaned, whole: Ledger, parts: Ledger) -> None:
    """Add one document's cleaning to the two ledgers."""
    whole.rows_in += 1
    if found.document:
        whole.kept += 1
    else:
        whole.excluded[found.reason] += 1
    parts.rows_in += found.paragraphs.rows_in
    parts.made += found.paragraphs.made
    parts.kept += found.paragraphs.kept
    parts.excluded.update(found.paragraphs.excluded)


def plain(text: str) -> str:
    """Return `text` in NFC with single plain spaces, without soft hyphens and marks of footnotes ("[12]")."""
    if "  " in text or SPACES.search(text) or text[:1] == " " or text[-1:] == " ":
        text = " ".join(text.replace("\u00ad", "").replace("\ufeff", "").replace("\u200b", "").split())
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return FOOTNOTE.sub("", text) if "[" in text else text


def _parts(raw: str, language: str, ledger: Ledger) -> list[str]:
    """Cut a paragraph of over LONG characters at sentence ends; a sentence that is longer stays so, and is refused."""
    if len(raw) <= LONG:
        return [raw]
    text = plain(raw)
    borders = sentences(text, language)
    parts: list[str] = []
    start = stop = 0
    for begin, end in borders:
        if end - start > LONG and stop > start:
            parts.append(text[start:stop])
            start = begin
        stop = end
    parts.append(text[start:stop] if borders else text)
    ledger.made += len(parts) - 1
    return parts


def _verse_runs(paragraphs: tuple[str, ...]) -> frozenset[int]:
    """Return the numbers of paragraphs in runs of short ones that mostly do not end as sentences; talk in a novel does end so."""
    found: set[int] = set()
    run: list[int] = []
    opened = 0
    for number, text in enumerate((*paragraphs, "")):
        if 0 < len(text) <= 80 and len(text.split()) <= VERSE_WORDS:
            run.append(number)
            opened += not ENDS_SENTENCE.search(text.rstrip())
            continue
        if len(run) >= VERSE_RUN and opened > len(run) / 2:
            found.update(run)
        run, opened = [], 0
    return frozenset(found)


def _item_runs(paragraphs: tuple[str, ...]) -> frozenset[int]:
    """Return the numbers of short paragraphs that count on from their neighbour ("1. Open the door.", "2. Go in."): items of a list, whole sentences or not."""
    found: set[int] = set()
    last = 0  # the number before the last paragraph, 0 = none
    for at, text in enumerate(paragraphs):
        item = ITEM.match(text) if text[:4].strip()[:1].isdigit() and text.count(" ") < ITEM_WORDS else None
        number = int(item[1]) if item else 0
        if number and last and number == last + 1:
            found.update((at - 1, at))
        last = number
    return frozenset(found)


def _is_old(document: Document, words: Words) -> bool:
    """Say whether a document is older than OLDEST, or spelled as if it were."""
    year = re.search(r"\d{4}", document.year)
    if year and int(year.group()) < OLDEST:
        return True
    size = sum(map(len, document.paragraphs)) / CHARACTERS
    found = sum(map(words.old_spellings, document.paragraphs))
    return found >= 3 and 1000 * found > OLD_WORDS * size


def _has_two_sentences(paragraphs: list[str]) -> bool:
    ends = 0
    for text in paragraphs:
        ends += sum(1 for _ in END.finditer(text)) or 1
        if ends >= 2:
            return True
    return False

"""What makes a paragraph no running text: pure rules on one paragraph, a reason each. build_data/makers/clean.py applies them.

The rules were written while reading the collection of November 2026 (law, library answers, course texts, web pages, novels). Word lists
are short on purpose: they need not know a language, only tell a plain paragraph of it from one that must be looked at closely.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from build_data import langid
from build_data.makers.common import sentences

LIST_ITEMS = 3  # item marks in a paragraph that make it a list
DIGITS = 0.25  # share of characters that are digits: above it is a table
CODE_SIGNS = 0.03  # share of characters that prose has no use for
CITATIONS = 0.05  # references to sections a word: above it a paragraph of law is made of references
HEADING_WORDS = 12  # a text of so many words or fewer that does not end as a sentence is a heading
SLASHES = 200  # characters: prose has fewer slashes between words than one in so many
VERSE_LINE = 60  # characters; longer lines are prose with hard breaks
COMMON = 0.04  # share of common words that speaks for the language; plain paragraphs have 0.1 to 0.3
LEAST_FOREIGN = 8  # words: of shorter ones (names, cries) the classifier says too little
LOOKED_AT = 400  # characters that the classifier reads of a paragraph
FOREIGN = 0.5  # probability of the language, as the filter `language`

TERMINAL = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
# UTF-8 read as Latin-1 or Latin-2, and signs that no text has. Letters of private areas are symbols of a lost font.
BROKEN = re.compile(r"\ufffd|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]|[ÃĂ][\x80-\xbf¤¶©¼¡­±³µ‘]|Â[\xa0-\xbf]|â€|Å[‘±]|ď»ż|ï»¿")
LOST_LETTER = re.compile(r"[a-zåäöáéíóőúű]\?[a-zåäöáéíóőúű]")  # "id?ben": a letter that an encoding lacked
MARKS = re.compile(r"(?:^|[\s:;,])(?:\(?\d{1,3}\)|[a-zåäö]\)|[•▪◦·*])\s")
BULLET = re.compile(r"\s*(?:[•▪◦·*#>|]|\d{1,3}\)|\(?[a-zåäö]\))\s")
CODE = re.compile(r"[{}<>\\=_~^`$]|\(\)|;\s*$|//")
CALL = re.compile(r"^\s*(?:def|class|import|from|const|let|var|function|return|if|for|while|print|console|SELECT|npm|git)\b[^.!?]*[({=;:]")
NUMBERED = re.compile(r"^(?:\d{1,3}(?:/[A-Z])?\. ?§\s*)?(?:\(\d{1,2}\)\s+)?")  # "12. § (1) " before a Hungarian section
FOOTNOTE = re.compile(r"\[\d{1,3}\](?=[\s.,;:!?)]|$)")
SPACES = re.compile(r"[\u00ad\ufeff\u200b\t\n\r\f\v\u00a0\u2000-\u200a\u2028\u2029]")


@dataclass(frozen=True)
class Words:
    """What a language gives the rules, from clean_LANGUAGE.toml; the comments there say what each is."""

    common: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()  # of these, what no language near has
    letters: tuple[str, ...] = ()
    strange: frozenset[str] = frozenset()
    opens: re.Pattern[str] | None = None
    holds: tuple[tuple[str, re.Pattern[str] | None], ...] = ()
    citation: tuple[str, ...] = ()
    old_signs: tuple[str, ...] = ()
    old: re.Pattern[str] | None = None
    broken: tuple[str, ...] = ()
    right: tuple[str, ...] = ()

    def old_spellings(self, text: str) -> int:
        """Return how many words of `text` are in a spelling that the language has given up."""
        return len(self.old.findall(text)) if self.old and _count(text, self.old_signs) else 0


def words_file(language: str) -> Path:
    """Return where the words and patterns of a language are, or would be."""
    return Path(__file__).parent / f"clean_{language}.toml"


@functools.cache
def words_of(language: str) -> Words:
    """Return the words and patterns of a language; one without a file has none, and the language classifier reads each of its paragraphs."""
    path = words_file(language)
    if not path.is_file():
        return Words()
    table = tomllib.loads(path.read_text("utf-8"))
    signs = {name: tuple(values) for name, values in table["signs"].items()}
    return Words(
        common=frozenset(table["common"]),
        own=frozenset(table["common"]) - frozenset(table.get("shared", ())),
        letters=tuple(table.get("letters", ())),
        strange=frozenset(table.get("strange", ())),
        opens=re.compile("|".join(table["opens"])),
        holds=tuple((sign, re.compile(pattern) if pattern else None) for sign, pattern in table["holds"].items()),
        citation=signs["citation"],
        old_signs=signs["old"],
        old=re.compile(table["patterns"]["old"]),
        broken=signs["broken"],
        right=signs["right"],
    )


def fault(raw: str, text: str, words: Words, language: str) -> str:
    """Return why a paragraph is no running text, or "".

    `raw` is the paragraph as the corpus has it (its line breaks tell verse and tables), `text` the same with plain spaces. Reasons: "encoding",
    "address", "code", "table", "list", "verse", "heading", "boilerplate", "language". Literals are looked for before patterns: 15 microseconds
    for a paragraph of 40 words, a third of what the patterns alone would cost.
    """
    if _broken(raw, words):
        return "encoding"
    if len(CODE.findall(text)) > CODE_SIGNS * len(text) or CALL.match(text):
        return "address" if "://" in text or "www." in text else "code"
    if _count(raw, ("\t", "   ", "|")) >= 3 or _count(text, "0123456789") > DIGITS * len(text):
        return "table"
    if _list(text):
        return "list"
    if _verse(raw, text):
        return "verse"
    tokens = text.split()
    if (len(tokens) <= HEADING_WORDS and not TERMINAL.search(text[-8:])) or text.isupper():
        return "heading"
    if _boilerplate(text, len(tokens), words):
        return "boilerplate"
    return "language" if _foreign(text, tokens, words, language) else ""


def _count(text: str, signs: Iterable[str]) -> int:
    return sum(map(text.count, signs))


def _holds(text: str, signs: Iterable[str]) -> bool:
    return any(sign in text for sign in signs)


def _boilerplate(text: str, count: int, words: Words) -> bool:
    if words.opens and words.opens.match(text):
        return True
    if any(sign in text and (pattern is None or pattern.search(text)) for sign, pattern in words.holds):
        return True
    return _count(text, words.citation) > max(1.0, CITATIONS * count)


def _broken(raw: str, words: Words) -> bool:
    if (not raw.isascii() or not raw.isprintable()) and BROKEN.search(raw):
        return True
    if "?" in raw:
        lost = [found for found in LOST_LETTER.finditer(raw) if "://" not in raw[max(0, raw.rfind(" ", 0, found.start())) : found.start()]]
        if len(lost) >= 2:
            return True
    return bool(words.broken) and _count(raw, words.broken) >= 2 and not _holds(raw, words.right)


def _list(text: str) -> bool:
    """Say whether a paragraph is an item or a list of them. A dash opens talk as well: it is an item before a small letter, or without an end."""
    if BULLET.match(text) or (_holds(text, ")•▪◦·*") and len(MARKS.findall(text)) >= LIST_ITEMS):
        return True
    if (text[0] in "-–—" and text[1:2] == " ") and (text[2:3].islower() or not TERMINAL.search(text[-8:])):
        return True
    return (" / " in text and " : " in text) or "ISBN" in text  # entries of a library's catalogue


def _verse(raw: str, text: str) -> bool:
    """Say whether a paragraph is set in short lines, or quotes lines with a slash between."""
    if "\n" in raw:
        lines = [line.strip() for line in raw.split("\n") if line.strip()]
        return len(lines) >= 3 and sum(len(line) <= VERSE_LINE for line in lines) >= 0.8 * len(lines)
    return text.count(" / ") > max(1, len(text) / SLASHES)


def _foreign(text: str, tokens: list[str], words: Words, language: str) -> bool:
    """Say whether a paragraph, or a sentence of it, is in another language. The classifier costs 90 microseconds: it is asked where common words are rare.

    Common words alone don't decide: "a" and "is" are English as well, and half a paragraph may be a quotation.
    """
    known = sum(map(words.common.__contains__, tokens))
    plain = known >= max(1, COMMON * len(tokens)) and (_holds(text, words.letters) or not words.own.isdisjoint(tokens))
    if not plain and _reads_foreign(text, tokens, language):
        return True
    return not words.strange.isdisjoint(tokens) and any(_is_foreign_sentence(text[begin:end], words, language) for begin, end in sentences(text, language))


def _is_foreign_sentence(text: str, words: Words, language: str) -> bool:
    tokens = text.split()
    return not words.strange.isdisjoint(tokens) and _reads_foreign(text, tokens, language)


def _reads_foreign(text: str, tokens: list[str], language: str) -> bool:
    return len(tokens) >= LEAST_FOREIGN and langid.probability(text[:LOOKED_AT], language) < FOREIGN

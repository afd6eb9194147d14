"""Running text into sentences that a translation model can take. The only file that knows spaCy.

Offsets are code points. Sentences never overlap, and what lies between them is white space only, so that a translation put
in the place of each sentence leaves the white space of the original as it was.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from build_data.lazy import need
from corpora.config import ConfigError

Offsets = tuple[int, int]
Size = Callable[[str], int]

LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # a line break always ends a sentence: lists, headings, verse
CHUNK = re.compile(r"\S+")
CLAUSE = re.compile(r"(?<=[,;:)\]”\"–—])\s+|\s+(?=[(\[“–—])")  # where a long sentence is split first
SPACE = re.compile(r"\s+")
# One sentence beyond doubt: ASCII and Latin letters whose only full stop, if any, ends it. Half of MNLI's texts; spaCy costs 70 microseconds a sentence.
SINGLE = re.compile(r"[ \"-\-/->@-~\u00c0-\u024f]*[.!?]?[\"')\]]*")


@functools.cache
def _tokeniser(language: str) -> tuple[Callable[[str], Any], frozenset[str]]:
    """Return spaCy's tokeniser of a language (it knows Mr., esim., kb.) and the signs that end a sentence; no model is loaded."""
    try:
        nlp = need("spacy", "build").blank(language)
    except (ImportError, ValueError) as err:
        raise ConfigError(
            f"spaCy has no tokeniser for {language!r} ({err}), so its text cannot be cut into sentences; name a language by its two-letter code"
        ) from None
    return nlp.tokenizer, frozenset(need("spacy.pipeline", "build").Sentencizer.default_punct_chars)


@functools.lru_cache(maxsize=50_000)  # words with a full stop in them repeat: "Mr.", "U.S.", "it."
def _tokens(chunk: str, language: str) -> tuple[tuple[int, bool, bool], ...]:
    """Return (offset, ends a sentence, is punctuation) of each token of a stretch without white space."""
    tokeniser, ends = _tokeniser(language)
    return tuple((token.idx, token.text in ends, token.is_punct) for token in tokeniser(chunk))


def split(text: str, language: str, size: Size | None = None, limit: int = 0) -> list[Offsets]:
    """Return (start, end) of each sentence of `text`, without the white space around it.

    With `size` (pieces of a text) and `limit`, a sentence above `limit` is split at clause punctuation, then at spaces;
    one without any space stays whole, for nothing is ever cut.
    """
    if SINGLE.fullmatch(text):
        start, end = _trim(text, 0, len(text))
        found = [(start, end)] if start < end else []
    else:
        found = [offsets for line in LINE.finditer(text) for offsets in _line(text, line.start(), line.end(), language)]
    if size is None:
        return found
    return [part for start, end in found for part in shorten(text, start, end, size, limit)]


def _line(text: str, start: int, end: int, language: str) -> Iterator[Offsets]:
    """Yield the sentences of one line; one that begins with a small letter belongs to the one before ('"Stop!" he said.')."""
    begin: int | None = None
    stop = 0
    for a, b in _rule_based(text, start, end, language):
        if begin is not None and not text[a].islower():
            yield begin, stop
            begin = None
        begin = a if begin is None else begin
        stop = b
    if begin is not None:
        yield begin, stop


def _rule_based(text: str, start: int, end: int, language: str) -> Iterator[Offsets]:
    """Yield what spaCy's `sentencizer` yields for a line, trimmed.

    spaCy cuts at white space before anything else, so a stretch's tokens depend on the stretch alone and can be kept; and stretches without
    a full stop need no tokens: 4 microseconds a text of MNLI instead of 133, and the same sentences (tests/test_translate_sentences.py compares).
    """
    _, ends = _tokeniser(language)
    begin, last, after_stop = -1, -1, False
    for found in CHUNK.finditer(text, start, end):
        chunk, at = found.group(), found.start()
        if after_stop and text[last:at] != " ":  # spaCy makes a token of any other white space, and it begins the next sentence
            yield begin, last
            begin, after_stop = at, False
        begin = at if begin < 0 else begin
        last = found.end()
        if not after_stop and ends.isdisjoint(chunk):
            continue
        for offset, is_end, is_punctuation in _tokens(chunk, language):
            if after_stop and not is_punctuation and not is_end:
                if at + offset > begin:
                    yield begin, _before(text, begin, at + offset)
                begin, after_stop = at + offset, False
            elif is_end:
                after_stop = True
    if begin >= 0:
        yield begin, last


def _before(text: str, start: int, end: int) -> int:
    return _trim(text, start, end)[1]


def _trim(text: str, start: int, end: int) -> Offsets:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def shorten(text: str, start: int, end: int, size: Size, limit: int) -> Iterator[Offsets]:
    """Yield text[start:end] in parts of at most `limit` pieces: as few clauses as fit together, then as few words."""
    if size(text[start:end]) <= limit:
        yield start, end
        return
    for a, b in _pack(text, _cuts(text, start, end, CLAUSE), size, limit):
        if size(text[a:b]) <= limit:
            yield a, b
        else:
            yield from _pack(text, _cuts(text, a, b, SPACE), size, limit)


def clauses(text: str) -> list[Offsets]:
    """Return `text` split at every clause punctuation mark (the translator's last resort for a sentence it cannot do)."""
    return _cuts(text, *_trim(text, 0, len(text)), CLAUSE)


def _cuts(text: str, start: int, end: int, border: re.Pattern[str]) -> list[Offsets]:
    parts: list[Offsets] = []
    at = start
    for found in border.finditer(text, start, end):
        if found.start() > at:
            parts.append((at, found.start()))
        at = found.end()
    return [*parts, (at, end)] if at < end else parts


def _pack(text: str, parts: list[Offsets], size: Size, limit: int) -> Iterator[Offsets]:
    """Join neighbouring parts while they stay within `limit` pieces; sizes are summed, so the work is linear in the text."""
    begin, stop, used = -1, -1, 0
    for a, b in parts:
        cost = size(text[a:b])
        if begin >= 0 and used + cost > limit:
            yield begin, stop
            begin, used = -1, 0
        begin = a if begin < 0 else begin
        stop, used = b, used + cost
    if begin >= 0:
        yield begin, stop

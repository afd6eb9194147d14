"""English text into sentences that a translation model can take. The only file that knows spaCy.

Offsets are code points. Sentences never overlap, and what lies between them is white space only, so that a translation put
in the place of each sentence leaves the white space of the original as it was.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from build_data.lazy import need

Offsets = tuple[int, int]
Size = Callable[[str], int]

LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # a line break always ends a sentence: lists, headings, verse
CLAUSE = re.compile(r"(?<=[,;:)\]”\"–—])\s+|\s+(?=[(\[“–—])")  # where a long sentence is split first
SPACE = re.compile(r"\s+")
NLP_MAX = 1 << 40  # spaCy refuses texts above 1,000,000 characters for the sake of its parser, which we don't use


@functools.cache
def _sentencizer() -> Any:
    """Return spaCy's English tokeniser (it knows Mr., U.S., e.g.) with the rule-based sentencizer; no model is loaded."""
    nlp = need("spacy", "build").blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = NLP_MAX
    return nlp


def split(text: str, size: Size | None = None, limit: int = 0) -> list[Offsets]:
    """Return (start, end) of each sentence of `text`, without the white space around it.

    With `size` (pieces of a text) and `limit`, a sentence above `limit` is split at clause punctuation, then at spaces;
    one without any space stays whole, for nothing is ever cut.
    """
    found = [offsets for line in LINE.finditer(text) for offsets in _line(text, line.start(), line.end())]
    if size is None:
        return found
    return [part for start, end in found for part in shorten(text, start, end, size, limit)]


def _line(text: str, start: int, end: int) -> Iterator[Offsets]:
    """Yield the sentences of one line; one that begins with a small letter belongs to the one before ('"Stop!" he said.')."""
    line = text[start:end]
    if not line.strip():
        return
    begin: int | None = None
    stop = 0
    for sentence in _sentencizer()(line).sents:
        a, b = _trim(text, start + sentence.start_char, start + sentence.end_char)
        if a == b:
            continue
        if begin is not None and not text[a].islower():
            yield begin, stop
            begin = None
        begin = a if begin is None else begin
        stop = b
    if begin is not None:
        yield begin, stop


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

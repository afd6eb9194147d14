"""Made-up prose in which neighbours share a word, for makers that look for such ties."""

from __future__ import annotations

from random import Random

from corpora.records import Document


def word(*parts: object) -> str:
    """Return a made-up word of seven letters that depends on `parts` alone."""
    return "".join(Random(repr(parts)).choices("bdfghklmnprstv", k=7))


def prose(name: str, lines: int, paragraph: int) -> Document:
    """Return a document in which each sentence shares one word with the one before it, and no word with any other."""
    texts = [" ".join([word(name, i, "a").capitalize(), *(word(name, i, j) for j in range(4)), word(name, i - 1, 0)]) + "." for i in range(lines)]
    paragraphs = tuple(" ".join(texts[i : i + paragraph]) for i in range(0, lines, paragraph))
    return Document(id=name, paragraphs=paragraphs, genre="novel", corpus="fi/x", licence="CC0-1.0")

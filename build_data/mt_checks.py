"""What degenerate machine translation looks like. Pure functions on texts; the thresholds say why."""

from __future__ import annotations

import re
from collections import Counter

from build_data.langid import probability

# A unit of 2-6 letters four times in a row, or one letter five times: no Finnish or Hungarian word has that ("hahahaha" is
# excused where the English has its own loop).
STUTTER = re.compile(r"([^\W\d_]{2,6}?)\1{3,}|([^\W\d_])\2{4,}", re.IGNORECASE)
COPY_WORDS = 3  # below three small-letter words a copy may be right: "radio", "Mount Everest", "in situ"
COPY_SHARE = 0.8
WORD = re.compile(r"\w+")


def faults(source: str, text: str, cut: bool) -> tuple[str, ...]:
    """Return what is wrong with the translation `text` of `source`: empty, cut (no end was reached), loop, copied."""
    if not WORD.search(text):
        return ("empty",)
    found = ["cut"] if cut else []
    if loops(text) and not loops(source):
        found.append("loop")
    if copied(source, text):
        found.append("copied")
    return tuple(found)


def loops(text: str) -> bool:
    """Say whether `text` repeats itself as stuck decoders do: within a word, word after word, or phrase after phrase."""
    if STUTTER.search(text):
        return True
    words = [w.casefold() for w in WORD.findall(text)]
    for n in (1, 2, 3, 4):
        run = 0
        for i in range(n, len(words)):
            run = run + 1 if words[i] == words[i - n] else 0
            # The same word three times in a row, or a longer phrase three times: run counts the words that repeat the ones n before.
            if run >= 2 * n:
                return True
    trigrams = Counter(zip(words, words[1:], words[2:], strict=False))
    # Phrase loops with something between them; four times the same three words within one sentence.
    return bool(trigrams) and max(trigrams.values()) >= 4


def copied(source: str, text: str) -> bool:
    """Say whether the English came through untranslated: at least 3 small-letter words, four fifths of them verbatim."""
    english = [w for w in WORD.findall(source) if w.isalpha() and w.islower() and len(w) > 2]
    if len(english) < COPY_WORDS:
        return False
    there = set(WORD.findall(text))
    return sum(w in there for w in english) >= COPY_SHARE * len(english)


STRAYED_WORDS = 5  # shorter texts (names, titles) are in no language for sure: facts/data-stage.md 3.1
STRAYED = 0.02  # probability below which a text of five words and more is not in the language; good Finnish and Hungarian has 0.99


def strayed(text: str, language: str) -> tuple[str, ...]:
    """Say ("language",) where a model of many languages wrote another one than it was asked for."""
    return ("language",) if len(WORD.findall(text)) >= STRAYED_WORDS and probability(text, language) < STRAYED else ()

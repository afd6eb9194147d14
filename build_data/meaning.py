"""What a translation must keep whatever its words: names, questions, quantifiers and connectives. Words from lists_LANGUAGE.toml, no parse, no model.

A language without a list is passed over: its score is that of a perfect match.
"""

from __future__ import annotations

import functools
import re

from build_data import word_lists
from build_data.heuristics import AROUND, folded, tokens, words

STEM = 4  # letters of a name that survive most case endings (Helsinki: Helsingissä)
# Capitalised in English only: days, months, languages, peoples. "I" is no name either.
NO_NAME = re.compile(
    r"I|I['’]\w+|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|January|February|March|April|May|June|July|August|September|October|November|December"
    r"|English|\w+ish|\w+ese|\w+ian|\w+ians|\w+can|\w+cans|French|German|Germans|Greek|Greeks|Dutch|Mr|Mrs|Ms|Dr|God|Christmas|Easter|Internet|TV|OK|OKs?"
)
CLOSING = ".!?:…"

ASKS = {language: word_lists.joined(words) for language, words in word_lists.table(lambda lists: lists.asks).items()}
SCOPE = word_lists.table(lambda lists: lists.scope)  # language -> class -> words that decide what follows from a sentence


@functools.lru_cache(4096)
def names(text: str, english: bool) -> tuple[str, ...]:
    """Return capitalised words that do not open a sentence or a quotation, without case; in English, those that other languages write small are left out."""
    found = []
    opening = True
    for token in tokens(text):
        if not opening and token[0].isupper():
            name = token.strip(AROUND)
            if name and not (english and _small_elsewhere(name)):
                found.append(name.casefold())
        opening = token[-1] in CLOSING or (token[-1] in "\"'”’»)" and token.rstrip("\"'”’»)")[-1:] in CLOSING)
    return tuple(found)


@functools.lru_cache(1 << 14)
def _small_elsewhere(name: str) -> bool:
    return NO_NAME.fullmatch(name) is not None


def _stem(name: str) -> str:
    """Return what any form of a name holds: STEM letters, or all but the last of a shorter one, but three at least."""
    return name[: min(STEM, max(len(name) - 1, 3))]


def names_changed(text: str, source: str) -> float:
    """Return the share, 0 to 1, of names on either side that the other side has not; one is added to the count, so a single odd name weighs half.

    Names are told by their capital, and their stem is looked for anywhere in the other side. Names that are translated (Finland:
    Suomi) count as changed, which is why good pairs score up to 0.6.
    """
    theirs, mine = names(source, True), names(text, False)
    if not theirs and not mine:
        return 0.0
    lost = sum(_stem(name) not in folded(text) for name in theirs)
    made = sum(_stem(name) not in folded(source) for name in mine)
    return (lost + made) / (len(theirs) + len(mine) + 1)


def question_changed(text: str, source: str, language: str) -> float:
    """Return 1 if one side asks and the other does not, else 0. A source that ends with "?" may be asked in words alone."""
    asked, asks = (side.rstrip("\"'”’»)] ").endswith("?") for side in (source, text))
    if asked == asks:
        return 0.0
    if asked and language in ASKS:
        return float(not any(ASKS[language].fullmatch(word) for word in words(text)[:3]))
    return 1.0


class _Classes(dict[str, int]):
    """Word -> the classes of SCOPE it belongs to, as bits in the order of the classes; kept, since words come back often."""

    def __init__(self, language: str) -> None:
        self.patterns = [word_lists.joined(words) for words in SCOPE[language].values()]

    def __missing__(self, word: str) -> int:
        folded = word.casefold()
        bits = sum(1 << place for place, pattern in enumerate(self.patterns) if pattern.fullmatch(folded))
        if len(self) < 1 << 18:
            self[word] = bits
        return bits


_CLASSES = {language: _Classes(language) for language in SCOPE}


@functools.lru_cache(4096)
def scope(text: str, language: str) -> int:
    """Return the classes of SCOPE that a text has words of, as bits. `language` must be one of SCOPE."""
    return functools.reduce(int.__or__, map(_CLASSES[language].__getitem__, words(text)), 0)


def scope_changed(text: str, source: str, language: str) -> float:
    """Return how many classes of SCOPE stand on one side only. A class that the translation often gains (Hungarian "olyan") counts like any other."""
    return float((scope(text, language) ^ scope(source, "en")).bit_count()) if language in SCOPE else 0.0

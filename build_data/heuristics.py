"""Scores of a text, or of a translation beside its English source, that need no parse and no model. All pure.

Words are cut once a text and kept for the scores that follow on the same text, so a pair costs about 30 microseconds in all.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any

from build_data.lazy import need

LETTERS = re.compile(r"[^\W\d_]+")
OTHER_SIGN = re.compile(r"[^\w\s]|[\d_]")  # what is neither letter nor white space
AROUND = ".,;:!?…\"'”“„’‘‚»«›‹()[]{}<>–—-*/|+=&%€$#~`´•·"  # signs that stand before or behind a word
NOT_LATIN = re.compile(
    r"[^\x00-\u024F\u1E00-\u1EFF\u2000-\u2BFF\u3000-\u303F\uFB00-\uFB06\uFE00-\uFE0F\uFF00-\uFF5E\U0001F000-\U0001FAFF]"
)  # letters of other scripts
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{2,6});")
LONGEST_LOOP = 8  # words; MT loops repeat a word or a clause, not a paragraph
INNER_LOOP = re.compile(r"(.{2,6}?)\1{3,}")  # within one word: "hahahahaha"
ENDS = ".?!…"
BLOCK = 4  # characters; see common_substring


@functools.lru_cache(4096)
def tokens(text: str) -> tuple[str, ...]:
    """Return what stands between white space, signs included."""
    return tuple(text.split())


@functools.lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """Return the words of `text`: tokens that begin with a letter, without the signs around them ("(12-year-old" is none, "don't," is "don't")."""
    return tuple(word for word in (token.strip(AROUND) for token in tokens(text)) if word and word[0].isalpha())


@functools.lru_cache(4096)
def folded(text: str) -> str:
    """Return `text` without case."""
    return text.casefold()


def word_count(text: str) -> float:
    """Return the number of tokens."""
    return float(len(tokens(text)))


def longest_word(text: str) -> float:
    """Return the characters of the longest token (0 for an empty text)."""
    return float(max(map(len, tokens(text)), default=0))


def average_word(text: str) -> float:
    """Return the mean characters of a token (0 for an empty text)."""
    found = tokens(text)
    return sum(map(len, found)) / len(found) if found else 0.0


def letters(text: str) -> float:
    """Return the share, 0 to 1, of letters among the characters that are not white space (0 for an empty text)."""
    signs = sum(map(len, tokens(text)))
    return 1 - len(OTHER_SIGN.findall(text)) / signs if signs else 0.0


def latin(text: str) -> float:
    """Return the share, 0 to 1, of letters that are Latin (1 where there are no letters)."""
    if text.isascii() or NOT_LATIN.search(text) is None:
        return 1.0
    total = sum(map(len, LETTERS.findall(text)))
    return max(0.0, 1 - sum(sign.isalpha() for sign in NOT_LATIN.findall(text)) / total) if total else 1.0


def markup(text: str) -> float:
    """Return the number of HTML tags and character references; a lone < or & is text."""
    return float(len(TAG.findall(text))) if "<" in text or "&" in text else 0.0


def repetition(text: str) -> float:
    """Return the share, 0 to 1, of words inside loops.

    A loop is a unit of 1 to 8 words said three times or more in a row, or twice for units of four words up ("ei, ei" is speech),
    or a word of 12 letters up that says one thing four times ("hahahahahaha").
    """
    found = tokens(text)
    if len(set(found)) == len(found) and not any(map(_stutters, found)):  # most sentences say no word twice
        return 0.0
    found = tokens(folded(text))
    looping = [_stutters(token) for token in found]
    _mark_loops(found, looping)
    return sum(looping) / len(found)


def _stutters(token: str) -> bool:
    return len(token) >= 12 and len(set(token)) * 2 <= len(token) and INNER_LOOP.search(token) is not None


def _mark_loops(found: tuple[str, ...], looping: list[bool]) -> None:
    for size in range(1, min(LONGEST_LOOP, len(found) // 2) + 1):
        times = 2 if size >= 4 else 3
        run = 0  # how many tokens in a row equal the one `size` before
        for at in range(size, len(found)):
            run = run + 1 if found[at] == found[at - size] else 0
            if run >= size * (times - 1):
                looping[at - size * times + 1 : at + 1] = [True] * (size * times)


def length_ratio(text: str, source: str) -> float:
    """Return characters of the translation over those of the source; ten are added to both, so that "No." -> "Ei käy." is no outlier."""
    return (len(text) + 10) / (len(source) + 10)


def word_ratio(text: str, source: str) -> float:
    """Return words of the translation over those of the source; two are added to both ("I love you." -> "Rakastan.")."""
    return (len(tokens(text)) + 2) / (len(tokens(source)) + 2)


def copied(text: str, source: str) -> float:
    """Return the share, 0 to 1, of lower-case words (3 letters up) that stand in the source as well; names start with a capital and don't count."""
    own = [word for word in words(text) if word[0].islower() and len(word) >= 3]
    if len(own) >= 3:
        known = set(words(source))
        return sum(word in known for word in own) / len(own)
    same = folded(text) == folded(source)
    return float(same and any(word[0].islower() for word in words(text)))


@functools.cache
def _levenshtein() -> Any:
    return need("rapidfuzz.distance", "build").Levenshtein


def similarity(text: str, source: str) -> float:
    """Return 1 - Levenshtein distance / length of the longer one, 0 to 1, in characters (OpusFilter's SimilarityFilter)."""
    return float(_levenshtein().normalized_similarity(text, source))


def common_substring(text: str, source: str) -> float:
    """Return the longest run of characters that both share over the length of the shorter one, 0 to 1; runs below 2 * BLOCK count as none.

    A run of 2 * BLOCK - 1 characters up holds a whole block of the shorter text, cut every BLOCK characters: only around
    blocks that the longer text has is anything compared.
    """
    short, long = (text, source) if len(text) <= len(source) else (source, text)
    size, best = len(short), 2 * BLOCK - 1
    if size <= best:
        return float(bool(short) and short in long)
    for block in range(0, size - BLOCK + 1, BLOCK):
        if short[block : block + BLOCK] in long:
            for at in range(max(0, block - BLOCK + 1), block + 1):
                while at + best < size and short[at : at + best + 1] in long:
                    best += 1
    return best / size if best >= 2 * BLOCK else 0.0


def terminal_punctuation(text: str, source: str) -> float:
    """Return OpusFilter's score of closing signs: 0 if both sides have one each, less with every sign more or missing."""
    mine, theirs = (sum(map(side.count, ENDS)) for side in (text, source))
    return -math.log(abs(mine - theirs) + max(mine - 1, 0) + max(theirs - 1, 0) + 1)


def cut_off(text: str, source: str) -> float:
    """Return 1 if the source ends as a sentence does and the translation does not (it was cut, or lost its end), else 0."""
    closing = "\"'”’»)] "
    return float(source.rstrip(closing).endswith((".", "!", "?")) and not text.rstrip(closing).endswith((".", "!", "?", "…", ":", ";")))

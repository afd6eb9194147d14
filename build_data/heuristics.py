"""Scores of a text, or of a translation beside its English source, that need no parse and no model. All pure.

What a text is cut into is kept for the scores that follow on the same text, so a pair costs some 40 microseconds in all.
"""

from __future__ import annotations

import functools
import math
import re
from operator import eq
from typing import Any, NamedTuple

from build_data.lazy import need

LETTERS = re.compile(r"[^\W\d_]+")
OTHER_SIGN = re.compile(r"[^\w\s]|[\d_]")  # what is neither letter nor white space
AROUND = ".,;:!?…\"'”“„’‘‚»«›‹()[]{}<>–—-*/|+=&%€$#~`´•·"  # signs that stand before or behind a word
NOT_LATIN = re.compile(
    r"[^\x00-\u024F\u1E00-\u1EFF\u2000-\u2BFF\u3000-\u303F\uFB00-\uFB06\uFE00-\uFE0F\uFF00-\uFF5E\U0001F000-\U0001FAFF]"
)  # letters of other scripts
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{2,6});")
LONGEST_LOOP = 8  # words; MT loops repeat a word or a clause, not a paragraph
LONG_STUTTER = 12  # characters
INNER_LOOP = re.compile(r"(.{2,6}?)\1{3,}")  # within one word: "hahahahaha"
ENDS = ".?!…"
SHARED, STEP = 12, 8  # characters; see common_substring


@functools.lru_cache(4096)
def tokens(text: str) -> tuple[str, ...]:
    """Return what stands between white space, signs included."""
    return tuple(text.split())


class Shape(NamedTuple):
    """Sizes of a text: its tokens, characters of the longest one and of all, and the tokens that are not letters alone, one after the other."""

    number: int
    longest: int
    signs: int
    odd: str


@functools.lru_cache(4096)
def shape(text: str) -> Shape:
    """Return the sizes of `text`. Most tokens are plain words, so what looks for digits and signs looks at `odd` alone."""
    found = tokens(text)
    sizes = list(map(len, found))
    return Shape(len(sizes), max(sizes, default=0), sum(sizes), " ".join([token for token in found if not token.isalpha()]))


@functools.lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """Return the words of `text`: tokens that begin with a letter, without the signs around them ("(12-year-old" is none, "don't," is "don't")."""
    return tuple([word for token in tokens(text) if (word := token if token.isalpha() else _bare(token))])


def _bare(token: str) -> str:
    word = token[:-1] if token[:-1].isalpha() and token[-1] in AROUND else token.strip(AROUND)  # mostly one sign behind it
    return word if word and word[0].isalpha() else ""


@functools.lru_cache(4096)
def folded(text: str) -> str:
    """Return `text` without case."""
    return text.casefold()


def word_count(text: str) -> float:
    """Return the number of tokens."""
    return float(shape(text).number)


def longest_word(text: str) -> float:
    """Return the characters of the longest token (0 for an empty text)."""
    return float(shape(text).longest)


def average_word(text: str) -> float:
    """Return the mean characters of a token (0 for an empty text)."""
    found = shape(text)
    return found.signs / found.number if found.number else 0.0


def letters(text: str) -> float:
    """Return the share, 0 to 1, of letters among the characters that are not white space (0 for an empty text)."""
    found = shape(text)
    return 1 - len(OTHER_SIGN.findall(found.odd)) / found.signs if found.signs else 0.0


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
    stutter = any(map(_stutters, [token for token in found if len(token) >= LONG_STUTTER]))
    repeated = len(found) - len(set(found))
    # Most sentences have no loop, and show it: one word three times has equal neighbours, whatever the first one's capital, and any longer loop repeats three.
    if not stutter and (not repeated or (repeated < 3 and True not in map(eq, found[1:], found))):
        return 0.0
    plain = folded(text).split()
    repeated = len(plain) - len(set(plain))
    looping = list(map(_stutters, plain)) if stutter else [False] * len(plain)
    _mark_loops(plain, looping, repeated)
    return sum(looping) / len(plain)


def _stutters(token: str) -> bool:
    return len(token) >= LONG_STUTTER and len(set(token)) * 2 <= len(token) and INNER_LOOP.search(token) is not None


def _mark_loops(found: list[str], looping: list[bool], repeated: int) -> None:
    for size in range(1, min(LONGEST_LOOP, len(found) // 2) + 1):
        times = 2 if size >= 4 else 3
        length = size * (times - 1)  # tokens that equal the one `size` before, in a row
        if repeated < length:
            continue
        same = bytes(map(eq, found[size:], found))
        at = same.find(b"\1" * length)
        while at >= 0:
            looping[at : at + size * times] = [True] * (size * times)
            at = same.find(b"\1" * length, at + 1)


def length_ratio(text: str, source: str) -> float:
    """Return characters of the translation over those of the source; ten are added to both, so that "No." -> "Ei käy." is no outlier."""
    return (len(text) + 10) / (len(source) + 10)


def word_ratio(text: str, source: str) -> float:
    """Return words of the translation over those of the source; two are added to both ("I love you." -> "Rakastan.")."""
    return (shape(text).number + 2) / (len(tokens(source)) + 2)


def copied(text: str, source: str) -> float:
    """Return the share, 0 to 1, of lower-case words (3 letters up) that stand in the source as well; names start with a capital and don't count."""
    own = [word for word in words(text) if word[0].islower() and len(word) >= 3]
    if len(own) >= 3:
        found = [word for word in own if word in source]  # letters in a row, so mostly none: only then is the source cut into words
        return sum(map(set(words(source)).__contains__, found)) / len(own) if found else 0.0
    same = folded(text) == folded(source)
    return float(same and any(word[0].islower() for word in words(text)))


@functools.cache
def _levenshtein() -> Any:
    return need("rapidfuzz.distance", "build").Levenshtein


def similarity(text: str, source: str) -> float:
    """Return 1 - Levenshtein distance / length of the longer one, 0 to 1, in characters (OpusFilter's SimilarityFilter)."""
    return float(_levenshtein().normalized_similarity(text, source))


def common_substring(text: str, source: str) -> float:
    """Return the longest run of characters that both share over the length of the shorter one, 0 to 1; runs below SHARED (a name) count as none.

    A run of SHARED characters holds SHARED + 1 - STEP characters of the shorter text from a place that STEP divides: only around
    those that the longer text has is anything compared.
    """
    short, long = (text, source) if len(text) <= len(source) else (source, text)
    size, best, probe = len(short), SHARED - 1, SHARED + 1 - STEP
    if size <= best:
        return float(bool(short) and short in long)
    for place in [at for at in range(0, size - probe + 1, STEP) if short[at : at + probe] in long]:
        for at in range(max(0, place - STEP + 1), place + 1):
            while at + best < size and short[at : at + best + 1] in long:
                best += 1
    return best / size if best >= SHARED else 0.0


def terminal_punctuation(text: str, source: str) -> float:
    """Return OpusFilter's score of closing signs: 0 if both sides have one each, less with every sign more or missing."""
    mine, theirs = sum(map(shape(text).odd.count, ENDS)), sum(map(source.count, ENDS))
    return -math.log(abs(mine - theirs) + max(mine - 1, 0) + max(theirs - 1, 0) + 1)


def cut_off(text: str, source: str) -> float:
    """Return 1 if the source ends as a sentence does and the translation does not (it was cut, or lost its end), else 0."""
    closing = "\"'”’»)] "
    return float(source.rstrip(closing).endswith((".", "!", "?")) and not text.rstrip(closing).endswith((".", "!", "?", "…", ":", ";")))

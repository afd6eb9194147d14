"""When a target word is a form of another: case endings, numbers, names. Pure functions on words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# English words that Finnish and Hungarian say by endings, or not at all; they may be missing from an answer's translation.
FUNCTION = frozenset("a an the of in on at to and by for from with into about as is are was were be been or its his her their it".split())  # noqa: SIM905 - a word list is read best as one line
NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f']\d+)*")
ENDING = 9  # letters: Finnish endings stack up (-issammekin), and compounds with more are other words
STEM = 4
EDGES = " \t.,;:!?…\"'`´‘’‚“”„«»()[]{}<>*_~–—-/\\|"


@dataclass(frozen=True, slots=True)
class Window:
    """Target words first..last (inclusive), and the F1 of matched words: 1.0 = every word of the pattern and none besides."""

    first: int
    last: int
    score: float


def bare(word: str) -> str:
    """Return a word without the punctuation around it."""
    return word.strip(EDGES)


def key(word: str) -> str:
    """Return what is compared: small letters, long á and é shortened (hu: alma, almák)."""
    text = unicodedata.normalize("NFC", bare(word)).casefold()
    return text.replace("á", "a").replace("é", "e")


def number(word: str) -> str:
    """Return the digits of the first number in a word ("1.500-at" -> "1500", "3,5" -> "35"), or ''."""
    found = NUMBER.search(word)
    return re.sub(r"\D", "", found.group()) if found else ""


def alike(pattern: str, word: str) -> bool:
    """Say whether `word` is `pattern` with another ending: Budapest - Budapesten, NATO - NATO:n, kaupunki - kaupungissa."""
    if number(pattern) or number(word):
        return number(pattern) == number(word)
    a, b = key(pattern), key(word)
    if not a or not b:
        return False
    if a == b:
        return True
    stem = re.split(r"[:'’-]", b)[0]
    if len(stem) < len(b) and (stem == a or re.split(r"[:'’-]", a)[0] == stem != "") and len(stem) > 1:
        return True
    if min(len(a), len(b)) < STEM:  # short names take endings as they are: Pál, Pálnak
        return len(a) > 1 and bare(pattern)[:1].isupper() and bare(word)[:1].isupper() and b.startswith(a) and len(b) - len(a) <= 5
    letters = max(STEM, min(len(a), len(b)) - STEM)
    return a[:letters] == b[:letters] and abs(len(a) - len(b)) <= ENDING


def real(words: Sequence[str]) -> list[str]:
    """Return the words that are more than punctuation."""
    return [w for w in words if key(w)]


def content(words: Sequence[str]) -> list[str]:
    """Return English words without function words and lone punctuation; all but punctuation where nothing else is there."""
    return [w for w in real(words) if key(w) not in FUNCTION] or real(words)


def windows(pattern: Sequence[str], words: Sequence[str], positions: Sequence[int]) -> list[Window]:
    """Return the best-scoring stretches of `words` (at `positions`, ascending and contiguous) for `pattern`, left to right.

    Matches are counted in letters, or an article alone would be half of "a torony". Windows begin and end at a matching word and hold at
    most twice the pattern's words and two more; those of the best F1 come first, then those that hold the whole pattern.
    """
    if not pattern:
        return []
    hits = {p: frozenset(i for i, wanted in enumerate(pattern) if alike(wanted, words[p])) for p in positions}
    marks = [p for p in positions if hits[p]]
    wanted = [len(key(word)) for word in pattern]
    found: list[Window] = []
    whole: list[Window] = []  # "régi híd" in "régi budapesti híd": every word is there, with others between
    for a in marks:
        for b in marks:
            if not 0 <= b - a < 2 * len(pattern) + 2:
                continue
            recall = sum(wanted[i] for i in frozenset().union(*(hits[p] for p in range(a, b + 1)))) / sum(wanted)
            # A word that only repeats what is matched already counts against the window: "the the Thames".
            seen: set[int] = set()
            useful = 0
            for p in range(a, b + 1):
                useful += len(key(words[p])) if hits[p] - seen else 0
                seen |= hits[p]
            precision = useful / max(sum(len(key(words[p])) for p in range(a, b + 1)), 1)
            window = Window(a, b, round(2 * recall * precision / max(recall + precision, 1e-9), 3))
            found.append(window)
            if recall == 1.0:
                whole.append(window)
    return list(dict.fromkeys([*_best(found), *_best(whole)]))


def _best(found: Sequence[Window]) -> list[Window]:
    best = max((w.score for w in found), default=0.0)
    out: list[Window] = []
    for window in sorted((w for w in found if w.score == best), key=lambda w: (w.first, w.last)):
        if not out or window.first > out[-1].last:
            out.append(window)
    return out


def overlap(a: Window, b: Window) -> float:
    """Return the F1 of two windows' words."""
    shared = min(a.last, b.last) - max(a.first, b.first) + 1
    return round(2 * shared / (a.last - a.first + 1 + b.last - b.first + 1), 3) if shared > 0 else 0.0

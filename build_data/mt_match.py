"""When a target word is a form of another: case endings, numbers, names. Pure functions on words; a language is an argument.

Tables say what the letters cannot: numbers written out, months and units. Each entry holds the beginnings of the word's forms in the
target language, so that case endings need no rule of their own.
"""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from build_data.numerals import SPELLED
from build_data.stems import stem

# English words that Finnish and Hungarian say by endings, or not at all; they may be missing from an answer's translation.
FUNCTION = frozenset("a an the of in on at to and by for from with into about as is are was were be been or its his her their it".split())  # noqa: SIM905 - a word list is read best as one line
NUMBER = re.compile(r"\d+(?:[.,\u00a0\u2009\u202f']\d+)*")
HEAD, TAIL = re.compile(r"[^\w\s]*\d{1,3}(?:\u00a0\d{3})*"), re.compile(r"\d{3}(?!\d)")  # "€23" and "000-at" are one number in two words
ENDING = 9  # letters: Finnish endings stack up (-issammekin), and compounds with more are other words
STEM = 4
NEAR = 0.75  # share of letters (difflib) from which capitalised words, spelled plainly, are one name: Moscow - Moskova 1.0, Chechnya - Tšetšenia .5, London - Lissabon .2
PLAIN = (("ck", "k"), ("ch", "s"), ("ph", "f"), ("th", "t"), ("sh", "s"), ("x", "ks"), ("c", "k"), ("q", "k"), ("w", "v"), ("z", "s"), ("y", "i"), ("j", "i"))
PART = re.compile(r"\d+(?:[.,\u00a0\u2009\u202f']\d+)*[^\W\d]*|[%$€£]|[^\W\d_][^\s%$€£–—/-]*")  # "12-inch" is "12" and "inch", "4th" and "1990s" are one
EDGES = " \t.,;:!?…\"'`´‘’‚“”„«»()[]{}<>*_~–—-/\\|"

# Small numbers as English writes them -> digits; numerals.SPELLED has the target language's words for those.
COUNTS: Mapping[str, str] = dict(zip(
    "one first two second three third four fourth five fifth six sixth seven seventh eight eighth nine ninth ten tenth eleven twelve twenty hundred thousand".split(),  # noqa: SIM905
    "1 1 2 2 3 3 4 4 5 5 6 6 7 7 8 8 9 9 10 10 11 12 20 100 1000".split(), strict=True,  # noqa: SIM905
))  # fmt: skip
# English word or sign -> beginnings of the target language's word, for answers that are dates, shares and sums.
WORDS: Mapping[str, Mapping[str, str]] = {
    "fi": {
        "january": "tammi", "february": "helmi", "march": "maalis", "april": "huhti", "may": "touko", "june": "kesäku", "july": "heinä", "august": "elo",
        "september": "syys", "october": "loka", "november": "marras", "december": "joulu", "percent": "prosen", "%": "prosen", "dollars": "dollari", "$": "dollari",
        "pounds": "punta puntaa punna", "£": "punta puntaa punna", "euros": "euro", "€": "euro", "century": "vuosisa", "million": "miljoon", "billion": "miljard", "years": "vuo vuosi",
    },
    "hu": {
        "january": "január", "february": "február", "march": "március", "april": "április", "may": "május", "june": "június", "july": "július", "august": "augusztus",
        "september": "szeptember", "october": "október", "november": "november", "december": "december", "percent": "százalék", "%": "százalék", "dollars": "dollár", "$": "dollár",
        "pounds": "font", "£": "font", "euros": "euró", "€": "euró", "century": "század", "million": "millió", "billion": "milliárd", "years": "év",
    },
}  # fmt: skip


def bare(word: str) -> str:
    """Return a word without the punctuation around it."""
    return word.strip(EDGES)


@functools.lru_cache(65536)
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
        return number(pattern) in map(number, NUMBER.findall(word))  # any number of "1914–1918"
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


@functools.lru_cache(65536)
def copied(pattern: str, word: str, language: str) -> bool:
    """Say whether a word of `language` stands for an English one by its letters: the same, a name spelled otherwise, or a word of the tables."""
    english, other = key(pattern), key(word)
    if alike(pattern, word):
        return True
    digits = COUNTS.get(english) or number(pattern)
    spoken = SPELLED.get(language, {}).get(digits, "").split()
    listed = WORDS.get(language, {}).get(english, "").split()
    if (COUNTS.get(english) and number(word) == digits) or any(other.startswith(key(form)) for form in (*spoken, *listed)):
        return True
    return bare(pattern)[:1].isupper() and bare(word)[:1].isupper() and min(len(english), len(other)) >= STEM and _near(english, other)


def _near(name: str, word: str) -> bool:
    """Say whether two spellings are one name; of the longer one only as many letters are looked at as the shorter has (endings)."""
    a, b = _plain(name), _plain(word)
    size = min(len(a), len(b))
    return not number(name + word) and difflib.SequenceMatcher(None, a[:size], b[:size], False).ratio() >= NEAR


@functools.lru_cache(65536)
def _plain(name: str) -> str:
    """Return a name as a language with few letters would spell it: no marks, k for c, v for w."""
    letters = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    for theirs, ours in PLAIN:
        letters = letters.replace(theirs, ours)
    return letters


@functools.lru_cache(65536)
def inflected(pattern: str, word: str, language: str) -> bool:
    """Say whether two words of `language` are forms of one: alike, or of the same Snowball stem."""
    if alike(pattern, word):
        return True
    a, b = stem(key(pattern), language), stem(key(word), language)
    return len(a) > 1 and a == b


def real(words: Sequence[str]) -> list[str]:
    """Return the words that are more than punctuation."""
    return [w for w in words if key(w)]


def content(text: str) -> list[str]:
    """Return the parts of an English answer that its translation must show: words without function words, "$20" as "$" and "20".

    All parts but punctuation where nothing else is there.
    """
    parts = [part for word in text.split() for part in PART.findall(word)]
    return [p for p in parts if key(p) not in FUNCTION] or parts


def numbers_joined(words: Sequence[str]) -> list[tuple[str, bool]]:
    """Return each word as what it is compared as, and whether it goes on with the number before it ("23 000" is 23000 twice)."""
    out: list[tuple[str, bool]] = []
    for word in words:
        if out and HEAD.fullmatch(out[-1][0]) and TAIL.match(word):
            whole = f"{out[-1][0]}\u00a0{word}"
            back = next(i for i in range(len(out) - 1, -1, -1) if not out[i][1])
            out[back:] = [(whole, i > back) for i in range(back, len(out))]
            out.append((whole, True))
        else:
            out.append((word, False))
    return out


def fits(pattern: Sequence[str], words: Sequence[str], same: Callable[[str, str], bool], longest: int) -> list[list[float]]:
    """Return how well each stretch of at most `longest` words matches `pattern`: out[first][last - first] is an F1, 1.0 = every part and nothing besides.

    Recall counts letters, or an article alone would be half of "a torony". For precision a word that matches nothing is excused as long as the
    pattern has parts that found no word: "Bysantin valtakunta" fits "Byzantine Empire" no worse than "Bysantin". A word that only
    repeats what is matched is not excused. [] where no word matches anything.
    """
    compared = numbers_joined(words)
    hits = [frozenset(i for i, wanted in enumerate(pattern) if same(wanted, text)) for text, _ in compared]
    if not any(hits):
        return []
    letters = [len(key(part)) for part in pattern]
    out: list[list[float]] = []
    for first in range(len(words)):
        seen: frozenset[int] = frozenset()
        useful, recall, row = 0, 0.0, []
        for last in range(first, min(first + longest, len(words))):
            fresh = hits[last] - seen
            useful += bool(fresh) or (last > first and compared[last][1] and bool(hits[last]))
            if fresh:
                seen |= fresh
                recall = sum(letters[i] for i in seen) / sum(letters)
            length = last - first + 1
            precision = (useful + min(length - useful, len(pattern) - len(seen))) / length
            row.append(round(2 * precision * recall / (precision + recall), 3) if seen else 0.0)
        out.append(row)
    return out

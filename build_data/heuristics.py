"""Scores of a text, or of a translation beside its English source, that need no parse. All pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
GROUPED = re.compile(r"\d{1,3}(?:[.,  \u2009\u202f]\d{3})+(?!\d)")  # 1,000 or 1 000: thousands with any separator, thin spaces too
NUMERAL = re.compile(r"\d+(?:[.,]\d+)*")
LONGEST_LOOP = 8  # words; MT loops repeat a word or a clause, not a paragraph

# Where a written-out number may stand for digits: the beginnings of its word forms, ordinals included.
SPELLED: Mapping[str, Mapping[str, str]] = {
    "fi": {
        "0": "nolla", "1": "yksi yhd yhte yhti ensim", "2": "kaksi kahd kahte kaht toinen tois pari", "3": "kolm", "4": "nelj", "5": "viisi viid viit",
        "6": "kuusi kuud kuut", "7": "seits", "8": "kahdeks", "9": "yhdeks", "10": "kymmen", "11": "yksitoista yhdentoista yhdetoista",
        "12": "kaksitoista kahdentoista kahdetoista tusina", "20": "kaksikymment kahdenkymmen kahdeskymmen", "100": "sata sada", "1000": "tuhat tuhan",
    },
    "hu": {
        "0": "nulla", "1": "egy els", "2": "két kett másod", "3": "három hárm harmad", "4": "négy negy", "5": "öt", "6": "hat", "7": "hét het",
        "8": "nyolc", "9": "kilenc", "10": "tíz tiz", "11": "tizenegy", "12": "tizenk tucat", "20": "húsz husz", "100": "száz", "1000": "ezer ezr",
    },
}  # fmt: skip


def words(text: str) -> list[str]:
    """Return the words of `text`: letters, with inner hyphens and apostrophes."""
    return WORD.findall(text)


def length_ratio(text: str, source: str) -> float:
    """Return characters of the translation over those of the source; ten are added to both, so that "No." -> "Ei käy." is no outlier."""
    return (len(text) + 10) / (len(source) + 10)


def farthest_from_one(ratios: list[float]) -> float:
    """Return the ratio that is farthest from 1 as a factor (0.5 and 2 are equally far)."""
    return max(ratios, key=lambda ratio: abs(math.log(ratio)), default=1.0)


def copied(text: str, source: str) -> float:
    """Return the share, 0 to 1, of lower-case words (3 letters up) that stand in the source as well; names start with a capital and don't count."""
    if text.casefold() == source.casefold():
        return 1.0 if any(word[0].islower() for word in words(text)) else 0.0
    own = [word for word in words(text) if word[0].islower() and len(word) >= 3]
    known = set(words(source))
    return sum(word in known for word in own) / len(own) if len(own) >= 3 else 0.0


def repetition(text: str) -> float:
    """Return the share, 0 to 1, of words inside loops.

    A loop is a unit of 1 to 8 words said three times or more in a row, or twice for units of four words up ("ei, ei" is speech).
    """
    tokens = text.casefold().split()
    looping = [False] * len(tokens)
    for size in range(1, min(LONGEST_LOOP, len(tokens) // 2) + 1):
        times = 2 if size >= 4 else 3
        run = 0  # how many tokens in a row equal the one `size` before
        for at in range(size, len(tokens)):
            run = run + 1 if tokens[at] == tokens[at - size] else 0
            if run >= size * (times - 1):
                looping[at - size * times + 1 : at + 1] = [True] * (size * times)
    return sum(looping) / len(tokens) if tokens else 0.0


def numerals(text: str) -> list[str]:
    """Return the numerals of `text` as digits alone: "1,000.5" and "1 000,5" are both "10005"; "1.0" and "1" differ."""
    joined = GROUPED.sub(lambda found: re.sub(r"\D", "", found.group()), text)
    return [re.sub(r"\D", "", found) for found in NUMERAL.findall(joined)]


def numbers_lost(text: str, source: str, language: str) -> float:
    """Return the share of the source's numerals that the translation lacks.

    A number written out, one grouped otherwise ("2010 300"), and an afternoon hour ("5 pm" -> "17") are no loss. Languages
    without a list in SPELLED get no credit for written-out numbers.
    """
    wanted = numerals(source)
    if not wanted:
        return 0.0
    runs = re.findall(r"\d+", text)
    present = {*numerals(text), *runs}
    lower = [word.casefold() for word in words(text)]
    afternoon = re.search(r"\d\s?p\.?m\b", source, re.IGNORECASE) is not None

    def kept(digits: str) -> bool:
        plain = digits.lstrip("0") or "0"
        if digits in present or plain in present or digits in "".join(runs):
            return True
        if afternoon and len(digits) <= 2 and str(int(digits) + 12) in present:
            return True
        forms = SPELLED.get(language, {}).get(plain, "").split()
        return any(word.startswith(tuple(forms)) for word in lower) if forms else False

    return sum(not kept(digits) for digits in wanted) / len(wanted)


def letters(text: str) -> float:
    """Return the share, 0 to 1, of letters among the characters that are not white space (0 for an empty text)."""
    signs = [sign for sign in text if not sign.isspace()]
    return sum(sign.isalpha() for sign in signs) / len(signs) if signs else 0.0


def cut_off(text: str, source: str) -> float:
    """Return 1 if the source ends as a sentence does and the translation does not (it was cut, or lost its end), else 0."""
    closing = "\"'”’»)] "
    return float(source.rstrip(closing).endswith((".", "!", "?")) and not text.rstrip(closing).endswith((".", "!", "?", "…", ":", ";")))

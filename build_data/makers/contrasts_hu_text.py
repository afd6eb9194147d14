"""What bare Hungarian text shows of the rarer side of each contrast, word by word, so that other sentences need no parsing. See contrasts_hu."""

from __future__ import annotations

import re

from build_data.makers.common import listed
from build_data.makers.contrasts import Remembered
from build_data.makers.contrasts_hu_words import AMONG, ARTICLES

# What a word asks of the next one: akar -> menni, menni -> kell, házak -> között, házban -> laktam, ezek -> a.
ALWAYS, HELPER, INFINITIVE, PLURAL, CASED, THESE = (1 << bit for bit in range(6))
# What is passed on over words between, a bit further each time: láttak (egy) házat; (", " or "hogy") a fiú látta; láttak a (kis) házak.
VERB, VERB_EGY, OPENED, OPENED_ARTICLE, OPENED_NOUN, VERBS, VERBS_ARTICLE, VERBS_WORD = (1 << bit for bit in range(6, 14))

ALONE = listed(  # enough by themselves
    "sokkal egyre minél mennél annál jóval valamivel mennyivel annyival aki akik ami amik mely amely melyek amelyek melyet amelyet valamit semmit senkit valakit mindent "
    "sokat keveset annyit ilyet mit kit engem téged minket bennünket én te mi ti ő ők amikor mert miután mielőtt midőn amint mihelyt mikor mintha mivel képest keresztül "
    "fogva kezdve át"
)
THESE_STARTS = ("ezek", "azok")
STARTS = (*THESE_STARTS, "akar", "tud", "fog", "szok", "kell", "bír", "mer", "kíván", "kezd", "próbál", "igyek")
MODALS = listed("kell kellett tudott akart szokott fogja")
# Ends, with something before them.
ASKED_BY_END = {
    INFINITIVE: listed("ni"), PLURAL: listed("k"), VERB: listed("t"), VERB | VERBS: listed("tak tek nak nek"),
    CASED: listed("t ba be ban ben ra re an en on ön án én ból ből tól től al el hoz hez höz"),
}  # fmt: skip
OFFERED_BY_END = {
    HELPER: listed("ni"), VERB | VERB_EGY: listed("t"), OPENED_NOUN: listed("t ta te tak tek ták ték"),
    CASED: listed("tam tem tuk tük ek ok ök em om öm unk ünk tad ted"), ALWAYS: listed("mit kit"),
}  # fmt: skip


OFFERS = 14  # bits by which the marks of a word say what it offers
ALL_ASKED = (1 << OFFERS) - 1


def _by_end() -> dict[str, int]:
    """Return the marks of ends: what they ask, and OFFERS bits further what they offer."""
    out: dict[str, int] = {}
    for table, shift in ((ASKED_BY_END, 0), (OFFERED_BY_END, OFFERS)):
        for mark, ends in table.items():
            for end in ends:
                out[end] = out.get(end, 0) | mark << shift
    return out


BY_END = _by_end()
BY_WORD = {word: mark << OFFERS for mark, words in ((ALWAYS, ALONE), (INFINITIVE, MODALS), (PLURAL, AMONG), (THESE, ARTICLES)) for word in words}
PASSED = {"a": OPENED | VERBS, "az": OPENED | VERBS, "egy": VERB}
PASSED_BY_ALL = OPENED_ARTICLE | VERBS_ARTICLE


def _marks(token: str) -> tuple[int, int, int]:
    """Return what a word, with the signs at it, asks of the next one, what it offers if that was asked, and what it passes on of what was asked of it."""
    if token.isalnum():
        asks, offers = _of_word(token)
        return asks | (OPENED if token.endswith("hogy") else 0), offers, PASSED.get(token, 0) | PASSED_BY_ALL
    words = re.findall(r"\w+", token)
    asks, offers = ALWAYS | (OPENED if token.endswith((",", "hogy")) else 0), 0
    for word in words:
        offers |= _of_word(word)[1] & ALWAYS
    if words and token.endswith(words[-1]):
        asks |= _of_word(words[-1])[0]
    if words and token.startswith(words[0]):
        offers |= _of_word(words[0])[1]
        if len(words[0]) > 1 and token.startswith(("k,", "k.", "k;", "k!", "k?"), len(words[0]) - 1):
            offers |= VERBS_ARTICLE | VERBS_WORD
    return asks, offers, PASSED_BY_ALL if words == [token] else 0


def _of_word(word: str) -> tuple[int, int]:
    """Return what a word without signs asks and offers."""
    end = word[1:]
    marks = BY_END.get(end[-1:], 0) | BY_END.get(end[-2:], 0) | BY_END.get(end[-3:], 0) | BY_WORD.get(word, 0)
    asks = marks & ALL_ASKED | ALWAYS
    if word.startswith(STARTS):
        asks |= THESE if word.startswith(THESE_STARTS) else HELPER
    return asks, marks >> OFFERS


_MARKS: dict[tuple[int, int, int], tuple[int, int, int]] = {}  # few, of very many words
MARKS = Remembered[str, tuple[int, int, int]](lambda token: _MARKS.setdefault(marks := _marks(token), marks))


def plausible(text: str) -> bool:
    """Tell whether a sentence may have a site: it shows the rarer side of some contrast."""
    asked = ALWAYS | OPENED
    for token in text.casefold().split(" "):
        asks, offers, passes = MARKS[token]
        if asked & offers:
            return True
        asked = asks | (asked & passes) << 1
    return False

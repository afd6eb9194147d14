"""Hungarian chunks for question rules: times, amounts, noun phrases and single words of a clause, with their cases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from build_data.makers import words_hu as lists
from build_data.makers.chunks import cut, joined, same_case
from build_data.makers.questions import Chunk
from build_data.makers.verbs_hu import ARTICLES, NOMINAL, POSSESSED, case_of, is_number
from build_data.parse import Word

ANDS = frozenset(["és", "s", "vagy", "de", "meg", "illetve"])


def chunks(words: Sequence[Word], times: Mapping[int, int], start: int, stop: int) -> list[Chunk] | None:
    """Cut words [start, stop) into chunks, conjoined ones as one; `times` are {start: stop}. None where a conjunction stands between unlike chunks."""

    def other(at: int) -> Chunk:
        return _amount(words, at, stop) or _phrase(words, at, min([stop, *(t for t in times if t > at)]))

    return joined(words, cut(times, start, stop, other), ANDS, _alike)


def _alike(one: Chunk, two: Chunk) -> bool:
    return same_case(one, two) or (one.case == "nom" and two.case in ("hol", "hová", "honnan"))  # "Tihany és Szántód között"


def _amount(words: Sequence[Word], at: int, stop: int) -> Chunk | None:
    """Return "közel 600 kilométert" from `at`, if that is what stands there: a number, adjectives, and a noun in any case."""
    i = at
    while i < stop and words[i].text.casefold() in lists.ABOUT:
        i += 1
    digits = i
    while digits < stop and is_number(words[digits]):
        digits += 1
    if (
        digits == i
        or digits - i > 2
        or re.fullmatch(r"[12]\d{3}", words[digits - 1].text)
        or (at and words[at - 1].text.casefold() in ("több", "sok", "a", "az"))
    ):
        return None
    end = digits
    while end < stop and end - digits < 2 and words[end].upos == "ADJ":
        end += 1
    if end < stop and words[end].upos == "NOUN" and not re.search(r"(?:ok|ek|ak|ök)t?$", words[end].text):
        return Chunk(at, end + 1, "num", case_of(words[end]) in ("dat",))
    return None


def _phrase(words: Sequence[Word], at: int, stop: int) -> Chunk:
    """Return the noun phrase (or the single word) that begins at `at`: an article, adjectives, possessors, a head, a postposition."""
    i, doubtful = at, False
    if words[i].text.casefold() in ARTICLES and i + 1 < stop:
        i += 1
    while i < stop:
        case = case_of(words[i])
        if not case:
            return Chunk(at, max(i, at + 1), "adv" if i - at < 2 else case_of(words[i - 1]), True)
        following = words[i + 1] if i + 1 < stop else None
        if (
            following is not None
            and words[i].text[0].isupper()
            and any(following.text.startswith(n) for n in (following.text, following.text[:-1], following.text[:-2]) if n in lists.FIRST_NAMES)
            and case == "sup"
        ):
            case = "nom"  # family names may end as if they were inflected: Kelemen Vince
        if following is not None and case == "nom" and following.text.casefold() in lists.POSTPOSITIONS:
            return Chunk(at, i + 2, lists.POSTPOSITIONS[following.text.casefold()], doubtful)
        if following is None or case != "nom" or not _goes_on(words[i], following):
            return Chunk(at, i + 1, case if words[i].upos != "ADJ" else "adv", doubtful)
        if words[i].upos == "NOUN" and words[i].text.endswith("t"):
            doubtful = True  # perhaps an accusative that neither tag nor ending shows for sure
        if words[i].upos == "NOUN" and following.upos == "NOUN" and not POSSESSED.fullmatch(following.text.casefold()):
            doubtful = True
        i += 1
    return Chunk(at, stop, "adv", True)


def _goes_on(word: Word, following: Word) -> bool:
    """Tell whether a nominative word goes with the next: adjective, part of a name, possessor, or title and name."""
    if following.upos not in NOMINAL or following.text.casefold() in ARTICLES:
        return False
    if word.upos in ("ADJ", "NUM") or word.text[0].isupper():
        return True
    after = case_of(following)
    # "a lány kabátja": possessor and possessed. "a lány Budapestre": two phrases.
    if following.text[0].isupper():
        return False
    return following.upos == "ADJ" or POSSESSED.fullmatch(following.text.casefold()) is not None or (after == "nom" and following.upos == "NOUN")

"""Hungarian chunks for question rules: times, amounts, noun phrases and single words of a clause, with their cases."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from build_data.makers import words_hu as lists
from build_data.makers.questions import Chunk
from build_data.makers.verbs_hu import ARTICLES, NOMINAL, POSSESSED, case_of, is_number
from build_data.parse import Word


def chunks(words: Sequence[Word], times: Mapping[int, int], start: int, stop: int) -> list[Chunk] | None:
    """Cut words [start, stop) into chunks, conjoined ones as one; `times` are {start: stop}. None where a conjunction stands between unlike chunks."""
    return _joined(words, _cut(words, times, start, stop))


def _joined(words: Sequence[Word], chunks: Sequence[Chunk]) -> list[Chunk] | None:
    """Make "A és B" one chunk. None where a conjunction stands between unlike chunks."""
    out: list[Chunk] = []
    at = 0
    while at < len(chunks):
        chunk = chunks[at]
        if words[chunk.start].text.casefold() not in ("és", "s", "vagy", "de", "meg", "illetve"):
            out.append(chunk)
            at += 1
            continue
        following = chunks[at + 1] if at + 1 < len(chunks) else None
        if not out or following is None or words[chunk.start - 1].text.endswith("-"):
            return None
        if out[-1].case != following.case and following.case in ("hol", "hová", "honnan") and out[-1].case == "nom":
            out[-1] = Chunk(out[-1].start, following.stop, following.case, out[-1].doubtful or following.doubtful)  # "Tihany és Szántód között"
        elif out[-1].case != following.case or following.case == "adv":
            return None
        else:
            out[-1] = Chunk(out[-1].start, following.stop, following.case, out[-1].doubtful or following.doubtful)
        at += 2
    return out


def _cut(words: Sequence[Word], times: Mapping[int, int], start: int, stop: int) -> list[Chunk]:
    """Cut words [start, stop) into chunks: times ({start: stop}), amounts, noun phrases, single words."""
    out: list[Chunk] = []
    at = start
    while at < stop:
        chunk = (
            Chunk(at, times[at], "time")
            if at in times and times[at] <= stop
            else _amount(words, at, stop) or _phrase(words, at, min([stop, *(t for t in times if t > at)]))
        )
        out.append(chunk)
        at = chunk.stop
    return out


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

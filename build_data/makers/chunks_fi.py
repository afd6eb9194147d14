"""Finnish chunks for question rules: times, amounts, noun phrases and single words of a clause, with their cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from build_data.makers import words_fi as lists
from build_data.makers.chunks import cut, joined, same_case
from build_data.makers.forms_fi import DOUBTFUL_ILLATIVE, case_of
from build_data.makers.questions import Chunk
from build_data.parse import Word

ANDS = frozenset(["ja", "tai", "sekä", "eli", "mutta"])


def chunks(words: Sequence[Word], times: Mapping[int, int], start: int, stop: int) -> list[Chunk] | None:
    """Cut words [start, stop) into chunks, conjoined ones as one; `times` are {start: stop}. None where a conjunction stands between unlike chunks."""

    def other(at: int) -> Chunk:
        return _amount(words, at, stop) or _phrase(words, at, stop, post=start > 0)

    return joined(words, cut(times, start, stop, other), ANDS, same_case)


def _amount(words: Sequence[Word], at: int, stop: int) -> Chunk | None:
    """Return "noin 400 000 euroa" from `at`, if that is what stands there."""
    i = at + (words[at].text.casefold() in lists.ABOUT)
    digits = i
    while digits < stop and lists.NUMBER.fullmatch(words[digits].text.casefold()):
        digits += 1
    if digits == i or digits - i > 2:
        return None
    end = digits
    while (
        end < stop
        and end - digits < 3
        and words[end].text[-1:] in "aä"
        and words[end].upos in ("NOUN", "ADJ", "VERB")
        and case_of(words[end]) in ("par", "nom", "")
    ):
        end += 1
        if words[end - 1].upos == "NOUN":
            return Chunk(at, end, "num")
    return None


def _phrase(words: Sequence[Word], at: int, stop: int, post: bool) -> Chunk:
    """Return the noun phrase (or the single word) that begins at `at`.

    A genitive goes with what follows, an adjective with a noun of its case, a name with the next name. Behind the verb a
    genitive may be an object instead, so that the phrase is doubtful.
    """
    i, doubtful = at, False
    while True:
        word, case = words[i], case_of(words[i])
        if not case:
            return Chunk(at, i + 1, "adv" if i == at else case_of(words[i - 1]), doubtful or i > at)
        following = words[i + 1] if i + 1 < stop else None
        if (
            case == "ill"
            and not post
            and following is not None
            and DOUBTFUL_ILLATIVE.fullmatch(word.text.casefold())
            and case_of(following) in ("nom", "gen", "par")
        ):
            case = "gen"  # "Saimaan pinta", not "into Saimaa"
        if following is not None and case == "gen" and following.text.casefold() in lists.POSTPOSITIONS:
            return Chunk(at, i + 2, lists.POSTPOSITIONS[following.text.casefold()], doubtful)
        if following is None or not _goes_on(word, case, following):
            return Chunk(at, i + 1, case, doubtful)
        if case == "gen" and post and i == at and (word.text[0].islower() or case_of(following) in ("ill", "all", "ela", "abl")):
            doubtful = True
        i += 1


def _goes_on(word: Word, case: str, following: Word) -> bool:
    after = case_of(following)
    if not after or following.upos not in ("NOUN", "PROPN", "ADJ", "NUM"):
        return False
    if case == "gen":
        return True
    if case == after and (case in ("ine", "ela", "ade", "abl", "all", "ess") or (case == "nom" and word.text[-1] == following.text[-1] == "t")):
        return True  # two neighbours in one case are a phrase, whatever their tags
    if word.text[0].isupper() and following.text[0].isupper() and case == "nom" and following.upos == "PROPN":
        return True
    if word.upos in ("ADJ", "DET", "NUM", "PRON"):
        return case == after
    return case == "nom" and after == "nom" and following.text[0].isupper() and word.upos == "NOUN"  # "puheenjohtaja Sirpa Latvala"

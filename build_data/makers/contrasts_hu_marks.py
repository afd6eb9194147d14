"""What a Hungarian word with its tag may bring about, by itself or through its neighbours, so that rules look at few places. See contrasts_hu."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from build_data.makers import contrasts_hu_words as lists
from build_data.makers.contrasts import Remembered

OBJECT, SUBJECT, PERSON, PREDICATE, POSTPOSITION, DEMONSTRATIVE, AMONG_MANY = (1 << bit for bit in range(7))  # by itself
ARTICLE, ARTICLE_OF_PLURAL, COUNT, NOUN_IN_CASE, DEGREE = (1 << bit for bit in range(7, 12))  # given to the next word, over adjectives, if that takes it
ADJECTIVE = 1 << 12
OWN, GIVEN = (1 << 7) - 1, ARTICLE | ARTICLE_OF_PLURAL | COUNT | NOUN_IN_CASE | DEGREE
TAKES = 16  # bits by which a mark says what its word takes
A_NOUN = (ARTICLE | COUNT | DEGREE) << TAKES

_LISTS: Sequence[tuple[int, Collection[str]]] = (
    (OBJECT, lists.OBJECTS), (SUBJECT, lists.ONE | lists.MANY | lists.ONE_EACH | {"ők"}), (PERSON, lists.PERSONS), (POSTPOSITION, lists.POSTPOSITIONS),
    (DEMONSTRATIVE, lists.DEMONSTRATIVES), (AMONG_MANY, lists.AMONG), (ARTICLE | ARTICLE_OF_PLURAL, lists.ARTICLES), (COUNT, lists.COUNTS), (DEGREE, lists.RAISE | lists.VERY),
    (NOUN_IN_CASE << TAKES, lists.CASED),
)  # fmt: skip
BY_WORD: Mapping[str, int] = {word: sum(mark for mark, words in _LISTS if word in words) for _, some in _LISTS for word in some}
BY_TAG: Mapping[str, int] = {
    "NOUN": A_NOUN, "ADV": A_NOUN, "ADJ": ADJECTIVE | DEGREE << TAKES, "VERB": PREDICATE | NOUN_IN_CASE << TAKES, "AUX": PREDICATE | NOUN_IN_CASE << TAKES,
}  # fmt: skip
BY_TAG_AND_END: Mapping[tuple[str, str], int] = {
    ("NOUN", "t"): OBJECT | NOUN_IN_CASE, **{("NOUN", end): NOUN_IN_CASE for end in "naelz"},  # of cases but the dative, which is no side of a contrast
    ("NOUN", "k"): ARTICLE_OF_PLURAL << TAKES, ("ADV", "k"): ARTICLE_OF_PLURAL << TAKES,
}  # fmt: skip


def _known(text_and_upos: tuple[str, str]) -> tuple[str, str, int]:
    """Return a word in small letters, its tag ("PUNCT" for any sign), and its mark."""
    text, upos = text_and_upos
    word = text.casefold()
    mark = BY_WORD.get(word, 0)
    if upos == "PUNCT" or not (text.isalnum() or any(map(str.isalnum, text))):
        return word, "PUNCT", mark & GIVEN
    mark |= BY_TAG.get(upos, 0) | BY_TAG_AND_END.get((upos, word[-1]), 0)
    if word.endswith(("ó", "ő")):  # a participle
        mark |= NOUN_IN_CASE << TAKES
    elif word.endswith("ni"):
        mark |= PREDICATE
    if "bb" in word:
        mark |= DEGREE << TAKES
    return word, upos, mark


KNOWN = Remembered(_known)
BORDER = ("", "PUNCT", 0)


def places(marks: Sequence[int]) -> Mapping[int, int]:
    """Return the places of words with these marks that something may be brought about at, in their order, and what that is."""
    out: dict[int, int] = {}
    given = 0
    for i, mark in enumerate(marks):
        if here := mark & OWN | given & mark >> TAKES:
            if here & AMONG_MANY:  # it is the noun before that matters
                out[i - 1] = out.get(i - 1, 0) | AMONG_MANY
            out[i] = here
        given = mark & GIVEN | given if mark & ADJECTIVE else mark & GIVEN
    return out

"""Does a reader see, without the connective, what one span says of the other? Pure rules on two spans; the word lists are the language's connectives_*.toml.

A connective can carry its relation alone: of the pairs that a parse attests, about every fourth could as well have been joined by
another one (docs/native-review/README.md). So a pair stays only if its spans show what it is:

- opposing: one denies what the other says or lets expect ("A. Not B"), in its main clause, and both share a word, or the second takes up the first
  and both are short; or one obliges and the other permits, of the same thing; or one tells of an attempt, a wish or a request and the other that it failed.
- supporting: a condition with what follows from it; or a reason or result whose spans both deny or both affirm, or take up a word of each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from build_data.grammar import PLAIN
from build_data.makers.connectives import Connectives, connectives
from build_data.stems import stem

WORD = re.compile(r"[^\W\d_]+")
SHORT = 4  # letters of the shortest word that two spans may share
LETTERS = 6  # of its stem
LINKED = 22  # words of a span that shares one with the other, at most
ALONE = (14, 12)  # words of premise and hypothesis that share none: beyond, what is denied is seldom what the other says
OPENING, LITTLE = 4, 6  # words of a span among which one that points back ties it to the other; words of a short one, where it may stand anywhere


def shared(one: str, two: str, language: str) -> bool:
    """Tell whether two spans have a word of four letters up in common, in whatever form."""
    return not _stems(one, language).isdisjoint(_stems(two, language))


def _stems(text: str, language: str) -> frozenset[str]:
    empty = connectives(language).empty
    return frozenset(stem(word, language)[:LETTERS] for word in WORD.findall(text.casefold()) if len(word) >= SHORT and not (empty and empty.fullmatch(word)))


def denies(text: str, language: str) -> bool:
    """Tell whether a span has a plain negation anywhere."""
    return any(PLAIN[language].fullmatch(word) for word in WORD.findall(text.casefold()))


def denies_first(text: str, language: str) -> bool:
    """Tell whether a span has a plain negation before its first comma: in its main clause, for all that signs can say."""
    return denies(text.partition(",")[0], language)


def opposes(premise: str, hypothesis: str, language: str, lists: Connectives, *, conceded: bool = False) -> bool:
    """Tell whether two spans that a connective sets against each other are seen to be so without it; what is `conceded` must share a word."""
    if max(len(premise.split()), len(hypothesis.split())) > LINKED or WORD.findall(hypothesis.casefold())[0] in lists.sequels:
        return False
    ties = shared(premise, hypothesis, language)
    one, two = denies(premise, language), denies(hypothesis, language)
    if one == two:
        return not one and ties and _has(lists.obliging, premise) and _has(lists.permitting, hypothesis)
    if not denies_first(premise if one else hypothesis, language):
        return False
    if one and _has(lists.obliging, hypothesis):
        return False  # "A is not allowed. B must": one rule beside another
    if ties or one or conceded:
        return ties
    return attempts(premise, lists) or (_short(premise, hypothesis) and points_back(hypothesis, lists.takes_up) and not lists.in_mood(hypothesis, ("Cnd",)))


def attempts(premise: str, lists: Connectives) -> bool:
    """Tell whether a span tells of something wanted, tried or asked for, before its first subordinate clause."""
    below = lists.scoped.search(premise)
    return _has(lists.attempting, premise[: below.start()] if below and below.start() else premise)


def _short(premise: str, hypothesis: str) -> bool:
    return len(premise.split()) <= ALONE[0] and len(hypothesis.split()) <= ALONE[1] and premise.count(",") <= 1 and "," not in hypothesis


def supports(premise: str, hypothesis: str, language: str, lists: Connectives, *, follows: bool = False) -> bool:
    """Tell the same of a reason or result. Where one span denies and the other affirms, they must speak of the same thing, or they would read as opposed;
    and what is denied is no result that `follows`: "A. So not B" reads as "A. But not B".
    """
    one, two = denies(premise, language), denies(hypothesis, language)
    if one == two or (follows and two):
        return one == two
    return lists.links_tie and (shared(premise, hypothesis, language) or points_back(hypothesis, lists.links))


def conditions(premise: str, hypothesis: str, language: str, lists: Connectives) -> bool:
    """Tell the same of a condition and what follows from it: where `links_tie` is off, one that affirms does not let something be denied, nor the reverse."""
    return lists.links_tie or denies(premise, language) == denies(hypothesis, language)


def points_back(text: str, links: Iterable[str]) -> bool:
    """Tell whether a span opens with one of `links`, or is so short that it says little else."""
    words = WORD.findall(text.casefold())
    return not set(links).isdisjoint(words if len(words) <= LITTLE else words[:OPENING])


def speaks(text: str, lists: Connectives) -> bool:
    """Tell whether somebody speaks of himself in a span, as far as forms tell."""
    return _has(lists.speaking, text)


def _has(pattern: re.Pattern[str] | None, text: str) -> bool:
    return pattern is not None and pattern.search(text) is not None

"""Scores that know a language: negation, finite verbs, fragments. Words in lists_LANGUAGE.toml, decisions in filters.py."""

from __future__ import annotations

import functools
import re

from build_data import word_lists
from build_data.heuristics import words
from build_data.parse import Parse, Sentence

PLAIN = {language: word_lists.joined(one.plain) for language, one in word_lists.table(lambda lists: lists.negation).items()}
HIDDEN = {language: word_lists.joined(one.hidden) for language, one in word_lists.table(lambda lists: lists.negation).items()}

# English verb forms that demand a finite verb in the translation too. Hungarian leaves "is/are" out (A ház nagy), so they ask for nothing there.
FINITE_IN_ENGLISH = re.compile(r"(?:was|were|did|does|do|can|could|will|would|must|should|may|might|has|had|have|went|said|made|came|took)", re.IGNORECASE)
COPULA_IN_ENGLISH = re.compile(r"(?:is|are|am)", re.IGNORECASE)
ZERO_COPULA = frozenset(word_lists.table(lambda lists: lists.drops_is))
DANGLING = {language: frozenset(words) for language, words in word_lists.table(lambda lists: lists.dangling).items()}  # words no sentence ends with


class _Kinds(dict[str, int]):
    """Word -> 2 for a plain negation of the language, 1 for what may hide one, 0 for any other; words come back often, so answers are kept."""

    def __init__(self, language: str) -> None:
        self.plain, self.hidden = PLAIN[language], HIDDEN[language]

    def __missing__(self, word: str) -> int:
        folded = word.casefold()
        kind = 2 if self.plain.fullmatch(folded) else 1 if self.hidden.fullmatch(folded) else 0
        if len(self) < 1 << 18:
            self[word] = kind
        return kind


_KINDS = {language: _Kinds(language) for language in PLAIN}


@functools.lru_cache(4096)
def cues(text: str, language: str) -> tuple[int, tuple[str, ...]]:
    """Return how many plain negations a text holds, and all its distinct words that say no or may hide it, sorted. `language` must be one of PLAIN."""
    kinds = _KINDS[language]
    found = [(word, kind) for word in words(text) if (kind := kinds[word])]
    return sum([kind == 2 for _, kind in found]), tuple(sorted({word.casefold() for word, _ in found}))


@functools.lru_cache(4096)
def negations(text: str, language: str) -> tuple[int, int]:
    """Return how many plain and how many possibly hidden negations a text holds. `language` must be one of PLAIN."""
    found = list(map(_KINDS[language].__getitem__, words(text)))
    return found.count(2), found.count(1)


def negation_mismatch(text: str, source: str, language: str) -> float:
    """Return how far the negations of both sides differ, 0 to 1.

    1 if one side says no plainly and the other has nothing negative, not even a hidden negation; 0.4 if it has a hidden one; 0.2 if
    both say no, but one of them three times more often or more. A language without lists gives 0: the filter then says nothing about it.
    """
    if language not in PLAIN:
        return 0.0
    (mine, my_hidden), (theirs, their_hidden) = negations(text, language), negations(source, "en")
    if bool(mine) == bool(theirs):
        return 0.2 if abs(mine - theirs) >= 2 else 0.0
    return 0.4 if (my_hidden if theirs else their_hidden) else 1.0


def polarity(text: str, language: str) -> bool:
    """Tell whether a text says no plainly (False for a language without lists)."""
    return language in PLAIN and negations(text, language)[0] > 0


@functools.lru_cache(1 << 16)
def _matches(pattern: re.Pattern[str], word: str) -> bool:
    return pattern.fullmatch(word) is not None


def _any(pattern: re.Pattern[str], text: str) -> bool:
    return any(_matches(pattern, word) for word in words(text))


def is_finite(sentence: Sentence) -> bool:
    """Tell whether a word of the sentence is tagged as a finite verb (VerbForm=Fin, or a mood on a verb)."""
    return any(w.feats.get("VerbForm") == "Fin" or (w.upos in ("VERB", "AUX") and "Mood" in w.feats) for w in sentence.words)


def finite_share(parse: Parse, language: str, strict: bool) -> float:
    """Return the share of sentences with a finite verb; 0 for a text without sentences.

    Unless `strict`, two nominals do as well in a language that leaves "is" out (A csőre piros): they may be subject and predicate.
    """
    fine = [is_finite(s) or (not strict and language in ZERO_COPULA and _nominals(s) >= 2) for s in parse.sentences]
    return sum(fine) / len(fine) if fine else 0.0


def _nominals(sentence: Sentence) -> int:
    return sum(w.upos in ("NOUN", "PROPN", "PRON", "ADJ", "NUM") for w in sentence.words)


def wants_finite(source: str, language: str) -> bool:
    """Tell whether the English source surely holds a finite verb that `language` keeps as one."""
    return _any(FINITE_IN_ENGLISH, source) or (language not in ZERO_COPULA and _any(COPULA_IN_ENGLISH, source))


def is_fragment(sentence: Sentence, language: str) -> bool:
    """Tell whether the sentence is cut off or none: fewer than two words, a last word no sentence ends with, or neither verb nor two nominals."""
    own = [w for w in sentence.words if w.upos not in ("PUNCT", "SYM")]
    if len(own) < 2 or own[-1].text.casefold() in DANGLING.get(language, frozenset()):
        return True
    return not is_finite(sentence) and not any(w.upos in ("VERB", "AUX") for w in own) and _nominals(sentence) < 2


def fragment_share(parse: Parse, language: str) -> float:
    """Return the share of sentences that are fragments; 1 for a text without sentences."""
    return sum(is_fragment(s, language) for s in parse.sentences) / len(parse.sentences) if parse.sentences else 1.0

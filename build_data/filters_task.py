"""Scores that know what a row is for: labels that translation may turn round, answers that fit their question, endings that give themselves away."""

from __future__ import annotations

import re

from build_data import grammar, meaning, word_lists
from build_data.filters_base import View
from build_data.heuristics import folded, words
from corpora.records import Choice, Pair, Span

ANSWERS = word_lists.table(lambda lists: lists.answers)
DIGIT = re.compile(r"\d")


def label_unsafe(view: View) -> float:
    """Return 1 for a pair whose label cannot be trusted in this wording, else 0.

    Premise and hypothesis say the same but are labelled a contradiction (or neutral); or, against the English pair, exactly one of
    premise and hypothesis has changed between saying no and not saying it, which turns entailment and contradiction round.
    """
    row, source = view.record, view.source
    if not isinstance(row, Pair) or not row.hypothesis:
        return 0.0
    if words(folded(row.premise)) == words(folded(row.hypothesis)) and row.label in ("contradiction", "neutral"):
        return 1.0
    if not isinstance(source, Pair) or row.label not in ("entailment", "contradiction"):
        return 0.0
    flips = [
        grammar.polarity(mine, view.language) != grammar.polarity(theirs, "en") and grammar.negation_mismatch(mine, theirs, view.language) == 1.0
        for mine, theirs in ((row.premise, source.premise), (row.hypothesis, source.hypothesis))
    ]
    return float(flips[0] != flips[1])


def scope_lost(view: View) -> float:
    """Return how many classes of quantifiers and connectives the hypothesis of an NLI pair has on one side of the translation only (meaning.SCOPE)."""
    row, source = view.record, view.source
    if not isinstance(row, Pair) or not isinstance(source, Pair) or not row.hypothesis:
        return 0.0
    return meaning.scope_changed(row.hypothesis, source.hypothesis, view.language)


def answer_misfit(view: View) -> float:
    """Return 1 if the question asks when, how many or who and no accepted answer looks like a time, a number or a name, else 0.

    Unanswerable questions, other questions and languages without lists score 0.
    """
    row = view.record
    if not isinstance(row, Span) or not row.answers or view.language not in ANSWERS:
        return 0.0
    asked, question, answers = ANSWERS[view.language], folded(row.question), [text for text, _ in row.answers]
    dates, numbers = word_lists.joined(asked.dates), word_lists.joined(asked.numbers)
    if re.search(asked.when, question) or re.search(asked.how_many, question):
        return float(not any(DIGIT.search(a) or _has(dates, a) or _has(numbers, a) for a in answers))
    if re.search(asked.who, question):
        return float(all(DIGIT.search(a) and not any(map(str.isalpha, a)) for a in answers))
    return 0.0


def _has(pattern: re.Pattern[str], text: str) -> bool:
    return any(pattern.fullmatch(word) for word in words(folded(text)))


def answer_places(view: View) -> float:
    """Return how many times the answer's words stand in the context (the commonest of the accepted answers): beyond a few, any place would do."""
    row = view.record
    if not isinstance(row, Span):
        return 0.0
    context = folded(row.context)
    return float(max((len(re.findall(rf"(?<!\w){re.escape(folded(text))}(?!\w)", context)) for text, _ in row.answers), default=0))


def ending_balance(view: View) -> float:
    """Return characters of the right ending over the mean of the wrong ones: far from 1, its length gives it away."""
    row = view.record
    if not isinstance(row, Choice) or len(row.endings) < 2:
        return 1.0
    wrong = [len(ending) for i, ending in enumerate(row.endings) if i != row.label]
    return (len(row.endings[row.label]) + 5) / (sum(wrong) / len(wrong) + 5)

"""The study's question, answered per language: do intermediate tasks made from this language beat the English ones?

For language L the question's arms are mt-L and native-L, in every group of intermediate tasks; each is compared with `en`
of the same group (of its `versus` task where it has no English rows), averaged over the study's XTREME targets that have a test
in L. All of these comparisons are one family: their intervals are Holm-corrected together. Then, in this order:

- `no claim`: the study calls itself a demonstration, so its sizes carry no claim, whatever the numbers are;
- `incomplete`: a run that the question needs (en, mt-L or native-L; any seed; any target in L) is missing;
- `can't tell`: the study has no arm in L or no `en` to compare with, or one seed only (the interval then knows nothing of training noise);
- `yes`: at least one arm is better than `en` (corrected interval above 0, adjusted p <= alpha);
- `no`: every arm is worse than `en` or equivalent to it (corrected interval within +-margin);
- `can't tell`: anything else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from corpora.languages import name_of
from eval.compare import AVERAGE, Comparison, averaged, baseline_of, question_arms
from eval.results import Results, Row

Kind = Literal["yes", "no", "can't tell", "incomplete", "no claim"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer in one language: its kind, one sentence, and the comparisons it rests on."""

    language: str
    kind: Kind
    sentence: str
    grounds: Sequence[Comparison]


def answer(results: Results, comparisons: Sequence[Comparison], language: str) -> Answer:
    """Return the answer for one language by the rules at the top of this file."""
    asked = question_arms(results, language)
    grounds = [c for c in comparisons if c.language == language and c.target == AVERAGE and c.against == "en" and c.row in asked]
    kind, rest = _judge(results, grounds, asked, language)
    name = name_of(language)
    return Answer(language, kind, f"For {name}, {rest}.", grounds)


def needed(results: Results, language: str) -> tuple[int, int]:
    """Return (scored, planned) counts of the runs that the question needs in a language."""
    asked = {row: baseline_of(results, row, "en") for row in question_arms(results, language)}
    rows = {side for row, base in asked.items() if base for side in (row, base)}
    targets = averaged(results, language)
    have = sum(len(results.seeds(row, target)) for row in rows for target in targets)
    return have, len(rows) * len(targets) * len(results.study.seeds)


def _judge(results: Results, grounds: Sequence[Comparison], asked: Sequence[Row], language: str) -> tuple[Kind, str]:
    study = results.study
    have, planned = needed(results, language)
    if study.demonstration:
        return "no claim", "no claim is made: this study is a demonstration, and numbers of its size cannot answer the question"
    if not averaged(results, language):
        return "can't tell", "the question is not asked here: none of the study's targets in this language is XTREME's, and only those are averaged"
    if not asked or not grounds:
        return "can't tell", "the study cannot tell: it has no arm in the language, or no English arm to compare it with"
    if have < planned:
        return "incomplete", f"the study is incomplete: {planned - have} of the {planned} runs that the question needs have no scores"
    if len(study.seeds) < 2:
        return "can't tell", "the numbers can't tell: with one seed nothing is known of the noise of training, so no interval can be given"
    better = [c for c in grounds if c.verdict == "better"]
    if better:
        best = max(better, key=lambda c: c.estimate.delta if c.estimate else 0.0)
        return "yes", f"yes: {best.row.label} beats English by {_words(best, results, grounds).removeprefix('+')}{_opinion(best, results)}"
    if all(c.verdict in ("worse", "equivalent") for c in grounds):
        return "no", f"no: none of the arms beats English ({_each(grounds)}; margin ±{study.statistics.margin:g} points, on average over targets)"
    closest = max((c for c in grounds if c.estimate), key=lambda c: c.estimate.delta if c.estimate else 0.0)
    words = f"the most promising arm, {closest.row.label}, differs from English by {_words(closest, results, grounds)}"
    return "can't tell", f"the numbers can't tell: {words}{_reach(closest, results)}"


def _each(grounds: Sequence[Comparison]) -> str:
    """Return 'a.mt-fi is worse, a.native-fi is equivalent', or for more than four arms how many are what."""
    if len(grounds) <= 4:
        return ", ".join(f"{c.row.label} is {c.verdict}" for c in grounds)
    counts = Counter(str(c.verdict) for c in grounds)
    return ", ".join(f"{n} of {len(grounds)} are {verdict}" for verdict, n in counts.most_common())


def _words(one: Comparison, results: Results, grounds: Sequence[Comparison]) -> str:
    """Return '+1.2 points on average over targets (95 % interval +0.4 to +2.0, Holm-corrected for 2 comparisons)'."""
    assert one.estimate is not None
    corrected = f", Holm-corrected for {len(grounds)} comparisons" if len(grounds) > 1 else ""
    level = 100 * (1 - results.study.statistics.alpha)
    interval = f"{level:g} % interval {signed(one.estimate.low)} to {signed(one.estimate.high)}{corrected}"
    return f"{signed(one.estimate.delta)} points on average over targets ({interval})"


def _opinion(one: Comparison, results: Results) -> str:
    """Say whether approximate randomisation backs a difference."""
    if one.second is None:
        return ""
    if one.second.backs(results.study.statistics.alpha):
        return "; approximate randomisation agrees"
    return f"; approximate randomisation does not back it (p {one.second.examples:.3f} over examples, {one.second.seeds:.3f} over seeds)"


def _reach(one: Comparison, results: Results) -> str:
    """Say what such a study could have seen, and what it would take to see a difference of the margin."""
    if one.detectable is None:
        return ""
    margin = results.study.statistics.margin
    more = (
        f"{one.seeds_needed} seeds would see {margin:g} points"
        if one.seeds_needed
        else f"no number of seeds up to 100 would see {margin:g} points: the tests are too small"
    )
    return f"; such a study sees a true difference of {one.detectable:.1f} points four times out of five, {more}"


def signed(value: float, digits: int = 1) -> str:
    """Return '+1.2', '−0.3' or '0.0' with a real minus sign; a value that rounds to zero has no sign."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")

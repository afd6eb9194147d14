"""Scores in languages beside the study's own, which a target asks for (`targets.xnli.languages = ["de", ...]`): a table for each target.

They are there for what XTREME has in no language of the study (NLI, paraphrase, most of QA, mining), so that the paper's own targets can be scored.
They enter no average over targets and no verdict; differences have intervals and Holm's correction as all others (comparisons.jsonl).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from eval.compare import Comparison
from eval.results import NONE, Results, Row
from eval.score import HEADLINE, tested
from eval.verdict import signed
from eval.view import Column, Table, TableRow, Value, cell, family, metric_name, partial

NAMES = {  # of XTREME's test languages; a study's own are declared in corpora/languages
    "ar": "Arabic", "bg": "Bulgarian", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French", "hi": "Hindi", "ja": "Japanese",
    "ko": "Korean", "ru": "Russian", "sw": "Swahili", "th": "Thai", "tr": "Turkish", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def languages_of(results: Results, target: str) -> list[str]:
    """Return the languages beside the study's own that a target is scored in."""
    return [language for language in tested(results.study, target) if language not in results.study.languages]


def other_tables(results: Results, comparisons: Sequence[Comparison]) -> list[Table]:
    """Return a table of mean scores for each target that is scored in other languages, a column a language and their mean; the control rows that lack it are left out."""
    against = {(c.language, c.row, c.target): c for c in comparisons if c.baseline.arm == "none"}
    found = []
    for target in results.study.targets:
        languages = languages_of(results, target)
        if not languages:
            continue
        rows = []
        for row in results.rows:
            cells = [cell(results, row, language, target, against.get((language, row, target))) for language in languages]
            rows.append(TableRow(" + ".join(row.tasks) or "–", row.arm, family(row.arm), False, False, [*cells, _mean(results, row, target, languages)]))
        mark = "" if results.study.targets[target].xtreme else ", not XTREME"
        columns = [*(Column(NAMES.get(language, language), metric_name(results.study, target)) for language in languages), Column("mean", "")]
        found.append(Table(target, f"{target}{mark}", columns, rows))
    return found


def _mean(results: Results, row: Row, target: str, languages: Sequence[str]) -> Value:
    """Return the mean over languages, with its difference to none where both have every language."""

    def mean(of: Row) -> float | None:
        values = [results.values(of, target, language, HEADLINE[results.study.targets[target].metric]) for language in languages]
        return fmean(map(fmean, values)) if all(values) else None

    mine, base = mean(row), mean(NONE) if row != NONE else None
    if mine is None:
        return Value("", "", f"{target} <- {row.label}: a language has no scored run", "", "")
    delta = "" if base is None else signed(mine - base)
    return Value(f"{mine:.1f}", delta, f"mean over {len(languages)} languages", "", partial(results, results.seeds(row, target)))

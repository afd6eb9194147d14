"""Published numbers beside a study's own, only where they measure the same thing; where they don't, the reason why not.

The numbers are data (published.toml). One is comparable where target, metric, test data (corpus and number of rows) and selection of
the checkpoint agree with the study's, and for retrieval the layer, pooling and harness as well: the same XLM-R Large has 71.6 on
Finnish Tatoeba in XTREME's harness and 41.5 in the paper's (nyu-mll/jiant-dev, pull request 128). The encoder need not agree: it is
what such a number is looked at for, and stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Literal

from corpora.config import ConfigError, read
from corpora.study import Target
from eval.compare import targets_in
from eval.results import NONE, Results, Row
from eval.score import HEADLINE

FILE = Path(__file__).parent / "published.toml"
Grade = Literal["read", "abstract", "recalled and added up", "recalled"]


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """One published system on one target: language -> value (0 to 100), and on what it was measured."""

    system: str
    target: str  # a metric's name as studies have it: udpos, panx, tydiqa, tatoeba
    metric: str
    values: Mapping[str, float]
    corpus: Mapping[str, str]
    n: Mapping[str, int]
    selection: str
    source: str
    grade: Grade
    also: Mapping[str, str] = field(default_factory=dict)  # retrieval: layer (hidden state), pooling, and harness where it is another than the paper's

    def __post_init__(self) -> None:
        if not (set(self.values) == set(self.corpus) == set(self.n)) or not self.values:
            raise ValueError(f"{self.system}, {self.target}: values, corpus and n must name the same languages, and at least one")
        for language, value in self.values.items():
            if not 0 <= value <= 100:
                raise ValueError(f"{self.system}, {self.target}: {language} = {value}; scores are 0 to 100")


@dataclass(frozen=True, kw_only=True)
class Anchors:
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """A published value and, where it may be set beside them, ours: the value of `none` and of the best row; `why` says why it may not."""

    language: str
    target: str
    metric: str
    system: str
    value: float
    source: str
    grade: Grade
    why: str  # "" = comparable
    none: float | None
    best: float | None
    best_row: str


def anchors(path: Path = FILE) -> tuple[Anchor, ...]:
    """Return the published numbers. Raises ConfigError for a file that breaks its rules."""
    found = read(Anchors, path).anchors
    for one in found:
        if one.target not in HEADLINE:
            raise ConfigError(f"{path}: {one.system}: target {one.target!r} is no metric of ours; known: {', '.join(HEADLINE)}")
    return found


def beside(results: Results) -> list[Beside]:
    """Return every published number for the study's languages and targets, comparable ones first."""
    found = []
    for language in results.study.languages:
        for name in targets_in(results, language):
            for anchor in anchors():
                if anchor.target == results.study.targets[name].metric and language in anchor.values:
                    found.append(_one(results, language, name, anchor))
    return sorted(found, key=lambda one: (one.language, bool(one.why)))


def _one(results: Results, language: str, name: str, anchor: Anchor) -> Beside:
    why = why_not(anchor, results.study.targets[name], language, _scored_rows(results, language, name))
    values = {row: results.values(row, name, language, anchor.metric) for row in results.rows}
    means = {row: fmean(found) for row, found in values.items() if found} if not why else {}
    best = max(means, key=lambda row: means[row], default=Row((), ""))
    return Beside(
        language, name, anchor.metric, anchor.system, anchor.values[language], anchor.source, anchor.grade, why, means.get(NONE), means.get(best), best.label if means else ""
    )  # fmt: skip


def _scored_rows(results: Results, language: str, name: str) -> int:
    """Return the number of test rows that our scores are of, 0 where none is scored."""
    return next((int(line["n"]) for run in results.scored.values() for line in run.lines if (line["target"], line["language"]) == (name, language)), 0)


def why_not(anchor: Anchor, target: Target, language: str, rows: int) -> str:
    """Return the first thing in which a published number and a study's target differ, "" where they measure the same."""
    ours = target.test[language]
    if ours != anchor.corpus[language]:
        return f"other test data: {anchor.corpus[language]} there, {ours} here"
    if rows != anchor.n[language]:
        return f"other test rows: {anchor.n[language]:,} there, {rows:,} here" if rows else "nothing of ours is scored"
    if target.english and anchor.selection != "English dev":
        return f"another selection of the checkpoint: {anchor.selection} there, English dev here"
    if target.metric == "tatoeba":
        if "harness" in anchor.also:
            return f"another harness ({anchor.also['harness']}); retrieval differs by tens of points between harnesses"
        here = {"layer": str(target.layer), "pooling": target.pooling}
        return "; ".join(f"{what} {anchor.also[what]} there, {value} here" for what, value in here.items() if anchor.also.get(what, value) != value)
    return ""

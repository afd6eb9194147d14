"""Results as the report's tables: plain values with their texts, so that the templates only lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from markupsafe import Markup

from corpora.languages import name_of
from corpora.study import Study, base_arm, members, parts_of
from eval import forest
from eval.compare import AVERAGE, Comparison, averaged, is_against, question_arms, targets_in
from eval.manifests import BuiltTask
from eval.results import Results, Row
from eval.score import HEADLINE
from eval.verdict import Answer, signed

TINT = 10.0  # points of difference at which a cell has its full colour
SIGNS = {"better": "▲", "worse": "▼", "equivalent": "=", "can't tell": "?"}
METRIC_NAMES = {"f1": "F1", "accuracy": "accuracy", "exact_match": "exact match", "precision": "precision", "recall": "recall", "score": "(F1 + EM) / 2"}


@dataclass(frozen=True, slots=True)
class Value:
    """A cell of the main table: mean over seeds, its difference to none, and where it comes from."""

    text: str  # "" = missing
    delta: str
    title: str  # every seed's value and run key
    run: str  # key of the first run behind it, "" for averages
    partial: str  # "1 of 2 seeds" where seeds are missing
    sign: str = ""  # ▲ or ▼ where the difference to none is real (Holm-corrected over arms)
    tint: float = 0.0  # -1 to 1: the difference over TINT points, for a background


@dataclass(frozen=True, slots=True)
class TableRow:
    tasks: str
    arm: str
    family: str
    asked: bool  # one of the question's arms in this language
    unequal: bool  # trained on fewer examples than the budget
    cells: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    metric: str  # "" for the average


@dataclass(frozen=True, slots=True)
class Table:
    language: str
    name: str
    columns: Sequence[Column]
    rows: Sequence[TableRow]


@dataclass(frozen=True, slots=True)
class Line:
    """A comparison as a row of the forest plot."""

    label: str
    family: str
    asked: bool
    text: str  # "+1.2 [−0.3, 2.7]", "" = missing
    verdict: str
    sign: str
    note: str
    title: str
    svg: Markup


@dataclass(frozen=True, slots=True)
class Section:
    target: str
    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Plot:
    """All comparisons of a language against one baseline, on one scale."""

    language: str
    name: str
    baseline: str
    ruler: Markup
    sections: Sequence[Section]


def number(value: float, digits: int = 1) -> str:
    return signed(value, digits).removeprefix("+")


def family(arm: str) -> str:
    """Return the arm's family, which decides its colour and mark."""
    return "mix" if "+" in arm else base_arm(arm).split("-")[0]


def metric_name(study: Study, target: str) -> str:
    return METRIC_NAMES[HEADLINE[study.targets[target].metric]]


def main_tables(results: Results, comparisons: Sequence[Comparison], unequal: Sequence[BuiltTask]) -> list[Table]:
    """Return one table of mean scores per language."""
    against_none = {(c.language, c.row, c.target): c for c in comparisons if c.baseline.arm == "none"}
    short = {(one.task, one.arm) for one in unequal}
    found = []
    for language in results.study.languages:
        targets, mean = targets_in(results, language), averaged(results, language)
        rows = []
        for row in results.rows:
            cells = [cell(results, row, language, target, against_none.get((language, row, target))) for target in targets]
            cells += [_average(results, row, language, mean, against_none.get((language, row, AVERAGE)))] if mean else []
            is_short = any((task, part) in short for task in (members(results.study, row.tasks) if row.tasks else ()) for part in parts_of(row.arm))
            rows.append(TableRow(" + ".join(row.tasks) or "–", row.arm, family(row.arm), row in question_arms(results, language), is_short, cells))
        columns = [Column(target, metric_name(results.study, target) + ("" if target in mean else ", not XTREME")) for target in targets]
        columns += [Column(AVERAGE, "")] if mean else []
        found.append(Table(language, name_of(language), columns, rows))
    return found


def cell(results: Results, row: Row, language: str, target: str, against: Comparison | None) -> Value:
    """Return the mean score of a row on a target in a language, with its difference to none."""
    values = results.values(row, target, language, HEADLINE[results.study.targets[target].metric])
    seeds = results.seeds(row, target)
    if not values:
        return Value("", "", f"{target} <- {row.label}: no scored run", "", "")
    runs = [results.of(row, target, seed) for seed in seeds]
    title = "; ".join(f"seed {seed}: {value:.2f} (run {run.key})" for seed, value, run in zip(seeds, values, runs, strict=True))
    return Value(f"{fmean(values):.1f}", _delta(against), title, runs[0].key, partial(results, seeds), *_mark(against))


def _average(results: Results, row: Row, language: str, targets: Sequence[str], against: Comparison | None) -> Value:
    per_target = [results.values(row, target, language, HEADLINE[results.study.targets[target].metric]) for target in targets]
    if not targets or not all(per_target):
        return Value("", "", f"average of {row.label}: a target has no scored run", "", "")
    least = min((results.seeds(row, target) for target in targets), key=len)
    title = f"mean of {', '.join(f'{target} {fmean(v):.2f}' for target, v in zip(targets, per_target, strict=True))}"
    return Value(f"{fmean(map(fmean, per_target)):.1f}", _delta(against), title, "", partial(results, least), *_mark(against))


def _delta(against: Comparison | None) -> str:
    return signed(against.delta) if against and against.delta is not None else ""


def _mark(against: Comparison | None) -> tuple[str, float]:
    """Return the sign of a real difference and its share of TINT."""
    if against is None or against.delta is None:
        return "", 0.0
    sign = SIGNS[against.verdict] if against.verdict in ("better", "worse") else ""
    return sign, max(-1.0, min(1.0, against.delta / TINT))


def partial(results: Results, seeds: Sequence[int]) -> str:
    """Return '1 of 2 seeds' where some are missing, else ''."""
    planned = len(results.study.seeds)
    return f"{len(seeds)} of {planned} seeds" if len(seeds) < planned else ""


def grounds(results: Results, answers: Sequence[Answer]) -> list[Plot]:
    """Return what each language's answer rests on as a plot of its own: the question's arms against English, on average over targets."""
    found = []
    for one in answers:
        scale = forest.axis(_ends(one.grounds), results.study.statistics.margin)
        lines = [_line(results, c, scale, one.language) for c in one.grounds]
        found.append(Plot(one.language, name_of(one.language), "en", forest.ruler(scale), [Section(AVERAGE, "", lines)] if lines else []))
    return found


def plots(results: Results, comparisons: Sequence[Comparison], baseline: str) -> list[Plot]:
    """Return one plot per language of every comparison against `baseline`."""
    found = []
    margin = results.study.statistics.margin
    for language in results.study.languages:
        mine = [c for c in comparisons if c.language == language and is_against(c, baseline)]
        if not mine:
            continue
        scale = forest.axis(_ends(mine), margin)
        sections = []
        for target in (AVERAGE, *targets_in(results, language)):
            extra = "" if target == AVERAGE or results.study.targets[target].xtreme else ", not XTREME"
            title = "Average over targets" if target == AVERAGE else f"{target} ({metric_name(results.study, target)}{extra})"
            sections.append(Section(target, title, [_line(results, c, scale, language) for c in mine if c.target == target]))
        found.append(Plot(language, name_of(language), baseline, forest.ruler(scale), sections))
    return found


def _ends(some: Sequence[Comparison]) -> list[float]:
    """Return the ends that a plot must hold: of all intervals, but no farther out than twice the largest difference (or 10 points).

    With two seeds an interval can be hundreds of points wide; drawn whole it would leave nothing to be seen of the others.
    """
    reach = max([10.0, *(2 * abs(c.estimate.delta) for c in some if c.estimate)])
    return [max(-reach, min(reach, x)) for c in some if c.estimate for x in (c.estimate.low, c.estimate.high)]


def _line(results: Results, one: Comparison, scale: forest.Axis, language: str) -> Line:
    margin = results.study.statistics.margin
    kind, asked = family(one.row.arm), one.row in question_arms(results, language)
    if one.estimate is None or one.verdict is None:
        text = "" if one.delta is None else signed(one.delta)
        return Line(one.row.label, kind, asked, text, "missing" if one.delta is None else "no interval", "–", one.why, "", forest.empty(scale, margin))
    e = one.estimate
    text = f"{signed(e.delta)} [{number(e.low)}, {number(e.high)}]"
    notes = []
    if one.flat:
        notes.append("nothing varies: the interval is a point")
    if len(one.seeds) < len(results.study.seeds):
        notes.append(f"{len(one.seeds)} of {len(results.study.seeds)} seeds")
    if one.small:
        notes.append("within the margin")
    if one.verdict == "can't tell" and one.detectable is not None:
        notes.append(f"sees {one.detectable:.1f}; ±{margin:g} {f'takes {one.seeds_needed} seeds' if one.seeds_needed else 'is out of reach'}")
    title = (
        f"{one.row.label} minus {one.baseline.label}, seeds {', '.join(map(str, one.seeds))}: {e.delta:+.3f}, interval {e.low:+.3f} to {e.high:+.3f} "
        f"at level {100 * (1 - e.alpha):.3g} %, p {e.p:.4f}, Holm-adjusted {one.adjusted:.4f}"
    )
    label = f"{one.row.label} minus {one.baseline.label}: {text} points, {one.verdict}"
    svg = forest.row(scale, e.delta, e.low, e.high, kind, margin, label)
    return Line(one.row.label, kind, asked, text, one.verdict, SIGNS[one.verdict], "; ".join(notes), title, svg)

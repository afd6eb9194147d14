"""Line charts for the report: training curves of the arms, and whatever else is a number along an axis (layers, say).

A chart is one small SVG that stretches with the page: lines keep their width (non-scaling strokes), numbers stand beside it as text.
An arm has its family's colour, and a dash where its language is Hungarian, so that no two arms of one group look the same.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from markupsafe import Markup

from corpora.bounded import parse_json
from corpora.study import arm_language, parts_of
from eval.results import Results, Row
from eval.score import HEADLINE
from eval.view import family
from train.run import runs_folder

Point = tuple[float, float]
HEIGHT, WIDTH = 120, 300  # of the drawing's own coordinates; the page stretches the width
TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name, the family and language that decide its look, and its points by x."""

    name: str
    family: str
    dashed: bool
    points: Sequence[Point]

    @property
    def last(self) -> str:
        return f"{self.points[-1][1]:.3g}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines on one pair of axes. `low`, `high`: what the bottom and the top stand for; `first`, `last`: the left and the right end."""

    title: str
    what: str  # of the y axis
    along: str  # of the x axis
    series: Sequence[Series]
    low: str
    high: str
    first: str
    last: str
    svg: Markup


def chart(title: str, what: str, along: str, series: Sequence[Series]) -> Chart | None:
    """Return a chart of the series that have two points or more, None where there is none."""
    drawn = [one for one in series if len(one.points) > 1]
    if not drawn:
        return None
    xs, ys = ([point[axis] for one in drawn for point in one.points] for axis in (0, 1))
    low, high = _round_range(min(ys), max(ys))
    lines = Markup("").join(_line(one, (min(xs), max(xs)), (low, high)) for one in drawn)
    grid = Markup("").join(
        Markup('<line class="grid" x1="0" x2="{w}" y1="{y:.1f}" y2="{y:.1f}"/>').format(w=WIDTH, y=HEIGHT * i / TICKS) for i in range(TICKS + 1)
    )
    label = f"{title}: {what} along {along}; " + "; ".join(f"{one.name} ends at {one.last}" for one in drawn)
    svg = Markup('<svg class="curve" viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-label="{label}">{grid}{lines}</svg>').format(
        w=WIDTH, h=HEIGHT, label=label, grid=grid, lines=lines
    )
    return Chart(title, what, along, drawn, f"{low:g}", f"{high:g}", f"{min(xs):g}", f"{max(xs):g}", svg)


def _round_range(low: float, high: float) -> tuple[float, float]:
    """Return round ends that hold low and high."""
    width = max(high - low, abs(high) * 1e-3, 1e-9)
    step = next(s * 10.0**e for e in range(-9, 9) for s in (1, 2, 2.5, 5) if width / (s * 10.0**e) <= TICKS)
    return round(math.floor(low / step) * step, 9), round(math.ceil(high / step) * step, 9)


def _line(one: Series, xs: Point, ys: Point) -> Markup:
    width, height = max(xs[1] - xs[0], 1e-9), max(ys[1] - ys[0], 1e-9)
    places = " ".join(f"{WIDTH * (x - xs[0]) / width:.1f},{HEIGHT * (1 - (y - ys[0]) / height):.1f}" for x, y in one.points)
    return Markup('<polyline class="curve-line {f}{d}" points="{p}"><title>{n}</title></polyline>').format(
        f=one.family, d=" dashed" if one.dashed else "", p=places, n=one.name
    )


def training(results: Results, root: Path) -> list[Chart]:
    """Return a chart of the training loss for each intermediate group, and one of the English dev score for each target that looked at it twice or more.

    Lines are means over seeds at the steps that all of them logged.
    """
    logs = {key: _log(runs_folder(root) / key) for key in _keys(results)}
    found: list[Chart | None] = []
    for group in dict.fromkeys(row.tasks for row in results.rows if row.tasks):
        rows = [row for row in results.rows if row.tasks == group]
        lines = [series(row, mean(_loss(logs[key]) for key in _parents(results, row)), results) for row in rows]
        found.append(chart(" + ".join(group), "training loss", "steps", lines))
    for target, what in results.study.targets.items():
        if what.english:
            metric = HEADLINE[what.metric]
            lines = [
                series(row, mean(_dev(results.of(row, target, seed).record, target, metric) for seed in results.seeds(row, target)), results)
                for row in results.rows
            ]
            found.append(chart(target, f"English dev {metric}", "steps", lines))
    return [one for one in found if one]


def series(row: Row, points: Sequence[Point], results: Results) -> Series:
    last = parts_of(row.arm)[-1]
    second = results.study.languages[1:]  # the first language's lines are solid
    return Series(row.label, family(row.arm), bool(second) and arm_language(last) in second, points)


def _keys(results: Results) -> set[str]:
    return {key for row in results.rows for key in _parents(results, row)}


def _parents(results: Results, row: Row) -> list[str]:
    """Return the keys of the intermediate runs behind a row, one a seed."""
    cells = (run for cell, run in results.scored.items() if cell.row == row)
    return sorted({str(run.record.get("parent") or "") for run in cells} - {""})


def _log(folder: Path) -> list[Mapping[str, Any]]:
    """Return the lines of a run's log.jsonl; a run that was copied without it has none."""
    try:
        lines = (folder / "log.jsonl").read_text("utf-8").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            value = parse_json(line)
        except ValueError:
            continue  # the last line of a run that was killed
        if isinstance(value, Mapping):
            found.append(value)
    return found


def _loss(log: Iterable[Mapping[str, Any]]) -> list[Point]:
    return [(float(line["step"]), float(line["loss"])) for line in log if isinstance(line.get("loss"), int | float) and "step" in line]


def _dev(record: Mapping[str, Any], target: str, metric: str) -> list[Point]:
    """Return the choice curve of a run: (step, English dev score) at each look."""
    looks = [(look.get("step"), ((look.get("dev") or {}).get(target) or {}).get(metric)) for look in record.get("evals") or []]
    return [(float(step), float(value)) for step, value in looks if isinstance(step, int | float) and isinstance(value, int | float)]


def mean(lines: Iterable[Sequence[Point]]) -> list[Point]:
    """Return the mean of several lines at the x that all of them have."""
    every = [line for line in lines if line]
    values: dict[float, list[float]] = defaultdict(list)
    for line in every:
        for x, y in line:
            values[x].append(y)
    return [(x, fmean(ys)) for x, ys in sorted(values.items()) if len(ys) == len(every)]

"""filters.html of a built task: what every step and filter took away, how the scores lie about the bounds, and what stands on either side.

Made from the rows and scores that the finished folder holds, so it is the same for the same folder; every text in it is escaped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from build_data import filter_plots
from build_data.split import rank
from build_data.steps import Dropped
from corpora.records import Pair, Record, Span

TEMPLATES = Path(__file__).parent / "templates"
SHOWN = 10  # rows on either side of a filter's bounds
CUT = 220  # characters of a text that are shown
LOSSES = (0.01, 0.05, 0.1)  # shares of rows, and the bound that would cost them


@dataclass(frozen=True, slots=True)
class Example:
    """A row as it is shown: its score, its texts (cut), what it says about them, and why it is not in the task ("" if it is)."""

    score: str
    texts: tuple[str, ...]
    answer: str
    fate: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One filter of the page."""

    name: str
    why: str
    bounds: str
    rows: int
    outside: int
    first: int  # rows for which it gave the reason, being the first that refused
    ends: tuple[str, str]
    histogram: Markup
    sweep: Markup
    losses: Sequence[tuple[str, str]]  # ("5 %", "at least 0.41")
    kept: Sequence[Example]
    dropped: Sequence[Example]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the funnel."""

    step: str
    what: str
    rows: int
    share: float
    bar: Markup
    total: bool


def page(manifest: Mapping[str, Any], kept: Sequence[Record], dropped: Sequence[Dropped], why: Callable[[str], str]) -> str:
    """Return the page of one task. `kept` are its rows, `dropped` all others with their reasons, `why` tells a filter's purpose by its name."""
    fates = {d.record.id: f"{d.stage}: {d.reason}" for d in dropped}
    rows = sorted([*kept, *(d.record for d in dropped if d.record.scores)], key=lambda r: (rank(r.id), r.id))
    refused = Counter(d.reason.partition("=")[0] for d in dropped if d.stage == "filter")
    shown = []
    names = list(manifest["settings"]["filters"])
    table = np.array([[record.scores.get(name, np.nan) for name in names] for record in rows]).reshape(
        len(rows), len(names)
    )  # once: 20,000 rows have 700,000 scores
    for name, values, (low, high) in zip(names, table.T, manifest["settings"]["filters"].values(), strict=True):
        bounds = (-math.inf if low is None else float(low), math.inf if high is None else float(high))
        scored = np.flatnonzero(~np.isnan(values))
        if len(scored):
            shown.append(_filter(name, why(name), bounds, rows, scored, values[scored], fates, refused[name]))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters["percent"] = lambda value: f"{100 * value:.1f} %"
    return environment.get_template("filters.html.j2").render(
        name=f"{manifest['task']}.{manifest['arm']}", study=manifest["study"], counts=manifest["counts"], funnel=funnel(manifest["steps"]), filters=shown
    )


def funnel(steps: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return what enters, what each step takes by each reason, and what is left, from the manifest's ledgers."""
    every = max(1, *(step["in"] + step["made"] for step in steps))
    lines = []
    for step in steps:
        entering = step["in"] + step["made"]
        lines.append(
            Line(
                step["step"],
                "rows in" + (f", {step['made']:,} of them made here" if step["made"] else ""),
                entering,
                entering / every,
                filter_plots.funnel_bar([("kept", 0, entering / every)]),
                True,
            )
        )
        left = entering
        for reason, count in sorted(step["excluded"].items(), key=lambda item: (-item[1], item[0])):
            left -= count
            bar = filter_plots.funnel_bar([("kept faint", 0, left / every), ("dropped", left / every, count / every)])
            lines.append(Line(step["step"], reason, count, count / every, bar, False))
    last = steps[-1]["kept"]
    lines.append(Line("", "rows kept", last, last / every, filter_plots.funnel_bar([("kept", 0, last / every)]), True))
    return lines


def _filter(
    name: str,
    why: str,
    bounds: tuple[float, float],
    rows: Sequence[Record],
    scored: npt.NDArray[np.int64],
    values: filter_plots.Values,
    fates: Mapping[str, str],
    refused: int,
) -> Shown:
    """Return what is shown of a filter; `scored` are the places of the rows that have its score, `values` those scores."""
    inside = (values >= bounds[0]) & (values <= bounds[1])
    scale = filter_plots.axis(values, bounds)
    away = np.where(inside, np.minimum(*(np.abs(values - bound) if math.isfinite(bound) else np.full(len(values), np.inf) for bound in bounds)), np.nan)
    # Ties stay in order of chance; NaN, the rows outside, come last.
    near = [rows[scored[at]] for at in np.argsort(away, kind="stable")[: min(SHOWN, int(inside.sum()))]]
    outside = [rows[scored[at]] for at in np.flatnonzero(~inside)[:SHOWN]]
    return Shown(
        name, why, _words(bounds), len(values), int((~inside).sum()), refused, (f"{scale.low:.3g}", f"{scale.high:.3g}"),
        filter_plots.histogram(values, scale, bounds), filter_plots.sweep(values, scale, bounds), _losses(values, bounds),
        [_example(r, name, fates) for r in near], [_example(r, name, fates) for r in outside],
    )  # fmt: skip


def _losses(values: filter_plots.Values, bounds: tuple[float, float]) -> list[tuple[str, str]]:
    """Return for each share of LOSSES the tightest bounds, one side at a time, that cost no more than that."""
    found = []
    for share in LOSSES:
        sides = [("at least", np.quantile(values, share, method="lower"))] if math.isfinite(bounds[0]) else []
        sides += [("at most", np.quantile(values, 1 - share, method="higher"))] if math.isfinite(bounds[1]) else []
        found.append((f"{100 * share:g} %", " or ".join(f"{word} {value:.3g}" for word, value in sides) or "no bound"))
    return found


def _words(bounds: tuple[float, float]) -> str:
    sides = [f"{word} {value:g}" for word, value in (("at least", bounds[0]), ("at most", bounds[1])) if math.isfinite(value)]
    return " and ".join(sides) or "no bound: a score that decides nothing alone"


def _example(record: Record, name: str, fates: Mapping[str, str]) -> Example:
    answer = record.label if isinstance(record, Pair) else " / ".join(dict.fromkeys(text for text, _ in record.answers)) if isinstance(record, Span) else ""
    texts = tuple(text if len(text) <= CUT else text[:CUT].rstrip() + "…" for text in record.texts())
    return Example(f"{record.scores[name]:.3g}", texts, answer, fates.get(record.id, ""))

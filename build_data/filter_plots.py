"""The pictures of a filter study as small SVGs: x and y are percentages, so they stretch with the page; words on them stand beside, in HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

BINS = 40
Values = NDArray[np.float64]  # [rows]: the scores of one filter


@dataclass(frozen=True, slots=True)
class Axis:
    """The scale of a filter's scores: what lies outside is drawn at its ends."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return the x position of a score in percent of the width."""
        return 100 * (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


def axis(values: Values, bounds: tuple[float, float]) -> Axis:
    """Return a scale that holds 99 % of the scores and the bounds; few far scores must not press all others into one bin."""
    wanted = [*np.quantile(values, [0.005, 0.995]).tolist(), *(b for b in bounds if math.isfinite(b))]
    low, high = min(wanted), max(wanted)
    room = 0.05 * (high - low) or max(abs(high), 1.0) * 0.1
    return Axis(low - room, high + room)


def histogram(values: Values, scale: Axis, bounds: tuple[float, float]) -> Markup:
    """Return the scores as bars, those that the bounds refuse in another colour, and the bounds as lines. Bar heights are square roots: a tail shows."""
    edges = np.linspace(scale.low, scale.high, BINS + 1)
    clipped = np.clip(values, scale.low, scale.high)
    kept = (values >= bounds[0]) & (values <= bounds[1])
    counts = [np.histogram(clipped[part], edges)[0] for part in (kept, ~kept)]
    top = math.sqrt(max(int((counts[0] + counts[1]).max()), 1))
    bars = []
    for at in range(BINS):
        total, base = int(counts[0][at] + counts[1][at]), 0.0
        if not total:
            continue
        whole = 100 * math.sqrt(total) / top
        for name, count in (("kept", int(counts[0][at])), ("dropped", int(counts[1][at]))):
            height = whole * count / total
            if count:
                bars.append(
                    Markup(
                        '<rect class="{n}" x="{x:.2f}%" width="{w:.2f}%" y="{y:.2f}%" height="{h:.2f}%"><title>{a:.3g} to {b:.3g}: {c:,} {n}</title></rect>'
                    ).format(n=name, x=100 * at / BINS, w=100 / BINS - 0.3, y=100 - base - height, h=height, a=edges[at], b=edges[at + 1], c=count)
                )
            base += height
    return _svg("Histogram of the scores", Markup("").join(bars) + _bounds(scale, bounds))


def sweep(values: Values, scale: Axis, bounds: tuple[float, float]) -> Markup:
    """Return the share of rows that is kept (0 at the bottom, all at the top) as each bound moves while the other one stays."""
    points = np.linspace(scale.low, scale.high, 2 * BINS + 1)
    lines = []
    for name, moved in (("low", bounds[0]), ("high", bounds[1])):
        if math.isfinite(moved):
            shares = [kept_share(values, (p, bounds[1]) if name == "low" else (bounds[0], p)) for p in points.tolist()]
            marks = [Markup("{x:.2f},{y:.2f}").format(x=scale.at(p), y=100 - 100 * s) for p, s in zip(points.tolist(), shares, strict=True)]
            lines.append(Markup('<polyline class="{n}" points="{p}"/>').format(n=name, p=Markup(" ").join(marks)))
    curve = Markup('<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%">{l}</svg>').format(l=Markup("").join(lines))
    return _svg("Share of rows kept as the bound moves", curve + _bounds(scale, bounds))


def kept_share(values: Values, bounds: tuple[float, float]) -> float:
    """Return the share, 0 to 1, of scores within the bounds, both ends included."""
    return float(((values >= bounds[0]) & (values <= bounds[1])).mean())


def funnel_bar(parts: Sequence[tuple[str, float, float]]) -> Markup:
    """Return one bar of the funnel from (class, start, width), both as shares of all rows that ever were."""
    bars = [Markup('<rect class="{n}" x="{x:.3f}%" width="{w:.3f}%" y="15%" height="70%"/>').format(n=n, x=100 * x, w=100 * w) for n, x, w in parts if w > 0]
    return Markup('<svg class="bar" width="100%" height="18" aria-hidden="true">{b}</svg>').format(b=Markup("").join(bars))


def _bounds(scale: Axis, bounds: tuple[float, float]) -> Markup:
    lines = [Markup('<line class="bound" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="100%"/>').format(x=scale.at(b)) for b in bounds if math.isfinite(b)]
    return Markup("").join(lines)


def _svg(label: str, inner: Markup) -> Markup:
    return Markup('<svg class="plot" width="100%" height="120" role="img" aria-label="{l}">{i}</svg>').format(l=label, i=inner)

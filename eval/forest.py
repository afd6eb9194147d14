"""The forest plot, drawn as small SVGs whose x positions are percentages: they stretch with the page while text and marks keep their size.

Colours are Okabe and Ito's, set in report.css by class; the mark's shape says the same as its colour, so colour is never needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

HEIGHT = 26  # px of a row
PAD = 6.0  # percent left free at either side, so that marks and tick labels are not cut


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale in points, shared by all rows of a plot."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Return the x position of `value` in percent of the width."""
        return PAD + (100 - 2 * PAD) * (value - self.low) / (self.high - self.low)

    def edge(self, percent: float) -> float:
        """Return the value at an x position in percent: at 0 and 100 the edges of the picture."""
        return self.low + (percent - PAD) / (100 - 2 * PAD) * (self.high - self.low)


def axis(values: Sequence[float], margin: float) -> Axis:
    """Return a scale with 3 to 7 round ticks that holds all values, 0 and the margin of equivalence."""
    reach = [0.0, margin, -margin, *values]
    low, high = min(reach), max(reach)
    width = max(high - low, 1e-6)
    step = next(s * 10.0**e for e in range(-6, 8) for s in (1, 2, 5) if width / (s * 10.0**e) <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Axis(first * step, last * step, tuple(round(i * step, 6) for i in range(first, last + 1)))


def row(scale: Axis, delta: float, low: float, high: float, family: str, margin: float, label: str) -> Markup:
    """Return one row: the band of equivalence, the line at 0, the interval and a mark for the arm's family.

    An end of the interval that lies outside the scale has no cap: its bar runs to the edge of the picture.
    """
    middle = HEIGHT / 2
    caps = [v for v in (low, high) if scale.low <= v <= scale.high]
    low, high = (v if v in caps else far for v, far in ((low, scale.edge(0)), (high, scale.edge(100))))
    parts = [
        Markup('<svg class="ci" width="100%" height="{h}" role="img" aria-label="{label}">').format(h=HEIGHT, label=label),
        _band(scale, margin),
        _zero(scale),
        Markup('<g class="arm {f}">').format(f=family),
        Markup('<line class="bar" x1="{a:.2f}%" x2="{b:.2f}%" y1="{y}" y2="{y}"/>').format(a=scale.at(low), b=scale.at(high), y=middle),
        *(Markup('<line class="bar" x1="{x:.2f}%" x2="{x:.2f}%" y1="{a}" y2="{b}"/>').format(x=scale.at(v), a=middle - 4, b=middle + 4) for v in caps),
        Markup('<svg x="{x:.2f}%" y="{y}" overflow="visible">{mark}</svg></g></svg>').format(x=scale.at(delta), y=middle, mark=mark(family)),
    ]
    return Markup("").join(parts)


def mark(family: str) -> Markup:
    """Return the mark of an arm's family around (0, 0): circle = native, square = machine-translated, diamond = English,
    triangle on its tip = back-translated, cross = none, triangle = other.
    """
    shapes = {
        "native": '<circle r="5"/>',
        "mt": '<rect x="-4.5" y="-4.5" width="9" height="9"/>',
        "en": '<path d="M0-6 6 0 0 6-6 0Z"/>',
        "bt": '<path d="M0 5.5 5.5-4.5-5.5-4.5Z"/>',
        "none": '<path class="bar" d="M-4-4 4 4M4-4-4 4"/>',
    }
    return Markup(shapes.get(family, '<path d="M0-5.5 5.5 4.5-5.5 4.5Z"/>'))


def empty(scale: Axis, margin: float) -> Markup:
    """Return a row without an interval."""
    return Markup('<svg class="ci" width="100%" height="{h}" aria-hidden="true">{a}{b}</svg>').format(h=HEIGHT, a=_band(scale, margin), b=_zero(scale))


def ruler(scale: Axis) -> Markup:
    """Return the row of tick labels."""
    names = {t: f"{t:+g}".replace("-", "−") if t else "0" for t in scale.ticks}
    ticks = [Markup('<text x="{x:.2f}%" y="12" text-anchor="middle">{t}</text>').format(x=scale.at(t), t=names[t]) for t in scale.ticks]
    return Markup('<svg class="ci ruler" width="100%" height="16" aria-hidden="true">{t}</svg>').format(t=Markup("").join(ticks))


def legend(family: str) -> Markup:
    """Return a mark by itself, for the legend and table rows."""
    shape = Markup('<g class="arm {f}" transform="translate(7 7)">{m}</g>').format(f=family, m=mark(family))
    return Markup('<svg class="key" width="14" height="14" aria-hidden="true">{s}</svg>').format(s=shape)


def _band(scale: Axis, margin: float) -> Markup:
    a, b = scale.at(-margin), scale.at(margin)
    return Markup('<rect class="band" x="{a:.2f}%" width="{w:.2f}%" y="0" height="{h}"/>').format(a=a, w=b - a, h=HEIGHT)


def _zero(scale: Axis) -> Markup:
    return Markup('<line class="zero" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{h}"/>').format(x=scale.at(0.0), h=HEIGHT)

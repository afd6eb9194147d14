"""build_data/filter_study.py: the page of a built task says what the manifest and the rows say, escapes what it shows, and is the same twice."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from build_data.filter_plots import axis, histogram, kept_share, sweep
from build_data.filter_study import SHOWN, funnel, page
from build_data.steps import Dropped
from corpora.records import Pair, Record

STEPS = [
    {"step": "read", "in": 200, "made": 0, "kept": 200, "excluded": {}},
    {"step": "filter", "in": 200, "made": 0, "kept": 150, "excluded": {"copy": 30, "length_ratio": 20}},
    {"step": "budget", "in": 150, "made": 0, "kept": 120, "excluded": {"budget": 30}},
]
BAD = "<script>alert(1)</script> & Söpö"


def made() -> tuple[dict[str, Any], list[Record], list[Dropped]]:
    rng = np.random.default_rng(3)
    rows = [
        Pair(id=f"r{i}", premise=f"Teksti {i}.", hypothesis=BAD if i % 3 == 0 else f"Väite {i}.", label="neutral",
             scores={"copy": float(copy), "length_ratio": float(ratio), "person": 0.0})
        for i, (copy, ratio) in enumerate(zip(rng.uniform(0, 0.5, 200), rng.normal(1, 0.2, 200), strict=True))
    ]  # fmt: skip
    dropped = [Dropped(r, "filter", f"copy={r.scores['copy']:.3g}", r.scores["copy"]) for r in rows if r.scores["copy"] > 0.3]
    kept: list[Record] = [r for r in rows if r.scores["copy"] <= 0.3]
    manifest = {
        "task": "nli", "arm": "mt-fi", "study": "mini", "steps": STEPS, "counts": {"train": len(kept), "validation": 0, "excluded": len(dropped)},
        "settings": {"filters": {"copy": [None, 0.3], "length_ratio": [0.4, 2.2], "person": [None, None], "unseen": [0.0, 1.0]}},
    }  # fmt: skip
    return manifest, kept, dropped


def test_the_page_shows_every_filter_with_examples_on_both_sides_and_escapes_texts() -> None:
    manifest, kept, dropped = made()
    html = page(manifest, kept, dropped, lambda name: f"why {name} <b>")
    assert html == page(manifest, list(reversed(kept)), list(reversed(dropped)), lambda name: f"why {name} <b>")
    assert "<script>" not in html and "&lt;script&gt;" in html and "why copy &lt;b&gt;" in html
    articles = re.findall(r'<article class="filter" id="(\w+)">', html)
    assert articles == ["copy", "length_ratio", "person"]  # a filter without a score has nothing to show
    copy = html.split('id="copy"')[1].split("</article>")[0]
    assert f"{len(dropped)} of 200 rows outside" in copy and f"the first to refuse {len(dropped)}" in copy
    assert copy.count("in the task") == SHOWN and copy.count("filter: copy=") == SHOWN
    near = sorted((r.scores["copy"] for r in kept), reverse=True)[:SHOWN]
    assert [float(v) for v in re.findall(r'<td class="n">([\d.]+)</td>', copy)][SHOWN:] == pytest.approx(near, abs=5e-4)


def test_the_funnel_adds_up() -> None:
    lines = funnel(STEPS)
    assert [(line.what, line.rows) for line in lines] == [
        ("rows in", 200), ("rows in", 200), ("copy", 30), ("length_ratio", 20), ("rows in", 150), ("budget", 30), ("rows kept", 120)
    ]  # fmt: skip
    assert lines[2].share == 0.15 and 'width="15.000%"' in lines[2].bar


@pytest.mark.parametrize("values", [[0.0] * 5, [1.0, 2.0, 1e9, -1e9], [0.5]])
@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-np.inf, 0.3), (-np.inf, np.inf)])
def test_pictures_are_whole_for_odd_scores(values: list[float], bounds: tuple[float, float]) -> None:
    scores = np.array(values)
    scale = axis(scores, bounds)
    for picture in (histogram(scores, scale, bounds), sweep(scores, scale, bounds)):
        root = ElementTree.fromstring(picture)
        places = [float(v.rstrip("%")) for e in root.iter() for k, v in e.attrib.items() if k in ("x", "x1", "y") and v.endswith("%")]
        assert all(-0.01 <= p <= 100.01 for p in places)
    counted = sum(int(n.replace(",", "")) for n in re.findall(r": ([\d,]+) (?:kept|dropped)<", histogram(scores, scale, bounds)))
    assert counted == len(values)


def test_the_sweep_says_what_a_bound_keeps() -> None:
    scores = np.arange(100) / 100
    assert kept_share(scores, (0.25, 0.74)) == 0.5
    assert kept_share(scores, (-np.inf, np.inf)) == 1

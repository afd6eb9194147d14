"""Summaries of finished tables. The only file that knows Polars."""

from __future__ import annotations

from pathlib import Path

from build_data.lazy import need

QUANTILES = (0.05, 0.5, 0.95)


def score_quantiles(path: Path) -> dict[str, list[float]]:
    """Return for every filter score of a task's Parquet file its 5 %, 50 % and 95 % quantile (scores that are not set left out)."""
    polars = need("polars", "build")
    frame = polars.read_parquet(path, columns=["scores"]).unnest("scores")
    found: dict[str, list[float]] = {}
    for name in frame.columns:
        column = frame[name].drop_nulls()
        if len(column):
            found[name] = [round(float(column.quantile(q)), 4) for q in QUANTILES]
    return found

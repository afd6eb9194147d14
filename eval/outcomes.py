"""What every test example came to in every run: the components that the paired bootstrap draws from."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

import numpy as np

from corpora.config import ConfigError
from eval.results import Cell, Results
from eval.score import HEADLINE, PREDICTIONS
from eval.stats import Array

Outcomes = dict[str, tuple[list[str], Array]]  # language -> ids and components [examples, columns]


def components(results: Results, target: str, language: str, read: dict[str, Outcomes]) -> dict[Cell, Array]:
    """Return the per-example components [examples, columns] of every scored cell of a target, examples in one order.

    `read` keeps what was read, by run key, so that a file is unpacked once for all languages. Raises ConfigError where two
    runs do not hold the same examples.
    """
    found: dict[Cell, Array] = {}
    ids: list[str] = []
    for cell, run in results.scored.items():
        if cell.target != target or run.value(language, HEADLINE[results.study.targets[target].metric]) is None:
            continue
        if run.key not in read:
            read[run.key] = _outcomes(run.folder / PREDICTIONS)
        mine, found[cell] = read[run.key].get(language, ([], np.empty((0, 0))))
        ids = ids or mine
        if not mine or mine != ids:
            raise ConfigError(
                f"{run.folder / PREDICTIONS}: its {len(mine)} {language} examples are not the {len(ids)} of the other runs; "
                "delete this run's folder and train it again"
            )
    return found


def _outcomes(path: Path) -> Outcomes:
    ids: dict[str, list[str]] = {}
    columns: dict[str, list[list[float]]] = {}
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row in map(json.loads, file):
                ids.setdefault(row["language"], []).append(row["id"])
                columns.setdefault(row["language"], []).append(row["component"])
        return {language: (ids[language], np.asarray(columns[language], dtype=np.float64)) for language in ids}
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as err:
        raise ConfigError(f"{path}: not readable as predictions ({err}); delete this run's folder and train it again") from None

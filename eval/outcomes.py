"""What every test example came to in every run: the components that the paired bootstrap draws from.

One small file a run (`outcomes.safetensors`: float32 [examples, columns] per language, and a digest of the examples' ids), so that
a report on hundreds of runs reads no predictions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from corpora.bounded import parse_json
from corpora.config import ConfigError
from corpora.shards import digest, whole
from eval.results import Cell, Results
from eval.score import HEADLINE
from eval.stats import Array

FILE = "outcomes.safetensors"
Outcomes = dict[str, tuple[str, Array]]  # language -> digest of the ids, and components [examples, columns]


def write(folder: Path, found: Mapping[str, tuple[Sequence[str], Sequence[Sequence[float]]]]) -> None:
    """Write language -> (ids, components) of a run; the same outcomes are the same bytes."""
    from safetensors.numpy import save

    marks = {language: digest(list(ids)) for language, (ids, _) in found.items()}
    arrays = {language: np.asarray(rows, dtype=np.float32) for language, (_, rows) in found.items()}
    with whole(folder / FILE) as file:
        file.write(save(arrays, {"ids": json.dumps(marks, sort_keys=True)}))


def components(results: Results, target: str, language: str, read: dict[str, Outcomes]) -> dict[Cell, Array]:
    """Return the per-example components [examples, columns] of every scored cell of a target, examples in one order.

    `read` keeps what was read, by run key, so that a file is opened once for all languages. Raises ConfigError where two
    runs do not hold the same examples.
    """
    found: dict[Cell, Array] = {}
    first: tuple[str, int] | None = None
    for cell, run in results.scored.items():
        if cell.target != target or run.value(language, HEADLINE[results.study.targets[target].metric]) is None:
            continue
        if run.key not in read:
            read[run.key] = _read(run.folder / FILE)
        ids, found[cell] = read[run.key].get(language, ("", np.empty((0, 0))))
        mine = (ids, len(found[cell]))
        first = first or mine
        if not ids or mine != first:
            raise ConfigError(
                f"{run.folder / FILE}: its {mine[1]} {language} examples are not the {first[1]} of the other runs; score it again with "
                f"`python -m eval score studies/{results.study.name}.toml`, or delete this run's folder and train it again"
            )
    return found


def _read(path: Path) -> Outcomes:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            marks = parse_json((file.metadata() or {})["ids"])
            return {language: (str(mark), file.get_tensor(language).astype(np.float64)) for language, mark in marks.items()}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise ConfigError(
            f"{path}: not readable as outcomes ({err}); delete {path.with_name('scores.json')} and run `python -m eval score`, or train it again"
        ) from None

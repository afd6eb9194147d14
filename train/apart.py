"""Validation rows that a run must not be judged by, because another task or arm that it trains on has their text (data/STUDY/across.json).

Inside a built task no text is on both sides. Two tasks, or two parts of a mixture, may share a text all the same, and a checkpoint chosen on it
would be chosen by what was learned by heart. Which tasks train together is known here alone, so here such rows leave validation; folders stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.shards import file_sha256
from corpora.study import Study, data_folder, members, parts_of


def together(study: Study, group: Sequence[str], arm: str) -> list[str]:
    """Return the names of the built folders that a run of `group` on `arm` trains on."""
    return [data_folder(study, task, part).name for task in members(study, tuple(group)) for part in parts_of(arm)]


def straddling(study: Study, names: Sequence[str], root: Path) -> dict[str, frozenset[str]]:
    """Return folder name -> ids of validation rows whose text another of the folders `names` (TASK.ARM) has in train; only folders with such rows.

    Empty for fewer than two folders, and where no build wrote the table. Raises ConfigError where the table is of other tasks than those on disk.
    """
    path = root / "data" / study.name / "across.json"
    if len(set(names)) < 2 or not path.is_file():
        return {}
    again = f"run `make data STUDY=studies/{study.name}.toml` again: it compares what changed and builds nothing anew"
    try:
        value = read_json(path)["value"]
        tasks, lines = value["tasks"], value["lines"]
        found: dict[str, set[str]] = {}
        for line in lines:
            if line["side"] == "validation" and line["train"] in names and line["beside"] in names:
                found.setdefault(line["beside"], set()).update(line["rows"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise ConfigError(f"{path}: not the table that a build writes ({type(err).__name__}: {err}); {again}") from None
    for name in names:
        manifest = path.parent / name / "manifest.json"
        if manifest.is_file() and tasks.get(name) != file_sha256(manifest):
            raise ConfigError(f"{path}: written before {name} was built as it is now, so it can't say which rows the tasks share; {again}")
    return {name: frozenset(rows) for name, rows in found.items()}

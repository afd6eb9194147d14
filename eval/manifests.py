"""The data behind each arm, as the built tasks' manifests tell it (data/<study>/<task>.<arm>/manifest.json).

Manifests are files of another room: any key may be missing, and then the report says "not recorded".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from corpora.study import Study, built_tasks, data_folder
from eval.results import read_json


@dataclass(frozen=True, slots=True)
class BuiltTask:
    """One built task in the numbers of its manifest; None = not recorded."""

    task: str
    arm: str
    folder: str
    found: bool
    rows_in: int | None = None
    made: int | None = None
    excluded: Mapping[str, int] | None = None  # "step: reason" -> rows, most first
    train: int | None = None
    validation: int | None = None
    budget: int | None = None
    mt: Mapping[str, Any] | None = None  # chrF, BLEU (0-100) and model (of bt-en: the model into the pivot)
    spans_kept: int | None = None
    spans_lost: Mapping[str, int] | None = None
    fingerprint: str = ""
    genres: Mapping[str, int] | None = None  # of the training rows, most first; None where rows carry none
    command: str = ""
    seconds: float | None = None

    @property
    def label(self) -> str:
        return f"{self.task}.{self.arm}"

    @property
    def below(self) -> float | None:
        """Share of the budget (0..1) that the arm could not fill; above 0 the arms are unequal."""
        if self.train is None or not self.budget:
            return None
        return max(0.0, 1 - self.train / self.budget)

    @property
    def recovery(self) -> float | None:
        """Share (0..1) of translated answers that were found again in their translated context."""
        if self.spans_kept is None or self.spans_lost is None:
            return None
        total = self.spans_kept + sum(self.spans_lost.values())
        return self.spans_kept / total if total else None


def of_rows(step: str) -> bool:
    """Say whether a step counts rows; the steps of native arms before their rows are made count documents or paragraphs."""
    return not step.startswith("documents of ") and step not in ("clean paragraphs", "blocks", "read documents")


def built(study: Study, root: Path) -> list[BuiltTask]:
    """Return every built task that the study asks for, also those whose manifest is not there."""
    return [_one(study, root, task, arm) for task, arm in built_tasks(study)]


def _one(study: Study, root: Path, task: str, arm: str) -> BuiltTask:
    folder = data_folder(study, task, arm, root / "data")
    shown = str(folder.relative_to(root)) if folder.is_relative_to(root) else str(folder)
    raw = read_json(folder / "manifest.json") if (folder / "manifest.json").is_file() else None
    if not isinstance(raw, Mapping):
        return BuiltTask(task, arm, shown, found=False)
    steps = [step for step in raw.get("steps") or [] if isinstance(step, Mapping)]
    excluded: Counter[str] = Counter()
    for step in steps:
        excluded.update({f"{step.get('step', '?')}: {reason}": int(n) for reason, n in (step.get("excluded") or {}).items()})
    counts, spans = raw.get("counts") or {}, raw.get("spans") or {}
    return BuiltTask(
        task,
        arm,
        shown,
        found=True,
        rows_in=steps[0].get("in") if steps else None,
        made=sum(int(step.get("made") or 0) for step in steps if of_rows(str(step.get("step")))) if steps else None,
        excluded=dict(excluded.most_common()) if steps else None,
        train=counts.get("train"),
        validation=counts.get("validation"),
        budget=(raw.get("budget") or {}).get("examples"),
        mt=raw.get("mt") or None,
        spans_kept=spans.get("kept"),
        spans_lost=spans.get("excluded"),
        fingerprint=str(raw.get("fingerprint") or ""),
        genres=_genres(folder),
        command=str(raw.get("command") or ""),
        seconds=raw.get("seconds"),
    )


def _genres(folder: Path) -> dict[str, int] | None:
    """Count the genres of a task's training rows, from the one column; None where there is no such column or it is empty."""
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("train-*.parquet")):
        if "genre" in pq.read_schema(path).names:
            counts.update(value for value in pq.read_table(path, columns=["genre"])["genre"].to_pylist() if value)
    return dict(counts.most_common()) or None


def unequal(tasks: list[BuiltTask]) -> list[BuiltTask]:
    """Return the built tasks that have fewer training examples than the budget."""
    return [one for one in tasks if (one.below or 0) > 0]

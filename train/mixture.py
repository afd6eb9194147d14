"""What an arm of a task trains on: one built folder, or for a mixture ("en+mt-fi") those of its parts under one budget.

A mixture gets no more rows than any other arm: the budget is split evenly over its parts. Where parts share items (mt-fi is the translation of
the very English rows) no item is taken twice, so a mixture sees as many different items as a plain arm does: items are gone through in the order
of a hash of their id, and each goes to that part which has it and has got the fewest so far. A part that runs out of items is short, and the
run's record says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from corpora.config import ConfigError
from corpora.records import Kind, Record
from corpora.shards import digest
from corpora.study import Study, arms_of, masking_arms, members, parts_of
from train.apart import straddling, together
from train.data import Built, built, built_rows
from train.run import Run

VERSION = 1  # of the choice: raise it when the same parts would give other rows


@dataclass(frozen=True)
class Portion:
    """Parts of an arm that have one label set, so that one head serves them. `name`: its first part, "" where the arm has one label set."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    parts: tuple[int, ...]  # numbers among the arm's parts


@dataclass(frozen=True)
class ArmData:
    """The built folders of an arm. `limits`: split -> rows in all, shared out evenly; {} = all rows of the only part."""

    parts: tuple[Built, ...]
    names: tuple[str, ...]
    limits: dict[str, int]
    apart: tuple[frozenset[str], ...] = ()  # per part, validation rows that the run must not be judged by (train/apart.py); () = none

    @cached_property
    def fingerprint(self) -> str:
        """What identifies the rows."""
        own = [part.fingerprint for part in self.parts]
        return own[0] if not self.limits else digest(["mixture", VERSION, own, self.limits])

    @property
    def portions(self) -> list[Portion]:
        """Return the parts by label set, in order."""
        sets = dict.fromkeys(part.labels for part in self.parts)
        found = [(labels, tuple(i for i, part in enumerate(self.parts) if part.labels == labels)) for labels in sets]
        return [Portion("" if len(found) == 1 else self.names[which[0]], self.parts[which[0]].kind, labels, which) for labels, which in found]

    def rows(self, split: str) -> list[list[Record]]:
        """Return the rows of each part that the arm takes of 'train' or 'validation', no item twice."""
        found = [part.records(split) for part in self.parts]
        if split == "validation" and self.apart:
            found = [[row for row in rows if row.id not in left] for rows, left in zip(found, self.apart, strict=True)]
        if not self.limits:
            return found
        chosen = assign([[item_of(row) for row in rows] for rows in found], self.limits[split])
        return [[rows[i] for i in some] for rows, some in zip(found, chosen, strict=True)]

    def records(self, portion: Portion, split: str) -> list[Record]:
        """Return the rows of a portion of a split."""
        rows = self.rows(split)
        return [row for i in portion.parts for row in rows[i]]

    def count(self, split: str = "train") -> int:
        """Return how many rows there are at most, from the Parquet footers alone (exact but for items that two parts share)."""
        found = [built_rows(part.folder, split) for part in self.parts]
        return sum(found) if not self.limits else sum(min(rows, quota) for rows, quota in zip(found, even(self.limits[split], len(found)), strict=True))


def arm_data(study: Study, task: str, arm: str, root: Path, group: Sequence[str] = ()) -> ArmData:
    """Return what `arm` of `task` trains on; in a run of `group`, less the validation rows whose text the run trains on elsewhere.

    Raises ConfigError where a part is not built, is broken, or has no training row.
    """
    names = parts_of(arm)
    parts = tuple(built(study, task, name, root) for name in names)
    _check(parts, f"task {task!r}, arm {arm!r}")
    left = straddling(study, together(study, group, arm), root) if group else {}
    apart = tuple(left.get(part.folder.name, frozenset()) for part in parts) if left else ()
    return ArmData(parts, names, {"train": study.budget.examples, "validation": study.budget.validation} if len(parts) > 1 else {}, apart)


def masking_data(study: Study, task: str, root: Path) -> ArmData:
    """Return the texts of a masked-language task: those of every language it has, shared out evenly under the budget. Raises ConfigError."""
    names = tuple(masking_arms(study, task))
    parts = tuple(built(study, task, name, root) for name in names)
    _check(parts, f"task {task!r}")
    return ArmData(parts, names, {"train": study.budget.examples, "validation": study.budget.validation})


def matched(study: Study, run: Run, root: Path) -> dict[str, Any]:
    """Return what a record says of the budgets: rows per task of this arm, the most that an arm of the group has, the steps asked for, and whether
    the arm is unequal: with fewer rows than another arm it takes fewer steps, or the same steps on fewer rows (budget.steps). {} for a run without intermediate rows."""
    if not run.tasks or run.arm == "none":
        return {}
    tasks = members(study, run.tasks)
    rows = {arm: {task: _count(study, task, arm, root) for task in tasks} for arm in arms_of(study, run.tasks)}
    most = {task: max(found[task] for found in rows.values()) for task in tasks}
    short = [task for task in tasks if rows[run.arm][task] < most[task]]
    return {"examples": rows[run.arm], "most": most, "budget": study.budget.examples, "steps": study.budget.steps, "short": short, "unequal": bool(short)}


def _count(study: Study, task: str, arm: str, root: Path) -> int:
    try:
        return arm_data(study, task, arm, root).count()
    except ConfigError:
        return 0  # another arm, which is not built here


def _check(parts: Sequence[Built], where: str) -> None:
    for part in parts:
        if not built_rows(part.folder, "train"):
            raise ConfigError(
                f"{part.folder}: {where} has no training row, so there is nothing to train on; see its README.md, or take the arm out of the study"
            )


def item_of(row: Record) -> str:
    """Return the item that a row is a version of: the English row of a translation, else itself."""
    return row.source_id or row.id


def even(total: int, parts: int) -> list[int]:
    """Return `total` in `parts` whole numbers that differ by at most one, larger ones first."""
    return [total // parts + (i < total % parts) for i in range(parts)]


def assign(items: Sequence[Sequence[str]], total: int) -> list[list[int]]:
    """Return for each part the numbers of the rows it gives, in the part's order: at most its even share of `total`, no item twice over all parts."""
    quotas = even(total, len(items))
    have: dict[str, list[tuple[int, int]]] = {}
    for part, names in enumerate(items):
        for row, name in enumerate(names):
            have.setdefault(name, []).append((part, row))
    taken: list[list[int]] = [[] for _ in items]
    for name in sorted(have, key=_rank):
        open_ = [(part, row) for part, row in have[name] if len(taken[part]) < quotas[part]]
        if open_:
            part, row = min(open_, key=lambda place: (len(taken[place[0]]) / quotas[place[0]], place))
            taken[part].append(row)
    return [sorted(rows) for rows in taken]


def _rank(name: str) -> str:
    return hashlib.sha256(f"mixture\x1f{name}".encode()).hexdigest()

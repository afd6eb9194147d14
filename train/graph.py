"""A study as runs in dependency order: base -> [intermediate, once per seed] -> each target. No torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpora.base import identity
from corpora.config import ConfigError
from corpora.study import Study, arms_of
from train.data import built, target_fingerprint
from train.run import Run


def plan(study: Study, root: Path, unbuilt: bool = False) -> list[Run]:
    """Return every run of the study, parents before children, seed by seed.

    For each seed: an intermediate run for every group of tasks and every arm but `none`, trained once and shared by all
    targets; then every target from the base (arm `none`) and from each intermediate run. tatoeba is a target run without
    training. Raises ConfigError where built data, a corpus file or the base is missing; with `unbuilt` (for a dry run)
    what is missing is planned all the same, under keys that a real run will not have.
    """
    common = _common(study, unbuilt)
    data = {(task, arm): _mark(study, task, arm, root, unbuilt) for group in study.intermediate for task in group for arm in arms_of(study, group)}
    targets = {name: _target_mark(study, name, unbuilt) for name in study.targets}
    runs: list[Run] = []
    for seed in study.seeds:
        parents = [intermediate(study, group, arm, seed, common, data) for group in study.intermediate for arm in arms_of(study, group)]
        runs += parents
        for parent in ([None] if "none" in study.arms else []) + parents:
            runs += [_target(study, name, parent, seed, common, fingerprint) for name, fingerprint in targets.items()]
    return runs


def _mark(study: Study, task: str, arm: str, root: Path, unbuilt: bool) -> str:
    try:
        return built(study, task, arm, root).fingerprint
    except ConfigError:
        if not unbuilt:
            raise
        return "not built"


def _target_mark(study: Study, name: str, unbuilt: bool) -> Mapping[str, Any]:
    try:
        return target_fingerprint(study, name)
    except ConfigError:
        if not unbuilt:
            raise
        return {"target": "not here"}


def _common(study: Study, unbuilt: bool) -> dict[str, Any]:
    """What every run's key depends on: where it starts and how numbers are kept."""
    base: Mapping[str, str] | str
    try:
        base = identity(study.base)
    except ConfigError:
        if not unbuilt:
            raise
        base = study.base.model
    return {
        "base": base, "prefix": study.base.prefix, "dropout": study.base.dropout,
        "precision": study.precision, "freeze_layers": study.freeze_layers,
    }  # fmt: skip


def intermediate(study: Study, group: tuple[str, ...], arm: str, seed: int, common: Mapping[str, Any], data: Mapping[tuple[str, str], str]) -> Run:
    """Return the run that trains the tasks of `group` together on the examples of `arm`."""
    trainings = {task: study.tasks[task].training for task in group}
    if len({training.warmup for training in trainings.values()}) > 1:
        raise ConfigError(
            f"studies/{study.name}.toml: tasks {', '.join(group)} train together and share one schedule, but their training.warmup differ; give them one value"
        )
    settings = {**common, "kinds": {task: study.tasks[task].kind for task in group}, "training": {task: dataclasses.asdict(t) for task, t in trainings.items()}}
    return Run(phase="intermediate", tasks=group, arm=arm, seed=seed, settings=settings, data={task: data[task, arm] for task in group})


def _target(study: Study, name: str, parent: Run | None, seed: int, common: Mapping[str, Any], fingerprint: Mapping[str, Any]) -> Run:
    """Return the run of a target. Its test data is part of the key although it decides no weight: it decides the scores that the run leaves."""
    what = study.targets[name]
    settings = {
        **common,
        "metric": what.metric,
        "labels": list(what.labels),
        "train_rows": what.train_rows,
        "dev_rows": what.dev_rows,
        "test_rows": what.test_rows,
    }
    if what.metric == "tatoeba":
        settings |= {"layer": what.layer, "pooling": what.pooling, "prefix": what.prefix}
    else:
        settings["training"] = {name: dataclasses.asdict(what.training)}
    tasks, arm, key = (parent.tasks, parent.arm, parent.key) if parent else ((), "none", "")
    return Run(phase="target", tasks=tasks, target=name, arm=arm, seed=seed, parent=key, settings=settings, data=dict(fingerprint))

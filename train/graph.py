"""A study as runs in dependency order: base -> [intermediate, once per seed] -> each target. No torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from corpora.base import identity
from corpora.config import ConfigError
from corpora.shards import digest
from corpora.study import Heads, Mix, Study, Training, arms_of, members, mix_of, targets_of, twin
from train.apart import straddling, together
from train.data import target_fingerprint
from train.mixture import arm_data, masking_data
from train.run import Run

Group = tuple[str, ...]


def plan(study: Study, root: Path, unbuilt: bool = False) -> list[Run]:
    """Return every run of the study, what others need before them, seed by seed.

    For each seed: an intermediate run for every group of tasks in two stages and every arm but `none`, trained once and shared by all
    targets; then every target from the base (arm `none`), from each intermediate run, jointly with the tasks of each single-stage mix, and
    longer for each control. Retrieval is a target run without training. Where a learning rate is swept, the runs of the first seed do it and
    guide those of the others. Raises ConfigError where built data, a corpus file or the base is missing; with `unbuilt` (for a dry run) what is
    missing is planned all the same, under keys that a real run will not have.
    """
    marks = {name: _target_mark(study, name, unbuilt) for name in study.targets}
    planner = _Planner(study, _common(study, unbuilt), _marks(study, root, unbuilt), marks, lambda group, arm: _apart(study, group, arm, root, unbuilt))
    runs: list[Run] = []
    for seed in study.seeds:
        runs += planner.seed(seed)
    return runs


@dataclass
class _Planner:
    study: Study
    common: dict[str, Any]
    data: Mapping[tuple[str, str], str]  # (task, arm) -> fingerprint; arm "" = the texts of a masked-language task
    targets: Mapping[str, Mapping[str, Any]]
    apart: Callable[[Group, str], dict[str, str]]  # what of validation a run leaves out, as a setting
    swept: dict[tuple[Any, ...], str] = field(default_factory=dict)  # what is trained -> key of the first seed's run, which tries the learning rates

    def seed(self, seed: int) -> list[Run]:
        study, staged = self.study, [group for group in self.study.intermediate if mix_of(self.study, group).mode == "two-stage"]
        parents = [self.intermediate(group, arm, seed) for group in staged for arm in arms_of(study, group)]
        runs = list(parents)
        for parent in ([None] if "none" in study.arms else []) + parents:
            runs += [self.target(name, seed, parent) for name in study.targets]
        for group in study.intermediate:
            mode = mix_of(study, group).mode
            for arm in arms_of(study, group) if mode == "single-stage" else ():
                runs += [self.joint(name, group, arm, seed) for name in targets_of(study, group)]
            if mode == "control":
                runs += [self.control(name, group, seed, parents) for name in targets_of(study, group)]
        return runs

    def intermediate(self, group: Group, arm: str, seed: int) -> Run:
        """Return the run that trains the tasks of `group` together on the examples of `arm`."""
        settings = {**self.common, **self._together(group, self.study.budget.steps), **self.apart(group, arm)}
        run = Run(phase="intermediate", tasks=group, arm=arm, seed=seed, settings=settings, data=self._data(group, arm))
        return self._guided(run, [self.study.tasks[task].training for task in self._all(group)], (group, arm))

    def target(self, name: str, seed: int, parent: Run | None) -> Run:
        """Return the run of a target. Its test data is part of the key although it decides no weight: it decides the scores that the run leaves."""
        tasks, arm, key = (parent.tasks, parent.arm, parent.key) if parent else ((), "none", "")
        run = Run(phase="target", tasks=tasks, target=name, arm=arm, seed=seed, parent=key, settings=self._target(name), data=dict(self.targets[name]))
        return self._guided(run, [self.study.targets[name].training], (tasks, arm, name))

    def joint(self, name: str, group: Group, arm: str, seed: int) -> Run:
        """Return the run that trains a target and the tasks of `group` at once, from the base."""
        settings = {**self._target(name), "joint": self._together(group, 0)}
        data = {**self.targets[name], "tasks": self._data(group, arm)}
        run = Run(phase="target", tasks=group, target=name, arm=arm, seed=seed, settings=settings, data=data)
        return self._guided(run, [self.study.targets[name].training, *(self.study.tasks[task].training for task in self._all(group))], (group, arm, name))

    def control(self, name: str, group: Group, seed: int, parents: Sequence[Run]) -> Run:
        """Return the run of a target, from the base, that takes as many further steps as the intermediate run of the same tasks (arm en, else the first)."""
        twins = [run for run in parents if twin(self.study, group[0], run.tasks)]
        guide = next((run for run in twins if run.arm == "en"), twins[0] if twins else None)
        if guide is None:
            raise ConfigError(f"studies/{self.study.name}.toml: mixes.{group[0]} is a control, but no arm trains its tasks, so there are no steps to match")
        run = Run(
            phase="target",
            tasks=group,
            target=name,
            arm="none",
            seed=seed,
            settings=self._target(name),
            data=dict(self.targets[name]),
            guides={"steps": guide.key},
        )
        return self._guided(run, [self.study.targets[name].training], (group, "none", name))

    def _guided(self, run: Run, trainings: Sequence[Training], what: tuple[Any, ...]) -> Run:
        """Return the run with the guide of its learning rate, where that is swept and this is not the run which does it."""
        if (run.target and self.study.targets[run.target].retrieval) or not grid_of(trainings, f"studies/{self.study.name}.toml"):
            return run
        first = self.swept.setdefault(what, run.key)
        return run if first == run.key else dataclasses.replace(run, guides={**run.guides, "lr": first})

    def _all(self, group: Group) -> list[str]:
        mix = mix_of(self.study, group)
        return [*mix.tasks, *([mix.mlm.task] if mix.mlm else [])]

    def _data(self, group: Group, arm: str) -> dict[str, str]:
        masked = mix_of(self.study, group).mlm
        return {task: self.data[task, "" if masked and task == masked.task else arm] for task in self._all(group)}

    def _together(self, group: Group, steps: int) -> dict[str, Any]:
        """Return what decides how the tasks of a group train together. What stands at its default is left out, so that old keys stay."""
        study, mix = self.study, mix_of(self.study, group)
        trainings = {task: study.tasks[task].training for task in self._all(group)}
        if len({training.warmup for training in trainings.values()}) > 1:
            raise ConfigError(
                f"studies/{study.name}.toml: tasks {', '.join(trainings)} train together and share one schedule, but their training.warmup differ; "
                "give them one value"
            )
        own = {task: {key: value for key, value in (("metric", study.tasks[task].metric), ("head", study.tasks[task].head)) if value} for task in mix.tasks}
        more = {
            "mix": dataclasses.asdict(mix) if mix != Mix(tasks=group) else None, "steps": steps, "tasks": {task: about for task, about in own.items() if about},
        }  # fmt: skip
        kinds = {task: study.tasks[task].kind for task in trainings}
        return {"kinds": kinds, "training": {task: training_of(t) for task, t in trainings.items()}, **{key: value for key, value in more.items() if value}}

    def _target(self, name: str) -> dict[str, Any]:
        what = self.study.targets[name]
        names = ("train_rows", "dev_rows", "test_rows")
        settings: dict[str, Any] = {**self.common, "metric": what.metric, "labels": list(what.labels), **{key: getattr(what, key) for key in names}}
        if what.languages:  # they decide the scores that a run leaves; left out where there are none, so that old keys stay
            settings["languages"] = list(what.languages)
        if what.retrieval:
            return settings | {"layer": what.layer, "pooling": what.pooling, "prefix": what.prefix}
        watched = {"oracle_rows": what.oracle_rows} if what.oracle_rows else {}
        return settings | {"training": {name: training_of(what.training)}} | watched


def grid_of(trainings: Sequence[Training], where: str) -> tuple[float, ...]:
    """Return the learning rates that a run tries; what has no grid keeps its own. Raises ConfigError where two trained together have different ones."""
    grids = {training.lr_grid for training in trainings if training.lr_grid}
    if len(grids) > 1:
        raise ConfigError(f"{where}: what trains together must try the same training.lr_grid; found {', '.join(str(list(grid)) for grid in sorted(grids))}")
    return next(iter(grids), ())


def training_of(training: Training) -> dict[str, Any]:
    """Return the settings of a training as a key holds them: what came later is left out where it is not used."""
    found = dataclasses.asdict(training)
    if not training.lr_grid:
        del found["lr_grid"]
    return found


def _marks(study: Study, root: Path, unbuilt: bool) -> dict[tuple[str, str], str]:
    """Return the fingerprint of every (task, arm) that is trained on, and under the arm "" of the texts of masked-language tasks."""
    found: dict[tuple[str, str], str] = {}
    for group in study.intermediate:
        mix = mix_of(study, group)
        for task in members(study, group) if mix.mode != "control" else ():
            found |= {(task, arm): _mark(study, task, arm, root, unbuilt) for arm in arms_of(study, group) if (task, arm) not in found}
        if mix.mlm and (mix.mlm.task, "") not in found:
            found[mix.mlm.task, ""] = _mark(study, mix.mlm.task, "", root, unbuilt)
    return found


def _mark(study: Study, task: str, arm: str, root: Path, unbuilt: bool) -> str:
    try:
        return (arm_data(study, task, arm, root) if arm else masking_data(study, task, root)).fingerprint
    except ConfigError:
        if not unbuilt:
            raise
        return "not built"


def _apart(study: Study, group: Group, arm: str, root: Path, unbuilt: bool) -> dict[str, str]:
    try:
        left = straddling(study, together(study, group, arm), root)
    except ConfigError:
        if not unbuilt:
            raise
        left = {}
    return {"apart": digest({name: sorted(rows) for name, rows in left.items()})} if left else {}


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
    } | ({"heads": dataclasses.asdict(study.heads)} if study.heads != Heads() else {})  # fmt: skip

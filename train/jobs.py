"""A run -> what the loop is given: jobs with their rows, the heads they train, how steps are shared out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from corpora.config import ConfigError
from corpora.records import Kind
from corpora.study import METRIC_KIND, Study, Training, members, mix_of
from train.data import target_records, watched_records
from train.features import Shape
from train.graph import grid_of
from train.heads import Head
from train.loop import Job
from train.metrics import DUPLICATE, KIND_METRIC, METRICS
from train.mixture import arm_data, masking_data
from train.run import Run, key_folder, read_record
from train.samplers import Sampling


@dataclass
class Work:
    """What a run trains. `rates`: learning rates that are tried, () = each job's own."""

    jobs: list[Job] = field(default_factory=list)
    heads: dict[str, Head] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Sampling)
    rates: tuple[float, ...] = ()

    def at(self, rate: float | None) -> list[Job]:
        """Return the jobs at a learning rate of the sweep, or as they are."""
        swept = [replace(job, training=replace(job.training, lr=rate)) if rate and job.training.lr_grid else job for job in self.jobs]
        return self.jobs if rate is None else swept

    def value(self, dev: dict[str, dict[str, float]]) -> float:
        """Return the mean headline score of dev scores: what checkpoints and learning rates are chosen by."""
        found = [dev[job.name][METRICS[job.metric].headline] for job in self.jobs if job.name in dev]
        return sum(found) / max(1, len(found))


def work_of(study: Study, run: Run, root: Path) -> Work:
    """Return what `run` trains; nothing for retrieval. Raises ConfigError where its data is missing, or another run that it needs has no record."""
    work, mix = Work(), mix_of(study, run.tasks)
    joint = run.phase == "target" and run.tasks and mix.mode == "single-stage"
    if run.target and not study.targets[run.target].english:
        return work
    if run.phase == "intermediate" or joint:
        for task in members(study, run.tasks):
            _add_task(work, study, task, run.arm, root, () if joint else run.tasks)
        if mix.mlm:
            _add_masked(work, study, mix.mlm.task, root)
        work.sampling = Sampling(mix, 0 if joint else study.budget.steps, mix.mlm.task if mix.mlm else "")
    if run.target:
        target = study.targets[run.target]
        rows = [target_records(study, run.target, split) for split in ("train", "dev")]
        name = _head(work, run.target, _shape(study, METRIC_KIND[target.metric], target.labels, target.training))
        work.jobs.append(Job(run.target, target.metric, target.training, rows[0], rows[1], name, watched_records(study, run.target)))
    if "steps" in run.guides:
        work.sampling = Sampling(extra=int(_told(root, run, "steps")))
    grid = grid_of([job.training for job in work.jobs], f"studies/{study.name}.toml")
    work.rates = (float(_told(root, run, "lr")),) if "lr" in run.guides else grid
    return work


def _told(root: Path, run: Run, what: str) -> Any:
    """Return what the record of a guiding run says."""
    folder = key_folder(root, run.guides[what])
    found = read_record(folder).get(what)
    if found is None:
        raise ConfigError(f"{folder}/run.json: no {what!r} there, which run {run.key} goes by; delete that folder and run the same command again")
    return found


def _shape(study: Study, kind: Kind, labels: tuple[str, ...], training: Training) -> Shape:
    return Shape(kind, labels, training.max_length, training.stride, study.base.prefix, **asdict(study.heads))


def _head(work: Work, name: str, shape: Shape, otherwise: str = "") -> str:
    """Add a head and return its name: tasks of one head name share it where their labels are the same ones, else the later has one of its own."""
    if name in work.heads and work.heads[name].shape.labels != shape.labels:
        name = otherwise
    work.heads.setdefault(name, Head(name, shape))
    return name


def _add_task(work: Work, study: Study, task: str, arm: str, root: Path, group: Sequence[str]) -> None:
    """Add the jobs of a task: one, or in a mixture of arms with different label sets one per set, each with its own head.

    `group`: the tasks that decide on the checkpoint, () where the target alone decides.
    """
    spec, data = study.tasks[task], arm_data(study, task, arm, root, group)
    for portion in data.portions:
        name = f"{task}@{portion.name}" if portion.name else task
        metric = spec.metric or KIND_METRIC[spec.kind]
        if metric == "qqp" and DUPLICATE not in portion.labels:
            metric = "accuracy"  # a native arm with labels of its own
        own = f"{spec.head or task}{f'@{portion.name}' if portion.name else ''}"
        head = _head(work, own, _shape(study, spec.kind, portion.labels, spec.training), otherwise=name)
        train, dev = (data.records(portion, split) for split in ("train", "validation"))
        work.jobs.append(Job(name, metric, spec.training, train, dev if group else (), head))


def _add_masked(work: Work, study: Study, task: str, root: Path) -> None:
    """Add masked-language modelling. It regularises: it has no say in which checkpoint is kept."""
    training, data = study.tasks[task].training, masking_data(study, task, root)
    rows = [row for part in data.rows("train") for row in part]
    head = _head(work, task, _shape(study, "text", (), training))
    work.jobs.append(Job(task, "mlm", training, rows, (), head))

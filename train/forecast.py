"""The table of a dry run: every run with its steps and tokens, what sharing saves, and the hours that it will take."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console
from rich.table import Table

from corpora.study import Study
from train.estimate import Cost, Estimator
from train.run import Run, State
from train.speed import arithmetic, probe

MANY = 150  # runs beyond which the seeds of a cell share a line


def dry_run(console: Console, study: Study, runs: Sequence[Run], states: Mapping[str, State], estimator: Estimator) -> None:
    """Print every run with its steps and tokens, the sums of each phase, what sharing intermediate runs saves, and the hours it takes."""
    costs = {run.key: estimator.cost(run) for run in runs}
    console.print(_table(study, runs, states, costs))
    for phase in ("intermediate", "target"):
        some = [costs[run.key] for run in runs if run.phase == phase]
        text = f"{phase}: {len(some)} runs, {sum(c.steps for c in some):,} steps, about {sum(c.tokens for c in some):,} tokens"
        console.print(text, highlight=False)
    for line in [*_shares(runs, estimator), *_told(study, estimator), *_hours(study, [r for r in runs if states[r.key] != "done"], costs, estimator)]:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    console.print("Nothing was written.", highlight=False)


def _table(study: Study, runs: Sequence[Run], states: Mapping[str, State], costs: Mapping[str, Cost]) -> Table:
    """Return a line per run, or where there are many per cell with all its seeds."""
    table = Table(title=f"{study.title}: {len(runs)} runs", title_justify="left")
    each = len(runs) <= MANY
    for column in ("run" if each else "runs", "phase", "trained on", "target", *(("seed", "state") if each else ("done",))):
        table.add_column(column, overflow="fold")  # a cut key or arm helps nobody
    for column in ("steps", "tokens ~"):
        table.add_column(column, justify="right")
    for some in [[run] for run in runs] if each else _cells(runs):
        first, cost = some[0], Cost(*(sum(getattr(costs[run.key], name) for run in some) for name in ("steps", "tokens")))
        source = f"{'+'.join(first.tasks)}.{first.arm}" if first.tasks else "base"
        told = (str(first.seed), states[first.key]) if each else (str(sum(states[run.key] == "done" for run in some)),)
        table.add_row(first.key if each else str(len(some)), first.phase, source, first.target, *told, f"{cost.steps:,}", f"{cost.tokens:,}")
    return table


def _cells(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield the runs that differ in their seed alone, in the order of the first seed."""
    order = {(run.phase, run.tasks, run.arm, run.target): i for i, run in reversed(list(enumerate(runs)))}

    def cell(run: Run) -> int:
        return order[run.phase, run.tasks, run.arm, run.target]

    for _, some in groupby(sorted(runs, key=cell), key=cell):
        yield list(some)


@dataclass(frozen=True)
class Sharing:
    """Work of a plan (training tokens; tokens of looks at dev count a third), and of the same runs unshared: `alone` where every (arm, target, seed) is
    trained from the base by itself, with an intermediate phase and a sweep of learning rates of its own; `known` where the rates are found once."""

    plan: float
    known: float
    alone: float


def shared(runs: Sequence[Run], cost: Callable[[Run], Cost]) -> Sharing:
    """Return what sharing intermediate runs and learning rates saves."""
    by_key = {run.key: run for run in runs}
    ends = [(run, by_key.get(run.parent)) for run in runs if run.phase == "target"]

    def alone(run: Run) -> float:
        return cost(dataclasses.replace(run, guides={what: key for what, key in run.guides.items() if what != "lr"})).work

    return Sharing(
        sum(cost(run).work for run in runs),
        sum(cost(run).work + (cost(parent).work if parent else 0.0) for run, parent in ends),
        sum(alone(run) + (alone(parent) if parent else 0.0) for run, parent in ends),
    )


def _shares(runs: Sequence[Run], estimator: Estimator) -> Iterator[str]:
    found = shared(runs, estimator.cost)
    if found.known:
        swept = any("lr" in run.guides for run in runs)
        yield (
            f"shared: an intermediate run serves all its targets{', and the learning rates that the first seed finds serve the other seeds' if swept else ''}. "
            f"Training every (arm, target, seed) from the base{', each with a sweep of its own,' if swept else ''} would take {found.alone:,.0f} tokens, "
            f"this plan takes {found.plan:,.0f}, which is {found.plan / found.alone:.2f} of that"
            f"{f' (of {found.known:,.0f}, were the rates known: {found.plan / found.known:.2f})' if swept else ''}; tokens of looks at dev count a third"
        )


def _told(study: Study, estimator: Estimator) -> Iterator[str]:
    counted = (
        "with the base's own tokenizer, on at most 2,000 rows of a set" if estimator.pieces else f"from characters, because {study.base.model} is not here"
    )
    yield f"tokens were counted {counted}"
    if estimator.guessed:
        yield f"not here, so taken as declared (rows) and as is typical of the kind (tokens): {', '.join(dict.fromkeys(g.split()[0] for g in estimator.guessed))}"


def _hours(study: Study, todo: Sequence[Run], costs: Mapping[str, Cost], estimator: Estimator) -> Iterator[str]:
    tokens, work = sum(costs[r.key].tokens for r in todo), sum(costs[r.key].work for r in todo)
    looks = sum(costs[r.key].dev_tokens for r in todo)
    yield f"left to do: {len(todo)} runs, about {tokens:,} tokens to train on and {looks:,} to look at dev with (forward only, so a third)"
    if not work:
        return
    found = probe(study)
    if found:
        yield f"this machine ({found[1]}): about {work / found[0] / 3600:,.1f} hours at {found[0]:,.0f} tokens/s (a probe of 20 steps; scoring not counted)"
    else:
        yield f"this machine: no probe, because {study.base.model} is not here yet"
    yield arithmetic(study, work, estimator.length(todo))

"""Progress for people: one bar on a terminal, plain lines elsewhere; and the table of a dry run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from corpora.study import Study
from train.estimate import Cost, Estimator
from train.run import Run, State


class Bar:
    """Runs done, the loss of the run that spoke last, tokens/s of all workers together, time left by the tokens still to train."""

    def __init__(self, console: Console, runs: Sequence[Run], costs: dict[str, Cost]) -> None:
        self.console, self.costs = console, costs
        self.started = time.monotonic()
        self.tokens: dict[str, int] = {}
        self.total = sum(costs[run.key].tokens for run in runs) or 1
        self.finished = 0  # estimated tokens of ended runs
        self.count, self.ended = len(runs), 0
        columns = (TextColumn("[bold]runs"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self.bar = Progress(*columns, console=console, transient=True) if console.is_terminal else None
        self.task = self.bar.add_task("loading the encoder", total=self.count) if self.bar else None
        if self.bar:
            self.bar.start()

    def start(self, run: Run) -> None:
        """A run begins."""
        self.tokens[run.key] = 0

    def progress(self, run: Run, step: int, steps: int, loss: float, tokens: int) -> None:
        """A run tells where it is."""
        self.tokens[run.key] = tokens
        if self.bar and self.task is not None:
            text = f"{run.label}: step {step}/{steps}, loss {loss:.3f} | {self._speed():,.0f} tokens/s | {self._left()} left"
            self.bar.update(self.task, description=text)

    def end(self, run: Run, problem: str, about: dict[str, Any]) -> None:
        """A run is over."""
        self.ended += 1
        self.finished += self.costs[run.key].tokens
        if self.bar and self.task is not None:
            self.bar.update(self.task, completed=self.ended)
        text = f"FAILED: {problem}" if problem else f"{about['steps']} steps, {about['seconds']:.0f} s{_dev(about)}" if about else "scored"
        if problem or not self.bar:
            line = f"[{self.ended}/{self.count}] {run.key} {run.label}: {text} ({self._left()} left)"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar:
            self.bar.stop()

    def _speed(self) -> float:
        return sum(self.tokens.values()) / max(1e-6, time.monotonic() - self.started)

    def _left(self) -> str:
        share = self.finished / self.total
        if share <= 0 or self.ended < 2:
            return "?"
        seconds = (time.monotonic() - self.started) * (1 - share) / share
        return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _dev(about: dict[str, Any]) -> str:
    scores = [f"{name} dev {next(iter(values.values())):.1f}" for name, values in about.get("dev", {}).items()]
    return f", {', '.join(scores)}" if scores else ""


def dry_run(console: Console, study: Study, runs: Sequence[Run], states: dict[str, State], estimator: Estimator) -> None:
    """Print every run with its steps and tokens, the sums of each phase, and what sharing intermediate runs saves."""
    table = Table(title=f"{study.title}: {len(runs)} runs", title_justify="left")
    for column in ("run", "phase", "trained on", "target", "seed", "state"):
        table.add_column(column)
    for column in ("steps", "tokens ~"):
        table.add_column(column, justify="right")
    costs = {run.key: estimator.cost(run) for run in runs}
    for run in runs:
        source = f"{'+'.join(run.tasks)}.{run.arm}" if run.tasks else "base"
        cost = costs[run.key]
        table.add_row(run.key, run.phase, source, run.target, str(run.seed), states[run.key], f"{cost.steps:,}", f"{cost.tokens:,}")
    console.print(table)
    for phase in ("intermediate", "target"):
        some = [costs[run.key] for run in runs if run.phase == phase]
        console.print(f"{phase}: {len(some)} runs, {sum(c.steps for c in some):,} steps, about {sum(c.tokens for c in some):,} tokens", highlight=False)
    with_sharing, without = shared(runs, costs)
    saved = 1 - with_sharing / without if without else 0.0
    text = f"shared: each intermediate run serves all its targets; trained anew for each, the study would cost {without:,} tokens, so {saved:.0%} is saved"
    console.print(text, highlight=False)
    if estimator.guessed:
        console.print(f"not here, so guessed as a full budget of rows of half max_length: {', '.join(estimator.guessed)}", highlight=False, soft_wrap=True)
    todo = [run for run in runs if states[run.key] != "done"]
    console.print(f"left to do: {len(todo)} runs, about {sum(costs[r.key].tokens for r in todo):,} tokens. Nothing was written.", highlight=False)


def shared(runs: Sequence[Run], costs: dict[str, Cost]) -> tuple[int, int]:
    """Return (tokens of the plan, tokens if every target run that trains trained its own intermediate)."""
    total = sum(costs[run.key].tokens for run in runs)
    children = {run.key: max(1, sum(child.parent == run.key for child in runs)) for run in runs if run.phase == "intermediate"}
    return total, total + sum(costs[key].tokens * (count - 1) for key, count in children.items())

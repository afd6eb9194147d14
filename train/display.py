"""Progress for people: one bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from train.estimate import Cost
from train.run import Run


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

    def progress(self, run: Run, step: int, steps: int, loss: float, tokens: int, mfu: float = 0.0) -> None:
        """A run tells where it is. `mfu`: share of the GPU's measured rate of matrix products, 0 = not told."""
        self.tokens[run.key] = tokens
        if self.bar and self.task is not None:
            share = f", {mfu:.0%} of the GPU" if mfu else ""
            text = f"{run.label}: step {step}/{steps}, loss {loss:.3f} | {self._speed():,.0f} tokens/s{share} | {self._left()} left"
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

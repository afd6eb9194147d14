"""What a build shows while it runs, and the table of what it would do (`--dry-run`)."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from corpora.config import ConfigError
from corpora.study import Study

say = Console(highlight=False, soft_wrap=True)


def plan(study: Study, ready: dict[tuple[str, str], dict[str, Any] | None]) -> None:
    """Print what would be built from what, `ready` having the manifests of tasks that are there, and what is missing for it."""
    from build_data import recipes  # after the arguments are known to be right: it loads in a second

    table = Table(title=f"{study.title}: what `make data` would build", title_justify="left")
    blocked: list[str] = []
    for column in ("task", "arm", "from", "rows or documents at most", "keeps at most", "state"):
        table.add_column(column)
    for (task, arm), manifest in ready.items():
        spec = study.tasks[task]
        try:
            recipes.task_key(study, task, arm)
            sources = recipes.inputs(study, task, arm)
        except ConfigError as err:
            if str(err) not in blocked:
                blocked.append(str(err))
            table.add_row(task, arm, "", "", f"{study.budget.examples:,} + {study.budget.validation:,}", f"not here ({blocked.index(str(err)) + 1})")
            continue
        rows = spec.documents if arm.startswith("native-") else spec.rows
        entering = sum(min(int(item.get("rows", 0)), rows or 10**12) for item in sources)
        table.add_row(
            task,
            arm,
            ", ".join(str(i["corpus"]) for i in sources),
            f"{entering:,}" if entering else "Hub",
            f"{study.budget.examples:,} + {study.budget.validation:,}",
            "built" if manifest else "to build",
        )
    say.print(table)
    for number, why in enumerate(blocked, 1):
        say.print(f"({number}) {why}", markup=False)
    say.print("nothing was built, read or downloaded beyond checksums (--dry-run)")


def counts(manifest: dict[str, Any]) -> str:
    """Return a built task's numbers of rows in columns, and whether they fall short of the budget."""
    rows = manifest["counts"]
    short = "" if manifest["budget"]["filled"] else f"  (below the budget of {manifest['budget']['examples']})"
    if manifest["budget"].get("validation") and not rows["validation"]:
        short += "  (no validation rows: too few documents for a part of their own)"
    return f"{rows['train']:>6} train {rows['validation']:>5} validation {rows['excluded']:>6} excluded{short}"


class Reporter:
    """A progress bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=say, transient=True, disable=not sys.stdout.isatty())
        self.current: Any = None

    def __enter__(self) -> Reporter:
        self.bar.start()
        self.current = self.bar.add_task("starting", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def update(self, what: str, done: int, of: int) -> None:
        """Show how far a stage is; 0 of 0 = nobody knows."""
        self.bar.update(self.current, description=what, completed=done, total=of or None)

    def line(self, text: str) -> None:
        """Print a line that stays."""
        say.print(text, markup=False)

"""Runs that are kept on another place as well (OUT=s3://bucket/folder): fetched before a plan is followed, sent when they end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpora.outlet import Outlet
from train.execute import Show
from train.run import Run, run_folder, state


def fetch_runs(outlet: Outlet, root: Path, runs: Sequence[Run], after: str) -> int:
    """Bring finished runs here that are not finished here; return how many came. A run is known by its key, so what has that name is the same run."""
    missing = [run for run in runs if state(root, run, after) == "train"]
    return sum(outlet.fetch(run_folder(root, run), lambda record: record.get("status") == "finished", "run.json") for run in missing)


class Sending:
    """A Show that sends each run when it ends well, and shows all as `show` does."""

    def __init__(self, show: Show, outlet: Outlet, root: Path) -> None:
        self.show, self.outlet, self.root = show, outlet, root
        self.start, self.progress = show.start, show.progress

    def end(self, run: Run, problem: str, about: dict[str, Any]) -> None:
        """See Show.end."""
        if not problem:
            self.outlet.send(run_folder(self.root, run))
        self.show.end(run, problem, about)

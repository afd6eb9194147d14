"""Runs a plan with several processes on each run, started by torchrun or accelerate: one run after the other, all processes in each.

    torchrun --nproc-per-node 2 -m train STUDY.toml

Without torchrun a plan runs on worker processes instead (train/execute.py), each with a run of its own, which is faster wherever a run fits
one device. The first process writes, prints and looks at dev; a failed run ends the others too, since they wait for one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corpora.config import ConfigError
from corpora.study import Study
from train import peers
from train.execute import Show, Summary
from train.run import Run, state
from train.workshop import Workshop


def go(study: Study, root: Path, runs: Sequence[Run], after: str, show: Show) -> Summary:
    """Train every run that is not finished, parents before children, and return how it ended (on every process)."""
    group = peers.join()
    try:
        return _go(study, root, runs, after, show, group)
    finally:
        peers.leave()


def _go(study: Study, root: Path, runs: Sequence[Run], after: str, show: Show, group: peers.Peers) -> Summary:
    shop = Workshop(study, root, group.local, group)
    group.wait(shop.device)
    summary = Summary()
    states = {run.key: state(root, run, after) for run in runs}
    group.wait(shop.device)  # nobody writes before all have read
    for run in runs:
        if states[run.key] == "done":
            summary.kept.append(run)
            continue
        parent = run.parent
        if parent in summary.failed or parent in summary.not_run:
            summary.not_run[run.key] = f"not run: it starts from run {parent}, which failed"
            continue
        if group.first:
            show.start(run)
        problem, about = "", {}
        try:
            if states[run.key] == "score":
                if group.first:
                    shop.score_again(run, after)
            else:
                about = shop.perform(run, after, (lambda *told, run=run: show.progress(run, *told)) if group.first else lambda *_: None)
        except ConfigError as err:
            problem = str(err)
        if group.told(float(bool(problem)), shop.device) and not problem:
            problem = "it failed on the first process"
        if problem:
            summary.failed[run.key] = problem
        else:
            summary.done.append(run)
        if group.first:
            show.end(run, problem, about)
    return summary

"""python -m train STUDY.toml: trains every run of a study that is not finished yet. python -m train export RUN: see train/export.py.

Torch is loaded by the workers only, so a study with nothing left to do says so within seconds.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from corpora import cli
from corpora import study as studies
from corpora.config import ConfigError, pick
from corpora.engine import RAY, engine_name, open_engine
from corpora.lock import hold
from corpora.outlet import Outlet
from corpora.remote import Remote, remote_of
from corpora.study import Study
from train.disk import check_disk
from train.display import Bar
from train.estimate import Estimator
from train.execute import Executor, Show, Summary
from train.forecast import dry_run
from train.graph import plan
from train.outlet import Sending, fetch_runs
from train.run import Run, run_folder, runs_folder, state, sweep, sweep_states

app = cli.App()


@app.command()
def main(
    study: Annotated[Path, typer.Argument(help="the study, e.g. studies/mini.toml", autocompletion=cli.studies_here)],
    set_: Annotated[list[str] | None, typer.Option("--set", help="one line of TOML laid over the study, e.g. 'budget.examples = 100'")] = None,
    root: Annotated[Path, typer.Option(help="project folder with data/ and runs/")] = Path(),
    after: Annotated[str, typer.Option(help="module:function called with (study, run, folder, model) after each target run")] = "",
    workers: Annotated[int, typer.Option(help="worker processes; 0 = one per GPU, else one per core")] = 0,
    dry: Annotated[bool, typer.Option("--dry-run", help="print runs, steps and tokens; touch nothing")] = False,
    only_target: Annotated[str, typer.Option(help="leave out the other targets")] = "",
    engine: Annotated[str, typer.Option(help="local, or ray (a cluster: RAY_ADDRESS); else what ENGINE says", show_default=False)] = "",
    out: Annotated[str, typer.Option(help="URL where finished runs are kept as well, e.g. s3://bucket/folder; else what OUT says", show_default=False)] = "",
) -> None:
    """Train every run of STUDY that is not finished, in the order its graph asks for.

    Example: python -m train studies/mini.toml --after eval.score:score_run
    """
    console = Console(quiet=os.environ.get("RANK", "0") != "0")  # of several processes under torchrun the first one speaks
    raise typer.Exit(_go(console, study, set_ or [], root, after, workers, dry, only_target, engine_name(engine), remote_of(out)))


def _go(
    console: Console, path: Path, overrides: list[str], root: Path, after: str, workers: int, dry: bool, only: str, engine: str, place: Remote | None
) -> int:
    if after and not (after.count(":") == 1 and all(after.split(":"))):
        raise ConfigError(f"--after {after!r}: write module:function, e.g. eval.score:score_run")
    study = studies.load(path, overrides)
    if only:
        pick(study.targets, only, "target of this study")
    outlet = Outlet(place, root) if place and not dry and os.environ.get("RANK", "0") == "0" else None
    if outlet:
        outlet.fetch_data(study)
    runs = [run for run in plan(study, root, unbuilt=dry) if not only or run.phase == "intermediate" or run.target == only]
    came = fetch_runs(outlet, root, runs, after) if outlet else 0
    if came:
        console.print(f"{came} runs were finished elsewhere; they are in {runs_folder(root)} now", highlight=False, soft_wrap=True)
    states = {run.key: state(root, run, after) for run in runs}
    if dry:
        dry_run(console, study, runs, states, Estimator(study, root, exact=True))
        return 0
    if all(value == "done" for value in states.values()):
        with contextlib.suppress(ConfigError), _alone(study, root, runs):  # the last run may have been killed before it had cleared up
            pass
        console.print(f"nothing to do: all {len(runs)} runs of {study.name} are finished in {runs_folder(root)}", highlight=False, soft_wrap=True)
        return 0
    summary = _execute(console, study, root, runs, after, workers, engine, outlet)
    _say(console, summary, runs, root, path)
    return summary.code


def _execute(console: Console, study: Study, root: Path, runs: list[Run], after: str, workers: int, engine: str, outlet: Outlet | None) -> Summary:
    estimator = Estimator(study, root)
    todo = [run for run in runs if state(root, run, after) != "done"]
    bar = Bar(console, todo, {run.key: estimator.cost(run) for run in runs})
    show: Show = Sending(bar, outlet, root) if outlet else bar
    try:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:  # torchrun or accelerate started several processes
            from train.together import go  # loads torch, in this process

            check_disk(study, root, todo, 1)
            with _alone(study, root, runs) if os.environ.get("RANK", "0") == "0" else contextlib.nullcontext():
                return go(study, root, runs, after, show)
        if engine == RAY:
            from train import spread

            with _alone(study, root, runs), open_engine(engine, workers or os.cpu_count() or 1) as team:
                check_disk(study, root, todo, min(team.workers, len(todo)))
                return spread.go(study, root, runs, after, show, team, spread.threads_each(team))
        executor = Executor(study, root, runs, after, show, workers)
        check_disk(study, root, todo, executor.count)
        with _alone(study, root, runs):
            return executor.go()
    finally:
        bar.close()


@contextlib.contextmanager
def _alone(study: Study, root: Path, runs: list[Run]) -> Iterator[None]:
    """Let nobody else train this study in this folder, and clear away states that no run of it can go on from."""
    with hold(runs_folder(root) / f".lock-{study.name}", "make train"):
        sweep(root)
        sweep_states(root, study.name, runs)
        yield


def _say(console: Console, summary: Summary, runs: list[Run], root: Path, path: Path) -> None:
    """Say how it ended and what to do next."""
    by_key = {run.key: run for run in runs}
    for key, why in {**summary.failed, **summary.not_run}.items():
        word = "failed" if key in summary.failed else "not run"
        console.print(f"{word}: {by_key[key].label} ({run_folder(root, by_key[key])}): {why.splitlines()[-1]}", markup=False, highlight=False, soft_wrap=True)
    text = f"{len(summary.done)} runs done, {len(summary.kept)} were finished before, {len(summary.failed)} failed, {len(summary.not_run)} not run"
    if summary.interrupted:
        text = (
            f"stopped: the {len(summary.done) + len(summary.kept)} finished runs of {len(runs)} are kept in {runs_folder(root)}, and so is what the runs in work had saved (every save_minutes); "
            f"the same command goes on from there: make train STUDY={path}"
        )
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def command() -> None:
    """Run `export`, or train a study."""
    if sys.argv[1:2] == ["export"]:
        from train.export_command import app as exporting

        exporting(args=sys.argv[2:], prog_name="python -m train export")
    app()


if __name__ == "__main__":
    command()

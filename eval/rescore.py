"""Scores finished runs again: those whose hook failed, and those scored on other test data than the study asks for now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.study import Study
from eval.results import read_json
from eval.score import SCORES, score_run, test_fingerprint, tested
from train.run import Run, run_folder


def rescore(study: Study, root: Path, say: Callable[[str], None]) -> tuple[int, int]:
    """Score what can be scored; return (runs scored, runs that could not be), saying why for each of these."""
    from train import graph

    done = left = 0
    for run in graph.plan(study, root):
        folder = run_folder(root, run)
        if run.phase != "target" or not (folder / "run.json").is_file() or current(study, run, folder):
            continue
        if read_json(folder / "run.json").get("status", "finished") != "finished":
            continue  # a failed training: `make train` takes it up
        try:
            from train import execute

            score_run(study, run, folder, execute.open_model(study, run, root))
            say(f"scored {run.key}  {run.label}")
            done += 1
        except ConfigError as err:
            say(f"not scored {run.key}  {run.label}: {err}")
            left += 1
    return done, left


def current(study: Study, run: Run, folder: Path) -> bool:
    """Return whether the run has scores on exactly the test data that the study asks for."""
    if not (folder / SCORES).is_file():
        return False
    have = {(line["language"], line["data"]) for line in read_json(folder / SCORES)}
    target = study.targets[run.target]
    wanted = {(language, test_fingerprint(target, corpora.load(name))) for language, name in tested(study, run.target).items()}
    return have >= wanted

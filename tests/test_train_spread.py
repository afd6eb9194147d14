"""A plan on an engine's workers: order, failures, workers that die, a disk that is not shared; and a real study on Ray beside one without."""

from __future__ import annotations

import json

import pytest
import stand_in
import test_train_execute as local
import tiny

from corpora.config import ConfigError
from corpora.engine import Engine, open_engine
from corpora.engine_local import LocalPlace
from train import spread
from train.graph import plan
from train.run import read_record, run_folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), layers=2)


def go(made, root, runs, after="a:b"):
    show = local.Quiet()
    return spread.go(made, root, runs, after, show, Engine(LocalPlace(2), 2), make=stand_in.Trainer), show


def test_parents_come_first_and_finished_runs_are_skipped(base, tmp_path):
    made, runs = local.project(base, tmp_path)
    summary, show = go(made, tmp_path, runs)
    assert summary.code == 0 and len(summary.done) == 5
    labels = [label for label, _ in show.ended]
    assert labels.index("nli+qa.en, seed 1") < min(show.started.index(label) for label in show.started if "<- nli" in label)
    (run_folder(tmp_path, runs[1]) / "scores.json").unlink()
    again, show = go(made, tmp_path, runs)
    assert len(again.kept) == 4 and show.started == [runs[1].label]
    assert not list((tmp_path / "runs").glob(".*"))


def test_failures_and_deaths_are_told_apart(base, tmp_path):
    wishes = {"nli+qa.en, seed 1": "fail", "panx <- base, seed 1": "die", "tatoeba <- base, seed 1": "die once"}
    made, runs = local.project(base, tmp_path, wishes)
    summary, _ = go(made, tmp_path, runs)
    assert summary.code == 1 and [run.label for run in summary.done] == ["tatoeba <- base, seed 1"]
    assert len(summary.failed) == 2 and len(summary.not_run) == 2
    dead = next(run for run in runs if run.label == "panx <- base, seed 1")
    assert "died each time (signal 9)" in read_record(run_folder(tmp_path, dead))["error"]
    summary, _ = go(tiny.study(base), tmp_path, runs)
    assert summary.code == 0 and len(summary.done) == 4


def test_what_is_wrong_for_every_run_ends_it_all(base, tmp_path):
    made, runs = local.project(base, tmp_path, {"start": "broken"})
    with pytest.raises(ConfigError, match="the base is not there"):
        go(made, tmp_path, runs)
    with pytest.raises(ConfigError, match="a disk that all of them share"):
        stand_in.Trainer(made, tmp_path, "no token", 1)


@pytest.mark.ray
def test_ray_trains_a_study_to_the_same_scores(base, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    made = tiny.study(base)
    found = {}
    for name in ("local", "ray"):
        root = tmp_path / name
        tiny.built(made, root)
        runs = plan(made, root)
        if name == "ray":
            summary = spread.go(made, root, runs, "eval.score:score_run", local.Quiet(), open_engine("ray", 2))
        else:
            summary = local.Executor(made, root, runs, "eval.score:score_run", local.Quiet(), 2).go()  # two workers: one thread each, as on Ray
        assert summary.code == 0, (summary.failed, summary.not_run)
        found[name] = {run.label: json.loads((run_folder(root, run) / "scores.json").read_text()) for run in runs if run.phase == "target"}
    assert found["ray"] == found["local"]

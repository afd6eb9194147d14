"""A study's runs: intermediate runs are shared, keys depend on what decides a result, costs are counted."""

from __future__ import annotations

import dataclasses

import pytest
import tiny

from corpora.config import ConfigError
from corpora.parts import node
from corpora.shards import write_json
from train import data
from train.estimate import Estimator
from train.forecast import shared
from train.graph import plan
from train.run import Run, aside, run_folder, state, sweep


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), layers=1)


@pytest.fixture
def project(base, tmp_path):
    made = tiny.study(base, seeds=[1, 2])
    tiny.built(made, tmp_path)
    return made, tmp_path


def test_an_intermediate_run_is_trained_once_and_serves_every_target(project):
    runs = plan(*project)
    assert [(r.phase, r.arm, r.target, r.seed) for r in runs[:5]] == [
        ("intermediate", "en", "", 1), ("target", "none", "panx", 1), ("target", "none", "tatoeba", 1),
        ("target", "en", "panx", 1), ("target", "en", "tatoeba", 1),
    ]  # fmt: skip
    parents = {r.key: r for r in runs if r.phase == "intermediate"}
    assert len(runs) == len({r.key for r in runs}) == 10 and len(parents) == 2
    for run in runs:
        if run.phase == "target" and run.arm != "none":
            assert parents[run.parent].seed == run.seed and run.tasks == ("nli", "qa") and runs.index(parents[run.parent]) < runs.index(run)
    costs = {r.key: Estimator(*project).cost(r) for r in runs}
    found = shared(runs, Estimator(*project).cost)
    assert found.alone == found.known == found.plan + sum(costs[key].work for key in parents)  # two targets each, so one training saved each
    assert all(costs[r.key].steps == 0 for r in runs if r.target == "tatoeba") and costs[runs[1].key].steps == 3


def test_a_sweep_that_is_done_once_is_counted_as_shared(base, tmp_path):
    fast = {"epochs": 1, "batch": 8, "max_length": 64, "evals": 2}
    tasks = {"nli": {"kind": "pair", "english": "mini/en-nli", "labels": ["yes", "no", "maybe"], "training": {**fast, "lr_grid": [1e-5, 2e-5, 3e-5]}},
             "qa": {"kind": "span", "english": "mini/en-qa", "training": fast}}  # fmt: skip
    made = tiny.study(base, seeds=[1, 2], tasks=tasks, intermediate=[["nli"]])
    tiny.built(made, tmp_path)
    runs, cost = plan(made, tmp_path), Estimator(made, tmp_path).cost
    found = shared(runs, cost)
    first, second = (cost(run).work for run in runs if run.phase == "intermediate")
    targets = sum(cost(run).work for run in runs if run.phase == "target")
    assert first == pytest.approx(3 * second, rel=0.01) and found.plan == pytest.approx(first + second + targets)
    assert found.known == pytest.approx(2 * (first + second) + targets) and found.alone == pytest.approx(2 * 2 * first + targets)


def test_a_key_depends_on_what_decides_the_result(project, base):
    made, root = project
    keys = {r.label: r.key for r in plan(made, root)}
    assert keys == {r.label: r.key for r in plan(made, root)}
    other = tiny.study(base, seeds=[1, 2], freeze_layers=0)
    assert not set(keys.values()) & {r.key for r in plan(other, root)}
    folder = root / "data" / "tiny" / "nli.en"
    write_json(folder / "manifest.json", {"labels": ["maybe", "no", "yes"], "fingerprint": "of another build"})
    changed = {r.label for r in plan(made, root) if r.key != keys[r.label]}
    assert changed == {label for label in keys if "nli+qa.en" in label}  # and their targets; runs from the base stay


def test_missing_data_names_folder_and_command(base, tmp_path):
    with pytest.raises(ConfigError, match=r"data/tiny/nli.en: task 'nli' of arm 'en' is not built .*make data"):
        plan(tiny.study(base), tmp_path)


def test_tasks_that_train_together_share_a_schedule(project):
    made, root = project
    nli = dataclasses.replace(made.tasks["nli"], training=dataclasses.replace(made.tasks["nli"].training, warmup=0.3))
    uneven = dataclasses.replace(made, tasks={**made.tasks, "nli": nli})
    object.__setattr__(uneven, "name", "tiny")
    with pytest.raises(ConfigError, match="share one schedule"):
        plan(uneven, root)


def test_what_is_left_of_a_run(tmp_path):
    run = Run(phase="target", tasks=(), target="panx", arm="none", seed=1, settings={"metric": "panx"})
    folder = run_folder(tmp_path, run)
    assert state(tmp_path, run, "a:b") == "train"
    with aside(folder) as part:
        write_json(part / "run.json", {"status": "finished"})
    assert state(tmp_path, run, "") == "done" and state(tmp_path, run, "a:b") == "train"  # no scores, no checkpoint to score
    write_json(folder / "checkpoint" / "checkpoint.json", {})
    assert state(tmp_path, run, "a:b") == "score"
    write_json(folder / "scores.json", [])
    assert state(tmp_path, run, "a:b") == "done"
    (folder / "run.json").write_text("{half")
    assert state(tmp_path, run, "") == "train"
    middle = Run(phase="intermediate", tasks=("nli",), arm="en", seed=1)
    write_json(run_folder(tmp_path, middle) / "run.json", {"status": "finished"})
    assert state(tmp_path, middle, "") == "train"  # its checkpoint is gone


def test_a_run_folder_is_whole_or_absent(tmp_path):
    folder = tmp_path / "runs" / "k"
    with pytest.raises(RuntimeError), aside(folder) as part:
        (part / "log.jsonl").write_text("x")
        raise RuntimeError
    assert not folder.exists() and not list(folder.parent.iterdir())
    (folder.parent / f".k.{node()}-999999999.part").mkdir()
    sweep(tmp_path)
    assert not list(folder.parent.iterdir())


@pytest.mark.parametrize(
    ("name", "change", "anew"),
    [
        ("mini/panx-fi", {"label_names": {"B-PER": "B-ORG"}}, True),
        ("mini/panx-en", {"keep": {"id": "x*"}}, True),
        ("mini/panx-fi", {"licence": "CC BY 4.0", "genre": "news"}, False),  # what rows say of themselves decides no score
    ],
)
def test_another_reading_of_a_target_is_another_run(project, monkeypatch, name, change, anew):
    before, load = [run.key for run in plan(*project) if run.target == "panx"], data.corpora.load
    other = dataclasses.replace(load(name), **change)
    object.__setattr__(other, "name", name)
    monkeypatch.setattr(data.corpora, "load", lambda asked: other if asked == name else load(asked))
    after = [run.key for run in plan(*project) if run.target == "panx"]
    assert before and not set(before) & set(after) if anew else before == after

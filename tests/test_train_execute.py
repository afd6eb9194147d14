"""Executing a plan: order, skipping, failures that stop nobody else, workers that die, and one real study from end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import stand_in
import tiny

from corpora.config import ConfigError
from corpora.shards import write_json
from train.execute import Executor, open_model, workforce
from train.graph import plan
from train.run import read_record, run_folder

ROOT = Path(__file__).parent.parent


class Quiet:
    def __init__(self):
        self.started, self.ended = [], []

    def start(self, run):
        self.started.append(run.label)

    def progress(self, run, step, steps, loss, tokens): ...

    def end(self, run, problem, about):
        self.ended.append((run.label, problem))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), layers=2)


def project(base, root, wishes=None):
    made = tiny.study(base, note=json.dumps(wishes or {}))
    tiny.built(made, root)
    return made, plan(made, root)


def go(made, root, runs, workers=2, after="a:b"):
    show = Quiet()
    return Executor(made, root, runs, after, show, workers, main=stand_in.work).go(), show


def test_parents_come_first_and_finished_runs_are_skipped(base, tmp_path):
    made, runs = project(base, tmp_path)
    summary, show = go(made, tmp_path, runs)
    assert summary.code == 0 and len(summary.done) == 5
    labels = [label for label, _ in show.ended]
    assert labels.index("nli+qa.en, seed 1") < min(show.started.index(label) for label in show.started if "<- nli" in label)
    (run_folder(tmp_path, runs[1]) / "scores.json").unlink()
    again, show = go(made, tmp_path, runs)
    assert len(again.kept) == 4 and show.started == [runs[1].label]


def test_a_failure_stops_its_children_and_nobody_else(base, tmp_path):
    made, runs = project(base, tmp_path, {"nli+qa.en, seed 1": "fail"})
    summary, _ = go(made, tmp_path, runs)
    assert summary.code == 1 and {run.label for run in summary.done} == {"panx <- base, seed 1", "tatoeba <- base, seed 1"}
    assert len(summary.failed) == 1 and len(summary.not_run) == 2
    child = next(run for run in runs if run.parent)
    assert read_record(run_folder(tmp_path, child))["status"] == "not run" and "which failed" in read_record(run_folder(tmp_path, child))["error"]
    summary, _ = go(tiny.study(base), tmp_path, runs)  # mended: only what is missing is done
    assert summary.code == 0 and len(summary.done) == 3 and len(summary.kept) == 2


def test_a_worker_that_is_killed_costs_its_run_only(base, tmp_path):
    made, runs = project(base, tmp_path, {"panx <- base, seed 1": "die"})
    summary, _ = go(made, tmp_path, runs, workers=1)
    assert summary.code == 1 and len(summary.done) == 4
    assert "signal 9" in read_record(run_folder(tmp_path, runs[1]))["error"] and read_record(run_folder(tmp_path, runs[1]))["status"] == "failed"


def test_a_base_that_cannot_be_loaded_ends_it_all_with_its_sentence(base, tmp_path):
    made, runs = project(base, tmp_path, {"start": "broken"})
    with pytest.raises(ConfigError, match="the base is not there"):
        go(made, tmp_path, runs)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_finished(base, tmp_path, how):
    made, runs = project(base, tmp_path, {"panx <- base, seed 1": "sleep"})
    code = f"""
import sys, pathlib; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
import tiny, test_train_execute as t
from train.graph import plan
if __name__ == "__main__":
    root, base = pathlib.Path({str(tmp_path)!r}), pathlib.Path({str(base)!r})
    made = tiny.study(base, note={made.note!r})
    print(t.go(made, root, plan(made, root), 1)[0].code)
"""
    (tmp_path / "main.py").write_text(code)
    process = subprocess.Popen([sys.executable, str(tmp_path / "main.py")], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not (tmp_path / "sleeping").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(how)
    out, _ = process.communicate(timeout=20)
    assert out.strip() == "130" and read_record(run_folder(tmp_path, runs[0]))["status"] == "finished"
    assert not list((tmp_path / "runs").glob(".*.part"))


def test_the_thread_budget_is_never_exceeded(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    for wanted, runs in ((0, 100), (0, 3), (2, 100), (16, 100)):
        workers, threads = workforce(wanted, runs)
        assert workers <= runs and (workers * threads <= 8 or threads == 1)
    assert workforce(0, 100) == (8, 1)


def score_hook(study, run, folder, model):
    """The hook of the whole-study test: scores the Finnish test rows, as eval/ would."""
    from corpora import corpus
    from corpora.readers import read_records
    from train.metrics import score
    from train.predict import embed, gold, predict

    assert read_record(folder)["status"] == "finished" and run.phase == "target"
    if (Path(os.environ["TINY_ROOT"]) / "hook-fails").exists() and run.arm == "none":
        raise RuntimeError("no scoring today")
    if run.target == "tatoeba":
        write_json(folder / "scores.json", embed(model, ["koira"])[0].tolist())
        return
    rows = read_records(corpus.load("mini/panx-fi"), "test", limit=10)
    write_json(folder / "scores.json", score("panx", [gold(r) for r in rows], predict(model, rows)))


def test_a_whole_study_from_the_command_line(base, tmp_path, monkeypatch):
    from typer.testing import CliRunner

    from train import __main__ as command

    made, runs = project(base, tmp_path)
    monkeypatch.setattr(command.studies, "load", lambda path, overrides: made)
    monkeypatch.setenv("TINY_ROOT", str(tmp_path))
    monkeypatch.setenv("FIHU_CACHE", str(tmp_path / "cache"))  # where the dry run keeps its probe
    (tmp_path / "hook-fails").touch()
    arguments = ["tiny.toml", "--root", str(tmp_path), "--after", "test_train_execute:score_hook", "--workers", "1"]
    dry = CliRunner().invoke(command.app, [*arguments, "--dry-run"])
    assert dry.exit_code == 0 and "left to do: 5 runs" in dry.output and not (tmp_path / "runs").exists()
    first = CliRunner().invoke(command.app, arguments)
    assert first.exit_code == 1 and "3 runs done, 0 were finished before, 2 failed" in first.output, first.output
    by_label = {run.label: run_folder(tmp_path, run) for run in runs}
    middle, none, child = (by_label[label] for label in ("nli+qa.en, seed 1", "panx <- base, seed 1", "panx <- nli+qa.en, seed 1"))
    assert (middle / "checkpoint").is_dir() and (none / "checkpoint").is_dir() and not (child / "checkpoint").exists()
    about = read_record(child)
    assert about["status"] == "finished" and about["steps"] >= 3 and about["tokens"] > 0 and set(about["dev"]["panx"]) >= {"f1"} and len(about["evals"]) == 2
    assert about["vocabulary"] <= 200 and about["unknown_pieces"] == 0 and "no scoring today" in read_record(none)["hook_error"]
    assert [json.loads(line)["step"] for line in (child / "log.jsonl").read_text().splitlines()][-1] == about["steps"]
    (tmp_path / "hook-fails").unlink()
    second = CliRunner().invoke(command.app, arguments)
    assert second.exit_code == 0 and "2 runs done, 3 were finished before" in second.output and not (none / "checkpoint").exists(), second.output
    assert "hook_error" not in read_record(none)  # it was scored since
    third = CliRunner().invoke(command.app, arguments)
    assert third.exit_code == 0 and "nothing to do: all 5 runs" in third.output
    assert all((folder / "scores.json").is_file() for label, folder in by_label.items() if "<-" in label)
    with pytest.raises(ConfigError, match="not kept"):
        open_model(made, next(run for run in runs if run.label == "panx <- nli+qa.en, seed 1"), tmp_path)


def test_nothing_to_do_is_said_without_torch(base, tmp_path):
    code = "import sys; import train.__main__, train.graph, train.execute; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

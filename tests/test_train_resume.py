"""A killed training goes on where it was and ends with the bits of an unbroken one; what is broken is refused; memory, peers, divergence."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
import torch
import train_child
from safetensors.torch import load_file
from train_child import STEPS

from corpora.config import ConfigError
from corpora.shards import write_json
from corpora.study import Training
from train import checkpoint
from train.features import Shape, features
from train.feed import Picked, Work, ahead, parts
from train.graph import plan
from train.heads import Head
from train.loop import Job, Stopped, fit
from train.model import Model
from train.order import shuffled
from train.peers import Peers
from train.resume import Keeper
from train.run import Run, owner, read_record, run_folder, runs_folder, state, states_folder, sweep_states
from train.samplers import Sampling
from train.step import Stepper
from train.workshop import Workshop

CHILD = Path(__file__).parent / "train_child.py"
ROOT = CHILD.parent.parent
WHERE = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": f"{CHILD.parent}:{ROOT}"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"))


def child(base, out, slow=0.0, **more):
    out.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, str(CHILD), str(base), str(out), str(slow)], env={**WHERE, **more})


def written(out):
    return {path.name: path.read_bytes() for path in sorted((out / "checkpoint").iterdir())}


def test_killed_several_times_it_ends_with_the_same_bytes(base, tmp_path):
    whole = child(base, tmp_path / "whole")
    for wanted in (4, 15, 30):  # steps after whose state it is killed
        process = child(base, tmp_path / "broken", 0.02)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            steps = [int(path.stem.partition("-")[2]) for path in (tmp_path / "broken" / "state").glob("state-*.json")]
            if steps and max(steps) >= wanted:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (tmp_path / "broken" / "checkpoint").exists()
    assert child(base, tmp_path / "broken").wait(60) == 0 and whole.wait(60) == 0
    assert written(tmp_path / "whole") == written(tmp_path / "broken")


def fitted(base, keeper=None, **more):
    torch.manual_seed(7)
    model = train_child.model(base)
    return model, fit(model, train_child.jobs(), 1, keeper=keeper, **more)


class Interrupted(Exception):
    pass


def interrupted(base, folder, at):
    """Train with a state every three steps until line `at` of the log, then fail."""
    lines = []

    def note(line):
        lines.append(line)
        if len(lines) == at:
            raise Interrupted

    with pytest.raises(Interrupted):
        fitted(base, Keeper(folder, 0, 3), note=note)


@pytest.mark.parametrize("how", ["cut off", "changed", "other torch", "no json"])
def test_a_broken_state_is_refused_and_the_run_begins_anew(base, tmp_path, how):
    interrupted(base, tmp_path / "state", 3)
    (tensors,) = (tmp_path / "state").glob("*.safetensors")
    (note,) = (tmp_path / "state").glob("*.json")
    if how == "cut off":
        tensors.write_bytes(tensors.read_bytes()[:-100])
    elif how == "changed":
        tensors.write_bytes(tensors.read_bytes()[:-1] + b"x")
    elif how == "other torch":
        note.write_text(json.dumps({**json.loads(note.read_text()), "torch": "1.0"}))
    else:
        note.write_text("{")
    said = []
    _, out = fitted(base, Keeper(tmp_path / "state", 0, 0, say=said.append))
    assert out.steps == STEPS and len(said) == 1 and "the run begins anew" in said[0]
    assert {"cut off": "checksum", "changed": "checksum", "other torch": "saved with torch 1.0", "no json": "Expecting"}[how] in said[0]


def test_the_log_and_the_oracle_come_back(base, tmp_path):
    interrupted(base, tmp_path / "state", 5)
    _, out = fitted(base, Keeper(tmp_path / "state", 0, 0))
    _, whole = fitted(base)
    without = [[{k: v for k, v in line.items() if not k.startswith(("seconds", "tokens_per"))} for line in o.log] for o in (out, whole)]
    assert without[0] == without[1] and out.evals == whole.evals and out.oracle.steps == whole.oracle.steps and out.chosen_step == whole.chosen_step
    assert out.oracle.weights.keys() == whole.oracle.weights.keys()


def test_the_state_of_a_finished_run_goes(tmp_path):
    """A kill between a run's folder and the deletion of its state leaves both."""
    runs = [Run(phase="target", tasks=(), target="panx", arm="none", seed=seed, settings={}) for seed in (1, 2)]
    for run in runs:
        Keeper(states_folder(tmp_path, run) / "own", owner=owner("s", run)).save({"step": 1}, {"w": torch.zeros(3)}, torch.device("cpu"))
    write_json(run_folder(tmp_path, runs[0]) / "run.json", {"status": "finished"})
    assert sweep_states(tmp_path, "s", runs) == 1
    assert not states_folder(tmp_path, runs[0]).exists() and states_folder(tmp_path, runs[1]).is_dir()


def test_states_of_keys_that_changed_go_and_nobody_elses(base, tmp_path):
    old = Run(phase="intermediate", tasks=("nli",), arm="en", seed=1, settings={"lr": 1})
    new, other = replace(old, settings={"lr": 2}), replace(old, seed=2)

    def kept(run, study):
        folder = states_folder(tmp_path, run)
        Keeper(folder / "own", owner=owner(study, run)).save({"step": 1}, {"w": torch.zeros(3)}, torch.device("cpu"))
        return folder

    def sweep(study, *runs):
        return sweep_states(tmp_path, study, runs)

    folder = kept(old, "open")
    assert sweep("open", old) == sweep("mini", new) == sweep("open", other) == 0  # planned still; another study's; another seed's
    working = runs_folder(tmp_path) / f".{old.key}.0badcafe-1.part"  # a process, here or on another machine, is at work on it
    working.mkdir()
    assert sweep("open", new) == 0 and folder.is_dir()
    working.rmdir()
    assert sweep("open", new, other) == 1 and not folder.exists()
    unsaid = states_folder(tmp_path, old) / "own"
    unsaid.mkdir(parents=True)  # by an older version: nobody knows whose
    assert sweep("open", new) == 0 and unsaid.is_dir()


def test_too_little_room_for_states_is_said_before_the_first_step(base, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: os.terminal_size((1, 1)) and type("U", (), {"free": 1000})())
    with pytest.raises(ConfigError, match=r"0.0 GB are free, but the checkpoints of a run need"):
        fitted(base, Keeper(tmp_path / "state"))


def work(base, kind="tags", peers=None, **changes):
    shape, rows, metric = train_child.KINDS[kind]
    model = tiny.model(base, (kind, shape))
    training = replace(Training(batch=6, max_length=64, clip=1e9), **changes)
    return model, Work(model, [Job(kind, metric, training, rows, ())], 1, Sampling(), *([peers] if peers else [])), training


def gradients(model, stepper, training):
    loss = stepper.gradients(stepper.work.pick(0), training)
    return float(loss), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def close(a, b):
    return a.keys() == b.keys() and all(torch.allclose(a[name], b[name], atol=1e-6, rtol=1e-4) for name in a)


@pytest.mark.parametrize("kind", ["pair", "tags"])
@pytest.mark.parametrize("changes", [{"accumulate": 4}, {"part_tokens": 20}, {"checkpointing": True}])
def test_parts_have_the_gradient_of_the_whole(base, kind, changes):
    whole, other = (work(base, kind, **some) for some in ({}, changes))
    loss, wanted = gradients(whole[0], Stepper(*whole[:2]), whole[2])
    found, mine = gradients(other[0], Stepper(*other[:2]), other[2])
    assert found == pytest.approx(loss, abs=1e-5) and close(wanted, mine)


@pytest.mark.parametrize("kind", ["pair", "tags"])
def test_a_batch_that_runs_out_of_memory_is_split_with_the_same_gradient(base, kind, monkeypatch):
    model, own, training = work(base, kind)
    loss, wanted = gradients(model, Stepper(model, own), training)
    model, own, training = work(base, kind)
    stepper, real, sizes = Stepper(model, own), model.loss, []

    def small(batch):
        sizes.append(batch.tokens)
        if batch.tokens > 25 and len(batch.lengths) > 1:
            if len(sizes) == 1:
                real(batch).backward()  # it ran out on the way, with some gradients there already
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(batch)

    monkeypatch.setattr(model, "loss", small)
    found, mine = gradients(model, stepper, training)
    assert len(sizes) > 3 and stepper.limit < sizes[0] and found == pytest.approx(loss, abs=1e-5) and close(wanted, mine)
    before = len(sizes)
    stepper.optimiser.zero_grad()
    assert gradients(model, stepper, training)[0] == pytest.approx(loss, abs=1e-5)
    assert all(size <= stepper.limit or size <= 25 for size in sizes[before:])  # the bound is remembered


def test_one_example_that_does_not_fit_says_what_to_lower(base, monkeypatch):
    model, own, training = work(base)
    monkeypatch.setattr(model, "loss", lambda _: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(ConfigError, match=r"tags: one example of \d+ tokens does not fit .*checkpointing = true"):
        gradients(model, Stepper(model, own), training)


def test_parts_are_at_least_so_many_and_not_too_large(base):
    shape = Shape("tags", tiny.TAG_SET, 64)
    picked = Picked(Head("tags", shape), features(tiny.TAGS, tiny.model(base, ("tags", shape)).pieces, shape), None)
    for count, most in ((1, float("inf")), (2, float("inf")), (6, float("inf")), (9, float("inf")), (1, 25), (3, 1)):
        cut = parts(picked, count, most)
        assert [f for part in cut for f in part.features] == picked.features and len(cut) >= min(count, 6)
        assert all(part.tokens <= most or len(part.features) == 1 for part in cut) and sum(part.weight for part in cut) == picked.weight


def test_batches_of_even_tokens_are_as_many_and_even():
    from random import Random

    lengths = [Random(3).randrange(5, 120) for _ in range(100)] + [400] * 3
    plain, even = (shuffled(lengths, 8, Random(1), even) for even in (False, True))
    assert len(plain) == len(even) and sorted(i for b in even for i in b) == list(range(103)) and all(even)
    spread = [max(sum(lengths[i] for i in b) for b in some) for some in (plain, even)]
    assert spread[1] < 0.5 * spread[0]


def pair(base, out, what=0.0):
    """Start two processes with what torchrun and accelerate tell theirs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    among = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [child(base, out, what, RANK=rank, LOCAL_RANK=rank, **among) for rank in ("0", "1")]


def test_two_processes_give_what_one_gives(base, tmp_path):
    two = pair(base, tmp_path / "two")
    model = train_child.model(base, 0.0)
    fit(model, train_child.jobs(), 1)
    assert [process.wait(60) for process in two] == [0, 0]
    found = load_file(tmp_path / "two" / "checkpoint" / "encoder.safetensors")
    for name, own in model.encoder.net.named_parameters():
        # A bias of keys moves all scores of a query alike, so its gradient is rounding noise, which Adam takes for a direction.
        assert name.endswith("key.bias") or torch.allclose(found[name], own, atol=1e-5), name


def test_a_study_is_trained_by_two_processes_together(base, tmp_path):
    made = tiny.study(base)
    for root in ("two", "one"):
        tiny.built(made, tmp_path / root)
    two = pair(base, tmp_path / "two", "study")
    runs = plan(made, tmp_path / "one")
    shop = Workshop(made, tmp_path / "one")
    for run in runs:
        shop.perform(run, "", lambda *_: None)
    assert [process.wait(90) for process in two] == [0, 0]
    middle = next(run for run in runs if run.phase == "intermediate")
    records = [read_record(run_folder(tmp_path / root, run)) for run in runs for root in ("one", "two")]
    assert all(record["status"] == "finished" for record in records) and not list((tmp_path / "two" / "runs").glob(".*.state"))
    own, found = (load_file(run_folder(tmp_path / root, middle) / "checkpoint" / "encoder.safetensors") for root in ("one", "two"))
    assert all(name.endswith("key.bias") or torch.allclose(found[name].float(), value.float(), atol=1e-5) for name, value in own.items())


def test_a_failed_training_leaves_its_best_weights(base, tmp_path, monkeypatch):
    made = tiny.study(base, save_steps=1)
    tiny.built(made, tmp_path)
    run = next(run for run in plan(made, tmp_path) if run.phase == "intermediate")
    shop, real = Workshop(made, tmp_path), Model.loss

    def broken(model, batch, calls=[]):  # noqa: B006
        calls.append(0)
        return real(model, batch) * (math.nan if len(calls) > 3 else 1.0)

    monkeypatch.setattr(Model, "loss", broken)
    with pytest.raises(Stopped, match=r"the loss is nan .* of step 2, the best on dev so far, are kept in last-good/"):
        shop.perform(run, "", lambda *_: None)
    folder = run_folder(tmp_path, run)
    assert checkpoint.heads_of(folder / "last-good") and read_record(folder)["status"] == "failed" and state(tmp_path, run, "") == "train"
    assert not (folder / "checkpoint").exists() and not states_folder(tmp_path, run).exists()


def test_peers_share_a_batch_and_lose_no_row():
    rows = list(range(7))
    assert sorted(Peers(0, 3).share(rows) + Peers(1, 3).share(rows) + Peers(2, 3).share(rows)) == rows and Peers(2, 3).share([1, 2]) == []


def test_reading_ahead_keeps_the_order_and_tells_errors():
    def source(count):
        for i in range(count):
            yield i, []
        raise ValueError("bad row")

    found = []
    with pytest.raises(ValueError, match="bad row"):
        for item, _ in ahead(source(50), 2):
            found.append(item)
    assert found == list(range(50))
    for item, _ in ahead(source(50), 2):  # leaving early ends the thread
        if item == 3:
            break


def test_a_loss_that_grows_stops_with_the_best_weights(base):
    model = tiny.model(base, ("tags", train_child.KINDS["tags"][0]))
    growing = Training(epochs=400, batch=6, lr=3e-4, head_lr=1e-3, max_length=64, evals=100)
    job = Job("tags", "udpos", growing, tiny.TAGS, tiny.TAGS)
    state = {"calls": 0}

    def worse(batch, real=model.loss):
        state["calls"] += 1
        return real(batch) * (1.0 if state["calls"] < 200 else 1000.0)

    model.loss = worse
    with pytest.raises(Stopped, match=r"the loss diverges: .* last-good/.*Lower training.lr") as caught:
        fit(model, [job], 1)
    assert 0 < caught.value.chosen_step < 320 and caught.value.model is model

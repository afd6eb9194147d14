"""The oracle watches and changes nothing; its checkpoint can be put in place and taken out again; a study that asks for it has both scores."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import tiny
import torch
from test_train_model import FAST, KINDS, job

from corpora.study import Training
from train import oracle
from train.data import watched_records
from train.graph import plan
from train.loop import fit
from train.oracle import weights_of
from train.predict import tags
from train.workshop import Workshop

# Learns, then destroys: the best look is not the last one.
ROUGH = Training(epochs=12, batch=6, lr=0.3, head_lr=0.3, max_length=64, evals=12, warmup=0.9)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"))


def test_watching_changes_no_weight(base) -> None:
    plain, watched = (tiny.model(base, ("tags", KINDS["tags"][0])) for _ in range(2))
    first = fit(plain, [job("tags", replace(FAST, epochs=4, evals=3))], 1)
    second = fit(watched, [replace(job("tags", replace(FAST, epochs=4, evals=3)), watched={"fi": tiny.TAGS[:2]})], 1)
    assert all(torch.equal(weight, weights_of(watched)[name]) for name, weight in weights_of(plain).items())
    assert first.chosen_step == second.chosen_step and [look["dev"] for look in first.evals] == [look["dev"] for look in second.evals]
    assert all(set(look["target_dev"]) == {"fi"} for look in second.evals) and not any("target_dev" in look for look in first.evals)


def test_the_oracles_checkpoint_is_put_in_place_and_taken_out(base) -> None:
    model = tiny.model(base, ("tags", KINDS["tags"][0]))
    wrong = [replace(row, tags=tuple("ADV" for _ in row.tags)) for row in tiny.TAGS]  # dev rows that want another checkpoint than English dev does
    out = fit(model, [replace(job("tags", ROUGH), watched={"fi": wrong})], 1)
    values = [look["target_dev"]["fi"]["f1"] for look in out.evals]
    best = out.evals[values.index(max(values))]
    oracle.remember(model, out.oracle)
    assert oracle.step_of(model, "fi") == best["step"] != out.chosen_step and oracle.step_of(model, "hu") is None
    before = {name: weight.clone() for name, weight in weights_of(model).items()}
    own = tags(model, tiny.TAGS)
    with oracle.in_place(model, "fi") as other:
        assert other
        from train.metrics import score

        assert score("udpos", [list(row.tags) for row in wrong], tags(model, wrong))["f1"] == max(values)
    assert all(torch.equal(before[name], weight) for name, weight in weights_of(model).items()) and tags(model, tiny.TAGS) == own
    with oracle.in_place(model, "hu") as other:
        assert not other


def test_a_study_that_asks_for_it_has_both_scores(base, tmp_path, monkeypatch) -> None:
    fast = {"epochs": 1, "batch": 8, "max_length": 64, "evals": 2}
    labels = ["B-LOC", "B-ORG", "B-PER", "I-LOC", "I-ORG", "I-PER", "O"]
    target = {"metric": "panx", "english": "mini/panx-en", "test": {"fi": "mini/panx-fi"}, "train_rows": 24, "training": fast, "labels": labels}
    without, asked = (tiny.study(base, arms=["none"], targets={"panx": {**target, "oracle_rows": rows}}) for rows in (0, 5))
    from train import data

    monkeypatch.setattr(data, "test_splits", lambda name: ["test", "dev"])
    monkeypatch.setattr(
        data,
        "read_records",
        lambda corpus, split, limit=0, real=data.read_records: real(corpus, "test" if split == "dev" and corpus.name.endswith("-fi") else split, limit=limit),
    )
    rows = watched_records(asked, "panx")["fi"]
    assert len(rows) == 5 and len({row.id for row in rows}) == 5 and watched_records(without, "panx") == {}
    monkeypatch.setattr(data, "test_splits", lambda name: ["test"])
    (run,), (other,) = plan(asked, tmp_path), plan(without, tmp_path)
    assert run.key != other.key
    monkeypatch.setattr("train.jobs.watched_records", lambda study, name: {"fi": rows})
    Workshop(asked, tmp_path).perform(run, "eval.score:score_run", lambda *_: None)
    details = json.loads((tmp_path / "runs" / run.key / "details.json").read_text("utf-8"))["fi"]
    record = json.loads((tmp_path / "runs" / run.key / "run.json").read_text("utf-8"))
    assert details["oracle"]["step"] in [look["step"] for look in record["evals"]] and "f1" in details["oracle"]["scores"]
    assert details["oracle"]["other"] == (details["oracle"]["step"] != record["chosen_step"])
    assert {group["by"] for group in details["groups"]} >= {"type", "redirects"}

"""Shares are exact, mixtures take no item twice, and every way of training (sweeps, joint runs, controls, masked text) does what the study says."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from corpora.config import ConfigError
from corpora.records import Text
from corpora.shards import digest, file_sha256, write_json, write_records
from corpora.study import Masking, Mix, built_tasks, data_folder
from train.estimate import Estimator
from train.features import Shape
from train.graph import plan
from train.jobs import work_of
from train.loop import Job, fit
from train.mixture import arm_data, assign, even
from train.predict import dev_scores
from train.run import VERSION, Run, read_record, run_folder
from train.samplers import Sampling, quotas
from train.workshop import Workshop

FAST = {"epochs": 1, "batch": 8, "max_length": 64, "evals": 1}
SIZES = {"snli": 549_367, "mnli": 392_702, "anli": 162_865}  # ANLI+, as in Phang et al. 2020


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"), layers=2)


# Samplers ----------------------------------------------------------------------------------------


def test_proportional_counts_are_those_of_the_capped_sizes():
    own = {name: rows // 32 for name, rows in SIZES.items()}
    plain = Sampling(Mix(tasks=tuple(SIZES), sampler="proportional", cap=10**9), steps=10_000).counts(own, SIZES)
    assert plain == {"snli": 4972, "mnli": 3554, "anli": 1474} and sum(plain.values()) == 10_000  # 49.72 %, 35.54 %, 14.74 %
    capped = Sampling(Mix(tasks=tuple(SIZES), sampler="proportional"), steps=9_999).counts(own, SIZES)
    assert capped == {"snli": 3333, "mnli": 3333, "anli": 3333}  # all are above 2^17
    small = {"big": 393_216, "small": 32_768}
    shares = Sampling(Mix(tasks=tuple(small), sampler="proportional"), steps=100).counts({"big": 1, "small": 1}, small)
    assert shares == {"big": 80, "small": 20}
    warm = Sampling(Mix(tasks=tuple(small), sampler="temperature", temperature=2.0, cap=10**9), steps=1000).counts({"big": 1, "small": 1}, small)
    assert warm == {"big": 776, "small": 224}  # sqrt(12) : 1
    assert Sampling(Mix(tasks=tuple(small), sampler="uniform"), steps=7).counts({"big": 1, "small": 1}, small) == {"big": 4, "small": 3}


def test_without_a_given_sum_the_epochs_below_the_cap_give_it():
    mix = Mix(tasks=("a", "b"), sampler="proportional", cap=800)
    assert Sampling(mix).counts({"a": 100, "b": 50}, {"a": 1600, "b": 800}) == {"a": 50, "b": 50}
    assert Sampling().counts({"a": 100, "b": 7}, {"a": 1600, "b": 100}) == {"a": 100, "b": 7}
    assert Sampling(extra=11).counts({"t": 5}, {"t": 40}) == {"t": 16}


@given(st.integers(1, 5000), st.sampled_from([0.01, 0.1, 0.25, 0.5]), st.booleans())
def test_the_share_of_masked_text_is_exact(steps, share, given_sum):
    mix = Mix(tasks=("a",), mlm=Masking(task="m", share=share))
    found = Sampling(mix, steps if given_sum else 0, "m").counts({"a": steps, "m": 3}, {"a": 100, "m": 100})
    assert abs(found["m"] - share * sum(found.values())) <= 0.5 + 1e-9
    assert sum(found.values()) == steps if given_sum else found["a"] == steps


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=9), st.integers(0, 100_000))
def test_quotas_sum_up_and_are_within_one_of_the_exact_shares(weights, total):
    found = quotas(weights, total)
    assert sum(found) == total and all(abs(n - total * w / sum(weights)) < 1.001 for n, w in zip(found, weights, strict=True))


# Mixtures of arms --------------------------------------------------------------------------------


@given(st.lists(st.lists(st.integers(0, 30).map(str), max_size=30, unique=True), min_size=2, max_size=3), st.integers(1, 30))
def test_no_item_is_taken_twice_and_no_part_gets_more_than_its_share(items, total):
    chosen = assign(items, total)
    taken = [name for names, rows in zip(items, chosen, strict=True) for name in (names[i] for i in rows)]
    assert len(taken) == len(set(taken)) and all(len(rows) <= most for rows, most in zip(chosen, even(total, len(items)), strict=True))
    assert chosen == assign(items, total)


def test_parts_with_the_same_items_get_half_each():
    names = [f"en/mnli:{i}" for i in range(1000)]
    first, second = assign([names, names], 1000)
    assert len(first) == len(second) == 500 and not set(first) & set(second)
    most = assign([names, names[:900]], 800)
    assert list(map(len, most)) == [400, 400]


def write(made, root, task, arm, rows, labels=()):
    folder = data_folder(made, task, arm, root / "data")
    for split in ("train", "validation"):
        write_records(folder / f"{split}-00000.parquet", rows, made.tasks[task].kind, [])
    write_json(folder / "manifest.json", {"labels": sorted(labels)})


def translated(rows, language):
    return [replace(row, id=f"{row.id}-{language}", source_id=row.id) for row in rows]


def mixed_study(base, root, **changes):
    made = tiny.study(base, arms=["none", "en", "mt-fi", "native-hu", "en+mt-fi", "en+native-hu"], intermediate=[["nli"]], **changes)
    nli = replace(made.tasks["nli"], native={"hu": ("mini/hu-docs",)})
    made = replace(made, tasks={**made.tasks, "nli": nli})
    object.__setattr__(made, "name", "tiny")
    yes = ("yes", "no", "maybe")
    write(made, root, "nli", "en", tiny.PAIRS, yes)
    write(made, root, "nli", "mt-fi", translated(tiny.PAIRS, "fi"), yes)
    write(
        made,
        root,
        "nli",
        "native-hu",
        [replace(r, id=f"h{i}", label=("follows", "precedes")[i % 2]) for i, r in enumerate(tiny.PAIRS)],
        ("follows", "precedes"),
    )
    return made


def test_a_mixture_reads_its_parts_under_one_budget(base, tmp_path):
    made = mixed_study(base, tmp_path, budget={"examples": 6, "validation": 4})
    data = arm_data(made, "nli", "en+mt-fi", tmp_path)
    (portion,) = data.portions
    rows = data.records(portion, "train")
    assert portion.name == "" and len(rows) == 6 and Counter(bool(row.source_id) for row in rows) == {True: 3, False: 3}
    assert len({row.source_id or row.id for row in rows}) == 6 and len(data.records(portion, "validation")) == 4
    assert data.fingerprint not in {part.fingerprint for part in data.parts} and data.count() == 6
    assert arm_data(made, "nli", "en", tmp_path).fingerprint == data.parts[0].fingerprint


def test_validation_rows_that_another_part_trains_on_judge_no_run(base, tmp_path):
    made = mixed_study(base, tmp_path, budget={"examples": 12, "validation": 12})
    folder = tmp_path / "data/tiny"
    runs = {run.arm: run for run in plan(made, tmp_path) if run.phase == "intermediate"}
    held = [row.id for job in work_of(made, runs["en+native-hu"], tmp_path).jobs for row in job.dev]
    line = {"train": "nli.en", "beside": "nli.native-hu", "side": "validation", "equal": 1, "near": 0, "rows": ["h1", "h3"]}
    other = {"train": "nli.native-hu", "beside": "nli.en", "side": "train", "equal": 1, "near": 0, "rows": [tiny.PAIRS[0].id]}
    sums = {path.parent.name: file_sha256(path) for path in folder.glob("*/manifest.json")}
    write_json(folder / "across.json", {"key": "", "value": {"tasks": sums, "lines": [line, other]}})
    now = {run.arm: run for run in plan(made, tmp_path) if run.phase == "intermediate"}
    left = [row.id for job in work_of(made, now["en+native-hu"], tmp_path).jobs for row in job.dev]
    assert {"h1", "h3"} < set(held) and left == [name for name in held if name not in ("h1", "h3")]
    assert {arm for arm in now if now[arm].key != runs[arm].key} == {"en+native-hu"}  # a run on one task alone is what it was
    assert len(work_of(made, now["native-hu"], tmp_path).jobs[0].dev) == len(tiny.PAIRS)
    write_json(folder / "nli.en/manifest.json", {"labels": ["maybe", "no", "yes"], "command": "built anew"})
    with pytest.raises(ConfigError, match=r"across.json: written before nli.en was built as it is now.*make data"):
        plan(made, tmp_path)
    (folder / "across.json").write_text('{"value": {}}', "utf-8")
    with pytest.raises(ConfigError, match=r"across.json: not the table that a build writes"):
        plan(made, tmp_path)
    plan(made, tmp_path, unbuilt=True)


def test_parts_with_other_labels_get_a_head_of_their_own(base, tmp_path):
    made = mixed_study(base, tmp_path)
    run = next(r for r in plan(made, tmp_path) if r.arm == "en+native-hu")
    work = work_of(made, run, tmp_path)
    assert [(job.name, job.head, len(job.train)) for job in work.jobs] == [("nli@en", "nli@en", 6), ("nli@native-hu", "nli@native-hu", 6)]
    assert work.heads["nli@native-hu"].shape.labels == ("follows", "precedes")


def test_an_empty_arm_is_told_before_anything_runs(base, tmp_path):
    made = mixed_study(base, tmp_path)
    write_records(data_folder(made, "nli", "mt-fi", tmp_path / "data") / "train-00000.parquet", [], "pair", [])
    with pytest.raises(ConfigError, match=r"task 'nli', arm 'mt-fi' has no training row"):
        plan(made, tmp_path)


# Plans -------------------------------------------------------------------------------------------

MIXES = {
    "masked": {"tasks": ["nli", "qa"], "sampler": "proportional", "mlm": {"task": "wiki", "share": 0.25}},
    "joint": {"tasks": ["nli"], "mode": "single-stage"},
    "longer": {"tasks": ["nli"], "mode": "control"},
}


def whole(base, root, **changes):
    grid = {**FAST, "lr_grid": [1e-4, 1e-2]}
    tasks = {"nli": {"kind": "pair", "english": "mini/en-nli", "labels": ["yes", "no", "maybe"], "training": FAST}, "qa": {"kind": "span", "english": "mini/en-qa", "training": FAST},
             "wiki": {"kind": "text", "native": {"fi": ["mini/fi-docs"]}, "maker": "text", "training": FAST},
             "swept": {"kind": "pair", "english": "mini/en-nli", "labels": ["yes", "no", "maybe"], "training": grid}}  # fmt: skip
    made = tiny.study(base, tasks=tasks, mixes=MIXES, intermediate=[["nli"], ["masked"], ["joint"], ["longer"], ["swept"]], seeds=[1, 2], **changes)
    for task in ("nli", "swept"):
        write(made, root, task, "en", tiny.PAIRS, ("yes", "no", "maybe"))
    write(made, root, "qa", "en", tiny.SPANS)
    write(made, root, "wiki", "native-fi", [Text(id=f"t{i}", text=f"Matti asuu Helsinki {i}") for i in range(9)])
    return made


def masked_base(folder: Path) -> Path:
    from tokenizers import AddedToken, Tokenizer
    from transformers import AutoModel

    made = tiny.base(folder, layers=2)
    tokenizer = Tokenizer.from_file(str(made / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False)])
    tokenizer.save(str(made / "tokenizer.json"))
    net = AutoModel.from_pretrained(made)
    net.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    net.save_pretrained(made)
    return made


def test_the_plan_of_every_mode(base, tmp_path):
    made = whole(base, tmp_path)
    assert built_tasks(made) == [("nli", "en"), ("qa", "en"), ("swept", "en"), ("wiki", "native-fi")]
    runs = plan(made, tmp_path)
    assert len({run.key for run in runs}) == len(runs)
    found = Counter((run.phase, run.tasks, run.arm, run.target) for run in runs)
    assert set(found.values()) == {2} and ("target", ("joint",), "en", "panx") in found and ("target", ("longer",), "none", "panx") in found
    assert ("target", ("joint",), "en", "tatoeba") not in found and ("intermediate", ("joint",), "en", "") not in found
    by = {(run.tasks, run.arm, run.target, run.seed): run for run in runs}
    assert by[("longer",), "none", "panx", 1].guides == {"steps": by[("nli",), "en", "", 1].key}
    assert not by[("swept",), "en", "", 1].guides and by[("swept",), "en", "", 2].guides == {"lr": by[("swept",), "en", "", 1].key}
    assert set(by[("masked",), "en", "", 1].data) == {"nli", "qa", "wiki"} and not by[("joint",), "en", "panx", 1].parent
    for run in runs:
        assert all([r.key for r in runs].index(key) < runs.index(run) for key in run.needs)


def perform(shop, run):
    return shop.perform(run, "", lambda *_: None)


def test_every_mode_trains_what_it_says(tmp_path):
    made = whole(masked_base(tmp_path / "base"), tmp_path, budget={"examples": 12, "validation": 6}, keep_checkpoints="all")
    shop = Workshop(made, tmp_path)
    by = {(run.tasks, run.arm, run.target, run.seed): run for run in plan(made, tmp_path)}
    plain = perform(shop, by[("nli",), "en", "", 1])
    assert (
        plain["rows"] == {"nli": 6}
        and plain["lr"] == 3e-5
        and plain["matched"] == {"examples": {"nli": 6}, "most": {"nli": 6}, "budget": 12, "steps": 0, "short": [], "unequal": False}
    )
    masked = perform(shop, by[("masked",), "en", "", 1])
    assert masked["shares"] == {"nli": 1, "qa": 1, "wiki": 1} and set(masked["dev"]) == {"nli", "qa"}
    joint = perform(shop, by[("joint",), "en", "panx", 1])
    assert joint["shares"] == {"nli": 1, "panx": 4} and set(joint["dev"]) == {"panx"}
    longer = perform(shop, by[("longer",), "none", "panx", 1])
    assert longer["steps"] == 4 + plain["steps"] and longer["matched"] == {}
    first, second = (perform(shop, by[("swept",), "en", "", seed]) for seed in (1, 2))
    assert [one["lr"] for one in first["sweep"]] == [1e-4, 1e-2] and first["lr"] in (1e-4, 1e-2) and not second["sweep"] and second["lr"] == first["lr"]
    best = max(first["sweep"], key=lambda one: one["value"])
    assert first["lr"] == best["lr"] and first["dev"] == best["dev"]
    assert json.loads((run_folder(tmp_path, by[("swept",), "en", "", 1]) / "run.json").read_text())["sweep"] == first["sweep"]
    kept = shop.open(by[("swept",), "en", "", 1])
    assert dev_scores(kept, "accuracy", tiny.PAIRS, "swept")[0] == first["dev"]["swept"]  # the weights of the best rate, not of the last

    estimated = Estimator(made, tmp_path, exact=True)
    for key, about in (
        ((("nli",), "en", "", 1), plain),
        ((("masked",), "en", "", 1), masked),
        ((("joint",), "en", "panx", 1), joint),
        ((("longer",), "none", "panx", 1), longer),
    ):
        cost = estimated.cost(by[key])
        assert (cost.steps, cost.tokens) == (about["steps"], pytest.approx(about["tokens"], rel=0.25))  # small batches are not whole
    swept = estimated.cost(by[("swept",), "en", "", 1])
    assert swept.steps == 2 * estimated.cost(by[("swept",), "en", "", 2]).steps and not estimated.guessed


def test_a_guide_without_a_record_is_told(base, tmp_path):
    made = whole(base, tmp_path)
    run = next(r for r in plan(made, tmp_path) if r.guides.get("lr"))
    with pytest.raises(ConfigError, match="no 'lr' there, which run"):
        work_of(made, run, tmp_path)
    assert read_record(run_folder(tmp_path, run)) == {}


def test_grids_of_what_trains_together_must_agree(base, tmp_path):
    other = {"kind": "span", "english": "mini/en-qa", "training": {**FAST, "lr_grid": [1e-3, 1e-2]}}
    swept = {"kind": "pair", "english": "mini/en-nli", "labels": ["yes", "no", "maybe"], "training": {**FAST, "lr_grid": [1e-4, 1e-2]}}
    made = tiny.study(base, tasks={"nli": swept, "qa": other}, intermediate=[["nli", "qa"]])
    tiny.built(made, tmp_path)
    with pytest.raises(ConfigError, match=r"must try the same training\.lr_grid; found \[0\.0001, 0\.01\], \[0\.001, 0\.01\]"):
        plan(made, tmp_path)
    joint = tiny.study(base, tasks={"nli": swept, "qa": other}, mixes={"both": {"tasks": ["nli"], "mode": "single-stage"}}, intermediate=[["both"]])
    run = next(r for r in plan(joint, tmp_path) if r.tasks)
    work = work_of(joint, run, tmp_path)
    assert work.rates == (1e-4, 1e-2) and [job.training.lr for job in work.at(1e-2)] == [1e-2, 3e-5]  # the target keeps its own


def test_steps_of_the_budget_match_unequal_arms(base, tmp_path):
    model = tiny.model(base, ("pair", Shape("pair", ("yes", "no", "maybe"), 64)))
    training = tiny.study(base).tasks["nli"].training
    outs = [fit(model, [Job("pair", "accuracy", training, rows, ())], 1, sampling=Sampling(steps=5)) for rows in (tiny.PAIRS, tiny.PAIRS[:3])]
    assert [out.steps for out in outs] == [5, 5]


def test_runs_without_guides_keep_their_keys():
    run = Run(phase="target", tasks=(), target="panx", arm="none", seed=1, settings={"metric": "panx"})
    about = {"phase": "target", "tasks": [], "target": "panx", "arm": "none", "seed": 1, "parent": "", "settings": {"metric": "panx"}, "data": {}}
    assert run.key == digest({"version": VERSION, **about}) != replace(run, guides={"lr": "x"}).key

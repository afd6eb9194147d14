"""A model card says what the records say: scores of the run, of other seeds and of the base, data, terms and commands; the Hub's client reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_stand_in import faults_of
from huggingface_hub import ModelCard

from corpora.shards import digest, write_json
from train.card import card, licence_page
from train.card_records import collect
from train.run import read_record

BASE = {"model": "some/encoder", "revision": "a" * 40, "fallback": "", "dropout": None, "prefix": ""}
UDPOS = {"english": [{"corpus": "mini/udpos-en", "split": "train"}, {"corpus": "mini/udpos-en", "split": "dev"}], "test": {}}


def manifest(root: Path, arm: str, **more) -> str:
    made = {
        "study": "tried", "task": "nli", "arm": arm, "language": arm[-2:], "kind": "pair", "fingerprint": f"mark-{arm}", "inputs": [{"corpus": "mini/en-nli"}],
        "licences": ["CC0-1.0"], "publishable": "yes", "counts": {"train": 777, "validation": 30}, "budget": {"examples": 800, "validation": 30, "filled": False},
        "command": "make data STUDY=studies/tried.toml", **more,
    }  # fmt: skip
    write_json(root / f"data/tried/nli.{arm}/manifest.json", made)
    return str(made["fingerprint"])


def run(root: Path, key: str, seed: int, scores: dict[tuple[str, str], float] | None = None, **more) -> None:
    record = {
        "key": key, "label": f"label of {key}", "status": "finished", "phase": "target" if more.get("target") else "intermediate", "tasks": [], "arm": "none", "target": "",
        "seed": seed, "parent": "", "settings": {"metric": "udpos"} if more.get("target") else {"lr": 1}, "base_model": BASE, "git": "f" * 40, "dev": {"udpos": {"f1": 91.25}}, "data": {}, **more,
    }  # fmt: skip
    write_json(root / "runs" / key / "run.json", record)
    lines = [
        {"run": key, "study": "tried", "seed": seed, "target": "udpos", "language": language, "metric": metric, "headline": metric == "f1", "value": value, "n": 110,
         "corpus": f"mini/udpos-{language}", "data": f"test-{language}"}
        for (language, metric), value in (scores or {}).items()
    ]  # fmt: skip
    if lines:
        write_json(root / "runs" / key / "scores.json", lines)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two seeds of an intermediate run in a translated arm and of its target, and the target from the base."""
    mark = manifest(tmp_path, "mt-fi", mt={"model": "some/model", "licence": "CC-BY-NC-4.0"})
    for seed in (1, 2):
        run(tmp_path, f"inter{seed}", seed, tasks=["nli"], arm="mt-fi", data={"nli": mark})
        scores = {("fi", "f1"): 70 + seed / 4, ("fi", "accuracy"): 80 + seed / 4, ("hu", "f1"): 60 + seed / 4}
        run(tmp_path, f"target{seed}", seed, scores, tasks=["nli"], arm="mt-fi", target="udpos", parent=f"inter{seed}", data=UDPOS)
        run(tmp_path, f"plain{seed}", seed, {("fi", "f1"): 50 + seed / 4, ("hu", "f1"): 40 + seed / 4}, target="udpos", data=UDPOS)
    # What must not be mixed in: another arm, another setting of the target, test data that changed.
    run(tmp_path, "other-arm", 3, {("fi", "f1"): 1.0}, tasks=["nli"], arm="en", target="udpos", parent="x", data=UDPOS)
    run(
        tmp_path,
        "other-lr",
        3,
        {("fi", "f1"): 2.0},
        tasks=["nli"],
        arm="mt-fi",
        target="udpos",
        parent="inter1",
        settings={"metric": "udpos", "lr": 9},
        data=UDPOS,
    )
    return tmp_path


def made(root: Path, key: str) -> str:
    folder = root / "runs" / key
    record = read_record(folder)
    return card(record, None, "AutoModel", "my-model", collect(folder, record))


def test_the_index_of_a_target_run_holds_its_own_scores(root: Path) -> None:
    data = ModelCard(made(root, "target1"), ignore_metadata_errors=False).data
    found = {(one.dataset_type, one.metric_type): one for one in data.eval_results}
    assert {key: one.metric_value for key, one in found.items()} == {
        ("mini-udpos-fi", "f1"): 70.25, ("mini-udpos-fi", "accuracy"): 80.25, ("mini-udpos-hu", "f1"): 60.25,
    }  # fmt: skip
    one = found["mini-udpos-hu", "f1"]
    assert one.task_type == "token-classification" and one.dataset_config == "mini/udpos-hu" and "hu, 110 test rows, seed 1" in one.metric_name
    assert (
        data.language == ["en", "fi", "hu"]
        and data.base_model == "some/encoder"
        and data.license == "other"
        and data.license_name
        and data.metrics == ["accuracy", "f1"]
    )
    assert {"arm:mt-fi", "study:tried"} <= set(data.tags)


def test_other_seeds_and_the_base_stand_beside_and_nothing_else(root: Path) -> None:
    text = made(root, "target1")
    assert "| udpos | Finnish | f1 | 110 | 70.25 | 70.38 (1: 70.25, 2: 70.50) | 50.38 (1: 50.25, 2: 50.50) |" in text
    assert "| udpos | Hungarian | f1 | 110 | 60.25 | 60.38 (1: 60.25, 2: 60.50) | 40.38 (1: 40.25, 2: 40.50) |" in text
    before = text
    run(root, "target2", 2, {("fi", "f1"): 71.5}, tasks=["nli"], arm="mt-fi", target="udpos", parent="inter2", data=UDPOS)
    assert "70.88 (1: 70.25, 2: 71.50)" in made(root, "target1") != before


def test_an_intermediate_run_shows_the_target_runs_that_started_from_it(root: Path) -> None:
    text = made(root, "inter2")
    results = ModelCard(text, ignore_metadata_errors=False).data.eval_results
    assert {one.metric_value for one in results} == {70.5, 80.5, 60.5} and all("run target2" in one.task_name for one in results)
    assert "scores of the target runs that started from this encoder (`target2`)" in text


def test_data_terms_commands_and_revision_are_named(root: Path) -> None:
    text = made(root, "target1")
    for words in (
        "`nli.mt-fi`: machine-translated from English, from `mini/en-nli` (synthetic), translated by `some/model` (CC-BY-NC-4.0); 777 training rows, below the budget of 800",
        "written by the translation model `some/model` (CC-BY-NC-4.0)", "| target, English | `mini/udpos-en` | CC0-1.0 | yes |", "make data STUDY=studies/tried.toml",
        "make train STUDY=studies/tried.toml", "python -m train export target1", "f" * 40, "@misc{mini-en-nli", "@misc{mini-udpos-hu", "@inproceedings{phang", "| udpos | f1 | 91.25 |",
        "| base | `some/encoder` | not stated here; see its own card |",
    ):  # fmt: skip
        assert words in text, words
    assert faults_of(text) == [] and str(root) not in text


def test_forbidden_texts_are_said(root: Path) -> None:
    manifest(root, "mt-fi", publishable="no", licences=["local"], mt={"model": "some/model", "licence": ""})
    text = made(root, "inter1")
    for page in (text, licence_page(read_record(root / "runs/inter1"), collect(root / "runs/inter1", read_record(root / "runs/inter1")), "out")):
        assert "trained on texts that may not be published: `nli.mt-fi`" in page and "`some/model` (no licence stated)" in page


def test_data_that_are_gone_are_not_guessed(root: Path) -> None:
    manifest(root, "mt-fi", fingerprint="built anew")
    text = made(root, "inter1")
    assert "The built data of nli are no longer beside the run" in text and "Terms of the data of nli are unknown here." in text and "some/model" not in text


def test_a_mixture_names_its_parts(root: Path) -> None:
    marks = [manifest(root, "en"), manifest(root, "mt-fi")]
    mark = digest(["mixture", 1, marks, {"train": 800, "validation": 30}])
    run(root, "mixed", 1, tasks=["nli"], arm="en+mt-fi", data={"nli": mark})
    text = made(root, "mixed")
    assert "`nli.en`: English originals" in text and "`nli.mt-fi`: machine-translated" in text and "No score of this run" in text
    assert not ModelCard(text, ignore_metadata_errors=False).data.eval_results and faults_of(text) == []


def test_a_folder_says_its_own_licence_and_keeps_its_path_to_itself(root: Path, tmp_path: Path) -> None:
    base = tmp_path / "encoder"
    base.mkdir()
    (base / "README.md").write_text("---\nlanguage: fi\nlicense: apache-2.0\n---\n", "utf-8")
    run(root, "inter1", 1, tasks=["nli"], arm="mt-fi", base_model={**BASE, "model": str(base)}, settings={"base": {"folder": "encoder"}})
    record = read_record(root / "runs/inter1")
    known = collect(root / "runs/inter1", record, base)
    assert known.base_licence == "apache-2.0" and str(base) not in card(record, None, "AutoModel", "out", known)

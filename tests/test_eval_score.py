"""Scoring one run with a model that is none: the files it leaves, worked by hand."""

from __future__ import annotations

import gzip
import json
import sys
import types
from dataclasses import replace

import eval_fakes as fakes
import numpy as np
import pytest

import corpora
import train
from corpora.config import ConfigError, build
from corpora.corpus import Corpus
from corpora.records import Aligned, Span, Tags
from corpora.study import Target
from eval import score
from eval.rescore import rescore
from eval.results import NONE, Cell

TAGS = [Tags(id="a", tokens=("Ei", "se", "ole"), tags=("AUX", "PRON", "AUX")), Tags(id="b", tokens=("Talo",), tags=("NOUN",))]
SPANS = [Span(id="q", context="Helsinki on Suomessa.", question="Missä?", answers=(("Suomessa", 12),))]
PAIRS = [Aligned(id=str(i), source=f"fi{i}", target=f"en{i}") for i in range(3)]


class Model:
    """Predicts what it was told for an id and embeds a sentence as the vector it was told."""

    def __init__(self, predictions=None, vectors=None) -> None:
        self.predictions, self.vectors, self.asked = predictions or {}, vectors or {}, []


@pytest.fixture
def world(monkeypatch):
    """Corpora and predictions from memory; returns language -> rows of the test split."""
    rows: dict[str, list] = {}
    predict = types.ModuleType("train.predict")
    predict.predict = lambda model, records, name="": [model.predictions[r.id] for r in records if r.id in model.predictions]
    predict.gold = lambda r: list(r.tags) if isinstance(r, Tags) else [text for text, _ in r.answers]

    embeddings = types.ModuleType("train.embeddings")

    def every_layer(model, texts, prefix=""):
        """Ten layers: of number 8 the first token says what the test says, all else points one way."""
        model.asked.append(prefix)
        flat = np.zeros((10, len(texts), 2), np.float32)
        flat[:, :, 0] = 1.0
        told = flat.copy()
        told[8] = [model.vectors[text] for text in texts]
        return {"mean": flat, "cls": told}

    embeddings.every_layer = every_layer
    readers = types.ModuleType("corpora.readers")
    readers.read = lambda corpus, split, limit=0: rows[corpus.languages[0]][: limit or None]
    readers.read_aligned = lambda corpus, split: rows["dev"]
    for package, name, module in ((train, "predict", predict), (train, "embeddings", embeddings), (corpora, "readers", readers)):
        monkeypatch.setitem(sys.modules, f"{package.__name__}.{name}", module)
        monkeypatch.setattr(package, name, module, raising=False)

    def load(name):
        kind = "aligned" if "tatoeba" in name else "tags"
        language = name.rpartition("-")[2]
        raw = {"title": "t", "languages": [language, "en"] if kind == "aligned" else [language], "kind": kind, "origin": "native", "licence": "CC0",
               "publishable": "yes", "reader": "jsonl", "source": "s", "labels": ["X"] if kind == "tags" else [],
               "splits": {"test": {"files": ["f"], "sha256": ["0"], "rows": 3}}}  # fmt: skip
        made = build(Corpus, raw, name)
        object.__setattr__(made, "name", name)
        return made

    monkeypatch.setattr(score.corpora, "load", load)
    monkeypatch.setattr(score.corpora, "fingerprint", lambda corpus, split: {"corpus": corpus.name, "split": split})
    return rows


def run_of(cell: Cell):
    return fakes.Planned("target", cell.row.tasks, cell.row.arm, cell.target, cell.seed, fakes.key_of(cell), "")


def outcomes(folder):
    with gzip.open(folder / "predictions.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_tags_leave_scores_and_outcomes(tmp_path, world) -> None:
    world.update(fi=TAGS, hu=TAGS[1:])
    study = fakes.study()
    score.score_run(study, run_of(Cell(NONE, "udpos", 2)), tmp_path, Model({"a": ["AUX", "PRON", "VERB"], "b": ["NOUN"]}))
    first = outcomes(tmp_path)[0]
    assert first == {"target": "udpos", "language": "fi", "id": "a", "prediction": ["AUX", "PRON", "VERB"], "component": [2, 3, 3, 2, 3]}
    lines = {(line["language"], line["metric"]): line for line in json.loads((tmp_path / "scores.json").read_text("utf-8"))}
    assert lines["fi", "f1"]["value"] == pytest.approx(75.0) and lines["fi", "f1"]["headline"] and lines["fi", "f1"]["n"] == 2
    assert lines["fi", "accuracy"]["value"] == pytest.approx(75.0) and not lines["fi", "accuracy"]["headline"]
    assert {key: lines["hu", "f1"][key] for key in ("arm", "tasks", "seed", "target", "study", "test_rows")} == {
        "arm": "none", "tasks": [], "seed": 2, "target": "udpos", "study": "fake", "test_rows": 0,
    }  # fmt: skip


def test_the_same_scores_are_the_same_bytes(tmp_path, world) -> None:
    world.update(fi=TAGS, hu=TAGS[1:])
    for name in ("x", "y"):
        score.score_run(fakes.study(), run_of(Cell(NONE, "udpos", 1)), tmp_path / name, Model({"a": ["AUX", "PRON", "VERB"], "b": ["NOUN"]}))
    for file in ("scores.json", "predictions.jsonl.gz", "outcomes.safetensors", "details.json"):
        assert (tmp_path / "x" / file).read_bytes() == (tmp_path / "y" / file).read_bytes()


def test_spans_have_f1_as_headline_and_only_the_languages_they_have(tmp_path, world) -> None:
    world.update(fi=SPANS)
    score.score_run(fakes.study(), run_of(Cell(NONE, "tydiqa", 1)), tmp_path, Model({"q": "on Suomessa"}))
    lines = json.loads((tmp_path / "scores.json").read_text("utf-8"))
    assert {line["metric"]: round(line["value"], 1) for line in lines} == {
        "f1": 66.7, "exact_match": 0.0, "score": 33.3, "f1_language": 66.7, "exact_match_language": 0.0,
    }  # fmt: skip
    assert [line["metric"] for line in lines if line["headline"]] == ["f1"] and {line["language"] for line in lines} == {"fi"}


def test_retrieval_asks_in_english_and_searches_the_foreign_side(tmp_path, world) -> None:
    world.update(fi=PAIRS, hu=PAIRS)
    vectors = {
        "fi0": [1, 0],
        "fi1": [0.8, 0.6],
        "fi2": [0, 1],
        "en0": [1, 0],
        "en1": [1, 0],
        "en2": [0, 1],
    }  # en1 is nearest to fi0; fi1 would be nearest to en0
    model = Model(vectors=vectors)
    study = fakes.study(targets={"tatoeba": {"metric": "tatoeba", "test": {"fi": "no/tatoeba-fi"}, "layer": 8, "pooling": "cls", "prefix": "query: "}})
    score.score_run(study, run_of(Cell(NONE, "tatoeba", 1)), tmp_path, model)
    assert [(row["id"], row["prediction"], row["component"]) for row in outcomes(tmp_path)] == [("0", "0", [1, 1]), ("1", "0", [0, 1]), ("2", "2", [1, 1])]
    lines = {line["metric"]: line["value"] for line in json.loads((tmp_path / "scores.json").read_text("utf-8"))}
    assert lines["accuracy"] == pytest.approx(200 / 3) and lines["reverse"] == pytest.approx(200 / 3) and {"csls", "ratio", "gap"} <= set(lines)
    assert model.asked == ["query: "] * 2  # one pass over each side, whatever the layers
    details = json.loads((tmp_path / "details.json").read_text("utf-8"))["fi"]
    assert (details["layer"], details["pooling"]) == (8, "cls") and len(details["layers"]) == 2 * 10
    curve = {(point["pooling"], point["layer"]): point for point in details["layers"]}
    assert (
        curve["cls", 8]["accuracy"] == pytest.approx(200 / 3)
        and curve["mean", 0]["accuracy"] == pytest.approx(100 / 3)
        and curve["mean", 0]["gap"] == pytest.approx(0.0)
    )


def test_test_rows_cut_the_test_and_change_its_fingerprint(tmp_path, world) -> None:
    world.update(fi=TAGS, hu=TAGS)
    study = fakes.study()
    target = replace(study.targets["udpos"], test_rows=1)
    study = replace(study, targets={**study.targets, "udpos": target})
    score.score_run(study, run_of(Cell(NONE, "udpos", 1)), tmp_path, Model({"a": ["AUX", "PRON", "AUX"]}))
    line = json.loads((tmp_path / "scores.json").read_text("utf-8"))[0]
    assert line["n"] == line["test_rows"] == 1
    corpus = score.corpora.load("no/udpos-fi")
    assert line["data"] == score.test_fingerprint(target, corpus) != score.test_fingerprint(replace(target, test_rows=0), corpus)


def test_how_retrieval_embeds_is_part_of_the_fingerprint_and_training_is_not(world) -> None:
    corpus = score.corpora.load("no/tatoeba-fi")
    target = Target(metric="tatoeba", test={"fi": "x"})
    assert score.test_fingerprint(target, corpus) != score.test_fingerprint(replace(target, layer=3), corpus)
    assert score.test_fingerprint(target, corpus) == score.test_fingerprint(replace(target, training=replace(target.training, lr=1e-4)), corpus)


def test_nothing_is_written_when_prediction_fails(tmp_path, world) -> None:
    world.update(fi=TAGS, hu=TAGS)
    with pytest.raises(ConfigError, match="2 test rows but 1 predictions"):
        score.score_run(fakes.study(), run_of(Cell(NONE, "udpos", 1)), tmp_path, Model({"a": ["AUX", "PRON", "AUX"]}))
    world.update(fi=[])
    with pytest.raises(ConfigError, match="no rows"):
        score.score_run(fakes.study(), run_of(Cell(NONE, "udpos", 1)), tmp_path, Model())
    assert not list(tmp_path.iterdir())


def test_rescoring_takes_up_what_has_no_scores_or_stale_ones(tmp_path, world, monkeypatch) -> None:
    world.update(fi=TAGS, hu=TAGS)
    study = fakes.study(seeds=[1, 2], arms=["none"], targets={"udpos": {"metric": "udpos", "english": "no/en", "labels": ["X"], "test": {"fi": "no/udpos-fi"}}})
    fakes.plan(monkeypatch, study)
    execute = types.ModuleType("train.execute")
    model = Model({"a": ["AUX", "PRON", "AUX"], "b": ["NOUN"]})

    def open_model(study, run, root):
        if run.seed == 2:
            raise ConfigError("its checkpoint was not kept")
        return model

    execute.open_model = open_model
    monkeypatch.setitem(sys.modules, "train.execute", execute)
    monkeypatch.setattr(train, "execute", execute, raising=False)
    said: list[str] = []
    fresh, stale = (fakes.write_run(tmp_path, study, Cell(NONE, "udpos", seed), 0.5, data="old") for seed in (1, 2))
    (fresh / "scores.json").unlink()
    assert rescore(study, tmp_path, said.append) == (1, 1)
    assert said[0].startswith("scored") and "not kept" in said[1]
    assert json.loads((fresh / "scores.json").read_text("utf-8"))[0]["value"] == pytest.approx(100.0)
    assert rescore(study, tmp_path, said.append) == (0, 1)  # what is scored is left alone
    assert json.loads((stale / "scores.json").read_text("utf-8"))[0]["data"] == "old"


def test_a_target_without_test_labels_says_so(tmp_path, world) -> None:
    world.update(fi=[Span(id="q1", context="Oulu.", question="Missä?", answers=()), *SPANS])
    with pytest.raises(ConfigError, match=r"1 of 2 questions have no answer \(first: q1\).*blanked labels"):
        score.score_run(fakes.study(), run_of(Cell(NONE, "tydiqa", 1)), tmp_path, Model({"q": "x", "q1": ""}))
    study = fakes.study()
    study = replace(study, targets={"udpos": replace(study.targets["udpos"], test_split="secret")})
    with pytest.raises(ConfigError, match=r"no split 'secret' \(it has: test\).*test_split = \"dev\""):
        score.score_run(study, run_of(Cell(NONE, "udpos", 1)), tmp_path, Model())
    assert not list(tmp_path.iterdir())


def test_tags_and_entities_are_broken_down(tmp_path, world) -> None:
    redirect = Tags(id="r", tokens=("OHJAUS", "Oulu"), tags=("O", "B-LOC"))
    world.update(fi=[redirect, Tags(id="s", tokens=("Matti", "asuu", "Oulussa"), tags=("B-PER", "O", "B-LOC"))])
    study = fakes.study(targets={"panx": {"metric": "panx", "english": "no/en", "labels": ["O"], "test": {"fi": "no/panx-fi"}}})
    score.score_run(study, run_of(Cell(NONE, "panx", 1)), tmp_path, Model({"r": ["O", "B-LOC"], "s": ["B-PER", "O", "B-PER"]}))
    lines = {line["metric"]: line["value"] for line in json.loads((tmp_path / "scores.json").read_text("utf-8"))}
    assert (lines["f1"], lines["f1_without_redirects"]) == (pytest.approx(200 / 3), pytest.approx(50.0))
    groups = {(g["by"], g["name"]): g for g in json.loads((tmp_path / "details.json").read_text("utf-8"))["fi"]["groups"]}
    assert groups["type", "LOC"]["scores"] == pytest.approx({"f1": 200 / 3, "precision": 100.0, "recall": 50.0}) and groups["type", "PER"]["n"] == 1
    assert groups["redirects", "redirect lines"]["scores"]["f1"] == 100.0


def test_mined_pairs_are_cut_where_the_dev_part_says(tmp_path, world) -> None:
    row = lambda i, fi, en: Aligned(id=str(i), source=fi, target=en)  # noqa: E731
    world.update(fi=[row(0, "fi0", "en0"), row(1, "fi1", ""), row(2, "", "en2")], dev=[row(0, "fi0", "en0"), row(1, "fi1", ""), row(2, "", "en2")])
    vectors = {"fi0": [1, 0], "en0": [1, 0], "fi1": [0, 1], "en2": [0.6, 0.8]}
    study = fakes.study(targets={"bucc": {"metric": "bucc2018", "test": {"fi": "no/tatoeba-fi"}, "layer": 8, "pooling": "cls"}})
    score.score_run(study, run_of(Cell(NONE, "bucc", 1)), tmp_path, Model(vectors=vectors))
    assert [(row["id"], row["prediction"], row["component"]) for row in outcomes(tmp_path)] == [("0", 0, [1, 1, 1]), ("2", None, [0, 0, 0])]
    lines = {line["metric"]: line["value"] for line in json.loads((tmp_path / "scores.json").read_text("utf-8"))}
    assert lines["f1"] == 100.0 and lines["threshold"] > 0

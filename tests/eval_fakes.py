"""A study and runs that never were: what eval/ reads, written without training anything."""

from __future__ import annotations

import gzip
import json
import sys
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import train
from corpora.config import build
from corpora.shards import digest, write_json
from corpora.study import Study
from eval import outcomes
from eval.results import Cell, cells
from eval.score import HEADLINE
from train.metrics import METRICS

SIZES = {"udpos": 60, "panx": 80, "tydiqa": 50, "tatoeba": 100, "ner": 40}


def study(**changes) -> Study:
    raw = {
        "title": "Fake: <b>two</b> & more", "languages": ["fi", "hu"], "arms": ["none", "en", "mt-fi", "mt-hu", "native-fi", "native-hu"], "seeds": [1, 2, 3],
        "base": {"model": "fake"}, "intermediate": [["qa"]], "budget": {"examples": 100, "validation": 10},
        "tasks": {"qa": {"kind": "span", "english": "no/qa", "native": {"fi": ["no/fi"], "hu": ["no/hu"]}}},
        "targets": {
            "udpos": {"metric": "udpos", "english": "no/en", "labels": ["X"], "test": {"fi": "no/udpos-fi", "hu": "no/udpos-hu"}},
            "tydiqa": {"metric": "tydiqa", "english": "no/en", "test": {"fi": "no/tydiqa-fi"}},
            "tatoeba": {"metric": "tatoeba", "test": {"fi": "no/tatoeba-fi", "hu": "no/tatoeba-hu"}},
        },
        "statistics": {"draws": 500},
    }  # fmt: skip
    made = build(Study, {**raw, **changes}, "fake")
    object.__setattr__(made, "name", "fake")
    return made


def components(metric: str, n: int, rate: float, rng: np.random.Generator) -> list[list[float]]:
    """Examples that are right at `rate`, in the columns of the metric."""
    if metric in ("udpos", "panx", "ner"):
        gold = rng.integers(3, 9, n)
        right = rng.binomial(gold, rate)
        return [[int(r), int(g), int(g), int(r) + 1, int(g) + 2] for r, g in zip(right, gold, strict=True)]
    f1 = np.clip(rng.normal(rate, 0.2, n), 0, 1)
    if metric == "tydiqa":
        return [[float(x > 0.9), float(x), 1.0] for x in f1]
    return [[float(x < rate), 1.0] for x in rng.random(n)]


@dataclass
class Planned:
    """What eval reads of a train.run.Run."""

    phase: str
    tasks: tuple[str, ...]
    arm: str
    target: str
    seed: int
    key: str
    parent: str

    @property
    def label(self) -> str:
        return f"{self.target} <- {self.arm}, seed {self.seed}"


def key_of(cell: Cell) -> str:
    return digest([cell.row.label, cell.target, cell.seed])


def parent_of(cell: Cell) -> str:
    return digest([cell.row.label, cell.seed]) if cell.row.tasks else ""


def plan(monkeypatch, made: Study) -> None:
    """Let train.graph plan the fake study, whether or not train/ could."""
    runs = [Planned("target", c.row.tasks, c.row.arm, c.target, c.seed, key_of(c), parent_of(c)) for c in cells(made)]
    module = types.ModuleType("train.graph")
    module.plan = lambda study, root: runs
    monkeypatch.setitem(sys.modules, "train.graph", module)
    monkeypatch.setattr(train, "graph", module, raising=False)


def write_run(root: Path, made: Study, cell: Cell, rate: float, data: str = "d0", noise: str = "") -> Path:
    """Write run.json, predictions and scores of one cell; `rate` is how often it is right."""
    target = made.targets[cell.target]
    folder = root / "runs" / key_of(cell)
    lines, rows = [], []
    for language in target.test:
        rng = np.random.default_rng(int(digest([cell.target, language, cell.seed, noise]), 16))
        found = components(target.metric, SIZES[target.metric], rate, rng)
        rows += [{"target": cell.target, "language": language, "id": f"{language}-{i}", "prediction": "", "component": c} for i, c in enumerate(found)]
        for metric, value in METRICS[target.metric].total(found).items():
            lines.append({
                "run": folder.name, "study": made.name, "tasks": list(cell.row.tasks), "arm": cell.row.arm, "seed": cell.seed, "parent": parent_of(cell),
                "target": cell.target, "language": language, "metric": metric, "headline": metric == HEADLINE[target.metric], "value": value,
                "n": len(found), "corpus": f"no/{cell.target}-{language}", "data": data, "test_rows": 0,
            })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "predictions.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    mine = {language: [row for row in rows if row["language"] == language] for language in target.test}
    outcomes.write(folder, {language: ([row["id"] for row in some], [row["component"] for row in some]) for language, some in mine.items()})
    write_json(folder / "run.json", {
        "key": folder.name, "label": cell.label, "phase": "target", "status": "finished", "git": "0123abc", "device": "cpu", "seconds": 12.5,
        "versions": {"torch": "2.13.0", "python": "3.11"}, "dev": {cell.target: {METRICS[target.metric].headline: 81.0}} if not target.retrieval else {}, "precision": "float32",
    })  # fmt: skip
    write_json(folder / "scores.json", lines)
    return folder


RATES = {"none": 0.55, "en": 0.62, "mt-fi": 0.66, "mt-hu": 0.62, "native-fi": 0.78, "native-hu": 0.5}


def write_all(root: Path, made: Study, rates: dict[str, float] = RATES, skip=lambda cell: False) -> None:
    for cell in cells(made):
        if not skip(cell):
            write_run(root, made, cell, rates[cell.row.arm])


def write_manifest(root: Path, made: Study, task: str, arm: str, **changes) -> None:
    raw = {
        "study": made.name, "task": task, "arm": arm, "kind": "span", "fingerprint": "f" * 16, "command": "python -m build_data",
        "steps": [{"step": "read", "in": 200, "made": 0, "kept": 190, "excluded": {"too_long": 10}},
                  {"step": "leak", "in": 190, "made": 0, "kept": 110, "excluded": {"ngram": 60, "<script>": 20}}],
        "counts": {"train": 100, "validation": 10, "excluded": 90}, "budget": {"examples": 100, "filled": True},
        "mt": {"chrF": 51.2, "BLEU": 20.0, "model": "m"} if arm.startswith("mt") else None,
        "spans": {"kept": 150, "excluded": {"not found": 50}} if arm.startswith("mt") else None, "versions": {}, "seconds": 3.0,
    }  # fmt: skip
    write_json(root / "data" / made.name / f"{task}.{arm}" / "manifest.json", {**raw, **changes})

"""build_data/audit.py: a second opinion that can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from build_data import across
from build_data.audit import Evaluation, audit, evaluation, words
from corpora import corpus as corpora
from corpora.readers import read_records
from corpora.records import Pair, Record
from corpora.shards import write_json, write_records
from corpora.study import load

ROOT = Path(__file__).parent.parent


def row(id: str, premise: str, hypothesis: str = "Aivan oma väite tästä.", document: str = "") -> Pair:
    return Pair(id=id, premise=premise, hypothesis=hypothesis, label="entailment", document=document or id)


def folder(root: Path, train: list[Record], held: list[Record]) -> Path:
    made = root / "data/mini/nli.en"
    write_records(made / "train-00000.parquet", train, "pair", [])
    write_records(made / "validation-00000.parquet", held, "pair", [])
    write_json(made / "manifest.json", {})
    return made


@pytest.fixture(scope="module")
def known() -> Evaluation:
    return evaluation(load(ROOT / "studies/mini.toml"))


def evaluated(corpus: str, split: str, size: int) -> str:
    """Return an evaluation text of the mini study with at least `size` words."""
    return next(t for r in read_records(corpora.load(corpus), split) for t in r.texts() if len([w for w in t.split() if w.isalpha()]) >= size)


@pytest.mark.parametrize(
    ("corpus", "split", "size"), [("mini/udpos-fi", "test", 6), ("mini/panx-hu", "test", 3), ("mini/tydiqa-fi", "test", 20), ("mini/udpos-en", "dev", 6)]
)
def test_a_planted_leak_is_found(tmp_path: Path, known: Evaluation, corpus: str, split: str, size: int) -> None:
    text = evaluated(corpus, split, size)
    fine: list[Record] = [row("fine", "Tämä lause ei ole missään koetekstissä, koska se kirjoitettiin tähän.")]
    assert audit(folder(tmp_path, fine, []), known) == []
    finds = audit(folder(tmp_path, [*fine, row("bad", text.upper())], []), known)
    assert [(f.row, f.rule) for f in finds] == [("bad", "equal")]
    assert finds[0].origin.split(".")[0] == corpus.split("/")[1].split("-")[0]


def test_leaks_inside_long_texts_runs_of_words_and_near_texts_are_found(tmp_path: Path, known: Evaluation) -> None:
    sentence, context = evaluated("mini/udpos-fi", "test", 7), evaluated("mini/tydiqa-fi", "test", 25)
    rows: list[Record] = [
        row("holds", f"Ensin jotain omaa. {sentence} Sitten muuta omaa."),
        row("run", "Alku on oma, " + " ".join(context.split()[3:18]) + " ja loppu myös oma."),
        row("near", " ".join(context.split()[:-1]) + " jotenkin"),
    ]
    rules = {f.row: f.rule for f in audit(folder(tmp_path, rows, []), known)}
    assert rules["holds"] == "holds one" and rules["run"] == "13 words in a row" and rules["near"] in ("near", "13 words in a row", "holds one")


def test_a_text_or_document_on_both_sides_is_found(tmp_path: Path, known: Evaluation) -> None:
    train: list[Record] = [row("1", "Ensimmäinen oma teksti.", "Väite yksi.", "d1"), row("2", "Toinen oma teksti.", "Väite kaksi.", "d2")]
    held: list[Record] = [row("3", "ensimmäinen oma TEKSTI", "Väite kolme.", "d3"), row("4", "Kolmas oma teksti.", "Väite neljä.", "d2")]
    finds = audit(folder(tmp_path, train, held), known)
    assert {(f.row, f.rule, f.origin) for f in finds} == {("3", "both sides", "text"), ("4", "both sides", "document")}


def test_the_command_ends_with_one_on_a_find_and_zero_without(tmp_path: Path) -> None:
    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "build_data.audit", "studies/mini.toml", "--root", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
        )

    assert run().returncode == 2  # nothing built
    folder(tmp_path, [row("1", "Oma teksti tässä.")], [])
    clean = run()
    assert clean.returncode == 0 and "nothing found" in clean.stdout, clean.stdout + clean.stderr
    folder(tmp_path, [row("1", evaluated("mini/udpos-hu", "test", 5))], [])
    leaking = run()
    assert leaking.returncode == 1 and "udpos.hu" in leaking.stdout and "1 finds" in leaking.stdout


@pytest.mark.corpora
def test_the_raw_files_hold_as_many_texts_as_the_readers_find() -> None:
    study = load(ROOT / "studies/open.toml")
    known = evaluation(study)
    for name in ("xtreme/udpos-fi", "xtreme/panx-hu", "xtreme/tydiqa-fi"):
        rows = read_records(corpora.load(name), "test")
        texts = [t for r in rows for t in r.texts() if len(words(t)) >= 2]
        assert sum(known.find(t) is not None for t in texts) / len(texts) > 0.999, name


@pytest.mark.corpora
def test_a_small_real_build_holds_no_evaluation_text(tmp_path: Path) -> None:
    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", *command, "--root", str(tmp_path)], cwd=ROOT, capture_output=True, text=True)

    small = ("tasks.nli.rows = 600", "tasks.qa.rows = 600", "budget.examples = 200", "budget.validation = 20")
    built = run("build_data", "studies/open.toml", "--arm", "en", "--task", "nli", "--task", "qa", *(part for line in small for part in ("--set", line)))
    assert built.returncode == 0, built.stderr
    found = run("build_data.audit", "studies/open.toml")
    assert found.returncode == 0 and "nothing found" in found.stdout and found.stdout.startswith("2 of "), found.stdout + found.stderr
    lines = json.loads((tmp_path / "data/open/across.json").read_text("utf-8"))["value"]["lines"]
    assert across.straddling(lines) == 0

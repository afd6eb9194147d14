"""XTREME's targets that no language of the study has: trained on English, scored in the languages they have, in a table of their own."""

from __future__ import annotations

import json

import pytest
import tiny

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.study import Target
from eval import report, score
from eval.compare import compare_all
from eval.others import other_tables
from eval.results import NONE, collect
from train.graph import plan
from train.workshop import Workshop

FAST = {"epochs": 1, "batch": 8, "max_length": 64, "evals": 1}
SENTENCES = ["Der Hund bellt laut.", "Im Sommer ist der See warm.", "Anna wohnt in Bonn.", "Das Brot kostet zwei Euro.", "Er kommt am Montag."]
ENGLISH = ["The dog barks loudly.", "In summer the lake is warm.", "Anna lives in Bonn.", "The bread costs two euros.", "He comes on Monday."]
ANSWERS = ["Hund", "See", "Bonn", "zwei", "Montag"]
# What the Hub gives for each declared corpus: its own columns, integers for classes, one question a row; BUCC: a sentence without a partner has an empty side.
HUB = {
    "facebook/xnli": [{"premise": text, "hypothesis": SENTENCES[i - 1], "label": i % 3} for i, text in enumerate(SENTENCES)],
    "nyu-mll/multi_nli": [{"pairID": str(i), "premise": text, "hypothesis": ENGLISH[i - 1], "label": i % 3} for i, text in enumerate(ENGLISH)],
    "google-research-datasets/paws-x": [{"id": i, "sentence1": text, "sentence2": SENTENCES[i - 1], "label": i % 2} for i, text in enumerate(SENTENCES)],
    "google/xquad": [
        {"id": f"q{i}", "context": text, "question": "Was?", "answers": {"text": [answer], "answer_start": [text.index(answer)]}}
        for i, (text, answer) in enumerate(zip(SENTENCES, ANSWERS, strict=True))
    ],
}
HUB["rajpurkar/squad"] = HUB["google/xquad"]
HUB["google/xtreme"] = HUB["google/xquad"]  # MLQA.de.de
BUCC = [{"source_sentence": de, "target_sentence": en} for de, en in zip(SENTENCES, ENGLISH, strict=True)]
BUCC[1]["target_sentence"] = BUCC[2]["source_sentence"] = ""
TARGETS = {
    "xnli": {"metric": "xnli", "english": "en/mnli", "labels": ["entailment", "neutral", "contradiction"], "test": {"de": "xtreme/xnli-de", "fr": "xtreme/xnli-fr"},
             "languages": ["de", "fr"], "training": FAST},
    "pawsx": {"metric": "pawsx", "english": "xtreme/pawsx-en", "labels": ["different", "paraphrase"], "test": {"de": "xtreme/pawsx-de"}, "languages": ["de"],
              "training": FAST},
    "xquad": {"metric": "xquad", "english": "en/squad_v1", "test": {"de": "xtreme/xquad-de"}, "languages": ["de"], "training": FAST},
    "mlqa": {"metric": "mlqa", "english": "en/squad_v1", "test": {"de": "xtreme/mlqa-de"}, "languages": ["de"], "training": FAST},
    "bucc": {"metric": "bucc2018", "test": {"de": "xtreme/bucc2018-de"}, "languages": ["de"]},
    "tatoeba": {"metric": "tatoeba", "test": {"fi": "mini/tatoeba-fi", "hu": "mini/tatoeba-hu"}},
}  # fmt: skip


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A study with one target of each kind, run with rows in the shape that the Hub has; returns (study, root)."""
    from corpora import hub

    def load_rows(corpus, split):
        rows = BUCC if corpus.name.startswith("xtreme/bucc") else HUB[corpus.hub.id]
        yield from (dict(row) for row in rows)

    root, base = tmp_path_factory.mktemp("elsewhere"), tiny.base(tmp_path_factory.mktemp("base"), layers=2)
    study = tiny.study(base, arms=["none"], seeds=[1, 2], targets=TARGETS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORPORA_DIR", str(root / "nothing"))
        patch.setattr(hub, "load_rows", load_rows)
        for name in {corpus for target in study.targets.values() for corpus in (target.english, *target.test.values()) if corpus}:
            if (home := corpora.load(name).hub) is not None:
                patch.setitem(home.__dict__, "rows", {})  # five rows stand for thousands
        shop = Workshop(study, root)
        for run in plan(study, root):
            shop.perform(run, "eval.score:score_run", lambda *_: None)
        yield study, root


def test_each_target_is_scored_in_the_languages_it_has(scored) -> None:
    study, root = scored
    assert score.elsewhere(study) == ["de", "fr"] and score.tested(study, "xnli") == {"de": "xtreme/xnli-de", "fr": "xtreme/xnli-fr"}
    results = collect(study, root)
    assert not results.gaps and len(results.scored) == 2 * len(TARGETS)
    for target, metric in (("xnli", "accuracy"), ("pawsx", "accuracy"), ("xquad", "f1"), ("mlqa", "f1"), ("bucc", "f1")):
        found = results.values(NONE, target, "de", metric)
        assert len(found) == 2 and all(0 <= value <= 100 for value in found), target
    assert len(results.values(NONE, "xnli", "fr", "accuracy")) == 2 and results.values(NONE, "xnli", "fi", "accuracy") == []


def test_they_have_a_table_of_their_own_and_no_say_in_the_answer(scored) -> None:
    study, root = scored
    results = collect(study, root)
    tables = other_tables(results, compare_all(results))
    assert [(table.name, [column.name for column in table.columns]) for table in tables] == [
        ("xnli", ["German", "French", "mean"]), ("pawsx", ["German", "mean"]), ("xquad", ["German", "mean"]), ("mlqa", ["German", "mean"]), ("bucc", ["German", "mean"]),
    ]  # fmt: skip
    assert all(cell.text for table in tables for row in table.rows for cell in row.cells)
    folder = report.make(study, root).parent
    page = (folder / "index.html").read_text("utf-8")
    assert "Other languages" in page and "in no average" in page and page.index("Other languages") > page.index("Hungarian")
    main = report.view.main_tables(results, [], [])
    assert [[column.name for column in table.columns] for table in main] == [["tatoeba", "average"]] * 2
    assert {json.loads(line)["language"] for line in (folder / "results.jsonl").read_text("utf-8").splitlines()} == {"fi", "hu", "de", "fr"}
    assert "| xnli |" in (folder / "report.md").read_text("utf-8")


def test_a_language_without_a_test_corpus_is_refused() -> None:
    with pytest.raises(ValueError, match=r"languages = \['sv'\]: no test corpus for sv; `test` has de"):
        Target(metric="tatoeba", test={"de": "x"}, languages=("sv",))


def test_a_target_asks_for_no_language_unless_it_says_so(scored) -> None:
    from dataclasses import replace

    study, root = scored
    quiet = replace(study, targets={**study.targets, "xnli": replace(study.targets["xnli"], languages=())})
    object.__setattr__(quiet, "name", study.name)
    assert score.tested(quiet, "xnli") == {}
    keys = [{run.key for run in plan(one, root) if run.target == "xnli"} for one in (study, quiet)]
    assert keys[0].isdisjoint(keys[1])


def test_unknown_is_not_swallowed() -> None:
    with pytest.raises(ConfigError):
        tiny.study("x", targets={"xnli": {**TARGETS["xnli"], "langs": ["de"]}})

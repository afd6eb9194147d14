"""What a study may say of native arms, and what it is told where it says it wrongly; the studies of the house themselves."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from build_data import native, recipes
from corpora import study as studies
from corpora.config import ConfigError
from corpora.records import Pair, Record


def study(*overrides: str) -> studies.Study:
    return studies.load(native.corpora.ROOT.parent / "studies/mini.toml", overrides)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ('tasks.nli.native.fi = ["mini/en-nli"]', "is of kind 'pair', but maker '\\w+' reads running text"),
        ('tasks.nli.native.fi = ["mini/hu-docs"]', "'mini/hu-docs' is in hu"),
        ("tasks.nli.native.fi = []", "tasks.nli.native has no corpora for 'fi'"),
        (
            'tasks.nli.maker = "endings"',
            "tasks.nli.maker = 'endings' makes rows of kind 'choice', but the task is of kind 'pair'; makers of that kind: .*coherence",
        ),
    ],
)
def test_a_corpus_that_does_not_fit_is_told(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        native.sources(study(override), "nli", "fi")


@pytest.mark.parametrize(
    ("name", "task", "arm", "change"),
    [
        ("mini/fi-docs", "nli", "native-fi", {"keep": {"id": "mini-fi-00*"}}),
        ("mini/fi-docs", "nli", "native-fi", {"genre": "novel"}),
        ("mini/fi-docs", "nli", "native-fi", {"licence": "CC BY 4.0"}),
        ("mini/en-nli", "nli", "en", {"label_names": {"neutral": "contradiction"}}),
        ("mini/panx-hu", "nli", "native-fi", {"keep": {"id": "x*"}}),  # the leak guard reads it
    ],
)
def test_another_reading_of_the_same_files_is_another_task(monkeypatch: pytest.MonkeyPatch, name: str, task: str, arm: str, change: dict[str, Any]) -> None:
    loaded, load = study(), native.corpora.load
    before = recipes.task_key(loaded, task, arm)
    other = dataclasses.replace(load(name), **change)
    object.__setattr__(other, "name", name)
    monkeypatch.setattr(native.corpora, "load", lambda asked: other if asked == name else load(asked))
    assert recipes.task_key(loaded, task, arm) != before
    monkeypatch.setattr(native.corpora, "load", load)
    assert recipes.task_key(loaded, task, arm) == before


def test_an_unpinned_corpus_is_told_before_anything_is_built() -> None:
    loaded = study('tasks.nli.native.fi = ["fi/wikipedia"]')
    with pytest.raises(ConfigError, match=r"no commit is pinned in corpora/fi/wikipedia\.toml.*`python -m corpora pin fi/wikipedia`"):
        recipes.task_key(loaded, "nli", "native-fi")


def test_a_language_may_have_shares_of_its_own() -> None:
    spec = study("tasks.nli.shares = {law = 0.3, novel = 0.5}", "tasks.nli.shares_of = {hu = {novel = 0.8}}").tasks["nli"]
    assert spec.shares_for("fi") == {"law": 0.3, "novel": 0.5} and spec.shares_for("hu") == {"law": 0.3, "novel": 0.8}
    with pytest.raises(ConfigError, match=r"shares_of\.hu\.novel = 3"):
        study("tasks.nli.shares_of = {hu = {novel = 3}}")
    with pytest.raises(ConfigError, match=r"shares_of\.sv bounds the genres of native text that the task has none of"):
        study("tasks.nli.shares_of = {sv = {novel = 0.5}}")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("tasks.nli.shares = {laws = 0.3}", r"tasks\.nli: shares\.laws: 'laws' is no genre of ours; did you mean law\?"),
        ("tasks.nli.shares = {encyclopaedic = 0.3}", r"shares\.encyclopaedic: .* did you mean encyclopaedia\?"),  # a corpus's own word for it
        ("tasks.nli.shares_of = {fi = {xyz = 0.3}}", r"shares_of\.fi\.xyz: 'xyz' is no genre of ours; write one of academic, blog, "),
        ("tasks.nli.documents = -3", r"tasks\.nli: documents = -3; write how many enter the build, 0 for all"),
        ("tasks.nli.rows = -1", r"tasks\.nli: rows = -1; write how many enter the build, 0 for all"),
        ('tasks.nli.native.fi = ["mini/fi-docs", "mini/fi-docs"]', r"tasks\.nli: native\.fi names 'mini/fi-docs' twice; leave one out"),
        ('tasks.nli.native.fo = ["mini/fi-docs"]', r"tasks\.nli\.native\.fo: 'fo' is not one of .*fi, hu; docs/add-a-language\.md says how to add one"),
    ],
)
def test_what_a_native_task_must_not_say(override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        study(override)


STUDIES = sorted((native.corpora.ROOT.parent / "studies").glob("*.toml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_no_native_arm_reads_one_text_under_two_names(path: Path) -> None:
    for name, spec in studies.load(path).tasks.items():
        for names in spec.native.values():
            assert not {"hu/korkor_wiki", "hu/nerkor_docs"} <= set(names), name  # NerKor has KorKor's 85 articles
            assert not {"hu/nerkor_sentences", "hu/nerkor_picked"} <= set(names), name


def test_the_extra_study_makes_its_tasks_as_the_open_one_does_without_the_text_of_its_target() -> None:
    opened, extra = (studies.load(STUDIES[0].parent / f"{name}.toml") for name in ("open", "extra"))  # as its header says: runs are read side by side
    assert extra.targets["ner"].test["hu"] == "extra/nerkor_panx"
    for name, spec in extra.tasks.items():
        other = opened.tasks[name]
        without = {language: tuple(n for n in names if not n.startswith(("hu/nerkor", "hu/korkor"))) for language, names in other.native.items()}
        assert dataclasses.replace(spec, training=other.training) == dataclasses.replace(other, native=without)
    assert (extra.base, extra.arms, extra.budget) == (opened.base, opened.arms, opened.budget)


@pytest.mark.parametrize("name", ["hu/husst", "hu/hurte", "hu/hucopa", "hu/huwnli", "hu/nerkor", "fi/xed", "hu/xed", "fi/turku_paraphrase"])
def test_translated_labelled_corpora_are_never_native(name: str) -> None:
    language = name[:2]
    with pytest.raises(ConfigError, match=rf"'{name}' is human-translated, so it is no native text; take it out"):
        study(f'tasks.nli = {{ kind = "pair", maker = "acceptability", native = {{ {language} = ["{name}"] }} }}')


def test_translated_rows_of_a_native_corpus_go_and_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = study('tasks.nli = { kind = "pair", maker = "acceptability", native = { hu = ["hu/hucola"] } }', 'intermediate = [["nli"]]')
    rows: list[Record] = [
        Pair(id=f"r{i}", premise=f"Ez egy mondat {i}.", hypothesis="", label="acceptable", origin="human-translated" if i % 3 == 0 else "native")
        for i in range(9)
    ]
    monkeypatch.setattr(native.readers, "read_records", lambda corpus, split: rows if split == "train" else [])
    kept, ledgers = native._records(loaded, "nli", "hu")
    assert len(kept) == 6 and ledgers == [{"step": "read", "in": 9, "made": 0, "kept": 6, "excluded": {"translated": 3}}]

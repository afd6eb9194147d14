"""Reading configuration: what is wrong, where, and what to write instead."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from corpora import corpus, study
from corpora.config import ConfigError, build, pick, read
from corpora.corpus import Corpus
from corpora.study import Study, load

ROOT = Path(__file__).parent.parent
MINI = (ROOT / "studies/mini.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("seeds = [1, 2]", "seeds = [1, 2]\nsedes = 3", ["'sedes'", "did you mean seeds", "known keys"]),
        ("seeds = [1, 2]", 'seeds = "1"', ["seeds must be a list", "'1'"]),
        ("seeds = [1, 2]", "seeds = [1, 1]", ["seeds = [1, 1]", "twice"]),
        ('arms = ["none", ', 'arms = ["nowt", ', ["'nowt'", "mt-fi"]),
        ('languages = ["fi", "hu"]', 'languages = ["fi", "et"]', ["'et'", "fi, hu"]),
        ('english = "mini/en-nli"', 'english = "mini/en-nil"', ["'mini/en-nil'", "did you mean", "mini/en-nli"]),
        ('metric = "udpos"', 'metric = "pos"', ["targets.udpos.metric", "'pos'", "'tatoeba'"]),
        ("examples = 180", "", ["budget.examples", "missing", "a whole number"]),
        ("examples = 180", "examples = true", ["budget.examples must be a whole number", "True"]),
        ('title = "Mini', 'title = Mini"', ["not valid TOML"]),
        ("[statistics]", "[filters]\nwords = [9, 3]\n\n[statistics]", ["filters.words", "above"]),
    ],
)
def test_a_wrong_study_says_where_what_and_what_instead(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    assert old in MINI
    path = tmp_path / "wrong.toml"
    path.write_text(MINI.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as caught:
        study.load(path)
    for part in [str(path), *parts]:
        assert part in str(caught.value)


def test_a_missing_study_names_its_neighbours() -> None:
    with pytest.raises(ConfigError, match=r"mini\.toml"):
        study.load(ROOT / "studies/minni.toml")


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.toml")), ids=lambda p: p.stem)
def test_every_study_is_valid(path: Path) -> None:
    loaded = study.load(path)
    assert loaded.name == path.stem
    assert study.built_tasks(loaded)


def test_an_override_is_one_line_of_toml() -> None:
    loaded = study.load(ROOT / "studies/mini.toml", ["budget.examples = 7", "seeds = [9]"])
    assert (loaded.budget.examples, loaded.budget.validation, loaded.seeds) == (7, 20, (9,))
    with pytest.raises(ConfigError, match="not one line of TOML"):
        study.load(ROOT / "studies/mini.toml", ["budget.examples: 7"])


def test_language_narrows_the_build() -> None:
    mini = study.load(ROOT / "studies/mini.toml")
    assert ("nli", "mt-hu") not in study.built_tasks(mini, ["fi"])
    assert study.built_tasks(mini, ["fi"])[0] == ("nli", "en")


def test_a_corpus_without_licence_is_refused(tmp_path: Path) -> None:
    from corpora.config import read

    path = tmp_path / "x.toml"
    path.write_text('title = "X"\nlanguages = ["fi"]\nkind = "text"\norigin = "native"\npublishable = "yes"\nreader = "jsonl"\nsource = "here"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"x\.toml: key 'licence' is missing"):
        read(corpus.Corpus, path)
    path.write_text(path.read_text("utf-8") + 'licence = " "\n', "utf-8")
    with pytest.raises(ConfigError, match="licence is empty"):
        read(corpus.Corpus, path)


def test_pick_says_what_was_meant() -> None:
    with pytest.raises(ConfigError, match="did you mean coherence"):
        pick({"coherence": 1, "cloze": 2}, "coherense", "maker")


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000, "title = " + "[" * 90 + "]" * 90, 'note = "' + "x" * 2_000_000 + '"', "title = { a = { b = { c = 1 } } }"],
    ids=["deep", "digits", "nested", "large", "table"],
)  # fmt: skip
def test_what_no_declaration_holds_is_one_short_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as err:
        load(path)
    assert str(path) in str(err.value) and len(str(err.value)) < 1000
    if "\n" not in text and "note" not in text:
        with pytest.raises(ConfigError) as err:
            load(ROOT / "studies/mini.toml", [text])
        assert len(str(err.value)) < 1000


def test_a_file_without_end_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than"):
        read(Corpus, Path("/dev/zero"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read(Corpus, tmp_path)


@pytest.mark.parametrize("name", ["../../x", "a/b", "..", ".x", "", "a" * 65, "a\0b", "<b>"])
def test_names_that_become_folders_stay_inside_theirs(name: str) -> None:
    task = {"kind": "pair", "english": "mini/en-nli", "labels": ["entailment"]}
    raw = tomllib.loads((ROOT / "studies/mini.toml").read_text("utf-8"))
    with pytest.raises(ConfigError, match="may hold letters"):
        build(Study, {**raw, "tasks": {**raw["tasks"], name: task}}, "x.toml")


@pytest.mark.parametrize("name", ["...toml", "<b>.toml", "-x.toml"])
def test_a_study_whose_name_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text((ROOT / "studies/mini.toml").read_text("utf-8"))
    with pytest.raises(ConfigError, match="named after its file"):
        load(path)

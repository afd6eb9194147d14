"""Every declaration reads, says where its corpus comes from, and a missing or changed file is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fakes import declare, named

from corpora import corpus as corpora
from corpora.config import ConfigError, build
from corpora.corpus import ROOT, Corpus, Hub
from corpora.readers import read
from corpora.records import Aligned, Document, Pair, Span, Tags

NAMES = sorted(corpora.declared())
UPOS = {"ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"}


@pytest.mark.parametrize("name", NAMES)
def test_every_declaration_reads(name: str) -> None:
    corpus = corpora.load(name)
    assert corpus.name == name and corpus.title and corpus.source and corpus.languages and (corpus.splits or corpus.hub)
    assert len(corpus.languages) == 2 if corpus.kind == "aligned" else len(corpus.languages) == 1
    assert set(corpus.languages) <= {"en", "fi", "hu"} or (name.startswith("xtreme/") and not corpus.splits)  # XTREME's other languages: on the Hub
    assert corpus.citation or corpus.origin == "synthetic"
    for split, files in corpus.splits.items():
        licensed = {""} if name == "en/ccg" else set()  # whose sums its holder seals
        assert all(found in licensed or (len(found) == 64 and not set(found) - set("0123456789abcdef")) for found in files.sha256), split
        assert not files.refused or "refused" in corpus.note, "a declared refusal says why in `note`"
    if corpus.translation_of:
        assert corpora.load(corpus.translation_of).kind == corpus.kind and corpus.origin.endswith("translated")
    if corpus.licence.startswith("none") or "Local use only" in corpus.note:
        assert corpus.publishable == "no"
    if any(mark in corpus.licence for mark in ("-NC", "non-commercial")):
        assert corpus.publishable != "yes"


def test_what_leaks_into_a_target_warns_of_it() -> None:
    for name in ("fi/tdt_docs", "fi/turku_ner"):
        assert "UD_Finnish-TDT" in corpora.load(name).note and "CAUTION" in corpora.load(name).note


def test_origins_are_honest() -> None:
    for name in ("hu/husst", "hu/hurte", "hu/hucopa", "hu/huwnli"):
        assert corpora.load(name).origin == "human-translated"
    for name in ("fi/snli_deepl", "fi/mnli_deepl", "fi/squad_v2_deepl", "en/squad_v2_backtranslated"):
        assert corpora.load(name).origin == "machine-translated"
    assert {corpora.load(name).origin for name in NAMES if name.startswith("mini/")} == {"synthetic"}
    assert set(corpora.load("xtreme/udpos-fi").labels) == UPOS


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("mini/")])
def test_bundled_corpora_read_whole_without_a_collection(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    corpus = corpora.load(name)
    shape = {"pair": Pair, "span": Span, "tags": Tags, "documents": Document, "aligned": Aligned}[corpus.kind]
    for split, files in corpus.splits.items():
        items = read(corpus, split)
        assert len(items) == files.rows and all(isinstance(item, shape) for item in items)
        assert len({item.id for item in items}) == len(items)


def test_tatoeba_keeps_the_foreign_side_as_source() -> None:
    first = read(corpora.load("mini/tatoeba-fi"), "test", limit=1)[0]
    assert isinstance(first, Aligned)
    assert first.source == (ROOT / "mini/targets/tatoeba/fi-en.fi.txt").read_text("utf-8").split("\n")[0]


def test_a_missing_file_names_file_corpus_and_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    with pytest.raises(ConfigError) as err:
        read(corpora.load("hu/eltec"), "docs")
    for part in ("'hu/eltec'", "native/hu/eltec/docs.jsonl.gz", str(tmp_path), "COST-ELTeC/ELTeC-hun@5977c034", "CORPORA_DIR"):
        assert part in str(err.value)


def test_a_changed_file_is_told_with_both_sums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    made = declare(tmp_path, "jsonl", {"a.jsonl": '{"id": "a", "premise": "A.", "hypothesis": "B.", "label": "yes"}\n'}, 1)
    assert len(read(made, "train")) == 1
    (tmp_path / "a.jsonl").write_text("other\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a\.jsonl has sha256 .* declared is .* fetch it again"):
        read(made, "train")
    with pytest.raises(ConfigError, match=r"has no split 'test'; it has train"):
        read(made, "test")


GOOD = {
    "title": "t", "languages": ["fi"], "kind": "pair", "origin": "native", "licence": "CC0-1.0", "publishable": "yes", "reader": "jsonl", "source": "s",
    "labels": ["a"], "splits": {"train": {"files": ["a"], "sha256": ["0" * 64], "rows": 1}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lisence": "CC0"}, r"unknown key 'lisence'; did you mean licence\?"),
        ({"title": 3}, "title must be a string, found 3"),
        ({"licence": " "}, "licence is empty"),
        ({"licence": None}, "licence must be a string"),
        ({"origin": "translated"}, "origin = 'translated'; allowed: 'native', 'human-translated'"),
        ({"labels": []}, "needs `labels`"),
        ({"splits": {}}, "nothing to read"),
        ({"splits": {"train": {"files": ["a"], "sha256": [], "rows": 1}}}, "1 files but 0 sha256 sums"),
        ({"splits": {"train": {"files": ["../a"], "sha256": ["0"], "rows": 1}}}, "must be relative and stay inside"),
        ({"splits": {"train": {"files": ["a"], "sha256": ["0"], "rows": 0}}}, "rows = 0"),
        ({"splits": {"train": {"files": ["a"], "sha256": ["0"], "rows": 2, "refused": 2}}}, "refused = 2; it must be at least 0 and below rows"),
    ],
)
def test_a_wrong_declaration_says_what_to_write(change: dict[str, object], said: str) -> None:
    assert build(Corpus, GOOD, "x.toml").title == "t"
    with pytest.raises(ConfigError, match=said):
        build(Corpus, {**GOOD, **change}, "x.toml")


def test_a_missing_licence_is_told() -> None:
    with pytest.raises(ConfigError, match=r"x\.toml: key 'licence' is missing"):
        build(Corpus, {key: value for key, value in GOOD.items() if key != "licence"}, "x.toml")


def test_an_unpinned_or_loosely_pinned_home() -> None:
    assert named({**GOOD, "splits": {}, "hub": {"id": "a/b", "revision": "", "splits": {"train": "train"}}}).hub is not None
    for revision in ("main", "refs/convert/parquet", "abc123", "G" * 40):
        with pytest.raises(ValueError, match="a branch or tag can change: write a commit"):
            Hub(id="a/b", revision=revision, splits={"train": "train"})
    with pytest.raises(ValueError, match="names split 'dev', which `splits` does not have"):
        Hub(id="a/b", revision="", splits={"train": "train"}, rows={"dev": 3})

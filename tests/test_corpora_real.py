"""The declarations against the real collection (CORPORA_DIR): every split is read and counted, figures of the papers hold."""

from __future__ import annotations

import re

import pytest

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.readers import read, read_records, stream_documents
from corpora.records import Aligned, Tags

pytestmark = pytest.mark.corpora
SPLITS = [(name, split) for name in sorted(corpora.declared()) for split in corpora.load(name).splits]


@pytest.mark.parametrize(("name", "split"), SPLITS)
def test_every_split_reads_with_its_declared_counts(name: str, split: str) -> None:
    corpus = corpora.load(name)
    try:
        if corpora.locate(corpus, split) is None:
            pytest.skip("only the Hub has it")
    except ConfigError as err:
        if "neither in" in str(err):
            pytest.skip(str(err)[:120])
        raise
    refused: list[str] = []
    items = read(corpus, split, refused=refused)
    files = corpus.splits[split]
    assert len(refused) == files.refused and len({item.id for item in items}) == len(items)
    if not corpus.keep:
        assert len(items) + len(refused) == files.rows


@pytest.mark.parametrize(
    ("name", "split", "count"),
    [
        ("xtreme/udpos-fi", "dev", 3_239), ("xtreme/udpos-fi", "test", 4_422), ("xtreme/udpos-hu", "dev", 441), ("xtreme/udpos-hu", "test", 449),
        ("xtreme/udpos-en", "train", 21_253), ("xtreme/panx-fi", "test", 10_000), ("xtreme/panx-hu", "test", 10_000), ("xtreme/tydiqa-en", "train", 3_696),
        ("xtreme/tydiqa-fi", "test", 782), ("xtreme/tatoeba-fi", "test", 1_000), ("xtreme/tatoeba-hu", "test", 1_000),
    ],
)  # fmt: skip
def test_xtremes_sizes(name: str, split: str, count: int) -> None:
    assert len(read(corpora.load(name), split)) == count


@pytest.mark.parametrize(
    ("xtreme", "split", "treebanks"),
    [
        ("xtreme/udpos-fi", "dev", ["ud/fi_ftb", "ud/fi_tdt"]), ("xtreme/udpos-fi", "test", ["ud/fi_ftb", "ud/fi_pud", "ud/fi_tdt"]),
        ("xtreme/udpos-hu", "train", ["ud/hu_szeged"]), ("xtreme/udpos-hu", "dev", ["ud/hu_szeged"]), ("xtreme/udpos-hu", "test", ["ud/hu_szeged"]),
    ],
)  # fmt: skip
def test_our_conllu_reader_gives_xtremes_own_sentences(xtreme: str, split: str, treebanks: list[str]) -> None:
    def sentences(name: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        return [(r.tokens, r.tags) for r in read_records(corpora.load(name), split) if isinstance(r, Tags)]

    assert sentences(xtreme) == [sentence for name in treebanks for sentence in sentences(name)]


def test_tatoeba_sides() -> None:
    first = read(corpora.load("xtreme/tatoeba-fi"), "test", limit=1)[0]
    assert isinstance(first, Aligned) and (first.source, first.target) == ("Sinä osaat puhua ranskaa, etkö osaakin?", "You can speak French, can't you?")


def test_hungarian_acts_are_those_that_were_written_in_hungarian() -> None:
    broken: list[str] = []
    acts = list(stream_documents(corpora.load("hu/laws1999"), "docs", broken))
    assert len(acts) == 64 and not broken and {d.origin for d in acts} == {"native"}
    for act in acts:  # an act that promulgates a treaty holds its official translation, often beside the original
        assert not re.search(r"kihirdetéséről|megerősítéséről", act.title), act.title
        assert "magyar nyelvű fordítása" not in " ".join(act.paragraphs), act.title

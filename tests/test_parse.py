"""build_data/parse.py: packs and their mistakes, the cache, and the bundled packs on a few sentences."""

from __future__ import annotations

import pickle
import sqlite3
import sys
from pathlib import Path

import pytest

from build_data.parse import Parse, Sentence, StanzaParser, Word, load_parser, pack_parse, read_feats, unpack_parse
from build_data.parse_cache import Cache
from corpora.config import ConfigError
from corpora.study import Parsing

PACKS = Parsing(packs={"fi": "mini/models/stanza/fi", "hu": "mini/models/stanza/hu"}, batch=3)
FI = "Kissa ei nuku sohvalla. Ostin eilen uuden auton, koska vanha meni rikki."
HU = "A macska nem alszik a kanapén. Tegnap vettem egy új autót."


@pytest.fixture(scope="module")
def finnish(tmp_path_factory: pytest.TempPathFactory) -> StanzaParser:
    return load_parser(PACKS, "fi", tmp_path_factory.mktemp("parse") / "parses.sqlite")


def test_a_text_is_cut_tagged_and_its_offsets_are_code_points(finnish: StanzaParser) -> None:
    text = "Ääni kuului. " + FI  # two-byte letters before
    [parse] = finnish.parse([text], trees=False)
    assert parse is not None and len(parse.sentences) == 3 and not parse.trees
    assert all(text[w.start : w.end] == w.text for s in parse.sentences for w in s.words)
    cat = parse.sentences[1].words[0]
    assert (cat.text, cat.upos, cat.head, cat.deprel) == ("Kissa", "NOUN", 0, "")
    assert any(w.feats.get("VerbForm") == "Fin" for w in parse.sentences[1].words)


def test_trees_only_when_asked_for(finnish: StanzaParser) -> None:
    [parse] = finnish.parse([FI], trees=True)
    assert parse is not None and parse.trees
    assert [sum(w.head == 0 for w in s.words) for s in parse.sentences] == [1] * len(parse.sentences)


def test_known_borders_stay(finnish: StanzaParser) -> None:
    [parse] = finnish.parse([FI], trees=False, split=False)
    assert parse is not None and len(parse.sentences) == 1 and parse.sentences[0].words[-1].text == "."


def test_odd_texts_cost_no_other_text(finnish: StanzaParser) -> None:
    """White space has no sentences, an endless text gives None, repeats are parsed once, order is kept."""
    found = finnish.parse(["Kissa nukkuu.", "", "a " * 15_000, "   ", "Kissa nukkuu."], trees=False)
    assert [None if p is None else len(p.sentences) for p in found] == [1, 0, None, 0, 1]
    assert found[0] == found[4]


def test_a_failing_batch_is_done_one_by_one(finnish: StanzaParser, monkeypatch: pytest.MonkeyPatch) -> None:
    real = StanzaParser._batch

    def failing(self: StanzaParser, texts: list[str], trees: bool, split: bool) -> list[Parse | None]:
        if any("paha" in text for text in texts):
            raise RuntimeError("boom")
        return real(self, texts, trees, split)

    monkeypatch.setattr(StanzaParser, "_batch", failing)
    found = finnish.parse(["Koira juoksi metsään.", "paha", "Lintu lauloi puussa."], trees=False)
    assert [p is None for p in found] == [False, True, False]


def test_what_is_known_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_parser(PACKS, "hu", tmp_path / "p.sqlite")
    [parse] = first.parse([HU], trees=False)
    again = load_parser(PACKS, "hu", tmp_path / "p.sqlite")
    monkeypatch.setattr(StanzaParser, "_run", lambda *a: pytest.fail("parsed again"))
    assert again.parse([HU], trees=False) == [parse]
    assert again.fingerprint == first.fingerprint != load_parser(PACKS, "fi", tmp_path / "p.sqlite").fingerprint


@pytest.mark.parametrize(
    ("pack", "message"),
    [
        ("mini/models/nowhere", "no such folder"),
        ("mini/models", "lacks tokenize.pt"),
        ("no_such_package", "stanza.download('fi', package='no_such_package')"),
    ],
)
def test_a_missing_pack_says_what_to_do(pack: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    common = pytest.importorskip("stanza.resources.common")
    monkeypatch.setattr(common, "DEFAULT_MODEL_DIR", str(tmp_path))
    with pytest.raises(ConfigError, match=r"parsing\.packs\.fi") as err:
        load_parser(Parsing(packs={"fi": pack}), "fi", tmp_path / "p.sqlite")
    assert message in str(err.value)


def test_a_language_without_a_pack(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no pack for 'hu'; it has fi"):
        load_parser(Parsing(packs={"fi": "x"}), "hu", tmp_path / "p.sqlite")


def test_a_broken_pack_and_a_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tokenize.pt", "pos.pt", "depparse.pt"):
        (tmp_path / name).write_bytes(b"no network")
    parser = load_parser(Parsing(packs={"fi": str(tmp_path)}), "fi", tmp_path / "p.sqlite")
    with pytest.raises(ConfigError, match="does not load"):
        parser.parse(["Kissa."], trees=False)
    monkeypatch.setitem(sys.modules, "stanza", None)
    with pytest.raises(ConfigError, match=r"pip install -e '.\[build\]'"):
        parser.parse(["Kissa."], trees=False)


def test_a_parse_survives_packing() -> None:
    text = "Ettei se tule."
    words = (
        Word("että", "SCONJ", {}, 3, "mark", 0, 5),  # a multi-word token: its words share the offsets and have texts of their own
        Word("ei", "AUX", {"Polarity": "Neg", "Person": "3"}, 3, "aux", 0, 5),
        Word("se", "PRON", {"Case": "Nom"}, 0, "root", 6, 8),
    )
    parse = Parse((Sentence(words, 0, 8),), True)
    assert unpack_parse(text, pack_parse(text, parse)) == parse
    assert unpack_parse(text, pack_parse(text, None)) is None
    assert read_feats("Case=Ine|Number=Sing") == {"Case": "Ine", "Number": "Sing"} and read_feats("_") == {}


def test_the_cache_keeps_the_first_value_and_says_when_it_is_broken(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "c.sqlite")
    cache.put({b"a" * 16: "yksi"})
    cache.put({b"a" * 16: "kaksi", b"b" * 16: "ää"})
    assert pickle.loads(pickle.dumps(cache)).get([b"a" * 16, b"b" * 16, b"c" * 16]) == {b"a" * 16: "yksi", b"b" * 16: "ää"}
    assert sqlite3.connect(tmp_path / "c.sqlite").execute("PRAGMA journal_mode").fetchone() == ("wal",)
    (tmp_path / "broken.sqlite").write_bytes(b"this is no database, only some text that is long enough")
    with pytest.raises(ConfigError, match="delete the file"):
        Cache(tmp_path / "broken.sqlite").get([b"a" * 16])

"""build_data/parse*.py: packs and their mistakes, the cache, company, crashes, and the bundled packs on a few sentences."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from parse_workers import Shouting

from build_data import parse as module
from build_data import parse_pool, parse_ties
from build_data.parse import Entity, Parse, Sentence, StanzaParser, Word, cut, load_parser, parse_lines, read_feats
from build_data.parse_cache import Cache
from build_data.parse_pool import Isolated, Pool
from build_data.parse_types import ALL_LAYERS, LAYERS, pack_parse, pack_refusal, unpack_parse
from corpora.config import ConfigError
from corpora.corpus import ROOT
from corpora.study import Parsing

PACKS = Parsing(packs={"fi": "mini/models/stanza/fi", "hu": "mini/models/stanza/hu"}, batch=3)
FI = "Kissa ei nuku sohvalla. Ostin eilen uuden auton, koska vanha meni rikki."
HU = "A macska nem alszik a kanapén. Tegnap vettem egy új autót."
PLACES = ("metsässä", "kaupungissa", "järvellä", "koulun pihalla", "vanhassa talossa")
MANY = [f"{who} {did} {where}{end}" for who in ("Lapsi", "Kaksi koiraa", "Naapurin mies", "Hän") for did in ("juoksi", "ei nukkunut", "osti maitoa")
        for where in PLACES for end in (".", "?", ", koska satoi.")]  # fmt: skip


def parser(tmp_path: Path, settings: Parsing = PACKS, language: str = "fi", name: str = "p") -> StanzaParser:
    return load_parser(settings, language, tmp_path / f"{name}.sqlite")


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
    """Stanza cuts at a blank line whatever it is told, so that is hidden from it; offsets stay."""
    text = FI.replace(" Ostin", "\n\nOstin")
    for given_text in (FI, text):
        [parse] = finnish.parse([given_text], trees=False, split=False)
        assert parse is not None and len(parse.sentences) == 1 and parse.sentences[0].words[-1].text == "."
        assert all(given_text[w.start : w.end] == w.text for w in parse.sentences[0].words)


def test_lines_are_sentences_whatever_the_pack_thinks(finnish: StanzaParser) -> None:
    text = "Kissa nukkuu. Koira ei\n\nnuku tänään\nYöllä satoi."
    [parse, none] = parse_lines(finnish, [text, "Kissa nukkuu.\n" + "a " * 15_000], trees=True)
    assert none is None and parse is not None and parse.trees
    assert [text[s.start : s.end] for s in parse.sentences] == ["Kissa nukkuu. Koira ei", "nuku tänään", "Yöllä satoi."]
    assert all(text[w.start : w.end] == w.text for s in parse.sentences for w in s.words)


def test_odd_texts_cost_no_other_text_and_say_why(finnish: StanzaParser) -> None:
    """White space has no sentences, an endless text gives None, repeats are parsed once, order is kept."""
    table = " ".join(["sana"] * 500)
    url = "https://example.org/" + "polku/" * 300
    for _ in range(2):  # fresh, then from the cache
        found = finnish.parse(["Kissa nukkuu.", "", "a " * 15_000, "   ", "\x97", table, f"Katso {url} nyt.", "Kissa nukkuu."], trees=False)
        assert [None if p is None else len(p.sentences) for p in found] == [1, 0, None, 0, 0, None, 1, 1]
        assert found[0] == found[7]
        assert finnish.refusal("a " * 15_000) == "too_long=30000" and finnish.refusal(table) == "long_sentence=500" and finnish.refusal("") == ""


def test_a_text_that_crashes_is_isolated_and_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module._Networks.run

    def failing(self: object, texts: Sequence[str], layers: int, split: bool) -> list[str]:
        if any("paha" in text for text in texts):
            raise RuntimeError("boom")
        return real(self, texts, layers, split)

    texts = ["Koira juoksi metsään.", "paha", "Lintu lauloi puussa."]
    with monkeypatch.context() as patch:
        patch.setattr(module._Networks, "run", failing)
        first = parser(tmp_path)
        assert [p is None for p in first.parse(texts, trees=False)] == [False, True, False]
        assert first.refusal("paha") == "crash=RuntimeError"
    again = parser(tmp_path)
    assert None not in again.parse(texts, trees=False) and again.refusal("paha") == ""


def test_what_is_known_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = parser(tmp_path, language="hu")
    [tags], [trees] = first.parse([HU], trees=False), first.parse([HU], trees=True)
    again = parser(tmp_path, language="hu")
    monkeypatch.setattr(module._Networks, "run", lambda *a: pytest.fail("parsed again"))
    assert again.parse([HU], trees=True) == [trees]
    assert again.parse([HU], trees=False) == [tags]  # the parse with trees serves, and looks as if it had none
    assert tags is not None and trees is not None and not tags.trees and trees.trees
    assert again.fingerprint == first.fingerprint != parser(tmp_path).fingerprint


def test_only_what_is_asked_for_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    real = module._load
    monkeypatch.setattr(module, "_load", lambda pack, name: loaded.append(name) or real(pack, name))
    fresh = parser(tmp_path)
    fresh.parse(["Kissa nukkuu."], trees=False)
    assert loaded == ["tokenize", "pos"]
    fresh.parse(["Kissa nukkuu."], trees=True)
    assert loaded == ["tokenize", "pos", "lemma", "depparse"]
    with pytest.raises(ConfigError, match=r"has no lemma model, and lemmas were asked for; add lemma\.pt"):
        fresh.parse(["Kissa nukkuu."], trees=False, lemmas=True)


# --- company -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trees", [False, True])
def test_a_parse_does_not_depend_on_its_company(trees: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, a few at a time, alone, and with every decision taken for a near-tie: the same parses."""
    texts = MANY[::5] if trees else MANY[::3]
    ways = [(200, parse_ties.TIE), (7, parse_ties.TIE), (1, parse_ties.TIE), (200, float("inf"))]
    found = []
    for number, (batch, tie) in enumerate(ways):
        monkeypatch.setattr(parse_ties, "TIE", tie)
        found.append(parser(tmp_path, Parsing(packs=PACKS.packs, batch=batch), name=str(number)).parse(texts, trees=trees))
    assert None not in found[0] and all(other == found[0] for other in found[1:])


def test_near_ties_are_named() -> None:
    """Two words a sentence and one; the second sentence's word and the first sentence's second word come as rows 1 and 2."""
    logits = torch.tensor([[9.0, 1.0], [5.0, 5.0 - 1e-5], [9.0, 1.0]])
    model = torch.nn.Module()
    model.upos_clf, model.tag_clf = torch.nn.Identity(), torch.nn.ModuleDict({"feats": torch.nn.ModuleList([torch.nn.Identity()])})
    model.forward = lambda *inputs: (model.upos_clf(inputs[0]), model.tag_clf["feats"][0](logits.new_ones(3, 1)))
    found = parse_ties.watch_tagger(model)
    model(logits, *[None] * 6, [2, 1], None, [["yksi", "kaksi"], ["kolme"]])
    assert found == {("kolme",)}
    tokenizer = torch.nn.Module()
    tokenizer.forward = lambda scores, *_: scores
    parts = parse_ties.watch_tokenizer(tokenizer)
    tokenizer(torch.tensor([[[0.0, -9.0], [-0.7, -0.7]], [[0.0, -9.0], [-0.7, -0.7]]]), None, None, [["a", "b"], ["c", "<PAD>"]])
    assert parts == {"ab"}


@given(st.lists(st.text(max_size=40), unique=True, max_size=60), st.integers(1, 9))
def test_batches_hold_every_text_once(texts: list[str], size: int) -> None:
    batches = cut(texts, size)
    assert sorted(t for batch in batches for t in batch) == sorted(texts)
    assert all(1 <= len(batch) <= size for batch in batches)
    lengths = [len(t) for batch in batches for t in batch]
    assert lengths == sorted(lengths)


def test_a_batch_of_long_texts_is_small() -> None:
    assert [len(batch) for batch in cut([str(i) + "x" * 60_000 for i in range(7)], 500)] == [3, 3, 1]


# --- processes -----------------------------------------------------------------------------------------------------------


def test_one_process_or_several_give_the_same_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [["a", "b", "paha"], ["c"], ["d", "e"], ["f"], ["g"], ["h"]]
    one = list(Pool(Shouting).run(batches, 0, True))
    monkeypatch.setattr(parse_pool, "POOL_FROM", 3)
    several = Pool(Shouting, threads=2)
    assert list(several.run(batches, 0, True)) == one
    assert one[0] == (["a", "b", "paha"], ["A", "B", Isolated("crash=ValueError")])
    found = list(several.run([["x", "kuolema", "y"], ["z"]], 0, True))
    assert [text for batch, _ in found for text in batch] == ["x", "kuolema", "y", "z"]
    assert [r for _, results in found for r in results] == ["X", Isolated("crash=BrokenProcessPool"), "Y", "Z"]
    several.close()


# --- packs and their mistakes ----------------------------------------------------------------------------------------------


def stanza_home(folder: Path, language: str = "fi") -> Path:
    """Lay a bundled pack out as Stanza's own download folder."""
    models = {"tokenize": "own", "pos": "own_charlm", "depparse": "own_charlm"}
    for processor, model in models.items():
        (folder / language / processor).mkdir(parents=True)
        shutil.copy(ROOT / f"mini/models/stanza/{language}/{processor}.pt", folder / language / processor / f"{model}.pt")
    packages = {"default": models | {"optional": {}}, "partial": {"tokenize": "own"}}
    registry = {language: {"lang_name": "Own", "packages": packages, **{p: {m: {"md5": "0"}} for p, m in models.items()}}, "xx": {"alias": language}}
    (folder / "resources.json").write_text(json.dumps(registry), "utf-8")
    return folder


def test_stanzas_own_folder_works_by_path_and_by_package_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finnish: StanzaParser) -> None:
    home = stanza_home(tmp_path / "home")
    by_path = parser(tmp_path, Parsing(packs={"fi": str(home)}), name="a")
    assert by_path.parse([FI], trees=True) == finnish.parse([FI], trees=True) and by_path.layers == {"trees"}
    monkeypatch.setattr(pytest.importorskip("stanza.resources.common"), "DEFAULT_MODEL_DIR", str(home))
    assert {parser(tmp_path, Parsing(packs={"fi": name}), name="b").fingerprint for name in ("fi", "default")} == {by_path.fingerprint}
    with pytest.raises(ConfigError, match=r"package 'partial' of 'fi' has no pos, depparse; packages in .*default, partial"):
        parser(tmp_path, Parsing(packs={"fi": "partial"}))
    (home / "fi/pos/own_charlm.pt").unlink()
    with pytest.raises(ConfigError, match=r"lacks pos/own_charlm\.pt; nothing is downloaded unasked, so run: python -c .*stanza\.download"):
        parser(tmp_path, Parsing(packs={"fi": "fi"}))
    with pytest.raises(ConfigError, match="knows no language 'hu'"):
        parser(tmp_path, Parsing(packs={"hu": str(home)}), "hu")
    (home / "resources.json").write_text("[1]", "utf-8")
    with pytest.raises(ConfigError, match="is no registry of Stanza"):
        parser(tmp_path, Parsing(packs={"fi": str(home)}))


@pytest.mark.parametrize(
    ("pack", "message"),
    [
        ("mini/models/nowhere", "no such folder"),
        ("mini/models", r"lacks tokenize\.pt"),
        ("no_such_package", r"stanza\.download\('fi', package='no_such_package'"),
    ],
)
def test_a_missing_pack_says_what_to_do(pack: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest.importorskip("stanza.resources.common"), "DEFAULT_MODEL_DIR", str(tmp_path))
    with pytest.raises(ConfigError, match=rf"parsing\.packs\.fi.*{message}"):
        parser(tmp_path, Parsing(packs={"fi": pack}))


def test_a_language_without_a_pack(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no pack for 'hu'; it has fi"):
        parser(tmp_path, Parsing(packs={"fi": "x"}), "hu")


class Trap:
    """Would write a file if anybody unpickled it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("fault", ["truncated", "no network", "trap"])
def test_a_broken_pack_is_named_and_runs_no_code(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # not even where somebody asked for it
    shutil.copytree(ROOT / "mini/models/stanza/fi", tmp_path / "pack")
    file = tmp_path / "pack/pos.pt"
    if fault == "trap":
        torch.save({"model": Trap(tmp_path / "sprung")}, file)
    else:
        file.write_bytes(file.read_bytes()[: 100_000 if fault == "truncated" else 0] or b"no network")
    with pytest.raises(ConfigError, match=r"the fi pack .*: its pos model does not load"):
        parser(tmp_path, Parsing(packs={"fi": str(tmp_path / "pack")})).parse(["Kissa."], trees=False)
    assert not (tmp_path / "sprung").exists() and os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] == "1"


def test_a_missing_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stanza", None)
    monkeypatch.setitem(sys.modules, "stanza.models.common.doc", SimpleNamespace(Document=lambda *a, **k: None))
    with pytest.raises(ConfigError, match=r"pip install -e '.\[build\]'"):
        module._load(parser(tmp_path).pack, "pos")


# --- what is written down ---------------------------------------------------------------------------------------------------


def test_a_parse_survives_packing() -> None:
    text = "Ettei se tule."
    words = (
        Word("että", "SCONJ", {}, 3, "mark", 0, 5, "että"),  # a multi-word token: its words share the offsets and have texts of their own
        Word("ei", "AUX", {"Polarity": "Neg", "Person": "3"}, 3, "aux", 0, 5),
        Word("se", "PRON", {"Case": "Nom"}, 0, "root", 6, 8, "se"),
    )
    parse = Parse((Sentence(words, 0, 8),), True, True, (Entity(6, 8, "PER"),))
    packed = pack_parse(text, parse)
    assert unpack_parse(text, packed) == parse and parse.layers == ALL_LAYERS
    bare = unpack_parse(text, packed, 0)
    assert isinstance(bare, Parse) and (bare.trees, bare.lemmas, bare.entities) == (False, False, None)
    assert [(w.text, w.head, w.deprel, w.lemma) for w in bare.sentences[0].words] == [("että", 0, "", ""), ("ei", 0, "", ""), ("se", 0, "", "")]
    assert unpack_parse(text, pack_refusal("too_long=9")) == "too_long=9"
    assert read_feats("Case=Ine|Number=Sing") == {"Case": "Ine", "Number": "Sing"} and read_feats("_") == {}


def test_the_cache_keeps_the_richest_value_and_says_when_it_is_broken(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "c.sqlite")
    a, b, c = b"a" * 16, b"b" * 16, b"c" * 16
    trees, names = LAYERS["trees"], LAYERS["entities"]
    cache.put({a: (0, "yksi"), b: (trees, "puu")})
    cache.put({a: (0, "kaksi"), b: (0, "ää")})  # not richer: the first stays
    assert pickle.loads(pickle.dumps(cache)).get([a, b, c]) == {a: (0, "yksi"), b: (trees, "puu")}
    cache.put({a: (trees, "kolme"), b: (names, "nimi")})  # richer, and merely other
    assert cache.get([a, b]) == {a: (trees, "kolme"), b: (trees, "puu")}
    assert sqlite3.connect(tmp_path / "c.sqlite").execute("PRAGMA journal_mode").fetchone() == ("wal",)
    (tmp_path / "broken.sqlite").write_bytes(b"this is no database, only some text that is long enough")
    with pytest.raises(ConfigError, match="delete the file"):
        Cache(tmp_path / "broken.sqlite").get([a])

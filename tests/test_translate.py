"""The translator on a tiny random model: checks of the folder, dedupe, the ladder, conversion, memory."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from build_data import lazy, mt_align, mt_checks, mt_normal, translate
from build_data.memory import Memory
from build_data.mt_folder import open_folder
from build_data.mt_heads import copies
from build_data.mt_quality import quality
from build_data.translate import Translated, Translator, load_translator
from corpora.config import ConfigError
from corpora.records import Aligned
from corpora.study import Translation
from tests import tiny_mt


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("ctranslate2")
    return tiny_mt.transformers_folder(tmp_path_factory.mktemp("marian"))


@pytest.fixture(scope="session")
def model(marian: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_mt.ct2_folder(marian, tmp_path_factory.mktemp("ct2") / "fi")


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "model"))


def make(folder: Path, max_input: int = 200, beam: int = 1, threads: int = 1) -> Translator:
    return load_translator(Translation(models={"fi": str(folder)}, max_input=max_input, beam=beam, max_output=40), "fi", threads)


@pytest.mark.parametrize(("change", "words"), [
    (lambda p: shutil.rmtree(p), "does not exist"),
    (lambda p: (shutil.rmtree(p), p.write_text("x")), "is a file, not a folder"),
    (lambda p: (p / "model.bin").unlink(), "has no model.bin, so CTranslate2 cannot load it"),
    (lambda p: ((p / "model.bin").rename(p / "model.safetensors"), (p / "config.json").unlink()), "no model.bin and no config.json.*a Transformers folder"),
    (lambda p: (p / "target.spm").unlink(), "has no target.spm .*--copy_files source.spm target.spm"),
    (lambda p: (p / "model.json").write_text('{"source": "en", "target": "hu"}'), "target language is 'hu', but the study uses it for en -> fi"),
    (lambda p: (p / "model.json").write_text("[1]"), "expected a JSON object"),
    (lambda p: (p / "fihu.json").write_text('{"first": "x"}'), "unknown key 'first'.*source_first"),
    (lambda p: (p / "shared_vocabulary.json").write_text('[">>est<<", "a"]'), "without a token >>fin<<"),
])  # fmt: skip
def test_a_folder_that_is_no_model_says_what_to_do(copy: Path, change: Callable[[Path], object], words: str) -> None:
    change(copy)
    with pytest.raises(ConfigError, match=words):
        make(copy)


def test_broken_files_are_told_when_they_are_loaded(copy: Path) -> None:
    (copy / "model.bin").write_bytes(b"no model")
    with pytest.raises(ConfigError, match="cannot load this model"):
        make(copy).translate(["The old lamp."])
    (copy / "source.spm").write_bytes(b"no pieces")
    with pytest.raises(ConfigError, match="not a SentencePiece model"):
        make(copy).translate(["The old lamp."])


def test_a_language_without_model_is_told() -> None:
    with pytest.raises(ConfigError, match=r"has no 'hu' \(it has: fi\); write for example: translation.models.hu"):
        load_translator(Translation(models={"fi": "x"}), "hu", 1)


@pytest.mark.parametrize(("config", "vocabulary", "expected"), [
    ({}, ["a"], ("", "</s>", "")),
    ({"add_source_eos": True}, ["a"], ("", "", "")),
    ({}, [">>fin<<", ">>est<<"], (">>fin<<", "</s>", "")),
    ({}, ["fin_Latn", "eng_Latn"], ("eng_Latn", "</s>", "fin_Latn")),
    ({}, ["__fi__", "__en__"], ("__en__", "</s>", "__fi__")),
])  # fmt: skip
def test_special_tokens_are_detected(copy: Path, config: dict[str, bool], vocabulary: list[str], expected: tuple[str, str, str]) -> None:
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "shared_vocabulary.json").write_text(json.dumps(vocabulary))
    tokens = open_folder(copy, "fi").tokens
    assert (tokens.source_first, tokens.source_last, tokens.target_first) == expected


def test_the_fingerprint_follows_model_and_settings(model: Path, copy: Path) -> None:
    assert make(model).fingerprint == make(copy, threads=2).fingerprint
    assert make(model).fingerprint != make(model, beam=2).fingerprint
    (copy / "target.spm").write_bytes(b"other")
    assert make(model).fingerprint != make(copy).fingerprint


def test_conversion_decodes_as_transformers_does(marian: Path, model: Path) -> None:
    """The start row is not zero here, so the plain converter would give other texts from the first piece on."""
    import sentencepiece
    import torch
    from transformers import MarianMTModel

    hf, pieces = MarianMTModel.from_pretrained(marian).eval(), sentencepiece.SentencePieceProcessor(model_file=str(marian / "source.spm"))
    same = 0
    for line in tiny_mt.LINES:
        ids = torch.tensor([[*pieces.encode(mt_normal.plain(line)), 0]])
        with torch.no_grad():
            first = int(hf(input_ids=ids, decoder_input_ids=torch.tensor([[hf.config.pad_token_id]])).logits[0, -1, :-1].argmax())
        result = make(model).engine.submit([pieces.encode(mt_normal.plain(line), out_type=str)], 1, 0, 5, 4096)[0].result()
        same += (result.hypotheses[0] or ["</s>"])[0] == pieces.id_to_piece(first)
    assert same >= len(tiny_mt.LINES) - 1  # int8 may turn one near-tie


def test_equal_sentences_are_decoded_once_and_order_is_kept(model: Path) -> None:
    translator = make(model)
    results = translator.translate(["Who took care of the lamp?"] * 3000 + ["It was built in 1879."])
    assert len(results) == 3001 and len(set(map(id, results[:3000]))) == 1
    assert translator.counts["decoded"] <= 2 * (1 + len(translate.RUNGS))  # each at most once a rung


@pytest.mark.parametrize("beam", [1, 4])
def test_output_does_not_depend_on_company_or_threads(model: Path, beam: int) -> None:
    lines = [*tiny_mt.LINES, "Who?", "The lamp and the bus and the island near the old lighthouse of Hanko stands."]
    together = make(model, beam=beam, threads=2).translate(lines)
    assert together == [make(model, beam=beam).translate([line])[0] for line in lines]


@pytest.mark.parametrize("text", ["😀😀 🎉", "1879", "12:30 – 14:00", "\x00\x07", "...", ""])
def test_texts_without_letters_pass_through(model: Path, text: str) -> None:
    translator = make(model)
    result = translator.translate([text])[0]
    assert (result.text, result.flags, translator.counts["decoded"]) == (" ".join(text.split()), (), 0)


@pytest.mark.parametrize("text", ["שלום עולם, מה שלומך?", "a\x00b\x1fc lamp", "\u202eTom\u202c left", "The\u00a0lamp … “is” ½ old", "é" * 30, "👩‍👩‍👧 and Tom"])
def test_odd_texts_come_back_as_clean_text(model: Path, text: str) -> None:
    result = make(model).translate([text])[0]
    assert result.text == translate.clean(result.text)


def test_what_cannot_be_split_is_flagged_not_cut(model: Path) -> None:
    translator = make(model, max_input=20)
    assert translator.translate(["ab" * 25_000])[0].flags == ("cut",)
    assert translator.counts["decoded"] == 0


class Scripted(Translator):
    """A translator whose decoder is a table: (text, beam, no repeated n-grams) -> sound; everything else loops."""

    sound: frozenset[tuple[str, int, int]] = frozenset()
    calls: list[tuple[int, int]]

    def _decode(self, texts: Iterable[str], beam: int, no_repeat: int) -> Iterator[tuple[str, Translated]]:
        found = list(texts)
        if found:
            self.calls.append((beam, no_repeat))
        return ((t, Translated(f"{t}@{beam}/{no_repeat}", -1.0, () if (t, beam, no_repeat) in self.sound else ("loop",))) for t in found)


def scripted(folder: Path, sound: set[tuple[str, int, int]], second: Translator | None = None) -> Scripted:
    translator = Scripted(open_folder(folder, "fi"), Translation(), 1, second)
    translator.sound, translator.calls = frozenset(sound), []
    return translator


def test_the_ladder_keeps_the_first_sound_result(model: Path) -> None:
    second = scripted(model, {("needs another", 1, 0)})
    translator = scripted(model, {("fine", 1, 0), ("beam helps", 4, 0), ("stutters", 4, 3), ("well,", 4, 3), ("then", 4, 3)}, second)
    lines = ["fine", "beam helps", "stutters", "well, then", "needs another", "hopeless"]
    results = translator.translate(lines)
    assert [(r.text, r.rung, r.flags) for r in results] == [
        ("fine@1/0", "", ()),
        ("beam helps@4/0", "beam", ()),
        ("stutters@4/3", "no_repeat", ()),
        ("well,@4/3 then@4/3", "clauses", ()),
        ("needs another@1/0", "second", ()),
        ("hopeless@1/0", "", ("loop",)),
    ]
    assert translator.calls == [(1, 0), (4, 0), (4, 3), (4, 3)]  # the last one decodes the clauses
    assert dict(translator.counts) == {"mended_beam": 1, "mended_no_repeat": 1, "mended_clauses": 1, "mended_second": 1, "degenerate": 1}


def test_the_ladder_climbs_in_parts_when_much_is_degenerate(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translate, "MENDED", 10)
    translator = scripted(model, {(f"line {n}", 4, 0) for n in range(0, 95, 2)})
    results = translator.translate([f"line {n}" for n in range(95)])
    assert [bool(r.flags) for r in results] == [n % 2 == 1 for n in range(95)]
    assert sum(translator.counts.values()) == 95


def test_a_model_of_many_languages_may_not_slip_into_another(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swedish = "Den gamla fyren står på en liten ö nära Hangö och lyser varje natt."
    assert mt_checks.strayed(swedish, "fi") == ("language",)
    assert mt_checks.strayed("Vanha majakka seisoo pienellä saarella lähellä Hankoa.", "fi") == ()
    assert mt_checks.strayed("Mount Everest", "fi") == ()  # too short to say
    asked: list[str] = []
    monkeypatch.setattr(mt_checks, "strayed", lambda text, language: asked.append(language) or ())
    one = make(model)
    one.translate(list(tiny_mt.LINES))
    assert not asked and not one._many  # a model of one language writes no other


@pytest.mark.parametrize(("source", "text", "cut", "expected"), [
    ("The lamp is old.", "Lamppu on vanha.", False, ()),
    ("The lamp is old.", " . ", False, ("empty",)),
    ("The lamp is old.", "Lamppu lamppu lamppu", False, ("loop",)),
    ("The lamp is old.", "sillä että sillä että sillä että", False, ("loop",)),
    ("The lamp is old.", "a törölölölölölöld", False, ("loop",)),
    ("Ha ha ha ha!", "Ha ha ha ha!", False, ()),
    ("The lamp is old and broken.", "The lamp is old and broken.", False, ("copied",)),
    ("Mount Everest", "Mount Everest", False, ()),
    ("radio", "radio", False, ()),
    ("The lamp is old.", "Lamppu on", True, ("cut",)),
    ("Very, very old.", "Hyvin, hyvin vanha.", False, ()),
])  # fmt: skip
def test_faults(source: str, text: str, cut: bool, expected: tuple[str, ...]) -> None:
    assert mt_checks.faults(source, text, cut) == expected


def test_links_follow_words_not_pieces() -> None:
    attention = [[0.9, 0.05, 0.05], [0.1, 0.1, 0.8], [0.0, 0.5, 0.5]]
    found = mt_align.links("old lamp", "vanha lamppu", ["▁old", "▁la", "mp"], ["▁vanha", "▁", "lamppu"], attention)
    assert found == ((0, 0, 0.9), (1, 0, 0.1), (1, 1, 0.95))


def test_words_are_mapped_back_to_the_original() -> None:
    old = ["He", "said", "«", "yes", "»", "–", "twice"]
    new = mt_normal.plain("He said « yes » – twice").split()
    places = mt_normal.word_map(old, new)
    assert [old[i] for i, word in zip(places, new, strict=True) if word in ("He", "said", "twice")] == ["He", "said", "twice"]
    assert mt_normal.word_map([], ["a"]) == [-1]


def test_links_are_the_same_in_any_company(model: Path) -> None:
    translator = make(model)
    pairs = [(line, result.text) for line, result in zip(tiny_mt.LINES, translator.translate(list(tiny_mt.LINES)), strict=True)]
    together = translator.align(pairs)
    assert together == [translator.align([pair])[0] for pair in pairs]
    assert any(together)
    for (source, target), found in zip(pairs, together, strict=True):
        assert all(s < len(source.split()) and t < len(target.split()) and 0 < w <= 1 for s, t, w in found)
    assert translator.align([("", "x"), ("The lamp.", ""), ("word " * 500, "sana")]) == [(), (), ()]


def test_scores_tell_a_translation_from_another(model: Path) -> None:
    translator = make(model)
    own = translator.translate([tiny_mt.LINES[0]])[0].text
    right, wrong = translator.score([(tiny_mt.LINES[0], own), (tiny_mt.LINES[0], tiny_mt.LINES[7])])
    assert wrong < right < 0
    assert translator.score([("", "x")]) == [float("-inf")]


def test_plain_is_the_same_with_and_without_the_short_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        *tiny_mt.LINES,
        "a  b :c",
        "5 %",
        "it''s",
        "x ; y",
        "Ääkkönen, árvíztűrő",
        "“No,” he said – twice…",
        "10\u00a0000 km²",
        "a\x00b\u200bc",
        "e\u0301t\u00e9",
    ]
    quick = [mt_normal.plain(text) for text in texts]
    monkeypatch.setattr(mt_normal, "TOUCHED", re.compile(""))
    assert quick == [mt_normal.plain(text) for text in texts]
    assert quick[-3:] == ["10 000 km²", "a b c", "été"]


def test_memory_decodes_nothing_twice(model: Path, tmp_path: Path) -> None:
    lines = list(tiny_mt.LINES)
    with Memory(tmp_path / "mt.sqlite") as memory:
        first = memory.translate(make(model), lines)
        assert memory.counts == {"asked": 9, "found": 0, "decoded": 9}
    translator = make(model)
    with Memory(tmp_path / "mt.sqlite") as memory:
        assert memory.translate(translator, lines) == first
        assert (memory.counts["decoded"], translator.counts["decoded"]) == (0, 0)
        memory.translate(make(model, beam=2), lines[:1])
        assert memory.counts["decoded"] == 1  # other settings, other key


def test_a_write_that_was_killed_leaves_a_sound_memory(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "mt.sqlite"
    with Memory(path) as memory:
        memory.translate(make(model), ["Who took care of the lamp?"])
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM done")
        other.close()  # as a killed process would: nothing was committed
    with Memory(path) as memory:
        memory.translate(make(model), ["Who took care of the lamp?"])
        assert memory.counts["found"] == 1


def test_a_file_that_is_no_memory_is_told(tmp_path: Path) -> None:
    (tmp_path / "mt.sqlite").write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(ConfigError, match="not usable as translation memory"):
        Memory(tmp_path / "mt.sqlite")


def test_quality_is_a_plain_table(model: Path) -> None:
    rows = [Aligned(id=str(i), source=line, target=line, corpus="x/dev") for i, line in enumerate(tiny_mt.LINES)]
    found = quality(make(model), rows)
    assert found["rows"] == 9 and 0 <= found["chrF"] <= 100 and "nrefs:1" in found["chrF_signature"]
    with pytest.raises(ConfigError, match="no rows"):
        quality(make(model), [])


def test_a_missing_library_says_which_line_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(f"No module named {name!r}")))
    with pytest.raises(ConfigError, match=r"pip install -e '.\[build\]'"):
        lazy.need("ctranslate2", "build")


def test_copies_are_names_and_numbers_that_stand_once() -> None:
    assert copies("In Paris Tom met Anna in 1879 and Tom left", "Pariisissa Tom tapasi Annan 1879") == [(1, 0), (4, 3), (6, 4)]

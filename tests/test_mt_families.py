"""Every family of translation models: a tiny one is made, trained on its few sentences, saved, converted, tried and run. No network."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
import tiny_mt

from build_data import mt_canary, mt_convert, mt_families, mt_hardware, mt_hub, mt_vocabulary
from build_data.mt_folder import open_folder
from build_data.mt_model import Folder, Tokens
from corpora.base import default_cache
from corpora.config import ConfigError

FAMILIES = ["marian", "opus", "m2m100", "nllb", "madlad", "mbart50"]
TOKENS = {
    "marian": Tokens(source_last="</s>"),
    "opus": Tokens(source_first=">>fin<<", source_last="</s>"),
    "m2m100": Tokens(source_first="__en__", source_last="</s>", target_first="__fi__"),
    "nllb": Tokens(source_first="eng_Latn", source_last="</s>", target_first="fin_Latn"),
    "madlad": Tokens(source_first="▁ <2fi>", source_last="</s>"),
    "mbart50": Tokens(source_first="en_XX", source_last="</s>", target_first="fi_FI"),
}


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep conversions in a folder of this run; they are shared by the tests as a user's runs share them."""
    pytest.importorskip("ctranslate2")
    pytest.importorskip("transformers")
    place = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIHU_CACHE", str(place))
        yield place


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a family's trained Transformers folder, made at first use."""
    done: dict[str, Path] = {}

    def get(family: str) -> Path:
        if family not in done:
            place = tmp_path_factory.mktemp("models") / family
            made = tiny_mt.make(family, place)
            made.train()
            made.model.save_pretrained(place)
            done[family] = place
        return done[family]

    return get


@pytest.fixture
def copy(folders: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    return lambda family: Path(shutil.copytree(folders(family), tmp_path / family))


def written(model: Folder, compute: str = "float32") -> list[str]:
    """Return what a model writes for the sentences it was trained on."""
    pieces, back = (mt_vocabulary.pieces_of(path) for path in (model.source_pieces, model.target_pieces))
    sources = [model.tokens.framed(pieces.encode(a, out_type=str)) for _, a, _ in tiny_mt.pairs([model.language])]
    return [back.decode(tokens) for tokens, _ in mt_canary.outputs(model, sources, "cpu", compute)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_converted_tried_and_translates(family: str, folders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_folder(folders(family), "fi")
    assert model.tokens == TOKENS[family]
    record = model.card["canary"]["en-fi"]
    assert record["agreement"] >= 0.95 and (record["tried"], record["stopped"], record["looped"]) == (20, 20, 0)
    assert record["production"]["stopped"] == 20 and record["production"]["compute_type"] == mt_hardware.compute_type("auto", "cpu")
    assert model.card["family"] == ("marian" if family == "opus" else family) and model.card["licence"] == "not recorded"
    expected = [b for _, _, b in tiny_mt.pairs(["fi"])]
    assert sum(a == b for a, b in zip(written(model), expected, strict=True)) >= 19  # trained until sure, so it knows them by heart
    monkeypatch.setattr(mt_convert, "convert", lambda *_, **__: pytest.fail("converted twice"))
    assert open_folder(folders(family), "fi").fingerprint == model.fingerprint


@pytest.mark.parametrize("family", ["marian", "opus", "m2m100", "mbart50"])
def test_our_pieces_are_those_of_transformers_own_tokenizer(family: str, folders: Callable[[str], Path]) -> None:
    assert open_folder(folders(family), "fi").card["canary"]["en-fi"]["same_input"] == 1.0


def _tokenizer_json(folder: Path) -> None:
    """Write the tokenizer.json that NLLB has on the Hub: language codes after the pieces, <mask> last (one made by Transformers 5 has it first)."""
    from transformers import NllbTokenizer
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

    found = json.loads(NllbTokenizer.from_pretrained(folder)._tokenizer.to_str())["model"]
    NllbTokenizer(vocab=dict(found["vocab"]), merges=[tuple(pair) for pair in found["merges"]]).save_pretrained(folder)
    raw = json.loads((folder / "tokenizer.json").read_text())
    entries = {entry["content"]: entry for entry in raw["added_tokens"]}
    late = [{**entries[token], "id": len(found["vocab"]) + i} for i, token in enumerate([*FAIRSEQ_LANGUAGE_CODES, "<mask>"])]
    raw["added_tokens"] = [*(entries[token] for token in mt_vocabulary.FAIRSEQ), *late]
    (folder / "tokenizer.json").write_text(json.dumps(raw), encoding="utf-8")


def test_nllb_with_the_tokenizer_file_of_the_hub_is_cut_alike(copy: Callable[[str], Path]) -> None:
    folder = copy("nllb")
    family, rows = mt_convert.inspect(folder), json.loads((folder / "config.json").read_text())["vocab_size"]
    without = mt_vocabulary.tokens(folder, family, rows)
    _tokenizer_json(folder)
    assert mt_vocabulary.tokens(folder, family, rows) == without
    assert open_folder(folder, "fi").card["canary"]["en-fi"]["same_input"] == 1.0


def test_a_second_language_is_tried_too_and_another_one_is_refused(folders: Callable[[str], Path]) -> None:
    assert open_folder(folders("nllb"), "hu").tokens.target_first == "hun_Latn"
    card = open_folder(folders("nllb"), "fi").card
    assert set(card["canary"]) == {"en-fi", "en-hu"}
    assert written(open_folder(folders("nllb"), "hu"))[0] == tiny_mt.pairs(["hu"])[0][2]
    with pytest.raises(ConfigError, match=r"refused as a translation model en -> et|agrees with Transformers on"):
        open_folder(folders("nllb"), "et")  # it has the token, but never learnt the language
    assert "en-et" not in open_folder(folders("nllb"), "fi").card["canary"]
    with pytest.raises(ConfigError, match=r"without a token xyz_Latn or the like for 'xyz'; near: .*xho_Latn.*fihu.json"):
        open_folder(folders("nllb"), "xyz")
    with pytest.raises(ConfigError, match="the model names 'zh' in 2 ways: zho_Hans, zho_Hant"):
        open_folder(folders("nllb"), "zh")


def test_a_model_of_one_pair_is_used_for_that_pair_only(folders: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match="target language is 'fi', but the study uses it for en -> hu"):
        open_folder(folders("marian"), "hu")
    with pytest.raises(ConfigError, match="source language is 'en', but the study uses it for fi -> en"):
        open_folder(folders("marian"), "en", "fi")


@pytest.mark.parametrize("family", ["marian", "nllb"])
def test_an_untrained_model_is_refused_and_leaves_nothing(family: str, tmp_path: Path) -> None:
    folder = tmp_path / family
    made = tiny_mt.make(family, folder)
    made.model.save_pretrained(folder)
    before = sorted((default_cache() / "ct2").glob("*")) if (default_cache() / "ct2").is_dir() else []
    with pytest.raises(ConfigError, match=r"refused as a translation model en -> fi: of 20 test sentences \d+ do not stop, \d+ loop"):
        open_folder(folder, "fi")
    assert sorted((default_cache() / "ct2").iterdir()) == before


def test_scores_of_madlad_are_those_of_transformers(folders: Callable[[str], Path]) -> None:
    """CTranslate2's converter scales this model's outputs, which turns a sure -0.0 into a doubtful -2.7."""
    import ctranslate2
    import torch
    from transformers import T5ForConditionalGeneration

    model = open_folder(folders("madlad"), "fi")
    twin = T5ForConditionalGeneration.from_pretrained(folders("madlad")).eval()
    twin.config.scale_decoder_outputs = False  # saving and loading with Transformers 5 turns it on, see tiny_mt
    pieces = mt_vocabulary.pieces_of(model.source_pieces)
    source = model.tokens.framed(pieces.encode(tiny_mt.pairs(["fi"])[0][1], out_type=str))
    result = ctranslate2.Translator(str(model.path), compute_type="float32").score_batch([source], [["▁"]])[0]
    with torch.no_grad():
        logits = twin(input_ids=torch.tensor([[pieces.piece_to_id(t) for t in source]]), decoder_input_ids=torch.tensor([[0]])).logits[0, -1]
    assert result.log_probs[0] == pytest.approx(float(logits.log_softmax(-1)[pieces.piece_to_id("▁")]), abs=0.05)  # int8 weights


def test_the_start_row_is_folded_in_and_taken_out_again_and_a_zero_row_adds_nothing() -> None:
    import torch

    model = tiny_mt.marian({"</s>": 0, "<unk>": 1, "a": 2, "<pad>": 3})
    positions = model.model.decoder.embed_positions
    kept = positions.weight.detach().clone()
    for row in (0.0, 1.0):  # as OPUS-MT has it, and as training of tied embeddings leaves it
        with torch.no_grad():
            model.model.shared.weight[3] = row
        with mt_convert._folded(model):
            assert torch.allclose(positions.weight[0], kept[0] + row * 32**0.5) and torch.equal(positions.weight[1:], kept[1:])
        assert torch.equal(positions.weight, kept)


def _foreign_pieces(folder: Path) -> None:
    tiny_mt.pieces_file(folder / "sentencepiece.bpe.model", tiny_mt.LINES * 3, 90, model_type="bpe")


def _without_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.decoder.layers.0.encoder_attn.q_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


class Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (os.environ["EVIL"],)


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"model.shared.weight": Evil()}, protocol=2))


@pytest.mark.parametrize(("family", "change", "words"), [
    ("marian", lambda p: (p / "source.spm").unlink(), r"no source.spm; a marian folder has config.json, weights and source.spm, target.spm, vocab.json"),
    ("madlad", lambda p: (p / "spiece.model").unlink(), "no spiece.model"),
    ("marian", lambda p: (p / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}'), "BertModel.*no translation model"),
    ("marian", lambda p: (p / "config.json").write_text("{"), "not readable as JSON"),
    ("nllb", _foreign_pieces, r"rows of embeddings, but sentencepiece.bpe.model make \d+ tokens; these files are not of one model"),
    ("marian", lambda p: (p / "model.safetensors").write_bytes((p / "model.safetensors").read_bytes()[:5000]), "its weights cannot be read"),
    ("marian", _without_a_tensor, "its weights lack 1 tensors of a marian model .*q_proj"),
    ("marian", _pickled, "its weights cannot be read"),
    ("marian", lambda p: (p / "source.spm").write_bytes(b"no pieces"), "source.spm: not a SentencePiece model"),
    ("marian", lambda p: (p / "vocab.json").write_text('{"</s>": 0, "<unk>": 2}'), "must number its 2 tokens 0 to 1"),
])  # fmt: skip
def test_a_folder_that_cannot_be_converted_says_why(
    family: str, change: Callable[[Path], object], words: str, copy: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVIL", str(tmp_path / "evil"))
    folder = copy(family)
    change(folder)
    with pytest.raises(ConfigError, match=words):
        open_folder(folder, "fi")
    assert not (tmp_path / "evil").exists()


def test_weights_saved_by_torch_are_read_as_tensors_only(copy: Callable[[str], Path], folders: Callable[[str], Path]) -> None:
    import torch
    from safetensors.torch import load_file

    folder = copy("marian")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert written(open_folder(folder, "fi")) == written(open_folder(folders("marian"), "fi"))


def test_a_full_disk_leaves_nothing(folders: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(ConfigError, match=r"could not be written .No space left on device.*FIHU_CACHE"):
        mt_convert.convert(folders("marian"), tmp_path / "out", {}, pair=("en", "fi"))
    assert list(tmp_path.iterdir()) == []


def test_of_two_processes_the_first_to_finish_stays(folders: Callable[[str], Path], tmp_path: Path) -> None:
    mt_convert.convert(folders("marian"), tmp_path / "out", {"licence": "first"})
    mt_convert.convert(folders("marian"), tmp_path / "out", {"licence": "second"}, replace=False)  # it began before the other was done
    assert json.loads((tmp_path / "out/model.json").read_text())["licence"] == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_command_converts_and_replaces(
    folders: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [
        "mt_convert",
        "--model",
        str(folders("madlad")),
        "--out",
        str(tmp_path / "out"),
        "--language",
        "fi",
        "--licence",
        "CC0-1.0",
        "--quantization",
        "float32",
    ]
    monkeypatch.setattr("sys.argv", argv)
    for _ in range(2):
        mt_convert.main()
    card = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (card["licence"], card["quantization"], card["family"]) == ("CC0-1.0", "float32", "madlad") and "target" not in card
    assert open_folder(tmp_path / "out", "fi").card == card


def test_a_converted_folder_without_its_twin_is_tried_for_what_can_be_tried(folders: Callable[[str], Path], tmp_path: Path) -> None:
    mt_convert.convert(folders("marian"), tmp_path / "out", {})
    record = mt_canary.require(open_folder(tmp_path / "out", "fi"), "cpu", "int8")
    assert record["stopped"] == 20 and "came without its Transformers model" in record["twin"]
    assert len(list((default_cache() / "canary").glob("*.json"))) == 1
    tiny_mt.pieces_file(tmp_path / "out" / "source.spm", ["абв где жзи", "клм ноп рст"] * 9, 30)
    with pytest.raises(ConfigError, match=r"only \d+% of the pieces that source.spm makes .* the file is another model's"):
        mt_canary.require(open_folder(tmp_path / "out", "fi"), "cpu", "int8")


@pytest.mark.parametrize(("ours", "theirs", "expected"), [
    ([["a", "b"]], [["a", "b"]], 1.0),
    ([["a", "b", "c", "d"]], [["a", "x", "c", "d"]], 0.75),
    ([["a"], ["b", "c"]], [["a"], []], 0.5),
    ([[]], [[]], 1.0),
])  # fmt: skip
def test_agreement_is_the_share_of_tokens_in_common(ours: list[list[str]], theirs: list[list[str]], expected: float) -> None:
    assert mt_canary.agreement(ours, theirs) == expected


@pytest.mark.parametrize(("header", "config", "name", "expected"), [
    ("---\nlanguage: en\nlicense: cc-by-4.0\n---\ntext", {}, "x/y", "cc-by-4.0"),
    ("---\nlicense:\n- apache-2.0\n- mit\ntags: [a]\n---\n", {}, "x/y", "apache-2.0, mit"),
    ("no header\nlicense: none", {"license": "MIT"}, "x/y", "MIT"),
    ("", {}, "facebook/nllb-200-3.3B", "CC-BY-NC-4.0"),
    ("", {}, "x/y", "not recorded"),
])  # fmt: skip
def test_the_licence_is_read_from_the_card(header: str, config: dict[str, str], name: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(header)
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert mt_convert.licence(tmp_path, name) == expected


@pytest.mark.parametrize(("style", "vocabulary", "language", "expected"), [
    ("flores", ["lvs_Latn", "eng_Latn"], "lv", "lvs_Latn"),
    ("flores", ["zho_Hans", "zho_Hant"], "zho_Hant", "zho_Hant"),
    ("opus", [">>fin<<", ">>fra<<"], "fr", ">>fra<<"),
    ("opus", [">>fi<<", ">>fr<<"], "fin", ">>fi<<"),
    ("opus", [">>srp_Latn<<", ">>hrv<<"], "sr", ">>srp_Latn<<"),
    ("m2m", ["__fi__", "__ceb__"], "ceb", "__ceb__"),
    ("madlad", ["<2fi>", "<2fil>"], "fi", "<2fi>"),
    ("mbart", ["fi_FI", "et_EE"], "est", "et_EE"),
])  # fmt: skip
def test_a_language_is_found_by_any_of_its_codes(style: str, vocabulary: list[str], language: str, expected: str) -> None:
    assert mt_families.style_of([*vocabulary, "▁the", "a_b"]) == style
    assert mt_families.token_of(vocabulary, style, language, "here", "write fihu.json") == expected


def test_every_language_of_m2m100_but_two_is_found_in_nllb() -> None:
    from transformers.models.m2m_100.tokenization_m2m_100 import FAIRSEQ_LANGUAGE_CODES as M2M
    from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES as NLLB

    def found(language: str) -> bool:
        try:
            return bool(mt_families.token_of(NLLB, "flores", language, "", ""))
        except ConfigError as err:
            return "in 2 ways" in str(err)

    # Breton and West Frisian are not in NLLB; "ns" is M2M-100's own name of Northern Sotho
    assert [code for code in M2M["m2m100"] if not found(code)] == ["br", "fy", "ns"]


@pytest.mark.parametrize(("device", "family", "offered", "expected"), [
    ("cpu", "marian", {"int8", "float32", "int8_float32"}, "int8"),
    ("cpu", "marian", {"float32"}, "float32"),
    ("cuda", "nllb", {"float16", "bfloat16", "float32", "int8"}, "float16"),
    ("cuda", "madlad", {"float16", "bfloat16", "float32"}, "bfloat16"),
    ("cuda", "madlad", {"float16", "float32"}, "float32"),
    ("cuda", "", {"float32", "int8_float32"}, "int8_float32"),
])  # fmt: skip
def test_the_hardware_chooses_the_numbers(device: str, family: str, offered: set[str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import ctranslate2

    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda _: offered)
    assert mt_hardware.compute_type("auto", device, family) == expected
    with pytest.raises(ConfigError, match=rf"translation.compute_type = 'int16': this machine's {device} offers .*{sorted(offered)[0]}"):
        mt_hardware.compute_type("int16", device)


def test_a_hub_id_that_is_not_in_the_cache_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        ConfigError,
        match=r"Hub's Helsinki-NLP/opus-mt-en-fi, revision abc123; .*HF_HUB_OFFLINE is set.*python -m build_data.mt_hub Helsinki-NLP/opus-mt-en-fi@abc123",
    ):
        open_folder("Helsinki-NLP/opus-mt-en-fi@abc123", "fi")


def test_a_hub_id_in_the_cache_is_used_with_its_commit(folders: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = tmp_path / "models--facebook--nllb-tiny"
    shutil.copytree(folders("nllb"), home / "snapshots" / commit)
    (home / "refs").mkdir()
    (home / "refs/main").write_text(commit)
    model = open_folder("facebook/nllb-tiny", "fi")
    assert (model.card["hub"], model.card["revision"], model.card["licence"]) == ("facebook/nllb-tiny", commit, "CC-BY-NC-4.0")
    assert model.path == open_folder(f"facebook/nllb-tiny@{commit}", "fi").path and model.path.name.startswith("facebook-nllb-tiny-")


@pytest.mark.parametrize(("names", "expected"), [
    (["source.spm"], "config.json"), (["config.json", "source.spm"], "weights"), (["config.json", "model.safetensors"], "SentencePiece file"),
    (["config.json", "a.model", "model-00001-of-00002.safetensors"], "model.safetensors in all its 2 parts"), (["config.json", "a.model", "model.bin"], ""),
])  # fmt: skip
def test_half_a_model_in_the_cache_is_noticed(names: list[str], expected: str) -> None:
    assert mt_hub.lacking(names) == expected


@pytest.mark.parametrize(("names", "expected"), [
    (["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5", "source.spm", "run.py"], ["config.json", "model.safetensors", "source.spm"]),
    (["config.json", "pytorch_model.bin", "rust_model.ot", "spiece.model"], ["config.json", "pytorch_model.bin", "spiece.model"]),
    (["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"],
     ["config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]),
    (["config.json", "model.bin", "shared_vocabulary.json", "pytorch_model.bin"], ["config.json", "model.bin", "shared_vocabulary.json"]),
])  # fmt: skip
def test_what_is_fetched_is_what_is_needed(names: list[str], expected: list[str]) -> None:
    assert mt_hub.wanted(names) == expected


class FakeHub(BaseHTTPRequestHandler):
    """A Hub with one repository, whose weights are a pickle only; remembers what was asked."""

    commit = "89abcdef0123456789abcdef0123456789abcdef"
    files: ClassVar[dict[str, bytes]] = {
        "config.json": b'{"model_type": "marian"}', "pytorch_model.bin": b"weights", "tf_model.h5": b"not wanted", "source.spm": b"a", "target.spm": b"b",
        "vocab.json": b"{}", "README.md": b"---\nlicense: cc-by-4.0\n---\n",
    }  # fmt: skip
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        parts = self.path.partition("?")[0].strip("/").split("/")
        answer: Any = {"id": "org/tiny", "sha": self.commit, "siblings": [{"rfilename": name} for name in self.files]}
        if "tree" in parts:
            answer = [{"type": "file", "path": name, "size": len(value), "oid": "0" * 40} for name, value in self.files.items()]
        body = json.dumps(answer).encode() if parts[0] == "api" else self.files[parts[-1]]
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()[:40]}"')
        self.send_header("X-Repo-Commit", self.commit)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json" if parts[0] == "api" else "application/octet-stream")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


def test_a_hub_id_is_fetched_once_and_only_what_is_needed(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    Thread(target=server.serve_forever, daemon=True).start()
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and name != "HF_HUB_OFFLINE"}
    env = {
        **clean,
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }

    def fetched() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "build_data.mt_hub", "org/tiny"], env=env, cwd=Path(__file__).parent.parent, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()

    try:
        first, known = fetched(), len(FakeHub.asked)
        assert first.startswith(f"org/tiny@{FakeHub.commit}: ")
        assert {p.name for p in Path(first.partition(": ")[2]).iterdir()} == set(FakeHub.files) - {"tf_model.h5"}
        assert fetched() == first and len(FakeHub.asked) == known  # the second time nothing is asked
    finally:
        server.shutdown()

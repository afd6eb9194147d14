"""The loop learns every kind, is decided by its seed, leaves frozen layers alone, and trimming changes no number."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch

from corpora.config import ConfigError
from corpora.study import Training
from train import checkpoint
from train.batches import collate
from train.features import Pieces, Shape, features
from train.frozen import States
from train.heads import Head
from train.loop import Job, fit, schedule
from train.model import Encoder, Model, precision_of
from train.predict import embed, gold, labels, predict, spans, tags
from train.step import clip
from train.trim import trim

FAST = Training(epochs=40, batch=6, lr=3e-3, head_lr=1e-2, max_length=64, stride=8, warmup=0.1)
KINDS = {
    "pair": (Shape("pair", ("yes", "no", "maybe"), 64), tiny.PAIRS, "accuracy"),
    "choice": (Shape("choice", (), 64), tiny.CHOICES, "accuracy"),
    "span": (Shape("span", (), 64, 8), tiny.SPANS, "tydiqa"),
    "tags": (Shape("tags", tiny.TAG_SET, 64), tiny.TAGS, "udpos"),
}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"))


def job(kind, training=FAST, name=""):
    _, rows, metric = KINDS[kind]
    return Job(name or kind, metric, training, rows, rows)


@pytest.mark.parametrize("kind", KINDS)
def test_six_records_are_learnt_by_heart(base, kind):
    model = tiny.model(base, (kind, KINDS[kind][0]))
    out = fit(model, [job(kind)], seed=1)
    assert out.log[-2]["loss"] < 0.1 and out.steps == 40 and out.tokens > 0
    assert predict(model, KINDS[kind][1]) == [gold(r) if kind != "span" else (gold(r) or [""])[0] for r in KINDS[kind][1]]
    assert all(value == pytest.approx(100) for value in out.dev[kind].values())


def test_two_tasks_train_together_with_a_head_each(base):
    model = tiny.model(base, *((kind, KINDS[kind][0]) for kind in ("pair", "span")))
    out = fit(model, [job("pair"), job("span")], seed=1)
    assert out.steps == 80 and set(out.dev) == {"pair", "span"} and out.dev["pair"]["accuracy"] == 100.0
    assert labels(model, tiny.PAIRS, "pair") == [r.label for r in tiny.PAIRS]
    with pytest.raises(ConfigError, match="no head named ''; it has pair, span"):
        predict(model, tiny.PAIRS)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_the_seed_decides_the_weights(base):
    short = replace(FAST, epochs=3)
    first, again, other = (tiny.model(base, ("tags", KINDS["tags"][0]), seed=seed) for seed in (1, 1, 2))
    for model, seed in ((first, 1), (again, 1), (other, 2)):
        fit(model, [job("tags", short)], seed)
    assert torch.equal(weights(first), weights(again)) and not torch.equal(weights(first), weights(other))


def test_frozen_layers_stay_and_get_no_gradient(base, tmp_path):
    model = tiny.model(base, ("tags", KINDS["tags"][0]), frozen=2)
    before = {n: p.clone() for n, p in model.encoder.net.named_parameters()}
    model.states = States(tmp_path / "states")
    fit(model, [job("tags", replace(FAST, epochs=2))], 1)
    changed = {n for n, p in model.encoder.net.named_parameters() if not torch.equal(p, before[n])}
    assert changed and all(n.startswith("encoder.layer.2") for n in changed)
    assert all(p.grad is None for n, p in model.encoder.net.named_parameters() if not n.startswith("encoder.layer.2"))
    with pytest.raises(ConfigError, match="freeze_layers = 9, but the encoder has 3 layers"):
        Encoder(base, 9)


def test_kept_states_give_what_the_whole_encoder_gives(base, tmp_path):
    whole, parts = tiny.model(base, ("tags", KINDS["tags"][0])), tiny.model(base, ("tags", KINDS["tags"][0]), frozen=2)
    some = features(tiny.TAGS, whole.pieces, KINDS["tags"][0])
    parts.states = States(tmp_path)
    kept = parts.states.of(parts, some)
    assert kept is not None and len(list(tmp_path.glob("*.safetensors"))) == 1
    again = States(tmp_path).of(parts, some)  # from disk
    assert all(torch.equal(a, b) for x, y in zip(kept, again, strict=True) for a, b in zip(x, y, strict=True))
    with torch.inference_mode():
        batch = collate("tags", "tags", some, 1)
        words = batch.mask == 1
        expected = whole(batch)[words]
        assert torch.allclose(parts(collate("tags", "tags", some, 1, kept))[words], expected, atol=1e-5)
        assert torch.allclose(parts(batch)[words], expected, atol=1e-5)
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:100])  # cut off: computed again, not trusted
    assert States(tmp_path).of(parts, some) is not None


def test_xlm_r_counts_positions_from_its_padding_and_is_cut_and_trimmed_alike(tmp_path):
    shape = KINDS["tags"][0]
    folder = tiny.base(tmp_path / "xlm-r", family="xlm-roberta")
    small = trim(folder, [r.tokens for r in tiny.TAGS], tmp_path / "small")
    whole, frozen, cut = (tiny.model(path, ("tags", shape), frozen=k).eval() for path, k in ((folder, 0), (folder, 2), (small, 0)))
    batches = [collate("tags", "tags", features(tiny.TAGS, model.pieces, shape), 1) for model in (whole, frozen, cut)]
    words = batches[0].mask == 1
    with torch.inference_mode():
        expected, lower, trimmed = (model(batch)[words] for model, batch in zip((whole, frozen, cut), batches, strict=True))
    assert whole.encoder.limit == 128 and torch.allclose(lower, expected, atol=1e-5) and torch.equal(trimmed, expected)


def test_padding_changes_no_prediction(base):
    model = tiny.model(base, ("tags", KINDS["tags"][0]))
    assert tags(model, tiny.TAGS) == [tags(model, [record])[0] for record in tiny.TAGS]


def test_spans_are_cut_from_the_context_and_null_is_asked_for(base):
    model = tiny.model(base, ("span", KINDS["span"][0]))
    answers = spans(model, tiny.SPANS)
    assert all(a and a in r.context for a, r in zip(answers, tiny.SPANS, strict=True))


def test_a_trimmed_encoder_gives_the_same_logits(base, tmp_path):
    texts = [text for r in (*tiny.PAIRS, *tiny.SPANS) for text in r.texts()] + [r.tokens for r in tiny.TAGS]
    small = trim(base, texts, tmp_path / "small")
    assert trim(base, [], tmp_path / "small") == small  # there already
    one, two = tiny.model(base, ("pair", KINDS["pair"][0])), tiny.model(small, ("pair", KINDS["pair"][0]))
    assert two.encoder.net.config.vocab_size < one.encoder.net.config.vocab_size and two.encoder.pad == one.encoder.pad == 1
    rows = [features(tiny.PAIRS, model.pieces, KINDS["pair"][0]) for model in (one, two)]
    assert rows[0][0].rows != rows[1][0].rows
    with torch.inference_mode():
        assert torch.equal(one(collate("pair", "pair", rows[0], 1)), two(collate("pair", "pair", rows[1], 1)))
    assert two.pieces.missed == 0
    unseen = features([replace(tiny.PAIRS[0], hypothesis="ZQX")], two.pieces, KINDS["pair"][0])
    assert two.pieces.missed == 3 and unseen[0].rows[0].count(two.pieces.unk) == 3


def test_training_goes_the_same_way_trimmed_or_not(base, tmp_path):
    small = trim(base, [text for r in tiny.PAIRS for text in r.texts()], tmp_path / "small")
    losses = []
    for folder in (base, small):
        out = fit(tiny.model(folder, ("pair", KINDS["pair"][0])), [job("pair", replace(FAST, epochs=10, weight_decay=0.1))], 1)
        losses.append([line["loss"] for line in out.log if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


def test_a_checkpoint_comes_back_also_onto_another_vocabulary(base, tmp_path):
    folders = [trim(base, [t for r in rows for t in r.texts()], tmp_path / name) for name, rows in (("a", tiny.PAIRS), ("b", (*tiny.PAIRS, *tiny.SPANS)))]
    model = tiny.model(folders[0], ("pair", KINDS["pair"][0]))
    fit(model, [job("pair", replace(FAST, epochs=5))], 1)
    checkpoint.save(tmp_path / "c", model)
    for folder in folders:
        again = Model(Encoder(folder), Pieces(folder), checkpoint.heads_of(tmp_path / "c"), seed=9)
        checkpoint.load(tmp_path / "c", again)
        assert np.allclose(embed(again, ["Matti asuu Helsinki."]), embed(model, ["Matti asuu Helsinki."]), atol=1e-6)
        assert labels(again, tiny.PAIRS) == labels(model, tiny.PAIRS)
    with pytest.raises(ConfigError, match="trained with freeze_layers = 0, now it is 1"):
        checkpoint.load_encoder(tmp_path / "c", Encoder(base, 1), Pieces(base))
    (tmp_path / "c" / "encoder.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ConfigError, match="not a readable safetensors file"):
        checkpoint.load_encoder(tmp_path / "c", Encoder(base), Pieces(base))


def test_an_embedding_is_the_hidden_state_that_transformers_counts(base):
    model = tiny.model(base)
    text = "Matti asuu Helsinki ja koira haukkuu."
    ids = torch.tensor([model.pieces.tokenizer.encode("who: " + text).ids])
    with torch.inference_mode():
        states = model.encoder.net(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True).hidden_states
    for layer in (0, 1, 2, 3, -1):
        for pooling, vector in (("mean", states[layer][0].mean(0)), ("cls", states[layer][0, 0]), ("last", states[layer][0, -1])):
            found = embed(model, ["koira", text], layer, pooling, "who: ")[1]
            assert np.allclose(found, torch.nn.functional.normalize(vector, dim=0), atol=1e-5)
    with pytest.raises(ConfigError, match=r"hidden states 0\.\.3"):
        embed(model, ["x"], layer=4)


def test_the_best_look_is_kept(base):
    model = tiny.model(base, ("tags", KINDS["tags"][0]))
    # A rate that learns and then destroys: the last weights are not the best.
    out = fit(model, [job("tags", Training(epochs=12, batch=6, lr=0.3, head_lr=0.3, max_length=64, evals=12, warmup=0.9))], 1)
    values = [look["dev"]["tags"]["f1"] for look in out.evals]
    assert len(values) == 12 and out.dev["tags"]["f1"] == max(values) and out.chosen_step == out.evals[values.index(max(values))]["step"]
    from train.metrics import score

    assert score("udpos", [list(r.tags) for r in tiny.TAGS], tags(model, tiny.TAGS))["f1"] == max(values)


def test_a_loss_that_is_no_number_stops_with_advice(base):
    model = tiny.model(base, ("tags", KINDS["tags"][0]))
    model.heads[0].weight.data.fill_(math.inf)
    with pytest.raises(ConfigError, match=r"the loss is nan by step .* \(last batch: tags\).*Lower training.lr"):
        fit(model, [job("tags")], 1)
    with pytest.raises(ConfigError, match="no training rows"):
        fit(model, [Job("tags", "udpos", FAST, [], [])], 1)


def test_the_rate_rises_and_falls():
    rates = [schedule(step, 100, 0.1) for step in range(100)]
    assert rates.index(max(rates)) == 10 and max(rates) == 1.0 and rates[0] > 0 and rates[-1] == pytest.approx(1 / 90) and schedule(0, 1, 0.0) == 1.0


def test_precision_is_refused_where_it_cannot_be(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False)
    cpu = torch.device("cpu")
    assert precision_of("auto", cpu) == precision_of("float32", cpu) == torch.float32
    with pytest.raises(ConfigError, match="no native bfloat16"):
        precision_of("bfloat16", cpu)


def test_inputs_longer_than_the_encoder_are_refused(base):
    with pytest.raises(ConfigError, match=r"x: training.max_length = 256, but the encoder has 128 positions"):
        Model(Encoder(base), Pieces(base), [Head("x", Shape("pair", ("a",), 256))])


@pytest.mark.parametrize("most", [0.5, 100.0])
def test_gradients_are_clipped_as_torch_clips_them(most):
    found = []
    for clipped in (clip, torch.nn.utils.clip_grad_norm_):
        parameters = [torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(2, 2))]
        for p in parameters:
            p.grad = torch.full_like(p, 2.0)
        clipped(parameters, most)
        found.append([p.grad for p in parameters])
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(*found, strict=True))

"""The forgetting probe: what it measures by hand-made vectors, the base's own head, and a real run with a base that has one and one that has none."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import tiny
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.base import MLM_FILE, _keep_head
from eval import detail_view, forgetting, report
from eval.results import collect
from train import before
from train.graph import plan
from train.mlm_head import base_head
from train.workshop import Workshop


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@settings(deadline=None)
@given(st.integers(0, 50), st.floats(0.1, 9))
def test_cka_sees_neither_rotation_nor_scale(seed, scale) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(30, 8))
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    assert forgetting.cka(rows, scale * rows @ turn) == pytest.approx(1.0, abs=1e-5)
    assert forgetting.cka(rows, rows) == pytest.approx(1.0)


def test_unlike_vectors_have_no_cka_on_average_and_nothing_is_no_number() -> None:
    rng = np.random.default_rng(0)
    found = [forgetting.cka(rng.normal(size=(60, 200)), rng.normal(size=(60, 200))) for _ in range(100)]
    assert abs(np.mean(found)) < 0.03  # a biased estimate has 0.77 here
    assert math.isnan(forgetting.cka(np.ones((30, 4)), rng.normal(size=(30, 4)))) and math.isnan(forgetting.cka(np.eye(3), np.eye(3)))


def test_the_cosine_is_of_each_sentence_with_itself() -> None:
    rows = unit(np.array([[1.0, 0.0], [0.0, 2.0]]))
    assert forgetting.cosine(rows, rows) == pytest.approx(1.0) and forgetting.cosine(rows, rows[::-1]) == pytest.approx(0.0)


def masked_base(folder, **changes):
    """Write a tiny XLM-R with its head for masked pieces, as its makers would have saved it."""
    from transformers import AutoConfig, AutoModelForMaskedLM

    torch.manual_seed(5)
    made = tiny.tokenizer()
    made.add_special_tokens(["<mask>"])
    config = AutoConfig.for_model(
        "xlm-roberta", vocab_size=made.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=130, pad_token_id=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.2, **changes,
    )  # fmt: skip
    net = AutoModelForMaskedLM.from_config(config).eval()
    torch.nn.init.normal_(net.lm_head.bias)
    net.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    return net


def study_on(folder, root, **changes):
    study = tiny.study(
        folder,
        intermediate=[["nli"]],
        freeze_layers=0,
        targets={"tatoeba": {"metric": "tatoeba", "test": {"fi": "mini/tatoeba-fi", "hu": "mini/tatoeba-hu"}}},
        **changes,
    )
    tiny.built(study, root)
    return study


@pytest.mark.parametrize("trim", [False, True])
def test_the_bases_own_head_gives_the_scores_that_its_makers_class_gives(tmp_path, trim) -> None:
    net = masked_base(tmp_path / "base")
    study = study_on(tmp_path / "base", tmp_path, base={"model": str(tmp_path / "base"), "trim": trim})
    shop = Workshop(study, tmp_path)
    model = shop.model(plan(study, tmp_path)[0], [])
    head = base_head(study.base, model)
    assert head is not None
    full = model.pieces.tokenizer.encode("Matti asuu Helsinki.").ids
    ids = model.pieces.remap(full)
    from train.batches import collate
    from train.features import Feature

    batch = collate("", "text", [Feature(0, [ids], ids)], model.encoder.pad)
    with torch.no_grad():
        ours = head.scores(model.encoder(batch), batch, before.words_of(model))[: len(ids)]
        theirs = net(input_ids=torch.tensor([full])).logits[0]
    pieces = sorted(set(full))
    new = model.pieces.remap(pieces)
    assert torch.allclose(ours[: len(ids)][:, new], theirs[:, pieces], atol=1e-4)


def test_a_fetched_base_keeps_its_head_and_one_without_gets_none(tmp_path) -> None:
    masked_base(tmp_path / "base")
    (tmp_path / "out").mkdir()
    _keep_head(str(tmp_path / "base"), "main", tmp_path / "out")
    from safetensors.torch import load_file

    kept, first = load_file(tmp_path / "out" / MLM_FILE), load_file(tmp_path / "base" / "model.safetensors")
    assert torch.equal(kept["lm_head.dense.weight"], first["lm_head.dense.weight"]) and torch.equal(kept["lm_head.bias"], first["lm_head.bias"])
    (tmp_path / "none").mkdir()
    _keep_head(str(tiny.base(tmp_path / "plain", family="xlm-roberta")), "main", tmp_path / "none")
    assert list((tmp_path / "none").iterdir()) == []


def run_all(study, root):
    shop = Workshop(study, root)
    weights = {}
    for run in plan(study, root):
        shop.perform(run, "eval.score:score_run", lambda *_: None)
        weights[run.key] = {name: value.clone() for name, value in before.trained(shop.encoder).items()}
    return weights


@pytest.mark.parametrize("headed", [True, False])
def test_a_run_after_the_phase_measures_and_the_report_says_what(tmp_path, headed) -> None:
    folder = tmp_path / "base"
    if headed:
        masked_base(folder)
    else:
        tiny.base(folder)
    study = study_on(folder, tmp_path)
    weights = run_all(study, tmp_path)
    results = collect(study, tmp_path)
    about = {cell.row.arm: json.loads((run.folder / "details.json").read_text("utf-8")).get(forgetting.KEY) for cell, run in results.scored.items()}
    assert about["none"] is None and about["en"]["head"] is headed and set(about["en"]["languages"]) == {"en", "fi", "hu"}
    finnish = about["en"]["languages"]["fi"]
    assert 0 < finnish["cka"] < 1 and 0 < finnish["cosine"] < 1  # the phase moved something
    assert ("loss_before" in finnish) is headed
    if headed:
        assert finnish["pieces"] > 100 and finnish["loss_before"] > 0 and finnish["loss_after"] != finnish["loss_before"] and 0 <= finnish["right_after"] <= 1
    (intermediate,) = (run for run in plan(study, tmp_path) if run.phase == "intermediate")
    (target,) = (run for run in plan(study, tmp_path) if run.parent)
    assert all(torch.equal(weights[intermediate.key][name], value) for name, value in weights[target.key].items())  # its own weights were put back
    grids = detail_view.forgotten(results, detail_view.read(results))
    assert len(grids) == 1 + headed and [label for label, _, _ in grids[0].rows] == ["nli.en"] and all(grids[0].rows[0][2])
    page = report.make(study, tmp_path).read_text("utf-8")
    assert "What the phase forgot" in page and ("without a head for masked pieces" in page) is not headed


def test_without_a_phase_nothing_is_forgotten(tmp_path) -> None:
    study = study_on(tiny.base(tmp_path / "base"), tmp_path, arms=["none"])
    shop = Workshop(study, tmp_path)
    (run,) = plan(study, tmp_path)
    assert forgetting.measure(study, run, shop.model(run, [])) == {}
    with before.base_in_place(model := shop.model(run, [])):
        pass
    assert before.known(model)


def test_a_head_that_does_not_fit_is_none(tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    masked_base(tmp_path / "base")
    study = study_on(tmp_path / "base", tmp_path, base={"model": str(tmp_path / "base"), "trim": False})
    model = Workshop(study, tmp_path).model(plan(study, tmp_path)[0], [])
    assert base_head(study.base, model) is not None
    tensors = load_file(tmp_path / "base" / "model.safetensors")
    save_file({**tensors, "lm_head.dense.weight": torch.zeros(16, 32)}, tmp_path / "base" / "model.safetensors")
    assert base_head(study.base, model) is None
    save_file(tensors, tmp_path / "base" / "model.safetensors")
    model.pieces.mask_token = -1
    assert base_head(study.base, model) is None

"""Vectors of every layer in one pass are those of a pass per layer, whatever is frozen; special tokens can be left out."""

from __future__ import annotations

import numpy as np
import pytest
import tiny
import torch

from train.embeddings import POOLINGS, every_layer
from train.frozen import States
from train.predict import embed

TEXTS = ["Matti asuu Helsinki ja koira haukkuu.", "koira", "the kutya was on the roof", "Kuka?"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny.base(tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("frozen", [0, 2, 3])
def test_every_layer_equals_a_pass_per_layer(folder, frozen, kept) -> None:
    model = tiny.model(folder, frozen=frozen)
    if kept:
        model.states = States(None)
        every_layer(model, TEXTS, "who: ")  # the second call finds the frozen layers' vectors
    found = every_layer(model, TEXTS, "who: ")
    assert set(found) == set(POOLINGS) and all(vectors.shape == (4, len(TEXTS), 32) for vectors in found.values())
    for pooling in ("mean", "cls", "last"):
        for layer in range(4):
            assert np.allclose(found[pooling][layer], embed(model, TEXTS, layer, pooling, "who: "), atol=1e-5)
    assert model.encoder.frozen == frozen


def test_without_special_tokens(folder) -> None:
    model = tiny.model(folder)
    ids = torch.tensor([model.pieces.tokenizer.encode(TEXTS[0]).ids])
    with torch.inference_mode():
        states = model.encoder.net(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True).hidden_states
    found = every_layer(model, TEXTS)["mean without special tokens"]
    for layer, state in enumerate(states):
        assert np.allclose(found[layer, 0], torch.nn.functional.normalize(state[0, 1:-1].mean(0), dim=0), atol=1e-5)
    assert np.allclose(np.linalg.norm(every_layer(model, [" "])["mean without special tokens"], axis=-1), 1.0, atol=1e-5)  # a text with no tokens of its own

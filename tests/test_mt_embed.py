"""Word links from an encoder: atoms and their pooling by hand, and any small encoder folder through the aligner."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from build_data import mt_embed
from build_data.encoder import Encoder
from build_data.mt_embed import Aligner, Side
from corpora.config import ConfigError
from corpora.study import Base


@pytest.mark.parametrize(("text", "expected"), [
    ("It cost $20 million.", ["It", "cost", "$", "20", "million"]),
    ("a well-known (12-inch) disc", ["a", "well", "known", "12", "inch", "disc"]),
    ("8,3 prosenttia – 1.500!", ["8,3", "prosenttia", "1.500"]),
    ("... –", []),
])  # fmt: skip
def test_atoms(text: str, expected: list[str]) -> None:
    found = mt_embed.atoms(text)
    assert [text[a:b] for _, a, b in found] == expected
    assert all(text[a:b] in text.split()[word] for word, a, b in found)


def test_an_atom_is_the_mean_of_the_pieces_it_touches() -> None:
    states = np.array([[9, 9], [1, 0], [0, 1], [0, 5], [9, 9]], np.float32)
    made = mt_embed.side("ab cd", [(0, 0), (0, 1), (1, 2), (3, 5), (0, 0)], states)
    assert made.words == (0, 1)
    np.testing.assert_allclose(made.vectors, [[0.5**0.5, 0.5**0.5], [0, 1]], atol=1e-6)


def test_links_go_to_what_is_alike_both_ways() -> None:
    basis = np.eye(3, dtype=np.float32)
    left, right = Side((0, 1, 2), basis), Side((0, 0, 1), basis[[2, 1, 0]])
    found = {(s, t): w for s, t, w in mt_embed.links(left, right)}
    assert found == {(0, 1): 1.0, (1, 0): 0.5, (2, 0): 0.5}  # two atoms of one target word share it


def test_a_word_that_looks_like_many_gets_little() -> None:
    same = np.ones((4, 1), np.float32)
    assert all(weight == pytest.approx(0.25) for _, _, weight in mt_embed.links(Side((0, 1, 2, 3), same), Side((0, 1, 2, 3), same)))
    assert mt_embed.links(Side((), np.zeros((0, 1), np.float32)), Side((0,), same[:1])) == ()


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 2**31))
def test_links_stay_within_the_words(source: str, target: str, seed: int) -> None:
    chance = np.random.default_rng(seed)
    sides = []
    for text in (source, target):
        places = [(i, i + 1) for i in range(len(text))]
        sides.append(mt_embed.side(text, places, chance.normal(size=(len(places), 4)).astype(np.float32)))
    for s, t, weight in mt_embed.links(*sides):
        assert s < len(source.split()) and t < len(target.split()) and 0 < weight <= 1.0


@pytest.mark.parametrize("family", ["bert", "xlm-roberta"])
def test_any_encoder_folder_works_and_company_changes_nothing(tmp_path: Path, family: str) -> None:
    base = Base(model=str(tiny.base(tmp_path / family, family=family)), fallback="")
    aligner = Aligner(Encoder(base))
    pairs = [("Matti asuu on Helsinki.", "Matti lives on Helsinki."), ("kutya ugat", "koira haukkuu ja on"), ("", "on"), ("Matti asuu on Helsinki.", "on")]
    together = aligner.align(pairs)
    assert [aligner.align([pair])[0] for pair in pairs] == together
    assert together[2] == () and together[0]
    best = {t: max((w, s) for s, u, w in together[0] if u == t)[1] for t in (0, 3)}
    assert best == {0: 0, 3: 3}  # equal words look most alike, even to a random encoder


def test_the_layer_is_checked_and_part_of_the_fingerprint(tmp_path: Path) -> None:
    encoder = Encoder(Base(model=str(tiny.base(tmp_path / "base")), fallback=""))
    with pytest.raises(ConfigError, match="layer = 9: the encoder has 3 layers"):
        Aligner(encoder, 9).align([("a", "b")])
    assert len({Aligner(encoder, layer).fingerprint for layer in (0, 1, 2)}) == 3

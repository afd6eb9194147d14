"""Word links between a sentence and its translation from the middle of a multilingual encoder (as SimAlign does, without training).

A link is (source word, target word, weight), words as `str.split()` counts them and weights 0..1, like those that a translation
model's attention gives; but the encoder knows nothing of that model, so where the two agree they are two witnesses.

Words are compared by their atoms ("$20" is "$" and "20", "well-known" is "well" and "known"): Finnish writes "20 dollaria" and puts the end of
a compound elsewhere. An atom's vector is the mean of its pieces; cosines go through a softmax in both directions, and the geometric
mean of the two shares is the weight, so a word that looks like many (or like none) gets little. In a second round the atoms that found no partner are
compared among themselves (SimAlign's itermax): in "puremisen eston" for "bite inhibition" the second word is linked only because the first is taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from build_data.encoder import Encoder
from build_data.mt_align import Link
from corpora.config import ConfigError
from corpora.shards import digest

VERSION = 1  # raise when the same encoder would give other links: it is part of every memory key
DEPTH = 7 / 12  # the layer used, as a share of the encoder's
HEAT = 0.04  # temperature of the softmax over cosines
TAKEN = 0.5  # weight of its best link from which an atom is out of the second round
SECOND = 0.5  # what a link of the second round is worth
WEAK = 0.05  # links below are dropped
ATOM = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[%$€£¥°]")
WORD = re.compile(r"\S+")

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Side:
    """The atoms of one sentence: the word each belongs to, and its vector of length 1, [atoms, hidden]."""

    words: tuple[int, ...]
    vectors: Floats


def atoms(text: str) -> list[tuple[int, int, int]]:
    """Return (word number, start, end) of each atom, by `str.split()` words and code points."""
    return [(n, word.start() + a.start(), word.start() + a.end()) for n, word in enumerate(WORD.finditer(text)) for a in ATOM.finditer(word.group())]


def side(text: str, offsets: Sequence[tuple[int, int]], states: Floats) -> Side:
    """Pool the pieces' states [pieces, hidden] into atoms; `offsets` are the pieces' places in the text (special tokens have empty ones)."""
    places = atoms(text)
    pool = np.zeros((len(places), len(offsets)), np.float32)
    for piece, (begin, end) in enumerate(offsets):
        for atom, (_, start, stop) in enumerate(places):
            if begin < stop and end > start:
                pool[atom, piece] = 1.0
    vectors = pool @ states
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return Side(tuple(word for word, _, _ in places), np.asarray(vectors / np.maximum(length, 1e-9), np.float32))


def links(source: Side, target: Side, heat: float = HEAT) -> tuple[Link, ...]:
    """Return the word links of two sides: a weight is the sum over the source word's atoms, the mean over the target word's, at most 1."""
    if not source.words or not target.words:
        return ()
    cosines = np.asarray(source.vectors @ target.vectors.T / heat, np.float32)
    share = _mutual(cosines)
    left, right = (1 - np.minimum(share.max(axis=axis, keepdims=True) / TAKEN, 1) for axis in (1, 0))
    again = _mutual(np.asarray(cosines + np.log(left + 1e-4) + np.log(right + 1e-4), np.float32)) * left * right
    share = np.maximum(share, SECOND * again)
    weights = np.zeros((max(source.words) + 1, max(target.words) + 1), np.float32)
    np.add.at(weights, (np.asarray(source.words)[:, None], np.asarray(target.words)[None, :]), share)
    weights /= np.maximum(np.bincount(target.words), 1)
    return tuple((int(s), int(t), round(min(float(weights[s, t]), 1.0), 2)) for s, t in np.argwhere(weights >= WEAK))


def _mutual(scores: Floats) -> Floats:
    """Return the geometric mean of the two shares: how much of its choice each side gives the other."""
    return np.asarray(np.sqrt(_softmax(scores, 0) * _softmax(scores, 1)), np.float32)


def _softmax(values: Floats, axis: int) -> Floats:
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True), np.float32)


class Aligner:
    """Links words by an encoder; its fingerprint and `align` are what a translation memory asks for."""

    def __init__(self, encoder: Encoder, layer: int = 0) -> None:
        """`layer` counts from 1; 0 takes the one at DEPTH of the encoder. Nothing is loaded before the first pair."""
        self._encoder, self._layer = encoder, layer
        self.fingerprint = digest([VERSION, encoder.fingerprint, layer, DEPTH, HEAT, TAKEN, SECOND, WEAK])

    def align(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]:
        """Return the links of each (sentence, its translation). Equal sentences are read once. Raises ConfigError for a layer that is not there."""
        sides = self._sides(list(dict.fromkeys(text for pair in pairs for text in pair)))
        return [links(sides[source], sides[target]) for source, target in pairs]

    def _sides(self, texts: Sequence[str]) -> dict[str, Side]:
        if not texts:
            return {}
        depth = self._encoder.layers
        if not 0 <= self._layer <= depth:
            raise ConfigError(f"layer = {self._layer}: the encoder has {depth} layers; write 1 to {depth}, or 0 for the one at {DEPTH:.0%} of them")
        out: dict[str, Side] = {}
        for rows, encoding, states in self._encoder.states(texts, self._layer or round(DEPTH * depth)):
            for place, row in enumerate(rows):
                out[texts[row]] = side(texts[row], encoding.encodings[place].offsets, np.asarray(states[place].float().numpy(), np.float32))
        return out

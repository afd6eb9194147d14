"""Retrieval on sentence vectors: nearest neighbours in both directions, margins, alignment of translation pairs; and mining as BUCC scores it.

Source of XTREME's choices: google-research/xtreme third_party/{utils_retrieve,evaluate_retrieval}.py @838c13b6. Vectors are
L2-normalised, so an inner product is a cosine; everything is exact (one matrix product), no index is approximate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
NEAR = 10  # neighbours whose mean cosine makes a margin local (Conneau et al. 2018 take 10)
MINED = 4  # the same for mining (XTREME's neighbourhood)


def nearest(queries: Vectors, index: Vectors) -> NDArray[np.int64]:
    """Return the row of `index` with the largest cosine for each query, the first of equals."""
    return np.asarray((queries @ index.T).argmax(axis=1), dtype=np.int64)


def accuracy(hits: NDArray[np.int64]) -> float:
    """Return the percentage of queries whose hit is their own line."""
    return 100.0 * float((hits == np.arange(len(hits))).mean()) if len(hits) else 0.0


def local_means(cosines: NDArray[np.float32], near: int = NEAR) -> tuple[Vectors, Vectors]:
    """Return the mean cosine of each row, and of each column, to its `near` nearest on the other side."""
    rows, columns = (min(near, size) for size in (cosines.shape[1], cosines.shape[0]))
    forward = np.partition(cosines, -rows, axis=1)[:, -rows:].mean(axis=1)
    backward = np.partition(cosines, -columns, axis=0)[-columns:].mean(axis=0)
    return forward, backward


def curve(english: Vectors, foreign: Vectors) -> dict[str, float]:
    """Return one point of the layer curve from line-aligned vectors [lines, size].

    accuracy: English sentence -> nearest foreign sentence (XTREME's direction); reverse: the other way; csls, ratio: as accuracy, the cosine less
    (Conneau et al. 2018), or over (Artetxe and Schwenk 2019), the mean of both sides' local means; gap: mean cosine of translation pairs less
    that of all other pairs, which says how well the two languages are aligned whatever the neighbours.
    """
    cosines = english @ foreign.T
    forward, backward = local_means(cosines)
    local = (forward[:, None] + backward[None, :]) / 2
    lines = len(cosines)
    pairs = float(np.trace(cosines)) / lines
    others = (float(cosines.sum(dtype=np.float64)) - pairs * lines) / max(1, lines * (lines - 1))
    found = {"accuracy": cosines.argmax(1), "reverse": cosines.argmax(0), "csls": (cosines - local).argmax(1), "ratio": (cosines / local).argmax(1)}
    return {**{name: accuracy(hits) for name, hits in found.items()}, "gap": pairs - others}


def layers(english: Mapping[str, Vectors], foreign: Mapping[str, Vectors]) -> list[dict[str, Any]]:
    """Return the whole curve: a point per pooling and layer, from pooling -> vectors [layers, lines, size]."""
    return [
        {"layer": layer, "pooling": pooling, **curve(english[pooling][layer], foreign[pooling][layer])}
        for pooling in english
        for layer in range(len(english[pooling]))
    ]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence pair that mining proposes."""

    source: int
    target: int
    score: float


def mine(source: Vectors, target: Vectors, margin: bool = True) -> list[Candidate]:
    """Return the pairs that the two sides propose, best first, each sentence in one pair at most (retrieval "max").

    Each sentence proposes the best of its MINED nearest; a pair's score is its cosine over the mean of both sides' local means
    (`margin`, as XTREME runs it), or the cosine alone.
    """
    cosines = source @ target.T
    forward, backward = local_means(cosines, MINED)
    scores = cosines / ((forward[:, None] + backward[None, :]) / 2) if margin else cosines
    ahead, back = _best_of_near(cosines, scores), _best_of_near(cosines.T, scores.T)
    proposed = [(i, int(j)) for i, j in enumerate(ahead)] + [(int(i), j) for j, i in enumerate(back)]
    found, used = [], (set[int](), set[int]())
    for i, j in sorted(proposed, key=lambda pair: -float(scores[pair])):
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            found.append(Candidate(i, j, float(scores[i, j])))
    return found


def _best_of_near(cosines: NDArray[Any], scores: NDArray[Any]) -> NDArray[np.int64]:
    """Return, for each row, the column with the best score among its MINED nearest by cosine."""
    near = np.sort(np.argpartition(-cosines, min(MINED, cosines.shape[1]) - 1, axis=1)[:, :MINED], axis=1)
    best = np.take_along_axis(scores, near, axis=1).argmax(axis=1)
    return np.asarray(near[np.arange(len(near)), best], dtype=np.int64)


def best_threshold(candidates: Sequence[Candidate], gold: set[tuple[int, int]]) -> float:
    """Return the score at which cutting the candidates has the best F1 on a development set with pairs `gold`, half-way to the next one.

    Candidates of one score go together, since a threshold cannot part them. Without a right candidate: infinity, so that none is taken.
    """
    ranked = sorted(candidates, key=lambda one: -one.score)
    best, threshold, right = 0.0, float("inf"), 0
    for count, one in enumerate(ranked, start=1):
        right += (one.source, one.target) in gold
        below = ranked[count].score if count < len(ranked) else one.score
        f1 = 2 * right / (count + len(gold))
        if f1 > best and (below < one.score or count == len(ranked)):
            best, threshold = f1, (one.score + below) / 2
    return threshold


def extracted(candidates: Sequence[Candidate], threshold: float) -> set[tuple[int, int]]:
    """Return the pairs at or above the threshold."""
    return {(one.source, one.target) for one in candidates if one.score >= threshold}

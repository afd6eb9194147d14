"""Retrieval and mining against brute force in plain loops, and their ends: perfect and shuffled translations."""

from __future__ import annotations

import numpy as np
import pytest

from eval import retrieval
from eval.retrieval import Candidate


def unit(rng, rows, size=6):
    vectors = rng.normal(size=(rows, size))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def near(cosines, k):
    return float(np.mean(sorted(cosines)[-k:]))


@pytest.mark.parametrize("lines", [1, 2, 7, 40])
def test_the_curve_equals_brute_force(lines) -> None:
    rng = np.random.default_rng(lines)
    english = unit(rng, lines)
    foreign = (english + 0.4 * unit(rng, lines)).astype(np.float32)
    foreign /= np.linalg.norm(foreign, axis=1, keepdims=True)
    cosine = [[float(np.dot(e.astype(float), f.astype(float))) for f in foreign] for e in english]
    forward = [near(row, min(10, lines)) for row in cosine]
    backward = [near([row[j] for row in cosine], min(10, lines)) for j in range(lines)]
    local = [[(forward[i] + backward[j]) / 2 for j in range(lines)] for i in range(lines)]
    best = lambda value: 100 * np.mean([max(range(lines), key=lambda j: value(i, j)) == i for i in range(lines)])  # noqa: E731
    others = [cosine[i][j] for i in range(lines) for j in range(lines) if i != j]
    assert retrieval.curve(english, foreign) == pytest.approx({
        "accuracy": best(lambda i, j: cosine[i][j]), "reverse": best(lambda i, j: cosine[j][i]), "csls": best(lambda i, j: cosine[i][j] - local[i][j]),
        "ratio": best(lambda i, j: cosine[i][j] / local[i][j]), "gap": np.mean([cosine[i][i] for i in range(lines)]) - (np.mean(others) if others else 0.0),
    }, abs=1e-4)  # fmt: skip


def test_perfect_and_shuffled_translations() -> None:
    english = unit(np.random.default_rng(1), 50)
    same, shifted = retrieval.curve(english, english), retrieval.curve(english, np.roll(english, 1, axis=0))
    assert [same[name] for name in ("accuracy", "reverse", "csls", "ratio")] == [100.0] * 4
    assert [shifted[name] for name in ("accuracy", "reverse", "csls", "ratio")] == [0.0] * 4 and shifted["gap"] < 0.2 < same["gap"]


def test_the_curve_has_a_point_for_every_pooling_and_layer() -> None:
    rng = np.random.default_rng(2)
    english = {"mean": np.stack([unit(rng, 5) for _ in range(3)]), "cls": np.stack([unit(rng, 5) for _ in range(3)])}
    found = retrieval.layers(english, english)
    assert [(point["pooling"], point["layer"]) for point in found] == [(pooling, layer) for pooling in ("mean", "cls") for layer in range(3)]


def mined_by_loops(source, target):
    """XTREME's mine_bitext with its defaults: the best of 4 neighbours by margin ratio, both ways, greedy from the best score down."""
    cosine = source.astype(float) @ target.astype(float).T
    k = [min(4, size) for size in cosine.shape]
    forward = [near(row, k[1]) for row in cosine]
    backward = [near(column, k[0]) for column in cosine.T]
    score = {(i, j): cosine[i, j] / ((forward[i] + backward[j]) / 2) for i in range(len(source)) for j in range(len(target))}
    pairs = []
    for i in range(len(source)):
        pairs.append((i, max(sorted(range(len(target)), key=lambda j: -cosine[i, j])[:4], key=lambda j: score[i, j])))
    for j in range(len(target)):
        pairs.append((max(sorted(range(len(source)), key=lambda i: -cosine[i, j])[:4], key=lambda i: score[i, j]), j))
    found, used = [], (set(), set())
    for i, j in sorted(pairs, key=lambda pair: -score[pair]):
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            found.append((i, j, score[i, j]))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_mining_equals_brute_force(seed) -> None:
    rng = np.random.default_rng(seed)
    source, target = unit(rng, int(rng.integers(1, 30))), unit(rng, int(rng.integers(1, 30)))
    source, target = np.abs(source), np.abs(target)  # positive cosines, as sentence vectors have: a ratio means nothing below 0
    found, wanted = retrieval.mine(source, target), mined_by_loops(source, target)
    assert [(one.source, one.target) for one in found] == [(i, j) for i, j, _ in wanted]
    assert [one.score for one in found] == pytest.approx([score for _, _, score in wanted], abs=1e-4)


@pytest.mark.parametrize("seed", range(30))
def test_the_threshold_is_the_best_of_all(seed) -> None:
    rng = np.random.default_rng(seed)
    candidates = [Candidate(i, i, float(rng.integers(0, 12)) / 10) for i in range(15)]
    gold = {(i, i) for i in range(20) if rng.random() < 0.5}

    def f1(threshold):
        taken = retrieval.extracted(candidates, threshold)
        return 2 * len(taken & gold) / (len(taken) + len(gold)) if taken else 0.0

    threshold = retrieval.best_threshold(candidates, gold)
    assert f1(threshold) == pytest.approx(max(f1(cut / 20) for cut in range(-1, 30)))


def test_without_a_right_candidate_nothing_is_taken() -> None:
    candidates = [Candidate(0, 1, 0.9)]
    assert retrieval.extracted(candidates, retrieval.best_threshold(candidates, {(5, 5)})) == set()
    assert retrieval.best_threshold([], {(0, 0)}) == float("inf")

"""How far the hypothesis alone gives the label away. The only file that knows scikit-learn.

A cheap classifier (TF-IDF of words, word pairs and 3 to 5 characters within words; logistic regression) reads one text of each row and guesses
its label, in folds by group, so that a premise's other hypotheses never train it. What it scores above the most frequent label are
artefacts of how the rows were made (Gururangan et al. 2018, arXiv 1803.02324: 53.9 % on all of MNLI, matched). On 10,000 rows of
`en/mnli` it scores 47.7 % in 3.7 s of one thread (with the library's tolerance of 1e-4, 47.6 % in 7.4 s): the score grows with the rows,
so only figures of one size compare. English and DeepL's Finnish of the same 10,000 rows of SNLI: 60.5 % and 59.1 %.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from build_data.lazy import need

FOLDS = 5
SMALLEST = 50  # rows; below, an interval of +-14 points says nothing
MIN_ROWS_OF_A_GRAM = 2
TOLERANCE = 1e-3  # of the classifier's gradient
LEVEL = 1.96  # normal quantile of the 95 % intervals


def guessed(texts: Sequence[str], labels: Sequence[str], folds: Sequence[int]) -> list[bool]:
    """Say for each row whether a model trained on the other folds guesses its label from the text. Same rows, same answer.

    The weights of the n-grams come from all texts, which looks at no label; only the classifier is trained per fold.
    """
    features = _features(texts)
    numpy, library, pool = need("numpy", "build"), need("sklearn.linear_model", "build"), need("threadpoolctl", "build")
    side, gold = numpy.array(folds), numpy.array(labels)
    right = numpy.zeros(len(texts), dtype=bool)
    with pool.threadpool_limits(1):  # sums of several threads differ in their last digits, and with them a guess now and then
        for fold in sorted(set(folds)):
            train, test = side != fold, side == fold
            known = sorted(set(gold[train].tolist()))
            if len(known) < 2:
                right[test] = gold[test] == (known or [""])[0]
                continue
            model = library.LogisticRegression(C=1.0, max_iter=200, tol=TOLERANCE).fit(features[train], gold[train])
            right[test] = model.predict(features[test]) == gold[test]
    return [bool(value) for value in right]


def _features(texts: Sequence[str]) -> Any:
    kinds = need("sklearn.feature_extraction.text", "build").TfidfVectorizer
    common = {"min_df": MIN_ROWS_OF_A_GRAM, "sublinear_tf": True}
    words = kinds(ngram_range=(1, 2), token_pattern=r"\w+", **common)
    letters = kinds(analyzer="char_wb", ngram_range=(3, 5), **common)
    return need("sklearn.pipeline", "build").make_union(words, letters).fit_transform(list(texts)).tocsr()


def taught(texts: Sequence[str], labels: Sequence[str], asked: Sequence[str]) -> list[dict[str, float]]:
    """Return the probability of each label for each text of `asked`, from a classifier trained on `texts` with their `labels`.

    Raises ValueError where no n-gram stands in two of the texts (scikit-learn's word for it).
    """
    features = _features([*texts, *asked])
    known, library, pool = features[: len(texts)], need("sklearn.linear_model", "build"), need("threadpoolctl", "build")
    with pool.threadpool_limits(1):
        model = library.LogisticRegression(C=1.0, max_iter=200, tol=TOLERANCE).fit(known, list(labels))
        return _named(model, features[len(texts) :])


def taught_numbers(rows: Sequence[Sequence[float]], labels: Sequence[str], asked: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """Return the same from rows of numbers (lengths, say), by boosted trees of depth 3."""
    library, pool = need("sklearn.ensemble", "build"), need("threadpoolctl", "build")
    with pool.threadpool_limits(1):
        model = library.HistGradientBoostingClassifier(max_depth=3, max_iter=100, random_state=0).fit([list(row) for row in rows], list(labels))
        return _named(model, [list(row) for row in asked])


def _named(model: Any, rows: Any) -> list[dict[str, float]]:
    names = [str(name) for name in model.classes_]
    return [dict(zip(names, map(float, row), strict=True)) for row in model.predict_proba(rows)]


def measure(before: Sequence[str], after: Sequence[str], labels: Sequence[str], folds: Sequence[int]) -> dict[str, Any]:
    """Compare the guesses from two versions of the same rows' texts: shares (0 to 1) with 95 % intervals, and the paired change.

    {"rows", "folds", "majority", "english", "translated": {"accuracy", "low", "high"}, "change", "change_low", "change_high"},
    or {"rows", "why"} where there is nothing to measure.
    """
    rows = len(labels)
    if rows < SMALLEST or len(set(labels)) < 2 or len(set(folds)) < 2:
        return {"rows": rows, "why": f"needs {SMALLEST} rows, two labels and two documents"}
    try:
        one, two = guessed(before, labels, folds), guessed(after, labels, folds)
    except ValueError:  # scikit-learn's word for a vocabulary that is empty
        return {"rows": rows, "why": "no two rows share a word"}
    gained = sum(b and not a for a, b in zip(one, two, strict=True))
    lost = sum(a and not b for a, b in zip(one, two, strict=True))
    change = (gained - lost) / rows
    margin = LEVEL * math.sqrt(max((gained + lost) / rows - change**2, 0.0) / rows)
    return {
        "rows": rows, "folds": FOLDS, "majority": round(max(Counter(labels).values()) / rows, 4),
        "english": _share(sum(one), rows), "translated": _share(sum(two), rows),
        "change": round(change, 4), "change_low": round(change - margin, 4), "change_high": round(change + margin, 4),
    }  # fmt: skip


def _share(right: int, rows: int) -> dict[str, float]:
    low, high = wilson(right, rows)
    return {"accuracy": round(right / rows, 4), "low": round(low, 4), "high": round(high, 4)}


def wilson(right: int, rows: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share (Wilson 1927)."""
    share, square = right / rows, LEVEL**2 / rows
    middle = (share + square / 2) / (1 + square)
    half = LEVEL * math.sqrt(share * (1 - share) / rows + square / (4 * rows)) / (1 + square)
    return max(middle - half, 0.0), min(middle + half, 1.0)

"""Evens out labelled pairs until no reader of a part tells their label: of either text alone, or of the two lengths.

Three classifiers that see a part each guess the label of every row, trained on the other folds (build_data/hypothesis_only.py). Of rows that
get the same three guesses, as many stay of each label as the rarest label has: where guesses are right more often than wrong, the
rows that they are right about give way (AFLite's idea, Sakaguchi et al. 2020, arXiv 1907.10641). Of the 7,222 native pairs of Turku
Paraphrase 4,287 stay; a fresh classifier then tells the label of 34 % from the second text, of 34 % from the lengths (before: 43 and 44), a guess 33 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from build_data import hypothesis_only
from build_data.makers.common import chance
from corpora.records import Pair

FOLDS = 5
SMALLEST = 300  # rows: with fewer, classifiers guess

Guesses = tuple[str, ...]


def even(rows: Sequence[Pair], labels: Sequence[str]) -> list[Pair]:
    """Return rows whose labels are even within each combination of guesses; which ones, is by hash. Asks for SMALLEST rows or more."""
    cells: dict[Guesses, dict[str, list[Pair]]] = defaultdict(lambda: {label: [] for label in labels})
    for row, guesses in zip(rows, guessed(rows), strict=True):
        cells[guesses][row.label].append(row)
    kept: list[Pair] = []
    for cell in cells.values():
        least = min(map(len, cell.values()))
        for some in cell.values():
            kept += sorted(some, key=lambda r: chance(r.id))[:least]
    return sorted(kept, key=lambda r: r.id)


def guessed(rows: Sequence[Pair]) -> list[Guesses]:
    """Return what is guessed for each row from its first text, its second text and its lengths; which text is first is by chance, so one classifier reads both."""
    folds = [chance("fold", row.id) % FOLDS for row in rows]
    found: dict[str, Guesses] = {}
    for fold in range(FOLDS):
        known = [row for row, own in zip(rows, folds, strict=True) if own != fold]
        asked = [row for row, own in zip(rows, folds, strict=True) if own == fold]
        texts = hypothesis_only.taught(_both(known), [row.label for row in known for _ in "12"], _both(asked))
        sizes = hypothesis_only.taught_numbers([_sizes(row) for row in known], [row.label for row in known], [_sizes(row) for row in asked])
        for number, row in enumerate(asked):
            found[row.id] = tuple(max(p, key=lambda name: p[name]) for p in (*texts[2 * number : 2 * number + 2], sizes[number]))
    return [found[row.id] for row in rows]


def _both(rows: Sequence[Pair]) -> list[str]:
    return [text for row in rows for text in (row.premise, row.hypothesis)]


def _sizes(row: Pair) -> list[float]:
    first, second = len(row.premise), len(row.hypothesis)
    return [first, second, second / first, len(row.premise.split()), len(row.hypothesis.split())]

"""What a run's scores are made of, `details.json` beside scores.json: scores by treebank, tag, entity type or question word, layer curves, the oracle.

{language: {"groups": [Group as a dict], "layers": [point of eval.retrieval.curve with layer and pooling], "oracle": {...}}}; keys that
do not apply to a target are absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpora.config import ConfigError
from corpora.records import Record, Span, Tags
from train.metrics import METRICS, Component, chunks

FILE = "details.json"
# The treebanks that XTREME joins into one file, in order, with their sentences (UD 2.5): what a score by treebank stands on.
TREEBANKS: Mapping[tuple[str, str], tuple[tuple[str, int], ...]] = {
    ("xtreme/udpos-fi", "test"): (("FTB", 1867), ("PUD", 1000), ("TDT", 1555)),
    ("xtreme/udpos-fi", "dev"): (("FTB", 1875), ("TDT", 1364)),
    ("xtreme/udpos-hu", "test"): (("Szeged", 449),),
    ("xtreme/udpos-hu", "dev"): (("Szeged", 441),),
}
# First words of lines that PAN-X took from Wikipedia's redirect pages: no sentences, and easy (Finnish, Hungarian, English).
REDIRECTS = frozenset(("ohjaus", "uudelleenohjaus", "átirányítás", "redirect"))
RARE = 0.02  # share of questions below which a first word is counted under "other"


@dataclass(frozen=True, slots=True)
class Group:
    """Scores of a part of the test set (a treebank, lines without redirects), or of one class in all of it (a tag, an entity type)."""

    by: str
    name: str
    n: int  # examples of the part, or gold tokens or chunks of the class
    scores: Mapping[str, float]


def treebanks(corpus: str, split: str, rows: int, cut: bool) -> list[tuple[str, range]]:
    """Return (treebank, its rows) of a udpos corpus; [] for one that is not XTREME's.

    `cut`: only the first rows are used. Raises ConfigError where the corpus does not have the treebanks' sentences.
    """
    parts = TREEBANKS.get((corpus, split), ())
    whole = sum(size for _, size in parts)
    if parts and rows != whole and not cut:
        shown = " + ".join(f"{name} {size:,}" for name, size in parts)
        raise ConfigError(f"corpus {corpus!r}, split {split!r}: {rows:,} sentences, but UD 2.5 as XTREME joins it has {whole:,} ({shown}): another version")
    found, start = [], 0
    for name, size in parts:
        found.append((name, range(min(start, rows), min(start + size, rows))))
        start += size
    return [(name, part) for name, part in found if part]


def groups(
    metric: str, corpus: str, split: str, cut: bool, records: Sequence[Record], predictions: Sequence[Any], components: Sequence[Component]
) -> list[Group]:
    """Return the breakdowns that a metric has, of a whole test set."""
    found: list[Group] = []
    if metric == "udpos":
        found += [_part(metric, "treebank", name, components, rows) for name, rows in treebanks(corpus, split, len(records), cut)]
    if metric in ("udpos", "ner", "panx"):
        golds = [list(r.tags) for r in records if isinstance(r, Tags)]
        found += upos(golds, predictions) if metric == "udpos" else types(golds, predictions)
    if metric == "panx":
        redirect = [isinstance(r, Tags) and r.tokens[0].casefold().lstrip("#") in REDIRECTS for r in records]
        for name, wanted in (("sentences", False), ("redirect lines", True)):
            found.append(_part(metric, "redirects", name, components, [i for i, is_one in enumerate(redirect) if is_one == wanted]))
    if METRICS[metric].headline == "score":  # answers
        words = _question_words([r.question for r in records if isinstance(r, Span)])
        found += [_part(metric, "question", name, components, [i for i, w in enumerate(words) if w == name]) for name, _ in Counter(words).most_common()]
    return [group for group in found if group.n]


def _part(metric: str, by: str, name: str, components: Sequence[Component], rows: Sequence[int]) -> Group:
    return Group(by, name, len(rows), METRICS[metric].total([components[i] for i in rows]))


def _question_words(questions: Sequence[str]) -> list[str]:
    """Return the first word of each question, lower-cased ('other' for rare ones): in Finnish and Hungarian that is nearly always the question word."""
    words = [question.split()[0].casefold().strip("”\"'„,?") or "other" for question in questions]
    counts = Counter(words)
    return [word if counts[word] >= RARE * len(words) else "other" for word in words]


def upos(golds: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> list[Group]:
    """Return precision, recall and F1 of every tag that the gold has, token by token (scikit-learn's definition)."""
    from sklearn.metrics import precision_recall_fscore_support

    gold, guess = ([tag for sentence in side for tag in sentence] for side in (golds, predictions))
    labels = sorted(set(gold))
    found = precision_recall_fscore_support(gold, guess, labels=labels, average=None, zero_division=0.0)
    return [
        Group("upos", label, int(n), {"f1": 100 * float(f), "precision": 100 * float(p), "recall": 100 * float(r)})
        for label, p, r, f, n in zip(labels, *found, strict=True)
    ]


def macro_f1(found: Sequence[Group]) -> float:
    """Return the unweighted mean of the tags' F1."""
    scores = [group.scores["f1"] for group in found if group.by == "upos"]
    return sum(scores) / len(scores) if scores else 0.0


def mcc(golds: Sequence[str], predictions: Sequence[str]) -> float:
    """Return Matthews' correlation times 100: 0 for guessing, whatever the share of the labels."""
    from sklearn.metrics import matthews_corrcoef

    return 100 * float(matthews_corrcoef(golds, predictions))


def types(golds: Sequence[Sequence[str]], predictions: Sequence[Sequence[str]]) -> list[Group]:
    """Return precision, recall and F1 of every entity type that the gold has, whole entities counted."""
    right, got, wanted = Counter[str](), Counter[str](), Counter[str]()
    for gold, guess in zip(golds, predictions, strict=True):
        a, b = chunks(gold), chunks(guess)
        for counter, some in ((right, a & b), (got, b), (wanted, a)):
            counter.update(kind for kind, _, _ in some)
    total = METRICS["bucc2018"].total  # right, predicted, gold: the same three counts
    return [Group("type", kind, wanted[kind], total([(right[kind], got[kind], wanted[kind])])) for kind in sorted(wanted)]


def read(folder: Path) -> dict[str, Any]:
    """Return details.json of a run's folder, {} where it has none. Raises ConfigError for one that is not JSON."""
    from eval.results import read_json

    found = read_json(folder / FILE) if (folder / FILE).is_file() else {}
    return found if isinstance(found, dict) else {}

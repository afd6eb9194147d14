"""Scores on plain lists, no torch: the XTREME metrics, each as per-example components that add up.

A component is a tuple of numbers per example; `total` adds a column up and makes the scores of it. A bootstrap draws
examples and calls `total` again, so no prediction is ever looked at twice. All scores are percentages.

Source: google-research/xtreme evaluate.py and third_party/{utils_tag,evaluate_squad}.py @838c13b6; seqeval 0.0.12 (its rule is written out
here because versions count differently: in 1.2.2 SCONJ and CCONJ are one type and a final X is lost).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from train import answers

Component = tuple[float, ...]
DUPLICATE = "duplicate"  # QQP's class whose F1 counts


@dataclass(frozen=True)
class Metric:
    """`component(gold, predicted)` of one example; `total(components)` of many: names -> percentages."""

    component: Callable[[Any, Any], Component]
    total: Callable[[Sequence[Component]], dict[str, float]]
    headline: str  # the score that selects checkpoints and that XTREME averages


def chunks(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """Return (type, first, last) of every chunk of ONE sentence under the rule of seqeval 0.0.12.

    The prefix of a tag is its FIRST LETTER and its type what follows the last '-', so on bare UPOS tags neighbours with
    the same tag merge to one chunk, except those that begin with S (SCONJ, SYM): each is a chunk of its own. CCONJ merges.
    """
    found: set[tuple[str, int, int]] = set()
    before, before_type, first = "O", "", 0
    for i, label in enumerate([*tags, "O"]):
        prefix, kind = label[0], label.rpartition("-")[2]
        if _ends(before, prefix, before_type != kind):
            found.add((before_type, first, i - 1))
        if _starts(before, prefix, before_type != kind):
            first = i
        before, before_type = prefix, kind
    return found


def _ends(before: str, prefix: str, changed: bool) -> bool:
    return before in "ES" or (before in "BI" and prefix in "BSO") or (before not in "O." and changed)


def _starts(before: str, prefix: str, changed: bool) -> bool:
    return prefix in "BS" or (before in "ESO" and prefix in "EI") or (prefix not in "O." and changed)


def chunk_component(gold: Sequence[str], predicted: Sequence[str]) -> Component:
    """Return (right chunks, predicted chunks, gold chunks, right tokens, tokens) of one sentence."""
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold tags but {len(predicted)} predicted tags")
    wanted, got = chunks(gold), chunks(predicted)
    right = sum(g == p for g, p in zip(gold, predicted, strict=True))
    return (len(wanted & got), len(got), len(wanted), right, len(gold))


def chunk_total(components: Sequence[Component]) -> dict[str, float]:
    """Return micro precision, recall and f1 over chunks, and token accuracy beside them."""
    right, got, wanted, tokens_right, tokens = (sum(column) for column in zip(*components, strict=True)) if components else (0.0,) * 5
    precision, recall = _share(right, got), _share(right, wanted)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"f1": f1, "precision": precision, "recall": recall, "accuracy": _share(tokens_right, tokens)}


def answer_component(gold: Sequence[str], predicted: str, normalise: answers.Normalise = answers.squad) -> Component:
    """Return (exact match, F1, 1), each the best over the gold answers; no gold answers = the question has none ('')."""
    return (*answers.compare(gold, predicted, normalise), 1.0)


def answer_total(components: Sequence[Component]) -> dict[str, float]:
    """Return exact match, f1 and their mean, which is XTREME's task score."""
    count = len(components)
    exact, f1 = _share(sum(c[0] for c in components), count), _share(sum(c[1] for c in components), count)
    return {"score": (exact + f1) / 2, "f1": f1, "exact_match": exact}


def label_component(gold: str, predicted: str) -> Component:
    """Return (right, 1)."""
    return (float(gold == predicted), 1.0)


def label_total(components: Sequence[Component]) -> dict[str, float]:
    """Return accuracy."""
    return {"accuracy": _share(sum(c[0] for c in components), len(components))}


def duplicate_component(gold: str, predicted: str) -> Component:
    """Return (right, both duplicate, predicted duplicate, gold duplicate, 1) of one question pair of QQP."""
    yes, said = gold == DUPLICATE, predicted == DUPLICATE
    return (float(gold == predicted), float(yes and said), float(said), float(yes), 1.0)


def duplicate_total(components: Sequence[Component]) -> dict[str, float]:
    """Return F1 of the class duplicate, accuracy, and their mean, as GLUE scores QQP."""
    right, both, said, yes, count = (sum(column) for column in zip(*components, strict=True)) if components else (0.0,) * 5
    f1, accuracy = _share(2 * both, said + yes), _share(right, count)
    return {"score": (f1 + accuracy) / 2, "f1": f1, "accuracy": accuracy}


def masked_component(gold: Any, predicted: Sequence[int]) -> Component:
    """Return (pieces guessed right, pieces hidden) of one text; its gold is in the text."""
    del gold
    return (float(predicted[0]), float(predicted[1]))


def masked_total(components: Sequence[Component]) -> dict[str, float]:
    """Return the accuracy over hidden pieces."""
    return {"accuracy": _share(sum(c[0] for c in components), sum(c[1] for c in components))}


def _share(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole else 0.0


def mined_component(gold: bool, predicted: bool) -> Component:
    """Return (right, extracted, gold) of one sentence pair that is gold, extracted, or both."""
    return (float(gold and predicted), float(predicted), float(gold))


def mined_total(components: Sequence[Component]) -> dict[str, float]:
    """Return precision, recall and f1 of the extracted pairs."""
    right, got, wanted = (sum(column) for column in zip(*components, strict=True)) if components else (0.0,) * 3
    precision, recall = _share(right, got), _share(right, wanted)
    return {"f1": 2 * precision * recall / (precision + recall) if right else 0.0, "precision": precision, "recall": recall}


_CHUNKS = Metric(chunk_component, chunk_total, "f1")
_ANSWERS = Metric(answer_component, answer_total, "score")
_LABELS = Metric(label_component, label_total, "accuracy")
# A target's metric carries the name of its XTREME task; "ner" and "accuracy" are for targets that XTREME does not have.
METRICS: dict[str, Metric] = {
    "udpos": _CHUNKS,
    "panx": _CHUNKS,
    "ner": _CHUNKS,
    "tydiqa": _ANSWERS,
    "xquad": _ANSWERS,
    "mlqa": replace(_ANSWERS, component=partial(answer_component, normalise=answers.mlqa("en"))),  # of its English dev set; see `rule`
    "xnli": _LABELS,
    "pawsx": _LABELS,
    "accuracy": _LABELS,  # pair and choice
    "tatoeba": _LABELS,  # gold and predicted: line numbers of the foreign side, as text
    "bucc2018": Metric(mined_component, mined_total, "f1"),
    "qqp": Metric(duplicate_component, duplicate_total, "score"),  # from here on: of intermediate tasks
    "squad": _ANSWERS,
    "supertags": replace(_CHUNKS, headline="accuracy"),
    "mlm": Metric(masked_component, masked_total, "accuracy"),
}
KIND_METRIC = {"pair": "accuracy", "choice": "accuracy", "span": "tydiqa", "tags": "panx", "text": "mlm"}  # for intermediate tasks, by kind


def rule(metric: str, language: str) -> Metric:
    """Return the metric as it scores a language: MLQA's normal form of answers depends on it, nothing else does."""
    if metric == "mlqa":
        return replace(METRICS[metric], component=partial(answer_component, normalise=answers.mlqa(language)))
    return METRICS[metric]


def score(metric: str, gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, float]:
    """Return the scores of a whole set. gold: labels, tag lists or answer lists; predicted: labels, tag lists or texts."""
    how = METRICS[metric]
    return how.total([how.component(g, p) for g, p in zip(gold, predicted, strict=True)])

"""Scores one run on the fi/hu test data of its target: the only place that touches that data (HOUSE contracts 6 and 8).

Leaves four files in the run's folder, each whole or absent: `predictions.jsonl.gz` (one line per test example),
`outcomes.safetensors` (the numbers that each example adds to its metric, so that paired tests never need the model again),
`details.json` (by treebank, tag, type or question word; layer curves; the oracle) and last `scores.json` (one result line per
language and metric), whose presence means "scored". Metrics: train/metrics.py.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.corpus import Corpus
from corpora.records import Aligned, Record, Span
from corpora.shards import digest, whole, write_json
from corpora.study import Study, Target
from train import answers
from train.metrics import METRICS, Component, rule

if TYPE_CHECKING:  # torch stays away from whoever only reads scores
    from train.model import Model
    from train.run import Run

VERSION = 2  # of scoring: raise it when the same predictions would get other scores
# What the report averages and tests. Answers: F1 alone, as most papers print it; XTREME's own (F1 + EM) / 2 is written as "score".
HEADLINE: Mapping[str, str] = {
    "udpos": "f1", "panx": "f1", "ner": "f1", "tydiqa": "f1", "xquad": "f1", "mlqa": "f1",
    "xnli": "accuracy", "pawsx": "accuracy", "accuracy": "accuracy", "tatoeba": "accuracy", "bucc2018": "f1",
}  # fmt: skip
PREDICTIONS, SCORES = "predictions.jsonl.gz", "scores.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test example: what was predicted, and its component of the metric (see train.metrics for the columns)."""

    id: str
    prediction: Any
    component: Component


@dataclass
class Tested:
    """A run on the test set of one language: outcomes, scores beside the metric's own, and details."""

    outcomes: list[Outcome]
    more: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


def score_run(study: Study, run: Run, folder: Path, model: Model) -> None:
    """Score the target run `run` in each language that its target is tested in; the hook of `train --after eval.score:score_run`."""
    from eval import details, forgetting, outcomes

    target = study.targets[run.target]
    lines: list[dict[str, Any]] = []
    found: dict[str, Tested] = {}
    for language, name in tested(study, run.target).items():
        corpus = corpora.load(name)
        one = found[language] = _tested(target, run.target, corpus, language, model)
        scores = METRICS[target.metric].total([outcome.component for outcome in one.outcomes])
        one.details |= _oracle(target, run.target, corpus, language, model, scores)
        for metric, value in {**scores, **one.more}.items():
            lines.append({
                "run": run.key, "study": study.name, "tasks": list(run.tasks), "arm": run.arm, "seed": run.seed, "parent": run.parent,
                "target": run.target, "language": language, "metric": metric, "headline": metric == HEADLINE[target.metric],
                "value": value, "n": len(one.outcomes), "corpus": name, "data": test_fingerprint(target, corpus), "test_rows": target.test_rows,
            })  # fmt: skip
    _write_predictions(folder / PREDICTIONS, run.target, {language: one.outcomes for language, one in found.items()})
    outcomes.write(folder, {language: ([o.id for o in one.outcomes], [o.component for o in one.outcomes]) for language, one in found.items()})
    forgot = forgetting.measure(study, run, model)
    write_json(folder / details.FILE, {language: one.details for language, one in found.items()} | ({forgetting.KEY: forgot} if forgot else {}))
    write_json(folder / SCORES, lines)


def tested(study: Study, target: str) -> dict[str, str]:
    """Return language -> test corpus of a target: the languages of the study, and those that the target asks for beside them."""
    what = study.targets[target]
    return {language: what.test[language] for language in dict.fromkeys((*study.languages, *what.languages)) if language in what.test}


def elsewhere(study: Study) -> list[str]:
    """Return the languages beside the study's own that a target is scored in."""
    return list(dict.fromkeys(language for what in study.targets.values() for language in what.languages if language not in study.languages))


def test_fingerprint(target: Target, corpus: Corpus) -> str:
    """Return 16 hex digits of everything but the model that decides a score: test data, rows used, how retrieval embeds."""
    embedding = [target.layer, target.pooling, target.prefix] if target.retrieval else []
    return digest([VERSION, corpora.shaping(corpus), corpora.fingerprint(corpus, target.test_split), target.test_rows, target.metric, embedding])


def _tested(target: Target, name: str, corpus: Corpus, language: str, model: Model) -> Tested:
    from eval import sentences

    rows = _rows(target, name, corpus, language)
    if target.retrieval:
        score = sentences.mining if target.metric == "bucc2018" else sentences.retrieval
        return score(target, corpus, [row for row in rows if isinstance(row, Aligned)], language, model)
    return labelled(target, name, corpus, language, [row for row in rows if isinstance(row, Record)], model)


def _oracle(target: Target, name: str, corpus: Corpus, language: str, model: Model, scores: Mapping[str, float]) -> dict[str, Any]:
    """Return what the checkpoint that the language's own dev rows would choose scores on test; nothing where none was watched."""
    if target.retrieval or not target.oracle_rows:
        return {}
    from train import oracle

    if (step := oracle.step_of(model, language)) is None:
        return {}
    with oracle.in_place(model, language) as other:
        found = METRICS[target.metric].total([o.component for o in _tested(target, name, corpus, language, model).outcomes]) if other else dict(scores)
    return {"oracle": {"step": step, "other": other, "scores": found}}


def _rows(target: Target, name: str, corpus: Corpus, language: str) -> Sequence[Any]:
    """Return the test rows. Raises ConfigError where there are none, or none with labels to be scored against."""
    from corpora.readers import read

    split = target.test_split
    if split not in {*corpus.splits, *(corpus.hub.splits if corpus.hub else ())}:
        there = ", ".join({*corpus.splits, *(corpus.hub.splits if corpus.hub else ())})
        raise ConfigError(
            f"target {name!r}, language {language!r}: corpus {corpus.name!r} has no split {split!r} (it has: {there}). Where test labels are not public, "
            f'write targets.{name}.test_split = "dev", and the report says that dev is the test set'
        )
    rows = read(corpus, split, limit=target.test_rows)
    if not rows:
        raise ConfigError(f"corpus {corpus.name!r}, split {split!r}: no rows, so target {name!r} cannot be scored in {language!r}")
    blank = [row for row in rows if isinstance(row, Span) and not row.answers]
    if blank:
        raise ConfigError(
            f"corpus {corpus.name!r}, split {split!r}: {len(blank)} of {len(rows)} questions have no answer (first: {blank[0].id}). Target {name!r} counts "
            "every question as answerable, so these are blanked labels; take a copy of the test set that has them"
        )
    return rows


def labelled(target: Target, name: str, corpus: Corpus, language: str, records: Sequence[Record], model: Model) -> Tested:
    """Score tags, answers and labels: one prediction per record."""
    from eval import details
    from train import predict

    how = rule(target.metric, language)
    predictions = predict.predict(model, list(records), name=name)
    if len(predictions) != len(records):
        raise ConfigError(f"target {name!r}: {len(records)} test rows but {len(predictions)} predictions; this is a defect of train.predict")
    golds = [predict.gold(record) for record in records]
    found = Tested([Outcome(r.id, p, how.component(g, p)) for r, g, p in zip(records, golds, predictions, strict=True)])
    components = [one.component for one in found.outcomes]
    groups = details.groups(target.metric, corpus.name, target.test_split, bool(target.test_rows), records, predictions, components)
    found.details = {"groups": [dataclasses.asdict(group) for group in groups]} if groups else {}
    found.more = _more(target.metric, language, golds, predictions, groups)
    return found


def _more(metric: str, language: str, golds: Sequence[Any], predictions: Sequence[Any], groups: Sequence[Any]) -> dict[str, float]:
    """Return the scores that stand beside a metric's own: those that XTREME does not have, but a reader needs."""
    from eval import details

    if metric == "udpos":
        return {"macro_f1": details.macro_f1(groups)}
    if metric == "panx":
        sentences = [group for group in groups if (group.by, group.name) == ("redirects", "sentences")]
        return {"f1_without_redirects": sentences[0].scores["f1"]} if sentences else {}
    if METRICS[metric].headline == "score" and answers.has_own(language):
        pairs = [answers.compare(g, p, answers.own(language)) for g, p in zip(golds, predictions, strict=True)]
        return {f"{name}_language": 100 * sum(pair[i] for pair in pairs) / len(pairs) for i, name in enumerate(("exact_match", "f1"))}
    if metric == "accuracy":
        return {"mcc": details.mcc(golds, predictions)}
    return {}


def _write_predictions(path: Path, target: str, outcomes: Mapping[str, Iterable[Outcome]]) -> None:
    with whole(path) as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:  # mtime=0: same scores, same bytes
        for language, found in outcomes.items():
            for one in found:
                row = {"target": target, "language": language, "id": one.id, "prediction": one.prediction, "component": list(one.component)}
                file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")

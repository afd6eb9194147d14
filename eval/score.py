"""Scores one run on the fi/hu test data of its target: the only place that touches that data (HOUSE contracts 6 and 8).

Leaves two files in the run's folder, each whole or absent: `predictions.jsonl.gz` (one line per test example, with the
numbers its metric adds up, so that paired tests never need the model again) and then `scores.json` (one result line per
language and metric), whose presence means "scored". Metrics: train/metrics.py.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.corpus import Corpus
from corpora.records import Aligned, Record
from corpora.shards import digest, whole, write_json
from corpora.study import Study, Target
from train.metrics import METRICS, Component

if TYPE_CHECKING:  # torch stays away from whoever only reads scores
    from train.model import Model
    from train.run import Run

VERSION = 1  # of scoring: raise it when the same predictions would get other scores
# What the report averages and tests. TyDiQA: F1 alone, as most papers print it; XTREME's own (F1 + EM) / 2 is written as "score".
HEADLINE: Mapping[str, str] = {"udpos": "f1", "panx": "f1", "tydiqa": "f1", "tatoeba": "accuracy"}
PREDICTIONS, SCORES = "predictions.jsonl.gz", "scores.json"
QUERIES = 1024  # retrieval: rows of the similarity matrix at once (1,024 x 10,000 float32 = 40 MB)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test example: what was predicted, and its component of the metric (see train.metrics for the columns)."""

    id: str
    prediction: Any
    component: Component


def score_run(study: Study, run: Run, folder: Path, model: Model) -> None:
    """Score the target run `run` in each language of the study that its target has; the hook of `train --after eval.score:score_run`."""
    target = study.targets[run.target]
    lines: list[dict[str, Any]] = []
    outcomes: dict[str, list[Outcome]] = {}
    for language, name in tested(study, run.target).items():
        corpus = corpora.load(name)
        found = outcomes[language] = _outcomes(target, run.target, corpus, language, model)
        scores = METRICS[target.metric].total([outcome.component for outcome in found])
        for metric, value in scores.items():
            lines.append({
                "run": run.key, "study": study.name, "tasks": list(run.tasks), "arm": run.arm, "seed": run.seed, "parent": run.parent,
                "target": run.target, "language": language, "metric": metric, "headline": metric == HEADLINE[target.metric],
                "value": value, "n": len(found), "corpus": name, "data": test_fingerprint(target, corpus), "test_rows": target.test_rows,
            })  # fmt: skip
    _write_predictions(folder / PREDICTIONS, run.target, outcomes)
    write_json(folder / SCORES, lines)


def tested(study: Study, target: str) -> dict[str, str]:
    """Return language -> test corpus of a target, for the languages of the study."""
    return {language: study.targets[target].test[language] for language in study.languages if language in study.targets[target].test}


def test_fingerprint(target: Target, corpus: Corpus) -> str:
    """Return 16 hex digits of everything but the model that decides a score: test data, rows used, how retrieval embeds."""
    embedding = [target.layer, target.pooling, target.prefix] if target.metric == "tatoeba" else []
    return digest([VERSION, corpora.fingerprint(corpus, "test"), target.test_rows, target.metric, embedding])


def _outcomes(target: Target, name: str, corpus: Corpus, language: str, model: Model) -> list[Outcome]:
    from corpora.readers import read

    rows = read(corpus, "test", limit=target.test_rows)
    if not rows:
        raise ConfigError(f"corpus {corpus.name!r}, split 'test': no rows, so target {name!r} cannot be scored in {language!r}")
    if target.metric == "tatoeba":
        return retrieval(target, corpus, [row for row in rows if isinstance(row, Aligned)], language, model)
    return labelled(target, name, [row for row in rows if isinstance(row, Record)], model)


def labelled(target: Target, name: str, records: Sequence[Record], model: Model) -> list[Outcome]:
    """Return the outcomes of tags and spans: one prediction per record."""
    from train import predict

    component = METRICS[target.metric].component
    predictions = predict.predict(model, list(records), name=name)
    if len(predictions) != len(records):
        raise ConfigError(f"target {name!r}: {len(records)} test rows but {len(predictions)} predictions; this is a defect of train.predict")
    return [Outcome(r.id, p, component(predict.gold(r), p)) for r, p in zip(records, predictions, strict=True)]


def retrieval(target: Target, corpus: Corpus, pairs: Sequence[Aligned], language: str, model: Model) -> list[Outcome]:
    """Return accuracy@1 outcomes: each ENGLISH sentence is the query, the foreign sentences are the index.

    Direction and nearest neighbour (inner product of normalised vectors, the first of equals) as in XTREME's
    utils_retrieve.py and evaluate_retrieval.py @838c13b6; layer, pooling and prefix as the study's target says.
    """
    import numpy as np

    from train import predict

    if set(corpus.languages) != {"en", language}:
        raise ConfigError(f"corpus {corpus.name!r}: languages {list(corpus.languages)}; a retrieval test for {language!r} needs 'en' and {language!r}")
    english_first = corpus.languages[0] == "en"
    english = [pair.source if english_first else pair.target for pair in pairs]
    foreign = [pair.target if english_first else pair.source for pair in pairs]
    how: dict[str, Any] = {"layer": target.layer, "pooling": target.pooling, "prefix": target.prefix}
    queries, index = predict.embed(model, english, **how), predict.embed(model, foreign, **how)
    nearest = np.concatenate([(queries[i : i + QUERIES] @ index.T).argmax(axis=1) for i in range(0, len(queries), QUERIES)])
    component = METRICS["tatoeba"].component
    return [Outcome(pair.id, pairs[int(hit)].id, component(str(i), str(int(hit)))) for i, (pair, hit) in enumerate(zip(pairs, nearest, strict=True))]


def _write_predictions(path: Path, target: str, outcomes: Mapping[str, Iterable[Outcome]]) -> None:
    with whole(path) as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:  # mtime=0: same scores, same bytes
        for language, found in outcomes.items():
            for one in found:
                row = {"target": target, "language": language, "id": one.id, "prediction": one.prediction, "component": list(one.component)}
                file.write(json.dumps(row, ensure_ascii=False).encode("utf-8") + b"\n")

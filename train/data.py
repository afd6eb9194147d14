"""What a run reads: built intermediate tasks (Parquet) and English target data, with the fingerprints its key needs. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpora import corpus as corpora
from corpora.bounded import read_json, shown
from corpora.config import ConfigError
from corpora.readers import read, read_records
from corpora.records import Aligned, Kind, Record, Tags, found_labels
from corpora.shards import digest, file_sha256
from corpora.shards import read_records as read_shards
from corpora.study import Study, built_tasks, data_folder


@dataclass(frozen=True)
class Built:
    """A built intermediate task on disk."""

    folder: Path
    kind: Kind
    labels: tuple[str, ...]  # sorted; () for span, choice and text. From the manifest: a native arm has a label set of its own
    fingerprint: str

    def records(self, split: str) -> list[Record]:
        """Return the rows of 'train' or 'validation'."""
        return read_shards(sorted(self.folder.glob(f"{split}-*.parquet")), self.kind)


def built(study: Study, task: str, arm: str, root: Path) -> Built:
    """Return the built task of an arm. Raises ConfigError naming folder and command where it is missing or broken."""
    folder = data_folder(study, task, arm, root / "data")
    shards = [*sorted(folder.glob("train-*.parquet")), *sorted(folder.glob("validation-*.parquet"))]
    if not any(shard.name.startswith("train-") for shard in shards):
        raise ConfigError(f"{folder}: task {task!r} of arm {arm!r} is not built (no train-*.parquet there); run: make data STUDY=studies/{study.name}.toml")
    manifest = _manifest(folder)
    kind = study.tasks[task].kind
    labels = manifest.get("labels")
    if labels is not None and not (isinstance(labels, list) and all(isinstance(label, str) for label in labels)):
        raise ConfigError(f"{folder / 'manifest.json'}: labels = {shown(labels)} is no list of names; delete the folder and run `make data` again")
    if kind in ("pair", "tags") and (labels is None or labels == ["*"]):
        labels = found_labels(read_shards([s for s in shards if s.name.startswith("train-")], kind))
    mark = manifest.get("fingerprint") or digest({shard.name: file_sha256(shard) for shard in shards})
    return Built(folder, kind, tuple(sorted(labels or ())) if kind in ("pair", "tags") else (), str(mark))


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    try:
        value = read_json(path)
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path}: not valid JSON ({err}); delete the folder and run `make data` again") from None
    return value if isinstance(value, dict) else {}


def built_rows(folder: Path, split: str) -> int:
    """Return how many rows a split of a built task has, from the Parquet footers alone."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in folder.glob(f"{split}-*.parquet"))


def target_records(study: Study, target: str, split: str) -> list[Record]:
    """Return a target's English rows: split 'train' (the first train_rows of it) or 'dev' (the first dev_rows)."""
    what = study.targets[target]
    return read_records(corpora.load(what.english), what.split if split == "train" else split, limit=what.train_rows if split == "train" else what.dev_rows)


def watched_records(study: Study, target: str) -> dict[str, list[Record]]:
    """Return language -> `oracle_rows` dev rows, evenly spaced over the split (udpos-fi's begins with one treebank only); {} where none are asked for.

    A language whose corpus has no dev split beside its test split (TyDiQA) has no oracle.
    """
    what, found = study.targets[target], {}
    for language, name in what.test.items() if what.oracle_rows else ():
        if language in study.languages and "dev" in test_splits(name) and what.test_split != "dev":
            rows = read_records(corpora.load(name), "dev")
            count = min(what.oracle_rows, len(rows))
            found[language] = [rows[i * len(rows) // count] for i in range(count)]
    return found


def target_fingerprint(study: Study, target: str) -> dict[str, Any]:
    """Return what identifies English train and dev data and the test data a target is scored on."""
    what = study.targets[target]

    def known(name: str, splits: Sequence[str]) -> list[object]:
        corpus = corpora.load(name)
        return [corpora.shaping(corpus), *(corpora.fingerprint(corpus, split) for split in splits)]

    return {
        "english": known(what.english, (what.split, "dev")) if what.english else [],
        "test": {language: known(name, test_splits(name)) for language, name in what.test.items()},
    }


def test_splits(name: str) -> list[str]:
    """Return which of 'test' and 'dev' (for the oracle) a test corpus has."""
    corpus = corpora.load(name)
    known = {*corpus.splits, *(corpus.hub.splits if corpus.hub else ())}
    return [split for split in ("test", "dev") if split in known]


Words = str | Sequence[str]  # a text, or a sentence already cut into words


def study_texts(study: Study, root: Path) -> Iterator[Words]:
    """Yield every text that a run of the study will ever tokenise, with the prefixes it gets.

    Test texts are among them: they decide which rows of the embedding table are kept and no number beyond that (HOUSE contract 6).
    """
    for task, arm in built_tasks(study):
        folder = built(study, task, arm, root)
        for split in ("train", "validation"):
            yield from _texts(folder.records(split))
    for target in study.targets.values():
        if target.english:
            for split in (target.split, "dev"):
                yield from _texts(read_records(corpora.load(target.english), split))
        for name in target.test.values():
            for split in test_splits(name):
                for item in read(corpora.load(name), split):
                    if isinstance(item, Aligned):
                        yield from (target.prefix + item.source, target.prefix + item.target)
                    elif isinstance(item, Record):
                        yield from _texts([item])
    yield study.base.prefix


def _texts(records: Sequence[Record]) -> Iterator[Words]:
    for record in records:
        yield from ([record.tokens] if isinstance(record, Tags) else record.texts())


def texts_key(study: Study, root: Path) -> str:
    """Return a digest that changes when `study_texts` may yield something else; no text is read for it."""
    prefixes = sorted({study.base.prefix, *(t.prefix for t in study.targets.values())})
    tasks = [built(study, task, arm, root).fingerprint for task, arm in built_tasks(study)]
    return digest([prefixes, tasks, [target_fingerprint(study, name) for name in sorted(study.targets)]])

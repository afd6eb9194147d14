"""The YAML header of dataset cards, from manifests and corpus declarations; the only file that knows PyYAML.

Keys as the Hub defines them (huggingface/hub-docs, datasetcard.md): language, license (+ name and link), multilinguality, annotations_creators,
language_creators, source_datasets, task_categories, task_ids, size_categories, pretty_name, tags, configs, dataset_info, train-eval-index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from build_data import licences
from build_data.makers import family
from corpora import corpus as corpora
from corpora.corpus import Corpus
from corpora.study import base_arm, is_translated

CATEGORY = {"pair": "text-classification", "span": "question-answering", "choice": "multiple-choice", "tags": "token-classification", "text": "fill-mask"}
TASK_IDS = {"span": "extractive-qa", "choice": "multiple-choice-qa", "text": "masked-language-modeling"}
SIZES = [(1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M")]
# How the Hub's own evaluation reads our columns.
INDEX: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "pair": ("natural_language_inference", {"premise": "text1", "hypothesis": "text2", "label": "target"}),
    "span": ("extractive_question_answering", {"question": "question", "context": "context", "answers.text": "answers.text", "answers.answer_start": "answers.answer_start"}),
    "choice": ("multiple_choice", {"context": "context", "endings": "choices", "label": "target"}),
    "tags": ("token_classification", {"tokens": "tokens", "tags": "tags"}),
}  # fmt: skip
NLI = {"entailment", "neutral", "contradiction"}


def front(keys: Mapping[str, Any]) -> str:
    """Return a header between its two lines of dashes."""
    return "---\n" + str(yaml.safe_dump(dict(keys), sort_keys=False, allow_unicode=True, width=1000)) + "---"


def header(manifests: Sequence[Mapping[str, Any]], title: str, configs: Sequence[Mapping[str, Any]], infos: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the header's keys for one built task, or for several that are published together.

    `configs`: name, data_files and default of each configuration; `infos`: dataset_info of each, see `info`.
    """
    used = [corpora.load(str(item["corpus"])) for m in manifests for item in m["inputs"]]
    kinds = list(dict.fromkeys(str(m["kind"]) for m in manifests))
    arms = [str(m["arm"]) for m in manifests]
    keys: dict[str, Any] = {
        "language": list(dict.fromkeys(str(m["language"]) for m in manifests)),
        **licences.header([licence for m in manifests for licence in licences.of(m)]),
        "multilinguality": sorted({"translation" if is_translated(base_arm(arm)) else "monolingual" for arm in arms}),
        "annotations_creators": sorted({_annotators(m) for m in manifests}),
        "language_creators": sorted({creator for m in manifests for creator in _writers(m, used)}),
        "source_datasets": _sources(used),
        "task_categories": [CATEGORY[kind] for kind in kinds],
        "task_ids": sorted({task for m in manifests if (task := _task_id(m))}),
        "size_categories": [_size(sum(int(n) for m in manifests for n in m["counts"].values()))],
        "pretty_name": title,
        "tags": ["fihu-stilts", "intermediate-task", "stilts"],
        "configs": list(configs),
    }
    if infos:
        keys["dataset_info"] = list(infos)
    index = [entry for m, config in _defaults(manifests, configs) if (entry := _index(m, config))]
    return {name: value for name, value in keys.items() if value not in ([], "")} | ({"train-eval-index": index} if index else {})


def _annotators(manifest: Mapping[str, Any]) -> str:
    """Say who made the labels: rules of ours on running text; people where rows were labelled before, or are English, whose labels a translation keeps."""
    if manifest["kind"] == "text":
        return "no-annotation"
    return "machine-generated" if labelled_by_rules(manifest) else "found"


def labelled_by_rules(manifest: Mapping[str, Any]) -> bool:
    """Say whether a task's labels come from rules of ours, as those of makers of running text do."""
    maker = (manifest["settings"].get("maker") or {}).get("maker", "")
    return bool(maker) and manifest["kind"] != "text" and family(maker).reads == "documents"


def _writers(manifest: Mapping[str, Any], used: Sequence[Corpus]) -> set[str]:
    if is_translated(base_arm(str(manifest["arm"]))):
        return {"machine-generated"}
    return {"machine-generated" if corpus.origin == "synthetic" else "found" for corpus in used}


def _sources(used: Iterable[Corpus]) -> list[str]:
    """Return the Hub ids that rows come from ("extended|nyu-mll/multi_nli"), and "original" for text that has no home there."""
    return sorted({f"extended|{corpus.hub.id}" if corpus.hub else "original" for corpus in used})


def _task_id(manifest: Mapping[str, Any]) -> str:
    if manifest["kind"] == "pair":
        return "natural-language-inference" if set(manifest["labels"]) == NLI else ""
    return TASK_IDS.get(str(manifest["kind"]), "")


def _size(rows: int) -> str:
    return next((name for limit, name in SIZES if rows < limit), "n>10M")


def _defaults(manifests: Sequence[Mapping[str, Any]], configs: Sequence[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    named = {str(config["config_name"]) for config in configs}
    return [(m, name) for m in manifests for name in (f"{m['task']}.{m['arm']}", "default") if name in named]


def _index(manifest: Mapping[str, Any], config: str) -> dict[str, Any]:
    kind = str(manifest["kind"])
    if kind not in INDEX:
        return {}
    task_id, columns = INDEX[kind]
    task = CATEGORY[kind]
    return {"config": config, "task": task, "task_id": task_id, "splits": {"train_split": "train", "eval_split": "validation"}, "col_mapping": dict(columns)}


def info(config: str, files: Mapping[str, Sequence[Path]]) -> dict[str, Any]:
    """Return dataset_info of a configuration: features, and rows and bytes of each split, from the Parquet footers. `files`: split -> its shards."""
    shape = pq.read_schema(next(path for paths in files.values() for path in paths))
    splits, size = [], 0
    for split, paths in files.items():
        footers = [pq.read_metadata(path) for path in paths]
        plain = sum(footer.row_group(i).total_byte_size for footer in footers for i in range(footer.num_row_groups))
        splits.append({"name": split, "num_bytes": plain, "num_examples": sum(footer.num_rows for footer in footers)})
        size += sum(path.stat().st_size for path in paths)
    return {
        "config_name": config, "features": [_feature(field.name, field.type) for field in shape], "splits": splits,
        "download_size": size, "dataset_size": sum(int(split["num_bytes"]) for split in splits),
    }  # fmt: skip


def _feature(name: str, kind: pa.DataType) -> dict[str, Any]:
    """Return an Arrow field as `datasets` writes features into a card."""
    if pa.types.is_struct(kind):
        return {"name": name, "struct": [_feature(kind.field(i).name, kind.field(i).type) for i in range(kind.num_fields)]}
    if pa.types.is_list(kind):
        return {"name": name, "list": _dtype(kind.value_type)}
    return {"name": name, "dtype": _dtype(kind)}


def _dtype(kind: pa.DataType) -> str:
    return {"double": "float64", "float": "float32"}.get(str(kind), str(kind))

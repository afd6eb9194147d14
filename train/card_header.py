"""The YAML header of a model card, with a model-index of results from records.

Keys as the Hub defines them (huggingface/hub-docs, modelcard.md); made and checked by the Hub's own client.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from corpora.study_parts import METRIC_KIND, RETRIEVAL
from train.card_records import Known, Result, declared

TASKS = {"pair": "text-classification", "span": "question-answering", "choice": "multiple-choice", "tags": "token-classification", "text": "fill-mask"}
CLASSES = {"AutoModelForTokenClassification": "tags", "AutoModelForQuestionAnswering": "span", "AutoModelForMaskedLM": "text"}
LICENCES = "LICENSE.md"  # the Hub takes LICENSE, LICENSE.md or an address here
ON_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")  # a Hub id; a folder of this machine is nobody else's business


def header(record: Mapping[str, Any], known: Known, kind: str, name: str) -> str:
    """Return the header between its two lines of dashes. `kind`: Transformers' class; `name`: the model's.

    No licence is claimed: what base and data allow together is for the user to judge, and the card's section says what each allows.
    """
    from huggingface_hub import ModelCardData

    hub = base_id(record)
    results = [_result(one, record) for one in known.results]
    data = ModelCardData(
        language=sorted({str(m["language"]) for m in known.data.values()} | {one.language for one in known.results} | ({"en"} if known.english else set())) or None,
        license="other", license_name="conditions-of-base-and-data", license_link=LICENCES, library_name="transformers",
        base_model=hub if ON_HUB.fullmatch(hub) else None, pipeline_tag=TASKS[CLASSES[kind]] if kind in CLASSES else None,
        datasets=_datasets(known) or None, metrics=sorted({one.metric_type for one in results}) or None, tags=_tags(record, known),
        model_name=name, eval_results=results or None,
    )  # fmt: skip
    if not results:
        del data.model_name  # the Hub knows it only as the name of a model-index
    return f"---\n{data.to_yaml(line_break=chr(10))}\n---"


def base_id(record: Mapping[str, Any]) -> str:
    """Return the Hub id of the run's base, or the name of its folder."""
    base = record["base_model"]
    folder = (record.get("settings") or {}).get("base", {}).get("folder")
    return str(folder or base["fallback"] or base["model"])


def _tags(record: Mapping[str, Any], known: Known) -> list[str]:
    arm = record.get("arm", "none")
    return ["fihu-stilts", "stilts", "cross-lingual-transfer", *([f"arm:{arm}"] if arm != "none" else []), *([f"study:{known.study}"] if known.study else [])]


def _datasets(known: Known) -> list[str]:
    """Return the Hub ids of the corpora that the model was trained on, as far as they have a home there."""
    names = [str(item["corpus"]) for m in known.data.values() for item in m.get("inputs", ())] + list(known.english)
    return sorted({corpus.hub.id for name in names if (corpus := declared(name)) and corpus.hub})


def task_type(measure: str) -> str:
    """Return the Hub's name of a target's task by its metric ("udpos" -> "token-classification")."""
    if measure in RETRIEVAL:
        return "sentence-similarity"
    return TASKS.get(METRIC_KIND.get(measure, ""), "text-classification")


def _result(one: Result, record: Mapping[str, Any]) -> Any:
    """Return a score as the Hub's EvalResult; a corpus without a home on the Hub is named by its declaration."""
    from huggingface_hub import EvalResult

    corpus = declared(one.corpus)
    hub = corpus.hub if corpus else None
    how = (
        f"{one.target}, zero-shot"
        if record.get("target") or one.measure in RETRIEVAL
        else f"{one.target}, zero-shot, after fine-tuning on English (run {one.run})"
    )
    return EvalResult(
        task_type=task_type(one.measure), task_name=how, dataset_type=hub.id if hub else one.corpus.replace("/", "-"),
        dataset_name=corpus.title if corpus else one.corpus, dataset_config=(hub.config if hub and hub.config else one.corpus),
        dataset_revision=hub.revision or None if hub else None, metric_type=one.metric, metric_value=round(one.value, 4),
        metric_name=f"{one.metric} ({one.language}, {one.rows} test rows, seed {record['seed']}, 0 to 100)",
    )  # fmt: skip

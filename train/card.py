"""The model card of an exported run, made from its record alone."""

from __future__ import annotations

import json
import re
from typing import Any

from train.heads import Head

_TASKS = {"AutoModelForTokenClassification": "token-classification", "AutoModelForQuestionAnswering": "question-answering", "AutoModelForMaskedLM": "fill-mask"}

_ON_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")  # a Hub id; a folder of this machine is nobody else's business


def card(record: dict[str, Any], head: Head | None, kind: str, name: str) -> str:
    """Return README.md of a run exported for Transformers' class `kind`."""
    base = record["base_model"]
    hub = base["fallback"] or base["model"]
    lines = ["---", "library_name: transformers", *([f"base_model: {hub}"] if _ON_HUB.fullmatch(hub) else [])]
    lines += [f"pipeline_tag: {_TASKS[kind]}"] if kind in _TASKS else []
    lines += [
        "tags: [fihu-stilts]",
        "---",
        f"# {name}",
        "",
        f"Run `{record['key']}`: {record['label']}.",
        "",
        "```python",
        f"from transformers import {kind}, AutoTokenizer",
        "",
    ]
    lines += [f"model = {kind}.from_pretrained({name!r})", f"tokenizer = AutoTokenizer.from_pretrained({name!r})", "```", ""]
    lines += _about_head(head, kind)
    if base.get("prefix"):
        lines += [f"Every input was trained with {base['prefix']!r} before it; write it there too.", ""]
    lines += ["## How it was trained", "", "| what | value |", "|---|---|"]
    lines += [f"| {what} | {_cell(value)} |" for what, value in _facts(record) if value not in (None, "", [], {})]
    lines += ["", "## Scores on dev (those that chose the checkpoint)", "", "| task | score | value |", "|---|---|---:|"]
    lines += [f"| {task} | {metric} | {value:.2f} |" for task, scores in record.get("dev", {}).items() for metric, value in scores.items()]
    lines += ["", "The licence is that of the base model and of the training data; this file states none.", ""]
    return "\n".join(lines)


def _about_head(head: Head | None, kind: str) -> list[str]:
    if head is None:
        return ["The encoder alone, without a head.", ""]
    shape = head.shape
    if kind != "AutoModel":
        sub = {"first": "first", "last": "last"}.get(shape.subword, "")
        extra = f" A word's tag is that of its {sub} sub-word." if shape.kind == "tags" else ""
        extra += " Pieces that no text of the study used have the base's vector and no bias." if shape.kind == "text" else ""
        return [f"Its head `{head.name}` is the one of this class; logits are those of the run.{extra}", ""]
    what = f"{shape.pooling} of the last states" if shape.kind in ("pair", "choice") else "states of each token"
    lines = [
        f"**The encoder only.** Transformers has no class for the head `{head.name}` (kind {shape.kind}, layers {shape.layers!r}): a linear layer on the {what}. "
        "Its weights are in `head.safetensors`.",
        "",
    ]
    if shape.labels:
        lines += [f"Labels, in the order of its outputs: {', '.join(shape.labels)}.", ""]
    if shape.kind in ("pair", "choice") and shape.layers == "last":
        pooled = "(hidden * mask).sum(1) / mask.sum(1)" if shape.pooling == "mean" else "hidden[:, 0]"
        lines += [
            "```python", "hidden, mask = model(**inputs).last_hidden_state, inputs['attention_mask'].unsqueeze(-1)", "head = safetensors.torch.load_file('head.safetensors')",
            f"scores = {pooled} @ head['weight'].T + head['bias']", "```", "",
        ]  # fmt: skip
    return lines


def _facts(record: dict[str, Any]) -> list[tuple[str, Any]]:
    keys = (
        "phase",
        "tasks",
        "arm",
        "target",
        "seed",
        "parent",
        "steps",
        "chosen_step",
        "tokens",
        "lr",
        "precision",
        "device",
        "finished_at",
        "git",
        "versions",
    )
    return [(key, record.get(key)) for key in keys] + [("settings", record.get("settings")), ("data", record.get("data"))]


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.replace("|", "\\|")

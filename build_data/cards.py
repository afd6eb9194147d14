"""Dataset cards, made from the manifest: no number in them is typed by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from build_data import card_header, card_sections, mt_card, native_card
from build_data.steps import Dropped
from corpora.records import Record, to_row
from corpora.study import base_arm

ORIGINS = {
    "en": "English originals",
    "native": "made from text written in the language",
    "mt": "machine-translated from English",
    "bt": "English, machine-translated into another language and back: the control for translation artefacts",
}


def card(manifest: dict[str, Any], samples: Sequence[Record], refused: Sequence[Dropped], infos: Sequence[dict[str, Any]] = ()) -> str:
    """Return the README.md of a built task: YAML header for `datasets`, then what, from what, how, counts, examples.

    `infos`: dataset_info of its two configurations (card_header.info).
    """
    name = f"{manifest['task']}.{manifest['arm']}"
    way = base_arm(manifest["arm"]).partition("-")[0]
    counts = manifest["counts"]
    lines = [
        _header(manifest, infos),
        f"# {name}",
        "",
        f"Intermediate task `{manifest['task']}` (kind `{manifest['kind']}`), arm `{manifest['arm']}`: {ORIGINS.get(way, way)}. Built for the study `{manifest['study']}` of fihu-stilts,",
        "which asks whether intermediate tasks from non-English sources beat the English ones for zero-shot transfer to Finnish and Hungarian.",
        "",
        "## Sources",
        "",
        *card_sections.sources(manifest),
        "",
        f"Licences: {'; '.join(manifest['licences']) or 'not recorded'}. Publishable: {manifest['publishable']}.",
        "",
        "## How it was made",
        "",
        *card_sections.settings(manifest),
        *mt_card.section(manifest),
        *native_card.section(manifest),
        *card_sections.reviewed(manifest),
        "",
        "## Counts",
        "",
        f"{counts['train']} training rows, {counts['validation']} validation rows, {counts['excluded']} excluded rows (kept in the `excluded` configuration with stage, reason and value).",
        *([f"Label balance in training: {', '.join(f'{k} {v}' for k, v in manifest['balance'].items())}."] if manifest["balance"] else []),
        *_unanswerable(manifest),
        "",
        "| step | in | made | kept | excluded |",
        "|---|---|---|---|---|",
        *(
            f"| {s['step']} | {s['in']} | {s['made']} | {s['kept']} | {', '.join(f'{k} {v}' for k, v in s['excluded'].items()) or '-'} |"
            for s in manifest["steps"]
        ),
        "",
        *_scores(manifest),
        "## Examples",
        "",
        *(_sample(record) for record in samples),
        "### Excluded",
        "",
        *(f"`{d.stage}`: `{d.reason}`\n\n{_sample(d.record)}" for d in refused),
        "## Contamination",
        "",
        "No text here is, holds or nearly repeats a text of any dev or test set of the study's targets, in any of its languages: equal but for case and signs,",
        "a whole evaluation text of six words up inside it, 13 words or 8 stems in a row, or character 5-grams that overlap by .7 (Jaccard).",
        *_removed(manifest),
        "",
        "## Use",
        "",
        *card_sections.use(manifest),
        "",
        "## Known problems",
        "",
        *card_sections.problems(manifest),
        "",
        "## Citation",
        "",
        *card_sections.citation(manifest),
        "",
    ]
    return "\n".join(lines)


def _removed(manifest: dict[str, Any]) -> list[str]:
    """Return what the leak guard took out, by target and language."""
    found = {reason.removeprefix("leaks: leak:"): n for reason, n in manifest["excluded"].items() if reason.startswith("leaks: ")}
    return [f"Rows removed for that: {sum(found.values())}" + (f" ({', '.join(f'{origin} {n}' for origin, n in found.items())})" if found else "") + "."]


def _header(manifest: dict[str, Any], infos: Sequence[dict[str, Any]]) -> str:
    files = {"default": ("train", "validation"), "excluded": ("excluded",)}
    configs = [{"config_name": name, "data_files": [{"split": split, "path": f"{split}-*.parquet"} for split in splits]} for name, splits in files.items()]
    return card_header.front(card_header.header([manifest], f"{manifest['task']}.{manifest['arm']}", configs, infos))


def _unanswerable(manifest: dict[str, Any]) -> list[str]:
    found = manifest.get("unanswerable", {}).get("train", 0)
    return [f"{found} of the {manifest['counts']['train']} training questions have no answer in their context (`answers` is empty)."] if found else []


def _scores(manifest: dict[str, Any]) -> list[str]:
    """Return the scores of the training rows beside the bounds of their filters; bounds of a filter that scored no row stand alone."""
    bounds, found = manifest["settings"]["filters"], manifest["scores"]
    rows = [f"| {name} | {' | '.join(f'{v:g}' for v in values)} | {_bounds(bounds.get(name))} |" for name, values in found.items()]
    rows += [f"| {name} | | | | {_bounds(pair)} |" for name, pair in sorted(bounds.items()) if name not in found]
    return ["Scores of the training rows:", "", "| score | 5 % | median | 95 % | bounds |", "|---|---|---|---|---|", *rows, ""] if rows else []


def _bounds(pair: Sequence[float | None] | None) -> str:
    if pair is None:
        return "no filter"
    low, high = pair
    sides = [f"{word} {value:g}" for word, value in (("at least", low), ("at most", high)) if value is not None]
    return " and ".join(sides) or "open"


def _sample(record: Record) -> str:
    row = {k: v for k, v in to_row(record).items() if k not in ("scores", "licence", "origin", "corpus")}
    return "```json\n" + json.dumps(row, ensure_ascii=False, indent=1) + "\n```\n"

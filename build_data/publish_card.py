"""The text of a published study's dataset card. Every number comes from manifests or from the staged files; none is typed here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from build_data import licences
from build_data.card_sections import cell
from corpora import cite
from corpora import corpus as corpora
from corpora.corpus import Corpus
from corpora.study import Study, base_arm, is_translated

VERSION = 2  # of the card's words: raise it when they change, and staged folders are made anew
ARMS = {"en": "English originals", "mt": "English, machine-translated", "bt": "English, machine-translated there and back", "native": "made from native text"}


def summary(study: Study) -> str:
    """Return what the dataset is, in one sentence."""
    return (
        f"Intermediate tasks of the study {study.name!r} of fihu-stilts, which asks whether intermediate tasks made from non-English sources beat the English ones "
        "for zero-shot transfer to Finnish and Hungarian."
    )


def body_of(card: str) -> str:
    """Return a built task's card without its header, which speaks of other paths."""
    return re.sub(r"\A---\n.*?\n---\n", "", card, count=1, flags=re.DOTALL)


def body(
    study: Study, repo: str, manifests: Sequence[Mapping[str, Any]], rows: Mapping[str, Mapping[str, int]], withheld: Mapping[str, Mapping[str, int]]
) -> str:
    """Return the card's text below the header."""
    used = {str(item["corpus"]): corpora.load(str(item["corpus"])) for m in manifests for item in m["inputs"]}
    first = next(iter(rows))
    parts = [
        [f"# {study.title}", "", summary(study), "Each configuration is one task made in one way (an *arm*); arms of a task hold as many training rows, so that they can be compared."],
        ["", "```python", "from datasets import load_dataset", "", f'load_dataset("{repo}", "{first}")             # splits train and validation', f'load_dataset("{repo}", "{first}.excluded")    # rows that were left out, with stage, reason and value', "```"],
        ["", "## Configurations", "", *_table(manifests, rows)],
        ["", "## Sources", "", *_sources(used)],
        ["", "## How it was made", "", *_made(manifests)],
        ["", "## What was left out", "", *_gates(manifests), "", *_withheld(withheld)],
        ["", "## Contamination", "", *_contamination(study, manifests)],
        ["", "## Use", "", *_use(study, manifests)],
        ["", "## Known problems", "", *_problems(study, manifests, used)],
        ["", "## Citation", "", "```bibtex", *(cite.bibtex(one) for one in used.values()), cite.PAPER, "```", ""],
    ]  # fmt: skip
    return "\n".join(line for part in parts for line in part)


def _way(arm: str) -> str:
    return ARMS.get(base_arm(arm).partition("-")[0], arm)


def _table(manifests: Sequence[Mapping[str, Any]], rows: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = ["| configuration | kind | language | how | train | validation | excluded | card |", "|---|---|---|---|---:|---:|---:|---|"]
    for m in manifests:
        name = f"{m['task']}.{m['arm']}"
        counts = " | ".join(f"{rows[name].get(split, 0):,}" for split in ("train", "validation", "excluded"))
        short = "" if m["budget"]["filled"] else f" (below the budget of {m['budget']['examples']:,})"
        lines.append(f"| `{name}` | {m['kind']} | {m['language']} | {_way(m['arm'])}{short} | {counts} | [CARD.md]({name}/CARD.md) |")
    return lines


def _sources(used: Mapping[str, Corpus]) -> list[str]:
    lines = ["| corpus | title | origin | licence | published at |", "|---|---|---|---|---|"]
    for name, one in used.items():
        words = f"[{one.licence}]({link})" if (link := licences.link(one.licence)) else one.licence
        lines.append(f"| `{name}` | {cell(one.title)} | {one.origin} | {cell(words)} | {cell(one.source)} |")
    return lines


def _made(manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    commands = dict.fromkeys(str(m["command"]) for m in manifests)
    versions = {f"{name} {version}" for m in manifests for name, version in m["versions"].items()}
    lines = [
        *(f"    {command}" for command in commands),
        "",
        f"Tools: {', '.join(sorted(versions))}. Settings, decoding and bounds of every filter are in each configuration's `CARD.md` and `manifest.json`.",
    ]
    for m in manifests:
        if mt := m.get("mt"):
            dev = mt.get("dev") or {}
            measured = f", chrF {dev['chrF']:.1f} and BLEU {dev['BLEU']:.1f} on {dev['rows']:,} sentences of `{dev['corpus']}`" if dev else ", not measured"
            spans = m.get("spans") or {}
            total = int(spans.get("kept", 0)) + sum((spans.get("excluded") or {}).values())
            found = f"; answers found again in {spans['kept']:,} of {total:,} rows" if total else ""
            lines.append(f"- `{m['task']}.{m['arm']}`: translated by `{mt['model']}` ({mt.get('licence') or 'no licence stated'}){measured}{found}.")
    return lines


def _gates(manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| configuration | rows left out, by stage and reason |", "|---|---|"]
    for m in manifests:
        reasons = sorted(m["excluded"].items(), key=lambda item: (-item[1], item[0]))
        lines.append(f"| `{m['task']}.{m['arm']}` | {cell('; '.join(f'{reason} {count:,}' for reason, count in reasons)) or 'none'} |")
    return lines


def _withheld(withheld: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Say which rows are not in these files although they were built."""
    told = {config: reasons for config, reasons in withheld.items() if reasons}
    if not told:
        return ["Every row that was built or left out is here."]
    words = "; ".join(f"`{config}`: " + ", ".join(f"{reason} {count:,}" for reason, count in reasons.items()) for config, reasons in told.items())
    return [
        f"Not published although they were built: {words}. Evaluation text: rows that the leak guard refused, because a public copy would spread them. "
        "Licence: rows of corpora whose licence forbids it; a model trained on the published rows is then not the study's."
    ]


def _contamination(study: Study, manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    removed = sum(count for m in manifests for reason, count in m["excluded"].items() if reason.startswith("leaks: "))
    targets = ", ".join(f"{name} ({', '.join(target.test)})" for name, target in study.targets.items())
    return [
        f"Every training row was held against the dev and test sets of {targets}, and their English dev sets: equal texts, texts inside others, 13 words or 8 stems in a row, and near duplicates. "
        f"{removed:,} rows were removed for that."
    ]


def _use(study: Study, manifests: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "Intended: intermediate-task training (STILTs) of multilingual encoders, and research on what the language and the making of training data do.",
        "Unsuited: as evaluation sets (labels of native tasks come from rules, translated labels from their English originals), and as samples of good Finnish or Hungarian where an arm is machine-translated.",
    ]
    return [*lines, *(["This study is a demonstration: its sizes carry no conclusion."] if study.demonstration else [])]


def _problems(study: Study, manifests: Sequence[Mapping[str, Any]], used: Mapping[str, Corpus]) -> list[str]:
    notes = dict.fromkeys(note for m in manifests for note in m["notes"])
    lines = [f"- {licences.tagless(note)}" for note in notes]
    if any(is_translated(base_arm(str(m["arm"]))) for m in manifests):
        lines.append("- Machine-translated rows hold translation errors that no filter sees; their scores are in the column `scores`.")
    if study.note:
        lines.append(f"- {licences.tagless(study.note)}")
    return lines or ["- None recorded."]

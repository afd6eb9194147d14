"""Sections of a built task's card that are made the same way for every arm: sources, settings, what was read by eye, use, problems, citation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from build_data import licences
from build_data.card_header import labelled_by_rules
from corpora import cite
from corpora import corpus as corpora
from corpora.study import base_arm, is_translated

REVIEWS = Path(__file__).parent.parent / "docs/native-review"  # verdicts, a line a row: family-language.jsonl
FILES = {"cloze_questions": "qa"}  # family -> its name there, where that is another
UNSUITED = {
    "native": "as an evaluation set, because its labels come from rules",
    "mt": "as an evaluation set, because its labels are those of the English originals, or as a sample of good writing, because a machine translated it",
    "bt": "as an evaluation set, or as a sample of good English, because a machine translated it twice",
    "en": "as an evaluation set: it is a cut of training data that others have",
}


def sources(manifest: Mapping[str, Any]) -> list[str]:
    """Return a table of the corpora with version, origin, licence and where each was published."""
    lines = ["| corpus | split | title | rows declared | version | origin | licence | published at |", "|---|---|---|---:|---|---|---|---|"]
    for item in manifest["inputs"]:
        one = corpora.load(str(item["corpus"]))
        rows = f"{item['rows']:,}" if "rows" in item else ""
        lines.append(
            f"| `{one.name}` | {item['split']} | {cell(one.title)} | {rows} | {_version(item)} | {one.origin} | {_licence(one.licence)} | {cell(one.source)} |"
        )
    return lines


def _version(item: Mapping[str, Any]) -> str:
    """Return what pins an input: the Hub's commit, or the first digits of its files' SHA-256."""
    if "hub" in item:
        return f"`{item['hub']}` at `{str(item['revision'])[:12]}`"
    return ", ".join(f"`{sha[:12]}`" for sha in item.get("sha256", ()) if sha)


def licences_page(manifests: Sequence[Mapping[str, Any]]) -> str:
    """Return LICENSE.md: what each corpus and each translation model behind the rows allows."""
    used = {str(item["corpus"]): corpora.load(str(item["corpus"])) for m in manifests for item in m["inputs"]}
    models = {str(one["model"]): str(one.get("licence") or "") for m in manifests if (mt := m.get("mt")) for one in (mt, mt.get("back") or {}) if one}
    rows = [f"| corpus `{name}` | {_licence(one.licence)} | {one.publishable} | {cell(one.source)} |" for name, one in used.items()]
    rows += [f"| translation model `{name}` | {_licence(words or 'none stated')} | {licences.weights_class(words)} | |" for name, words in models.items()]
    lines = [
        "# Licences",
        "",
        "These rows come under no one licence: each keeps that of its corpus (column `licence`), and where a machine translated it, of the model that did.",
        "",
    ]
    return "\n".join([*lines, "| what | licence | may be published | from |", "|---|---|---|---|", *rows, ""])


def _licence(words: str) -> str:
    return f"[{words}]({link})" if (link := licences.link(words)) else cell(words)


def cell(text: str) -> str:
    """Return a text as a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def settings(manifest: Mapping[str, Any]) -> list[str]:
    """Return command, tools and settings; bounds of filters are left to the table of scores."""
    found = {name: value for name, value in manifest["settings"].items() if name != "filters"}
    tools = ", ".join(f"{name} {version}" for name, version in sorted(manifest["versions"].items()))
    rows = [f"| `{name}` | `{json.dumps(value, ensure_ascii=False, sort_keys=True).replace('|', chr(92) + '|')}` |" for name, value in sorted(found.items())]
    return [f"    {manifest['command']}", "", f"Tools: {tools}. Bounds of filters: see the scores below.", "", "| setting | value |", "|---|---|", *rows]


def reviewed(manifest: Mapping[str, Any]) -> list[str]:
    """Return how many rows of the family passed when a sample of an earlier build was read, [] where none was."""
    maker = (manifest["settings"].get("maker") or {}).get("maker", "")
    path = REVIEWS / f"{FILES.get(maker, maker)}-{manifest['language']}.jsonl"
    if not maker or not path.is_file():
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    verdicts = [name for name, value in rows[0].items() if isinstance(value, bool)]
    told = ", ".join(f"{name.replace('_', ' ')} {sum(row[name] for row in rows)}" for name in verdicts)
    return [
        "",
        f"Read one by one: {len(rows)} rows of this family and language from an earlier build, by a language model, no native speaker: {told} (docs/native-review).",
    ]


def use(manifest: Mapping[str, Any]) -> list[str]:
    """Return what the data are meant for and what they are not."""
    way = base_arm(manifest["arm"]).partition("-")[0]
    if way == "native" and not labelled_by_rules(manifest):
        way = "en"  # people labelled these rows, or nobody did
    return [
        "Intended: intermediate-task training of multilingual encoders before they learn a target task, and research on what the language and the making of such data do. "
        f"Unsuited: {UNSUITED.get(way, 'as an evaluation set')}."
    ]


def problems(manifest: Mapping[str, Any]) -> list[str]:
    """Return known problems: what the sources' declarations say, and what every translated row may hold."""
    lines = [f"- {licences.tagless(note)}" for note in manifest["notes"]]
    if is_translated(base_arm(manifest["arm"])):
        lines.append("- Translation errors that no filter sees; the scores of each row are in the column `scores`.")
    if not manifest["budget"]["filled"]:
        lines.append(f"- Fewer training rows than the budget of {manifest['budget']['examples']:,}: set beside other arms, it has seen less.")
    return lines or ["- None recorded."]


def citation(manifest: Mapping[str, Any]) -> list[str]:
    """Return BibTeX of the sources and of the paper whose method the study follows."""
    names = dict.fromkeys(str(item["corpus"]) for item in manifest["inputs"])
    return ["```bibtex", *(cite.bibtex(corpora.load(name)) for name in names), cite.PAPER, "```"]

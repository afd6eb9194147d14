"""What stands behind a headline score, for the report: layer curves and alignment, the oracle, scores beside the headline, breakdowns, the best row by English dev."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from corpora.languages import name_of
from eval import curves, details, forgetting
from eval.best import best
from eval.compare import targets_in
from eval.probes import alignment as probed
from eval.results import NONE, Results, Row
from eval.score import HEADLINE
from eval.verdict import signed
from eval.view import family

Details = Mapping[str, Mapping[str, Any]]  # run key -> details.json
MORE = {  # metrics that stand beside a headline, in words
    "accuracy": "accuracy", "macro_f1": "macro-F1 over tags", "precision": "precision", "recall": "recall", "f1": "F1", "exact_match": "exact match",
    "score": "(F1 + EM) / 2", "exact_match_language": "exact match, own articles", "f1_language": "F1, own articles", "f1_without_redirects": "F1 without redirect lines",
    "reverse": "foreign → English", "csls": "CSLS margin", "ratio": "ratio margin", "gap": "alignment gap", "mcc": "Matthews' correlation", "threshold": "threshold",
}  # fmt: skip
GROUPS = {
    "treebank": "by treebank",
    "upos": "F1 of each tag",
    "type": "F1 of each entity type",
    "redirects": "with and without redirect lines",
    "question": "by question word",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of numbers: a row of the study each line, "" where there is none."""

    language: str
    name: str
    target: str
    title: str
    columns: Sequence[tuple[str, str]]  # name, what stands below it
    rows: Sequence[tuple[str, str, Sequence[str]]]  # label, family, cells


@dataclass(frozen=True, slots=True)
class Oracle:
    """English-dev choice beside the choice by the language's own dev rows, mean over seeds."""

    name: str
    target: str
    label: str
    family: str
    english: str
    oracle: str
    gain: str
    moved: str  # "2 of 3 seeds": how often the oracle takes another checkpoint


def read(results: Results) -> Details:
    """Return details.json of every scored run."""
    return {run.key: details.read(run.folder) for run in {run.key: run for run in results.scored.values()}.values()}


def layer_curves(results: Results, known: Details) -> list[curves.Chart]:
    """Return, for each retrieval target and language, accuracy and alignment gap by layer, a line per row, in the pooling of the headline.

    The line of `none` is the encoder before the intermediate phase: how far the others leave it says what that phase did to each layer.
    """
    found = []
    for language in results.study.languages:
        for target in targets_in(results, language):
            for value, what in (("accuracy", "accuracy"), ("gap", "alignment gap")):
                lines = [curves.series(row, _layer_line(results, known, row, target, language, value), results) for row in results.rows]
                found.append(curves.chart(f"{target}, {name_of(language)}", what, "layers (0 = embeddings)", lines))
    return [one for one in found if one]


def _layer_line(results: Results, known: Details, row: Row, target: str, language: str, value: str) -> list[curves.Point]:
    lines = []
    for seed in results.seeds(row, target):
        about = known[results.of(row, target, seed).key].get(language) or {}
        lines.append([(float(p["layer"]), float(p[value])) for p in about.get("layers") or () if p["pooling"] == about.get("pooling")])
    return curves.mean(lines)


def poolings(results: Results, known: Details) -> list[Grid]:
    """Return the best layer of each pooling beside the fixed one, for each retrieval target and language: what the choice of a layer is worth.

    The best layer is picked on the test set itself, so it is a ceiling and no result.
    """
    found = []
    for language in results.study.languages:
        for target in targets_in(results, language):
            rows, names, fixed = [], list[str](), ""
            for row in results.rows:
                abouts = [known[results.of(row, target, seed).key].get(language) or {} for seed in results.seeds(row, target)]
                abouts = [about for about in abouts if about.get("layers")]
                if not abouts:
                    continue
                names = names or list(dict.fromkeys(str(p["pooling"]) for p in abouts[0]["layers"]))
                fixed = f"layer {abouts[0]['layer']}, {abouts[0]['pooling']}"
                here = [p["accuracy"] for about in abouts for p in about["layers"] if (p["layer"], p["pooling"]) == (about["layer"], about["pooling"])]
                rows.append((row.label, family(row.arm), [f"{fmean(here):.1f}", *(_best_layer(abouts, name) for name in names)]))
            if rows:
                columns = [(fixed, "the headline"), *((f"best layer, {name}", "picked on test") for name in names)]
                found.append(Grid(language, name_of(language), target, "accuracy at the fixed layer and at the best one", columns, rows))
    return found


def _best_layer(abouts: Sequence[Mapping[str, Any]], pooling: str) -> str:
    line = dict(curves.mean([[(float(p["layer"]), float(p["accuracy"])) for p in about["layers"] if p["pooling"] == pooling] for about in abouts]))
    if not line:
        return ""
    best = max(line, key=lambda layer: line[layer])
    return f"{line[best]:.1f} ({best:g})"


def oracles(results: Results, known: Details) -> list[Oracle]:
    """Return a line for every row and target whose runs watched the language's dev rows too."""
    found = []
    for language in results.study.languages:
        for target in targets_in(results, language):
            metric = HEADLINE[results.study.targets[target].metric]
            for row in results.rows:
                runs = [results.of(row, target, seed) for seed in results.seeds(row, target)]
                watched = [(run, about["oracle"]) for run in runs if (about := known[run.key].get(language) or {}).get("oracle")]
                if watched:
                    ours = fmean(run.value(language, metric) or 0.0 for run, _ in watched)
                    theirs = fmean(float(one["scores"][metric]) for _, one in watched)
                    moved = f"{sum(bool(one['other']) for _, one in watched)} of {len(watched)} seeds"
                    name = name_of(language)
                    found.append(Oracle(name, target, row.label, family(row.arm), f"{ours:.1f}", f"{theirs:.1f}", signed(theirs - ours), moved))
    return found


def beside(results: Results) -> list[Grid]:
    """Return the scores that stand beside each headline: a table per language and target."""
    found = []
    for language in results.study.languages:
        for target in targets_in(results, language):
            headline = HEADLINE[results.study.targets[target].metric]
            names = [
                n
                for n in dict.fromkeys(
                    line["metric"] for run in results.scored.values() for line in run.lines if (line["target"], line["language"]) == (target, language)
                )
                if n != headline
            ]
            rows = []
            for row in results.rows:
                values = [results.values(row, target, language, name) for name in names]
                if any(values):
                    rows.append((row.label, family(row.arm), [_number(v, name) for v, name in zip(values, names, strict=True)]))
            if names and rows:
                found.append(Grid(language, name_of(language), target, "beside the headline", [(MORE.get(n, n), "") for n in names], rows))
    return found


def _number(values: Sequence[float], name: str) -> str:
    return f"{fmean(values):.3f}" if values and name in ("gap", "threshold") else f"{fmean(values):.1f}" if values else ""


def breakdowns(results: Results, known: Details) -> list[Grid]:
    """Return scores by part of the test set: a table per language, target and kind of part (treebank, tag, entity type, question word)."""
    found = []
    for language in results.study.languages:
        for target in targets_in(results, language):
            for by, title in GROUPS.items():
                grid = _breakdown(results, known, language, target, by, title)
                if grid:
                    found.append(grid)
    return found


def _breakdown(results: Results, known: Details, language: str, target: str, by: str, title: str) -> Grid | None:
    headline = HEADLINE[results.study.targets[target].metric]
    sizes: dict[str, int] = {}
    rows = []
    for row in results.rows:
        values: dict[str, list[float]] = {}
        for seed in results.seeds(row, target):
            for group in (known[results.of(row, target, seed).key].get(language) or {}).get("groups") or ():
                if group["by"] == by:
                    sizes.setdefault(str(group["name"]), int(group["n"]))
                    values.setdefault(str(group["name"]), []).append(float(group["scores"].get(headline, group["scores"].get("f1", 0.0))))
        if values:
            rows.append((row.label, family(row.arm), values))
    if not rows:
        return None
    order = sorted(sizes, key=lambda name: -sizes[name])
    columns = [(name, f"{sizes[name]:,}") for name in order]
    cells = [(label, kind, [f"{fmean(values[name]):.1f}" if name in values else "" for name in order]) for label, kind, values in rows]
    return Grid(language, name_of(language), target, title, columns, cells)


@dataclass(frozen=True, slots=True)
class Pick:
    """The row that would be picked for a target, and what it scores on test (eval.best)."""

    name: str
    target: str
    row: str
    family: str
    by: str
    test: str
    delta: str  # to none


def picks(results: Results) -> list[Pick]:
    """Return the paper's last row ("best-per-target models"), a line per language and target."""
    found = []
    for language in results.study.languages:
        for one in best(results, language):
            none = results.values(NONE, one.target, language, HEADLINE[results.study.targets[one.target].metric])
            delta = signed(one.value - fmean(none)) if none else ""
            found.append(Pick(name_of(language), one.target, one.row.label, family(one.row.arm), one.by, f"{one.value:.1f}", delta))
    return found


def alignment(results: Results, known: Details) -> list[Grid]:
    """Return the alignment gap at the headline's layer before and after the intermediate phase: a table per language and retrieval target."""
    found = []
    for language in results.study.languages:
        for target in [name for name in targets_in(results, language) if results.study.targets[name].retrieval]:
            abouts = [known[run.key].get(language) or {} for cell, run in results.scored.items() if cell.target == target]
            about = next((one for one in abouts if "layer" in one), None)
            if about is None:
                continue
            probes = [
                one for one in probed(results, language, about["pooling"], known) if (one.target, one.layer) == (target, about["layer"]) and one.row != NONE
            ]
            rows = [
                (one.row.label, family(one.row.arm), [_gap(one.before), _gap(one.gap), signed(one.change, 3) if one.change is not None else ""])
                for one in probes
            ]
            if rows:
                columns = [("before", "the base"), ("after", "this row"), ("change", "")]
                found.append(Grid(language, name_of(language), target, f"alignment gap, layer {about['layer']}", columns, rows))
    return found


def forgotten(results: Results, known: Details) -> list[Grid]:
    """Return what the intermediate phase did to the encoder on plain sentences, mean over seeds: a table of drift, and where the base has a head for
    masked pieces one of their loss. Nothing where no run measured it."""
    rows: dict[Row, list[Mapping[str, Any]]] = {}
    for cell, run in results.scored.items():
        if found := known[run.key].get(forgetting.KEY):
            rows.setdefault(cell.row, []).append(found)
    if not rows:
        return []
    one = next(iter(rows.values()))[0]
    means = {row: forgetting.summary(rows[row]) for row in results.rows if row in rows}
    languages = list(dict.fromkeys(language for found in means.values() for language in found))
    names = {language: "English" if language == "en" else name_of(language) for language in languages}
    target = next(name for name, what in results.study.targets.items() if what.retrieval)

    def grid(title: str, columns: Sequence[tuple[str, str]], cells: Mapping[str, tuple[str, ...]], text: str) -> Grid:
        lines = [
            (row.label, family(row.arm), [_filled(text, found.get(language) or {}, parts) for language in languages for parts in cells.values()])
            for row, found in means.items()
        ]
        return Grid("", f"{one['texts']} sentences of {target}", "", title, columns, lines)

    shape = {"CKA": ("cka",), "cosine": ("cosine",)}
    columns = [(names[language], name) for language in languages for name in shape]
    layer = "last layer" if one["layer"] == -1 else f"layer {one['layer']}"
    made = [grid(f"likeness to the base, {layer}, {one['pooling']} pooling (1 = nothing moved)", columns, shape, "{:.3f}")]
    if one["head"]:
        filled = {"loss": ("loss_before", "loss_after")}
        columns = [(names[language], "nats, base → after") for language in languages]
        made.insert(0, grid("masked pieces, filled in by the base's own head", columns, filled, "{:.2f} → {:.2f}"))
    return made


def _filled(text: str, found: Mapping[str, float], parts: Sequence[str]) -> str:
    return text.format(*(found[part] for part in parts)) if all(part in found for part in parts) else ""


def _gap(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"

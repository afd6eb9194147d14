"""A study's report: reports/<study>/index.html, report.md, tables.tex, results.jsonl and comparisons.jsonl.

Reads run.json, scores.json and predictions of the runs and the manifests of the built tasks; needs no torch. The same
files in give the same files out: nothing of the clock is written.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from corpora.config import ConfigError
from corpora.languages import name_of
from corpora.shards import write_text
from corpora.study import Study
from eval import browse, curves, data_view, detail_view, manifests, notes, others, view
from eval.compare import BASELINES, Comparison, compare_all
from eval.forest import legend
from eval.published import Beside, beside
from eval.results import Results, collect
from eval.verdict import Answer, answer

TEMPLATES = Path(__file__).parent / "templates"
STYLE = "report.css"
FILES = {"index.html": "report.html.j2", "report.md": "report.md.j2", "tables.tex": "tables.tex.j2"}

FAMILIES = {
    "native": "native text",
    "mt": "machine-translated",
    "bt": "English, translated there and back (control)",
    "en": "English",
    "none": "no intermediate task",
}
KINDS = {"yes": "Yes", "no": "No", "can't tell": "Can't tell", "incomplete": "Incomplete", "no claim": "No claim"}
AGAINST = {  # baseline -> heading, what is subtracted, its name in the contents
    "en": ("Against the English originals", "Each arm minus the en arm of the same tasks", "Against English"),
    "none": ("Against no intermediate task", "Each arm minus none", "Against none"),
    "mt": ("Native text against translations", "The native arm minus the machine-translated arm of the same language and tasks", "Native against MT"),
    "bt-en": (
        "Translations against the back-translated control",
        "The translated arm minus bt-en, which went through the same translation and back into English",
        "Against back-translation",
    ),
    "filtered": (
        "What filtering does",
        "Each variant minus the filtered arm: unfiltered has the rows that filters refuse as well, random-drop lost as many rows by chance",
        "Filtering",
    ),
}


@dataclass(frozen=True)
class Report:
    """All that a report says, before it is laid out."""

    results: Results
    comparisons: Sequence[Comparison]
    answers: Sequence[Answer]
    built: Sequence[manifests.BuiltTask]
    charts: Sequence[curves.Chart]
    published: Sequence[Beside]
    command: str


def build(study: Study, root: Path, command: str = "") -> Report:
    """Return the report of `study` from what lies under `root`. Raises ConfigError where nothing is scored yet."""
    results = collect(study, root)
    if not results.scored:
        failed = [gap for gap in results.gaps if gap.why not in ("not run", "not scored")]
        reason = f"; {len(failed)} failed, the first: {failed[0].cell.label}: {failed[0].why}" if failed else ""
        raise ConfigError(
            f"{root / 'runs'}: no scored run of study {study.name!r} yet ({len(results.gaps)} planned){reason}. "
            f"Run `make train STUDY=studies/{study.name}.toml`, then this command again{f'. {results.note}' if results.note else ''}"
        )
    comparisons = compare_all(results)
    answers = [answer(results, comparisons, language) for language in study.languages]
    charts = curves.training(results, root)
    return Report(results, comparisons, answers, manifests.built(study, root), charts, beside(results), command)


def make(study: Study, root: Path, command: str = "") -> Path:
    """Write reports/<study>/ under `root`; return the path of its index.html. Raises ConfigError."""
    return write(build(study, root, command), root)


def write(report: Report, root: Path) -> Path:
    """Write reports/<study>/ under `root`: the pages of the built rows, then every file of the report, index.html last; return its path."""
    folder = root / "reports" / report.results.study.name
    pages = browse.links(browse.write_pages(report.results.study, root, folder))
    lines = [line for run in notes.distinct(report.results) for line in run.lines]
    write_text(folder / "results.jsonl", _jsonl(lines))
    write_text(folder / "comparisons.jsonl", _jsonl([_comparison(c) for c in report.comparisons]))
    context = _context(report) | {"pages": pages}
    for name, template in reversed(FILES.items()):
        write_text(folder / name, _environment(name).get_template(template).render(context))
    return folder / "index.html"


def _context(report: Report) -> dict[str, Any]:
    results, built = report.results, list(report.built)
    unequal = manifests.unequal(built)
    planned = len(results.scored) + len(results.gaps)
    known = detail_view.read(results)
    plots = {baseline: view.plots(results, report.comparisons, baseline) for baseline in BASELINES}
    return {
        "study": results.study,
        "answers": list(zip(report.answers, view.grounds(results, report.answers), strict=True)),
        "kinds": KINDS,
        "why": notes.why_demonstration(results),
        "done": f"{len(results.scored)} of {planned} planned cells have scores",
        "compared": notes.compared(results),
        "tables": view.main_tables(results, report.comparisons, unequal),
        "elsewhere": others.other_tables(results, report.comparisons),
        "plots": plots,
        "present": {name: {line.family for plot in some for section in plot.sections for line in section.lines} for name, some in plots.items()},
        "against": AGAINST,
        "margin": results.study.statistics.margin,
        "built": built,
        "funnels": data_view.funnels(built),
        "parts": data_view.PARTS,
        "genres": (bars := data_view.genres(built)),
        "genre_names": data_view.genre_names(bars),
        "translations": data_view.translations(built),
        "charts": report.charts,
        "layers": detail_view.layer_curves(results, known),
        "poolings": detail_view.poolings(results, known),
        "oracles": detail_view.oracles(results, known),
        "picks": detail_view.picks(results),
        "alignment": detail_view.alignment(results, known),
        "forgotten": detail_view.forgotten(results, known),
        "beside": detail_view.beside(results),
        "breakdowns": detail_view.breakdowns(results, known),
        "published": report.published,
        "name_of": name_of,
        "gaps": results.gaps,
        "notes": notes.notes(results, unequal),
        "runs": notes.distinct(results),
        "dev_of": lambda run: notes.dev(results, run),
        "provenance": notes.provenance(results, report.command),
        "style": Markup((TEMPLATES / STYLE).read_text("utf-8")),
        "legend": legend,
        "families": {name: words for name, words in FAMILIES.items() if name != "bt" or "bt-en" in results.study.arms},
    }


def _environment(name: str) -> jinja2.Environment:
    """Return the environment of one output: HTML is escaped by jinja itself, Markdown and TeX by their own rules at every value."""
    html = name.endswith(".html")
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=html,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=None if html else _finalize(escape_tex if name.endswith(".tex") else escape_md),
        keep_trailing_newline=True,
    )
    env.filters["count"] = lambda value: "not recorded" if value is None else f"{value:,}"
    env.filters["percent"] = lambda value: "not recorded" if value is None else f"{100 * value:.1f} %"
    return env


def _finalize(escape: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda value: escape(str(value))


def escape_md(text: str) -> str:
    """Return text that Markdown (and the HTML that a Markdown page may become) shows as it is, on one line."""
    flat = re.sub(r"\s+", " ", text)
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", "−": "$-$", "†": r"\dag{}", "±": r"$\pm$", "–": "--", "▲": r"$\uparrow$", "▼": r"$\downarrow$",
}  # fmt: skip


def escape_tex(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return "".join(TEX.get(c, c) for c in text)


def _comparison(one: Comparison) -> dict[str, Any]:
    estimate = dataclasses.asdict(one.estimate) if one.estimate else None
    return {
        "language": one.language, "target": one.target, "arm": one.row.label, "baseline": one.baseline.label, "seeds": list(one.seeds),
        "against": one.against, "delta": one.delta, "why": one.why, "flat": one.flat, "detectable": one.detectable, "seeds_needed": one.seeds_needed,
        "spread": dataclasses.asdict(one.spread) if one.spread else None, "randomisation": dataclasses.asdict(one.second) if one.second else None,
        "estimate": estimate, "p_adjusted": one.adjusted if estimate else None, "verdict": one.verdict, "small": one.small,
    }  # fmt: skip


def _jsonl(rows: Sequence[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)

"""Pages to read a built task by eye: reports/<study>/data/<task>.<arm>.html, kept and dropped rows beside their English source.

Reads the Parquet files and manifests of data/<study>/ with pyarrow alone. A page holds at most LIMIT rows, chosen by a hash of their
id so that every fate (train, validation, each reason for dropping) is there; it says how many it leaves out. Rows travel as JSON
inside the page, and its script builds text nodes only, so nothing in a corpus can become markup.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from corpora.config import ConfigError
from corpora.records import Kind
from corpora.shards import digest, file_sha256, read_rows, write_text
from corpora.study import Study, base_arm, built_tasks, data_folder, is_translated
from eval.results import read_json

TEMPLATES = Path(__file__).parent / "templates"
VERSION = 1
LIMIT = 5000  # rows a page: about 8 MB of SQuAD with its sources, which a phone still opens
LEAST = 200  # rows of every fate that are shown before the rest is shared out
NOT_SHOWN = ("context", "question", "premise", "hypothesis", "text", "endings", "label", "answers", "tokens", "tags", "scores", "stage", "reason", "value")
Row = Mapping[str, Any]


@dataclass
class Page:
    """A built task as its page shows it. `fates`: (fate, rows with it, of them shown), in the order of the menu."""

    study: str
    task: str
    arm: str
    kind: Kind
    language: str
    filters: Mapping[str, Sequence[float | None]]
    fates: list[tuple[str, int, int]]
    rows: list[dict[str, Any]]
    texts: list[str] = field(default_factory=list)  # long texts, each once: rows name them by number

    @property
    def total(self) -> int:
        return sum(count for _, count, _ in self.fates)


def write_pages(study: Study, root: Path, folder: Path) -> list[Path]:
    """Write a page for every built task into `folder`/data and return their paths; a page whose task is unchanged stays as it is."""
    made = []
    for task, arm in built_tasks(study):
        here = data_folder(study, task, arm, root / "data")
        if not any(here.glob("train-*.parquet")) or not (here / "manifest.json").is_file():
            continue
        path = folder / "data" / f"{task}.{arm}.html"
        mark = _mark(study, task, arm, root)
        if not path.is_file() or f'content="{mark}"' not in path.read_text("utf-8")[:2000]:
            write_text(path, html(page(study, task, arm, root), mark))
        made.append(path)
    return made


def _mark(study: Study, task: str, arm: str, root: Path) -> str:
    """Return what decides a page: the task's files, its source's files, and this code."""
    folders = [data_folder(study, task, name, root / "data") for name in dict.fromkeys((arm, *_source_arm(arm)))]
    files = {path.name: file_sha256(path) for path in sorted(TEMPLATES.glob("browse.*"))}
    return digest([VERSION, files, *(_manifest(folder).get("fingerprint") for folder in folders if (folder / "manifest.json").is_file())])


def _source_arm(arm: str) -> tuple[str, ...]:
    return ("en",) if is_translated(base_arm(arm)) else ()


def _manifest(folder: Path) -> Mapping[str, Any]:
    found = read_json(folder / "manifest.json")
    if not isinstance(found, Mapping):
        raise ConfigError(f"{folder / 'manifest.json'}: not a JSON object; delete the folder and run `make data` again")
    return found


def page(study: Study, task: str, arm: str, root: Path) -> Page:
    """Return the page of one built task. Raises ConfigError for a folder that is not whole."""
    folder = data_folder(study, task, arm, root / "data")
    manifest, kind = _manifest(folder), study.tasks[task].kind
    rows = list(_rows(folder))
    counts = Counter(_fate(row) for row in rows)
    chosen = _chosen(rows, counts)
    sources = _sources(data_folder(study, task, "en", root / "data"), {row["source_id"] or row["id"] for row in chosen}) if _source_arm(arm) else {}
    shown = Counter(_fate(row) for row in chosen)
    made = Page(
        study.name, task, arm, kind, str(manifest.get("language") or ""), _filters(manifest),
        [(fate, counts[fate], shown[fate]) for fate in sorted(counts, key=lambda f: (_rank(f), -counts[f], f))], [],
    )  # fmt: skip
    numbers: dict[str, int] = {}
    made.rows = [_shown(row, kind, sources.get(row["source_id"]), numbers) for row in chosen]
    made.texts = list(numbers)
    return made


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for split in ("train", "validation", "excluded"):
        for path in sorted(folder.glob(f"{split}-*.parquet")):
            for row in read_rows(path):
                yield {**row, "split": split}


def _fate(row: Row) -> str:
    """Return what became of a row: 'train', 'validation', or 'stage: reason' without the reason's number ('budget' alone where both are one word)."""
    if row["split"] != "excluded":
        return str(row["split"])
    reason = str(row["reason"]).partition("=")[0]
    return reason if reason == row["stage"] else f"{row['stage']}: {reason}"


def _rank(fate: str) -> int:
    return 0 if fate == "train" else 1 if fate == "validation" else 3 if fate.startswith("budget") else 2


def _chosen(rows: Sequence[Row], counts: Mapping[str, int], limit: int = LIMIT) -> list[Row]:
    """Return at most `limit` rows in order of their hash: all of the rare fates, and the same share of the frequent ones."""
    ranked = sorted(rows, key=lambda row: hashlib.blake2b(str(row["id"]).encode("utf-8"), digest_size=8).digest())
    if len(rows) <= limit:
        return ranked
    floor = min(LEAST, limit // max(1, len(counts)))
    least = {fate: min(count, floor) for fate, count in counts.items()}
    room = limit - sum(least.values())
    over = sum(count - least[fate] for fate, count in counts.items())
    take = {fate: least[fate] + room * (count - least[fate]) // max(1, over) for fate, count in counts.items()}
    taken: Counter[str] = Counter()
    chosen = []
    for row in ranked:
        fate = _fate(row)
        if taken[fate] < take[fate]:
            taken[fate] += 1
            chosen.append(row)
    return chosen


def _sources(folder: Path, wanted: set[str]) -> dict[str, Row]:
    """Return the English rows that `wanted` names, kept or dropped there; {} where the English arm is not built."""
    return {row["id"]: row for row in _rows(folder) if row["id"] in wanted} if folder.is_dir() else {}


def _filters(manifest: Mapping[str, Any]) -> dict[str, Sequence[float | None]]:
    found = (manifest.get("settings") or {}).get("filters") or {}
    return {str(name): (bounds[0], bounds[1]) for name, bounds in found.items()}


def _shown(row: Row, kind: Kind, source: Row | None, numbers: dict[str, int]) -> dict[str, Any]:
    """Return a row as the page's script reads it; empty fields are left out."""
    about = {name: value for name, value in row.items() if name not in NOT_SHOWN and name != "split" and isinstance(value, str) and value}
    out: dict[str, Any] = {"fate": _fate(row), "about": about, "text": _parts(row, kind, numbers)}
    if row["split"] == "excluded" and "=" in str(row["reason"]):
        out["why"] = str(row["reason"])
    if source is not None and source["id"] != row["id"]:
        out["source"] = _parts(source, kind, numbers)
    scores = {name: round(value, 4) for name, value in (row.get("scores") or {}).items() if value is not None}
    return out | ({"scores": scores} if scores else {})


def _parts(row: Row, kind: Kind, numbers: dict[str, int]) -> list[dict[str, Any]]:
    """Return a row's texts in reading order: name, text number, spans to mark as [start, end) in UTF-16 units, and whether it is the right one."""

    def part(name: str, text: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "text": numbers.setdefault(text, len(numbers)), **more}

    if kind == "pair":
        texts = [part("premise", row["premise"]), *([part("hypothesis", row["hypothesis"])] if row["hypothesis"] else [])]
        return [*texts, part("label", row["label"], label=True)]
    if kind == "span":
        spans = [_utf16(row["context"], start, start + len(text)) for text, start in zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)]
        answer = "; ".join(dict.fromkeys(row["answers"]["text"])) or "unanswerable"
        return [part("question", row["question"]), part("answer", answer, label=True), part("context", row["context"], spans=spans)]
    if kind == "choice":
        return [part("context", row["context"]), *(part(f"ending {i + 1}", e, right=i == row["label"]) for i, e in enumerate(row["endings"]))]
    if kind == "tags":
        return [part("tokens", " ".join(f"{token}/{tag}" for token, tag in zip(row["tokens"], row["tags"], strict=True)))]
    return [part("text", row["text"])]


def _utf16(text: str, start: int, end: int) -> list[int]:
    """Return code-point offsets as JavaScript counts them."""
    return [len(text[:at].encode("utf-16-le")) // 2 for at in (start, end)]


def html(made: Page, mark: str = "") -> str:
    """Return the page as one self-contained HTML file."""
    data = {"kind": made.kind, "filters": made.filters, "texts": made.texts, "rows": made.rows}
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters["count"] = lambda value: f"{value:,}"
    style, script = (Markup((TEMPLATES / name).read_text("utf-8")) for name in ("browse.css", "browse.js"))
    return env.get_template("browse.html.j2").render(page=made, mark=mark, style=style, script=script, data=Markup(embedded(data)))


def embedded(value: Any) -> str:
    """Return JSON that may stand inside a script element: nothing in it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def links(paths: Iterable[Path]) -> dict[str, str]:
    """Return task.arm -> address of its page relative to the report."""
    return {path.stem: f"data/{path.name}" for path in paths}

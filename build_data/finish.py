"""The last step of every arm: split by document, keep to the budget, write Parquet, manifest and card, all or nothing."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from build_data import card_header, filter_study, licences
from build_data.answers import method_names
from build_data.card_sections import licences_page
from build_data.cards import card
from build_data.filters import FILTERS
from build_data.shares import genres_of
from build_data.split import Alike, split
from build_data.split import origin_id as origin_id
from build_data.split import rank as rank
from build_data.steps import Dropped, Ledger
from build_data.tables import score_quantiles
from corpora.config import ConfigError
from corpora.parts import part_of
from corpora.records import Kind, Pair, Record, Span, check_labels, to_row
from corpora.shards import digest, file_sha256, schema, write_json, write_records, write_rows, write_text
from corpora.study import is_translated

REASONS = 3  # of a step that are told where too few rows are left


class TooFewRows(ConfigError):
    """A task has too few rows left to train on: an error of this task alone, which other tasks of a build need not wait for."""


@dataclass
class Built:
    """Everything the finished folder is made from."""

    study: str
    task: str
    arm: str
    kind: Kind
    language: str
    labels: tuple[str, ...]
    kept: list[Record]
    dropped: list[Dropped]
    ledgers: list[dict[str, Any]]
    inputs: list[dict[str, Any]]
    settings: dict[str, Any]
    key: str
    licences: tuple[str, ...] = ()
    publishable: str = "yes"
    mt: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    alike: Alike | None = None  # split.near_across of the rows, if it is known
    genres: dict[str, Any] | None = None  # of a native arm: rows by genre as made and before shares were evened out, and the shares allowed


def finish(built: Built, folder: Path, validation: int, examples: int, command: str, versions: dict[str, str]) -> dict[str, Any]:
    """Write the finished task folder and return its manifest. Raises TooFewRows where too few rows are left to train on."""
    check_labels(built.kept, built.labels, f"{built.task}.{built.arm}")
    train, held_out, surplus = split(built.kept, validation, examples, built.alike)
    ledger = Ledger("budget", rows_in=len(built.kept), kept=len(train) + len(held_out))
    ledger.excluded.update(d.reason for d in surplus)
    ledgers = [*built.ledgers, ledger.close()]
    if len(train) < 10:
        raise TooFewRows(
            f"{built.task}.{built.arm}: only {len(train)} rows are left to train on. What was left out, step by step:\n{_losses(ledgers)}\n"
            "Give the task more rows or documents, or widen the bounds under [filters] or the shares of genres in the study"
        )
    excluded = [*built.dropped, *surplus]
    filters = sorted({name for r in (*train, *held_out, *(d.record for d in excluded)) for name in r.scores})
    aside = part_of(folder)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        write_records(aside / "train-00000.parquet", train, built.kind, filters)
        write_records(aside / "validation-00000.parquet", held_out, built.kind, filters)
        rows = [to_row(d.record) | {"stage": d.stage, "reason": d.reason, "value": d.value} for d in sorted(excluded, key=lambda d: (d.stage, d.record.id))]
        write_rows(aside / "excluded-00000.parquet", rows, schema(built.kind, filters, excluded=True))
        files = {p.name: file_sha256(p) for p in sorted(aside.glob("*.parquet"))}
        manifest = _manifest(built, ledgers, files, train, held_out, excluded, examples, validation) | {"command": command, "versions": versions}
        manifest["scores"] = score_quantiles(aside / "train-00000.parquet")
        write_text(aside / "README.md", card(manifest, train[:3], [d for d in excluded if d.stage not in ("budget", "split")][:3], _infos(aside)))
        write_text(aside / licences.FILE, licences_page([manifest]))
        write_text(aside / "filters.html", filter_study.page(manifest, [*train, *held_out], excluded, lambda name: FILTERS[name].why))
        write_json(aside / "manifest.json", manifest)
        _swap(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def _losses(ledgers: Sequence[dict[str, Any]]) -> str:
    """Return a line for each step that left something out, with its commonest reasons (what decided is said as "name=value": the name alone)."""
    lines = []
    for ledger in ledgers:
        reasons: Counter[str] = Counter()
        for reason, count in ledger["excluded"].items():
            reasons[reason.partition("=")[0]] += count
        if reasons:
            told = [f"{reason} {count}" for reason, count in reasons.most_common(REASONS)] + ["..."] * (len(reasons) > REASONS)
            lines.append(f"  {ledger['step']}: {', '.join(told)}; {ledger['kept']} left")
    return "\n".join(lines) or "  nothing: no more rows came in"


def _infos(folder: Path) -> list[dict[str, Any]]:
    """Return dataset_info of the two configurations that a built task has."""
    files = {split: sorted(folder.glob(f"{split}-*.parquet")) for split in ("train", "validation", "excluded")}
    kept = {split: files[split] for split in ("train", "validation")}
    return [card_header.info("default", kept), card_header.info("excluded", {"excluded": files["excluded"]})]


def _swap(aside: Path, folder: Path) -> None:
    """Put the finished folder in place. The old one goes first, so a kill in between leaves no folder, never half of one."""
    if folder.exists():
        shutil.rmtree(folder)
    aside.replace(folder)


def _manifest(
    built: Built,
    ledgers: list[dict[str, Any]],
    files: dict[str, str],
    train: Sequence[Record],
    held_out: Sequence[Record],
    excluded: Sequence[Dropped],
    examples: int,
    validation: int,
) -> dict[str, Any]:
    spans = _spans([*train, *held_out], excluded) if built.kind == "span" and is_translated(built.arm) else None
    balance = Counter(r.label for r in train if isinstance(r, Pair))
    open_questions = {side: sum(isinstance(r, Span) and not r.answers for r in rows) for side, rows in (("train", train), ("validation", held_out))}
    return {
        "study": built.study, "task": built.task, "arm": built.arm, "kind": built.kind, "language": built.language,
        "labels": list(built.labels), "key": built.key, "fingerprint": digest(files), "files": files,
        "settings": built.settings, "inputs": built.inputs, "steps": ledgers,
        "counts": {"train": len(train), "validation": len(held_out), "excluded": len(excluded)},
        "balance": dict(sorted(balance.items())),
        "documents": len({r.document for r in train}),
        "excluded": {f"{stage}: {reason}": n for (stage, reason), n in sorted(Counter((d.stage, d.reason.partition("=")[0]) for d in excluded).items())},
        "budget": {"examples": examples, "validation": validation, "filled": len(train) == examples},
        "mt": built.mt, "spans": spans, "licences": list(built.licences), "publishable": built.publishable, "notes": built.notes,
        "genres": built.genres | {"train": genres_of(train)} if built.genres else None,
    } | ({"unanswerable": open_questions} if any(open_questions.values()) else {})  # fmt: skip


def _spans(kept: Sequence[Record], excluded: Sequence[Dropped]) -> dict[str, Any]:
    """Return how many rows had an answer that was found again (later gates apart), by which witnesses, and why the others lost theirs."""
    found = [*kept, *(d.record for d in excluded if d.stage not in ("translate", "answers", "back_translate", "back_answers"))]
    methods = Counter("+".join(method_names(int(r.scores["span_method"]))) for r in found if "span_method" in r.scores)
    lost = Counter(d.reason.partition("=")[0] for d in excluded if d.stage in ("answers", "back_answers"))
    return {"kept": methods.total(), "methods": dict(sorted(methods.items())), "excluded": dict(sorted(lost.items()))}

"""Decisions apart from scores: what a changed bound recomputes is the decision, and nothing that took long.

Rows with their scores lie in shards whose keys hold no bounds (score_step). Verdicts on the whole task (duplicates, leaks), rows
that a native maker made and other slow findings lie beside them in one small file each, under the key of all that decided them
(remember, remembered, remember_rows). What is left for a new bound is to read rows, decide on stored scores and write the folder.

It is also where the three variants of an arm part: `filtered`, `unfiltered`, and `random-drop`, which keeps as many rows on
either side of the split as `filtered` does, chosen by a hash. If filtering helps by what it drops and not by how much, the
first beats the third.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from build_data.filters import decide
from build_data.filters_base import Filter
from build_data.split import held_out, origin_id, rank
from build_data.steps import Dropped, Outcome, Step, each, run
from corpora.bounded import read_json
from corpora.config import ConfigError
from corpora.records import Kind, Record, from_row, to_row
from corpora.shards import KEY, digest, read_sealed, write_json, write_sealed

VERSION = 1


def open_bounds(filters: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return the filters without bounds: as a step they score every row, refuse none for its scores, and have a key that no bound changes."""
    return tuple(dataclasses.replace(f, low=-math.inf, high=math.inf) for f in filters)


def score_step(step: Step) -> Step:
    """Return a filter step made from open_bounds under the name it has in ledgers: what it refuses has no scores (no source, or a text that does not parse)."""
    return dataclasses.replace(step, name="score")


def choose(kept: Sequence[Record], filters: Sequence[Filter], variant: str, validation: int, examples: int) -> Outcome:
    """Decide on rows by their stored scores, as the variant of the arm says; nothing is computed but the decision.

    `validation` and `examples` are the budget: they decide the side a document is on. Dropped rows have stage "filter"; the
    reason is the first filter that refuses, or "random" where chance chose them.
    """
    step = Step("filter", each(lambda record: decide(record, filters)), {"filters": [[f.name, f.low, f.high] for f in filters]}, VERSION)
    if variant == "unfiltered":
        step = Step("filter", each(lambda record: record), {})
    if variant == "random-drop":
        share = validation / (validation + examples)
        filtered, _, _ = run(step, kept)
        left = Counter(held_out(record, share) for record in filtered)
        chosen = {record.id for side in (False, True) for record in _by_chance(r for r in kept if held_out(r, share) is side)[: left[side]]}
        step = Step("filter", each(lambda record: record if record.id in chosen else Dropped(record, "filter", "random")), {})
    rows, dropped, ledger = run(step, kept)
    return Outcome(rows, dropped, [ledger.close()])


def _by_chance(records: Any) -> list[Record]:
    return sorted(records, key=lambda r: (rank(f"drop:{origin_id(r)}"), r.id))


def content(records: Sequence[Record]) -> str:
    """Return a digest of what rows say: ids, texts and answers, not their scores."""
    total = hashlib.sha256()
    for record in records:
        answer = repr([getattr(record, name, None) for name in ("label", "answers", "tags")])
        said = (record.id, record.source_id, record.document, record.corpus, *record.texts(), answer)
        total.update("\x1f".join(said).encode("utf-8") + b"\x1e")
    return total.hexdigest()[:16]


def remember(path: Path, key: str, compute: Callable[[], Any]) -> Any:
    """Return what `compute` (something JSON can hold) gave under the same key before, from `path`, or compute and store it."""
    try:
        known = read_json(path)
        if known["key"] == key:
            return known["value"]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing stored, or a file of other times: it only saves work
    value = compute()
    write_json(path, {"key": key, "value": value})
    return json.loads(json.dumps(value))


def remembered(path: Path, key: object, make: Callable[[], Step], records: Sequence[Record]) -> Outcome:
    """Run a step that sees the whole task, or apply the verdicts it stored for the same rows.

    `key` names what decides the step's verdicts beside the rows; `make` returns the step and is only called where it must run.
    A stored verdict is applied to the rows as they are now, so scores that changed since are kept.
    """
    if len({record.id for record in records}) != len(records):
        raise ConfigError(f"{path.parent.name}: two rows of the task have one id; give the corpus unique ids")

    def judge() -> dict[str, list[Any]]:
        _, dropped, _ = run(make(), records)
        return {d.record.id: [d.stage, d.reason, d.value] for d in dropped}

    verdicts: dict[str, Any] = remember(path, digest([VERSION, key, content(records)]), judge)
    step = Step(path.stem, each(lambda r: Dropped(r, *verdicts[r.id]) if r.id in verdicts else r), {})
    kept, dropped, ledger = run(step, records)
    return Outcome(kept, dropped, [ledger.close()])


def remember_rows(
    path: Path, key: str, kind: Kind, make: Callable[[], tuple[Sequence[Record], Sequence[dict[str, Any]]]]
) -> tuple[list[Record], list[dict[str, Any]]]:
    """Return rows and ledgers as `make` gave them under the same key before, from `path`, or make and store them."""
    found = read_sealed(path, key)
    if found is None:
        records, ledgers = make()
        lines = [json.dumps(to_row(r), ensure_ascii=False, sort_keys=True) for r in records]
        write_sealed(path, {"json": lines}, {KEY: key.encode(), b"ledgers": json.dumps(list(ledgers)).encode()})
        found = read_sealed(path, key)
    if found is None:
        raise ConfigError(f"{path}: what was written there cannot be read back; the disk loses data. Use another one (--root)")
    columns, metadata = found
    return [from_row(kind, json.loads(line)) for line in columns["json"]], json.loads(metadata[b"ledgers"])

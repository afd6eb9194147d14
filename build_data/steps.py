"""Steps over shards: a refusal is a value, counts must agree, a shard is whole or absent (HOUSE contracts 1 and 2)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from corpora.config import ConfigError
from corpora.records import Kind, Record, from_row, to_row
from corpora.shards import KEY, digest, read_key, read_sealed, write_sealed

SHARD_ROWS = 500  # kill -9 costs at most this many rows of work (HOUSE contract 2 allows 1,000)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A refused row: which stage refused it, why, and the number that decided (NaN-free; 0.0 where there is none)."""

    record: Record
    stage: str
    reason: str
    value: float = 0.0


Work = Callable[[Sequence[Record]], Iterable[Record | Dropped]]
Read = tuple[list[Record], list[Dropped], list[dict[str, Any]]]


class CountError(AssertionError):
    """Rows in + rows made != rows kept + rows excluded: a defect of ours, never passed over."""


@dataclass
class Ledger:
    """Counts of one step; `close` holds them to the balance in + made = kept + excluded."""

    step: str
    rows_in: int = 0
    made: int = 0
    kept: int = 0
    excluded: Counter[str] = field(default_factory=Counter)

    def close(self) -> dict[str, Any]:
        if self.rows_in + self.made != self.kept + self.excluded.total():
            raise CountError(
                f"step {self.step}: {self.rows_in} in + {self.made} made != {self.kept} kept + {self.excluded.total()} excluded {dict(self.excluded)}"
            )
        return {"step": self.step, "in": self.rows_in, "made": self.made, "kept": self.kept, "excluded": dict(sorted(self.excluded.items()))}


@dataclass(frozen=True)
class Step:
    """Records to records; `key` names everything that decides its output (name, version, settings, models)."""

    name: str
    work: Work
    settings: dict[str, Any]
    version: int = 1

    @property
    def key(self) -> str:
        return digest({"step": self.name, "version": self.version, "settings": self.settings})


@dataclass
class Outcome:
    """What a chain of steps made of its input: rows kept, rows refused, and one ledger a step."""

    kept: list[Record]
    dropped: list[Dropped]
    ledgers: list[dict[str, Any]]


def run(step: Step, records: Sequence[Record]) -> tuple[list[Record], list[Dropped], Ledger]:
    """Run one step in memory and count. A step may keep, change or drop rows, but never lose or add one."""
    ledger = Ledger(step.name, rows_in=len(records))
    kept: list[Record] = []
    dropped: list[Dropped] = []
    for item in step.work(records):
        if isinstance(item, Dropped):
            dropped.append(item)
            ledger.excluded[item.reason.partition("=")[0]] += 1
        else:
            kept.append(item)
    ledger.kept = len(kept)
    ledger.close()
    return kept, dropped, ledger


def cut(items: Sequence[T], size: int = SHARD_ROWS) -> list[Sequence[T]]:
    """Cut a list into shards of `size`; the shard list does not depend on workers or machines."""
    return [items[i : i + size] for i in range(0, len(items), size)]


@dataclass(frozen=True)
class Parts:
    """What a chain of steps made of a shard's rows, as lines of JSON: what crosses from a worker to the process that writes shards."""

    kept: list[str]
    dropped: list[str]
    counts: list[dict[str, Any]]  # a closed ledger a step

    def without(self, bad: Sequence[tuple[Record, str]]) -> Parts:
        """Return these parts with rows that no worker survived, each with why, as excluded by the first step ("crash")."""
        if not bad:
            return self
        first, *others = self.counts
        excluded = Counter(first["excluded"]) + Counter({"crash": len(bad)})
        first = first | {"in": first["in"] + len(bad), "excluded": dict(sorted(excluded.items()))}
        return Parts(self.kept, [*(_refused(Dropped(record, "worker", f"crash={why}")) for record, why in bad), *self.dropped], [first, *others])


Shards = Callable[[Sequence[Sequence[Record]]], Iterator[Parts]]  # rows of shards -> what steps make of each, in order


def run_sharded(
    steps: Sequence[Step],
    records: Sequence[Record],
    kind: Kind,
    folder: Path,
    source_key: str,
    on_shard: Callable[[int, bool], None] = lambda done, kept: None,
    compute: Shards | None = None,
) -> Outcome:
    """Run row-local steps shard by shard through `folder`; a shard whose key is unchanged is read back, not computed. One that is damaged is made again.

    `source_key` identifies the input. `on_shard(rows, was_kept)` is told after every shard (for progress bars). `compute` makes the shards that are
    not there, on workers say; without it this process does.
    """
    total = Outcome([], [], [])
    ledgers = [Ledger(step.name) for step in steps]
    shards = _planned(steps, records, folder, source_key)
    there = {path: _read_shard(path, shard_key, kind) for path, shard_key, _ in shards}
    todo = [item for item in shards if there[item[0]] is None]
    made = (compute or (lambda some: (parts_of(steps, rows) for rows in some)))([rows for _, _, rows in todo])
    for (path, shard_key, shard), parts in zip(todo, made, strict=True):
        _write(path, shard_key, parts)
        on_shard(len(shard), False)
    for path, shard_key, shard in shards:
        found = there[path] or _read_shard(path, shard_key, kind)
        if found is None:
            raise ConfigError(f"{path}: what was written there a moment ago comes back changed; the disk is at fault: choose another folder")
        kept, dropped, counts = found
        total.kept += kept
        total.dropped += dropped
        for ledger, count in zip(ledgers, counts, strict=True):
            ledger.rows_in += count["in"]
            ledger.kept += count["kept"]
            ledger.excluded.update(count["excluded"])
        if there[path]:
            on_shard(len(shard), True)
    for stale in sorted(folder.glob("[0-9]*.parquet"))[len(shards) :]:
        stale.unlink()
    total.ledgers = [ledger.close() for ledger in ledgers]
    return total


def are_whole(steps: Sequence[Step], records: Sequence[Record], folder: Path, source_key: str) -> bool:
    """Say whether run_sharded with these arguments would find every shard whole and unchanged."""
    return all(read_key(path) == key for path, key, _ in _planned(steps, records, folder, source_key))


def _planned(steps: Sequence[Step], records: Sequence[Record], folder: Path, source_key: str) -> list[tuple[Path, str, Sequence[Record]]]:
    """Return path, key and rows of every shard."""
    key = digest([source_key, [step.key for step in steps], SHARD_ROWS])
    return [(folder / f"{number:05d}.parquet", digest([key, number, [r.id for r in shard]]), shard) for number, shard in enumerate(cut(records))]


def parts_of(steps: Sequence[Step], shard: Sequence[Record]) -> Parts:
    """Run row-local steps over a shard's rows. Scores differ from row to row here, so records travel as JSON; finished tasks have real columns."""
    rows, dropped, counts = list(shard), [], []
    for step in steps:
        rows, refused, ledger = run(step, rows)
        dropped += refused
        counts.append(ledger.close())
    return Parts([json.dumps(to_row(r), ensure_ascii=False, sort_keys=True) for r in rows], list(map(_refused, dropped)), counts)


def _refused(item: Dropped) -> str:
    return json.dumps([to_row(item.record), item.stage, item.reason, item.value], ensure_ascii=False, sort_keys=True)


def _write(path: Path, key: str, parts: Parts) -> None:
    columns = {"part": ["kept"] * len(parts.kept) + ["dropped"] * len(parts.dropped), "json": parts.kept + parts.dropped}
    write_sealed(path, columns, {KEY: key.encode(), b"counts": json.dumps(parts.counts).encode()})


def _read_shard(path: Path, key: str, kind: Kind) -> Read | None:
    """Return a shard's rows, refusals and counts; None for one that is not there, of another key, or damaged."""
    found = read_sealed(path, key)
    if found is None:
        return None
    columns, metadata = found
    kept: list[Record] = []
    dropped: list[Dropped] = []
    for part, line in zip(columns["part"], columns["json"], strict=True):
        if part == "kept":
            kept.append(from_row(kind, json.loads(line)))
        else:
            record, stage, reason, value = json.loads(line)
            dropped.append(Dropped(from_row(kind, record), stage, reason, value))
    return kept, dropped, json.loads(metadata[b"counts"])


def each(keep: Callable[[Record], Record | Dropped]) -> Work:
    """Return the step body that applies `keep` to one row at a time."""

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        for record in records:
            yield keep(record)

    return work

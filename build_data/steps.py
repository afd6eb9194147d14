"""Steps over shards: a refusal is a value, counts must agree, a shard is whole or absent (HOUSE contracts 1 and 2)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from corpora.config import ConfigError
from corpora.records import Kind, Record, from_row, to_row
from corpora.shards import KEY, digest, read_key, whole

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


def run_sharded(
    steps: Sequence[Step], records: Sequence[Record], kind: Kind, folder: Path, source_key: str, on_shard: Callable[[int, bool], None] = lambda done, kept: None
) -> Outcome:
    """Run row-local steps shard by shard through `folder`; a shard whose key is unchanged is read back, not computed.

    `source_key` identifies the input. `on_shard(rows, was_kept)` is told after every shard (for progress bars).
    """
    total = Outcome([], [], [])
    ledgers = [Ledger(step.name) for step in steps]
    shards = _planned(steps, records, folder, source_key)
    for path, shard_key, shard in shards:
        was_kept = read_key(path) == shard_key
        if not was_kept:
            _compute(steps, shard, path, shard_key)
        kept, dropped, counts = _read_shard(path, kind)
        total.kept += kept
        total.dropped += dropped
        for ledger, count in zip(ledgers, counts, strict=True):
            ledger.rows_in += count["in"]
            ledger.kept += count["kept"]
            ledger.excluded.update(count["excluded"])
        on_shard(len(shard), was_kept)
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


def _compute(steps: Sequence[Step], shard: Sequence[Record], path: Path, key: str) -> None:
    rows, dropped, counts = list(shard), [], []
    for step in steps:
        rows, refused, ledger = run(step, rows)
        dropped += refused
        counts.append(ledger.close())
    # Scores differ from row to row here, so records travel as JSON inside the shard; finished tasks have real columns.
    lines = [json.dumps(to_row(r), ensure_ascii=False, sort_keys=True) for r in rows]
    refused_lines = [json.dumps([to_row(d.record), d.stage, d.reason, d.value], ensure_ascii=False, sort_keys=True) for d in dropped]
    shape = pa.schema([("part", pa.string()), ("json", pa.string())], metadata={KEY: key.encode(), b"counts": json.dumps(counts).encode()})
    table = pa.table({"part": ["kept"] * len(lines) + ["dropped"] * len(refused_lines), "json": lines + refused_lines}, schema=shape)
    with whole(path) as file:
        pq.write_table(table, file, compression="zstd")


def _read_shard(path: Path, kind: Kind) -> tuple[list[Record], list[Dropped], list[dict[str, Any]]]:
    try:
        table = pq.read_table(path)
        counts = json.loads(table.schema.metadata[b"counts"])
        rows = table.to_pylist()
    except (OSError, pa.ArrowInvalid, KeyError, ValueError) as err:
        raise ConfigError(f"{path}: broken shard ({err}); delete it and run the same command again") from None
    kept = [from_row(kind, json.loads(row["json"])) for row in rows if row["part"] == "kept"]
    dropped = []
    for row in rows:
        if row["part"] == "dropped":
            record, stage, reason, value = json.loads(row["json"])
            dropped.append(Dropped(from_row(kind, record), stage, reason, value))
    return kept, dropped, counts


def each(keep: Callable[[Record], Record | Dropped]) -> Work:
    """Return the step body that applies `keep` to one row at a time."""

    def work(records: Sequence[Record]) -> Iterator[Record | Dropped]:
        for record in records:
            yield keep(record)

    return work

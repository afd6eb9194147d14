"""Counts must agree, shards are whole or absent, and only what changed is computed again."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data.split import rank, split
from build_data.steps import CountError, Dropped, Step, cut, each, run, run_sharded
from corpora.config import ConfigError
from corpora.records import Pair, Record
from corpora.shards import write_text

ROOT = Path(__file__).parent.parent


def rows(n: int, documents: int = 7) -> list[Record]:
    return [Pair(id=f"r{i}", premise=f"Lause {i}.", hypothesis="Toinen.", label="a", document=f"d{i % documents}") for i in range(n)]


def odd_dropped(record: Record) -> Record | Dropped:
    number = int(record.id[1:])
    return Dropped(record, "test", f"odd={number}", number) if number % 2 else record


def test_a_step_that_loses_a_row_is_a_crash() -> None:
    def loses(records: Sequence[Record]) -> Iterable[Record]:
        return list(records)[1:]

    with pytest.raises(CountError, match="3 in"):
        run(Step("loses", loses, {}), rows(3))


def test_refusals_are_counted_by_reason() -> None:
    kept, dropped, ledger = run(Step("odd", each(odd_dropped), {}), rows(5))
    assert [r.id for r in kept] == ["r0", "r2", "r4"]
    assert [d.reason for d in dropped] == ["odd=1", "odd=3"]
    assert ledger.close() == {"step": "odd", "in": 5, "made": 0, "kept": 3, "excluded": {"odd": 2}}


def test_a_rerun_computes_only_what_changed(tmp_path: Path) -> None:
    seen: list[str] = []

    def watched(record: Record) -> Record | Dropped:
        seen.append(record.id)
        return odd_dropped(record)

    step = Step("odd", each(watched), {"bound": 1})
    first = run_sharded([step], rows(1100), "pair", tmp_path, "source-1")
    assert len(seen) == 1100 and len(list(tmp_path.glob("*.parquet"))) == 3
    before = {p.name: p.read_bytes() for p in tmp_path.glob("*.parquet")}
    again = run_sharded([step], rows(1100), "pair", tmp_path, "source-1")
    assert len(seen) == 1100 and again == first
    (tmp_path / "00001.parquet").unlink()
    run_sharded([step], rows(1100), "pair", tmp_path, "source-1")
    assert len(seen) == 1600 and {p.name: p.read_bytes() for p in tmp_path.glob("*.parquet")} == before
    run_sharded([Step("odd", each(watched), {"bound": 2})], rows(1100), "pair", tmp_path, "source-1")
    assert len(seen) == 2700
    run_sharded([step], rows(100), "pair", tmp_path, "source-1")
    assert len(list(tmp_path.glob("*.parquet"))) == 1


def test_a_full_disk_leaves_nothing_behind_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match=r"x\.json: could not be written \(No space left on device\)"):
        write_text(tmp_path / "x.json", "{}")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="No space left"):
        run_sharded([Step("odd", each(odd_dropped), {})], rows(3), "pair", tmp_path / "work", "s")
    assert list((tmp_path / "work").iterdir()) == []


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from build_data.steps import Step, run_sharded, each
from corpora.records import Pair
rows = [Pair(id=f"r{{i}}", premise=f"Lause {{i}}.", hypothesis="Toinen.", label="a") for i in range(2000)]
def slow(record):
    time.sleep(float(sys.argv[2]))
    return record
run_sharded([Step("slow", each(slow), {{}})], rows, "pair", Path(sys.argv[1]), "s")
"""


def test_kill_costs_at_most_the_shard_in_work(tmp_path: Path) -> None:
    code = KILLED.format(root=str(ROOT))
    broken, unbroken = tmp_path / "a", tmp_path / "b"
    child = subprocess.Popen([sys.executable, "-c", code, str(broken), "0.0005"])
    deadline = time.monotonic() + 30
    while len(list(broken.glob("0*.parquet"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    survived = {p.name: p.stat().st_mtime_ns for p in broken.glob("0*.parquet")}
    assert 2 <= len(survived) < 4
    for folder in (broken, unbroken):
        subprocess.run([sys.executable, "-c", code, str(folder), "0"], check=True)
    assert {p.name: p.read_bytes() for p in broken.glob("0*.parquet")} == {p.name: p.read_bytes() for p in unbroken.glob("0*.parquet")}
    assert all((broken / name).stat().st_mtime_ns == stamp for name, stamp in survived.items())


@given(st.lists(st.integers(), max_size=60), st.integers(1, 9))
def test_cutting_loses_nothing(items: list[int], size: int) -> None:
    shards = cut(items, size)
    assert [x for shard in shards for x in shard] == items
    assert all(len(shard) == size for shard in shards[:-1])


@given(st.integers(30, 300), st.integers(5, 80), st.integers(3, 20))
def test_split_keeps_documents_apart_and_counts(n: int, examples: int, validation: int) -> None:
    records = rows(n, documents=25)
    train, held_out, surplus = split(records, validation, examples)
    assert len(train) + len(held_out) + len(surplus) == n
    assert len(train) <= examples and len(held_out) <= validation
    assert not {r.document for r in train} & {r.document for r in held_out}
    assert split(list(reversed(records)), validation, examples)[0] == train


def test_rank_depends_on_the_text_only() -> None:
    assert rank("Turku") == rank("Turku") != rank("Pori")
    assert 0 <= rank("") < 1

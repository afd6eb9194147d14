"""Faults of disk and clock: what is unfinished is swept up, a full or read-only disk is told, a broken shard is made again, times decide nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from build_data.publish_stage import _record
from build_data.refilter import remember_rows
from build_data.steps import Step, each, run_sharded
from corpora.config import ConfigError
from corpora.parts import node, part_of, sweep_parts
from corpora.records import Pair, Record
from corpora.shards import append_line, require_writable, write_text
from corpora.study import load
from train.disk import check_disk
from train.run import aside

ROOT = Path(__file__).parent.parent
GONE = 999999999  # no process has this number


def rows(n: int) -> list[Record]:
    return [Pair(id=f"r{i}", premise=f"Lause {i}.", hypothesis="Toinen.", label="a") for i in range(n)]


def test_what_killed_processes_left_is_swept_up_and_nothing_else(tmp_path: Path) -> None:
    dead = [tmp_path / f".a.parquet.{node()}-{GONE}.part", tmp_path / "deep" / f".b.{node()}-{GONE}.part"]
    alive, elsewhere, foreign = part_of(tmp_path / "c"), tmp_path / f".d.00000000-{GONE}.part", tmp_path / ".own.part"
    dead[1].mkdir(parents=True)
    (dead[1] / "x").write_text("x")
    for path in (dead[0], alive, elsewhere, foreign):
        path.write_text("x")
    assert sweep_parts(tmp_path) == 2
    assert sorted(tmp_path.rglob("*")) == sorted([alive, elsewhere, foreign, tmp_path / "deep"])


def test_a_part_tells_nobody_the_machines_name(tmp_path: Path) -> None:
    import socket

    assert socket.gethostname() not in part_of(tmp_path / "x").name


def test_a_place_that_takes_no_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file" / "data", Path("/proc/nothing/here")):
        with pytest.raises(ConfigError, match="nothing can be written there"):
            require_writable(place)
        with pytest.raises(ConfigError, match="could not be written"):
            append_line(place / "log", "x")
    require_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_runs_that_nobody_can_write_are_told_before_the_first(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file where a folder belongs")
    with pytest.raises(ConfigError, match="nothing can be written there"):
        check_disk(load(ROOT / "studies/mini.toml"), tmp_path, [], 1)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, ""])
def test_a_broken_note_of_what_was_staged_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / "publish.json").write_text(text)
    assert _record(tmp_path / "publish.json") == {}


def test_a_run_whose_checkpoint_meets_a_full_disk_is_not_finished(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "k"
    with pytest.raises(ConfigError, match="No space left"), aside(folder) as part:
        write_text(part / "run.json", '{"status": "finished"}')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not folder.exists() and not list(folder.parent.iterdir())
    with pytest.raises(RuntimeError), aside(folder) as part:
        write_text(part / "run.json", '{"status": "failed"}')
        raise RuntimeError
    assert (folder / "run.json").is_file()


@pytest.mark.parametrize("where", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_broken_shard_is_found_by_its_sum_and_made_again_to_the_same_bytes(tmp_path: Path, where: float) -> None:
    made: list[str] = []

    def work(record: Record) -> Record:
        made.append(record.id)
        return record

    step = Step("work", each(work), {})
    first = run_sharded([step], rows(1200), "pair", tmp_path, "s")
    path = tmp_path / "00001.parquet"
    sound = path.read_bytes()
    for change in (
        lambda b: bytes([*b[: int(len(b) * where)], b[int(len(b) * where)] ^ 0x10, *b[int(len(b) * where) + 1 :]]),
        lambda b: b[: int(len(b) * where)],
    ):
        path.write_bytes(change(sound))
        made.clear()
        assert run_sharded([step], rows(1200), "pair", tmp_path, "s") == first
        assert made in ([], [r.id for r in rows(1200)[500:1000]])
        assert path.read_bytes() == sound or not made  # a byte that holds nothing (statistics) may stay as it is


def test_every_byte_of_a_shard_counts(tmp_path: Path) -> None:
    """One bit is flipped at 200 places spread over a shard: rows are never other ones than were written."""
    step = Step("work", each(lambda record: record), {})
    first = run_sharded([step], rows(50), "pair", tmp_path, "s")
    path = tmp_path / "00000.parquet"
    sound = path.read_bytes()
    for at in range(0, len(sound), max(1, len(sound) // 200)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << at % 8]) + sound[at + 1 :])
        assert run_sharded([step], rows(50), "pair", tmp_path, "s") == first, at


def test_every_byte_of_made_rows_counts(tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    made: list[int] = []

    def make() -> tuple[list[Record], list[dict[str, int]]]:
        made.append(1)
        return rows(50), [{"in": 50}]

    first = remember_rows(path, "k", "pair", make)
    sound = path.read_bytes()
    for at in range(0, len(sound), max(1, len(sound) // 200)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << at % 8]) + sound[at + 1 :])
        assert remember_rows(path, "k", "pair", make) == first, at
    assert len(made) > 50


@pytest.mark.parametrize("stamp", [0, 4102444800])  # 1970 and 2100
def test_times_of_files_decide_nothing(tmp_path: Path, stamp: int) -> None:
    made: list[str] = []

    def work(record: Record) -> Record:
        made.append(record.id)
        return record

    step = Step("work", each(work), {})
    run_sharded([step], rows(600), "pair", tmp_path, "s")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        os.utime(path, (stamp, stamp))
    run_sharded([step], rows(600), "pair", tmp_path, "s")
    assert len(made) == 600 and {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_code_of_ours_asks_a_file_for_its_time() -> None:
    """One place may: a sum is summed again within a process where size or time of change differ, which can only cost time."""
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for room in ("corpora", "build_data", "train", "eval")
        for path in sorted((ROOT / room).rglob("*.py"))
        if "mini/models" not in path.as_posix()
        for line in path.read_text("utf-8").splitlines()
        if any(word in line for word in ("st_mtime", "getmtime", "st_ctime", "getctime"))
    ]
    assert [one.partition(":")[0] for one in found] == ["corpora/shards.py"], found


LIMITED = """
import resource, signal, sys
sys.path.insert(0, {root!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
from pathlib import Path
from corpora.config import ConfigError
{code}
"""


def limited(code: str, folder: Path, size: int) -> str:
    """Run code in a process whose files may have `size` bytes at most: a write beyond that fails as on a full disk. `folder` is sys.argv[1]."""
    done = subprocess.run([sys.executable, "-c", LIMITED.format(root=str(ROOT), code=code), str(folder), str(size)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


WRITERS = {
    "memory": """
from build_data.memory import Memory
from build_data.translate import Translated
class Echo:
    fingerprint = "e"
    def translate(self, texts): return [Translated(t * 3, 0.0) for t in texts]
try:
    memory = Memory(Path(sys.argv[1]) / "memory.sqlite")
    memory.translate(Echo(), [f"{i} " * 50 for i in range(3000)])
except ConfigError as err: print("told", err)
""",
    "rows": """
from build_data.refilter import remember_rows
from corpora.records import Pair
import random
chance = random.Random(1)
made = [Pair(id=f"r{i}", premise=str(chance.getrandbits(2000)), hypothesis="b", label="a") for i in range(3000)]
try: remember_rows(Path(sys.argv[1]) / "made.parquet", "k", "pair", lambda: (made, []))
except ConfigError as err: print("told", err)
""",
    "state": """
import torch
from train.resume import Keeper
try: Keeper(Path(sys.argv[1])).save({"step": 1}, {"w": torch.randn(100000)}, torch.device("cpu"))
except ConfigError as err: print("told", err)
""",
    "trained": """
from train.logs import Log
from train.run import aside
try:
    with aside(Path(sys.argv[1]) / "runs" / "k") as part, Log(part) as log:
        for step in range(20000): log.line({"step": step, "loss": 0.1, "words": "x" * 50})
except ConfigError as err: print("told", err)
""",
    "parses": """
from build_data.similarity import Similarity
from build_data.shared_file import SharedFile
import sqlite3
class Some(SharedFile):
    what, setup = "things", ("CREATE TABLE IF NOT EXISTS t (x TEXT)",)
some = Some(Path(sys.argv[1]) / "some.sqlite")
try:
    for i in range(2000): some.connection().execute("INSERT INTO t VALUES (?)", (str(i) * 200,))
    some.connection().commit()
except (sqlite3.Error, OSError) as err: print("told", some.broken(err))
except ConfigError as err: print("told", err)
""",
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_tells_a_full_disk_and_leaves_no_half_file(tmp_path: Path, name: str) -> None:
    told = limited(WRITERS[name], tmp_path, 100_000)
    assert told.startswith("told") and str(tmp_path) in told and "free" in told.lower(), told
    left = [path.name for path in tmp_path.rglob("*") if path.is_file() and "sqlite" not in path.name]
    assert not left

"""Kills a build at random moments (SIGKILL), lets it go on each time, and compares the finished folders with those of an unbroken build.

    CORPORA_DIR=... python -m benchmarks.kill studies/open.toml --task nli --arm mt-fi --set tasks.nli.rows=9000 --kills 10

Prints at which second and in which state each kill fell, and whether every file is the same to the byte. Ends with status 1 where one is not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def command(given: argparse.Namespace, root: Path) -> list[str]:
    options = [f"--{name}={value}" for name in ("task", "arm") for value in getattr(given, name)] + [f"--set={line}" for line in given.set]
    return [sys.executable, "-m", "build_data", str(given.study), *options, f"--root={root}", f"--threads={given.threads}"]


def build(given: argparse.Namespace, root: Path, kill_after: float | None = None) -> tuple[float, bool]:
    """Run a build, killing it and its children after some seconds; return (seconds, whether it was killed). Raises SystemExit if it fails by itself."""
    start = time.monotonic()
    with (root / "log").open("a") as log:
        process = subprocess.Popen(command(given, root), stdout=log, stderr=log, start_new_session=True)
        try:
            code = process.wait(kill_after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return time.monotonic() - start, True
    if code:
        raise SystemExit(f"the build failed with status {code}:\n{(root / 'log').read_text()[-2000:]}")
    return time.monotonic() - start, False


def files(root: Path) -> dict[str, str]:
    """Return path -> SHA-256 of everything under data/ but caches, unfinished shards and the log of times."""
    found = (p for p in sorted((root / "data").rglob("*")) if p.is_file() and ".work" not in p.parts and p.name != "build.log.jsonl")
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def state(root: Path) -> str:
    """Say how far a build is: sentences in the memory, shards on disk."""
    memory = next(root.rglob("memory.sqlite"), None)
    try:
        done = sqlite3.connect(f"file:{memory}?mode=ro", uri=True).execute("SELECT count(*) FROM done").fetchone()[0] if memory else 0
    except sqlite3.Error:
        done = -1
    return f"{done} sentences translated, {len(list(root.rglob('.work/*/*.parquet')))} shards"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("study", type=Path)
    arguments.add_argument("--task", action="append", default=[])
    arguments.add_argument("--arm", action="append", default=[])
    arguments.add_argument("--set", action="append", default=[])
    arguments.add_argument("--kills", type=int, default=10)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        unbroken, broken = Path(one), Path(two)
        seconds, _ = build(given, unbroken)
        print(f"unbroken: {seconds:.0f} s, {state(unbroken)}", flush=True)
        for number in range(given.kills):
            # The rest of the work shrinks with every kill, and a kill in the first seconds meets only imports.
            limit = 4.0 + chance.random() * max(seconds / given.kills * 1.6, 3.0)
            spent, killed = build(given, broken, limit)
            print(f"{number + 1}: {'killed after' if killed else 'finished by itself in'} {spent:.1f} s, {state(broken)}", flush=True)
            if not killed:
                break
        build(given, broken)
        wanted, found = files(unbroken), files(broken)
    different = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    print(f"{len(wanted)} files, {len(wanted) - len(different)} the same to the byte" + (f"; different: {', '.join(different)}" if different else ""))
    raise SystemExit(bool(different) or not wanted)


if __name__ == "__main__":
    main()

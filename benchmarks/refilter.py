"""Times what one changed bound costs: the whole command, on a study whose other tasks are built.

    python -m benchmarks.refilter studies/open.toml --root data-root --task nli --arm en --filter long_word --set 'budget.examples = 20000'

The task is built first if it isn't. Then the filter's upper bound is moved, three times, and each time the command that a user would
type runs in a process of its own. What is told: seconds on the wall and of the processor, the rows of the task, and how many files of shards
(translations, scores) and how many parses changed, which must be none. It writes under --root, so give it a copy of what you need.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from corpora import study as studies

BOUNDS = (36, 34, 32)


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--task", default="nli")
    parser.add_argument("--arm", default="en")
    parser.add_argument("--filter", default="long_word", help="a filter of the task with an upper bound between 32 and 40")
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    args = parser.parse_args(argv)
    base = [sys.executable, "-m", "build_data", str(args.study), "--root", str(args.root), "--task", args.task, "--arm", args.arm, "--threads", "1"]
    base += [part for line in args.overrides for part in ("--set", line)]
    subprocess.run(base, check=True)
    study = studies.load(args.study, args.overrides)
    folder = studies.data_folder(study, args.task, args.arm, args.root / "data")
    print(f"{args.task}.{args.arm}, {rows(folder):,} rows, {len(list(folder.parent.glob('*/manifest.json')))} tasks of {study.name} built")
    for bound in BOUNDS:
        before, spent, began = work(folder), seconds(), time.perf_counter()
        subprocess.run([*base, "--set", f"filters.{args.filter} = [0, {bound}]"], check=True, stdout=subprocess.DEVNULL)
        wall, processor = time.perf_counter() - began, seconds() - spent
        changed = [name for name, stamp in work(folder).items() if before.get(name) != stamp]
        print(f"  {args.filter} at most {bound}: {wall:.1f} s on the wall, {processor:.1f} s of the processor; shards and parses written: {len(changed)}")


def rows(folder: Path) -> int:
    """Return the rows that a task was chosen from."""
    counts = json.loads((folder / "manifest.json").read_text("utf-8"))["counts"]
    return int(sum(counts.values()))


def work(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what must not change: every file that holds translations, scores or parses, with its size and time."""
    kept = [path for path in (folder.parent / ".work").rglob("*") if path.suffix in (".sqlite", ".parquet")]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in kept}


def seconds() -> float:
    """Return the processor time of the ended child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()

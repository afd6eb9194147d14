"""What workers cost and save: the stages of a translated arm alone and overlapped, on the local engine and on Ray, and what a killed worker costs.

    CORPORA_DIR=... python -m benchmarks.engine alone|local|ray [--rows 5000] [--workers 2] [--kill]    # each builds nli.mt-fi of the open study anew
    CORPORA_DIR=... python -m benchmarks.engine show                                                    # the table, ratios, and whether all bytes are the same

`alone` is one process with one thread: everything is translated first, then scored. `--kill` kills a worker at work (SIGKILL) when a third of the
tasks are done. Builds lie under --root, one folder each, with their times beside them; `show` compares every one with `alone`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.kill import files
from build_data import recipes
from build_data.workshop import Workshop
from corpora import study as studies
from corpora.engine import Engine, open_engine
from corpora.engine_tasks import Answer, Worker

PAIR = ("nli", "mt-fi")


def build(given: argparse.Namespace, name: str) -> dict[str, Any]:
    """Build the arm in a fresh folder and return its times in seconds."""
    root = given.root / name
    shutil.rmtree(root, ignore_errors=True)
    study = studies.load(Path("studies/open.toml"), [f"tasks.nli.rows = {given.rows}"])
    times: dict[str, Any] = {"rows": given.rows, "workers": 1}
    if given.what == "alone":
        shop = Workshop(study, root, 1, wanted=[PAIR])
        shop.english("nli")
        shop.translator("fi")
        start = time.monotonic()
        shop.decode("mt-fi")
        times["translate"] = time.monotonic() - start
        recipes.build_task(shop, *PAIR, "benchmark")
        times["rest"] = time.monotonic() - start - times["translate"]
        return times | {"all": time.monotonic() - start}
    begin = time.monotonic()
    with open_engine(given.what, given.workers) as engine:
        watched = watch(engine, given.kill)
        shop = Workshop(study, root, given.workers, wanted=[PAIR], engine=engine)
        shop.english("nli")
        start = time.monotonic()
        recipes.build_task(shop, *PAIR, "benchmark")
        times |= {"workers": engine.workers, "all": time.monotonic() - start, "with_start": time.monotonic() - begin}
    return times | watched


def watch(engine: Engine, kill: bool) -> dict[str, Any]:
    """Count the engine's answers, and kill a worker once where that is wanted."""
    seen: dict[str, Any] = {"value": 0, "lost": 0}
    wait = engine.place.wait

    def counted(workers: Any, timeout: float) -> list[tuple[Worker, Answer]]:
        found = wait(workers, timeout)
        for _, answer in found:
            seen[answer.what] = seen.get(answer.what, 0) + 1
        if kill and seen["value"] >= 5 and "killed" not in seen and workers and (pid := busy(workers[0])):
            os.kill(pid, signal.SIGKILL)
            seen["killed"] = pid
        return found

    engine.place.wait = counted  # type: ignore[method-assign]
    return seen


def busy(worker: Any) -> int:
    """Return the process of a worker that is at work, 0 where it cannot be told."""
    if hasattr(worker, "_process"):
        return int(worker._process.pid)
    return next((int(p.parent.name) for p in Path("/proc").glob("[0-9]*/cmdline") if p.is_file() and b"ray::Made.answer" in p.read_bytes()), 0)


def show(given: argparse.Namespace) -> None:
    """Print the table, and say which builds have the bytes of the first."""
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(given.root.glob("*.json"))}
    alone = found.pop("alone")
    longer = max(alone["translate"], alone["rest"])
    print(f"| build of {alone['rows']:,} pairs | seconds | against | ratio | bytes |\n|---|---:|---|---:|---|")
    print(
        f"| one process, one thread: translating | {alone['translate']:.0f} | | | |\n| the rest: scores, duplicates, leaks, writing | {alone['rest']:.0f} | | | |"
    )
    for name, times in found.items():
        other, what = (found["local"], "local") if name.startswith("ray") and "local" in found else (None, "the longer part alone")
        base = other["all"] if other else longer
        lost = f", {times['lost']} of {times['value']} tasks lost to a kill" if times.get("killed") else ""
        same = "the same" if files(given.root / name) == files(given.root / "alone") else "DIFFERENT"
        print(f"| {name}, {times['workers']} workers{lost} | {times['all']:.0f} | {what} | {times['all'] / base:.2f} | {same} |")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", choices=["alone", "local", "ray", "show"])
    arguments.add_argument("--rows", type=int, default=5000)
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--kill", action="store_true")
    arguments.add_argument("--root", type=Path, default=Path(tempfile.gettempdir()) / "fihu-engine")
    given = arguments.parse_args()
    if given.what == "show":
        show(given)
        return
    name = given.what + (f"-{given.workers}" if given.what != "alone" and given.workers != 2 else "") + ("-kill" if given.kill else "")
    times = build(given, name)
    (given.root / f"{name}.json").write_text(json.dumps(times), "utf-8")
    print(name, json.dumps(times))


if __name__ == "__main__":
    main()

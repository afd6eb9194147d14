"""What workers cost and save: the stages of a translated arm alone and overlapped, on the local engine and on Ray, and what a killed worker costs.

    CORPORA_DIR=... python -m benchmarks.engine alone|local|ray [--rows 5000] [--workers 2] [--kill]    # each builds nli.mt-fi of the open study anew
    CORPORA_DIR=... python -m benchmarks.engine show                                                    # the table, ratios, and whether all bytes are the same

`alone` is one process with one thread: everything is translated first, then scored. `--kill` kills a worker at work (SIGKILL) when a third of the
tasks are done. Builds lie under --root, one folder each, with their times beside them; `show` compares every one with `alone`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.kill import files
from build_data import across, gates, mt_build, recipes, steps
from build_data.workshop import Workshop
from corpora import study as studies
from corpora.engine import Engine, open_engine
from corpora.engine_tasks import Answer, Worker
from corpora.study import Study

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
        shop.model_record("mt-fi")
        start = time.monotonic()
        shop.decode("mt-fi")
        times["translate"] = time.monotonic() - start
        times["sentences"] = sum(1 for _ in mt_build.sentences_of(shop.translator("fi"), shop._texts("mt-fi")))
        times |= planning(shop)
        begin = time.monotonic()
        scoring = timed(steps, "parts_of")
        recipes.build_task(shop, *PAIR, "benchmark")
        tell(study, root)
        times |= {"rest": time.monotonic() - begin, "scores": sum(scoring), "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        home, task = root / "data/open", root / "data/open/nli.mt-fi"
        times |= {
            "disk": size(task),
            "disk_shards": size(home / ".work/nli.mt-fi"),
            "disk_parses": folded(home / ".work/parses.sqlite"),
            "disk_memory": folded(home / ".work/memory.sqlite"),
        }
        return times | {"all": time.monotonic() - start}
    begin = time.monotonic()
    with open_engine(given.what, given.workers) as engine:
        watched = watch(engine, given.kill)
        shop = Workshop(study, root, given.workers, wanted=[PAIR], engine=engine)
        shop.english("nli")
        shop.model_record("mt-fi")
        start, stages = time.monotonic(), timed(gates, "run_sharded")
        recipes.build_task(shop, *PAIR, "benchmark")
        tell(study, root)
        times["stages"] = stages[0]
        times["worker_memory"] = peaks(engine)
        times |= {"workers": engine.workers, "all": time.monotonic() - start, "with_start": time.monotonic() - begin}
    return times | watched


def tell(study: Study, root: Path) -> None:
    """Write the table of texts that arms share, and what is kept for it, as a build does at its end."""
    across.write([studies.data_folder(study, *PAIR, root / "data")], root / "data" / study.name / "across.json")


def planning(shop: Workshop) -> dict[str, Any]:
    """Return what the planning process does for the shards of an arm: seconds to cut rows into sentences and read their translations, and the words that are parsed."""
    start, words, way = time.monotonic(), 0, shop.translator("fi")
    for rows in steps.cut(shop.english("nli")):
        parts = list(dict.fromkeys(mt_build.sentences_of(way, mt_build.texts_of(rows))))
        words += sum(len(made.text.split()) for made in shop.memory.translate(way, parts))
    return {"plan": time.monotonic() - start, "words": words}


def size(folder: Path) -> int:
    """Return the bytes of a folder's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def folded(base: Path) -> int:
    """Return the bytes of a SQLite file with its write-ahead log folded in."""
    with contextlib.closing(sqlite3.connect(base)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return base.stat().st_size


def peaks(engine: Engine) -> dict[str, int]:
    """Return stage -> the largest memory that one of its workers has had, in bytes; {} for workers that are not of this process."""
    found: dict[str, int] = {}
    for hired in engine._team:
        if process := getattr(hired.worker, "_process", None):
            lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
            peak = next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
            found[hired.stage.name] = max(found.get(hired.stage.name, 0), peak)
    return found


def timed(module: Any, name: str) -> list[float]:
    """Let every call of a module's function add its seconds to the list that is returned."""
    function, spent = getattr(module, name), list[float]()

    def call(*given: Any) -> Any:
        start = time.monotonic()
        try:
            return function(*given)
        finally:
            spent.append(time.monotonic() - start)

    setattr(module, name, call)
    return spent


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
    """Print the tables: the two stages overlapped beside each alone, and Ray beside the local engine, with whether all bytes are the same."""
    found = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(given.root.glob("*.json"))}
    print("| pairs | engine, workers | both stages, s | translating alone | scoring alone | ratio to the longer | whole build, s | ratio to local | bytes |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|---|")
    for name, times in found.items():
        rows = times["rows"]
        alone, local = found.get(f"alone-{rows}"), found.get(f"local-{rows}-2", times)
        longer = max(alone["translate"], alone["scores"]) if alone else 0.0
        first = alone if alone else local
        same = "the same" if files(given.root / name) == files(given.root / first["name"]) else "DIFFERENT"
        lost = f", a worker killed: {times['lost']} of {times['value'] + times['lost']} tasks done again" if times.get("killed") else ""
        columns = [f"{alone['translate']:.0f}", f"{alone['scores']:.0f}"] if alone else ["", ""]
        both = (
            [f"{times['stages']:.0f}", *columns, f"{times['stages'] / longer:.2f}" if alone and times["workers"] == 2 else ""]
            if "stages" in times
            else ["", *columns, ""]
        )
        ratio = f"{times['all'] / local['all']:.2f}" if name.startswith("ray") else ""
        print(
            "|".join(
                [
                    "",
                    f" {rows:,}",
                    f" {name.partition('-')[0]}, {times['workers']}{lost}",
                    *(f" {cell} " for cell in (*both, f"{times['all']:.0f}", ratio, same)),
                    "",
                ]
            )
        )


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
    name = f"{given.what}-{given.rows}" + (f"-{given.workers}" if given.what != "alone" else "") + ("-kill" if given.kill else "")
    times = build(given, name) | {"name": name}
    (given.root / f"{name}.json").write_text(json.dumps(times), "utf-8")
    print(name, json.dumps(times))


if __name__ == "__main__":
    main()

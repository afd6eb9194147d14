"""How long the report of a large study takes: `python -m benchmarks.report --seeds 5` makes a synthetic study of 520 runs and times `make report`.

The runs never were: their predictions have XTREME's sizes (udpos 4,422 and 449 sentences, panx 10,000, tydiqa 782, tatoeba 1,000) and are
drawn at random, so the report's numbers mean nothing. What is timed is all that `make report` does from records: reading the
predictions, statistics, pages. Twice: the second time nothing has changed, as when a template was mended.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from corpora.study import Study

ROOT = Path(__file__).parent.parent
SIZES = {"udpos": 4422, "panx": 10_000, "tydiqa": 782, "tatoeba": 1000}
ARMS = ("none", "en", "mt-fi", "mt-hu", "native-fi", "native-hu")
GROUPS = ("a", "b", "c", "d", "e")


def fake_study(fakes: Any, seeds: int, draws: int = 10_000) -> Study:
    """Return a study of 26 rows (5 groups x 5 arms, and none) and 4 targets."""
    task = {"kind": "span", "english": "no/qa", "native": {"fi": ["no/fi"], "hu": ["no/hu"]}, "maker": "cloze_questions"}
    test = {target: {language: f"no/{target}-{language}" for language in ("fi", "hu") if (target, language) != ("tydiqa", "hu")} for target in SIZES}
    targets = {
        "udpos": {"metric": "udpos", "english": "no/en", "labels": ["X"], "test": test["udpos"]},
        "panx": {"metric": "panx", "english": "no/en", "labels": ["O"], "test": test["panx"]},
        "tydiqa": {"metric": "tydiqa", "english": "no/en", "test": test["tydiqa"]},
        "tatoeba": {"metric": "tatoeba", "test": test["tatoeba"]},
    }
    made: Study = fakes.study(
        title="Synthetic: no run of it ever was", arms=list(ARMS), seeds=list(range(1, seeds + 1)), intermediate=[[group] for group in GROUPS],
        tasks=dict.fromkeys(GROUPS, task), targets=targets, statistics={"draws": draws},
    )  # fmt: skip
    return made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds of the synthetic study: 104 runs each (default 5)")
    parser.add_argument("--keep", type=Path, help="folder to make the study in and to leave it (default: a temporary one)")
    given = parser.parse_args()
    sys.path.append(str(ROOT / "tests"))  # the runs are written by the tests' own fakes
    fakes = importlib.import_module("eval_fakes")
    fakes.SIZES.update(SIZES)
    study = fake_study(fakes, given.seeds)
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        root = given.keep or Path(scratch)
        fakes.plan(patch, study)
        rates = {**fakes.RATES, **{arm: fakes.RATES.get(arm, 0.6) for arm in ARMS}}
        start = time.perf_counter()
        if not (root / "runs").is_dir():
            fakes.write_all(root, study, rates)
        runs = len(list((root / "runs").iterdir()))
        print(f"{runs} synthetic runs made in {time.perf_counter() - start:.0f} s", flush=True)
        from eval import report

        for what in ("first", "again"):
            start = time.perf_counter()
            path = report.make(study, root)
            size = path.stat().st_size / 1e6
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"report of {runs} runs, {what}: {time.perf_counter() - start:.1f} s, index.html {size:.1f} MB, peak {peak:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()

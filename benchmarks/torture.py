"""The torture test: kills, full disks, jumping clocks and damaged inputs, and what was lost by them (it must be nothing).

    make torture                                  # everything, at most 10 minutes, into docs/reliability.md
    python -m benchmarks.torture --only inputs    # kills, inputs or ray alone
    python -m benchmarks.torture --seed 7         # other points, other damages

Ends with 1 where anything was lost or a bar was not reached, and says what.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import torture_bad, torture_faults, torture_inputs, torture_secrets
from benchmarks.torture_kill import Command, Tally, built_files, staged_files, torture, trained_files
from benchmarks.torture_study import write_study
from benchmarks.torture_warm import LIBRARIES, MACHINE, ROOT, Warm

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- table: made by `make torture` -->", "<!-- end of table -->"
KILLS = {"data": 20, "train": 30, "publish": 10}
RAY_KILLS = {"data": 6, "train": 6}
SHARES = {"data": 0.35, "train": 0.85, "publish": 1.0}  # of the time that is left for kills when a command's turn comes
LEAST_KILLS, LEAST_INPUTS = 50, 60
MINUTES = {"inputs": 3.0, "kills": 5.0, "ray": 7.5}  # when nothing further begins, counted from the start
TOKEN = "hf_TortureTokenThatNobodyMaySee"
GROWN_MB, GROWN_FILES = 60.0, 0  # what a process may hold more after hundreds of damaged inputs than after the first tenth
GROWING = {"study": 60, "JSONL of pairs": 200, "SQuAD JSON": 200, "built Parquet": 200, "translation memory": 200, "checkpoint": 200}  # kind -> inputs
Row = tuple[str, str, str, str]  # what was tried, how often, how it ended, what was lost


class Torture:
    """One run: its folder, its rows and what went wrong."""

    def __init__(self, folder: Path, seed: int, patience: float = 1.0) -> None:
        self.folder, self.seed, self.patience, self.start = folder, seed, patience, time.monotonic()
        self.rows: list[Row] = []
        self.lost: list[str] = []
        self.kills = self.inputs = 0
        self.home = folder / "home"
        self.study = write_study(self.home / "study")
        self.environment = {"HOME": str(self.home), "HF_TOKEN": TOKEN, "FIHU_CACHE": str(self.home / "cache")}
        self.data = Command("build_data", lambda root: [str(self.study), "--root", str(root), "--threads", "1"], built_files)
        self.train = Command(
            "train", lambda root: [str(self.study), "--root", str(root), "--workers", "1", "--after", "eval.score:score_run"], trained_files, hurt=(1,)
        )
        self.publish = Command("build_data.publish", lambda root: [str(self.study), "--root", str(root), "--dry-run", "--accept-non-commercial"], staged_files)

    def until(self, what: str, share: float = 1.0) -> float:
        """Return when something ends, or when that share of the time till then is gone."""
        now = time.monotonic()
        return now + share * (self.start + 60 * MINUTES[what] * self.patience - now)

    def with_nothing(self, root: Path) -> None:
        """Building starts from nothing."""

    def with_data(self, root: Path) -> None:
        """Give a root what training and publishing start from."""
        shutil.copytree(self.home / "data-unbroken" / "data", root / "data")

    def kill(self, warm: Warm, kills: Mapping[str, int]) -> None:
        """SIGKILL data, train and publish; 0 kills = only the unbroken runs, which others are held to."""
        for name, command in (("data", self.data), ("train", self.train), ("publish", self.publish)):
            prepare = self.with_nothing if name == "data" else self.with_data
            tally = torture(warm, command, name, kills[name], self.home, self.seed, prepare, self.until("kills", SHARES[name]))
            if kills[name]:
                self._tell(f"`{name}` killed (SIGKILL), then run again", tally)

    def on_ray(self) -> None:
        """The same on a Ray cluster of this machine, held to what the local engine left."""
        if importlib.util.find_spec("ray") is None:
            print("Ray is not installed (extra ray): not tried")
        elif time.monotonic() > self.until("ray"):
            print("no time is left for Ray: python -m benchmarks.torture --only ray")
        else:
            from benchmarks.torture_ray import cluster, torture_ray

            with cluster() as made, Warm(RAY_ADDRESS=made.address, **self.environment) as warm:
                for name, local, prepare in (("data", self.data, self.with_nothing), ("train", self.train, self.with_data)):
                    command = replace(local, arguments=lambda root, local=local: [*local.arguments(root), "--engine", "ray"])
                    wanted = local.files(self.home / f"{name}-unbroken")
                    until = self.until("ray", 0.5 if name == "data" else 1.0)
                    tally = torture_ray(warm, made, command, name, RAY_KILLS[name], self.home, self.seed, wanted, prepare, until)
                    self._tell(f"`{name}` with `ENGINE=ray` killed, then run again; held to the local engine's bytes", tally)

    def _tell(self, what: str, tally: Tally) -> None:
        kinds = "; ".join(f"{count} {kind}" for kind, count in sorted(tally.kills.items()))
        memory = f"; {min(tally.peaks):.0f} to {max(tally.peaks):.0f} MB, at most {max(tally.files)} open files" if tally.peaks else ""
        self.kills += tally.kills.total()
        lost = [*(f"differs: {name}" for name in tally.different), *(f"left lying about: {name}" for name in tally.left), *tally.failed]
        how = f"{tally.rounds} times brought to the end, {tally.compared} files compared, {tally.jumps} jumps of the clock{memory}"
        self._row((what, f"{tally.kills.total()} kills ({kinds})", how, lost))

    def _row(self, result: torture_faults.Result) -> None:
        what, often, how, lost = result
        self.rows.append((what, often, how, str(len(lost))))
        self.lost += lost
        print(f"{what}: {often}: {how}: {len(lost)} lost", flush=True)

    def faults(self, warm: Warm) -> None:
        """Full disks, places that take no files, damaged results, two builders at once."""
        self._row(torture_faults.full(warm, "data", self.data, self.home, self.with_nothing))
        self._row(torture_faults.full(warm, "train", self.train, self.home, self.with_data))
        self._row(torture_faults.refused(warm, {"data": self.data, "train": self.train}, self.folder, self.with_data))
        self._row(torture_faults.damaged(warm, self.data, self.home, self.seed))
        self._row(torture_faults.two(self.data, self.home))

    def bad(self) -> None:
        """Damage every kind of input."""
        for name in LIBRARIES:
            importlib.import_module(name)
        from corpora import study as studies

        studies.load(self.study)  # declarations are read once, not once an input
        kinds, ends, hand, fuzzed, failures = [], Counter[str](), 0, 0, list[str]()
        for number, target in enumerate(torture_inputs.targets()):
            found = torture_bad.torture(target, self.folder / "bad" / str(number), self.seed, None if time.monotonic() < self.until("inputs") else 0)
            hand, fuzzed, failures = hand + found.by_hand, fuzzed + found.fuzzed, failures + found.failures
            kinds.append(target.name)
            ends.update(found.ends)
            print(f"{target.name}: {found.by_hand} by hand, {found.fuzzed} fuzzed, {dict(found.ends)}", flush=True)
        self.inputs = hand + fuzzed
        if torture_inputs.RAN.exists():
            failures.append("the code of a pickle was run")
        if self.inputs < LEAST_INPUTS:
            failures.append(f"only {self.inputs} damaged inputs of {LEAST_INPUTS}")
        words = ", ".join(f"{count} {word}" for word, count in sorted(ends.items()))
        self._row((f"damaged inputs of {len(kinds)} kinds: {', '.join(kinds)}", f"{hand} by hand, {fuzzed} by seeded mutation", words, failures))

    def growth(self) -> None:
        """Read damaged inputs in one process and watch what it holds."""
        steady = [target for target in torture_inputs.targets() if target.name in GROWING]
        grown = [torture_bad.steady(target, self.folder / "grown" / target.name, GROWING[target.name]) for target in steady]
        worst, files = max(mb for mb, _ in grown), max(count for _, count in grown)
        lost = [f"a process grew by {worst:.0f} MB and {files} open files"] if worst > GROWN_MB or files > GROWN_FILES else []
        how = f"memory grew by {worst:.0f} MB at most after the first tenth, open files by {files}"
        self._row((f"the same in one process, again and again ({', '.join(GROWING)})", f"{sum(GROWING.values())} inputs", how, lost))

    def secrets(self) -> None:
        """Look for the token, the home folder and the machine's name in all that data, train and publish left."""
        roots = [self.home / f"{name}-unbroken" for name in KILLS]
        found = [f"secret in {one}" for root in roots for one in torture_secrets.found(root, [TOKEN, str(self.home), MACHINE])]
        files = sum(1 for root in roots for path in root.rglob("*") if path.is_file())
        self._row(("Hub token, home folder and machine name looked for in all that data, train and publish leave", f"{files} files", "in none", found))


def table(made: Torture) -> str:
    """Return the table of docs/reliability.md."""
    seconds = time.monotonic() - made.start
    lines = [
        BEGIN, "", f"Seed {made.seed}, {seconds / 60:.1f} minutes, one thread, Python {platform.python_version()}: {made.kills} kills, {made.inputs} damaged inputs, {len(made.lost)} lost.",
        "", "| what was tried | how often | how it ended | lost |", "|---|---|---|---:|", *("| " + " | ".join(row) + " |" for row in made.rows), "", END,
    ]  # fmt: skip
    return "\n".join(lines)


def main(given: Sequence[str] | None = None) -> int:
    """Run what was asked for and print the table; return 1 where anything was lost."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", choices=("kills", "inputs", "ray"), default="")
    arguments.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    arguments.add_argument("--patience", type=float, default=1.0, help="times as many minutes, on a machine that others use as well")
    asked = arguments.parse_args(given)
    with tempfile.TemporaryDirectory() as place:
        made = Torture(Path(place), asked.seed, asked.patience)
        if asked.only in ("", "inputs"):
            made.bad()
            made.growth()
        if asked.only != "inputs":
            with Warm(**made.environment) as warm:
                made.kill(warm, dict.fromkeys(KILLS, 0) if asked.only == "ray" else KILLS)
                if not asked.only:
                    made.faults(warm)
                    made.secrets()
        if asked.only in ("", "ray"):
            made.on_ray()
        if made.kills < LEAST_KILLS and not asked.only:
            made.lost.append(f"only {made.kills} kills of {LEAST_KILLS} before time was up")
        told = table(made)
    print(told)
    for one in made.lost:
        print(f"LOST: {one}", file=sys.stderr)
    if asked.write and not asked.only:
        text = PAGE.read_text("utf-8")
        PAGE.write_text(text[: text.index(BEGIN)] + told + text[text.index(END) + len(END) :], "utf-8")
    return int(bool(made.lost))


if __name__ == "__main__":
    sys.exit(main())

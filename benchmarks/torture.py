"""The torture test: kills, full disks, jumping clocks and damaged inputs, and what was lost by them (it must be nothing).

    make torture                                  # everything, at most 10 minutes, into docs/reliability.md
    python -m benchmarks.torture --only inputs    # kills, faults, inputs or ray alone
    python -m benchmarks.torture --seed 7         # other points, other damages

Ends with 1 where anything was lost or a bar was not reached, and says what.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import torture_bad, torture_inputs, torture_secrets
from benchmarks.torture_kill import Command, Tally, built_files, compare, jump, staged_files, torture, trained_files
from benchmarks.torture_study import write_study
from benchmarks.torture_warm import LIBRARIES, Warm

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- table: made by `make torture` -->", "<!-- end of table -->"
KILLS = {"data": 26, "train": 26, "publish": 6}
LEAST_KILLS, LEAST_INPUTS = 50, 60
MINUTES = {"kills": 6.5, "inputs": 9.0}  # when no further round begins, counted from the start
TOKEN = "hf_TortureTokenThatNobodyMaySee"
SIZES = (4_000, 20_000, 60_000, 200_000, 600_000)  # bytes a file may have in builds and trainings on a "full" disk
GROWN_MB, GROWN_FILES = 60.0, 0  # what a process may hold more after hundreds of damaged inputs than after the first tenth
Row = tuple[str, str, str, str]  # what was tried, how often, how it ended, what was lost


class Torture:
    """One run: its folder, its warm process, its rows and what went wrong."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed, self.start = folder, seed, time.monotonic()
        self.rows: list[Row] = []
        self.lost: list[str] = []
        self.kills = self.inputs = 0
        self.home = folder / "home"
        self.study = write_study(self.home / "study")
        self.data = Command("build_data", lambda root: [str(self.study), "--root", str(root), "--threads", "1"], built_files)
        self.train = Command(
            "train", lambda root: [str(self.study), "--root", str(root), "--workers", "1", "--after", "eval.score:score_run"], trained_files, hurt=(1,)
        )
        self.publish = Command("build_data.publish", lambda root: [str(self.study), "--root", str(root), "--dry-run", "--accept-non-commercial"], staged_files)

    def until(self, what: str) -> float:
        return self.start + 60 * MINUTES[what]

    def with_data(self, root: Path) -> None:
        """Give a root what training and publishing start from."""
        shutil.copytree(self.home / "data-unbroken" / "data", root / "data")

    def kill(self, warm: Warm) -> None:
        """SIGKILL data, train and publish."""
        for name, command in (("data", self.data), ("train", self.train), ("publish", self.publish)):
            tally = torture(
                warm, command, name, KILLS[name], self.home, self.seed, (lambda root: None) if name == "data" else self.with_data, self.until("kills")
            )
            self._tell(f"`{name}` killed (SIGKILL), then run again", tally)
        if self.kills < LEAST_KILLS:
            self.lost.append(f"only {self.kills} kills of {LEAST_KILLS} before time was up")

    def _tell(self, what: str, tally: Tally) -> None:
        kinds = "; ".join(f"{count} {kind}" for kind, count in sorted(tally.kills.items()))
        memory = f"{min(tally.peaks):.0f} to {max(tally.peaks):.0f} MB" if tally.peaks else "-"
        self.kills += tally.kills.total()
        self.lost += [*(f"differs: {name}" for name in tally.different), *(f"left lying about: {name}" for name in tally.left), *tally.failed]
        how = f"{tally.rounds} times brought to the end, {tally.compared} files compared, {tally.jumps} jumps of the clock; {memory}, at most {max(tally.files, default=0)} open files"
        self.rows.append((what, f"{tally.kills.total()} kills ({kinds})", how, str(tally.lost)))

    def faults(self, warm: Warm) -> None:
        """Full disks, places that take no files, damaged results, two builders at once."""
        self._full(warm, "data", self.data, lambda root: None)
        self._full(warm, "train", self.train, self.with_data)
        self._refused(warm)
        self._damaged(warm)
        self._two()

    def _full(self, warm: Warm, name: str, command: Command, prepare: Callable[[Path], object]) -> None:
        """Run into a full disk at several places, then with room; compare."""
        root, tally, ends = self.home / f"{name}-full", Tally(name), []
        root.mkdir()
        prepare(root)
        for size in SIZES:
            ended = warm.run(command.room, command.arguments(root), root / "log", room_left=size)
            ends.append(ended.code)
            log = (root / "log").read_text("utf-8", errors="replace")
            if "Traceback" in log or ended.code not in (0, 1, 2) or (ended.code and "free" not in log.lower()):
                tally.failed.append(f"{root.name}: code {ended.code} with {size} bytes: {log[-600:]}")
            (root / "log").unlink(missing_ok=True)
        warm.run(command.room, command.arguments(root), root / "log")
        compare(tally, command, root, command.files(self.home / f"{name}-unbroken"))
        self.lost += [*(f"differs: {one}" for one in tally.different), *(f"left lying about: {one}" for one in tally.left), *tally.failed]
        codes = ", ".join(map(str, ends))
        self.rows.append((f"`{name}` where no file can grow beyond {SIZES[0]:,} to {SIZES[-1]:,} bytes (a full disk)", f"{len(SIZES)} sizes", f"told, exit codes {codes}; with room again the same bytes", str(tally.lost)))  # fmt: skip

    def _refused(self, warm: Warm) -> None:
        """Name a place that takes no files."""
        place, log, wrong = Path("/proc/torture"), self.folder / "refused", 0
        for command in (self.data, self.train):
            ended = warm.run(command.room, command.arguments(place), log)
            text = log.read_text("utf-8")
            if ended.code != 2 or "Traceback" in text or ended.seconds > 30:
                wrong += 1
                self.lost.append(f"{command.room} to {place}: code {ended.code} after {ended.seconds:.0f} s: {text[-500:]}")
        self.rows.append(("`data` and `train` to a place that takes no files", "2", "told before any work, exit code 2", str(wrong)))

    def _damaged(self, warm: Warm) -> None:
        """Flip a bit in each Parquet file of a finished build and of its work folder, let the clock jump, build again, compare."""
        chance, root, tally = random.Random(self.seed), self.home / "data-damaged", Tally("damaged")
        shutil.copytree(self.home / "data-unbroken", root)
        wanted = self.data.files(root)
        hurt = [path for path in sorted(root.rglob("*.parquet")) if chance.random() < 0.7]
        for path in hurt:
            content = bytearray(path.read_bytes())
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(content)
        jump(root, chance)
        ended = warm.run(self.data.room, self.data.arguments(root), root / "log")
        finished = {name: value for name, value in wanted.items() if ".work" not in name}  # a work shard may keep a flipped bit that holds nothing
        found = {name: value for name, value in self.data.files(root).items() if ".work" not in name}
        tally.different = [name for name in sorted(finished) if finished[name] != found.get(name)]
        if ended.code or "Traceback" in (root / "log").read_text("utf-8"):
            tally.failed.append(f"damaged: code {ended.code}: {(root / 'log').read_text('utf-8')[-500:]}")
        self.lost += [*(f"damaged, differs: {name}" for name in tally.different), *tally.failed]
        self.rows.append(("one bit flipped in files of a finished build and its work folder", f"{len(hurt)} files", "found by their sums and made again to the same bytes", str(tally.lost)))  # fmt: skip

    def _two(self) -> None:
        """Start two builders in one folder at the same moment."""
        root = self.home / "data-two"
        root.mkdir()
        command = [sys.executable, "-m", "build_data", *self.data.arguments(root)]
        both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
        told = [process.communicate()[0] for process in both]
        codes = sorted(process.returncode for process in both)
        tally = Tally("two")
        compare(tally, self.data, root, self.data.files(self.home / "data-unbroken"))
        wrong = (
            tally.different
            + tally.left
            + ([] if codes in ([0, 2], [0, 0]) and "Traceback" not in "".join(told) else [f"codes {codes}: {told[0][-400:]} {told[1][-400:]}"])
        )
        self.lost += [f"two builders: {one}" for one in wrong]
        self.rows.append(("two builders in one folder at the same moment", "1", f"exit codes {codes[0]} and {codes[1]} (2: refused and told who is at work); the same bytes", str(len(wrong))))  # fmt: skip

    def bad(self) -> None:
        """Damage every kind of input."""
        for name in LIBRARIES:
            importlib.import_module(name)
        from corpora import study as studies

        studies.load(self.study)
        hand = fuzzed = failures = 0
        kinds: list[str] = []
        ends: Counter[str] = Counter()
        for number, target in enumerate(torture_inputs.targets()):
            found = torture_bad.torture(target, self.folder / "bad" / str(number), self.seed, None if time.monotonic() < self.until("inputs") else 0)
            hand, fuzzed, failures = hand + found.by_hand, fuzzed + found.fuzzed, failures + len(found.failures)
            kinds.append(target.name)
            ends.update(found.ends)
            self.lost += found.failures
            print(f"{target.name}: {found.by_hand} by hand, {found.fuzzed} fuzzed, {dict(found.ends)}", flush=True)
        if torture_inputs.RAN.exists():
            self.lost.append("a pickle's code was run")
        self.inputs = hand + fuzzed
        words = ", ".join(f"{count} {word}" for word, count in sorted(ends.items()))
        self.rows.append((f"damaged inputs of {len(kinds)} kinds: {', '.join(kinds)}", f"{hand} by hand, {fuzzed} by seeded mutation", words, str(failures)))
        if self.inputs < LEAST_INPUTS:
            self.lost.append(f"only {self.inputs} damaged inputs of {LEAST_INPUTS}")
        self._growth()

    def _growth(self) -> None:
        """Read damaged inputs in one process and watch what it holds."""
        steady = [
            target
            for target in torture_inputs.targets()
            if target.name in ("study", "JSONL of pairs", "SQuAD JSON", "built Parquet", "translation memory", "checkpoint")
        ]
        grown = [torture_bad.steady(target, self.folder / "grown" / str(number), 200 if target.name != "study" else 60) for number, target in enumerate(steady)]
        worst, files = max(mb for mb, _ in grown), max(count for _, count in grown)
        if worst > GROWN_MB or files > GROWN_FILES:
            self.lost.append(f"a process grew by {worst:.0f} MB and {files} open files")
        self.rows.append(("the same in one process, again and again", f"{200 * (len(steady) - 1) + 60} inputs", f"memory grew by {worst:.0f} MB at most, open files by {files}", str(int(worst > GROWN_MB or files > GROWN_FILES))))  # fmt: skip

    def secrets(self, home: str) -> None:
        """Look for the token, the home folder and the machine's name in all that data, train and publish left."""
        words = [TOKEN, home, socket.gethostname()]
        found = [
            one
            for root in ("data-unbroken", "train-unbroken", "publish-unbroken")
            if (self.home / root).is_dir()
            for one in torture_secrets.found(self.home / root, words)
        ]
        self.lost += [f"secret: {one}" for one in found]
        files = sum(1 for root in ("data-unbroken", "train-unbroken", "publish-unbroken") for path in (self.home / root).rglob("*") if path.is_file())
        self.rows.append(
            (
                "Hub token, home folder and machine name looked for in all that data, train and publish leave",
                f"{files} files",
                "in none of them",
                str(len(found)),
            )
        )


def table(made: Torture) -> str:
    """Return the table of docs/reliability.md."""
    seconds = time.monotonic() - made.start
    lines = [
        BEGIN, "", f"Seed {made.seed}, {seconds / 60:.1f} minutes, one thread, Python {platform.python_version()}: {made.kills} kills, {made.inputs} damaged inputs, {len(made.lost)} lost.",
        "", "| what was tried | how often | how it ended | lost |", "|---|---|---|---:|", *("| " + " | ".join(row) + " |" for row in made.rows), "", END,
    ]  # fmt: skip
    return "\n".join(lines)


def main(given: Sequence[str] | None = None) -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", choices=("kills", "faults", "inputs"), default="")
    arguments.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    asked = arguments.parse_args(given)
    with tempfile.TemporaryDirectory() as place:
        made = Torture(Path(place), asked.seed)
        with Warm(HOME=str(made.home), HF_TOKEN=TOKEN, FIHU_CACHE=str(made.home / "cache")) as warm:
            if asked.only in ("", "kills", "faults"):
                made.kill(warm) if asked.only != "faults" else torture(warm, made.data, "data", 0, made.home, 1)
            if asked.only == "":
                made.faults(warm)
                made.secrets(str(made.home))
        if asked.only in ("", "inputs"):
            made.bad()
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

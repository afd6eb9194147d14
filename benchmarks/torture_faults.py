"""Faults other than kills: full disks, places that take no files, flipped bits in finished work, two builders at once. Each returns a row of the table."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.torture_kill import Command, Tally, compare, jump
from benchmarks.torture_warm import ROOT, Warm

SIZES = (4_000, 20_000, 60_000, 200_000, 600_000)  # bytes a file may have on a "full" disk; the largest file of the study has 1.6 MB
SOON = 30.0  # seconds in which a place that takes no files must be told
Result = tuple[str, str, str, list[str]]  # what was tried, how often, how it ended, what was lost


def full(warm: Warm, name: str, command: Command, home: Path, prepare: Callable[[Path], object]) -> Result:
    """Run into a full disk at several places, then with room; hold the result to an unbroken run's."""
    root, tally, ends = home / f"{name}-full", Tally(name), []
    root.mkdir()
    prepare(root)
    for size in SIZES:
        ended = warm.run(command.room, command.arguments(root), root / "log", room_left=size)
        ends.append(str(ended.code))
        log = (root / "log").read_text("utf-8", errors="replace") if (root / "log").is_file() else ""
        # the log itself has a bound as well, so its end may be missing
        if "Traceback" in log or ended.code not in (0, 1, 2) or (ended.code and "free" not in log.lower() and len(log) < size):
            tally.failed.append(f"{root.name}: code {ended.code} with {size} bytes: {log[-600:]}")
        (root / "log").unlink(missing_ok=True)
    warm.run(command.room, command.arguments(root), root / "log")
    whole = command.files(home / f"{name}-unbroken")
    compare(tally, command, root, {one: value for one, value in whole.items() if "/states-" not in one or (root / one).is_file()})  # a cache may go without
    what = f"`{name}` where no file can grow beyond {SIZES[0]:,} to {SIZES[-1]:,} bytes, as on a full disk"
    return what, f"{len(SIZES)} sizes", f"exit codes {', '.join(ends)}, told; with room again the same bytes", _lost(tally)


def refused(warm: Warm, commands: dict[str, Command], folder: Path, prepare: Callable[[Path], object]) -> Result:
    """Name a place that takes no files: one below /proc, and one whose folder for runs is a file."""
    blocked, lost = folder / "blocked", []
    blocked.mkdir()
    prepare(blocked)
    (blocked / "runs").write_bytes(b"")
    for name, command in commands.items():
        place, log = blocked if name == "train" else Path("/proc/torture"), folder / f"refused-{name}"
        ended = warm.run(command.room, command.arguments(place), log)
        text = log.read_text("utf-8")
        if ended.code != 2 or "Traceback" in text or ended.seconds > SOON or "nothing can be written there" not in text:
            lost.append(f"{name} to {place}: code {ended.code} after {ended.seconds:.0f} s: {text[-500:]}")
    return "`data` and `train` to a place that takes no files", str(len(commands)), "exit code 2, told before any work", lost


def damaged(warm: Warm, command: Command, home: Path, seed: int) -> Result:
    """Flip a bit in Parquet files of a finished build and of its work folder, let the clock jump, build again, compare the finished folders."""
    chance, root, tally = random.Random(seed), home / "data-damaged", Tally("damaged")
    shutil.copytree(home / "data-unbroken", root)
    wanted = _finished(command, root)
    hurt = [path for path in sorted(root.rglob("*.parquet")) if chance.random() < 0.7]
    for path in hurt:
        content = bytearray(path.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
    jump(root, chance)
    ended = warm.run(command.room, command.arguments(root), root / "log")
    found, log = _finished(command, root), (root / "log").read_text("utf-8")
    tally.different = [f"damaged: {name}" for name in sorted(wanted) if wanted[name] != found.get(name)]
    if ended.code or "Traceback" in log:
        tally.failed.append(f"damaged: code {ended.code}: {log[-500:]}")
    return (
        "one bit flipped in files of a finished build and its work folder",
        f"{len(hurt)} files",
        "found by their sums, made again to the same bytes",
        _lost(tally),
    )


def _finished(command: Command, root: Path) -> dict[str, str]:
    """Return the digests of finished folders; a work shard may keep a flipped bit that holds nothing, and a sketch that nobody read one that is found later."""
    return {name: value for name, value in command.files(root).items() if ".work" not in name and ".across" not in name}


def two(command: Command, home: Path) -> Result:
    """Start two builders in one folder at the same moment."""
    root, tally = home / "data-two", Tally("two")
    root.mkdir()
    line = [sys.executable, "-m", "build_data", *command.arguments(root)]
    both = [subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    told = [process.communicate()[0] for process in both]
    codes = sorted(process.returncode for process in both)
    compare(tally, command, root, command.files(home / "data-unbroken"))
    if codes not in ([0, 2], [0, 0]) or "Traceback" in "".join(told):
        tally.failed.append(f"two builders: codes {codes}: {told[0][-400:]} {told[1][-400:]}")
    return (
        "two builders in one folder at the same moment",
        "1",
        f"exit codes {codes[0]} and {codes[1]} (2: refused, told who is at work); the same bytes",
        _lost(tally),
    )


def _lost(tally: Tally) -> list[str]:
    return [*(f"differs: {one}" for one in tally.different), *(f"left lying about: {one}" for one in tally.left), *tally.failed]

"""SIGKILL at random, seeded points of a build, of training and of publishing; each time the same command is run again, and what is there at the end is
compared byte by byte with what an unbroken run left.

Half of the kills fall at a random second, half just before a random change of the disk. Half of them end every process, as a power cut does, the
others one process only: the command's own (its workers must notice) or, in training, a worker (the command must notice).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.torture_warm import Ended, Warm

VOLATILE = (
    "seconds",
    "tokens_per_second",
    "finished_at",
    "peak_memory_mb",
    "git",
    "device",
    "mfu",
)  # of run.json and log.jsonl: what the clock and the machine decide
MOST_IN_VAIN = 12  # kills in a row without an end before a run may go to its end: then the next round begins


@dataclass(frozen=True)
class Command:
    """What is killed: a room's command, and what it leaves, as path -> digest."""

    room: str
    arguments: Callable[[Path], Sequence[str]]
    files: Callable[[Path], Mapping[str, str]]
    hurt: tuple[int, ...] = ()  # exit codes of a command that lost one of its workers and said so


@dataclass
class Tally:
    """What happened to one command."""

    name: str
    kills: Counter[str] = field(default_factory=Counter)
    rounds: int = 0  # times the command was brought to its end through kills
    runs: int = 0
    jumps: int = 0  # of the clock
    compared: int = 0
    different: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # parts that nobody swept up
    failed: list[str] = field(default_factory=list)  # ends that were not told as they should
    peaks: list[float] = field(default_factory=list)  # MB, one a command that went to its end
    files: list[int] = field(default_factory=list)  # most open files of it

    @property
    def lost(self) -> int:
        return len(self.different) + len(self.left) + len(self.failed)


def torture(
    warm: Warm,
    command: Command,
    name: str,
    kills: int,
    folder: Path,
    seed: int,
    prepare: Callable[[Path], object] = lambda root: None,
    until: float = math.inf,
    say: Callable[[str], None] = print,
) -> Tally:
    """Kill `command` so many times along its way, again and again, and compare. `prepare` fills a new root with what the command needs.

    At `until` (time.monotonic) nothing more is killed, so fewer kills may come back than were asked for.
    """
    chance, tally = random.Random(f"{seed} {name}"), Tally(name)
    unbroken = folder / f"{name}-unbroken"
    whole = _run(warm, command, unbroken, prepare)
    if whole.code:
        raise SystemExit(f"{name}: the unbroken run ended with code {whole.code}:\n{(unbroken / 'log').read_text('utf-8')[-2000:]}")
    wanted = command.files(unbroken)
    _note(tally, unbroken, whole, 0)
    say(f"{name}: unbroken {whole.seconds:.1f} s, {whole.changes} changes of the disk, {len(wanted)} files")
    while tally.kills.total() < kills and time.monotonic() < until:
        root = folder / f"{name}-{tally.rounds}"
        _round(warm, command, root, chance, whole, kills, tally, prepare, until)
        compare(tally, command, root, wanted)
        tally.rounds += 1
        say(f"{name}: round {tally.rounds}, {tally.kills.total()} kills so far, {len(tally.different)} files differ, {len(tally.left)} left lying about")
    return tally


def compare(tally: Tally, command: Command, root: Path, wanted: Mapping[str, str]) -> None:
    """Hold what a command left in `root` to what an unbroken run left."""
    found = command.files(root)
    tally.compared += len(wanted)
    tally.different += [f"{root.name}/{one}" for one in sorted(wanted.keys() | found.keys()) if wanted.get(one) != found.get(one)]
    tally.left += [f"{root.name}/{path.relative_to(root)}" for path in root.rglob("*.part")]


def _round(
    warm: Warm, command: Command, root: Path, chance: random.Random, whole: Ended, kills: int, tally: Tally, prepare: Callable[[Path], object], until: float
) -> None:
    """Kill and go on until the command ends by itself, at the latest after MOST_IN_VAIN kills. Now and then the clock jumps in between."""
    for number in range(MOST_IN_VAIN):
        if tally.kills.total() >= kills or time.monotonic() > until:
            break
        whom, less = chance.choice(("all", "one")), 1 + 2 * number  # what is left to do gets less, and a command that ends by itself was not killed
        if chance.random() < 0.5:
            kind, before, after = "just before a change of the disk", chance.randint(1, max(2, round(whole.changes / less))), 0.0
        else:
            kind, before, after = "at a random moment", 0, chance.uniform(0.02, whole.seconds / less)
        ended = _run(warm, command, root, prepare, after, before, whom)
        if not (ended.killed or (whom == "one" and ended.code in command.hurt)):
            _note(tally, root, ended, 0)
            break
        _note(tally, root, ended, ended.code)
        tally.kills[f"{kind}, {'all processes' if whom == 'all' else 'one process'}"] += 1
        if chance.random() < 0.3:
            jump(root, chance)
            tally.jumps += 1
    ended = _run(warm, command, root, prepare)
    _note(tally, root, ended, 0)


def _note(tally: Tally, root: Path, ended: Ended, code: int) -> None:
    """Keep what a run used, and whether it ended otherwise than it should have, or showed a traceback."""
    tally.runs += 1
    if ended.code == 0:
        tally.peaks.append(ended.peak_mb)
        tally.files.append(ended.files)
    log = (root / "log").read_text("utf-8", errors="replace")
    if ended.code != code or "Traceback" in log:
        tally.failed.append(f"{root.name}: code {ended.code}: {log[-600:]}")
    (root / "log").write_text("", "utf-8")


def jump(root: Path, chance: random.Random) -> None:
    """Let every file be of some time between 1970 and 2100, as after a clock that jumped."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            stamp = chance.randrange(0, 4_102_444_800)
            os.utime(path, (stamp, stamp))


def _run(warm: Warm, command: Command, root: Path, prepare: Callable[[Path], object], after: float = 0.0, before: int = 0, whom: str = "all") -> Ended:
    if not root.is_dir():
        root.mkdir(parents=True)
        prepare(root)
    return warm.run(command.room, command.arguments(root), root / "log", after, before, whom)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def built_files(root: Path) -> dict[str, str]:
    """Return the digests of a build: every finished folder, and the shards, verdicts and made rows that it went through; not the caches and the log of times."""
    found = (path for path in (root / "data").rglob("*") if path.is_file() and not path.name.startswith("build.log"))
    return {str(path.relative_to(root)): _sum(path.read_bytes()) for path in found if "sqlite" not in path.name and not path.name.startswith(".")}


def trained_files(root: Path) -> dict[str, str]:
    """Return the digests of finished runs: checkpoints, predictions and scores as they are, records and logs without what the clock decides."""
    out = {}
    for path in sorted((root / "runs").rglob("*")):
        if not path.is_file() or "tensorboard" in path.parts or path.name.startswith("."):
            continue
        content = path.read_bytes()
        if path.name in ("run.json", "log.jsonl"):
            values = [json.loads(line) for line in (content.splitlines() if path.suffix == ".jsonl" else [content])]
            content = json.dumps([_steady(value) for value in values], sort_keys=True).encode()
        out[str(path.relative_to(root))] = _sum(content)
    return out


def _steady(value: Any) -> Any:
    """Return a record without what the clock and the machine decide."""
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def staged_files(root: Path) -> dict[str, str]:
    """Return the digests of the folder that would be published."""
    folder = root / "data"
    return {str(path.relative_to(folder)): _sum(path.read_bytes()) for path in sorted(folder.rglob(".work/publish/**/*")) if path.is_file()}

"""SIGKILL at random, seeded points of a build, of training and of publishing; each time the same command is run again, and what is there at the end is
compared byte by byte with what an unbroken run left.

Half of the kills fall at a random second, half just before a random change of the disk. Half of them end every process, as a power cut does, the
others one process only: the command's own (its workers must notice) or, in training, a worker (the command must notice).
"""

from __future__ import annotations

import hashlib
import json
import random
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
    fine: tuple[int, ...] = (0,)  # exit codes of a run that nobody killed as a whole


@dataclass
class Tally:
    """What happened: kills by kind, rounds that went to their end, files compared, what differed, what was left lying about, unexpected ends."""

    name: str
    kills: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    compared: int = 0
    different: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)  # MB, one a command that went to its end
    files: list[int] = field(default_factory=list)  # most open files of it

    @property
    def lost(self) -> int:
        return len(self.different) + len(self.failed)


def torture(
    warm: Warm,
    command: Command,
    name: str,
    kills: int,
    folder: Path,
    seed: int,
    prepare: Callable[[Path], object] = lambda root: None,
    say: Callable[[str], None] = print,
) -> Tally:
    """Kill `command` so many times along its way, again and again, and compare. `prepare` fills a new root with what the command needs."""
    chance, tally = random.Random(f"{seed} {name}"), Tally(name)
    unbroken = folder / f"{name}-unbroken"
    whole = _run(warm, command, unbroken, prepare)
    tally.peaks.append(whole.peak_mb)
    tally.files.append(whole.files)
    if whole.code:
        raise SystemExit(f"{name}: the unbroken run ended with code {whole.code}:\n{(unbroken / 'log').read_text('utf-8')[-2000:]}")
    wanted = command.files(unbroken)
    say(f"{name}: unbroken {whole.seconds:.1f} s, {whole.changes} changes of the disk, {len(wanted)} files")
    while tally.kills.total() < kills:
        root = folder / f"{name}-{tally.rounds}"
        _round(warm, command, root, chance, whole, kills, tally, prepare)
        found = command.files(root)
        tally.rounds += 1
        tally.compared += len(wanted)
        tally.different += [f"{root.name}/{one}" for one in sorted(wanted.keys() | found.keys()) if wanted.get(one) != found.get(one)]
        tally.left += [str(path.relative_to(folder)) for path in root.rglob("*.part")]
        say(f"{name}: round {tally.rounds}, {tally.kills.total()} kills so far, {len(tally.different)} files differ, {len(tally.left)} left lying about")
    return tally


def _round(warm: Warm, command: Command, root: Path, chance: random.Random, whole: Ended, kills: int, tally: Tally, prepare: Callable[[Path], object]) -> None:
    """Kill and go on until the command ends by itself, at the latest after MOST_IN_VAIN kills."""
    for number in range(MOST_IN_VAIN):
        if tally.kills.total() >= kills:
            break
        whom = chance.choice(("all", "one"))
        if chance.random() < 0.5:
            kind, when = "before a change of the disk", {"before": chance.randint(1, max(2, round(whole.changes / (1 + number / 2))))}
        else:
            kind, when = "at a random moment", {"after": chance.uniform(0.02, whole.seconds / (1 + number / 2))}
        ended = _run(warm, command, root, prepare, whom=whom, **when)  # type: ignore[arg-type]
        if ended.killed or (ended.code not in command.fine and whom == "one"):
            tally.kills[f"{kind}, {'all processes' if whom == 'all' else 'one process'}"] += 1
        elif ended.code not in command.fine:
            tally.failed.append(f"{root.name}: code {ended.code} at {when}")
            return
        else:
            break
    ended = _run(warm, command, root, prepare)
    tally.peaks.append(ended.peak_mb)
    tally.files.append(ended.files)
    if ended.code:
        tally.failed.append(f"{root.name}: code {ended.code}: {(root / 'log').read_text('utf-8')[-300:]}")


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

"""Malformed inputs, made by hand and by seeded mutation of sound ones: each must be a ConfigError that names its place, or counted exclusions.

Each input is read in a forked process of its own, so that a crash of a library is seen and costs that input only. What a damaged file may do:
    told      ConfigError whose message names the file (or the corpus) and is shorter than a page
    counted   rows that are left out, each with its reason
    remade    a file of ours that only saves work is not believed and made again
    harmless  it is read as what it still is (a flipped letter in a text, a space more)
Anything else (a traceback, a signal, no end, half a file) is a failure of ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpora.config import ConfigError

LIMIT = 60  # seconds for one input
ROOM = 6 << 30  # bytes of address space beyond what is there already: what asks for more than that has believed a broken length
LONGEST = 3000  # characters of a message
Use = Callable[[Path], str]  # reads what lies in a folder; returns "counted", "remade" or "harmless", or raises ConfigError
WORDS = (
    b"-1", b"0", b"1e999", b"nan", b"null", b"[]", b"{}", b'""', b"true", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b'"\\ud800"', b"../../x", b"/etc/passwd",
    b"<script>alert(1)</script>", b"\x00", b"\xff\xfe", b"\xe2\x80\xa8", b"\t", b"\n\n\n", b"'", b"\\", b"x" * 100_000, b"${HOME}", b"%s%n", b"=", b"[[", b"#",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A kind of input: `make` writes a sound one into a folder, `use` reads it, `files` are what is damaged, `by_hand` are damages of our own making."""

    name: str
    make: Callable[[Path], object]
    use: Use
    files: Sequence[str]
    by_hand: Mapping[str, Callable[[Path], object]] = field(default_factory=dict)
    text: bool = True  # mutate words too, not bytes alone
    fuzzed: int = 12  # mutations by default


@dataclass
class Found:
    """What became of the inputs of one target."""

    name: str
    by_hand: int = 0
    fuzzed: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def mutations(content: bytes, chance: random.Random, text: bool) -> Iterator[tuple[str, bytes]]:
    """Yield (what was done, the damaged content) without end."""
    while True:
        a, b = sorted(chance.randrange(len(content) + 1) for _ in range(2))
        at = min(a, max(0, len(content) - 1))
        kind = chance.choice(("cut", "flip", "drop", "twice", "zeros", "insert", "swap") + (("word", "word", "word", "line") if text else ()))
        if kind == "cut":
            made = content[:a]
        elif kind == "flip":
            made = content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
        elif kind == "drop":
            made = content[:a] + content[b:]
        elif kind == "twice":
            made = content[:b] + content[a:]
        elif kind == "zeros":
            made = content[:a] + bytes(min(b - a, 64)) + content[a + min(b - a, 64) :]
        elif kind == "insert":
            made = content[:a] + chance.randbytes(chance.randrange(1, 40)) + content[a:]
        elif kind == "swap":
            made = content[b:] + content[:b]
        elif kind == "word":
            ends = [i for i, c in enumerate(content[: 1 << 16]) if c in b' ,:"=[]{}\t\n'] or [0, len(content)]
            i = chance.randrange(len(ends))
            made = content[: ends[i] + 1] + chance.choice(WORDS) + content[ends[min(i + 1, len(ends) - 1)] :]
        else:
            lines = content.split(b"\n")
            i, j = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[i], lines[j] = lines[j] + lines[i], b""
            made = b"\n".join(lines)
        if made != content:
            yield f"{kind} {a}:{b}", made


def _everywhere(name: str) -> dict[str, Callable[[Path], object]]:
    """Return the damages that any file can meet."""

    def folder(at: Path) -> None:
        (at / name).unlink()
        (at / name).mkdir()

    return {
        f"{name} is empty": lambda at: (at / name).write_bytes(b""),
        f"{name} is not there": lambda at: (at / name).unlink(),
        f"{name} is a folder": folder,
        f"{name} is a loop of links": lambda at: ((at / name).unlink(), (at / name).symlink_to(at / name)),
        f"{name} is nothing but zeros": lambda at: (at / name).write_bytes(bytes(4096)),
        f"{name} is UTF-16": lambda at: (at / name).write_bytes("title = 1\n{}".encode("utf-16")),
    }


def torture(target: Target, folder: Path, seed: int, fuzzed: int | None = None) -> Found:
    """Meet a target with every damage by hand and `fuzzed` mutations."""
    found, chance = Found(target.name), random.Random(f"{seed} {target.name}")
    made = folder / "made"
    made.mkdir(parents=True)
    target.make(made)
    sound = _tried(target, folder / "sound", lambda at: None)
    if sound != "harmless":
        raise SystemExit(f"{target.name}: the sound input gave {sound}")
    by_hand = {**{label: damage for name in target.files for label, damage in _everywhere(name).items()}, **target.by_hand}
    for number, (label, damage) in enumerate(by_hand.items()):
        found.by_hand += 1
        _count(found, label, _tried(target, folder / f"hand-{number}", damage))
    for number in range(target.fuzzed if fuzzed is None else fuzzed):
        name = chance.choice(list(target.files))
        label, damaged = next(mutations((made / name).read_bytes(), chance, target.text))
        found.fuzzed += 1
        _count(found, f"{name}: {label}", _tried(target, folder / f"fuzz-{number}", lambda at, name=name, damaged=damaged: (at / name).write_bytes(damaged)))
    return found


def _count(found: Found, label: str, end: str) -> None:
    word = end.split()[0]
    found.ends[word if word in ("told", "counted", "remade", "harmless") else "failed"] += 1
    if word not in ("told", "counted", "remade", "harmless"):
        found.failures.append(f"{found.name}: {label}: {end}")


def _tried(target: Target, folder: Path, damage: Callable[[Path], object]) -> str:
    """Return how a damaged input ended: 'told ...', 'counted', 'remade', 'harmless', or what went wrong."""
    shutil.copytree(folder.parent / "made", folder)
    damage(folder)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _child(target, folder, writing)
    os.close(writing)
    start = time.monotonic()
    while (done := os.waitpid(pid, os.WNOHANG))[0] == 0:
        if time.monotonic() - start > LIMIT:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode("utf-8", "replace")
    code = os.waitstatus_to_exitcode(done[1])
    return told if code == 0 and told else f"its process ended with {code} after {time.monotonic() - start:.0f} s {told[-300:]}"


def _child(target: Target, folder: Path, pipe: int) -> None:
    """Read the input and say how it went; never returns."""
    silent = os.open(os.devnull, os.O_RDWR)
    for there in (0, 1, 2):
        os.dup2(silent, there)
    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))
    try:
        said = target.use(folder)
    except ConfigError as err:
        text = str(err)
        said = (
            f"told {text[:200]}" if folder.name in text and len(text) <= LONGEST else f"an error that names no place or is too long ({len(text)}): {text[:300]}"
        )
    except BaseException:
        said = traceback.format_exc()[-600:]
    os.write(pipe, said.encode("utf-8", "replace")[:4000])
    os._exit(0)


def steady(target: Target, folder: Path, rounds: int) -> tuple[float, int]:
    """Read damaged inputs again and again in this process; return by how many MB and open files it has grown after the first tenth."""
    chance = random.Random(rounds)
    folder.mkdir(parents=True)
    target.make(folder)
    contents = {name: (folder / name).read_bytes() for name in target.files}
    before = (0.0, 0)
    for number in range(rounds):
        name = chance.choice(list(target.files))
        (folder / name).write_bytes(next(mutations(contents[name], chance, target.text))[1])
        with contextlib.suppress(ConfigError):
            target.use(folder)
        (folder / name).write_bytes(contents[name])
        if number == rounds // 10:
            before = _holds()
    after = _holds()
    return after[0] - before[0], after[1] - before[1]


def _holds() -> tuple[float, int]:
    """Return this process's memory (MB) and open files."""
    import gc

    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6, sum(1 for _ in Path("/proc/self/fd").iterdir())


def json_file(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8")

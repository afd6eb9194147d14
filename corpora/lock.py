"""One builder a folder: whoever works in it holds a lock that dies with its process, on one machine or on a disk that several share.

On one machine, and on network disks that carry flock, the kernel tells. Elsewhere the holder counts its beats in the lock's file, and a second
one watches whether they go on. Beats are counted, not timed: clocks jump and differ.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from corpora.config import ConfigError
from corpora.parts import node

BEAT = 5.0  # seconds between two beats
WATCH = 3.2  # beats that a second one waits for a sign of life from another machine


@contextlib.contextmanager
def hold(path: Path, what: str) -> Iterator[bool]:
    """Hold the lock `path` while the body runs; `what` is the work in words ("make data"). Raises ConfigError where another process holds it.

    Yields whether the one that held it last died at work.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as err:
        raise ConfigError(f"{path}: could not be written ({err.strerror or err}); choose another folder (--root)") from err
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(path, what, _read(path)) from None
        except OSError:
            pass  # a disk without locks: beats alone must do
        holder = _read(path)
        if holder.get("node") not in (None, node()) and _alive(path, holder):
            raise _held(path, what, holder)
        stop = threading.Event()
        own = {"node": node(), "machine": socket.gethostname(), "process": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        _write(file, own | {"beats": 0})
        beating = threading.Thread(target=_beat, args=(path, own, stop), daemon=True)
        beating.start()
        try:
            yield bool(holder)
        finally:
            stop.set()
            beating.join()
            with contextlib.suppress(OSError):
                file.truncate(0)


def _beat(path: Path, own: dict[str, Any], stop: threading.Event) -> None:
    beats = 0
    while not stop.wait(BEAT):
        beats += 1
        with contextlib.suppress(OSError), path.open("r+", encoding="utf-8") as file:  # opened anew, so that network disks show it to others
            _write(file, own | {"beats": beats})


def _write(file: IO[str], value: dict[str, Any]) -> None:
    file.seek(0)
    file.truncate()
    file.write(json.dumps(value))
    file.flush()


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _alive(path: Path, holder: dict[str, Any]) -> bool:
    """Watch whether a holder on another machine still counts."""
    end = time.monotonic() + WATCH * BEAT
    while time.monotonic() < end:
        time.sleep(BEAT / 5)
        now = _read(path)
        if now and now != holder:
            return True
    return False


def _held(path: Path, what: str, holder: dict[str, Any]) -> ConfigError:
    who = (
        f"process {holder['process']} on {holder['machine']}, since {holder['since']}"
        if {"process", "machine", "since"} <= holder.keys()
        else "another process"
    )
    return ConfigError(
        f"{path.parent}: `{what}` is at work there already ({who}). Wait for its end, or stop it and run this command again: "
        "it goes on from what is finished. Or name another --root"
    )

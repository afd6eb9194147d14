"""The names of unfinished files and folders, and the sweeping up of those whose process was killed.

A part is named after what it becomes, the machine and the process that writes it: `.nli.mt-fi.3fa9c2e1-4711.part`. Two machines on one disk
never write the same part, and only the machine whose process it was can tell that the process is gone. Times decide nothing: clocks jump.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import socket
from pathlib import Path

NAME = re.compile(r"\.(?P<node>[0-9a-f]{8})-(?P<pid>\d+)\.part$")


@functools.cache
def node() -> str:
    """Return 8 hex digits for this machine; its name itself goes into no file."""
    return hashlib.sha256(socket.gethostname().encode("utf-8")).hexdigest()[:8]


def part_of(path: Path) -> Path:
    """Return the name under which this process writes what becomes `path`, beside it."""
    return path.with_name(f".{path.name}.{node()}-{os.getpid()}.part")


def sweep_parts(folder: Path) -> int:
    """Delete the parts under `folder` whose process ran on this machine and is gone; return how many there were."""
    dead = [path for path in folder.rglob(".*.part") if (found := NAME.search(path.name)) and found["node"] == node() and not _alive(int(found["pid"]))]
    for path in dead:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(dead)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's process: it lives
        return True
    return True

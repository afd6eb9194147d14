"""corpora/disk.py: a full disk that a library meets is told as one that we meet."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny

from corpora.disk import disk_errors, full_disk
from corpora.engine_tasks import Call, Made, Stage

ROOT = Path(__file__).parent.parent
SMALL = 20_000  # bytes a file may have: a write beyond that fails in the kernel as on a full disk


def limited(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process whose files may have SMALL bytes at most."""
    begin = f"import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({SMALL}, {SMALL}))\n"
    line = [sys.executable, "-c", begin + code, *arguments]
    return subprocess.run(
        line, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}, capture_output=True, text=True, timeout=120, check=False
    )


def test_what_counts_as_a_full_disk_and_what_is_told() -> None:
    told = full_disk(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x.parquet"))
    assert told and str(told).startswith("/data/x.parquet: could not be written (No space left on device); free some space, then run")
    told = full_disk(OSError(errno.EFBIG, os.strerror(errno.EFBIG)))
    assert told and "TMPDIR" in str(told) and "free some space there or in /" in str(told)
    assert full_disk(OSError(errno.ENOENT, "No such file")) is None and full_disk(ValueError("x")) is None
    with pytest.raises(ValueError, match="os error"), disk_errors():
        raise ValueError("another (os error 28)")


def test_a_library_without_room_for_its_temporary_file_is_told_by_the_command_line() -> None:
    code = """
from build_data.langid import probability
from corpora.cli import App
app = App()
@app.command()
def main() -> None: probability("Koira haukkuu.", "fi")
app()
"""
    done = limited(code)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "free some space" in done.stderr and "TMPDIR" in done.stderr, done.stderr


def test_a_worker_without_room_refuses() -> None:
    class Full:
        def write(self, items: object, context: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "cache.sqlite")

    answer = Made(Stage("full", Full)).answer(Call("write", [1]))
    assert answer.what == "refused" and answer.value.startswith("cache.sqlite: could not be written")


WRITERS = {
    "a trimmed vocabulary": """
from train.trim import trim
try: trim(base, ["koira"], out / "trimmed")
except ConfigError as err: print("told", err)
""",
    "a base": """
from corpora.base import aside
from safetensors.numpy import save_file
import numpy as np
try:
    with aside(out / "base") as part: save_file({"w": np.zeros(100_000, np.float32)}, part / "model.safetensors")
except ConfigError as err: print("told", err)
""",
    "states of frozen layers, which only save time": """
import torch
from train.frozen import States
States(out)._save("x.safetensors", torch.zeros(100_000))
print("told", out, "free")
""",
}


@pytest.mark.parametrize("what", WRITERS)
def test_who_writes_by_safetensors_tells_a_full_disk(tmp_path: Path, what: str) -> None:
    base, out = tiny.base(tmp_path / "base", layers=2), tmp_path / "out"
    out.mkdir()
    done = limited(
        f"from pathlib import Path\nfrom corpora.config import ConfigError\nbase, out = map(Path, sys.argv[1:])\n{WRITERS[what]}", str(base), str(out)
    )
    assert done.returncode == 0 and done.stdout.startswith("told") and str(out) in done.stdout and "free" in done.stdout, done.stderr
    assert not list(out.rglob("*")), "half a file is left"

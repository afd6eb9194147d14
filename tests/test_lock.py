"""One builder a folder: a second one is refused, a dead one's place is taken, and another machine's beats are believed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from corpora import lock
from corpora.config import ConfigError
from corpora.lock import hold

HOLD = "import sys, time; from pathlib import Path; from corpora.lock import hold\nwith hold(Path(sys.argv[1]), 'make data'): print('held', flush=True); time.sleep(60)"


def test_a_second_one_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "work" / "lock"
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], cwd=Path(__file__).parent.parent, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    with pytest.raises(ConfigError, match=rf"`make data` is at work there already \(process {child.pid} on .*--root"), hold(path, "make data"):
        raise AssertionError("held twice")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with hold(path, "make data") as died:
        assert died and json.loads(path.read_text())["process"] == os.getpid()
    with hold(path, "make data") as died:
        assert not died
    assert path.read_text() == ""


def test_another_machine_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT", 0.1)
    path, stop = tmp_path / "lock", threading.Event()
    other = {"node": "another", "machine": "node7", "process": 12, "since": "yesterday"}
    path.write_text(json.dumps(other | {"beats": 3}))
    with hold(path, "make train"):  # it beats no more
        pass
    path.write_text(json.dumps(other | {"beats": 3}))
    beating = threading.Thread(target=lock._beat, args=(path, other, stop))
    beating.start()
    try:
        with pytest.raises(ConfigError, match="process 12 on node7, since yesterday"), hold(path, "make train"):
            raise AssertionError("held twice")
    finally:
        stop.set()
        beating.join()


def test_a_holder_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "BEAT", 0.02)
    with hold(tmp_path / "lock", "make data"):
        time.sleep(0.3)
        assert json.loads((tmp_path / "lock").read_text())["beats"] > 2


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="could not be written"), hold(tmp_path / "file" / "lock", "make data"):
        pass

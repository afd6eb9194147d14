"""A build on workers gives the bytes of a build without, whatever dies; a row that kills workers is left out and told."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engine_workers import POISON

from build_data import across, crew, recipes, steps
from build_data.memory import Memory
from build_data.steps import cut
from build_data.workshop import Workshop
from corpora import study as studies
from corpora.config import ConfigError
from corpora.engine import Engine, open_engine
from corpora.engine_local import LocalPlace
from corpora.shards import read_rows
from corpora.study import Study

ROOT = Path(__file__).parent.parent
WANTED = [("nli", "mt-fi"), ("qa", "mt-fi"), ("nli", "native-fi")]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundled texts fit one shard; let there be several."""
    monkeypatch.setattr(steps, "cut", lambda items: cut(items, 100))


@pytest.fixture(scope="module")
def study() -> Study:
    return studies.load(ROOT / "studies/mini.toml", ["tasks.nli.rows = 220", "tasks.qa.rows = 60", "budget.examples = 30", "budget.validation = 10"])


def build(study: Study, root: Path, engine: Engine | None, wanted: list[tuple[str, str]]) -> Workshop:
    shop = Workshop(study, root, 1, lambda what, done, of: None, wanted, engine)
    for pair in wanted:
        recipes.build_task(shop, *pair, "make data")
    across.write([studies.data_folder(study, *pair, root / "data") for pair in wanted], root / "data/mini/across.json")
    return shop


def files(root: Path) -> dict[str, str]:
    """Digests of finished tasks, of their shards, and of what is kept of their texts for the table of shared ones."""
    found = [p for where in ("[a-z]*.*/*", ".work/*/*.parquet", "across.json", ".across/*") for p in root.glob(f"data/mini/{where}")]
    return {p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(found)}


@pytest.fixture(scope="module")
def plain(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "cut", lambda items: cut(items, 100))
        build(study, root, None, WANTED)
    return root


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(LocalPlace(2), 2, sooner=True) as made:
        yield made


def test_workers_give_the_same_bytes_though_one_is_killed(study: Study, plain: Path, engine: Engine, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill() -> None:
        while not killed:
            time.sleep(0.1)
            for hired in list(engine._team):
                if hired.job and hired.job.call.method == "rows":
                    pid = int(hired.worker._process.pid)  # type: ignore[attr-defined]
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    break

    threading.Thread(target=kill, daemon=True).start()
    build(study, tmp_path, engine, WANTED)
    assert killed and len(files(plain)) >= 30
    assert files(tmp_path) == files(plain)


def test_a_row_that_kills_workers_is_left_out_and_told(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import engine_workers

    monkeypatch.setattr(crew, "make_builder", engine_workers.poisoned_builder)
    monkeypatch.setattr(steps, "cut", lambda items: cut(items, 8))
    few = studies.load(ROOT / "studies/mini.toml", ["tasks.nli.rows = 40", "budget.examples = 20", "budget.validation = 4"])
    shop = build(few, tmp_path, engine, [("nli", "mt-fi")])
    assert shop.crew is not None
    excluded = [row for row in read_rows(tmp_path / "data/mini/nli.mt-fi/excluded-00000.parquet") if row["stage"] == "worker"]
    assert [(row["id"], row["reason"]) for row in excluded] == [(POISON, "crash=signal 11")]


def test_a_shard_that_is_damaged_is_made_again(study: Study, plain: Path, tmp_path: Path) -> None:
    build(study, tmp_path, None, [("nli", "native-fi")])
    path = next((tmp_path / "data/mini/.work/nli.native-fi").glob("[0-9]*.parquet"))
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
    build(study, tmp_path, None, [("nli", "native-fi")])
    assert path.read_bytes() == whole
    assert all(files(plain)[name] == value for name, value in files(tmp_path).items() if "across" not in name)


def test_a_worker_with_another_model_is_refused(study: Study, engine: Engine, tmp_path: Path) -> None:
    made = crew.Crew(engine, study, tmp_path)
    with pytest.raises(ConfigError, match="not what the build was planned with"):
        engine.submit(made._translating, "translate", ["A cat."], crew.Way("fi", "another")).result()


def test_sentences_that_no_worker_survives_are_flagged() -> None:
    from build_data.ahead import with_crashes
    from build_data.translate import Translated
    from corpora.engine_tasks import Done

    found = list(with_crashes(3, Done([Translated("a", 0.1), Translated("c", 0.2)], {1: "signal 11"})))
    assert [r.text for r in found] == ["a", "", "c"] and found[1].flags == ("crash",)
    memory = Memory(None)
    memory.learn("m", zip(["A", "B", "C"], found, strict=True))
    assert memory.unknown("m", ["D", "A", "D", "B"]) == ["D"]


@pytest.mark.ray
def test_ray_gives_the_same_bytes(study: Study, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with open_engine("ray", 2) as engine:
        build(study, tmp_path, engine, WANTED)
    assert files(tmp_path) == files(plain)


def test_the_command_takes_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    environment: dict[str, Any] = {**os.environ, "ENGINE": "slurm"}
    done = subprocess.run(
        [sys.executable, "-m", "build_data", "studies/mini.toml", "--root", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 2 and "ENGINE='slurm'" in done.stderr and "ray" in done.stderr

"""Both engines: results in order, models loaded once, deaths that cost a task only, items that kill told apart from workers that were killed."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from engine_workers import Squares, broken
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora.config import ConfigError
from corpora.engine import Engine, engine_name
from corpora.engine_local import LocalPlace
from corpora.engine_tasks import ROUNDS, Answer, Call, Done, Needs, Stage, WorkerError, course


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine(LocalPlace(2), 2) as made:
        yield made


def test_results_come_in_order_from_workers_that_load_once(engine: Engine) -> None:
    stage = Stage("squares", Squares)
    done = list(engine.map(stage, "square", (([i, i + 1], 0.2 if i == 0 else 0) for i in range(8))))
    assert [d.value[2] for d in done] == [[i * i, (i + 1) ** 2] for i in range(8)]
    workers = {d.value[0] for d in done}
    assert 1 <= len(workers) <= 2 and sum(max(d.value[1] for d in done if d.value[0] == w) for w in workers) == 8


def test_what_a_worker_says_reaches_whoever_asked(engine: Engine) -> None:
    stage = Stage("squares", Squares)
    with pytest.raises(ConfigError, match="no 7 here"):
        engine.submit(stage, "refuse", [7]).result()
    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        engine.submit(stage, "fail", [7]).result()
    with pytest.raises(ConfigError, match="name another"):
        engine.submit(Stage("broken", broken), "square", [7]).result()
    assert engine.submit(stage, "square", [7]).result().value[2] == [49]  # the worker lives on


def test_a_killed_worker_costs_its_task_only(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "once").touch()
    stage = Stage("once", functools.partial(Squares, once=str(tmp_path / "once")))
    done = [engine.submit(stage, "square", [i]).result() for i in range(3)]
    assert [d.value[2] for d in done] == [[0], [1], [4]] and not any(d.bad for d in done)


def test_an_item_that_kills_every_worker_is_left_out_and_told(engine: Engine) -> None:
    stage = Stage("poisoned", functools.partial(Squares, poison=(5, 6)))
    done = list(engine.map(stage, "square", [(list(range(8)), None), ([5], None), ([9], None)]))
    assert [d.value[2] for d in done] == [[0, 1, 4, 9, 16, 49], [], [81]]
    assert [d.bad for d in done] == [{5: "signal 11", 6: "signal 11"}, {0: "signal 11"}, {}]


def test_two_stages_share_the_cores(engine: Engine) -> None:
    one, two = Stage("one", functools.partial(Squares)), Stage("two", functools.partial(Squares))
    for ready in [engine.submit(stage, "square", [0], 0.3) for stage in (one, two)]:
        ready.result()  # their processes are there
    first = [engine.submit(one, "square", [i], 0.3) for i in range(4)]
    second = [engine.submit(two, "square", [i], 0.3) for i in range(4)]
    second[0].result()
    assert not first[-1].done()  # the second stage did not wait for the first one's end
    assert [f.result().value[2] for f in first + second] == [[i * i] for i in (0, 1, 2, 3)] * 2


def test_a_closed_engine_tells_who_waits() -> None:
    made = Engine(LocalPlace(1), 1)
    waiting = made.submit(Stage("slow", Squares), "square", [1], 60)
    made.close()
    with pytest.raises(ConfigError, match="closed"):
        waiting.result(timeout=5)
    with pytest.raises(ConfigError, match="closed"):
        made.submit(Stage("slow", Squares), "square", [1]).result(timeout=5)


def test_needs_are_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    place = LocalPlace(4)
    place.gpus = 1
    decode, rows = Stage("decode", Squares, Needs(gpus=1)), Stage("rows", Squares, Needs(memory=100))
    monkeypatch.setattr("corpora.engine_local.free_memory", lambda: 50)
    assert place.room(decode, [], []) and not place.room(decode, [decode], [])
    assert place.room(rows, [], []) and not place.room(rows, [rows], []) and place.room(rows, [rows], [], fresh=False)
    monkeypatch.setattr("corpora.engine_local.free_memory", lambda: 500)
    assert place.room(rows, [rows, rows, decode], []) and not place.room(rows, [rows] * 4, [])
    place.close()


def test_an_unknown_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "slurm")
    with pytest.raises(ConfigError, match="ENGINE='slurm'"):
        engine_name()
    assert engine_name("ray") == "ray"


@settings(deadline=None)
@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.sets(st.integers(0, 60), max_size=ROUNDS - 1))
def test_the_course_of_a_task_finds_all_bad_items_and_no_others(count: int, bad: set[int], killed: set[int]) -> None:
    """`killed`: calls whose worker is killed from outside, never twice in a row."""
    bad = {i for i in bad if i < count}
    killed = {k for k in killed if k - 1 not in killed}
    way, calls = course(count), 0
    chosen = next(way)
    try:
        while True:
            lost = bool(bad & set(chosen)) or calls in killed
            calls += 1
            chosen = way.send(Answer("lost", "signal 9") if lost else Answer("value", list(chosen)))
    except StopIteration as end:
        done: Done = end.value
    assert done.value == [i for i in range(count) if i not in bad]
    assert set(done.bad) == bad


def test_workers_that_die_without_a_reason_end_in_an_error() -> None:
    way = course(4)
    chosen, calls = next(way), 0
    with pytest.raises(ConfigError, match="Memory may be short"):
        while calls < 100:
            calls += 1
            chosen = way.send(Answer("lost", "signal 9") if len(chosen) == 4 else Answer("value", []))


class Crowded:
    """A place whose first worker never finds room."""

    name = "crowded"

    def __init__(self) -> None:
        self.hired: list[str] = []

    def room(self, stage: Stage, busy: Sequence[Stage], idle: Sequence[Stage], fresh: bool = True) -> bool:
        return not busy

    def hire(self, stage: Stage) -> Crowded:
        self.hired.append(stage.name)
        return self

    def start(self, stage: Stage, call: Call) -> None: ...

    def wait(self, workers: Sequence[Any], timeout: float) -> list[tuple[Any, Answer]]:
        time.sleep(timeout / 10)
        return [(worker, Answer("unplaced") if len(self.hired) == 1 else Answer("value", 7)) for worker in workers]

    def wake(self) -> None: ...

    def end(self) -> None: ...

    def close(self) -> None: ...


def test_a_call_that_never_began_is_no_death() -> None:
    place = Crowded()
    with Engine(place, 1) as made:
        assert made.submit(Stage("any", Squares), "square", [1]).result(timeout=10) == Done(7)
    assert len(place.hired) == 2

"""benchmarks/native learn: what can be learnt is learnt, what can't isn't, and a small validation split makes all rows take turns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from benchmarks import native_learn
from benchmarks.native_learn import TOO_FEW, Wanted, learn
from benchmarks.native_rows import Rows
from corpora.config import ConfigError
from corpora.records import Pair, Record

SAID = {"yes": ["kala ui", "järvi kimaltaa", "tuuli laulaa"], "no": ["kivi putoaa", "lumi sulaa", "talo palaa"]}


def rows(count: int, held: int, tells: bool) -> Rows:
    made: list[Record] = []
    for i in range(count):
        label = ("yes", "no")[i % 2]
        said = SAID[label if tells else ("yes", "no")[i // 2 % 2]][i % 3]
        made.append(Pair(id=str(i), document=f"d{i}", premise=f"{said} {i}.", hypothesis=f"{said} {i + count}.", label=label))
    return Rows("t.native-fi", "pair", "fi", ("no", "yes"), made[: count - held], made[count - held :])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, base: Path) -> None:
    monkeypatch.setattr(native_learn, "ensure_base", lambda *_: base)


WANTED = Wanted(minutes=1.0, rows=1_000, freeze=0, seed=1, epochs=6, lr=3e-3, max_length=32)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("tells", [True, False])
def test_what_tells_the_label_is_learnt_on_the_split_itself(tmp_path: Path, tells: bool) -> None:
    found = learn(rows(200, TOO_FEW, tells), WANTED, tmp_path)
    assert (found.tested, found.guess, found.bar) == (TOO_FEW, 50, 65) and "turns" not in found.note
    assert found.holds is tells and (found.score > 90 if tells else found.score < 65)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("held", "asked"), [(TOO_FEW - 1, False), (TOO_FEW, True)])
def test_with_few_validation_rows_or_where_asked_every_row_is_tested_on_once(tmp_path: Path, held: int, asked: bool) -> None:
    found = learn(rows(100, held, tells=True), replace(WANTED, turns=asked), tmp_path)
    assert found.tested == 100 and 60 < found.trained < 100 and found.note.startswith("5 turns, together ") and found.score > 90


@pytest.mark.usefixtures("small")
def test_rows_of_another_task_are_taught_and_never_tested_on(tmp_path: Path) -> None:
    few, many = rows(100, TOO_FEW, tells=True), rows(120, 20, tells=True)
    found = learn(few, WANTED, tmp_path, replace(many, task="t.native-hu"))
    assert (found.tested, found.trained) == (TOO_FEW, 40 + 120) and found.note.endswith("taught t.native-hu too")
    with pytest.raises(ConfigError, match=r"--beside t\.native-hu: pair rows labelled maybe, yes, but t\.native-fi has pair rows labelled no, yes"):
        learn(few, WANTED, tmp_path, replace(many, task="t.native-hu", labels=("maybe", "yes")))

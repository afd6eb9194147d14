"""The report's pictures: lines along steps, bars of rows and genres; and the whole page in a browser, on a phone and on a desk."""

from __future__ import annotations

import json

import eval_fakes as fakes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from browser import look, needs_browser
from hypothesis import given
from hypothesis import strategies as st

from corpora.study import data_folder
from eval import curves, data_view, report
from eval.curves import Series, chart
from eval.manifests import BuiltTask, built

points = st.lists(st.tuples(st.floats(0, 1e4), st.floats(-1e3, 1e3)), min_size=2, max_size=8)


@given(st.lists(points, min_size=1, max_size=4))
def test_every_line_stays_inside_its_chart(lines) -> None:
    made = chart("a", "loss", "steps", [Series(f"s{i}", "en", False, line) for i, line in enumerate(lines)])
    assert made is not None and made.svg.count("<polyline") == len(lines)
    for line in made.svg.split('points="')[1:]:
        for place in line.partition('"')[0].split():
            x, y = map(float, place.split(","))
            assert -0.1 <= x <= curves.WIDTH + 0.1 and -0.1 <= y <= curves.HEIGHT + 0.1
    assert float(made.low) <= min(y for line in lines for _, y in line) + 1e-6 * 1e3 and float(made.high) >= max(y for line in lines for _, y in line) - 1e-3


def test_a_single_look_is_no_line() -> None:
    assert chart("a", "loss", "steps", [Series("s", "en", False, [(1.0, 2.0)])]) is None


def test_a_mean_has_the_steps_that_all_seeds_logged() -> None:
    assert curves._mean([[(1.0, 2.0), (2.0, 4.0)], [(1.0, 4.0)], []]) == [(1.0, 3.0)]


def test_a_log_that_was_cut_by_a_kill_is_read_up_to_there(tmp_path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 2.5}\n{"step": 2, "lo', "utf-8")
    assert curves._loss(curves._log(tmp_path)) == [(1.0, 2.5)] and curves._log(tmp_path / "no") == []


def test_a_funnel_loses_no_row() -> None:
    one = BuiltTask(
        "qa", "mt-fi", "f", True, train=60, validation=10, excluded={"filter: names": 20, "answers: weak": 5, "budget: budget": 4, "new step: x": 1}
    )
    (bar,) = data_view.funnels([one])
    assert bar.total == 100 and [(p.name, p.rows) for p in bar.parts] == [
        ("train", 60), ("validation", 10), ("over budget", 4), ("filters", 20), ("translation", 5), ("other", 1)
    ]  # fmt: skip
    assert sum(part.share for part in bar.parts) == pytest.approx(1) and "names 20" in bar.parts[3].title


def test_genres_are_counted_in_the_rows_themselves(tmp_path) -> None:
    study = fakes.study()
    fakes.write_manifest(tmp_path, study, "qa", "native-fi")
    folder = data_folder(study, "qa", "native-fi", tmp_path / "data")
    pq.write_table(pa.table({"genre": ["novel", "law", "novel", ""]}), folder / "train-00000.parquet")
    one = next(task for task in built(study, tmp_path) if task.arm == "native-fi")
    assert one.genres == {"novel": 2, "law": 1}
    assert data_view.genre_names(data_view.genres([one])) == ["novel", "law"]


@pytest.fixture
def whole(tmp_path, monkeypatch):
    study = fakes.study()
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study)
    for arm in ("en", "mt-fi", "native-fi"):
        fakes.write_manifest(tmp_path, study, "qa", arm)
    for run in (tmp_path / "runs").iterdir():
        lines = [json.dumps({"step": step, "loss": 3 - step / 20}) for step in (10, 20, 30)]
        (run / "log.jsonl").write_text("\n".join(lines), "utf-8")
    return report.make(study, tmp_path)


@needs_browser
@pytest.mark.parametrize("width", [390, 1440])
def test_the_report_holds_on_a_phone_and_on_a_desk(whole, width) -> None:
    seen = look(whole, width, '[document.querySelectorAll("svg").length, document.querySelectorAll("h2").length]')
    assert seen["problems"] == [] and seen["page"] <= width and seen["wide"] == []
    assert seen["found"][0] > 50 and seen["found"][1] >= 8

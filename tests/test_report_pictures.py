"""The report's pictures: lines along steps, bars of rows and genres; and the whole page in a browser, on a phone and on a desk."""

from __future__ import annotations

import json
from pathlib import Path

import eval_fakes as fakes
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from browser import look, needs_browser
from hypothesis import given
from hypothesis import strategies as st

from corpora.shards import write_json
from corpora.study import data_folder
from eval import curves, data_view, detail_view, forest, report
from eval.curves import Series, chart
from eval.manifests import BuiltTask, built
from eval.results import cells, collect

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
    assert curves.mean([[(1.0, 2.0), (2.0, 4.0)], [(1.0, 4.0)], []]) == [(1.0, 3.0)]


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


def test_a_funnel_counts_rows_and_no_documents_or_paragraphs() -> None:
    one = BuiltTask(
        "nli",
        "native-fi",
        "f",
        True,
        train=6,
        validation=1,
        excluded={"documents of fi/law: one_sentence": 7, "clean paragraphs: list": 900, "shares: genre_share": 3},
    )
    (bar,) = data_view.funnels([one])
    assert bar.total == 10 and [(p.name, p.rows) for p in bar.parts] == [("train", 6), ("validation", 1), ("over budget", 3)]


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
    write_details(tmp_path, study)
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


@needs_browser
def test_a_study_of_520_runs_holds_too(tmp_path, monkeypatch) -> None:
    from benchmarks.report import ARMS, fake_study

    monkeypatch.setattr(fakes, "SIZES", dict.fromkeys(fakes.SIZES, 20))  # how long the real sizes take is benchmarks.report's to tell
    study = fake_study(fakes, seeds=5, draws=200)
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study, {arm: fakes.RATES.get(arm, 0.6) for arm in ARMS})
    page = report.make(study, tmp_path)
    assert len(list((tmp_path / "runs").iterdir())) == 520
    for width in (390, 1440):
        seen = look(page, width, 'document.querySelectorAll(".runs tbody tr").length')
        assert seen["problems"] == [] and seen["page"] <= width and seen["wide"] == [] and seen["found"] == 520


DEMO = Path(__file__).parent.parent / "reports" / "mini" / "index.html"


@needs_browser
@pytest.mark.skipif(not DEMO.is_file(), reason="no demo was run here: make demo")
@pytest.mark.parametrize("width", [390, 1440])
def test_the_report_of_the_demo_holds(tmp_path, width) -> None:
    page = tmp_path / "index.html"  # the probe is written beside the page
    page.write_bytes(DEMO.read_bytes())
    seen = look(page, width, 'document.querySelectorAll(".answer").length')
    assert seen["problems"] == [] and seen["page"] <= width and seen["wide"] == [] and seen["found"] == 2


def write_details(root, study) -> None:
    """Give every run of a fake study the details that scoring leaves: layers, parts of the test set, the oracle."""
    for cell in cells(study):
        found = {}
        for language in study.targets[cell.target].test:
            if cell.target == "tatoeba":
                points = [
                    {"layer": layer, "pooling": pooling, "accuracy": 10.0 * layer + len(cell.row.arm), "gap": layer / 50}
                    for pooling in ("mean", "cls") for layer in range(5)
                ]  # fmt: skip
                found[language] = {"layers": points, "layer": 3, "pooling": "mean"}
            elif cell.target == "udpos":
                groups = [{"by": "treebank", "name": name, "n": n, "scores": {"f1": 70.0 + n}} for name, n in (("FTB", 4), ("TDT", 9))]
                found[language] = {"groups": groups, "oracle": {"step": 5, "other": cell.seed == 1, "scores": {"f1": 99.0}}}
        write_json(root / "runs" / fakes.key_of(cell) / "details.json", found)


def test_details_stand_behind_the_scores(tmp_path, monkeypatch) -> None:
    study = fakes.study()
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study)
    write_details(tmp_path, study)
    results = collect(study, tmp_path)
    known = detail_view.read(results)
    charts = detail_view.layer_curves(results, known)
    assert [(c.title, c.what.split()[0]) for c in charts] == [
        (f"tatoeba, {name}", what) for name in ("Finnish", "Hungarian") for what in ("accuracy", "alignment")
    ]
    assert charts[0].series[0].points == [(float(layer), 10.0 * layer + 4) for layer in range(5)]
    fixed = detail_view.poolings(results, known)[0]
    assert fixed.columns[0][0] == "layer 3, mean" and fixed.rows[0][2] == ["34.0", "44.0 (4)", "44.0 (4)"]
    (grid,) = [g for g in detail_view.breakdowns(results, known) if g.language == "fi"]
    assert grid.columns == [("TDT", "9"), ("FTB", "4")] and grid.rows[0][2] == ["79.0", "74.0"]
    first = detail_view.oracles(results, known)[0]
    assert first.oracle == "99.0" and first.moved == "1 of 3 seeds"
    page = report.make(study, tmp_path).read_text("utf-8")
    for words in ("Layers and alignment", "English-dev choice and oracle", "by treebank", "picked by"):
        assert words in page


def test_what_the_phase_did_to_alignment_is_a_table(tmp_path, monkeypatch) -> None:
    study = fakes.study()
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study)
    write_details(tmp_path, study)
    results = collect(study, tmp_path)
    finnish, _ = detail_view.alignment(results, detail_view.read(results))
    assert finnish.title == "alignment gap, layer 3" and [label for label, _, _ in finnish.rows] == [r.label for r in results.rows if r.tasks]
    assert finnish.rows[0][2] == ["0.060", "0.060", "0.000"]
    picked = {(one.name, one.target): one for one in detail_view.picks(results)}
    assert picked["Finnish", "tatoeba"].by == "test (optimistic)" and picked["Finnish", "tatoeba"].row == "qa.native-fi"


def test_an_interval_that_leaves_the_scale_runs_to_the_edge() -> None:
    scale = forest.axis([-10.0, 10.0], 1.0)
    drawn = forest.row(scale, 2.0, -300.0, 8.0, "en", 1.0, "x")
    assert drawn.count('class="bar"') == 2 and 'x1="0.00%"' in drawn  # the bar, and one cap
    assert forest.row(scale, 2.0, -3.0, 8.0, "en", 1.0, "x").count('class="bar"') == 3

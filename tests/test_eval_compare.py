"""Which rows are compared with which, what stands beside a difference, and what happens where little or nothing is there."""

from __future__ import annotations

import eval_fakes as fakes
import pytest

from corpora.config import ConfigError
from corpora.shards import write_json
from eval import best, compare, probes
from eval.compare import AVERAGE, compare_all, question_arms
from eval.results import NONE, Row, cells, collect, read_json, targets_for
from eval.verdict import answer

QA = {"kind": "span", "english": "no/qa", "native": {"fi": ["no/fi"], "hu": ["no/hu"]}}


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Return run(study, rates, skip) -> its Results, all cells scored but the skipped ones."""

    def run(study, rates=None, skip=lambda cell: False):
        fakes.plan(monkeypatch, study)
        for cell in cells(study):
            if not skip(cell):
                rate = (rates or fakes.RATES).get(cell.row.arm, 0.6)
                fakes.write_run(tmp_path, study, cell, rate, noise=f"{cell.row.label} {cell.seed}")
        return collect(study, tmp_path)

    return run


def pairs(results, against, target=AVERAGE, language="fi"):
    return {(c.row.label, c.baseline.label) for c in compare_all(results) if (c.against, c.target, c.language) == (against, target, language)}


def test_native_is_held_against_translation_and_mixtures_against_english(world) -> None:
    results = world(fakes.study(arms=["none", "en", "mt-fi", "native-fi", "en+mt-fi", "mt-fi~unfiltered", "mt-fi~random-drop"], seeds=[1, 2]))
    assert pairs(results, "mt") == {("qa.native-fi", "qa.mt-fi")}
    assert pairs(results, "en") == {(f"qa.{arm}", "qa.en") for arm in ("mt-fi", "native-fi", "en+mt-fi", "mt-fi~unfiltered", "mt-fi~random-drop")}
    assert pairs(results, "filtered") == {("qa.mt-fi~unfiltered", "qa.mt-fi"), ("qa.mt-fi~random-drop", "qa.mt-fi")}
    assert ("qa.en+mt-fi", "none") in pairs(results, "none") and ("none", "none") not in pairs(results, "none")


def test_a_native_only_task_is_held_against_the_task_it_names(world) -> None:
    relation = {"kind": "pair", "native": {"fi": ["no/fi"]}, "versus": "qa", "maker": "discourse"}
    results = world(fakes.study(tasks={"qa": QA, "relation": relation}, intermediate=[["qa"], ["relation"]], seeds=[1, 2]))
    assert {("relation.native-fi", "qa.en"), ("qa.native-fi", "qa.en")} <= pairs(results, "en")
    assert ("relation.native-fi", "qa.mt-fi") in pairs(results, "mt")
    assert Row(("relation",), "native-fi") in question_arms(results, "fi")
    alone = world(fakes.study(tasks={"qa": QA, "relation": {**relation, "versus": ""}}, intermediate=[["qa"], ["relation"]], seeds=[1, 2]))
    assert not any(row.startswith("relation") for row, _ in pairs(alone, "en"))


def test_a_control_and_joint_training_have_no_retrieval_and_answer_nothing(world) -> None:
    mixes = {"longer": {"tasks": ["qa"], "mode": "control"}, "joint": {"tasks": ["qa"], "mode": "single-stage"}}
    results = world(fakes.study(mixes=mixes, intermediate=[["qa"], ["longer"], ["joint"]], seeds=[1, 2], arms=["none", "en", "mt-fi"]))
    longer = Row(("longer",), "none")
    assert "tatoeba" not in targets_for(results.study, longer) and not results.gaps
    assert ("longer.none", "none") in pairs(results, "none", "udpos") and ("joint.mt-fi", "joint.en") in pairs(results, "en", "udpos")
    assert [row.label for row in question_arms(results, "fi")] == ["qa.mt-fi"]
    on_average = next(c for c in compare_all(results) if c.row == longer and c.target == AVERAGE and c.language == "fi")
    assert on_average.delta is None and on_average.why == "longer.none has no run of tatoeba by design"
    assert answer(results, compare_all(results), "fi").kind in ("yes", "no", "can't tell")


def test_targets_that_xtreme_does_not_have_are_in_no_average(world) -> None:
    extra = {"metric": "ner", "xtreme": False, "english": "no/en", "labels": ["O"], "test": {"hu": "no/ner-hu"}}
    study = fakes.study(targets={"tatoeba": {"metric": "tatoeba", "test": {"fi": "no/t-fi", "hu": "no/t-hu"}}, "ner": extra}, seeds=[1, 2])
    results = world(study)
    assert compare.averaged(results, "hu") == ["tatoeba"] and compare.targets_in(results, "hu") == ["tatoeba", "ner"]
    by = {(c.target, c.row.label): c for c in compare_all(results) if c.language == "hu" and c.against == "en"}
    assert by[AVERAGE, "qa.mt-hu"].delta == by["tatoeba", "qa.mt-hu"].delta and by["ner", "qa.mt-hu"].verdict
    with pytest.raises(ConfigError, match="xtreme = false"):
        fakes.study(targets={"ner": {**extra, "xtreme": True}})


def test_one_seed_has_a_difference_and_no_interval(world) -> None:
    results = world(fakes.study(seeds=[1], arms=["none", "en", "mt-fi"]))
    for one in compare_all(results):
        assert one.delta is not None and one.estimate is None and one.verdict is None and one.why.startswith("one seed:")


def test_a_half_finished_study_compares_what_it_can(world) -> None:
    results = world(fakes.study(seeds=[1, 2, 3]), skip=lambda cell: cell.row.arm == "native-fi" and (cell.target == "udpos" or cell.seed == 3))
    by = {(c.target, c.row.arm): c for c in compare_all(results) if c.language == "fi" and c.against == "en"}
    assert by["udpos", "native-fi"].why == "a run is missing" and by["udpos", "native-fi"].delta is None
    assert by["tydiqa", "native-fi"].seeds == (1, 2) and by["tydiqa", "native-fi"].estimate
    assert by[AVERAGE, "native-fi"].why == "a run is missing" and by[AVERAGE, "mt-fi"].verdict


def test_a_metric_that_never_varies_is_flat_and_equivalent(world) -> None:
    results = world(fakes.study(seeds=[1, 2], targets={"tatoeba": {"metric": "tatoeba", "test": {"fi": "no/t-fi"}}}), dict.fromkeys(fakes.RATES, 1.0))
    for one in compare_all(results):
        assert one.flat and one.verdict == "equivalent" and (one.estimate.low, one.estimate.high) == (0.0, 0.0) and one.spread.error == 0.0


def test_what_stands_beside_a_difference(world) -> None:
    results = world(fakes.study(seeds=[1, 2, 3]))
    undecided = [c for c in compare_all(results) if c.verdict == "can't tell"]
    clear = next(c for c in compare_all(results) if (c.target, c.row.arm, c.against, c.language) == ("tydiqa", "native-fi", "none", "fi"))
    assert clear.verdict == "better" and clear.second.backs(0.05) and clear.second.least == pytest.approx(0.1) and clear.seeds_needed is None
    assert undecided and all(c.detectable > results.study.statistics.margin for c in undecided)
    assert all(c.estimate.low < c.delta < c.estimate.high and c.spread.degrees >= 2 for c in compare_all(results) if not c.flat)


def test_english_data_of_two_versions_is_refused(world, tmp_path, monkeypatch) -> None:
    study = fakes.study(seeds=[1])
    results = world(study)
    for arm, version in (("none", "a"), ("en", "b")):
        folder = results.of(NONE if arm == "none" else Row(("qa",), arm), "udpos", 1).folder
        write_json(folder / "run.json", {**read_json(folder / "run.json"), "data": {"english": [version]}})
    with pytest.raises(ConfigError, match=r"'udpos'.*2 versions of the English data"):
        collect(study, tmp_path)


def test_the_best_per_target_row_picks_by_english_dev(world, tmp_path) -> None:
    results = world(fakes.study(seeds=[1, 2], arms=["none", "en", "mt-fi"]))
    for cell, run in results.scored.items():
        if cell.target == "udpos":
            write_json(run.folder / "run.json", {**run.record, "dev": {"udpos": {"f1": 90.0 if cell.row.arm == "mt-fi" else 80.0}}})
    results = collect(results.study, tmp_path)
    found = {one.target: one for one in best.best(results, "fi")}
    assert (found["udpos"].row.arm, found["udpos"].by) == ("mt-fi", "English dev")
    assert found["tatoeba"].by == "test (optimistic)" and found["tatoeba"].value == max(
        sum(results.values(row, "tatoeba", "fi", "accuracy")) / 2 for row in results.rows
    )


def test_alignment_before_and_after(world) -> None:
    results = world(fakes.study(seeds=[1, 2], arms=["none", "en"]))
    for cell, run in results.scored.items():
        if cell.target == "tatoeba":
            gap = 0.3 if cell.row == NONE else 0.1 * cell.seed
            points = [{"layer": layer, "pooling": "mean", "accuracy": 50.0, "gap": gap + layer} for layer in (0, 1)]
            write_json(run.folder / "details.json", {"fi": {"layers": [*points, {**points[0], "pooling": "cls"}]}})
    found = {(one.row.arm, one.layer): one for one in probes.alignment(results, "fi")}
    assert set(found) == {("none", 0), ("none", 1), ("en", 0), ("en", 1)}
    assert found["en", 1].gap == pytest.approx(1.15) and found["en", 1].change == pytest.approx(-0.15) and found["none", 0].change == 0.0
    assert probes.alignment(results, "hu") == []

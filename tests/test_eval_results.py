"""Which runs a report is made of: found by key, gaps with their reason, nothing mixed that was tested on other data."""

from __future__ import annotations

import json
import sys
import types

import eval_fakes as fakes
import numpy as np
import pytest
from safetensors.numpy import save

import train
from corpora.config import ConfigError
from corpora.shards import write_json
from eval.compare import AVERAGE, compare_all
from eval.outcomes import components
from eval.results import NONE, Cell, Row, cells, collect, rows


def test_a_study_asks_for_none_and_each_arm_of_each_group() -> None:
    study = fakes.study(tasks={"qa": {"kind": "span", "english": "no/qa", "native": {"fi": ["no/fi"]}}})
    assert [row.label for row in rows(study)] == ["none", "qa.en", "qa.mt-fi", "qa.mt-hu", "qa.native-fi"]  # no Hungarian text declared: no such arm
    assert len(cells(study)) == 5 * 3 * 3


def test_what_is_not_there_has_a_reason(tmp_path, monkeypatch) -> None:
    study = fakes.study(seeds=[1], arms=["none", "en"])
    fakes.plan(monkeypatch, study)
    en = Row(("qa",), "en")
    fakes.write_run(tmp_path, study, Cell(NONE, "udpos", 1), 0.5)
    failed = fakes.write_run(tmp_path, study, Cell(NONE, "tydiqa", 1), 0.5)
    write_json(failed / "run.json", {"status": "failed", "error": "Traceback (most recent call last):\n  ...\nMemoryError: out of memory\n"})
    (fakes.write_run(tmp_path, study, Cell(NONE, "tatoeba", 1), 0.5) / "scores.json").unlink()
    write_json(tmp_path / "runs" / fakes.parent_of(Cell(en, "udpos", 1)) / "run.json", {"status": "failed", "error": "loss is NaN"})
    write_json(tmp_path / "runs" / fakes.key_of(Cell(en, "udpos", 1)) / "run.json", {"status": "not run", "error": "not run: it starts from x, which failed"})
    hook = fakes.write_run(tmp_path, study, Cell(en, "tydiqa", 1), 0.5)
    (hook / "scores.json").unlink()
    write_json(hook / "run.json", {"status": "finished", "hook_error": "corpus 'no/x': no such file"})
    found = collect(study, tmp_path)
    parent = fakes.parent_of(Cell(en, "udpos", 1))
    assert [cell.label for cell in found.scored] == ["udpos <- none, seed 1"]
    assert {gap.cell.label: gap.why for gap in found.gaps} == {
        "tydiqa <- none, seed 1": "failed: MemoryError: out of memory",
        "tatoeba <- none, seed 1": "not scored",
        "udpos <- qa.en, seed 1": "not run: it starts from x, which failed",
        "tydiqa <- qa.en, seed 1": "not scored: corpus 'no/x': no such file",
        "tatoeba <- qa.en, seed 1": f"not run: its intermediate run {parent} failed: loss is NaN",
    }


def test_retrieval_from_the_base_is_one_run_for_all_seeds(tmp_path, monkeypatch) -> None:
    study = fakes.study(arms=["none", "en"])
    fakes.plan(monkeypatch, study)
    fakes.write_run(tmp_path, study, Cell(NONE, "tatoeba", 1), 0.5)
    fakes.write_run(tmp_path, study, Cell(NONE, "udpos", 1), 0.5)
    assert sorted(cell.label for cell in collect(study, tmp_path).scored) == [
        "tatoeba <- none, seed 1",
        "tatoeba <- none, seed 2",
        "tatoeba <- none, seed 3",
        "udpos <- none, seed 1",
    ]


def test_scores_on_other_test_data_are_refused(tmp_path, monkeypatch) -> None:
    study = fakes.study(seeds=[1])
    fakes.plan(monkeypatch, study)
    fakes.write_run(tmp_path, study, Cell(NONE, "udpos", 1), 0.5, data="d0")
    fakes.write_run(tmp_path, study, Cell(Row(("qa",), "en"), "udpos", 1), 0.5, data="d1")
    with pytest.raises(ConfigError, match=r"target 'udpos', language 'fi'.*different test data.*d0.*d1.*python -m eval score"):
        collect(study, tmp_path)


def test_without_a_plan_runs_are_found_by_the_study_name_and_two_claims_are_refused(tmp_path, monkeypatch) -> None:
    study = fakes.study(seeds=[1])
    module = types.ModuleType("train.graph")

    def plan(study, root):
        raise ConfigError("data/fake/qa.en: not built")

    module.plan = plan
    monkeypatch.setitem(sys.modules, "train.graph", module)
    monkeypatch.setattr(train, "graph", module, raising=False)
    folder = fakes.write_run(tmp_path, study, Cell(NONE, "udpos", 1), 0.5)
    found = collect(study, tmp_path)
    assert list(found.scored) == [Cell(NONE, "udpos", 1)] and not found.planned and "not built" in found.note
    write_json(tmp_path / "runs" / "other" / "scores.json", json.loads((folder / "scores.json").read_text("utf-8")))
    with pytest.raises(ConfigError, match="both claim the cell 'udpos <- none, seed 1'"):
        collect(study, tmp_path)


@pytest.mark.parametrize(
    "damage", [b"", b"no such format", save({"fi": np.zeros((1, 5), np.float32)}), save({"fi": np.zeros((1, 5), np.float32)}, {"ids": '{"fi": "other"}'})]
)
def test_damaged_or_foreign_outcomes_are_named(tmp_path, monkeypatch, damage) -> None:
    study = fakes.study(seeds=[1])
    fakes.plan(monkeypatch, study)
    fakes.write_run(tmp_path, study, Cell(NONE, "udpos", 1), 0.5)
    folder = fakes.write_run(tmp_path, study, Cell(Row(("qa",), "en"), "udpos", 1), 0.5)
    (folder / "outcomes.safetensors").write_bytes(damage)
    with pytest.raises(ConfigError, match=rf"{folder.name}.*train it again"):
        components(collect(study, tmp_path), "udpos", "fi", {})


def test_comparisons_pair_the_seeds_that_both_sides_have(tmp_path, monkeypatch) -> None:
    study = fakes.study(arms=["none", "en", "mt-fi"])
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study, skip=lambda cell: cell.row.arm == "mt-fi" and cell.seed == 2 and cell.target == "udpos")
    results = collect(study, tmp_path)
    by = {(c.language, c.target, c.row.label, c.baseline.label): c for c in compare_all(results)}
    one = by["fi", "udpos", "qa.mt-fi", "qa.en"]
    assert one.seeds == (1, 3) == by["fi", AVERAGE, "qa.mt-fi", "qa.en"].seeds and by["fi", "tydiqa", "qa.mt-fi", "qa.en"].seeds == (1, 2, 3)
    value = {row: [results.scored[Cell(row, "udpos", seed)].value("fi", "f1") for seed in (1, 3)] for row in (Row(("qa",), "mt-fi"), Row(("qa",), "en"))}
    assert one.estimate.delta == pytest.approx(np.mean(value[Row(("qa",), "mt-fi")]) - np.mean(value[Row(("qa",), "en")]))
    assert one.estimate.low < one.estimate.delta < one.estimate.high
    assert ("hu", "tydiqa", "qa.mt-fi", "qa.en") not in by  # no Hungarian test


def test_identical_arms_differ_by_nothing(tmp_path, monkeypatch) -> None:
    study = fakes.study(arms=["none", "en", "mt-fi"])
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study, rates=dict.fromkeys(fakes.RATES, 0.6))
    for one in compare_all(collect(study, tmp_path)):
        assert (one.estimate.delta, one.estimate.low, one.estimate.high, one.verdict) == (0, 0, 0, "equivalent")

"""Variants of an arm (unfiltered, random-drop) outside the data stage: what a study may ask for, planned runs, comparisons and report."""

from __future__ import annotations

from pathlib import Path

import eval_fakes as fakes
import pytest
import tiny

from corpora import study as studies
from corpora.config import ConfigError
from eval import report
from eval.compare import compare_all, is_against
from eval.results import collect, rows
from eval.view import family
from train import graph

MINI = Path("studies/mini.toml")
ARMS = ["none", "en", "mt-fi", "mt-fi~unfiltered", "mt-fi~random-drop"]


@pytest.mark.parametrize("arm", ["none~unfiltered", "mt-fi~unfilterd", "mt-fi~", "mt-sv~unfiltered", "mt-fi~filtered"])
def test_an_unknown_variant_is_refused_with_the_known_ones(arm: str) -> None:
    with pytest.raises(ConfigError) as caught:
        studies.load(MINI, [f'arms = ["en", "{arm}"]'])
    assert all(part in str(caught.value) for part in (repr(arm), "'~unfiltered'", "'~random-drop'", "mt-fi"))


def test_names_and_folders() -> None:
    study = studies.load(MINI, [f"arms = {ARMS}".replace("'", '"')])
    assert studies.arm_language("mt-fi~unfiltered") == "fi" and studies.arm_language("en~random-drop") == "en"
    assert studies.base_arm("mt-fi~unfiltered") == "mt-fi" == studies.base_arm("mt-fi")
    assert (studies.variant_of("mt-fi~random-drop"), studies.variant_of("mt-fi")) == ("random-drop", "filtered")
    assert studies.is_translated("mt-fi~unfiltered") and family("mt-fi~unfiltered") == "mt" and family("en~unfiltered") == "en"
    assert ("nli", "mt-fi~unfiltered") in studies.built_tasks(study, ["fi"]) and ("nli", "mt-fi~unfiltered") not in studies.built_tasks(study, ["hu"])
    assert studies.data_folder(study, "nli", "mt-fi~unfiltered") == Path("data/mini/nli.mt-fi~unfiltered")


def test_every_variant_is_a_run_of_its_own(tmp_path: Path) -> None:
    base = tiny.base(tmp_path / "base", layers=1)
    arms = ["none", "en", "en~unfiltered"]
    made = tiny.study(base, arms=arms)
    tiny.built(made, tmp_path, arms=arms[1:])
    runs = graph.plan(made, tmp_path)
    assert {r.arm for r in runs if r.phase == "intermediate"} == {"en", "en~unfiltered"} and len({r.key for r in runs}) == len(runs)


def test_variants_are_compared_with_their_own_filtered_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fakes.study(arms=[*ARMS, "en~unfiltered"])
    fakes.write_all(tmp_path, made, {**fakes.RATES, "mt-fi~unfiltered": 0.4, "mt-fi~random-drop": 0.5, "en~unfiltered": 0.5})
    fakes.plan(monkeypatch, made)
    assert [row.arm for row in rows(made)] == ["none", "en", *ARMS[2:], "en~unfiltered"]
    found = compare_all(collect(made, tmp_path))
    against = {baseline: {(c.row.arm, c.baseline.arm) for c in found if is_against(c, baseline)} for baseline in ("en", "none", "filtered")}
    assert against["filtered"] == {("mt-fi~unfiltered", "mt-fi"), ("mt-fi~random-drop", "mt-fi"), ("en~unfiltered", "en")}
    assert against["en"] == {(arm, "en") for arm in ARMS[2:]} and ("en~unfiltered", "none") in against["none"]
    page = report.make(made, tmp_path).read_text("utf-8")
    assert "What filtering does" in page and "mt-fi~random-drop" in page


def test_a_study_without_variants_says_nothing_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fakes.study()
    fakes.write_all(tmp_path, made)
    fakes.plan(monkeypatch, made)
    assert "What filtering does" not in report.make(made, tmp_path).read_text("utf-8")

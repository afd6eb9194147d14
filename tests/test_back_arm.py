"""The control arm bt-en outside the data stage: what a study may ask for, how its runs are planned, what the report says of it."""

from __future__ import annotations

from pathlib import Path

import eval_fakes as fakes
import pytest
import tiny

from corpora import study as studies
from corpora.config import ConfigError
from eval import report
from eval.results import rows
from eval.view import family
from train.graph import plan

ROOT = Path(__file__).parent.parent
MINI = ROOT / "studies/mini.toml"
ARMS = 'arms = ["none", "en", "mt-fi", "bt-en"]'
BACK = 'translation.back.fi = "models/opus-mt-fi-en"'


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        ([ARMS], ["'bt-en'", "translation.back names no model", 'translation.back = { fi = "FOLDER" }']),
        ([ARMS, BACK.replace(".fi", ".de")], ["goes through 'de'", "one of fi, hu"]),
        ([ARMS, BACK, 'translation.pivot = "hu"'], ["pivot = 'hu'", "it has: fi"]),
        ([ARMS.replace("bt-en", "bt-fi")], ["'bt-fi' is unknown", "bt-en"]),
        (['translation.insist = ["sv"]'], ["insist names 'sv'", "it has: fi, hu"]),
        (['translation.candidates.sv = ["x"]'], ["candidates names 'sv'"]),
        (['translation.candidates.fi = "x"'], ["translation.candidates.fi must be a list, each a string"]),
    ],
)
def test_a_wrong_wish_says_what_to_write(lines: list[str], parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        studies.load(MINI, lines)
    for part in parts:
        assert part in str(caught.value)


def test_candidates_need_something_to_be_compared_on() -> None:
    with pytest.raises(ValueError, match="candidates names 'fi', but dev names no aligned corpus"):
        studies.Translation(models={"fi": "x"}, candidates={"fi": ("y",)})


def test_it_is_english_and_is_built_with_its_pivot() -> None:
    assert studies.arm_language("bt-en") == "en" and studies.is_translated("bt-en") and not studies.is_translated("native-fi")
    both = studies.load(MINI, [ARMS, 'translation.back = { hu = "a", fi = "b" }'])
    assert both.translation.through == "hu"
    fi = studies.load(MINI, [ARMS, BACK])
    assert ("nli", "bt-en") in studies.built_tasks(fi) and ("qa", "bt-en") in studies.built_tasks(fi, ["fi"])
    assert studies.built_tasks(fi, ["hu"]) == [("nli", "en"), ("qa", "en")]
    assert studies.data_folder(fi, "nli", "bt-en") == Path("data/mini/nli.bt-en")


def test_its_runs_are_planned_beside_the_others(tmp_path: Path) -> None:
    base = tiny.base(tmp_path / "base", layers=1)
    made = tiny.study(base, arms=["none", "en", "bt-en"], translation={"back": {"fi": "models/opus-mt-fi-en"}})
    tiny.built(made, tmp_path, arms=("en", "bt-en"))
    runs = plan(made, tmp_path)
    assert [(r.phase, r.arm) for r in runs if r.phase == "intermediate"] == [("intermediate", "en"), ("intermediate", "bt-en")]
    assert sum(r.arm == "bt-en" for r in runs) == 3 and len({r.key for r in runs}) == len(runs)


@pytest.fixture
def control(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> report.Report:
    made = fakes.study(arms=["none", "en", "mt-fi", "mt-hu", "bt-en"], translation={"back": {"fi": "models/opus-mt-fi-en"}})
    assert [row.label for row in rows(made)][-1] == "qa.bt-en"
    fakes.plan(monkeypatch, made)
    fakes.write_all(tmp_path, made, {**fakes.RATES, "bt-en": 0.6})
    fakes.write_manifest(tmp_path, made, "qa", "bt-en", mt={"chrF": 44.4, "model": "m"})
    return report.build(made, tmp_path)


def test_the_report_compares_it_and_explains_it(control: report.Report) -> None:
    page = report.write(control, control.results.root / "reports/fake")
    html, text = page.read_text("utf-8"), (page.parent / "report.md").read_text("utf-8")
    for shown in (html, text):
        assert "bt-en is the control for translation artefacts: the English rows translated into Finnish" in shown
        assert "Translations against the back-translated control" in shown
    assert "there and back (control)" in html and family("bt-en") == "bt" and "44.4" in html
    against = {(c.row.arm, c.baseline.arm) for c in control.comparisons}
    assert {("bt-en", "en"), ("bt-en", "none"), ("mt-fi", "bt-en")} <= against and ("mt-hu", "bt-en") not in against
    grounds = {(c.row.arm, c.baseline.arm) for one in control.answers for c in one.grounds}
    assert grounds == {("mt-fi", "en"), ("mt-hu", "en")}  # the control never answers the question


def test_a_study_without_it_says_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = fakes.study(seeds=[1])
    fakes.plan(monkeypatch, made)
    fakes.write_all(tmp_path, made)
    page = report.make(made, tmp_path)
    assert "control" not in page.read_text("utf-8") and "bt-en" not in (page.parent / "report.md").read_text("utf-8")

"""The study's question: yes, no, can't tell, incomplete, no claim - and nothing that the numbers don't carry."""

from __future__ import annotations

import eval_fakes as fakes
import pytest

from eval.compare import compare_all
from eval.results import cells, collect
from eval.verdict import answer

SAME = dict.fromkeys(fakes.RATES, 0.6)


def answers(tmp_path, monkeypatch, rates, skip=lambda cell: False, **changes):
    study = fakes.study(**changes)
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study, rates, skip)
    results = collect(study, tmp_path)
    comparisons = compare_all(results)
    return {language: answer(results, comparisons, language) for language in study.languages}


@pytest.mark.parametrize(("changed", "fi", "hu"), [
    ({"native-fi": 0.8}, "yes", "no"),  # Hungarian: both arms equal to English
    ({"native-hu": 0.8}, "no", "yes"),  # an arm of the other language answers nothing
    ({"mt-fi": 0.3, "native-fi": 0.3}, "no", "no"),  # worse is a no
])  # fmt: skip
def test_the_answer(tmp_path, monkeypatch, changed, fi, hu) -> None:
    found = answers(tmp_path, monkeypatch, {**SAME, **changed}, statistics={"draws": 500, "margin": 0.5})
    assert {language: one.kind for language, one in found.items()} == {"fi": fi, "hu": hu}
    assert found["fi"].sentence.startswith("For Finnish, ") and found["hu"].sentence.startswith("For Hungarian, ")


def test_wide_intervals_are_no_evidence_of_equality(tmp_path, monkeypatch) -> None:
    study = fakes.study()
    fakes.plan(monkeypatch, study)
    for cell in cells(study):
        fakes.write_run(tmp_path, study, cell, 0.6, noise=cell.label)  # equal at heart, but every run errs on its own examples
    results = collect(study, tmp_path)
    found = answer(results, compare_all(results), "fi")
    assert found.kind == "can't tell" and found.sentence.startswith("For Finnish, the numbers can't tell: the most promising arm, qa.")


def test_yes_names_the_arm_the_points_and_the_family(tmp_path, monkeypatch) -> None:
    found = answers(tmp_path, monkeypatch, {**SAME, "native-fi": 0.8})["fi"]
    assert found.sentence.startswith("For Finnish, yes: qa.native-fi beats English by 2") and "Holm-corrected for 2 comparisons" in found.sentence
    assert [c.row.arm for c in found.grounds] == ["mt-fi", "native-fi"]


def test_a_demonstration_makes_no_claim_whatever_the_numbers(tmp_path, monkeypatch) -> None:
    found = answers(tmp_path, monkeypatch, {**SAME, "native-fi": 0.95}, demonstration=True)
    assert {one.kind for one in found.values()} == {"no claim"}
    assert "demonstration" in found["fi"].sentence and "beats" not in found["fi"].sentence


@pytest.mark.parametrize("missing", ["en", "mt-fi", "native-fi"])
def test_a_missing_run_that_the_question_needs_makes_it_incomplete(tmp_path, monkeypatch, missing) -> None:
    found = answers(
        tmp_path, monkeypatch, {**SAME, "native-fi": 0.9}, lambda cell: cell.row.arm == missing and cell.seed == 2 and cell.target == "udpos", seeds=[1, 2]
    )
    assert found["fi"].kind == "incomplete" and "1 of the 18 runs" in found["fi"].sentence
    assert found["hu"].kind == ("incomplete" if missing == "en" else "no")


def test_a_missing_run_of_another_arm_changes_nothing(tmp_path, monkeypatch) -> None:
    found = answers(tmp_path, monkeypatch, {**SAME, "native-fi": 0.9}, lambda cell: cell.row.arm in ("none", "mt-hu"))
    assert found["fi"].kind == "yes"


def test_one_seed_says_so_and_answers_nothing(tmp_path, monkeypatch) -> None:
    found = answers(tmp_path, monkeypatch, {**SAME, "native-fi": 0.9}, seeds=[1])
    assert found["fi"].kind == "can't tell" and "one seed" in found["fi"].sentence


def test_a_study_without_an_arm_of_the_language_cannot_tell(tmp_path, monkeypatch) -> None:
    found = answers(tmp_path, monkeypatch, SAME, arms=["none", "en", "native-fi"])
    assert found["hu"].kind == "can't tell" and "no arm" in found["hu"].sentence


def test_an_undecided_comparison_says_what_it_could_have_seen(tmp_path, monkeypatch) -> None:
    from eval import view

    study = fakes.study(seeds=[1, 2])
    fakes.plan(monkeypatch, study)
    fakes.write_all(tmp_path, study, dict.fromkeys(fakes.RATES, 0.6) | {"en": 0.61})
    results = collect(study, tmp_path)
    comparisons = compare_all(results)
    notes = [
        line.note for plot in view.plots(results, comparisons, "en") for section in plot.sections for line in section.lines if line.verdict == "can't tell"
    ]
    assert notes and all(note.startswith("sees ") and ("takes" in note or "out of reach" in note) for note in notes)

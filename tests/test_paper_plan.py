"""The paper study is too large for any test, but its plan must stand: what would be trained, without data, models or a hub."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.study import load, members, mix_of
from train.__main__ import app
from train.graph import plan

ROOT = Path(__file__).parent.parent


def test_a_dry_run_plans_what_is_not_built(tmp_path: Path) -> None:
    study = load(ROOT / "studies/paper.toml")
    runs = plan(study, tmp_path, unbuilt=True)
    intermediate = [run for run in runs if run.phase == "intermediate"]
    arms = Counter(run.tasks[0] for run in intermediate if run.seed == 1)
    # en, mt-fi and mt-hu; two native arms where there is a maker; no translated supertags.
    translated = dict.fromkeys(("anli", "qqp", "squad_v2", "cosmosqa", "commonsenseqa", "all-eight"), 3)
    assert arms == {**translated, "mnli": 5, "squad_v1": 5, "hellaswag": 5, "all-native": 5, "ccg": 1, "all-nine": 1, "all-nine-mlm": 1}
    # Each serves four targets, which also start from the base; three targets train jointly with SQuAD in five arms, and three longer alone.
    assert len(intermediate) == 5 * 41 and len(runs) == 5 * (41 + (41 + 1) * 4 + 5 * 3 + 3)
    assert all(set(run.guides) == ({"lr"} if run.seed > 1 else set()) for run in intermediate)
    assert len({run.key for run in runs}) == len(runs)
    assert list(tmp_path.iterdir()) == []


def test_a_real_run_refuses_what_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nli\.en: task 'nli' of arm 'en' is not built.*make data STUDY=studies/mini\.toml"):
        plan(load(ROOT / "studies/mini.toml"), tmp_path)


def test_the_nine_tasks_are_those_of_the_paper_with_their_sizes() -> None:
    """Sizes: Phang et al. 2020; CosmosQA and CCG are declared with the rows that their homes have (25,262 and CCGbank 02-21)."""
    study = load(ROOT / "studies/paper.toml")
    rows = {}
    for task in members(study, ("all-nine",)):
        found = [(corpora.load(name), split) for name, split in study.tasks[task].sources]
        rows[task] = sum((c.hub.rows[split] - c.hub.refused.get(split, 0)) if c.hub else c.splits[split].rows for c, split in found)
    assert rows == {"anli": 1_104_934, "mnli": 392_702, "qqp": 363_846, "squad_v1": 87_599, "squad_v2": 130_319, "hellaswag": 39_905,
                    "cosmosqa": 25_262, "commonsenseqa": 9_741, "ccg": 39_604}  # fmt: skip
    assert mix_of(study, ("all-nine-mlm",)).mlm is not None and mix_of(study, ("all-nine",)).cap == 2**17


def test_its_hours_are_estimated_without_data_model_or_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("FIHU_CACHE", str(tmp_path / "cache"))
    told = CliRunner().invoke(app, [str(ROOT / "studies/paper.toml"), "--dry-run", "--root", str(tmp_path)])
    assert told.exit_code == 0, told.output
    for part in (
        "1135 runs",
        "all-nine",
        "GPU-hours) =",
        "GFLOP a token / (989 TFLOP/s bf16 x 0.4) / 3600",
        "which is 0.19 of that",
        "were the rates known: 0.39)",
        "Nothing was written",
    ):
        assert part in told.output, part
    assert list(tmp_path.iterdir()) == []

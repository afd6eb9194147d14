"""The paper study is too large for any test, but its plan must stand: what would be trained, without data, models or a hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpora.config import ConfigError
from corpora.study import load
from train.graph import plan

ROOT = Path(__file__).parent.parent


def test_a_dry_run_plans_what_is_not_built(tmp_path: Path) -> None:
    study = load(ROOT / "studies/paper.toml")
    runs = plan(study, tmp_path, unbuilt=True)
    intermediate = [run for run in runs if run.phase == "intermediate"]
    # 5 seeds x 2 groups x 5 arms; each with 4 targets, which also start from the base.
    assert len(intermediate) == 5 * 2 * 5 and len(runs) == len(intermediate) + 5 * (2 * 5 + 1) * 4
    assert len({run.key for run in runs}) == len(runs)
    assert list(tmp_path.iterdir()) == []


def test_a_real_run_refuses_what_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nli\.en: task 'nli' of arm 'en' is not built.*make data STUDY=studies/mini\.toml"):
        plan(load(ROOT / "studies/mini.toml"), tmp_path)

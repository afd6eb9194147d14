"""The doctor says what is here and what a study lacks, and touches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpora import doctor

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path / "no corpora"))
    monkeypatch.setenv("STANZA_RESOURCES_DIR", str(tmp_path / "no packs"))
    monkeypatch.setenv("FIHU_CACHE", str(tmp_path / "cache"))


def run(study: str, root: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(doctor.app, [str(ROOT / "studies" / study), "--root", str(root), *more])
    return done.exit_code, done.output


def test_the_mini_study_needs_nothing(tmp_path) -> None:
    code, output = run("mini.toml", tmp_path)
    assert code == 0 and "everything it needs is here" in output and "fihu-stilts: " in output and "✗" not in output
    assert list(tmp_path.iterdir()) == []


def test_what_the_paper_study_lacks_is_named_with_the_way_out(tmp_path) -> None:
    code, output = run("paper.toml", tmp_path)
    assert code == 1
    for words in ("no commit is pinned", "python -m corpora pin", "fi/law", "stanza.download('fi')", "comes from the Hub at its first use", "marked ✗"):
        assert words in output, words


def test_a_model_that_is_not_named_or_not_there(tmp_path) -> None:
    code, output = run("mini.toml", tmp_path, "--set", 'translation.models = { fi = "./nowhere", hu = "mini/models/mt/hu" }')
    assert code == 1 and "translation en→fi: no folder" in output


def test_a_token_is_never_shown(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secretofthistest")
    _, output = run("mini.toml", tmp_path)
    assert "Hub token: in place" in output and "hf_secret" not in output


def test_a_misspelt_study_is_one_line(tmp_path) -> None:
    code, output = run("nothing.toml", tmp_path)
    assert code == 2 and "no such file" in output

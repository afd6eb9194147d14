"""CCGbank from a local copy in both forms; without it, and unsealed, the error says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpora import corpus as corpora
from corpora.config import ConfigError
from corpora.readers import read_records
from corpora.readers.ccg import ccgbank

AUTO = r"""ID=wsj_0001.1 PARSER=GOLD NUMPARSE=1
(<T S[dcl] 0 2> (<L NP NNP NNP Matti N>) (<T S[dcl]\NP 0 2> (<L (S[dcl]\NP)/NP VBD VBD saw (S[dcl]\NP_1)/NP_2>) (<L NP NN NN -LRB- N>) ) )
"""


def test_both_forms_give_tokens_and_categories(tmp_path: Path) -> None:
    (tmp_path / "a.auto").write_text(AUTO, "utf-8")
    (tmp_path / "a.stagged").write_text("Matti|NNP|NP saw|VBD|(S[dcl]\\NP)/NP a|b|CC|conj\n\nyes|N\n", "utf-8")
    ((_, auto),) = ccgbank(tmp_path / "a.auto")
    assert auto == {"id": "wsj_0001.1", "tokens": ["Matti", "saw", "("], "tags": ["NP", r"(S[dcl]\NP)/NP", "NP"]}
    rows = [row for _, row in ccgbank(tmp_path / "a.stagged")]
    assert rows[0]["tokens"] == ["Matti", "saw", "a|b"] and rows[0]["tags"][2] == "conj" and rows[1]["tags"] == ["N"]


def test_a_line_of_neither_form_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("Matti asuu\n", "utf-8")
    with pytest.raises(ConfigError, match=r"a:1: found 'Matti'; write WORD\|POS\|CATEGORY"):
        list(ccgbank(tmp_path / "a"))


def test_without_a_copy_and_before_it_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORPORA_DIR", str(tmp_path))
    corpus = corpora.load("en/ccg")
    with pytest.raises(ConfigError, match=r"english/ccgbank/train\.auto is neither in .* Get it from https://catalog\.ldc\.upenn\.edu/LDC2005T13"):
        read_records(corpus, "train")
    (tmp_path / "english/ccgbank").mkdir(parents=True)
    (tmp_path / "english/ccgbank/train.auto").write_text(AUTO, "utf-8")
    with pytest.raises(ConfigError, match=r"its sum is not declared.*python -m corpora seal en/ccg"):
        read_records(corpus, "train")

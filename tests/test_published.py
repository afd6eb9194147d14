"""Published numbers stand beside ours only where they measure the same thing."""

from __future__ import annotations

import dataclasses

import pytest

from corpora.config import ConfigError
from corpora.study import Target
from eval.published import FILE, Anchor, anchors, why_not

UDPOS = Target(metric="udpos", english="xtreme/udpos-en", test={"fi": "xtreme/udpos-fi"}, labels=("X",))
ANCHOR = next(one for one in anchors() if (one.system, one.target) == ("XLM-R Large", "udpos"))


def test_the_file_names_source_and_grade_of_each_and_none_twice() -> None:
    found = anchors()
    assert len({(one.system, one.target, one.metric) for one in found}) == len(found) >= 14
    assert all(len(one.source) > 10 for one in found)


def test_the_same_measure_is_comparable() -> None:
    assert why_not(ANCHOR, UDPOS, "fi", 4422) == ""


@pytest.mark.parametrize(
    ("change", "rows", "words"),
    [
        ({"test": {"fi": "mini/udpos-fi"}}, 4422, "other test data: xtreme/udpos-fi there, mini/udpos-fi here"),
        ({}, 400, "other test rows: 4,422 there, 400 here"),
        ({}, 0, "nothing of ours is scored"),
    ],
)
def test_other_data_is_not(change, rows, words) -> None:
    assert why_not(ANCHOR, dataclasses.replace(UDPOS, **change), "fi", rows) == words


def test_another_selection_is_not() -> None:
    assert "another selection" in why_not(dataclasses.replace(ANCHOR, selection="last checkpoint"), UDPOS, "fi", 4422)


def test_retrieval_must_agree_in_layer_pooling_and_harness() -> None:
    papers = next(one for one in anchors() if one.target == "tatoeba" and one.grade == "read" and "layer" in one.also and "harness" not in one.also)
    xtreme = next(one for one in anchors() if one.target == "tatoeba" and one.also.get("harness") == "XTREME")
    target = Target(metric="tatoeba", test={"fi": "xtreme/tatoeba-fi"}, layer=14)
    assert why_not(papers, target, "fi", 1000) == ""
    assert why_not(papers, dataclasses.replace(target, layer=-1), "fi", 1000) == "layer 14 there, -1 here"
    assert "another harness (XTREME)" in why_not(xtreme, target, "fi", 1000)


def test_a_broken_entry_names_file_and_rule(tmp_path) -> None:
    text = FILE.read_text("utf-8").replace("values = { fi = 85.8", "values = { fi = 185.8", 1)
    (tmp_path / "p.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"p\.toml.*scores are 0 to 100"):
        anchors(tmp_path / "p.toml")
    with pytest.raises(ValueError, match="same languages"):
        Anchor(system="a", target="udpos", metric="f1", values={"fi": 1.0}, corpus={}, n={}, selection="", source="", grade="read")

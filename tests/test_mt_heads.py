"""Which words the attention heads of a translation model are tried on."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_mt

from build_data.mt_heads import linked, probes, rank
from corpora.config import ConfigError


def test_links_are_believed_where_both_directions_found_them_and_nothing_else_contends() -> None:
    # word 1 of the source is linked twice, so neither link says where it points; 2-3 was only added by one direction
    assert linked("0-0! 1-1! 1-2! 2-3 3-4!") == [(0, 0), (3, 4)]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ("1-0! 2-2!", [(1, 0), (2, 2)]),  # links
        ("", [(1, 0)]),  # none: names and numbers
        ("CC BY 4.0", [(1, 0)]),  # a third column of another kind
    ],
)
def test_a_third_column_of_links_replaces_the_copies(marks: str, expected: list[tuple[int, int]]) -> None:
    assert probes("Then Tampere slept well", "Tampere nukkui hyvin", marks) == expected


def test_long_sentences_are_passed_over() -> None:
    assert probes("word " * 31, "sana " * 31, "0-0!") == []


def test_heads_are_ranked_by_links(tmp_path: Path) -> None:
    model = tiny_mt.transformers_folder(tmp_path / "model")
    probe = tmp_path / "probe.tsv"
    probe.write_text("Who took care of the lamp?\tKuka huolehti lampusta?\t0-0! 1-1! 5-2!\n", encoding="utf-8")
    order, shares = rank(model, probe)
    assert sorted(order) == [0, 1] and shares["heads"] in (1, 2)
    assert shares["right"] >= max(shares["single"])
    probe.write_text("who took care of it?\tkuka huolehti siitä?\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="word links"):
        rank(model, probe)

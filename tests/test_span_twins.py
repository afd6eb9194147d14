"""Gold for answer projection: sentence pairing, and answers by place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.twins import join, pair, twin_of
from build_data.answers import Found
from corpora.records import Span

pytest.importorskip("spacy")


@given(st.lists(st.integers(1, 300), max_size=8), st.lists(st.integers(1, 300), max_size=8))
def test_beads_hold_every_sentence_once_and_in_order(left: list[int], right: list[int]) -> None:
    beads = pair(left, right)
    assert not beads or (sum(a for a, _ in beads), sum(b for _, b in beads)) == (len(left), len(right))


@pytest.mark.parametrize(("left", "right", "expected"), [
    ([50, 100], [52, 49, 50], [(1, 1), (1, 2)]),
    ([20, 30, 80], [55, 85], [(2, 1), (1, 1)]),
    ([10, 10], [10, 10], [(1, 1), (1, 1)]),
])  # fmt: skip
def test_lengths_say_which_sentences_belong_together(left: list[int], right: list[int], expected: list[tuple[int, int]]) -> None:
    assert pair(left, right) == expected


def test_a_span_is_right_by_its_place() -> None:
    english = Span(id="a", context="Anna came. Then she slept; Anna was tired.", question="Who?", answers=(("Anna", 27),))
    finnish = Span(id="b", context="Anna tuli. Sitten hän nukkui. Anna oli väsynyt.", question="Kuka?", answers=(("Anna", 30),))
    joined = join(english.context, finnish.context, ("en", "fi"))
    assert joined is not None
    twin = twin_of(english, finnish, *joined)
    place = joined[0].target.rindex("Anna")
    assert twin.f1(Found("Anna", place, 1.0, ())) == 1.0 and twin.exact(Found("Anna", place, 1.0, ()))
    assert twin.f1(Found("Anna", 0, 1.0, ())) == 0.0  # the same letters elsewhere are not the answer
    assert twin.f1(Found("Anna oli", place, 1.0, ())) == pytest.approx(2 / 3)

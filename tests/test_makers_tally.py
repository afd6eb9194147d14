"""Marks of sentences: one without a mark is not what the longer look would find, so that leaving it out changes no row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from build_data.makers import cohesion, common
from build_data.makers.cohesion import WORD
from build_data.makers.spelling import _thrice
from build_data.makers.tally import GLUED, SLOPPY, TORN, WORDED, Tally

PIECES = ["Hän", "sanoi", "että", "hogy", "mä", "sairaala", "n", "sairaalan", "mo", "st", "most", "PDF", "PDF", "Pdf", "5", "123", "a1b", "a1b", "1-2", "1-2", "ró", "l", "ról", "Alaskan", "alaskan",
          "Kunto-", ":D", "–", "talo", "talo", "talo,", "aaah", "on."]  # fmt: skip


@given(st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9), min_size=1, max_size=8), st.sampled_from(["fi", "hu"]))
def test_a_sentence_without_a_mark_has_no_fault_that_the_mark_stands_for(lines: list[list[str]], language: str) -> None:
    texts = [" ".join(pieces) + "." for pieces in lines]
    words = [WORD.findall(text) for text in texts]
    tally = Tally(texts, words, language)
    for text, own, mark in zip(texts, words, tally.marks(), strict=True):
        assert mark & SLOPPY or not tally.known.sloppy(text, own)
        assert mark & TORN or not tally.known.torn(text, own)
        if own:
            assert mark & GLUED or not tally.known.glued(own, web=True)
        assert cohesion._odd(text, mark) == cohesion._odd(text)
        assert common.whole_sentence(text, 1, 35, worded=mark & WORDED > 0) == common.whole_sentence(text, 1, 35)


def test_repeated_letters_are_found_in_all_words_at_once() -> None:
    assert _thrice([]) == [] and _thrice(["aaah", "talo", "jee", "eräs", "huhhhh"]) == ["aaah", "huhhhh"]

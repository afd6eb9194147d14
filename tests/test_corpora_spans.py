"""Span arithmetic under Unicode normalisation: an answer stays at its place or is refused, whatever the text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.readers.rows import answer_at
from corpora.records import RecordError, nfc

# letters with their marks apart, Hangul jamo, compatibility and astral characters: everything that changes length under NFC
CONTEXT = st.lists(
    st.sampled_from([*"aeouAOÖäåőű .", "\u0308", "\u030b", "\u0301", "\u0323", "\u1112", "\u1161", "\u11ab", "\u212b", "\U0001d15e", "🙂"]),
    min_size=1,
    max_size=30,
).map("".join)


@given(CONTEXT, st.data())
def test_an_answer_stays_at_its_place_or_is_refused(context: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    try:
        answer, at = answer_at(context, context[start:end], start)
    except RecordError as err:
        # refused only where a border of the answer is inside a character once the text is composed
        cut = [nfc(context[:i]) + nfc(context[i:]) != nfc(context) for i in (start, end)]
        assert any(cut) and "cuts a character" in str(err)
        return
    assert nfc(context)[at : at + len(answer)] == answer == nfc(context[start:end])


@given(CONTEXT, st.data())
def test_a_decomposed_file_reads_as_the_composed_one(context: str, data: st.DataObject) -> None:
    composed = nfc(context)
    start = data.draw(st.integers(0, len(composed) - 1))
    end = data.draw(st.integers(start + 1, len(composed)))
    if unicodedata.combining(composed[start]) or (end < len(composed) and unicodedata.combining(composed[end])):
        return  # a border before a mark that stays apart: not a place where people cut
    before, answer = unicodedata.normalize("NFD", composed[:start]), unicodedata.normalize("NFD", composed[start:end])
    if nfc(before) + nfc(answer) + nfc(composed[end:]) != composed:
        return  # jamo that would compose across the border
    decomposed = before + answer + unicodedata.normalize("NFD", composed[end:])
    assert answer_at(decomposed, answer, len(before)) == (composed[start:end], start)


@given(CONTEXT, CONTEXT, st.integers(-5, 40))
def test_a_wrong_answer_is_never_kept(context: str, answer: str, start: int) -> None:
    try:
        found, at = answer_at(context, answer, start)
    except RecordError:
        return
    assert nfc(context)[at : at + len(found)] == found == nfc(answer)


def test_the_answer_may_be_composed_where_the_context_is_not() -> None:
    with pytest.raises(RecordError, match="is not at offset 0"):
        answer_at("Ha\u0308n asuu", "Hän", 0)  # its length counts in another form: the file contradicts itself

"""Records check themselves; Parquet gives back what it was given."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.records import Choice, Pair, Record, RecordError, Span, Tags, Text, check_labels, from_row, nfc, to_row
from corpora.shards import read_key, read_records, write_records

words = (
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\ufffd", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
    .map(nfc)
    .filter(lambda t: t.strip() != "")
)


@given(before=words, answer=words, after=words)
def test_a_span_holds_its_answer_at_its_offset(before: str, answer: str, after: str) -> None:
    context = nfc(f"{before} {answer} {after}")
    start = len(before) + 1
    if context[start : start + len(answer)] != answer:
        return  # joining may compose characters; then the offset is another one, which is what the check is for
    row = Span(id="a", context=context, question="mikä?", answers=((answer, start),))
    assert from_row("span", to_row(row)) == row
    with pytest.raises(RecordError, match="is not at offset"):
        Span(id="a", context=context, question="mikä?", answers=((answer + "x" * len(context), start),))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Pair(id="a", premise=" ", hypothesis="b", label="c"), "premise is empty"),
        (lambda: Pair(id="a", premise="a", hypothesis="b", label=""), "no label"),
        (lambda: Pair(id="", premise="a", hypothesis="b", label="c"), "without an id"),
        (lambda: Text(id="a", text="a\u0308iti"), "not in Unicode form NFC"),
        (lambda: Text(id="a", text="p\ufffdiv\ufffd"), "U\\+FFFD"),
        (lambda: Tags(id="a", tokens=("a", "b"), tags=("X",)), "2 tokens but 1 tags"),
        (lambda: Tags(id="a", tokens=(), tags=()), "no tokens"),
        (lambda: Choice(id="a", context="a", endings=("b", "c"), label=2), "label 2 names none"),
        (lambda: Span(id="a", context="Turussa", question="Missä?", answers=(("Turku", -1),)), "not at offset -1"),
    ],
)
def test_a_wrong_row_cannot_be_made(make: object, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        make()  # type: ignore[operator]


ROWS: list[Record] = [
    Pair(id="1", premise="Sataa.", hypothesis="On märkää.", label="entailment", scores={"words": 2.0}, document="d", source_id="en:1"),
    Span(id="2", context="Aino asuu Turussa.", question="Missä Aino asuu?", answers=(("Turussa", 10),)),
    Span(id="3", context="Aino asuu Turussa.", question="Miksi?", answers=()),
    Choice(id="4", context="Hän nousi", endings=("ylös.", "alas."), label=0),
    Tags(id="5", tokens=("Aino", "asuu"), tags=("PROPN", "VERB")),
    Text(id="6", text="Pelkkää tekstiä."),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.kind}-{r.id}")
def test_parquet_gives_back_the_row(tmp_path: Path, row: Record) -> None:
    path = tmp_path / "train-00000.parquet"
    write_records(path, [row], row.kind, sorted(row.scores), key="k1")
    assert read_records([path], row.kind) == [row]
    assert read_key(path) == "k1"
    first = path.read_bytes()
    write_records(path, [row], row.kind, sorted(row.scores), key="k1")
    assert path.read_bytes() == first


def test_a_label_outside_the_declared_set_is_named() -> None:
    with pytest.raises(RecordError, match="row 1 has label 'entailment'; declared: follows, precedes"):
        check_labels(ROWS[:1], ["precedes", "follows"], "nli.native-fi")

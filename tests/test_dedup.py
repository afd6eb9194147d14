"""build_data/dedup.py and build_data/split.py: what counts as the same row, and that no text is on both sides of a split."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data.dedup import dedup_step, equal_step
from build_data.near import Near, jaccard, normal
from build_data.split import StraddleError, check_apart, held_out, split
from build_data.steps import run
from corpora.records import Pair, Record, Span, Text

WORDS = [
    "joki",
    "virtaa",
    "hitaasti",
    "kohti",
    "merta",
    "ja",
    "sen",
    "rannalla",
    "kasvaa",
    "vanha",
    "koivu",
    "jonka",
    "alla",
    "lapset",
    "leikkivat",
    "koko",
    "kesan",
]


def pair(id: str, premise: str, hypothesis: str, label: str = "entailment", document: str = "") -> Pair:
    return Pair(id=id, premise=premise, hypothesis=hypothesis, label=label, document=document)


def question(id: str, text: str, answer: str, context: str) -> Span:
    return Span(id=id, context=context, question=text, answers=((answer, context.index(answer)),), document="d")


def reasons(rows: list[Record]) -> dict[str, str]:
    """Return for each group of rows with one name before the dash whether all but one went, and why."""
    _, dropped, _ = run(dedup_step(), rows)
    return {d.record.id: d.reason for d in dropped}


def test_equal_but_for_case_and_signs() -> None:
    rows: list[Record] = [
        pair("1", "Kissa nukkuu.", "Eläin lepää."),
        pair("2", "KISSA nukkuu!", "Eläin  lepää"),
        pair("3", "Eläin lepää.", "Kissa nukkuu."),  # the other way round is another row
        pair("4", "!!!", "???"),
        pair("5", "...", "???"),  # signs alone are equal only to themselves
    ]
    kept, dropped, _ = run(dedup_step(), rows)
    assert len(kept) == 4 and {d.record.id for d in dropped} < {"1", "2"} and dropped[0].reason == "duplicate"


def test_equal_texts_with_another_label_are_a_conflict() -> None:
    rows: list[Record] = [pair("1", "Kissa nukkuu.", "Eläin lepää."), pair("2", "Kissa nukkuu.", "Eläin lepää!", "contradiction")]
    assert list(reasons(rows).values()) == ["duplicate_conflict"]


LONG = "Joki virtaa hitaasti kohti merta, ja sen rannalla kasvaa vanha koivu, jonka alla lapset leikkivät koko kesän."


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([pair("1", LONG, "Lapset leikkivät puun alla."), pair("2", LONG + " Niin.", "Lapset leikkivät puun alla!")], "near_duplicate"),
        ([pair("1", LONG, "Lapset leikkivät puun alla."), pair("2", LONG + " Niin.", "Lapset leikkivät puun alla!", "neutral")], None),  # another label
        ([pair("1", LONG, "Lapset leikkivät puun alla."), pair("2", LONG, "Koivu on nuori.")], None),  # the premise alone is the same
        ([question("1", "Missä kohdassa jokea se vanha koivu kasvaa?", "rannalla", LONG), question("2", "Missä kohdassa jokea tuo vanha koivu kasvaa?", "rannalla", LONG)], "near_duplicate"),
        ([question("1", "Ketkä leikkivät koko kesän?", "lapset", LONG), question("2", "Ketkä leikkivät vain kesän?", "vanha koivu", LONG)], None),
    ],
)  # fmt: skip
def test_near_rows(rows: list[Record], reason: str | None) -> None:
    assert list(reasons(rows).values()) == ([reason] if reason else [])


def test_rows_that_only_translation_made_equal_are_dropped_without_near_ones() -> None:
    rows: list[Record] = [pair("1", LONG, "Lapset leikkivät."), pair("2", LONG, "Lapset leikkivät!"), pair("3", LONG + " Niin.", "Lapset leikkivät.")]
    kept, dropped, _ = run(equal_step(), rows)
    assert len(kept) == 2 and dropped[0].reason == "duplicate"


@st.composite
def texts(draw: st.DrawFn) -> list[str]:
    """Sentences, some of them with a word or two changed from another."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    base = [" ".join(rng.choices(WORDS, k=rng.randint(2, 14))) for _ in range(12)]
    changed = [" ".join(w if rng.random() > 0.1 else "uusi" for w in text.split()) for text in rng.choices(base, k=12)]
    return base + changed


@settings(max_examples=40, deadline=None)
@given(texts(), st.randoms())
def test_the_verdict_is_the_same_for_any_order_and_true_to_jaccard(sentences: list[str], rng: random.Random) -> None:
    rows: list[Record] = [Text(id=str(i), text=text) for i, text in enumerate(sentences)]
    kept, dropped, ledger = run(dedup_step(), rows)
    shuffled = rng.sample(rows, len(rows))
    again, _, _ = run(dedup_step(), shuffled)
    assert {r.id for r in kept} == {r.id for r in again}
    assert len(kept) + ledger.excluded.total() == len(rows)
    alike = {r.id: max(jaccard(normal(k.texts()[0]), normal(r.texts()[0])) for k in kept) for r in rows}
    assert all(alike[d.record.id] >= 0.7 for d in dropped)  # no accident of hashing drops a row
    for i, a in enumerate(kept):
        assert all(jaccard(normal(a.texts()[0]), normal(b.texts()[0])) < 0.7 for b in kept[i + 1 :])  # and none of 24 short texts was missed
    assert run(dedup_step(), kept)[0] == kept


def test_near_texts_are_found_with_their_true_similarity() -> None:
    index = Near()
    for text in ("yksi kaksi kolme neljä viisi kuusi", "aivan muuta tekstiä on tässä näin", "yksi kaksi kolme neljä viisi kuusi seitsemän"):
        index.add((text,))
    found = dict(index.find(("yksi kaksi kolme neljä viisi kuusi",)))
    assert found == {0: 1.0, 2: pytest.approx(29 / 39)}


def sided(n: int, share: float) -> tuple[list[str], list[str]]:
    """Return names of documents whose hash puts them in train, and in validation."""
    names = [f"doc{i}" for i in range(n)]
    sides = {name: held_out(pair("x", "a", "b", document=name), share) for name in names}
    return [n for n in names if not sides[n]], [n for n in names if sides[n]]


def test_no_text_straddles_the_split_exactly_or_nearly() -> None:
    train_docs, other_docs = sided(60, 0.5)
    rows: list[Record] = [
        pair(f"t{i}", f"Oma teksti numero {i} puhuu aiheesta {i * 7}.", f"Väite {i} on tosi.", document=d) for i, d in enumerate(train_docs[:8])
    ]
    rows.append(pair("t-long", LONG, "Puu on vanha.", document=train_docs[9]))
    rows += [
        pair("equal", LONG.upper(), "Eri väite.", document=other_docs[0]),
        pair("near", LONG.replace("vanha", "nuori"), "Kolmas väite.", document=other_docs[1]),
        pair("hypothesis", "Toinen teksti.", "väite 3 on TOSI", document=other_docs[2]),
        pair("fine", "Toinen teksti taas.", "Aivan omansa.", document=other_docs[3]),
    ]
    train, held, dropped = split(rows, 50, 50)
    assert [r.id for r in held] == ["fine"] and len(train) == 9  # train, which matched arms share, loses nothing
    assert {d.record.id: (d.stage, d.reason) for d in dropped} == dict.fromkeys(("equal", "near", "hypothesis"), ("split", "straddle"))
    assert {d.record.id: d.value for d in dropped}["equal"] == 1.0


@pytest.mark.parametrize(
    "row", [pair("2", "Muu teksti.", "Muu väite.", document="d"), pair("2", "yksi teksti", "Muu väite.", document="e")], ids=["document", "text"]
)
def test_finish_refuses_a_text_or_document_on_both_sides(row: Pair) -> None:
    with pytest.raises(StraddleError, match="in train and in validation"):
        check_apart([pair("1", "Yksi teksti!", "Yksi väite.", document="d")], [row])


def test_matched_arms_take_the_same_sides_and_ranks() -> None:
    english: list[Record] = [pair(f"r{i}", f"Text {i} tells of thing {i * 3}.", f"Claim {i} holds.", document=f"p{i // 3}") for i in range(90)]
    finnish: list[Record] = [
        Pair(id=f"{r.id}.mt-fi", source_id=r.id, premise=f"Teksti {i} kertoo asiasta {i * 3}.", hypothesis=f"Väite {i} pätee.", label="entailment", document=r.document)
        for i, r in enumerate(english)
    ]  # fmt: skip
    for a, b in zip(split(english, 10, 40)[:2], split(finnish, 10, 40)[:2], strict=True):
        assert [r.id for r in a] == [r.source_id for r in b]

"""Artefacts of translation: word overlap and the label in the hypothesis alone, on rows whose answer is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data import hypothesis_only, mt_artefacts
from build_data.mt_artefacts import artefacts, overlap
from corpora.records import Pair, Span, Text


@pytest.mark.parametrize(
    ("inside", "text", "letters", "expected"),
    [
        ("Tom left his umbrella.", "Tom left.", 0, 1.0),
        ("Tom left his umbrella.", "TOM forgot his hat", 0, 0.5),  # types, case folded, without punctuation
        ("Tom Tom Tom", "Tom Tom goes", 0, 0.5),
        ("Kissa istuu talossa.", "Talon kissa", 0, 0.5),
        ("Kissa istuu talossa.", "Talon kissa", 4, 1.0),  # talo|ssa and talo|n
        ("A ház", "😀 !", 0, 0.0),
    ],
)
def test_overlap(inside: str, text: str, letters: int, expected: float) -> None:
    assert overlap(inside, text, letters) == expected


@given(st.text(), st.text(), st.integers(0, 6))
def test_overlap_is_a_share(inside: str, text: str, letters: int) -> None:
    assert 0.0 <= overlap(inside, text, letters) <= 1.0
    assert overlap(text, text, letters) in (0.0, 1.0)


GIVEAWAY = {"entailment": "someone is outside", "neutral": "a tall man waits", "contradiction": "nobody is sleeping"}


def rows(count: int = 300) -> tuple[list[Pair], dict[str, Pair]]:
    """English rows whose hypothesis tells the label, and translations whose hypothesis is the same noise for every label."""
    chance = random.Random(3)
    english, translated = [], []
    for i in range(count):
        label = sorted(GIVEAWAY)[i % 3]
        text = f"{GIVEAWAY[label]} {chance.choice('abcdefgh')}{chance.choice('klmnop')}"
        english.append(Pair(id=f"e{i}", premise=f"The man number {i // 3} is outside.", hypothesis=text, label=label))
        noise = " ".join(chance.choice(("mies", "talo", "ulkona", "odottaa")) for _ in range(4))
        translated.append(Pair(id=f"e{i}.mt-fi", source_id=f"e{i}", premise=f"Mies numero {i // 3}.", hypothesis=noise, label=label))
    return translated, {row.id: row for row in english}


def test_what_the_hypothesis_gives_away_before_and_after() -> None:
    translated, english = rows()
    found = artefacts(translated, english)
    assert found is not None and (found["rows"], found["of"]) == (300, 300)
    only = found["hypothesis_only"]
    assert only["english"]["accuracy"] == 1.0 and only["translated"]["accuracy"] < 0.5 and only["majority"] == pytest.approx(1 / 3, abs=1e-4)
    assert only["english"]["low"] > 0.98 and only["translated"]["low"] < only["translated"]["accuracy"] < only["translated"]["high"]
    assert only["change"] == pytest.approx(only["translated"]["accuracy"] - 1.0, abs=1e-4)
    assert only["change_low"] < only["change"] < only["change_high"] < -0.4
    words = found["overlap"]["words"]
    assert words["change"] == pytest.approx(words["translated"] - words["english"], abs=1e-3) and words["translated"] < words["english"]
    assert artefacts(translated[::-1], english) == found  # the order of rows decides nothing


def test_no_hypothesis_of_a_premise_trains_the_guess_of_another() -> None:
    """Each premise has a word of its own and one label: only a leak across folds could guess above chance."""
    chance = random.Random(5)
    labels = [chance.choice(("yes", "no")) for _ in range(100)]
    english = [
        Pair(id=f"{i}-{k}", premise=f"p{i}", hypothesis=f"only{chr(97 + i // 10)}{chr(97 + i % 10)} here", label=labels[i])
        for i in range(100)
        for k in range(3)
    ]
    found = artefacts(
        [Pair(id=f"{r.id}.mt-hu", source_id=r.id, premise=r.premise, hypothesis=r.hypothesis, label=r.label) for r in english], {r.id: r for r in english}
    )
    assert found is not None and found["hypothesis_only"]["english"]["accuracy"] < 0.62
    assert found["hypothesis_only"]["change"] == 0.0 and found["overlap"]["words"]["change"] == 0.0


def test_rows_are_capped_by_hash_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mt_artefacts, "ROWS", 100)
    translated, english = rows()
    found = artefacts(translated, english)
    assert found is not None and (found["rows"], found["of"], found["hypothesis_only"]["rows"]) == (100, 300, 100)


@pytest.mark.parametrize(("texts", "why"), [(["a b"] * 20, "needs 50 rows"), (["😀"] * 60, "no two rows share a word")])
def test_what_cannot_be_measured_says_why(texts: list[str], why: str) -> None:
    labels = ["x", "y"] * (len(texts) // 2)
    found = hypothesis_only.measure(texts, texts, labels, [i % 5 for i in range(len(texts))])
    assert why in found["why"] and found["rows"] == len(texts)


def test_questions_have_overlap_only_and_plain_text_has_nothing() -> None:
    english = Span(id="q", context="Tom lives here.", question="Who lives here?", answers=(("Tom", 0),))
    row = Span(id="q.mt-fi", source_id="q", context="Tom asuu täällä.", question="Kuka asuu siellä?", answers=(("Tom", 0),))
    found = artefacts([row], {"q": english})
    assert found == {
        "rows": 1, "of": 1,
        "overlap": {"words": {"english": 0.6667, "translated": 0.3333, "change": -0.3333}, "stems": {"english": 0.6667, "translated": 0.3333, "change": -0.3333}},
    }  # fmt: skip
    assert artefacts([Text(id="t", text="Yksi.")], {}) is None
    single = Pair(id="s.mt-fi", source_id="s", premise="Yksi.", hypothesis="", label="x")
    assert artefacts([single], {"s": single}) is None


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share(counts: tuple[int, int]) -> None:
    right, rows = counts
    low, high = hypothesis_only.wilson(right, rows)
    assert 0.0 <= low <= right / rows + 1e-9 and right / rows - 1e-9 <= high <= 1.0

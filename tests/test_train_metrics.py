"""Metrics worked by hand; seeded random cases beside seqeval, scikit-learn and SQuAD are in test_golden_metrics.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.answers import squad, token_f1
from train.metrics import METRICS, chunks, score

UPOS = ["ADJ", "ADP", "AUX", "CCONJ", "INTJ", "NOUN", "PROPN", "PUNCT", "SCONJ", "SYM", "VERB", "X"]
BIO = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]


@pytest.mark.parametrize(("tags", "expected"), [
    ("NOUN NOUN VERB", {("NOUN", 0, 1), ("VERB", 2, 2)}),  # equal neighbours merge
    ("SCONJ SCONJ VERB", {("SCONJ", 0, 0), ("SCONJ", 1, 1), ("VERB", 2, 2)}),  # tags in S never merge
    ("CCONJ CCONJ", {("CCONJ", 0, 1)}),  # ... but CCONJ does
    ("SYM SCONJ", {("SYM", 0, 0), ("SCONJ", 1, 1)}),
    ("INTJ INTJ", {("INTJ", 0, 1)}),  # a prefix I, as in I-PER
    ("VERB X", {("VERB", 0, 0), ("X", 1, 1)}),  # a chunk that ends with the sentence
    ("X X", {("X", 0, 1)}),
    ("B-PER I-PER O B-LOC", {("PER", 0, 1), ("LOC", 3, 3)}),
    ("B-PER B-PER", {("PER", 0, 0), ("PER", 1, 1)}),
    ("I-PER I-LOC", {("PER", 0, 0), ("LOC", 1, 1)}),  # an entity may begin with I-
    ("B-PER I-LOC", {("PER", 0, 0), ("LOC", 1, 1)}),
    ("O O", set()),
])  # fmt: skip
def test_chunks(tags, expected):
    assert chunks(tags.split()) == expected


def test_udpos_f1_is_not_token_accuracy():
    gold, predicted = [["NOUN", "NOUN", "VERB", "X"]], [["NOUN", "VERB", "VERB", "X"]]
    found = score("udpos", gold, predicted)  # gold chunks NOUN 0-1, VERB 2-2, X 3-3; predicted NOUN 0-0, VERB 1-2, X 3-3: one of three
    assert found["f1"] == pytest.approx(100 / 3) and found["accuracy"] == 75.0


def test_panx_by_hand():
    gold = [["B-PER", "I-PER", "O"], ["B-LOC", "O", "B-ORG"]]
    predicted = [["B-PER", "O", "O"], ["B-LOC", "O", "B-LOC"]]
    assert score("panx", gold, predicted) == pytest.approx({"f1": 100 / 3, "precision": 100 / 3, "recall": 100 / 3, "accuracy": 100 * 4 / 6})


@given(st.lists(st.lists(st.sampled_from(UPOS), min_size=1, max_size=9), min_size=1, max_size=5))
def test_chunks_of_upos_are_runs_except_s(sentences):
    for tags in sentences:
        runs = sum(1 for i, tag in enumerate(tags) if i == 0 or tag != tags[i - 1] or tag[0] == "S")
        assert len(chunks(tags)) == runs
    assert score("udpos", sentences, sentences)["f1"] == 100.0


@given(st.lists(st.tuples(st.sampled_from(BIO), st.sampled_from(BIO)), min_size=1, max_size=30), st.integers(1, 29))
def test_components_add_up(tags, cut):
    gold, predicted = [g for g, _ in tags], [p for _, p in tags]
    parts = [some for some in (tags[:cut], tags[cut:]) if some]
    metric = METRICS["panx"]
    components = [metric.component([g for g, _ in part], [p for _, p in part]) for part in parts]
    assert metric.total(components) == score("panx", [[g for g, _ in part] for part in parts], [[p for _, p in part] for part in parts])
    assert 0 <= score("panx", [gold], [predicted])["f1"] <= 100


@pytest.mark.parametrize(("text", "normal"), [
    ("The  Dog!", "dog"), ("a kutya, az", "kutya az"), ("”Kissa”", "”kissa”"), ("an-the", "anthe"), ("U.S.A.", "usa"), ("Äiti\n on", "äiti on"),
])  # fmt: skip
def test_normalise_answer(text, normal):
    assert squad(text) == normal


@pytest.mark.parametrize(("gold", "predicted", "f1"), [
    ("the old house", "old house", 1.0), ("vuonna 1879", "1879", 2 / 3), ("Matti", "Pekka", 0.0), ("", "", 0.0), ("", "x", 0.0), ("yes yes", "yes", 2 / 3),
])  # fmt: skip
def test_token_f1(gold, predicted, f1):
    assert token_f1(gold, predicted) == pytest.approx(f1)


def test_answers_take_the_best_gold():
    found = score("tydiqa", [["in 1879", "1879"], ["Matti Meikäläinen"], []], ["1879", "Matti", ""])
    assert found == pytest.approx({"exact_match": 200 / 3, "f1": 100 * (1 + 2 / 3 + 1) / 3, "score": (200 / 3 + 100 * (1 + 2 / 3 + 1) / 3) / 2})


def test_empty_sets_score_nothing():
    assert [METRICS[name].total([])[METRICS[name].headline] for name in METRICS] == [0.0] * len(METRICS)


def test_every_headline_is_a_score():
    assert all(rule.headline in rule.total([]) for rule in METRICS.values())


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="2 gold tags but 1 predicted"):
        score("udpos", [["X", "X"]], [["X"]])

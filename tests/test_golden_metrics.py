"""Golden tests: the chunk rule against what seqeval 0.0.12 printed, token accuracy and F1 per tag against scikit-learn, answers against the definitions."""

from __future__ import annotations

import json
import random
import re
import string
import unicodedata
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from golden import chunk_cases
from sklearn import metrics as sk

from corpora.study_parts import Metric
from train import answers
from train.metrics import METRICS, rule, score

STORED = json.loads((Path(__file__).parent / "golden" / "seqeval-0.0.12.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(chunk_cases.SETS))
def test_chunk_scores_are_those_of_seqeval_0_0_12(name) -> None:
    cases = chunk_cases.cases(name)
    assert len(cases) == len(STORED[name]) >= 1000
    for (gold, guess), (f1, precision, recall) in zip(cases, STORED[name], strict=True):
        found = score("panx" if name == "bio" else "udpos", gold, guess)
        assert (found["f1"], found["precision"], found["recall"]) == pytest.approx((f1, precision, recall), abs=1e-9)


def test_token_accuracy_is_scikit_learns() -> None:
    for gold, guess in chunk_cases.cases("upos"):
        flat = [[tag for sentence in side for tag in sentence] for side in (gold, guess)]
        assert score("udpos", gold, guess)["accuracy"] == pytest.approx(100 * sk.accuracy_score(*flat), abs=1e-9)


@pytest.mark.parametrize(("gold", "guess", "f1", "accuracy"), [
    ("NOUN SCONJ VERB", "NOUN CCONJ VERB", 200 / 3, 200 / 3),  # seqeval 1.2.2 says 100: it reads both as CONJ
    ("NOUN X", "NOUN VERB", 50.0, 50.0),  # seqeval 1.2.2 has no chunk for the X
    ("SCONJ SCONJ", "SCONJ SCONJ", 100.0, 100.0),
])  # fmt: skip
def test_the_traps_of_other_versions(gold, guess, f1, accuracy) -> None:
    found = score("udpos", [gold.split()], [guess.split()])
    assert (found["f1"], found["accuracy"]) == pytest.approx((f1, accuracy))


def squad_v1(text: str) -> list[str]:
    """SQuAD v1.1's normal form as tokens, step by step from its description."""
    text = text.lower()
    text = "".join(character for character in text if character not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def mlqa_v1(language: str, text: str) -> list[str]:
    text = "".join(c for c in text.lower() if c not in string.punctuation and unicodedata.category(c)[0] != "P")
    text = re.sub({"en": r"\b(a|an|the)\b", "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b"}.get(language, "(?!)"), " ", text)
    return (re.sub("([\u4e00-\u9fa5])", r" \1 ", text) if language == "zh" else text).split()


def overlap(gold: list[str], guess: list[str]) -> float:
    same = sum(min(count, Counter(guess)[token]) for token, count in Counter(gold).items())
    if same == 0:
        return 0.0
    precision, recall = same / len(guess), same / len(gold)
    return 2 * precision * recall / (precision + recall)


WORDS = [
    "the",
    "The",
    "a",
    "an",
    "a.",
    "AN",
    "talo",
    "talon",
    "ház",
    "az",
    "egy",
    "1879",
    "v. 1879",
    "”talo”",
    "–",
    "a–b",
    "it's",
    "x-y",
    "der",
    "Die",
    "ein",
    "中文",
    "字。",
    "É",
    "€5",
]


def answer_cases(count: int) -> list[tuple[list[str], str]]:
    draw = random.Random("answers")
    text = lambda low: " ".join(draw.choice(WORDS) for _ in range(draw.randint(low, 4)))  # noqa: E731
    return [([text(1) for _ in range(draw.randint(1, 3))], text(0)) for _ in range(count)]


def test_answers_are_compared_as_squad_1_1_defines_it() -> None:
    cases = answer_cases(1500)
    for golds, guess in cases:
        wanted = float(any(squad_v1(gold) == squad_v1(guess) for gold in golds)), max(overlap(squad_v1(gold), squad_v1(guess)) for gold in golds)
        assert answers.compare(golds, guess) == pytest.approx(wanted, abs=1e-12)
    assert score("tydiqa", *zip(*cases, strict=True)) == score("xquad", *zip(*cases, strict=True))


@pytest.mark.parametrize("language", ["en", "de", "hi", "zh"])
def test_answers_are_compared_as_mlqa_defines_it(language) -> None:
    how = rule("mlqa", language)
    for golds, guess in answer_cases(1000):
        wanted = [(mlqa_v1(language, gold), mlqa_v1(language, guess)) for gold in golds]
        assert how.component(golds, guess) == pytest.approx((float(any(g == p for g, p in wanted)), max(overlap(g, p) for g, p in wanted), 1.0), abs=1e-12)


@pytest.mark.parametrize(("language", "text", "normal"), [
    ("fi", "The „vanha” talo – A!", "the vanha talo a"),  # Finnish has no articles, and its quotes and dashes are punctuation
    ("hu", "Az „öreg” ház, egy", "öreg ház"),
    ("hu", "azt a házat", "azt házat"),
    ("en", "the old-time house", "oldtime house"),
])  # fmt: skip
def test_a_language_has_its_own_normal_form(language, text, normal) -> None:
    assert answers.own(language)(text) == normal


TAGS, ENTITIES = [["NOUN", "VERB", "X"], ["SCONJ", "NOUN", "VERB", "ADJ"]], [["B-PER", "I-PER", "O"], ["O", "B-LOC"]]
TEXTS, LABELS = [["1879"], ["Matti Meikäläinen"], ["Oulu"]], ["0", "1", "2", "3"]
GOLD = {
    "udpos": TAGS, "panx": ENTITIES, "ner": ENTITIES, "tydiqa": TEXTS, "xquad": TEXTS, "mlqa": TEXTS,
    "xnli": LABELS, "pawsx": LABELS, "accuracy": LABELS, "tatoeba": LABELS, "bucc2018": [True, True, False],
}  # fmt: skip


@pytest.mark.parametrize("metric", sorted(get_args(Metric)))  # every metric that a target can have
def test_a_perfect_prediction_has_100_and_a_shuffled_one_has_less(metric) -> None:
    gold = GOLD[metric]
    perfect = [one[0] for one in gold] if gold is TEXTS else gold
    within = gold in (TAGS, ENTITIES)  # tags are shuffled inside their sentence
    shuffled = [[*sentence[1:], sentence[0]] for sentence in gold] if within else [*perfect[1:], perfect[0]]
    headline = METRICS[metric].headline
    assert score(metric, gold, perfect)[headline] == 100.0
    assert score(metric, gold, shuffled)[headline] < 60.0

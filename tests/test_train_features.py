"""Features give back what they were made of: answers through windows, one tag a word through chunks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny

from corpora.config import ConfigError
from corpora.records import Span, Tags
from train.features import IGNORED, Pieces, Shape, features
from train.order import batches, by_length, mixed, shuffled, steps_of
from train.predict import best_span


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    return Pieces(tiny.base(tmp_path_factory.mktemp("base"), layers=1))


def decoded(pieces, row):
    return [pieces.tokenizer.id_to_token(i) for i in row]


def test_a_pair_is_framed_as_xlm_r_frames_it(pieces):
    feature = features(tiny.PAIRS, pieces, Shape("pair", ("yes", "no", "maybe")))[0]
    tokens = decoded(pieces, feature.rows[0])
    assert tokens[:3] == ["<s>", "▁Matti", "▁asuu"] and tokens[-1] == "</s>" and feature.label == [0]
    middle = tokens.index("</s>")
    assert tokens[middle : middle + 2] == ["</s>", "</s>"] and feature.types is None


def test_a_long_pair_is_cut_and_never_over_length(pieces):
    long = replace(tiny.PAIRS[0], premise="Matti asuu " * 60)
    assert features([long], pieces, Shape("pair", ("yes",), max_length=32))[0].length == 32


def test_an_undeclared_label_names_row_and_labels(pieces):
    with pytest.raises(ConfigError, match=r"row p0 .* has label 'yes'; declared are no"):
        features(tiny.PAIRS, pieces, Shape("pair", ("no",)))
    assert features(tiny.PAIRS, pieces, Shape("pair", ("no",), gold=False))[0].label == [IGNORED]


@pytest.mark.parametrize("max_length", [24, 40, 100])
@pytest.mark.parametrize("stride", [2, 8])
def test_gold_positions_give_back_the_gold_text(pieces, max_length, stride):
    long = [
        Span(id=r.id, question=r.question, context="Koira on. " * 7 + r.context + " Ja niin." * 5, answers=tuple((t, s + 70) for t, s in r.answers))
        for r in tiny.SPANS
    ]
    for records in (tiny.SPANS, long):
        made = features(records, pieces, Shape("span", max_length=max_length, stride=stride))
        for i, record in enumerate(records):
            windows = [f for f in made if f.record == i]
            assert all(f.length <= max_length and len(f.offsets) == f.length for f in windows)
            found = set()
            for window in windows:
                logits = np.zeros((2, window.length), np.float32)
                logits[0, window.label[0]] = logits[1, window.label[1]] = 9.0
                if window.label != [0, 0]:
                    _, start, end = best_span(logits[0], logits[1], window.offsets)
                    found.add(record.context[start:end])
            assert found <= {text for text, _ in record.answers}
            if max_length == 100 or records is tiny.SPANS:
                assert found == {text for text, _ in record.answers}


def test_every_character_of_a_long_context_is_in_some_window(pieces):
    record = Span(id="x", question="Kuka?", context="Matti asuu Helsinki ja kutya ugat. " * 12, answers=())
    made = features([record], pieces, Shape("span", max_length=40, stride=6))
    covered = {i for f in made for start, end in f.offsets for i in range(start, end)}
    assert len(made) >= 3 and covered == {i for i, c in enumerate(record.context) if not c.isspace()}


def test_a_question_longer_than_its_share_leaves_room_for_context(pieces):
    record = Span(id="x", question="Kuka asuu " * 50 + "?", context="Matti asuu Helsinki.", answers=(("Matti", 0),))
    assert all(f.length <= 48 and max(end for _, end in f.offsets) > 0 for f in features([record], pieces, Shape("span", max_length=48, stride=8)))


def test_each_word_has_exactly_one_label_through_chunks_and_empty_words(pieces):
    words = ["Matti", "\u200b", "asuu", "x" * 40, "Helsinki", "koira", "haukkuu", "."] * 4  # no sub-word; more sub-words than an input holds
    record = Tags(id="x", tokens=tuple(words), tags=tuple("NOUN" if len(w) > 2 else "PUNCT" for w in words))
    made = features([record], pieces, Shape("tags", tiny.TAG_SET, max_length=20))
    assert len(made) > 1 and all(f.length <= 20 and f.length == len(f.label) for f in made)
    labels = [tiny.TAG_SET[f.label[i]] for f in made for i in f.words]
    assert labels == list(record.tags)
    assert sum(label != IGNORED for f in made for label in f.label) == len(words)
    assert [f.rows[0][i] for f in made for i in f.words][1] == pieces.unk
    assert all(decoded(pieces, f.rows[0])[0] == "<s>" and decoded(pieces, f.rows[0])[-1] == "</s>" for f in made)


def test_a_prefix_stands_before_the_words_without_a_label(pieces):
    feature = features(tiny.TAGS[:1], pieces, Shape("tags", tiny.TAG_SET, prefix="who: "))[0]
    lead = feature.words[0]
    assert decoded(pieces, feature.rows[0])[1 : lead + 1] == ["▁who", ":", "▁", "▁Matti"] and feature.label[:lead] == [IGNORED] * lead


def test_choice_has_a_row_per_ending(pieces):
    made = features(tiny.CHOICES, pieces, Shape("choice"))
    assert [len(f.rows) for f in made] == [3, 2, 3, 2, 2, 3] and [f.label for f in made] == [[0], [1], [2], [0], [1], [2]]


def test_best_span_is_short_in_order_and_inside_the_context():
    starts, ends = np.zeros(50, np.float32), np.zeros(50, np.float32)
    offsets = [(-1, -1), *[(i, i + 1) for i in range(49)]]
    starts[0], ends[0] = 99, 99  # <s> is no answer
    starts[3], ends[40], ends[2], ends[7] = 9, 9, 8, 5  # 40 is more than 30 sub-words away, 2 comes before 3
    assert best_span(starts, ends, offsets)[1:] == (2, 7)
    assert best_span(starts, ends, [(-1, -1)] * 50) == (-np.inf, 0, 0)


def test_order_is_the_seeds_and_nothing_else():
    from random import Random

    lengths = [i % 17 + 1 for i in range(100)]
    first, again = shuffled(lengths, 8, Random(3)), shuffled(lengths, 8, Random(3))
    assert first == again != shuffled(lengths, 8, Random(4)) and sorted(i for b in first for i in b) == list(range(100))
    assert steps_of(100, 8, 1.5, 0) == 20 and steps_of(100, 8, 3, 5) == 5 and [len(batches(lengths, 8, n, Random(1))) for n in (5, 20, 41)] == [5, 20, 41]
    order = mixed({"a": [[1], [2]], "b": [[3], [4], [5]]}, Random(1))
    assert [b for n, b in order if n == "a"] == [[1], [2]] and [b for n, b in order if n == "b"] == [[3], [4], [5]]


def test_prediction_batches_hold_everything_once_within_the_budget():
    lengths = [5, 100, 7, 64, 64, 3]
    batches = by_length(lengths, 128)
    assert sorted(i for b in batches for i in b) == list(range(6)) and all(len(b) == 1 or len(b) * max(lengths[i] for i in b) <= 128 for b in batches)

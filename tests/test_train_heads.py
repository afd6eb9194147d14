"""Every head learns, at every setting; words have one tag however a sentence is cut; masking hides what it should; thresholds are the best."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st

from corpora.config import ConfigError
from corpora.records import Choice, Pair, Span, Tags, Text
from corpora.study import Training
from train.batches import collate
from train.features import IGNORED, Pieces, Shape, features
from train.heads import by_word
from train.loop import Job, fit
from train.masking import masked
from train.metrics import KIND_METRIC, score
from train.predict import best_threshold, dev_scores, hidden_pieces, tags

FAST = Training(epochs=30, batch=16, lr=3e-3, head_lr=1e-2, max_length=64, stride=8, warmup=0.1)
TEXTS = [Text(id=f"x{i}", text=f"{who} {what} {where}") for i, (who, what, where) in enumerate(
    (who, what, where) for who in ("Matti", "the koira") for what in ("asuu", "haukkuu and lives") for where in ("Helsinki", "Budapest on the hill"))]  # fmt: skip
ROWS = {"pair": tiny.PAIRS, "choice": tiny.CHOICES, "span": tiny.SPANS, "tags": tiny.TAGS, "text": TEXTS}
LABELS = {"pair": ("yes", "no", "maybe"), "tags": tiny.TAG_SET}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    made = tiny.base(folder)
    from tokenizers import AddedToken, Tokenizer

    tokenizer = Tokenizer.from_file(str(made / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken("<mask>", special=True, normalized=False)])
    tokenizer.save(str(made / "tokenizer.json"))
    return _grown(made, tokenizer.get_vocab_size())


def _grown(folder, size):
    """Give the encoder a row for <mask>."""
    from transformers import AutoModel

    net = AutoModel.from_pretrained(folder)
    torch.manual_seed(3)
    net.resize_token_embeddings(size, mean_resizing=False)
    net.save_pretrained(folder)
    return folder


def many(kind):
    """Return 32 different rows of a kind."""
    rows = ROWS[kind]
    return [replace(rows[i % len(rows)], id=f"{kind}{i}") for i in range(32)]


@pytest.mark.parametrize("kind", ["pair", "choice", "span", "tags"])
def test_the_loss_on_32_examples_goes_to_nothing_and_the_trained_scores_are_those_of_padded_rows(base, kind):
    model = tiny.model(base, (kind, Shape(kind, LABELS.get(kind, ()), 64, 8)))
    out = fit(model, [Job(kind, KIND_METRIC[kind], FAST, many(kind), many(kind))], seed=1)
    assert out.log[-2]["loss"] < 0.05
    same_as_padded(model, collate(kind, kind, features(ROWS[kind], model.pieces, model.head(kind).shape), 1))


@torch.inference_mode()
def same_as_padded(model, batch):
    """Compare with padded float32: 1e-5 in float32, 2e-2 in bfloat16, of the largest score where a trained head gives larger ones than 1 (they have 8 bits)."""

    def scores(padded, precision):
        model.encoder.padded, model.precision = padded, precision
        found = model(batch)
        return found[batch.mask == 1] if batch.task == "tags" else found[found > -100]  # padding, endings that are not there

    wanted = scores(True, torch.float32)
    size = max(1.0, float(wanted.abs().max()))
    assert float((scores(False, torch.float32) - wanted).abs().max()) < 1e-5 * size
    assert float((scores(False, torch.bfloat16) - wanted).abs().max()) < 2e-2 * size


def test_the_loss_on_32_masked_texts_goes_to_nothing_once_the_same_pieces_are_hidden(base):
    model = tiny.model(base, ("text", Shape("text", (), 64)))
    rows = features(many("text"), model.pieces, Shape("text", (), 64))
    batch = collate("text", "text", [masked(row, model.pieces, Random(i)) for i, row in enumerate(rows)], model.encoder.pad)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(150):
        loss = model.loss(batch)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    assert float(loss.detach()) < 0.1
    same_as_padded(model.eval(), batch)


@pytest.mark.parametrize(("kind", "how"), [("pair", {"pooling": "cls"}), ("pair", {"layers": "mix"}), ("tags", {"layers": "attention"}), ("span", {"layers": "mix"}),
                                           ("tags", {"subword": "last"}), ("tags", {"subword": "mean"})])  # fmt: skip
def test_heads_learn_at_other_settings(base, kind, how):
    model = tiny.model(base, (kind, Shape(kind, LABELS.get(kind, ()), 64, 8, **how)), frozen=1)
    out = fit(model, [Job(kind, KIND_METRIC[kind], replace(FAST, epochs=80), ROWS[kind], ROWS[kind])], seed=1)
    assert out.log[-2]["loss"] < 0.2 and all(value > 90 for value in out.dev[kind].values())


def test_a_head_that_looks_at_one_layer_alone_sees_what_the_encoder_says(base):
    model = tiny.model(base, ("tags", Shape("tags", tiny.TAG_SET, 64)))
    batch = collate("tags", "tags", features(tiny.TAGS, model.pieces, Shape("tags", tiny.TAG_SET, 64)), model.encoder.pad)
    states = model.encoder.every(batch)
    assert len(states) == model.encoder.layers + 1
    torch.testing.assert_close(states[-1], model.encoder(batch))
    torch.testing.assert_close(states[1], model.encoder(batch, 1))


@given(
    st.lists(st.lists(st.sampled_from(["Matti", "haukkuu", "x" * 9, "q" * 40, "\u200b", "on"]), min_size=1, max_size=30), min_size=1, max_size=4),
    st.sampled_from(["first", "last", "mean"]),
)
def test_each_word_of_a_split_sentence_has_one_tag(folder_pieces, sentences, subword):
    records = [Tags(id=str(i), tokens=tuple(words), tags=("NOUN",) * len(words)) for i, words in enumerate(sentences)]
    found = features(records, folder_pieces, Shape("tags", tiny.TAG_SET, 20, subword=subword))
    assert all(f.length <= 20 for f in found)
    for i, record in enumerate(records):
        own = [f for f in found if f.record == i]
        assert sum(len(f.words) for f in own) == sum(label != IGNORED for f in own for label in f.label) == len(record.tokens)
        assert all(f.label[word] != IGNORED for f in own for word in f.words)
        if subword == "mean":
            assert sum(max(f.owner) for f in own) == len(record.tokens) and all(f.owner[word] == n for f in own for n, word in enumerate(f.words, 1))


@pytest.fixture(scope="module")
def folder_pieces(base):
    return Pieces(base)


def test_predictions_are_one_a_word_split_or_truncated(base):
    long = [Tags(id="l", tokens=("haukkuu",) * 30 + ("Matti",), tags=("VERB",) * 30 + ("PROPN",))]
    split, cut = (tags(tiny.model(base, ("tags", Shape("tags", ("O", *tiny.TAG_SET), 16, long=how))), long) for how in ("split", "truncate"))
    assert len(split[0]) == len(cut[0]) == 31 and cut[0][14:] == ["O"] * 17


def test_mean_sub_words_are_means():
    hidden = torch.arange(8.0).view(1, 4, 2)
    found = by_word(hidden, torch.tensor([[0, 1, 1, 2]]))
    assert found[0, 1].tolist() == found[0, 2].tolist() == [3.0, 4.0] and found[0, 3].tolist() == [6.0, 7.0]


def test_masking_hides_fifteen_in_a_hundred_and_the_seed_decides_which(base):
    pieces = Pieces(base)
    row = features([Text(id="a", text="koira haukkuu ja kutya ugat " * 8)], pieces, Shape("text", (), 120))[0]
    first, again, other = masked(row, pieces, Random(1)), masked(row, pieces, Random(1)), masked(row, pieces, Random(2))
    assert first == again != other
    places = [i for i, label in enumerate(first.label) if label != IGNORED]
    assert len(places) == round(0.15 * (len(row.rows[0]) - 2)) and all(row.rows[0][i] == first.label[i] for i in places)
    fates = Counter("mask" if new == pieces.mask else "kept" if new == old else "other"
                    for seed in range(300) for made in [masked(row, pieces, Random(seed))] for new, old, label in zip(made.rows[0], row.rows[0], made.label, strict=True) if label != IGNORED)  # fmt: skip
    whole = sum(fates.values())
    assert abs(fates["mask"] / whole - 0.8) < 0.03 and abs(fates["kept"] / whole - 0.1) < 0.03
    assert not {i for made in (first, other) for i in made.rows[0]} & {pieces.pad}


def test_a_tokenizer_without_mask_is_told_so(tmp_path):
    with pytest.raises(ConfigError, match=r"has no <mask> or \[MASK\]"):
        _ = Pieces(tiny.base(tmp_path)).mask


def test_hidden_pieces_of_dev_are_the_same_at_every_look(base):
    model = tiny.model(base, ("text", Shape("text", (), 64)))
    assert hidden_pieces(model, TEXTS) == hidden_pieces(model, TEXTS) and all(count >= 1 for _, count in hidden_pieces(model, TEXTS))
    assert 0 <= dev_scores(model, "mlm", TEXTS, "text")[0]["accuracy"] <= 100


GOLD, FOUND = st.sampled_from([[], ["a b"], ["c"]]), st.tuples(st.sampled_from(["a b", "c", "a"]), st.floats(-5, 5, width=16))


@given(st.lists(st.tuples(GOLD, FOUND), min_size=1, max_size=12))
def test_no_threshold_is_better_than_the_best(rows):
    golds, found = [g for g, _ in rows], [f for _, f in rows]

    def at(threshold):
        return score("squad", golds, [answer if margin >= threshold else "" for answer, margin in found])["score"]

    best = at(best_threshold(golds, found))
    assert all(best >= at(t) - 1e-9 for t in [-9, 9, *(margin for _, margin in found), *(margin + 0.01 for _, margin in found)])


def test_questions_without_an_answer_are_learnt_and_the_threshold_is_told(base):
    model = tiny.model(base, ("span", Shape("span", (), 64, 8)))
    out = fit(model, [Job("span", "squad", FAST, tiny.SPANS, tiny.SPANS)], seed=1)
    assert out.dev["span"]["score"] == 100 and "span" in out.evals[0]["thresholds"]
    assert isinstance(tiny.SPANS[4], Span) and not tiny.SPANS[4].answers


def test_several_tasks_share_a_head(base):
    model = tiny.model(base, ("nli", Shape("pair", LABELS["pair"], 64)))
    jobs = [Job(name, "accuracy", FAST, tiny.PAIRS[i::2], tiny.PAIRS[i::2], head="nli") for i, name in enumerate(("snli", "mnli"))]
    out = fit(model, jobs, seed=1)
    assert set(out.dev) == set(out.shares) == {"snli", "mnli"} and out.dev["snli"]["accuracy"] == out.dev["mnli"]["accuracy"] == 100


def test_labels_that_the_task_lacks_are_named(base):
    rows = [Pair(id="r1", premise="koira", hypothesis="kutya", label="perhaps", corpus="en/x")]
    with pytest.raises(ConfigError, match=r"row r1 of en/x has label 'perhaps'; declared are yes, no, maybe"):
        features(rows, Pieces(base), Shape("pair", LABELS["pair"], 64))
    assert isinstance(tiny.CHOICES[0], Choice)

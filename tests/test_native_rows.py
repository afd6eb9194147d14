"""Native rows: which documents enter, in what blocks, and which rows stay; the same for any order, in memory that does not grow."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_data import native
from build_data.display import counts
from build_data.finish import Built, finish
from build_data.groups import closed
from build_data.native import blocks, merged
from build_data.native_card import shares_line
from build_data.reservoir import Reservoir, choose_documents
from build_data.shares import FEWEST, choose_rows, fitting, genres_of
from build_data.split import by_rank, held_out, rank, share_of
from corpora.config import ConfigError
from corpora.records import Document, Pair, Record, Span, Tags, Text

TEXT = "Kirjasto muutti keväällä vanhaan taloon, ja se oli iso muutos. Talo seisoo torin laidalla aivan kirkon takana."


def document(name: str, text: str = TEXT, **fields: str) -> Document:
    return Document(**{"id": name, "corpus": "fi/x", **fields}, paragraphs=(text,) if text else ())


def chosen(documents: list[Document], most: int, words: int) -> tuple[list[str], list[dict[str, object]]]:
    found = choose_documents(documents, "fi/x", "fi", most, words, [])
    return [d.id for d in found.documents], found.ledgers


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 12), st.integers(1, 400), st.randoms(use_true_random=False))
def test_the_same_documents_whatever_the_order(count: int, most: int, words: int, chance: random.Random) -> None:
    documents = [document(f"d{i}", TEXT if i % 5 else "", year="1850" if i % 7 == 3 else "") for i in range(count)]
    names, ledgers = chosen(documents, most, words)
    good = sorted((d.id for d in documents if d.paragraphs and not d.year), key=rank)
    assert names == good[: len(names)]  # the first by rank, and no more than the bound needs
    size = len(TEXT.split())
    wanted = min(len(good), -(-words // size), most or count)
    assert len(names) == wanted
    shuffled = documents[:]
    chance.shuffle(shuffled)
    assert chosen(shuffled, most, words) == (names, ledgers)
    assert ledgers[0]["in"] == count


def test_documents_beyond_the_bound_are_not_kept_in_memory() -> None:
    reservoir = Reservoir("fi", 0, 100)
    most = 0
    for number in range(3000):
        reservoir.add(document(f"d{number}"))
        most = max(most, len(reservoir._heap))
    assert most <= 7 and reservoir.close("fi/x", 2).ledgers[0]["excluded"] == {"broken": 2, "not_chosen": 2994}


def test_two_documents_of_one_id_are_told_apart_in_any_order() -> None:
    twins = [document("d"), document("d", TEXT.replace("Kirjasto", "Koulu")), document("e")]
    found = [choose_documents(order, "fi/x", "fi", 0, 1000, []).documents for order in (twins, twins[::-1])]
    assert found[0] == found[1] and {d.id for d in found[0]} == {"d", "d~2", "e"}


def row(number: int, label: str = "a", genre: str = "novel") -> Pair:
    return Pair(id=f"r{number}", document=f"d{number}", genre=genre, premise=f"Lause {number}.", hypothesis=f"Toinen {number}.", label=label)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["novel", "law", "web"])), max_size=150), st.integers(1, 60), st.integers(0, 9))
def test_labels_are_even_and_no_genre_above_its_share(drawn: list[tuple[str, str]], examples: int, validation: int) -> None:
    rows: list[Record] = [row(i, label, genre) for i, (label, genre) in enumerate(drawn)]
    shares = {"law": 0.3, "web": 0.5}
    outcome = choose_rows(rows, ("a", "b"), shares, validation, examples)
    assert {r.id for r in outcome.kept} | {d.record.id for d in outcome.dropped} == {r.id for r in rows}
    train = [r for r in outcome.kept if not held_out(r, share_of(validation, examples))]
    labels = Counter(r.label for r in train if isinstance(r, Pair))
    assert len(train) <= examples and (not train or max(labels.values()) - min(labels.get("a", 0), labels.get("b", 0)) <= 1)
    for genre, share in shares.items():
        assert genres_of(train).get(genre, 0) <= share * len(train) + 1e-9
    assert choose_rows(rows[::-1], ("a", "b"), shares, validation, examples).kept == outcome.kept


def couple(number: int, genre: str = "novel") -> list[Pair]:
    """Return a closed group: two passages, each with its own continuation and with the other's."""
    texts = [(f"Alku {number} {side}.", f"Jatko {number} {side}.") for side in "xy"]
    return [
        Pair(id=f"g{number}{i}{k}", document=f"d{number}", genre=genre, premise=texts[i][0], hypothesis=texts[k][1], label="ab"[i != k])
        for i in (0, 1) for k in (0, 1)
    ]  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["novel", "law"]), min_size=1, max_size=30), st.integers(0, 20), st.integers(8, 60))
def test_closed_groups_stay_whole(genres: list[str], single: int, examples: int) -> None:
    rows = [r for number, genre in enumerate(genres) for r in couple(number, genre)] + [row(1000 + i) for i in range(single)]
    outcome = choose_rows(rows, ("a", "b"), {"law": 0.5}, 0, examples)
    counts = Counter(r.document for r in outcome.kept if r.id.startswith("g"))
    labels = Counter(r.label for r in outcome.kept if isinstance(r, Pair))
    assert set(counts.values()) <= {4} and abs(labels["a"] - labels["b"]) <= 1
    assert genres_of(outcome.kept).get("law", 0) <= 0.5 * len(outcome.kept)
    assert len(outcome.kept) + len(outcome.dropped) == len(rows)


def test_what_hangs_together_by_one_text_that_all_share_is_no_group() -> None:
    rows = [dataclasses.replace(row(i), hypothesis="Kyllä.") for i in range(40)]
    assert closed(rows) == [(r,) for r in rows]
    assert list(map(len, closed([*couple(1), row(5), *couple(2)]))) == [4, 1, 4]


def test_the_reasons_say_what_was_in_the_way() -> None:
    rows = [row(i, "a", "law") for i in range(60)] + [row(100 + i, "a") for i in range(60)] + [row(200 + i, "b") for i in range(40)]
    outcome = choose_rows(rows, ("a", "b"), {"law": 0.2}, 0, 1000)
    assert len(outcome.kept) in (80, 81) and set(outcome.ledgers[0]["excluded"]) == {"genre_share", "label_balance"}
    assert set(choose_rows(rows, ("a", "b"), {}, 0, 50).ledgers[0]["excluded"]) == {"budget"}


def test_rows_without_labels_go_by_rank() -> None:
    rows = [Text(id=f"t{i}", document=f"t{i}", text=f"Teksti {i}.") for i in range(30)]
    kept = choose_rows(rows, (), {}, 0, 7).kept
    assert kept == by_rank(rows)[:7]


def test_tags_are_no_labels_of_rows() -> None:
    rows = [Tags(id=f"t{i}", document=f"t{i}", tokens=("Aino",), tags=("B-PER",)) for i in range(30)]
    assert len(choose_rows(rows, ("O", "B-PER"), {}, 0, 7).kept) == 7


def test_a_small_validation_side_is_filled_up() -> None:
    rows = [row(i, "a" if i % 4 else "b") for i in range(400)]
    share = share_of(30, 300)
    held = [r for r in choose_rows(rows, ("a", "b"), {}, 30, 300).kept if held_out(r, share)]
    assert len(held) >= 30


def test_genres_may_exceed_their_shares_where_validation_would_be_a_handful() -> None:
    rows = [r for number in range(700) for r in couple(number, "law" if number % 40 == 0 else "novel")]
    kept = choose_rows(rows, ("a", "b"), {"novel": 0.1}, 300, 2500).kept
    sides = [[r for r in kept if held_out(r, share_of(300, 2500)) is side] for side in (False, True)]
    assert genres_of(sides[0])["novel"] <= 0.1 * len(sides[0]) and FEWEST <= len(sides[1]) <= 1.25 * FEWEST + 4
    assert set(Counter(r.document for r in sides[1]).values()) == {4}  # closed groups stay whole


@pytest.mark.parametrize(("counts", "most", "size"), [({"law": 100, "novel": 70}, 1000, 100), ({"law": 100}, 50, 0), ({"novel": 9}, 5, 5), ({}, 5, 0)])
def test_fitting(counts: dict[str, int], most: int, size: int) -> None:
    assert fitting(counts, {"law": 0.3}, most) == size


def test_blocks_hold_words_and_lose_nothing() -> None:
    documents = [document(f"d{i}") for i in range(10)]
    size = len(TEXT.split())
    assert [len(b) for b in blocks(documents, 3 * size)] == [3, 3, 3, 1] and [len(b) for b in blocks(documents, 0)] == [10] and list(blocks([], 5)) == []


def test_ledgers_of_blocks_add_up() -> None:
    one = {"step": "make", "in": 0, "made": 5, "kept": 3, "excluded": {"length": 2}}
    assert merged([one, one]) == [{"step": "make", "in": 0, "made": 10, "kept": 6, "excluded": {"length": 4}}]


def test_genres_are_told_in_one_line() -> None:
    genres = {"made": {"law": 9, "web": 1}, "before": {"law": 3, "web": 1}, "train": {"law": 1, "web": 1}}
    assert shares_line({"genres": genres}) == "genres: law 75 -> 50 %, web 25 -> 50 %" and shares_line({}) == ""


def test_too_few_rows_say_where_they_went(tmp_path: Path) -> None:
    ledgers = [
        {"step": "documents of hu/x", "in": 9, "made": 0, "kept": 4, "excluded": {"empty": 1, "one_sentence": 4}},
        {"step": "clean paragraphs", "in": 8, "made": 0, "kept": 8, "excluded": {}},
        {"step": "make", "in": 0, "made": 60, "kept": 6, "excluded": {"a": 1, "b": 2, "c": 30, "length": 21}},
    ]
    rows: list[Record] = [row(number) for number in range(6)]
    built = Built(
        study="x", task="disc", arm="native-hu", kind="pair", language="hu", labels=("a",), kept=rows, dropped=[], ledgers=ledgers, inputs=[], settings={}, key="k"
    )  # fmt: skip
    with pytest.raises(ConfigError) as err:
        finish(built, tmp_path / "disc.native-hu", 0, 300, "make data", {})
    assert str(err.value).startswith("disc.native-hu: only 6 rows are left to train on. What was left out, step by step:\n")
    assert "\n  documents of hu/x: one_sentence 4, empty 1; 4 left\n  make: c 30, length 21, b 2, ...; 6 left\n" in str(err.value)
    assert "clean paragraphs" not in str(err.value) and not list(tmp_path.iterdir())


def test_the_card_says_how_many_questions_have_no_answer(tmp_path: Path) -> None:
    rows: list[Record] = [
        Span(
            id=f"s{n}",
            document=f"d{n}",
            question=f"Kuka asuu talossa {n}?",
            context=f"Talossa {n} asuu Aino.",
            answers=() if n % 3 == 0 else (("Aino", len(f"Talossa {n} asuu ")),),
        )
        for n in range(30)
    ]
    built = Built(
        study="x", task="qa", arm="native-fi", kind="span", language="fi", labels=(), kept=rows, dropped=[], ledgers=[], settings={"filters": {}}, key="k",
        inputs=[{"corpus": "mini/fi-docs", "split": "docs", "rows": 80}], licences=("CC0-1.0",),
    )  # fmt: skip
    manifest = finish(built, tmp_path / "qa.native-fi", 0, 30, "make data", {})
    assert manifest["unanswerable"] == {"train": 10, "validation": 0}
    assert "10 of the 30 training questions have no answer in their context (`answers` is empty)." in (tmp_path / "qa.native-fi/README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("maker", "corpus", "annotators", "rules"),
    [("acceptability", "hu/hucola", "found", False), ("coherence", "hu/eltec", "machine-generated", True), ("text", "hu/eltec", "no-annotation", False)],
)
def test_the_card_says_whether_people_or_rules_gave_the_labels(tmp_path: Path, maker: str, corpus: str, annotators: str, rules: bool) -> None:
    kind: Any = "text" if maker == "text" else "pair"
    rows: list[Record] = [Text(id=f"r{n}", document=f"d{n}", text=f"Lause {n}.") if maker == "text" else row(n) for n in range(12)]
    built = Built(
        study="x", task="t", arm="native-hu", kind=kind, language="hu", labels=("a",) if kind == "pair" else (), kept=rows, dropped=[], ledgers=[],
        settings={"filters": {}, "maker": {"maker": maker}}, key="k", inputs=[{"corpus": corpus, "split": "train", "rows": 12}], licences=("CC0-1.0",),
    )  # fmt: skip
    finish(built, tmp_path / "t.native-hu", 0, 12, "make data", {})
    card = (tmp_path / "t.native-hu/README.md").read_text("utf-8")
    assert f"annotations_creators:\n- {annotators}\n" in card and ("its labels come from rules" in card) is rules


def test_a_task_without_validation_rows_says_so() -> None:
    manifest = {"counts": {"train": 600, "validation": 0, "excluded": 1}, "budget": {"examples": 600, "validation": 30, "filled": True}}
    assert counts(manifest).endswith("excluded  (no validation rows: too few documents for a part of their own)")
    assert counts(manifest | {"budget": {"examples": 600, "validation": 0, "filled": True}}).endswith("excluded")


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("name", "maker", "least"),
    [
        ("fi/turku_paraphrase_pb", "paraphrase", 3500),
        ("hu/hucola", "acceptability", 3000),
        ("fi/eduskunta_vkk", "topic", 11_000),
        ("hu/nerkor_native", "names", 15_000),
    ],
)
def test_real_labelled_corpora_give_even_labels(name: str, maker: str, least: int) -> None:
    corpus = native.corpora.load(name)
    rows = [row for split in native._splits(corpus) for row in native.readers.read_records(corpus, split)]
    made = native.make(maker)(rows, name[:2], None, 1).records  # type: ignore[arg-type]
    counts = Counter(row.label for row in made if isinstance(row, Pair))
    assert len(made) >= least and (not counts or max(counts.values()) == min(counts.values())) and {row.origin for row in made} == {"native"}

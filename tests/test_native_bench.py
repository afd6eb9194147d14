"""benchmarks/native: a give-away planted in rows is found, and closed groups have none."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.native import folders, table
from benchmarks.native_artefacts import figures, span_guess
from benchmarks.native_rows import ABOVE_GUESS, Figure, Rows, figure, guess, read_rows, turns
from corpora.config import ConfigError
from corpora.records import Choice, Pair, Record, Span
from corpora.shards import write_json, write_records

WORDS = ["kala", "talo", "metsä", "järvi", "kirja", "tuuli", "lumi", "kivi"]


def said(random: Random) -> str:
    return " ".join(random.choices(WORDS, k=5))


def rows(kind: str, made: list[Record], labels: tuple[str, ...] = ()) -> Rows:
    half = len(made) * 2 // 3
    return Rows("t.native-fi", kind, "fi", labels, made[:half], made[half:])  # type: ignore[arg-type]


def pairs(give_away: bool) -> Rows:
    random = Random(1)
    made: list[Record] = []
    for i in range(600):
        label = ("yes", "no")[i % 2]
        made.append(Pair(id=str(i), premise=said(random), hypothesis=said(random) + (" aina" if give_away and label == "yes" else ""), label=label))
    return rows("pair", made, ("no", "yes"))


def seen(found: list[Figure], what: str) -> Figure:
    return next(f for f in found if f.seen == what)


def test_a_word_that_tells_the_label_is_found_in_the_second_text_only() -> None:
    found = figures(pairs(give_away=True), 400)
    assert seen(found, "second text only").score > 95 and seen(found, "second text only").holds is False
    assert seen(found, "first text only").score < 65 and seen(found, "word overlap of the two").holds is None
    assert seen(figures(pairs(give_away=False), 400), "second text only").score < 65


@pytest.mark.parametrize(("order", "tells"), [(True, False), (False, True)])
def test_words_without_their_order_tell_what_hangs_on_words_and_not_on_their_order(order: bool, tells: bool) -> None:
    random = Random(3)
    made: list[Record] = []
    for i in range(600):
        yes = i % 2 == 0
        sign = ("ei tule" if yes else "tule ei") if order else ("ei" if yes else "tule")
        made.append(Pair(id=str(i), premise=f"{said(random)} {sign} {said(random)}.", hypothesis="", label="yes" if yes else "no"))
    found = seen(figures(rows("pair", made, ("no", "yes")), 400), "words in alphabetical order")
    assert (found.score > 95) is tells and (found.score < 65) is not tells and found.holds is None


@pytest.mark.parametrize("give_away", [True, False])
def test_endings_that_tell_by_themselves_are_found(give_away: bool) -> None:
    random = Random(2)
    made: list[Record] = []
    for i in range(120):
        ends = [said(random) + f" {j}" for j in range(4)]
        for label in range(4):
            shown = [e + (" lopulta viimein" if give_away and j == label else "") for j, e in enumerate(ends)]
            made.append(Choice(id=f"{i}-{label}", document=str(i), context=said(random), endings=tuple(shown), label=label))
    found = figures(rows("choice", made), 10_000)
    for what in ("endings only", "lengths only"):
        one = seen(found, what)
        assert one.guess == 25 and (one.score > 95 if give_away else one.score == pytest.approx(25.0))  # each ending is right in one row of four


def test_answers_that_always_stand_first_are_found() -> None:
    random = Random(3)
    made: list[Record] = []
    for i in range(200):
        context = f"{random.choice(WORDS)}{i} " + " ".join(said(random) for _ in range(8))
        made.append(Span(id=str(i), context=context, question=f"Mikä {said(random)}?", answers=((context.split()[0], 0),)))
    found = figures(rows("span", made), 200)
    assert seen(found, "place only").holds is False and seen(found, "question only").holds is True
    assert span_guess(rows("span", made)) < 0.1


@pytest.mark.parametrize("longer", [True, False])
def test_length_and_overlap_that_tell_whether_there_is_an_answer_are_found(longer: bool) -> None:
    random = Random(5)
    made: list[Record] = []
    for i in range(1_000):
        asked, blank = random.choice(WORDS), i % 3 == 0
        others = [word for word in WORDS if word != asked]
        context = " ".join(random.choices(others, k=(41 if longer else 21) if blank else 20)) + ("" if blank else f" {asked}")
        made.append(Span(id=str(i), context=context, question=f"Missä {asked} on?", answers=() if blank else ((asked, context.index(asked)),)))
    found = figures(rows("span", made), 1_000)
    assert seen(found, "lengths only: is there an answer?").holds is not longer
    assert seen(found, "question only: is there an answer?").holds is True
    assert seen(found, "word overlap of the two: is there an answer?").holds is None


def test_plain_text_has_nothing_to_give_away() -> None:
    assert figures(Rows("t", "text", "fi", (), [], []), 10) == []


def test_few_validation_rows_make_all_rows_take_turns() -> None:
    made: list[Record] = [Pair(id=str(i), document=f"d{i // 4}", premise=f"a {i // 2}", hypothesis=f"b {i // 6}", label="xy"[i % 2]) for i in range(240)]
    few = rows("pair", made, ("x", "y"))
    splits = turns(few)
    assert sorted(r.id for split in splits for r in split.validation) == sorted(r.id for r in made) and len(splits) == 5
    for split in splits:
        told = {text for r in split.validation for text in r.texts()}
        assert not {r.document for r in split.validation} & {r.document for r in split.train}
        assert all(told.isdisjoint(r.texts()) for r in split.train)
    assert {f.tested for f in figures(few, 100)} == {240} and all("5 turns" in f.note for f in figures(few, 100))
    many = Rows("t", "pair", "fi", ("x", "y"), made[:120], [*made[120:], *made[:180]])
    assert turns(many) == [many]


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=200))
def test_intervals_hold_the_score(right: list[float]) -> None:
    one = figure(pairs(give_away=False), "x", 1, right, 0.5)
    assert 0 <= one.low <= one.score <= one.high <= 100 and one.bar == 50 + ABOVE_GUESS


def test_a_guess_is_the_commonest_label_or_one_of_the_endings() -> None:
    made: list[Record] = [Pair(id=str(i), premise="a", hypothesis="b", label="x" if i % 4 else "y") for i in range(12)]
    assert guess(rows("pair", made, ("x", "y"))) == 0.75


def test_folders_are_read_and_bad_ones_named(tmp_path: Path) -> None:
    task = tmp_path / "open" / "coherence.native-fi"
    task.mkdir(parents=True)
    given_rows = pairs(give_away=False)
    write_records(task / "train-00000.parquet", given_rows.train, "pair", [])
    write_json(task / "manifest.json", {"task": "coherence", "arm": "native-fi", "kind": "pair", "language": "fi", "labels": ["no", "yes"]})
    assert list(folders([tmp_path / "open"])) == list(folders([task])) == [task]
    with pytest.raises(ConfigError, match="0 validation rows"):
        read_rows(task)
    write_records(task / "validation-00000.parquet", given_rows.validation, "pair", [])
    found = read_rows(task)
    assert (found.task, found.kind, len(found.train)) == ("coherence.native-fi", "pair", 400)
    assert "| coherence.native-fi | x |" in table([figure(found, "x", 1, [0.0, 1.0], 0.5)])
    with pytest.raises(ConfigError, match="no built native task there"):
        list(folders([tmp_path / "none"]))

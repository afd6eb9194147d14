"""build_data/makers/endings: closed groups of four, so that an ending alone tells nothing; one of them tied to its context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prose import prose, word
from tagged import Tagged

from build_data.makers import family, make
from build_data.makers.cohesion import plain, scripts
from build_data.makers.common import Made, read_documents
from build_data.makers.endings import ENDINGS, RATIO
from build_data.makers.tied import ALIKE, APART
from build_data.near import jaccard, normal
from build_data.split import held_out, side
from corpora.records import Choice, Document


def made(documents: Sequence[Document], seed: int = 1, most: int = 60) -> Made:
    return make("endings", most)(documents, "fi", Tagged("fi"), seed)


def choices(result: Made) -> list[Choice]:
    return [row for row in result.records if isinstance(row, Choice)]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(2, 60), st.integers(2, 20), st.integers(0, 9), st.randoms(use_true_random=False))
def test_groups_are_closed_whatever_the_documents(documents: int, lines: int, paragraph: int, seed: int, random: Random) -> None:
    docs = [prose(f"d{i}", lines + i, paragraph) for i in range(documents)]
    rows = choices(made(docs, seed))
    true, false, places = Counter[str](), Counter[str](), Counter[int]()
    for row in rows:
        assert len(set(row.endings)) == ENDINGS
        assert max(map(len, row.endings)) <= RATIO * min(map(len, row.endings))
        assert not any(ending in row.context for ending in row.endings) and 1 <= row.context.count(".") <= 4
        true[row.endings[row.label]] += 1
        false.update(e for i, e in enumerate(row.endings) if i != row.label)
        places[row.label] += 1
    assert set(true.values()) <= {1} and false == Counter(dict.fromkeys(true, ENDINGS - 1))
    assert len(set(places.values())) <= 1 and len({row.id for row in rows}) == len(rows)
    shuffled = random.sample(docs, len(docs))
    assert made(shuffled, seed).records == made(docs, seed).records


def test_a_long_document_gives_groups_of_its_own_from_far_apart() -> None:
    document = prose("d", 200, 50)
    texts = [s for part in read_documents([document], "fi", 2)[0][0][1] for s in part]
    rows = choices(made([document]))
    assert len(rows) >= 40 and {row.subtype for row in rows} == {"same_document"}
    for row in rows:
        at = texts.index(row.endings[row.label])
        context = [i for i, text in enumerate(texts) if text in row.context]
        assert context == list(range(at - len(context), at))  # the real next sentence of what stands straight before it
        for i, ending in enumerate(row.endings):
            assert i == row.label or min(abs(texts.index(ending) - c) for c in context) > APART
        assert f"-endings-{at}(" in row.id


def test_left_overs_are_grouped_within_their_genre_and_side() -> None:
    docs = [prose(f"d{i:03}", 5, 5) for i in range(400)]
    rows = choices(made(docs))
    assert rows and {row.subtype for row in rows} == {"same_genre"}
    sides = sorted(side(d.id) for d in docs)
    share = sides[60]
    on: dict[frozenset[str], set[bool]] = {}
    for row in rows:
        on.setdefault(frozenset(row.endings), set()).add(held_out(row, share))
    assert sum(len(found) > 1 for found in on.values()) <= len(on) / 20  # only those of the cell that the border cuts
    other = [prose(f"e{i}", 5, 5) for i in range(3)]
    mixed = [Document(id=d.id, paragraphs=d.paragraphs, genre=str(i)) for i, d in enumerate(other)]
    assert not made(mixed).records  # three genres of one document each: nothing fits


def test_rows_of_a_document_are_bounded_and_counted() -> None:
    result = made([prose("d", 200, 50)], most=8)
    assert len(result.records) <= 8
    ledger = result.ledgers[1]
    assert ledger["made"] == ledger["kept"] + sum(ledger["excluded"].values()) and ledger["excluded"]["document_full"] > 0


def test_endings_that_say_the_same_are_no_group() -> None:
    rows = choices(made([prose(f"d{i}", 40, 20) for i in range(4)]))
    for row in rows:
        ends = [normal(e) for e in row.endings]
        assert max(jaccard(a, b) for i, a in enumerate(ends) for b in ends[i + 1 :]) < ALIKE


def test_sentences_without_a_tie_are_refused() -> None:
    texts = [" ".join([word("x", i, "a").capitalize(), *(word("x", i, j) for j in range(5))]) + "." for i in range(30)]
    result = made([Document(id="d", paragraphs=(" ".join(texts),))])
    assert not result.records and result.ledgers[1]["excluded"] == {"no_tie": 28, "bare": 1}
    assert family("endings").chance == 0.25


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Kirjasto muutti keväällä uuteen taloon.", ""),
        ("Kirjasto muutti.", "length"),
        ("Hän sanoi ”tule tänne” ja lähti pois.", "odd_signs"),
        ("LUKU VIISI kertoo talon pitkästä historiasta.", "odd_signs"),
        ("Mukaan tulevat seuraavat uudet asiat tänään:.", "odd_signs"),
        ("Pöytäpelit Pöytäpelit ovat hyvin suosittuja täällä.", "odd_signs"),
        ("Laki laki, jota sovelletaan myös tähän asiaan.", "odd_signs"),
        ("A törvény törvény, amelyet mindenki betart nálunk.", "odd_signs"),
        ("Az az ember jött el tegnap hozzánk is.", ""),
        ("Asia on hyvin tärkeä kaikille. ja siitä puhutaan.", "odd_signs"),
        ("Kissa, koira, hevonen, lehmä, possu, lammas ja kana asuvat maalla.", "odd_signs"),
        ("Tämä on taas hyvä päivä :D ja muutenkin.", "odd_signs"),
        ("Kunto- Alaskanmalamuutti on aina työskentelevä rekikoira.", "odd_signs"),
        ("Lasten- ja nuortenkirjat ovat aina samassa hyllyssä.", ""),
        ("Se alkoi viime vuonna 1. kesäkuuta ja jatkuu.", ""),
    ],
)
def test_only_plain_prose_is_used(text: str, fault: str) -> None:
    assert plain(text) == fault


def test_a_heading_grown_on_to_a_sentence_is_found() -> None:
    """ "Avoinna" has a capital inside one sentence and none in the others."""
    lines = ["Kirjasto on avoinna joka päivä kesällä.", "Museo on avoinna vain viikonloppuisin talvella.", "Uutiset tänään Avoinna ovat myös muut paikat."]
    kept, _ = read_documents([Document(id="d", paragraphs=tuple(lines))], "fi", 2)
    [script] = scripts(kept, "fi")
    assert [line.fault for line in script.lines] == ["", "", "glued"]


def test_a_heading_whose_words_are_only_seen_so_is_found_by_their_stems() -> None:
    lines = [
        "Koti pysyy avoinna kesäviikonloppuisin joka vuosi.",
        "Uutiset tänään Kesäviikonloppu toi paljon väkeä museoon.",
        "Täällä on nyt Virtanen tai hänen veljensä yhä.",
    ]
    kept, _ = read_documents([Document(id="d", paragraphs=tuple(lines))], "fi", 2)
    [script] = scripts(kept, "fi")
    assert [line.fault for line in script.lines] == ["", "glued", ""]


def test_a_hungarian_article_with_a_capital_inside_is_found() -> None:
    lines = ["Magyarázó megjegyzés A cella tere zárt marad.", "A cella tere most is zárt marad."]
    kept, _ = read_documents([Document(id="d", paragraphs=tuple(lines))], "hu", 2)
    [script] = scripts(kept, "hu")
    assert [line.fault for line in script.lines] == ["glued", ""]


def test_a_word_torn_in_two_is_found() -> None:
    lines = ["Hän on nyt suuren sairaala n johtaja.", "Nyt se on määrittelemättömästä syystä ohi.", "Taas määrittelemättömästä syystä tultiin tänne.",
             "Tuo on määrittelemättö mästä syystä poissa.", "Sairaalan johtaja on nyt poissa täältä."]  # fmt: skip
    kept, _ = read_documents([Document(id="d", paragraphs=tuple(lines))], "fi", 2)
    [script] = scripts(kept, "fi")
    assert [line.fault for line in script.lines] == ["torn", "", "", "torn", ""]

"""build_data/makers/stumbles: sentences that plain text is better without, and what passages make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_data.makers import make
from build_data.makers.stumbles import stumbles
from build_data.parse import Parser
from corpora.records import Document, Pair, Text

SOUND = [f"Kirjasto numero {number} muutti keväällä vanhaan taloon torin laidalla." for number in range(6)]


def fault(text: str, genre: str = "web", language: str = "fi") -> str:
    return stumbles([(genre, [*SOUND, text])], language)[0][-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Isä on vanha.", ""),
        ("Hän sanoi: ”Tule pian”, ja lähti sitten itse, niin kuin aina ennenkin, pitkälle matkalle.", ""),
        ("Tilaa lehti tästä", "no_sentence"),
        ("Ohjelma näyttää seuraavalta:", "no_sentence"),
        ("Ohjelma näyttää seuraavalta: Nyt voimme ajaa sen uudelleen.", "astray"),
        ("Lehti kertoi asiasta eilen [...] Siitä ei tiedetä enempää.", "astray"),
        ("Uutinen jatkuu sivulla kolm... Lue koko juttu lehdestä huomenna.", "astray"),
        ("Hän luki kirjan ” Seitsemän veljestä ” kesällä.", "astray"),
        ("Poika sanoi tulevansa , mutta jäi kotiin.", "astray"),
        ("Kuka sen teki ?", "astray"),
        ("Poika,joka tuli, istui.", "astray"),
        ("Tuli yhtä- kkiä talvi.", "astray"),
        ("Maa- ja metsätalous kasvoi, samoin ala- sekä yläkoulu.", ""),
        ("Se loppui.Uusi alkoi heti.", "astray"),
        ("Hakemuksessa on oltava: 1) nimi; 2) osoite.", "astray"),
        ("- Laita takki päälle.", "list_item"),
        ("1) Laita takki päälle.", "list_item"),
    ],
)
def test_a_reader_stumbles_at_what_is_no_sentence(text: str, expected: str) -> None:
    assert fault(text) == expected


def test_a_dash_opens_speech_in_a_tale_and_an_item_elsewhere() -> None:
    assert fault("– Laita takki päälle.", "novel") == "" and fault("– Laita takki päälle.", "web") == "list_item"


def test_a_heading_that_grew_on_and_a_torn_word_are_told_by_the_words_of_all_documents() -> None:
    known = [*SOUND, *[f"Kokous oli kello {n} ja uusi johtaja kiitti sairaalan väkeä." for n in range(2, 9)]]
    found = stumbles([("news", known), ("news", ["Uusi Johtaja johtaja kiitti kaikkia väsyneitä ihmisiä."]), ("news", ["Hän kävi sairaala n pihalla."])], "fi")
    assert set(found[0]) == {""} and found[1:] == [["glued"], ["torn"]]


def test_passages_end_before_such_a_sentence_and_begin_behind_it() -> None:
    lines = [*SOUND[:3], "Lue lisää:", *SOUND[3:]]
    documents = [Document(id="d", paragraphs=(" ".join(lines[:3]), lines[3], " ".join(lines[4:])), corpus="fi/x", licence="CC0-1.0", genre="news")]
    made = make("text")(documents, "fi", None, 1)  # type: ignore[arg-type]
    assert [row.text for row in made.records if isinstance(row, Text)] == [" ".join(SOUND[:3]), " ".join(SOUND[3:])]
    ledger = made.ledgers[-1]
    assert ledger["excluded"] == {"no_sentence": 1} and ledger["made"] == ledger["kept"] + 1


def test_register_takes_no_passage_across_one(parser: Parser | None = None) -> None:
    long = [f"Tämä on sivun lause numero {i}, ja se kertoo jostakin asiasta." for i in range(12)]
    labels = ("D-Informational", "Discussion", "How-to", "Info-Persuasion", "Narrative", "Opinion")
    text = " ".join([*long[:6], "Lehti kertoi siitä [...] Muut vaikenivat.", *long[6:]])
    rows = [Pair(id=f"c:{n}", document=f"d{n}", premise=text, hypothesis="", label=label, genre="web") for n, label in enumerate(labels)]
    made = make("register")(rows, "fi", parser, 1).records  # type: ignore[arg-type]
    assert len(made) == 12 and not any("[...]" in row.texts()[0] for row in made)


@given(st.lists(st.text(alphabet='aä ."”:-–…,A1[]', min_size=1, max_size=40).filter(str.strip), max_size=6))
def test_every_text_gets_an_answer(lines: list[str]) -> None:
    found = stumbles([("web", lines), ("novel", lines)], "fi")
    assert [len(one) for one in found] == [len(lines), len(lines)]
